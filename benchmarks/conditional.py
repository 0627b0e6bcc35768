"""A part of results.py: what the label is worth, as −log p(x|y) of a network that is given it."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from time import process_time
from typing import Any

from vae_course.checkpoints import describe_model
from vae_course.cli.measures import in_words, spread
from vae_course.conditional import ConditionalVAE
from vae_course.data import as_pixels
from vae_course.digits import Digits
from vae_course.evaluation import importance_weighted_bound
from vae_course.extras.recipes import RECIPES
from vae_course.training import EVALUATION_SEED, evaluate, fit

import torch
from torch import Generator

HIDDEN, LATENT_DIM, EPOCHS, LEARNING_RATE, SAMPLES = (300, 300), 40, 200, 5e-3, 1000


def measure_conditional(digits: Digits, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Train a network that is given the label, with each seed, and measure −log p(x|y) of all test digits."""
    rows = []
    for seed in seeds:
        start = process_time()
        model, settings = train_conditional(digits, seed)
        row = settings | {"processor_seconds": round(process_time() - start)}
        row["parameters"] = sum(parameter.numel() for parameter in model.parameters())
        row |= in_words("", evaluate(model, digits.test_images, "static", labels=digits.test_labels))
        rows.append(row | {"samples": SAMPLES, "negative_log_likelihood": round(tight_bound(model, digits), 4)})
    return rows


def train_conditional(digits: Digits, seed: int) -> tuple[ConditionalVAE, dict[str, Any]]:
    """Train as `burda` does, with epochs and a learning rate of its own, on images and their labels."""
    recipe = RECIPES["burda"]
    config = replace(recipe.config, epochs=EPOCHS, learning_rate=LEARNING_RATE, seed=seed)
    torch.manual_seed(seed)
    model = ConditionalVAE(LATENT_DIM, HIDDEN)
    optimizer = recipe.optimizer(model.parameters(), config.learning_rate)
    for _ in fit(model, digits.train_images, config, optimizer=optimizer, step=recipe.step, labels=digits.train_labels):
        pass
    return model, {"model": describe_model(model), "config": asdict(config)}


def tight_bound(model: ConditionalVAE, digits: Digits) -> float:
    """Bound the mean of −log p(x|y), in nats per image: a label's digits together, on the pixels of `evaluate`."""
    generator = Generator().manual_seed(EVALUATION_SEED)
    x = as_pixels(digits.test_images, "static", generator)
    bounds = [
        importance_weighted_bound(model.given(label), x[digits.test_labels == label], SAMPLES, generator).value
        for label in range(model.classes)
    ]
    return -torch.cat(bounds).double().mean().item()


def conditional_table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Write what a network that is given the label reaches, beside what is published."""
    if not rows:
        return []
    first = rows[0]
    sizes = "-".join(map(str, (784, *first["model"]["hidden"], first["model"]["latent_dim"])))
    minutes = sum(row["processor_seconds"] for row in rows) / len(rows) / 60
    return [
        "",
        "## Given the label",
        "",
        f"A `ConditionalVAE`, {sizes} with {first['parameters']:,} parameters, trained as `burda` is, but for "
        f"{first['config']['epochs']} epochs and with a learning rate of {first['config']['learning_rate']}: "
        f"{minutes:.0f} minutes of one core.",
        f"Over {len(rows)} seeds −ELBO is {spread([row['negative_elbo'] for row in rows])}, and −log p(x|y) ≤ "
        f"**{spread([row['negative_log_likelihood'] for row in rows])}** ({first['samples']:,} samples).",
        "A public replication of Burda et al. 2015 reports a better figure, 82.32, for a network with one layer of "
        "codes that is given the label and trained with one draw. Its sizes and epochs are not known to us.",
        "A label is one of ten, so it can tell at most log 10 = 2.30 nats of log p(x): log p(x|y) − log p(x) = "
        "log p(y|x) + log 10.",
    ]
