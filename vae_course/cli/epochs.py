"""The epochs of a training on the command line: what is to be kept of them, and how long they take."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from time import perf_counter

from vae_course.checkpoints import Checkpoint
from vae_course.cli.measures import in_words
from vae_course.cli.runs import generator_of, steps_per_epoch
from vae_course.digits import Digits
from vae_course.elbo import ElboTerms
from vae_course.extras.distributed import shared
from vae_course.training import Progress, fit
from vae_course.unfinished import Unfinished

import torch
from torch import Generator
from tqdm.auto import tqdm

# The first step is slower than the others: memory is found, kernels are chosen.
STEPS_MEASURED = range(3, 13)


def epochs(run: Checkpoint, digits: Digits, save_every: float) -> Iterator[Checkpoint]:
    """Train, and yield what is to be kept: after each epoch, and within one where so many seconds have passed."""
    generator, unfinished = generator_of(run), run.unfinished
    batches = [ElboTerms(*map(torch.tensor, terms)) for terms in unfinished.terms] if unfinished else []
    saved = perf_counter()
    start = saved - (unfinished.seconds if unfinished else 0)
    for progress in steps(run, digits, generator):
        batches.append(progress.train)
        if progress.test is not None:
            figures = figures_of(progress, batches, perf_counter() - start)
            run = replace(run, metrics=[*run.metrics, figures], unfinished=None)
            batches, start = [], perf_counter()
        # What has diverged is not kept: `fit` says so at the end of the epoch.
        elif perf_counter() - saved >= save_every and progress.train.negative_elbo.isfinite():
            run = replace(run, unfinished=unfinished_of(batches, generator, perf_counter() - start))
        else:
            continue
        yield run
        saved = perf_counter()


def figures_of(progress: Progress, batches: list[ElboTerms], seconds: float) -> dict[str, int | float | None]:
    """Put together the figures of an epoch."""
    return {
        "epoch": round(progress.epoch),
        "beta": progress.beta,
        "seconds": round(seconds, 2),
        **in_words("train_", ElboTerms(*map(torch.stack, zip(*batches, strict=True))).mean()),
        **in_words("test_", progress.test),
    }


def unfinished_of(batches: list[ElboTerms], generator: Generator, seconds: float) -> Unfinished:
    """Put together what is needed to go on in the middle of an epoch."""
    terms = torch.stack([torch.stack(terms) for terms in batches]).tolist()
    return Unfinished(terms, generator.get_state().numpy().tobytes(), seconds)


def steps(run: Checkpoint, digits: Digits, generator: Generator) -> Iterator[Progress]:
    """Train on from where a run is, with a bar that shows how far it is."""
    done, batches = len(run.metrics), len(run.unfinished.terms) if run.unfinished else 0
    per_epoch = steps_per_epoch(run, digits)
    first, total = done * per_epoch + batches, run.config.epochs * per_epoch
    where = {"first_epoch": done, "first_batch": batches, "generator": generator}
    step = shared(run.step)
    training = fit(run.model, digits.train_images, run.config, digits.test_images, run.optimizer, step=step, **where)
    with tqdm(total=total, initial=first, unit="step", disable=sys.stderr is None) as bar:
        for progress in say_how_long(training, total - first):
            bar.update()
            if progress.test is not None:
                bar.set_postfix_str(f"test −ELBO {progress.test.negative_elbo:.1f}")
            yield progress


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
