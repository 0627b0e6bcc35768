"""The minutes that a lesson says it takes are honest, and every page says the same."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LESSONS = sorted(path for path in (ROOT / "notebooks").glob("[0-9]*.py") if path.stem != "00_start")
TOOL = runpy.run_path(str(ROOT / "tools" / "minutes.py"))
PAGES = {page: (ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "INSTRUCTORS.md")}

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


@each_lesson
def test_a_lesson_takes_about_as_long_as_it_says(lesson):
    says, estimate = TOOL["stated"](lesson), TOOL["minutes"](lesson)
    assert abs(says - estimate) <= 12, f"it says {says} minutes; python tools/minutes.py"


@each_lesson
def test_both_pages_say_the_same_minutes(lesson):
    number, says = lesson.stem[:2], TOOL["stated"](lesson)
    assert re.search(rf"\(notebooks/{lesson.stem}\.ipynb\) \|.*\| {says} \|\n", PAGES["README.md"])
    assert re.search(rf"\n\| {number} [^|]*\| {says} \|", PAGES["INSTRUCTORS.md"])


def test_the_estimate_counts_words_lines_guesses_and_exercises(tmp_path):
    source = tmp_path / "toy.py"
    words, lines = "# word\n" * 300, "x = 1\n" * 12
    text = "# %% [markdown]\n# # Toy\n#\n# *45 minutes.*\n#\n"
    source.write_text(f"{text}{words}# > **Predict first.**\n# %%\n{lines}check_x(x)\n", encoding="utf-8")
    assert TOOL["stated"](source) == 45
    assert TOOL["minutes"](source) == pytest.approx(305 / 150 + 13 / 6 + 1.5 + 10, abs=0.05)
    asked = source.read_text(encoding="utf-8").replace("# word\n", "# ## Exercise: x\n#\n# *5 minutes, easy.*\n#\n", 1)
    source.write_text(asked, encoding="utf-8")
    assert TOOL["minutes"](source) == pytest.approx(309 / 150 + 13 / 6 + 1.5 + 5, abs=0.05)


def test_a_lesson_without_minutes_is_refused(tmp_path):
    (tmp_path / "toy.py").write_text("# %% [markdown]\n# # Toy\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"toy\.py: its first cell must say how many minutes"):
        TOOL["stated"](tmp_path / "toy.py")
