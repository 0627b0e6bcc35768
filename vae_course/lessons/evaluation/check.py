"""Lesson 08's check: it looks at the codes that the answer decodes, and works out what they come to."""

import math
from typing import Any

import torch
from torch import Generator, Tensor
from torch.distributions import Normal

from vae_course.decoder import log_likelihood
from vae_course.elbo import kl_divergence
from vae_course.kit.exercise import exercise, tried
from vae_course.vae import VAE

BATCH, LATENT, SAMPLES = 4, 3, 6


@exercise("importance_weighted_bound", "The log of an average of K honest weights, one bound an image.")
def check_importance_weighted_bound(answer: Any) -> str | None:
    """Check a function (model, x, samples, generator) that returns the bound of each image, [B] (or a `Bound`)."""
    model, x = _model(), torch.rand(BATCH, 1, 28, 28, generator=Generator().manual_seed(3)).round()
    codes: list[Tensor] = []
    model.decoder.register_forward_hook(lambda _, given, __: codes.append(given[0].detach().reshape(-1, LATENT)))

    def ask(generator: Generator) -> tuple[Any, Tensor]:
        codes.clear()
        try:
            got = tried(answer(model, x, SAMPLES, generator))
        except Exception:
            # K codes in all do not fit the images, and it stops there; the codes say why better than the error does.
            if sum(map(len, codes)) != SAMPLES:
                raise
            got = None
        return getattr(got, "value", got), torch.cat(codes) if codes else torch.empty(0, LATENT)

    generator = Generator().manual_seed(0)
    (got, z), (_, later), (_, again) = ask(generator), ask(generator), ask(Generator().manual_seed(0))
    mu, logvar = model.encoder(x)
    draws, hint = _draws_of_each_image(z, mu, logvar)
    return hint or _not_one_an_image(got) or _value_mistake(got, draws, model, x) or _generator_mistake(z, later, again)


def _model() -> VAE:
    """A small VAE whose encoder puts the images far apart, so that each code can be told to be of which image."""
    generator = Generator().manual_seed(1)
    with torch.random.fork_rng(devices=[]):
        model = VAE(LATENT, hidden=(16,)).requires_grad_(False)
    for weights in model.parameters():
        weights.copy_(torch.randn(weights.shape, generator=generator) / 4)
    model.encoder.mu.weight.mul_(2)
    model.encoder.logvar.weight.mul_(0.02)
    model.encoder.logvar.bias.sub_(3)
    # Weights near exp(-1000), which no float holds, and a few nats apart.
    model.decoder.logits[-2].weight.mul_(0.2)
    model.decoder.logits[-2].bias.mul_(15)
    return model


def _draws_of_each_image(z: Tensor, mu: Tensor, logvar: Tensor) -> tuple[Tensor, str | None]:
    """The codes as [K, B, D], and what is wrong with them."""
    sigma = torch.exp(0.5 * logvar)
    if len(z) == 0:
        return z, "The decoder was never asked: each of the K codes has to be decoded for its log p(x|z)."
    eps = (z[:, None] - mu) / sigma
    distance, image = eps.square().mean(-1).min(1)
    counts = image.bincount(minlength=BATCH)
    if distance.max() < 1e-6:
        return z, "All codes are mu itself: draw them, with reparameterize, or there is nothing to average."
    if distance.max() > 12:
        return z, "Some codes lie where q(z|x) hardly ever draws: take them from the encoder's mu and logvar."
    if len(z) == SAMPLES or counts.max() == len(z):
        return z, "One z serves all images. Each image has its own q(z|x), so each needs its own K draws: [K, B, D]."
    if not (counts == SAMPLES).all():
        found = f"For {BATCH} images and samples={SAMPLES} the decoder was given {len(z)} codes"
        return z, f"{found}, and should be given {SAMPLES} for each image."
    draws = torch.stack([z[image == i] for i in range(BATCH)], dim=1)
    eps = (draws - mu) / sigma
    if torch.allclose(eps, eps[:1].expand_as(eps), atol=1e-3):
        return z, "All K draws of an image are the same: expand mu and logvar to [K, B, D] before you draw."
    if torch.allclose(eps, eps[:, :1].expand_as(eps), atol=1e-3):
        return z, "Every image got the same eps: expand mu and logvar to [K, B, D] before you draw."
    return draws, None


def _not_one_an_image(got: Any) -> str | None:
    if not isinstance(got, Tensor):
        return f"Return a tensor, one bound an image, not a {type(got).__name__}."
    if got.shape == (BATCH,):
        return None
    found = f"For {BATCH} images and samples={SAMPLES} the shape should be [{BATCH}], and it is {list(got.shape)}. "
    if got.shape == (SAMPLES,):
        return found + "The average must run over the draws, not over the images: look at the axis."
    return found + "Sum log densities over the latents, average the weights over the draws, and keep the images apart."


def _value_mistake(got: Tensor, draws: Tensor, model: VAE, x: Tensor) -> str | None:
    mu, logvar = model.encoder(x)
    sigma, log_k = torch.exp(0.5 * logvar), math.log(SAMPLES)
    like = log_likelihood(model.decoder(draws), x)  # [K, B], as the two below
    prior, q = (density.log_prob(draws).sum(-1) for density in (Normal(0.0, 1.0), Normal(mu, sigma)))
    q_by_variance = Normal(mu, sigma.square()).log_prob(draws).sum(-1)
    log_w, kl = like + prior - q, kl_divergence(mu, logvar)

    def bound(log_w: Tensor) -> Tensor:
        return log_w.logsumexp(0) - log_k

    if _same(got, bound(log_w)):
        return None
    if not got.isfinite().all():
        return (
            "It is infinite or NaN: weights near exp(-1000) are 0 in any float. Stay in logarithms, with logsumexp, "
            "and let no exp come before it."
        )
    mistakes = {
        "That is the mean of the logs, the ELBO again: more draws only steady it. Average the weights, then take "
        "the log.": (log_w.mean(0), like.mean(0) - kl),
        "That is the log of a sum. Of an average it must be: what does dividing by K become in logarithms?": (
            log_w.logsumexp(0),
        ),
        "K divides the log; it belongs inside, where it divides the sum: subtract log K.": (
            log_w.logsumexp(0) / SAMPLES,
        ),
        "log K is added, and dividing by K means subtracting it.": (log_w.logsumexp(0) + log_k,),
        "The proposal density q(z|x) is missing: the draws were loaded dice, and each must be divided by how often q "
        "draws it.": (bound(like + prior),),
        "The prior p(z) is missing: a weight is p(x|z) p(z) / q(z|x).": (bound(like - q),),
        "p(z) and q(z|x) are both missing: a weight is p(x|z) p(z) / q(z|x).": (bound(like), like.mean(0)),
        "log q(z|x) is added. It stands below the line of the fraction.": (bound(like + prior + q),),
        "p(z) and q(z|x) have changed places in the fraction.": (bound(like - prior + q),),
        "The closed-form KL is an average over all of q, and here every draw needs its own log p(z) − log q(z|x).": (
            bound(like) - kl,
        ),
        "q has the wrong width: Normal wants sigma, which is exp(logvar / 2).": (bound(like + prior - q_by_variance),),
        "log p(x|z) is a mean over pixels: one nat is one nat, so sum.": (bound(like / 784 + prior - q),),
        "The log densities are averaged over the latent dimensions: sum them.": (bound(like + (prior - q) / LATENT),),
        "Only the largest weight is counted: it is most of the sum, but not all.": (
            log_w.amax(0),
            log_w.amax(0) - log_k,
        ),
        "The sign is turned round: the bound lies below log p(x), which is negative here.": (-bound(log_w),),
    }  # fmt: skip
    for hint, values in mistakes.items():
        if any(_same(got, value) for value in values):
            return hint
    weights = ", ".join(f"{value:.1f}" for value in log_w[:, 0])
    return (
        f"For the first image your {SAMPLES} draws have log w = {weights}. The log of the average weight is "
        f"{bound(log_w)[0]:.2f}, and yours is {got[0]:.2f}."
    )


def _generator_mistake(z: Tensor, later: Tensor, again: Tensor) -> str | None:
    if z.shape == later.shape and torch.equal(z, later):
        return "Two calls in a row made the same draws: do not seed inside, take the draws from the generator given."
    if z.shape != again.shape or not torch.equal(z, again):
        return "The same seed made other draws: hand the generator on to reparameterize."
    return None


def _same(got: Tensor, expected: Tensor) -> bool:
    return torch.allclose(got.detach().float(), expected, rtol=0, atol=0.02)
