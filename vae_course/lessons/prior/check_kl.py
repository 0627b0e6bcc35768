"""Check the second exercise of lesson 14, the KL by draws with a learned prior.

The check hands over a prior that is not Gaussian and notes the codes whose density it is asked for.
"""

import math
from collections.abc import Mapping
from typing import Any

from vae_course.elbo import kl_divergence
from vae_course.kit.exercise import ask, close, describe, exercise, expect, recognise
from vae_course.lessons.gaussian_draw import expect_gaussian_draw
from vae_course.reparameterization import log_normal, reparameterize

import torch
from torch import Generator, Tensor, nn
from torch.distributions import Laplace, Normal

SEED = 3  # of the draws that are compared


class Known(nn.Module):
    """A prior that is not Gaussian, with a parameter; it notes the codes whose density it is asked for."""

    def __init__(self, latent: int):
        super().__init__()
        self.centre = nn.Parameter(torch.linspace(-1, 2, latent))
        self.asked: list[Any] = []

    def log_prob(self, z: Any) -> Tensor:
        """Compute log p(z) of each code, in nats."""
        self.asked.append(z)
        form = f"The prior's log_prob takes codes, [B, {len(self.centre)}]; it was given {describe(z)}."
        expect(isinstance(z, Tensor) and z.shape[-1:] == self.centre.shape, form)
        return Laplace(self.centre, 0.7).log_prob(z).sum(-1)

    def sample(self, count: int, generator: Generator | None = None) -> Tensor:
        """Refuse to draw: the KL takes its draws from q(z|x)."""
        expect(False, "It draws from the prior. The KL is an average over z from q(z|x): draw with mu and logvar.")
        return self.centre.expand(count, -1)


@exercise("kl_by_draws", "It is right for a prior of any shape, and the gradient reaches mu, logvar and the prior.")
def check_kl_by_draws(answer: Any) -> None:
    """Check a function of `mu`, `logvar`, `prior` and `generator` that returns one estimate per image."""
    mu, logvar = _made_up(5, 4)
    _one_per_image(answer, mu, logvar)
    expect_gaussian_draw(lambda m, v, g: _drawn(answer, m, v, g)[1])
    for count, latent in ((5, 4), (30, 20), (1, 3), (40, 2)):
        mu, logvar = _made_up(count, latent)
        prior = Known(latent)
        if latent == 2:  # Posteriors like the prior, so that some draws are negative.
            mu, logvar = prior.centre.detach() + mu / 10, logvar / 10
        got, z = _drawn(answer, mu, logvar, Generator().manual_seed(SEED), prior)
        with torch.no_grad():
            right, wrong = _estimates(z, mu, logvar, prior)
        recognise(got, right, wrong, _difference(got, right), lambda a, b: close(a, b, rtol=1e-4, atol=1e-3))
    _expect_kl_gradients(answer)


def _made_up(count: int, latent: int) -> tuple[Tensor, Tensor]:
    generator = Generator().manual_seed(count)
    return torch.randn(count, latent, generator=generator), torch.randn(count, latent, generator=generator) - 1


def _one_per_image(answer: Any, mu: Tensor, logvar: Tensor) -> None:
    """Refuse a result that is not one number per image, and an answer that does not ask the prior."""
    prior = Known(mu.shape[1])
    got = ask(answer, mu, logvar, prior, Generator().manual_seed(0))
    closed = isinstance(got, Tensor) and any(
        close(got, value) for value in (kl_divergence(mu, logvar), kl_divergence(mu, logvar).mean())
    )
    expect(not closed, "That is the closed form, which is right for N(0, I) alone. This prior is another: draw z.")
    expect(prior.asked, "It does not ask the prior: log p(z) is prior.log_prob(z), and no longer that of N(0, I).")
    # A loop may ask it once for each image.
    once = len(prior.asked) == 1 or sum(map(len, prior.asked)) == len(mu)
    expect(once, f"It asks the prior {len(prior.asked)} times. Ask it once, with one draw of z for each image.")
    expect(not close(prior.asked[0], mu), "The prior is asked at mu. Ask it at z, a draw from q(z|x).")
    expect(isinstance(got, Tensor), f"Return a tensor with one number per image; this is {describe(got)}.")
    expect(
        got.ndim != 2, f"Return one number per image: sum over the latent dimensions. The shape is {list(got.shape)}."
    )
    whole = f"Return one number per image, [{len(mu)}], not one for the batch: this is {describe(got)}."
    expect(got.shape == (len(mu),), whole)


def _drawn(
    answer: Any, mu: Tensor, logvar: Tensor, generator: Generator, prior: Known | None = None
) -> tuple[Tensor, Tensor]:
    """Ask for the KL, and return it with the draws whose density the prior was asked for."""
    prior = prior or Known(mu.shape[1])
    got = ask(answer, mu, logvar, prior, generator)
    expect(prior.asked, "It does not ask the prior: log p(z) is prior.log_prob(z).")
    expect(
        prior.centre.requires_grad, "It freezes the prior, which is still trained: leave out `requires_grad_(False)`."
    )
    expect(prior.training, "It leaves the prior with eval() switched on, and the training goes on: leave that out.")
    return got, prior.asked[-1] if len(prior.asked[-1]) == len(mu) else torch.cat(prior.asked)


def _estimates(z: Tensor, mu: Tensor, logvar: Tensor, prior: Known) -> tuple[Tensor, Mapping[str, Any]]:
    """Compute the KL of these draws, and what comes of known mistakes."""
    log_q, log_p = log_normal(z, mu, logvar), prior.log_prob(z)
    standard = Normal(0.0, 1.0).log_prob(z).sum(-1)
    right, closed = log_q - log_p, kl_divergence(mu, logvar)
    return right, {
        "The sign is turned: it is log q(z|x) − log p(z).": -right,
        "log q(z|x) is missing: that is −log p(z) alone.": (-log_p, log_p),
        "log p(z) is missing: that is log q(z|x) alone.": (log_q, -log_q),
        "The two logs are added. The KL is their difference, log q(z|x) − log p(z).": (log_q + log_p, -log_q - log_p),
        "log p(z) is that of N(0, I). This prior is another: prior.log_prob(z).": (log_q - standard, standard - log_q),
        "The closed form is right for N(0, I) alone. This prior is another: draw z.": (closed, closed - log_p),
        "These are densities. Take their logs: log q(z|x) − log p(z).": (log_q.exp() - log_p.exp(), right.exp()),
        "That is half of it.": right / 2,
        "It is averaged over the batch: return one number for each image.": (
            right.mean().expand(len(z)), log_q - log_p.mean(), log_q.mean() - log_p,
        ),
        "It is summed over the batch: each image has a KL of its own.": (log_q.sum() - log_p, log_q - log_p.sum()),
        "log p(z) of a code is one number. Subtract it once, after the sum over the dimensions.": (
            log_q - z.shape[1] * log_p,
        ),
        "These are bits. For nats take the natural logarithm.": right / math.log(2),
        "It is cut off at 0. One draw may be negative; only the average is not.": (right.clamp(min=0), right.abs()),
        "The two logs are of two draws. Take the same z in both.": tuple(
            log_normal(other, mu, logvar) - log_p for other in _draws(mu, logvar)
        ),
        **_wrong_posteriors(z, mu, logvar, log_p),
    }  # fmt: skip


def _draws(mu: Tensor, logvar: Tensor) -> list[Tensor]:
    """Draw z twice, as an answer does that draws for each of the two logs."""
    generator = Generator().manual_seed(SEED)
    return [reparameterize(mu, logvar, generator) for _ in range(2)]


def _wrong_posteriors(z: Tensor, mu: Tensor, logvar: Tensor, log_p: Tensor) -> dict[str, Any]:
    """Compute the KL with what is taken for log q(z|x) by mistake."""
    sigma, latent = torch.exp(0.5 * logvar), z.shape[1]
    posterior, log_q = Normal(mu, sigma), log_normal(z, mu, logvar)
    eps = (z - mu) / sigma
    entropy, scale = posterior.entropy().sum(-1), logvar.sum(-1) / 2
    constant = 0.5 * latent * math.log(2 * math.pi)
    wrong = {
        "It is averaged over the latent dimensions. Sum over them.": (log_q / latent, log_p + (log_q - log_p) / latent),
        "log q(z|x) has the variance in the place of sigma. Sigma is exp(logvar / 2).": (
            Normal(mu, logvar.exp()).log_prob(z).sum(-1),
        ),
        "log q(z|x) is that of N(0, I). It is the density of N(mu, sigma²).": (log_normal(z, 0 * mu, 0 * mu),),
        "log sigma is missing in log q(z|x): it is −½ eps² − log sigma − ½ log 2π, summed.": (
            log_normal(eps, 0 * mu, 0 * mu), log_q + scale + constant,
        ),
        "log sigma counts wrongly in log q(z|x): subtract ½ logvar of each dimension.": (
            log_q - scale, log_q + 2 * scale,
        ),
        "The constant ½ log 2π of each dimension is missing in log q(z|x).": (log_q + constant,),
        "log q(z|x) is taken at z = mu. Take it at the draw.": (log_normal(mu, mu, logvar),),
        "log q(z|x) is minus the entropy of q, its average. Take the same draw for both logs: then their errors "
        "cancel.": (-entropy,),
        "The entropy has the wrong sign, and log q(z|x) at the draw is what is asked.": (entropy,),
    }  # fmt: skip
    return {hint: tuple(value - log_p for value in values) for hint, values in wrong.items()}


def _difference(got: Tensor, right: Tensor) -> str:
    worst = int((got - right).abs().nan_to_num(torch.inf).argmax()) if got.shape == right.shape else 0
    if got.shape != right.shape:
        return f"For {len(right)} images the shape is {list(got.shape)}, and it should be [{len(right)}]."
    return f"For one draw it gives {got[worst]:.4g}, and log q(z|x) − log p(z) is {right[worst]:.4g} nats."


def _expect_kl_gradients(answer: Any) -> None:
    """Expect the pathwise gradient, through z, and that of the prior."""
    leaves = [values.requires_grad_() for values in _made_up(5, 4)]
    prior = Known(4)
    got, z = _drawn(answer, *leaves, Generator().manual_seed(3), prior)
    expect(got.requires_grad, "No gradient passes. Leave out detach, item and no_grad, so that it can be trained.")
    eps = ((z - leaves[0]) / torch.exp(0.5 * leaves[1])).detach()
    again = leaves[0] + torch.exp(0.5 * leaves[1]) * eps
    right = log_normal(again, *leaves) - prior.log_prob(again)
    inputs = {"mu": leaves[0], "logvar": leaves[1], "the prior": prior.centre}
    found = torch.autograd.grad(got.sum(), list(inputs.values()), allow_unused=True)
    wanted = torch.autograd.grad(right.sum(), list(inputs.values()))
    for name, by in zip(inputs, found, strict=True):
        expect(by is not None, f"No gradient reaches {name}: is something detached?")
    for name, by, expected in zip(inputs, found, wanted, strict=True):
        expect(close(by, expected, rtol=1e-3, atol=1e-3), f"The value is right, but the gradient in {name} is not.")
