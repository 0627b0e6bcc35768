"""Every function that takes images at rest refuses what are no bytes from 0 to 255, and says how to come to them.

The tests' type checker would refuse most of these first, with a text of its own; learners have none.
"""

from vae_course.beta import rate_distortion
from vae_course.clinic import Patient, examine
from vae_course.data import as_pixels, binarize_once, grey
from vae_course.elbo import elbo_terms
from vae_course.evaluation import exact_log_likelihood, importance_weighted_bound
from vae_course.latent_space import active_units, as_mnist, mean_codes, unit_activity
from vae_course.likelihood import surprise
from vae_course.prior import FlowPrior, fit_prior
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

import jaxtyping
import pytest
import torch


@pytest.fixture(autouse=True)
def without_type_checker():
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture
def images(digits):
    return digits.test_images[:4]


MODEL = VAE(2, (8,))
TAKE_BYTES = {
    "grey": grey,
    "as_pixels": lambda images: as_pixels(images, "static", torch.Generator()),
    "binarize_once": lambda images: binarize_once(images, "threshold", torch.Generator()),
    "fit": lambda images: next(fit(MODEL, images, TrainConfig())),
    "fit, to test": lambda images: next(fit(MODEL, torch.full((2, 28, 28), 255).byte(), TrainConfig(), images)),
    "evaluate": lambda images: evaluate(MODEL, images, "static"),
    "rate_distortion": lambda images: rate_distortion(MODEL, images, [1.0]),
    "unit_activity": lambda images: unit_activity(MODEL, images),
    "active_units": lambda images: active_units(MODEL, images),
    "mean_codes": lambda images: mean_codes(MODEL, images),
    "examine": lambda images: examine(Patient(2, (8,)), images),
    "fit_prior": lambda images: next(fit_prior(FlowPrior(2, 8, 1), MODEL, images, TrainConfig())),
}
NO_BYTES = {
    "grey values": (
        lambda images: images / 255,
        r"found float32; give (test_)?images\.mul\(255\)\.round\(\)\.byte\(\)",
    ),
    "half precision": (lambda images: images.half() / 255, r"found float16; give .*mul\(255\)"),
    "bytes as floats": (lambda images: images.float(), r"found float32; give (test_)?images\.round\(\)\.byte\(\)"),
    "black or white": (lambda images: images >= 128, r"found bool; give (test_)?images\.byte\(\) \* 255"),
    "integers": (lambda images: images.long(), r"found int64; give (test_)?images\.round\(\)\.byte\(\)"),
    "a channel": (lambda images: images[:, None], r"must be \[N, 28, 28\], found \[4, 1, 28, 28\]; give .*reshape"),
    "flat": (lambda images: images.flatten(1), r"must be \[N, 28, 28\], found \[4, 784\]"),
    "one image": (lambda images: images[0], r"must be \[N, 28, 28\], found \[28, 28\]"),
}


@pytest.mark.parametrize("take", TAKE_BYTES.values(), ids=TAKE_BYTES)
@pytest.mark.parametrize(("change", "message"), NO_BYTES.values(), ids=NO_BYTES)
def test_what_are_no_bytes_is_refused_with_what_to_give(images, take, change, message):
    with pytest.raises(ValueError, match=message):
        take(change(images))


@pytest.mark.parametrize("change", [change for change, _ in NO_BYTES.values()], ids=NO_BYTES)
def test_what_is_advised_gives_the_bytes(images, change):
    changed = change(images)
    with pytest.raises(ValueError, match="give images") as raised:
        grey(changed)
    advised = eval(str(raised.value).split("; give ")[1], {"images": changed})
    expected = (images >= 128) * 255 if changed.dtype == torch.bool else images[: len(advised)]
    assert torch.equal(advised, expected)


@pytest.mark.parametrize("take", TAKE_BYTES.values(), ids=TAKE_BYTES)
@pytest.mark.parametrize("kind", ["ndarray", "list", "Digits"])
def test_what_is_no_tensor_is_refused(digits, take, kind):
    other = {"ndarray": digits.test_images.numpy(), "list": [*digits.test_images[:4]], "Digits": digits}[kind]
    with pytest.raises(ValueError, match=f"images: must be a tensor such as digits.train_images, found {kind}"):
        take(other)


WHOLE_SETS = ["fit", "fit, to test", "evaluate", "rate_distortion", "mean_codes", "unit_activity", "fit_prior"]


@pytest.mark.parametrize("name", WHOLE_SETS)
def test_bytes_of_0_and_1_are_refused(images, name):
    with pytest.raises(ValueError, match=r"found only 0 and 1; give (test_)?images \* 255"):
        TAKE_BYTES[name]((images >= 128).byte())
    TAKE_BYTES[name](images)
    TAKE_BYTES[name](torch.zeros_like(images))


TAKE_PIXELS = {
    "elbo": lambda x: MODEL.elbo(x),
    "elbo_terms": lambda x: elbo_terms(x, torch.zeros_like(x), torch.zeros(4, 2), torch.zeros(4, 2)),
    "importance_weighted_bound": lambda x: importance_weighted_bound(MODEL, x, 2),
    "exact_log_likelihood": lambda x: exact_log_likelihood(MODEL, x),
    "surprise": lambda x: surprise(MODEL, x, 1),
    "reconstruct": lambda x: MODEL.reconstruct(x),
    "as_mnist": lambda x: as_mnist(x[0, 0]),
}


@pytest.mark.parametrize("take", TAKE_PIXELS.values(), ids=TAKE_PIXELS)
@pytest.mark.parametrize("scale", [255.0, -1.0, 2.0])
def test_pixels_outside_0_to_1_cost_nothing_but_an_error(images, take, scale):
    with pytest.raises(ValueError, match=r"values must lie in \[0, 1\]"):
        take(grey(images) * scale)
