import json
import re
from pathlib import Path

from vae_course.lessons.start import course_map, lessons, picture_of_a_vae

import matplotlib.pyplot as plt

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def write_state(workspace, name, state):
    (workspace / ".course" / f"{name}.json").write_text(json.dumps(state), encoding="utf-8")


def test_the_map_names_every_lesson_with_its_minutes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = sorted(path.name for path in NOTEBOOKS.glob("[0-9]*.ipynb") if path.stem != "00_start")
    assert [lesson.file for lesson in lessons()] == files
    rows = re.findall(r"^\| \[(\d\d) · [^\]]+\]\((\w+\.ipynb)\) \| \d+ \|$", course_map().data, re.MULTILINE)
    assert rows == [(file[:2], file) for file in files]


def test_the_start_page_shows_the_map_of_today(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = json.loads((NOTEBOOKS / "00_start.ipynb").read_text(encoding="utf-8"))
    outputs = [output.get("data", {}) for cell in page["cells"] for output in cell.get("outputs", [])]
    (shown,) = ["".join(data["text/markdown"]) for data in outputs if "text/markdown" in data]
    assert shown == course_map().data, "make notebooks LESSON=00"


def test_in_a_workspace_the_map_says_what_is_done(workspace):
    write_state(workspace, "answers", {"kl_divergence": {"lesson": "elbo"}, "elbo_terms": {"lesson": "elbo"}})
    write_state(workspace, "guesses", {"elbo/carriers": {}, "beta/best": {}})
    text = course_map().data
    assert "(05_elbo.ipynb) | 2 right answers, 1 guess |" in re.sub(r"\| \d+ \|", "|", text)
    assert "(07_beta.ipynb) | 1 guess |" in re.sub(r"\| \d+ \|", "|", text)
    assert "(01_data.ipynb) |  |" in re.sub(r"\| \d+ \|", "|", text)


def test_the_map_is_of_the_lessons_in_the_folder(workspace):
    for name, title in (("01_one", "01 · One"), ("02_two", "02 · Two"), ("02_two (older)", "02 · Old")):
        cell = {"cell_type": "markdown", "source": [f"# {title}\n", "\n", "*15 minutes.*"]}
        (workspace / f"{name}.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    assert lessons() == [("01_one.ipynb", "01 · One", 15), ("02_two.ipynb", "02 · Two", 15)]


def test_the_map_lacks_a_notebook_that_cannot_be_read(workspace):
    cell = {"cell_type": "markdown", "source": ["# 01 · One\n", "\n", "*15 minutes.*"]}
    (workspace / "01_one.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    for i, text in enumerate(["", "[]", "{", '{"cells": []}', '{"cells": [3]}', '{"cells": 3}', "[" * 100_000], 2):
        (workspace / f"0{i}_damaged.ipynb").write_text(text)
    write_state(workspace, "answers", {"kl_divergence": 3, "elbo_terms": {"lesson": 3}})
    assert lessons() == [("01_one.ipynb", "01 · One", 15)]
    assert "done" in course_map().data


def test_the_picture_has_the_three_images_and_the_plane():
    figure = picture_of_a_vae()
    titles = {axes.get_title("left") for axes in figure.axes} - {""}
    assert titles == {"a digit x", "codes z", "reconstructed", "generated"}
    plt.close(figure)


def test_the_glossary_is_in_alphabetical_order():
    source = (NOTEBOOKS / "00_start.py").read_text(encoding="utf-8").split("| word | in short | lesson |")[1]
    words = re.findall(r"^# \| (\w[^|]+?) \|", source, re.MULTILINE)
    assert len(words) > 25
    assert words == sorted(words, key=str.lower)
