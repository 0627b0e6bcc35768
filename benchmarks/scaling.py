"""What grows with what: time and peak memory of training, of the importance bound and of the learned prior."""

import multiprocessing
import resource
import sys
from collections.abc import Callable
from functools import partial
from time import process_time

from vae_course.checkpoints import load_prior
from vae_course.data import as_pixels
from vae_course.digits import load_digits
from vae_course.evaluation import importance_weighted_bound
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import psutil
import torch
from torch import Generator

IMAGES = 10_000
MEGABYTE = 2**20


def train(images: int = IMAGES, batch: int = 128, **network: int | tuple[int, ...]) -> None:
    """Train an epoch."""
    digits = load_digits().train_images
    torch.manual_seed(0)
    for _ in fit(VAE(**network), digits.repeat(-(-images // len(digits)), 1, 1)[:images], TrainConfig(1, batch)):
        pass


def train_wide(width: int) -> None:
    """Train an epoch of a network whose hidden layers have so many units."""
    train(hidden=(width,))


def train_deep(latents: int) -> None:
    """Train an epoch of a network with so many latent dimensions."""
    train(latent_dim=latents)


def train_in(batch: int) -> None:
    """Train an epoch in batches of this size."""
    train(batch=batch)


def bound(samples: int) -> None:
    """Bound the likelihood of 100 digits with K draws each."""
    x = as_pixels(load_digits().test_images[:100], "dynamic", Generator().manual_seed(0))
    importance_weighted_bound(VAE(), x, samples, Generator().manual_seed(0))


def sample(steps: int) -> None:
    """Draw 1,000 codes from the learned prior in so many steps."""
    load_prior().at(1.0).sample(1000, Generator().manual_seed(0), steps)


# Each as: what is done, over what, and its values.
GROWTH: dict[str, tuple[Callable[[int], None], str, tuple[int, ...]]] = {
    "images": (train, "an epoch, over its images", (5_000, 10_000, 20_000, 40_000)),
    "width": (train_wide, "an epoch of 10,000 images, over the units of its hidden layers", (50, 100, 200, 400, 800)),
    "latents": (train_deep, "an epoch of 10,000 images, over latent dimensions", (2, 10, 50, 250)),
    "batch": (train_in, "an epoch of 10,000 images, over the size of a batch", (16, 64, 256, 1024)),
    "K": (bound, "the importance bound of 100 digits, over its draws K", (1, 10, 100, 1000, 5000)),
    "steps": (sample, "1,000 codes of the learned prior, over its steps", (1, 5, 10, 25, 50)),
}


def measure_all(rounds: int) -> dict[str, dict[int, list[tuple[float, float]]]]:
    """Measure seconds and megabytes of all in `GROWTH`, as often as there are rounds, each in a process of its own."""
    measured = {name: {value: [] for value in values} for name, (_, _, values) in GROWTH.items()}
    with multiprocessing.Pool(1, maxtasksperchild=1) as pool:
        for _ in range(rounds):
            for name, (work, _, values) in GROWTH.items():
                for value, figures in zip(values, pool.map(partial(cost, work), values, chunksize=1), strict=True):
                    measured[name][value].append(figures)
    return measured


def cost(work: Callable[[int], None], value: int) -> tuple[float, float]:
    """Measure processor seconds, and the peak of memory beyond what the imports take, in megabytes."""
    torch.set_num_threads(1)
    before = psutil.Process().memory_info().rss
    start = process_time()
    work(value)
    taken = process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return taken, (peak - before) / MEGABYTE
