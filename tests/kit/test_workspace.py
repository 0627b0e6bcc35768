import json
import os
import subprocess
import sys
from pathlib import Path

from vae_course.kit.answers import keep, kept
from vae_course.kit.predict import GuessForm, reveal
from vae_course.kit.quiz import Question, Quiz
from vae_course.kit.workspace import (
    MOST_BYTES,
    find_workspace,
    read_entries,
    read_state,
    replace_text,
    update_state,
)

import pytest

PROJECT = Path(__file__).parents[2]


def test_a_folder_with_a_course_folder_is_a_workspace(workspace):
    assert find_workspace() == workspace


def test_without_a_workspace_nothing_is_read_and_nothing_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    update_state("guesses", "elbo/jensen", {"guess": 1})
    assert find_workspace() is None
    assert read_state("guesses") == {}
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_is_set_leaves_the_others(workspace):
    update_state("guesses", "elbo/jensen", {"guess": "they are equal", "β": 1})
    update_state("guesses", "elbo/carriers", {"guess": 500})
    assert read_state("guesses") == {
        "elbo/jensen": {"guess": "they are equal", "β": 1},
        "elbo/carriers": {"guess": 500},
    }
    assert "β" in (workspace / ".course" / "guesses.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("damaged", [b"", b'{"a": 1', b"[1, 2]", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_file_is_put_aside_and_counts_as_empty(workspace, damaged):
    (workspace / ".course" / "quiz.json").write_bytes(damaged)
    assert read_state("quiz") == {}
    assert (workspace / ".course" / "quiz.damaged.json").read_bytes() == damaged
    update_state("quiz", "elbo", 3)
    assert read_state("quiz") == {"elbo": 3}


def test_a_file_that_is_far_too_large_is_put_aside_unread(workspace):
    path = workspace / ".course" / "quiz.json"
    path.write_bytes(b"{}")
    os.truncate(path, MOST_BYTES + 1)
    assert read_state("quiz") == {}
    assert not path.exists()


def test_a_folder_in_the_place_of_a_file_is_put_aside(workspace):
    (workspace / ".course" / "quiz.json").mkdir()
    update_state("quiz", "elbo", 3)
    assert read_state("quiz") == {"elbo": 3}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="files of this kind are POSIX's")
@pytest.mark.parametrize("make", ["a pipe", "a link to itself", "a link to a device"])
def test_what_is_no_file_is_put_aside_and_waited_for_by_nobody(workspace, make):
    path = workspace / ".course" / "quiz.json"
    if make == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if make == "a link to a device" else path)
    assert read_state("quiz") == {}
    update_state("quiz", "elbo", 3)
    assert read_state("quiz") == {"elbo": 3}


@pytest.mark.parametrize("refuses", ["vae_course.kit.workspace.FileLock", "vae_course.files.os.fsync"])
def test_a_folder_that_cannot_be_written_is_read_and_stops_no_lesson(workspace, monkeypatch, capsys, refuses):
    """On a medium that is read-only there is not even a lock; on a full disk no file."""

    def refuse(*_):
        raise OSError(28, "No space left on device")

    update_state("guesses", "elbo/a", {"question": "How many?", "guess": 3})
    monkeypatch.setattr(refuses, refuse)
    assert read_state("guesses")["elbo/a"]["guess"] == 3
    form = GuessForm("elbo/a", "How many?")
    assert form.field.value == "3"
    form.field.value = "5"
    assert "Not kept: [Errno 28] No space left" in form.status.value
    reveal("elbo/a", 7)
    assert "You said 3; it is 7." in capsys.readouterr().out
    quiz = Quiz([Question("Which?", ("this", "that"), 1, "It is.", "05")], "before")
    quiz.score()
    assert "0 of 1 are right." in quiz.result.value
    assert "This score is not kept: [Errno 28] No space left" in quiz.result.value
    assert keep("half", half, "05").startswith("Not kept in my_vae.py: ")
    assert kept(half=len).half is len
    assert not list(workspace.rglob("*.partial"))


def half(value):
    return value / 2


def test_what_a_kernel_that_was_killed_left_is_removed_by_the_next(workspace):
    leftover = workspace / ".course" / f"quiz.json.{'0' * 12}.partial"
    leftover.touch()
    (workspace / ".course" / f"guesses.json.{'0' * 12}.partial").touch()
    update_state("quiz", "elbo", 3)
    assert not leftover.exists()
    assert (workspace / ".course" / f"guesses.json.{'0' * 12}.partial").exists(), "somebody may be writing it now"


def test_entries_of_another_form_are_left_out_and_stay_in_the_file(workspace):
    state = {"good": {"right": 3}, "a text": {"right": "3"}, "no object": 3, "nothing": None, "without": {}}
    (workspace / ".course" / "quiz.json").write_text(json.dumps(state))
    assert read_entries("quiz", {"right": int, "of": int | None}) == {"good": {"right": 3}}
    update_state("quiz", "new", {"right": 4})
    assert read_state("quiz") == state | {"new": {"right": 4}}


def test_half_of_a_character_is_kept_as_json_names_it(workspace):
    (workspace / ".course" / "guesses.json").write_text('{"a": "\\ud800"}')
    update_state("guesses", "b", 1)
    assert read_state("guesses") == {"a": "\ud800", "b": 1}


def test_a_link_stays_a_link_when_its_file_is_replaced(workspace):
    target, link = workspace / "target.py", workspace / "link.py"
    target.write_text("old")
    try:
        link.symlink_to(target)
    except OSError:
        pytest.skip("this system makes no links for this user")
    replace_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_two_kernels_at_once_lose_nothing(workspace):
    program = """
import sys
from vae_course.kit.workspace import update_state
for i in range(25):
    update_state("quiz", f"{sys.argv[1]}{i}", i)
"""
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    kernels = [subprocess.Popen([sys.executable, "-c", program, name], cwd=workspace, env=environment) for name in "ab"]
    assert [kernel.wait(timeout=120) for kernel in kernels] == [0, 0]
    state = json.loads((workspace / ".course" / "quiz.json").read_text(encoding="utf-8"))
    assert state == {f"{name}{i}": i for name in "ab" for i in range(25)}
