"""Train every combination of settings, several at once, and show what came of it: vae-course sweep.

Each run is a folder, as `train` writes it. So a sweep that was stopped goes on where each of its runs stopped.
"""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict
from itertools import product
from pathlib import Path
from statistics import mean
from threading import Thread
from time import sleep
from typing import Any

from vae_course.checkpoints import Checkpoint
from vae_course.checks import is_number
from vae_course.cli.commands import train
from vae_course.cli.csv_tables import check_table, in_csv
from vae_course.cli.engines import ENGINES, Done
from vae_course.cli.folders import METRICS, check_no_file, holds_run
from vae_course.cli.main import explain
from vae_course.cli.measures import spread
from vae_course.cli.options import VARIED, two_lines
from vae_course.cli.pictures import check_picture, save_figure
from vae_course.cli.runs import CONFIG_OPTIONS, MODEL_OPTIONS, new_run
from vae_course.files import write_atomically
from vae_course.kit.table import Table, table
from vae_course.kit.workspace import read_file

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from tqdm.auto import tqdm

TABLE, PLOT = "sweep.csv", "sweep.png"
FIGURES = {"negative_elbo": "−ELBO", "reconstruction": "reconstruction", "kl": "KL"}
COLUMNS = ("folder", *VARIED, "binarization", "data", "epochs", "seconds", *FIGURES)
# What tells two rows of the table apart; recipes may differ in their pixels, too.
SETTING = (*(name for name in VARIED if name != "seed"), "binarization", "data")

Row = dict[str, Any]


def main(args: Namespace) -> int:
    """Train what is not trained yet, and write the table and the plot of all runs; 1 says that some have failed."""
    if args.engine not in ENGINES:
        raise ValueError(f"--engine {args.engine}: there are {', '.join(ENGINES)}")
    if args.jobs is not None and args.jobs < 1:
        raise ValueError(f"--jobs {args.jobs} must be at least 1")
    check_places(args.out)
    runs = plan(args)
    waiting = [run for run in runs if row_of(run) is None]
    print(f"{len(runs)} runs in {args.out}; {len(runs) - len(waiting)} of them are done already", flush=True)
    try:
        failed = train_all(args, waiting)
    except KeyboardInterrupt:
        print("\nStopped. What is done is kept; the same command goes on.", file=sys.stderr)
        return 130
    rows = [row for run in runs if (row := row_of(run))]
    if rows:
        report(args.out, rows)
    return int(bool(failed))


def plan(args: Namespace) -> list[Namespace]:
    """Make what `train` is to be asked for each combination; a value that no training could have is refused here."""
    runs = {}
    for values in product(*(getattr(args, name) or [None] for name in VARIED)):
        options = Namespace(**vars(args) | dict(zip(VARIED, values, strict=True)) | {"out": None, "resume": None})
        run = new_run(options)
        options.out, options.epochs = args.out / run.folder.name, run.checkpoint.config.epochs
        options.settings = settings_of(run.checkpoint)
        runs[options.out] = options
    return list(runs.values())


def settings_of(run: Checkpoint) -> Row:
    """Collect what a run's figures say of its settings, in the form in which they say it."""
    optimizer = type(run.optimizer).__name__
    known = asdict(run.config) | run.model.options | {"recipe": run.recipe, "data": run.data, "optimizer": optimizer}
    return json.loads(json.dumps({name: known[name] for name in (*SETTING, "seed")}))


def train_all(args: Namespace, waiting: Sequence[Namespace]) -> list[Done]:
    """Let the engine train the runs, and return those that have failed."""
    failed, tasks = [], [Namespace(**vars(run), sweep=os.getpid()) for run in waiting]
    with tqdm(total=len(tasks), unit="run", disable=sys.stderr is None) as bar:
        for done in _answers(args, tasks):
            bar.update()
            if done.problem:
                failed.append(done)
                bar.write(f"{done.folder}: {done.problem}", file=sys.stderr)
    return failed


def _answers(args: Namespace, tasks: Sequence[Namespace]) -> Iterator[Done]:
    try:
        yield from ENGINES[args.engine](train_one, tasks, args.jobs, args.out) if tasks else ()
    except BrokenExecutor as error:
        raise OSError(
            "a process of the sweep was killed, perhaps because memory ran out; what is done is kept\n"
            "The same command goes on; --jobs 1 needs the least memory"
        ) from error


def train_one(run: Namespace) -> Done:
    """Train a run, or go on with it, on one thread and without a word."""
    _end_with(run.sweep)
    begun = dict.fromkeys(("recipe", "optimizer", *CONFIG_OPTIONS, *MODEL_OPTIONS))
    resumed = Namespace(**vars(run) | begun | {"resume": run.out, "epochs": run.epochs})
    with _one_thread(), open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(None):
        try:
            status = train(resumed if holds_run(run.out) else run)
        except Exception as error:
            return Done(run.out, " ".join(two_lines(explain(error)).splitlines()))
    return Done(run.out, "stopped" if status else "")


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one thread, so that a run's figures do not depend on how many there are at once."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _end_with(sweep: int) -> None:
    """End this process soon after the sweep, even one that was killed, so that nothing trains that nobody waits for.

    Windows does not tell it; there a run goes on to its end.
    """

    def watch() -> None:
        while os.getppid() == sweep:
            sleep(0.5)
        os._exit(1)

    if os.getppid() == sweep:
        Thread(target=watch, daemon=True).start()


def row_of(run: Namespace) -> Row | None:
    """Read what a run came to; None if it has not come to its end, or its figures are damaged."""
    try:
        found = json.loads(read_file(run.out / METRICS))
        known = found["config"] | found["model"] | found["test"] | found
        row = {"folder": str(run.out), **run.settings, "epochs": len(found["epochs"])}
        figures = {name: known[name] for name in ("seconds", *FIGURES)}
        is_it = all(known[name] == value for name, value in run.settings.items() if name != "data")
    # A file that is not ours is refused when its run is trained.
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return row | figures if is_it and row["epochs"] == run.epochs and all(map(is_number, figures.values())) else None


def report(folder: Path, rows: Sequence[Row]) -> None:
    """Print the table of means and spreads; write all runs as CSV, and the plot."""
    groups = grouped(rows)
    print(summary(groups))
    text = in_csv(COLUMNS, (row | {name: _as_typed(row[name]) for name in VARIED} for row in rows), "\n")
    write_atomically(folder / TABLE, text.encode(errors="backslashreplace"))
    save_figure(plot(groups), folder / PLOT)
    print(f"wrote {TABLE} and {PLOT} into {folder}")


def grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Put the seeds of a setting together, under its name."""
    texts = [{name: _as_typed(row[name]) for name in SETTING} for row in rows]
    several = [name for name in texts[0] if len({text[name] for text in texts}) > 1]
    groups: dict[str, list[Row]] = {}
    for row, text in zip(rows, texts, strict=True):
        label = ", ".join(f"{name.replace('_', ' ')} {text[name]}" for name in several)
        groups.setdefault(label or "all runs", []).append(row)
    return groups


def _as_typed(value: Any) -> str:
    """Write a setting as it is typed; a schedule of β is a list of pairs."""
    if isinstance(value, list):
        return ",".join(f"{epoch:g}:{beta:g}" for epoch, beta in value)
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def summary(groups: dict[str, list[Row]]) -> Table:
    """Make the table of means over seeds, ± their standard deviation."""
    every = [row for rows in groups.values() for row in rows]
    data, pixels = (", ".join(sorted({row[name] for row in every})) for name in ("data", "binarization"))
    rows = [
        [label, str(len(rows)), *(spread([row[name] for row in rows]) for name in FIGURES)]
        for label, rows in groups.items()
    ]
    caption = f"Test digits of {data}, {pixels} binarisation; nats per image, mean ± standard deviation over seeds"
    return table(rows, ["setting", "seeds", *FIGURES.values()], caption=caption)


def plot(groups: dict[str, list[Row]]) -> Figure:
    """Draw a dot for each run, and a bar at the mean of a setting's seeds."""
    figure, panels = plt.subplots(1, len(FIGURES), figsize=(10, 1.6 + 0.4 * len(groups)), sharey=True)
    for axes, (name, title) in zip(panels, FIGURES.items(), strict=True):
        for height, rows in enumerate(groups.values()):
            values = [row[name] for row in rows]
            axes.plot(values, [height] * len(values), "o", color="C0", alpha=0.6)
            axes.plot(mean(values), height, "|", color="C1", markersize=20, markeredgewidth=3)
        axes.set(title=title, xlabel="nats per image")
    panels[0].set_yticks(range(len(groups)), groups, parse_math=False)
    panels[0].set_ylim(len(groups) - 0.5, -0.5)
    return figure


def check_places(folder: Path) -> None:
    """Refuse a folder where the end of the sweep would replace a file that is not ours."""
    check_no_file(folder, "runs")
    check_picture(folder / PLOT)
    check_table(folder / TABLE)
