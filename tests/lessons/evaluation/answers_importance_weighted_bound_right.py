"""Right answers to `importance_weighted_bound` (lesson 08)."""

import copy
import functools
import math

from vae_course.decoder import log_likelihood
from vae_course.evaluation import importance_weighted_bound, log_importance_weights
from vae_course.reparameterization import reparameterize

import torch
from lessons.evaluation.answers_importance_weighted_bound import ANSWERS, after, bound, draw_all, log_mean_exp
from torch import Generator, Tensor
from torch.distributions import Bernoulli, Independent, Normal
from torch.nn import functional as F

ANSWERS.wrong("the course's, a Bound", hint="not a Bound of 2")(importance_weighted_bound)
ANSWERS.right("the value of the course's")(lambda *arguments: importance_weighted_bound(*arguments).value)
ANSWERS.right("all at once")(bound())
ANSWERS.right("in double")(bound(lambda log_w: log_mean_exp(log_w.double())))
ANSWERS.right("the largest weight taken out")(bound(lambda w: (w - w.amax(0)).exp().mean(0).log() + w.amax(0)))
ANSWERS.right("log_softmax")(bound(lambda w: (w - w.log_softmax(0))[0] - math.log(len(w))))
ANSWERS.right("logaddexp by hand")(bound(lambda w: functools.reduce(torch.logaddexp, w) - math.log(len(w))))
ANSWERS.right("log K on each weight")(bound(lambda w: (w - math.log(len(w))).logsumexp(dim=0)))
ANSWERS.right("a prior like q")(bound(prior=lambda mu: Normal(torch.zeros_like(mu), torch.ones_like(mu))))
ANSWERS.right("Bernoulli")(bound(like=lambda a, x: Bernoulli(logits=a).log_prob(x.expand_as(a)).sum((-3, -2, -1))))
ANSWERS.right("softplus")(bound(like=lambda a, x: (x * a - F.softplus(a)).flatten(-3).sum(-1)))
ANSWERS.right("logsigmoid")(
    bound(like=lambda a, x: (x * F.logsigmoid(a) + (1 - x) * F.logsigmoid(-a)).sum(dim=(-1, -2, -3)))
)
ANSWERS.right("torch.normal")(
    bound(draw=lambda mu, v, k, g: torch.normal(mu.expand(k, -1, -1), (v / 2).exp().expand(k, -1, -1), generator=g))
)
ANSWERS.right("noise of its own shape")(
    bound(draw=lambda mu, v, k, g: mu + torch.exp(0.5 * v) * torch.randn(k, *mu.shape, generator=g))
)
ANSWERS.right("a clone")(after(torch.clone))
ANSWERS.right("the weights from the course")(
    lambda model, x, samples, generator: log_mean_exp(log_importance_weights(model, x, samples, generator))
)


@ANSWERS.right("keywords")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x=x)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator=generator)
    log_q = Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
    log_w = log_likelihood(model.decoder(z=z), x) + Normal(0.0, 1.0).log_prob(z).sum(-1) - log_q
    return log_w.logsumexp(0) - math.log(samples)


@ANSWERS.right("forward, and the densities by hand")
@torch.no_grad()
def _(model, x, samples, generator):
    mu, logvar = model.encoder.forward(x)
    eps = torch.randn((samples, len(x), model.latent_dim), generator=generator)
    z = mu + torch.exp(logvar / 2) * eps
    log_p = -0.5 * (z.square() + math.log(2 * math.pi)).sum(-1)
    log_q = -0.5 * (eps**2 + logvar + math.log(2 * math.pi)).sum(-1)
    log_like = log_likelihood(model.decoder.forward(z), x)
    return torch.logsumexp(log_like + log_p - log_q, dim=0) - torch.log(torch.tensor(float(samples)))


@ANSWERS.right("draw by draw")
def draw_by_draw(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    log_w = []
    for _ in range(samples):
        z = reparameterize(mu, logvar, generator)
        ratio = Normal(0.0, 1.0).log_prob(z) - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z)
        log_w.append(log_likelihood(model.decoder(z), x) + ratio.sum(-1))
    return torch.stack(log_w).logsumexp(0) - math.log(samples)


@ANSWERS.right("encoded again for every draw, in a running logaddexp")
def _(model, x, samples, generator):
    total = torch.full((len(x),), -math.inf)
    for _ in range(samples):
        mu, logvar = model.encoder(x)
        q = Independent(Normal(mu, torch.exp(0.5 * logvar)), 1)
        z = reparameterize(mu, logvar, generator)
        prior = Independent(Normal(torch.zeros_like(z), 1.0), 1)
        log_w = log_likelihood(model.decoder(z), x) + prior.log_prob(z) - q.log_prob(z)
        total = torch.logaddexp(total, log_w)
    return total - math.log(samples)


@ANSWERS.right("image by image")
def _(model, x, samples, generator):
    return torch.cat([draw_by_draw(model, image, samples, generator) for image in x.split(1)])


@ANSWERS.right("image by image, from the last")
def _(model, x, samples, generator):
    return torch.stack([bound()(model, x[i : i + 1], samples, generator)[0] for i in reversed(range(len(x)))]).flip(0)


@ANSWERS.right("the images repeated")
def _(model, x, samples, generator):
    log_w = draw_by_draw(model, x.repeat(samples, 1, 1, 1), 1, generator)
    return log_w.unflatten(0, (samples, len(x))).logsumexp(0) - math.log(samples)


@ANSWERS.right("draws on the second axis")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = draw_all(mu, logvar, samples, generator).transpose(0, 1)  # [B, K, D]
    q = Normal(mu[:, None], torch.exp(0.5 * logvar)[:, None])
    ratio = (Normal(0.0, 1.0).log_prob(z) - q.log_prob(z)).sum(-1)
    logits = model.decoder(z.flatten(0, 1)).unflatten(0, z.shape[:2])
    log_w = log_likelihood(logits, x[:, None].expand(-1, samples, -1, -1, -1)) + ratio
    return log_w.logsumexp(1) - math.log(samples)


@ANSWERS.right("a deep copy in evaluation mode")
def _(model, x, samples, generator):
    return bound()(copy.deepcopy(model).eval(), x, samples, generator)


@ANSWERS.right("decoded in parts")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = draw_all(mu, logvar, samples, generator)
    q = Normal(mu, torch.exp(0.5 * logvar))
    like = torch.cat([log_likelihood(model.decoder(part), x) for part in z.split(4)])
    return log_mean_exp(like + (Normal(0.0, 1.0).log_prob(z) - q.log_prob(z)).sum(-1))


@ANSWERS.right("einsum and plain arithmetic")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = draw_all(mu, logvar, samples, generator)
    logits = model.decoder(z).flatten(2)
    like = torch.einsum("kbp,bp->kb", logits, x.flatten(1)) - F.softplus(logits).sum(-1)
    scaled = (z - mu) / torch.exp(0.5 * logvar)
    return log_mean_exp(like + 0.5 * (scaled**2 + logvar - z**2).sum(-1))


class Bounds:
    """A callable object, with type hints and a default."""

    def __call__(self, model, x: Tensor, samples: int = 10, generator: Generator | None = None) -> Tensor:
        print(f"{samples} draws")
        return bound()(model, x, samples, generator)


ANSWERS.right("a callable object that prints")(Bounds())
ANSWERS.wrong("a partial of the course's", hint="not a Bound of 2")(
    functools.partial(importance_weighted_bound, log_likelihood=log_likelihood)
)
