"""Lesson 09: broken VAEs. Each has one small mistake that people make, and trains without an error.

A patient overrides one of two steps of `VAE.elbo` that can be wrong without an error: how z is drawn, and what an image
costs. `examine` measures the symptoms, and does not look at the code.
"""

from typing import NamedTuple

from vae_course.checks import seeded
from vae_course.data import as_pixels
from vae_course.elbo import ElboTerms, elbo_terms, kl_per_dimension
from vae_course.reparameterization import reparameterize
from vae_course.training import EVALUATION_SEED, check_images, evaluate
from vae_course.vae import VAE

import torch
from jaxtyping import Float, UInt8
from torch import Generator, Tensor

Latents = Float[Tensor, "batch latent"]
Images = Float[Tensor, "batch 1 28 28"]

MISTAKES = {
    "variance": "sigma is exp(logvar)",
    "rand": "eps comes from rand, not from randn",
    "faint": "eps is scaled down",
    "mu at test": "in evaluation mode z is mu",
    "mu detached": "mu is detached where z is drawn",
    "logvar detached": "logvar is detached where z is drawn",
    "pixel mean": "the reconstruction is a mean over pixels, the KL a sum over dimensions",
    "sigmoid twice": "a sigmoid is applied before a loss that expects logits",
    "KL sign": "the KL has the wrong sign",
    "KL forgotten": "the loss is the reconstruction alone",
    "test set": "the test digits were among the training digits",
}
"""What may be wrong with a patient, by name. Some of these mistakes have no patient."""


class Patient(VAE):
    """A VAE in which each of the two steps can be replaced. This one is healthy."""

    mistake: str | None = None
    """One of `MISTAKES`."""

    def draw(self, mu: Latents, logvar: Latents, generator: Generator | None = None) -> Latents:
        """Draw z ~ q(z|x)."""
        return reparameterize(mu, logvar, generator)

    def cost(self, x: Images, logits: Images, mu: Latents, logvar: Latents) -> ElboTerms:
        """Compute both terms of each image."""
        return elbo_terms(x, logits, mu, logvar)

    def elbo(self, x: Images, generator: Generator | None = None) -> ElboTerms:
        """Compute what the patient reports, and is trained on."""
        mu, logvar = self.encoder(x)
        return self.cost(x, self.decoder(self.draw(mu, logvar, generator)), mu, logvar)

    def honest(self) -> VAE:
        """Build a healthy VAE with this patient's encoder and decoder: it reports their true bound."""
        # Building draws from torch's global generator; keep that from showing.
        with torch.random.fork_rng(devices=[]):
            healthy = VAE(**self.options).to(self.device)
        healthy.load_state_dict(self.state_dict())
        return healthy.eval()


class VarianceAsDeviation(Patient):
    """sigma is `exp(logvar)`, which is the variance."""

    mistake = "variance"

    def draw(self, mu: Latents, logvar: Latents, generator: Generator | None = None) -> Latents:
        """Forget the square root."""
        return mu + logvar.exp() * torch.randn(mu.shape, generator=generator, device=mu.device)


class UniformNoise(Patient):
    """eps comes from `rand`, between 0 and 1."""

    mistake = "rand"

    def draw(self, mu: Latents, logvar: Latents, generator: Generator | None = None) -> Latents:
        """Lose a letter: it should be `randn`."""
        return mu + torch.exp(0.5 * logvar) * torch.rand(mu.shape, generator=generator, device=mu.device)


class FaintNoise(Patient):
    """eps is scaled down: its author wanted sharper pictures."""

    mistake = "faint"

    def draw(self, mu: Latents, logvar: Latents, generator: Generator | None = None) -> Latents:
        """Keep a hundredth of the noise."""
        return mu + torch.exp(0.5 * logvar) * 0.01 * torch.randn(mu.shape, generator=generator, device=mu.device)


class MeanOverPixels(Patient):
    """The reconstruction is a mean over 784 pixels, and the KL a sum over the latent dimensions."""

    mistake = "pixel mean"

    def cost(self, x: Images, logits: Images, mu: Latents, logvar: Latents) -> ElboTerms:
        """Train with β = 784 without saying so."""
        reconstruction, kl = elbo_terms(x, logits, mu, logvar)
        return ElboTerms(reconstruction / 784, kl)


class SigmoidTwice(Patient):
    """The loss expects logits, and gets probabilities."""

    mistake = "sigmoid twice"

    def cost(self, x: Images, logits: Images, mu: Latents, logvar: Latents) -> ElboTerms:
        """Give every pixel at least probability ½ of being on, so that no pixel can be called off."""
        return elbo_terms(x, torch.sigmoid(logits), mu, logvar)


class NoNoiseAtTheTest(Patient):
    """In training z is drawn; at the test it is the mean."""

    mistake = "mu at test"

    def draw(self, mu: Latents, logvar: Latents, generator: Generator | None = None) -> Latents:
        """Report a number that is no bound."""
        return reparameterize(mu, logvar, generator) if self.training else mu


class KlRewarded(Patient):
    """The author took the formula of −KL for that of KL."""

    mistake = "KL sign"

    def cost(self, x: Images, logits: Images, mu: Latents, logvar: Latents) -> ElboTerms:
        """Make the loss better the further q is from the prior; the clamp was added to stop the numbers growing."""
        reconstruction, kl = elbo_terms(x, logits, mu, logvar)
        return ElboTerms(reconstruction, -kl.clamp(max=200))


class MeanWithoutGradient(Patient):
    """`mu` is detached where z is drawn, so the reconstruction cannot say where the encoder should put a code."""

    mistake = "mu detached"

    def draw(self, mu: Latents, logvar: Latents, generator: Generator | None = None) -> Latents:
        """Keep a `.detach()` that was meant for a plot."""
        return reparameterize(mu.detach(), logvar, generator)


PATIENTS: dict[str, type[Patient]] = {
    "A": NoNoiseAtTheTest,
    "B": SigmoidTwice,
    "C": UniformNoise,
    "D": MeanOverPixels,
    "E": VarianceAsDeviation,
    "F": MeanWithoutGradient,
    "G": KlRewarded,
    "H": FaintNoise,
}


class Symptoms(NamedTuple):
    """What can be measured without reading the code, on images that the patient has not seen."""

    reported: ElboTerms
    """What an image costs, as the patient reports it, in nats."""
    honest: ElboTerms
    """What it costs as a healthy VAE computes it with the patient's encoder and decoder, in nats."""
    residuals: Latents
    """(z − mu) / sigma at the test: in health, draws from N(0, 1)."""
    training_residuals: Latents
    """The same in training mode."""
    kl_per_dimension: Float[Tensor, " latent"]
    """Mean over the images, in nats, by the right formula."""
    gradient_mu: float
    """The norm of the gradient that the reconstruction sends to the weights of the encoder's head for mu."""
    gradient_logvar: float
    """The same for logvar."""


def examine(patient: Patient, images: UInt8[Tensor, "test 28 28"], seed: int = EVALUATION_SEED) -> Symptoms:
    """Measure the symptoms; the pixels are drawn once. The patient's parameters and its mode stay as they were.

    Raises:
        ValueError: no images, or no bytes from 0 to 255.
    """
    check_images(images, None)
    was_training, device = patient.training, patient.device
    generator = seeded(seed, device)
    x = as_pixels(images.to(device), "static", generator)
    residuals = {}
    with torch.no_grad():
        mu, logvar = patient.encoder(x)
        for training in (False, True):
            z = patient.train(training).draw(mu, logvar, generator)
            # To the CPU, where figures are drawn.
            residuals[training] = ((z - mu) / torch.exp(0.5 * logvar)).cpu()
    # In training mode, because that is where gradients matter.
    reconstruction = patient.elbo(x[:100], generator).reconstruction.mean()
    heads = [patient.encoder.get_parameter(f"{head}.weight") for head in ("mu", "logvar")]
    gradients = torch.autograd.grad(reconstruction, heads, allow_unused=True)
    patient.train(was_training)
    return Symptoms(
        reported=evaluate(patient, images, "static", seed),
        honest=evaluate(patient.honest(), images, "static", seed),
        residuals=residuals[False],
        training_residuals=residuals[True],
        kl_per_dimension=kl_per_dimension(mu, logvar).mean(0).cpu(),
        gradient_mu=0.0 if gradients[0] is None else gradients[0].norm().item(),
        gradient_logvar=0.0 if gradients[1] is None else gradients[1].norm().item(),
    )
