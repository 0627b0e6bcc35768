"""What a recipe reaches on 10,000 training digits that it did not see, so that no test digit chooses its settings.

    OMP_NUM_THREADS=1 python benchmarks/held_out.py learned-prior --epochs 8 --learning-rate 0.005

Trains on the other 50,000, and prints a line for `tried.md`: −ELBO of the 10,000, and −log p(x) of the first 2,000 of
them, bounded by 200 importance samples, in nats per image.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from time import process_time

from vae_course.data import as_pixels
from vae_course.digits import load_digits
from vae_course.evaluation import importance_weighted_bound
from vae_course.extras.importance_step import ImportanceStep
from vae_course.extras.recipes import RECIPES
from vae_course.training import EVALUATION_SEED, evaluate, fit

import torch
from torch import Generator

TRAINED_ON, BOUNDED, SAMPLES = 50_000, 2000, 200
NUMBERS = {"epochs": int, "batch_size": int, "learning_rate": float, "seed": int}
SIZES = {"latent_dim": int, "coupling_layers": int}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure, and print the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--samples", type=int, help="train on the importance-weighted bound with as many draws")
    for name, kind in (NUMBERS | SIZES).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind)
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    recipe = RECIPES[given["recipe"]]
    config = replace(recipe.config, **{name: given[name] for name in NUMBERS if name in given})
    step = ImportanceStep(given["samples"]) if "samples" in given else recipe.step
    torch.manual_seed(config.seed)
    model = recipe.model(**recipe.options | {name: given[name] for name in SIZES if name in given})
    images, start = load_digits("mnist").train_images, process_time()
    optimizer = recipe.optimizer(model.parameters(), config.learning_rate)
    for _ in fit(model, images[:TRAINED_ON], config, optimizer=optimizer, step=step):
        pass
    seconds, held_out = process_time() - start, images[TRAINED_ON:]
    in_test = "static" if config.binarization == "dynamic" else config.binarization
    terms = evaluate(model, held_out, in_test)
    x = as_pixels(held_out[:BOUNDED], in_test, Generator().manual_seed(EVALUATION_SEED))
    bound = importance_weighted_bound(model, x, SAMPLES, Generator().manual_seed(EVALUATION_SEED)).value.mean()
    settings = ", ".join(f"{name} {value}" for name, value in given.items() if name != "recipe")
    print(f"| `{given['recipe']}` | {settings} | {seconds:.0f} | {terms.negative_elbo:.2f} | {-bound:.2f} |")


if __name__ == "__main__":
    main()
