"""Named trainings: `python -m vae_course train --recipe NAME` repeats one.

The shipped weights come from the first two; `benchmarks/results.md` says what the others reach.
"""

from dataclasses import dataclass, replace
from typing import Any

from vae_course.beta import MultiRateVAE
from vae_course.extras.path_derivative import PathDerivativeConvolutionalVAE, PathDerivativeVAE
from vae_course.training import BetaRange, TrainConfig
from vae_course.vae import VAE


@dataclass(frozen=True)
class Recipe:
    """What to train, on which digits, and how."""

    purpose: str
    model: type[VAE]
    options: dict[str, Any]
    config: TrainConfig
    data: str = "mnist"


# With the path derivative: after 30 epochs of the 784-200-200-50 network its test -ELBO is 94, where Adam's is 97.5
# after 40.
FAST = TrainConfig(batch_size=512, learning_rate=5e-3, decay=True, optimizer="muon")

RECIPES = {
    "every-beta": Recipe(
        "one network for every β, with 20 latent dimensions",
        MultiRateVAE,
        {"latent_dim": 20, "hidden": (512,)},
        TrainConfig(epochs=60, decay=True, beta=BetaRange()),
    ),
    "plane": Recipe(
        "two latent dimensions, to be looked at as a plane",
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
        "pixels that were drawn once, as many papers have them",
        PathDerivativeVAE,
        {"latent_dim": 40, "hidden": (400,)},
        replace(FAST, epochs=150, binarization="static"),
    ),
    "burda": Recipe(
        "the network of Burda et al. 2015, in minutes",
        PathDerivativeVAE,
        {"latent_dim": 50, "hidden": (200, 200)},
        replace(FAST, epochs=480),
    ),
    "wide": Recipe(
        "as far as layers on all pixels come in minutes",
        PathDerivativeVAE,
        {"latent_dim": 40, "hidden": (500, 500)},
        replace(FAST, epochs=180),
    ),
    "convolutional": Recipe(
        "the likeliest digits of this course",
        PathDerivativeConvolutionalVAE,
        {"latent_dim": 20, "hidden": (192,)},
        replace(FAST, epochs=180, batch_size=256, learning_rate=3e-3),
    ),
}
