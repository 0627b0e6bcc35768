"""Everything of the course that reads, each with good input, a way to damage it, and the errors that it documents."""

import contextlib
import functools
import gzip
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest import mock

from vae_course import checkpoints
from vae_course.checkpoints import Checkpoint, load_checkpoint, load_classifier, load_prior, save_checkpoint
from vae_course.cli import grade, lab, pictures
from vae_course.cli.main import main
from vae_course.cli.runs import generator_of
from vae_course.digits import STEMS, load_digits
from vae_course.digits.idx import read_idx, read_idx_shape, write_idx
from vae_course.kit import answers, predict, quiz
from vae_course.kit.answer_file import HEADER
from vae_course.kit.workspace import COURSE, find_workspace, read_state, update_state
from vae_course.lessons import start
from vae_course.training import TrainConfig, adam, fit
from vae_course.unfinished import Unfinished
from vae_course.vae import VAE

import torch
from fuzz_functions import functions
from mutations import mutate_bytes, mutate_json_text, mutate_lines, mutate_safetensors


@dataclass(frozen=True)
class Reader:
    """One reader: it runs a case in a folder, and may raise only what it documents."""

    name: str
    run: Callable[[Random, Path], object]
    documented: tuple[type[Exception], ...] = ()


@functools.cache
def good_idx() -> dict[str, bytes]:
    """Make the four files of a small folder of digits, not gzipped."""
    digits = load_digits()
    arrays = digits.train_images[:3], digits.train_labels[:3], digits.test_images[:2], digits.test_labels[:2]
    with tempfile.TemporaryDirectory() as folder:
        for stem, array in zip(STEMS, arrays, strict=True):
            write_idx(Path(folder, stem), array.numpy().astype("u1"))
        return {stem: gzip.decompress(Path(folder, stem).read_bytes()) for stem in STEMS}


def damaged_idx(content: bytes, rng: Random) -> bytes:
    """Damage a file of digits, or its packed form, or both."""
    content = mutate_bytes(content, rng)
    if rng.random() < 0.5:
        return content
    content = gzip.compress(content, compresslevel=1, mtime=0)
    return mutate_bytes(content, rng) if rng.random() < 0.5 else content


def idx(rng: Random, folder: Path) -> None:
    """Read one IDX file."""
    (folder / "file").write_bytes(damaged_idx(good_idx()[rng.choice(STEMS)], rng))
    read_idx_shape(folder / "file")
    read_idx(folder / "file")


def idx_folder(rng: Random, folder: Path) -> None:
    """Read a folder of digits of which one file or two are damaged, and compute its digest."""
    damaged = rng.sample(STEMS, rng.choice([1, 1, 2]))
    for stem, content in good_idx().items():
        (folder / stem).write_bytes(damaged_idx(content, rng) if stem in damaged else content)
    _ = load_digits(folder).digest


@functools.cache
def good_checkpoint(in_an_epoch: bool = False) -> bytes:
    """Train a small network for an epoch, and save it there or in the middle of the next."""
    torch.manual_seed(0)
    model, config = VAE(latent_dim=2, hidden=(3,)), TrainConfig(epochs=1, beta=((0.0, 0.0), (1.0, 1.0)))
    optimizer = adam(model.parameters(), 1e-3)
    for _ in fit(model, load_digits().train_images[:4], config, optimizer=optimizer):
        pass
    metrics = [{"epoch": 1, "beta": 1.0, "seconds": 0.1}]
    state = torch.Generator().manual_seed(0).get_state().numpy().tobytes()
    unfinished = Unfinished([[100.0, 10.0]], state, 0.1) if in_an_epoch else None
    checkpoint = Checkpoint(
        model, config, "embedded", metrics, optimizer, "plane", digest="0" * 64, unfinished=unfinished
    )
    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(Path(folder, "good"), checkpoint)
        return Path(folder, "good").read_bytes()


def safetensors(rng: Random, folder: Path) -> None:
    """Load a checkpoint, and where it is good save it again."""
    (folder / "file").write_bytes(mutate_safetensors(good_checkpoint(rng.random() < 0.5), rng))
    run = load_checkpoint(folder / "file")
    torch.rand(1000, generator=generator_of(run))
    save_checkpoint(folder / "again", run)


def weights(rng: Random, folder: Path) -> None:
    """Load the classifier's weights, or the prior's, which are tensors without a description."""
    path, load = rng.choice([(checkpoints.CLASSIFIER, load_classifier)] * 9 + [(checkpoints.PRIOR, load_prior)])
    content = path.read_bytes()
    head = mutate_bytes(content[:4000], rng)
    (folder / "file").write_bytes(head + content[4000:])
    load(folder / "file")


ENTRY = {"digest": "0" * 64, "lesson": "elbo"}
STATES = {
    "course": {"answers": "my_vae.py"},
    "answers": {"f": ENTRY, "g": ENTRY},
    "guesses": {
        "elbo/a": {"question": "How many?", "guess": 500, "answer": 7, "unit": "draws"},
        "elbo/b": {"question": "Which?", "guess": "p"},
    },
    "quiz": {
        "before": {"date": "2026-01-01", "right": 3, "of": 9},
        "after": {"date": "2026-01-02", "right": 9, "of": 9},
    },
}
PIECE = HEADER + "\nimport math\n\n# >>> f: a right answer replaces these lines.\ndef f(x):\n    return x\n# <<< f\n"
QUESTIONS = [quiz.Question("Which?", ("a", "b"), 0, "So.", "01")]


def right_answer(x):
    """Answer an exercise."""
    return x


def workspace(rng: Random, folder: Path) -> None:
    """Do what a lesson does in a learner's folder whose notes are damaged."""
    (folder / COURSE).mkdir(exist_ok=True)
    damaged = rng.choice(list(STATES))
    for name, state in STATES.items():
        text = json.dumps(state)
        (folder / COURSE / f"{name}.json").write_text(
            mutate_json_text(text, rng) if name == damaged else text, encoding="utf-8", errors="replace"
        )
    (folder / "my_vae.py").write_text(PIECE, encoding="utf-8")
    # Forms take ten times as long as what they read.
    if rng.random() < 0.1:
        fill_in_forms(rng)
    predict.reveal("elbo/b", 7, "draws")
    predict.guesses("elbo")
    start.progress("elbo")
    answers.kept(f=right_answer, g=right_answer)
    answers.keep("right_answer", right_answer, "elbo")
    grade.state(folder, damaged)
    update_state(damaged, "elbo/c", 1)
    assert read_state(damaged)["elbo/c"] == 1
    assert find_workspace() == folder


def fill_in_forms(rng: Random) -> None:
    """Make a guess and take the quiz."""
    predict.predict("elbo/a", "How many?", **rng.choice([{}, {"line": True}, {"choices": ["p", "q"]}]))
    predict._forms["elbo/a"].keep()
    predict.reveal("elbo/a", 7, "draws")
    quiz.Quiz(QUESTIONS, rng.choice(["before", "after"])).score()


def my_vae(rng: Random, folder: Path) -> None:
    """Keep an answer in a file that the learner has changed, and use what the file holds."""
    (folder / COURSE).mkdir(exist_ok=True)
    answers.keep("f", right_answer, "elbo")
    path = folder / "my_vae.py"
    before = mutate_lines(PIECE, rng).encode(errors="replace")
    path.write_bytes(before)
    said = answers.keep("right_answer", right_answer, "elbo")
    if said.startswith("Not kept"):
        assert path.read_bytes() == before, "it was not kept, and yet the file changed"
    else:
        assert callable(answers.kept(right_answer=None).right_answer), said
    assert "\n" not in said


NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# A lesson"]},
        {"cell_type": "code", "source": ["def binarize(x):\n", "    return x"], "outputs": [], "execution_count": None},
        {"cell_type": "code", "source": "check_binarize(binarize)", "outputs": [], "execution_count": 1},
    ],
    "metadata": {"vae_course": {"lesson": "01_data", "digest": "0" * 64}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
EXERCISE = grade.Exercise("01_data", "check_binarize(binarize)", "binarize", "def binarize(x):\n    ...")


def notebook(rng: Random, folder: Path) -> None:
    """Find a learner's notebook, and make the program that grades it; it does not run."""
    (folder / COURSE).mkdir(exist_ok=True)
    path = folder / "01_data.ipynb"
    path.write_text(mutate_json_text(json.dumps(NOTEBOOK), rng), encoding="utf-8", errors="replace")
    (folder / "02_encoder.ipynb").write_text(json.dumps(NOTEBOOK))
    lab.digests_in(folder)
    start.course_map()
    for paths in grade.notebooks_in(folder).values():
        for found in paths:
            grade.program_of(grade.code_cells(found), EXERCISE)


@functools.cache
def good_picture() -> bytes:
    """Make a picture as the command line writes it."""
    from matplotlib.figure import Figure

    with tempfile.TemporaryDirectory() as folder:
        pictures.save_figure(Figure((0.5, 0.5)), Path(folder, "a.png"))
        return Path(folder, "a.png").read_bytes()


def picture(rng: Random, folder: Path) -> None:
    """See whether a file is a picture of ours, and figures of ours."""
    for name, content in (("a.png", good_picture()), ("metrics.json", json.dumps(dict.fromkeys("tmce")).encode())):
        (folder / name).write_bytes(mutate_bytes(content, rng))
    pictures.check_outputs(folder, "metrics.json", "a.png")


WORDS = "||0|1|-1|3|1e9|nan|--|-|mine|run|no|ü\udcff|a\0|loop|0:0,2:1|a/b|~nobody|*|99999999999999999999999999"
OPTIONS = {
    "train": "--recipe --data --epochs --batch-size --optimizer --learning-rate --decay --beta --binarization --seed "
    "--latent-dim --hidden --out --resume --save-every",
    "sweep": "--recipe --data --epochs --batch-size --optimizer --learning-rate --beta --seed --latent-dim "
    "--hidden --out --jobs --engine",
    "evaluate": "--beta --data --binarization --samples",
    "sample": "--beta --count --seed --out",
    "reconstruct": "--beta --data --index --out",
    "data": "--mirror --again",
    "grade": "--out --seconds",
    "lab": "--fresh --with-outputs --make-only --no-browser",
}


def random_line(rng: Random) -> list[str]:
    """Write a command line: a command, and options that it has, with values that make sense or none."""
    words = WORDS.split("|")
    command = rng.choice(list(OPTIONS))
    line = [command]
    if command in ("evaluate", "sample", "reconstruct"):
        line.append(rng.choice(["run", "run", "run/model.safetensors", *words]))
    if command in ("data", "grade", "lab"):
        line.append(rng.choice(["embedded", *filter(None, words)]))
    if command in ("train", "sweep"):
        line += ["--data", "mine"]
    for _ in range(rng.randrange(4)):
        option, values = rng.choice(OPTIONS[command].split()), rng.choices(words, k=rng.choice([0, 1, 1, 1, 2]))
        line += [f"{option}={values[0]}"] if values and rng.random() < 0.3 else [option, *values]
    return line


@contextlib.contextmanager
def nothing_done() -> Iterator[None]:
    """Let commands look at their input, and neither train, nor draw, nor open JupyterLab."""
    put = {
        "cli.commands.epochs": lambda run, digits, save_every: iter(()),
        "cli.pictures.digit_grid": lambda *args: None,
        "cli.pictures.digit_rows": lambda *args: None,
        "cli.pictures.save_figure": lambda figure, path: None,
        "cli.lab.open_jupyterlab": lambda *args: 0,
        "cli.lab.lessons_of_course": lambda with_outputs: {"0" * 64: ("01_data", NOTEBOOK)},
        "cli.sweep.train_all": lambda args, waiting: [],
        "cli.grade.exercises_of_course": lambda: [EXERCISE],
    }
    with contextlib.ExitStack() as stack:
        for name, stand_in in put.items():
            stack.enter_context(mock.patch(f"vae_course.{name}", stand_in))
        yield


def run_line(line: list[str]) -> tuple[int, str]:
    """Run a command line; return its status, and what it said of a mistake."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), nothing_done():
        try:
            status = main(line)
        except SystemExit as stopped:
            status = stopped.code
    lines = [line for line in said.getvalue().splitlines() if not re.search("it/s|images|note:", line)]
    return status, "\n".join(lines)


def command_line(rng: Random, folder: Path) -> None:
    """Run a random command in a folder with a small run and small digits."""
    if not (folder / "mine").exists():
        (folder / "mine").mkdir()
        for stem, content in good_idx().items():
            (folder / "mine" / stem).write_bytes(content)
        (folder / "run").mkdir()
        (folder / "loop").symlink_to("loop")
    (folder / "run" / "model.safetensors").write_bytes(good_checkpoint())
    line = random_line(rng)
    status, said = run_line(line)
    assert status in (0, 2), (line, status)
    assert "should not happen" not in said, (line, said)
    assert len(said.splitlines()) <= 2 * (status == 2), (line, said)


READERS = {
    reader.name: reader
    for reader in (
        Reader("idx", idx, (ValueError,)),
        Reader("folder", idx_folder, (ValueError,)),
        Reader("safetensors", safetensors, (ValueError,)),
        Reader("weights", weights, (ValueError,)),
        Reader("workspace", workspace),
        Reader("my_vae", my_vae),
        Reader("notebook", notebook),
        Reader("picture", picture, (OSError,)),
        Reader("command_line", command_line),
        Reader("functions", functions, (ValueError, TypeError, OSError, FloatingPointError)),
    )
}
