from vae_course.data import binarize, grey
from vae_course.vae import VAE

import pytest
import torch


@pytest.fixture
def model():
    torch.manual_seed(0)
    return VAE()


def test_the_classic_network_has_652_824_parameters(model):
    assert sum(parameter.numel() for parameter in model.parameters()) == 652_824


def test_elbo_terms_are_per_image_and_repeat_with_the_seed(model, digits):
    x = grey(digits.test_images[:5])
    first, again, other = (model.elbo(x, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert first.reconstruction.shape == first.kl.shape == (5,)
    assert torch.equal(first.reconstruction, again.reconstruction)
    # Other draws of z give another reconstruction, and the same KL, which has a closed form.
    assert not torch.equal(first.reconstruction, other.reconstruction)
    assert torch.equal(first.kl, other.kl)


def test_elbo_gradients_reach_every_parameter(model, digits):
    model.elbo(grey(digits.test_images[:50])).mean().negative_elbo.backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_samples_are_probabilities_that_can_be_drawn(model, generator):
    images = model.sample(7, generator)
    assert images.shape == (7, 1, 28, 28)
    assert ((images > 0) & (images < 1)).all()
    assert set(binarize(images, generator).unique().tolist()) == {0.0, 1.0}
    assert torch.equal(images, model.sample(7, generator.manual_seed(0)))


def test_reconstructions_are_deterministic_probabilities(model, digits):
    x = grey(digits.test_images[:7])
    images = model.reconstruct(x)
    assert images.shape == x.shape
    assert torch.equal(images, model.reconstruct(x))
    assert not torch.equal(images[0], images[1])
    assert not images.requires_grad


@pytest.mark.parametrize("sizes", [{"latent_dim": 0}, {"hidden": ()}, {"hidden": (400, 0)}])
def test_sizes_must_be_positive(sizes):
    with pytest.raises(ValueError, match="sizes must be at least 1"):
        VAE(**sizes)
