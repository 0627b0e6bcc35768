"""The figures of lesson 06: how to read a training."""

from collections.abc import Sequence

from vae_course.elbo import ElboTerms
from vae_course.lessons import COLORS
from vae_course.training import Progress

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def two_terms(terms: Sequence[ElboTerms], without_z: float, title: str) -> Figure:
    """Draw both terms of every step, and what an image costs without any z; nats per image."""
    figure, (left, right) = plt.subplots(1, 2, sharex=True)
    steps = range(1, len(terms) + 1)
    for axes, name, values in (
        (left, "reconstruction", [t.reconstruction.item() for t in terms]),
        (right, "kl", [t.kl.item() for t in terms]),
    ):
        axes.plot(steps, values, color=COLORS[name])
        axes.set(xlabel="step", ylim=(0, 1.08 * max(values)))
    left.set(ylabel="nats per image")
    left.set_title("Reconstruction", color=COLORS["reconstruction"])
    right.set_title("KL", color=COLORS["kl"])
    left.axhline(without_z, color=COLORS["prior"], linestyle="--", linewidth=1.5)
    left.text(len(terms), without_z + 8, f"without z: {without_z:.0f}", color=COLORS["prior"], ha="right", va="bottom")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def training_curves(history: Sequence[Progress], title: str) -> Figure:
    """Draw both terms: a thin line for every batch of a training, a dot for every test; nats per image."""
    figure, (left, right) = plt.subplots(1, 2, sharex=True, figsize=(8, 3.8))
    tested = [progress for progress in history if progress.test is not None]
    for axes, name, label in ((left, "reconstruction", "Reconstruction"), (right, "kl", "KL")):
        values = [getattr(progress.train, name).item() for progress in history]
        axes.plot([p.step for p in history], values, color=COLORS["train"], linewidth=1)
        axes.plot([p.step for p in tested], [getattr(p.test, name).item() for p in tested], "o",
                  color=COLORS["test"], markersize=4)  # fmt: skip
        last = getattr(tested[-1].test, name).item()
        axes.annotate(f"{last:.0f}", (tested[-1].step, last), (0, 12), textcoords="offset points", ha="center",
                      fontweight="bold", color=COLORS["test"])  # fmt: skip
        axes.set(xlabel="step", title=label)
    left.set(ylabel="nats per image", ylim=(60, 260))
    right.set(ylim=(0, 34))
    left.text(0.28, 0.78, "line: every batch (training)", color=COLORS["train"], transform=left.transAxes)
    left.text(0.28, 0.68, "dots: every epoch (test)", color=COLORS["test"], transform=left.transAxes)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def train_beside_test(runs: dict[str, Sequence[tuple[int, float, float]]], title: str) -> Figure:
    """Draw -ELBO on the training and the test images, a panel per run of (step, train, test); nats per image."""
    figure, all_axes = plt.subplots(1, len(runs), sharey=True, figsize=(8, 4))
    for axes, (name, points) in zip(all_axes, runs.items(), strict=True):
        steps, train, test = zip(*points, strict=True)
        axes.plot(steps, train, "--", color=COLORS["train"])
        axes.plot(steps, test, color=COLORS["test"])
        _label_end(axes, steps[-1], train[-1], "train", below=True)
        _label_end(axes, steps[-1], test[-1], "test", below=False)
        best = min(range(len(test)), key=lambda i: test[i])
        axes.plot(steps[best], test[best], "o", color=COLORS["test"], markersize=8)
        axes.set(xlabel="step")
        axes.margins(y=0.15)
        axes.set_title(name, fontsize=12, fontweight="normal")
    all_axes[0].set(ylabel="−ELBO, nats per image")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _label_end(axes: Axes, step: int, value: float, name: str, below: bool) -> None:
    axes.annotate(f"{name} {value:.0f}", (step, value), (0, -8 if below else 8), textcoords="offset points",
                  ha="right", va="top" if below else "bottom", fontweight="bold", color=COLORS[name])  # fmt: skip
