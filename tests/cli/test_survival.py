"""A training loses at most what it did since its last save, whatever happens to its process, its disk or its files."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path

from vae_course.checkpoints import load_checkpoint
from vae_course.cli import commands, epochs
from vae_course.cli.folders import CHECKPOINT, PREVIOUS, WRITER, in_epochs, keep
from vae_course.cli.main import main
from vae_course.training import fit

import pytest
from killed_trainings import content, write_digits

KILLED_TRAININGS = Path(__file__).parents[1] / "killed_trainings.py"
TRAIN = ["train", "--data", "digits", "--epochs", "2", "--batch-size", "8", "--hidden", "8", "--save-every", "0"]
# Every step is saved, five in each epoch.
SAVES = 10
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no fork, no SIGKILL and no such limits")


@pytest.fixture(autouse=True)
def work(tmp_path, monkeypatch):
    """A folder with a few digits. Pictures are not made: they cost more than the training."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "report", lambda run: None)
    write_digits(tmp_path / "digits")
    return tmp_path


@pytest.fixture
def whole(work):
    """A run that nothing happens to."""
    assert main([*TRAIN, "--out", "whole"]) == 0
    return work / "whole"


def at_save(monkeypatch, number, fault):
    """Let something happen at the save of this number, of those from now on."""
    done = 0

    def keep_with_fault(folder, checkpoint, **options):
        nonlocal done
        done += 1
        with fault(folder) if done == number else nullcontext():
            keep(folder, checkpoint, **options)

    monkeypatch.setattr(commands, "keep", keep_with_fault)


@posix
def test_a_killed_training_goes_on_as_if_it_had_not_been_killed(tmp_path):
    """At least twenty moments, half of them in a save; four settings. `python tests/killed_trainings.py` tries more."""
    command = [sys.executable, KILLED_TRAININGS, tmp_path / "killed", "--moments", "20"]
    result = subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    settings = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(settings) == 4
    for counts in settings:
        assert counts["killed"] >= 5
        assert counts["as if not killed"] == counts["trainings"], counts


def test_what_is_done_of_an_epoch_is_kept_when_the_time_has_come(work, monkeypatch):
    """Here a step takes a second."""
    now = 0.0

    def slow_steps(*args, **options):
        nonlocal now
        for progress in fit(*args, **options):
            now += 1
            yield progress

    monkeypatch.setattr(epochs, "fit", slow_steps)
    monkeypatch.setattr(epochs, "perf_counter", lambda: now)
    kept = []
    monkeypatch.setattr(commands, "keep", lambda folder, checkpoint, **_: kept.append(in_epochs(checkpoint)))
    assert main([*TRAIN[:-1], "2", "--out", "run"]) == 0
    within = ("2 steps", "4 steps")
    assert kept == [*within, "1 epoch", *(f"1 epoch and {steps}" for steps in within), "2 epochs"]


def test_the_time_between_saves_is_thirty_seconds_unless_it_is_said(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    assert "(default 30)" in " ".join(capsys.readouterr().out.split())
    for wrong in ("-1", "nan"):
        assert main([*TRAIN[:-1], wrong, "--out", "run"]) == 2
        assert "must be at least 0 seconds" in capsys.readouterr().err


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(content)


DAMAGES = {
    "cut": cut,
    "empty": lambda path: path.write_bytes(b""),
    "flipped": flip,
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_the_checkpoint_before_a_damaged_one_serves_and_it_is_said(work, whole, capsys, monkeypatch, damage):
    at_save(monkeypatch, 8, interrupted)
    assert main([*TRAIN, "--out", "run"]) == 130
    run = work / "run"
    damage(run / CHECKPOINT)
    capsys.readouterr()
    assert main(["evaluate", "run"]) == 0
    assert "The checkpoint before it is used: run/previous.safetensors, 1 epoch and 1 step" in capsys.readouterr().err
    # Nor is the one before lost, should the next save fail.
    at_save(monkeypatch, 1, interrupted)
    assert main(["train", "--save-every", "0", "--resume", "run"]) == 130
    assert in_epochs(load_checkpoint(run / PREVIOUS)) == "1 epoch and 1 step"
    capsys.readouterr()
    at_save(monkeypatch, 2, interrupted)
    assert main(["train", "--save-every", "0", "--resume", "run"]) == 130
    assert in_epochs(load_checkpoint(run / PREVIOUS)) == "1 epoch and 1 step"
    assert in_epochs(load_checkpoint(run / CHECKPOINT)) == "1 epoch and 2 steps"
    error = capsys.readouterr().err
    assert "model.safetensors" in error
    assert "The checkpoint before it is used: run/previous.safetensors, 1 epoch and 1 step" in error
    assert main(["train", "--save-every", "0", "--resume", "run"]) == 0
    assert content(run) == content(whole)


@contextmanager
def interrupted(folder):
    raise KeyboardInterrupt
    yield


def test_where_both_are_damaged_the_newest_is_named(whole, capsys):
    for name in (CHECKPOINT, PREVIOUS):
        cut(whole / name)
    assert main(["train", "--resume", "whole"]) == 2
    assert "whole/model.safetensors is truncated" in capsys.readouterr().err
    (whole / CHECKPOINT).unlink()
    assert main(["train", "--resume", "whole"]) == 2
    assert "whole/model.safetensors: there is no such checkpoint" in capsys.readouterr().err


def test_a_folder_with_the_checkpoint_before_alone_holds_a_run(whole, capsys):
    (whole / CHECKPOINT).unlink()
    assert main([*TRAIN, "--out", "whole"]) == 2
    assert "whole holds a run already" in capsys.readouterr().err


@contextmanager
def small_files(folder):
    """Let the kernel refuse all but the first 5,000 bytes of a file, as a full disk does."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def disk(work):
    """A small disk of its own, for whoever may mount one."""
    (work / "disk").mkdir()
    size = "size=1m"
    if shutil.which("mount") is None or mount("-t", "tmpfs", "-o", size, "tmpfs", work / "disk"):
        pytest.skip("only root can mount a small disk")
    yield work / "disk"
    subprocess.run(["umount", "-l", work / "disk"], check=True)


def mount(*options):
    return subprocess.run(["mount", *options], capture_output=True).returncode


@contextmanager
def full(folder):
    space = os.statvfs(folder)
    (folder.parent / "filler").write_bytes(bytes(space.f_bavail * space.f_frsize - 8192))
    yield


@contextmanager
def read_only(folder):
    """Let nobody write into the folder; root needs more than permissions for it."""
    if os.geteuid():
        folder.chmod(0o500)
    elif mount("--bind", folder, folder) or mount("-o", "remount,bind,ro", folder):
        pytest.skip("not even root may do this here")
    yield


def writable(folder):
    if os.geteuid():
        folder.chmod(0o700)
    else:
        subprocess.run(["umount", "-l", folder], check=True)


def breaks_and_goes_on(monkeypatch, capsys, folder, fault, message, remedy, whole):
    """Break a training at its seventh save; it must say so, leave the sixth whole, and go on when it can."""
    at_save(monkeypatch, 7, fault)
    assert main([*TRAIN, "--out", str(folder)]) == 2
    error = capsys.readouterr().err
    remedy()
    assert re.search(f"{folder / CHECKPOINT}: {message}", error), error
    assert not [file.name for file in folder.iterdir() if file.name.endswith(".partial")]
    kept = load_checkpoint(folder / CHECKPOINT)
    assert (len(kept.metrics), len(kept.unfinished.terms)) == (1, 1)
    assert main(["train", "--save-every", "0", "--resume", str(folder)]) == 0
    assert content(folder) == content(whole)


@posix
def test_a_file_that_may_not_grow_is_named_and_nothing_is_lost(monkeypatch, capsys, whole):
    breaks_and_goes_on(monkeypatch, capsys, Path("run"), small_files, "File too large", lambda: None, whole)


def test_a_full_disk_is_named_and_nothing_is_lost(monkeypatch, capsys, disk, whole):
    message = "No space left on device\nMake room"
    breaks_and_goes_on(monkeypatch, capsys, disk / "run", full, message, (disk / "filler").unlink, whole)


def test_a_disk_that_is_full_from_the_start_is_named(capsys, disk):
    (disk / "run").mkdir()
    with full(disk / "run"):
        (disk / "rest").write_bytes(bytes(8192))
        assert main([*TRAIN, "--out", str(disk / "run")]) == 2
    assert f"{disk / 'run' / WRITER}: No space left on device" in capsys.readouterr().err
    assert not list((disk / "run").iterdir())


def test_a_computer_that_gets_another_name_goes_on(monkeypatch):
    @contextmanager
    def renamed(folder):
        monkeypatch.setattr("socket.gethostname", lambda: "another")
        yield

    at_save(monkeypatch, 2, renamed)
    assert main([*TRAIN, "--out", "run"]) == 0


@posix
def test_a_folder_that_becomes_read_only_is_named_and_nothing_is_lost(monkeypatch, capsys, whole):
    run = Path("run")
    breaks_and_goes_on(
        monkeypatch, capsys, run, read_only, "(Permission denied|Read-only)", lambda: writable(run), whole
    )


@contextmanager
def moved(folder):
    folder.rename("elsewhere")
    yield


@contextmanager
def of_another(folder):
    """Put the folder of another run in its place."""
    folder.rename("elsewhere")
    folder.mkdir()
    (folder / WRITER).write_text("process 1 on elsewhere")
    yield


@pytest.mark.parametrize("fault", [moved, of_another])
def test_a_folder_that_is_gone_is_named_and_no_other_is_written(work, monkeypatch, capsys, whole, fault):
    at_save(monkeypatch, 7, fault)
    assert main([*TRAIN, "--out", "run"]) == 2
    assert "run/model.safetensors: the folder in which the training began is gone" in capsys.readouterr().err
    assert not list(work.glob("run/*.safetensors*"))
    assert main(["train", "--save-every", "0", "--resume", "elsewhere"]) == 0
    assert content(work / "elsewhere") == content(whole)


def test_leftovers_of_a_killed_process_are_removed_by_the_next_and_nothing_else(whole):
    ours, others = (
        f"{CHECKPOINT}.0123456789ab.partial",
        ["mine.partial", f"{CHECKPOINT}.partial", "x.0123456789ab.partial"],
    )
    for name in (ours, f"metrics.json{ours[len(CHECKPOINT) :]}", *others):
        (whole / name).touch()
    assert main(["train", "--resume", "whole"]) == 0
    assert {file.name for file in whole.iterdir()} == {CHECKPOINT, PREVIOUS, *others}


@posix
def test_two_processes_never_train_in_one_folder_and_a_dead_one_blocks_nobody(work, capsys):
    command = [sys.executable, "-m", "vae_course", *TRAIN, "--epochs", "100000", "--out", "run"]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not (work / "run" / CHECKPOINT).exists():
            assert first.poll() is None
            time.sleep(0.05)
        for arguments in ([*TRAIN, "--out", "run"], ["train", "--resume", "run"]):
            assert main(arguments) == 2
            assert f"run: process {first.pid} on " in (error := capsys.readouterr().err)
            assert "is training there; wait, or choose another --out" in error
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    epochs = len(load_checkpoint(work / "run" / CHECKPOINT).metrics) + 1
    assert main(["train", "--resume", "run", "--epochs", str(epochs)]) == 0
