import copy

from vae_course.beta import BetaRange, MultiRateVAE, rate_distortion
from vae_course.data import binarize, grey
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

BETAS = (0.03, 0.3, 3.0)


@pytest.fixture
def model():
    """A network whose answer depends on β as if it had been trained."""
    torch.manual_seed(0)
    model = MultiRateVAE(latent_dim=3, hidden=(16, 8))
    for response in (*model.encoder.responses, *model.decoder.responses):
        torch.nn.init.normal_(response.network[-1].weight, std=0.3)
    return model


@pytest.fixture
def x(digits, generator):
    return binarize(grey(digits.test_images[:6]), generator)


def seeded():
    return torch.Generator().manual_seed(1)


def test_before_training_it_is_a_plain_vae_at_every_beta(x):
    torch.manual_seed(0)
    fresh = MultiRateVAE(latent_dim=3, hidden=(16, 8))
    plain = VAE(latent_dim=3, hidden=(16, 8))
    plain.load_state_dict({k: v for k, v in fresh.state_dict().items() if "responses" not in k})
    for beta in BETAS:
        assert torch.equal(fresh.at(beta).elbo(x, seeded()).negative_elbo, plain.elbo(x, seeded()).negative_elbo)


def test_a_beta_for_each_image_answers_as_each_beta_alone(model, x):
    betas = torch.tensor([0.03, 0.3, 3.0, 0.01, 1.0, 20.0])
    together = model.at(betas).elbo(x, seeded())
    for i, beta in enumerate(betas.tolist()):
        alone = model.at(round(beta, 2)).elbo(x, seeded())
        torch.testing.assert_close(together.reconstruction[i], alone.reconstruction[i])
        torch.testing.assert_close(together.kl[i], alone.kl[i])


def test_views_live_side_by_side_and_share_their_parameters(model, x):
    low, high = model.at(0.03), model.at(10.0)
    before = low.elbo(x, seeded()).kl
    assert not torch.allclose(before, high.elbo(x, seeded()).kl)
    assert torch.equal(before, low.elbo(x, seeded()).kl)
    assert [id(p) for p in low.parameters()] == [id(p) for p in model.parameters()]
    with torch.no_grad():
        model.encoder.mu.bias += 1
    assert not torch.equal(before, low.elbo(x, seeded()).kl)


def test_without_at_it_answers_as_at_one(model, x):
    assert torch.equal(model.elbo(x, seeded()).kl, model.at(1.0).elbo(x, seeded()).kl)
    assert torch.equal(model.at(5.0).at(1.0).reconstruct(x), model.reconstruct(x))


def test_a_view_samples_reconstructs_and_is_measured_like_any_vae(model, digits, x):
    view = model.at(0.3)
    assert view.sample(4, seeded()).shape == (4, 1, 28, 28)
    assert not torch.equal(view.sample(4, seeded()), model.at(3.0).sample(4, seeded()))
    assert view.reconstruct(x).shape == x.shape
    measured = rate_distortion(model, digits.test_images[:50], BETAS)
    assert measured[0.3] == evaluate(view, digits.test_images[:50], "static")
    assert view.decoder(torch.zeros(5, 2, 3)).shape == (5, 2, 1, 28, 28)


@pytest.mark.parametrize("beta", [0.0, -1.0, 0.0099, 20.1, float("nan"), float("inf")])
def test_a_beta_that_was_not_learnt_is_refused_with_the_range(model, beta):
    with pytest.raises(ValueError, match=r"this network has learnt β from 0\.01 to 20$"):
        model.at(beta)
    with pytest.raises(ValueError, match=r"from 0\.01 to 20$"):
        model.at(torch.tensor([1.0, beta]))


def test_betas_of_another_count_are_refused(model, x):
    view = model.at(torch.tensor([0.3, 1.0, 3.0, 10.0]))
    asked = {6: lambda: view.elbo(x), 1: lambda: view.reconstruct(x[:1]), 3: lambda: view.sample(3)}
    for count, ask in asked.items():
        with pytest.raises(
            ValueError, match=rf"^beta: \[4\] of them for \[{count}\] images or codes; give one for each"
        ):
            ask()
    assert model.at(torch.tensor([3.0])).sample(3).shape == (3, 1, 28, 28)
    assert view.decoder(torch.zeros(5, 4, 3)).shape == (5, 4, 1, 28, 28)


@pytest.mark.parametrize("ends", [(0.0, 2.0), (2.0, 3.0), (0.1, 0.9), (3.0, 0.1), (0.1, float("inf"))])
def test_a_range_without_one_in_it_is_refused(ends):
    with pytest.raises(ValueError, match="must be 0 < low < 1 < high < inf"):
        MultiRateVAE(beta_range=ends)


def test_training_moves_every_response(digits):
    torch.manual_seed(0)
    model = MultiRateVAE(latent_dim=3, hidden=(16,))
    config = TrainConfig(epochs=1, batch_size=100, beta=BetaRange(*model.beta_range))
    *_, last = fit(model, digits.train_images[:300], config, digits.test_images[:50])
    assert last.beta is None
    assert last.test == evaluate(model.at(1.0), digits.test_images[:50], "dynamic")
    for response in (*model.encoder.responses, *model.decoder.responses):
        assert response.network[-1].weight.count_nonzero() > 0


def test_it_learns_what_beta_means(digits):
    """After a short training on few digits a higher price already buys a lower rate."""
    torch.manual_seed(0)
    model = MultiRateVAE(latent_dim=8, hidden=(64,))
    for _ in fit(model, digits.train_images, TrainConfig(epochs=4, learning_rate=3e-3, beta=BetaRange())):
        pass
    measured = rate_distortion(model, digits.test_images, (0.03, 0.3, 1.0, 3.0))
    rates = [terms.kl.item() for terms in measured.values()]
    distortions = [terms.reconstruction.item() for terms in measured.values()]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > 2 * rates[2]
    assert distortions == sorted(distortions)


def test_a_deep_copy_is_another_model(model, x):
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.encoder.mu.bias += 1
    assert not torch.equal(other.reconstruct(x), model.reconstruct(x))


class TestBetaRange:
    @given(low=st.floats(1e-3, 0.5), ratio=st.floats(1.5, 1e4), seed=st.integers(0, 2**31))
    def test_draws_lie_in_the_range(self, low, ratio, seed):
        betas = BetaRange(low, low * ratio)(0.0, 100, torch.Generator().manual_seed(seed))
        assert betas.shape == (100,)
        assert betas.min() >= torch.tensor(low)
        assert betas.max() <= torch.tensor(low * ratio)

    def test_the_density_of_log_beta_doubles_along_the_range(self, generator):
        """Against the distribution function (t + t²/2) / 1.5, at nine places, within five standard errors."""
        count = 100_000
        t = BetaRange(0.01, 100.0)(0.0, count, generator).log10() / 4 + 0.5
        for place in torch.arange(1, 10) / 10:
            expected = (place + place**2 / 2) / 1.5
            error = (expected * (1 - expected) / count).sqrt()
            assert abs((t <= place).float().mean() - expected) < 5 * error

    @pytest.mark.parametrize("ends", [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0), (1.0, float("inf"))])
    def test_no_range(self, ends):
        with pytest.raises(ValueError, match="low and high must be 0 < low < high < inf"):
            BetaRange(*ends)


def test_an_ordinary_vae_is_the_same_at_every_beta(digits):
    model = VAE(latent_dim=4, hidden=(16,))
    measured = rate_distortion(model, digits.test_images[:20], (0.1, 1.0))
    assert measured[0.1] == measured[1.0] == evaluate(model, digits.test_images[:20], "static")
