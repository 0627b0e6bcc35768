"""Lesson 10's check: a grid of codes that covers the prior's mass evenly."""

import time
from typing import Any

from vae_course.kit.exercise import Mistake, ask_deterministic, describe, exercise, expect, recognise
from vae_course.latent_space import quantile_grid

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Normal

PRIOR = Normal(0.0, 1.0)
# An even and an odd number, one cell alone, and many: the outermost codes lie at ±2.6, and beyond ±3.
SIZES, MANY, MOST = (4, 7, 1), 100, 400
# An answer with a loop over all codes is right, too, and is not asked for the most if it takes longer for many.
SECONDS = 0.5
TOLERANCE = 1e-4
# Codes that are wrong by less were probably meant to be right.
NEAR = 0.06


@exercise("quantile_grid", "Every code stands for as many draws of the prior as any other.", seconds=30.0)
def check_quantile_grid(answer: Any) -> None:
    """Check a function of the number of steps that returns the codes, [steps², 2]."""
    for steps in SIZES:
        _check_at(answer, steps)
    started = time.monotonic()
    _check_at(answer, MANY)
    if time.monotonic() - started < SECONDS:
        _check_at(answer, MOST)
    again = ask_deterministic(answer, SIZES[0])
    expect(_same(again, quantile_grid(SIZES[0])), "Asked again with 4 steps, it gives other codes than before.")


def _check_at(answer: Any, steps: int) -> None:
    """Expect the right codes for this number of steps."""
    try:
        _check_codes(ask_deterministic(answer, steps), steps)
    except Mistake as mistake:
        raise Mistake(f"With {steps} step{'s' * (steps > 1)}: {mistake}") from None


def _check_codes(codes: Any, steps: int) -> None:
    _check_kind(codes, steps)
    codes = codes.detach().double()
    for dimension in (0, 1):
        _check_axis(codes[:, dimension], steps, f"z[{dimension}]")
    _check_order(codes, quantile_grid(steps).double(), steps)


def _check_kind(codes: Any, steps: int) -> None:
    """Expect one code per row, finite."""
    expect(isinstance(codes, Tensor), f"Return a tensor of codes, one per row; this is {describe(codes)}.")
    shape, wanted = list(codes.shape), f"steps² codes of two numbers, [{steps**2}, 2]"
    shapes = {
        f"This is on its side: the shape is {shape}. Return {wanted}, one code per row.": [2, steps**2],
        f"The codes are there, as {shape}. Return them in a list, row after row: {wanted}.": [steps, steps, 2],
        f"This is a diagonal of {steps} codes. Combine each value of z[0] with each of z[1]: {wanted}.": [steps, 2],
        f"These are {steps + 1} values per axis, as many as {steps} cells have ends. Take their middles: {wanted}.": [
            (steps + 1) ** 2,
            2,
        ],
        f"These are {steps - 1} values per axis, the number of ends between {steps} cells. "
        f"Take the middles of the cells: {wanted}.": [(steps - 1) ** 2, 2],
    }
    recognise(shape, [steps**2, 2], shapes, f"The shape is {shape}. Return {wanted}.", list.__eq__)
    expect(codes.dtype in (torch.float32, torch.float64), f"The codes are {codes.dtype}. A decoder takes float32.")
    expect(
        not codes.isinf().any(),
        "Some codes are infinite: 0 and 1 are the quantiles of ±∞. Take the middles of the cells, not their ends.",
    )
    expect(not codes.isnan().any(), "Some codes are nan. A quantile is asked for with a share between 0 and 1.")


def _check_axis(values: Float[Tensor, " codes"], steps: int, name: str) -> None:
    """Expect the right values along an axis, in whatever order they come."""
    cells = values.sort().values.unflatten(0, (steps, steps))
    axis = cells.mean(1)
    expect(
        _same(cells, axis[:, None].expand_as(cells)),
        f"{name} should take {steps} values, each of them {steps} times: every value of z[0] together with every "
        "value of z[1]. (Draws would clump, and leave gaps.)",
    )
    shares = (torch.arange(steps).double() + 0.5) / steps
    right = PRIOR.icdf(shares)
    recognise(axis, right, _axis_mistakes(axis, right, shares, name), _axis_figures(axis, right, name), _same)


def _axis_mistakes(axis: Tensor, right: Tensor, shares: Tensor, name: str) -> dict[str, Any]:
    """List what an axis may be instead: hint → values."""
    steps, mass = len(axis), PRIOR.cdf(axis)
    ends = PRIOR.icdf(torch.arange(steps + 1).double() / steps)
    scale, shift = axis[-1] / right[-1], axis.mean()
    near = (axis - right).abs().max() < NEAR
    return {
        "These are shares of the mass, and no codes yet. Ask the prior which z has that share below it.": shares,
        "This is `cdf`, the share below a place. You have the share and look for the place: `icdf`.": PRIOR.cdf(shares),
        f"{name} is the same in all codes. Every value of z[0] belongs together with every one of z[1].": (
            axis[:1].expand(steps) if steps > 1 else ()
        ),
        "This is the mean of each cell. Its middle is the place that has half of the cell's mass below it.": (
            steps * -PRIOR.log_prob(ends).exp().diff()
        ),
        f"The values of {name} are 0.707 times the right ones. The prior is N(0, 1), and with `erfinv(2 s − 1)` a "
        "factor of √2 belongs in it.": right / 2**0.5,
        f"The values of {name} are {scale:.3g} times the right ones. The prior is N(0, 1).": scale * right,
        f"The values of {name} are all {shift:.3g} too high. The prior is N(0, 1).": right + shift,
        f"The values of {name} are cut off at {axis[0]:.3g} and {axis[-1]:.3g}. The prior has no edges.": (
            right.clamp(axis[0], axis[-1])
        ),
        **({} if near else _even(axis, mass)),
    }


def _even(axis: Tensor, mass: Tensor) -> dict[str, Any]:
    """List axes that are even in something, whatever their ends."""
    steps, width, inside = len(axis), axis.abs().max(), (mass[-1] - mass[0]) ** 2
    return {
        f"Evenly spaced codes, out to ±{width:.3g}: this box holds {inside:.1%} of the prior's mass, and not evenly: "
        "its corners get as many codes as its middle. Space the mass evenly, not the codes.": (
            torch.linspace(axis[0], axis[-1], steps).to(axis)
        ),
        f"From value to value the mass rises evenly, but from {mass[0]:.3f} below the first to {mass[-1]:.3f} below "
        f"the last. The first is the middle of a cell of 1/{steps}: how much of its cell lies below it?": (
            PRIOR.icdf(torch.linspace(mass[0], mass[-1], steps).to(axis).clamp(1e-9, 1 - 1e-9))
        ),
    }


def _axis_figures(axis: Tensor, right: Tensor, name: str) -> str:
    """Say where an axis is wrong, if it is none of the known mistakes."""
    error = (axis - right).abs()
    if error.max() < NEAR:
        return (
            f"The values of {name} are close, but off by up to {error.max():.2g}. "
            "Were they rounded, or estimated, or taken from another distribution than N(0, 1)?"
        )
    where = error.argmax()
    below, wanted = PRIOR.cdf(axis[where]), PRIOR.cdf(right[where])
    return (
        f"Value number {where + 1} of {name} is {axis[where]:.3f}: the share of the prior below it is {below:.3f}, and "
        f"should be {wanted:.3f}. The prior is N(0, 1)."
    )


def _check_order(codes: Float[Tensor, "codes 2"], right: Float[Tensor, "codes 2"], steps: int) -> None:
    """Expect the codes to come as a picture is drawn."""

    def turned(*dimensions: int) -> Tensor:
        return right.unflatten(0, (steps, steps)).flip(dimensions).flatten(0, 1)

    views = [turned(0), turned(1), turned(0, 1)]
    mistakes = {
        "The codes are right, but upside down: in the first row, the top, z[1] is highest.": views[0],
        "The codes are right, but mirrored: along a row z[0] rises.": views[1],
        "The codes are right, but mirrored and upside down: "
        "along a row z[0] rises, and in the first row z[1] is highest.": views[2],
        "The codes are right, but the picture would be transposed: along a row z[0] changes, and z[1] stays.": tuple(
            view.flip(1) for view in (right, *views)
        ),
    }
    otherwise = "The values are right, but not their pairs: every value of z[0] comes once with every value of z[1]."
    if _same(_sorted(codes), _sorted(right)):
        otherwise = "The codes are right, but not their order: row by row from the top, z[0] rising along a row."
    recognise(codes, right, mistakes, otherwise, _same)


def _sorted(codes: Float[Tensor, "codes 2"]) -> Float[Tensor, "codes 2"]:
    """Sort codes by z[0], and where that is the same by z[1]; by rounded numbers, which tell neighbours apart."""
    places = codes.mul(1 / (10 * TOLERANCE)).round()
    return codes[(places[:, 0] * 1e6 + places[:, 1]).argsort()]


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool((a - b).abs().max() < TOLERANCE)
