from vae_course.data import binarize, grey
from vae_course.extras.importance_step import ImportanceStep
from vae_course.extras.path_derivative import path_derivative_step
from vae_course.reparameterization import log_normal, reparameterize
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import pytest
import torch


class Keeper(torch.optim.SGD):
    """An optimizer that moves nothing: the gradients stay to be looked at."""

    def step(self):
        pass


@pytest.fixture
def model():
    torch.manual_seed(0)
    return VAE(4, (32,))


def gradient(model, step, x, generator):
    step(model, x, 1.0, Keeper(model.parameters(), lr=0.1), generator)
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


def plain_gradient(model, x, samples, generator):
    """That of the bound as it is written down, log w with all its gradients."""
    mu, logvar = model.encoder(x)
    z = reparameterize(mu.expand(samples, *mu.shape), logvar.expand(samples, *mu.shape), generator)
    log_weights = log_likelihood_of(model, z, x) + model.log_prior(z) - log_normal(z, mu, logvar)
    model.zero_grad()
    (-log_weights.logsumexp(0)).mean().backward()
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


def log_likelihood_of(model, z, x):
    return torch.distributions.Bernoulli(logits=model.decoder(z)).log_prob(x).sum((-1, -2, -3))


def test_it_is_the_bounds_gradient_on_average(model, digits, generator):
    x = binarize(grey(digits.test_images[:1]), generator).expand(20_000, -1, -1, -1)
    ours, plain = gradient(model, ImportanceStep(3), x, generator), plain_gradient(model, x, 3, generator)
    assert (ours - plain).norm() < 0.03 * plain.norm()
    # The encoder's part is small beside the decoder's, and has a bound of its own.
    encoder = sum(parameter.numel() for parameter in model.encoder.parameters())
    assert (ours - plain)[:encoder].norm() < 0.1 * plain[:encoder].norm()


def test_with_one_draw_it_is_the_path_derivative(model, digits):
    x = binarize(grey(digits.test_images[:9]), torch.Generator().manual_seed(1))
    one, path = (
        gradient(model, step, x, torch.Generator().manual_seed(0)) for step in (ImportanceStep(1), path_derivative_step)
    )
    torch.testing.assert_close(one, path)


def test_it_returns_the_negative_bound_in_two_terms(model, digits, generator):
    x = binarize(grey(digits.test_images[:500]), generator)
    optimizer = Keeper(model.parameters(), lr=0.1)
    one, many = (ImportanceStep(samples)(model, x, 1.0, optimizer, generator) for samples in (1, 50))
    assert many.negative_elbo < one.negative_elbo - 0.1
    assert not many.kl.requires_grad


def test_it_learns(model, digits):
    config = TrainConfig(epochs=2, learning_rate=0.01)
    first, *_, last = fit(model, digits.train_images, config, step=ImportanceStep(2))
    assert last.train.negative_elbo < first.train.negative_elbo - 250


def test_another_beta_is_refused(model, digits, generator):
    with pytest.raises(ValueError, match=r"beta=2\.0: the importance-weighted bound is that of β = 1"):
        ImportanceStep(2)(model, grey(digits.test_images[:2]), 2.0, Keeper(model.parameters(), lr=0.1), generator)


def test_there_is_at_least_one_draw():
    with pytest.raises(ValueError, match="samples=0 must be at least 1"):
        ImportanceStep(0)
