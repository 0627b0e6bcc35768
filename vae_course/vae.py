"""Lesson 05: the four pieces put together."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Generator, Tensor, nn

from vae_course.decoder import Decoder
from vae_course.elbo import ElboTerms, elbo_terms
from vae_course.encoder import Encoder
from vae_course.reparameterization import reparameterize


class VAE(nn.Module):
    """A variational autoencoder (Kingma & Welling 2013): encoder, a draw of z, decoder.

    Args:
        latent_dim: the number of latent dimensions D.
        hidden: the widths of the encoder's hidden layers; the decoder's are the same, in reverse.

    Raises:
        ValueError: a size is not positive.
    """

    def __init__(self, latent_dim: int = 20, hidden: Sequence[int] = (400,)):
        super().__init__()
        if latent_dim < 1 or not hidden or min(hidden) < 1:
            raise ValueError(f"latent_dim={latent_dim}, hidden={tuple(hidden)}: sizes must be at least 1")
        self.latent_dim, self.hidden = latent_dim, tuple(hidden)
        self.encoder = Encoder(latent_dim, hidden)
        self.decoder = Decoder(latent_dim, hidden)

    @property
    def options(self) -> dict[str, Any]:
        """The arguments it was made with: `type(model)(**model.options)` is another of the same sizes."""
        return {"latent_dim": self.latent_dim, "hidden": self.hidden}

    def at(self, beta: float | Float[Tensor, " batch"]) -> "VAE":
        """The model for this β: itself, because it learns one β. `beta.MultiRateVAE` has an answer for each."""
        return self

    def given(self, labels: int | Int64[Tensor, "*labels"]) -> "VAE":
        """The model for these labels: itself, because it knows none. `conditional.ConditionalVAE` is told them."""
        return self

    def elbo(self, x: Float[Tensor, "batch 1 28 28"], generator: Generator | None = None) -> ElboTerms:
        """The ELBO's two terms of each image in nats, with one draw of z an image."""
        mu, logvar = self.encoder(x)
        logits = self.decoder(reparameterize(mu, logvar, generator))
        return elbo_terms(x, logits, mu, logvar)

    @torch.no_grad()
    def sample(self, count: int, generator: Generator | None = None) -> Float[Tensor, "count 1 28 28"]:
        """Invent digits: z ~ p(z), then the mean of p(x|z), a probability a pixel.

        A draw of x needs one step more: `binarize(model.sample(count, generator), generator)`.
        """
        device = next(self.parameters()).device
        z = torch.randn(count, self.latent_dim, generator=generator, device=device)
        return torch.sigmoid(self.decoder(z))

    @torch.no_grad()
    def reconstruct(self, x: Float[Tensor, "batch 1 28 28"]) -> Float[Tensor, "batch 1 28 28"]:
        """The mean of p(x|z) at z = mu(x): a picture to look at. The ELBO needs a draw of z, so use `elbo` for it."""
        mu, _ = self.encoder(x)
        return torch.sigmoid(self.decoder(mu))
