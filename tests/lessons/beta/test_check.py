"""The check of lesson 07 knows the six losses, and tells the mistakes apart; and what its figures are drawn from."""

import re

from vae_course.beta import effective_betas, regrets
from vae_course.checkpoints import pretrained_card
from vae_course.lessons.beta import figures as plots
from vae_course.lessons.beta.check import NAMES, check_effective_betas

import matplotlib.pyplot as plt
import pytest
import torch
from lessons.beta.answers_effective_betas_from_text import ANSWERS
from torch.nn.functional import binary_cross_entropy, mse_loss

LOSSES = {
    "A": lambda x_hat, x, kl, N: binary_cross_entropy(x_hat, x, reduction="sum") + kl.sum(),
    "B": lambda x_hat, x, kl, N: binary_cross_entropy(x_hat, x) + kl.sum() / x.numel(),
    "C": lambda x_hat, x, kl, N: binary_cross_entropy(x_hat, x) + kl.mean(),
    "D": lambda x_hat, x, kl, N: (x_hat - x).square().sum(1).mean() + kl.sum(1).mean(),
    "E": lambda x_hat, x, kl, N: mse_loss(x_hat, x) + kl.sum(1).mean(),
    "F": lambda x_hat, x, kl, N: mse_loss(x_hat, x) + len(x) / N * kl.sum(1).mean(),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradients_of_a_loss_have_the_ratio_that_is_called_right(name):
    P, D, B, N = 48, 3, 5, 70
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(B, P, generator=generator).round()
    x_hat = (0.1 + 0.8 * torch.rand(B, P, generator=generator)).requires_grad_()
    kl = torch.ones(B, D, requires_grad=True)
    if name in "ABC":
        reconstruction = binary_cross_entropy(x_hat, x, reduction="none")
    else:
        # With σ = 1.
        reconstruction = -torch.distributions.Normal(x_hat, 1.0).log_prob(x)
    (nats,) = torch.autograd.grad(reconstruction.sum(), x_hat)
    by_pixel, by_latent = torch.autograd.grad(LOSSES[name](x_hat, x, kl, N), (x_hat, kl))
    expected = effective_betas(P, D, B, N)[NAMES.index(name)]
    # The same for every pixel and every latent dimension.
    torch.testing.assert_close(by_latent[:, :1] / (by_pixel / nats), torch.full((B, P), float(expected)))


@pytest.mark.parametrize("stub", [None, lambda *_: ..., lambda *_: None, lambda *_: [...] * 6])
def test_the_stub_is_not_tried_yet(stub):
    assert check_effective_betas(stub).status == "not tried yet"


@ANSWERS.parametrize()
def test_an_answer_gets_its_verdict(case):
    verdict = check_effective_betas(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint)


def point(beta, reconstruction, kl):
    return {"beta": beta, "reconstruction": reconstruction, "kl": kl}


FIGURES = {
    "betas": [0.5, 2.0],
    "seeds": [0, 7],
    "separate": [
        {"seed": 0, "test": [point(0.5, 60.0, 40.0)]},
        {"seed": 0, "test": [point(2.0, 90.0, 20.0)]},
        {"seed": 7, "test": [point(0.5, 62.0, 40.0)]},
        {"seed": 7, "test": [point(2.0, 90.0, 20.0)]},
    ],
    "one": [
        {"seed": 0, "test": [point(0.5, 61.0, 40.0), point(2.0, 90.0, 18.0)]},
        {"seed": 7, "test": [point(0.5, 62.0, 44.0), point(2.0, 93.0, 20.0)]},
    ],
    "longer": [
        {"seed": 0, "test": [point(0.5, 59.0, 40.0), point(2.0, 89.0, 18.0)]},
        {"seed": 7, "test": [point(0.5, 62.0, 42.0), point(2.0, 89.0, 20.0)]},
    ],
    "curve": [point(0.1, 55.0, 60.0), point(1.0, 70.0, 30.0), point(10.0, 150.0, 5.0)],
}  # fmt: skip


def test_regret_is_what_the_one_network_costs_more_at_each_price():
    assert regrets(FIGURES) == {0: [1.0, -4.0], 7: [2.0, 3.0]}
    assert regrets(FIGURES, "longer") == {0: [-1.0, -5.0], 7: [1.0, -1.0]}


def test_the_frontier_shows_the_first_seeds_curve_and_its_separate_networks():
    (axes,) = plots.frontier(FIGURES, "A title").axes
    curve, dots = axes.lines
    assert curve.get_xydata().tolist() == [[60.0, 55.0], [30.0, 70.0], [5.0, 150.0]]
    assert dots.get_xydata().tolist() == [[40.0, 60.0], [20.0, 90.0]]
    assert [text.get_text() for text in axes.texts] == ["β = 0.5", "β = 2"]
    assert axes.get_title(loc="left") == "A title"
    plt.close("all")


def test_the_measured_regrets_have_a_row_a_seed_and_a_column_a_beta():
    figures = pretrained_card("regret")
    for ones in ("one", "longer"):
        rows = regrets(figures, ones)
        assert list(rows) == figures["seeds"]
        assert all(len(row) == len(figures["betas"]) for row in rows.values())
