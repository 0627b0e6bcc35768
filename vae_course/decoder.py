"""Lesson 04: the decoder, which maps a code to a distribution over images."""

from collections.abc import Sequence
from itertools import pairwise

from vae_course.data import check_unit_range

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits


class Decoder(nn.Module):
    """Compute p(x|z): one Bernoulli per pixel, given by its logit (Kingma & Welling 2013, appendix C.1).

    Args:
        latent_dim: the number of latent dimensions D.
        hidden: the widths of the hidden layers in the order of the encoder, the one next to the image first.
    """

    def __init__(self, latent_dim: int = 20, hidden: Sequence[int] = (400,)):
        super().__init__()
        widths = (latent_dim, *reversed(hidden))
        layers = [layer for i, o in pairwise(widths) for layer in (nn.Linear(i, o), nn.ReLU())]
        self.logits = nn.Sequential(*layers, nn.Linear(widths[-1], 784), nn.Unflatten(-1, (1, 28, 28)))

    def forward(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch 1 28 28"]:
        """Map codes to logits; `torch.sigmoid` of a logit is the probability that the pixel is on."""
        return self.logits(z)


def log_likelihood(
    logits: Float[Tensor, "*batch 1 28 28"], x: Float[Tensor, "#*batch 1 28 28"]
) -> Float[Tensor, "*batch"]:
    """Compute log p(x|z) of each image in nats, summed over pixels; at most 0 for binary images.

    For grey x this is minus the binary cross-entropy, which cannot reach 0. It is not the log-likelihood of the grey
    image, but the mean over binary images drawn from it.

    Raises:
        ValueError: x has values outside [0, 1].
    """
    check_unit_range(x, "x")
    # log p(x|z) = Σ x log p + (1 − x) log(1 − p)   with p = sigmoid(logit)
    # From logits, because log(sigmoid(logit)) is -inf where sigmoid rounds to 0.
    nats = binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none")
    return -nats.sum((-3, -2, -1))
