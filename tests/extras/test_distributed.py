"""Several processes take the steps of one: the same gradient, the same terms, up to the order of sums."""

from vae_course.beta import BetaRange, MultiRateVAE
from vae_course.extras import distributed
from vae_course.extras.distributed import SharedStep, is_first, share, shared
from vae_course.extras.importance_step import ImportanceStep
from vae_course.extras.path_derivative import path_derivative_step
from vae_course.training import TrainConfig, fit, training_step
from vae_course.vae import VAE

import pytest
import torch

LATENT = {"latent_dim": 2, "hidden": (8,)}


@pytest.fixture
def process(monkeypatch):
    """Be one of several processes, whose sums are collected instead of sent."""

    def be(rank, processes, sums):
        monkeypatch.setattr(distributed.dist, "get_rank", lambda: rank)
        monkeypatch.setattr(distributed.dist, "get_world_size", lambda: processes)
        monkeypatch.setattr(distributed, "add_up", lambda values: sums.append(values.clone()) or values)

    return be


def sums_of(model_type, digits, step, beta, count, process=None, rank=0, processes=1):
    """What one step of fit adds up: the gradient and both terms."""
    torch.manual_seed(0)
    sums = []
    process(rank, processes, sums)
    config = TrainConfig(epochs=1, batch_size=count, beta=beta)
    next(iter(fit(model_type(**LATENT), digits.train_images[:count], config, step=SharedStep(step))))
    return sums


@pytest.mark.parametrize(
    ("model_type", "step", "beta"),
    [
        (VAE, training_step, 1.0),
        (VAE, path_derivative_step, 4.0),
        (VAE, ImportanceStep(3), 1.0),
        (MultiRateVAE, training_step, BetaRange()),
    ],
    ids=["plain", "path derivative", "importance", "every beta"],
)
@pytest.mark.parametrize(("count", "processes"), [(12, 2), (11, 3), (2, 4)])
def test_the_shares_of_all_processes_add_up_to_the_whole(model_type, step, beta, count, processes, digits, process):
    arguments = (model_type, digits, step, beta, count, process)
    whole = sums_of(*arguments)
    shares = [sums_of(*arguments, rank, processes) for rank in range(processes)]
    for of_whole, *of_shares in zip(whole, *shares, strict=True):
        torch.testing.assert_close(sum(of_shares), of_whole, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("count", "processes"), [(128, 2), (7, 3), (1, 4)])
def test_every_row_is_in_one_share_and_the_weights_add_up_to_1(count, processes, process):
    found = []
    for rank in range(processes):
        process(rank, processes, [])
        found.append(share(count))
    rows = [row for part, weight in found if weight for row in range(count)[part]]
    assert rows == list(range(count))
    assert sum(weight for _, weight in found) == pytest.approx(1)
    assert all(range(count)[part] for part, _ in found)


def test_one_process_alone_keeps_its_step_and_is_the_first():
    assert shared(training_step) is training_step
    assert is_first()


def test_the_hook_is_gone_after_the_step(digits, process):
    process(0, 1, sums := [])
    model = VAE(**LATENT)
    optimizer = torch.optim.Adam(model.parameters())
    for step in (SharedStep(), training_step):
        config = TrainConfig(epochs=1, batch_size=10)
        list(fit(model, digits.train_images[:10], config, optimizer=optimizer, step=step))
    assert len(sums) == 2
