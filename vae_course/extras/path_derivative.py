"""A gradient of the ELBO with less noise (Roeder et al. 2017)."""

from vae_course.decoder import log_likelihood
from vae_course.elbo import ElboTerms
from vae_course.reparameterization import log_normal, reparameterize
from vae_course.vae import VAE

from jaxtyping import Float
from torch import Generator, Tensor
from torch.optim import Optimizer


def path_derivative_step(
    model: VAE,
    x: Float[Tensor, "batch 1 28 28"],
    beta: float | Float[Tensor, " batch"],
    optimizer: Optimizer,
    generator: Generator,
) -> ElboTerms:
    """Take one step as `training.training_step` does, along the path derivative alone: `fit(…, step=this)`.

    Return both terms as before the step, averaged over the batch, in nats; the KL is that of the draws.
    """
    model.train()
    terms = path_derivative_terms(model, x, generator)
    optimizer.zero_grad()
    terms.weighted(beta).mean().backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach()).mean()


def path_derivative_terms(model: VAE, x: Float[Tensor, "batch 1 28 28"], generator: Generator) -> ElboTerms:
    """Compute the ELBO's two terms of each image in nats, the KL as its one draw of z has it (equation 8).

    The gradient of that KL, log q(z|x) - log p(z), reaches the encoder through z alone. What is left out, the gradient
    of log q in its own mu and logvar, is 0 on average. Where q(z|x) is p(z|x), the gradient that is left is 0 at every
    draw; with the KL in closed form it is 0 only on average.
    """
    mu, logvar = model.encoder(x)
    z = reparameterize(mu, logvar, generator)
    kl = log_normal(z, mu.detach(), logvar.detach()) - model.log_prior(z)
    return ElboTerms(-log_likelihood(model.decoder(z), x), kl)
