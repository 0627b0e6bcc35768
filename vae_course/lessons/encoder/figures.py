"""Lesson 02's figures: maps of codes, the clouds that the encoder answers with, and why it gives log-variances."""

from vae_course.kit.figures import CLASS_COLORS, name_classes, show_digits
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float, Int64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Ellipse
from torch import Tensor


def code_maps(
    maps: dict[str, Float[Tensor, "batch 2"]], labels: Int64[Tensor, " batch"], title: str, radius: float = 3
) -> Figure:
    """Draw maps of two-number codes at one scale, each with the same circle and the share of codes inside."""
    figure, all_axes = plt.subplots(1, len(maps), figsize=(8, 6.6 / len(maps) + 1.1), sharex=True, sharey=True)
    for axes, (name, codes) in zip(all_axes, maps.items(), strict=True):
        axes.scatter(*codes.T, s=5, c=[CLASS_COLORS[label] for label in labels])
        axes.add_patch(Circle((0, 0), radius, fill=False, linewidth=2.5, zorder=3))
        share = (codes.norm(dim=1) < radius).float().mean()
        axes.set_title(f"{name}: {share:.0%} inside", fontsize=11, fontweight="normal")
        _square(axes, torch.cat(list(maps.values())))
        name_classes(axes, codes, labels)
        axes.label_outer()
    return _titled(figure, title)


def clouds(
    images: Float[Tensor, "batch 1 28 28"],
    mu: Float[Tensor, "batch 2"],
    logvar: Float[Tensor, "batch 2"],
    labels: Int64[Tensor, " batch"],
    title: str,
) -> Figure:
    """Draw the one-sigma ellipse of every image on the map, and beside it the images of the widest and narrowest."""
    figure, axes = plt.subplot_mosaic(
        [["map", "widest"], ["map", "narrowest"]], figsize=(8, 4.7), width_ratios=(1.6, 1)
    )
    sigma = torch.exp(0.5 * logvar)
    order = sigma.prod(1).argsort(descending=True)
    for i in order:
        _ellipse(axes["map"], mu[i], sigma[i], facecolor=CLASS_COLORS[labels[i]], alpha=0.4)
    for name, chosen in (("widest", order[:8]), ("narrowest", order[-8:])):
        for i in chosen:
            _ellipse(axes["map"], mu[i], sigma[i], fill=False, linewidth=1.2)
        show_digits(axes[name], images[chosen], 4)
        axes[name].set_title(f"the {name} 8, outlined on the map", fontsize=11, fontweight="normal")
    _square(axes["map"], mu)
    name_classes(axes["map"], mu, labels)
    return _titled(figure, title)


def width_from_head() -> Figure:
    """Draw on the left two ways to make a width of what a head gives, on the right bell curves for four logvar."""
    figure, (left, right) = plt.subplots(1, 2, width_ratios=(1, 1.3))
    a = torch.linspace(-4, 3, 200)
    left.plot(a, a, "--", color=COLORS["prior"])
    left.plot(a, torch.exp(a / 2), color=COLORS["posterior"])
    left.text(1.5, 0.9, "σ = a", color=COLORS["prior"])
    left.text(-0.6, 2.2, "σ = exp(a / 2)", color=COLORS["posterior"], ha="center")
    left.axhspan(-1.5, 0, color="#e4e4e4", linewidth=0)
    left.text(2.9, -0.8, "no width is negative", ha="right", va="center")
    left.set(ylim=(-1.5, 4.5), xlim=(-4, 3), xlabel="a, what the head gives", ylabel="width σ")
    left.set_title("Any number, one width")
    z = torch.linspace(-4, 5.5, 900)
    labels = {-4: (0.35, 2.5), -2: (0.65, 0.95), 0: (1.0, 0.42), 2: (1.9, 0.2)}
    for (logvar, place), style in zip(labels.items(), ("-", "--", "-.", ":"), strict=True):
        sigma = torch.tensor(logvar / 2).exp()
        density = torch.exp(-0.5 * (z / sigma) ** 2) / (sigma * (2 * torch.pi) ** 0.5)
        right.plot(z, density, color=COLORS["posterior"], linestyle=style)
        right.text(*place, f"logvar {logvar}, σ = {sigma:.2f}".replace("-", "−"), fontsize=11)
    right.set(xlabel="z", ylabel="density", xlim=(-4, 5.5))
    right.set_title("Equal steps are equal factors")
    return figure


def logvar_histogram(logvar: Float[Tensor, "batch latent"], title: str) -> Figure:
    """Draw how log-variances are distributed, with a second scale for sigma, and mark those that a ReLU keeps."""
    figure, axes = plt.subplots(figsize=(8, 3.2))
    axes.hist(logvar.flatten().numpy(), bins=60, color=COLORS["posterior"])
    axes.axvspan(0, 1.7, color="#e4e4e4", linewidth=0)
    axes.text(0.85, 60, "all that a\nReLU leaves", ha="center", va="center")
    axes.set(xlabel="logvar", ylabel="log-variances", xlim=(-8, 1.7), title=title)
    widths = axes.secondary_xaxis(-0.32)
    sigma = torch.tensor([0.025, 0.05, 0.1, 0.2, 0.4, 1])
    widths.set_xticks((2 * sigma.log()).tolist(), [f"{width:.3g}" for width in sigma])
    widths.set_xlabel("σ")
    return figure


def _ellipse(axes: Axes, center: Tensor, sigma: Tensor, **style: object) -> None:
    axes.add_patch(Ellipse(center.tolist(), *(2 * sigma).tolist(), **style))


def _square(axes: Axes, points: Float[Tensor, "batch 2"]) -> None:
    low, high = torch.aminmax(points, dim=0)
    center, half = (low + high) / 2, 0.55 * (high - low).max()
    axes.set(xlim=(center[0] - half, center[0] + half), ylim=(center[1] - half, center[1] + half), aspect="equal")
    axes.set_xlabel("z[0]")
    axes.set_ylabel("z[1]", labelpad=0)


def _titled(figure: Figure, title: str) -> Figure:
    figure.suptitle(title, x=0.01, ha="left")
    return figure
