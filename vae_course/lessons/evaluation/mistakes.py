"""What `importance_weighted_bound` comes to, and what it comes to with a mistake in it."""

import math
from typing import Any

from vae_course.decoder import log_likelihood
from vae_course.elbo import kl_divergence
from vae_course.vae import VAE

import torch
from torch import Tensor
from torch.distributions import Normal


def parts(draws: Tensor, model: VAE, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute log p(x|z), log p(z) and −log q(z|x) of the draws, each [K, B]."""
    mu, logvar = model.encoder(x)
    like = log_likelihood(model.decoder(draws), x)
    prior, q = (p.log_prob(draws).sum(-1) for p in (Normal(0.0, 1.0), Normal(mu, torch.exp(0.5 * logvar))))
    return like, prior, -q


def bound(log_w: Tensor) -> Tensor:
    """Compute the log of the mean weight, from log weights [K, B]: [B]."""
    return log_w.logsumexp(0) - math.log(len(log_w))


def wrong_averages(log_w: Tensor, fixed: int) -> dict[str, Any]:
    """List what a mistake makes of right log weights, [K, B]: hint → value; `fixed` is the first K asked for."""
    total, count, right = log_w.logsumexp(0), len(log_w), bound(log_w)
    log_k = math.log(count)
    return {
        "That is the mean of the logs, the ELBO again: more draws only make it less noisy. Average the weights, then "
        "take the log.": log_w.mean(0),
        "That is the log of a sum, and not of an average: what does dividing by K become in logarithms?": total,
        "K divides the log. The division belongs inside, where it divides the sum: subtract log K.": total / count,
        "log K is added, and dividing by K means subtracting it.": total + log_k,
        "K is subtracted; dividing by K means subtracting log K.": total - count,
        "log K is the natural logarithm, math.log.": (total - math.log2(count), total - math.log10(count)),
        f"log {fixed} is subtracted, and samples={count}: use the argument.": total - math.log(fixed),
        "Only the largest weight is counted: it is most of the sum, but not all.":
            (log_w.amax(0), log_w.amax(0) - log_k),
        "Only the first weight is counted: average all of them.": (log_w[0], log_w[0] - log_k),
        "The sign is wrong: the bound lies below log p(x), which is negative here.": -right,
        "That is in bits; nats are asked for.": right / math.log(2),
        "There is one exp too many at the end: return the logarithm of the average weight.": right.exp(),
        "The bounds are right, and their order is not that of the images.": right.flip(0),
        "It is rounded: return it as it is.": (right.round(), right.round(decimals=1), right.round(decimals=2)),
    }  # fmt: skip


def wrong_weights(draws: Tensor, model: VAE, x: Tensor) -> dict[str, Any]:
    """List bounds from weights with a part wrong: hint → value."""
    like, prior, minus_q = parts(draws, model, x)
    mu, logvar = model.encoder(x)
    kl = kl_divergence(mu, logvar)
    by_variance = Normal(mu, logvar.exp()).log_prob(draws).sum(-1)
    values = {
        "The proposal density q(z|x) is missing: q prefers some codes, so each is divided by how often q draws it.":
            like + prior,
        "The prior p(z) is missing: a weight is p(x|z) p(z) / q(z|x).": like + minus_q,
        "p(z) and q(z|x) are both missing: a weight is p(x|z) p(z) / q(z|x).": like,
        "p(x|z) is missing: a weight is p(x|z) p(z) / q(z|x).": prior + minus_q,
        "log q(z|x) is added, and must be subtracted: a weight is divided by q(z|x).": like + prior - minus_q,
        "p(z) and q(z|x) have changed places in the fraction.": like - prior - minus_q,
        "log p(z) is subtracted, and must be added: a weight is p(x|z) p(z) / q(z|x).": like - prior + minus_q,
        "log p(x|z) has the wrong sign.": -like + prior + minus_q,
        "log p(x|z) is that of a sigmoid of the logits: log_likelihood takes logits, and does its own sigmoid.":
            log_likelihood(model.decoder(draws).sigmoid(), x) + prior + minus_q,
        "The closed-form KL is an average over all of q, and here every draw needs its own log p(z) − log q(z|x).":
            like - kl,
        "q has the wrong width: Normal wants sigma, which is exp(logvar / 2).": like + prior - by_variance,
        "log p(x|z) is a mean over pixels: one nat is one nat, so sum.": like / 784 + prior + minus_q,
        "The log densities are averaged over the latent dimensions: sum them.":
            like + (prior + minus_q) / draws.shape[-1],
    }  # fmt: skip
    elbo = (
        "That is the mean of the logs, with the closed-form KL: the ELBO again. Average the weights, then take the log."
    )
    return {elbo: like.mean(0) - kl, **{hint: bound(log_w) for hint, log_w in values.items()}}
