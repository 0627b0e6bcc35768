"""The check of lesson 11 knows a label that was joined, and tells the mistakes apart."""

import pytest
import torch
from torch.nn.functional import one_hot

from vae_course.conditional import condition
from vae_course.lessons.conditional.check import check_condition

EYE = torch.eye(10)
torch_rand = torch.Generator().manual_seed(0)


@pytest.mark.parametrize("stub", [lambda h, labels: ..., lambda h, labels: None])
def test_the_stub_is_not_tried_yet(stub):
    assert check_condition(stub).status == "not tried yet"


RIGHT = [
    condition,
    lambda h, labels: torch.cat([h, one_hot(labels, 10)], -1),
    lambda h, labels: torch.cat([one_hot(labels, 10), h], 1),
    lambda h, labels: torch.cat([h, EYE[labels]], 1),
    lambda h, labels: torch.cat([h, (labels[:, None] == torch.arange(10)).float()], 1),
]


@pytest.mark.parametrize("answer", RIGHT)
def test_a_right_answer_is_right(answer):
    assert check_condition(answer).status == "right"


def join(make):
    return lambda h, labels: torch.cat([h, make(labels)], 1)


WRONG = {
    "as a number": (join(lambda y: y[:, None]), "9 is not nine times 1"),
    "as a fraction": (join(lambda y: y[:, None] / 9), "9 is not nine times 1"),
    "added": (lambda h, y: h + y[:, None], "mixed into h"),
    "forgotten": (lambda h, y: h, "nowhere"),
    "without h": (lambda h, y: one_hot(y, 10), "Where is h"),
    "as bits": (join(lambda y: (y[:, None] >> torch.arange(4)) & 1), "one a class"),
    "below instead of beside": (lambda h, y: torch.cat([h, torch.eye(10, 7)[y]]), "as many rows as h"),
    "classes counted in the batch": (join(lambda y: one_hot(y)), "A batch without a 9"),
    "two labels alike": (join(lambda y: one_hot(y.clamp(max=8), 10)), "told apart"),
    "one label for all": (join(lambda y: one_hot(y[:1], 10).expand(len(y), 10)), "told apart"),
    "rows turned": (join(lambda y: one_hot(y.flip(0), 10)), "in other rows than theirs"),
    "labels sorted": (join(lambda y: one_hot(y.sort().values, 10)), "in other rows than theirs"),
    "h sorted": (lambda h, y: torch.cat([h.flip(0), one_hot(y, 10)], 1), "changed places"),
    "h squashed": (lambda h, y: torch.cat([h.tanh(), one_hot(y, 10)], 1), "h itself was changed"),
    "integers": (lambda h, y: torch.cat([h, EYE[y]], 1).long(), "is torch.int64, and h was torch.float32"),
    "doubles": (join(lambda y: EYE.double()[y]), "is torch.float64, and h was torch.float32"),
    "ten times": (join(lambda y: 10 * one_hot(y, 10)), "a 1 in the place"),
    "at random": (join(lambda y: torch.rand(10, 10, generator=torch_rand)[y]), "a 1 in the place"),
    "detached": (lambda h, y: torch.cat([h.detach(), one_hot(y, 10)], 1), "No gradient"),
    "a pair": (lambda h, y: (h, one_hot(y, 10)), "is a tuple"),
    "a number": (lambda h, y: 3, "is a int"),
    "raises": (lambda h, y: h @ y, "It stopped with"),
    "not a function of two": (lambda h: h, "It stopped with TypeError"),
}


@pytest.mark.parametrize(("answer", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_gets_its_hint(answer, words):
    verdict = check_condition(answer)
    assert verdict.status == "not right yet"
    assert words in verdict.hint
