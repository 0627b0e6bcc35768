import itertools

from vae_course.data import binarize, grey
from vae_course.decoder import log_likelihood
from vae_course.evaluation import (
    bounds_of_groups,
    exact_log_likelihood,
    importance_weighted_bound,
    largest_shares,
    log_likelihood_table,
    running_bounds,
)
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal


@pytest.fixture
def model():
    torch.manual_seed(0)
    return VAE(latent_dim=4, hidden=(16,))


class LinearGaussian(VAE):
    """p(z) = N(0, I), p(x|z) = N(Wz + b, s²I) in two latent dimensions, with an encoder that is not the posterior."""

    deviation = 0.7

    def __init__(self):
        super().__init__(latent_dim=2, hidden=(1,))
        generator = torch.Generator().manual_seed(0)
        self.weight = torch.randn(5, 2, generator=generator, dtype=torch.float64)
        self.bias = torch.randn(5, generator=generator, dtype=torch.float64)
        self.x = 1.5 * torch.randn(7, 5, generator=generator, dtype=torch.float64)

    def encoder(self, x):
        precision = torch.eye(2, dtype=torch.float64) + self.weight.T @ self.weight / self.deviation**2
        mu = (x - self.bias) @ self.weight @ precision.inverse() / self.deviation**2
        # Off the mean and without the correlation, wider than needed so that the weights have a small variance.
        return mu + 0.05, torch.full_like(mu, -1.2)

    def decoder(self, z):
        return z.double() @ self.weight.T + self.bias

    def log_likelihood(self, mean, x):
        return Normal(mean, self.deviation).log_prob(x).sum(-1)

    def log_likelihood_table(self, mean, x):
        return self.log_likelihood(mean.unsqueeze(1), x)

    def log_evidence(self):
        covariance = self.weight @ self.weight.T + self.deviation**2 * torch.eye(5, dtype=torch.float64)
        return MultivariateNormal(self.bias, covariance).log_prob(self.x)


class TestAgainstAModelKnownInClosedForm:
    def test_the_grid_gives_the_evidence(self):
        toy = LinearGaussian()
        answer = exact_log_likelihood(toy, toy.x, log_likelihood_table=toy.log_likelihood_table)
        torch.testing.assert_close(answer, toy.log_evidence(), atol=1e-4, rtol=1e-4)

    def test_many_draws_come_within_their_error_of_the_evidence(self, generator):
        toy = LinearGaussian()
        bound = importance_weighted_bound(toy, toy.x, 200_000, generator, toy.log_likelihood)
        assert (bound.standard_error < 0.01).all()
        assert ((bound.value - toy.log_evidence()).abs() < 4 * bound.standard_error).all()

    def test_the_error_is_the_spread_of_repeated_estimates(self, generator):
        toy = LinearGaussian()
        bounds = [importance_weighted_bound(toy, toy.x, 400, generator, toy.log_likelihood) for _ in range(200)]
        spread = torch.stack([bound.value for bound in bounds]).std(0)
        claimed = torch.stack([bound.standard_error for bound in bounds]).mean(0)
        torch.testing.assert_close(claimed, spread, rtol=0.25, atol=0)

    def test_the_bound_rises_from_the_elbo_to_the_evidence(self, generator):
        """Means over repetitions: each estimate is random, and only its mean is a bound."""
        toy = LinearGaussian()
        x = toy.x.repeat(3000, 1)
        means = [
            importance_weighted_bound(toy, x, samples, generator, toy.log_likelihood).value.view(3000, 7).mean(0)
            for samples in (1, 3, 10, 50)
        ]
        for lower, higher in itertools.pairwise([*means, toy.log_evidence()]):
            assert (lower < higher).all()


def test_one_draw_is_the_elbo(digits, generator):
    torch.manual_seed(0)
    model = VAE(latent_dim=3, hidden=(16,))
    x = binarize(grey(digits.test_images[:20]), generator).repeat(200, 1, 1, 1)
    bound = importance_weighted_bound(model, x, 1, generator).value
    elbo = -model.elbo(x, generator).negative_elbo
    error = (elbo.var() / len(x) + bound.var() / len(x)).sqrt()
    assert (bound.mean() - elbo.mean()).abs() < 4 * error


def test_the_table_is_the_decoders_likelihood_of_all_pairs(model, digits, generator):
    x = binarize(grey(digits.test_images[:3]), generator)
    logits = 5 * model.decoder(torch.randn(4, 4, generator=generator))
    pairs = [[log_likelihood(a[None], b[None]).item() for b in x] for a in logits]
    torch.testing.assert_close(log_likelihood_table(logits, x).detach(), torch.tensor(pairs))


def test_a_single_draw_knows_nothing_of_its_error(model, digits, generator):
    assert importance_weighted_bound(model, grey(digits.test_images[:3]), 1, generator).standard_error.isnan().all()


def test_no_bound_without_draws(model, digits):
    with pytest.raises(ValueError, match="samples=0 must be at least 1"):
        importance_weighted_bound(model, grey(digits.test_images[:1]), 0)


def test_huge_log_weights_do_not_overflow(model, digits, generator):
    """Weights near exp(-500) are 0 in float32."""
    bound = importance_weighted_bound(model, grey(digits.test_images[:3]), 6000, generator)
    assert bound.value.isfinite().all()
    assert (bound.value < -400).all()


class TestExactLogLikelihood:
    def test_it_is_at_least_the_bound(self, digits, generator):
        torch.manual_seed(0)
        flat = VAE(latent_dim=2, hidden=(32,))
        for _ in fit(flat, digits.train_images, TrainConfig(epochs=3, learning_rate=3e-3)):
            pass
        x = binarize(grey(digits.test_images[:4]), generator)
        exact = exact_log_likelihood(flat, x, steps=201)
        bound = importance_weighted_bound(flat, x, 5000, generator)
        assert (bound.value < exact + 4 * bound.standard_error).all()
        # Where q fits badly, 5,000 draws still miss much of log p(x); where it fits, little.
        assert (exact - bound.value).abs().min() < 0.5

    def test_a_coarse_grid_is_refused(self):
        toy = LinearGaussian()
        with pytest.raises(ValueError, match="steps=15 is too coarse: half as many change an answer by"):
            exact_log_likelihood(toy, toy.x, steps=15, log_likelihood_table=toy.log_likelihood_table)

    def test_codes_beyond_the_grid_are_told_from_a_coarse_one(self):
        toy = LinearGaussian()
        with pytest.raises(ValueError, match=r"half_width=0\.5: .* lie on the edge; take a wider grid"):
            exact_log_likelihood(toy, toy.x, half_width=0.5, log_likelihood_table=toy.log_likelihood_table)

    def test_other_numbers_of_dimensions_are_refused(self, model, digits):
        with pytest.raises(ValueError, match="has 4 latent dimensions: a grid needs 2"):
            exact_log_likelihood(model, grey(digits.test_images[:1]))

    @pytest.mark.parametrize("steps", [3, 100])
    def test_every_second_point_must_be_a_grid(self, steps):
        toy = LinearGaussian()
        with pytest.raises(ValueError, match="odd number"):
            exact_log_likelihood(toy, toy.x, steps=steps, log_likelihood_table=toy.log_likelihood_table)


def test_running_bounds_and_groups_are_bounds_of_their_draws(generator):
    log_weights = torch.randn(6, 2, generator=generator) - 1000
    running = running_bounds(log_weights.T)
    assert running.shape == (2, 6)
    for draws in (1, 3, 6):
        torch.testing.assert_close(running[:, draws - 1], (log_weights[:draws] + 1000).exp().mean(0).log() - 1000)
    groups = bounds_of_groups(log_weights, 2)
    torch.testing.assert_close(groups, (log_weights + 1000).exp().unflatten(0, (3, 2)).mean(1).log() - 1000)
    # Draws that do not fill a group are left out.
    assert bounds_of_groups(log_weights, 4).shape == (1, 2)
    assert largest_shares(torch.tensor([[0.0], [torch.log(torch.tensor(3.0))]]), 2).item() == pytest.approx(0.75)


class MovedGaussian(LinearGaussian):
    """The same p(x), written with another prior, N(1, I), and a decoder that moves the code back."""

    def __init__(self):
        super().__init__()
        self.prior = MovedPrior()

    def encoder(self, x):
        mu, logvar = super().encoder(x)
        return mu + 1, logvar

    def decoder(self, z):
        return super().decoder(z - 1)


class MovedPrior(torch.nn.Module):
    def log_prob(self, z):
        return Normal(1.0, 1.0).log_prob(z).sum(-1)


def test_grid_and_bound_take_the_models_own_prior(generator):
    toy = MovedGaussian()
    bound = importance_weighted_bound(toy, toy.x, 200_000, generator, toy.log_likelihood)
    assert ((bound.value - toy.log_evidence()).abs() < 4 * bound.standard_error + 1e-3).all()
    answer = exact_log_likelihood(toy, toy.x, half_width=7.0, log_likelihood_table=toy.log_likelihood_table)
    torch.testing.assert_close(answer, toy.log_evidence(), atol=1e-4, rtol=1e-4)
