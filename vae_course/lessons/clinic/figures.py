"""The figures of lesson 09: patients side by side."""

from collections.abc import Callable, Sequence

from vae_course.clinic import Symptoms
from vae_course.kit.figures import show_digits
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

# The losses' axis, in nats: a value beyond its right end is written there as a number.
LOW, HIGH = -130.0, 330.0


def losses(reported: dict[str, float], honest: dict[str, float] | None, title: str) -> Figure:
    """Draw what each patient reports, the best first, and its honest bound; "healthy" is among them."""
    figure, ax = plt.subplots(figsize=(8, 4.4))
    names = sorted(reported, key=reported.__getitem__)
    for row, name in enumerate(names):
        color = COLORS["elbo"] if name == "healthy" else COLORS["kl"]
        ends = [reported[name]] + ([] if honest is None else [honest[name]])
        ax.plot(np.clip(ends, LOW, HIGH), [row] * len(ends), color=COLORS["prior"], linewidth=2, zorder=1)
        for end, face, size in zip(ends, ("white", color), (110, 50), strict=False):
            if end <= HIGH:
                ax.scatter(end, row, s=size, facecolor=face, edgecolor=color, linewidth=2, zorder=2)
        beyond = " → ".join(f"{end:.0f}" for end in ends if end > HIGH)
        if beyond:
            ax.text(HIGH, row, f"{beyond} ▶", ha="right", va="center", backgroundcolor="white", fontsize=11)
    if honest is not None:
        row = names.index(min(set(names) - {"healthy"}, key=lambda name: abs(reported[name] - 110)))
        for ends, text in ((reported, "reported"), (honest, "honest")):
            ax.annotate(text, (ends[names[row]], row), (0, 9), textcoords="offset points", ha="center", fontsize=10)
    ax.axvline(reported["healthy"], color=COLORS["elbo"], linewidth=1, linestyle=":", zorder=0)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.7)
    ax.set_xlim(LOW, HIGH)
    which = "reported" if honest is None else "reported and honest"
    ax.set_xlabel(f"loss of the test digits, {which} (nats per image)")
    ax.set_title(title)
    return figure


def ward(panels: dict[str, Callable[[Axes], None]], title: str, height: float = 6.0, **shared: bool) -> Figure:
    """Draw a small figure for each patient, three in a row."""
    figure, all_axes = plt.subplots(-(-len(panels) // 3), 3, figsize=(8, height), **shared)
    for ax, (name, draw) in zip(all_axes.flat, panels.items(), strict=True):
        draw(ax)
        ax.set_title(name, fontsize=11, color=COLORS["elbo"] if name == "healthy" else "black")
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
    return figure


def samples(pictures: dict[str, Float[Tensor, "batch 1 28 28"]], title: str) -> Figure:
    """Draw ten generated digits of each patient."""
    panels = {name: lambda ax, images=images: show_digits(ax, images, 5) for name, images in pictures.items()}
    return ward(panels, title, height=5.4)


def residuals(symptoms: dict[str, Symptoms], title: str) -> Figure:
    """Draw histograms of (z − mu)/sigma, in training and at the test, and the density of N(0, 1)."""
    bins = np.linspace(-3.05, 3.05, 62)  # 0 is the middle of one of them.
    density = np.exp(-(bins**2) / 2) / np.sqrt(2 * np.pi)

    def draw(ax: Axes, found: Symptoms) -> None:
        ax.hist(found.residuals.flatten().numpy(), bins, density=True, color=COLORS["posterior"])
        training = found.training_residuals.flatten().numpy()
        ax.hist(training, bins, density=True, histtype="step", color=COLORS["train"], linewidth=1)
        ax.plot(bins, density, color=COLORS["truth"], linewidth=1.2)
        ax.set_ylim(0, 1.15)
        ax.set_yticks([])

    figure = ward({name: lambda ax, s=s: draw(ax, s) for name, s in symptoms.items()}, title, sharex=True)
    figure.supxlabel("(z − mu) / sigma; filled: at the test, outline: in training, line: N(0, 1)", fontsize=11)
    return figure


def kl_bars(symptoms: dict[str, Symptoms], title: str) -> Figure:
    """Draw the KL of each latent dimension, the largest first."""

    def draw(ax: Axes, kl: np.ndarray) -> None:
        ax.bar(range(len(kl)), np.maximum(kl, 1e-5), bottom=1e-5, color=COLORS["kl"])
        ax.set_yscale("log")
        ax.set_ylim(1e-4, 300)
        ax.set_yticks([1e-4, 1e-2, 1, 100])
        ax.set_xticks([])

    sizes = {name: s.kl_per_dimension.sort(descending=True).values.numpy() for name, s in symptoms.items()}
    figure = ward({name: lambda ax, kl=kl: draw(ax, kl) for name, kl in sizes.items()}, title, sharey=True)
    figure.supylabel("KL of a dimension (nats per image)", fontsize=11)
    figure.supxlabel("latent dimensions, the largest KL first", fontsize=11)
    return figure


def explosion(largest: dict[str, Sequence[float]], limit: float, title: str) -> Figure:
    """Draw the largest |logvar| after each step; a run that ends in NaN ends with a cross."""
    figure, ax = plt.subplots(figsize=(8, 3.6))
    looks = (("elbo", "o"), ("kl", "s"), ("score", "^"))
    for (name, values), (color, marker) in zip(largest.items(), looks, strict=True):
        finite = [value for value in values if np.isfinite(value)]
        ax.plot(range(1, len(finite) + 1), finite, color=COLORS[color], marker=marker, markersize=4)
        if len(finite) < len(values):
            ax.plot(len(finite), finite[-1], marker="x", markersize=13, markeredgewidth=3, color=COLORS[color])
            name += f": NaN from step {len(finite) + 1} on"
        ax.annotate(name, (len(finite), finite[-1]), (10, 0), textcoords="offset points", color=COLORS[color])
    ax.axhline(limit, color=COLORS["truth"], linewidth=1, linestyle="--")
    ax.text(44, limit * 1.2, "above this line exp(|logvar|) is infinite", ha="right")
    ax.set_yscale("log")
    ax.set_xlim(0, 44)
    ax.set_xlabel("step")
    ax.set_ylabel("largest |logvar|")
    ax.set_title(title)
    return figure


def histories(runs: dict[str, tuple[Sequence[float], Sequence[float]]], title: str) -> Figure:
    """Draw the loss of the training batches and of the test digits after each epoch of each run."""
    figure, all_axes = plt.subplots(1, len(runs), figsize=(8, 3.4), sharey=True)
    for ax, (name, (train, test)) in zip(all_axes, runs.items(), strict=True):
        for values, color, style, text in ((train, "train", "--", "training"), (test, "test", "-", "test")):
            x = np.linspace(0, 1, len(values) + 1)[1:]
            ax.plot(x, values, style, color=COLORS[color])
            lift = 1 if values[-1] >= max(train[-1], test[-1]) else -9
            label = f"{text} {values[-1]:.0f}"
            ax.annotate(label, (1, values[-1]), (5, lift), textcoords="offset points", color=COLORS[color])
        ax.set_ylim(115, 180)
        ax.set_xlim(0.2, 1.5)
        ax.set_xticks([0.25, 0.5, 0.75, 1])
        ax.set_xlabel("share of the training")
        ax.set_title(name, fontsize=12, fontweight="normal")
    all_axes[0].set_ylabel("−ELBO (nats per image)")
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
    return figure
