"""Kill trainings at random moments, go on with each, and compare the end with that of one that was not killed.

    python tests/killed_trainings.py FOLDER --moments 500 --clock

A moment is a line of the course's own code, so that a seed gives the same moments; every second one lies in the saving
of a checkpoint. With --clock it is a time, which may also lie within a line, as where half of a file is written.
Prints the counts of each setting as JSON.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from vae_course.cli import commands
from vae_course.cli.folders import CHECKPOINT, PREVIOUS
from vae_course.cli.main import main
from vae_course.digits import load_digits
from vae_course.digits.idx import write_idx

# An optimizer imports it late, and would in every process.
import torch._dynamo  # noqa: F401
from safetensors import safe_open
from safetensors.torch import load_file

SETTINGS = {
    "Adam, decay, schedule": ["--hidden", "8", "--decay", "--beta", "0:0,1:1"],
    "Muon, static": ["--hidden", "8", "6", "--optimizer", "muon", "--binarization", "static"],
    "BetaRange": ["--recipe", "every-beta", "--hidden", "8"],
    "learned prior": ["--recipe", "learned-prior", "--hidden", "8", "--latent-dim", "2"],
}
COMMON = ["--epochs", "2", "--batch-size", "8", "--save-every", "0"]


RESUME = ["--save-every", "0", "--resume"]
STEPS_PER_EPOCH = 5


class Moment:
    """Kill this process at a line of the course's code; lines are counted from 1, in one file or in all of them."""

    def __init__(self, line=0, file=""):
        self.line, self.file, self.passed = line, f"vae_course/{file}", 0

    def __call__(self, frame, event, _):
        if self.file not in frame.f_code.co_filename:
            return None
        if event == "line":
            self.passed += 1
            if self.passed == self.line:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def train(folder, arguments, moment=None, after=None):
    """Train in a process of its own, which is killed at that line or after so many seconds; return how it ended."""
    process = os.fork()
    if process == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        commands.report = lambda run: None  # Pictures cost more than the training.
        count_saves(folder)
        sys.settrace(moment)
        status = main(["train", *arguments])
        if moment is not None:
            folder.with_suffix(".lines").write_text(str(moment.passed))
        os._exit(status)
    if after is not None:
        time.sleep(after)
        os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def count_saves(folder):
    """Write down each save, beside the folder, when it is done."""
    keep = commands.keep

    def keep_and_count(*args, **options):
        keep(*args, **options)
        with folder.with_suffix(".saves").open("a") as file:
            file.write(".")

    commands.keep = keep_and_count


def steps_kept(folder):
    """Count the steps that are kept; the newest checkpoint must be whole at any moment."""
    path = next((folder / name for name in (CHECKPOINT, PREVIOUS) if (folder / name).exists()), None)
    if path is None:
        return 0
    with safe_open(path, framework="pt") as file:
        said = file.metadata()
    return STEPS_PER_EPOCH * len(json.loads(said["metrics"])) + len(
        json.loads(said.get("unfinished", "{}")).get("terms", [])
    )


def content(folder):
    """Read what must come out alike: the names of files, tensors, and figures but the seconds."""
    with safe_open(folder / CHECKPOINT, framework="pt") as file:
        said = file.metadata()
    metrics = [epoch | {"seconds": 0} for epoch in json.loads(said.pop("metrics"))]
    tensors = {name: tensor.numpy().tobytes() for name, tensor in load_file(folder / CHECKPOINT).items()}
    return sorted(os.listdir(folder)), metrics, said, tensors


def kill_and_go_on(folder, begin, kill, rng, counts):
    """Kill a training up to three times, then let it end; say whether no save was lost."""
    for _ in range(rng.randint(1, 3)):
        arguments = [*RESUME, str(folder)] if steps_kept(folder) else begin
        ended = train(folder, arguments, **kill())
        counts["killed" if ended == -signal.SIGKILL else f"ended with {ended}"] += 1
        saves = folder.with_suffix(".saves")
        if steps_kept(folder) < len(saves.read_text() if saves.exists() else ""):
            return False
        counts["leftovers"] += len(list(folder.glob("*.partial")))
        saves.write_text("." * steps_kept(folder))
    return train(folder, [*RESUME, str(folder)] if steps_kept(folder) else begin) == 0


def try_setting(folder, options, moments, rng, clock):
    """Kill at so many moments; return the counts."""
    whole, begin = folder / "whole", [*options, *COMMON, "--data", str(folder.parent / "digits"), "--out"]
    lines = {}
    for file in ("", "files.py"):
        shutil.rmtree(whole, ignore_errors=True)
        start = time.perf_counter()
        assert train(whole, [*begin, str(whole)], Moment(file=file)) == 0
        lines[file] = int(whole.with_suffix(".lines").read_text())
    seconds, counts = time.perf_counter() - start, Counter()

    def kill():
        if clock:
            return {"after": rng.uniform(0, seconds)}
        file = ("", "files.py")[counts.total() % 2]
        return {"moment": Moment(rng.randint(1, lines[file]), file)}

    while counts["killed"] < moments:
        run = folder / f"run{counts['trainings']}"
        good = kill_and_go_on(run, [*begin, str(run)], kill, rng, counts)
        counts["trainings"] += 1
        counts["as if not killed"] += good and content(run) == content(whole)
        shutil.rmtree(run)
    return counts


def write_digits(folder):
    """Write a few digits as a folder of one's own."""
    folder.mkdir(parents=True)
    digits = load_digits()
    for split, images, labels in (
        ("train", digits.train_images[:40], digits.train_labels[:40]),
        ("t10k", digits.test_images[:5], digits.test_labels[:5]),
    ):
        write_idx(folder / f"{split}-images-idx3-ubyte", images.numpy())
        write_idx(folder / f"{split}-labels-idx1-ubyte", labels.numpy().astype("u1"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--moments", type=int, default=20, help="to kill at, for all settings together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clock", action="store_true", help="kill after random seconds")
    args = parser.parse_args()
    write_digits(args.folder / "digits")
    for number, (name, options) in enumerate(SETTINGS.items()):
        (args.folder / str(number)).mkdir()
        rng = random.Random(f"{args.seed} {name}")
        counts = try_setting(args.folder / str(number), options, args.moments // len(SETTINGS), rng, args.clock)
        print(json.dumps({"setting": name, **counts}), flush=True)
