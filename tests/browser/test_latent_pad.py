"""The latent pad follows mouse, touch and keys, in a real browser."""

import re
import statistics

import pytest

CELL = """
from vae_course.checkpoints import load_pretrained
from vae_course.digits import load_digits
from vae_course.lessons.decoder.widget import LatentPad

pad = LatentPad(load_pretrained("plane"), load_digits())
pad
"""

# Drags to a place, and resolves with the milliseconds until the decoded image is on the screen.
LATENCY = """
([x, y]) => new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('no image came within 120 seconds')), 120_000);
    const plane = document.querySelector('.vae-plane'), image = document.querySelector('.vae-course img');
    const start = performance.now();
    new MutationObserver((_, observer) => {
        observer.disconnect();
        image.decode().then(() => requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start))));
    }).observe(image, {attributes: true, attributeFilter: ['src']});
    plane.dispatchEvent(new PointerEvent('pointermove', {clientX: x, clientY: y, pointerId: 1, bubbles: true}));
})
"""

# A finger that goes from one place to the other in twenty steps.
TOUCH = """
([[x0, y0], [x1, y1]]) => {
    const plane = document.querySelector('.vae-plane');
    const finger = (type, x, y) => plane.dispatchEvent(new PointerEvent(type, {
        clientX: x, clientY: y, pointerId: 1, pointerType: 'touch', isPrimary: true, bubbles: true, cancelable: true,
    }));
    finger('pointerdown', x0, y0);
    for (let i = 1; i <= 20; i++) finger('pointermove', x0 + (x1 - x0) * i / 20, y0 + (y1 - y0) * i / 20);
    finger('pointerup', x1, y1);
}
"""


@pytest.fixture
def page(run_cell):
    page = run_cell(CELL).page
    page.locator(".vae-plane .vae-mark").wait_for()
    return page


def picture(page):
    return page.locator(".vae-course img").get_attribute("src")


def wait_for_other_picture(page, old):
    page.wait_for_function("old => document.querySelector('.vae-course img').src !== old", arg=old)


def position(page):
    """The position that is written beside the plane."""
    text = page.locator(".vae-course b", has_text="z = (").inner_text().replace("−", "-")
    return tuple(float(number) for number in re.findall(r"-?\d+\.\d+", text))


def wait_for_position(page, z1, z2):
    # Half a pixel, on a plane where a unit of z is some 60 pixels, and the rounding.
    page.wait_for_function(
        """([z1, z2]) => {
            const text = document.querySelector('.vae-course').innerText.match(/z = (.*?\\))/)[1];
            const z = text.replace(/−/g, '-').match(/-?\\d+\\.\\d+/g).map(Number);
            return Math.abs(z[0] - z1) < 0.021 && Math.abs(z[1] - z2) < 0.021;
        }""",
        arg=[z1, z2],
    )


def place(page, z1, z2):
    """Where a code is on the screen, found by the plane's own picture."""
    return page.evaluate(
        """([x, y]) => {
            const svg = document.querySelector('.vae-plane svg');
            const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
            return [at.x, at.y];
        }""",
        [100 * z1, -100 * z2],
    )


def test_mouse_keys_and_touch_move_the_code_and_the_image_follows(page):
    page.set_viewport_size({"width": 1400, "height": 1000})
    wait_for_position(page, 0.0, 0.0)
    old = picture(page)
    page.mouse.click(*place(page, 1.5, -0.5))
    wait_for_position(page, 1.5, -0.5)
    wait_for_other_picture(page, old)

    # A fast drag: the last place wins.
    page.mouse.move(*place(page, -2.0, 2.0))
    page.mouse.down()
    page.mouse.move(*place(page, 2.0, -2.0), steps=60)
    page.mouse.move(*place(page, -1.0, 1.0), steps=60)
    page.mouse.up()
    wait_for_position(page, -1.0, 1.0)
    # The button is up, so the code stays.
    page.mouse.move(*place(page, 0.0, 0.0))

    # Arrow keys move the code, and not JupyterLab's selection.
    z1, z2 = position(page)
    assert page.evaluate("document.activeElement.className").find("vae-plane") >= 0
    old = picture(page)
    for key in ("ArrowRight", "ArrowUp", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    wait_for_position(page, z1 + 0.05 + 0.5, z2 + 2 * 0.05 - 0.5)
    wait_for_other_picture(page, old)
    for _ in range(30):
        page.keyboard.press("Shift+ArrowLeft")
    reach = page.evaluate("-document.querySelector('.vae-plane rect').getAttribute('x') / 100")
    wait_for_position(page, -reach, position(page)[1])

    page.evaluate("document.querySelector('.vae-plane').setPointerCapture = () => {}")
    page.evaluate("document.querySelector('.vae-plane').hasPointerCapture = () => true")
    page.evaluate(TOUCH, [place(page, 0.0, 0.0), place(page, 2.0, 1.0)])
    wait_for_position(page, 2.0, 1.0)

    # A draw, and another one for the same code.
    old = picture(page)
    page.get_by_role("button", name="draw", exact=True).click()
    page.locator(".vae-course", has_text="a draw from p(x|z)").first.wait_for()
    wait_for_other_picture(page, old)
    draw = picture(page)
    page.get_by_role("button", name="Draw again").click()
    wait_for_other_picture(page, draw)
    assert position(page) == pytest.approx((2.0, 1.0), abs=0.021)

    # In a narrow window the plane still takes the pointer where it is.
    page.set_viewport_size({"width": 420, "height": 1000})
    page.wait_for_function("document.querySelector('.vae-plane').getBoundingClientRect().width < 420")
    page.locator(".vae-plane").scroll_into_view_if_needed()
    page.mouse.click(*place(page, 0.5, 0.5))
    wait_for_position(page, 0.5, 0.5)


def test_how_soon_a_move_is_answered(page):
    page.evaluate("document.querySelector('.vae-plane').hasPointerCapture = () => true")
    times = [page.evaluate(LATENCY, place(page, -2.0 + i / 15, 1.5 - i / 20)) for i in range(60)]
    print(
        f"\nlatent pad, pointer to painted image: median {statistics.median(times):.0f} ms, "
        f"p90 {statistics.quantiles(times, n=10)[-1]:.0f} ms, {len(times)} moves"
    )
    assert len(times) == 60
