"""Answers to lesson 11's exercise, right and wrong."""

import math
import sys
from functools import partial

from vae_course.sample_quality import frechet_distance

import numpy as np
import torch
from answers import Answers
from torch.nn import functional as F

ANSWERS = Answers("frechet_distance")
right, wrong = ANSWERS.right, ANSWERS.wrong


def moments(a, b):
    """The means and the covariances of both, in double precision."""
    a, b = a.double(), b.double()
    return a.mean(0), b.mean(0), a.T.cov(), b.T.cov()


def root(matrix):
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def overlap(s, t):
    """The trace of (ΣΣ')^½."""
    return torch.linalg.eigvals(s @ t).real.clamp(min=0).sqrt().sum()


def made_of(mean_term, spread_term):
    """An answer that adds something of the means to something of the covariances."""

    def answer(a, b):
        m, n, s, t = moments(a, b)
        return (mean_term(m - n) + spread_term(s, t)).item()

    return answer


def means(difference):
    return difference.square().sum()


def spread(s, t):
    return s.trace() + t.trace() - 2 * overlap(s, t)


def of_other_features(change):
    """The right distance, of features that were changed before."""
    return lambda a, b: frechet_distance(change(a), change(b))


right("the package's own")(frechet_distance)
right("eigenvalues of the product")(made_of(means, spread))
right("a root of the symmetric product")(made_of(means, lambda s, t: (s + t - 2 * root(root(s) @ t @ root(s))).trace()))
right("singular values of two roots")(
    made_of(means, lambda s, t: s.trace() + t.trace() - 2 * torch.linalg.svdvals(root(s) @ root(t)).sum())
)
right("the nuclear norm")(
    made_of(means, lambda s, t: s.trace() + t.trace() - 2 * torch.linalg.matrix_norm(root(s) @ root(t), "nuc"))
)
right("complex roots, their real part")(
    made_of(means, lambda s, t: s.trace() + t.trace() - 2 * torch.linalg.eigvals(s @ t).sqrt().sum().real)
)
right("einsum for the traces")(
    made_of(lambda d: torch.einsum("i,i->", d, d), lambda s, t: torch.einsum("ii->", s + t) - 2 * overlap(s, t))
)
right("dist, squared")(lambda a, b: (lambda m, n, s, t: (torch.dist(m, n) ** 2 + spread(s, t)).item())(*moments(a, b)))
right("mse_loss summed")(
    lambda a, b: (lambda m, n, s, t: F.mse_loss(m, n, reduction="sum") + spread(s, t))(*moments(a, b))
)
right("a tensor without axes")(lambda a, b: torch.tensor(frechet_distance(a, b)))
right("a number of NumPy's")(lambda a, b: np.float64(frechet_distance(a, b)))
right("clamped at 0")(lambda a, b: max(0.0, frechet_distance(a, b)))
right("one on the other")(lambda a, b: frechet_distance(b, a))
right("with a default argument")(lambda a, b, eps=0.0: frechet_distance(a, b) + eps)
right("a variable number of arguments")(lambda *sets: frechet_distance(*sets))
right("functools.partial")(partial(lambda measure, a, b: measure(a, b), frechet_distance))
right("a little added to the diagonals")(
    made_of(means, lambda s, t: spread(*(x + 1e-9 * torch.eye(len(x)) for x in (s, t))))
)


@ANSWERS.right("covariances by hand")
def _(a: torch.Tensor, b: torch.Tensor) -> float:
    a, b = a.double(), b.double()
    s, t = (((x - x.mean(0)).T @ (x - x.mean(0))) / (len(x) - 1) for x in (a, b))
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + spread(s, t))


@ANSWERS.wrong("single precision, with care", "Compute in float64")
def _(a, b):
    s, t = a.T.cov(), b.T.cov()
    values, vectors = torch.linalg.eigh(s)
    half = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    shared = torch.linalg.eigvalsh(half @ t @ half).clamp_min(0).sqrt().sum()
    return ((a.mean(0) - b.mean(0)).square().sum() + s.trace() + t.trace() - 2 * shared).item()


@ANSWERS.right("NumPy throughout")
def _(a, b):
    a, b = a.numpy().astype("float64"), b.numpy().astype("float64")
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    roots = np.sqrt(np.maximum(np.linalg.eigvals(s @ t).real, 0))
    return np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(s) + np.trace(t) - 2 * roots.sum()


@ANSWERS.right("columns side by side, in loops")
def _(a, b):
    m, n, s, t = moments(a, b)
    total = sum((x - y) ** 2 for x, y in zip(m.tolist(), n.tolist(), strict=True))
    for i in range(a.shape[1]):
        total += s[i, i].item() + t[i, i].item()
    return total - 2 * sum(math.sqrt(max(v, 0.0)) for v in torch.linalg.eigvals(s @ t).real.tolist())


class Distance:
    def __call__(self, a, b):
        return frechet_distance(a, b)

    @staticmethod
    def static(a, b):
        return frechet_distance(a, b)


right("a callable object")(Distance())
right("a static method")(Distance.static)

# The root.
wrong("no root", "There is no root")(made_of(means, lambda s, t: (s + t - 2 * s @ t).trace()))
wrong("the root of every entry", "root of each entry")(
    made_of(means, lambda s, t: (s + t - 2 * (s @ t).sqrt()).diagonal().nan_to_num().sum())
)
wrong("the root of every entry, by size", "root of each entry")(
    made_of(means, lambda s, t: (s + t - 2 * (s @ t).abs().sqrt()).trace())
)
wrong("entry by entry, both", "the diagonal of each covariance only")(
    made_of(means, lambda s, t: s.trace() + t.trace() - 2 * (s * t).diagonal().sqrt().sum())
)
wrong("variances only", "the diagonal of each covariance only")(
    made_of(means, lambda s, t: (s.diagonal().sqrt() - t.diagonal().sqrt()).square().sum())
)
wrong("each root by itself", "each a root by itself")(
    made_of(means, lambda s, t: (s + t - 2 * root(s) @ root(t)).trace())
)
wrong("eigenvalues side by side", "pairs the eigenvalues")(
    made_of(means, lambda s, t: (torch.linalg.eigvalsh(s).sqrt() - torch.linalg.eigvalsh(t).sqrt()).square().sum())
)
wrong("eigvalsh of what is not symmetric", "not symmetric")(
    made_of(means, lambda s, t: s.trace() + t.trace() - 2 * torch.linalg.eigvalsh(s @ t).clamp(min=0).sqrt().sum())
)
wrong("the root of the trace", "root of the trace")(
    made_of(means, lambda s, t: s.trace() + t.trace() - 2 * (s @ t).trace().sqrt())
)
wrong("the sum of the eigenvalues", "There is no root")(
    made_of(means, lambda s, t: s.trace() + t.trace() - 2 * torch.linalg.eigvals(s @ t).real.sum())
)
wrong("the root of the traces' product", "root of the trace")(
    made_of(means, lambda s, t: s.trace() + t.trace() - 2 * (s.trace() * t.trace()).sqrt())
)
wrong("Cholesky factors for roots", "each a root by itself")(
    made_of(means, lambda s, t: (s + t - 2 * torch.linalg.cholesky(s) @ torch.linalg.cholesky(t).T).trace())
)
wrong("singular values of the product", "singular values")(
    made_of(means, lambda s, t: s.trace() + t.trace() - 2 * torch.linalg.svdvals(s @ t).sqrt().sum())
)
wrong("one covariance twice", "Σ₁ alone, or of Σ₂ alone")(
    made_of(means, lambda s, t: s.trace() + t.trace() - 2 * s.trace())
)
wrong("rounding makes nan", "it gives nan.*Clamp them at 0")(
    made_of(
        means,
        lambda s, t: (
            s.trace()
            + t.trace()
            - 2 * torch.linalg.eigvalsh(root(s) @ t @ root(s) - 1e-12 * torch.eye(len(s))).sqrt().sum()
        ),
    )
)
wrong("a root that needs an inverse", "singular.*at `")(
    made_of(
        means,
        lambda s, t: (
            s.trace()
            + t.trace()
            - 2 * (torch.linalg.eigvals(torch.linalg.inv(torch.linalg.inv(t) @ torch.linalg.inv(s))).real.sqrt().sum())
        ),
    )
)
wrong("matrix_power of a half", "TypeError: linalg_matrix_power.*at `")(
    made_of(means, lambda s, t: (s + t - 2 * torch.linalg.matrix_power(s @ t, 0.5)).trace())
)

# Terms and factors.
wrong("the means alone", "means alone")(made_of(means, lambda s, t: 0 * s.trace()))
wrong("the covariances alone", "means are left out")(made_of(lambda d: 0 * d.sum(), spread))
wrong("the distance of the means, not squared", "distance is to be squared")(made_of(lambda d: d.norm(), spread))
wrong("the mean square of the means", "sum over the features of the squared")(
    made_of(lambda d: d.square().mean(), spread)
)
wrong("the square of the sum", "sum over the features of the squared")(made_of(lambda d: d.sum().square(), spread))
wrong("absolute differences", "distance is to be squared")(made_of(lambda d: d.abs().sum(), spread))
wrong("half of the overlap", "root counts twice")(made_of(means, lambda s, t: s.trace() + t.trace() - overlap(s, t)))
wrong("plus for minus", "root is subtracted")(made_of(means, lambda s, t: s.trace() + t.trace() + 2 * overlap(s, t)))
wrong("no overlap", "last term is left out")(made_of(means, lambda s, t: s.trace() + t.trace()))
wrong("the sum of all entries for the trace", "not the whole matrix")(
    made_of(means, lambda s, t: (s + t - 2 * root(root(s) @ t @ root(s))).sum())
)
wrong("the mean of the diagonal", "mean of the diagonal")(made_of(means, lambda s, t: spread(s, t) / len(s)))
wrong("divided by the features", "divided by the number of features")(lambda a, b: frechet_distance(a, b) / a.shape[1])
wrong("the determinant for the trace", "which makes 8.785, and yours is")(
    made_of(means, lambda s, t: s.det() + t.det() - 2 * (s @ t).det().sqrt())
)
wrong("the root of it", "root of the distance")(lambda a, b: frechet_distance(a, b) ** 0.5)
wrong("half of it", "half of it")(lambda a, b: frechet_distance(a, b) / 2)
wrong("ten times it", "which makes 8.785, and yours is")(lambda a, b: 10 * frechet_distance(a, b))
wrong("its sign turned", "sign is turned")(lambda a, b: -frechet_distance(a, b))
wrong("Frobenius' distance of the covariances", "entry by entry")(made_of(means, lambda s, t: (s - t).square().sum()))
wrong("the KL of two Gaussians", "which makes 8.785, and yours is")(
    lambda a, b: (
        lambda m, n, s, t: torch.distributions.kl_divergence(
            torch.distributions.MultivariateNormal(m, s), torch.distributions.MultivariateNormal(n, t)
        ).item()
    )(*moments(a, b))
)
wrong("Mahalanobis", "which makes 8.785, and yours is")(
    lambda a, b: (lambda m, n, s, t: ((m - n) @ torch.linalg.pinv(s) @ (m - n)).item())(*moments(a, b))
)
wrong("the mean distance of two images", "which makes 8.785, and yours is")(
    lambda a, b: torch.cdist(a, b).square().mean().item()
)

# Means and covariances.
wrong("second moments, not centred", "centre the features")(
    lambda a, b: (lambda m, n, s, t: (means(m - n) + spread(s, t)).item())(
        a.double().mean(0),
        b.double().mean(0),
        a.double().T @ a.double() / (len(a) - 1),
        b.double().T @ b.double() / (len(b) - 1),
    )
)
wrong("divided by n", "Divide by n − 1")(
    lambda a, b: (lambda m, n, s, t: (means(m - n) + spread(s, t)).item())(
        a.double().mean(0), b.double().mean(0), a.double().T.cov(correction=0), b.double().T.cov(correction=0)
    )
)
wrong("not divided at all", "sums of products")(
    lambda a, b: (lambda m, n, s, t: (means(m - n) + spread(s * (len(a) - 1), t * (len(b) - 1))).item())(*moments(a, b))
)
wrong("both divided by the first's count", "which makes 8.785, and yours is")(
    lambda a, b: (lambda m, n, s, t: (means(m - n) + spread(s, t * (len(b) - 1) / (len(a) - 1))).item())(*moments(a, b))
)
wrong("correlations for covariances", "correlations")(
    lambda a, b: (
        means(a.double().mean(0) - b.double().mean(0)) + spread(a.double().T.corrcoef(), b.double().T.corrcoef())
    ).item()
)
wrong("covariances of the images", "RuntimeError: mat1 and mat2")(
    lambda a, b: (means(a.mean(0) - b.mean(0)) + spread(a.cov(), b.cov())).item()
)
wrong("means of the images", "RuntimeError: The size of tensor")(
    lambda a, b: ((a.mean(1) - b.mean(1)).square().sum() + spread(a.T.cov(), b.T.cov())).item()
)
wrong("the mean of all numbers", "has a mean of its own")(
    lambda a, b: (
        (a.double().mean() - b.double().mean()).square() + spread(a.double().T.cov(), b.double().T.cov())
    ).item()
)
wrong("medians", "which makes 8.785, and yours is")(
    lambda a, b: (
        means(a.double().median(0).values - b.double().median(0).values)
        + spread(a.double().T.cov(), b.double().T.cov())
    ).item()
)
wrong("the first set's covariance for both", "one covariance taken for both")(made_of(means, lambda s, t: spread(s, s)))
wrong("the other means for the covariances", "which makes 8.785, and yours is")(
    lambda a, b: (
        lambda x, y, m: (
            means(x.mean(0) - y.mean(0))
            + spread((x - m).T @ (x - m) / (len(x) - 1), (y - m).T @ (y - m) / (len(y) - 1))
        ).item()
    )(a.double(), b.double(), torch.cat([a, b]).double().mean(0))
)
wrong("a transposed table", "ValueError|singular")(lambda a, b: frechet_distance(a.T, b.T))

# What is done to the features first.
wrong("cut to one count", "40 images of each set")(
    lambda a, b: frechet_distance(*(x[: min(len(a), len(b))] for x in (a, b)))
)
wrong("the first 50 images", "which makes 8.785, and yours is")(lambda a, b: frechet_distance(a[:50], b[:50]))
wrong("images once only", "which makes 8.785, and yours is")(
    lambda a, b: frechet_distance(a.unique(dim=0)[1:], b.unique(dim=0)[1:])
)
wrong("standardised with b's", "standardised")(
    lambda a, b: frechet_distance((a - b.mean(0)) / (b.std(0) + 1e-12), (b - b.mean(0)) / (b.std(0) + 1e-12))
)
wrong("each set standardised", "standardised")(of_other_features(lambda x: (x - x.mean(0)) / (x.std(0) + 1e-12)))
wrong("each image to length 1", "scaled to length 1")(of_other_features(lambda x: F.normalize(x, dim=1)))
wrong("negative ones are 0", "Negative features")(of_other_features(torch.relu))
wrong("clamped to ±3", "which makes 8.785, and yours is")(of_other_features(lambda x: x.clamp(-3, 3)))
wrong("clamped to ±100", "a million times as large")(of_other_features(lambda x: x.clamp(-100, 100)))
wrong("rounded features", "features were rounded")(of_other_features(torch.round))
wrong("half precision inside", "not finite|a million times")(of_other_features(lambda x: x.half().float()))
wrong("the first 5 features only", "64 features each")(of_other_features(lambda x: x[:, :5]))
wrong("the distance is at most 100", "64 features each it gives 100")(lambda a, b: min(100.0, frechet_distance(a, b)))
wrong("one row more or less", "which makes 8.785, and yours is")(of_other_features(lambda x: x[1:]))

# Kinds, and habits.
wrong("rounded", "rounded: it is 8.785")(lambda a, b: round(frechet_distance(a, b)))
wrong("rounded to a digit", "rounded: it is 8.785")(lambda a, b: round(frechet_distance(a, b), 1))
wrong("an int", "rounded: it is 8.785")(lambda a, b: int(frechet_distance(a, b)))
wrong("half precision", "rounded: it is 8.785")(lambda a, b: torch.tensor(frechet_distance(a, b)).half())
wrong("complex", "not a complex one")(lambda a, b: complex(frechet_distance(a, b)))
wrong("a complex tensor", "not a complex one")(lambda a, b: torch.tensor(frechet_distance(a, b)) + 0j)
wrong("the eigenvalues left complex", "not a complex one")(
    lambda a, b: (
        lambda m, n, s, t: means(m - n) + s.trace() + t.trace() - 2 * torch.linalg.eigvals(s @ t).sqrt().sum()
    )(*moments(a, b))
)
wrong("both terms", "not a tuple")(lambda a, b: (0.0, frechet_distance(a, b)))
wrong("a list", "not a list")(lambda a, b: [frechet_distance(a, b)])
wrong("a string", "not a str")(lambda a, b: f"{frechet_distance(a, b)}")
wrong("a dict", "not a dict")(lambda a, b: {"fid": frechet_distance(a, b)})
wrong("a tensor of one", r"shape \[1\]")(lambda a, b: torch.tensor([frechet_distance(a, b)]))
wrong("a number per feature", r"shape \[5\]")(lambda a, b: (a.mean(0) - b.mean(0)) ** 2)
wrong("a matrix", r"shape \[5, 5\]")(lambda a, b: a.T.cov() + b.T.cov())
wrong("a truth", "not a bool")(lambda a, b: frechet_distance(a, b) > 0)
wrong("nan", "which makes 8.785, and yours is nan")(lambda a, b: float("nan"))
wrong("always 0", "which makes 8.785, and yours is 0.000")(lambda a, b: 0.0)
wrong("noise added", "It draws random numbers")(lambda a, b: frechet_distance(a, b) + 0.1 * torch.randn(()).item())
wrong("the result instead of the function", "without calling")(12.3)
wrong("raises", "ValueError: no")(lambda a, b: (_ for _ in ()).throw(ValueError("no")))
wrong("SciPy is not there", "ModuleNotFoundError")(lambda a, b: __import__("scipy_of_another_machine"))
wrong("not a function of two", "TypeError")(lambda features: 0.0)
wrong("a class", "not a Gaussians")(type("Gaussians", (), {"__init__": lambda self, a, b: None}))
wrong("it leaves", "SystemExit: 2")(lambda a, b: sys.exit(2))


@ANSWERS.wrong("counts must be equal", "ValueError: as many.*at `raise")
def _(a, b):
    if len(a) != len(b):
        raise ValueError("as many of one as of the other")
    return frechet_distance(a, b)


@ANSWERS.wrong("centred in place", "overwrote a")
def _(a, b):
    m, n = a.mean(0), b.mean(0)
    a -= m
    b -= n
    return frechet_distance(a, b) + means(m - n).item()


@ANSWERS.wrong("double precision for all that follows", "default dtype")
def _(a, b):
    torch.set_default_dtype(torch.float64)
    return frechet_distance(a, b)


@ANSWERS.wrong("gradients off for all that follows", "gradients")
def _(a, b):
    torch.set_grad_enabled(False)
    return frechet_distance(a, b)


@ANSWERS.wrong("the reference of the first call is kept", "a million times as large")
def _(a, b, kept={}):  # noqa: B006
    return frechet_distance(a, kept.setdefault(a.shape[1], b.clone()))


@ANSWERS.wrong("a sample of the images", "It draws random numbers")
def _(a, b):
    return frechet_distance(a[torch.randperm(len(a))[: len(a) * 9 // 10]], b)
