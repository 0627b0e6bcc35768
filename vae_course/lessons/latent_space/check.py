"""Lesson 10's check: a grid of codes that covers the prior's mass evenly."""

from typing import Any

import torch
from torch import Tensor
from torch.distributions import Normal

from vae_course.kit.exercise import exercise, tried
from vae_course.latent_space import quantile_grid

PRIOR = Normal(0.0, 1.0)
# Two sizes, so that a number that is right for one of them is found out; one is odd.
SIZES = (4, 7)
TOLERANCE = 1e-3


@exercise("quantile_grid", "Every code stands for as many draws of the prior as any other.")
def check_quantile_grid(answer: Any) -> str | None:
    """Check a function of the number of steps that returns the codes, [steps², 2]."""
    for steps in SIZES:
        codes = tried(answer(steps))
        hint = _shape(codes, steps)
        if hint is None:
            codes = codes.detach().float()
            hint = _axes(codes, steps) or _order(codes, quantile_grid(steps))
        if hint is not None:
            return hint
    return None


def _shape(codes: Any, steps: int) -> str | None:
    if not isinstance(codes, Tensor):
        return f"Return a tensor of codes, one a row; this is a {type(codes).__name__}."
    shape, wanted = list(codes.shape), f"steps² codes of two numbers, [{steps**2}, 2] for {steps} steps"
    if shape == [2, steps**2]:
        return f"This is on its side: the shape is {shape}. Return {wanted}, a code a row."
    if shape == [steps, steps, 2]:
        return f"The codes are there, as {shape}. Return them in a list, row after row: {wanted}."
    if shape == [steps, 2]:
        return f"This is a diagonal: {steps} codes. Combine each value of z[0] with each of z[1]: {wanted}."
    if shape == [(steps + 1) ** 2, 2]:
        return f"These are {steps + 1} values an axis, the ends of {steps} cells. Take the cells' middles: {wanted}."
    if shape != [steps**2, 2]:
        return f"The shape is {shape}. Return {wanted}."
    if codes.isinf().any():
        return (
            "Some codes are infinite: 0 and 1 are the quantiles of ±∞. Take the middles of the cells, not their ends."
        )
    if codes.isnan().any():
        return "Some codes are nan. A quantile is asked for with a share between 0 and 1."
    return None


def _axes(codes: Tensor, steps: int) -> str | None:
    """What is wrong with the values along the axes, in whatever order they come."""
    wanted = (torch.arange(steps) + 0.5) / steps
    for dimension in (0, 1):
        # Every value should come `steps` times.
        sorted_values = codes[:, dimension].sort().values.unflatten(0, (steps, steps))
        axis = sorted_values.mean(1)
        if (sorted_values - axis[:, None]).abs().max() > TOLERANCE:
            return (
                f"z[{dimension}] should take {steps} values, each of them {steps} times: every value of z[0] together "
                "with every value of z[1]. (Draws would clump, and leave gaps.)"
            )
        mass = PRIOR.cdf(axis)
        if (mass - wanted).abs().max() < TOLERANCE:
            continue
        if (axis - wanted).abs().max() < TOLERANCE:
            return "These are shares of the mass, and no codes yet. Ask the prior which z has that share below it."
        gaps, mass_gaps = axis.diff(), mass.diff()
        if gaps.max() < TOLERANCE:
            return (
                f"z[{dimension}] is the same in all codes. Every value of z[0] belongs together with every one of z[1]."
            )
        if (gaps - gaps.mean()).abs().max() < TOLERANCE:
            width, share = axis.abs().max(), (mass[-1] - mass[0]) ** 2
            return (
                f"Evenly spaced codes, out to ±{width:.3g}: this box holds {share:.1%} of the prior's mass, and not "
                "evenly: its corners get as many codes as its middle. Space the mass evenly, not the codes."
            )
        if (mass_gaps - mass_gaps.mean()).abs().max() < TOLERANCE:
            return (
                f"The mass between neighbours is even, but below the first value lies {mass[0]:.3f} of it. "
                f"That value stands in the middle of a cell of 1/{steps}: how much of its cell lies below it?"
            )
        return (
            f"The share of the prior below each value of z[{dimension}] should rise in even steps; here it is "
            f"{', '.join(f'{share:.2f}' for share in mass.tolist())}. The prior is N(0, 1)."
        )
    return None


def _order(codes: Tensor, right: Tensor) -> str | None:
    """The codes are on the right axes: do they come as a picture is drawn?"""
    steps = round(len(codes) ** 0.5)

    def same(other: Tensor) -> bool:
        return torch.allclose(codes, other, atol=0.01)

    def turned(*dimensions: int) -> Tensor:
        return right.unflatten(0, (steps, steps)).flip(dimensions).flatten(0, 1)

    if same(right):
        return None
    if same(turned(0)):
        return "The codes are right, and the picture would be upside down: in the first row, the top, z[1] is highest."
    if same(right.flip(1)) or same(turned(0).flip(1)) or same(turned(0, 1).flip(1)) or same(turned(1).flip(1)):
        return "The codes are right, and the picture would be transposed: along a row z[0] changes, and z[1] stays."
    if same(turned(1)) or same(turned(0, 1)):
        return "The codes are right, and the picture would be mirrored: along a row z[0] rises."
    return (
        "The values are right and their order or combination is not: row by row from the top, z[0] rising along a row."
    )
