"""The check of lesson 07 knows the six losses, and tells the mistakes apart; and what its figures are drawn from."""

import matplotlib.pyplot as plt
import pytest
import torch
from torch.nn.functional import binary_cross_entropy, mse_loss

from vae_course.beta import effective_betas, regrets
from vae_course.checkpoints import pretrained_card
from vae_course.lessons.beta import figures as plots
from vae_course.lessons.beta.check import NAMES, check_effective_betas

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


def test_the_stub_is_not_tried_yet():
    assert check_effective_betas(lambda *_: ...).status == "not tried yet"
    assert check_effective_betas(lambda *_: [...] * 6).status == "not tried yet"


RIGHT = [
    effective_betas,
    lambda P, D, B, N: tuple(effective_betas(P, D, B, N)),
    lambda P, D, B, N: [1, 1, P / D, 0.5, 0.5 * P, B * P / (2 * N)],
    lambda P, D, B, N: [torch.tensor(beta, dtype=torch.float64) for beta in effective_betas(P, D, B, N)],
]


@pytest.mark.parametrize("answer", RIGHT)
def test_a_right_answer_is_right(answer):
    assert check_effective_betas(answer).status == "right"


WRONG = {
    "A: the sizes": ("A", lambda P, D, B, N: P / D, "sum over pixels, so no P; and the KL is summed over the latents"),
    "A: the batch": ("A", lambda P, D, B, N: 1 / B, "B cancels"),
    "A: M/N": ("A", lambda P, D, B, N: B / N, "no B/N stands in this loss"),
    "B: taken for a hidden mean": ("B", lambda P, D, B, N: P, "divided by P as well"),
    "B: only the divisor seen": ("B", lambda P, D, B, N: 1 / P, "mean over P pixels"),
    "B: divisor with the batch": ("B", lambda P, D, B, N: 1 / (B * P), "mean over P pixels, so each nat of it"),
    "C: forgets D": ("C", lambda P, D, B, N: P, "mean over the D latents too"),
    "C: forgets P": ("C", lambda P, D, B, N: 1 / D, "mean over P pixels"),
    "C: means cancel": ("C", lambda P, D, B, N: 1, "P pixels, so each nat of it counts only 1/P; and the KL is a mean"),
    "C: upside down": ("C", lambda P, D, B, N: D / P, "upside down"),
    "D: forgets the half": ("D", lambda P, D, B, N: 1, "half the squares"),
    "D: upside down": ("D", lambda P, D, B, N: 2, "upside down"),
    "D: a mean": ("D", lambda P, D, B, N: P / 2, "sum over pixels, so no P"),
    "E: forgets the half": ("E", lambda P, D, B, N: P, "half the squares"),
    "E: the half on the wrong side": ("E", lambda P, D, B, N: 2 * P, "wrong side"),
    "E: no weight is written": ("E", lambda P, D, B, N: 1, "half the squares"),
    "E: forgets P": ("E", lambda P, D, B, N: 0.5, "mean over P pixels"),
    "E: upside down": ("E", lambda P, D, B, N: 2 / P, "upside down"),
    "E: D for nothing": ("E", lambda P, D, B, N: P / D / 2, "no D"),
    "F: the weight as written": ("F", lambda P, D, B, N: B / N, "mean over P pixels"),
    "F: forgets the half": ("F", lambda P, D, B, N: P * B / N, "half the squares"),
    "F: forgets the weight": ("F", lambda P, D, B, N: P / 2, "B/N stands before the KL"),
    "F: N/B": ("F", lambda P, D, B, N: P / 2 * N / B, "B/N is upside down"),
    "F: forgets B": ("F", lambda P, D, B, N: P / 2 / N, "B stands once"),
    "F: no weight at all": ("F", lambda P, D, B, N: 1, "half the squares"),
    "a guess": ("D", lambda P, D, B, N: 3.14, "ask of each term"),
    "nan": ("E", lambda P, D, B, N: float("nan"), "ask of each term"),
    "zero": ("E", lambda P, D, B, N: 0, "ask of each term"),
    "negative": ("D", lambda P, D, B, N: -0.5, "ask of each term"),
    "a number, not a formula": ("C", lambda P, D, B, N: 39.2, "write it with P, D, B and N"),
    "still open": ("C", lambda P, D, B, N: ..., "Still open: C"),
    "a text": ("C", lambda P, D, B, N: "P / D", "It stopped with ValueError"),
    "raises": ("C", lambda P, D, B, N: P / 0, "It stopped with ZeroDivisionError"),
}


@pytest.mark.parametrize(("name", "beta", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_beta_gets_its_hint(name, beta, words):
    def answer(*sizes):
        return [beta(*sizes) if n == name else right for n, right in zip(NAMES, effective_betas(*sizes), strict=True)]

    verdict = check_effective_betas(answer)
    assert verdict.status == "not right yet"
    assert words in verdict.hint
    assert "It stopped" in words or f"{name}" in verdict.hint


def test_what_is_open_does_not_hide_what_is_wrong():
    assert check_effective_betas(lambda P, D, B, N: [..., ..., P, ..., ..., ...]).hint.startswith("C: ")


@pytest.mark.parametrize("answer", [lambda *_: 3, lambda *_: [1, 2], lambda *_: {"A": 1}, lambda *_: "ABCDEF"])
def test_the_wrong_kind_of_answer_is_told_what_is_wanted(answer):
    verdict = check_effective_betas(answer)
    assert verdict.status == "not right yet"
    assert "list of six numbers" in verdict.hint


@pytest.mark.parametrize("answer", [3, lambda: [1] * 6])
def test_what_cannot_be_called_stops_nothing(answer):
    assert "It stopped with TypeError" in check_effective_betas(answer).hint


def point(beta, reconstruction, kl):
    return {"beta": beta, "reconstruction": reconstruction, "kl": kl}


FIGURES = {
    "betas": [0.5, 2.0],
    "seeds": [0, 7],
    "runs": [
        {"seed": 0, "test": [point(0.5, 60.0, 40.0)]},
        {"seed": 0, "test": [point(2.0, 90.0, 20.0)]},
        {"seed": 0, "test": [point(0.5, 61.0, 40.0), point(2.0, 90.0, 18.0)],
         "curve": [point(0.1, 55.0, 60.0), point(1.0, 70.0, 30.0), point(10.0, 150.0, 5.0)]},
        {"seed": 7, "test": [point(0.5, 62.0, 40.0)]},
        {"seed": 7, "test": [point(2.0, 90.0, 20.0)]},
        {"seed": 7, "test": [point(0.5, 62.0, 44.0), point(2.0, 93.0, 20.0)], "curve": []},
    ],
}  # fmt: skip


def test_regret_is_what_the_one_network_costs_more_at_each_price():
    assert regrets(FIGURES) == {0: [1.0, -4.0], 7: [2.0, 3.0]}


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
    rows = regrets(figures)
    assert list(rows) == figures["seeds"]
    assert all(len(row) == len(figures["betas"]) for row in rows.values())
