"""Lesson 03: two gradients through a random draw, pathwise and by the score function."""

from vae_course.checks import check_generator
from vae_course.data import is_at_hand

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.distributions import Normal


def reparameterize(
    mu: Float[Tensor, "*batch latent"], logvar: Float[Tensor, "*batch latent"], generator: Generator | None = None
) -> Float[Tensor, "*batch latent"]:
    """Draw z ~ N(mu, exp(logvar)) as a function of mu, logvar and noise, so that gradients pass through.

    Kingma & Welling 2013, section 2.4.
    """
    check_generator(generator)
    # z = μ + σ ε   with σ = exp(logvar / 2) and ε ~ N(0, I)
    eps = torch.randn(mu.shape, generator=generator, device=mu.device, dtype=mu.dtype)
    return mu + torch.exp(0.5 * logvar) * eps


def log_normal(
    z: Float[Tensor, "*draws latent"], mu: Float[Tensor, "*batch latent"], logvar: Float[Tensor, "*batch latent"]
) -> Float[Tensor, "*draws"]:
    """Compute log N(z; mu, exp(logvar)) of each draw in nats, summed over latent dimensions."""
    return Normal(mu, torch.exp(0.5 * logvar), validate_args=is_at_hand(mu)).log_prob(z).sum(-1)


def score_function_surrogate(
    mu: Float[Tensor, "*batch latent"],
    logvar: Float[Tensor, "*batch latent"],
    z: Float[Tensor, "samples *batch latent"],
    cost: Float[Tensor, " samples *batch"],
    baseline: bool = False,
) -> Float[Tensor, ""]:
    """Return a scalar whose gradient in mu and logvar is the score-function estimate of the mean cost's gradient.

    The estimate is cost · ∇ log q(z) (Williams 1992, REINFORCE; Kingma & Welling 2013, section 2.2). The value of the
    scalar has no meaning, and no gradient passes through z or cost.

    Args:
        mu, logvar: of the distribution that z was drawn from.
        z: at least one draw, two with a baseline.
        cost: of each draw.
        baseline: subtract from the cost of each draw the mean cost of the other draws of the same image. The estimate
            stays unbiased (Mnih & Rezende 2016).

    Raises:
        ValueError: there are fewer draws than needed.
    """
    cost = cost.detach()
    needed = 2 if baseline else 1
    if len(cost) < needed:
        raise ValueError(f"z, cost: there are {len(cost)} draws; give at least {needed} with {baseline=}")
    if baseline:
        others = len(cost) - 1
        cost = cost - (cost.sum(0) - cost) / others
    # cost · ∇ log q(z)
    log_q = log_normal(z.detach(), mu, logvar)
    return (cost * log_q).mean()
