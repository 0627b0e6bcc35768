"""Answers to lesson 03's exercise, right and wrong, as learners write them."""

import functools
import math

from vae_course.reparameterization import reparameterize

import numpy as np
import torch
from answers import Answers
from torch import Generator, Tensor
from torch.distributions import Normal
from torch.nn import functional as F

ANSWERS = Answers("reparameterize")


def randn(mu, generator, shape=None):
    return torch.randn(mu.shape if shape is None else shape, generator=generator)


def sigma_of(logvar):
    return torch.exp(0.5 * logvar)


ANSWERS.right("the course's own")(reparameterize)


@ANSWERS.right("three lines")
def _(mu, logvar, generator):
    eps = torch.randn(mu.shape, generator=generator)
    sigma = torch.exp(0.5 * logvar)
    return mu + sigma * eps


@ANSWERS.right("a root of the variance")
def _(mu, logvar, generator):
    return mu + logvar.exp().sqrt() * randn(mu, generator)


@ANSWERS.right("a power")
def _(mu, logvar, generator):
    return math.e ** (logvar / 2) * randn(mu, generator) + mu


@ANSWERS.right("torch.addcmul")
def _(mu, logvar, generator):
    return torch.addcmul(mu, logvar.div(2).exp(), randn(mu, generator))


@ANSWERS.right("noise made in place")
def _(mu, logvar, generator):
    return mu + logvar.exp().sqrt() * torch.empty_like(mu).normal_(generator=generator)


@ANSWERS.right("in place on its own tensors")
def _(mu, logvar, generator):
    return randn(mu, generator).mul_(logvar.mul(0.5).exp_()).add_(mu)


@ANSWERS.right("torch.normal of zeros and ones")
def _(mu, logvar, generator):
    eps = torch.normal(torch.zeros_like(mu), torch.ones_like(mu), generator=generator)
    return mu + sigma_of(logvar) * eps


@ANSWERS.right("torch.normal with numbers and a size")
def _(mu, logvar, generator):
    return mu + sigma_of(logvar) * torch.normal(0.0, 1.0, size=mu.shape, generator=generator)


@ANSWERS.right("einsum")
def _(mu, logvar, generator):
    return mu + torch.einsum("bd,bd->bd", sigma_of(logvar), randn(mu, generator))


@ANSWERS.right("image by image")
def _(mu, logvar, generator):
    return torch.stack([m + sigma_of(s) * randn(m, generator) for m, s in zip(mu, logvar, strict=True)])


@ANSWERS.right("dimension by dimension")
def _(mu, logvar, generator):
    columns = [mu[:, d] + sigma_of(logvar[:, d]) * randn(mu[:, d], generator) for d in range(mu.shape[1])]
    return torch.stack(columns, dim=1)


@ANSWERS.right("minus the noise, which is as likely")
def _(mu, logvar, generator):
    return mu - sigma_of(logvar) * randn(mu, generator)


@ANSWERS.right("by the normal distribution's quantile")
def _(mu, logvar, generator):
    u = torch.rand(mu.shape, generator=generator, dtype=torch.float64).clamp(1e-12, 1 - 1e-12)
    return mu + sigma_of(logvar) * torch.special.ndtri(u).float()


@ANSWERS.right("Box and Muller")
def _(mu, logvar, generator):
    u, v = (torch.rand(mu.shape, generator=generator) for _ in range(2))
    return mu + sigma_of(logvar) * (-2 * torch.log1p(-u)).sqrt() * torch.cos(2 * math.pi * v)


@ANSWERS.right("Normal(0, 1).icdf")
def _(mu, logvar, generator):
    u = torch.rand(mu.shape, generator=generator).clamp(1e-7, 1 - 1e-7)
    return mu + sigma_of(logvar) * Normal(0.0, 1.0).icdf(u)


@ANSWERS.right("double precision inside")
def _(mu, logvar, generator):
    eps = torch.randn(mu.shape, generator=generator, dtype=torch.float64)
    return (mu.double() + torch.exp(logvar.double() / 2) * eps).float()


@ANSWERS.right("types, a default generator and a helper")
def _(mu: Tensor, logvar: Tensor, generator: Generator | None = None) -> Tensor:
    def noise(like: Tensor) -> Tensor:
        return torch.randn(like.size(), generator=generator, dtype=like.dtype, device=like.device)

    return mu + noise(mu) * (0.5 * logvar).exp()


@ANSWERS.right("an extra argument with a default")
def _(mu, logvar, generator, temperature=1.0):
    return mu + temperature * sigma_of(logvar) * randn(mu, generator)


@ANSWERS.right("any arguments")
def _(*args):
    mu, logvar, generator = args
    return mu + sigma_of(logvar) * randn(mu, generator)


@ANSWERS.right("logvar kept within wide bounds, of no effect")
def _(mu, logvar, generator):
    return mu + sigma_of(logvar.clamp(-30, 30)) * randn(mu, generator)


@ANSWERS.right("noise drawn under no_grad")
def _(mu, logvar, generator):
    with torch.no_grad():
        eps = randn(mu, generator)
    return mu + sigma_of(logvar) * eps


@ANSWERS.right("noise detached, which it was already")
def _(mu, logvar, generator):
    return mu + sigma_of(logvar) * randn(mu, generator).detach()


@ANSWERS.right("other names, given in order")
def _(m, s, g):
    return m + (s * 0.5).exp() * torch.randn(*m.shape, generator=g)


@ANSWERS.right("entry by entry")
def _(mu, logvar, generator):
    z = [
        m + s.div(2).exp() * torch.randn((), generator=generator)
        for m, s in zip(mu.flatten(), logvar.flatten(), strict=True)
    ]
    return torch.stack(z).reshape(mu.shape)


class Draw:
    def __call__(self, mu, logvar, generator):
        return mu + sigma_of(logvar) * randn(mu, generator)

    @staticmethod
    def static(mu, logvar, generator):
        return mu + sigma_of(logvar) * randn(mu, generator)


def scaled(scale, mu, logvar, generator):
    return mu + scale * sigma_of(logvar) * randn(mu, generator)


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


ANSWERS.right("a callable object")(Draw())
ANSWERS.right("a static method")(Draw.static)
ANSWERS.right("a partial function")(functools.partial(scaled, 1.0))
ANSWERS.right("decorated")(logged(Draw.static))
ANSWERS.right("a lambda")(lambda mu, logvar, generator: mu + sigma_of(logvar) * randn(mu, generator))

# Sigma.
for title, hint, sigma in (
    ("the variance", "variance", torch.exp),
    ("the variance, as a square", "variance", lambda s: sigma_of(s) ** 2),
    ("the fourth root", "%|sigma must be|logvar =", lambda s: torch.exp(0.25 * s)),
    ("a third of logvar", "sigma must be|logvar =", lambda s: torch.exp(s / 3)),
    ("logvar doubled", "sigma must be|logvar =", lambda s: torch.exp(2 * s)),
    ("logvar halved by integers", "sigma must be|logvar =", lambda s: torch.exp(s // 2)),
    ("the sign turned", "sign", lambda s: torch.exp(-0.5 * s)),
    ("one over the variance", "sign|sigma must be|logvar =", lambda s: 1 / s.exp()),
    ("one", "whatever logvar", torch.ones_like),
    ("logvar itself", "logarithm", lambda s: s),
    ("half of logvar", "logarithm|sigma must be|logvar =", lambda s: 0.5 * s),
    ("the size of logvar", "logarithm", torch.abs),
    ("a root of logvar", "NaN", torch.sqrt),
    ("a logarithm of logvar", "NaN", torch.log),
    ("softplus", "sigma must be|logvar =", F.softplus),
    ("softplus of a half", "sigma must be|logvar =", lambda s: F.softplus(0.5 * s)),
    ("a power of 2", "sigma must be|logvar =", lambda s: 2 ** (0.5 * s)),
    ("a power of 10", "sigma must be|logvar =", lambda s: 10 ** (0.5 * s)),
    ("exp and half exchanged", "sigma must be|logvar =|scaled", lambda s: 0.5 * s.exp()),
    ("a half of sigma", "scaled|standard deviation of 1", lambda s: 0.5 * sigma_of(s)),
    ("expm1", "sigma must be|logvar =|NaN", lambda s: torch.expm1(0.5 * s)),
    ("sigma plus one", "sigma must be|logvar =", lambda s: 1 + sigma_of(s)),
    ("sigma plus 0.01", "sigma must be|logvar =", lambda s: sigma_of(s) + 0.01),
    ("sigma plus 1e-3", "sigma must be|logvar =", lambda s: sigma_of(s) + 1e-3),
    ("logvar clamped to [-20, 2]", "logvar =|clamp", lambda s: sigma_of(s.clamp(-20, 2))),
    ("logvar clamped to [-2, 2]", "logvar =|clamp", lambda s: sigma_of(s.clamp(-2, 2))),
    ("logvar clamped to [-10, 10]", "logvar =|clamp", lambda s: sigma_of(s.clamp(-10, 10))),
    ("logvar clamped to [-4, 4]", "logvar =|clamp", lambda s: sigma_of(s.clamp(-4, 4))),
    ("logvar clamped at 0", "logvar =|clamp", lambda s: sigma_of(s.clamp(max=0))),
    ("sigma clamped at 1", "logvar =|clamp", lambda s: sigma_of(s).clamp(max=1)),
    ("sigma at least 0.1", "logvar =|clamp", lambda s: sigma_of(s).clamp(min=0.1)),
    ("logvar squashed by tanh", "logvar =|sigma must be", lambda s: sigma_of(torch.tanh(s))),
    ("a sigmoid", "logvar =|sigma must be", torch.sigmoid),
    ("a Taylor series", "logvar =|sigma must be", lambda s: 1 + 0.5 * s + s**2 / 8),
    ("the mean over the batch", "(?i)own sigma|of its own", lambda s: sigma_of(s.mean(0, keepdim=True))),
    ("the mean over the dimensions", "(?i)own sigma|of its own", lambda s: sigma_of(s.mean(-1, keepdim=True))),
    ("the mean over everything", "(?i)own sigma|of its own", lambda s: sigma_of(s.mean())),
    ("the first image's", "(?i)own sigma|of its own", lambda s: sigma_of(s[:1])),
    ("the first dimension's", "(?i)own sigma|of its own", lambda s: sigma_of(s[..., :1])),
    ("of images in reverse", "(?i)own sigma|of its own", lambda s: sigma_of(s.flip(0))),
    ("of dimensions in reverse", "(?i)own sigma|of its own", lambda s: sigma_of(s.flip(-1))),
    ("of the next image", "(?i)own sigma|of its own", lambda s: sigma_of(s.roll(1, 0))),
    ("sorted", "(?i)own sigma|of its own", lambda s: sigma_of(s.sort(0).values)),
    ("sigma normalised to sum 1", "whatever logvar", lambda s: torch.softmax(0.5 * s, -1)),
    ("detached", "derivative of z in logvar", lambda s: sigma_of(s.detach())),
    ("by .data", "derivative of z in logvar", lambda s: sigma_of(s.data)),
    ("in numpy", "derivative of z in logvar|numpy", lambda s: torch.from_numpy(np.exp(0.5 * s.detach().numpy()))),
    ("by item", "derivative of z in logvar|own sigma|of its own", lambda s: math.exp(0.5 * s.flatten()[0].item())),
    ("half detached", "derivative of z in logvar", lambda s: torch.exp(0.25 * s) * torch.exp(0.25 * s.detach())),
    ("a new tensor", "derivative of z in logvar",
     lambda s: torch.tensor([[math.exp(0.5 * v) for v in row] for row in s.tolist()])),
    ("half precision inside", "logvar =|sigma must be|derivative|inf|finite", lambda s: sigma_of(s.half()).float()),
):  # fmt: skip
    ANSWERS.wrong("sigma: " + title, hint=hint)(lambda m, s, g, sigma=sigma: m + sigma(s) * randn(m, g))
