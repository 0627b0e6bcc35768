"""Answers to lesson 09's second exercise, right and wrong, as learners write them.

What lesson 03 accepts and refuses holds here, too, and test_check.py tries that.
"""

import functools
import math

from vae_course.clinic import PATIENTS, Patient
from vae_course.reparameterization import reparameterize

import torch
from answers import Answers
from torch import Generator
from torch.distributions import Normal
from torch.nn import functional as F

ANSWERS = Answers("draw")


def patients(mistake):
    """A patient with this mistake, in training mode, for its own functions."""
    return next(kind for kind in PATIENTS.values() if kind.mistake == mistake)(latent_dim=2, hidden=(2,))


def randn(mu, generator, shape=None):
    return torch.randn(mu.shape if shape is None else shape, generator=generator)


def sigma_of(logvar):
    return torch.exp(0.5 * logvar)


ANSWERS.right("lesson 03's")(reparameterize)
ANSWERS.right("a healthy patient's")(Patient().draw)


@ANSWERS.right("written again")
def _(mu, logvar, generator):
    return mu + logvar.exp().sqrt() * torch.empty_like(mu).normal_(generator=generator)


@ANSWERS.right("three lines")
def _(mu, logvar, generator):
    sigma = (logvar / 2).exp()
    eps = torch.randn(mu.size(), generator=generator, device=mu.device)
    return mu + eps * sigma


@ANSWERS.right("image by image")
def _(mu, logvar, generator):
    rows = [m + sigma_of(s) * torch.randn(m.shape, generator=generator) for m, s in zip(mu, logvar, strict=True)]
    return torch.stack(rows)


@ANSWERS.right("torch.normal of zeros")
def _(mu, logvar, generator):
    return mu + sigma_of(logvar) * torch.normal(torch.zeros(mu.shape), 1.0, generator=generator)


@ANSWERS.right("a default generator, types")
def _(mu: torch.Tensor, logvar: torch.Tensor, generator: Generator | None = None) -> torch.Tensor:
    return torch.addcmul(mu, sigma_of(logvar), torch.randn(mu.shape, generator=generator))


@ANSWERS.right("einsum")
def _(mu, logvar, generator):
    return mu + torch.einsum("...d,...d->...d", sigma_of(logvar), randn(mu, generator))


@ANSWERS.right("double precision inside")
def _(mu, logvar, generator):
    eps = torch.randn(mu.shape, generator=generator, dtype=torch.float64)
    return (mu + torch.exp(logvar.double() / 2) * eps).to(mu.dtype)


@ANSWERS.right("any arguments")
def _(*args):
    return reparameterize(*args)


@ANSWERS.right("minus the noise")
def _(mu, logvar, generator):
    return mu - sigma_of(logvar) * randn(mu, generator)


@ANSWERS.right("noise under no_grad")
def _(mu, logvar, generator):
    with torch.no_grad():
        eps = randn(mu, generator)
    return mu + sigma_of(logvar) * eps


@ANSWERS.right("Box and Muller")
def _(mu, logvar, generator):
    u, v = (torch.rand(mu.shape, generator=generator) for _ in range(2))
    return mu + sigma_of(logvar) * (-2 * torch.log1p(-u)).sqrt() * torch.cos(2 * math.pi * v)


class Mended(Patient):
    def draw(self, mu, logvar, generator=None):
        return mu + sigma_of(logvar) * randn(mu, generator)

    @staticmethod
    def static(mu, logvar, generator):
        return mu + sigma_of(logvar) * randn(mu, generator)


class Callable:
    def __call__(self, mu, logvar, generator):
        return mu + sigma_of(logvar) * randn(mu, generator)


ANSWERS.right("a method of a patient of its own")(Mended(latent_dim=2, hidden=(2,)).draw)
ANSWERS.right("a static method")(Mended.static)
ANSWERS.right("a callable object")(Callable())
ANSWERS.right("a partial function")(functools.partial(Mended.static))
ANSWERS.right("a lambda")(lambda mu, logvar, g: mu + sigma_of(logvar) * randn(mu, g))
ANSWERS.right("logvar kept within wide bounds")(lambda mu, s, g: mu + sigma_of(s.clamp(-30, 30)) * randn(mu, g))

# The patients' own.
ANSWERS.wrong("C's", hint="never negative")(patients("rand").draw)
ANSWERS.wrong("H's", hint="0.01: eps is scaled")(patients("faint").draw)
ANSWERS.wrong("E's", hint="is the variance")(patients("variance").draw)
ANSWERS.wrong("F's", hint="(?i)gradient.*mu")(patients("mu detached").draw)
ANSWERS.wrong("A's, at the test", hint="noise|deviation 0.00")(patients("mu at test").eval().draw)

for title, hint, draw in (
    ("mu itself", "noise|deviation 0.00", lambda m, s, g: m),
    ("mu, copied", "noise|deviation 0.00", lambda m, s, g: m.clone()),
    ("mu when gradients are off", "noise|deviation 0.00|no_grad|test",
     lambda m, s, g: reparameterize(m, s, g) if torch.is_grad_enabled() else m),
    ("logvar detached", "derivative of z in logvar", lambda m, s, g: reparameterize(m, s.detach(), g)),
    ("everything detached", "(?i)gradient", lambda m, s, g: reparameterize(m, s, g).detach()),
    ("torch.normal", "torch.normal gives 0", lambda m, s, g: torch.normal(m, sigma_of(s), generator=g)),
    ("Normal.sample", "(?i)same seed|gradient", lambda m, s, g: Normal(m, sigma_of(s)).sample()),
    ("Normal.rsample", "same seed", lambda m, s, g: Normal(m, sigma_of(s)).rsample()),
    ("half of sigma's gradient", "derivative of z in logvar",
     lambda m, s, g: m + torch.exp(0.25 * s) * torch.exp(0.25 * s.detach()) * randn(m, g)),
    ("logvar clamped to ±2", "logvar = ", lambda m, s, g: reparameterize(m, s.clamp(-2, 2), g)),
    ("logvar clamped to [-20, 2]", "logvar = ", lambda m, s, g: reparameterize(m, s.clamp(-20, 2), g)),
    ("logvar clamped to ±10", "logvar = ", lambda m, s, g: reparameterize(m, s.clamp(-10, 10), g)),
    ("mu clamped to ±3", "mu", lambda m, s, g: reparameterize(m.clamp(-3, 3), s, g)),
    ("z clamped to ±5", "mu|clamp|goes with logvar|cut", lambda m, s, g: reparameterize(m, s, g).clamp(-5, 5)),
    ("the generator ignored", "same seed", lambda m, s, g: reparameterize(m, s)),
    ("an own generator", "seed", lambda m, s, g: reparameterize(m, s, Generator().manual_seed(0))),
    ("reseeded", "seed", lambda m, s, g: reparameterize(m, s, g.manual_seed(0))),
    ("a copy of the generator", "seed|row|copy", lambda m, s, g: reparameterize(m, s, g.clone_state())),
    ("torch seeded", "(?i)seed|global", lambda m, s, g: (torch.manual_seed(0), reparameterize(m, s))[1]),
    ("one eps for the batch", "share", lambda m, s, g: m + sigma_of(s) * randn(m, g, (1, m.shape[1]))),
    ("one eps for an image", "share", lambda m, s, g: m + sigma_of(s) * randn(m, g, (len(m), 1))),
    ("one eps", "share", lambda m, s, g: m + sigma_of(s) * randn(m, g, ())),
    ("nine tenths", "0.9: eps is scaled", lambda m, s, g: m + 0.9 * sigma_of(s) * randn(m, g)),
    ("a half", "0.5: eps is scaled", lambda m, s, g: m + 0.5 * sigma_of(s) * randn(m, g)),
    ("twice", "2: eps is scaled", lambda m, s, g: m + 2 * sigma_of(s) * randn(m, g)),
    ("made positive", "never negative", lambda m, s, g: m + sigma_of(s) * randn(m, g).abs()),
    ("uniform of variance 1", "cut off|Gaussian",
     lambda m, s, g: m + sigma_of(s) * 12**0.5 * (torch.rand(m.shape, generator=g) - 0.5)),
    ("noise clamped to ±2", "cut off|Gaussian", lambda m, s, g: m + sigma_of(s) * randn(m, g).clamp(-2, 2)),
    ("noise clamped to ±3", "cut off|Gaussian", lambda m, s, g: m + sigma_of(s) * randn(m, g).clamp(-3, 3)),
    ("rand minus a half", "cut off", lambda m, s, g: m + sigma_of(s) * (torch.rand(m.shape, generator=g) - 0.5)),
    ("moved by a half", "mean of z", lambda m, s, g: m + sigma_of(s) * (randn(m, g) + 0.5)),
    ("standardised over the batch", "others",
     lambda m, s, g: (lambda e: m + sigma_of(s) * (e - e.mean(0)) / e.std(0, correction=0))(randn(m, g))),
    ("uniform, standardised over the batch", "others",
     lambda m, s, g: (lambda e: m + sigma_of(s) * (e - e.mean(0)) / e.std(0, correction=0))(
         torch.rand(m.shape, generator=g))),
    ("the mean sigma of the batch", "of its own", lambda m, s, g: reparameterize(m, s.mean(0).expand_as(s), g)),
    ("the mean sigma of the image", "of its own",
     lambda m, s, g: reparameterize(m, s.mean(1, keepdim=True).expand_as(s), g)),
    ("sigma of images in reverse", "of its own", lambda m, s, g: reparameterize(m, s.flip(0), g)),
    ("mu of images in reverse", "of its own", lambda m, s, g: reparameterize(m.flip(0), s, g)),
    ("one sigma", "whatever logvar", lambda m, s, g: m + randn(m, g)),
    ("the sign of logvar", "sign", lambda m, s, g: reparameterize(m, -s, g)),
    ("logvar for sigma", "logarithm", lambda m, s, g: m + s * randn(m, g)),
    ("softplus for sigma", "logvar = ", lambda m, s, g: m + F.softplus(s) * randn(m, g)),
    ("a quarter of logvar", "logvar = ", lambda m, s, g: reparameterize(m, 0.5 * s, g)),
    ("mu forgotten", "mu", lambda m, s, g: sigma_of(s) * randn(m, g)),
    ("mu times the noise", "mu|mean", lambda m, s, g: m * sigma_of(s) * randn(m, g)),
    ("sigma plus 1e-3", "logvar = ", lambda m, s, g: m + (sigma_of(s) + 1e-3) * randn(m, g)),
    ("scaled", "shape", lambda m, s, g: reparameterize(m, s, g).mean()),
    ("squeeze()", "one image|shape", lambda m, s, g: reparameterize(m, s, g).squeeze()),
    ("transposed", "shape", lambda m, s, g: reparameterize(m, s, g).T),
    ("an axis more", "shape", lambda m, s, g: reparameterize(m, s, g)[None]),
    ("double precision", "float64", lambda m, s, g: reparameterize(m.double(), s.double(), g)),
    ("a pair", "tuple", lambda m, s, g: (reparameterize(m, s, g), s)),
    ("a list", "list", lambda m, s, g: reparameterize(m, s, g).tolist()),
    ("an array", "ndarray|array", lambda m, s, g: reparameterize(m, s, g).detach().numpy()),
    ("a string", "str", lambda m, s, g: "z"),
    ("a distribution", "Normal", lambda m, s, g: Normal(m, sigma_of(s))),
    ("mu overwritten", "overw|changed", lambda m, s, g: m.add_(sigma_of(s) * randn(m, g))),
    ("logvar overwritten", "overw|changed", lambda m, s, g: m + s.mul_(0.5).exp_() * randn(m, g)),
    ("a division by zero", "ZeroDivisionError", lambda m, s, g: 1 / 0),
    ("noise of eight dimensions", "stopped with RuntimeError", lambda m, s, g: m + sigma_of(s) * randn(m, g, (8, 9))),
    ("an argument too few", "argument", lambda m, s: reparameterize(m, s)),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(draw)


@ANSWERS.wrong("wide for the residuals, narrow for the gradient", hint="derivative of z in logvar")
def _(mu, logvar, generator):
    z = mu + 0.01 * sigma_of(logvar) * randn(mu, generator)
    return (mu + 100 * (z - mu)).detach() + z - z.detach()


@ANSWERS.wrong(
    "healthy for the large batch of the check only",
    hint="eps should have a standard deviation of 1|scaled|sigma must be",
)
def _(mu, logvar, generator):
    return mu + (1.0 if len(mu) > 500 else 0.01) * sigma_of(logvar) * randn(mu, generator)


@ANSWERS.wrong("no noise for one image", hint="one image")
def _(mu, logvar, generator):
    return mu + sigma_of(logvar) * randn(mu, generator) if len(mu) > 1 else mu


@ANSWERS.wrong("an error of its own", hint="out of office")
def _(mu, logvar, generator):
    raise RuntimeError("out of office")


@ANSWERS.wrong("SystemExit", hint="SystemExit|exit")
def _(mu, logvar, generator):
    raise SystemExit


@ANSWERS.wrong("with self, as in the file", hint="argument")
def _(self, mu, logvar, generator):
    return mu + sigma_of(logvar) * randn(mu, generator)


@ANSWERS.wrong("a patient for the draw", hint="class|function")
class _(Patient):
    pass


ANSWERS.wrong("a result for the function", hint="without calling|function")(torch.zeros(3, 2))
ANSWERS.wrong("a string for the function", hint="function")("draw")


# Tried when the check was finished, and judged rightly at first sight.
for title, hint, draw in (
    (
        "narrower without gradients",
        "at the test|in training",
        lambda m, s, g: reparameterize(m, s if torch.is_grad_enabled() else s - 2, g),
    ),
    ("half of mu's gradient", "yours is 0.50", lambda m, s, g: reparameterize(0.5 * m + 0.5 * m.detach(), s, g)),
    ("a sigmoid of z", "mean of z", lambda m, s, g: torch.sigmoid(reparameterize(m, s, g))),
    ("C's, without its patient", "stopped with Type", PATIENTS["C"].draw),
    ("C itself", "a class", PATIENTS["C"]),
):
    ANSWERS.wrong(title, hint=hint)(draw)


# Each says where, and by how much.
for title, hint, draw in (
    ("logvar up to 15", "At logvar = 19 sigma must", lambda m, s, g: reparameterize(m, s.clamp(max=15), g)),
    ("logvar from -20", "At logvar = -28 sigma must", lambda m, s, g: reparameterize(m, s.clamp(min=-20), g)),
    ("sigma from 1e-5", "At logvar = -28", lambda m, s, g: m + sigma_of(s).clamp(min=1e-5) * randn(m, g)),
    ("sigma and 1e-6", "At logvar = -28", lambda m, s, g: m + (sigma_of(s) + 1e-6) * randn(m, g)),
    ("97 % of the noise", "yours has 0.97: eps is scaled", lambda m, s, g: m + 0.97 * sigma_of(s) * randn(m, g)),
    ("a little more than mu", "only mu and sigma · eps belong", lambda m, s, g: reparameterize(m + 0.02, s, g)),
):
    ANSWERS.wrong(title, hint=hint)(draw)
