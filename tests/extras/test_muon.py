import pytest
import torch

from vae_course.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from vae_course.extras.muon import MuonAndAdam
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

CONFIG = TrainConfig(epochs=4, learning_rate=0.003, batch_size=100, decay=True)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return VAE(latent_dim=3, hidden=(32, 16))


def test_every_parameter_moves_and_a_matrix_moves_alike_in_all_directions(model, digits, generator):
    optimizer = MuonAndAdam(model.parameters(), CONFIG.learning_rate)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    model.elbo(torch.rand(100, 1, 28, 28, generator=generator)).mean().negative_elbo.backward()
    optimizer.step()
    for name, p in model.named_parameters():
        step = p.detach() - before[name]
        assert step.abs().max() > 0
        if p.ndim == 2:
            values = torch.linalg.svdvals(step)
            assert values.max() < 2 * values.median()
    optimizer.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_one_learning_rate_serves_all(model):
    optimizer = MuonAndAdam(model.parameters(), CONFIG.learning_rate)
    assert len(optimizer.param_groups) == 2
    before = [p.detach().clone() for p in model.parameters()]
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    model.sample(1)
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    assert all(torch.equal(p, old) for p, old in zip(model.parameters(), before, strict=True))


def test_training_goes_on_from_a_checkpoint_as_if_it_had_not_stopped(model, digits, tmp_path):
    images = digits.train_images[:300]
    optimizer = MuonAndAdam(model.parameters(), CONFIG.learning_rate)
    training = fit(model, images, CONFIG, optimizer=optimizer)
    for _ in range(6):
        next(training)
    save_checkpoint(tmp_path / "model.safetensors", Checkpoint(model, CONFIG, "embedded", [], optimizer))
    loaded = load_checkpoint(tmp_path / "model.safetensors")
    assert loaded.config == CONFIG
    assert isinstance(loaded.optimizer, MuonAndAdam)
    for run in (Checkpoint(model, CONFIG, "embedded", [], optimizer), loaded):
        for _ in fit(run.model, images, CONFIG, optimizer=run.optimizer, first_epoch=2):
            pass
    for name, parameter in model.state_dict().items():
        assert torch.equal(parameter, loaded.model.state_dict()[name])


def test_a_fresh_one_can_be_kept_too(model, tmp_path):
    optimizer = MuonAndAdam(model.parameters(), CONFIG.learning_rate)
    save_checkpoint(tmp_path / "model.safetensors", Checkpoint(model, CONFIG, "embedded", [], optimizer))
    assert load_checkpoint(tmp_path / "model.safetensors").model.hidden == (32, 16)
