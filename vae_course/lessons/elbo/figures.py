"""Draw the figures of lesson 05."""

import math

from vae_course.evaluation import running_bounds
from vae_course.kit.figures import show_digits
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from torch import Tensor


def running_estimates(
    x: Float[Tensor, "1 1 28 28"],
    from_prior: Float[Tensor, "runs draws"],
    from_encoder: Float[Tensor, "runs fewer"] | None = None,
    title: str = "",
) -> Figure:
    """Show how the log of an average moves with the draws of z, in several runs, given the logs of what is averaged.

    With the encoder's draws or without them, the figure has one size and one scale, so that the two can be compared.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6), width_ratios=(1, 3))
    show_digits(left, x, 1, "How probable\nis this digit?")
    end = running_bounds(from_prior)[:, -1].mean()
    _draw_runs(right, from_prior, "prior", "o")
    right.text(from_prior.shape[1], end - 60, "codes drawn from the prior", color=COLORS["prior"], ha="right")
    if from_encoder is not None:
        _draw_runs(right, from_encoder, "posterior", "s")
        right.text(1, end + 22, "codes drawn from the encoder", color=COLORS["posterior"])
    right.set(xscale="log", xlabel="draws of z", ylabel="log p(x), estimated\n(nats per image)")
    right.set(xlim=(0.7, 2 * from_prior.shape[1]), ylim=(end - 90, end + 34))
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _draw_runs(axes: Axes, log_w: Float[Tensor, "runs draws"], color: str, marker: str) -> None:
    for run in running_bounds(log_w):
        axes.plot(range(1, len(run) + 1), run, color=COLORS[color], linewidth=1.5)
        axes.plot(len(run), run[-1], marker, color=COLORS[color])


def bound_against_truth(
    x: Float[Tensor, "batch 1 28 28"],
    elbo: Float[Tensor, " batch"],
    log_p_x: Float[Tensor, " batch"],
    kl_to_posterior: Float[Tensor, " batch"],
    title: str,
) -> Figure:
    """Show the gap log p(x) - ELBO of each digit beside the KL of q(z|x) to the posterior, the smallest gap first."""
    figure, (top, axes) = plt.subplots(2, 1, figsize=(8, 5), height_ratios=(1, 2.8))
    order = (log_p_x - elbo).argsort()
    show_digits(top, x[order], len(x))
    pairs = (("log p(x) − ELBO", (log_p_x - elbo)[order], "elbo", -0.2, ""),
             ("KL(q(z|x) || p(z|x))", kl_to_posterior[order], "posterior", 0.2, "///"))  # fmt: skip
    for name, values, color, side, hatch in pairs:
        places = (torch.arange(len(x)) + side).tolist()
        bars = axes.bar(
            places, values, 0.38, color=COLORS[color], hatch=hatch, edgecolor="white", linewidth=0, label=name
        )
        axes.bar_label(bars, fmt="%.2f", color=COLORS[color], fontsize=10, padding=1)
    axes.set_xticks(range(len(x)), [f"log p(x)\n−{-value:.1f}" for value in log_p_x[order]], fontsize=11)
    axes.set(xlim=(-0.5, len(x) - 0.5), ylim=(0, 1.1 * (log_p_x - elbo).max()), ylabel="nats per image")
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper left", fontsize=14, handlelength=1.5, handleheight=1.2)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def encoder_against_posterior(
    x: Float[Tensor, "batch 1 28 28"],
    mu: Float[Tensor, "batch 2"],
    logvar: Float[Tensor, "batch 2"],
    z: Float[Tensor, "grid 2"],
    log_posterior: Float[Tensor, "batch grid"],
    kl_to_posterior: Float[Tensor, " batch"],
) -> Figure:
    """Show the posterior of each digit as shading, and q(z|x) as its 1σ and 2σ ellipses."""
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
        "Grey: where the codes are. Ellipses: where your encoder says they are",
        x=0.02,
        ha="left",
        weight="bold",
        fontsize=13,
    )
    axes[1, 0].set_ylabel("z[1]")
    return figure
