"""Runs of the command line: their settings, their digits, and how they go on."""

import argparse
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from vae_course.beta import BetaRange, MultiRateVAE
from vae_course.checkpoints import Checkpoint
from vae_course.cli.folders import checkpoint_file, holds_run, in_epochs, load_newest
from vae_course.data import check_binarization
from vae_course.digits import MNIST_DIGEST, Digits, load_digits
from vae_course.extras.muon import Muon
from vae_course.extras.recipes import RECIPES, Recipe
from vae_course.training import TrainConfig, adam, best_device
from vae_course.vae import VAE

import torch
from torch import Generator
from torch.optim import Optimizer

MODEL_OPTIONS = ("latent_dim", "hidden")
CONFIG_OPTIONS = tuple(field.name for field in fields(TrainConfig))
# By the names of the option --optimizer.
OPTIMIZERS = {"adam": adam, "muon": Muon}
MOST_LAYERS = 100
# A folder's name may have 255 bytes.
LONGEST_NAME = 120


class Run(NamedTuple):
    """A training that is to be done: where, from what, and on which digits."""

    folder: Path
    checkpoint: Checkpoint
    digits: Digits
    damaged: bool = False
    """Whether its newest checkpoint is damaged or gone, so that this is the one before it."""


def new_run(args: argparse.Namespace) -> Run:
    """Make a fresh model; see `check_new` for its folder."""
    recipe = find_recipe(args.recipe) if args.recipe else Recipe("", VAE, {}, TrainConfig(epochs=20), "embedded")
    check_binarization(args.binarization or recipe.config.binarization)
    config = replace(recipe.config, **given(args, CONFIG_OPTIONS))
    optimizer = find_optimizer(args.optimizer) if args.optimizer else recipe.optimizer
    if recipe.model is MultiRateVAE and not isinstance(config.beta, BetaRange):
        raise ValueError(f"--beta {config.beta}: the recipe {args.recipe} learns every β; leave out --beta")
    options = recipe.options | given(args, MODEL_OPTIONS)
    check_size(recipe.model, options)
    digits = load_digits(args.data or recipe.data)
    torch.manual_seed(config.seed)
    model = recipe.model(**options).to(best_device())
    folder = args.out or Path("runs") / default_name(args, model, config, digits)
    made = optimizer(model.parameters(), config.learning_rate)
    checkpoint = Checkpoint(model, config, digits.name, [], made, args.recipe, recipe.step, digits.digest)
    return Run(folder, checkpoint, digits)


def resumed_run(args: argparse.Namespace) -> Run:
    """Take up the run of a folder, to go on with up to `--epochs`."""
    path = checkpoint_file(args.resume)
    found, run = load_newest(path, best_device())
    if run.optimizer is None:
        raise ValueError(f"{path} holds no optimizer state, so its training cannot go on")
    if not all("seconds" in epoch for epoch in run.metrics):
        raise ValueError(f"{path} does not say how long its epochs took, so its training cannot go on here")
    if run.config.decay and args.epochs not in (None, run.config.epochs):
        raise ValueError(f"--epochs {args.epochs}: this run's learning rate falls to 0 at epoch {run.config.epochs}")
    run = replace(run, config=replace(run.config, **given(args, ["epochs"])))
    if run.config.epochs < len(run.metrics) + bool(run.unfinished):
        raise ValueError(f"--epochs {run.config.epochs}: this run has {in_epochs(run)} already")
    digits = load_digits(args.data) if args.data else digits_of(run, None)
    if not are_of_training(digits, run):
        raise ValueError(f"--data {args.data}: these are other digits; this run was trained on {run.data}")
    if run.unfinished and len(run.unfinished.terms) >= steps_per_epoch(run, digits):
        raise ValueError(f"{path}: its last epoch has more steps than these digits give")
    return Run(path.parent, replace(run, data=digits.name, digest=digits.digest), digits, damaged=found != path)


def steps_per_epoch(run: Checkpoint, digits: Digits) -> int:
    """Count the steps of an epoch; the last may have fewer images."""
    return -(-len(digits.train_images) // run.config.batch_size)


def generator_of(run: Checkpoint) -> Generator:
    """Make the generator of a training's random numbers, in the state in which the run left it."""
    generator = Generator(run.model.device)
    if run.unfinished is None:
        return generator
    if run.unfinished.state.shape == generator.get_state().shape:
        return generator.set_state(run.unfinished.state)
    warnings.warn("this run was on another kind of device: it goes on with other random numbers", stacklevel=2)
    return generator.manual_seed(run.config.seed)


def check_size(kind: type[VAE], options: dict[str, Any]) -> None:
    """Refuse a network that this machine's memory cannot hold, before anything of it is made.

    Raises:
        ValueError: it is too large, or has too many layers.
    """
    layers = len(options.get("hidden", ()))
    if layers > MOST_LAYERS:
        raise ValueError(f"--hidden: {layers} layers are too many; at most {MOST_LAYERS}")
    # On this device a tensor has a shape, and no memory.
    with torch.device("meta"):
        numbers = sum(parameter.numel() for parameter in kind(**options).parameters())
    # A weight, its gradient, and the optimizer's two averages; and to save all but the gradient, two copies more.
    needed, there_is = 4 * (4 + 2 * 3) * numbers, memory()
    if needed > there_is:
        raise ValueError(
            f"a network of these sizes has {numbers:,} weights, and needs {needed / 1e9:,.0f} GB of memory to train; "
            f"there are {there_is / 1e9:.0f}: choose a smaller --hidden or --latent-dim"
        )


def memory() -> float:
    """Find out how many bytes of memory this machine has; infinitely many where it does not say."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return float("inf")


def find_optimizer(name: str) -> Callable[..., Optimizer]:
    """Find the optimizer of this name."""
    if name not in OPTIMIZERS:
        raise ValueError(f"--optimizer {name}: there are {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[name]


def find_recipe(name: str) -> Recipe:
    """Find the recipe of this name."""
    if name not in RECIPES:
        raise ValueError(f"--recipe {name}: there are {', '.join(RECIPES)}")
    return RECIPES[name]


def load_run(args: argparse.Namespace) -> Checkpoint:
    """Load the checkpoint that was named, at the β that was asked for."""
    _, run = load_newest(checkpoint_file(args.checkpoint), best_device())
    if args.beta is None:
        return run
    if not isinstance(run.model, MultiRateVAE):
        raise ValueError(f"--beta {args.beta:g}: this network learnt one β; only one of every β has a choice")
    return replace(run, model=run.model.at(args.beta))


def run_folder(args: argparse.Namespace) -> Path:
    """Find the folder of the run that is to go on.

    Raises:
        ValueError: it is to go on otherwise than it began.
        FileNotFoundError: there is no run.
    """
    fixed = [name for name in given(args, ("recipe", "optimizer", *CONFIG_OPTIONS, *MODEL_OPTIONS)) if name != "epochs"]
    if fixed:
        raise ValueError(f"--resume goes on as the run began; leave out --{fixed[0].replace('_', '-')}")
    path = checkpoint_file(args.resume)
    if not (path.is_file() or holds_run(path.parent)):
        raise FileNotFoundError(f"{path}: there is no such checkpoint")
    return path.parent


def digits_of(run: Checkpoint, source: str | None) -> Digits:
    """Load the digits that were asked for, or those of the training.

    Raises:
        ValueError: the files of the training's digits have been replaced.
        FileNotFoundError: they are not there any more.
    """
    if source:
        return load_digits(source)
    if run.data not in ("embedded", "mnist") and not Path(run.data).exists():
        raise FileNotFoundError(f"{run.data}: the training's digits are not there any more; name them: --data FOLDER")
    digits = load_digits(run.data)
    if not are_of_training(digits, run):
        raise ValueError(f"{run.data} holds other digits now than in the training; name those to use: --data FOLDER")
    return digits


def are_of_training(digits: Digits, run: Checkpoint) -> bool:
    """Say whether a run was trained on these digits: by their content, or in older checkpoints by their name."""
    return digits.digest == run.digest if run.digest else digits.name == run.data


def in_embedded(run: Checkpoint, digits: Digits) -> bool:
    """Say whether these are the embedded digits, and the run was trained on MNIST, of which they are a part."""
    trained_on_mnist = run.data == "mnist" or run.digest == MNIST_DIGEST
    return trained_on_mnist and digits.digest == load_digits().digest


def given(args: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    """Collect the options that were typed."""
    return {name: value for name in names if (value := getattr(args, name, None)) is not None}


def default_name(args: argparse.Namespace, model: VAE, config: TrainConfig, digits: Digits) -> str:
    """Name a folder so that runs of different settings stay apart; settings left at their defaults are not named."""
    parts = [_place(digits), config.binarization, "-".join(map(str, (*model.hidden, model.latent_dim)))]
    parts = [args.recipe, *parts] if args.recipe else parts
    default = RECIPES[args.recipe].config if args.recipe else TrainConfig()
    for name in ("batch_size", "learning_rate", "decay", "beta", "seed"):
        value = getattr(config, name)
        if value != getattr(default, name):
            knots = value if isinstance(value, tuple) else ((value,),)
            parts.append(name.replace("_", "") + "_".join("at".join(map(str, reversed(knot))) for knot in knots))
    name = "-".join([*parts, f"optimizer{args.optimizer}"] if args.optimizer else parts)
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}-{sha256(name.encode()).hexdigest()[:8]}"


def _place(digits: Digits) -> str:
    """Name the digits. Many folders have one name, "raw" for instance, and a folder's files can be replaced."""
    if digits.name in ("embedded", "mnist"):
        return digits.name
    return f"{Path(digits.name).name}-{digits.digest[:8]}".lstrip("-")
