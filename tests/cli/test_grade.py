"""The teacher's table: each learner's answers are checked again, whatever their notebooks say."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

from vae_course.cli import grade, lab, verdicts
from vae_course.cli.main import main

import nbformat
import pytest

RIGHT = """
def kl_divergence(mu, logvar):
    return half(mu**2 + logvar.exp() - 1 - logvar).sum(-1)
"""
HELPER = "def half(value):\n    return value / 2"
WRONG = "def kl_divergence(mu, logvar):\n    return -half(mu**2 + logvar.exp() - 1 - logvar).sum(-1)"
KL = "05 kl_divergence"


@pytest.fixture
def folder(tmp_path):
    """A learner's folder with the one lesson, untouched."""
    assert main(["lab", str(tmp_path / "ada"), "--make-only"]) == 0
    for path in (tmp_path / "ada").glob("*.ipynb"):
        if path.stem != "05_elbo":
            path.unlink()
    return tmp_path / "ada"


# A check that is there without torch, whose start takes most of the time; and one lesson to read in place of sixteen.
SMALL_CHECK = """
def check_kl_divergence(answer):
    return type("Verdict", (), {"status": "right" if answer(2.0, 1.0) == 1.0 else "not right yet"})
"""


@pytest.fixture
def small_course(tmp_path, monkeypatch):
    """A course of one lesson with a small check; it comes before `folder`, which is made from it."""
    cells = (SMALL_CHECK, "def kl_divergence(mu, logvar):\n    ...", "check_kl_divergence(kl_divergence)")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    (tmp_path / "course").mkdir()
    nbformat.write(notebook, tmp_path / "course" / "05_elbo.ipynb")
    monkeypatch.setattr(lab, "LESSONS", tmp_path / "course")


def answer(folder, source, *before):
    """Write an answer in the place of the stub, with cells before it."""
    path = folder / "05_elbo.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    at = next(i for i, cell in enumerate(notebook["cells"]) if "".join(cell["source"]).startswith("def kl_divergence"))
    notebook["cells"][at]["source"] = source
    notebook["cells"][at:at] = [notebook["cells"][at] | {"source": text} for text in before]
    path.write_text(json.dumps(notebook), encoding="utf-8")


def code(source):
    cell = {"cell_type": "code", "source": f"{source}"}
    check = {"cell_type": "code", "source": "check_kl_divergence(kl_divergence)"}
    return json.dumps({"metadata": {}, "cells": [cell, check]})


def table(capsys, *arguments):
    capsys.readouterr()
    assert main(["grade", *map(str, arguments)]) == 0
    return list(csv.DictReader(capsys.readouterr().out.splitlines()))


def test_every_exercise_of_the_course_is_found_with_its_stub():
    found = grade.exercises_of_course()
    calls = sum(path.read_text(encoding="utf-8").count('"check_') for path in lab.LESSONS.glob("*.ipynb"))
    assert len(found) == calls > 15
    for exercise in found:
        assert exercise.name in grade.names_made_by(grade.parsed(exercise.stub)), exercise
        assert exercise.stub.rstrip().endswith("..."), exercise
        # By this name its right answer is kept.
        check = getattr(import_module(f"vae_course.lessons.{exercise.lesson[3:]}"), exercise.check.partition("(")[0])
        assert check(None).exercise == exercise.name


def test_an_untouched_notebook_is_not_tried_and_nothing_is_run(folder, capsys, monkeypatch):
    monkeypatch.setattr(grade, "run", None)
    (row,) = table(capsys, folder)
    assert (row["folder"], row[KL], row["01 binarize"]) == ("ada", "not tried yet", "no notebook")
    assert (row["right"], row["guesses"], row["quiz before"]) == ("0", "0", "")


def test_right_and_wrong_answers_are_told_apart_with_helpers_and_the_folders_stay_as_they_are(folder, tmp_path, capsys):
    shutil.copytree(folder, tmp_path / "bob")
    answer(folder, RIGHT, HELPER, "1 / 0", "while True: pass", "open('mine.txt', 'w').write('x')")
    answer(tmp_path / "bob", WRONG, HELPER)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    ada, bob = table(capsys, folder, tmp_path / "bob")
    assert (ada[KL], ada["right"]) == ("right", "1")
    assert (bob[KL], bob["right"]) == ("not right yet", "0")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("small_course")
def test_a_right_answer_may_use_numbers_that_are_named_in_other_cells(folder, capsys):
    source = "def kl_divergence(mu, logvar):\n    return HALF * (mu + ONE - logvar)"
    answer(folder, source, "import math\nHALF = 1 / 2", "ONE = math.exp(0)\nslow = [0 for _ in iter(int, 1)]")
    assert table(capsys, folder)[0][KL] == "right"


@pytest.mark.usefixtures("small_course")
@pytest.mark.parametrize("source", ["def kl_divergence(mu, logvar:", "import os\nkl_divergence = os._exit(0)"])
def test_code_that_is_no_python_or_ends_the_process_is_not_right(folder, source, capsys):
    answer(folder, source)
    assert table(capsys, folder)[0][KL] in ("not tried yet", "not right yet")


def test_an_answer_that_never_ends_is_stopped(folder, capsys, monkeypatch):
    monkeypatch.setattr(verdicts, "SECONDS_TO_START", 0)
    answer(folder, "import time\ntime.sleep(1000)\ndef kl_divergence(mu, logvar):\n    return mu")
    assert table(capsys, folder, "--seconds", 1)[0][KL] == "not right yet"


POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes of this kind are POSIX's")
SPAWN = "import subprocess, sys, os\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'])"


def ends(pid):
    """Wait until a process has ended; a busy system takes a while to stop one that it has killed."""
    state = Path(f"/proc/{pid}/stat")
    for _ in range(600):
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False


@POSIX
@pytest.mark.parametrize("end", ["", "\nimport time; time.sleep(1000)"], ids=["returns", "is stopped"])
def test_what_an_answer_starts_ends_with_it(tmp_path, monkeypatch, end):
    monkeypatch.setattr(verdicts, "SECONDS_TO_START", 5)
    note = f"\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid)){end}"
    assert verdicts.run(f"{SPAWN}{note}\nprint(1)", 1.0) == "not right yet"
    assert ends((tmp_path / "pid").read_text())


LEFT = {
    "a folder in the place of its verdict": "os.mkdir(sys.argv[1])",
    "a pipe in the place of its verdict": "os.mkfifo(sys.argv[1])",
    "a verdict that is no text": "open(sys.argv[1], 'wb').write(bytes([255]))",
    "a verdict of a terabyte": "os.truncate(open(sys.argv[1], 'w').name, 2**40)",
    "no folder": "import shutil; shutil.rmtree(os.getcwd())",
    "a signal": "import signal; os.kill(os.getpid(), signal.SIGKILL)",
}


@POSIX
@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_whatever_an_answer_leaves_is_no_right_answer_and_stops_no_class(left):
    assert verdicts.run(f"import os, sys\n{left}; os._exit(0)\nprint(1)", 60.0) == "not right yet"


@POSIX
def test_ctrl_c_ends_the_grading_and_all_that_it_runs(folder, tmp_path):
    answer(folder, f"{SPAWN}\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\nkl_divergence = child.wait()")
    grading = subprocess.Popen(
        [sys.executable, "-m", "vae_course", "grade", folder],
        stderr=subprocess.PIPE,
        text=True,
        # A shell that starts the tests in the background would let it ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text()):
        assert grading.poll() is None
        time.sleep(0.1)
    grading.send_signal(signal.SIGINT)
    assert "Stopped." in grading.communicate()[1]
    assert grading.returncode == 130
    assert ends((tmp_path / "pid").read_text())


def test_a_right_answer_counts_from_the_file_where_it_is_kept(folder, capsys):
    (folder / "my_vae.py").write_text(f"{HELPER}\n{RIGHT}", encoding="utf-8")
    (folder / ".course" / "answers.json").write_text(json.dumps({"kl_divergence": {}}), encoding="utf-8")
    assert table(capsys, folder)[0][KL] == "right"


def test_guesses_and_scores_are_told(folder, capsys):
    notes = {"guesses": {"elbo/a": {}, "elbo/b": {}}, "quiz": {"before": {"right": 4, "of": 12}}}
    for name, value in notes.items():
        (folder / ".course" / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    (row,) = table(capsys, folder)
    assert (row["guesses"], row["quiz before"], row["quiz after"]) == ("2", "4", "")


@pytest.mark.parametrize("settings", ["{}", "{", '{"answers": "a/../my_vae.py"}'])
def test_answers_are_read_where_the_kit_writes_them_when_no_file_is_named(tmp_path, settings):
    (tmp_path / ".course").mkdir()
    (tmp_path / ".course" / "course.json").write_text(settings, encoding="utf-8")
    assert grade.path_of_answers(tmp_path, grade.state(tmp_path, "course")) == tmp_path / lab.SETTINGS["answers"]


def test_damaged_files_are_no_work_and_stay_as_they_are(folder, capsys):
    for path in (folder / "05_elbo.ipynb", folder / ".course" / "quiz.json"):
        path.write_text("{", encoding="utf-8")
    assert table(capsys, folder)[0][KL] == "not tried yet"
    assert (folder / "05_elbo.ipynb").read_text(encoding="utf-8") == "{"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("05_elbo.ipynb", "(" * 200_000),
        ("05_elbo.ipynb", code("kl_divergence = 0x" + "f" * 10_000)),
        ("05_elbo.ipynb", code("kl_divergence = 1" + " + 1" * 1000)),
        ("05_elbo.ipynb", code("kl_divergence = '\ud800'")),
        ("05_elbo.ipynb", '{"metadata": {"vae_course": {"lesson": ["05_elbo"]}}, "cells": [3]}'),
        (".course/quiz.json", '{"before": "four"}'),
        (".course/answers.json", "[]"),
        (".course/course.json", json.dumps({"answers": "x" * 5000})),
        (".course/course.json", json.dumps({"answers": "\0.py"})),
    ],
)
@pytest.mark.usefixtures("small_course")
def test_strange_files_stop_no_class(folder, name, text, capsys):
    (folder / ".course" / "answers.json").write_text(json.dumps({"kl_divergence": {}}), encoding="utf-8")
    (folder / name).write_text(text, encoding="utf-8")
    assert table(capsys, folder)[0]["right"] == "0"


@POSIX
@pytest.mark.parametrize("name", ["05_elbo.ipynb", ".course/quiz.json", ".course/answers.json", "my_vae.py"])
@pytest.mark.parametrize("make", ["a pipe", "a link to itself", "a link to a device", "a terabyte", "a folder"])
@pytest.mark.usefixtures("small_course")
def test_files_that_are_none_are_not_read(folder, capsys, name, make):
    (folder / ".course" / "answers.json").write_text(json.dumps({"kl_divergence": {}}), encoding="utf-8")
    path = folder / name
    path.unlink(missing_ok=True)
    if make == "a pipe":
        os.mkfifo(path)
    elif make == "a folder":
        path.mkdir()
    elif make == "a terabyte":
        path.touch()
        os.truncate(path, 2**40)
    else:
        path.symlink_to("/dev/zero" if make == "a link to a device" else path)
    assert table(capsys, folder)[0]["right"] == "0"


@pytest.mark.usefixtures("small_course")
def test_a_table_replaces_a_table_and_no_other_file(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(grade, "run", None)
    for _ in range(2):
        assert main(["grade", str(folder), "--out", str(tmp_path / "class.csv")]) == 0
    (tmp_path / "thesis.txt").write_text("three years")
    assert main(["grade", str(folder), "--out", str(tmp_path / "thesis.txt")]) == 2
    assert "is there already, and is no table of this course" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "three years"
    (tmp_path / "loop").symlink_to("loop")
    assert main(["grade", str(folder), "--out", str(tmp_path / "loop")]) == 2
    assert "loop is there already, and is no table" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["=cmd|'C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1"])
@pytest.mark.usefixtures("small_course")
def test_no_name_of_a_folder_becomes_a_formula(tmp_path, capsys, name):
    (tmp_path / name).mkdir()
    assert table(capsys, tmp_path / name)[0]["folder"] == f"'{name}"


def test_a_name_of_a_folder_may_have_any_characters(tmp_path, capsys):
    folder = tmp_path / 'a,b\n"c" \udcff'
    folder.mkdir()
    assert main(["grade", str(folder), "--out", str(tmp_path / "class.csv")]) == 0
    with (tmp_path / "class.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["folder"] == 'a,b\n"c" \\udcff'


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seconds", "0"], "must be above 0"),
        (["--seconds", "nan"], "above 0"),
        (["--out", "no/a.csv"], "make it first"),
    ],
)
@pytest.mark.usefixtures("small_course")
def test_options_that_cannot_be_are_refused_before_anything_runs(folder, options, message, capsys, monkeypatch):
    monkeypatch.setattr(grade, "run", None)
    assert main(["grade", str(folder), *options]) == 2
    assert message in capsys.readouterr().err


def test_the_table_goes_into_a_file(folder, tmp_path, capsys):
    assert main(["grade", str(folder), "--out", str(tmp_path / "class.csv")]) == 0
    assert "05 kl_divergence" in (tmp_path / "class.csv").read_text(encoding="utf-8").splitlines()[0]


def test_a_folder_that_is_not_there_is_named(tmp_path, capsys):
    assert main(["grade", str(tmp_path / "nobody")]) == 2
    assert "nobody: there is no such folder" in capsys.readouterr().err


@pytest.mark.usefixtures("small_course")
def test_no_text_of_a_learner_becomes_a_formula_and_no_notes_stop_the_table(folder, capsys):
    (folder / ".course" / "quiz.json").write_text('{"before": {"right": "=1+1"}, "after": {"right": 9}}')
    (folder / ".course" / "guesses.json").write_text("[" * 100_000)
    (folder / "deep.ipynb").write_text("[" * 100_000)
    (row,) = table(capsys, folder)
    assert (row["quiz before"], row["quiz after"], row["guesses"]) == ("", "9", "0")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "9" * 26])
@pytest.mark.usefixtures("small_course")
def test_a_time_that_is_none_is_refused(folder, capsys, seconds):
    assert main(["grade", str(folder), "--seconds", seconds]) == 2
    assert "it must be above 0, and at most 86,400, which is a day" in capsys.readouterr().err
