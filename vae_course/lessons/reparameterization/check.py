"""Lesson 03's check: is it a draw from the right Gaussian, and does the gradient pass?"""

import torch
from torch import Generator, Tensor

from vae_course.kit.exercise import exercise, tried

DRAWS = 20_000
LOGVARS = (-2.0, 0.0, 2.0)
# What answers use for sigma, and what to say of each.
WRONG_SIGMAS = {
    "exp(logvar) is the variance. Sigma is its square root: halve logvar before the exponential.": torch.exp,
    "The noise has the same size whatever logvar is: eps must be multiplied by sigma.": torch.ones_like,
    "logvar itself is used as sigma, but it is a logarithm: undo it with an exponential.": torch.abs,
    "Sigma shrinks where logvar grows: look at a sign in the exponential.": lambda logvar: torch.exp(-0.5 * logvar),
}


def _mu_logvar(logvar: float, rows: int = DRAWS) -> tuple[Tensor, Tensor]:
    mu = torch.tensor([3.0, -2.0]).expand(rows, 2).clone()
    return mu, torch.full((rows, 2), logvar)


@exercise("reparameterize", "It draws from N(mu, sigma²), image by image, and lets the gradient through.")
def check_reparameterize(reparameterize):
    """Draws at three variances, then the gradient against 1 and ½ sigma eps."""
    return _shape(reparameterize) or _dice(reparameterize) or _gaussian(reparameterize) or _gradient(reparameterize)


def _shape(reparameterize) -> str | None:
    mu = torch.zeros(3, 5)
    z = tried(reparameterize(mu, torch.zeros(3, 5), Generator().manual_seed(0)))
    if not isinstance(z, Tensor):
        return f"Return the tensor z, not a {type(z).__name__}."
    if z.shape != mu.shape:
        return f"z must have the shape of mu: here [3, 5], found {list(z.shape)}."
    return None


def _dice(reparameterize) -> str | None:
    mu, logvar = _mu_logvar(-1.0, rows=64)
    generator = Generator().manual_seed(0)
    first, second, again = (
        reparameterize(mu.clone(), logvar.clone(), dice) for dice in (generator, generator, Generator().manual_seed(0))
    )
    if first.isnan().any():
        return "z contains NaN: is there a root or a logarithm of a negative number? logvar may be negative."
    noise = first - mu
    images_alike = noise.std(0).max() < 1e-6
    if images_alike and torch.equal(first, second):
        return "z is the same whatever the dice say: where is the noise eps?"
    if images_alike:
        return "Every image of the batch got the same eps: draw one number for each entry of mu."
    if torch.equal(first, second):
        return "Two calls in a row gave the same draws: do not seed inside, take the draws from the generator given."
    if not torch.equal(first, again):
        return "The same seed gave other draws: pass the generator on to what draws eps (randn; rsample takes none)."
    if torch.allclose(noise[:, 0], noise[:, 1], atol=1e-4):
        return "All latent dimensions of an image share one eps: draw one number for each entry of mu."
    return None


def _gaussian(reparameterize) -> str | None:
    generator = Generator().manual_seed(0)
    noise = []
    for value in LOGVARS:
        mu, logvar = _mu_logvar(value)
        noise.append(reparameterize(mu.clone(), logvar, generator).detach() - mu)
    centre, std = torch.stack([n.mean(0) for n in noise]), torch.stack([n.std() for n in noise])
    if (centre.abs() > 0.05 * std[:, None]).any():
        if all(n.min() >= 0 for n in noise):
            return "eps is never negative: rand draws evenly from 0 to 1, a Gaussian draw is randn."
        return f"The mean of z must be mu. At mu = 3 and -2 it is {3 + centre[1, 0]:.2f} and {-2 + centre[1, 1]:.2f}."
    logvars = torch.tensor(LOGVARS)
    right = torch.exp(0.5 * logvars)
    scale = (std / right).mean()
    if not torch.allclose(std, scale * right, rtol=0.05):
        for hint, wrong in WRONG_SIGMAS.items():
            if torch.allclose(std, wrong(logvars), rtol=0.05, atol=0.05):
                return hint
        return f"At logvar = -2, 0, 2 sigma must be 0.37, 1.00, 2.72; yours is {', '.join(f'{s:.2f}' for s in std)}."
    if noise[1].abs().max() < 3.2 * std[1]:
        return "The noise is cut off: eps must be a Gaussian draw, and one in a thousand lies beyond 3 sigma (randn)."
    if (scale - 1).abs() > 0.03:
        return f"(z - mu) / sigma must have a standard deviation of 1, and yours has {scale:.2g}: eps is scaled."
    return None


def _gradient(reparameterize) -> str | None:
    mu, logvar = (t.requires_grad_() for t in _mu_logvar(-1.0, rows=64))
    given = mu.clone(), logvar.clone()
    z = reparameterize(*given, Generator().manual_seed(0))
    if not z.requires_grad:
        return "No gradient passes: z is detached. Compute it from mu and logvar, with nothing that stops autograd."
    by_mu, by_logvar = torch.autograd.grad(z.sum(), (mu, logvar), allow_unused=True)
    if by_mu is None or not torch.allclose(by_mu, torch.ones_like(by_mu), atol=1e-4):
        return "The derivative of z in mu must be 1. torch.normal gives 0: draw eps apart from mu and sigma."
    if by_logvar is None or not torch.allclose(by_logvar, 0.5 * (z - mu), atol=1e-4):
        return "The derivative of z in logvar must be ½ sigma eps: something stops the gradient on sigma's way."
    if not all(map(torch.equal, given, (mu, logvar))):
        return "Your function overwrote the mu or logvar it was given, and the KL needs them: no `+=` and no `exp_()`."
    return None
