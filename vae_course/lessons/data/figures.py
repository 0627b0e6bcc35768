"""The figures of lesson 01: what a pixel is, what it costs, and what it costs a model that knows everything."""

from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float, UInt8
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor
from torch.nn.functional import binary_cross_entropy


def pixel_zoom(image: UInt8[Tensor, "28 28"], top: int, left: int, size: int = 7) -> Figure:
    """Draw a digit, and beside it the bytes of a square cut from it."""
    figure, (whole, crop) = plt.subplots(1, 2, figsize=(8, 4.2))
    whole.imshow(image, vmin=0, vmax=255)
    whole.add_patch(Rectangle((left - 0.5, top - 0.5), size, size, fill=False, edgecolor=COLORS["kl"], linewidth=2.5))
    crop.imshow(image[top : top + size, left : left + size], vmin=0, vmax=255)
    for row in range(size):
        for column in range(size):
            value = int(image[top + row, left + column])
            crop.text(column, row, value, ha="center", va="center", color="black" if value > 127 else "white")
    for axes in (whole, crop):
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
    whole.set_title("A digit is 784 numbers")
    crop.set_title("Grey is on the edges of the ink")
    return figure


def digit_panels(panels: dict[str, Float[Tensor, "1 28 28"]], title: str) -> Figure:
    """Draw several versions of one digit side by side; values in [0, 1]."""
    figure, all_axes = plt.subplots(1, len(panels), figsize=(8, 8 / len(panels) + 0.7))
    for axes, (name, image) in zip(all_axes, panels.items(), strict=True):
        axes.imshow(image[0], vmin=0, vmax=1)
        axes.set_title(name, fontsize=11, fontweight="normal", loc="center")
        axes.set_axis_off()
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def pixel_cost(title: str) -> Figure:
    """Draw the binary cross-entropy of one pixel against the predicted p: for 1, for 0, and for a grey of 0.3."""
    grey_value = 0.3
    p = torch.linspace(0.01, 0.99, 197)
    figure, axes = plt.subplots(figsize=(8, 4))
    for x, color, style, where in ((1.0, COLORS["reconstruction"], "-", 0.06), (0.0, COLORS["truth"], "--", 0.94)):
        axes.plot(p, binary_cross_entropy(p, torch.full_like(p, x), reduction="none"), color=color, linestyle=style)
        axes.text(where, 3.2, f"x = {x:.0f}", color=color, ha="left" if x else "right", fontweight="bold")
    cost = binary_cross_entropy(p, torch.full_like(p, grey_value), reduction="none")
    axes.plot(p, cost, color=COLORS["baseline"], linestyle="-.")
    axes.text(0.86, 1.05, f"x = {grey_value}", color=COLORS["baseline"], fontweight="bold")
    best = cost.min().item()
    axes.plot(grey_value, best, "o", color=COLORS["baseline"], markersize=9)
    axes.annotate(f"at its best, p = {grey_value}, it costs {best:.2f} nats", (grey_value, best), (0.3, 1.9), ha="left",
                  arrowprops={"arrowstyle": "->", "color": COLORS["truth"]})  # fmt: skip
    axes.set(xlabel="predicted probability p that the pixel is on", ylabel="cost (nats)", ylim=(-0.1, 4), xlim=(0, 1))
    axes.set_title(title)
    return figure


def cost_map(image: Float[Tensor, "1 28 28"], cost: Float[Tensor, "1 28 28"], name: str, title: str) -> Figure:
    """Draw a picture in [0, 1], and beside it the nats that each pixel costs."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 4.2))
    left.imshow(image[0], vmin=0, vmax=1)
    left.set_title(name, fontsize=11, fontweight="normal", loc="center")
    shown = right.imshow(cost[0], vmin=0, vmax=0.7, cmap="inferno")
    right.set_title(f"nats per pixel, {cost.sum():.0f} in all", fontsize=11, fontweight="normal", loc="center")
    figure.colorbar(shown, ax=right, shrink=0.85)
    for axes in (left, right):
        axes.set_axis_off()
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def nats_ladder(rungs: dict[str, float], title: str) -> Figure:
    """Draw the cost of an image to several models, in nats, from expensive to cheap."""
    figure, axes = plt.subplots(figsize=(8, 0.6 * len(rungs) + 1.2))
    names, values = list(rungs), list(rungs.values())
    colors = [COLORS["prior"], COLORS["baseline"], COLORS["elbo"], COLORS["truth"]]
    axes.barh(names, values, color=colors[: len(names)], height=0.6)
    for i, value in enumerate(values):
        axes.text(value + 6, i, f"{value:.0f}", va="center", fontweight="bold")
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set(xlabel="nats per image", xlim=(0, 600))
    figure.suptitle(title, x=0.01, ha="left")
    return figure
