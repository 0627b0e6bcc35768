"""Lesson 12's figures: handwriting carried over from label to label, its slant, and what a wrong label costs."""

from vae_course.kit.figures import show_digits
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor


def ten_digits(
    images: Float[Tensor, "rows labels 28 28"], title: str, given: Float[Tensor, "rows 1 28 28"] | None = None
) -> Figure:
    """Draw a row per style and a column per label; to their left, if there are any, the digits whose style it is."""
    rows, labels = images.shape[:2]
    parts = [] if given is None else [("style of", given, 1)]
    parts.append(("", images.reshape(-1, 1, 28, 28), labels))
    widths = [columns for *_, columns in parts]
    height = 8 * rows / (sum(widths) + 0.6) + 0.7
    figure, all_axes = plt.subplots(1, len(parts), figsize=(8, height), width_ratios=widths, squeeze=False)
    for axes, (name, shown, columns) in zip(all_axes[0], parts, strict=True):
        show_digits(axes, shown, columns)
        axes.set_title(name, fontsize=11, fontweight="normal", loc="center")
    for label in range(labels):
        axes.text(29 * label + 14.5, -4, f"{label}", ha="center", va="bottom", color=COLORS["posterior"], weight="bold")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def slants(degrees: Float[Tensor, "labels codes"], against: int, shown: tuple[int, ...], title: str) -> Figure:
    """Draw how far digits lean: those of one label to the right, those of others, from the same codes, upwards."""
    figure, all_axes = plt.subplots(1, len(shown), figsize=(8, 3.2), sharex=True, sharey=True)
    low, high = degrees.min().item(), degrees.max().item()
    for axes, label in zip(all_axes, shown, strict=True):
        axes.axline((0, 0), slope=1, color=COLORS["prior"], linewidth=1.5, linestyle="--")
        axes.plot(degrees[against], degrees[label], "o", color=COLORS["posterior"], markersize=3, alpha=0.6)
        axes.set(xlim=(low - 2, high + 2), ylim=(low - 2, high + 2), aspect="equal", xlabel=f"slant as a {against}")
        axes.set_title(f"as a {label}", fontsize=11, fontweight="normal")
    all_axes[0].set_ylabel("slant, degrees")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def costs(rise: Float[Tensor, "true given"], title: str) -> Figure:
    """Draw what each label costs more than the right one, in nats per image, for each class."""
    figure, axes = plt.subplots(figsize=(6.4, 5.2))
    axes.imshow(rise, cmap="Oranges", vmin=0)
    for true, row in enumerate(rise.tolist()):
        for given, nats in enumerate(row):
            dark = nats > 0.78 * rise.max()
            axes.text(given, true, f"{nats:.0f}", ha="center", va="center", fontsize=10, color="w" if dark else "k")
    axes.set(xticks=range(rise.shape[1]), yticks=range(rise.shape[0]), ylabel="class of the digit")
    axes.set_xlabel("label that it is given (in the fields: nats per image more)")
    axes.grid(visible=False)
    figure.suptitle(title, x=0.01, ha="left")
    return figure
