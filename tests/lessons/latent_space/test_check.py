"""The check of lesson 10 tells the mistakes apart, and lets nothing escape."""

import pytest
import torch
from torch.distributions import Normal

from vae_course.latent_space import quantile_grid
from vae_course.lessons.latent_space.check import check_quantile_grid

PRIOR = Normal(0.0, 1.0)


def stub(steps): ...


def middles(steps):
    return (torch.arange(steps) + 0.5) / steps


def grid(axis):
    """The codes of an axis, in the order that is asked for."""
    return torch.cartesian_prod(axis.flip(0), axis).flip(1)


def test_the_grid_covers_the_mass_evenly():
    shares = PRIOR.cdf(quantile_grid(5))
    # As many codes in each of 5 × 5 cells of equal mass, and that is one.
    cells = (shares * 5).long() @ torch.tensor([1, 5])
    assert cells.bincount(minlength=25).tolist() == [1] * 25
    torch.testing.assert_close(quantile_grid(2), torch.tensor([[-1.0, 1], [1, 1], [-1, -1], [1, -1]]) * 0.6744898)


def by_hand(steps):
    axis = [PRIOR.icdf(torch.tensor((i + 0.5) / steps)) for i in range(steps)]
    return torch.tensor([[a, b] for b in reversed(axis) for a in axis])


RIGHT = {
    "the package's own": quantile_grid,
    "with cartesian_prod": lambda steps: grid(PRIOR.icdf(middles(steps))),
    "with loops": by_hand,
    "in float64": lambda steps: quantile_grid(steps).double(),
    "with erfinv": lambda steps: grid(2**0.5 * torch.erfinv(2 * middles(steps) - 1)),
    "between linspace's ends": lambda steps: grid(PRIOR.icdf(torch.linspace(0.5 / steps, 1 - 0.5 / steps, steps))),
}


@pytest.mark.parametrize("answer", RIGHT.values(), ids=RIGHT)
def test_a_right_answer_is_right(answer):
    assert check_quantile_grid(answer).status == "right"


def test_the_stub_is_not_tried_yet():
    assert check_quantile_grid(stub).status == "not tried yet"


def turned(*dimensions):
    return lambda steps: quantile_grid(steps).unflatten(0, (steps, steps)).flip(dimensions).flatten(0, 1)


def draws(steps):
    return torch.randn(steps**2, 2, generator=torch.Generator().manual_seed(0))


WRONG = {
    "the ±1 box": (lambda steps: grid(torch.linspace(-1, 1, steps)), "46.6%"),
    "the ±1.5 box": (lambda steps: grid(torch.linspace(-1.5, 1.5, steps)), "75.1%"),
    "a wide box": (lambda steps: grid(torch.linspace(-3, 3, steps)), "99.5%"),
    "0 and 1 at the ends": (lambda steps: grid(PRIOR.icdf(torch.linspace(0, 1, steps))), "infinite"),
    "the ends of the cells": (
        lambda steps: grid(PRIOR.icdf(torch.linspace(0.01, 0.99, steps + 1))), "the ends of 4 cells"),
    "shares left out of 0 to 1": (
        lambda steps: grid(PRIOR.icdf(torch.linspace(-0.5, 1.5, steps))), "A quantile is asked for"),
    "cut off near the ends": (lambda steps: grid(PRIOR.icdf(torch.linspace(0.01, 0.99, steps))), "middle of a cell"),
    "k / (steps + 1)": (lambda steps: grid(PRIOR.icdf(torch.arange(1, steps + 1) / (steps + 1))), "middle of a cell"),
    "the left ends": (lambda steps: grid(PRIOR.icdf(torch.arange(steps) / steps).clamp(-4, 4)), "middle of a cell"),
    "shares for codes": (lambda steps: grid(middles(steps)), "shares of the mass"),
    "the cdf for its inverse": (lambda steps: grid(PRIOR.cdf(middles(steps))), "should rise in even steps"),
    "another prior": (lambda steps: grid(Normal(0.0, 2.0).icdf(middles(steps))), "The prior is N(0, 1)"),
    "draws": (draws, "Draws would clump"),
    "one axis only": (lambda steps: quantile_grid(steps) * torch.tensor([1, 0]), "z[1] is the same in all codes"),
    "nan": (lambda steps: torch.full((steps**2, 2), float("nan")), "nan"),
    "transposed picture": (lambda steps: quantile_grid(steps).flip(1), "transposed"),
    "meshgrid's own order": (
        lambda steps: torch.cartesian_prod(*[PRIOR.icdf(middles(steps))] * 2), "transposed"),
    "upside down": (turned(0), "upside down"),
    "mirrored": (turned(1), "mirrored"),
    "turned by 180°": (turned(0, 1), "mirrored"),
    "shuffled": (lambda steps: quantile_grid(steps).roll(1, 0), "order"),
    "the same pairs again": (lambda steps: PRIOR.icdf(middles(steps)).repeat(steps)[:, None].repeat(1, 2), "order"),
    "on its side": (lambda steps: quantile_grid(steps).T, "on its side"),
    "not flat": (lambda steps: quantile_grid(steps).unflatten(0, (steps, steps)), "in a list"),
    "the diagonal": (lambda steps: PRIOR.icdf(middles(steps))[:, None].repeat(1, 2), "diagonal"),
    "one dimension": (lambda steps: PRIOR.icdf(middles(steps)), "The shape is [4]"),
    "always 20 steps": (lambda steps: quantile_grid(20), "[16, 2]"),
    "always 4 steps": (lambda steps: quantile_grid(4), "[49, 2]"),
    "a list": (lambda steps: quantile_grid(steps).tolist(), "tensor"),
    "raises": (lambda steps: 1 / 0, "It stopped with ZeroDivisionError"),
    "no function": (3, "It stopped with TypeError"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_gets_its_hint(answer, words):
    verdict = check_quantile_grid(answer)
    assert verdict.status == "not right yet"
    assert words in verdict.hint
