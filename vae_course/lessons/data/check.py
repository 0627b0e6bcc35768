"""The check of lesson 01."""

from typing import Any

import torch
from torch import Generator, Tensor

from vae_course.kit.exercise import exercise, tried

SEED = 7


@exercise("binarize", "Every pixel is on as often as its grey value says, and the same seed throws the same dice.")
def check_binarize(answer: Any) -> str | None:
    """Throw many pixels of known grey, twice with one generator and once with its twin."""
    # Column j of every row of every image has the grey j/27, so each of 28 greys is drawn 256 * 28 = 7,168 times.
    images = torch.linspace(0, 1, 28).expand(256, 1, 28, 28).contiguous()
    given, generator = images.clone(), Generator().manual_seed(SEED)
    first = tried(answer(given, generator))
    hint = _wrong_kind(first, given, images) or _wrong_values(first, images)
    hint = hint or _shared_throws(first) or _wrong_frequencies(first, images)
    if hint:
        return hint
    second = answer(images.clone(), generator)
    if torch.equal(first, second):
        return (
            "Two calls in a row gave the same draws, so something inside is seeded anew each time. "
            "Leave the seed to the caller: the generator moves on by itself."
        )
    if not torch.equal(first, answer(images.clone(), Generator().manual_seed(SEED))):
        return (
            "The same seed gave other draws: these dice are not the generator's. Hand it on to the function that draws."
        )
    return None


def _wrong_kind(drawn: Any, given: Tensor, images: Tensor) -> str | None:
    if not isinstance(drawn, Tensor):
        return f"A tensor is asked for, and this is of type {type(drawn).__name__}."
    if drawn.shape != images.shape:
        return f"Images of shape {list(images.shape)} went in, {list(drawn.shape)} came out: keep the shape."
    if drawn.dtype != images.dtype:
        return f"The result is {drawn.dtype}; a model multiplies with it, so give it the images' own type, float32."
    if not torch.equal(given, images):
        return "Your function overwrote the images it was given, and the grey values are lost for the next draw."
    return None


def _wrong_values(drawn: Tensor, images: Tensor) -> str | None:
    if torch.equal(drawn, images):
        return "These are still the grey values. Each pixel must be decided: 0 or 1."
    others = drawn[(drawn != 0) & (drawn != 1)]
    return f"Only 0 and 1 may come out; yours has other values, such as {others[0]:.3g}." if len(others) else None


def _shared_throws(drawn: Tensor) -> str | None:
    rows = drawn.flatten(0, 2)
    if (rows == rows[0]).all():
        return (
            "Every pixel of grey 0.6 came out the same: that is a threshold. Throw dice, so that 60 % of them are on."
        )
    if (drawn == drawn[0]).all():
        return (
            "All images of the batch share one throw, so they are on and off together: every image needs its own dice."
        )
    # Grey rises along a row: a row that only ever rises (or falls) was decided by one number.
    steps = rows.diff(dim=1)
    if (steps >= 0).all() or (steps <= 0).all() or (drawn == drawn[:, :, :1]).all():
        return "Pixels of one image share a throw: every pixel needs its own, as many numbers as there are pixels."
    return None


def _wrong_frequencies(drawn: Tensor, images: Tensor) -> str | None:
    greys, frequencies = images[0, 0, 0], drawn.mean((0, 1, 2))  # Standard error of a frequency: at most 0.006.
    if (frequencies - greys).abs().max() < 0.04:
        return None
    if (frequencies - (1 - greys)).abs().max() < 0.04:
        return "Dark pixels come out 1 and bright ones 0: the probability is 1 − grey. Turn the comparison round."
    i = int((frequencies - greys).abs().argmax())
    grey, frequency = greys[i], frequencies[i]
    return f"A pixel of grey {grey:.2f} should be on in {grey:.0%} of the draws; yours was in {frequency:.0%}."
