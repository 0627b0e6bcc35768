"""Lesson 11's check: the Fréchet distance of two sets of features."""

from collections.abc import Callable
from functools import partial
from typing import Any

from vae_course.kit.exercise import ask_deterministic, close, exercise, expect, recognise
from vae_course.kit.values import number
from vae_course.sample_quality import frechet_distance

import torch
from jaxtyping import Float
from torch import Generator, Tensor

FirstSet = Float[Tensor, "n features"]
SecondSet = Float[Tensor, "m features"]
_number = partial(number, of="for the two sets")


@exercise("frechet_distance", "It sees how far the means are apart and how differently the sets spread, at any counts.")
def check_frechet_distance(answer: Any) -> None:
    """Check a function of two sets of features, [n, F] and [m, F], that returns their distance."""
    a, b = _made_up(40, 5), _made_up(69, 5)
    got, right = _number(ask_deterministic(answer, a, b)), frechet_distance(a, b)
    again = _number(ask_deterministic(answer, a, b))
    expect(got == again or got != got, f"Asked twice, it gives {got:.4f} and {again:.4f}. Nothing here is random.")
    recognise(got, right, _mistakes(a, b, right), _figures(a, b, got, right))
    _check_other_sets(answer)


def _made_up(images: int, features: int) -> FirstSet:
    """Make features of both signs that depend on each other, with another mean and covariance for every count."""
    generator = Generator().manual_seed(images)
    mix = torch.randn(features, features, generator=generator)
    mean = torch.randn(features, generator=generator)
    return torch.randn(images, features, generator=generator) @ mix + 0.7 * mean


def _check_other_sets(answer: Any) -> None:
    """Expect the right distance of sets of other widths, counts and scales."""
    wide, narrow = _made_up(300, 64), _made_up(90, 2)
    twice = torch.cat([narrow, narrow[:40]])
    copies = torch.cat([_made_up(80, 3)] * 2 + [torch.zeros(80, 1)], 1)
    sets = {
        "With 300 and 100 images, 64 features each": (wide, _made_up(100, 64)),
        "With more images in the first set, some of them twice": (twice, _made_up(30, 2)),
        "For features a million times as large": (1e6 * narrow, 1e6 * _made_up(30, 2)),
        "For sets whose means are far apart": (narrow, _made_up(30, 2) + 100),
    }
    for which, (a, b) in sets.items():
        got, right = _number(ask_deterministic(answer, a, b)), frechet_distance(a, b)
        expect(close(got, right, rtol=1e-3), f"{which} it gives {got:.6g} instead of {right:.6g}.")
    _check_digits(answer, narrow)
    same = _number(ask_deterministic(answer, narrow, narrow.flip(0)))
    expect(abs(same) < 1e-2, f"A set's distance from itself is 0, and yours is {same:.4g}.")
    a, b = copies, torch.cat([_made_up(70, 3)] * 2 + [torch.full((70, 1), 3.0)], 1)
    got, right = _number(ask_deterministic(answer, a, b)), frechet_distance(a, b)
    dropped = "A feature that is always the same in each set counts, too: its means are 0 and 3 here."
    recognise(
        got,
        right,
        {dropped: frechet_distance(a[:, :-1], b[:, :-1])},
        "Three features stand there twice, and one is always the same. So some eigenvalues are 0, or slightly less by "
        f"rounding: it gives {got:.4g} instead of {right:.4g}. Clamp them at 0 before you take the root.",
        partial(close, rtol=1e-2),
    )


def _check_digits(answer: Any, a: FirstSet) -> None:
    """Expect the right distance of two sets that are nearly the same, where large numbers cancel."""
    large = 1e6 * a  # Beside these, what is added to a covariance so that it can be inverted is nothing.
    far = a + 1e5  # Here the means need float64, too.
    for a, b in ((large, large * (1 + 1e-4)), (far, far + 0.1)):
        got, right = _number(ask_deterministic(answer, a, b)), frechet_distance(a, b)
        expect(
            close(got, right, rtol=5e-2, atol=0.0),
            f"For two sets that are nearly the same it gives {got:.3g} instead of {right:.3g}: the rounding of float32 "
            "is larger than this distance. Compute in float64 from the start, with `a.double()`.",
        )


def _root(matrix: Tensor) -> Tensor:
    """Take the root of a symmetric matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def _moments(a: FirstSet, b: SecondSet) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute the means and the covariances of both sets."""
    a, b = a.double(), b.double()
    return a.mean(0), b.mean(0), a.T.cov(), b.T.cov()


def _spread(s: Tensor, t: Tensor) -> Tensor:
    """Compute tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½)."""
    return s.trace() + t.trace() - 2 * torch.linalg.svdvals(_root(s) @ _root(t)).sum()


def _mistakes(a: FirstSet, b: SecondSet, right: float) -> dict[str, Any]:
    """List what goes wrong, with the distance that comes of it."""
    m, n, s, t = _moments(a, b)
    return {
        **_wrong_roots(m, n, s, t),
        **_wrong_terms(m, n, s, t),
        **_wrong_sets(a, b),
        "That is the root of the distance. The formula is already a square, as |μ₁ - μ₂|² is.": right**0.5,
        "That is half of it.": right / 2,
        "Its sign is turned.": -right,
        "That is divided by the number of features. The formula adds up, over features and over the diagonal.": (
            right / len(s)
        ),
        f"That was rounded: it is {right:.5f}.": (
            *(round(right, digits) for digits in (0, 1, 2)),
            float(int(right)),
            torch.tensor(right).half().item(),
            torch.tensor(right).bfloat16().item(),
        ),
    }


def _wrong_roots(m: Tensor, n: Tensor, s: Tensor, t: Tensor) -> dict[str, Any]:
    """List what is taken for the trace of the root of Σ₁ Σ₂."""
    values_s, values_t = torch.linalg.eigvalsh(s), torch.linalg.eigvalsh(t)
    entries = (s @ t).diagonal()
    overlaps: dict[str, tuple[Tensor, ...]] = {
        "There is no root: it is (Σ₁ Σ₂)^½, not Σ₁ Σ₂.": ((s @ t).trace(),),
        "That is the root of each entry. (Σ₁ Σ₂)^½ is the matrix that gives Σ₁ Σ₂ when it is multiplied by itself; "
        "its trace is the sum of the roots of the eigenvalues.": (
            entries.clamp(min=0).sqrt().sum(),
            entries.abs().sqrt().sum(),
            ((s @ t).clamp(min=0).sqrt()).diagonal().sum(),
            (s.abs().sqrt() @ t.abs().sqrt()).trace(),
        ),
        "That takes the diagonal of each covariance only, the variances. How features change together counts, too.": (
            (s.diagonal() * t.diagonal()).sqrt().sum(),
        ),
        "That multiplies Σ₁^½ by Σ₂^½, each a root by itself. (Σ₁ Σ₂)^½ is something else unless Σ₁ Σ₂ = Σ₂ Σ₁.": (
            (_root(s) @ _root(t)).trace(),
            (torch.linalg.cholesky(s) @ torch.linalg.cholesky(t).T).trace(),
        ),
        "That pairs the eigenvalues of Σ₁ with those of Σ₂. Their axes differ: take the eigenvalues of Σ₁ Σ₂.": (
            (values_s * values_t).clamp(min=0).sqrt().sum(),
            (values_s * values_t.flip(0)).clamp(min=0).sqrt().sum(),
        ),
        "Σ₁ Σ₂ is not symmetric, and `eigvalsh` and `eigh` read one half of it; singular values are others, too. "
        "Take `eigvals`.": (
            torch.linalg.eigvalsh(s @ t).clamp(min=0).sqrt().sum(),
            torch.linalg.eigvalsh((s @ t).T).clamp(min=0).sqrt().sum(),
            torch.linalg.eigvalsh(s @ t).abs().sqrt().sum(),
            torch.linalg.eigvalsh(s @ t + t @ s).clamp(min=0).div(2).sqrt().sum(),
            torch.linalg.svdvals(s @ t).sqrt().sum(),
            torch.linalg.svdvals(s @ t).sum(),
        ),
        "That is the root of the trace. The formula has the trace of the root.": (
            (s @ t).trace().sqrt(),
            (s.trace() * t.trace()).sqrt(),
        ),
        "The overlap is made of Σ₁ alone, or of Σ₂ alone.": (s.trace(), t.trace()),
        "The last term is left out: -2 (Σ₁ Σ₂)^½.": (torch.zeros(()),),
    }
    rest = (m - n).square().sum() + s.trace() + t.trace()
    return {hint: tuple(rest - 2 * overlap for overlap in wrong) for hint, wrong in overlaps.items()}


def _wrong_terms(m: Tensor, n: Tensor, s: Tensor, t: Tensor) -> dict[str, Any]:
    """List what goes wrong around the right root."""
    difference, spread, traces = m - n, _spread(s, t), s.trace() + t.trace()
    means, overlap = difference.square().sum(), (traces - spread) / 2
    inner = _root(_root(s) @ t @ _root(s))
    return {
        "That is the distance of the means alone. Is the spread left out, or one covariance taken for both sets?": (
            means,
            means.sqrt(),
        ),
        "The means are left out: the first term is |μ₁ - μ₂|².": spread,
        "The means' distance is to be squared: |μ₁ - μ₂|².": (
            means.sqrt() + spread,
            difference.abs().sum() + spread,
        ),
        "|μ₁ - μ₂|² is the sum over the features of the squared differences: each feature has a mean of its own, and "
        "nothing is averaged or added up before it is squared.": (
            difference.square().mean() + spread,
            difference.sum().square() + spread,
            difference.mean().square() + spread,
            means.square() + spread,
        ),
        "The root counts twice: -2 (Σ₁ Σ₂)^½.": means + traces - overlap,
        "The root is subtracted: it is what the two spreads have in common.": (
            means + traces + 2 * overlap,
            means + traces + overlap,
        ),
        "A trace adds up the diagonal, and not the whole matrix.": (
            means + (s + t - 2 * inner).sum(),
            means + s.sum() + t.sum() - 2 * overlap,
        ),
        "That takes the mean of the diagonal. A trace is its sum.": means + spread / len(s),
        "That is the difference of the covariances, entry by entry. How they overlap is in the root.": (
            means + (s - t).square().sum(),
            means + torch.linalg.matrix_norm(s - t),
            (s - t).square().sum(),
        ),
    }


def _wrong_sets(a: FirstSet, b: SecondSet) -> dict[str, Any]:
    """List what the right formula gives of other moments."""

    def distance(covariance: Callable[[Tensor], Tensor]) -> Tensor:
        x, y = a.double(), b.double()
        return (x.mean(0) - y.mean(0)).square().sum() + _spread(covariance(x), covariance(y))

    def of(change: Callable[[Tensor], Tensor]) -> float:
        return frechet_distance(change(a), change(b))

    count = min(len(a), len(b))
    scale, middle = b.std(0), b.mean(0)
    return {
        "The covariances divide by n. Divide by n − 1, as `torch.cov` does by itself.": distance(
            lambda x: x.T.cov(correction=0)
        ),
        "The covariances are sums of products. Divide them by n − 1.": distance(lambda x: x.T.cov() * (len(x) - 1)),
        "The mean was not subtracted before the covariances were computed: centre the features first.": (
            distance(lambda x: x.T @ x / (len(x) - 1)),
            distance(lambda x: x.T @ x / len(x)),
        ),
        "These are correlations. A covariance keeps the scale of the features.": distance(lambda x: x.T.corrcoef()),
        f"That uses {count} images of each set. All images count, and there may be more in one set.": (
            of(lambda x: x[:count]),
            of(lambda x: x[-count:]),
        ),
        "The features were standardised, or scaled to length 1, before. Leave their scale as it is.": (
            of(lambda x: (x - middle) / scale),
            of(lambda x: x / a.std(0)),
            of(lambda x: (x - x.mean(0)) / x.std(0)),
            of(lambda x: torch.nn.functional.normalize(x, dim=1)),
        ),
        "Negative features became 0.": of(torch.relu),
        "The features were rounded.": of(torch.round),
    }


def _figures(a: FirstSet, b: SecondSet, got: float, right: float) -> str:
    """Say what each term is, so that the wrong one is found."""
    m, n, s, t = _moments(a, b)
    means, overlap = (m - n).square().sum(), (s.trace() + t.trace() - _spread(s, t)) / 2
    return (
        f"For {len(a)} and {len(b)} images of {a.shape[1]} features |μ₁ - μ₂|² is {means:.3f}, tr Σ₁ {s.trace():.3f}, "
        f"tr Σ₂ {t.trace():.3f} and tr (Σ₁ Σ₂)^½ {overlap:.3f}, which makes {right:.3f}, and yours is {got:.3f}."
    )
