"""Lesson 03's figures: what the dice do to a cost, a cloud, and a gradient."""

from vae_course.kit.figures import show_digits
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from torch import Tensor


def priced_digits(
    x: Float[Tensor, "1 1 28 28"], images: Float[Tensor, "draws 1 28 28"], nats: Float[Tensor, " draws"]
) -> Figure:
    """The given image, and beside it what each draw decodes to, with what it costs."""
    figure, (given, *axes) = plt.subplots(1, len(images) + 1, figsize=(8, 1.75))
    show_digits(given, x)
    given.set_title("given", loc="center", color=COLORS["truth"])
    for ax, image, cost in zip(axes, images, nats, strict=True):
        show_digits(ax, image[None])
        ax.set_title(f"{cost:.0f}", loc="center", color=COLORS["reconstruction"])
    figure.suptitle("One cloud, seven draws, seven costs (nats)", x=0.01, ha="left")
    return figure


def nudge_by_dice(fresh: Float[Tensor, " runs"], same: Float[Tensor, " runs"], title: str) -> Figure:
    """Each run's change in cost, a dot a run: fresh dice after the nudge above, the same dice below."""
    figure, ax = plt.subplots(figsize=(8, 2.8))
    ax.axvline(0, color=COLORS["truth"], linewidth=1)
    _strip(ax, {"fresh dice": (fresh, COLORS["prior"]), "same dice": (same, COLORS["pathwise"])})
    ax.set_xlabel("change in cost after the nudge, mean of 1,000 draws (nats)")
    ax.set_title(title)
    return figure


def moving_cloud(
    eps: Float[Tensor, "draws 2"], clouds: dict[str, tuple[Float[Tensor, "2"], Float[Tensor, "2"]]]
) -> Figure:
    """The same noise through several (mu, sigma): five of the draws are numbered, so that you can follow them."""
    corners = torch.tensor([(1.4 * np.sin(turn), 1.4 * np.cos(turn)) for turn in np.arange(5) * 2 * np.pi / 5])
    followed = torch.cdist(corners.float(), eps).argmin(1)
    figure, all_axes = plt.subplots(1, len(clouds), figsize=(8, 3.3), sharex=True, sharey=True)
    for ax, (name, (mu, sigma)) in zip(all_axes, clouds.items(), strict=True):
        z = mu + sigma * eps
        ax.scatter(*z.T, s=8, color=COLORS["posterior"], alpha=0.35)
        ax.scatter(*mu, marker="+", s=120, color=COLORS["truth"], zorder=3)
        for i, point in enumerate(z[followed].tolist(), 1):
            ax.text(*point, str(i), ha="center", va="center", fontsize=10, color="white", zorder=4)
            ax.scatter(*point, s=150, color=COLORS["pathwise"], zorder=3)
        ax.set_title(name, loc="center", fontweight="normal", fontsize=12)
        ax.set_aspect("equal")
        ax.set_xlabel("$z_1$")
    all_axes[0].set_ylabel("$z_2$")
    figure.suptitle("The dice stay, the cloud moves: every draw rides along", x=0.01, ha="left")
    return figure


def reported_and_right(losses: dict[str, tuple[float, float]], title: str) -> Figure:
    """Per line of code: the loss it reports of itself, and the same network's loss when z is drawn as it should be."""
    figure, ax = plt.subplots(figsize=(8, 3.2))
    for row, (reported, right) in enumerate(losses.values()):
        ax.plot([reported, right], [row, row], color=COLORS["prior"], linewidth=2, zorder=1)
        ax.scatter(reported, row, s=110, facecolor="white", edgecolor=COLORS["elbo"], linewidth=2)
        ax.scatter(right, row, s=50 if right == reported else 110, color=COLORS["elbo"])
    ax.axvline(next(iter(losses.values()))[0], color=COLORS["truth"], linewidth=1, linestyle=":", zorder=0)
    ax.set_yticks(range(len(losses)), losses)
    ax.set_ylim(len(losses) - 0.5, -0.7)
    last = len(losses) - 1
    for text, value in zip(("reported", "drawn right"), list(losses.values())[-1], strict=True):
        ax.annotate(text, (value, last), (0, 12), textcoords="offset points", ha="center")
    ax.margins(x=0.12)
    ax.set_xlabel("test loss (nats per image)")
    ax.set_title(title)
    return figure


def toy_estimators(grads: dict[str, Float[Tensor, " draws"]], truth: float, title: str) -> Figure:
    """Histograms of one-draw estimates of one derivative; the counts are logarithmic, because the tails matter."""
    figure, all_axes = plt.subplots(len(grads), 1, figsize=(8, 4.6), sharex=True, sharey=True)
    for ax, (name, values) in zip(all_axes, grads.items(), strict=True):
        ax.hist(values, np.linspace(-25, 100, 126), color=COLORS[name.split()[-1]], log=True)
        outline = [withStroke(linewidth=3.5, foreground="white")]
        ax.axvline(truth, color=COLORS["truth"], linewidth=1.5, linestyle="--", path_effects=outline)
        ax.text(0.98, 0.75, f"{name}: variance {values.var():.0f}", transform=ax.transAxes, ha="right")
    all_axes[0].set_title(title)
    all_axes[1].set_ylabel("draws of a million")
    all_axes[-1].set_xlabel("derivative estimated from one draw (its mean is the dashed line)")
    return figure


def vae_estimators(grads: dict[str, Float[Tensor, " runs"]], title: str) -> Figure:
    """Estimates of one derivative of a VAE's cost, a dot an estimate: all of them, and the middle enlarged."""
    figure, (whole, zoom) = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True)
    for ax in (whole, zoom):
        _strip(ax, {name: (values, COLORS[name.split()[-1]]) for name, values in grads.items()})
    middle = grads["pathwise"].mean().item()
    reach = 1.2 * (grads["score with baseline"] - middle).abs().max().item()
    whole.axvspan(middle - reach, middle + reach, color="#dddddd", zorder=0)
    zoom.set_xlim(middle - reach, middle + reach)
    whole.set_title("Everything", fontweight="normal", fontsize=12)
    zoom.set_title("The grey band, enlarged", fontweight="normal", fontsize=12)
    figure.supxlabel("estimated derivative of the cost (nats per unit of mu)", fontsize=12)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _strip(ax: Axes, rows: dict[str, tuple[Float[Tensor, " runs"], str]]) -> None:
    for row, (values, color) in enumerate(rows.values()):
        jitter = 0.22 * np.sin(np.arange(len(values)) * 2.4)
        ax.scatter(values, row + jitter, s=28, color=color, alpha=0.75)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.5, -0.5)
