"""Lesson 08: how far the ELBO lies below log p(x): tighter bounds, and the exact value in two dimensions."""

import math
from collections.abc import Callable
from typing import NamedTuple

from vae_course.checks import check_whole
from vae_course.data import check_unit_range
from vae_course.decoder import log_likelihood
from vae_course.reparameterization import log_normal, reparameterize
from vae_course.vae import VAE

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.nn.functional import softplus

# Decoded images at a time: with 784 pixels each they take 8 MB, which stays in a processor's cache.
AT_ONCE = 2500
# The change of log p(x) on a grid twice as coarse, in nats, from which the grid is refused.
TOLERANCE = 0.01

LogLikelihood = Callable[[Tensor, Tensor], Tensor]


class Bound(NamedTuple):
    """Hold a lower bound of log p(x) of each image, and how far off its estimate may be, in nats.

    The standard error, √(Σ share² − 1/K) with each weight's share of the sum, is NaN for a single draw.
    """

    value: Float[Tensor, " batch"]
    standard_error: Float[Tensor, " batch"]


@torch.no_grad()
def importance_weighted_bound(
    model: VAE,
    x: Float[Tensor, "batch ..."],
    samples: int,
    generator: Generator | None = None,
    log_likelihood: LogLikelihood = log_likelihood,
) -> Bound:
    """Bound log p(x) of each image by K importance weights, in nats (Burda et al. 2015, equation 8).

    With one draw the mean of the bound is the ELBO. It rises with the number of draws, and on average it is never above
    log p(x). Memory does not depend on the number of images; each draw adds one number.

    Args:
        model: with `encoder`, `decoder` and `log_prior`.
        x: images as the model knows them.
        samples: draws of z per image, at least 1.
        generator: of the draws.
        log_likelihood: log p(x|z) from what the decoder returns, [samples, batch]; the course's Bernoulli by default.

    Raises:
        ValueError: no samples.
    """
    check_whole(samples, "samples")
    values, errors = [], []
    for batch in x.split(max(1, AT_ONCE // samples)):
        log_weights = log_importance_weights(model, batch, samples, generator, log_likelihood)
        total = log_weights.logsumexp(0)
        # The standard error of the log of a mean is the relative standard error of the mean (delta method).
        relative_variance = ((2 * log_weights).logsumexp(0) - 2 * total).exp() - 1 / samples
        error = relative_variance.clamp(min=0).sqrt()
        # log (w₁ + … + w_K) / K
        values.append(total - math.log(samples))
        # A single draw knows nothing of its error.
        errors.append(error if samples > 1 else torch.full_like(error, math.nan))
    return Bound(torch.cat(values), torch.cat(errors))


@torch.no_grad()
def log_importance_weights(
    model: VAE,
    x: Float[Tensor, "batch ..."],
    samples: int,
    generator: Generator | None = None,
    log_likelihood: LogLikelihood = log_likelihood,
) -> Float[Tensor, "samples batch"]:
    """Compute log w of draws of z ~ q(z|x), in nats; the arguments are those of `importance_weighted_bound`."""
    check_whole(samples, "samples")
    mu, logvar = model.encoder(x)
    weights = []
    for start in range(0, samples, AT_ONCE):
        count = min(AT_ONCE, samples - start)
        draws = (count, *mu.shape)
        z = reparameterize(mu.expand(draws), logvar.expand(draws), generator)
        # log w = log p(x|z) + log p(z) − log q(z|x)
        weights.append(log_likelihood(model.decoder(z), x) + model.log_prior(z) - log_normal(z, mu, logvar))
    return torch.cat(weights)


def running_bounds(log_weights: Float[Tensor, "runs draws"]) -> Float[Tensor, "runs draws"]:
    """Compute the importance-weighted bound of each run after 1, 2, 3 … of its draws, in nats."""
    count = torch.arange(1, log_weights.shape[1] + 1)
    # log (w₁ + … + w_K) − log K
    return log_weights.logcumsumexp(1) - count.log()


def bounds_of_groups(log_weights: Float[Tensor, "draws batch"], samples: int) -> Float[Tensor, "groups batch"]:
    """Split the draws into groups of K, and compute the importance-weighted bound of each group, in nats."""
    return _groups(log_weights, samples).logsumexp(1) - math.log(samples)


def largest_shares(log_weights: Float[Tensor, "draws batch"], samples: int) -> Float[Tensor, " batch"]:
    """Compute which part of the sum of K weights the largest one is, on average over groups of K draws."""
    return _groups(log_weights, samples).softmax(1).amax(1).mean(0)


def _groups(log_weights: Tensor, samples: int) -> Tensor:
    check_whole(samples, "samples")
    groups = len(log_weights) // samples
    if not groups:
        raise ValueError(f"samples={samples}: there are only {len(log_weights)} draws")
    return log_weights[: groups * samples].unflatten(0, (groups, samples))


def log_likelihood_table(
    logits: Float[Tensor, "codes 1 28 28"], x: Float[Tensor, "batch 1 28 28"]
) -> Float[Tensor, "codes batch"]:
    """Compute `decoder.log_likelihood` of every image under every code, in nats.

    Raises:
        ValueError: x has values outside [0, 1].
    """
    check_unit_range(x, "x")
    # log p(x|z) = x · logit - softplus(logit), summed over pixels: a matrix product for all pairs at once.
    logits = logits.flatten(1)
    return logits @ x.flatten(1).T - softplus(logits).sum(1, keepdim=True)


@torch.no_grad()
def exact_log_likelihood(
    model: VAE,
    x: Float[Tensor, "batch ..."],
    steps: int = 401,
    half_width: float = 6.0,
    log_likelihood_table: LogLikelihood = log_likelihood_table,
) -> Float[Tensor, " batch"]:
    """Compute log p(x) of each image for two latent dimensions: the integral of p(x|z) p(z) over a grid of codes.

    Args:
        model: with `decoder` and `log_prior`.
        x: images as the model knows them.
        steps: grid points along each axis, an odd number, so that every second one is a grid as wide.
        half_width: the grid goes from minus this to this along both axes.
        log_likelihood_table: log p(x|z) from what the decoder returns for each code, [codes, batch].

    Raises:
        ValueError: not two latent dimensions; an even number of steps, or below 5; the grid is too small, so that codes
            lie at its edge; or it is too coarse: with every second point of it, an answer changes by more than
            `TOLERANCE`.
    """
    if model.latent_dim != 2:
        raise ValueError(f"the model has {model.latent_dim} latent dimensions: a grid needs 2")
    if type(steps) is not int or steps < 5 or steps % 2 == 0:
        raise ValueError(f"steps={steps!r} must be an odd number of at least 5")
    if not 0 < half_width < math.inf or not len(x):
        raise ValueError(f"half_width={half_width}, for {len(x)} images: give a positive number, and an image at least")
    axis = torch.linspace(-half_width, half_width, steps, device=x.device)
    codes = torch.cartesian_prod(axis, axis)
    on_the_edge = (codes.abs() == codes.abs().max()).any(1)
    log_likelihoods = torch.cat([log_likelihood_table(model.decoder(z), x) for z in codes.split(AT_ONCE)])
    log_joint = log_likelihoods + model.log_prior(codes).unsqueeze(-1)
    at_the_edge = (log_joint[on_the_edge].logsumexp(0) - log_joint.logsumexp(0)).exp().max()
    if at_the_edge > 0.01:
        raise ValueError(
            f"half_width={half_width}: {at_the_edge:.1%} of an integral lie on the edge; take a wider grid"
        )
    log_joint = log_joint.unflatten(0, (steps, steps))
    log_cell = 2 * math.log(2 * half_width / (steps - 1))
    answer = log_joint.logsumexp((0, 1)) + log_cell
    coarse = log_joint[::2, ::2].logsumexp((0, 1)) + log_cell + math.log(4)
    change = (answer - coarse).abs().max()
    if change > TOLERANCE:
        raise ValueError(f"steps={steps} is too coarse: half as many change an answer by {change:.2g} nats; take more")
    return answer
