"""Answers to the exercise `kl_by_draws` written from its text alone."""

import math

import torch
from lessons.prior.answers_kl_by_draws import ANSWERS, drawn, log_q, made
from torch.distributions import AffineTransform, Normal, TransformedDistribution

right, wrong = ANSWERS.right, ANSWERS.wrong


def stretched(z, mu, logvar):
    base = Normal(torch.zeros_like(mu), 1.0)
    return TransformedDistribution(base, [AffineTransform(mu, (0.5 * logvar).exp())]).log_prob(z).sum(-1)


right("a transformed distribution")(made(posterior=stretched))
right("noise subtracted")(made(draw=lambda m, v, g: m - torch.exp(0.5 * v) * torch.randn(m.shape, generator=g)))
right("noise drawn on its side")(
    made(draw=lambda m, v, g: m + torch.exp(0.5 * v) * torch.randn(m.shape[::-1], generator=g).T)
)


@right("a loop over images, each with a question to the prior")
def _(mu, logvar, prior, generator):
    return torch.cat([made()(m[None], v[None], prior, generator) for m, v in zip(mu, logvar, strict=True)])


@right("a loop over parts of two images")
def _(mu, logvar, prior, generator):
    return torch.cat([made()(m, v, prior, generator) for m, v in zip(mu.split(2), logvar.split(2), strict=True)])


wrong("log q summed over the batch", hint="summed over the batch")(made(join=lambda q, p: q.sum() - p))
wrong("log p summed over the batch", hint="summed over the batch")(made(join=lambda q, p: q - p.sum()))
wrong("in units of log 10", hint="For one draw it gives")(made(join=lambda q, p: (q - p) / math.log(10)))
wrong("softplus, so that it is positive", hint="For one draw it gives")(
    made(join=lambda q, p: torch.nn.functional.softplus(q - p))
)
wrong("the logs of two images", hint="For one draw it gives")(made(posterior=lambda z, m, v: log_q(z.flip(0), m, v)))


@wrong("two mirrored draws", hint="asks the prior 2 times. Ask it once")
def _(mu, logvar, prior, generator):
    off = drawn(0 * mu, logvar, generator)
    return sum(log_q(z, mu, logvar) - prior.log_prob(z) for z in (mu + off, mu - off)) / 2


@wrong("the prior left in eval mode", hint="eval")
def _(mu, logvar, prior, generator):
    prior.eval()
    return made()(mu, logvar, prior, generator)
