"""The checks of lesson 06 tell right answers from wrong ones, name the mistake, and let nothing escape."""

import re

from vae_course import training
from vae_course.lessons.training.check import check_evaluate, check_training_step

import pytest
import torch
from answers import as_an_answer
from lessons.training.answers_evaluate_from_text import ANSWERS as MEASUREMENTS
from lessons.training.answers_training_step_from_text import ANSWERS as STEPS


@STEPS.parametrize()
def test_a_step_is_judged_as_it_deserves(case):
    verdict = check_training_step(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict


@MEASUREMENTS.parametrize()
def test_a_measurement_is_judged_as_it_deserves(case):
    verdict = check_evaluate(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict


@pytest.mark.parametrize("check", [check_training_step, check_evaluate])
@pytest.mark.parametrize("stub", [lambda *_: None, lambda *_: ...], ids=["None", "..."])
def test_the_stub_is_not_tried_yet(check, stub):
    assert check(stub).status == "not tried yet"


def test_the_checks_leave_torchs_own_random_numbers_alone():
    before = torch.get_rng_state()
    check_training_step(as_an_answer(training.training_step))
    check_evaluate(as_an_answer(training.evaluate))
    assert torch.equal(before, torch.get_rng_state())
