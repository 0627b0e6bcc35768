import pytest
import torch

from vae_course.data import binarize
from vae_course.kit.exercise import Verdict
from vae_course.lessons.data.check import check_binarize


def uniform(images, generator, shape=None):
    return torch.rand(images.shape if shape is None else shape, generator=generator)


def reseeds_the_generator(images, generator):
    return torch.bernoulli(images, generator=generator.manual_seed(0))


def seeds_its_own(images, generator):
    return torch.bernoulli(images, generator=torch.Generator().manual_seed(0))


def seeds_torch(images, generator):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torch.bernoulli(images)


def overwrites(images, generator):
    return images.copy_(torch.bernoulli(images, generator=generator))


def raises(images, generator):
    raise RuntimeError("the dice fell off the table")


RIGHT = {
    "the package's": binarize,
    "comparing with uniform numbers": lambda x, g: (uniform(x, g) < x).float(),
    "rounding": lambda x, g: (x + uniform(x, g) - 0.5).round().abs(),
}

WRONG = {
    "threshold": (lambda x, g: (x >= 0.5).float(), "threshold"),
    "round": (lambda x, g: x.round(), "threshold"),
    "any ink": (lambda x, g: (x > 0).float(), "threshold"),
    "one throw for all": (lambda x, g: (uniform(x, g, ()) < x).float(), "threshold"),
    "grey returned": (lambda x, g: x, "grey values"),
    "noisy grey": (lambda x, g: (x + uniform(x, g)) / 2, "other values"),
    "bytes": (lambda x, g: 255 * torch.bernoulli(x, generator=g), "255"),
    "minus one and one": (lambda x, g: 2 * torch.bernoulli(x, generator=g) - 1, "-1"),
    "not a number": (lambda x, g: x / 0, "other values"),
    "turned round": (lambda x, g: (uniform(x, g) > x).float(), "comparison"),
    "one minus": (lambda x, g: torch.bernoulli(1 - x, generator=g), "comparison"),
    "squared": (lambda x, g: torch.bernoulli(x**2, generator=g), "% of the draws"),
    "normal noise": (lambda x, g: (torch.randn(x.shape, generator=g) < x).float(), "% of the draws"),
    "a fair coin": (lambda x, g: x.clone().bernoulli_(generator=g), "% of the draws"),
    "one throw for the batch": (lambda x, g: (uniform(x, g, x.shape[1:]) < x).float(), "batch"),
    "one throw an image": (lambda x, g: (uniform(x, g, (len(x), 1, 1, 1)) < x).float(), "share"),
    "one throw a row": (lambda x, g: (uniform(x, g, (len(x), 1, 28, 1)) < x).float(), "share"),
    "one throw a column": (lambda x, g: (uniform(x, g, (len(x), 1, 1, 28)) < x).float(), "share"),
    "generator ignored": (lambda x, g: torch.bernoulli(x), "same seed"),
    "torch.distributions": (lambda x, g: torch.distributions.Bernoulli(x).sample(), "same seed"),
    "generator re-seeded": (reseeds_the_generator, "in a row"),
    "own generator": (seeds_its_own, "in a row"),
    "torch re-seeded": (seeds_torch, "in a row"),
    "overwritten": (overwrites, "overwrote"),
    "booleans": (lambda x, g: uniform(x, g) < x, "bool"),
    "flattened": (lambda x, g: torch.bernoulli(x, generator=g).flatten(1), "shape"),
    "a list": (lambda x, g: torch.bernoulli(x, generator=g).tolist(), "list"),
    "an array": (lambda x, g: torch.bernoulli(x, generator=g).numpy(), "ndarray"),
    "a string": (lambda x, g: "binary", "str"),
    "a number": (lambda x, g: 1.0, "float"),
    "raising": (raises, "dice fell off"),
    "wrong arguments": (lambda x: x, "TypeError"),
    "no function": (None, "TypeError"),
}


@pytest.mark.parametrize("answer", RIGHT.values(), ids=RIGHT)
def test_right(answer):
    assert check_binarize(answer).status == "right"


@pytest.mark.parametrize("stub", [lambda images, generator: ..., lambda images, generator: None])
def test_not_tried_yet(stub):
    assert check_binarize(stub).status == "not tried yet"


@pytest.mark.parametrize(("answer", "word"), WRONG.values(), ids=WRONG)
def test_wrong_answers_get_the_hint_that_names_the_mistake(answer, word):
    verdict = check_binarize(answer)
    assert isinstance(verdict, Verdict)
    assert verdict.status == "not right yet"
    assert word in verdict.hint


def test_the_check_leaves_the_global_dice_alone():
    before = torch.get_rng_state()
    check_binarize(binarize)
    assert torch.equal(before, torch.get_rng_state())
