"""Lesson 01: the digits, and what a pixel means.

Images are `uint8` [N, 28, 28] at rest and `float32` [N, 1, 28, 28] in models. A grey value is read as the probability
that the pixel is on (Salakhutdinov & Murray 2008), and `binarize` draws it.
"""

from typing import Literal, get_args

from vae_course.checks import check_generator, check_type, kind_of

import torch
from jaxtyping import Float, UInt8
from torch import Generator, Tensor

Binarization = Literal["dynamic", "static", "threshold", "grey"]
BINARIZATIONS: tuple[Binarization, ...] = get_args(Binarization)


def grey(images: UInt8[Tensor, "batch 28 28"]) -> Float[Tensor, "batch 1 28 28"]:
    """Turn bytes 0 to 255 into grey values in [0, 1], with a channel axis.

    Raises:
        ValueError: the images are not bytes [N, 28, 28].
    """
    check_bytes(images)
    return images.unsqueeze(1).float() / 255


def binarize(images: Float[Tensor, "*shape"], generator: Generator) -> Float[Tensor, "*shape"]:
    """Draw each pixel: 1 with the probability that is its grey value, else 0.

    Args:
        images: grey values in [0, 1], any shape.
        generator: the source of the draws, on the images' device; the same state gives the same draws.

    Raises:
        ValueError: a value lies outside [0, 1], or `generator` is no generator.
    """
    check_unit_range(images, "images")
    check_generator(generator)
    # x ~ Bernoulli(grey)
    return torch.bernoulli(images, generator=generator)


def as_pixels(
    images: UInt8[Tensor, "batch 28 28"], binarization: Binarization, generator: Generator
) -> Float[Tensor, "batch 1 28 28"]:
    """Turn bytes into pixels as a model takes them, binarised as asked.

    `"grey"` leaves grey values in [0, 1], `"threshold"` makes 1 of a half or more, `"static"` and `"dynamic"` draw
    each pixel once. These two differ only in training, where `"dynamic"` draws again for every batch.

    Raises:
        ValueError: there is no such binarisation, the images are not bytes [N, 28, 28], or `generator` is no generator.
    """
    check_binarization(binarization)
    check_generator(generator)
    x = grey(images)
    if binarization == "grey":
        return x
    return (x >= 0.5).float() if binarization == "threshold" else torch.bernoulli(x, generator=generator)


def binarize_once(
    images: UInt8[Tensor, "batch 28 28"], binarization: Binarization, generator: Generator
) -> UInt8[Tensor, "batch 28 28"]:
    """Binarise images once for a whole training, and keep them as bytes, a quarter of the memory of floats.

    The pixels are those of `as_pixels`, times 255: all are 0 or 255, unless `"grey"` is asked for.

    Raises:
        ValueError: see `as_pixels`.
    """
    check_scale(images)
    return (as_pixels(images, binarization, generator).squeeze(1) * 255).round().to(torch.uint8)


def check_binarization(binarization: str) -> None:
    """Raise a `ValueError` unless the binarisation is one of `BINARIZATIONS`."""
    if binarization not in BINARIZATIONS:
        raise ValueError(f"binarization={binarization!r}: choose one of {', '.join(BINARIZATIONS)}")


def check_bytes(images: Tensor, name: str = "images") -> None:
    """Raise a `ValueError` unless the images are bytes [N, 28, 28]; it says how to get them."""
    check_type(images, Tensor, name, "a tensor such as digits.train_images")
    if images.dtype != torch.uint8:
        scale = {torch.bool: ".byte() * 255"}.get(images.dtype, ".round().byte()")
        if images.is_floating_point() and images.numel() and images.max() <= 1:
            scale = ".mul(255).round().byte()"
        kind = kind_of(images).split()[0]
        raise ValueError(f"{name}: pixels must be bytes (uint8) from 0 to 255, found {kind}; give {name}{scale}")
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(f"{name}: must be [N, 28, 28], found {list(images.shape)}; give {name}.reshape(-1, 28, 28)")


def check_scale(images: UInt8[Tensor, "batch 28 28"], name: str = "images") -> None:
    """Raise a `ValueError` unless the images are bytes [N, 28, 28], the largest of which is not 1, but up to 255."""
    check_bytes(images, name)
    if len(images) and images.max() == 1:
        raise ValueError(f"{name}: pixels must be bytes from 0 to 255, found only 0 and 1; give {name} * 255")


def is_at_hand(values: Tensor) -> bool:
    """Say whether values can be looked at without waiting: on the CPU.

    An accelerator would first finish all that it was asked to do, in every step of a training. So there values are
    not checked.
    """
    return values.device.type == "cpu"


def check_unit_range(values: Float[Tensor, "*shape"], name: str) -> None:
    """Raise a `ValueError` unless the values are floats, and all that are at hand lie in [0, 1] (NaN does not)."""
    check_type(values, Tensor, name, "a tensor of floats in [0, 1]")
    if not values.is_floating_point():
        remedy = "divide bytes by 255" if values.dtype == torch.uint8 else f"give {name}.float()"
        raise ValueError(f"{name}: values must lie in [0, 1] and be floats, found {kind_of(values)}; {remedy}")
    if not is_at_hand(values):
        return
    low, high = torch.aminmax(values.detach()) if values.numel() else (0.0, 0.0)
    if not (low >= 0 and high <= 1):
        remedy = "; divide bytes by 255" if low >= 0 and high <= 255 else ""
        raise ValueError(f"{name}: values must lie in [0, 1], found {low:.4g} to {high:.4g}{remedy}")
