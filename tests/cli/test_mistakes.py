"""Every mistake in input or surroundings is said in a line; in a second, at most, what to do."""

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

from vae_course.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from vae_course.cli.folders import LOCK, WRITER, locked
from vae_course.cli.main import explain, main
from vae_course.cli.measures import in_words
from vae_course.cli.options import two_lines
from vae_course.conditional import ConditionalVAE
from vae_course.digits import EMBEDDED, STEMS, load_digits
from vae_course.digits.idx import write_idx
from vae_course.elbo import ElboTerms
from vae_course.training import TrainConfig, adam
from vae_course.vae import VAE

import numpy as np
import pytest
import torch
from PIL import Image

embedded = functools.cache(load_digits)
TINY = ["--epochs", "1", "--hidden", "4", "--latent-dim", "2"]


def write_folder(folder, first=0, scale=1.0, count=50):
    """Some embedded digits as a folder of one's own."""
    folder.mkdir(parents=True, exist_ok=True)
    digits, end = embedded(), first + count
    images, labels = digits.train_images[first:end].numpy() * scale, digits.train_labels[first:end].numpy()
    for stem, array in zip(STEMS, (images, labels, images[:5], labels[:5]), strict=True):
        write_idx(folder / f"{stem}.gz", array.astype("u1"))
    return folder


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with small digits, `mine`, and a small run on them, `run`."""
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "mine")
    digits = load_digits("mine")
    torch.manual_seed(0)
    model = VAE(2, (4,))
    metrics = {"epoch": 1, "beta": 1.0, "seconds": 0.1}
    for part in ("train_", "test_"):
        metrics |= {part + name: 1.0 for name in ("negative_elbo", "reconstruction", "kl")}
    run = Checkpoint(model, TrainConfig(epochs=1), digits.name, [], adam(model.parameters(), 1e-3))
    save_checkpoint(tmp_path / "run" / "model.safetensors", replace(run, digest=digits.digest))
    return tmp_path


def fails(capsys, *arguments):
    """Run a command that must fail, and return what it says: a line, and perhaps one that says what to do."""
    try:
        status = main(list(map(str, arguments)))
    except SystemExit as stopped:
        status = stopped.code
    error = capsys.readouterr().err
    assert status == 2, error
    assert "Traceback" not in error
    # What precedes is a progress bar, or a note.
    lines = error[error.index("vae_course: ") :].splitlines()
    assert len(lines) <= 2, error
    assert "should not happen" not in error
    return error


EMPTY = {
    "train": ["--data", "--out", "--resume", "--recipe", "--optimizer", "--binarization", "--beta", "--epochs"],
    "evaluate": ["", "run --data", "run --binarization", "run --samples", "run --beta"],
    "sample": ["", "run --out", "run --count", "run --seed"],
    "reconstruct": ["", "run --out", "run --index", "run --data"],
    "data": ["", "--mirror"],
}


@pytest.mark.parametrize("empty", ["", "  "])
@pytest.mark.parametrize(("command", "before"), [(c, b) for c, options in EMPTY.items() for b in options])
def test_an_empty_string_is_refused_and_does_not_mean_the_default(work, capsys, command, before, empty):
    error = fails(capsys, command, *before.split(), empty)
    assert any(text in error for text in ("is empty", "is no whole number", "is no number", "neither a number"))
    assert sorted(path.name for path in work.iterdir()) == ["mine", "run"]


TOO_MUCH = {
    "a width": (["train", "--hidden", "1000000000"], "--hidden: 1000000000 is too large; at most 1,000,000"),
    "a latent dimension": (["train", "--latent-dim", "2000000000"], "--latent-dim: 2000000000 is too large"),
    "two widths": (["train", "--hidden", "900000", "900000"], "needs 64,8"),
    "every β": (["train", "--recipe", "every-beta", "--data", "embedded", "--hidden", "900000", "900000"], "weights"),
    "layers": (["train", "--hidden", *["2"] * 101], "101 layers are too many"),
    "batch": (["train", "--batch-size", "9" * 30], "is too large"),
    "digits of a number": (["train", "--epochs", "9" * 5000], "is no whole number"),
    "count": (["sample", "run", "--count", "1000000000"], "at most 10,000"),
    "samples": (["evaluate", "run", "--samples", "9" * 20], "is too large"),
    "index": (["reconstruct", "run", "--index", "9" * 20], "is too large"),
    "indices": (["reconstruct", "run", "--index", *["1"] * 10_001], "10,001 digits are too many for a picture"),
    "seed": (["sample", "run", "--seed", "9" * 30], "is too large"),
    "negative seed": (["sample", "run", "--seed", "-1"], "must be at least 0"),
    "β": (["sample", "run", "--beta", "nan"], "learnt one β"),
    "learning rate": (["train", "--learning-rate", "inf"], "learning_rate=inf must be"),
}


@pytest.mark.parametrize(("arguments", "message"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_is_too_much_is_refused_before_it_is_tried(work, capsys, arguments, message):
    assert message in fails(capsys, *arguments)


@pytest.mark.skipif(sys.platform == "win32", reason="there a link takes a right of its own")
def test_a_link_to_nothing_is_no_place_for_runs(work, capsys):
    for name, target in (("loop", "loop"), ("dangling", "nowhere")):
        (work / name).symlink_to(target)
        message = f"{name} is a link to nothing: name a folder for the run"
        assert message in fails(capsys, "train", "--data", "mine", *TINY, "--out", name)
        assert message in fails(capsys, "sweep", "--data", "mine", *TINY, "--out", name)


def test_a_network_is_refused_that_could_be_trained_and_not_saved(work, capsys, monkeypatch):
    """A million latent dimensions took 20 GB to train, and 30 more to save: the system killed it without a word."""
    monkeypatch.setattr("vae_course.cli.runs.memory", lambda: 25e9)
    command = ["train", "--data", "mine", "--epochs", "1", "--latent-dim", "1000000"]
    assert "needs 48 GB of memory to train; there are 25" in fails(capsys, *command)


SYNTAX = {
    "two dashes as a value": ["train", "--out=--"],
    "two dashes as values": ["train", "--hidden=--"],
    "no command": [],
    "another command": ["trian"],
    "another option": ["train", "--epoches", "3"],
    "no value": ["train", "--data"],
    "a schedule": ["train", "--beta", "0:1,"],
    "both": ["train", "--out", "a", "--resume", "b"],
    "a line break": ["train", "--data", "a\nb\nc\nd"],
    "line breaks in what is not known": ["data", "x", "a\nb\nc", "d\n"],
    "what steers a terminal": ["train", "--data", "\x1b[2Ja"],
    "a zero byte": ["sample", "a\0b"],
    "no text": ["train", "--data", "\udcff"],
}


@pytest.mark.parametrize("arguments", SYNTAX.values(), ids=SYNTAX)
def test_options_that_cannot_be_understood_take_two_lines(work, capsys, arguments):
    assert "\x1b" not in fails(capsys, *arguments)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there every name is text")
def test_a_name_that_is_not_in_utf_8_is_refused_before_anything_is_done(work, capsys):
    write_folder(work / "mine\udcff")
    message = "has a name that is not in UTF-8: rename it"
    assert message in fails(capsys, "train", "--data", "mine\udcff", *TINY)
    assert message in fails(capsys, "train", "--data", "mine", "--out", "run\udcff", *TINY)
    assert not (work / "run\udcff").exists()
    (work / "run").rename(work / "run\udcff")
    assert message in fails(capsys, "sample", "run\udcff")


@pytest.mark.parametrize("name", ["model.safetensors", "previous.safetensors"])
def test_a_folder_in_a_checkpoints_place_is_said_before_the_training(work, capsys, name):
    (work / "run" / "model.safetensors").rename(work / "run" / "other.safetensors")
    for path in ("model.safetensors", "previous.safetensors"):
        shutil.copy(work / "run" / "other.safetensors", work / "run" / path)
    (work / "run" / name).unlink()
    (work / "run" / name).mkdir()
    error = fails(capsys, "train", "--resume", "run")
    assert f"{name} is a folder, where a checkpoint is to be written: move it away" in error
    assert "%" not in error, "nothing is trained"


def test_places_that_are_none_are_said(work, capsys):
    (work / "loop").symlink_to(work / "loop")
    (work / "file").write_text("text")
    assert "neither 'embedded', nor 'mnist', nor a folder" in fails(capsys, "train", "--data", "loop")
    assert "it is a file; name its folder" in fails(capsys, "train", "--data", "file")
    assert "file is a file: name a folder" in fails(capsys, "train", "--data", "mine", *TINY, "--out", "file")
    assert "loop" in fails(capsys, "train", "--data", "mine", *TINY, "--out", "loop")
    assert "no such checkpoint" in fails(capsys, "train", "--resume", "nothing")
    assert not (work / "nothing").exists()
    assert "loop" in fails(capsys, "evaluate", "loop")
    assert "there is no such checkpoint" in fails(capsys, "evaluate", "mine")
    assert "run is a folder: name a file in it" in fails(capsys, "sample", "run", "--out", "run")
    assert "name it a.png" in fails(capsys, "sample", "run", "--out", "a.JPG")
    assert "too long" in fails(capsys, "sample", "run", "--out", "a" * 300).lower()
    assert "file" in fails(capsys, "sample", "run", "--out", "file/a.png")


def test_a_picture_replaces_a_picture_of_ours_and_nothing_else(work, capsys):
    Image.fromarray(np.zeros((9, 9), "u1")).save(work / "holiday.png")
    (work / "text.png").write_text("text")
    (work / "link").symlink_to(work / "nowhere")
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    for command in ("sample", "reconstruct"):
        for name in ("run/model.safetensors", "holiday.png", "text.png", f"mine/{STEMS[0]}.gz", "link", "/dev/null"):
            assert "is no picture of this course" in fails(capsys, command, "run", "--out", name)
    assert {path: path.read_bytes() for path in work.rglob("*") if path.is_file()} == before
    for seed in ("1", "2"):
        assert main(["sample", "run", "--count", "1", "--seed", seed, "--out", "ours.png"]) == 0
        before[seed] = (work / "ours.png").read_bytes()
    assert before["1"] != before["2"]
    assert sorted(path.name for path in work.glob("*ours*")) == ["ours.png"]


@pytest.mark.parametrize("name", ["samples.png", "reconstructions.png", "metrics.json"])
def test_a_training_does_not_begin_where_its_end_would_replace_a_file(work, capsys, name):
    (work / name).write_text('{"test": 1}')
    assert "is there already" in fails(capsys, "train", "--data", "mine", *TINY, "--out", ".")
    assert (work / name).read_text() == '{"test": 1}'
    assert not (work / "model.safetensors").exists()
    assert not list(work.glob(".*"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="files of this kind are POSIX's")
@pytest.mark.parametrize("name", ["samples.png", "reconstructions.png", "metrics.json"])
def test_a_pipe_in_the_place_of_an_output_is_waited_for_by_nobody(work, capsys, name):
    os.mkfifo(work / "run" / name)
    assert f"{name} is there already, and is " in fails(capsys, "train", "--resume", "run")
    if name == "samples.png":
        assert f"{name} is there already, and is " in fails(capsys, "sample", "run", "--out", f"run/{name}")


def test_a_folder_is_known_by_its_digits_and_not_by_its_name(work, capsys):
    """Two data sets in folders named raw; the first moved, and then replaced in its place."""
    for name, first in (("fashion", 0), ("kuzushiji", 100)):
        write_folder(work / name / "raw", first)
        assert main(["train", "--data", f"{name}/raw", *TINY]) == 0
    runs = sorted((work / "runs").iterdir())
    assert len(runs) == 2
    digests = {load_checkpoint(run / "model.safetensors").digest: run for run in runs}
    run = digests[load_digits("fashion/raw").digest]
    assert "holds a run already: go on with it (--resume" in fails(capsys, "train", "--data", "fashion/raw", *TINY)
    (work / "fashion").rename(work / "moved")
    on = ["train", "--resume", run, "--epochs", "2"]
    for command in (on, ["evaluate", run], ["reconstruct", run]):
        assert "digits are not there any more; name them: --data" in fails(capsys, *command)
    assert "are other digits; this run was trained on" in fails(capsys, *on, "--data", "kuzushiji/raw")
    assert main([*map(str, on), "--data", "moved/raw"]) == 0
    assert load_checkpoint(run / "model.safetensors").data == str(work / "moved" / "raw")
    assert main(["evaluate", str(run)]) == 0
    write_folder(work / "moved" / "raw", 200)
    for command in (["train", "--resume", run, "--epochs", "3"], ["evaluate", run], ["reconstruct", run]):
        assert "holds other digits now than in the training" in fails(capsys, *command)
    assert "are other digits" in fails(capsys, "train", "--resume", run, "--epochs", "3", "--data", "moved/raw")
    assert main(["evaluate", str(run), "--data", "moved/raw"]) == 0


def test_a_copy_of_the_embedded_digits_is_the_embedded_digits(work, capsys):
    shutil.copytree(EMBEDDED, work / "copy")
    save_checkpoint(
        work / "seen" / "model.safetensors", replace(load_checkpoint(work / "run/model.safetensors"), data="mnist")
    )
    assert main(["evaluate", "seen", "--data", "copy"]) == 0
    assert "which this model has seen" in capsys.readouterr().err


def test_a_folder_named_as_the_embedded_digits_has_a_run_of_its_own(work):
    write_folder(work / "embedded")
    assert main(["train", "--data", "./embedded", *TINY]) == 0
    (run,) = (work / "runs").iterdir()
    assert run.name == f"embedded-{load_digits('./embedded').digest[:8]}-dynamic-4-2"


def test_many_settings_make_no_name_that_is_too_long(work):
    schedule = ",".join(f"{i}:{i}" for i in range(60))
    names = set()
    for beta in (schedule, schedule + ",60:1"):
        assert main(["train", "--data", "mine", *TINY, "--beta", beta]) == 0
        names |= {path.name for path in (work / "runs").iterdir()}
    assert len(names) == 2
    assert max(map(len, names)) < 200


def test_pixels_of_0_and_1_cost_what_they_do_as_0_and_255(work, capsys):
    digits = load_digits("mine")
    for name, scale in (("ones", 1), ("whites", 255)):
        (work / name).mkdir()
        images = (digits.train_images.numpy() >= 128) * scale
        for stem, array in zip(STEMS, (images, digits.train_labels, images[:5], digits.test_labels), strict=True):
            write_idx(work / name / f"{stem}.gz", np.asarray(array, "u1"))
    results = []
    for name in ("ones", "whites"):
        assert main(["evaluate", "run", "--data", name]) == 0
        printed = capsys.readouterr()
        results.append(json.loads(printed.out)["negative_elbo"])
        assert ("note: " in printed.err) == (name == "ones")
    assert results[0] == results[1]
    assert "are read as black and white" in str(printed) or results
    write_folder(work / "dim", scale=0.3)
    assert "pixels must be bytes from 0, black, to 255, white" in fails(capsys, "evaluate", "run", "--data", "dim")


def test_a_second_writer_is_told_who_the_first_is(work, capsys):
    with locked(work / "run"):
        error = fails(capsys, "train", "--resume", "run", "--epochs", "2")
        assert f"run: process {os.getpid()} on" in error
        assert "is training there; wait, or choose another --out" in error
    with locked(work / "new"):
        assert "is training there" in fails(capsys, "train", "--data", "mine", *TINY, "--out", "new")
    assert main(["train", "--data", "mine", *TINY, "--out", "new"]) == 0
    assert not list(work.rglob(".*"))


def test_a_run_that_ends_while_another_begins_is_not_overwritten(work, capsys, monkeypatch):
    """Between the choice of a folder and its lock, somebody else has trained there."""
    held = (work / "run" / "model.safetensors").read_bytes()

    @contextlib.contextmanager
    def late(folder):
        shutil.copytree(work / "run", folder)
        with locked(folder):
            yield

    monkeypatch.setattr("vae_course.cli.commands.locked", late)
    assert "new holds a run already" in fails(capsys, "train", "--data", "mine", *TINY, "--out", "new")
    assert (work / "new" / "model.safetensors").read_bytes() == held


def test_what_is_left_of_a_writer_that_was_killed_stops_nobody(work):
    for name in (LOCK, WRITER):
        (work / "run" / name).write_text("process 1 on elsewhere")
    with locked(work / "run"):
        pass


def test_a_training_says_how_long_it_will_take(work, capsys):
    assert main(["train", "--data", "mine", *TINY, "--batch-size", "2", "--out", "new"]) == 0
    assert "25 steps will take about " in capsys.readouterr().out


def break_network(work, layer, value):
    """Save a network of which one layer's weights have this value."""
    model = VAE(2, (4,))
    with torch.no_grad():
        [module for module in model.modules() if isinstance(module, torch.nn.Linear)][layer].weight.fill_(value)
    save_checkpoint(work / "broken.safetensors", Checkpoint(model, TrainConfig(), str(work / "mine"), [], None))


def test_figures_that_cannot_be_right_are_no_success(work, capsys):
    break_network(work, -1, -1e30)
    for options in ([], ["--binarization", "grey"]):
        assert "this network is broken" in fails(capsys, "evaluate", "broken.safetensors", *options)
    break_network(work, 0, 3e38)
    assert "this network is broken" in fails(capsys, "reconstruct", "broken.safetensors", "--out", "a.png")
    fails(capsys, "train", "--data", "mine", *TINY, "--epochs", "30", "--learning-rate", "1e20", "--out", "wild")
    assert not (work / "wild" / "metrics.json").exists()
    assert not (work / "a.png").exists()
    with pytest.raises(FloatingPointError, match=r"-ELBO is inf nats per image"):
        in_words("train_", ElboTerms(torch.tensor(torch.inf), torch.tensor(0.0)))


def test_a_network_that_needs_labels_says_so(work, capsys):
    run = Checkpoint(ConditionalVAE(2, (4,)), TrainConfig(), str(work / "mine"), [], None)
    save_checkpoint(work / "labels.safetensors", run)
    assert "labels" in fails(capsys, "sample", "labels.safetensors")
    assert "labels" in fails(capsys, "evaluate", "labels.safetensors")


ERRORS = [
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory: you tried"),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nGPU 0 has"),
    RuntimeError("something\nof\nmany\nlines"),
    TypeError("expected int"),
    AttributeError("'NoneType' object has no attribute 'x'"),
    KeyError("x"),
    RecursionError("maximum recursion depth exceeded"),
    OSError(28, "No space left on device", "/x/y"),
    OSError(28, "No space left on device"),
    PermissionError(13, "Permission denied", "/x/y"),
    ImportError("libtorch.so: cannot open shared object file\nmore"),
    ValueError(""),
    ValueError("x" * 100_000),
    UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_is_two_lines_at_most(work, capsys, monkeypatch, error):
    def fail(*args):
        raise error

    monkeypatch.setattr("vae_course.cli.commands.load_digits", fail)
    assert main(["data", "embedded"]) == 2
    said = capsys.readouterr().err
    assert 1 <= len(said.splitlines()) <= 2
    assert len(said) < 1500
    assert "Traceback" not in said


def test_the_remedy_suits_the_illness():
    assert "Ask for less" in explain(MemoryError())
    assert "Make room" in explain(OSError(28, "No space left on device", "/x"))
    assert "doctor" in explain(ImportError("no torch"))
    assert "report it" in explain(TypeError("x"))
    assert "Ask for less" not in explain(FileNotFoundError("memory/allocate: there is no such checkpoint"))
    assert two_lines("a\n\n b\x1b[1m \nc") == "a\nb\\x1b[1m c"


def test_it_prints_into_a_notebook(work, monkeypatch):
    monkeypatch.setattr("vae_course.cli.two_trainings.steps_per_second", lambda: (60.0, 30.0))

    class OutStream:
        """As ipykernel's: it writes, and knows of no encoding and no file."""

        def __init__(self):
            self.text = ""

        def write(self, text):
            self.text += text

        def flush(self):
            pass

    for arguments in (["data", "embedded"], ["evaluate", "run"], ["doctor"]):
        with contextlib.redirect_stdout(OutStream()) as output:
            main(arguments)
        assert output.text


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_it_works_without_an_output(work, monkeypatch, name):
    monkeypatch.setattr(sys, name, None)
    assert main(["data", "embedded"]) == 0
    assert main(["train", "--data", "mine", *TINY, "--out", "new"]) == 0
    assert main(["evaluate", "run"]) == 0
    assert main(["evaluate", "nothing"]) == 2


def test_warnings_are_shown_as_before_when_it_is_done(work):
    before = warnings.showwarning
    main(["evaluate", "nothing"])
    assert warnings.showwarning is before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no folder that is in use")
def test_a_current_folder_that_was_removed_is_said(tmp_path):
    for command in ("sample a", "lab", "train"):
        script = f"mkdir gone; cd gone; rmdir ../gone; {sys.executable} -m vae_course {command}"
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        result = subprocess.run(
            ["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert result.stderr.splitlines()[-1] == (
            "vae_course: the current folder was removed: change to another, with cd"
        )
        assert result.returncode == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's device that is always full")
def test_what_happens_to_the_output_is_no_traceback(work):
    """A full disk, a reader that has gone, no output at all, in one go because each start takes seconds."""
    script = f"""
set -o pipefail
{sys.executable} -m vae_course data embedded > /dev/full; echo "status $?"
{sys.executable} -m vae_course train --help | true
{sys.executable} -m vae_course evaluate run >&- 2>&-; echo "status $?"
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert result.stdout.split() == ["status", "2", "status", "0"]
    assert result.stderr == "vae_course: No space left on device\nMake room there, or write elsewhere: --out\n"
