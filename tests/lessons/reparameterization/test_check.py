"""Lesson 03's check tells right from wrong, and names what is wrong."""

import re

from vae_course.lessons.reparameterization import check_reparameterize
from vae_course.reparameterization import reparameterize

import pytest
import torch
from answers import as_an_answer
from lessons.reparameterization.answers_reparameterize_noise import ANSWERS


@ANSWERS.parametrize()
def test_an_answer_gets_its_verdict_and_its_hint(case):
    verdict = check_reparameterize(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict


@pytest.mark.parametrize("stub", [lambda mu, logvar, generator: ..., lambda mu, logvar, generator: None, None])
def test_not_tried_yet(stub):
    assert check_reparameterize(stub).status == "not tried yet"


def test_the_check_leaves_torchs_own_random_numbers_alone():
    before = torch.get_rng_state()
    check_reparameterize(as_an_answer(reparameterize))
    assert torch.equal(before, torch.get_rng_state())
