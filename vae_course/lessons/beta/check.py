"""Lesson 07's check: the β that a published loss has in effect."""

import math
from itertools import combinations
from typing import Any

from vae_course.beta import effective_betas
from vae_course.kit.exercise import NotTriedYet, exercise, tried

NAMES = "ABCDEF"
# The lesson's sizes, and others, so that a number that is right for the lesson's alone is found out.
SIZES = ((784, 20, 128, 60_000), (12_288, 99, 50, 162_770))


@exercise("effective_betas", "You can read the price of a nat off a loss, whoever wrote it.")
def check_effective_betas(answer: Any) -> str | None:
    """Check a function of the sizes P, D, B and N that returns the six β, A to F."""
    for sizes in SIZES:
        got = tried(answer(*sizes))
        if not isinstance(got, list | tuple) or len(got) != len(NAMES):
            return "Return a list of six numbers: the β of A, B, C, D, E and F, in this order."
        still_open = [name for name, value in zip(NAMES, got, strict=True) if value is ... or value is None]
        if len(still_open) == len(NAMES):
            raise NotTriedYet
        for name, value, right in zip(NAMES, got, effective_betas(*sizes), strict=True):
            if name not in still_open and not _same(float(value), right):
                if sizes != SIZES[0]:
                    return f"{name} is right for one set of sizes and not for another: write it with P, D, B and N."
                return f"{name}: {_mistake(name, float(value), right, *sizes)}"
        if still_open:
            return f"Right so far. Still open: {', '.join(still_open)}."
    return None


def _mistake(name: str, value: float, right: float, P: int, D: int, B: int, N: int) -> str:
    """What was overlooked, told by the factor between the answer and the right one."""
    if right != 1 and _same(value, 1 / right):
        return "this is upside down. β is what a nat of KL counts, over what a nat of reconstruction counts."
    pixels = "the KL is divided by P as well" if name == "B" else "the reconstruction is a sum over pixels, so no P"
    batch = "the batch is summed, or averaged, in both terms, so B cancels"
    if name == "F":
        batch = "B stands once in it, in the weight; the means over the batch cancel"
    causes = {
        2.0: "a Gaussian's nats are half the squares, so squares without the ½ count each nat of reconstruction twice",
        4.0: "the 2 is on the wrong side: the squares count the reconstruction twice, and not the KL",
        1 / P: "the reconstruction is a mean over P pixels, so each nat of it counts only 1/P",
        float(P): pixels if name in "ABD" else "P stands in it twice",
        float(D): "the KL is a mean over the D latents too, so each nat of it counts only 1/D",
        1 / D: "the KL is summed over the latents, so no D",
        float(B): batch,
        1 / B: batch,
        N / B: "the weight B/N stands before the KL",
        (N / B) ** 2: "B/N is upside down",
        B / N: "no B/N stands in this loss",
    }
    for count in (1, 2, 3):
        for factors in combinations(causes, count):
            if _same(value / right, math.prod(factors)):
                return "; and ".join(causes[factor] for factor in factors) + "."
    return "ask of each term what one nat of it adds to the loss. Which sums and means does it pass through?"


def _same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-6)
