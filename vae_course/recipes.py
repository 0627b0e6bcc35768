"""Named trainings: `python -m vae_course train --recipe NAME` repeats one. The shipped weights come from them."""

from dataclasses import dataclass
from typing import Any

from vae_course.beta import MultiRateVAE
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
}
