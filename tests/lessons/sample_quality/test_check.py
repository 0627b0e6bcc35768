"""The check of lesson 11 knows the distance of two sets, and tells the mistakes apart."""

import re

from vae_course.lessons.sample_quality.check import check_frechet_distance

import pytest
from lessons.sample_quality.answers_frechet_distance_from_text import ANSWERS


@pytest.mark.parametrize("stub", [lambda a, b: ..., lambda a, b: None])
def test_the_stub_is_not_tried_yet(stub):
    assert check_frechet_distance(stub).status == "not tried yet"


@ANSWERS.parametrize()
def test_an_answer_gets_the_verdict_that_it_deserves(case):
    verdict = check_frechet_distance(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict.hint
