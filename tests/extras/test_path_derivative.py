from vae_course.data import binarize, grey
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.extras.path_derivative import path_derivative_step, path_derivative_terms
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

import pytest
import torch


@pytest.fixture(params=[VAE, ConvolutionalVAE])
def model(request):
    torch.manual_seed(0)
    return request.param(4, (32,)).train()


def test_it_is_the_elbos_gradient_on_average(model, digits, generator):
    x = binarize(grey(digits.test_images[:1]), generator).expand(5000, -1, -1, -1)
    gradients = []
    for terms in (model.elbo(x, generator), path_derivative_terms(model, x, generator)):
        gradient = torch.autograd.grad(terms.negative_elbo.mean(), list(model.encoder.parameters()))
        gradients.append(torch.cat([part.flatten() for part in gradient]))
    assert (gradients[1] - gradients[0]).norm() < 0.05 * gradients[0].norm()
    kl = terms.kl
    assert abs(kl.mean() - model.elbo(x[:1]).kl) < 4 * kl.std() / len(kl) ** 0.5


def test_it_is_0_at_every_draw_where_the_encoder_is_right(model, digits, generator):
    # A decoder that ignores z has the prior for its posterior, and this encoder answers with it.
    for layer in (model.decoder.logits[0], model.encoder.mu, model.encoder.logvar):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    terms = path_derivative_terms(model, grey(digits.test_images[:8]), generator)
    for gradient in torch.autograd.grad(terms.negative_elbo.sum(), list(model.encoder.parameters())):
        assert gradient.abs().max() < 1e-5


def test_it_learns(model, digits):
    before = evaluate(model, digits.test_images, "static").negative_elbo
    for _ in fit(model, digits.train_images, TrainConfig(epochs=3, learning_rate=0.01), step=path_derivative_step):
        pass
    assert evaluate(model, digits.test_images, "static").negative_elbo < before - 250
