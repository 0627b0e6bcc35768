"""The check of lesson 10 tells the mistakes apart, and lets nothing escape."""

import re

from vae_course.lessons.latent_space.check import check_quantile_grid

import pytest
from lessons.latent_space.answers_quantile_grid_from_text import ANSWERS


@pytest.mark.parametrize("stub", [lambda steps: ..., lambda steps: None])
def test_the_stub_is_not_tried_yet(stub):
    assert check_quantile_grid(stub).status == "not tried yet"


@ANSWERS.parametrize()
def test_an_answer_gets_the_verdict_that_it_deserves(case):
    verdict = check_quantile_grid(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict.hint
