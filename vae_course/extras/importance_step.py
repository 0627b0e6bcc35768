"""Train on a tighter bound than the ELBO: several draws of z per image, weighted (Burda et al. 2015)."""

import math
from dataclasses import dataclass

from vae_course.decoder import log_likelihood
from vae_course.elbo import ElboTerms
from vae_course.reparameterization import log_normal, reparameterize
from vae_course.vae import VAE

from jaxtyping import Float
from torch import Generator, Tensor
from torch.optim import Optimizer


@dataclass(frozen=True)
class ImportanceStep:
    """Take a training step on the importance-weighted bound: `fit(…, step=ImportanceStep(5))`.

    The gradient is the doubly reparameterised one (Tucker et al. 2019). With one draw it is the path derivative of
    `path_derivative_step`.

    Args:
        samples: the number of draws per image, K.

    Raises:
        ValueError: `samples` is below 1.
    """

    samples: int

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise ValueError(f"samples={self.samples} must be at least 1")

    def __call__(
        self,
        model: VAE,
        x: Float[Tensor, "batch 1 28 28"],
        beta: float | Float[Tensor, " batch"],
        optimizer: Optimizer,
        generator: Generator,
    ) -> ElboTerms:
        """Take one step as `training.training_step` does.

        Return as before the step, averaged over the batch, in nats: the KL of the draws, and as reconstruction what
        the bound leaves for it, so that their sum is the negative bound.

        Raises:
            ValueError: β is not 1, for which there is no such bound.
        """
        if isinstance(beta, Tensor) or beta != 1:
            raise ValueError(f"beta={beta}: the importance-weighted bound is that of β = 1")
        model.train()
        z, log_weights, kl = self._draw(model, x, generator)
        shares = log_weights.detach().softmax(0)
        # What reaches the encoder is Σ share² · ∂ log w/∂z · ∂z (Tucker et al. 2019, equation 8): once more the share.
        z.register_hook(lambda gradient: shares.unsqueeze(-1) * gradient)
        optimizer.zero_grad()
        # The gradient of log Σ w is Σ share · ∇ log w; each share is a number here.
        (-shares * log_weights).sum(0).mean().backward()
        optimizer.step()
        bound = log_weights.detach().logsumexp(0) - math.log(self.samples)
        return ElboTerms(-bound - kl, kl).mean()

    def _draw(self, model: VAE, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Draw z, [samples, batch, latent]; compute log w of each, and the mean KL of an image's draws, in nats."""
        mu, logvar = model.encoder(x)
        draws = (self.samples, *mu.shape)
        z = reparameterize(mu.expand(draws), logvar.expand(draws), generator)
        # As in the path derivative, no gradient of log q in its own mu and logvar.
        kl = log_normal(z, mu.detach(), logvar.detach()) - model.log_prior(z)
        return z, log_likelihood(model.decoder(z), x) - kl, kl.detach().mean(0)
