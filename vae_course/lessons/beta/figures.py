"""Lesson 07's figures: what a nat of code buys, and one network beside many."""

from collections.abc import Mapping, Sequence
from typing import Any

from vae_course.beta import Measured, runs_of, terms_of
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

RATE, DISTORTION = "rate: KL (nats per image)", "distortion: reconstruction\n(nats per image)"
# Behind a label that lies on lines.
BLANK = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}


def two_sums(measured: Measured, title: str) -> Figure:
    """Draw against β what training minimised, and −ELBO."""
    figure, axes = plt.subplots()
    losses = [terms.weighted(beta).item() for beta, terms in measured.items()]
    for name, color, style, values, at, side in (
        ("what training minimised", COLORS["prior"], "s--", losses, -2, "right"),
        ("−ELBO", COLORS["elbo"], "o-", [terms.negative_elbo.item() for terms in measured.values()], 0, "left"),
    ):
        axes.plot(list(measured), values, style, color=color, markersize=8)
        axes.annotate(name, (list(measured)[at], values[at]), (12 if side == "left" else -12, 6), ha=side,
                      textcoords="offset points", color=color, weight="bold")  # fmt: skip
    axes.set(xscale="log", xlabel="β in training", ylabel="nats per image")
    axes.set_xticks(list(measured), [f"{beta:g}" for beta in measured])
    axes.set_xticks([], minor=True)
    axes.set_title(title)
    return figure


def touching_lines(measured: Measured, price: float, titles: tuple[str, str]) -> Figure:
    """Draw lines of equal cost D + βR: one price through every network, and each network at its own price."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 4.2), sharex=True, sharey=True)
    rates, distortions = _plane(measured)
    for beta, r, d in zip(measured, rates, distortions, strict=True):
        own = beta == price
        color, width, style = (COLORS["kl"], 2.5, "-") if own else (COLORS["prior"], 1, "--")
        left.axline((r, d), slope=-price, color=color, linewidth=width, linestyle=style)
        left.annotate(f"{d + price * r:.0f}", (r, d), (9, 5), textcoords="offset points", color=color,
                      weight="bold" if own else "normal", bbox=BLANK)  # fmt: skip
        right.axline((r, d), slope=-beta, color=COLORS["kl"], linewidth=1.5)
        right.annotate(f"β = {beta:g}", (r, d), (9, 5), textcoords="offset points", color=COLORS["truth"])
    for axes in (left, right):
        axes.plot(rates, distortions, "o", color=COLORS["truth"], markersize=8, zorder=3)
        axes.set(xlim=(0, 1.35 * max(rates)), ylim=(0.75 * min(distortions), 1.12 * max(distortions)), xlabel=RATE)
    left.set(ylabel=DISTORTION)
    for axes, title in zip((left, right), titles, strict=True):
        axes.set_title(title)
    return figure


def curve_and_dots(curve: Measured, dots: Measured, title: str) -> Figure:
    """Draw one network's frontier as a curve, and networks that learnt one β each as dots, labelled with β."""
    figure, axes = plt.subplots(figsize=(8, 4.4))
    rates, distortions = _plane(curve)
    axes.plot(rates, distortions, color=COLORS["elbo"], linewidth=3)
    axes.plot(*_plane(dots), "o", color=COLORS["truth"], markersize=8)
    lowest = min(*distortions, *_plane(dots)[1])
    for beta, r, d in zip(dots, *_plane(dots), strict=True):
        # Where the curve runs flat, a label goes to the side on which the dot lies.
        below = r > max(rates) / 2 and d < np.interp(r, rates[::-1], distortions[::-1])
        axes.annotate(f"β = {beta:g}", (r, d), (0, -18) if below else (7, 7), textcoords="offset points",
                      ha="center" if below else "left", color=COLORS["truth"])  # fmt: skip
    axes.set(xlim=(0, 1.12 * max(_plane(dots)[0])), ylim=(0.85 * lowest, None), xlabel=RATE, ylabel=DISTORTION)
    axes.set_title(title)
    return figure


def slopes(found: Sequence[tuple[float, float]], low: float, high: float, tolerance: float, title: str) -> Figure:
    """Draw pairs (β, −dD/dR) along a frontier, as their ratio, with the band that is asked for between two β."""
    figure, axes = plt.subplots()
    betas, ratios = zip(*[(beta, slope / beta) for beta, slope in found], strict=True)
    axes.fill_between((low, high), 1 - tolerance, 1 + tolerance, color=COLORS["elbo"], alpha=0.2, linewidth=0)
    axes.axhline(1, color=COLORS["prior"], linewidth=1.5, linestyle="--")
    axes.plot(betas, ratios, "o", color=COLORS["elbo"], markersize=5)
    axes.text(high, 1 + tolerance, f"within {tolerance:.0%}", color=COLORS["elbo"], ha="right", va="bottom")
    axes.set(xscale="log", ylim=(0, 1.5), xlabel="β given to the network", ylabel="−dD/dR, divided by β")
    axes.set_xticks((0.01, 0.1, 1, 10), ("0.01", "0.1", "1", "10"))
    axes.set_title(title)
    return figure


def frontier(figures: Mapping[str, Any], title: str) -> Figure:
    """Draw from the card "regret": the curve of the first seed's one network, and the seed's separate networks as dots.

    Args:
        figures: what `pretrained_card("regret")` holds.
        title: a sentence.
    """
    separate = runs_of(figures["separate"], figures["seeds"][0])
    dots = {beta: terms for run in separate for beta, terms in terms_of(run["test"]).items()}
    return curve_and_dots(terms_of(figures["curve"]), dots, title)


def _plane(measured: Measured) -> tuple[list[float], list[float]]:
    return [float(t.kl) for t in measured.values()], [float(t.reconstruction) for t in measured.values()]
