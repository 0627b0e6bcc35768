"""Every lesson opens in JupyterLab and runs to its end there; a widget without a test of its own answers to keys.

Those up to lesson 06 are run by `test_newcomer.py`, and here only with STILLS=1 in the environment: then each widget's
picture, `widget.png`, is made again.
"""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
STILLS = bool(os.environ.get("STILLS"))
ALL = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
LESSONS = ALL if STILLS else [name for name in ALL if name > "07"]
# A palette for each picture: the eye sees no difference, and the file is a third.
COLORS = 256
# What gets the keyboard's focus, one after the other, and the key.
KEYS = {
    "08_evaluation": [(".noUi-handle", "End"), (".noUi-handle", "ArrowLeft")],
    "12_conditional": [
        (".widget-toggle-button:not(.mod-active)", "Enter"),
        (".noUi-handle", "ArrowRight"),
        (".widget-button:not(.widget-toggle-button)", "Space"),
    ],
    "13_likelihood": [(".widget-toggle-button:not(.mod-active)", "Enter"), (".noUi-handle", "ArrowLeft")],
    "14_prior": [(".noUi-handle", "ArrowLeft"), (".widget-toggle-button:not(.mod-active)", "Enter")],
}
# Guesses are asked for in forms of the same style.
WIDGET = ".vae-course:not(.vae-form)"
PICTURES = f"[...document.querySelectorAll('{WIDGET} svg, {WIDGET} img')].map(part => part.outerHTML).join()"


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_opens_and_runs(open_lesson, name):
    lesson = open_lesson(name)
    cells = lesson.run_all()
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error"]
    # An appendix has tables, and no figure.
    shown = "text/html" if name.startswith("A") else "image/png"
    assert any(shown in output.get("data", {}) for output in outputs)
    # What the check of an unsolved exercise says is shown as it is meant, not as source.
    verdicts = [output["data"]["text/html"] for output in outputs if "not tried yet" in str(output.get("data"))]
    assert verdicts or name == "00_start"
    folder = ROOT / "vae_course" / "lessons" / name[3:]
    if STILLS and (folder / "widget.py").exists():
        lesson.scroll_to_widget(WIDGET)
        keep_picture(lesson.page, folder / "widget.png")
    if name in KEYS:
        lesson.scroll_to_widget(WIDGET)
        for part, key in KEYS[name]:
            answers_to(lesson.page, part, key)


def keep_picture(page, path):
    """Write the last widget as it looks now, in few colours."""
    page.set_viewport_size({"width": 1400, "height": 1600})
    page.wait_for_function(f"[...document.querySelectorAll('{WIDGET} img')].every(image => image.naturalWidth)")
    picture = Image.open(io.BytesIO(page.locator(WIDGET).last.screenshot())).convert("RGB")
    picture.quantize(COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


def answers_to(page, part, key):
    """Press a key on the first such part of the widget, and wait for other pictures."""
    # All drawn, or what is still to come would pass for an answer.
    page.wait_for_function(f"[...document.querySelectorAll('{WIDGET} img')].every(image => image.naturalWidth)")
    before = page.evaluate(PICTURES)
    assert before
    page.locator(WIDGET).last.locator(part).first.focus()
    page.keyboard.press(key)
    page.wait_for_function(f"before => {PICTURES} !== before", arg=before)
