"""Draw the figures of lesson 03: what noise does to a cost, a cloud, and a gradient."""

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


def digits_with_costs(
    x: Float[Tensor, "1 1 28 28"], images: Float[Tensor, "draws 1 28 28"], nats: Float[Tensor, " draws"]
) -> Figure:
    """Show an image, and beside it what each draw decodes to, with its cost."""
    figure, (given, *axes) = plt.subplots(1, len(images) + 1, figsize=(8, 1.75))
    show_digits(given, x)
    given.set_title("given", loc="center", color=COLORS["truth"])
    for ax, image, cost in zip(axes, images, nats, strict=True):
        show_digits(ax, image[None])
        ax.set_title(f"{cost:.0f}", loc="center", color=COLORS["reconstruction"])
    figure.suptitle("One cloud, seven draws, seven costs (nats)", x=0.01, ha="left")
    return figure


def change_by_noise(new: Float[Tensor, " runs"], same: Float[Tensor, " runs"], title: str) -> Figure:
    """Show the change in cost of each run as a dot: new noise after the move above, the same noise below."""
    figure, ax = plt.subplots(figsize=(8, 2.8))
    ax.axvline(0, color=COLORS["truth"], linewidth=1)
    _strip(ax, {"new noise": (new, COLORS["prior"]), "same noise": (same, COLORS["pathwise"])})
    ax.set_xlabel("change in cost after the move, averages of 1,000 draws (nats)")
    ax.set_title(title)
    return figure


def moving_cloud(
    eps: Float[Tensor, "draws 2"], clouds: dict[str, tuple[Float[Tensor, "2"], Float[Tensor, "2"]]]
) -> Figure:
    """Show the same noise with several (mu, sigma): five of the draws are numbered, so that you can follow them."""
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
        ax.set_xlabel("z[0]")
    all_axes[0].set_ylabel("z[1]")
    figure.suptitle("The noise stays the same, and every draw moves with the cloud", x=0.01, ha="left")
    return figure


def reported_and_right(losses: dict[str, tuple[float, float]], title: str) -> Figure:
    """Show for each line of code the loss that it reports, and the loss of the same network when z is drawn right."""
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
    """Draw histograms of one-draw estimates of one derivative; the counts are logarithmic, because the tails matter."""
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
    """Show each estimate of one derivative of a VAE's cost as a dot: all of them, and the middle enlarged."""
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
    """Draw each row of values as dots in a colour."""
    for row, (values, color) in enumerate(rows.values()):
        jitter = 0.22 * np.sin(np.arange(len(values)) * 2.4)
        ax.scatter(values, row + jitter, s=28, color=color, alpha=0.75)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.5, -0.5)
