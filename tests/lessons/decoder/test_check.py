"""The check of lesson 04 accepts right answers, and says what is wrong with the others."""

import re

from vae_course.lessons.decoder.check import check_log_likelihood

import pytest
from lessons.decoder.answers_log_likelihood_held_out import ANSWERS


@ANSWERS.parametrize()
def test_an_answer_gets_its_verdict(case):
    verdict = check_log_likelihood(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint)


@pytest.mark.parametrize("stub", [None, lambda logits, x: ..., lambda logits, x: None])
def test_the_stub_is_not_tried_yet(stub):
    assert check_log_likelihood(stub).status == "not tried yet"
