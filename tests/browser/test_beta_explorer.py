"""The β explorer answers at once, in a real browser."""

import statistics

import pytest

CELL = """
from vae_course.checkpoints import load_pretrained
from vae_course.digits import load_digits
from vae_course.lessons.beta.widget import BetaExplorer

explorer = BetaExplorer(load_pretrained("every-beta"), load_digits())
explorer
"""

# For each picture, the milliseconds from the first input that came after the last picture until it is on the screen.
WATCH = """
() => {
    window.times = [];
    let input = null;
    for (const kind of ['keydown', 'mousemove'])
        addEventListener(kind, event => { input ??= event.timeStamp; window.lastInput = event.timeStamp; }, true);
    new MutationObserver(records => {
        if (input === null || !records.some(r => [...r.addedNodes].some(node => node.querySelector?.('img')))) return;
        const since = input;
        input = null;
        requestAnimationFrame(() => setTimeout(() => {
            window.lastPaint = performance.now();
            window.times.push(window.lastPaint - since);
        }));
    }).observe(document.querySelector('.vae-course'), {subtree: true, childList: true});
}
"""


@pytest.fixture
def explorer(run_cell):
    page = run_cell(CELL).page
    page.locator(".vae-course img").last.wait_for()
    return page


def parts(page):
    return page.evaluate("""() => [
        ...[...document.querySelectorAll('.vae-course img')].map(image => image.src),
        document.querySelector('.vae-course svg').innerHTML,
        ...[...document.querySelectorAll('.vae-course b')].map(part => part.textContent).filter(t => /\\d/.test(t)),
    ]""")


def wait_for_beta(page, text):
    page.locator(".vae-course b", has_text=f"β = {text}:").wait_for()


def wait_for_paints(page, count):
    page.wait_for_function("count => times.length >= count", arg=count)


def take_the_handle(page):
    """Press the mouse on the handle; returns a function that moves it to a part of the track."""
    handle = page.locator(".vae-course .noUi-handle").bounding_box()
    track = page.locator(".vae-course .noUi-base").bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    return lambda part: page.mouse.move(track["x"] + track["width"] * part, track["y"] + track["height"] / 2)


def in_words(times):
    p90 = statistics.quantiles(times, n=10)[-1]
    return f"median {statistics.median(times):.0f} ms, p90 {p90:.0f} ms over {len(times)} moves"


def test_the_slider_moves_every_part_by_keyboard_and_mouse(explorer):
    page = explorer
    wait_for_beta(page, "1")
    at_one = parts(page)
    page.locator(".vae-course .noUi-handle").focus()
    page.keyboard.press("End")
    wait_for_beta(page, "20")
    at_the_end = parts(page)
    assert len(at_one) == 6
    assert all(old != new for old, new in zip(at_one, at_the_end, strict=True))
    page.keyboard.press("Home")
    wait_for_beta(page, "0.01")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    wait_for_beta(page, "0.0126")
    for name, image in (("Other digits", 0), ("Other samples", 1)):
        before = page.evaluate("image => document.querySelectorAll('.vae-course img')[image].src", image)
        page.get_by_role("button", name=name).click()
        page.wait_for_function(
            "([image, before]) => document.querySelectorAll('.vae-course img')[image].src !== before",
            arg=[image, before],
        )
    move = take_the_handle(page)
    move(0.5)
    page.mouse.up()
    wait_for_beta(page, page.locator(".vae-course .widget-readout").inner_text())


def test_a_fast_drag_ends_at_its_last_value(explorer):
    page = explorer
    page.evaluate(WATCH)
    move = take_the_handle(page)
    for i in range(60):
        move(0.95 - 0.6 * i / 59)
    page.mouse.up()
    shown = page.locator(".vae-course .widget-readout").inner_text()
    assert 0.1 < float(shown) < 0.2
    wait_for_beta(page, shown)
    page.wait_for_function("window.lastPaint > window.lastInput")
    print(
        f"\nβ explorer, a drag of 60 mouse moves: {page.evaluate('times.length')} pictures; the last is on the screen "
        f"{page.evaluate('lastPaint - lastInput'):.0f} ms after the last move"
    )


def test_how_soon_the_slider_is_answered(explorer):
    """Printed, not asserted: at a reader's pace, and each move as soon as the last is on the screen."""
    page = explorer
    page.evaluate(WATCH)
    for pause in (100, 0):
        page.locator(".vae-course .noUi-handle").focus()
        page.evaluate("times.length = 0")
        for i in range(20):
            page.keyboard.press("ArrowLeft" if i < 10 else "ArrowRight")
            wait_for_paints(page, i + 1)
            page.wait_for_timeout(pause)
        print(f"\nβ explorer, key to painted pixels, {pause} ms between: {in_words(page.evaluate('times'))}")
    move = take_the_handle(page)
    page.evaluate("times.length = 0")
    for i in range(20):
        move(0.9 - 0.03 * i)
        wait_for_paints(page, i + 1)
    page.mouse.up()
    print(f"\nβ explorer, mouse to painted pixels: {in_words(page.evaluate('times'))}")
