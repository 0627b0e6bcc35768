"""Answers to the exercise `frechet_distance`, held out: they were written without a look at its check."""

import math

import numpy as np
import torch
from lessons.sample_quality.answers_frechet_distance import ANSWERS

right, wrong = ANSWERS.right, ANSWERS.wrong


def M(a, b):
    a, b = a.double(), b.double()
    return a.mean(0), b.mean(0), torch.cov(a.T), torch.cov(b.T)


def tr(s, t):
    return torch.linalg.eigvals(s @ t).real.clamp(min=0).sqrt().sum()


def D(a, b, f=tr):
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + s.trace() + t.trace() - 2 * f(s, t)).item()


@right("plain")
def _(a, b):
    a, b = a.double(), b.double()
    d = a.mean(0) - b.mean(0)
    A, B = torch.cov(a.T), torch.cov(b.T)
    ev = torch.linalg.eigvals(A @ B)
    return (d @ d + torch.trace(A) + torch.trace(B) - 2 * ev.real.clamp(min=0).sqrt().sum()).item()


@right("eig, with vectors")
def _(a, b):
    m, n, s, t = M(a, b)
    w, _ = torch.linalg.eig(s @ t)
    return float(((m - n) ** 2).sum() + (s + t).diagonal().sum() - 2 * w.abs().sqrt().sum())


@right("numpy eigvals complex root")
def _(a, b):
    a, b = a.double().numpy(), b.double().numpy()
    s, t = np.cov(a.T), np.cov(b.T)
    w = np.linalg.eigvals(s.dot(t))
    r = np.sqrt(w.astype(complex)).real.sum()
    return np.linalg.norm(a.mean(0) - b.mean(0)) ** 2 + np.trace(s + t) - 2 * r


@right("svd root")
def _(a, b):
    m, n, s, t = M(a, b)
    u, v, _ = torch.linalg.svd(s)
    h = u @ torch.diag(v.sqrt()) @ u.T
    w = torch.linalg.eigvalsh(h @ t @ h)
    return ((m - n).pow(2).sum() + s.trace() + t.trace() - 2 * w.relu().sqrt().sum()).item()


@right("qr of centred tables, nuclear norm")
def _(a, b):
    a, b = a.double(), b.double()
    x, y = (a - a.mean(0)) / math.sqrt(len(a) - 1), (b - b.mean(0)) / math.sqrt(len(b) - 1)
    return (
        (a.mean(0) - b.mean(0)).square().sum()
        + x.square().sum()
        + y.square().sum()
        - 2 * torch.linalg.svdvals(x @ y.T).sum()
    ).item()


@right("abs rather than clamp")
def _(a, b):
    m, n, s, t = M(a, b)
    return (
        torch.dot(m - n, m - n) + torch.trace(s + t) - 2 * torch.linalg.eigvals(s @ t).real.abs().sqrt().sum()
    ).item()


@right("nan_to_num roots")
def _(a, b):
    m, n, s, t = M(a, b)
    return (m - n).norm() ** 2 + s.trace() + t.trace() - 2 * torch.linalg.eigvals(s @ t).real.sqrt().nan_to_num(0).sum()


@right("with eps 1e-6 on the diagonals as in pytorch-fid")
def _(a, b, eps=1e-6):
    m, n, s, t = M(a, b)
    e = eps * torch.eye(len(s))
    return ((m - n).square().sum() + s.trace() + t.trace() - 2 * tr(s + e, t + e)).item()


@wrong("float32 eigvals, product in float32", "Compute in float64")
def _(a, b):
    s, t = torch.cov(a.T), torch.cov(b.T)
    return (
        (a.mean(0) - b.mean(0)).square().sum()
        + s.trace()
        + t.trace()
        - 2 * torch.linalg.eigvals(s @ t).real.clamp(min=0).sqrt().sum()
    ).item()


@wrong("forgot to transpose cov", "RuntimeError")
def _(a, b):
    s, t = torch.cov(a), torch.cov(b)
    return ((a.mean(0) - b.mean(0)).square().sum() + (s + t).trace()).item()


@wrong("sqrt elementwise with nan", r"That is the root of each entry\.")
def _(a, b):
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + torch.trace(s + t - 2 * torch.sqrt(s @ t))).item()


@wrong("sqrt of s and t elementwise", "That takes the diagonal of each")
def _(a, b):
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + torch.trace(s + t - 2 * s.abs().sqrt() * t.abs().sqrt())).item()


@wrong("matrix_exp half log like", r"which makes 8\.785, and yours")
def _(a, b):
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + torch.trace(s + t - 2 * torch.matrix_exp(0.5 * (s @ t) / 100))).item()


@wrong("var only, population", r"which makes 8\.785, and yours")
def _(a, b):
    return (
        (a.mean(0) - b.mean(0)).square().sum() + (a.std(0, correction=0) - b.std(0, correction=0)).square().sum()
    ).item()


@wrong("std distance, one dimension", r"which makes 8\.785, and yours")
def _(a, b):
    return ((a.mean() - b.mean()) ** 2 + (a.std() - b.std()) ** 2).item()


@wrong("trace of sum minus 2 sqrt(trace)", r"That is the root of the trace\.")
def _(a, b):
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + torch.trace(s + t) - 2 * torch.sqrt(torch.trace(s @ t))).item()


@wrong("(tr root)^... overlap squared", r"which makes 8\.785, and yours")
def _(a, b):
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + torch.trace(s + t) - 2 * tr(s, t) ** 2).item()


@wrong("pooled covariance", r"which makes 8\.785, and yours")
def _(a, b):
    m, n, _s, _t = M(a, b)
    p = torch.cov(torch.cat([a, b]).double().T)
    return ((m - n).square().sum() + p.trace()).item()


@wrong("wrong order: trace inside of sum of s@t eigen of s + t", r"which makes 8\.785, and yours")
def _(a, b):
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + (s + t).trace() - 2 * torch.linalg.eigvalsh(s + t).sqrt().sum()).item()


@wrong("eigh symmetrised product", "Σ₁ Σ₂ is not symmetric, and")
def _(a, b):
    m, n, s, t = M(a, b)
    p = s @ t
    w = torch.linalg.eigvalsh((p + p.T) / 2)
    return ((m - n).square().sum() + s.trace() + t.trace() - 2 * w.clamp(min=0).sqrt().sum()).item()


@wrong("no clamp", "Three features stand there twice,")
def _(a, b):
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + s.trace() + t.trace() - 2 * torch.linalg.eigvals(s @ t).real.sqrt().sum()).item()


@wrong("L of each with svd fails on copies", "_LinAlgError")
def _(a, b):
    m, n, s, t = M(a, b)
    return (
        (m - n).square().sum()
        + s.trace()
        + t.trace()
        - 2 * torch.linalg.svdvals(torch.linalg.cholesky(s).T @ torch.linalg.cholesky(t)).sum()
    ).item()


@wrong("newton 2 steps", r"which makes 8\.785, and yours")
def _(a, b):
    m, n, s, t = M(a, b)
    p = s @ t
    y = p / p.norm()
    z = torch.eye(len(p)).double()
    for _ in range(2):
        k = 0.5 * (3 * torch.eye(len(p)).double() - z @ y)
        y, z = y @ k, k @ z
    return ((m - n).square().sum() + s.trace() + t.trace() - 2 * (y * p.norm().sqrt()).trace()).item()


@wrong("log", r"which makes 8\.785, and yours")
def _(a, b):
    m, n, s, t = M(a, b)
    return math.log((m - n).square().sum() + s.trace() + t.trace() - 2 * tr(s, t))


@wrong("features rescaled to unit variance by a", "The features were standardised,")
def _(a, b):
    b = b / a.std(0)
    a = a / a.std(0)
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + s.trace() + t.trace() - 2 * tr(s, t)).item()


@wrong("in place double centre", "Your function overwrote a, which")
def _(a, b):
    a.sub_(b.mean(0))
    b.sub_(b.mean(0))
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + s.trace() + t.trace() - 2 * tr(s, t)).item()


@right("var for the traces")
def _(a, b):
    a, b = a.double(), b.double()
    return (
        ((a.mean(0) - b.mean(0)) ** 2).sum() + a.var(0).sum() + b.var(0).sum() - 2 * tr(a.T.cov(), b.T.cov())
    ).item()


@right("eigenvalues of the other order")
def _(a, b):
    return D(a, b, lambda s, t: tr(t, s))


@right("full matrix root by eig of product")
def _(a, b):
    m, n, s, t = M(a, b)
    w, v = torch.linalg.eig(s @ t)
    r = (v * w.sqrt()) @ torch.linalg.pinv(v)
    return float((m - n) @ (m - n) + torch.trace(s + t - 2 * r.real))


@right("numpy linalg eigh root")
def _(a, b):
    x, y = a.double().numpy(), b.double().numpy()
    s, t = np.cov(x, rowvar=0), np.cov(y, rowvar=0)
    w, v = np.linalg.eigh(s)
    r = (v * np.sqrt(np.clip(w, 0, None))) @ v.T
    return float(
        np.square(x.mean(0) - y.mean(0)).sum()
        + np.trace(s)
        + np.trace(t)
        - 2 * np.sqrt(np.clip(np.linalg.eigvalsh(r @ t @ r), 0, None)).sum()
    )


@right("loops for the covariance")
def _(a, b):
    def mom(x):
        x = x.double()
        m = x.sum(0) / len(x)
        c = sum(torch.outer(r - m, r - m) for r in x) / (len(x) - 1)
        return m, c

    (m, s), (n, t) = mom(a), mom(b)
    return (((m - n) ** 2).sum() + torch.trace(s) + torch.trace(t) - 2 * tr(s, t)).item()


@right("Newton-Schulz many steps with eps, trace")
def _(a, b):
    m, n, s, t = M(a, b)
    e = 1e-10 * torch.eye(len(s)).double() * s.trace()
    w = torch.linalg.eigvals((s + e) @ (t + e))
    return float(((m - n) ** 2).sum() + s.trace() + t.trace() - 2 * w.sqrt().real.sum())


@wrong("only means of covariance diag", r"which makes 8\.785, and yours")
def _(a, b):
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + (s.diag() - t.diag()).square().sum()).item()


@wrong("mean of eigenvalue roots", r"which makes 8\.785, and yours")
def _(a, b):
    return D(a, b, lambda s, t: torch.linalg.eigvals(s @ t).real.clamp(min=0).sqrt().mean())


@wrong("largest only", r"which makes 8\.785, and yours")
def _(a, b):
    return D(a, b, lambda s, t: torch.linalg.eigvals(s @ t).real.max().sqrt())


@wrong("eigs of sum over 2", "That is the distance of the means")
def _(a, b):
    return D(a, b, lambda s, t: torch.linalg.eigvalsh((s + t) / 2).sum())


@wrong("quarter root", r"which makes 8\.785, and yours")
def _(a, b):
    return D(a, b, lambda s, t: torch.linalg.eigvals(s @ t).real.clamp(min=0).pow(0.25).sum())


@wrong("s @ t.T element", r"That is the root of the trace\.")
def _(a, b):
    return D(a, b, lambda s, t: (s * t).sum().sqrt())


@wrong("means added", r"which makes 8\.785, and yours")
def _(a, b):
    m, n, s, t = M(a, b)
    return ((m + n).square().sum() + s.trace() + t.trace() - 2 * tr(s, t)).item()


@wrong("mean of squared norm difference", r"which makes 8\.785, and yours")
def _(a, b):
    m, n, s, t = M(a, b)
    return ((m.norm() - n.norm()) ** 2 + s.trace() + t.trace() - 2 * tr(s, t)).item()


@wrong("traces subtracted", r"which makes 8\.785, and yours")
def _(a, b):
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + s.trace() - t.trace() - 2 * tr(s, t)).item()


@wrong("without first trace", r"which makes 8\.785, and yours")
def _(a, b):
    m, n, s, t = M(a, b)
    return ((m - n).square().sum() + t.trace() - 2 * tr(s, t)).item()


@wrong("sets swapped in cov with counts: concat", r"which makes 8\.785, and yours")
def _(a, b):
    x = torch.cat([a, b])
    return D(a, x)


@wrong("first half vs second", r"which makes 8\.785, and yours")
def _(a, b):
    return D(a[: len(a) // 2 + 1], b)


@wrong("log features", "eigvals: a value is not finite")
def _(a, b):
    return D(a.log(), b.log())


@wrong("softmax features", r"which makes 8\.785, and yours")
def _(a, b):
    return D(a.softmax(1), b.softmax(1))


@wrong("centred both → only spread", "The means are left out: the first")
def _(a, b):
    return D(a - a.mean(0), b - b.mean(0))


@wrong("per-image distance mean", r"which makes 8\.785, and yours")
def _(a, b):
    k = min(len(a), len(b))
    return (a[:k] - b[:k]).square().sum(1).mean().item()


@wrong("MMD", "That is the distance of the means")
def _(a, b):
    return ((a @ a.T).mean() + (b @ b.T).mean() - 2 * (a @ b.T).mean()).item()


@wrong("float16 cov", "eigvals: a value is not finite")
def _(a, b):
    return D(a.half().float(), b.half().float())


@wrong("int features", r"which makes 8\.785, and yours")
def _(a, b):
    return D(a.int(), b.int())


@wrong("sorted columns", r"which makes 8\.785, and yours")
def _(a, b):
    return D(a.sort(0).values, b.sort(0).values)


@wrong("needs 64 features", "RuntimeError")
def _(a, b):
    return D(a.view(-1, 64), b.view(-1, 64))


@wrong("abs at the end plus 1e-3... rounds", "That was rounded: it is")
def _(a, b):
    return float(f"{D(a, b):.2f}")


@wrong("float64 after the covariances", "Compute in float64 from the start")
def _(a, b):
    s, t = a.T.cov().double(), b.T.cov().double()
    return ((a.mean(0) - b.mean(0)).square().sum() + s.trace() + t.trace() - 2 * tr(s, t)).item()


@right("the nuclear norm of the centred sets' product")
def _(a, b):
    a, b = a.double(), b.double()
    x, y = (a - a.mean(0)) / (len(a) - 1) ** 0.5, (b - b.mean(0)) / (len(b) - 1) ** 0.5
    overlap = torch.linalg.matrix_norm(x @ y.T, "nuc")
    return (a.mean(0) - b.mean(0)).square().sum() + x.square().sum() + y.square().sum() - 2 * overlap
