"""Lesson 14's figures: paths from noise to codes, densities on the plane, and inventions at each β."""

from collections.abc import Mapping

from vae_course.kit.figures import CLASS_COLORS
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float, Int64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

HALF_WIDTH = 3.4
SHOWN = 60


def paths(
    path: Float[Tensor, "steps_and_one points 2"],
    codes: Float[Tensor, "batch 2"],
    labels: Int64[Tensor, " batch"],
    title: str,
) -> Figure:
    """Draw where points are at first, the paths of some of them, where they end, and beside them codes of digits."""
    figure, all_axes = plt.subplots(1, 4, figsize=(10, 3.1), sharey=True)
    start, some, end, real = all_axes
    start.scatter(*path[0].T, s=4, color=COLORS["prior"])
    some.plot(*path[:, :SHOWN].permute(2, 0, 1), color=COLORS["prior"], linewidth=1)
    some.scatter(*path[-1, :SHOWN].T, s=12, color=COLORS["posterior"], zorder=3)
    end.scatter(*path[-1].T, s=4, color=COLORS["posterior"])
    real.scatter(*codes.T, s=4, c=[CLASS_COLORS[label] for label in labels])
    names = ("noise, t = 0", f"the paths of {SHOWN}", "the same noise, t = 1", "codes of test digits")
    for axes, name in zip(all_axes, names, strict=True):
        _plane(axes)
        axes.set_title(name, fontsize=11, fontweight="normal")
    start.set_ylabel("z[1]")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def densities(grids: Mapping[str, Float[Tensor, "down right"]], half_width: float, title: str) -> Figure:
    """Draw log densities on the plane, from -half_width to it; z[1] rises with the rows. Dark is dense."""
    figure, all_axes = plt.subplots(1, len(grids), figsize=(9, 3.5), sharey=True)
    for axes, (name, log_density) in zip(all_axes, grids.items(), strict=True):
        places = torch.linspace(-half_width, half_width, len(log_density))
        axes.contourf(places, places, log_density, torch.linspace(-7, -0.5, 14).tolist(), cmap="Purples", extend="both")
        _plane(axes)
        axes.grid(visible=False)
        axes.set_title(name, fontsize=11, fontweight="normal")
    all_axes[0].set_ylabel("z[1]")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def by_beta(
    measured: Mapping[str, Mapping[float, tuple[float, float]]], real: tuple[float, float], title: str
) -> Figure:
    """Draw the sure share and the Fréchet distance of inventions over β, for each prior; dashed those of real digits.

    Args:
        measured: by the name of the prior, β to (sure share, Fréchet distance).
        real: the same two of as many real digits.
        title: what the reader should see.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    styles = (("s--", COLORS["prior"]), ("o-", COLORS["posterior"]))
    for (name, points), (style, color) in zip(measured.items(), styles, strict=True):
        for axes, which in ((left, 0), (right, 1)):
            axes.plot(list(points), [point[which] for point in points.values()], style, color=color, label=name)
    names = "share that the classifier is sure of", "Fréchet distance"
    for axes, value, name in zip((left, right), real, names, strict=True):
        axes.axhline(value, color=COLORS["test"], linestyle=":")
        axes.text(max(points), value, "real digits", color=COLORS["test"], ha="right", va="bottom")
        axes.set(xscale="log", xlabel="β", ylabel=name)
        axes.set_xticks(list(points), [f"{beta:g}" for beta in points])
        axes.set_xticks([], minor=True)
    left.set_ylim(0.4, 1.02)
    right.set(yscale="log", ylim=(4, 300))
    right.set_yticks((5, 10, 100), ("5", "10", "100"))
    left.legend(loc="lower right")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _plane(axes: Axes) -> None:
    axes.set(xlim=(-HALF_WIDTH, HALF_WIDTH), ylim=(-HALF_WIDTH, HALF_WIDTH), aspect="equal", xlabel="z[0]")
    axes.set(xticks=(-2, 0, 2), yticks=(-2, 0, 2))
