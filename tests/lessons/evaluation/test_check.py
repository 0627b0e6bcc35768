"""The check of lesson 08 tells right answers from wrong ones, names the mistake, and lets nothing escape."""

import re

from vae_course.evaluation import importance_weighted_bound
from vae_course.lessons.evaluation.check import check_importance_weighted_bound

import pytest
import torch
from answers import as_an_answer
from lessons.evaluation.answers_importance_weighted_bound_from_text import ANSWERS


@ANSWERS.parametrize()
def test_an_answer_is_judged_as_it_deserves(case):
    verdict = check_importance_weighted_bound(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict


@pytest.mark.parametrize("stub", [lambda *_: None, lambda *_: ...], ids=["None", "..."])
def test_the_stub_is_not_tried_yet(stub):
    assert check_importance_weighted_bound(stub).status == "not tried yet"


def test_the_check_leaves_torchs_own_random_numbers_alone():
    state = torch.get_rng_state()
    check_importance_weighted_bound(as_an_answer(importance_weighted_bound))
    assert torch.equal(state, torch.get_rng_state())
