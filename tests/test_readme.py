"""The README's lesson table: every lesson, its link and its picture."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.py") if path.stem != "00_start")
ROW = re.compile(r'^\| <img src="([^"]+)" width="\d+" alt="([^"]+)"> \| \[[^\]]+\]\(([^)]+)\) \|', re.MULTILINE)


@pytest.fixture(scope="module")
def thumbnails():
    return runpy.run_path(str(ROOT / "tools" / "thumbnails.py"))


def test_every_lesson_stands_in_the_table_with_its_link_and_its_picture():
    rows = ROW.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    links, pictures = [link for *_, link in rows], [picture for picture, *_ in rows]
    assert links == [f"notebooks/{lesson}.ipynb" for lesson in LESSONS], "a row for every lesson, in order"
    assert pictures == [f"docs/pictures/{lesson[3:]}.png" for lesson in LESSONS], "a picture in every row"
    for picture, alt, link in rows:
        assert (ROOT / link).is_file()
        assert Image.open(ROOT / picture).width == 480
        assert alt
    total = sum((ROOT / picture).stat().st_size for picture in pictures)
    assert total < 400_000, "the README loads all of them: show a smaller part of a figure, or a plainer one"


def test_every_picture_is_its_lessons(thumbnails):
    assert list(thumbnails["PICTURES"]) == LESSONS, "PICTURES of tools/thumbnails.py: every lesson, in order"
    for lesson, (words, box) in thumbnails["PICTURES"].items():
        made = thumbnails["thumbnail"](*thumbnails["figure"](lesson, words), box).convert("RGB")
        kept = Image.open(ROOT / "docs" / "pictures" / f"{lesson[3:]}.png").convert("RGB")
        assert made.size == kept.size
        difference = np.abs(np.asarray(made, dtype=int) - np.asarray(kept, dtype=int)).mean()
        # Other versions of Pillow choose other colours.
        assert difference < 4, f"{lesson} shows another figure now: python tools/thumbnails.py"


@pytest.mark.parametrize(
    ("words", "message"), [("no such words", "stand in 0 code"), ("import torch", "has 0 pictures")]
)
def test_a_figure_that_is_not_there_is_named(thumbnails, words, message):
    with pytest.raises(ValueError, match=f"words='{words}'.*{message}"):
        thumbnails["figure"]("01_data", words)


def test_a_box_outside_the_picture_is_refused(thumbnails):
    with pytest.raises(ValueError, match=r"box=\(0, 0, 9, 4\) must lie inside the picture, which is 8 by 4 pixels"):
        thumbnails["thumbnail"](Image.new("RGB", (16, 8)), 2, (0, 0, 9, 4))
