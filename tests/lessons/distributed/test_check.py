"""The check of appendix A1 accepts right answers, and says what is wrong with the others."""

import re

from vae_course.lessons.distributed import check_whole_gradient

import torch
from answers import Answers

ANSWERS = Answers("whole_gradient")


@ANSWERS.right("a sum over pairs")
def whole_gradient(gradients, counts):
    return sum(count / sum(counts) * gradient for gradient, count in zip(gradients, counts, strict=True))


@ANSWERS.right("a product with a matrix")
def whole_gradient(gradients, counts):  # noqa: F811
    weights = torch.tensor(counts) / sum(counts)
    return weights @ torch.stack(gradients)


@ANSWERS.right("divided at the end")
def whole_gradient(gradients, counts):  # noqa: F811
    total = torch.zeros_like(gradients[0])
    for gradient, count in zip(gradients, counts, strict=True):
        total += count * gradient
    return total / sum(counts)


ANSWERS.wrong("the mean", "plain mean")(lambda gradients, counts: torch.stack(gradients).mean(0))
ANSWERS.wrong("the sum", "sum of the gradients")(lambda gradients, counts: sum(gradients))
ANSWERS.wrong("not divided", "divide by it")(
    lambda gradients, counts: sum(n * g for g, n in zip(gradients, counts, strict=True))
)
ANSWERS.wrong("by processes", "not by that of processes")(
    lambda gradients, counts: sum(n * g for g, n in zip(gradients, counts, strict=True)) / len(counts)
)
ANSWERS.wrong("a mean of parts", "once more")(
    lambda gradients, counts: torch.stack([n / sum(counts) * g for g, n in zip(gradients, counts, strict=True)]).mean(0)
)
ANSWERS.wrong("all parts", "Return one gradient")(
    lambda gradients, counts: torch.stack([n / sum(counts) * g for g, n in zip(gradients, counts, strict=True)])
)
ANSWERS.wrong("only the first", "entry 2 is")(lambda gradients, counts: gradients[0] * 0.3)


@ANSWERS.wrong("in place", "changes the gradients")
def whole_gradient(gradients, counts):  # noqa: F811
    for gradient, count in zip(gradients, counts, strict=True):
        gradient *= count / sum(counts)
    return sum(gradients)


@ANSWERS.wrong("counts overwritten", "changes the counts")
def whole_gradient(gradients, counts):  # noqa: F811
    total = sum(counts)
    for i in range(len(counts)):
        counts[i] /= total
    return sum(n * g for g, n in zip(gradients, counts, strict=True))


@ANSWERS.wrong("lists emptied", "changes the (counts|gradients)")
def whole_gradient(gradients, counts):  # noqa: F811
    total, found = sum(counts), 0
    while gradients:
        found = found + gradients.pop() * counts.pop() / total
    return found


@ANSWERS.wrong("the tensor of the only process", "Return a new tensor")
def whole_gradient(gradients, counts):  # noqa: F811
    if len(counts) == 1:
        return gradients[0]
    return sum(n * g for g, n in zip(gradients, counts, strict=True)) / sum(counts)


DIVIDED = "divided by one of them, and not by their sum"
ANSWERS.wrong("over the largest", DIVIDED)(
    lambda gradients, counts: sum(n / max(counts) * g for g, n in zip(gradients, counts, strict=True))
)
ANSWERS.wrong("over the smallest", DIVIDED)(
    lambda gradients, counts: sum(n / min(counts) * g for g, n in zip(gradients, counts, strict=True))
)
ANSWERS.wrong("clipped", "is -1.0000, and it should be -1.5533")(
    lambda gradients, counts: (sum(n * g for g, n in zip(gradients, counts, strict=True)) / sum(counts)).clamp(-1, 1)
)
ANSWERS.wrong("over 96", "For .64, 64. images")(
    lambda gradients, counts: sum(n / 96 * g for g, n in zip(gradients, counts, strict=True))
)
ANSWERS.wrong("double precision", "float64")(
    lambda gradients, counts: sum(n * g.double() for g, n in zip(gradients, counts, strict=True)) / sum(counts)
)


@ANSWERS.parametrize()
def test_an_answer_gets_its_verdict(case):
    verdict = check_whole_gradient(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint)


def test_the_stub_is_not_tried_yet():
    assert check_whole_gradient(lambda gradients, counts: ...).status == "not tried yet"
