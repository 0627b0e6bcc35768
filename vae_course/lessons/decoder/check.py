"""Check the exercise of lesson 04, `log_likelihood`."""

import math
from typing import Any

from vae_course.decoder import log_likelihood
from vae_course.kit.exercise import ask_deterministic, describe, exercise, expect, recognise
from vae_course.kit.values import scaled

import torch
from torch import Generator, Tensor
from torch.distributions import Bernoulli
from torch.nn.functional import log_softmax, logsigmoid, softplus

PIXELS = (-3, -2, -1)
SURE = (30.0, -30.0, 100.0, -100.0, 300.0, -300.0, 10_000.0, -10_000.0)
SCALES = {
    "The sign is wrong: this is the cost. A log-probability is at most 0.": -1.0,
    "It is 784 times too small: a mean over pixels. The log of a product is a sum of logs.": 1 / 784,
    "These are bits, from the log to base 2. For nats take the natural logarithm.": 1 / math.log(2),
    "This is the log to base 10. For nats take the natural logarithm.": 1 / math.log(10),
    "It is twice what it should be.": 2.0,
    "It is half of what it should be.": 0.5,
}
PROBABILITIES = "The logs are missing: these are the probabilities, added. Add log(p) or log(1 − p)."
PRODUCT = "It is 0 for every image. A product of 784 probabilities is too small for float32: add their logs."
SOFTMAX = "A softmax makes the probabilities of all pixels sum to 1. Each pixel has its own coin: take a sigmoid."
SQUARED = "That is squared error, for pixels that are Gaussian. These are coins: p if on, 1 − p if off."


@exercise(
    "log_likelihood",
    "It agrees with torch.distributions for each image, in value and in gradient, up to logits of ±10,000.",
)
def check_log_likelihood(answer: Any) -> None:
    """Check a function of `logits` and `x` that returns log p(x|z) of each image in nats."""
    generator = Generator().manual_seed(0)
    # The images differ in how much is on, so that an average over the batch shows.
    logits = 2 * torch.randn(5, 1, 28, 28, generator=generator) + torch.linspace(-2, 1, 5).reshape(5, 1, 1, 1)
    x = torch.bernoulli(torch.sigmoid(logits), generator=generator)
    got, right = _asked(answer, logits, x), log_likelihood(logits, x)
    expect(_same(got, _asked(answer, logits, x)), "Asked twice about the same images, it gives different numbers.")
    _expect_images_apart(answer, got, logits, x)
    recognise(got, right, _mistakes(logits, x), otherwise=_difference(got, right), same=_same)
    _expect_gradient(answer, logits, x, "for logits around 0")
    _expect_right_when_sure(answer)


def _asked(answer: Any, logits: Tensor, x: Tensor) -> Tensor:
    """Ask for the log-likelihoods, and refuse a result that is not a tensor with one value per image."""
    got, count = ask_deterministic(answer, logits, x), f"{len(x)} images" if len(x) > 1 else "a batch of one image"
    form = f"The result is {describe(got)}. Return a tensor with one value per image, of shape [B]."
    expect(isinstance(got, Tensor), form)
    expect(got.dtype in (torch.float32, torch.float64), f"It returned values of {got.dtype}. Use float32.")
    expect(got.shape != x.shape, "It returned one value per pixel. Given z, pixels are independent: sum their logs.")
    whole = f"It returned {_of_the_batch(got, logits, x)}. Sum over pixels, and keep the batch: shape [B]."
    expect(got.ndim > 0 or len(x) == 1, whole)
    cause = " Does a squeeze() take the batch away?" if got.ndim == 0 else ""
    shape = f"For {count} it returned shape {list(got.shape)}, and it should be [{len(x)}].{cause}"
    expect(got.shape == x.shape[:1], shape)
    return got


def _of_the_batch(got: Tensor, logits: Tensor, x: Tensor) -> str:
    """Say what the one number for the whole batch is."""
    right = log_likelihood(logits, x)
    numbers = {
        "the sum for the whole batch": right.sum(),
        "the mean over the images of the whole batch": right.mean(),
        "the mean over all pixels of the whole batch": right.mean() / 784,
    }
    known = (name for name, number in numbers.items() if got.ndim == 0 and _same(got.abs(), number.abs()))
    return next(known, "one number for the whole batch")


def _expect_images_apart(answer: Any, got: Tensor, logits: Tensor, x: Tensor) -> None:
    """Ask about each image alone: it must get the same number as in its batch."""
    alone = torch.cat([_asked(answer, *image) for image in zip(logits.split(1), x.split(1), strict=True)])
    divided = "It is divided by the number of images. An image's value can't depend on how many others there are."
    worst = _worst(got, alone)
    values = f"{got[worst]:.1f} in its batch and {alone[worst]:.1f} alone"
    others = f"An image gets {values}. Its number must depend on nothing but its own pixels and logits."
    recognise(got, alone, {divided: alone / len(x)}, others, same=lambda a, b: _same(a, b, rtol=1e-3))


def _mistakes(logits: Tensor, x: Tensor) -> dict[str, tuple[Tensor, ...]]:
    """Return the values of wrong formulas by their hints, and those of each formula, also the right one, scaled."""
    p, shares = logits.sigmoid(), log_softmax(logits.flatten(1), -1).reshape(logits.shape)
    on, off = logsigmoid(logits), logsigmoid(-logits)
    squares = (x - p).square(), (x - logits).square(), (x - p).square() + math.log(2 * math.pi)
    formulas = {
        "": (x * on + (1 - x) * off,),
        "Only the on pixels are counted. An off pixel adds log(1 − p).": (x * on,),
        "Only the off pixels are counted. An on pixel adds log(p).": ((1 - x) * off,),
        "On and off are swapped: p belongs to the pixels that are 1, and 1 − p to the others.": (
            x * off + (1 - x) * on,
        ),
        "x does not enter: an on pixel adds log(p), and an off pixel adds log(1 − p).": (on, off),
        SOFTMAX: (x * shares, Bernoulli(probs=shares.exp()).log_prob(x)),
        SQUARED: (*(-square for square in squares), *(-square / 2 for square in squares)),
        "The sigmoid is taken twice: pass on the logits as they are.": (x * p - softplus(p),),
        PROBABILITIES: (x * p + (1 - x) * (1 - p),),
        "The softplus is missing: subtract it for every pixel.": (x * logits,),
        "x and the logits have changed places.": (x * logits - softplus(x),),
    }
    sums = {hint: tuple(nats.sum(PIXELS) for nats in values) for hint, values in formulas.items()}
    return {PRODUCT: (torch.zeros(len(x)),)} | scaled(sums, SCALES)


def _difference(got: Tensor, right: Tensor) -> str:
    """Describe a wrong value that no known mistake explains."""
    if got.isnan().any():
        return "It is not a number. Is a logit taken for a probability, without the sigmoid?"
    if got.isinf().any():
        return "It is infinite. Is it the log of a product, which is 0 in float32, or an exp that overflows?"
    ratio = got / right
    if ratio.std() < 1e-5 * ratio.mean().abs() and not _same(got, right, rtol=1e-2):
        return f"It is {ratio.mean():.4g} times what it should be, for every image."
    worst = _worst(got, right)
    return f"For one of {len(got)} random images it gives {got[worst]:.6g}, and log p(x|z) is {right[worst]:.6g} nats."


def _expect_right_when_sure(answer: Any) -> None:
    """Ask about large logits: a wrong pixel costs as many nats as its logit, and right ones cost almost nothing."""
    logits = torch.tensor(SURE).reshape(-1, 1, 1, 1).repeat(1, 1, 28, 28)
    right = (logits > 0).float()
    wrong = right.clone()
    wrong[:, 0, 14, 14] = 1 - right[:, 0, 14, 14]
    for logit, nats in zip(SURE, _asked(answer, logits, wrong).tolist(), strict=True):
        costs = f"at a logit of {logit:,.0f}, one wrong pixel costs {abs(logit):,.0f} nats, and yours says {-nats:,.6g}"
        cause = "The sigmoid rounded to 0 or 1" if abs(logit) < 80 else "A sigmoid rounded, or an exp overflowed"
        expect(math.isfinite(nats), f"Not finite: {costs}. {cause}.")
        expect(math.isclose(-nats, abs(logit), rel_tol=1e-4), f"Finite but wrong: {costs}. Is something clamped?")
    for logit, nats in zip(SURE, _asked(answer, logits, right).tolist(), strict=True):
        costs = f"at logits of {logit:,.0f}, all with the right sign, an image costs almost 0 nats"
        expect(abs(nats) < 1e-3, f"Wrong where the decoder is sure and right: {costs}, and yours says {-nats:,.6g}.")
    _expect_gradient(answer, logits, wrong, "for logits of ±30 to ±10,000")


def _expect_gradient(answer: Any, logits: Tensor, x: Tensor, where: str) -> None:
    leaf = logits.clone().requires_grad_()
    result = _asked(answer, leaf, x)
    expect(leaf.grad is None, "It called backward(), which changed logits.grad. Only compute the value.")
    cut = "No gradient flows back to the logits, so a decoder can't learn. Leave out detach and no_grad; stay in torch."
    gradient = torch.autograd.grad(result.sum(), leaf, allow_unused=True)[0] if result.requires_grad else None
    expect(gradient is not None, cut)
    infinite = f"The value is right, but its gradient is not finite {where}. Does a where() hide an overflow?"
    expect(gradient.isfinite().all(), infinite)
    right = f"The value is right, but its gradient is not {where}: for each logit it should be x − sigmoid(logit)."
    expect(torch.allclose(gradient, x - torch.sigmoid(logits), atol=1e-4), right)


def _worst(got: Tensor, right: Tensor) -> int:
    return int((got - right).abs().nan_to_num(torch.inf).argmax())


def _same(got: Tensor, right: Tensor, rtol: float = 1e-5) -> bool:
    """Compare to five digits: float32 is better, and half precision worse."""
    return torch.allclose(got.detach().double(), right.detach().double(), rtol=rtol, atol=1e-4, equal_nan=True)
