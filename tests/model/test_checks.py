"""What a function cannot use is refused by a line of the course's own, and never by torch or with a wrong figure.

The tests' type checker would refuse most of this first, with a text of its own; learners have none.
"""

from vae_course.beta import BetaRange, MultiRateVAE
from vae_course.checks import kind_of
from vae_course.clinic import Patient, examine
from vae_course.conditional import ConditionalVAE
from vae_course.data import as_pixels, binarize, binarize_once, grey
from vae_course.decoder import log_likelihood
from vae_course.evaluation import (
    bounds_of_groups,
    exact_log_likelihood,
    importance_weighted_bound,
    largest_shares,
    log_importance_weights,
    log_likelihood_table,
)
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.latent_space import active_units, as_mnist, code_judge, mean_codes, quantile_grid, unit_activity
from vae_course.likelihood import auroc, roc, surprise
from vae_course.prior import FlowPrior, walk
from vae_course.reparameterization import reparameterize
from vae_course.sample_quality import DigitClassifier, digit_features
from vae_course.training import TrainConfig, adam, evaluate, fit
from vae_course.vae import VAE
from vae_course.verification import check_device

import jaxtyping
import numpy as np
import pytest
import torch
from torch import Generator


@pytest.fixture(autouse=True)
def without_type_checker():
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


IMAGES = torch.full((4, 28, 28), 255).byte()
LABELS = torch.arange(4)
X = grey(IMAGES)
MODEL, CONDITIONAL, EVERY_BETA = VAE(2, (8,)), ConditionalVAE(2, (8,)), MultiRateVAE(2, (8,))
CONFIG = TrainConfig(epochs=1, batch_size=2)


def first_step(model=MODEL, config=CONFIG, **others):
    return next(fit(model, IMAGES, config, **others))


def with_beta(beta):
    return lambda: first_step(config=TrainConfig(beta=lambda epoch, count, generator: beta))


NO_COUNT = {
    "sample": lambda n: MODEL.sample(n),
    "importance_weighted_bound": lambda n: importance_weighted_bound(MODEL, X, n),
    "log_importance_weights": lambda n: log_importance_weights(MODEL, X, n),
    "bounds_of_groups": lambda n: bounds_of_groups(torch.zeros(4, 2), n),
    "surprise": lambda n: surprise(MODEL, X, n),
    "walk": lambda n: walk(lambda z, t: z, torch.zeros(2, 2), n),
    "FlowPrior.sample": lambda n: FlowPrior(2, 8, 1).sample(2, steps=n),
    "quantile_grid": quantile_grid,
    "code_judge": lambda n: code_judge(MODEL, X, n),
    "classes": lambda n: ConditionalVAE(2, (8,), n),
    "epochs": lambda n: TrainConfig(epochs=n),
    "batch_size": lambda n: TrainConfig(batch_size=n),
    "first_epoch": lambda n: first_step(first_epoch=n),
    "first_batch": lambda n: first_step(first_batch=n),
}


@pytest.mark.parametrize("take", NO_COUNT.values(), ids=NO_COUNT)
@pytest.mark.parametrize("count", [-1, 2.0, "2", True, None, float("nan"), torch.tensor(2)], ids=repr)
def test_what_is_no_count_is_refused(take, count):
    with pytest.raises(ValueError, match=r"must be at least [01], and an int$"):
        take(count)


TAKE_A_SEED = {
    "evaluate": lambda seed: evaluate(MODEL, IMAGES, "static", seed),
    "mean_codes": lambda seed: mean_codes(MODEL, IMAGES, "static", seed),
    "examine": lambda seed: examine(Patient(2, (8,)), IMAGES, seed),
    "TrainConfig": lambda seed: TrainConfig(seed=seed),
}


@pytest.mark.parametrize("take", TAKE_A_SEED.values(), ids=TAKE_A_SEED)
@pytest.mark.parametrize("seed", [-1, 1e3, "7", 2**70, None, LABELS], ids=repr)
def test_what_is_no_seed_is_refused(take, seed):
    with pytest.raises(ValueError, match=r"seed=.* must be (at least 0, and an int|below 2\*\*63)$"):
        take(seed)


TAKE_A_GENERATOR = {
    "binarize": lambda generator: binarize(X, generator),
    "as_pixels": lambda generator: as_pixels(IMAGES, "static", generator),
    "reparameterize": lambda generator: reparameterize(torch.zeros(4, 2), torch.zeros(4, 2), generator),
    "elbo": lambda generator: MODEL.elbo(X, generator),
    "sample": lambda generator: MODEL.sample(4, generator),
    "surprise": lambda generator: surprise(MODEL, X, 2, generator),
    "importance_weighted_bound": lambda generator: importance_weighted_bound(MODEL, X, 2, generator),
    "fit": lambda generator: first_step(generator=generator),
}


@pytest.mark.parametrize("take", TAKE_A_GENERATOR.values(), ids=TAKE_A_GENERATOR)
def test_a_seed_is_no_generator(take):
    with pytest.raises(ValueError, match=r"^generator: must be a generator, such as .*manual_seed\(0\), found 0$"):
        take(0)
    take(Generator())


TAKE_IMAGES = {
    "elbo": (MODEL.elbo, "x"),
    "encoder": (MODEL.encoder, "x"),
    "every beta": (EVERY_BETA.at(2.0).elbo, "x"),
    "given a label": (CONDITIONAL.given(7).elbo, "x"),
    "convolutional": (ConvolutionalVAE(2, (8,), (2, 2)).elbo, "x"),
    "importance_weighted_bound": (lambda x: importance_weighted_bound(MODEL, x, 2), "x"),
    "digit_features": (lambda x: digit_features(DigitClassifier(), x), "images"),
}
NO_IMAGES = {
    "bytes": (IMAGES, r"uint8 \[4, 28, 28\] on cpu; give grey\(images\)"),
    "no channel": (X[:, 0], r"float32 \[4, 28, 28\] on cpu"),
    "one image": (X[0], r"float32 \[1, 28, 28\] on cpu"),
    "flat": (X.flatten(1), r"float32 \[4, 784\] on cpu"),
    "three colours": (X.expand(-1, 3, -1, -1), r"float32 \[4, 3, 28, 28\] on cpu"),
    "another size": (X[..., :27], r"float32 \[4, 1, 28, 27\] on cpu"),
    "double precision": (X.double(), r"float64 \[4, 1, 28, 28\] on cpu"),
    "on another device": (X.to("meta"), r"float32 \[4, 1, 28, 28\] on meta"),
}


@pytest.mark.parametrize(("take", "name"), TAKE_IMAGES.values(), ids=TAKE_IMAGES)
@pytest.mark.parametrize(("x", "found"), NO_IMAGES.values(), ids=NO_IMAGES)
def test_what_a_network_cannot_take_is_refused_by_its_name(take, name, x, found):
    right = rf"{name}: must be a float32 tensor \[N, 1, 28, 28\] on cpu"
    with pytest.raises(ValueError, match=f"^{right}, found {found}$"):
        take(x)


def test_a_code_of_another_size_is_refused():
    for model in (MODEL, CONDITIONAL.given(7), EVERY_BETA):
        with pytest.raises(ValueError, match=r"^z: must be a float32 tensor \[N, 2\] on cpu, found float32 \[4, 3\]"):
            model.decoder(torch.zeros(4, 3))
        assert model.decoder(torch.zeros(5, 4, 2)).shape == (5, 4, 1, 28, 28)


def test_a_network_of_another_type_says_which_images_it_takes():
    with pytest.raises(ValueError, match=r"x: must be a float64 tensor .*, found float32"):
        VAE(2, (8,)).double().elbo(X)
    with torch.autocast("cpu", torch.bfloat16):
        assert MODEL.elbo(X).kl.isfinite().all()


TAKE_PIXELS = {
    "binarize": lambda x: binarize(x, Generator()),
    "log_likelihood": lambda x: log_likelihood(torch.zeros(4, 1, 28, 28), x),
    "reconstruct": MODEL.reconstruct,
    "log_likelihood_table": lambda x: log_likelihood_table(torch.zeros(4, 1, 28, 28), x),
    "as_mnist": as_mnist,
}
NO_PIXELS = {
    "bytes": (IMAGES, "found uint8 .*; divide bytes by 255"),
    "black or white": (IMAGES > 0, r"found bool .*; give \w+\.float\(\)"),
    "labels": (LABELS, r"found int64 \[4\]; give \w+\.float\(\)"),
    "complex numbers": (X + 0j, "found complex64"),
    "an array": (X.numpy(), "must be a tensor of floats .*, found ndarray"),
    "a list": ([0.5], "must be a tensor of floats .*, found list"),
}


@pytest.mark.parametrize("take", TAKE_PIXELS.values(), ids=TAKE_PIXELS)
@pytest.mark.parametrize(("x", "message"), NO_PIXELS.values(), ids=NO_PIXELS)
def test_what_are_no_grey_values_is_refused(take, x, message):
    with pytest.raises(ValueError, match=message):
        take(x)


TAKE_LABELS = {
    "fit": lambda labels: first_step(CONDITIONAL, labels=labels),
    "fit, to test": lambda labels: first_step(CONDITIONAL, test_images=IMAGES, labels=LABELS, test_labels=labels),
    "evaluate": lambda labels: evaluate(CONDITIONAL, IMAGES, "static", labels=labels),
}


@pytest.mark.parametrize("take", TAKE_LABELS.values(), ids=TAKE_LABELS)
@pytest.mark.parametrize("labels", [[0, 1, 2, 3], np.arange(4), 7, "0123", LABELS[:3], LABELS[:, None]], ids=kind_of)
def test_what_is_no_label_for_each_image_is_refused(take, labels):
    with pytest.raises(ValueError, match=r"labels: must be a tensor of one for each of 4 images, in order; found"):
        take(labels)


REFUSED = {
    "a number of epochs": (
        lambda: first_step(config=5),
        r"config: must be a TrainConfig, such as .*epochs=5\), found 5",
    ),
    "an optimizer's name": (lambda: first_step(optimizer="adam"), "optimizer: must be an optimizer, .* found 'adam'"),
    "an optimizer's class": (lambda: first_step(optimizer=torch.optim.Adam), "optimizer: .* found type"),
    "a batch behind the last": (lambda: first_step(first_batch=2), "first_batch=2: an epoch has 2 batches"),
    "a column of β": (with_beta(torch.ones(4, 1)), r"beta: .* one for each of 4 images, found float32 \[4, 1\]"),
    "too few β": (with_beta(torch.ones(3)), r"beta: .* one for each of 4 images, found float32 \[3\]"),
    "β that is none": (with_beta(None), "beta: must be a number, .* found None"),
    "β that is NaN": (with_beta(float("nan")), "beta: must be a number, .* found nan"),
    "True as a size": (lambda: VAE(True), "latent_dim=True, .*sizes must be at least 1"),
    "bytes as sizes": (lambda: VAE(2, b"ab"), "hidden=b'ab': sizes must be at least 1"),
    "one end of a range": (lambda: MultiRateVAE(2, (8,), (0.1,)), r"beta_range=\(0.1,\) must be 0 < low < 1 < high"),
    "no range": (lambda: MultiRateVAE(2, (8,), None), "beta_range=None must be 0 < low < 1 < high < inf"),
    "a text as β": (lambda: BetaRange("0.1", 1), "BetaRange\\('0.1', 1\\): low and high must be"),
    "a text as size of a grid": (lambda: exact_log_likelihood(MODEL, X, "5"), "steps='5' must be an odd number"),
    "a grid to nowhere": (lambda: exact_log_likelihood(MODEL, X, 5, -6.0), r"half_width=-6\.0, .* a positive number"),
    "a grid without an end": (lambda: exact_log_likelihood(MODEL, X, 5, float("inf")), "half_width=inf"),
    "a grid for no image": (lambda: exact_log_likelihood(MODEL, X[:0], 5), "for 0 images: .* an image at least"),
    "more draws than there are": (lambda: largest_shares(torch.zeros(4, 2), 5), "samples=5: there are only 4 draws"),
    "the variance of one": (lambda: unit_activity(MODEL, IMAGES[:1]), "images: 1; a variance needs at least 2"),
    "units of one": (lambda: active_units(MODEL, IMAGES[:1]), "images: 1; a variance needs at least 2"),
    "0 and 1 for a training": (lambda: binarize_once(IMAGES // 255, "grey", Generator()), "found only 0 and 1"),
    "a list of scores": (lambda: auroc([1.0, 2.0], [True, False]), "scores: must be a tensor of numbers, found list"),
    "a list of truths": (lambda: roc(torch.rand(2), [True, False]), "anomalous: must be a tensor .*, found list"),
    "rows of scores": (lambda: auroc(torch.rand(1, 4), LABELS[None] > 1), r"in one row; found bool \[1, 4\]"),
    "a drawing with a channel": (lambda: as_mnist(X[0]), r"ink: must be \[height, width\], found \[1, 28, 28\]"),
    "no device": (lambda: check_device(None), "device='None': there are cpu"),
    "labels for other codes": (
        lambda: FlowPrior(2, 8, 1, classes=4).given(LABELS).sample(5),
        r"labels: \[4\] of them for \[5\] images or codes",
    ),
    "β for other codes": (
        lambda: FlowPrior(2, 8, 1, beta_range=(0.1, 4.0)).at(torch.ones(3)).sample(5),
        r"beta: \[3\] of them for \[5\] images or codes",
    ),
}


@pytest.mark.parametrize(("take", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_of_no_use_is_refused_with_what_would_be_right(take, message):
    with pytest.raises(ValueError, match=message):
        take()


def test_what_is_right_is_taken():
    assert first_step(first_batch=1, optimizer=adam(MODEL.parameters(), 1e-3), generator=Generator()).step == 2
    assert with_beta(torch.tensor(0.5))().beta is None
    assert VAE(2, [8, 4]).hidden == (8, 4)
    assert MODEL.sample(0).shape == (0, 1, 28, 28)
