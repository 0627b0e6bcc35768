"""A digit is drawn with several strokes, and all that the model says to it follows, in a real browser."""

import pytest

CELL = """
from vae_course.checkpoints import load_pretrained
from vae_course.digits import load_digits
from vae_course.lessons.latent_space.widget import DrawDigit

drawing = DrawDigit(load_pretrained("plane"), load_digits())
drawing
"""

# The share of the sheet that is inked.
INKED = """
() => {
    const canvas = document.querySelector('.vae-sketch canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += data[i];
    return sum / 255 / canvas.width / canvas.height;
}
"""

# A finger that draws a line from one place to the other.
TOUCH = """
([[x0, y0], [x1, y1]]) => {
    const canvas = document.querySelector('.vae-sketch canvas');
    canvas.setPointerCapture = () => {};
    const finger = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, {
        clientX: x, clientY: y, pointerId: 1, pointerType: 'touch', isPrimary: true, bubbles: true, cancelable: true,
    }));
    finger('pointerdown', x0, y0);
    for (let i = 1; i <= 20; i++) finger('pointermove', x0 + (x1 - x0) * i / 20, y0 + (y1 - y0) * i / 20);
    finger('lostpointercapture', x1, y1);
}
"""


@pytest.fixture
def page(run_cell):
    page = run_cell(CELL).page
    page.locator(".vae-sketch canvas").wait_for()
    page.locator(".vae-course", has_text="The sheet is empty").first.wait_for()
    return page


def on_sheet(page, points):
    box = page.locator(".vae-sketch canvas").bounding_box()
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def stroke(page, *points):
    first, *rest = on_sheet(page, points)
    page.mouse.move(*first)
    page.mouse.down()
    for point in rest:
        page.mouse.move(*point, steps=10)
    page.mouse.up()


def state(page):
    """All that the model says: the images, the texts, the mark on the plane, the histogram."""
    return page.evaluate("""() => ({
        images: [...document.querySelectorAll('.vae-course img')].map(image => image.src),
        figures: document.querySelector('.vae-course').innerText.match(/−ELBO \\d+ nats.*/)?.[0] ?? '',
        code: document.querySelector('.vae-course').innerText.match(/z = \\(.*\\)/)?.[0] ?? '',
        mark: getComputedStyle(document.querySelector('.vae-mark')).display +
            document.querySelector('.vae-mark').getAttribute('transform'),
        histogram: [...document.querySelectorAll('.vae-course svg')].find(
            svg => svg.textContent.includes('nats per image')).innerHTML,
    })""")


def settled(page):
    """The state once all strokes are answered: twice, because one value may wait for the answer to another."""
    for _ in range(2):
        page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestKernelInfo()")
    return state(page)


def test_a_digit_is_drawn_answered_changed_and_cleared(page):
    empty = state(page)
    assert empty["figures"] == empty["code"] == ""
    assert empty["mark"].startswith("none")
    hint = page.get_by_text("Draw a digit here")
    assert hint.is_visible()

    stroke(page, (0.35, 0.15), (0.25, 0.55), (0.75, 0.5))
    one_stroke = settled(page)
    assert hint.is_hidden()
    assert "test digits" in one_stroke["figures"]
    assert not one_stroke["mark"].startswith("none")
    stroke(page, (0.68, 0.2), (0.6, 0.9))
    four = settled(page)
    for part in ("figures", "code", "mark", "histogram"):
        assert len({empty[part], one_stroke[part], four[part]}) == 3, part
    # In MNIST's shape, as drawn pixels, given back, and the nearest training digits.
    assert len(four["images"]) == 4
    for images in zip(empty["images"], one_stroke["images"], four["images"], strict=True):
        assert len(set(images)) == 3

    ink = page.evaluate(INKED)
    page.get_by_role("button", name="Undo").click()
    assert page.evaluate(INKED) < ink
    page.wait_for_function(
        "old => document.querySelector('.vae-course').innerText.includes(old)", arg=one_stroke["code"]
    )
    stroke(page, (0.68, 0.2), (0.6, 0.9))

    page.get_by_role("button", name="Clear").click()
    page.locator(".vae-course", has_text="The sheet is empty").first.wait_for()
    assert page.evaluate(INKED) == 0
    assert hint.is_visible()

    # A finger draws too, and the C key clears, instead of copying the cell.
    page.evaluate(TOUCH, on_sheet(page, [(0.5, 0.1), (0.5, 0.9)]))
    page.locator(".vae-course", has_text="nats per image:").first.wait_for()
    assert page.evaluate(INKED) > 0
    page.locator(".vae-sketch canvas").focus()
    page.keyboard.press("c")
    page.locator(".vae-course", has_text="The sheet is empty").first.wait_for()
    assert page.evaluate(INKED) == 0

    # Without a pointer: a test digit, which appears on the sheet.
    page.get_by_role("button", name="Take a test digit").focus()
    page.keyboard.press("Enter")
    page.locator(".vae-course", has_text="nats per image:").first.wait_for()
    page.wait_for_function(f"({INKED})() > 0.02")
