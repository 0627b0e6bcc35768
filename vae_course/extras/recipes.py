"""Named trainings: `python -m vae_course train --recipe NAME` repeats one.

The shipped weights come from the first two; `benchmarks/results.md` says what the others reach.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from vae_course.beta import BetaRange, MultiRateVAE
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.extras.muon import Muon
from vae_course.extras.path_derivative import path_derivative_step
from vae_course.training import Step, TrainConfig, adam, training_step
from vae_course.vae import VAE

from torch.optim import Optimizer


@dataclass(frozen=True)
class Recipe:
    """What to train, on which digits, and how."""

    purpose: str
    model: type[VAE]
    options: dict[str, Any]
    config: TrainConfig
    data: str = "mnist"
    optimizer: Callable[..., Optimizer] = adam
    """Called with the parameters and the learning rate."""
    step: Step = training_step


# With the path derivative: after 30 epochs of the 784-200-200-50 network its test -ELBO is 94, where Adam's is 97.5
# after 40.
FAST = TrainConfig(batch_size=512, learning_rate=5e-3, decay=True)
SLOWER = replace(FAST, epochs=96, batch_size=256, learning_rate=3e-3)
FAST_WAY = {"optimizer": Muon, "step": path_derivative_step}

RECIPES = {
    "every-beta": Recipe(
        "one network for every β, with 20 latent dimensions",
        MultiRateVAE,
        {"latent_dim": 20, "hidden": (512,)},
        TrainConfig(epochs=60, decay=True, beta=BetaRange()),
    ),
    "plane": Recipe(
        "two latent dimensions, to look at as a plane",
        VAE,
        {"latent_dim": 2, "hidden": (400, 200)},
        TrainConfig(epochs=60, decay=True),
    ),
    "grey": Recipe(
        "the setting of PyTorch's own VAE example",
        VAE,
        {"latent_dim": 20, "hidden": (400,)},
        TrainConfig(epochs=10, binarization="grey"),
    ),
    "static": Recipe(
        "pixels that are drawn once, as in many papers",
        VAE,
        {"latent_dim": 40, "hidden": (400,)},
        replace(FAST, epochs=600, binarization="static"),
        **FAST_WAY,
    ),
    "burda": Recipe(
        "the network of Burda et al. 2015, in minutes",
        VAE,
        {"latent_dim": 50, "hidden": (200, 200)},
        # In 60 epochs a learning rate of 0.005 comes further, and in 480 this one.
        replace(FAST, epochs=480, learning_rate=3e-3),
        **FAST_WAY,
    ),
    "convolutional": Recipe(
        "convolutions, and N(0, I) as the prior",
        ConvolutionalVAE,
        {"latent_dim": 20, "hidden": (192,)},
        SLOWER,
        **FAST_WAY,
    ),
    "learned-prior": Recipe(
        "the likeliest digits of this course: the same, with a prior that is learned with the network",
        ConvolutionalVAE,
        {"latent_dim": 40, "hidden": (192,), "coupling_layers": 6},
        SLOWER,
        **FAST_WAY,
    ),
}
