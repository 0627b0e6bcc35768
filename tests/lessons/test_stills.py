"""Each widget has a picture of itself, for where no kernel runs."""

import importlib
from base64 import b64encode
from pathlib import Path

import vae_course.lessons
from vae_course.kit.widget import CourseWidget

import pytest

LESSONS = Path(vae_course.lessons.__file__).parent
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
each_widget = pytest.mark.parametrize("word", sorted(path.parent.name for path in LESSONS.glob("*/widget.py")))


@each_widget
def test_a_widget_has_a_small_picture_and_says_what_it_shows(word):
    module = importlib.import_module(f"vae_course.lessons.{word}.widget")
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]
    (widget,) = (kind for kind in kinds if issubclass(kind, CourseWidget))
    assert len(widget.alt.split()) > 8
    assert (LESSONS / word / "widget.png").stat().st_size < 80_000


@each_widget
def test_the_executed_lesson_holds_the_picture(word):
    """After a change of the picture: make notebooks."""
    (notebook,) = NOTEBOOKS.glob(f"*_{word}.ipynb")
    assert b64encode((LESSONS / word / "widget.png").read_bytes()).decode() in notebook.read_text(encoding="utf-8")
