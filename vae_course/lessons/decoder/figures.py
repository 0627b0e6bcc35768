"""Draw the figures of lesson 04: what a decoder says, and what can be drawn from it."""

from vae_course.kit.figures import show_digits
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from torch import Tensor


def digit_table(rows: list[str], columns: dict[str, Float[Tensor, "rows count 28 28"]], title: str) -> Figure:
    """Show digits in named rows, under named groups of columns."""
    counts = [images.shape[1] for images in columns.values()]
    widths = [29 * count + 1 for count in counts]
    figure, all_axes = plt.subplots(
        1, len(columns), figsize=(8, 8 * len(rows) / (sum(counts) + 0.9) + 0.8), width_ratios=widths
    )
    for axes, (name, images) in zip(all_axes, columns.items(), strict=True):
        show_digits(axes, images.reshape(-1, 1, 28, 28), images.shape[1])
        axes.set_title(name, fontsize=12, fontweight="normal", loc="center")
    for i, row in enumerate(rows):
        height = 1 - (i + 0.5) / len(rows)
        all_axes[0].text(-0.08, height, row, transform=all_axes[0].transAxes, ha="right", va="center")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def cost_of_a_wrong_pixel(
    logits: Float[Tensor, " points"],
    from_logit: tuple[Float[Tensor, " points"], Float[Tensor, " points"]],
    through_sigmoid: tuple[Float[Tensor, " points"], Float[Tensor, " points"]],
    cut: tuple[Float[Tensor, " points"], Float[Tensor, " points"]],
    titles: tuple[str, str],
) -> Figure:
    """Show the cost of an off pixel against its logit (left), and the cost's slope (right), computed in three ways.

    Args:
        logits: in rising order.
        from_logit: cost and slope by softplus.
        through_sigmoid: cost and slope by -log(1 - sigmoid); a cross marks the last finite value.
        cut: cost and slope by binary_cross_entropy, which cuts at 100.
        titles: one above the cost, one above the slope.
    """
    exact, naive, clamped = COLORS["reconstruction"], "black", COLORS["prior"]
    figure, all_axes = plt.subplots(1, 2, figsize=(8, 3.8))
    for i, axes in enumerate(all_axes):
        axes.plot(logits, from_logit[i], color=exact, linewidth=7, alpha=0.45)
        axes.plot(logits, cut[i], "--", color=clamped)
        finite = through_sigmoid[i].isfinite()
        axes.plot(logits[finite], through_sigmoid[i][finite], color=naive)
        last = logits[finite][-1], through_sigmoid[i][finite][-1]
        axes.plot(*last, "x", color=naive, markersize=11, markeredgewidth=3)
        axes.set(xlabel="logit of a pixel that is off", title=titles[i])
    cost, slope = all_axes
    cost.set(ylabel="cost (nats)")
    cost.text(15.8, 100, "binary_cross_entropy\njumps to 100", color=clamped, ha="right", va="top", fontsize=10.5)
    cost.text(15.5, 30, "−log(1 − sigmoid)\nends: inf", color=naive, ha="right", va="center")
    cost.text(30, 35, "softplus", color=exact, ha="right", va="bottom")
    slope.set(ylabel="slope of the cost", ylim=(-0.05, 1.12))
    slope.text(15.5, 0.94, "nan from here", color=naive, ha="right", va="top")
    slope.text(15.8, 0.03, "0 from here:\nnothing is learned", color=clamped, ha="right", va="bottom")
    return figure


def log_likelihood_histogram(
    draws: Float[Tensor, " draws"], marks: dict[str, tuple[float, Float[Tensor, "28 28"], str]], title: str
) -> Figure:
    """Show the log-likelihoods of draws as a histogram, and those of single images as marks with their pictures above.

    Args:
        draws: log p(x|z) of each draw.
        marks: name of each image → its log p(x|z), the image, and a colour; the smallest first.
    """
    figure, axes = plt.subplots(figsize=(8, 4.4))
    axes.hist(draws, bins=60, color=COLORS["reconstruction"], alpha=0.45)
    axes.set_ylim(0, 2.4 * axes.get_ylim()[1])
    axes.margins(x=0.08)
    for i, (name, (value, image, color)) in enumerate(marks.items()):
        place = (i + 0.5) / len(marks)
        axes.plot(value, 0, "^", color=color, markersize=12, clip_on=False, zorder=3)
        picture = OffsetImage(image, zoom=3, cmap="gray", norm=plt.Normalize(0, 1))
        axes.add_artist(
            AnnotationBbox(
                picture,
                (value, 0),
                xybox=(place, 0.73),
                boxcoords="axes fraction",
                pad=0.1,
                bboxprops={"edgecolor": color, "linewidth": 2},
                arrowprops={"arrowstyle": "-", "color": color, "linewidth": 1.5},
            )
        )
        label = f"{name}: {value:.0f}".replace("-", "−")
        axes.text(place, 0.91, label, transform=axes.transAxes, color=color, ha="center", va="bottom")
    axes.set(xlabel="log p(x|z) (nats)", ylabel=f"{len(draws):,} draws", title=title, yticks=[])
    return figure
