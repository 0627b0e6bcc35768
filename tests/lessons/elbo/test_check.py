"""The checks of lesson 05 accept right answers, and say what is wrong with the others."""

import re

from vae_course.lessons.elbo.check import check_elbo_terms, check_kl_divergence

import pytest
from lessons.elbo import answers_elbo_terms_from_text, answers_kl_divergence_held_out


@answers_kl_divergence_held_out.ANSWERS.parametrize()
def test_a_kl_divergence_gets_its_verdict(case):
    verdict = check_kl_divergence(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint)


@answers_elbo_terms_from_text.ANSWERS.parametrize()
def test_elbo_terms_get_their_verdict(case):
    verdict = check_elbo_terms(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint)


@pytest.mark.parametrize("check", [check_kl_divergence, check_elbo_terms])
@pytest.mark.parametrize("stub", [None, lambda *_: ..., lambda *_: None])
def test_the_stub_is_not_tried_yet(check, stub):
    assert check(stub).status == "not tried yet"
