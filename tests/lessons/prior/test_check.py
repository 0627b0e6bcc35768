"""The checks of lesson 14 accept right answers, and say what is wrong with the others."""

import re

from vae_course.lessons.prior.check import check_flow_matching_loss
from vae_course.lessons.prior.check_kl import check_kl_by_draws

import pytest
from lessons.prior.answers_flow_matching_loss_from_text import ANSWERS as LOSSES
from lessons.prior.answers_kl_by_draws_from_text import ANSWERS as KLS


@LOSSES.parametrize()
def test_a_loss_gets_its_verdict(case):
    verdict = check_flow_matching_loss(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict


@KLS.parametrize()
def test_a_kl_gets_its_verdict(case):
    verdict = check_kl_by_draws(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict


@pytest.mark.parametrize("check", [check_flow_matching_loss, check_kl_by_draws])
@pytest.mark.parametrize("stub", [None, lambda *_: ..., lambda *_: None])
def test_the_stub_is_not_tried_yet(check, stub):
    assert check(stub).status == "not tried yet"
