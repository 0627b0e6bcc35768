"""What the commands of the command line do; `__main__` holds their options."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Generator
from torch.optim import Optimizer
from tqdm.auto import tqdm

from vae_course.beta import BetaRange, MultiRateVAE
from vae_course.checkpoints import Checkpoint, describe_model, load_checkpoint, save_checkpoint, write_atomically
from vae_course.data import Binarization, as_pixels
from vae_course.digits import EMBEDDED, Digits, load_digits
from vae_course.digits.download import data_home, fetch_mnist
from vae_course.elbo import ElboTerms
from vae_course.evaluation import importance_weighted_bound
from vae_course.extras.muon import Muon
from vae_course.extras.recipes import RECIPES, Recipe
from vae_course.kit.figures import digit_grid, digit_rows
from vae_course.training import EVALUATION_SEED, TrainConfig, adam, best_device, fit
from vae_course.training import evaluate as evaluate_elbo
from vae_course.vae import VAE

# Pictures go into files here, so that no display is looked for.
matplotlib.use("agg")

CHECKPOINT = "model.safetensors"
MODEL_OPTIONS = ("latent_dim", "hidden")
# By the names of the option --optimizer.
OPTIMIZERS = {"adam": adam, "muon": Muon}
CONFIG_OPTIONS = tuple(field.name for field in fields(TrainConfig))


def train(args: argparse.Namespace) -> int:
    """Train, keeping a checkpoint after every epoch."""
    folder, run, digits = resumed_run(args) if args.resume else new_run(args)
    path = folder / CHECKPOINT
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{describe(digits)}; {run.config.binarization} binarisation; on {run.model.device}; writing to {folder}")
    try:
        for metrics in epochs(run, digits):
            save_checkpoint(path, replace(run, metrics=[*run.metrics, metrics]))
            run.metrics.append(metrics)
    except KeyboardInterrupt:
        kept = f"{len(run.metrics)} epochs are kept: {path}\nGo on with: python -m vae_course train --resume {folder}"
        print(f"\nStopped. {kept if run.metrics else 'No epoch was finished, so nothing is kept.'}", file=sys.stderr)
        return 130
    result = measure(run.model, digits, run.config.binarization)
    summary = {"test": result, "model": describe_model(run.model), "config": asdict(run.config)}
    summary |= {"recipe": run.recipe, "optimizer": type(run.optimizer).__name__, "step": run.step.__name__}
    summary["seconds"] = round(sum(metrics["seconds"] for metrics in run.metrics), 1)
    write_atomically(folder / "metrics.json", json.dumps(summary | {"epochs": run.metrics}, indent=1).encode())
    save_samples(run.model, 64, run.config.seed, folder / "samples.png")
    save_reconstructions(run, digits, range(min(10, len(digits.test_images))), folder / "reconstructions.png")
    print(
        f"test −ELBO {result['negative_elbo']:.2f} nats per image = reconstruction {result['reconstruction']:.2f} "
        f"+ KL {result['kl']:.2f} ({result['images']:,} {digits.name} digits, {result['binarization']} binarisation, "
        f"1 draw of z each)\nwrote {CHECKPOINT}, metrics.json, samples.png and reconstructions.png into {folder}"
    )
    return 0


def new_run(args: argparse.Namespace) -> tuple[Path, Checkpoint, Digits]:
    """A fresh model, in a folder that holds no other."""
    recipe = find_recipe(args.recipe) if args.recipe else Recipe("", VAE, {}, TrainConfig(epochs=20), "embedded")
    config = replace(recipe.config, **given(args, CONFIG_OPTIONS))
    digits = load_digits(args.data or recipe.data)
    torch.manual_seed(config.seed)
    model = recipe.model(**recipe.options | given(args, MODEL_OPTIONS)).to(best_device())
    folder = args.out or Path("runs") / default_name(args, model, config, digits)
    if (folder / CHECKPOINT).exists():
        raise FileExistsError(
            f"{folder} holds a run already: go on with it (--resume {folder}) or choose another --out"
        )
    if isinstance(model, MultiRateVAE) and not isinstance(config.beta, BetaRange):
        raise ValueError(f"--beta {config.beta}: the recipe {args.recipe} learns every β; leave out --beta")
    optimizer = find_optimizer(args.optimizer) if args.optimizer else recipe.optimizer
    run = Checkpoint(
        model, config, digits.name, [], optimizer(model.parameters(), config.learning_rate), args.recipe, recipe.step
    )
    return folder, run, digits


def resumed_run(args: argparse.Namespace) -> tuple[Path, Checkpoint, Digits]:
    """The run of a folder, to go on with up to `--epochs`."""
    fixed = [name for name in given(args, ("recipe", "optimizer", *CONFIG_OPTIONS, *MODEL_OPTIONS)) if name != "epochs"]
    if fixed:
        raise ValueError(f"--resume goes on as the run began; leave out --{fixed[0].replace('_', '-')}")
    path = checkpoint_file(args.resume)
    run = load_checkpoint(path, best_device())
    if run.optimizer is None:
        raise ValueError(f"{path} holds no optimizer state, so its training cannot go on")
    if run.config.decay and args.epochs not in (None, run.config.epochs):
        raise ValueError(f"--epochs {args.epochs}: this run's learning rate falls to 0 at epoch {run.config.epochs}")
    run = replace(run, config=replace(run.config, **given(args, ["epochs"])))
    if run.config.epochs < len(run.metrics):
        raise ValueError(f"--epochs {run.config.epochs}: this run has {len(run.metrics)} epochs already")
    digits = digits_of(run, args.data)
    if digits.name != run.data:
        raise ValueError(f"--data {args.data}: this run was trained on {run.data}, and goes on with it")
    return path.parent, run, digits


def epochs(run: Checkpoint, digits: Digits) -> Iterator[dict[str, int | float]]:
    """Train, and yield the figures of each epoch that is done."""
    batches: list[ElboTerms] = []
    start = perf_counter()
    done, per_epoch = len(run.metrics), -(-len(digits.train_images) // run.config.batch_size)
    training = fit(run.model, digits.train_images, run.config, digits.test_images, run.optimizer, done, step=run.step)
    with tqdm(total=run.config.epochs * per_epoch, initial=done * per_epoch, unit="step") as bar:
        for progress in training:
            bar.update()
            batches.append(progress.train)
            if progress.test is None:
                continue
            bar.set_postfix_str(f"test −ELBO {progress.test.negative_elbo:.1f}")
            train_terms = ElboTerms(*map(torch.stack, zip(*batches, strict=True))).mean()
            yield {
                "epoch": round(progress.epoch),
                "beta": progress.beta,
                "seconds": round(perf_counter() - start, 2),
                **in_words("train_", train_terms),
                **in_words("test_", progress.test),
            }
            batches, start = [], perf_counter()


def find_optimizer(name: str) -> Callable[..., Optimizer]:
    """Find the optimizer of this name."""
    if name not in OPTIMIZERS:
        raise ValueError(f"--optimizer {name}: there are {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[name]


def find_recipe(name: str) -> Recipe:
    """The recipe of this name."""
    if name not in RECIPES:
        raise ValueError(f"--recipe {name}: there are {', '.join(RECIPES)}")
    return RECIPES[name]


def load_run(args: argparse.Namespace) -> Checkpoint:
    """The checkpoint that was named, at the β that was asked for."""
    run = load_checkpoint(checkpoint_file(args.checkpoint), best_device())
    if args.beta is None:
        return run
    if not isinstance(run.model, MultiRateVAE):
        raise ValueError(f"--beta {args.beta:g}: this network learnt one β; only one of every β has a choice")
    return replace(run, model=run.model.at(args.beta))


def evaluate(args: argparse.Namespace) -> None:
    """Print the test figures of a checkpoint."""
    run = load_run(args)
    digits = digits_of(run, args.data)
    if run.data == "mnist" and digits.name == "embedded":
        print("note: the embedded digits are part of MNIST's training set, which this model has seen", file=sys.stderr)
    binarization = args.binarization or run.config.binarization
    result = measure(run.model, digits, binarization)
    if args.samples is not None:
        result["importance_weighted"] = measure_tightly(run.model, digits, binarization, args.samples)
    beta = {} if args.beta is None else {"beta": args.beta}
    print(json.dumps({"checkpoint": str(args.checkpoint), "trained_on": run.data, **beta, **result}, indent=1))


def sample(args: argparse.Namespace) -> None:
    """Write a picture of invented digits."""
    if args.count < 1:
        raise ValueError(f"--count {args.count} must be at least 1")
    run = load_run(args)
    save_samples(run.model, args.count, args.seed, args.out)
    print(f"wrote {args.out}")


def reconstruct(args: argparse.Namespace) -> None:
    """Write a picture of test digits above their reconstructions."""
    run = load_run(args)
    save_reconstructions(run, digits_of(run, args.data), args.index, args.out)
    print(f"wrote {args.out}")


def data(args: argparse.Namespace) -> None:
    """Fetch, check, and tell."""
    if args.source != "mnist" and (args.again or args.mirror):
        raise ValueError(f"--again and --mirror are for mnist, not for {args.source}")
    if args.again:
        fetch_mnist(args.mirror)
    digits = load_digits(args.source, args.mirror)
    folder = {"embedded": EMBEDDED, "mnist": data_home() / "MNIST" / "raw"}.get(args.source, args.source)
    print(f"{describe(digits)}, in {folder}")


def given(args: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    """The options that were typed."""
    return {name: value for name in names if (value := getattr(args, name, None)) is not None}


def default_name(args: argparse.Namespace, model: VAE, config: TrainConfig, digits: Digits) -> str:
    """Name a folder so that runs of different settings stay apart; settings left at their defaults are not named."""
    parts = [Path(digits.name).name, config.binarization, "-".join(map(str, (*model.hidden, model.latent_dim)))]
    parts = [args.recipe, *parts] if args.recipe else parts
    default = RECIPES[args.recipe].config if args.recipe else TrainConfig()
    for name in ("batch_size", "learning_rate", "decay", "beta", "seed"):
        value = getattr(config, name)
        if value != getattr(default, name):
            knots = value if isinstance(value, tuple) else ((value,),)
            parts.append(name.replace("_", "") + "_".join("at".join(map(str, reversed(knot))) for knot in knots))
    return "-".join([*parts, f"optimizer{args.optimizer}"] if args.optimizer else parts)


def checkpoint_file(path: Path) -> Path:
    """The checkpoint that is meant, by its own name or by its run's folder."""
    return path / CHECKPOINT if path.is_dir() else path


def digits_of(run: Checkpoint, source: str | None) -> Digits:
    """The digits that were asked for, or those of the training."""
    return load_digits(source or run.data)


def describe(digits: Digits) -> str:
    """How many digits of which kind."""
    return f"{digits.name}: {len(digits.train_images):,} training and {len(digits.test_images):,} test digits"


def measure(model: VAE, digits: Digits, binarization: Binarization) -> dict[str, Any]:
    """The test ELBO, with all that is needed to compare it."""
    terms = evaluate_elbo(model, digits.test_images, binarization)
    setting = {"data": digits.name, "images": len(digits.test_images), "binarization": binarization}
    return {**setting, "unit": "nats per image", "draws_of_z": 1, **in_words("", terms)}


def measure_tightly(model: VAE, digits: Digits, binarization: Binarization, samples: int) -> dict[str, int | float]:
    """The importance-weighted bound on -log p(x), on the pixels that `measure` sees: its mean over the test images.

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
    return {"samples": samples, "negative_log_likelihood": round(bound, 4), "standard_error": round(error.item(), 4)}


def in_words(prefix: str, terms: ElboTerms) -> dict[str, float]:
    """Mean terms as plain numbers with names."""
    numbers = {"negative_elbo": terms.negative_elbo, "reconstruction": terms.reconstruction, "kl": terms.kl}
    return {prefix + name: round(value.item(), 4) for name, value in numbers.items()}


def save_samples(model: VAE, count: int, seed: int, path: Path) -> None:
    """Invent digits and write their picture."""
    images = model.sample(count, Generator(model.device).manual_seed(seed))
    save_figure(digit_grid(images, title="Invented: the mean of p(x|z) for z drawn from the prior"), path)


def save_reconstructions(run: Checkpoint, digits: Digits, index: Sequence[int], path: Path) -> None:
    """Reconstruct test digits, their pixels as the model knows them, and write the picture."""
    if not all(0 <= i < len(digits.test_images) for i in index):
        raise ValueError(f"--index {list(index)}: there are test digits 0 to {len(digits.test_images) - 1}")
    generator = Generator().manual_seed(EVALUATION_SEED)
    x = as_pixels(digits.test_images[list(index)], run.config.binarization, generator)
    rows = {"given": x, "given back": run.model.reconstruct(x.to(run.model.device))}
    save_figure(digit_rows(rows, f"Test digits, and what {run.model.latent_dim} numbers keep of them"), path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png")
    plt.close(figure)
