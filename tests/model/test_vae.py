from vae_course.data import binarize, grey
from vae_course.elbo import kl_divergence
from vae_course.vae import VAE

import jaxtyping
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


@pytest.mark.parametrize(
    "sizes",
    [
        *({"latent_dim": size} for size in (0, 2.0, "2")),
        *({"hidden": sizes} for sizes in ((), (400, 0), 400, "400", (2.5,), None)),
    ],
    ids=str,
)
def test_sizes_must_be_whole_and_positive(sizes, monkeypatch):
    # Outside the tests nothing looks at the types.
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(ValueError, match=r"sizes must be at least 1, as in latent_dim=20, hidden=\(400,\)"):
        VAE(**sizes)


class Shifted(torch.nn.Module):
    """N(1, I) as a prior."""

    def log_prob(self, z):
        return torch.distributions.Normal(1.0, 1.0).log_prob(z).sum(-1)

    def sample(self, count, generator=None):
        return 1 + torch.randn(count, 20, generator=generator)


class TestAPriorOfOnesOwn:
    def test_the_kl_is_on_average_that_to_this_prior(self, model, digits, generator):
        model.prior = Shifted()
        x = grey(digits.test_images[:5])
        kl = torch.stack([model.elbo(x, generator).kl for _ in range(400)])
        mu, logvar = model.encoder(x)
        expected = kl_divergence(mu - 1, logvar)
        assert ((kl.mean(0) - expected).abs() < 4 * kl.std(0) / 20).all()

    def test_the_reconstruction_is_the_same(self, model, digits, generator):
        x = grey(digits.test_images[:5])
        before = model.elbo(x, generator.manual_seed(0)).reconstruction
        model.prior = Shifted()
        assert torch.equal(model.elbo(x, generator.manual_seed(0)).reconstruction, before)

    def test_codes_are_drawn_from_it(self, model, generator):
        z = 1 + torch.randn(3, 20, generator=generator)
        model.prior = Shifted()
        assert torch.equal(model.sample(3, generator.manual_seed(0)), torch.sigmoid(model.decoder(z)))

    def test_its_parameters_are_trained_with_the_model(self, model):
        before = len(list(model.parameters()))
        model.prior = torch.nn.Linear(2, 2)
        assert len(list(model.parameters())) == before + 2


def test_a_negative_number_of_samples_is_refused():
    with pytest.raises(ValueError, match="count=-1 must be at least 0"):
        VAE(2, (3,)).sample(-1)
    assert VAE(2, (3,)).sample(0).shape == (0, 1, 28, 28)
