from vae_course.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from vae_course.data import binarize, grey
from vae_course.evaluation import importance_weighted_bound
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import pytest
import torch


@pytest.fixture(params=[0, 2], ids=["N(0, I)", "a learned prior"])
def model(request):
    torch.manual_seed(0)
    return ConvolutionalVAE(latent_dim=3, hidden=(16,), channels=(2, 4), coupling_layers=request.param)


@pytest.fixture
def x(digits, generator):
    return binarize(grey(digits.test_images[:6]), generator)


def test_it_is_no_larger_than_the_classic_network_and_hardly_smaller():
    convolutional, classic = (sum(p.numel() for p in kind().parameters()) for kind in (ConvolutionalVAE, VAE))
    assert 0.95 * classic < convolutional <= classic


def test_it_does_all_that_a_vae_does(model, x, generator):
    terms = model.elbo(x, generator)
    assert terms.reconstruction.shape == terms.kl.shape == (6,)
    assert model.sample(5, generator).shape == (5, 1, 28, 28)
    assert model.reconstruct(x).shape == x.shape
    terms.mean().negative_elbo.backward()
    assert all(p.grad.abs().sum() > 0 for half in (model.encoder, model.decoder) for p in half.parameters())


@pytest.mark.parametrize("batch", [(), (4,), (5, 4)])
def test_the_decoder_takes_codes_with_any_axes_before_the_last(model, batch, generator):
    z = torch.randn(*batch, 3, generator=generator)
    logits = model.decoder(z)
    assert logits.shape == (*batch, 1, 28, 28)
    one_by_one = torch.stack([model.decoder(code) for code in z.view(-1, 3)])
    assert torch.allclose(logits.view(-1, 1, 28, 28), one_by_one, atol=1e-5)


def test_a_shifted_image_shifts_what_the_convolutions_see(model, x):
    convolutions = model.encoder.features[:4]
    moved = torch.roll(x, 4, -1)
    inside = torch.roll(convolutions(x), 1, -1)[..., 2:-1] - convolutions(moved)[..., 2:-1]
    assert inside.abs().max() < 1e-5


def test_it_learns_and_its_bound_tightens(model, digits, x, generator):
    before = -model.elbo(x, generator).mean().negative_elbo
    for _ in fit(model, digits.train_images[:500], TrainConfig(epochs=3, batch_size=20, learning_rate=0.01)):
        pass
    after = importance_weighted_bound(model, x, 50, generator).value.mean()
    assert after > before + 100


def test_it_comes_back_from_a_checkpoint(model, tmp_path):
    save_checkpoint(tmp_path / "model.safetensors", Checkpoint(model, TrainConfig(), "embedded", [], None))
    loaded = load_checkpoint(tmp_path / "model.safetensors").model
    assert loaded.options == model.options
    z = torch.ones(1, 3)
    assert torch.equal(loaded.decoder(z), model.decoder(z))
    assert torch.equal(loaded.log_prior(z), model.log_prior(z))


@pytest.mark.parametrize("channels", [(), (4,), (4, 0), (2, 4, 8)])
def test_channels_that_make_no_network_are_refused(channels):
    with pytest.raises(ValueError, match="there are two convolutions, with at least 1 channel each"):
        ConvolutionalVAE(channels=channels)


@pytest.mark.parametrize("layers", [-1, 101])
def test_coupling_layers_beyond_reason_are_refused(layers):
    with pytest.raises(ValueError, match=f"coupling_layers={layers} must be from 0 to 100"):
        ConvolutionalVAE(coupling_layers=layers)
