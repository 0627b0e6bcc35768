"""Answers to the exercise `frechet_distance` written from its text alone."""

import math

import numpy as np
import torch
from lessons.sample_quality.answers_frechet_distance_held_out import ANSWERS


@ANSWERS.wrong("diagonal only", "That takes the diagonal of")
def _(a, b):
    a, b = a.double(), b.double()
    return ((a.mean(0) - b.mean(0)).square() + (a.std(0) - b.std(0)).square()).sum()


@ANSWERS.wrong("mean term not squared", "squared")
def _(a, b):
    a, b = a.double(), b.double()
    s1, s2 = a.T.cov(), b.T.cov()
    root = torch.linalg.eigvals(s1 @ s2).real.clamp(min=0).sqrt().sum()
    return (a.mean(0) - b.mean(0)).norm() + s1.trace() + s2.trace() - 2 * root


@ANSWERS.wrong("correction 0", "The covariances divide by n")
def _(a, b):
    a, b = a.double(), b.double()
    s1, s2 = a.T.cov(correction=0), b.T.cov(correction=0)
    root = torch.linalg.eigvals(s1 @ s2).real.clamp(min=0).sqrt().sum()
    return (a.mean(0) - b.mean(0)).square().sum() + s1.trace() + s2.trace() - 2 * root


@ANSWERS.wrong("eigvalsh of product", "not symmetric")
def _(a, b):
    a, b = a.double(), b.double()
    s1, s2 = a.T.cov(), b.T.cov()
    root = torch.linalg.eigvalsh(s1 @ s2).clamp(min=0).sqrt().sum()
    return ((a.mean(0) - b.mean(0)).square().sum() + s1.trace() + s2.trace() - 2 * root).item()


@ANSWERS.wrong("eps jitter", "features \\|μ₁ \\- μ₂\\|² is")
def _(a, b):
    a, b = a.double(), b.double()
    eye = 1e-2 * torch.eye(a.shape[1], dtype=torch.float64)
    s1, s2 = a.T.cov() + eye, b.T.cov() + eye
    root = torch.linalg.eigvals(s1 @ s2).real.clamp(min=0).sqrt().sum()
    return ((a.mean(0) - b.mean(0)).square().sum() + s1.trace() + s2.trace() - 2 * root).item()


@ANSWERS.wrong("float32", "Compute in float64")
def _(a, b):
    s1, s2 = a.T.cov(), b.T.cov()
    root = torch.linalg.eigvals(s1 @ s2).real.clamp(min=0).sqrt().sum()
    return ((a.mean(0) - b.mean(0)).square().sum() + s1.trace() + s2.trace() - 2 * root).item()


@ANSWERS.wrong("no means", "The means are left out")
def _(a, b):
    a, b = a.double(), b.double()
    s1, s2 = a.T.cov(), b.T.cov()
    root = torch.linalg.eigvals(s1 @ s2).real.clamp(min=0).sqrt().sum()
    return (s1.trace() + s2.trace() - 2 * root).item()


@ANSWERS.wrong("abs of eigenvalues sum no root", "There is no root")
def _(a, b):
    a, b = a.double(), b.double()
    s1, s2 = a.T.cov(), b.T.cov()
    root = torch.linalg.eigvals(s1 @ s2).real.clamp(min=0).sum()
    return ((a.mean(0) - b.mean(0)).square().sum() + s1.trace() + s2.trace() - 2 * root).item()


@ANSWERS.right("eigh root")
def _(a, b):
    a, b = a.double(), b.double()
    s1, s2 = a.T.cov(), b.T.cov()
    w, v = torch.linalg.eigh(s1)
    r = (v * w.clamp(min=0).sqrt()) @ v.T
    overlap = torch.linalg.eigvalsh(r @ s2 @ r).clamp(min=0).sqrt().sum()
    return (torch.dist(a.mean(0), b.mean(0)) ** 2 + torch.trace(s1 + s2) - 2 * overlap).item()


@ANSWERS.right("numpy")
def _(a, b):
    a, b = a.numpy().astype(np.float64), b.numpy().astype(np.float64)
    s1, s2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    eig = np.linalg.eigvals(s1 @ s2)
    return (
        ((a.mean(0) - b.mean(0)) ** 2).sum()
        + np.trace(s1)
        + np.trace(s2)
        - 2 * np.sqrt(np.clip(eig.real, 0, None)).sum()
    )


@ANSWERS.right("svdvals of centred")
def _(a, b):
    a, b = a.double(), b.double()
    m1, m2 = a.mean(0), b.mean(0)
    ca, cb = (a - m1) / math.sqrt(len(a) - 1), (b - m2) / math.sqrt(len(b) - 1)
    overlap = torch.linalg.svdvals(ca @ cb.T).sum()
    return (m1 - m2).square().sum() + ca.square().sum() + cb.square().sum() - 2 * overlap


@ANSWERS.right("nuclear norm via qr")
def _(a, b):
    a, b = a.to(torch.float64), b.to(torch.float64)
    ra = torch.linalg.qr(a - a.mean(0)).R / (len(a) - 1) ** 0.5
    rb = torch.linalg.qr(b - b.mean(0)).R / (len(b) - 1) ** 0.5
    return float(
        (a.mean(0) - b.mean(0)).pow(2).sum()
        + ra.pow(2).sum()
        + rb.pow(2).sum()
        - 2 * torch.linalg.matrix_norm(ra @ rb.T, ord="nuc")
    )


@ANSWERS.right("scipy sqrtm")
def _(a, b):
    try:
        from scipy.linalg import sqrtm
    except ImportError:
        sqrtm = None
    a, b = a.double(), b.double()
    s1, s2 = torch.cov(a.T), torch.cov(b.T)
    if sqrtm is not None:
        tr = np.trace(sqrtm((s1 @ s2).numpy()).real)
    else:
        tr = torch.linalg.eigvals(s1 @ s2).real.relu().sqrt().sum()
    return s1.trace() + s2.trace() - 2 * tr + ((a.mean(0) - b.mean(0)) ** 2).sum()


@ANSWERS.right("eigvals tensor")
def _(a, b):
    a, b = a.double(), b.double()
    mean = torch.sum((torch.mean(a, dim=0) - torch.mean(b, dim=0)) ** 2)
    sa, sb = torch.cov(a.T), torch.cov(b.T)
    lam = torch.linalg.eigvals(sa @ sb).real.clamp(min=0)
    return mean + torch.trace(sa) + torch.trace(sb) - 2 * torch.sum(torch.sqrt(lam))


@ANSWERS.right("einsum cov")
def _(a, b):
    def moments(f):
        f = f.double()
        m = f.mean(0)
        d = f - m
        return m, torch.einsum("ni,nj->ij", d, d) / (f.shape[0] - 1)

    (m1, s1), (m2, s2) = moments(a), moments(b)
    lam = torch.linalg.eigvals(torch.einsum("ij,jk->ik", s1, s2)).real
    return (m1 - m2).dot(m1 - m2) + torch.einsum("ii->", s1 + s2) - 2 * torch.where(lam > 0, lam, 0).sqrt().sum()


@ANSWERS.right("abs of eigenvalues")
def _(a, b):
    a, b = a.double(), b.double()
    s1, s2 = a.T.cov(), b.T.cov()
    root = torch.linalg.eigvals(s1 @ s2).abs().sqrt().sum()
    return ((a.mean(0) - b.mean(0)).square().sum() + s1.trace() + s2.trace() - 2 * root).item()


@ANSWERS.right("complex sqrt real part")
def _(a, b):
    a, b = a.double(), b.double()
    s1, s2 = a.T.cov(), b.T.cov()
    root = torch.linalg.eigvals(s1 @ s2).sqrt().sum().real
    return ((a.mean(0) - b.mean(0)).square().sum() + s1.trace() + s2.trace() - 2 * root).item()


@ANSWERS.wrong("pooled mean", "features \\|μ₁ \\- μ₂\\|² is")
def _(a, b):
    a, b = a.double(), b.double()
    m = torch.cat([a, b]).mean(0)
    s1, s2 = (a - m).T @ (a - m) / (len(a) - 1), (b - m).T @ (b - m) / (len(b) - 1)
    root = torch.linalg.eigvals(s1 @ s2).real.clamp(min=0).sqrt().sum()
    return ((a.mean(0) - b.mean(0)).square().sum() + s1.trace() + s2.trace() - 2 * root).item()


@ANSWERS.wrong("root of trace", "root of the trace")
def _(a, b):
    a, b = a.double(), b.double()
    s1, s2 = a.T.cov(), b.T.cov()
    return ((a.mean(0) - b.mean(0)).square().sum() + s1.trace() + s2.trace() - 2 * (s1 @ s2).trace().sqrt()).item()


@ANSWERS.wrong("means over all", "\\|μ₁ \\- μ₂\\|² is the")
def _(a, b):
    a, b = a.double(), b.double()
    s1, s2 = a.T.cov(), b.T.cov()
    root = torch.linalg.eigvals(s1 @ s2).real.clamp(min=0).sqrt().sum()
    return ((a.mean() - b.mean()).square() + s1.trace() + s2.trace() - 2 * root).item()


@ANSWERS.right("tiny abs")
def _(a, b):
    a, b = a.double(), b.double()
    s1, s2 = torch.cov(a.mT), torch.cov(b.mT)
    ev = torch.linalg.eigvals(s1 @ s2)
    d = (
        torch.norm(a.mean(0) - b.mean(0)) ** 2
        + torch.trace(s1 + s2)
        - 2 * torch.sqrt(torch.clamp(torch.real(ev), min=0.0)).sum()
    )
    return max(d.item(), 0.0)


@ANSWERS.right("newton-free via eigh of both")
def _(a, b):
    a, b = a.double(), b.double()

    def half(s):
        w, v = torch.linalg.eigh(s)
        return v @ torch.diag(w.clamp(min=0).sqrt()) @ v.mT

    s1, s2 = torch.cov(a.T), torch.cov(b.T)
    return (
        (a.mean(0) - b.mean(0)).square().sum()
        + s1.trace()
        + s2.trace()
        - 2 * torch.linalg.svdvals(half(s1) @ half(s2)).sum()
    )


def _distance(a, b):
    a, b = a.double(), b.double()
    s, t = a.T.cov(), b.T.cov()
    root = torch.linalg.eigvals(s @ t).real.clamp(min=0).sqrt().sum()
    return (a.mean(0) - b.mean(0)).square().sum() + s.trace() + t.trace() - 2 * root


@ANSWERS.wrong("features left out that are the same in one set", "its means are 0 and 3")
def _(a, b):
    varies = (a.std(0) > 0) & (b.std(0) > 0)
    return _distance(a[:, varies], b[:, varies])


@ANSWERS.wrong("features left out that are the same in both sets", "its means are 0 and 3")
def _(a, b):
    varies = (a.std(0) > 1e-6) | (b.std(0) > 1e-6)
    return _distance(a[:, varies], b[:, varies])


@ANSWERS.wrong("each image once", "some of them twice")
def _(a, b):
    return _distance(a.unique(dim=0), b.unique(dim=0))


@ANSWERS.right("triangles of a QR, and their nuclear norm")
def _(a, b):
    a, b = a.double(), b.double()
    one, other = (torch.linalg.qr((x - x.mean(0)) / (len(x) - 1) ** 0.5).R for x in (a, b))
    overlap = torch.linalg.matrix_norm(one @ other.T, ord="nuc")
    return torch.dist(a.mean(0), b.mean(0)) ** 2 + one.norm() ** 2 + other.norm() ** 2 - 2 * overlap
