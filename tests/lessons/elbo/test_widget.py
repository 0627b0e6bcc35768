import itertools
import re

from vae_course.lessons.elbo.widget import FATES, KLS, RECONSTRUCTIONS, EffectiveBeta, scale
from vae_course.reparameterization import reparameterize
from vae_course.vae import VAE

import pytest
import torch
from torch import Generator
from torch.nn.functional import binary_cross_entropy_with_logits

D, B = 3, 16


@pytest.fixture(scope="module")
def batch():
    """A small model's pieces of a loss: nats per pixel, nats per latent dimension, and its parameters."""
    torch.manual_seed(0)
    model = VAE(latent_dim=D, hidden=(8,))
    x = torch.bernoulli(torch.rand(B, 1, 28, 28, generator=Generator().manual_seed(0)))
    mu, logvar = model.encoder(x)
    logits = model.decoder(reparameterize(mu, logvar, Generator().manual_seed(1)))
    bce = binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1)
    kl = 0.5 * (mu.square() + logvar.exp() - 1 - logvar)
    return bce, kl, list(model.parameters())


def gradient(loss, parameters):
    return torch.cat([part.flatten() for part in torch.autograd.grad(loss, parameters, retain_graph=True)]).double()


def shown(widget):
    """The effective β as it stands in the text."""
    return float(re.search(r"Effective β = ([\d.,e-]+),", widget.answer.value).group(1).replace(",", ""))


@pytest.mark.parametrize(
    ("reconstruction", "kl", "beta"),
    [*itertools.product([code for _, code in RECONSTRUCTIONS], [code for _, code in KLS], [1.0]),
     ("bce.mean()", "kl.sum(1).mean()", 0.01), ("bce.sum(1).mean()", "kl.mean()", 100.0)],
)  # fmt: skip
def test_the_effective_beta_has_the_losss_gradient(batch, reconstruction, kl, beta):
    """The line of code is run as it is shown, and its gradient is parallel to that of reconstruction + β · KL."""
    bce, kl_nats, parameters = batch
    widget = EffectiveBeta(D, B)
    widget.reconstruction.value, widget.kl.value, widget.beta.value = reconstruction, kl, beta
    assert widget.code in widget.answer.value
    as_written = gradient(eval(widget.code, {"bce": bce, "kl": kl_nats}), parameters)
    per_image = gradient(bce.sum(1).mean() + widget.effective * kl_nats.sum(1).mean(), parameters)
    factor = eval(re.search(r"= ([\d/]*)", widget.answer.value.split("\n")[1]).group(1) or "1")
    assert torch.allclose(as_written, factor * per_image, rtol=1e-3, atol=1e-5 * as_written.abs().max())
    other = gradient(bce.sum(1).mean() + 2 * widget.effective * kl_nats.sum(1).mean(), parameters)
    assert not torch.allclose(as_written, factor * other, rtol=1e-3, atol=1e-5 * as_written.abs().max())


@pytest.mark.parametrize(
    ("reconstruction", "kl", "beta", "effective"),
    [
        (0, 0, 1.0, 1.0),
        (1, 0, 1.0, 784.0),
        (1, 1, 1.0, 39.2),
        (0, 1, 1.0, 0.05),
        (1, 2, 1.0, 100352.0),
        (2, 2, 1.0, 1.0),
        (1, 0, 0.00128, 1.0),
    ],
)
def test_the_table_of_lesson_05(reconstruction, kl, beta, effective):
    widget = EffectiveBeta()
    widget.reconstruction.index, widget.kl.index, widget.beta.value = reconstruction, kl, beta
    assert widget.effective == pytest.approx(effective, rel=0.01)
    assert shown(widget) == pytest.approx(effective, rel=0.01)


@pytest.mark.parametrize(
    ("beta", "fate"),
    [
        (0.001, "autoencoder"),
        (0.05, "cheap"),
        (1.0, "ELBO"),
        (5.0, "costly"),
        (20.0, "collapse"),
        (1000.0, "collapse"),
    ],
)
def test_it_says_what_becomes_of_the_model(beta, fate):
    widget = EffectiveBeta()
    widget.beta.value = beta
    assert re.search(rf"Effective β = [\d.,]+, {fate}:", widget.answer.value)


def test_the_scale_keeps_its_marker_on_the_picture():
    def marker(beta):
        return float(re.search(r"M([\d.]+) 24l-8 -16", scale(beta)).group(1))

    places = [marker(beta) for beta in (1e-9, 1e-3, 1.0, 784.0, 1e9)]
    assert places == sorted(places)
    assert 8 <= places[0] < places[-1] <= 632
    assert [start for start, *_ in FATES] == sorted(start for start, *_ in FATES)


@pytest.mark.parametrize("sizes", [(0, 128), (20, 0)])
def test_sizes_must_be_positive(sizes):
    with pytest.raises(ValueError, match="sizes must be at least 1"):
        EffectiveBeta(*sizes)
