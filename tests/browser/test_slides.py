"""Every slide of every lesson at 1280 × 720: nothing is cut off, and nothing asks the network."""

import lesson
import pytest
import slides

pytest.importorskip("sphinx_revealjs", reason="needs what builds the site: pip install -e '.[site]'")

WIDTH, HEIGHT = 1280, 720
# What ends outside of its slide's body, code that is wider than its box, pictures of which nothing is to be seen.
CUT_OFF = """() => Reveal.getSlides().flatMap(slide => {
    const {h, v} = Reveal.getIndices(slide);
    Reveal.slide(h, v);
    const room = slide.querySelector('.body').getBoundingClientRect();
    const outside = [...slide.querySelectorAll('h2, .body *')].filter(part => {
        const box = part.getBoundingClientRect();
        const inside = part.parentElement.closest('mjx-container');
        return !inside && (box.right > room.right + 1 || box.bottom > room.bottom + 1);
    });
    const wide = [...slide.querySelectorAll('pre')].filter(one => one.scrollWidth > one.clientWidth);
    const small = [...slide.querySelectorAll('img')].filter(one => one.getBoundingClientRect().height < 200);
    return [...outside, ...wide, ...small].slice(0, 1).map(part => {
        const box = part.getBoundingClientRect();
        return `${h}/${v}: ${part.tagName} ends at ${box.right}, ${box.bottom} of ${room.right}, ${room.bottom}`;
    });
})"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("slides")
    slides.main(made)
    return made


@pytest.fixture(scope="module")
def page(browser):
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, offline=True)
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("requestfailed", lambda request: page.errors.append(request.url))
    yield page
    context.close()


def opened(page, folder, name):
    page.errors.clear()
    page.goto((folder / f"{name}.html").as_uri())
    page.wait_for_function("window.Reveal?.isReady()")


@pytest.mark.parametrize("name", [path.stem for path in lesson.LESSONS])
def test_no_slide_is_cut_off(page, folder, name):
    opened(page, folder, name)
    assert page.evaluate(CUT_OFF) == []
    assert page.errors == []
    assert page.locator("mjx-merror").count() == 0


def test_the_formulas_are_set(page, folder):
    opened(page, folder, "05_elbo")
    assert page.locator(".math.block mjx-container").count() > 5
    assert page.locator(".body", has_text=r"\frac").count() == 0


def test_the_speakers_window_shows_the_notes(page, folder):
    opened(page, folder, "05_elbo")
    page.evaluate("Reveal.slide(1, 0)")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    popup.value.locator(".speaker-controls-notes", has_text="min for this section").wait_for()
    popup.value.close()
