"""Measure how fast the course is, and write speed.md, speed.json, speed.png and scaling.png.

    make bench                          # all of it, and then the seconds of every lesson
    python benchmarks/speed.py          # all four parts, in four minutes
    python benchmarks/speed.py steps    # one of them: scaling, steps, start or two
    python benchmarks/speed.py --draw   # text and pictures from the figures that are there

One thread, and processor time, which other work on the machine changes less than seconds on a clock; and ratios of what
was measured in the same round.
"""

import json
import os
import sys
from pathlib import Path
from statistics import median
from typing import Any

import vae_course.kit.figures  # noqa: F401  It sets the style of all figures.
from vae_course.digits import load_digits

import loops
import matplotlib
import matplotlib.pyplot as plt
import scaling
import start
import torch
from machine import processor

matplotlib.use("agg")

HERE = Path(__file__)
FIGURES = HERE.with_suffix(".json")
IMAGES = 60_000
ROUNDS = {"scaling": 1, "steps": 7, "start": 3, "two": 3}
# Steps per round: as many images for each size of a batch.
IMAGES_IN_ROUND = 4096
TARGETS = {128: 1.6, 512: 1.25}
FLOOR, DYNAMIC, EXAMPLE = "matrix products of a step", "`fit`, dynamic", "PyTorch's example"


def main(asked: list[str]) -> None:
    """Measure the parts, and keep the figures of each as soon as they are there."""
    parts = {
        # First, because torch trains in no process that is a copy of one which has trained.
        "scaling": scaling.measure_all,
        "steps": steps,
        "start": start.processor_seconds,
        "two": start.two_at_once,
    }
    torch.set_num_threads(1)
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    for name in [part for part in parts if part in (asked or parts)]:
        print(f"measuring {name}", flush=True)
        figures[name] = parts[name](ROUNDS[name])
        figures |= {"processor": processor(), "cores": os.cpu_count(), "torch": torch.__version__}
        # How many programs wanted a core, on average over 15 minutes.
        figures["load"] = round(os.getloadavg()[2], 1)
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def steps(rounds: int) -> dict[int, dict[str, Any]]:
    """Measure the milliseconds of steps in batches of different sizes."""
    digits = load_digits().train_images
    images = digits.repeat(IMAGES // len(digits), 1, 1)
    return {batch: measure(images, batch, rounds) for batch in TARGETS}


def measure(images: torch.Tensor, batch: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Measure the milliseconds of a step: of whole loops, and of the parts of one."""
    torch.manual_seed(0)
    floor = {FLOOR: loops.floor(batch)}
    whole = {
        DYNAMIC: loops.course(images, batch, "dynamic"),
        "`fit`, grey": loops.course(images, batch, "grey"),
        EXAMPLE: loops.example(images, batch),
    }
    repeats = IMAGES_IN_ROUND // batch
    return {
        "loops": loops.milliseconds(floor | whole, rounds, repeats),
        "parts": loops.milliseconds(floor | loops.parts(images, batch), rounds, repeats),
    }


def ratios(times: dict[str, list[float]], name: str, to: str = FLOOR) -> list[float]:
    """Compute how many times as long one takes as another, round by round."""
    return [a / b for a, b in zip(times[name], times[to], strict=True)]


def spread(values: list[float], digits: int = 2) -> str:
    """Write the median, and the quartiles where there are enough values."""
    low, high = sorted(values)[len(values) // 4], sorted(values)[-1 - len(values) // 4]
    return f"{median(values):.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def draw() -> None:
    """Write speed.md, speed.png and scaling.png from the figures."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    sections = [header(figures), *(loop_table(batch, times) for batch, times in figures["steps"].items())]
    sections += [start_table(figures["start"]), two_table(figures["two"]), scaling_table(figures["scaling"])]
    HERE.with_suffix(".md").write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    draw_loops(figures["steps"]).savefig(HERE.with_suffix(".png"))
    draw_scaling(figures["scaling"]).savefig(HERE.with_name("scaling.png"))


def header(figures: dict[str, Any]) -> str:
    """Say what is measured, and on what."""
    return "\n".join(
        [
            "# How fast it is",
            "",
            "Made by `make bench`, or part by part by `benchmarks/speed.py`, "
            f"on {figures['processor']}, with torch {figures['torch']}; "
            f"about {figures['load']:.0f} programs at a time wanted its {figures['cores']} cores.",
            "The network is 784-400-20-400-784. All times are processor time of one thread. Figures are medians, with "
            "the lower and the upper quartile in brackets; a ratio is taken within a round, where all take their turn.",
            "",
            "![How many times as long as its matrix products a step takes](speed.png)",
        ]
    )


def loop_table(batch: str, times: dict[str, dict[str, list[float]]]) -> str:
    """Write a table of whole loops and the parts of one, in milliseconds and in floors."""
    whole, parts = times["loops"], times["parts"]
    faster = ratios(whole, EXAMPLE, DYNAMIC)
    lines = [
        f"## A step with batch {batch}",
        "",
        f"The target is {TARGETS[int(batch)]} × the matrix products for `fit`, dynamic. "
        f"PyTorch's example takes {spread(faster, 1)} times as long as that; the target is 4.",
        "",
        f"| loop | ms per step | × its matrix products | seconds per epoch of {IMAGES:,} |",
        "| --- | --- | --- | --- |",
        *(
            f"| {name} | {spread(ms)} | {spread(ratios(whole, name))} | {median(ms) / 1000 * IMAGES / int(batch):.2f} |"
            for name, ms in whole.items()
        ),
        "",
        "| part of a step, alone | ms | × the matrix products |",
        "| --- | --- | --- |",
        *(f"| {name} | {spread(ms)} | {spread(ratios(parts, name))} |" for name, ms in parts.items()),
    ]
    return "\n".join(lines)


def start_table(seconds: dict[str, list[float]]) -> str:
    """Write a table of processor seconds until something can be used."""
    limits = start.LIMITS | {start.LAB: start.LAB_LIMIT}
    lines = ["## Starting", "", "| what | processor seconds | limit |", "| --- | --- | --- |"]
    lines += [f"| {name} | {spread(values)} | {limits.get(name, '')} |" for name, values in seconds.items()]
    return "\n".join(lines)


def two_table(measured: dict[str, list[list[float]]]) -> str:
    """Write a table of a training beside another one."""
    lines = [
        "## Two trainings at once on two cores",
        "",
        "Seconds on a clock, so other work on the machine counts. Each should keep 40 % of its speed alone.",
        "",
        "| threads | steps per second alone | each of two | share |",
        "| --- | --- | --- | --- |",
    ]
    for way, pairs in measured.items():
        alone, together = zip(*pairs, strict=True)
        share = [100 * b / a for a, b in pairs]
        lines.append(f"| {way} | {spread(alone, 0)} | {spread(together, 0)} | {spread(share, 0)} % |")
    return "\n".join(lines)


def scaling_table(grown: dict[str, dict[str, list[list[float]]]]) -> str:
    """Write a table of seconds and megabytes as work grows."""
    lines = ["## As work grows", "", "![Processor seconds and peak memory over six sizes](scaling.png)", ""]
    lines += ["Each in a process of its own. Megabytes are the peak beyond what Python and the imports take.", ""]
    lines += ["| what | size | processor seconds | megabytes |", "| --- | --- | --- | --- |"]
    for name, points in grown.items():
        for size, figures in points.items():
            seconds, megabytes = (median(column) for column in zip(*figures, strict=True))
            lines.append(f"| {scaling.GROWTH[name][1]} | {int(size):,} | {seconds:.3g} | {megabytes:.0f} |")
    return "\n".join(lines)


def draw_loops(steps: dict[str, Any]) -> plt.Figure:
    """Draw a bar for each loop, in floors, with its quartiles and the target."""
    figure, axes = plt.subplots(1, len(steps), figsize=(10, 3), sharey=True)
    for ax, (batch, times) in zip(axes, steps.items(), strict=True):
        for name in (EXAMPLE, "`fit`, grey", DYNAMIC):
            values = sorted(ratios(times["loops"], name))
            low, middle, high = values[len(values) // 4], median(values), values[-1 - len(values) // 4]
            errors = [[middle - low], [high - middle]]
            ax.barh(name.replace("`", ""), middle, xerr=errors, color="C0", ecolor="0.2", capsize=4)
            ax.text(high, name.replace("`", ""), f"  {middle:.1f}", va="center")
        target = TARGETS[int(batch)]
        ax.axvline(target, color="C1", linestyle="--")
        ax.text(target, 2.5, f" target of fit, dynamic: {target}", color="C1", va="bottom", fontsize=10)
        ax.set_title(f"A step with batch {batch}", pad=20)
        ax.set_xlabel("processor time, × its matrix products")
        ax.margins(x=0.15)
    return figure


def draw_scaling(grown: dict[str, Any]) -> plt.Figure:
    """Draw seconds and memory over each size, both on logarithmic scales."""
    figure, axes = plt.subplots(2, 3, figsize=(12, 6.8))
    for ax, (name, points) in zip(axes.flat, grown.items(), strict=True):
        sizes = [int(size) for size in points]
        seconds, megabytes = ([median(f[i] for f in figures) for figures in points.values()] for i in (0, 1))
        ax.loglog(sizes, seconds, "o-", label="processor seconds")
        ax.loglog(sizes, megabytes, "s--", label="megabytes")
        what, _, over = scaling.GROWTH[name][1].partition(", over ")
        ax.set_title(what[0].upper() + what[1:], fontsize=11)
        ax.set_xlabel(over)
        ax.set_xticks(sizes, [f"{size:,}" for size in sizes], fontsize=10)
        ax.minorticks_off()
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return figure


if __name__ == "__main__":
    if "--draw" not in sys.argv:
        main(sys.argv[1:])
    draw()
