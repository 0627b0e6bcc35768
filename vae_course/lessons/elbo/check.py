"""Check the exercises of lesson 05: the KL divergence, and the ELBO's two terms."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from vae_course.decoder import log_likelihood
from vae_course.elbo import ElboTerms, kl_divergence
from vae_course.kit.exercise import ask_deterministic, describe, exercise, expect, recognise
from vae_course.kit.values import scaled

import torch
from torch import Generator, Tensor
from torch.nn.functional import logsigmoid, softplus

PIXELS = (-3, -2, -1)
BATCH, LATENT = 5, 3
SUMMED = {"KL": "latent dimensions", "kl": "latent dimensions", "reconstruction": "pixels"}
SCALES = {
    "Every value has the wrong sign: this is a cost, and never negative.": -1.0,
    "Every value is twice what it should be: is a factor ½ lost?": 2.0,
    "Every value is half of what it should be.": 0.5,
    "Every value is in bits, from the log to base 2. Nats take the natural logarithm.": 1 / math.log(2),
    "Every value is divided by 784, as in a mean over pixels. Leave that out, and sum.": 1 / 784,
    f"Every value is a third of what it should be: is it a mean over {LATENT} latent dimensions? Each costs its own "
    "nats, so add them up.": 1 / LATENT,
}
# mu and logvar of one image each: simple ones first, then codes far out.
POINTS = (
    ((1,), (0,)), ((0,), (1,)), ((2,), (0,)), ((0,), (0,)), ((0, 0), (0, 0)), ((-1,), (-1,)), ((0.5,), (0,)),
    ((5,), (0,)), ((-5,), (0,)), ((0,), (3,)), ((0,), (-3,)),
    ((1, 2), (0, 0)), ((1, -1), (0, 1)), ((0, 0, 0, 0), (1, -1, 2, -2)), ((1,) * 20, (0,) * 20),
    ((100,), (0,)), ((-100,), (0,)), ((0,), (12,)), ((0,), (-12,)), ((0,), (25,)), ((0,), (-40,)),
    ((0,) * 20, (-12,) * 20),
)  # fmt: skip
BOTH = "It holds the sum of reconstruction and kl. Keep the two terms apart; ElboTerms can add them."
SURE = (30.0, -30.0, 100.0, -100.0, 300.0, -300.0, 10_000.0, -10_000.0)


@exercise("kl_divergence", "It gives one value per image, in nats: 0 where q is the prior, and never negative.")
def check_kl_divergence(answer: Any) -> None:
    """Check a function of `mu` and `logvar`, both [B, D], that returns the KL of each image, [B]."""
    _expect_kl(lambda mu, logvar: ask_deterministic(answer, mu, logvar), "KL")


@exercise("elbo_terms", "It gives two costs per image, both in nats, with no hidden weight in either.")
def check_elbo_terms(answer: Any) -> None:
    """Check a function of x, logits [B, 1, 28, 28], mu and logvar [B, D] that returns `ElboTerms` of [B] each."""

    def terms(*inputs: Tensor) -> ElboTerms:
        got = ask_deterministic(answer, *inputs)
        form = f"The result is {describe(got)}. Keep the two terms apart: return ElboTerms(reconstruction, kl)."
        expect(isinstance(got, ElboTerms), form)
        return got

    x, logits, mu, logvar = *_images(), *_codes()
    # The course's log_likelihood takes these as x, too, so that an exchange raises no error.
    mild = logits.sigmoid()
    _expect_in_their_places(terms(x, mild, mu, logvar), x, mild, kl_divergence(mu, logvar))
    # Each term is measured beside the same other inputs for all images, so that only its own can change it.
    _expect_reconstruction(
        lambda x, logits: terms(x, logits, *_first(mu, logvar, count=len(x))).reconstruction,
        beside=kl_divergence(*_first(mu, logvar)).item(),
    )
    nats = -log_likelihood(*_first(logits, x)).item()
    _expect_kl(lambda mu, logvar: terms(*_first(x, logits, count=len(mu)), mu, logvar).kl, "kl", beside=nats)


def _first(*tensors: Tensor, count: int = 1) -> tuple[Tensor, ...]:
    """Repeat the first row of each."""
    return tuple(tensor[[0] * count] for tensor in tensors)


def _expect_in_their_places(got: ElboTerms, x: Tensor, logits: Tensor, kl: Tensor) -> None:
    for name, value in got._asdict().items():
        _expect_per_image(value, name, BATCH)
    swapped = _same(got.reconstruction.abs(), kl) and _same(got.kl.abs(), -log_likelihood(logits, x))
    expect(not swapped, "The two terms have changed places: reconstruction comes first, then kl.")
    swapped = _same(got.reconstruction.abs(), log_likelihood(x, logits).abs())
    expect(not swapped, "reconstruction: x and the logits have changed places.")


def _expect_kl(kl: Callable, name: str, beside: float = 0.0) -> None:
    """Check the KL, whatever the function is called that gives it; `beside` is the other term, if there is one."""
    mu, logvar = _codes()
    got, right = kl(mu, logvar), kl_divergence(mu, logvar)
    _expect_per_image(got, name, BATCH)
    _expect_images_apart(kl, name, mu, logvar)
    point = _wrong_point(kl, name)
    worst = _worst(got, right)
    codes = (", ".join(f"{number:.2f}" for number in code[worst]) for code in (mu, logvar))
    differs = "{}: at mu = [{}] and logvar = [{}] yours gives {:.3f}, and {:.3f} is right."
    otherwise = _scale(got, right, name) or point or differs.format(name, *codes, got[worst], right[worst])
    mistakes = _scaled(_kl_formulas(mu, logvar) | ({BOTH: right + beside} if beside else {}), name)
    recognise(got, right, mistakes, otherwise, same=_same)
    expect(point is None, point or "")
    prior = torch.zeros(1, LATENT)  # Here a root has no gradient.
    _expect_gradients(kl, kl_divergence, name, mu=torch.cat([mu, prior]), logvar=torch.cat([logvar, prior]))


def _kl_formulas(mu: Tensor, logvar: Tensor) -> dict[str, Tensor]:
    """Compute what the right formula gives (its hint is empty), and what wrong ones give."""
    square, variance, sigma = mu.square(), logvar.exp(), (logvar / 2).exp()
    brackets = {
        "": square + variance - 1 - logvar,
        "exp(logvar/2) is the standard deviation, and the formula needs the variance.": square + sigma - 1 - logvar,
        "logvar is used as if it were sigma. How do you get the variance from its logarithm?": (
            square + logvar.square() - 1 - logvar.square().log()
        ),
        "logvar is used as if it were log σ. It is log σ², so the variance is exp(logvar).": (
            square + (2 * logvar).exp() - 1 - 2 * logvar
        ),
        "logvar is used as if it were the variance. Take its exp() first.": square + logvar - 1 - logvar.log(),
        "mu should be squared: a step to the left costs as much as a step to the right.": (mu + variance - 1 - logvar),
        "mu is missing. A code far from 0 costs more.": variance - 1 - logvar,
        "mu squared is subtracted. It is added: a code far from 0 costs more.": variance - 1 - logvar - square,
        "The variance is missing. What does exp(logvar) add?": square - 1 - logvar,
        "The -1 is missing: where q is the prior, at mu = 0 and logvar = 0, the KL is 0.": square + variance - logvar,
        "The -1 stands there only once. It belongs to each latent dimension.": square + variance - 1 / LATENT - logvar,
        "The last term is missing. Subtract log σ², so that a narrow q costs more.": square + variance - 1,
        "The last term has the wrong sign. Subtract log σ², so that a narrow q costs more.": (
            square + variance - 1 + logvar
        ),
        "That is KL(p(z) || q(z|x)), the other way round: the average must run over draws of q.": (
            (1 + square) / variance - 1 + logvar
        ),
        "mu and logvar have changed places.": logvar.square() + mu.exp() - 1 - mu,
    }
    return {hint: 0.5 * bracket.sum(-1) for hint, bracket in brackets.items()}


def _wrong_point(kl: Callable, name: str) -> str | None:
    """Say at which mu and logvar the KL of one image is wrong."""
    for point in POINTS:
        mu, logvar = (torch.tensor([numbers], dtype=torch.float32) for numbers in point)
        got, right = kl(mu, logvar), kl_divergence(mu, logvar)
        _expect_per_image(got, name, 1)
        if not _same(got, right):
            where = f"D = {mu.shape[1]}, mu = {_short(mu)} and logvar = {_short(logvar)}"
            return f"{name}: try one image with {where}. Yours gives {got.item():.6g}, and {right.item():.6g} is right."
    return None


def _short(code: Tensor) -> str:
    """Write a code, as one number where all its dimensions are equal."""
    numbers = [f"{number:g}" for number in code[0]]
    return numbers[0] if len(set(numbers)) == 1 else f"[{', '.join(numbers)}]"


def _expect_reconstruction(reconstruction: Callable, beside: float) -> None:
    """Check the first term; `beside` is the KL of the code which stands beside each image."""
    name, (x, logits) = "reconstruction", _images()
    got, right = reconstruction(x, logits), -log_likelihood(logits, x)
    _expect_images_apart(reconstruction, name, x, logits)
    formulas = {hint: nats.sum(PIXELS) for hint, nats in _pixel_costs(x, logits).items()}
    formulas[BOTH] = right + beside
    worst = _worst(got, right)
    differs = f"{name}: an image gets {got[worst]:.6g}, and minus its log_likelihood is {right[worst]:.6g} nats."
    recognise(got, right, _scaled(formulas, name), _scale(got, right, name) or differs, same=_same)
    sure = _expect_right_when_sure(reconstruction)
    x, logits = (torch.cat(parts) for parts in zip((x, logits), sure, strict=True))
    _expect_gradients(partial(reconstruction, x), lambda logits: -log_likelihood(logits, x), name, logits=logits)


def _pixel_costs(x: Tensor, logits: Tensor) -> dict[str, Tensor]:
    """Compute what each pixel costs by the right formula (its hint is empty) and by wrong ones."""
    p, on, off = logits.sigmoid(), logsigmoid(logits), logsigmoid(-logits)
    squared = "This is squared error{}, for pixels that are Gaussian. These are on or off: use log_likelihood."
    return {
        "": -x * on - (1 - x) * off,
        "The costs of on and off pixels are swapped.": -x * off - (1 - x) * on,
        "Only the on pixels are counted.": -x * on,
        "Only the off pixels are counted.": -(1 - x) * off,
        "The sigmoid is taken twice: log_likelihood takes the logits as the decoder gave them.": softplus(p) - x * p,
        squared.format(""): (p - x).square(),
        squared.format(" with the ½"): (p - x).square() / 2,
        squared.format(" of the logits"): (logits - x).square(),
        "x and the logits have changed places.": softplus(x) - x * logits,
    }


def _expect_right_when_sure(reconstruction: Callable) -> tuple[Tensor, Tensor]:
    """Ask about images with one wrong pixel, which costs as many nats as its logit; return these and their logits."""
    logits = torch.tensor(SURE).reshape(-1, 1, 1, 1).repeat(1, 1, 28, 28)
    right = (logits > 0).float()
    wrong = right.clone()
    wrong[:, 0, 14, 14] = 1 - right[:, 0, 14, 14]
    for logit, nats in zip(SURE, reconstruction(wrong, logits).tolist(), strict=True):
        costs = f"at a logit of {logit:,.0f}, one wrong pixel costs {abs(logit):,.0f} nats, and yours says {nats:,.6g}"
        expect(math.isfinite(nats), f"reconstruction: {costs}. A sigmoid was rounded, or an exp overflowed.")
        expect(math.isclose(nats, abs(logit), rel_tol=1e-4), f"reconstruction: {costs}. Is something clamped?")
    most = reconstruction(right, logits).abs().max().item()
    expect(most < 1e-3, f"reconstruction: an image that fits a sure decoder costs 0 nats, and yours says {most:.6g}.")
    return wrong, logits


def _expect_per_image(got: Any, name: str, batch: int) -> None:
    """Refuse what is no tensor of one value per image."""
    expect(isinstance(got, Tensor), f"{name}: it is {describe(got)}. It should be a tensor with one value per image.")
    expect(got.dtype in (torch.float32, torch.float64), f"{name}: its dtype is {got.dtype}. Keep to float32.")
    count = "one image" if batch == 1 else f"{batch} images"
    cause = f"Sum over the {SUMMED[name]}, and over them only: name the axes of the sum."
    if got.ndim == 0:
        cause = "Does a squeeze() take the batch away?" if batch == 1 else f"The batch is summed or averaged. {cause}"
    if got.shape == (batch, 1):
        cause += " (An axis of length 1 is left over, as of the channel, or from `keepdim=True`.)"
    shape = f"{name}: for {count} the shape should be [{batch}], and it is {list(got.shape)}. {cause}"
    expect(got.shape == (batch,), shape)


def _expect_images_apart(value: Callable, name: str, *inputs: Tensor) -> None:
    """Ask twice, and about each image alone: it must get the same value."""
    got, images = value(*inputs), zip(*(tensor.split(1) for tensor in inputs), strict=True)
    expect(_same(got, value(*inputs)), f"{name}: asked twice about one batch, it differs. Nothing here is random.")
    parts = [value(*image) for image in images]
    for part in parts:
        _expect_per_image(part, name, 1)
    alone = torch.cat(parts)
    divided = (
        f"{name}: it is divided by the number of images. An image's value can't depend on how many others there are."
    )
    worst = _worst(got, alone)
    values = f"{got[worst]:.4g} in its batch and {alone[worst]:.4g} alone"
    others = f"{name}: an image gets {values}. It must not depend on the others, their number, or chance."
    recognise(got, alone, {divided: alone / BATCH}, others, same=lambda a, b: _same(a, b, 1e-3))


def _expect_gradients(value: Callable, formula: Callable, name: str, **inputs: Tensor) -> None:
    """Compare the gradients of the answer's values with those of the formula."""
    leaves = {key: tensor.clone().requires_grad_() for key, tensor in inputs.items()}
    got, right = value(*leaves.values()).sum(), formula(*leaves.values()).sum()
    for key, leaf in leaves.items():
        expect(leaf.grad is None, f"It called backward(), which left a gradient in {key}.grad. Only compute the value.")
        (wanted,) = torch.autograd.grad(right, leaf, retain_graph=True)
        found = torch.autograd.grad(got, leaf, retain_graph=True, allow_unused=True)[0] if got.requires_grad else None
        cut = f"{name} is right, but the gradient of {key} is cut off. Leave out detach and no_grad, and stay in torch."
        expect(found is not None, cut)
        infinite = f"{name} is right, but a gradient of {key} is not finite. Is there a root of 0, or an overflow?"
        expect(found.isfinite().all(), infinite)
        part = f"{name} is right, but the gradient of {key} is not. Is a part of it detached, clamped or rounded?"
        expect(_same(found, wanted), part)


def _codes() -> tuple[Tensor, Tensor]:
    mu, logvar = torch.randn(2, BATCH, LATENT, generator=Generator().manual_seed(5))
    logvar[:2].abs_()  # So that a log of logvar, which is a mistake, is at least a number in two images.
    return mu, logvar


def _images() -> tuple[Tensor, Tensor]:
    generator = Generator().manual_seed(5)
    of_each = torch.arange(-3.0, 2.0).reshape(BATCH, 1, 1, 1)
    logits = of_each + 2 * torch.randn(BATCH, 1, 28, 28, generator=generator)
    return torch.bernoulli(torch.sigmoid(logits), generator=generator), logits


def _scaled(formulas: Mapping[str, Tensor], name: str) -> dict[str, tuple[Tensor, ...]]:
    """List the formulas on every scale, each hint with the name of the term before it."""
    values = scaled({hint: (value,) for hint, value in formulas.items()}, SCALES)
    return {f"{name}: {hint}": wrong for hint, wrong in values.items()}


def _scale(got: Tensor, right: Tensor, name: str) -> str:
    """Say by how much all values are off, if it is by one factor."""
    ratio = got / right
    one = ratio.std() <= 1e-5 * ratio.mean().abs() and not _same(got, right, rtol=1e-2)
    times = f"every value is {ratio.mean():.4g} times what it should be. No weight belongs in it."
    return f"{name}: {times if got.any() else 'it is 0 for every image.'}" if one else ""


def _worst(got: Tensor, right: Tensor) -> int:
    return int((got - right).abs().nan_to_num(torch.inf).argmax())


def _same(got: Tensor, right: Tensor, rtol: float = 1e-5) -> bool:
    """Compare to five digits: float32 is better, and half precision worse."""
    return torch.allclose(got.detach().double(), right.detach().double(), rtol=rtol, atol=1e-5, equal_nan=True)
