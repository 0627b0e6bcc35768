"""Lesson 06: the training loop, the only one there is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Generator, Tensor
from torch.optim import Adam

from vae_course.data import Binarization, binarize, binarize_once, check_binarization, grey
from vae_course.elbo import ElboTerms
from vae_course.extras.muon import MuonAndAdam
from vae_course.vae import VAE

EVALUATION_SEED = 1234


@dataclass(frozen=True)
class BetaRange:
    """β drawn anew for each image, from `low` to `high`, so that one network learns them all (lesson 07).

    log β has a density that rises in a straight line to twice its first value: a high β is harder to learn, because
    its loss is nearly as low where every image is decoded alike.

    Raises:
        ValueError: the range is none.
    """

    low: float = 0.01
    high: float = 20.0

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < float("inf"):
            raise ValueError(f"BetaRange({self.low}, {self.high}): the ends must be positive, finite, and rise")

    def draw(self, count: int, generator: Generator) -> Float[Tensor, " count"]:
        """One β an image."""
        u = torch.rand(count, generator=generator, device=generator.device)
        # The quantile function of the density (1 + t) / 1.5 on [0, 1].
        t = (1 + 3 * u).sqrt() - 1
        return (self.low * (self.high / self.low) ** t).clamp(self.low, self.high)


@dataclass(frozen=True)
class TrainConfig:
    """How to train; the same config gives the same run on the same machine.

    Args:
        epochs: passes over the images.
        batch_size: images a step; the last batch of an epoch may be smaller.
        learning_rate: the optimizer's.
        decay: let the learning rate fall in a straight line to 0 over the second half of the training, where large
            steps no longer find a better place and only shake.
        beta: the weight of the KL: a number, or a schedule as (epoch, β) pairs with straight lines between them:
            `((0, 0.0), (5, 1.0))` rises to 1 over five epochs and stays. Or a `BetaRange`, to draw it for each image.
        binarization: what is done to grey pixels; `"dynamic"` draws them anew for each batch.
        seed: of the order of the images, the pixels' draws and z's.
        optimizer: `"adam"`, or `"muon"` for `optimizers.MuonAndAdam`, which needs fewer epochs.

    Raises:
        ValueError: names the field, its value and what would be right.
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3
    decay: bool = False
    beta: float | tuple[tuple[float, float], ...] | BetaRange = 1.0
    binarization: Binarization = "dynamic"
    seed: int = 0
    optimizer: Literal["adam", "muon"] = "adam"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            if not (isinstance(value, int) and value > 0):
                raise ValueError(f"{name}={value!r} must be positive and an int")
        if not (_is_number(self.learning_rate) and self.learning_rate > 0):
            raise ValueError(f"learning_rate={self.learning_rate!r} must be positive and a finite number")
        if not (isinstance(self.seed, int) and 0 <= self.seed < 2**63):
            raise ValueError(f"seed={self.seed!r} must be an int, at least 0 and below 2**63")
        check_binarization(self.binarization)
        if self.optimizer not in ("adam", "muon"):
            raise ValueError(f"optimizer={self.optimizer!r} must be 'adam' or 'muon'")
        if not isinstance(self.beta, BetaRange):
            self._check_beta()

    def _check_beta(self) -> None:
        knots = self._beta_knots
        pairs = all(isinstance(knot, tuple) and len(knot) == 2 and all(map(_is_number, knot)) for knot in knots)
        if not (knots and pairs):
            raise ValueError(f"beta={self.beta!r} must be a finite number, a tuple of (epoch, β) pairs, or a BetaRange")
        epochs, betas = zip(*knots, strict=True)
        if list(epochs) != sorted(set(epochs)):
            raise ValueError(f"beta={self.beta}: the epochs of a schedule must rise")
        if min(betas) < 0:
            raise ValueError(f"beta={self.beta} must be at least 0")

    @property
    def _beta_knots(self) -> tuple[tuple[float, float], ...]:
        return self.beta if isinstance(self.beta, tuple) else ((0.0, self.beta),)

    def learning_rate_at(self, epoch: float) -> float:
        """The learning rate when `epoch` epochs have passed."""
        return self.learning_rate * (min(1.0, 2 - 2 * epoch / self.epochs) if self.decay else 1.0)

    def beta_at(self, epoch: float) -> float:
        """β when `epoch` epochs have passed; not for a `BetaRange`, which has no one β."""
        return float(np.interp(epoch, *zip(*self._beta_knots, strict=True)))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


@dataclass(frozen=True)
class Progress:
    """Where a training stands after a step. All terms are means over images, in nats."""

    step: int
    steps: int
    epoch: float
    beta: float | None
    """The step's; None where each image had its own."""
    train: ElboTerms
    """Of this step's batch, before its update."""
    test: ElboTerms | None
    """Of the test images, once an epoch, at its end."""


def fit(
    model: VAE,
    images: UInt8[Tensor, "train 28 28"],
    config: TrainConfig,
    test_images: UInt8[Tensor, "test 28 28"] | None = None,
    optimizer: Adam | MuonAndAdam | None = None,
    first_epoch: int = 0,
    labels: Int64[Tensor, " labels"] | None = None,
    test_labels: Int64[Tensor, " test_labels"] | None = None,
) -> Iterator[Progress]:
    """Train the model in place, and yield the progress after every step.

    Nothing happens until the next step is asked for: to pause, wait; to stop, stop asking. Each step minimises
    reconstruction + β · KL, averaged over a batch (Kingma & Welling 2013, algorithm 1).

    Args:
        model: on the device where it is to be trained.
        images: to train on, and no others.
        config: see `TrainConfig`.
        test_images: measured at the end of each epoch, never trained on.
        optimizer: of an earlier run that is resumed, with `first_epoch`, the number of epochs it has done. An epoch's
            randomness depends on the seed and the epoch alone, so the resumed run is the one that was not interrupted.
        labels: for a model that is told them (lesson 11); `test_labels` are those of the test images.

    Raises:
        ValueError: no images, or not a label each.
        FloatingPointError: the loss is no longer finite.
    """
    _check_images(images, labels)
    if test_images is not None:
        if (labels is None) != (test_labels is None):
            raise ValueError("labels and test_labels: give both, or neither")
        _check_images(test_images, test_labels, "test_")
    device = next(model.parameters()).device
    optimizer = optimizer or make_optimizer(model, config)
    generator = Generator(device)
    images = images.to(device)
    if config.binarization != "dynamic":
        images = binarize_once(images, config.binarization, generator.manual_seed(config.seed))
    steps_per_epoch = -(-len(images) // config.batch_size)
    for epoch in range(first_epoch, config.epochs):
        generator.manual_seed(_epoch_seed(config.seed, epoch))
        order = torch.randperm(len(images), generator=generator, device=device)
        for i, batch in enumerate(order.split(config.batch_size)):
            x = grey(images[batch])
            if config.binarization == "dynamic":
                x = binarize(x, generator)
            if isinstance(config.beta, BetaRange):
                beta = config.beta.draw(len(x), generator)
            else:
                beta = config.beta_at(epoch + i / steps_per_epoch)
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate_at(epoch + i / steps_per_epoch)
            terms = training_step(_given(model.at(beta), labels, batch), x, beta, optimizer, generator)
            last = i + 1 == steps_per_epoch
            test = None
            if last:
                _check_finite(terms, epoch)
            if last and test_images is not None:
                test = evaluate(model, test_images, config.binarization, labels=test_labels)
                _check_finite(test, epoch)
            step = epoch * steps_per_epoch + i + 1
            one_beta = beta if isinstance(beta, float) else None
            yield Progress(step, config.epochs * steps_per_epoch, step / steps_per_epoch, one_beta, terms, test)


def _check_finite(terms: ElboTerms, epoch: int) -> None:
    if not terms.negative_elbo.isfinite():
        raise FloatingPointError(f"the loss is {terms.negative_elbo:.3g} in epoch {epoch}: try a lower learning_rate")


def make_optimizer(model: VAE, config: TrainConfig) -> Adam | MuonAndAdam:
    """The config's; Adam with one fused kernel for all parameters."""
    if config.optimizer == "muon":
        return MuonAndAdam(model.parameters(), config.learning_rate)
    return Adam(model.parameters(), lr=config.learning_rate, fused=True)


def _epoch_seed(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0])


def training_step(
    model: VAE,
    x: Tensor,
    beta: float | Float[Tensor, " batch"],
    optimizer: Adam | MuonAndAdam,
    generator: Generator,
) -> ElboTerms:
    """One step on reconstruction + β · KL, averaged over the batch x; returns both terms before the step."""
    model.train()
    terms = model.elbo(x, generator)
    optimizer.zero_grad()
    terms.weighted(beta).mean().backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach()).mean()


@torch.no_grad()
def evaluate(
    model: VAE,
    images: UInt8[Tensor, "test 28 28"],
    binarization: Binarization,
    seed: int = EVALUATION_SEED,
    labels: Int64[Tensor, " labels"] | None = None,
) -> ElboTerms:
    """The ELBO's terms, averaged over all images, in nats: one draw of z an image.

    The same seed gives the same pixels and the same draws, whatever the model. The model's mode is left as it was.
    With labels, for a model that is told them, the terms are those of p(x|y).

    Raises:
        ValueError: no images, or not a label for each.
    """
    _check_images(images, labels)
    device = next(model.parameters()).device
    generator = Generator(device).manual_seed(seed)
    images = binarize_once(images.to(device), binarization, generator)
    was_training = model.training
    model.eval()
    batches = [
        _given(model, labels, batch).elbo(grey(images[batch]), generator)
        for batch in torch.arange(len(images), device=device).split(1000)
    ]
    model.train(was_training)
    return ElboTerms(*(torch.cat(term) for term in zip(*batches, strict=True))).mean()


def _given(model: VAE, labels: Tensor | None, batch: Tensor) -> VAE:
    return model if labels is None else model.given(labels[batch.to(labels.device)])


def _check_images(images: Tensor, labels: Tensor | None, which: str = "") -> None:
    if not len(images):
        raise ValueError(f"{which}images: there are none; give at least one")
    if labels is not None and len(labels) != len(images):
        raise ValueError(
            f"{which}labels: there are {len(labels)} for {len(images)} images; give one an image, in their order"
        )


def best_device() -> torch.device:
    """The accelerator that torch finds, or the CPU."""
    # A build for an accelerator names it even on a machine that has none.
    return torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")
