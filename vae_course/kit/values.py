"""Values that a check compares: one number of the learner's, and formulas that are off by a factor."""

from collections.abc import Mapping
from itertools import combinations
from numbers import Real
from typing import Any

from vae_course.kit.exercise import describe, expect

from torch import Tensor


def number(got: Any, of: str) -> float:
    """Return one real number as a float, whether it comes as a float, a NumPy number or a tensor of shape [].

    Args:
        got: the answer's result.
        of: what the number belongs to, for the hint: "for all images together".

    Raises:
        Mistake: it is anything else.
    """
    expect(not list(getattr(got, "shape", ())), f"Return one number {of}; this is {describe(got)}.")
    value = got.item() if hasattr(got, "item") else got
    expect(not isinstance(value, complex), "Return a real number, not a complex one: take `.real`.")
    expect(isinstance(value, Real) and not isinstance(value, bool), f"Return one number, not a {type(value).__name__}.")
    return float(value)


def scaled(formulas: Mapping[str, tuple[Tensor, ...]], scales: Mapping[str, float]) -> dict[str, tuple[Tensor, ...]]:
    """Multiply each formula by no scale, by each scale, and by each two; the hints are joined.

    Args:
        formulas: hint → the values that deserve it; the hint of the right formula is empty.
        scales: hint → factor.
    """
    pairs = {f"{one} {two}": scales[one] * scales[two] for one, two in combinations(scales, 2)}
    return {
        f"{hint} {scale}".strip(): tuple(factor * value for value in values)
        for scale, factor in ({"": 1.0, **scales, **pairs}).items()
        for hint, values in formulas.items()
    }
