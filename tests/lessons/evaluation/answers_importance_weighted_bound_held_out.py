"""Answers to the exercise `importance_weighted_bound`, held out: they were written without a look at its check."""

import copy
import math
import sys

from vae_course.decoder import log_likelihood
from vae_course.evaluation import log_importance_weights

import torch
from lessons.evaluation.answers_importance_weighted_bound import after, bound, draw_all, log_mean_exp
from lessons.evaluation.answers_importance_weighted_bound_right import ANSWERS
from torch import Generator
from torch.distributions import MultivariateNormal, Normal


class Given:
    """A density from a function, in the place of `Normal`."""

    def __init__(self, log_prob):
        self.log_prob = log_prob


def q_as(log_prob):
    return bound(density=lambda mu, logvar: Given(lambda z: log_prob(z, mu, logvar)))


def repeated_in_another_order(model, x, samples, generator):
    log_w = bound(lambda w: w[0])(model, x.repeat_interleave(samples, 0), 1, generator)
    return log_w.reshape(samples, len(x)).logsumexp(0) - math.log(samples)


def in_double_after(log_of):
    def like(logits, x):
        p = torch.sigmoid(logits.double())
        return (x * log_of(p) + (1 - x) * log_of(1 - p)).sum((-3, -2, -1))

    return bound(like=like)


WRONG = {
    "a prior without its constant": (bound(prior=lambda mu: Given(lambda z: -0.5 * z.square())), "yours"),
    "q without its width": (q_as(lambda z, mu, v: -((z - mu) ** 2) / v.exp() / 2 - math.log(2 * math.pi) / 2), "yours"),
    "q at mu": (q_as(lambda z, mu, v: Normal(mu, (v / 2).exp()).log_prob(mu).expand_as(z)), "yours"),
    "the log-variance for sigma": (bound(density=lambda mu, v: Normal(mu, v)), "(stopped|yours)"),
    "densities, not their logs": (bound(prior=lambda mu: Given(lambda z: Normal(0.0, 1.0).log_prob(z).exp())), "yours"),
    "the mean taken out": (bound(lambda w: (w - w.mean()).exp().mean(0).log() + w.mean()), "(infinite|yours)"),
    "the largest of all taken out": (bound(lambda w: (w - w.max()).exp().mean(0).log() + w.max()), "(infinite|yours)"),
    "the logs, weighted": (bound(lambda w: (w.softmax(0) * w).sum(0)), "yours"),
    "the mean of the logs, less log K": (bound(lambda w: w.mean(0) - math.log(len(w))), "yours"),
    "the gain over the ELBO": (bound(lambda w: log_mean_exp(w) - w.mean(0)), "yours"),
    "the spread": (bound(lambda w: w.std(0, correction=0)), "yours"),
    "the largest two": (bound(lambda w: w.topk(min(2, len(w)), 0).values.logsumexp(0) - math.log(len(w))), "yours"),
    "small weights made larger": (bound(lambda w: log_mean_exp(w.maximum(w.amax(0) - 1))), "yours"),
    "weights in half precision": (bound(lambda w: log_mean_exp(w.half().float())), "(yours|rounded)"),
    "both axes": (bound(lambda w: w.logsumexp((0, 1)) - math.log(w.numel())), "keep the images apart"),
    "nats per pixel": (after(lambda value: value / 784), "yours"),
    "the mean taken away": (after(lambda value: value - value.mean()), "yours"),
    "mu and the log-variance exchanged": (bound(draw=lambda mu, v, k, g: draw_all(v, mu, k, g)), "q"),
    "repeated in another order": (repeated_in_another_order, "yours"),
    "half of the draws, twice": (
        bound(draw=lambda mu, v, k, g: draw_all(mu, v, -(-k // 2), g).repeat(2, 1, 1)[:k]),
        "same",
    ),
    "a draw too many": (lambda model, x, k, g: bound()(model, x, k + 1, g), "codes"),
    "fifty draws": (lambda model, x, k, g: bound()(model, x, 50, g), "codes"),
    "a seed from K": (lambda model, x, k, g: bound()(model, x, k, Generator().manual_seed(k)), "seed"),
    "logits clamped to ±100": (bound(like=lambda a, x: log_likelihood(a.clamp(-100, 100), x)), "logits"),
    "probabilities in double, and a small number": (in_double_after(lambda p: (p + 1e-12).log()), "logits"),
    "a dictionary": (lambda *a: {"bound": bound()(*a)}, "dict"),
    "the end of Python": (lambda *_: sys.exit(3), "SystemExit"),
    "nothing for one draw": (lambda m, x, k, g: bound()(m, x, k, g) if k > 1 else None, "nothing"),
}  # fmt: skip
for _title, (_answer, _hint) in WRONG.items():
    ANSWERS.wrong(_title, hint=_hint)(_answer)

ANSWERS.right("logcumsumexp")(bound(lambda w: w.logcumsumexp(0)[-1] - math.log(len(w))))
ANSWERS.right("q by hand")(
    q_as(lambda z, mu, v: -0.5 * ((z - mu) / torch.exp(0.5 * v)) ** 2 - 0.5 * v - 0.5 * math.log(2 * math.pi))
)
ANSWERS.right("chunks of images")(lambda m, x, k, g: torch.cat([bound()(m, some, k, g) for some in x.split(2)]))
ANSWERS.right("in evaluation mode")(lambda m, x, k, g: bound()(m.eval(), x, k, g))


@ANSWERS.right("multivariate Gaussians")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = draw_all(mu, logvar, samples, generator)
    q = MultivariateNormal(mu, torch.diag_embed(logvar.exp()))
    prior = MultivariateNormal(torch.zeros(z.shape[-1]), torch.eye(z.shape[-1]))
    return log_mean_exp(log_likelihood(model.decoder(z), x) + prior.log_prob(z) - q.log_prob(z))


@ANSWERS.right("a decoder in double")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = draw_all(mu, logvar, samples, generator)
    ratio = (Normal(0.0, 1.0).log_prob(z) - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z)).sum(-1)
    decoder = copy.deepcopy(model.decoder).double()
    return log_mean_exp(log_likelihood(decoder(z.double()), x.double()) + ratio)


@ANSWERS.right("NumPy's exp and log")
def _(model, x, samples, generator):
    log_w = log_importance_weights(model, x, samples, generator).double().numpy()
    largest = log_w.max(0)
    return torch.from_numpy(largest) + torch.from_numpy(log_w - largest).exp().mean(0).log()


@ANSWERS.right("the draws in two halves")
def _(model, x, samples, generator):
    def total(count):
        return bound(lambda log_w: log_w.logsumexp(0))(model, x, count, generator)

    half = samples // 2
    return (torch.logaddexp(total(half), total(samples - half)) if half else total(samples)) - math.log(samples)


@ANSWERS.wrong("each draw and its mirror image", hint="turned round")
def _(model, x, samples, generator):
    def draw(mu, logvar, k, g):
        eps = torch.randn((k + 1) // 2, *mu.shape, generator=g)
        return mu + torch.exp(0.5 * logvar) * torch.cat([eps, -eps])[:k]

    return bound(draw=draw)(model, x, samples, generator)


@ANSWERS.right("decoded twice")
def _(model, x, samples, generator):
    def draw(mu, logvar, k, g):
        z = draw_all(mu, logvar, k, g)
        model.decoder(z)
        return z

    return bound(draw=draw)(model, x, samples, generator)


@ANSWERS.wrong("the model left frozen", hint="freezes the model's parameters")
def _(model, x, samples, generator):
    model.requires_grad_(False)
    return bound()(model, x, samples, generator)


@ANSWERS.right("the mode put back")
def _(model, x, samples, generator):
    was = model.training
    model.eval()
    value = bound()(model, x, samples, generator)
    model.train(was)
    return value


@ANSWERS.wrong("a hundred draws at a time, and the rest left out", hint="should be given 401 for each image")
def _(model, x, samples, generator):
    parts = [100] * (samples // 100) or [samples]
    log_w = torch.cat([bound(lambda w: w)(model, x, part, generator) for part in parts])
    return log_mean_exp(log_w)


ANSWERS.wrong("the first draw is mu", hint="Some codes are mu itself")(
    bound(draw=lambda mu, v, k, g: torch.cat([mu[None], draw_all(mu, v, k, g)[1:]]))
)
ANSWERS.wrong("a sigma of q of at least 0.01", hint="yours")(
    bound(density=lambda mu, v: Normal(mu, (v / 2).exp().clamp(min=0.01)))
)
ANSWERS.wrong("divided by the prior, too", hint=r"log p\(z\) is subtracted, and must be added")(
    bound(prior=lambda mu: Given(lambda z: -Normal(0.0, 1.0).log_prob(z)))
)
ANSWERS.wrong("a sigmoid before log_likelihood", hint="that of a sigmoid of the logits")(
    bound(like=lambda logits, x: log_likelihood(logits.sigmoid(), x))
)
