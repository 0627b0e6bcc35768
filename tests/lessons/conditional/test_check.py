"""The check of lesson 12 knows a label that was joined, and tells the mistakes apart."""

import re

from vae_course.lessons.conditional.check import check_condition

import pytest
from lessons.conditional.answers_condition_from_text import ANSWERS


@pytest.mark.parametrize("stub", [lambda h, labels: ..., lambda h, labels: None])
def test_the_stub_is_not_tried_yet(stub):
    assert check_condition(stub).status == "not tried yet"


@ANSWERS.parametrize()
def test_an_answer_gets_the_verdict_that_it_deserves(case):
    verdict = check_condition(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict.hint
