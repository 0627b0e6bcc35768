"""Lesson 06: the training loop, the only one there is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vae_course.checks import check_generator, check_type, check_whole, is_number, kind_of, seeded
from vae_course.data import Binarization, as_pixels, binarize_once, check_binarization, check_scale
from vae_course.elbo import ElboTerms
from vae_course.vae import VAE

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Generator, Tensor
from torch.nn import Parameter
from torch.optim import Adam, Optimizer

# Numbers below 1e-38 count as 0. An optimizer's averages fade to such numbers, as where a pixel is never on, and some
# processors are slow with them: after ten epochs a step of the recipe `burda` took six times as long.
# It is set here, before torch starts its threads, because a thread takes it over when it starts.
# numpy looks once for the smallest numbers there are, and its older versions warn where they find 0.
for _kind in (np.float32, np.float64):
    np.finfo(_kind)
torch.set_flush_denormal(True)

EVALUATION_SEED = 1234
# Nats per image from which a training is said to have diverged: guessing each pixel costs 543.
DIVERGED = 1e6

Beta = float | tuple[tuple[float, float], ...] | Callable[[float, int, Generator], float | Tensor]
"""The weight of the KL: a number, a schedule, or whatever answers for an epoch, a count of images and a generator."""

Step = Callable[[VAE, Tensor, "float | Tensor", Optimizer, Generator], ElboTerms]
"""A training step, with the arguments of `training_step`."""


@dataclass(frozen=True)
class TrainConfig:
    """How to train; the same config gives the same run on the same machine.

    Args:
        epochs: passes over the images.
        batch_size: images per step; the last batch of an epoch may be smaller.
        learning_rate: of the optimizer.
        decay: let the learning rate fall in a straight line to 0 over the second half of the training.
        beta: the weight of the KL: a number; or a schedule as (epoch, β) pairs with straight lines between them:
            `((0, 0.0), (5, 1.0))` rises to 1 over five epochs and stays; or a function of the epoch, the number of
            images and a generator, that returns one β or one per image, as `beta.BetaRange` does.
        binarization: what is done to grey pixels; `"dynamic"` draws them again for each batch.
        seed: of the order of the images, the pixels' draws and z's.

    Raises:
        ValueError: names the field, its value and what would be right.
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3
    decay: bool = False
    beta: Beta = 1.0
    binarization: Binarization = "dynamic"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0)):
            check_whole(getattr(self, name), name, least)
        if not (is_number(self.learning_rate) and self.learning_rate > 0):
            raise ValueError(f"learning_rate={self.learning_rate!r} must be a positive finite number")
        if not isinstance(self.decay, bool):
            raise ValueError(f"decay={self.decay!r} must be True or False")
        check_binarization(self.binarization)
        if not callable(self.beta):
            self._check_beta()

    def _check_beta(self) -> None:
        knots = self.beta if isinstance(self.beta, tuple) else ((0.0, self.beta),)
        if not knots or not all(map(_is_pair, knots)):
            raise ValueError(f"beta={self.beta!r} must be a finite number, a tuple of (epoch, β) pairs, or a function")
        epochs, betas = zip(*knots, strict=True)
        if list(epochs) != sorted(set(epochs)):
            raise ValueError(f"beta={self.beta}: the epochs of a schedule must increase")
        if min(betas) < 0:
            raise ValueError(f"beta={self.beta} must be at least 0")

    def learning_rate_at(self, epoch: float) -> float:
        """Return the learning rate when `epoch` epochs have passed."""
        return self.learning_rate * (min(1.0, 2 - 2 * epoch / self.epochs) if self.decay else 1.0)

    def beta_at(self, epoch: float, count: int, generator: Generator) -> float | Float[Tensor, " count"]:
        """Return β when `epoch` epochs have passed, for a batch of `count` images: one for all, or one per image."""
        if callable(self.beta):
            beta = self.beta(epoch, count, generator)
            if not (is_number(beta) or (isinstance(beta, Tensor) and beta.shape in ((), (count,)))):
                raise ValueError(f"beta: must be a number, or one for each of {count} images, found {kind_of(beta)}")
            return beta
        if isinstance(self.beta, tuple):
            epochs, betas = zip(*self.beta, strict=True)
            return float(np.interp(epoch, epochs, betas))
        return float(self.beta)


def _is_pair(knot: object) -> bool:
    return isinstance(knot, tuple) and len(knot) == 2 and all(map(is_number, knot))


@dataclass(frozen=True)
class Progress:
    """Where a training stands after a step. All terms are means over images, in nats."""

    step: int
    steps: int
    epoch: float
    beta: float | None
    """β of this step; None where each image had its own."""
    train: ElboTerms
    """Of this step's batch, before its update."""
    test: ElboTerms | None
    """Of the test images, once an epoch, at its end."""


def fit(
    model: VAE,
    images: UInt8[Tensor, "train 28 28"],
    config: TrainConfig,
    test_images: UInt8[Tensor, "test 28 28"] | None = None,
    optimizer: Optimizer | None = None,
    first_epoch: int = 0,
    labels: Int64[Tensor, " labels"] | None = None,
    test_labels: Int64[Tensor, " test_labels"] | None = None,
    step: Step | None = None,
    first_batch: int = 0,
    generator: Generator | None = None,
) -> Iterator[Progress]:
    """Train the model in place, and yield the progress after every step.

    Nothing happens until the next step is asked for: to pause, wait; to stop, stop asking. Each step minimises
    reconstruction + β · KL, averaged over a batch (Kingma & Welling 2013, algorithm 1).

    Args:
        model: on the device where it is to be trained.
        images: to train on, and no others.
        config: see `TrainConfig`.
        test_images: measured at the end of each epoch, never trained on.
        optimizer: Adam by default; or that of an earlier run that is resumed, with `first_epoch`, the number of epochs
            it has done. An epoch's randomness depends on the seed and the epoch alone, so the resumed run is the one
            that was not interrupted.
        labels: for a model that is conditioned on them (lesson 12); `test_labels` are those of the test images.
        step: how to train on a batch; `training_step` by default.
        first_batch: the number of batches that the earlier run has done of its unfinished epoch.
        generator: of random numbers; with `first_batch`, in the state in which those batches left it.

    Raises:
        ValueError: no images, or no bytes from 0 to 255; not one label for each; labels for the training or the test
            images alone, or for a model that is not conditioned on them; or an argument of another type.
        FloatingPointError: the training has diverged.
    """
    check_images(images, labels)
    if test_images is not None:
        if (labels is None) != (test_labels is None):
            raise ValueError("labels and test_labels: give both, or neither")
        check_images(test_images, test_labels, "test_")
    check_type(config, TrainConfig, "config", "a TrainConfig, such as TrainConfig(epochs=5)")
    check_type(optimizer, Optimizer | None, "optimizer", "an optimizer, such as adam(model.parameters(), 1e-3)")
    check_generator(generator)
    for name, value in (("first_epoch", first_epoch), ("first_batch", first_batch)):
        check_whole(value, name, 0)
    optimizer, step = optimizer or adam(model.parameters(), config.learning_rate), step or training_step
    generator = generator or Generator(model.device)
    left_in = generator.get_state()
    images, in_batch = images.to(model.device), config.binarization
    if config.binarization != "dynamic":
        generator.manual_seed(config.seed)
        images, in_batch = binarize_once(images, config.binarization, generator), "grey"
    per_epoch = -(-len(images) // config.batch_size)
    if first_batch >= per_epoch:
        raise ValueError(f"first_batch={first_batch}: an epoch has {per_epoch} batches")
    for epoch in range(first_epoch, config.epochs):
        generator.manual_seed(_epoch_seed(config.seed, epoch))
        order = torch.randperm(len(images), generator=generator, device=model.device)
        batches = list(enumerate(order.split(config.batch_size), 1))
        if first_batch and epoch == first_epoch:
            batches = batches[first_batch:]
            generator.set_state(left_in)
        for i, batch in batches:
            passed, done = epoch + (i - 1) / per_epoch, epoch * per_epoch + i
            x = as_pixels(images[batch], in_batch, generator)
            beta = config.beta_at(passed, len(x), generator)
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate_at(passed)
            terms = step(_given(model.at(beta), labels, batch), x, beta, optimizer, generator)
            test = None
            if i == per_epoch:
                _check_converging(terms, epoch)
                if test_images is not None:
                    test = evaluate(model, test_images, config.binarization, labels=test_labels)
                    _check_converging(test, epoch)
            one_beta = None if isinstance(beta, Tensor) else beta
            yield Progress(done, config.epochs * per_epoch, done / per_epoch, one_beta, terms, test)


def _check_converging(terms: ElboTerms, epoch: int) -> None:
    # NaN is not below it, either.
    if not terms.negative_elbo < DIVERGED:
        raise FloatingPointError(
            f"the training has diverged: -ELBO is {terms.negative_elbo:.3g} nats per image in epoch {epoch}; "
            "try a lower learning_rate"
        )


def adam(parameters: Iterable[Parameter], lr: float) -> Adam:
    """Build Adam, with one fused kernel for all parameters."""
    return Adam(parameters, lr=lr, fused=True)


def _epoch_seed(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0])


def training_step(
    model: VAE, x: Tensor, beta: float | Float[Tensor, " batch"], optimizer: Optimizer, generator: Generator
) -> ElboTerms:
    """Take one step on reconstruction + β · KL, averaged over the batch x; return both terms as before the step."""
    model.train()
    terms = model.elbo(x, generator)
    optimizer.zero_grad()
    # ∇ of the batch's mean of reconstruction + β · KL
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
    """Measure the ELBO's terms, averaged over all images, in nats: one draw of z per image.

    The same seed gives the same pixels and the same draws, whatever the model. The model's mode is left as it was.
    With labels, for a model that is conditioned on them, the terms are those of p(x|y).

    Raises:
        ValueError: no images, or no bytes from 0 to 255; or not a label for each.
    """
    check_images(images, labels)
    generator = seeded(seed, model.device)
    x = as_pixels(images.to(model.device), binarization, generator)
    was_training = model.training
    model.eval()
    batches = [
        _given(model, labels, batch).elbo(x[batch], generator)
        for batch in torch.arange(len(x), device=model.device).split(1000)
    ]
    model.train(was_training)
    return ElboTerms(*(torch.cat(term) for term in zip(*batches, strict=True))).mean()


def _given(model: VAE, labels: Tensor | None, batch: Tensor) -> VAE:
    return model if labels is None else model.given(labels[batch.to(labels.device)])


def check_images(images: Tensor, labels: Tensor | None, which: str = "") -> None:
    """Raise a `ValueError` unless there are images, bytes from 0 to 255, with a label for each if there are labels."""
    check_scale(images, f"{which}images")
    if not len(images):
        raise ValueError(f"{which}images: there are none; give at least one")
    if labels is not None and not (isinstance(labels, Tensor) and labels.shape == images.shape[:1]):
        right = f"must be a tensor of one for each of {len(images)} images, in order"
        raise ValueError(f"{which}labels: {right}; found {kind_of(labels)}")


def best_device() -> torch.device:
    """Find the accelerator of this machine, or else the CPU."""
    # A build for an accelerator names it even on a machine that has none.
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return accelerator or torch.device("cpu")
