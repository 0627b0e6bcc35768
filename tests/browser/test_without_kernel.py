"""What a widget shows where its kernel is gone, and where there never was one."""

import shutil
from pathlib import Path

EXECUTED = Path(__file__).parents[2] / "notebooks" / "05_elbo.ipynb"

CELL = """
from vae_course.lessons.elbo import EffectiveBeta

EffectiveBeta()
"""
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"


def test_after_a_restart_it_says_to_run_the_cell_again_and_after_a_reload_it_is_a_picture(run_cell):
    page = run_cell(CELL).page
    page.locator(".vae-course .noUi-handle").wait_for()
    assert page.locator(".vae-still").is_hidden()

    page.evaluate(f"{KERNEL}.restart()")
    page.locator(".vae-course.jupyter-widgets-disconnected").wait_for()
    said = page.evaluate("getComputedStyle(document.querySelector('.vae-course'), '::before').content")
    assert "Run the cell again" in said
    chains = page.evaluate("""() => [...document.querySelectorAll('.vae-course .jupyter-widgets-disconnected')].filter(
        part => getComputedStyle(part, '::before').display !== 'none').length""")
    assert chains == 0

    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    page.reload()
    page.locator(".vae-still img").wait_for()
    page.get_by_text("Run this cell in JupyterLab").wait_for()
    # "Error displaying widget: model not found"
    page.wait_for_function("!document.querySelector('.jp-OutputArea').innerText.includes('widget: ')")


def test_a_lesson_that_is_opened_and_not_run_shows_the_picture(open_lesson, lab):
    shutil.copy(EXECUTED, lab.notebooks / "opened.ipynb")
    lesson = open_lesson("opened")
    lesson.scroll_to_widget(".vae-still img")
    # Behind it may be the notebook of the test before, which JupyterLab has opened again.
    notebook = lesson.page.locator(".jp-Notebook:visible")
    assert notebook.locator(".vae-still img").get_attribute("alt").startswith("Buttons choose a sum or a mean")
    notebook.get_by_text("Run this cell in JupyterLab").wait_for()
    assert notebook.locator(".vae-course").count() == 0
