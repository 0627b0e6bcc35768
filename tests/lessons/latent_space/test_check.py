"""The check of lesson 10 tells the mistakes apart, and lets nothing escape."""

import re

import pytest
import torch
from lessons.latent_space.answers_quantile_grid import ANSWERS
from torch.distributions import Normal

from vae_course.latent_space import quantile_grid
from vae_course.lessons.latent_space.check import check_quantile_grid

PRIOR = Normal(0.0, 1.0)


def test_the_grid_covers_the_mass_evenly():
    shares = PRIOR.cdf(quantile_grid(5))
    # As many codes in each of 5 × 5 cells of equal mass, and that is one.
    cells = (shares * 5).long() @ torch.tensor([1, 5])
    assert cells.bincount(minlength=25).tolist() == [1] * 25
    torch.testing.assert_close(quantile_grid(2), torch.tensor([[-1.0, 1], [1, 1], [-1, -1], [1, -1]]) * 0.6744898)


@pytest.mark.parametrize("stub", [lambda steps: ..., lambda steps: None])
def test_the_stub_is_not_tried_yet(stub):
    assert check_quantile_grid(stub).status == "not tried yet"


@ANSWERS.parametrize()
def test_an_answer_gets_the_verdict_that_it_deserves(case):
    verdict = check_quantile_grid(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict.hint
