"""Lesson 10's figures: where the codes lie, where the prior draws, and which dimensions are active."""

from collections.abc import Mapping, Sequence
from itertools import cycle

from vae_course.kit.figures import CLASS_COLORS, name_classes, show_digits
from vae_course.latent_space import ACTIVE
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float, Int64
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor
from torch.distributions import Normal

HALF_WIDTH = 4.0
# Codes missing, as many as the prior draws, more than it draws.
MISSING_TO_MORE = LinearSegmentedColormap.from_list("ratio", [COLORS["kl"], "white", COLORS["posterior"]])


def codes_and_draws(
    codes: Float[Tensor, "batch 2"], labels: Int64[Tensor, " batch"], prior: Float[Tensor, "n 2"], title: str
) -> Figure:
    """Draw one code of each digit on the left, in the colour of its class, and as many draws of the prior beside."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 4.2), sharey=True)
    left.scatter(*codes.T, s=6, c=[CLASS_COLORS[label] for label in labels])
    right.scatter(*prior.T, s=6, color=COLORS["prior"])
    for axes, name in ((left, "codes of test digits"), (right, "draws of the prior")):
        _plane(axes)
        axes.set_title(name, fontsize=12, fontweight="normal")
    name_classes(left, codes, labels)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def empty_places(log_ratio: Float[Tensor, "down right"], draws: Float[Tensor, "n 2"], title: str) -> Figure:
    """Draw log q(z) - log p(z) over the plane, and number draws of the prior in its emptiest places.

    Args:
        log_ratio: in nats, on a grid from -`HALF_WIDTH` to it; z[1] rises with the rows.
        draws: the draws to mark, in the order of their numbers.
        title: what the reader should see.
    """
    figure, axes = plt.subplots(figsize=(7, 5))
    places = torch.linspace(-HALF_WIDTH, HALF_WIDTH, len(log_ratio))
    levels = torch.linspace(-3, 3, 13).tolist()
    # The hatches tell the emptiest places from the fullest without colours.
    hatches = ["///"] * 3 + [None] * 11
    image = axes.contourf(places, places, log_ratio, levels, cmap=MISSING_TO_MORE, extend="both", hatches=hatches)
    bar = figure.colorbar(image, ax=axes, shrink=0.7, ticks=(-3, 0, 3))
    bar.set_ticklabels(["20 times fewer codes", "as many codes as\nthe prior draws", "20 times more"])
    for radius, share in ((1.177, "half"), (2.448, "95 %")):
        axes.add_patch(plt.Circle((0, 0), radius, fill=False, color=COLORS["truth"], linewidth=1, linestyle="--"))
        axes.text(0, radius, f"{share} of the prior", ha="center", va="bottom", fontsize=10, color=COLORS["truth"])
    axes.plot(*draws.T, "o", color="black", markersize=4)
    for number, place in enumerate(draws.tolist(), 1):
        axes.annotate(str(number), place, (4, 3), textcoords="offset points", fontsize=11, weight="bold")
    _plane(axes)
    axes.grid(visible=False)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def framed(images: Float[Tensor, "codes 1 28 28"], steps: int, half_width: float, title: str) -> Figure:
    """Draw digits on a grid of quantiles, and a frame around those of the box from -half_width to half_width."""
    figure, axes = plt.subplots(figsize=(6, 6.3))
    show_digits(axes, images, steps, title)
    # The grid's image has a line of one pixel around each digit.
    side = 29 * steps
    start = side * (1 - Normal(0.0, 1.0).cdf(torch.tensor(half_width)).item())
    axes.add_patch(
        Rectangle((start, start), side - 2 * start, side - 2 * start, fill=False, color="#E69F00", linewidth=3)
    )
    axes.text(side / 2, start - 5, f"the box of ±{half_width:g}", ha="center", va="bottom", weight="bold",
              bbox={"facecolor": "#E69F00", "edgecolor": "none", "pad": 2})  # fmt: skip
    return figure


def activities(measured: Mapping[float, Float[Tensor, " latent"]], title: str) -> Figure:
    """Draw for each β the activities of the latent dimensions, highest first, and a line below the active ones."""
    figure, axes = plt.subplots(figsize=(8, 3.8))
    shades = plt.get_cmap("viridis")(torch.linspace(0, 0.55, len(measured)).numpy())
    for (beta, activity), color, marker in zip(measured.items(), shades, cycle("osD^v")):
        values = activity.sort(descending=True).values
        axes.plot(range(1, len(values) + 1), values, f"{marker}-", color=color, markersize=5)
        axes.annotate(f"β = {beta:g}", (len(values), values[-1]), (9, 0), textcoords="offset points", va="center",
                      color=COLORS["truth"])  # fmt: skip
    # The line ends, and its words, where they meet no other line or label.
    axes.plot((0.5, 20.4), (ACTIVE, ACTIVE), color=COLORS["truth"], linestyle="--", linewidth=1.2)
    axes.text(1, ACTIVE * 0.85, "below: inactive", va="top", color=COLORS["truth"])
    axes.set(yscale="log", xlim=(0.5, 22.5), xlabel="latent dimensions, the most active first",
             ylabel="activity: variance of μ\nfrom digit to digit")  # fmt: skip
    axes.set_xticks((1, 5, 10, 15, 20))
    axes.set_title(title)
    return figure


def kl_histories(histories: Mapping[str, Sequence[float]], title: str, window: int = 8) -> Figure:
    """Draw the KL of every step of a training, averaged over a window, each line labelled at its end.

    The first window is left out: there the KL of a new network jumps.
    """
    figure, axes = plt.subplots(figsize=(8, 3.8))
    label_at = -2.0
    by_end = sorted(histories.items(), key=lambda item: item[1][-1])
    for (name, history), style in zip(by_end, cycle(("-", "--", "-.", ":"))):
        nats = torch.tensor(history).unfold(0, window, 1).mean(1)[window:]
        steps = range(2 * window, 2 * window + len(nats))
        axes.plot(steps, nats, color=COLORS["kl"], linestyle=style)
        label_at = max(label_at + 1.6, nats[-1].item())
        axes.text(1.01 * steps[-1], label_at, name, va="center", color=COLORS["kl"])
    axes.set(xlabel="step", ylabel="KL (nats per image)", xlim=(2 * window, 1.18 * len(history)), ylim=(0, 22))
    axes.set_title(title)
    return figure


def _plane(axes: Axes) -> None:
    axes.set(xlim=(-HALF_WIDTH, HALF_WIDTH), ylim=(-HALF_WIDTH, HALF_WIDTH), aspect="equal", xlabel="z[0]")
    axes.set_ylabel("z[1]", labelpad=0)
