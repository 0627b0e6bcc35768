"""The figures that the command line prints."""

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

from vae_course.data import Binarization, as_pixels
from vae_course.digits import Digits
from vae_course.elbo import ElboTerms
from vae_course.evaluation import importance_weighted_bound
from vae_course.training import DIVERGED, EVALUATION_SEED, evaluate
from vae_course.vae import VAE

import torch
from torch import Generator
from tqdm.auto import tqdm

BROKEN = "this network is broken, for guessing each pixel costs 543; train again, with a lower --learning-rate"


def measure(model: VAE, digits: Digits, binarization: Binarization) -> dict[str, Any]:
    """Measure the test ELBO, with all that is needed to compare it.

    Raises:
        FloatingPointError: no working network has such a figure.
    """
    terms = evaluate(model, digits.test_images, binarization)
    # NaN is not below it, either.
    if not terms.negative_elbo < DIVERGED:
        raise FloatingPointError(f"-ELBO is {terms.negative_elbo:.3g} nats per image: {BROKEN}")
    setting = {"data": digits.name, "images": len(digits.test_images), "binarization": binarization}
    return {**setting, "unit": "nats per image", "draws_of_z": 1, **in_words("", terms)}


def measure_tightly(model: VAE, digits: Digits, binarization: Binarization, samples: int) -> dict[str, int | float]:
    """Measure the importance-weighted bound on -log p(x), on the pixels of `measure`: its mean over the test images.

    The standard error is that of the draws of z, not of the choice of test images.
    """
    if binarization == "grey":
        raise ValueError("--samples: grey pixels have no likelihood; choose --binarization static or threshold")
    if samples < 2:
        raise ValueError(f"--samples {samples} must be at least 2; with 1 draw the bound is the ELBO")
    generator = Generator(model.device).manual_seed(EVALUATION_SEED)
    x = as_pixels(digits.test_images.to(model.device), binarization, generator)
    batches = tqdm(x.split(100), unit="hundred images")
    bounds = [importance_weighted_bound(model, batch, samples, generator) for batch in batches]
    values, errors = (torch.cat(numbers).cpu().double() for numbers in zip(*bounds, strict=True))
    error = errors.square().sum().sqrt() / len(x)
    bound = -values.mean().item()
    if not bound < DIVERGED:
        raise FloatingPointError(f"the bound on -log p(x) is {bound:.3g} nats per image: {BROKEN}")
    return {"samples": samples, "negative_log_likelihood": round(bound, 4), "standard_error": round(error.item(), 4)}


def in_words(prefix: str, terms: ElboTerms) -> dict[str, float]:
    """Give mean terms as plain numbers with names.

    Raises:
        FloatingPointError: one of them is not finite.
    """
    if not (terms.reconstruction + terms.kl).isfinite():
        raise FloatingPointError(f"-ELBO is {terms.negative_elbo:.3g} nats per image: {BROKEN}")
    numbers = {"negative_elbo": terms.negative_elbo, "reconstruction": terms.reconstruction, "kl": terms.kl}
    return {prefix + name: round(value.item(), 4) for name, value in numbers.items()}


def spread(values: Sequence[float]) -> str:
    """Give the mean of several runs, ± their standard deviation."""
    return f"{mean(values):.2f}" + (f" ± {stdev(values):.2f}" if len(values) > 1 else "")
