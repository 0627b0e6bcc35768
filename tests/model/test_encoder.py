from vae_course.encoder import Encoder

import torch


def test_two_heads_give_a_mean_and_a_log_variance():
    mu, logvar = Encoder(latent_dim=3, hidden=(50, 40))(torch.rand(5, 1, 28, 28))
    assert mu.shape == logvar.shape == (5, 3)
    assert not torch.equal(mu, logvar)


def test_log_variances_take_both_signs():
    torch.manual_seed(0)
    _, logvar = Encoder()(torch.rand(100, 1, 28, 28))
    assert logvar.min() < 0 < logvar.max()


def test_gradients_reach_every_parameter():
    encoder = Encoder(latent_dim=2, hidden=(10,))
    mu, logvar = encoder(torch.rand(5, 1, 28, 28))
    (mu.sum() + logvar.sum()).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in encoder.parameters())
