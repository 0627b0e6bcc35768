"""Lesson 08: what a model is worth, and what it uses."""

from collections.abc import Iterable

import torch
from jaxtyping import Float, UInt8
from torch import Generator, Tensor

from vae_course.data import Binarization, binarize_once, grey
from vae_course.elbo import ElboTerms
from vae_course.training import EVALUATION_SEED, evaluate
from vae_course.vae import VAE

ACTIVE = 0.01


def rate_distortion(
    model: VAE, images: UInt8[Tensor, "test 28 28"], betas: Iterable[float], binarization: Binarization = "static"
) -> dict[float, ElboTerms]:
    """The model at each β on the same pixels and with the same draws: distortion (reconstruction) and rate (KL).

    Means over the images, in nats (Alemi et al. 2018).

    Raises:
        ValueError: a β that the model has not learnt.
    """
    return {beta: evaluate(model.at(beta), images, binarization) for beta in betas}


@torch.no_grad()
def unit_activity(
    model: VAE,
    images: UInt8[Tensor, "test 28 28"],
    binarization: Binarization = "static",
    seed: int = EVALUATION_SEED,
) -> Float[Tensor, " latent"]:
    """How far each latent dimension's mean moves from image to image: Var_x(E_q[z|x]).

    A dimension is active where this is over `ACTIVE` (Burda et al. 2015, section 5.2).
    """
    device = next(model.parameters()).device
    x = grey(binarize_once(images.to(device), binarization, Generator(device).manual_seed(seed)))
    return torch.cat([model.encoder(batch)[0] for batch in x.split(1000)]).var(0)


def active_units(model: VAE, images: UInt8[Tensor, "test 28 28"], binarization: Binarization = "static") -> int:
    """The number of active latent dimensions; see `unit_activity`."""
    return int((unit_activity(model, images, binarization) > ACTIVE).sum())
