"""Lesson 05: the evidence lower bound, as its two terms, per image and in nats.

ELBO(x) = E_q(z|x)[log p(x|z)] - KL(q(z|x) || p(z)) <= log p(x)   (Kingma & Welling 2013, equation 3)
"""

from typing import NamedTuple

from vae_course.decoder import log_likelihood

from jaxtyping import Float
from torch import Tensor


class ElboTerms(NamedTuple):
    """Hold the two costs of an image, in nats: the cost of its pixels given z, and the cost of z."""

    reconstruction: Float[Tensor, "*batch"]
    kl: Float[Tensor, "*batch"]

    @property
    def negative_elbo(self) -> Float[Tensor, "*batch"]:
        """Return -ELBO: on average over z an upper bound of -log p(x), and the only number to compare across β."""
        return self.weighted(1.0)

    def weighted(self, beta: float | Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
        """Return reconstruction + β · KL, which training minimises (Higgins et al. 2017). For β ≠ 1 it is not -ELBO."""
        return self.reconstruction + beta * self.kl

    def mean(self) -> "ElboTerms":
        """Average both terms over the images."""
        return ElboTerms(self.reconstruction.mean(), self.kl.mean())


def kl_divergence(
    mu: Float[Tensor, "*batch latent"], logvar: Float[Tensor, "*batch latent"]
) -> Float[Tensor, "*batch"]:
    """Compute KL(N(mu, exp(logvar)) || N(0, I)) of each image in nats, summed over latent dimensions; never negative.

    Kingma & Welling 2013, appendix B.
    """
    return kl_per_dimension(mu, logvar).sum(-1)


def kl_per_dimension(
    mu: Float[Tensor, "*batch latent"], logvar: Float[Tensor, "*batch latent"]
) -> Float[Tensor, "*batch latent"]:
    """Compute what each latent dimension adds to `kl_divergence`, in nats."""
    # ½ (μ² + σ² − 1 − log σ²)
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)


def elbo_terms(
    x: Float[Tensor, "*batch 1 28 28"],
    logits: Float[Tensor, "*batch 1 28 28"],
    mu: Float[Tensor, "*batch latent"],
    logvar: Float[Tensor, "*batch latent"],
) -> ElboTerms:
    """Compute the ELBO's terms for one draw of z per image.

    Args:
        x: images in [0, 1].
        logits: the decoder's answer to z ~ N(mu, exp(logvar)).
        mu, logvar: the encoder's answer to x.

    Raises:
        ValueError: x has values outside [0, 1].
    """
    return ElboTerms(reconstruction=-log_likelihood(logits, x), kl=kl_divergence(mu, logvar))
