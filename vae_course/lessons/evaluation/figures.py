"""Lesson 08's figures."""

import math

from vae_course.evaluation import running_bounds
from vae_course.kit.figures import show_digits
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor


def bounds_under_the_truth(
    x: Float[Tensor, "batch 1 28 28"],
    bounds: dict[int, Float[Tensor, " batch"]],
    log_p_x: Float[Tensor, " batch"],
    title: str,
) -> Figure:
    """Draw under each digit how far the bound of each number of draws K is from log p(x)."""
    figure, (top, axes) = plt.subplots(2, 1, figsize=(8, 5), height_ratios=(1, 3))
    show_digits(top, x, len(x), title)
    place = torch.arange(len(x))
    axes.axhline(0, color=COLORS["truth"])
    for i, (name, shade) in enumerate(zip(bounds, torch.linspace(1, 0, len(bounds)), strict=True)):
        across = place + 0.13 * (i - (len(bounds) - 1) / 2)
        axes.vlines(across, bounds[name] - log_p_x, 0, color=COLORS["elbo"], alpha=0.35, linewidth=1.5)
        axes.plot(across, bounds[name] - log_p_x, "o", color=COLORS["elbo"], markersize=4 + 5 * shade)
    names = ", ".join(f"{draws:,}" for draws in list(bounds)[1:])
    axes.text(0.01, 0.06, f"each digit, from left to right:\nthe ELBO, then K = {names}",
              color=COLORS["elbo"], transform=axes.transAxes)  # fmt: skip
    lowest = min(float((bound - log_p_x).min()) for bound in bounds.values())
    axes.set_xticks(place, [f"log p(x)\n−{-value:.1f}" for value in log_p_x], fontsize=10)
    axes.set(xlim=(-0.5, len(x) - 0.5), ylim=(1.1 * lowest, 0.4), ylabel="bound − log p(x)\n(nats per image)")
    axes.grid(visible=False, axis="x")
    return figure


def spread_of_estimates(estimates: dict[int, Float[Tensor, " groups"]], log_p_x: float, title: str) -> Figure:
    """Draw for each number of draws K the single estimates of one image's bound, their mean, and the truth."""
    figure, all_axes = plt.subplots(len(estimates), 1, sharex=True, figsize=(8, 1.5 * len(estimates) + 0.7))
    edges = torch.linspace(log_p_x - 5, log_p_x + 2.5, 76)
    for axes, (draws, values) in zip(all_axes, estimates.items(), strict=True):
        axes.hist(values.numpy(), edges.numpy(), histtype="stepfilled", facecolor="#d0d0d0", edgecolor=COLORS["prior"])
        axes.axvline(log_p_x, color=COLORS["truth"])
        axes.axvline(values.mean(), color=COLORS["elbo"], linestyle="--")
        axes.set(yticks=[], ylabel=f"K = {draws}")
        above = (values > log_p_x).float().mean()
        axes.text(0.99, 0.85, f"{above:.0%} above", transform=axes.transAxes, ha="right", va="top", fontsize=11)
    all_axes[0].margins(y=0.3)
    first, mean = all_axes[0], next(iter(estimates.values())).mean()
    across = first.get_xaxis_transform()
    first.text(log_p_x, 0.92, " log p(x)", color=COLORS["truth"], transform=across, va="top")
    first.text(mean, 0.92, "their mean ", color=COLORS["elbo"], transform=across, ha="right", va="top")
    all_axes[-1].set(xlabel="one estimate (nats per image)", xlim=(edges[0], edges[-1]))
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def where_the_draws_fall(
    log_posterior: Float[Tensor, "steps steps"],
    half_width: float,
    z: Float[Tensor, "draws 2"],
    log_w: Float[Tensor, "runs draws"],
    log_p_x: float,
    title: str,
) -> Figure:
    """Show draws of q(z|x) over the posterior of one image, and how the estimates of several runs change with K."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), width_ratios=(1, 1.35))
    window = (-half_width, half_width) * 2
    left.imshow(
        log_posterior.exp().T.sqrt().numpy(), origin="lower", extent=window, cmap="Greys", interpolation="bilinear"
    )
    left.plot(*z.T.numpy(), ".", color=COLORS["posterior"], markersize=2, alpha=0.5)
    mass, axis = log_posterior.exp(), torch.linspace(-half_width, half_width, len(log_posterior))
    centre = torch.stack([(mass.sum(1) * axis).sum(), (mass.sum(0) * axis).sum()]) / mass.sum()
    reach = max(0.5, 1.3 * float((z - centre).abs().max()))
    left.set(xlim=(centre[0] - reach, centre[0] + reach), ylim=(centre[1] - reach, centre[1] + reach))
    left.set(xlabel="z[0]", ylabel="z[1]")
    left.grid(visible=False)
    for run in running_bounds(log_w):
        right.plot(range(1, len(run) + 1), run, color=COLORS["elbo"], linewidth=1.5)
    right.axhline(log_p_x, color=COLORS["truth"])
    right.text(1, log_p_x, "log p(x)", color=COLORS["truth"], va="bottom")
    right.set(xscale="log", xlabel="draws K", ylabel="estimate (nats per image)", ylim=(log_p_x - 8, log_p_x + 1.2))
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def gap_against_divergence(
    divergence: Float[Tensor, " batch"], gap: Float[Tensor, " batch"], samples: int, title: str
) -> Figure:
    """Draw what is left of each image's gap after so many draws, against the KL from p(z|x) to q(z|x)."""
    figure, axes = plt.subplots()
    axes.axhline(0, color=COLORS["truth"])
    axes.axvline(math.log(samples), color=COLORS["posterior"], linestyle="--")
    axes.plot(divergence, gap, "o", color=COLORS["elbo"], alpha=0.6)
    axes.text(
        math.log(samples), 0.97, f" log {samples:,}", color=COLORS["posterior"], va="top",
        transform=axes.get_xaxis_transform(),
    )  # fmt: skip
    axes.set(
        xscale="symlog",
        xlabel="KL(p(z|x) || q(z|x)) (nats)",
        ylabel=f"log p(x) − estimate, K = {samples:,}\n(nats per image)",
    )
    axes.set_title(title)
    return figure
