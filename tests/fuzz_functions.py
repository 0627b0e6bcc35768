"""Public functions of the model and the kit, called with what a learner may give: right types, and odd values."""

import functools
import math
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from vae_course.beta import BetaRange, MultiRateVAE
from vae_course.checkpoints import load_checkpoint, load_pretrained
from vae_course.conditional import ConditionalVAE
from vae_course.data import BINARIZATIONS, as_pixels, binarize, binarize_once, grey
from vae_course.decoder import log_likelihood
from vae_course.digits import load_digits
from vae_course.elbo import kl_divergence
from vae_course.evaluation import importance_weighted_bound
from vae_course.kit.predict import number, plain, shown
from vae_course.kit.table import table
from vae_course.likelihood import auroc, surprise
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

import torch
from mutations import ODD_WORDS
from torch import Generator, Tensor

NUMBERS = [0, 1, -1, 2, 3, 7, 0.5, -0.0, 1e-320, 1e300, math.nan, math.inf, -math.inf, True]
SHAPES = [(0, 28, 28), (1, 28, 28), (3, 28, 28), (3, 1, 28, 28), (28, 28), (3, 784), (2, 2), (0,), ()]
TYPES = [torch.uint8, torch.uint8, torch.float32, torch.float64, torch.bool, torch.int64]


@functools.cache
def model(kind: type[VAE]) -> VAE:
    torch.manual_seed(0)
    return kind(2, (3,))


def tensor(rng: Random, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> Tensor:
    """Make a tensor of one value, or of many, which may be no number."""
    values = torch.full(shape, float(rng.choice([0, 1, 255, -1, 0.5, math.nan, math.inf])))
    values = torch.rand(shape, generator=Generator().manual_seed(rng.randrange(99))) if rng.random() < 0.5 else values
    return (values.nan_to_num(0, 9, -9) if not dtype.is_floating_point else values).to(dtype)


def images(rng: Random) -> Tensor:
    return tensor(rng, rng.choice(SHAPES), rng.choice(TYPES))


def labels(rng: Random) -> Tensor | None:
    return rng.choice([None, torch.arange(3), torch.tensor([0, 10, -1]), torch.zeros(0, dtype=torch.long)])


def config(rng: Random) -> TrainConfig:
    """Make a configuration of which some fields are odd."""
    knots = tuple((float(rng.choice(NUMBERS)), float(rng.choice(NUMBERS))) for _ in range(rng.randrange(3)))
    odd = {
        "epochs": rng.choice([0, 1, -1]),
        "batch_size": rng.choice([0, 1, -1, 10**9]),
        "learning_rate": float(rng.choice(NUMBERS)),
        "beta": rng.choice([float(rng.choice(NUMBERS)), knots]),
        "binarization": rng.choice([*BINARIZATIONS, *ODD_WORDS]),
        "seed": rng.choice([0, -1, 2**63, 2**63 - 1]),
    }
    return TrainConfig(**{"epochs": 1} | {name: odd[name] for name in rng.sample(list(odd), rng.randrange(4))})


def train(rng: Random) -> None:
    kind = rng.choice([VAE, ConditionalVAE])
    for _ in fit(kind(2, (3,)), images(rng), config(rng), labels=labels(rng)):
        pass


def measure(rng: Random) -> None:
    evaluate(model(rng.choice([VAE, ConditionalVAE])), images(rng), rng.choice(BINARIZATIONS), labels=labels(rng))


def draw(rng: Random) -> None:
    x = tensor(rng, (rng.choice([0, 1, 3]), 1, 28, 28))
    kind, count = rng.choice([VAE, MultiRateVAE, ConditionalVAE]), rng.choice([0, 1, -1, 3])
    net = model(kind)
    if rng.random() < 0.5:
        net = net.at(float(rng.choice(NUMBERS))) if kind is MultiRateVAE else net
        net = net.given(rng.choice([0, 9, 10, -1])) if kind is ConditionalVAE else net
    rng.choice(
        [
            lambda: net.sample(count),
            lambda: net.reconstruct(x),
            lambda: net.elbo(x),
            lambda: importance_weighted_bound(net, x, count),
            lambda: surprise(net, x, count),
        ]
    )()


def pixels(rng: Random) -> None:
    generator, kind = Generator().manual_seed(0), rng.choice([*BINARIZATIONS, *ODD_WORDS])
    given = images(rng)
    rng.choice(
        [
            lambda: grey(given),
            lambda: binarize(given.float(), generator),
            lambda: as_pixels(given, kind, generator),
            lambda: binarize_once(given, kind, generator),
            lambda: log_likelihood(torch.zeros(3, 1, 28, 28), tensor(rng, (3, 1, 28, 28))),
            lambda: kl_divergence(tensor(rng, (3, 2)), tensor(rng, (3, 2))),
            lambda: auroc(tensor(rng, (3,)), tensor(rng, (3,), torch.bool)),
        ]
    )()


def build(rng: Random) -> None:
    kind = rng.choice([VAE, MultiRateVAE, ConditionalVAE])
    kind(rng.choice([0, 1, -1, 3]), tuple(rng.choice([0, 1, -1, 3]) for _ in range(rng.randrange(3))))
    BetaRange(float(rng.choice(NUMBERS)), float(rng.choice(NUMBERS)))


def find(rng: Random) -> None:
    """Load what is not there, by any name."""
    name = rng.choice(ODD_WORDS)
    rng.choice(
        [
            lambda: load_digits(name if name != "embedded" else "x"),
            lambda: load_pretrained(name),
            lambda: load_checkpoint(Path(name)),
            lambda: load_checkpoint(Path(name), rng.choice(ODD_WORDS)),
        ]
    )()


def write(rng: Random) -> None:
    """Write guesses and tables of odd cells."""
    cells: list[Any] = [*NUMBERS, *ODD_WORDS, None, 10**400, torch.tensor(1.0), torch.ones(1)]
    values = [value for value in cells if isinstance(value, int | float | str)]
    text = " ".join(str(rng.choice([*NUMBERS, *ODD_WORDS, "%", ",", "^", "/", "½", "10^999999999"])) for _ in range(2))
    rng.choice(
        [
            lambda: number(text.replace(" ", rng.choice(["", " "]))),
            lambda: shown(rng.choice(values), rng.choice(ODD_WORDS)),
            lambda: plain(rng.choice(values)),
            lambda: repr(table([rng.choices(cells, k=2) for _ in range(rng.randrange(3))], ODD_WORDS[:2])),
        ]
    )()


CALLS: list[Callable[[Random], None]] = [train, measure, draw, pixels, build, find, write, config]


def functions(rng: Random, folder: Path) -> None:
    """Call one of them."""
    try:
        rng.choice(CALLS)(rng)
    # Where pytest has all types checked, it says a wrong one in many lines.
    except TypeError as error:
        raise TypeError(str(error).splitlines()[0]) from error
