"""The learner's folder: it is made, brought up to date, and what is there is never overwritten."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from vae_course.cli import lab
from vae_course.cli.main import main

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NAMES = [path.name for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]


def write_lesson(folder, name, source):
    """A lesson of a small course, as its authors execute it."""
    output = nbformat.v4.new_output("stream", text="the answer is 7")
    cell = nbformat.v4.new_code_cell(source, execution_count=1, outputs=[output])
    folder.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / f"{name}.ipynb")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of two lessons; the current folder is empty."""
    monkeypatch.setattr(lab, "LESSONS", tmp_path / "course" / "notebooks")
    (tmp_path / "course").mkdir()
    write_lesson(lab.LESSONS, "01_one", "1")
    write_lesson(lab.LESSONS, "02_two", "2")
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return lab.LESSONS


@pytest.fixture
def folder(course):
    """A learner's folder, made from it."""
    assert make() == 0
    return Path("my-course").resolve()


def make(*options):
    return main(["lab", "--make-only", *options])


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def notebooks(folder):
    return sorted(path.name for path in folder.glob("*.ipynb"))


def change(path, source):
    """Save a notebook as JupyterLab does, with other code in its cell."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = source
    nbformat.write(notebook, path)


def test_the_folder_holds_the_lessons_without_outputs_and_what_the_kit_reads(folder):
    assert notebooks(folder) == ["01_one.ipynb", "02_two.ipynb"]
    notebook = nbformat.read(folder / "01_one.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].outputs == []
    assert notebook.cells[0].execution_count is None
    assert notebook.metadata.vae_course.lesson == "01_one"
    assert json.loads((folder / ".course" / "course.json").read_text()) == {"answers": "my_vae.py"}


def test_readers_get_the_outputs(course):
    assert make("reading", "--with-outputs") == 0
    notebook = nbformat.read(Path("reading/01_one.ipynb"), as_version=4)
    assert notebook.cells[0].outputs[0].text == "the answer is 7"
    assert notebook.cells[0].execution_count == 1


def test_what_is_up_to_date_is_left_alone(folder, capsys):
    before = contents(folder)
    assert make() == 0
    assert contents(folder) == before
    assert "my-course: 2 notebooks, of them new: 0" in capsys.readouterr().out


def test_a_lesson_that_the_learner_changed_is_left_alone(folder):
    change(folder / "01_one.ipynb", "my answer")
    before = contents(folder)
    assert make() == 0
    assert contents(folder) == before


def test_outputs_that_the_learner_saved_make_no_other_version(folder):
    notebook = nbformat.read(folder / "01_one.ipynb", as_version=4)
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="mine")]
    nbformat.write(notebook, folder / "01_one.ipynb")
    before = contents(folder)
    assert make() == 0
    assert contents(folder) == before


def test_outputs_that_the_authors_made_again_make_no_other_version(folder, course):
    notebook = nbformat.read(course / "01_one.ipynb", as_version=4)
    notebook.cells[0].outputs[0].text = "the answer is 7, in 3 seconds"
    nbformat.write(notebook, course / "01_one.ipynb")
    before = contents(folder)
    assert make() == 0
    assert contents(folder) == before


def test_a_lesson_under_another_name_is_found(folder):
    (folder / "01_one.ipynb").rename(folder / "done.ipynb")
    assert make() == 0
    assert notebooks(folder) == ["02_two.ipynb", "done.ipynb"]


def test_a_lesson_that_was_deleted_comes_back(folder):
    (folder / "01_one.ipynb").unlink()
    assert make() == 0
    assert notebooks(folder) == ["01_one.ipynb", "02_two.ipynb"]


def test_a_lesson_that_changes_twice_comes_twice_beside_the_learners(folder, course, capsys):
    change(folder / "01_one.ipynb", "my answer")
    before = contents(folder)
    for source, name in (("better", "01_one (new)"), ("best", "01_one (new 2)")):
        write_lesson(course, "01_one", source)
        capsys.readouterr()
        assert make() == 0
        said = f"{name}.ipynb is the course's present version; your 01_one.ipynb stays as it is"
        assert said in capsys.readouterr().out.splitlines()
        assert nbformat.read(folder / f"{name}.ipynb", as_version=4).cells[0].source == source
    assert before.items() <= contents(folder).items()
    after = contents(folder)
    assert make() == 0
    assert contents(folder) == after


@pytest.mark.parametrize("text", ['{"cells": [', "", "[]", '{"metadata": null}', "\udcff"])
def test_a_notebook_that_is_half_written_is_left_alone_and_said(folder, capsys, text):
    broken = folder / "01_one.ipynb"
    broken.write_bytes(text.encode(errors="surrogateescape"))
    before = contents(folder)
    assert make() == 0
    assert before.items() <= contents(folder).items()
    assert (folder / "01_one (new).ipynb").is_file()
    assert "01_one.ipynb cannot be read as a notebook; it stays as it is" in capsys.readouterr().out.splitlines()


def test_a_notebook_of_the_learners_own_and_a_folder_with_a_lessons_name_are_left_alone(folder, course):
    write_lesson(folder, "03_three", "my own")
    (folder / "04_four.ipynb").mkdir()
    before = contents(folder)
    for name in ("03_three", "04_four"):
        write_lesson(course, name, name)
    assert make() == 0
    assert before.items() <= contents(folder).items()
    assert {"03_three (new).ipynb", "04_four (new).ipynb"} <= set(notebooks(folder))


def test_a_read_only_notebook_stays_as_it_is(folder, course):
    (folder / "01_one.ipynb").chmod(stat.S_IREAD)
    before = contents(folder)
    write_lesson(course, "01_one", "better")
    assert make() == 0
    assert before.items() <= contents(folder).items()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of this kind are POSIX's")
def test_a_read_only_folder_is_said_and_nothing_is_lost(folder, course, capsys, request):
    write_lesson(course, "01_one", "better")
    before = contents(folder)
    for path in (folder, folder / ".course", *folder.glob(".course/*")):
        path.chmod(path.stat().st_mode & 0o555)
        request.addfinalizer(lambda path=path: path.chmod(0o755))
    if os.geteuid() == 0:  # The superuser may write anywhere.
        for path in folder.parents:
            if path.is_relative_to(tempfile.gettempdir()):
                path.chmod(path.stat().st_mode | 0o055)
        os.seteuid(65534)
        request.addfinalizer(lambda: os.seteuid(0))
    assert make(str(folder)) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"vae_course: {folder}")
    assert error.endswith("Permission denied\n")
    assert contents(folder) == before


def test_two_at_once_write_every_lesson_once(tmp_path):
    command = [sys.executable, "-m", "vae_course", "lab", "--make-only", "both"]
    both = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert notebooks(tmp_path / "both") == NAMES
    assert not [path for path in (tmp_path / "both").iterdir() if path.name not in (".course", *NAMES)]
    assert sorted(text.split()[-1] for text in said) == ["0", str(len(NAMES))]


def test_fresh_moves_all_aside_and_deletes_nothing(folder, capsys):
    change(folder / "01_one.ipynb", "my answer")
    (folder / "my_vae.py").write_text("mine", encoding="utf-8")
    (folder / "runs" / "first").mkdir(parents=True)
    (folder / "runs" / "first" / "model").write_text("weights", encoding="utf-8")
    (folder / ".course" / "answers.json").write_text("{}", encoding="utf-8")
    before = {name: content for name, content in contents(folder).items() if not name.endswith(".lock")}
    assert make("--fresh") == 0
    (aside,) = folder.glob("before *")
    assert contents(aside) == before
    assert notebooks(folder) == ["01_one.ipynb", "02_two.ipynb"]
    assert not (folder / "my_vae.py").exists()
    assert not (folder / ".course" / "answers.json").exists()
    assert f"is now in {aside.name}" in capsys.readouterr().out


def test_fresh_leaves_what_was_put_aside_before(folder):
    earlier = folder / f"{lab.BEFORE}2026-01-01 09.00.00"
    earlier.mkdir()
    assert make("--fresh") == 0
    assert earlier.is_dir()
    assert len(list(folder.glob("before *"))) == 2


def test_fresh_moves_nothing_where_there_is_nothing(course):
    assert make("--fresh") == 0
    assert not list(Path("my-course").glob("before *"))


def test_inside_the_folder_no_name_is_needed(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "01_one.ipynb").unlink()
    assert make() == 0
    assert notebooks(folder) == ["01_one.ipynb", "02_two.ipynb"]
    assert not (folder / "my-course").exists()


def test_names_with_spaces_umlauts_and_a_tilde_are_taken_as_they_are(course, monkeypatch):
    monkeypatch.setenv("HOME", str(Path.cwd()))
    monkeypatch.setenv("USERPROFILE", str(Path.cwd()))
    for name, place in (("~/Grüße an VAE", "Grüße an VAE"), ("a~b/ü", "a~b/ü")):
        assert make(name) == 0
        assert notebooks(Path(place)) == ["01_one.ipynb", "02_two.ipynb"]


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="a newer Python names the link itself")
def test_a_link_to_itself_is_not_taken_for_a_home_folder(course, capsys):
    Path("loop").symlink_to("loop")
    assert main(["lab", "--make-only", "loop"]) == 2
    assert "loop is a link that leads to itself: name a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("file", "file is a file: name a folder"),
        pytest.param(
            "~nobody-of-this-name/x",
            "~nobody-of-this-name/x: there is no such home folder",
            marks=pytest.mark.skipif(os.name == "nt", reason="Windows guesses where another's home folder is"),
        ),
        ("../course/notebooks", "notebooks belongs to the course itself: name a folder of your own"),
        ("../course/notebooks/mine", "mine belongs to the course itself: name a folder of your own"),
        (str(lab.PACKAGE / "mine"), "mine belongs to the course itself: name a folder of your own"),
        ("full", "full holds other files: name a new folder or an empty one"),
    ],
)
@pytest.mark.parametrize("option", ["--make-only", "--fresh"])
def test_a_folder_that_cannot_be_the_learners_is_refused(course, capsys, name, message, option):
    Path("file").touch()
    Path("full").mkdir()
    Path("full/letter.txt").touch()
    before = contents(course.parents[1])
    assert main(["lab", option, name]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") <= 2
    assert contents(course.parents[1]) == before
    assert not (lab.PACKAGE / "mine").exists()


def test_a_course_without_lessons_is_said(course, capsys):
    shutil.rmtree(course)
    assert make() == 2
    assert "the lessons are not there; install the course again" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--no-browser"]])
def test_jupyterlab_opens_the_first_lesson_and_its_status_is_handed_on(folder, course, monkeypatch, request, options):
    handler = signal.getsignal(signal.SIGTERM)
    request.addfinalizer(lambda: signal.signal(signal.SIGTERM, handler))
    write_lesson(course, "01_one", "better")
    started, popen = [], subprocess.Popen

    def start(command):
        started.append(command)
        return popen([sys.executable, "-c", "raise SystemExit(3)"])

    monkeypatch.setattr(subprocess, "Popen", start)
    assert main(["lab", *options]) == 3
    (command,) = started
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={folder}" in command
    assert "--LabApp.default_url=/lab/tree/01_one%20%28new%29.ipynb" in command
    assert ("--no-browser" in command) == bool(options)


@pytest.mark.parametrize(
    ("called", "name"),
    [("/bin/vae-course", "vae-course"), ("vae-course.exe", "vae-course"), ("/x/__main__.py", "python -m vae_course")],
)
def test_the_usage_shows_what_was_called(monkeypatch, capsys, called, name):
    monkeypatch.setattr(sys, "argv", [called])
    with pytest.raises(SystemExit):
        main(["lab", "--help"])
    assert capsys.readouterr().out.startswith(f"usage: {name} lab")


def copy_of_the_checkout(folder):
    """What a wheel is built from, without the large weights."""
    unneeded = shutil.ignore_patterns("__pycache__", "*.safetensors", ".*")
    for name in ("vae_course", "notebooks", "etc"):
        shutil.copytree(ROOT / name, folder / name, ignore=unneeded)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def installed_wheel(folder):
    """A wheel of the course, unpacked as pip does it."""
    pytest.importorskip("setuptools", minversion="77", reason="needs setuptools 77 to build a wheel")
    source = copy_of_the_checkout(folder / "source with spaces")
    build = "from setuptools.build_meta import build_wheel; build_wheel('dist')"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True, timeout=300)
    (wheel,) = source.glob("dist/*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    shutil.rmtree(source)
    return folder / "installed"


@pytest.mark.parametrize("install", [copy_of_the_checkout, installed_wheel])
def test_lessons_come_from_a_course_that_is_read_only(tmp_path, install, request):
    (tmp_path / "course").mkdir()
    course = install(tmp_path / "course")
    for path in [course, *course.rglob("*")]:
        request.addfinalizer(lambda path=path: path.chmod(0o755))
        path.chmod(path.stat().st_mode & 0o555)
    before = contents(course)
    environment = os.environ | {"PYTHONPATH": str(course)}
    command = [sys.executable, "-m", "vae_course", "lab", "--make-only", "mine"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=300)
    assert notebooks(tmp_path / "mine") == NAMES
    assert all(path.stat().st_mode & stat.S_IWUSR for path in (tmp_path / "mine").iterdir())
    # As the superuser, Python keeps what it compiled even there.
    assert {name: text for name, text in contents(course).items() if "__pycache__" not in name} == before
