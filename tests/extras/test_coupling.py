from vae_course.extras.coupling import CouplingPrior
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import pytest
import torch
from torch.distributions import Normal


@pytest.fixture
def prior():
    """A prior of two dimensions that is far from N(0, I)."""
    torch.manual_seed(0)
    prior = CouplingPrior(2, width=16, layers=4)
    for layer in prior.layers:
        torch.nn.init.normal_(layer.network[-1].weight, std=0.5)
        torch.nn.init.normal_(layer.network[-1].bias, std=0.5)
    return prior


def test_at_first_it_is_the_standard_normal_prior(generator):
    z = torch.randn(5, 3, generator=generator)
    torch.testing.assert_close(CouplingPrior(3).log_prob(z), Normal(0.0, 1.0).log_prob(z).sum(-1))


def test_its_density_has_a_mass_of_1(prior):
    axis = torch.linspace(-30, 30, 751)
    with torch.no_grad():
        log_density = prior.log_prob(torch.cartesian_prod(axis, axis))
    assert log_density.logsumexp(0).exp().item() * 0.08**2 == pytest.approx(1, abs=1e-3)


def test_its_samples_have_its_density(prior, generator):
    z = prior.sample(100_000, generator)
    # E[1/p(z)] over a box where p is not small is the area of the box, but for the share of draws that lie in it.
    low, high = z.quantile(0.3, 0), z.quantile(0.7, 0)
    inside = ((z > low) & (z < high)).all(1)
    area = (high - low).prod()
    with torch.no_grad():
        estimate = (-prior.log_prob(z[inside])).exp().sum() / len(z)
    assert estimate.item() == pytest.approx(area.item(), rel=0.1)


def test_every_dimension_changes(prior):
    z = torch.randn(4, 2)
    before = prior.log_prob(z)
    for dimension in range(2):
        moved = z.clone()
        moved[:, dimension] += 0.5
        assert not torch.isclose(prior.log_prob(moved), before).any()


def test_any_number_of_axes_comes_before_the_codes(prior):
    z = torch.randn(3, 4, 2)
    torch.testing.assert_close(prior.log_prob(z)[1], prior.log_prob(z[1]))


def test_trained_with_a_vae_it_lowers_the_kl(digits):
    ends = []
    for with_prior in (False, True):
        torch.manual_seed(0)
        model = VAE(8, (64,))
        model.prior = CouplingPrior(8, width=32, layers=4) if with_prior else None
        *_, last = fit(model, digits.train_images, TrainConfig(epochs=6, learning_rate=3e-3), digits.test_images)
        ends.append(last.test.negative_elbo)
    assert ends[1] < ends[0] - 1
