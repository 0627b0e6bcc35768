"""Answers to the exercise `importance_weighted_bound` written from its text alone."""

import math

from vae_course.decoder import log_likelihood
from vae_course.evaluation import Bound
from vae_course.reparameterization import reparameterize

import numpy as np
import torch
from lessons.evaluation.answers_importance_weighted_bound_held_out import ANSWERS
from torch.distributions import Independent, Normal
from torch.nn import functional as F


@ANSWERS.wrong("divided by K", "K divides the log")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)
    log_w = (
        log_likelihood(model.decoder(z), x)
        + Normal(0.0, 1.0).log_prob(z).sum(-1)
        - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
    )
    return torch.logsumexp(log_w, 0) / samples


@ANSWERS.wrong("log q added", "log q\\(z\\|x\\) is added")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)
    log_w = (
        log_likelihood(model.decoder(z), x)
        + Normal(0.0, 1.0).log_prob(z).sum(-1)
        + Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
    )
    return log_w.logsumexp(0) - math.log(samples)


@ANSWERS.wrong("no prior, too", "The prior p\\(z\\) is missing")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)
    log_w = log_likelihood(model.decoder(z), x) - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
    return log_w.logsumexp(0) - math.log(samples)


@ANSWERS.wrong("mean over batch", "\\], and it is \\[\\]\\.")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)
    log_w = (
        log_likelihood(model.decoder(z), x)
        + Normal(0.0, 1.0).log_prob(z).sum(-1)
        - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
    )
    return (log_w.logsumexp(0) - math.log(samples)).mean()


@ANSWERS.wrong("cdf in place of density", "cdf far out")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)
    log_w = (
        log_likelihood(model.decoder(z), x)
        + Normal(0.0, 1.0).cdf(z).log().sum(-1)
        - Normal(mu, torch.exp(0.5 * logvar)).cdf(z).log().sum(-1)
    )
    return log_w.logsumexp(0) - math.log(samples)


@ANSWERS.wrong("no generator", "It uses or seeds torch's")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    q = Normal(mu, torch.exp(0.5 * logvar))
    z = q.rsample((samples,))
    log_w = log_likelihood(model.decoder(z), x) + Normal(0.0, 1.0).log_prob(z).sum(-1) - q.log_prob(z).sum(-1)
    return log_w.logsumexp(0) - math.log(samples)


@ANSWERS.wrong("one draw only", "codes, and should be given")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = reparameterize(mu, logvar, generator)
    return (
        log_likelihood(model.decoder(z), x)
        + Normal(0.0, 1.0).log_prob(z).sum(-1)
        - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
    )


@ANSWERS.wrong("logsumexp of -elbo costs", "The log of the average weight is")
def _(model, x, samples, generator):
    costs = torch.stack([model.elbo(x, generator).negative_elbo for _ in range(samples)])
    return -(costs.logsumexp(0) - math.log(samples))


@ANSWERS.wrong("bound returned", "not a Bound of 2")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)
    log_w = (
        log_likelihood(model.decoder(z), x)
        + Normal(0.0, 1.0).log_prob(z).sum(-1)
        - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
    )
    return Bound(log_w.logsumexp(0) - math.log(samples), log_w.std(0))


@ANSWERS.right("loop")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    q, p = Normal(mu, torch.exp(0.5 * logvar)), Normal(0.0, 1.0)
    log_w = []
    for _ in range(samples):
        z = reparameterize(mu, logvar, generator)
        log_w.append(log_likelihood(model.decoder(z), x) + p.log_prob(z).sum(-1) - q.log_prob(z).sum(-1))
    return torch.stack(log_w).logsumexp(0) - math.log(samples)


@ANSWERS.right("per image")
@torch.no_grad()
def _(model, x, samples, generator):
    out = []
    for image in x:
        mu, logvar = model.encoder(image[None])
        std = torch.exp(logvar / 2)
        z = mu + std * torch.randn(samples, mu.shape[1], generator=generator)
        lw = log_likelihood(model.decoder(z), image.expand(samples, -1, -1, -1))
        lw = lw + Normal(0, 1).log_prob(z).sum(1) - Normal(mu, std).log_prob(z).sum(1)
        out.append(torch.logsumexp(lw, dim=0) - torch.log(torch.tensor(float(samples))))
    return torch.stack(out)


@ANSWERS.right("by hand densities")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    eps = torch.randn((samples, *mu.shape), generator=generator)
    z = mu + eps * (0.5 * logvar).exp()
    log_ratio = 0.5 * (eps.square() + logvar - z.square()).sum(-1)
    log_w = log_likelihood(model.decoder(z), x) + log_ratio
    m = log_w.amax(0)
    return m + (log_w - m).exp().mean(0).log()


@ANSWERS.right("streaming logaddexp")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    total = torch.full((len(x),), -math.inf)
    for _ in range(samples):
        z = reparameterize(mu, logvar, generator)
        lw = log_likelihood(logits=model.decoder(z), x=x) + (
            Normal(0.0, 1.0).log_prob(z) - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z)
        ).sum(-1)
        total = torch.logaddexp(total, lw)
    return total - np.log(samples)


@ANSWERS.right("independent and multivariate")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    q = Independent(Normal(mu, torch.exp(0.5 * logvar)), 1)
    p = Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
    z = reparameterize(mu.repeat(samples, 1, 1), logvar.repeat(samples, 1, 1), generator)
    log_w = log_likelihood(model.decoder(z), x) + p.log_prob(z) - q.log_prob(z)
    return log_w.logsumexp(dim=0) - math.log(samples)


@ANSWERS.right("flattened decoder")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    B, D = mu.shape
    z = reparameterize(mu.repeat(samples, 1), logvar.repeat(samples, 1), generator)
    lp = log_likelihood(model.decoder(z), x.repeat(samples, 1, 1, 1)).view(samples, B)
    z = z.view(samples, B, D)
    lw = lp + Normal(0.0, 1.0).log_prob(z).sum(-1) - Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(-1)
    return lw.logsumexp(0).sub(math.log(samples))


@ANSWERS.right("repeat_interleave [B, K]")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    mu, logvar, xs = (t.repeat_interleave(samples, 0) for t in (mu, logvar, x))
    z = reparameterize(mu, logvar, generator)
    lw = (
        log_likelihood(model.decoder(z), xs)
        + Normal(0.0, 1.0).log_prob(z).sum(-1)
        - Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(-1)
    )
    return lw.unflatten(0, (len(x), samples)).logsumexp(1) - math.log(samples)


@ANSWERS.right("double")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)
    parts = [
        log_likelihood(model.decoder(z), x).double(),
        Normal(0.0, 1.0).log_prob(z).double().sum(-1),
        -Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).double().sum(-1),
    ]
    return sum(parts).logsumexp(0) - math.log(samples)


@ANSWERS.right("elbo kl swapped in")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    q = Normal(mu, torch.exp(0.5 * logvar))
    z = q.mean + q.stddev * torch.randn(samples, *q.mean.shape, generator=generator)
    rec = F.binary_cross_entropy_with_logits(model.decoder(z), x.expand(samples, *x.shape), reduction="none").sum(
        (2, 3, 4)
    )
    lw = -rec + Normal(0.0, 1.0).log_prob(z).sum(-1) - q.log_prob(z).sum(-1)
    return lw.softmax(0).mul(0).sum(0) + lw.logsumexp(0) - math.log(samples)


@ANSWERS.wrong("prior of posterior mean", "The log of the average weight is")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)
    lw = (
        log_likelihood(model.decoder(z), x)
        + Normal(0.0, 1.0).log_prob(mu).sum(-1)
        - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
    )
    return lw.logsumexp(0) - math.log(samples)


@ANSWERS.wrong("expm1 of density product: exp of densities", "The log of the average weight is")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)
    lw = (
        log_likelihood(model.decoder(z), x)
        + Normal(0.0, 1.0).log_prob(z).exp().sum(-1)
        - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).exp().sum(-1)
    )
    return lw.logsumexp(0) - math.log(samples)


@ANSWERS.wrong("logmeanexp over chunks averaged", "The log of the average weight is")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    bounds = []
    for start in range(0, samples, 5):
        k = min(5, samples - start)
        z = reparameterize(mu.expand(k, -1, -1), logvar.expand(k, -1, -1), generator)
        lw = (
            log_likelihood(model.decoder(z), x)
            + Normal(0.0, 1.0).log_prob(z).sum(-1)
            - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
        )
        bounds.append(lw.logsumexp(0) - math.log(k))
    return torch.stack(bounds).mean(0)


@ANSWERS.wrong("median of logs", "The log of the average weight is")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)
    lw = (
        log_likelihood(model.decoder(z), x)
        + Normal(0.0, 1.0).log_prob(z).sum(-1)
        - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
    )
    return lw.median(0).values


@ANSWERS.wrong("list", "Return a tensor")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)
    lw = (
        log_likelihood(model.decoder(z), x)
        + Normal(0.0, 1.0).log_prob(z).sum(-1)
        - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
    )
    return (lw.logsumexp(0) - math.log(samples)).tolist()


@ANSWERS.right("vmap over draws")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    eps = torch.randn(samples, *mu.shape, generator=generator)
    std = torch.exp(0.5 * logvar)

    def one(e):
        z = mu + std * e
        return log_likelihood(model.decoder(z), x) + (
            Normal(0.0, 1.0, validate_args=False).log_prob(z) - Normal(mu, std, validate_args=False).log_prob(z)
        ).sum(-1)

    lw = torch.stack([one(e) for e in eps])
    return torch.logsumexp(lw - math.log(samples), 0)


@ANSWERS.right("chunks with logaddexp")
def _(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    total = None
    for start in range(0, samples, 4):
        k = min(4, samples - start)
        z = reparameterize(mu.expand(k, -1, -1), logvar.expand(k, -1, -1), generator)
        lw = (
            log_likelihood(model.decoder(z), x)
            + Normal(0.0, 1.0).log_prob(z).sum(-1)
            - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
        )
        part = lw.logsumexp(0)
        total = part if total is None else torch.logaddexp(total, part)
    return total - math.log(samples)
