from vae_course.decoder import log_likelihood
from vae_course.elbo import ElboTerms, elbo_terms, kl_divergence

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import MultivariateNormal, Normal
from torch.distributions import kl_divergence as reference_kl

numbers = st.floats(-5, 5, width=32, allow_subnormal=False)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=30))
def test_kl_is_torchs_and_never_negative(pairs):
    mu, logvar = torch.tensor(pairs, dtype=torch.float64).T
    kl = kl_divergence(mu, logvar)
    expected = reference_kl(Normal(mu, (logvar / 2).exp()), Normal(torch.zeros_like(mu), 1.0)).sum()
    torch.testing.assert_close(kl, expected)
    # Less than 0 only by rounding.
    assert kl >= -1e-12


def test_kl_is_zero_at_the_prior():
    assert kl_divergence(torch.zeros(3, 4), torch.zeros(3, 4)).tolist() == [0, 0, 0]


def random_batch(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(count, 1, 28, 28, generator=generator).round()
    logits = torch.randn(count, 1, 28, 28, generator=generator)
    mu, logvar = torch.randn(2, count, 20, generator=generator)
    return x, logits, mu, logvar


@given(st.integers(1, 8), st.integers(0, 1000))
def test_an_images_terms_do_not_depend_on_its_batch(count, seed):
    batch = random_batch(count, seed)
    together = elbo_terms(*batch)
    alone = [elbo_terms(*(tensor[i : i + 1] for tensor in batch)) for i in range(count)]
    for term in ("reconstruction", "kl"):
        torch.testing.assert_close(getattr(together, term), torch.cat([getattr(one, term) for one in alone]))


@given(st.integers(1, 5))
def test_the_mean_loss_is_unchanged_when_the_batch_is_repeated(times):
    batch = random_batch(4)
    repeated = elbo_terms(*(tensor.repeat(times, *[1] * (tensor.ndim - 1)) for tensor in batch))
    torch.testing.assert_close(repeated.mean().weighted(2.0), elbo_terms(*batch).mean().weighted(2.0))


def test_terms_are_nats_per_image():
    x, logits, mu, logvar = random_batch(3)
    terms = elbo_terms(x, logits, mu, logvar)
    torch.testing.assert_close(terms.reconstruction, -log_likelihood(logits, x))
    torch.testing.assert_close(terms.negative_elbo, terms.reconstruction + terms.kl)
    torch.testing.assert_close(terms.weighted(4.0), terms.reconstruction + 4 * terms.kl)


class LinearGaussian:
    """p(z) = N(0, I), p(x|z) = N(Wz + b, s²I), so that log p(x) and the posterior are known in closed form."""

    def __init__(self, seed, pixels=6, latents=2):
        generator = torch.Generator().manual_seed(seed)
        self.weight = torch.randn(pixels, latents, generator=generator, dtype=torch.float64)
        self.bias = torch.randn(pixels, generator=generator, dtype=torch.float64)
        self.variance = 0.5
        self.x = 2 * torch.randn(pixels, generator=generator, dtype=torch.float64)

    def log_evidence(self):
        covariance = self.weight @ self.weight.T + self.variance * torch.eye(len(self.x), dtype=torch.float64)
        return MultivariateNormal(self.bias, covariance).log_prob(self.x)

    def posterior(self):
        precision = torch.eye(self.weight.shape[1], dtype=torch.float64) + self.weight.T @ self.weight / self.variance
        covariance = precision.inverse()
        return covariance @ self.weight.T @ (self.x - self.bias) / self.variance, covariance

    def elbo(self, mu, logvar):
        """E_q[log p(x|z)] is known: the log density at the mean, less the spread that q adds."""
        at_mean = Normal(self.weight @ mu + self.bias, self.variance**0.5).log_prob(self.x).sum()
        spread = (self.weight.square() * logvar.exp()).sum() / (2 * self.variance)
        return -ElboTerms(reconstruction=spread - at_mean, kl=kl_divergence(mu, logvar)).negative_elbo


@given(st.integers(0, 1000), st.tuples(numbers, numbers), st.tuples(numbers, numbers))
def test_the_elbo_never_exceeds_the_exact_log_likelihood(seed, mu, logvar):
    model = LinearGaussian(seed)
    elbo = model.elbo(torch.tensor(mu, dtype=torch.float64), torch.tensor(logvar, dtype=torch.float64))
    assert elbo <= model.log_evidence() + 1e-9


@given(st.integers(0, 1000))
def test_the_elbo_is_the_exact_log_likelihood_where_q_is_the_posterior(seed):
    model = LinearGaussian(seed, latents=1)
    mu, covariance = model.posterior()
    torch.testing.assert_close(model.elbo(mu, covariance.diagonal().log()), model.log_evidence())
