"""Wrong answers to `importance_weighted_bound` (lesson 08)."""

import functools
import math
from collections.abc import Callable

from vae_course.decoder import log_likelihood
from vae_course.elbo import kl_divergence
from vae_course.evaluation import importance_weighted_bound
from vae_course.reparameterization import reparameterize

import torch
from answers import Answers
from torch import Generator
from torch.distributions import Normal
from torch.nn import functional as F

ANSWERS = Answers("importance_weighted_bound")


def draw_all(mu, logvar, samples, generator):
    return reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)


def log_mean_exp(log_w):
    return log_w.logsumexp(0) - math.log(len(log_w))


def bound(
    average: Callable = log_mean_exp,
    log_w: Callable = lambda like, prior, q: like + prior - q,
    draw: Callable = draw_all,
    like: Callable = log_likelihood,
    density: Callable = lambda mu, logvar: Normal(mu, torch.exp(0.5 * logvar)),
    prior: Callable = lambda mu: Normal(0.0, 1.0),
    total: Callable = lambda densities: densities.sum(-1),
):
    """A right answer, or one with a part changed."""

    def importance_weighted_bound(model, x, samples, generator):
        mu, logvar = model.encoder(x)
        z = draw(mu, logvar, samples, generator)
        p_z, q_z = total(prior(mu).log_prob(z)), total(density(mu, logvar).log_prob(z))
        return average(log_w(like(model.decoder(z), x), p_z, q_z))

    return importance_weighted_bound


def by_probabilities(logits, x):
    p = torch.sigmoid(logits)
    return (x * p.log() + (1 - x) * (1 - p).log()).sum((-3, -2, -1))


def by_clamped_probabilities(logits, x):
    p = torch.sigmoid(logits).clamp(1e-6, 1 - 1e-6)
    return (x * p.log() + (1 - x) * (1 - p).log()).sum((-3, -2, -1))


def by_cross_entropy_of_probabilities(logits, x):
    return -F.binary_cross_entropy(torch.sigmoid(logits), x.expand_as(logits), reduction="none").sum((-3, -2, -1))


def with_softplus_by_hand(logits, x):
    return (x * logits - torch.log1p(logits.exp())).sum((-3, -2, -1))


def eps_of(change: Callable):
    """Other noise: `change` is handed K · B · D of it, and the generator."""

    def draw(mu, logvar, samples, generator):
        eps = torch.randn(samples, *mu.shape, generator=generator)
        return mu + torch.exp(0.5 * logvar) * change(eps, generator)

    return bound(draw=draw)


def with_closed_form(average):
    def importance_weighted_bound(model, x, samples, generator):
        return average(-torch.stack([model.elbo(x, generator).negative_elbo for _ in range(samples)]))

    return importance_weighted_bound


def after(change: Callable):
    """The right numbers, changed."""
    return lambda model, x, samples, generator: change(bound()(model, x, samples, generator))


NOT_Q = "(not drawn from q|hardly ever draws)"
STAY = "logsumexp"
WRONG = {
    "the mean of the logs": (bound(lambda log_w: log_w.mean(0)), "mean of the logs"),
    "the mean of ELBOs": (with_closed_form(lambda elbo: elbo.mean(0)), "mean of the logs"),
    "the closed-form KL": (with_closed_form(log_mean_exp), "closed-form KL"),
    "the log of a sum": (bound(lambda log_w: log_w.logsumexp(0)), "log of a sum"),
    "K outside of the log": (bound(lambda log_w: log_w.logsumexp(0) / len(log_w)), "belongs inside"),
    "log K added": (bound(lambda log_w: log_w.logsumexp(0) + math.log(len(log_w))), "log K is added"),
    "K in the place of log K": (bound(lambda log_w: log_w.logsumexp(0) - len(log_w)), "log K"),
    "log₂ K": (bound(lambda log_w: log_w.logsumexp(0) - math.log2(len(log_w))), "log K|natural"),
    "log₁₀ K": (bound(lambda log_w: log_w.logsumexp(0) - math.log10(len(log_w))), "log K|natural"),
    "log of K − 1": (bound(lambda log_w: log_w.logsumexp(0) - math.log(max(len(log_w) - 1, 1))), "yours"),
    "log of a fixed K": (bound(lambda log_w: log_w.logsumexp(0) - math.log(6)), "samples"),
    "the largest weight": (bound(lambda log_w: log_w.amax(0)), "largest"),
    "the median": (bound(lambda log_w: log_w.median(0).values), "yours"),
    "the first weight": (bound(lambda log_w: log_w[0]), "yours|first"),
    "in bits": (bound(lambda log_w: log_mean_exp(log_w) / math.log(2)), "bits"),
    "its sign turned": (bound(lambda log_w: -log_mean_exp(log_w)), "sign"),
    "the weight, not its log": (bound(lambda log_w: log_mean_exp(log_w).exp()), "exp"),
    "no proposal": (bound(log_w=lambda like, prior, q: like + prior), r"proposal density q\(z\|x\) is missing"),
    "no prior": (bound(log_w=lambda like, prior, q: like - q), r"prior p\(z\) is missing"),
    "neither": (bound(log_w=lambda like, prior, q: like), "both missing"),
    "no likelihood": (bound(log_w=lambda like, prior, q: prior - q), r"p\(x\|z\) is missing"),
    "q multiplied": (bound(log_w=lambda like, prior, q: like + prior + q), r"log q\(z\|x\) is added"),
    "prior and q exchanged": (bound(log_w=lambda like, prior, q: like - prior + q), "changed places"),
    "half of the likelihood": (bound(log_w=lambda like, prior, q: like / 2 + prior - q), "yours"),
    "a negative likelihood": (bound(log_w=lambda like, prior, q: -like + prior - q), "sign"),
    "β times prior over q": (bound(log_w=lambda like, prior, q: like + 2 * (prior - q)), "yours"),
    "prior and log, two errors": (bound(lambda log_w: log_w.logsumexp(0), lambda like, prior, q: like - q), "yours"),
    "underflow": (bound(lambda log_w: log_w.exp().mean(0).log()), STAY),
    "underflow in double": (bound(lambda log_w: log_w.double().exp().mean(0).log()), STAY),
    "underflow hidden by a small number": (bound(lambda log_w: (log_w.exp().mean(0) + 1e-30).log()), "exp|yours"),
    "underflow hidden by a clamp": (bound(lambda log_w: log_mean_exp(log_w.clamp(min=-100))), "yours"),
    "weights clamped from above": (bound(lambda log_w: log_mean_exp(log_w.clamp(max=-500))), "yours"),
    "one z for all images": (
        bound(draw=lambda mu, v, k, g: draw_all(mu[:1], v[:1], k, g).expand(-1, len(mu), -1)),
        "One z serves all images|" + NOT_Q,
    ),
    "one z for all images, that do not fit": (
        bound(draw=lambda mu, v, k, g: draw_all(mu[:1], v[:1], k, g)),
        "One z serves all images",
    ),
    "one eps for all images": (eps_of(lambda eps, g: eps[:, :1]), "same eps"),
    "one eps for all dimensions": (eps_of(lambda eps, g: eps[:, :, :1]), "same eps"),
    "one draw, K times": (eps_of(lambda eps, g: eps[:1].expand_as(eps)), "draws of an image are the same"),
    "two draws, over and over": (eps_of(lambda eps, g: eps[torch.arange(len(eps)) % 2]), "(the same|twice)"),
    "always five draws": (
        lambda model, x, samples, generator: bound()(model, x, 5, generator),
        "codes",
    ),
    "a draw too few": (
        lambda model, x, samples, generator: bound()(model, x, max(samples - 1, 1), generator),
        "codes",
    ),
    "K draws for all images together": (
        lambda model, x, samples, generator: bound()(model, x, max(samples // len(x), 1), generator),
        "codes",
    ),
    "no draw": (eps_of(lambda eps, g: 0 * eps), "mu itself"),
    "from the prior": (bound(draw=lambda mu, v, k, g: torch.randn(k, *mu.shape, generator=g)), NOT_Q),
    "variance for sigma in the draw": (
        bound(draw=lambda mu, v, k, g: draw_all(mu, 2 * v, k, g)),
        NOT_Q,
    ),
    "half the noise": (eps_of(lambda eps, g: 0.5 * eps), NOT_Q),
    "nine tenths of the noise": (eps_of(lambda eps, g: 0.9 * eps), NOT_Q),
    "uniform noise": (eps_of(lambda eps, g: torch.rand(eps.shape, generator=g)), NOT_Q),
    "clamped noise": (eps_of(lambda eps, g: eps.clamp(-2, 2)), NOT_Q),
    "wider draws, and the density of q": (bound(draw=lambda mu, v, k, g: draw_all(mu, v + 1.4, k, g)), NOT_Q),
    "variance for sigma in the density": (bound(density=lambda mu, v: Normal(mu, v.exp())), "wrong width"),
    "a density as wide as 1": (bound(density=lambda mu, v: Normal(mu, 1.0)), "(width|yours)"),
    "the density of the first image's q": (
        bound(density=lambda mu, v: Normal(mu[:1], torch.exp(0.5 * v[:1]))),
        "yours",
    ),
    "a prior around mu": (bound(prior=lambda mu: Normal(mu, 1.0)), "yours"),
    "a prior of another width": (bound(prior=lambda mu: Normal(0.0, 2.0)), "yours"),
    "the densities averaged over the latents": (bound(total=lambda d: d.mean(-1)), "averaged over the latent"),
    "the first latent's density": (bound(total=lambda d: d[..., 0]), "yours"),
    "densities without their sum": (bound(total=lambda d: d), "stopped|shape"),
    "log p(x|z) averaged over the pixels": (bound(like=lambda a, x: log_likelihood(a, x) / 784), "mean over pixels"),
    "log p(x|z) by sigmoid and log": (bound(like=by_probabilities), "(sigmoid|NaN|infinite)"),
    "log p(x|z) by sigmoid, clamp and log": (bound(like=by_clamped_probabilities), "(sigmoid|clamp|logits)"),
    "binary_cross_entropy of probabilities": (bound(like=by_cross_entropy_of_probabilities), "(sigmoid|logits)"),
    "softplus by hand": (bound(like=with_softplus_by_hand), "(NaN|infinite|logits)"),
    "log p(x|z) from clamped logits": (bound(like=lambda a, x: log_likelihood(a.clamp(-20, 20), x)), "(clamp|logits)"),
    "log p(x|z) from logits clamped far out": (
        bound(like=lambda a, x: log_likelihood(a.clamp(-50, 50), x)),
        "(clamp|logits)",
    ),
    "log p of the inverted image": (bound(like=lambda a, x: log_likelihood(a, 1 - x)), "yours"),
    "squared error": (bound(like=lambda a, x: -0.5 * (torch.sigmoid(a) - x).square().sum((-3, -2, -1))), "yours"),
    "the mean picture's likelihood": (bound(like=lambda a, x: log_likelihood(a.mean(0, keepdim=True), x)), "yours"),
    "the next image's likelihood": (bound(like=lambda a, x: log_likelihood(a, x.roll(1, 0))), "yours"),
    "the images' mean for each": (bound(lambda log_w: log_mean_exp(log_w).mean().expand(log_w.shape[1])), "yours"),
    "the images in reverse": (after(lambda value: value.flip(0)), "(yours|order)"),
    "the wrong axis": (bound(lambda log_w: log_w.logsumexp(1) - math.log(log_w.shape[1])), "not over the images"),
    "the mean of the images": (after(lambda value: value.mean()), "keep the images apart"),
    "the sum of the images": (after(lambda value: value.sum()), "keep the images apart"),
    "no average": (bound(lambda log_w: log_w), "keep the images apart"),
    "a first axis too many": (bound(lambda w: w.logsumexp(0, keepdim=True) - math.log(len(w))), "shape"),
    "squeezed to []": (after(lambda value: value.squeeze()), r"shape should be \[1\]"),
    "a column": (after(lambda value: value[:, None]), "shape"),
    "rounded": (after(lambda value: value.round()), "round"),
    "rounded to two digits": (after(lambda value: value.round(decimals=2)), "round"),
    "half precision": (after(lambda value: value.half()), "(round|float16)"),
    "whole numbers": (after(lambda value: value.long()), "(round|int64)"),
    "a list": (after(lambda value: value.tolist()), "list"),
    "NumPy's": (after(lambda value: value.numpy()), "ndarray"),
    "a number": (after(lambda value: value.mean().item()), "float"),
    "a pair": (after(lambda value: (value, value)), "tuple"),
    "a generator of its own": (
        lambda model, x, samples, _: bound()(model, x, samples, Generator().manual_seed(0)),
        "do not seed inside",
    ),
    "the generator re-seeded": (
        lambda model, x, samples, g: bound()(model, x, samples, g.manual_seed(0)),
        "do not seed inside",
    ),
    "the generator copied": (
        lambda model, x, samples, g: bound()(model, x, samples, g.clone_state()),
        "do not seed inside|copy",
    ),
    "the generator ignored": (
        lambda model, x, samples, _: bound()(model, x, samples, None),
        "(same seed|generator)",
    ),
    "torch seeded": (
        lambda model, x, samples, g: (torch.manual_seed(0), bound()(model, x, samples, g))[1],
        "(global|torch.manual_seed|whole program)",
    ),
    "no decoder": (lambda model, x, samples, generator: x.sum((1, 2, 3)), "decoder was never asked"),
    "a remembered result": (functools.lru_cache(bound()), "decoder was never asked"),
    "x overwritten": (
        lambda model, x, samples, g: (bound()(model, x, samples, g), x.zero_())[0],
        "overwrote",
    ),
    "its own error": (lambda *_: (_ for _ in ()).throw(ValueError("no idea")), "no idea"),
    "a result instead of the function": (torch.zeros(4), "function"),
    "a number instead of the function": (3, "function"),
    "bound of the whole batch": (
        lambda model, x, k, g: importance_weighted_bound(model, x, k, g).value.logsumexp(0).expand(len(x)),
        "yours",
    ),
    "the standard error": (
        lambda model, x, samples, g: importance_weighted_bound(model, x, samples, g).standard_error,
        "yours|NaN",
    ),
    "the ELBO with the closed-form KL, averaged": (
        lambda m, x, k, g: bound(lambda w: w.mean(0), lambda like, *_: like)(m, x, k, g)
        - kl_divergence(*m.encoder(x)),
        "mean of the logs",
    ),
}  # fmt: skip
for _title, (_answer, _hint) in WRONG.items():
    ANSWERS.wrong(_title, hint=_hint)(_answer)
