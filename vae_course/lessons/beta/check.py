"""Check the exercise of lesson 07: the β that a published loss has in effect."""

import math
from itertools import combinations
from typing import Any

from vae_course.beta import effective_betas
from vae_course.kit.exercise import Mistake, NotTriedYet, ask, describe, exercise, expect

NAMES = "ABCDEF"
# P, D, B and N of the lesson, and others: an odd P, for P // 2, and small ones, for rounded numbers.
SIZES = ((784, 20, 128, 60_000), (729, 7, 50, 1_001), (17, 7, 3, 41), (12_288, 99, 50, 162_770))
BATCH = "the batch is summed, or averaged, in both terms, so B cancels"


@exercise("effective_betas", "You can find the β of a loss, whoever wrote it.")
def check_effective_betas(answer: Any) -> None:
    """Check a function of the sizes P, D, B and N that returns the six β, A to F."""
    for sizes in SIZES:
        got, right = _six(ask(answer, *sizes)), effective_betas(*sizes)
        still_open = [name for name, value in got.items() if value is ... or value is None]
        if len(still_open) == len(NAMES):
            raise NotTriedYet
        found = {name: _number(name, value) for name, value in got.items() if name not in still_open}
        _expect_order(list(found.values()), right)
        for name, value in found.items():
            wanted = right[NAMES.index(name)]
            expect(_same(value, wanted), f"loss {name}: {_mistake(name, value, wanted, sizes)}")
        expect(not still_open, f"Right so far. Still open: {', '.join(still_open)}.")


def _six(got: Any) -> dict[str, Any]:
    """Return the six values, each under the letter of its loss."""
    wanted = "Return a list of six numbers: the β of A, B, C, D, E and F, in this order"
    if hasattr(got, "tolist"):  # An array, or a tensor.
        got = got.tolist()
    expect(isinstance(got, list | tuple), f"{wanted}. The result is {describe(got)}.")
    expect(len(got) == len(NAMES), f"{wanted}. Yours has {len(got)}.")
    return dict(zip(NAMES, got, strict=True))


def _expect_order(found: list[float], right: list[float]) -> None:
    """Refuse the right six in another order."""
    in_order = all(map(_same, found, right))
    some_order = len(found) == len(right) and all(map(_same, sorted(found), sorted(right)))
    expect(in_order or not some_order, "These are the right six, in another order. Return them in the order A to F.")


def _number(name: str, value: Any) -> float:
    form = f"{name} is {describe(value)}, and should be a number. Write its formula, without quotes or brackets."
    expect(not isinstance(value, str | bytes), form)
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise Mistake(form) from error


def _mistake(name: str, value: float, right: float, sizes: tuple[int, ...]) -> str:
    """Name what was overlooked."""
    if not math.isfinite(value):
        return f"it is {value}, which is not finite. What do you divide by?"
    if value < 0:
        return "it is negative. Both terms are costs, so no β is below 0."
    if _rounded(value, right):
        return f"it is {value:.6g}, and {right:.6g} is right. Is it rounded, or divided with // in place of /?"
    if sizes != SIZES[0]:
        where = ", ".join(f"{letter} = {size:,}" for letter, size in zip("PDBN", sizes, strict=True))
        return (
            f"it is right for the lesson's sizes. For {where} yours is {value:.6g}, and {right:.6g} is right. "
            "Write it with P, D, B and N, and divide with / and not with //."
        )
    if value == 0:
        return "it is 0, as if the KL did not count at all."
    if right != 1 and _same(value, 1 / right):
        return "this is upside down. β is what a nat of KL adds, divided by what a nat of reconstruction adds."
    causes = _causes(name, *sizes)
    for count in (1, 2, 3):
        for factors in combinations(causes, count):
            if _same(value / right, math.prod(factors)):
                return "; and ".join(causes[factor] for factor in factors) + "."
    return "ask of each term what one nat of it adds to the loss. Which sums and means does it pass through?"


def _rounded(value: float, right: float) -> bool:
    """Say whether it is the right value with digits lost; 1 is left out, because it is a guess of its own."""
    if value == 1:
        return False
    near = math.isclose(value, right, rel_tol=1e-3) or value in (math.floor(right), math.ceil(right))
    return near or any(value == round(right, digits) for digits in (1, 2))


def _causes(name: str, P: int, D: int, B: int, N: int) -> dict[float, str]:
    """List what was overlooked, by the factor between the answer and the right one."""
    no_pixels = "the reconstruction is a sum over pixels, so no P stands in β"
    no_latents = "the KL is summed over the latents, so no D stands in β"
    batch = BATCH if name != "F" else "B stands once in it, in the weight; the means over the batch cancel"
    causes = {
        1 / P: no_pixels,
        float(P): "the KL is divided by P as well" if name == "B" else no_pixels,
        float(D): no_latents,
        1 / D: no_latents,
        float(B): batch,
        1 / B: batch,
    }
    if name in "BCEF":
        causes[1 / P] = "the reconstruction is a mean over P pixels, so each nat of it counts only 1/P"
    if name in "CEF":
        causes[float(P)] = "P stands in it twice"
        causes[1 / P**2] = "the mean over the P pixels multiplies β, and does not divide it"
    if name == "C":
        causes[float(D)] = "the KL is a mean over the D latents too, so each nat of it counts only 1/D"
        causes[1 / D] = "D stands in it twice"
        causes[float(D * D)] = "the mean over the D latents divides β by D, and does not multiply it"
    return {**_halves(name), **causes, **_weights(name, B, N)}


def _halves(name: str) -> dict[float, str]:
    if name in "ABC":
        half = "a Bernoulli's nats are what binary_cross_entropy gives, so no ½ and no 2 stand in it"
        return {2.0: half, 0.5: half, 4.0: half, 0.25: half}
    return {
        2.0: "a Gaussian's nats are half the squares, so squares without the ½ count each nat of reconstruction twice",
        0.5: "the ½ is taken twice",
        4.0: "the 2 is on the wrong side: the squares count the reconstruction twice, and not the KL",
    }


def _weights(name: str, B: int, N: int) -> dict[float, str]:
    if name != "F":
        none, ratio = "no N stands in this loss", "no B/N stands in this loss"
        return {float(N): none, 1 / N: none, B / N: ratio, N / B: ratio}
    return {
        N / B: "the weight B/N stands before the KL",
        (N / B) ** 2: "B/N is upside down",
        B / N: "B/N stands in it twice",
        float(N): "the weight B/N before the KL has an N",
        float(N * N): "N stands below the line: a / 2 * N multiplies by N, and a / (2 * N) divides",
        1 / N: "N stands once in it, in the weight B/N",
    }


def _same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=2e-6)
