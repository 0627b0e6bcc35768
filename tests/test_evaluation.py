import pytest
import torch

from vae_course.data import grey
from vae_course.evaluation import active_units, rate_distortion, unit_activity
from vae_course.training import evaluate
from vae_course.vae import VAE


@pytest.fixture
def model():
    torch.manual_seed(0)
    return VAE(latent_dim=4, hidden=(16,))


def test_unit_activity_is_the_variance_of_the_means(model, digits):
    images = digits.test_images[:1100]
    mu = model.encoder(grey(images))[0]
    torch.testing.assert_close(unit_activity(model, images, "grey"), mu.var(0).detach())


def test_a_dimension_that_never_moves_is_not_active(model, digits):
    with torch.no_grad():
        model.encoder.mu.weight *= 10
        model.encoder.mu.weight[1] = 0
        model.encoder.mu.bias[1] = 5
    assert active_units(model, digits.test_images) == 3


def test_an_ordinary_vae_is_the_same_at_every_beta(model, digits):
    measured = rate_distortion(model, digits.test_images[:20], (0.1, 1.0))
    assert measured[0.1] == measured[1.0] == evaluate(model, digits.test_images[:20], "static")
