"""Refuse arguments that are of no use, before torch does so in words of its own."""

import sys
from typing import Any

import torch
from torch import Generator, Tensor, nn


def kind_of(value: object) -> str:
    """Name what was given: a tensor's numbers and shape; a number or a text as it is; of all else the class."""
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"
    return repr(value) if isinstance(value, int | float | str | None) else type(value).__name__


def check_type(value: object, kind: Any, name: str, right: str) -> None:
    """Raise a `ValueError` unless the value is of this kind; it says what would be right."""
    if not isinstance(value, kind):
        raise ValueError(f"{name}: must be {right}, found {kind_of(value)}")


def check_generator(generator: object) -> None:
    """Raise a `ValueError` unless it is a generator of random numbers, or None; a seed, for instance, is neither."""
    check_type(generator, Generator | None, "generator", "a generator, such as torch.Generator().manual_seed(0)")


def is_number(value: object, largest: float = sys.float_info.max) -> bool:
    """Say whether a value is a number, from -largest to largest; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= largest


def check_whole(value: object, name: str, least: int = 1) -> None:
    """Raise a `ValueError` unless the value is an int of at least `least`; True and False are none."""
    if type(value) is not int or not least <= value < 2**63:
        too_large = type(value) is int and value >= 2**63
        raise ValueError(f"{name}={value!r} must be {'below 2**63' if too_large else f'at least {least}, and an int'}")


def seeded(seed: int, device: torch.device | str = "cpu") -> Generator:
    """Make a generator of random numbers; raise a `ValueError` unless the seed is an int of at least 0."""
    check_whole(seed, "seed", 0)
    return Generator(device).manual_seed(seed)


def check_input(name: str, axes: slice, shape: tuple, half: nn.Module, inputs: tuple) -> None:
    """Raise a `ValueError` unless a half of a network can take its input: a hook that torch calls before the half."""
    like = next(half.parameters())
    for value in inputs[:1]:
        # The words are put together only for an input that is refused, because every step passes here twice.
        fits = isinstance(value, Tensor) and (value.shape[axes], value.device) == (shape, like.device)
        if fits and (value.dtype == like.dtype or torch.is_autocast_enabled(like.device.type)):
            continue
        right = f"a {kind_of(like).split()[0]} tensor [N, {', '.join(map(str, shape))}] on {like.device}"
        check_type(value, Tensor, name, right)
        remedy = "; give grey(images)" if value.dtype == torch.uint8 else ""
        raise ValueError(f"{name}: must be {right}, found {kind_of(value)} on {value.device}{remedy}")
