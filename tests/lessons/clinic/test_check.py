"""Lesson 09's checks tell right from wrong, and name what is wrong."""

import re

from vae_course.clinic import MISTAKES, PATIENTS
from vae_course.elbo import elbo_terms
from vae_course.lessons.clinic import check_cost, check_diagnosis, check_draw, open_files
from vae_course.lessons.clinic.check import HALLMARKS
from vae_course.reparameterization import reparameterize

import pytest
import torch
from answers import as_an_answer
from lessons.clinic.answers_cost import ANSWERS as COSTS
from lessons.clinic.answers_diagnose import ANSWERS as DIAGNOSES
from lessons.clinic.answers_diagnose import TRUTH
from lessons.clinic.answers_draw import ANSWERS as DRAWS
from lessons.reparameterization.answers_reparameterize_noise import ANSWERS as REPARAMETERIZATIONS


def assert_judged(verdict, case):
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict


@DIAGNOSES.parametrize()
def test_a_diagnosis_gets_its_verdict_and_its_hint(case):
    assert_judged(check_diagnosis(case.answer), case)


@DRAWS.parametrize()
def test_a_draw_gets_its_verdict_and_its_hint(case):
    assert_judged(check_draw(case.answer), case)


@COSTS.parametrize()
def test_a_cost_gets_its_verdict_and_its_hint(case):
    assert_judged(check_cost(case.answer), case)


def test_what_lesson_03_refuses_is_refused_here():
    wrong = [case for case in REPARAMETERIZATIONS.cases if case.status != "right"]
    accepted = [case.title for case in wrong[::6] if check_draw(case.answer).status == "right"]
    assert not accepted


def test_every_mistake_has_a_hallmark():
    assert HALLMARKS.keys() == MISTAKES.keys()


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("letter", PATIENTS)
def test_no_wrong_name_passes(letter, mistake):
    verdict = check_diagnosis(lambda: {**TRUTH, letter: mistake})
    assert (verdict.status == "right") == (TRUTH[letter] == mistake)


@pytest.mark.parametrize("check", [check_diagnosis, check_draw, check_cost])
@pytest.mark.parametrize("stub", [lambda *arguments: ..., lambda *arguments: None, None])
def test_not_tried_yet(check, stub):
    assert check(stub).status == "not tried yet"


def test_the_checks_leave_torchs_own_random_numbers_alone():
    before = torch.get_rng_state()
    check_draw(as_an_answer(reparameterize))
    check_cost(as_an_answer(elbo_terms))
    assert torch.equal(before, torch.get_rng_state())


def test_the_files_are_closed_until_they_are_clicked():
    page = open_files().data
    for letter, kind in PATIENTS.items():
        assert f"<summary>Open the file of patient {letter}</summary>" in page
        assert kind.__name__ in page
    assert "<details open" not in page
