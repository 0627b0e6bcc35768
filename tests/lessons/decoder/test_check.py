import pytest
import torch
from torch.distributions import Bernoulli
from torch.nn.functional import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    log_softmax,
    logsigmoid,
    mse_loss,
    softplus,
)

from vae_course.decoder import log_likelihood
from vae_course.lessons.decoder.check import check_log_likelihood

PIXELS = (1, 2, 3)


def stub(logits, x): ...


def softplus_form(logits, x):
    return (x * logits - softplus(logits)).sum(PIXELS)


def sigmoid_then_log(logits, x):
    p = torch.sigmoid(logits)
    return (x * torch.log(p) + (1 - x) * torch.log(1 - p)).sum(PIXELS)


def sigmoid_then_log_where(logits, x):
    p = torch.sigmoid(logits)
    return torch.where(x == 1, p, 1 - p).log().sum(PIXELS)


def clamped_by_torch(logits, x):
    return -binary_cross_entropy(torch.sigmoid(logits), x, reduction="none").sum(PIXELS)


def clamped_by_hand(logits, x):
    p = torch.sigmoid(logits).clamp(1e-6, 1 - 1e-6)
    return (x * p.log() + (1 - x) * (1 - p).log()).sum(PIXELS)


def in_double(logits, x):
    return sigmoid_then_log(logits.double(), x.double()).float()


def stable_in_double(logits, x):
    return softplus_form(logits.double(), x.double())


def logs_of_logits(logits, x):
    return (x * logits.log() + (1 - x) * (1 - logits).log()).sum(PIXELS)


def gradient_of_another(logits, x):
    return log_likelihood(logits, x).detach() + 0 * logits.sum(PIXELS)


def raises(logits, x):
    raise KeyError("logits")


@pytest.mark.parametrize(
    "answer",
    [
        log_likelihood,
        softplus_form,
        stable_in_double,
        lambda logits, x: logsigmoid(torch.where(x == 1, logits, -logits)).flatten(1).sum(1),
        lambda logits, x: Bernoulli(logits=logits).log_prob(x).sum(PIXELS),
        lambda logits, x: -binary_cross_entropy_with_logits(logits, x, reduction="none").sum(PIXELS),
    ],
)
def test_right(answer):
    verdict = check_log_likelihood(answer)
    assert verdict.status == "right", verdict


def test_not_tried_yet():
    assert check_log_likelihood(stub).status == "not tried yet"


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (sigmoid_then_log, "Not finite"),
        (sigmoid_then_log_where, "rounded"),
        (in_double, "Not finite"),
        (lambda logits, x: sigmoid_then_log(logits.double(), x.double()), "Not finite"),
        (lambda logits, x: stable_in_double(logits, x).clamp(min=-250), "first of three"),
        (lambda logits, x: stable_in_double(logits, x).sum(), "the sum for the whole batch"),
        (lambda logits, x: stable_in_double(logits.detach(), x), "No gradient"),
        (lambda logits, x: (x * logits - torch.log(1 + torch.exp(logits))).sum(PIXELS), "overflowed"),
        (clamped_by_torch, "Clamping"),
        (clamped_by_hand, "Clamping"),
        (lambda logits, x: sigmoid_then_log(logits, x).nan_to_num(), "Finite but wrong"),
        (lambda logits, x: softplus_form(logits, x) / 784, "mean over pixels"),
        (lambda logits, x: -softplus_form(logits, x), "sign"),
        (lambda logits, x: softplus_form(logits, x).exp(), "product"),
        (lambda logits, x: torch.where(x == 1, logits.sigmoid(), 1 - logits.sigmoid()).flatten(1).prod(1), "product"),
        (lambda logits, x: softplus_form(logits, x) / 0.6931472, "bits"),
        (lambda logits, x: (x * log_softmax(logits.flatten(1), 1).view_as(x)).sum(PIXELS), "softmax"),
        (lambda logits, x: Bernoulli(logits.flatten(1).softmax(1).view_as(x)).log_prob(x).sum(PIXELS), "softmax"),
        (lambda logits, x: (x * logsigmoid(logits)).sum(PIXELS), "Only the on"),
        (lambda logits, x: (x * logits.sigmoid().log()).sum(PIXELS), "Only the on"),
        (lambda logits, x: ((1 - x) * logsigmoid(-logits)).sum(PIXELS), "Only the off"),
        (lambda logits, x: softplus_form(logits, 1 - x), "swapped"),
        (lambda logits, x: -mse_loss(logits.sigmoid(), x, reduction="none").sum(PIXELS), "squared"),
        (lambda logits, x: (x * logits).sum(PIXELS), "first of three"),
        (logs_of_logits, "logit taken for a probability"),
        (lambda logits, x: softplus_form(x, logits), "first of three"),
        (lambda logits, x: softplus_form(logits, x).sum(), "the sum for the whole batch"),
        (lambda logits, x: softplus_form(logits, x).mean(), "whole batch"),
        (lambda logits, x: -binary_cross_entropy_with_logits(logits, x), "whole batch"),
        (lambda logits, x: x * logits - softplus(logits), "one number a pixel"),
        (lambda logits, x: softplus_form(logits, x).unsqueeze(1), "shape [3, 1]"),
        (lambda logits, x: (x * logits - softplus(logits)).sum(0), "shape [1, 28, 28]"),
        (lambda logits, x: softplus_form(logits, x).tolist(), "list"),
        (lambda logits, x: softplus_form(logits, x).detach().numpy(), "ndarray"),
        (lambda logits, x: softplus_form(logits, x).sum().item(), "float"),
        (lambda logits, x: softplus_form(logits.detach(), x), "No gradient"),
        (gradient_of_another, "gradient is not"),
        (raises, "KeyError"),
        (lambda logits: logits, "TypeError"),
        (lambda logits, x: binary_cross_entropy(logits, x), "RuntimeError"),
        (None, "TypeError"),
        ("a string", "TypeError"),
    ],
)
def test_not_right_yet(answer, word):
    verdict = check_log_likelihood(answer)
    assert verdict.status == "not right yet", verdict
    assert word in verdict.hint
