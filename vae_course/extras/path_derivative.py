"""The ELBO's slope with less noise: the nearer the encoder is to the truth, the less."""

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.distributions import Normal

from vae_course.decoder import log_likelihood
from vae_course.elbo import ElboTerms
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.reparameterization import reparameterize
from vae_course.vae import VAE


class PathDerivativeVAE(VAE):
    """A VAE that in training learns from the path derivative alone (Roeder et al. 2017, equation 8).

    All else is as in a VAE: the same network, the same bound when it is tested.
    """

    def elbo(self, x: Float[Tensor, "batch 1 28 28"], generator: Generator | None = None) -> ElboTerms:
        """The ELBO's two terms of each image in nats; in training with the KL as its one draw of z tells it.

        That is log q(z|x) - log p(z), and its slope reaches the encoder through z alone. What is left out, the slope of
        log q in its own mu and logvar, is 0 on average. Where q(z|x) is p(z|x), such a slope is 0 at every draw; with
        the KL in closed form it is so only on average.
        """
        if not self.training:
            return super().elbo(x, generator)
        mu, logvar = self.encoder(x)
        z = reparameterize(mu, logvar, generator)
        log_posterior = Normal(mu.detach(), torch.exp(0.5 * logvar.detach())).log_prob(z).sum(-1)
        log_prior = Normal(0.0, 1.0).log_prob(z).sum(-1)
        return ElboTerms(-log_likelihood(self.decoder(z), x), log_posterior - log_prior)


class PathDerivativeConvolutionalVAE(PathDerivativeVAE, ConvolutionalVAE):
    """A convolutional VAE that learns so."""
