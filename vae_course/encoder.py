"""Lesson 02: the encoder, which maps an image to a distribution over codes, the approximate posterior q(z|x)."""

from collections.abc import Sequence
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn


class Encoder(nn.Module):
    """Compute q(z|x), a Gaussian with diagonal covariance (Kingma & Welling 2013, appendix C.2).

    Args:
        latent_dim: the number of latent dimensions D.
        hidden: the widths of the hidden layers, the one next to the image first.
        inputs: how many numbers the first layer takes per image.
    """

    def __init__(self, latent_dim: int = 20, hidden: Sequence[int] = (400,), inputs: int = 784):
        super().__init__()
        layers = [layer for i, o in pairwise((inputs, *hidden)) for layer in (nn.Linear(i, o), nn.ReLU())]
        self.features = nn.Sequential(nn.Flatten(), *layers)
        self.mu = nn.Linear(hidden[-1], latent_dim)
        self.logvar = nn.Linear(hidden[-1], latent_dim)

    def forward(
        self, x: Float[Tensor, "batch 1 28 28"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Map images to the mean `mu` and the log-variance `logvar` of q(z|x)."""
        features = self.features(x)
        return self.mu(features), self.logvar(features)
