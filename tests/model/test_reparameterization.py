from vae_course.reparameterization import reparameterize, score_function_surrogate

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st


@given(st.floats(-5, 5, allow_subnormal=False), st.floats(-4, 4, allow_subnormal=False), st.integers(0, 1000))
def test_draws_have_the_mean_and_the_variance_asked_for(mu, logvar, seed):
    draws = reparameterize(
        torch.full((20_000, 1), mu), torch.full((20_000, 1), logvar), torch.Generator().manual_seed(seed)
    )
    standardised = (draws - mu) / torch.tensor(logvar / 2).exp()
    assert abs(standardised.mean()) < 0.05
    assert abs(standardised.std() - 1) < 0.04


def test_gradients_are_those_of_mu_plus_sigma_eps(generator):
    mu = torch.zeros(1000, 2, requires_grad=True)
    logvar = torch.full((1000, 2), 0.6, requires_grad=True)
    z = reparameterize(mu, logvar, generator)
    z.sum().backward()
    torch.testing.assert_close(mu.grad, torch.ones(1000, 2))
    torch.testing.assert_close(logvar.grad, 0.5 * z.detach())


def score_gradients(theta, samples, repeats, baseline):
    """The score-function estimates of d/dθ E[z²] for z ~ N(θ, 1), one a repeat."""
    generator = torch.Generator().manual_seed(0)
    mu = torch.full((repeats, 1), theta, requires_grad=True)
    logvar = torch.zeros(repeats, 1)
    z = reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator).detach()
    score_function_surrogate(mu, logvar, z, z.square().sum(-1), baseline).backward()
    return mu.grad * repeats


@settings(max_examples=10)
@given(st.sampled_from([-2.0, 0.0, 1.0, 2.0]), st.booleans())
def test_score_function_is_unbiased_with_and_without_a_baseline(theta, baseline):
    estimates = score_gradients(theta, samples=4, repeats=100_000, baseline=baseline)
    standard_error = estimates.std() / len(estimates) ** 0.5
    # The gradient of θ² + 1 is 2θ.
    assert abs(estimates.mean() - 2 * theta) < 5 * standard_error


def test_score_function_variance_is_the_closed_form():
    variance = score_gradients(2.0, samples=1, repeats=1_000_000, baseline=False).var()
    # θ⁴ + 14 θ² + 15 at θ = 2.
    assert abs(variance - 87) < 2


def test_a_baseline_lowers_the_variance():
    plain, with_baseline = (score_gradients(2.0, 8, 50_000, baseline).var() for baseline in (False, True))
    assert with_baseline < 0.6 * plain


@pytest.mark.parametrize(("samples", "baseline"), [(0, False), (1, True)])
def test_too_few_draws_are_refused(samples, baseline):
    mu, z = torch.zeros(2), torch.zeros(samples, 2)
    with pytest.raises(ValueError, match=f"there are {samples} draws; give at least {samples + 1} with {baseline=}"):
        score_function_surrogate(mu, mu, z, z.sum(-1), baseline)
