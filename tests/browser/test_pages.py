"""Lessons as pages, the way nbconvert makes them of the executed notebooks, for readers without JupyterLab."""

from functools import cache
from pathlib import Path

import pytest
from browser.axe import serious_violations
from nbconvert import HTMLExporter

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
FIGURES = "[...document.querySelectorAll('.output_png img')]"


@cache
def page_of(lesson):
    # Of nbconvert's templates this one hands on the figures' alternative texts.
    html, _ = HTMLExporter(template_name="classic").from_filename(str(NOTEBOOKS / f"{lesson}.ipynb"))
    return html


@pytest.fixture
def open_page(browser, tmp_path):
    """A function that makes a page of a lesson and opens it."""
    context = browser.new_context(offline=True)

    def open_page(lesson):
        (tmp_path / "page.html").write_text(page_of(lesson), encoding="utf-8")
        page = context.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        return page

    yield open_page
    context.close()


@pytest.mark.parametrize("lesson", ["01_data", "05_elbo", "09_clinic"])
def test_a_lesson_as_a_page_can_be_read_by_a_screen_reader(open_page, lesson):
    page = open_page(lesson)
    alts = page.evaluate(f"{FIGURES}.map(figure => figure.alt)")
    assert alts
    assert all(alt.endswith(".") for alt in alts)
    # The colours of code and prompts are the template's, and two of them have less than 4.5:1.
    assert not serious_violations(page, ".text_cell, .output_subarea")


def test_a_figure_has_two_pixels_for_each_of_the_page(open_page):
    sizes = open_page("05_elbo").evaluate(f"{FIGURES}.map(figure => figure.naturalWidth / figure.width)")
    assert sizes == pytest.approx([2.0] * len(sizes), abs=0.01)
