"""The figures of lesson 13: what a score tells apart, and what it depends on."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle

from vae_course.kit.figures import CLASS_COLORS, apart
from vae_course.lessons import COLORS
from vae_course.likelihood import roc

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from torch import Tensor

TRAINED, HELD_OUT = COLORS["train"], COLORS["posterior"]
SURPRISE = "surprise: −ELBO (nats per image)"
Scores = Float[Tensor, " batch"]


def histograms(scores: Scores, anomalous: Bool[Tensor, " batch"], held_out: str, title: str) -> Figure:
    """Draw the scores of the classes trained on, and those of the class held out."""
    figure, axes = plt.subplots()
    _histograms(axes, scores, anomalous, ("classes trained on", held_out))
    axes.set_title(title)
    return figure


def _histograms(axes: Axes, scores: Scores, anomalous: Bool[Tensor, " batch"], names: tuple[str, str]) -> None:
    bins = np.linspace(scores.min().item(), scores.max().item(), 41)
    looks = ((TRAINED, ""), (HELD_OUT, "///"))
    for group, (color, hatch), name in zip((~anomalous, anomalous), looks, names, strict=True):
        values = scores[group].numpy()
        weights = np.full(len(values), 100 / len(values))
        heights, _, _ = axes.hist(values, bins, weights=weights, histtype="stepfilled", facecolor=to_rgba(color, 0.25),
                                  edgecolor=color, hatch=hatch, linewidth=1.5)  # fmt: skip
        top = int(heights.argmax())
        axes.annotate(name, (bins[top : top + 2].mean(), heights[top]), (0, 4), textcoords="offset points", ha="center",
                      weight="bold", color=color,
                      bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5})  # fmt: skip
    axes.margins(y=0.2)
    axes.set(xlabel=SURPRISE, ylabel="percent of the digits")


def thresholds_and_curve(
    scores: Scores, anomalous: Bool[Tensor, " batch"], thresholds: tuple[float, float, float], held_out: str
) -> Figure:
    """Draw three thresholds between the two groups, and the points that they make on the ROC curve."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6), width_ratios=(1.35, 1))
    _histograms(left, scores, anomalous, ("others", held_out))
    right.plot([0, 1], [0, 1], "--", color=COLORS["prior"], linewidth=1)
    right.plot(*roc(scores, anomalous), color=HELD_OUT)
    for name, threshold in zip("ABC", thresholds, strict=True):
        left.axvline(threshold, color=COLORS["truth"], linewidth=1.5)
        left.text(threshold, 1.0, f" {name}", transform=left.get_xaxis_transform(), va="top", weight="bold")
        point = [(scores[group] > threshold).float().mean().item() for group in (~anomalous, anomalous)]
        right.plot(*point, "o", color=COLORS["truth"])
        right.annotate(name, point, (8, -12), textcoords="offset points", weight="bold")
    right.set(xlabel="false positive rate", ylabel="true positive rate")
    figure.suptitle("Each threshold is a point on the curve", x=0.01, ha="left")
    return figure


def surprise_and_entropy(
    entropy: Scores, surprise: Scores, labels: Int64[Tensor, " batch"], shown: Iterable[int], title: str
) -> Figure:
    """Draw the surprise of each digit against the entropy of its grey pixels, with the classes `shown` in colour."""
    figure, axes = plt.subplots(figsize=(8, 4.2))
    axes.plot(entropy, surprise, ".", color=COLORS["prior"], alpha=0.5, markersize=4)
    for label, marker in zip(shown, cycle("s^ov")):
        chosen, color = labels == label, CLASS_COLORS[label]
        axes.plot(entropy[chosen], surprise[chosen], marker, color=color, markersize=4)
        axes.text(entropy[chosen].mean(), surprise[chosen].mean(), f"{label}s", weight="bold", fontsize=15, ha="center",
                  va="center", bbox={"facecolor": "white", "alpha": 0.8, "pad": 2, "edgecolor": color})  # fmt: skip
    end = entropy.max().item()
    axes.plot([0, end], [0, end], color=COLORS["truth"], linewidth=1)
    axes.text(end, end, "the draws of pixels alone", ha="right", va="bottom", color=COLORS["truth"])
    axes.set(xlabel="entropy of the grey pixels: what drawing them costs (nats)", ylabel=SURPRISE, xlim=0, ylim=0)
    axes.set_title(title)
    return figure


def held_out_by_ink(ink: Sequence[float], aurocs: Sequence[float], title: str) -> Figure:
    """Draw the AUROC of each class, held out in turn, against its mean ink."""
    figure, axes = plt.subplots(figsize=(8, 4.2))
    axes.axhline(0.5, color=COLORS["prior"], linewidth=1)
    axes.text(max(ink), 0.5, "knows nothing", color=COLORS["prior"], ha="right", va="bottom")
    axes.plot(ink, aurocs, "o", color=HELD_OUT, markersize=5)
    low, high = min(ink) - 8, max(ink) + 8
    beside = torch.tensor(
        [((x - low) / (high - low) + 0.018, y / 1.05 + 0.02) for x, y in zip(ink, aurocs, strict=True)]
    )
    for label, place in enumerate(apart(beside, 0.065).tolist()):
        axes.text(*place, str(label), transform=axes.transAxes, weight="bold", fontsize=16, ha="center", va="center")
    axes.set(xlim=(low, high), ylim=(0, 1.05))
    axes.set(xlabel="mean ink of the class (pixels)", ylabel="AUROC, the class held out")
    axes.set_title(title)
    return figure


def strangers(images: Mapping[str, Float[Tensor, "1 28 28"]], nats: Mapping[str, float], title: str) -> Figure:
    """Draw one image of each kind, with its mean surprise above it."""
    figure, all_axes = plt.subplots(1, len(images), figsize=(8, 2.1), squeeze=False)
    for axes, (name, image) in zip(all_axes[0], images.items(), strict=True):
        axes.imshow(image[0], vmin=0, vmax=1)
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
        axes.spines[:].set_visible(True)
        axes.set_title(f"{nats[name]:,.0f}", loc="center")
        axes.set_xlabel(name, fontsize=10)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def scores_by_class(aurocs: Mapping[str, Sequence[float]], colors: Mapping[str, str], title: str) -> Figure:
    """Draw the AUROC of several scores, for each class held out."""
    figure, axes = plt.subplots(figsize=(8, 4))
    classes = range(len(next(iter(aurocs.values()))))
    for label in classes:
        values = [of_class[label] for of_class in aurocs.values()]
        axes.plot([label, label], [min(values), max(values)], color=COLORS["prior"], linewidth=1, zorder=1)
    for (name, values), marker in zip(aurocs.items(), cycle("os^v")):
        axes.plot(classes, values, marker, markersize=9, color=colors[name], label=name)
    axes.axhline(0.5, color=COLORS["prior"], linewidth=1)
    axes.set(xticks=list(classes), xlabel="class held out", ylabel="AUROC", ylim=(0, 1.05))
    axes.legend(loc="lower center", ncols=len(aurocs), bbox_to_anchor=(0.5, -0.38), frameon=False)
    axes.set_title(title)
    return figure
