import pytest
import torch
from torch.distributions import Normal

from vae_course.lessons.reparameterization.check import check_reparameterize
from vae_course.reparameterization import reparameterize


def stub(mu, logvar, generator):
    """What the notebook hands out."""
    ...


def draw(shape, generator):
    return torch.randn(shape, generator=generator)


def right_by_hand(mu, logvar, generator):
    return mu + logvar.exp().sqrt() * draw(mu.shape, generator)


def exp_logvar(mu, logvar, generator):
    return mu + torch.exp(logvar) * draw(mu.shape, generator)


def hundredth(mu, logvar, generator):
    return mu + torch.exp(0.5 * logvar) * draw(mu.shape, generator) * 0.01


def rand(mu, logvar, generator):
    return mu + torch.exp(0.5 * logvar) * torch.rand(mu.shape, generator=generator)


def centred_rand(mu, logvar, generator):
    return mu + torch.exp(0.5 * logvar) * 12**0.5 * (torch.rand(mu.shape, generator=generator) - 0.5)


def shared_by_batch(mu, logvar, generator):
    return mu + torch.exp(0.5 * logvar) * draw(mu.shape[1:], generator)


def shared_by_dimensions(mu, logvar, generator):
    return mu + torch.exp(0.5 * logvar) * draw((len(mu), 1), generator)


def single_eps(mu, logvar, generator):
    return mu + torch.exp(0.5 * logvar) * draw((1,), generator)


def detached(mu, logvar, generator):
    return right_by_hand(mu, logvar, generator).detach()


def no_grad(mu, logvar, generator):
    with torch.no_grad():
        return right_by_hand(mu, logvar, generator)


def torch_normal(mu, logvar, generator):
    return torch.normal(mu, torch.exp(0.5 * logvar), generator=generator)


def detached_sigma(mu, logvar, generator):
    return right_by_hand(mu, logvar.detach(), generator)


def generator_ignored(mu, logvar, generator):
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)


def rsample(mu, logvar, generator):
    return Normal(mu, torch.exp(0.5 * logvar)).rsample()


def overwrites_mu(mu, logvar, generator):
    mu += torch.exp(0.5 * logvar) * draw(mu.shape, generator)
    return mu


def overwrites_logvar(mu, logvar, generator):
    return mu + logvar.mul_(0.5).exp_() * draw(mu.shape, generator)


def overwrites_with_the_variance(mu, logvar, generator):
    mu += torch.exp(logvar) * draw(mu.shape, generator)
    return mu


def in_place_on_its_own(mu, logvar, generator):
    return draw(mu.shape, generator).mul_(logvar.mul(0.5).exp_()).add_(mu)


def seeded_inside(mu, logvar, generator):
    return right_by_hand(mu, logvar, torch.Generator().manual_seed(0))


def reseeded(mu, logvar, generator):
    return right_by_hand(mu, logvar, generator.manual_seed(0))


def no_noise(mu, logvar, generator):
    return mu + 0 * logvar


def no_mu(mu, logvar, generator):
    return torch.exp(0.5 * logvar) * draw(mu.shape, generator)


def no_sigma(mu, logvar, generator):
    return mu + draw(mu.shape, generator)


def logvar_as_sigma(mu, logvar, generator):
    return mu + logvar * draw(mu.shape, generator)


def sqrt_logvar(mu, logvar, generator):
    return mu + torch.sqrt(logvar) * draw(mu.shape, generator)


def minus_sign(mu, logvar, generator):
    return mu + torch.exp(-0.5 * logvar) * draw(mu.shape, generator)


def softplus(mu, logvar, generator):
    return mu + torch.nn.functional.softplus(logvar) * draw(mu.shape, generator)


def wrong_shape(mu, logvar, generator):
    return right_by_hand(mu, logvar, generator).sum(-1)


def wrong_type(mu, logvar, generator):
    return right_by_hand(mu, logvar, generator).detach().numpy()


def a_pair(mu, logvar, generator):
    return mu, logvar


def raises(mu, logvar, generator):
    return mu + torch.exp(0.5 * logvar) * torch.randn(3, 3, generator=generator)


@pytest.mark.parametrize("answer", [reparameterize, right_by_hand, in_place_on_its_own])
def test_a_right_answer_is_right(answer):
    assert check_reparameterize(answer).status == "right"


def test_the_stub_is_not_tried_yet():
    assert check_reparameterize(stub).status == "not tried yet"


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (exp_logvar, "is the variance"),
        (hundredth, "0.01"),
        (rand, "never negative"),
        (centred_rand, "cut off"),
        (shared_by_batch, "Every image"),
        (single_eps, "Every image"),
        (shared_by_dimensions, "All latent dimensions"),
        (detached, "detached"),
        (no_grad, "detached"),
        (torch_normal, "torch.normal"),
        (detached_sigma, "derivative of z in logvar"),
        (generator_ignored, "same seed gave other"),
        (rsample, "rsample takes none"),
        (overwrites_mu, "overwrote"),
        (overwrites_logvar, "overwrote"),
        (overwrites_with_the_variance, "is the variance"),
        (seeded_inside, "do not seed inside"),
        (reseeded, "do not seed inside"),
        (no_noise, "where is the noise"),
        (no_mu, "mean of z must be mu"),
        (no_sigma, "whatever logvar is"),
        (logvar_as_sigma, "it is a logarithm"),
        (sqrt_logvar, "NaN"),
        (minus_sign, "a sign"),
        (softplus, "0.37, 1.00, 2.72"),
        (wrong_shape, "[3, 5]"),
        (wrong_type, "ndarray"),
        (a_pair, "tuple"),
        (raises, "RuntimeError"),
        (lambda mu, logvar: mu, "TypeError"),
        ("not a function", "TypeError"),
    ],
)
def test_a_wrong_answer_gets_the_hint_for_its_mistake(answer, word):
    verdict = check_reparameterize(answer)
    assert verdict.status == "not right yet"
    assert word in verdict.hint
