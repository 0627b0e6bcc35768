from dataclasses import replace

from vae_course.beta import BetaRange, MultiRateVAE
from vae_course.checkpoints import Checkpoint, load_checkpoint, save_checkpoint, write_atomically
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.extras.importance_step import ImportanceStep
from vae_course.extras.muon import Muon
from vae_course.extras.path_derivative import path_derivative_step
from vae_course.training import TrainConfig, adam, fit
from vae_course.vae import VAE

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

SCHEDULE = TrainConfig(epochs=4, beta=((0.0, 0.0), (2.0, 1.0)), seed=3)


@pytest.fixture
def trained(digits):
    """Two of four epochs, and where they got to."""
    torch.manual_seed(0)
    model = VAE(latent_dim=3, hidden=(32, 16))
    optimizer = adam(model.parameters(), SCHEDULE.learning_rate)
    halfway = TrainConfig(epochs=2, beta=SCHEDULE.beta, seed=3)
    for _ in fit(model, digits.train_images[:300], halfway, optimizer=optimizer):
        pass
    return Checkpoint(model, SCHEDULE, "embedded", [{"epoch": 1.0}, {"epoch": 2.0}], optimizer)


def test_a_checkpoint_comes_back_as_it_was(trained, tmp_path):
    save_checkpoint(tmp_path / "runs" / "model.safetensors", trained)
    loaded = load_checkpoint(tmp_path / "runs" / "model.safetensors")
    assert (loaded.config, loaded.data, loaded.metrics) == (SCHEDULE, "embedded", trained.metrics)
    assert loaded.model.hidden == (32, 16)
    for name, parameter in trained.model.state_dict().items():
        assert torch.equal(parameter, loaded.model.state_dict()[name])
    assert [file.name for file in (tmp_path / "runs").iterdir()] == ["model.safetensors"]


def test_a_path_may_be_a_text(trained, tmp_path):
    save_checkpoint(str(tmp_path / "model.safetensors"), trained)
    assert load_checkpoint(str(tmp_path / "model.safetensors")).data == "embedded"


def test_training_goes_on_from_a_checkpoint_as_if_it_had_not_stopped(trained, digits, tmp_path):
    images = digits.train_images[:300]
    save_checkpoint(tmp_path / "model.safetensors", trained)
    loaded = load_checkpoint(tmp_path / "model.safetensors")
    for run in (trained, loaded):
        for _ in fit(run.model, images, run.config, optimizer=run.optimizer, first_epoch=2):
            pass
    for name, parameter in trained.model.state_dict().items():
        assert torch.equal(parameter, loaded.model.state_dict()[name])


def test_a_network_of_every_beta_comes_back(tmp_path):
    model = MultiRateVAE(latent_dim=2, hidden=(8,), beta_range=(0.1, 5.0))
    config = TrainConfig(decay=True, beta=BetaRange(0.1, 5.0))
    save_checkpoint(tmp_path / "model.safetensors", Checkpoint(model, config, "embedded", [], None))
    loaded = load_checkpoint(tmp_path / "model.safetensors")
    assert type(loaded.model) is MultiRateVAE
    assert loaded.model.beta_range == (0.1, 5.0)
    assert loaded.config == config
    z = torch.ones(1, 2)
    assert torch.equal(loaded.model.at(2.0).decoder(z), model.at(2.0).decoder(z))


def test_how_it_was_trained_comes_back(trained, tmp_path):
    save_checkpoint(tmp_path / "model.safetensors", replace(trained, step=path_derivative_step))
    assert load_checkpoint(tmp_path / "model.safetensors").step is path_derivative_step
    save_checkpoint(tmp_path / "model.safetensors", replace(trained, step=ImportanceStep(7)))
    assert load_checkpoint(tmp_path / "model.safetensors").step == ImportanceStep(7)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"step": lambda *_: None}, "could not be found again: there are training_step, path_derivative_step"),
        ({"optimizer": torch.optim.SGD([torch.zeros(1)])}, "a SGD could not be loaded again: there are Adam"),
    ],
)
def test_what_could_not_come_back_is_not_saved(trained, tmp_path, part, message):
    with pytest.raises(ValueError, match=message):
        save_checkpoint(tmp_path / "model.safetensors", replace(trained, **part))
    assert list(tmp_path.iterdir()) == []


def test_a_model_alone_can_be_kept(trained, tmp_path):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, Checkpoint(trained.model, SCHEDULE, "embedded", [], None))
    assert load_checkpoint(path).optimizer is None


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    write_atomically(path, b"old")

    def fail(descriptor):
        raise OSError("no space left on device")

    # By then the new content has been written, somewhere.
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.safetensors: there is no such checkpoint"):
        load_checkpoint(tmp_path / "nothing.safetensors")


def test_a_truncated_file_is_named(trained, tmp_path):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, trained)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"model\.safetensors is truncated or no safetensors file"):
        load_checkpoint(path)


def test_somebody_elses_safetensors_are_refused(tmp_path):
    save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"other\.safetensors is no checkpoint of this course"):
        load_checkpoint(tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    ("key", "value"),
    [("metrics", None), ("data", None), ("metrics", "{"), ("config", '{"beta": 1.0, "optimizer": "of next year"}')],
)
def test_a_checkpoint_that_lacks_something_is_named(trained, tmp_path, key, value):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, trained)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    if value is None:
        del metadata[key]
    else:
        metadata[key] = value
    save_file(tensors, path, metadata)
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged, or of another version of this course"):
        load_checkpoint(path)


@pytest.mark.parametrize("optimizer", [adam, Muon])
def test_convolutions_go_on_as_if_they_had_not_stopped(digits, tmp_path, optimizer):
    images, config = digits.train_images[:100], TrainConfig(epochs=2, batch_size=20)
    torch.manual_seed(0)
    model = ConvolutionalVAE(latent_dim=2, hidden=(8,), channels=(2, 4))
    run = Checkpoint(model, config, "embedded", [], optimizer(model.parameters(), config.learning_rate))
    for progress in fit(run.model, images, config, optimizer=run.optimizer):
        if progress.epoch == 1:
            break
    save_checkpoint(tmp_path / "model.safetensors", run)
    loaded = load_checkpoint(tmp_path / "model.safetensors")
    for each in (run, loaded):
        for _ in fit(each.model, images, config, optimizer=each.optimizer, first_epoch=1):
            pass
    for name, parameter in run.model.state_dict().items():
        assert torch.equal(parameter, loaded.model.state_dict()[name])


def test_a_loaded_checkpoint_needs_its_file_no_more(trained, tmp_path):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, trained)
    loaded = load_checkpoint(path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(bytes(size))
    state = loaded.optimizer.state_dict()["state"]
    for i, slots in trained.optimizer.state_dict()["state"].items():
        assert all(torch.equal(state[i][name], kept) for name, kept in slots.items())
    for name, parameter in trained.model.state_dict().items():
        assert torch.equal(parameter, loaded.model.state_dict()[name])
