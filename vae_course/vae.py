"""Lesson 05: the four pieces put together."""

from collections.abc import Sequence
from copy import copy
from functools import partial
from typing import Any, Protocol, runtime_checkable

from vae_course.checks import check_generator, check_input, check_whole
from vae_course.data import check_unit_range, is_at_hand
from vae_course.decoder import Decoder
from vae_course.elbo import ElboTerms, elbo_terms
from vae_course.encoder import Encoder
from vae_course.reparameterization import log_normal, reparameterize

import torch
from jaxtyping import Float, Int64
from torch import Generator, Tensor, nn
from torch.distributions import Normal


@runtime_checkable
class Prior(Protocol):
    """p(z), in place of N(0, I)."""

    def log_prob(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
        """Compute log p(z) in nats."""
        ...

    def sample(self, count: int, generator: Generator | None = None) -> Float[Tensor, "count latent"]:
        """Draw codes."""
        ...


class VAE(nn.Module):
    """A variational autoencoder (Kingma & Welling 2013): encoder, a draw of z, decoder.

    A variant names its own types of the two halves; all else stays as it is here.

    p(z) is N(0, I) as long as `prior` is None. A module that is a `Prior` may take its place, as in lesson 14:
    `model.prior = …`. Then the KL has no closed form, and takes a draw.

    Args:
        latent_dim: the number of latent dimensions D.
        hidden: the widths of the encoder's hidden layers; the decoder's are the same, in reverse.
        halves: what the types of a variant's halves take beside these.

    Raises:
        ValueError: a size is no positive int, or `hidden` is no sequence of sizes.
    """

    encoder_type: type[nn.Module] = Encoder
    decoder_type: type[nn.Module] = Decoder

    def __init__(self, latent_dim: int = 20, hidden: Sequence[int] = (400,), **halves: Any):
        super().__init__()
        sizes = (latent_dim, *hidden) if isinstance(hidden, list | tuple) and hidden else ()
        if not sizes or not all(type(size) is int and size > 0 for size in sizes):
            right = "sizes must be at least 1, as in latent_dim=20, hidden=(400,)"
            raise ValueError(f"latent_dim={latent_dim!r}, hidden={hidden!r}: {right}")
        self.latent_dim, self.hidden = latent_dim, tuple(hidden)
        encoder = self.encoder_type(latent_dim, hidden, **halves)
        decoder = self.decoder_type(latent_dim, hidden, **halves)
        encoder.register_forward_pre_hook(partial(check_input, "x", slice(1, None), (1, 28, 28)))
        decoder.register_forward_pre_hook(partial(check_input, "z", slice(-1, None), (latent_dim,)))
        self.encoder, self.decoder = encoder, decoder
        self.prior: Prior | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Return the arguments that it was made with: `type(model)(**model.options)` is another of the same sizes."""
        return {"latent_dim": self.latent_dim, "hidden": self.hidden}

    @property
    def device(self) -> torch.device:
        """Return the device on which its parameters are."""
        return next(self.parameters()).device

    def at(self, beta: float | Float[Tensor, " batch"]) -> "VAE":
        """Return the model for this β: itself, because it learns one β. `beta.MultiRateVAE` has an answer for each."""
        return self

    def given(self, labels: int | Int64[Tensor, "*labels"]) -> "VAE":
        """Return the model for these labels, if it is conditioned on labels, as `conditional.ConditionalVAE` is.

        Raises:
            ValueError: this model is not.
        """
        raise ValueError(f"labels: a {type(self).__name__} is not conditioned on labels; a ConditionalVAE is")

    def conditioned(self, context: Tensor) -> "VAE":
        """Return this network with `context` beside the input of both halves; the parameters are shared, not copied.

        A variant's halves read it as `self.context`: a level of β, or a label, one per image or one for all.
        """
        view = copy(self)
        # The dictionary of modules is the one thing that a shallow copy must not share.
        view._modules = {name: copy(module) for name, module in self._modules.items()}
        view.encoder.context = view.decoder.context = context
        return view

    def elbo(self, x: Float[Tensor, "batch 1 28 28"], generator: Generator | None = None) -> ElboTerms:
        """Compute the ELBO's two terms of each image in nats, with one draw of z per image."""
        mu, logvar = self.encoder(x)
        z = reparameterize(mu, logvar, generator)
        terms = elbo_terms(x, self.decoder(z), mu, logvar)
        if self.prior is None:
            return terms
        # log q(z|x) − log p(z), which is the KL on average over z
        return terms._replace(kl=log_normal(z, mu, logvar) - self.log_prior(z))

    def log_prior(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
        """Compute log p(z) in nats."""
        if self.prior is not None:
            return self.prior.log_prob(z)
        return Normal(0.0, 1.0, validate_args=is_at_hand(z)).log_prob(z).sum(-1)

    @torch.no_grad()
    def sample(self, count: int, generator: Generator | None = None) -> Float[Tensor, "count 1 28 28"]:
        """Generate digits: z ~ p(z), then the mean of p(x|z), a probability per pixel.

        A draw of x needs one step more: `binarize(model.sample(count, generator), generator)`.

        Raises:
            ValueError: `count` is negative, or `generator` is no generator.
        """
        check_whole(count, "count", 0)
        check_generator(generator)
        if self.prior is None:
            z = torch.randn(count, self.latent_dim, generator=generator, device=self.device)
        else:
            z = self.prior.sample(count, generator)
        return torch.sigmoid(self.decoder(z))

    @torch.no_grad()
    def reconstruct(self, x: Float[Tensor, "batch 1 28 28"]) -> Float[Tensor, "batch 1 28 28"]:
        """Return the mean of p(x|z) at z = mu(x): a picture to look at. For the ELBO use `elbo`.

        Raises:
            ValueError: x has values outside [0, 1].
        """
        check_unit_range(x, "x")
        mu, _ = self.encoder(x)
        return torch.sigmoid(self.decoder(mu))
