"""Answers to the exercise `elbo_terms` written from its text alone."""

from collections import namedtuple

from vae_course.decoder import log_likelihood
from vae_course.elbo import ElboTerms, kl_divergence

import torch
from lessons.elbo.answers_elbo_terms_held_out import ANSWERS
from torch.distributions import Bernoulli, Independent, Normal
from torch.distributions import kl_divergence as torch_kl
from torch.nn import functional as F


@ANSWERS.wrong("swapped", "The two terms have changed")
def _(x, logits, mu, logvar):
    rec = -log_likelihood(logits, x)
    kl = kl_divergence(mu, logvar)
    return ElboTerms(kl, rec)


@ANSWERS.wrong("plain tuple", "Keep the two terms apart")
def _(x, logits, mu, logvar):
    return -log_likelihood(logits, x), kl_divergence(mu, logvar)


@ANSWERS.wrong("bce on logits without sigmoid", "reconstruction: an image gets")
def _(x, logits, mu, logvar):
    return ElboTerms(
        F.binary_cross_entropy(logits.clamp(0, 1), x, reduction="none").flatten(1).sum(1), kl_divergence(mu, logvar)
    )


@ANSWERS.wrong("kl with sigma instead of logvar", "kl: logvar is used as")
def _(x, logits, mu, logvar):
    kl = 0.5 * (mu**2 + logvar**2 - 1 - torch.log(logvar**2)).sum(-1)
    return ElboTerms(-log_likelihood(logits, x), kl)


@ANSWERS.wrong("kl mean over latents", "3 latent dimensions")
def _(x, logits, mu, logvar):
    return ElboTerms(-log_likelihood(logits, x), 0.5 * (mu.pow(2) + logvar.exp() - 1 - logvar).mean(-1))


@ANSWERS.wrong("only white pixels", "Only the on pixels")
def _(x, logits, mu, logvar):
    rec = -(x * F.logsigmoid(logits)).sum((1, 2, 3))
    return ElboTerms(rec, kl_divergence(mu, logvar))


@ANSWERS.wrong("log prob eps", "clamped")
def _(x, logits, mu, logvar):
    p = torch.sigmoid(logits)
    rec = -(x * torch.log(p + 1e-8) + (1 - x) * torch.log(1 - p + 1e-8)).flatten(1).sum(1)
    return ElboTerms(rec, kl_divergence(mu, logvar))


@ANSWERS.right("keywords swapped order")
def _(x, logits, mu, logvar):
    return ElboTerms(kl=kl_divergence(mu, logvar), reconstruction=-log_likelihood(logits, x))


@ANSWERS.right("torch distributions")
def _(x, logits, mu, logvar):
    q = Normal(mu, (0.5 * logvar).exp())
    kl = torch_kl(q, Normal(torch.zeros_like(mu), torch.ones_like(mu))).sum(1)
    rec = -Independent(Bernoulli(logits=logits), 3).log_prob(x)
    return ElboTerms(rec, kl)


@ANSWERS.right("bce functional")
def _(x, logits, mu, logvar):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(start_dim=1).sum(dim=1)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)
    return ElboTerms(reconstruction, kl)


@ANSWERS.right("double inside")
def _(x, logits, mu, logvar):
    return ElboTerms(
        -log_likelihood(logits.double(), x.double()).float(), kl_divergence(mu.double(), logvar.double()).float()
    )


@ANSWERS.right("loop")
def _(x, logits, mu, logvar):
    rec, kl = [], []
    for i in range(x.shape[0]):
        rec.append(-log_likelihood(logits[i], x[i]))
        kl.append(kl_divergence(mu[i], logvar[i]))
    return ElboTerms(torch.stack(rec), torch.stack(kl))


@ANSWERS.right("einsum, too")
def _(x, logits, mu, logvar):
    rec = torch.einsum("bchw->b", F.softplus(logits)) - torch.einsum("bchw,bchw->b", x, logits)
    kl = 0.5 * torch.einsum("bd->b", mu.square() + torch.expm1(logvar) - logvar)
    return ElboTerms(rec, kl)


@ANSWERS.right("vmap")
def _(x, logits, mu, logvar):
    def one(x, w, m, v):
        return F.softplus(w).sum() - (x * w).sum(), 0.5 * (m * m + v.exp() - 1 - v).sum()

    return ElboTerms(*torch.vmap(one)(x, logits, mu, logvar))


T = namedtuple("ElboTerms", "reconstruction kl", module="__main__")


@ANSWERS.wrong("namedtuple of other class", "of your own")
def _(x, logits, mu, logvar):
    return T(-log_likelihood(logits, x), kl_divergence(mu, logvar))


@ANSWERS.wrong("shape [B,1]", "Sum over the pixels")
def _(x, logits, mu, logvar):
    return ElboTerms(-log_likelihood(logits, x)[:, None], kl_divergence(mu, logvar)[:, None])


@ANSWERS.wrong("sigma floor", "kl: try one image with D =")
def _(x, logits, mu, logvar):
    var = logvar.exp() + 1e-3
    return ElboTerms(-log_likelihood(logits, x), 0.5 * (mu**2 + var - 1 - var.log()).sum(-1))


@ANSWERS.right("extra defaults")
def _(x, logits, mu, logvar, *, ll=log_likelihood, kl=kl_divergence):
    return ElboTerms(ll(logits, x).neg(), kl(mu, logvar))


@ANSWERS.right("inf safe")
def _(x, logits, mu, logvar):
    signed = torch.where(x == 1, -logits, logits) if ((x == 0) | (x == 1)).all() else None
    rec = F.softplus(signed).sum((1, 2, 3)) if signed is not None else -log_likelihood(logits, x)
    return ElboTerms(rec, kl_divergence(mu, logvar))
