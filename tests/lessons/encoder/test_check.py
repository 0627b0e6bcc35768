"""Lesson 02's check tells right from wrong, and names what is wrong."""

import re

from vae_course.encoder import Encoder
from vae_course.lessons.encoder import check_encoder

import torch
from answers import as_an_answer
from lessons.encoder.answers_MyEncoder_layers import ANSWERS
from torch import nn


class Stub(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        ...

    def forward(self, x): ...


@ANSWERS.parametrize()
def test_an_answer_gets_its_verdict_and_its_hint(case):
    verdict = check_encoder(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict


def test_the_stub_is_not_tried_yet():
    assert check_encoder(Stub).status == "not tried yet"


def test_leaves_the_global_random_numbers_alone():
    before = torch.get_rng_state()
    check_encoder(as_an_answer(Encoder))
    assert torch.equal(before, torch.get_rng_state())
