"""Answers to the exercise `effective_betas` written from its text alone."""

from fractions import Fraction

import numpy as np
import torch
from lessons.beta.answers_effective_betas_held_out import ANSWERS
from torch.nn import functional as F


@ANSWERS.wrong("all inverted", "C: this is upside down")
def _(P, D, B, N):
    return [1, 1, D / P, 2, 2 / P, 2 * N / (P * B)]


@ANSWERS.wrong("B forgets the mean over B*P", "B: the reconstruction is a")
def _(P, D, B, N):
    return [1, 1 / (B * P), P / D, 0.5, P / 2, P / 2 * B / N]


@ANSWERS.wrong("F without P/2", "F: a Gaussian's nats are")
def _(P, D, B, N):
    return [1.0, 1.0, P / D, 0.5, P / 2, B / N]


@ANSWERS.wrong("five values", "Return a list of six")
def _(P, D, B, N):
    return [1, P / D, 0.5, P / 2, P / 2 * B / N]


@ANSWERS.wrong("set", "Return a list of six")
def _(P, D, B, N):
    return {1, P / D, 1 / 2, P / 2, P * B / (2 * N)}


@ANSWERS.wrong("A times B", "A: the batch is summed,")
def _(P, D, B, N):
    return [1 / B, 1, P / D, 1 / 2, P / 2, P * B / (2 * N)]


@ANSWERS.wrong("D with P", "D: the reconstruction is a")
def _(P, D, B, N):
    return [1, 1, P / D, P / 2, P / 2, P * B / (2 * N)]


@ANSWERS.wrong("F D swapped", "These are the right six")
def _(P, D, B, N):
    return [1, 1, P / D, P / 2, 1 / 2, P * B / (2 * N)]


@ANSWERS.right("tuple")
def _(P, D, B, N):
    return (1, 1, P / D, 1 / 2, P / 2, P * B / (2 * N))


@ANSWERS.right("numpy")
def _(P, D, B, N):
    return np.array([1, 1, P / D, 0.5, P / 2, P * B / N / 2])


@ANSWERS.right("torch tensor")
def _(P, D, B, N):
    return torch.tensor([1, 1, P / D, 0.5, P / 2, P * B / N / 2])


@ANSWERS.right("fractions, too")
def _(P, D, B, N):
    half = Fraction(1, 2)
    return [Fraction(1), Fraction(1), Fraction(P, D), half, P * half, P * half * Fraction(B, N)]


@ANSWERS.right("ratios of derivatives")
def _(P, D, B, N):
    kl = {"A": 1, "B": 1 / (B * P), "C": 1 / (B * D), "D": 1 / B, "E": 1 / B, "F": B / N / B}
    nat = {"A": 1, "B": 1 / (B * P), "C": 1 / (B * P), "D": 2 / B, "E": 2 / (B * P), "F": 2 / (B * P)}
    return [kl[k] / nat[k] for k in "ABCDEF"]


@ANSWERS.right("autograd on losses")
def _(P, D, B, N):
    x, x_hat = (
        torch.full((B, P), 0.3, dtype=torch.float64),
        torch.full((B, P), 0.6, dtype=torch.float64, requires_grad=True),
    )
    kl = torch.ones(B, D, dtype=torch.float64, requires_grad=True)
    bce, mse = F.binary_cross_entropy, F.mse_loss
    losses = [
        lambda: bce(x_hat, x, reduction="sum") + kl.sum(),
        lambda: bce(x_hat, x) + kl.sum() / (B * P),
        lambda: bce(x_hat, x) + kl.mean(),
        lambda: (x_hat - x).square().sum(1).mean() + kl.sum(1).mean(),
        lambda: mse(x_hat, x) + kl.sum(1).mean(),
        lambda: mse(x_hat, x) + B / N * kl.sum(1).mean(),
    ]
    betas = []
    for i, loss in enumerate(losses):
        g, h = torch.autograd.grad(loss(), [x_hat, kl])
        true = bce(x_hat, x, reduction="sum") if i < 3 else 0.5 * (x_hat - x).square().sum()
        (t,) = torch.autograd.grad(true, x_hat)
        betas.append((h[0, 0] / (g[0, 0] / t[0, 0])).item())
    return betas


@ANSWERS.right("list of 0-d tensors")
def _(P, D, B, N):
    P, D, B, N = map(torch.tensor, (P, D, B, N))
    one = torch.tensor(1.0)
    return [one, one, P / D, one / 2, P / 2, P * B / (2 * N)]


@ANSWERS.right("dict values")
def _(P, D, B, N):
    betas = dict(A=1, B=1, C=P / D, D=1 / 2, E=P / 2, F=P / 2 * B / N)
    return list(betas.values())


@ANSWERS.right("keywords later reversed")
def _(P, D, B, N):
    f = P * B / (2 * N)
    return [1] * 2 + [P / D, 2**-1, P / 2, f]


@ANSWERS.wrong("C plus F wrong", "C: the mean over the")
def _(P, D, B, N):
    return [1, 1, P * D, 1 / 2, P / 2, P * B / (2 * N)]


@ANSWERS.wrong("dict", "Return a list of six")
def _(P, D, B, N):
    return dict(A=1, B=1, C=P / D, D=1 / 2, E=P / 2, F=P * B / (2 * N))


@ANSWERS.wrong("E as 2P", "is on the wrong side")
def _(P, D, B, N):
    return [1, 1, P / D, 1 / 2, 2 * P, P * B / (2 * N)]


@ANSWERS.wrong("C with D/P and 2", "C: a Bernoulli's nats are")
def _(P, D, B, N):
    return [1, 1, 2 * P / D, 1 / 2, P / 2, P * B / (2 * N)]


@ANSWERS.right("column vector? float64 numpy list")
def _(P, D, B, N):
    return np.asarray([1, 1, P / D, 0.5, P / 2, P * B / N / 2]).tolist()


@ANSWERS.right("partial not all")
def _(P, D, B, N):
    return [1.0, True, P / D, 1 / 2, P / 2, B / N * (P / 2)]
