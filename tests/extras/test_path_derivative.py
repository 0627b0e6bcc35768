import pytest
import torch

from vae_course.data import binarize, grey
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.extras.path_derivative import PathDerivativeConvolutionalVAE, PathDerivativeVAE
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE


@pytest.fixture(params=[(VAE, PathDerivativeVAE), (ConvolutionalVAE, PathDerivativeConvolutionalVAE)])
def models(request):
    """An ordinary VAE, and one with the same parameters that learns by the path derivative."""
    torch.manual_seed(0)
    usual, path = (kind(4, (32,)) for kind in request.param)
    path.load_state_dict(usual.state_dict())
    return usual, path


def test_it_is_the_elbos_slope_on_average(models, digits, generator):
    x = binarize(grey(digits.test_images[:1]), generator).expand(5000, -1, -1, -1)
    slopes = []
    for model in models:
        terms = model.train().elbo(x, generator)
        slope = torch.autograd.grad(terms.negative_elbo.mean(), list(model.encoder.parameters()))
        slopes.append(torch.cat([part.flatten() for part in slope]))
    assert (slopes[1] - slopes[0]).norm() < 0.05 * slopes[0].norm()
    kl = terms.kl
    assert abs(kl.mean() - models[0].elbo(x[:1]).kl) < 4 * kl.std() / len(kl) ** 0.5


def test_it_is_0_at_every_draw_where_the_encoder_is_right(models, digits, generator):
    model = models[1].train()
    # A decoder that ignores z has the prior for its posterior, and this encoder answers with it.
    for layer in (model.decoder.logits[0], model.encoder.mu, model.encoder.logvar):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    terms = model.elbo(grey(digits.test_images[:8]), generator)
    for slope in torch.autograd.grad(terms.negative_elbo.sum(), list(model.encoder.parameters())):
        assert slope.abs().max() < 1e-5


def test_in_a_test_it_is_an_ordinary_vae(models, digits):
    usual, path = (evaluate(model, digits.test_images, "static") for model in models)
    assert usual == path


def test_it_learns(models, digits):
    model = models[1]
    before = evaluate(model, digits.test_images, "static").negative_elbo
    for _ in fit(model, digits.train_images, TrainConfig(epochs=3, optimizer="muon", learning_rate=0.01)):
        pass
    assert evaluate(model, digits.test_images, "static").negative_elbo < before - 250
