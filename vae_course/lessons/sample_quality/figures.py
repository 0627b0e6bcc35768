"""Lesson 11's figures: the features of sets of images, and where a low and a high β fail."""

from collections.abc import Mapping

from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor


def features_and_ellipses(
    reference: Float[Tensor, "n 2"], sets: Mapping[str, Float[Tensor, "m 2"]], title: str
) -> Figure:
    """Draw the features of each set as dots on a plane with their 2σ ellipse, and dashed the ellipse of the reference.

    Args:
        reference: the features of the images with which the sets are compared, seen from two directions.
        sets: by name, seen from the same two directions.
        title: what the reader should see.
    """
    figure, all_axes = plt.subplots(1, len(sets), figsize=(8, 3.3), sharex=True, sharey=True)
    for axes, (name, points) in zip(all_axes, sets.items(), strict=True):
        axes.plot(*points.T, ".", color=COLORS["train"], markersize=2.5)
        axes.plot(*_ellipse(reference), "--", color=COLORS["truth"], linewidth=1.5)
        axes.plot(*_ellipse(points), color=COLORS["kl"], linewidth=2.5)
        axes.plot(*points.mean(0), "o", color=COLORS["kl"], markersize=6)
        axes.set_title(name, fontsize=12, fontweight="normal")
        axes.set(aspect="equal", xticks=[], yticks=[], xlabel="first direction")
    all_axes[0].set_ylabel("second direction")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _ellipse(points: Float[Tensor, "n 2"]) -> Float[Tensor, "2 corners"]:
    """Return the points two standard deviations from the mean, in every direction."""
    turn = torch.linspace(0, 2 * torch.pi, 100)
    circle = torch.stack([turn.cos(), turn.sin()])
    return points.mean(0)[:, None] + 2 * torch.linalg.cholesky(points.T.cov()) @ circle


def two_faults(
    from_prior: Mapping[float, tuple[float, float]],
    from_codes: Mapping[float, tuple[float, float]],
    real: float,
    title: str,
) -> Figure:
    """Draw for each β the Fréchet distance of images from draws of the prior, and from codes of digits.

    Args:
        from_prior: β to (sure share, Fréchet distance), from draws of the prior.
        from_codes: likewise, from codes of digits.
        real: the Fréchet distance of as many real digits.
        title: what the reader should see.
    """
    figure, axes = plt.subplots(figsize=(8, 3.8))
    for name, measured, style, color in (
        ("from draws of the prior", from_prior, "s-", COLORS["prior"]),
        ("from codes of digits", from_codes, "o-", COLORS["posterior"]),
    ):
        distances = [distance for _, distance in measured.values()]
        axes.plot(list(measured), distances, style, color=color, markersize=7)
        axes.annotate(name, (min(measured), distances[0]), (0, 8), textcoords="offset points", color=COLORS["truth"])
    axes.axhline(real, color=COLORS["test"], linestyle="--")
    axes.text(min(from_prior), 0.93 * real, "real digits", color=COLORS["test"], va="top")
    axes.set(xscale="log", yscale="log", ylim=(4, 800), xlabel="β", ylabel="Fréchet distance")
    axes.set_xticks(list(from_prior), [f"{beta:g}" for beta in from_prior])
    axes.set_xticks([], minor=True)
    axes.set_yticks((10, 100), ("10", "100"))
    axes.set_title(title)
    return figure
