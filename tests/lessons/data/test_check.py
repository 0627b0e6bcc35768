"""Lesson 01's check tells right from wrong, and names what is wrong."""

import re

from vae_course.data import binarize
from vae_course.lessons.data import check_binarize

import pytest
import torch
from answers import as_an_answer
from lessons.data.answers_binarize_results import ANSWERS


@ANSWERS.parametrize()
def test_an_answer_gets_its_verdict_and_its_hint(case):
    verdict = check_binarize(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict


@pytest.mark.parametrize("stub", [lambda images, generator: ..., lambda images, generator: None, None])
def test_not_tried_yet(stub):
    assert check_binarize(stub).status == "not tried yet"


def test_the_package_has_the_right_answer():
    assert check_binarize(as_an_answer(binarize)).status == "right"


def test_the_check_leaves_torchs_own_random_numbers_alone():
    before = torch.get_rng_state()
    check_binarize(as_an_answer(binarize))
    assert torch.equal(before, torch.get_rng_state())
