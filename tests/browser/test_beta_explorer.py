"""The β explorer answers at once, in a real browser."""

import statistics

import pytest

CELL = """
from vae_course.checkpoints import load_pretrained
from vae_course.data import load_digits
from vae_course.widgets.beta import BetaExplorer

explorer = BetaExplorer(load_pretrained("every-beta"), load_digits())
explorer
"""

# Presses a key on the slider, and resolves with the milliseconds until the new picture is on the screen.
LATENCY = """
key => new Promise(resolve => {
    const handle = document.querySelector('.vae-course .noUi-handle'), image = document.querySelector('.vae-course img');
    const start = performance.now();
    new MutationObserver((_, observer) => {
        observer.disconnect();
        image.decode().then(() => requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start))));
    }).observe(image, {attributes: true, attributeFilter: ['src']});
    handle.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
})
"""


@pytest.fixture
def explorer(run_cell):
    page = run_cell(CELL).page
    page.locator(".vae-course .noUi-handle").wait_for()
    page.wait_for_timeout(1000)
    return page


def pictures(page):
    return [image.get_attribute("src") for image in page.locator(".vae-course img").all()]


def wait_for_beta(page, text):
    page.locator(".vae-course b", has_text=f"β = {text}").wait_for()


def test_the_slider_moves_every_part_by_keyboard_and_mouse(explorer):
    page, handle = explorer, explorer.locator(".vae-course .noUi-handle")
    wait_for_beta(page, "1")
    before, units = pictures(page), page.locator(".vae-course svg").last
    bars = units.inner_html()
    handle.focus()
    page.keyboard.press("End")
    wait_for_beta(page, "20")
    after = pictures(page)
    assert all(old != new for old, new in zip(before, after, strict=True))
    assert units.inner_html() != bars
    page.get_by_role("button", name="Other samples").click()
    page.wait_for_function("old => document.querySelectorAll('.vae-course img')[1].src !== old", arg=after[1])
    # A fast drag from one end to the other: the last value wins.
    box, track = handle.bounding_box(), page.locator(".vae-course .noUi-base").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for i in range(60):
        page.mouse.move(track["x"] + track["width"] * (59 - i) / 59, track["y"] + track["height"] / 2)
    page.mouse.up()
    wait_for_beta(page, "0.01")
    assert handle.get_attribute("aria-valuenow") == "-2.0"


def test_how_soon_the_slider_is_answered(explorer):
    """Printed, not asserted: unhurried moves, and moves that start as soon as the last one is on the screen."""
    for pause in (100, 0):
        times = []
        for key in ["ArrowLeft"] * 25 + ["ArrowRight"] * 25:
            times.append(explorer.evaluate(LATENCY, key))
            explorer.wait_for_timeout(pause)
        print(
            f"\nβ explorer, slider to painted pixels, {pause} ms between moves: "
            f"median {statistics.median(times):.0f} ms, p90 {statistics.quantiles(times, n=10)[-1]:.0f} ms"
        )
        assert len(times) == 50
