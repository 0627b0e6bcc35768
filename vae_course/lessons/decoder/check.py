"""Lesson 04: the check of `log_likelihood`."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.distributions import Bernoulli, Independent
from torch.nn.functional import log_softmax, logsigmoid

from vae_course.kit.exercise import exercise, tried


@exercise(
    "log_likelihood",
    "It agrees with torch.distributions image by image, in value and in gradient, up to logits of ±300.",
)
def check_log_likelihood(answer: Any) -> str | None:
    """Check a function of `logits` and `x` that returns log p(x|z) of each image in nats."""
    generator = Generator().manual_seed(0)
    logits = 2 * torch.randn(3, 1, 28, 28, generator=generator)
    x = torch.bernoulli(torch.sigmoid(logits), generator=generator)
    result = tried(answer(logits.clone(), x.clone()))
    return (
        _wrong_form(result, logits, x)
        or _wrong_value(result, logits, x)
        or _wrong_when_sure(answer)
        or _wrong_gradient(answer, logits, x)
    )


def _truth(logits: Float[Tensor, "batch 1 28 28"], x: Float[Tensor, "batch 1 28 28"]) -> Float[Tensor, " batch"]:
    return Independent(Bernoulli(logits=logits), 3).log_prob(x)


def _wrong_form(result: Any, logits: Tensor, x: Tensor) -> str | None:
    if not isinstance(result, Tensor):
        return f"It returned a {type(result).__name__}; a tensor with one number an image is wanted, shape [B]."
    if result.shape == (3,):
        return None
    if result.shape == (3, 1, 28, 28):
        return "It returned one number a pixel. Pixels are independent given z, so their logs add up: sum over them."
    if result.ndim == 0:
        truth = _truth(logits, x)
        reduced = "the sum" if torch.isclose(result.detach().float(), truth.sum(), rtol=1e-3) else "one number"
        return f"It returned {reduced} for the whole batch. Sum over pixels, and keep the batch: shape [B]."
    return f"It returned shape {list(result.shape)} for a batch of 3 images; one number an image is shape [3]."


def _wrong_value(result: Tensor, logits: Tensor, x: Tensor) -> str | None:
    truth = _truth(logits, x)
    if torch.allclose(result.detach().float(), truth, rtol=1e-4):
        return None
    pixels = (-3, -2, -1)
    shares = log_softmax(logits.flatten(1), -1).reshape(logits.shape)
    error = (torch.sigmoid(logits) - x).square().sum(pixels)
    mistakes = [
        (-truth, "The sign is turned: this is the cost. A log-probability is at most 0."),
        (truth / 784, "It is 784 times too small: a mean over pixels. The log of a product is a sum of logs."),
        (torch.exp(truth), "That is the product, the probability itself: 0 in float32. Take logs first, and add them."),
        (truth / torch.tensor(2.0).log(), "These are bits: the log to base 2. Nats take the natural logarithm."),
        ((x * shares).sum(pixels), _SOFTMAX),
        (Bernoulli(probs=shares.exp()).log_prob(x).sum(pixels), _SOFTMAX),
        ((x * logsigmoid(logits)).sum(pixels), "Only the on pixels are counted. An off pixel adds log(1 − p)."),
        (((1 - x) * logsigmoid(-logits)).sum(pixels), "Only the off pixels are counted. An on pixel adds log(p)."),
        (_truth(-logits, x), "On and off are swapped: p belongs to the pixels that are 1, and 1 − p to the others."),
        (-error, _SQUARED),
        (-error / 2, _SQUARED),
    ]
    for wrong, hint in mistakes:
        if torch.allclose(result.detach().float(), wrong, rtol=1e-3):
            return hint
    if not result.isfinite().all():
        return "It is not finite even for moderate logits. Is a logit taken for a probability, without the sigmoid?"
    return f"For the first of three random images it gives {result[0]:.1f}, and log p(x|z) is {truth[0]:.1f} nats."


_SOFTMAX = "A softmax makes pixels compete for one unit of ink. Each pixel has its own coin: a sigmoid for each."
_SQUARED = "That is squared error, the log-density of a Gaussian. These pixels are coins: p if on, 1 − p if off."


def _wrong_when_sure(answer: Any) -> str | None:
    """One pixel of a sure decoder is wrong, and it costs as many nats as its logit."""
    for logit in (30.0, -30.0, 100.0, -100.0, 300.0, -300.0):
        logits = torch.full((1, 1, 28, 28), logit)
        x = (logits > 0).float()
        x[0, 0, 14, 14] = 1 - x[0, 0, 14, 14]
        result, where = answer(logits, x), f"at a logit of {logit:.0f}, one wrong pixel costs {abs(logit):.0f} nats"
        if not result.isfinite().all():
            cause = "The sigmoid rounded to 0 or 1" if abs(logit) < 80 else "A sigmoid rounded, or an exp overflowed"
            return f"Not finite: {where}, and yours says {-result.item():.0f}. {cause}."
        if not torch.allclose(result.detach().float(), -torch.tensor([abs(logit)]), atol=0.01):
            return f"Finite but wrong: {where}, and yours says {-result.item():.1f}. Clamping hides what was rounded."
    return None


def _wrong_gradient(answer: Any, logits: Tensor, x: Tensor) -> str | None:
    logits = logits.clone().requires_grad_()
    result = answer(logits, x)
    if not result.requires_grad:
        return "No gradient flows back to the logits, so a decoder could not learn from it. Stay in torch throughout."
    (gradient,) = torch.autograd.grad(result.sum(), logits)
    if not torch.allclose(gradient, x - torch.sigmoid(logits.detach()), atol=1e-4):
        return "The value is right and its gradient is not: for each logit it should be x − sigmoid(logit)."
    return None
