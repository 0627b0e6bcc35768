"""What the commands of the command line do; `options` holds their options."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from statistics import median
from time import perf_counter

# A notebook shows its figures itself. A program writes them into files alone, so that no display is looked for.
if "ipykernel" not in sys.modules:
    os.environ["MPLBACKEND"] = "agg"
    # Nor does it matter here where matplotlib keeps its cache, if it finds no home folder.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)

from vae_course.checkpoints import Checkpoint, describe_model, save_checkpoint, step_name, write_atomically
from vae_course.cli.measures import in_words, measure, measure_tightly
from vae_course.cli.pictures import check_outputs, check_picture, save_reconstructions, save_samples
from vae_course.cli.runs import (
    CHECKPOINT,
    Run,
    check_new,
    digits_of,
    in_embedded,
    load_run,
    locked,
    new_run,
    resumed_run,
    run_folder,
)
from vae_course.data import check_binarization
from vae_course.digits import EMBEDDED, Digits, load_digits
from vae_course.digits.download import data_home, fetch_mnist
from vae_course.elbo import ElboTerms
from vae_course.extras.distributed import shared
from vae_course.training import fit

import torch
from tqdm.auto import tqdm

METRICS, SAMPLES, RECONSTRUCTIONS = "metrics.json", "samples.png", "reconstructions.png"
# The first step is slower than the others: memory is found, kernels are chosen.
STEPS_MEASURED = range(3, 13)


def train(args: argparse.Namespace) -> int:
    """Train, keeping a checkpoint after every epoch."""
    new = None if args.resume else new_run(args)
    folder = new.folder if new else run_folder(args)
    with locked(folder):
        if new:
            check_new(folder)
        run = new or resumed_run(args)
        check_outputs(folder, METRICS, SAMPLES, RECONSTRUCTIONS)
        print(f"{describe(run.digits)}; {run.checkpoint.config.binarization} binarisation; ", end="")
        print(f"on {run.checkpoint.model.device}; writing to {folder}", flush=True)
        if not train_epochs(run):
            return 130
        report(run)
    return 0


def train_epochs(run: Run) -> bool:
    """Train to the end, and say whether it was reached; Ctrl-C keeps the epochs that are done."""
    path, checkpoint = run.folder / CHECKPOINT, run.checkpoint
    try:
        for metrics in epochs(checkpoint, run.digits):
            save_checkpoint(path, replace(checkpoint, metrics=[*checkpoint.metrics, metrics]))
            checkpoint.metrics.append(metrics)
    except KeyboardInterrupt:
        done = len(checkpoint.metrics)
        kept = f"{done} epochs are kept: {path}\nGo on with: python -m vae_course train --resume {run.folder}"
        print(f"\nStopped. {kept if done else 'No epoch was finished, so nothing is kept.'}", file=sys.stderr)
        return False
    return True


def report(run: Run) -> None:
    """Measure the model, and write what is to be seen of it beside its checkpoint."""
    checkpoint, digits, folder = run.checkpoint, run.digits, run.folder
    test = measure(checkpoint.model, digits, checkpoint.config.binarization)
    summary = {
        "test": test,
        "model": describe_model(checkpoint.model),
        "config": asdict(checkpoint.config),
        "recipe": checkpoint.recipe,
        "optimizer": type(checkpoint.optimizer).__name__,
        "step": step_name(checkpoint.step),
        "seconds": round(sum(metrics["seconds"] for metrics in checkpoint.metrics), 1),
        "epochs": checkpoint.metrics,
    }
    write_atomically(folder / METRICS, json.dumps(summary, indent=1).encode())
    save_samples(checkpoint.model, 64, checkpoint.config.seed, folder / SAMPLES)
    save_reconstructions(checkpoint, digits, range(min(10, len(digits.test_images))), folder / RECONSTRUCTIONS)
    print(
        f"test −ELBO {test['negative_elbo']:.2f} nats per image = reconstruction {test['reconstruction']:.2f} "
        f"+ KL {test['kl']:.2f} ({test['images']:,} {digits.name} digits, {test['binarization']} binarisation, "
        f"1 draw of z each)\nwrote {CHECKPOINT}, {METRICS}, {SAMPLES} and {RECONSTRUCTIONS} into {folder}"
    )


def epochs(run: Checkpoint, digits: Digits) -> Iterator[dict[str, int | float | None]]:
    """Train, and yield the figures of each epoch that is done."""
    batches: list[ElboTerms] = []
    start = perf_counter()
    done, per_epoch = len(run.metrics), -(-len(digits.train_images) // run.config.batch_size)
    steps = run.config.epochs * per_epoch
    step = shared(run.step)
    training = fit(run.model, digits.train_images, run.config, digits.test_images, run.optimizer, done, step=step)
    with tqdm(total=steps, initial=done * per_epoch, unit="step", disable=sys.stderr is None) as bar:
        for progress in say_how_long(training, steps - done * per_epoch):
            bar.update()
            batches.append(progress.train)
            if progress.test is None:
                continue
            bar.set_postfix_str(f"test −ELBO {progress.test.negative_elbo:.1f}")
            train_terms = ElboTerms(*map(torch.stack, zip(*batches, strict=True))).mean()
            yield {
                "epoch": round(progress.epoch),
                "beta": progress.beta,
                "seconds": round(perf_counter() - start, 2),
                **in_words("train_", train_terms),
                **in_words("test_", progress.test),
            }
            batches, start = [], perf_counter()


def say_how_long(training: Iterator, steps: int) -> Iterator:
    """Hand on a training's progress, and say after a few steps how long all of them will take."""
    seconds = []
    for number in range(1, steps + 1):
        start = perf_counter()
        progress = next(training, None)
        if progress is None:
            return
        if number in STEPS_MEASURED and progress.test is None:
            seconds.append(perf_counter() - start)
        if number == STEPS_MEASURED[-1] and seconds:
            with tqdm.external_write_mode():
                print(f"{steps:,} steps will take about {in_time(steps * median(seconds))}", flush=True)
        yield progress


def in_time(seconds: float) -> str:
    """Put a duration into the unit that suits it."""
    for size, unit in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}" if seconds >= 10 * size else f"{seconds / size:.1f} {unit}"
    return f"{max(1, round(seconds))} s"


def evaluate(args: argparse.Namespace) -> None:
    """Print the test figures of a checkpoint."""
    run = load_run(args)
    digits = digits_of(run, args.data)
    if in_embedded(run, digits):
        print("note: the embedded digits are part of MNIST's training set, which this model has seen", file=sys.stderr)
    binarization = args.binarization or run.config.binarization
    check_binarization(binarization)
    result = measure(run.model, digits, binarization)
    if args.samples is not None:
        result["importance_weighted"] = measure_tightly(run.model, digits, binarization, args.samples)
    beta = {} if args.beta is None else {"beta": args.beta}
    print(json.dumps({"checkpoint": str(args.checkpoint), "trained_on": run.data, **beta, **result}, indent=1))


def sample(args: argparse.Namespace) -> None:
    """Write a picture of invented digits."""
    if args.count < 1:
        raise ValueError(f"--count {args.count} must be at least 1")
    check_picture(args.out)
    run = load_run(args)
    save_samples(run.model, args.count, args.seed, args.out)
    print(f"wrote {args.out}")


def reconstruct(args: argparse.Namespace) -> None:
    """Write a picture of test digits above their reconstructions."""
    check_picture(args.out)
    run = load_run(args)
    digits = digits_of(run, args.data)
    index = args.index or range(min(10, len(digits.test_images)))
    save_reconstructions(run, digits, index, args.out)
    print(f"wrote {args.out}")


def data(args: argparse.Namespace) -> None:
    """Fetch digits, check them, and say where they are."""
    if args.source != "mnist" and (args.again or args.mirror):
        raise ValueError(f"--again and --mirror are for mnist, not for {args.source}")
    if args.again:
        fetch_mnist(args.mirror)
    digits = load_digits(args.source, args.mirror)
    folder = EMBEDDED if args.source == "embedded" else digits.name
    print(f"{describe(digits)}, in {data_home() / 'MNIST' / 'raw' if args.source == 'mnist' else folder}")


def describe(digits: Digits) -> str:
    """Say how many digits of which kind there are."""
    return f"{digits.name}: {len(digits.train_images):,} training and {len(digits.test_images):,} test digits"
