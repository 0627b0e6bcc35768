"""Lesson 05's figures."""

import math

from vae_course.evaluation import running_bounds
from vae_course.kit.figures import show_digits
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from torch import Tensor


def running_estimates(
    x: Float[Tensor, "1 1 28 28"],
    from_prior: Float[Tensor, "runs draws"],
    from_encoder: Float[Tensor, "runs fewer"] | None = None,
) -> Figure:
    """How the log of an average moves with the draws of z, in several runs; given the logs of what is averaged."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6), width_ratios=(1, 3))
    show_digits(left, x, 1, "How probable\nis this digit?")
    for log_w, color in ((from_prior, COLORS["prior"]), (from_encoder, COLORS["posterior"])):
        if log_w is None:
            continue
        for run in running_bounds(log_w):
            right.plot(range(1, len(run) + 1), run, color=color, linewidth=1.5)
            right.plot(len(run), run[-1], "o", color=color)
    end = running_bounds(from_prior)[:, -1].mean()
    right.set(
        xscale="log", xlabel="draws of z", ylabel="log p(x), estimated\n(nats per image)", ylim=(end - 90, end + 28)
    )
    right.text(2000, end - 50, "codes drawn from\nthe prior", color="#666666")
    if from_encoder is None:
        right.set_title("One lucky draw after another lifts the estimate")
    else:
        right.text(2, end + 22, "codes drawn from the encoder", color=COLORS["posterior"])
        right.set_title("The encoder's draws start where the prior's never arrive")
    return figure


def bound_against_truth(
    x: Float[Tensor, "batch 1 28 28"],
    elbo: Float[Tensor, " batch"],
    log_p_x: Float[Tensor, " batch"],
    kl_to_posterior: Float[Tensor, " batch"],
) -> Figure:
    """For each digit its gap log p(x) - ELBO, beside the KL from q(z|x) to the posterior on the grid."""
    figure, (top, axes) = plt.subplots(2, 1, figsize=(8, 4.6), height_ratios=(1, 2.6))
    show_digits(top, x, len(x), "The gap under the truth is the KL from your q to the posterior")
    gap, place = log_p_x - elbo, torch.arange(len(x))
    for side, values, color in ((-0.2, gap, COLORS["elbo"]), (0.2, kl_to_posterior, COLORS["posterior"])):
        axes.bar(place + side, values, 0.38, color=color)
        for i, value in enumerate(values):
            axes.text(i + side, value, f"{value:.2f}", ha="center", va="bottom", color=color, fontsize=10)
    axes.set_xticks(place, [f"log p(x)\n{value:.1f}" for value in log_p_x], fontsize=10)
    axes.set(xlim=(-0.5, len(x) - 0.5), ylim=(0, 1.15 * gap.max()), ylabel="nats per image")
    axes.grid(visible=False, axis="x")
    axes.text(0.01, 0.99, "log p(x) − ELBO", color=COLORS["elbo"], transform=axes.transAxes, va="top", weight="bold")
    name = "KL(q(z|x) || p(z|x))"
    axes.text(0.01, 0.89, name, color=COLORS["posterior"], transform=axes.transAxes, va="top", weight="bold")
    return figure


def encoder_against_posterior(
    x: Float[Tensor, "batch 1 28 28"],
    mu: Float[Tensor, "batch 2"],
    logvar: Float[Tensor, "batch 2"],
    z: Float[Tensor, "grid 2"],
    log_posterior: Float[Tensor, "batch grid"],
    kl_to_posterior: Float[Tensor, " batch"],
) -> Figure:
    """For each digit the posterior on the grid as shading, and q(z|x) as its 1σ and 2σ ellipses."""
    figure, axes = plt.subplots(2, len(x), figsize=(8, 3.9), height_ratios=(1, 2.2), squeeze=False)
    steps = math.isqrt(len(z))
    extent = (z[0, 0], z[-1, 0], z[0, 1], z[-1, 1])
    sigma = torch.exp(0.5 * logvar)
    for i, (above, below) in enumerate(axes.T):
        show_digits(above, x[i : i + 1], 1)
        density = log_posterior[i].exp().reshape(steps, steps).T  # rows: z[1], columns: z[0]
        below.imshow(density, origin="lower", extent=extent, cmap="Greys", interpolation="bilinear")
        for k in (1, 2):
            width, height = 2 * k * sigma[i]
            below.add_patch(Ellipse(mu[i], width, height, fill=False, color=COLORS["posterior"], linewidth=2))
        below.set(xlim=mu[i, 0] + torch.tensor([-1, 1]), ylim=mu[i, 1] + torch.tensor([-1, 1]), xlabel="z[0]")
        below.set_title(f"gap {kl_to_posterior[i]:.2f} nats", fontsize=12, fontweight="normal", loc="center")
        below.grid(visible=False)
    axes[0, 0].figure.suptitle(
        "Grey: where the codes are. Pink: where your encoder says they are",
        x=0.02,
        ha="left",
        weight="bold",
        fontsize=13,
    )
    axes[1, 0].set_ylabel("z[1]")
    return figure
