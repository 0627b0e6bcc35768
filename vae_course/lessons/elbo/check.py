"""Lesson 05's checks: the KL divergence, and the ELBO's two terms."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from vae_course import elbo
from vae_course.kit.exercise import exercise, tried

BATCH, LATENT = 5, 3

KL_MISTAKES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "Every value is twice what it should be: a factor ½ is lost.": lambda m, v: (m**2 + v.exp() - 1 - v).sum(-1),
    "Every value has the wrong sign: a KL divergence is never negative.": lambda m, v: (
        -0.5 * (m**2 + v.exp() - 1 - v).sum(-1)
    ),
    "Every value is a third of what it should be: that is the mean over 3 latent dimensions; each costs its own "
    "nats, so add them up.": lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v).mean(-1),
    "Every value is divided by the batch size: the KL of one image can't depend on how many others came with it.": (
        lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v).sum(-1) / BATCH
    ),
    "You use exp(logvar/2), the standard deviation, where the variance belongs.": lambda m, v: (
        0.5 * (m**2 + (v / 2).exp() - 1 - v).sum(-1)
    ),
    "You treat logvar as if it were sigma: what is the variance when its logarithm is given?": lambda m, v: (
        0.5 * (m**2 + v**2 - 1 - (v**2).log()).sum(-1)
    ),
    "mu enters as it is, and should enter squared: a step to the left costs what a step to the right costs.": (
        lambda m, v: 0.5 * (m + v.exp() - 1 - v).sum(-1)
    ),
    "The -1 is missing: at mu = 0 and logvar = 0, q is the prior, and the KL must be 0.": lambda m, v: (
        0.5 * (m**2 + v.exp() - v).sum(-1)
    ),
    "The last term has the wrong sign: log σ² is subtracted, so that a narrow q, where it is negative, costs more.": (
        lambda m, v: 0.5 * (m**2 + v.exp() - 1 + v).sum(-1)
    ),
    "That is KL(p(z) || q(z|x)), the other way round: the average must run over draws of q.": lambda m, v: (
        0.5 * ((1 + m**2) / v.exp() - 1 + v).sum(-1)
    ),
    "mu and logvar have changed places.": lambda m, v: 0.5 * (v**2 + m.exp() - 1 - m).sum(-1),
}
KL_PROBES = ((1, 1.0, 0.0), (1, 0.0, 1.0), (1, 2.0, 0.0), (1, 0.0, 0.0), (2, 0.0, 0.0), (1, -1.0, -1.0))


@exercise("kl_divergence", "One number an image, in nats: 0 where q is the prior, and never negative.")
def check_kl_divergence(answer: Any) -> str | None:
    """Check a function of `mu` and `logvar`, both [B, D], that returns the KL of each image, [B]."""
    mu, logvar, *_ = _example()
    got = tried(answer(mu, logvar))
    hint = _not_one_an_image(got, "the KL", "latent dimensions")
    right = elbo.kl_divergence(mu, logvar)
    if hint or _same(got, right):
        return hint or _wrong_gradient(got, right, mu=mu, logvar=logvar)
    for hint, mistake in KL_MISTAKES.items():
        if _same(got, mistake(mu, logvar)):
            return hint
    for d, m, v in KL_PROBES:
        found, wanted = (float(f(torch.full((1, d), m), torch.full((1, d), v))) for f in (answer, elbo.kl_divergence))
        if not abs(found - wanted) < 1e-3:
            where = f"D = {d}, mu = {m:.0f} and logvar = {v:.0f}"
            return f"The values differ. Try one image with {where}: yours gives {found:.3f}, and {wanted:.3f} is right."
    return "Simple points are right, and a batch of random ones is not: does an image's number depend on the others?"


@exercise("elbo_terms", "Two numbers an image, both in nats, both a cost, and no weight hidden in either.")
def check_elbo_terms(answer: Any) -> str | None:
    """Check a function of x, logits [B, 1, 28, 28], mu and logvar [B, D] that returns `ElboTerms` of [B] each."""
    mu, logvar, x, logits = _example()
    got = tried(answer(x, logits, mu, logvar))
    if not (hasattr(got, "reconstruction") and hasattr(got, "kl")):
        return f"It returned a {type(got).__name__}. Keep the two terms apart: return ElboTerms(reconstruction, kl)."
    hint = _not_one_an_image(got.reconstruction, "reconstruction", "pixels") or _not_one_an_image(
        got.kl, "kl", "latent dimensions"
    )
    right = elbo.elbo_terms(x, logits, mu, logvar)
    if hint:
        return hint
    if _same(got.reconstruction, right.kl) and _same(got.kl, right.reconstruction):
        return "The two terms have changed places: reconstruction comes first, then kl."
    hint = _reconstruction_mistake(got.reconstruction, right.reconstruction, x, logits)
    if hint or _same(got.kl, right.kl):
        hint = hint or _wrong_gradient(got.reconstruction, right.reconstruction, logits=logits)
        return hint or _wrong_gradient(got.kl, right.kl, mu=mu, logvar=logvar)
    if _same(got.kl, -right.kl):
        return "kl is negative: both terms are costs here, and minus the ELBO is their sum. Give kl as it is."
    if _same(got.kl, elbo.kl_divergence(logvar, mu)):
        return "mu and logvar have changed places on their way to the KL."
    return "kl is not what kl_divergence(mu, logvar) gives: hand it on as it is, with no weight and no mean."


def _example() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = Generator().manual_seed(5)
    mu, logvar = (torch.randn(BATCH, LATENT, generator=generator).requires_grad_() for _ in range(2))
    x = torch.rand(BATCH, 1, 28, 28, generator=generator).round()
    logits = (4 * torch.randn(x.shape, generator=generator)).requires_grad_()
    return mu, logvar, x, logits


def _not_one_an_image(got: Any, name: str, summed: str) -> str | None:
    if not isinstance(got, Tensor):
        return f"A tensor is wanted for {name}, one number an image, and it is a {type(got).__name__}."
    if got.shape == (BATCH,):
        return None
    found = f"For {BATCH} images {name} should have shape [{BATCH}], one number an image, and has {list(got.shape)}. "
    if got.ndim == 0:
        return found + f"The batch is summed or averaged away: sum over {summed} only."
    return found + f"Sum over {summed}, and over them only: name the axes of the sum."


def _reconstruction_mistake(got: Tensor, right: Tensor, x: Tensor, logits: Tensor) -> str | None:
    if _same(got, right):
        return None
    if _same(got, -right):
        return "reconstruction has the wrong sign: it is a cost, and log_likelihood of a binary image is at most 0."
    if _same(got, right / 784):
        return "reconstruction is a mean over pixels: the KL then weighs 784 times too much. Sum over pixels."
    twice = binary_cross_entropy_with_logits(logits.sigmoid(), x, reduction="none").sum((1, 2, 3))
    if _same(got, twice):
        return "A sigmoid is applied twice: log_likelihood takes the logits as the decoder gave them."
    return "reconstruction is not minus the log_likelihood of lesson 04: nats, summed over pixels, with no weight."


def _wrong_gradient(got: Tensor, right: Tensor, **inputs: Tensor) -> str | None:
    for name, tensor in inputs.items():
        # With a zero added, a result that is cut off from the tensor has a gradient, 0.
        sums = (result.sum() + 0 * tensor.sum() for result in (got, right))
        if not _same(*(torch.autograd.grad(total, tensor, retain_graph=True)[0] for total in sums)):
            return f"The values are right, and the gradient of {name} is not: leave out detach and no_grad."
    return None


def _same(got: Tensor, expected: Tensor) -> bool:
    return torch.allclose(got.float(), expected, rtol=1e-3, atol=1e-4, equal_nan=True)
