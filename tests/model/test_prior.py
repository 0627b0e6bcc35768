"""The learned prior: its loss, its walk, its density held against the exact integral, and its training."""

import math

from vae_course.beta import BetaRange
from vae_course.checkpoints import load_pretrained
from vae_course.prior import FlowPrior, fit_prior, flow_matching_loss, velocity_and_divergence, walk
from vae_course.training import TrainConfig
from vae_course.vae import VAE

import pytest
import torch
from torch import Generator
from torch.distributions import Normal
from torch.nn.functional import one_hot


def seeded(seed=0):
    return Generator().manual_seed(seed)


def small(**options):
    """A prior that has seen no code, but moves: its last layer is not 0."""
    torch.manual_seed(0)
    prior = FlowPrior(**{"latent_dim": 2, "width": 16, "blocks": 2} | options)
    torch.nn.init.normal_(prior.field.last.weight, std=0.2)
    return prior


def plane_grid(half_width=6.0, steps=121):
    axis = torch.linspace(-half_width, half_width, steps)
    return torch.cartesian_prod(axis, axis), (axis[1] - axis[0]).item() ** 2


def test_the_loss_is_zero_for_the_one_velocity_that_leads_to_the_one_code():
    code = torch.tensor([1.0, -2.0])

    def towards(z, t):
        return (code - z) / (1 - t)

    assert flow_matching_loss(towards, code.expand(50, 2), seeded()) < 1e-6


def test_the_loss_of_standing_still_is_the_mean_squared_length_of_the_ways():
    codes = 3 * torch.ones(20_000, 2)
    loss = flow_matching_loss(lambda z, t: torch.zeros_like(z), codes, seeded())
    # E|z − ε|² = |z|² + D
    assert loss.item() == pytest.approx(18 + 2, rel=0.02)


def test_each_code_has_a_time_of_its_own():
    seen = []
    flow_matching_loss(lambda z, t: seen.append(t) or torch.zeros_like(z), torch.zeros(1000, 2), seeded())
    assert seen[0].shape == (1000, 1)
    assert seen[0].min() < 0.02
    assert seen[0].max() > 0.98


def test_the_generator_decides_what_the_loss_draws():
    losses = [flow_matching_loss(lambda z, t: z, torch.ones(5, 2), seeded(s)) for s in (0, 0, 1)]
    assert losses[0] == losses[1] != losses[2]


def test_a_walk_returns_all_places_from_the_first_to_the_last():
    way = walk(lambda z, t: torch.ones_like(z), torch.zeros(3, 2), 4)
    assert way.shape == (5, 3, 2)
    torch.testing.assert_close(way[:, 0, 0], torch.linspace(0, 1, 5))


def test_the_walks_error_falls_with_the_square_of_the_step():
    exact = math.e
    errors = [abs(walk(lambda z, t: z, torch.ones(1, 1), steps)[-1].item() - exact) for steps in (5, 10, 20)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.2)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.2)


def test_a_walk_backwards_ends_where_the_walk_began():
    prior, start = small(), torch.randn(10, 2, generator=seeded())
    there = walk(prior, start, 40)[-1]
    torch.testing.assert_close(walk(prior, there, 40, backwards=True)[-1], start, atol=1e-3, rtol=1e-3)


def test_the_divergence_is_the_trace_of_the_jacobian():
    prior, z = small(latent_dim=5), torch.randn(4, 5, generator=seeded())
    t = torch.rand(4, 1, generator=seeded())
    velocity, divergence = velocity_and_divergence(prior, z, t)
    torch.testing.assert_close(velocity, prior(z, t))
    for row, at, got in zip(z, t, divergence, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda point, at=at: prior(point[None], at[None])[0], row)
        torch.testing.assert_close(jacobian.trace(), got)


def test_before_training_it_is_the_standard_normal():
    prior, z = FlowPrior(3, 8, 1), torch.randn(6, 3, generator=seeded())
    torch.testing.assert_close(prior.log_prob(z), Normal(0.0, 1.0).log_prob(z).sum(-1))
    torch.testing.assert_close(prior.sample(5, seeded()), torch.randn(5, 3, generator=seeded()))


def test_its_density_sums_to_one():
    prior = small()
    prior.mean.copy_(torch.tensor([0.5, -0.2]))
    prior.spread.copy_(torch.tensor([1.2, 0.7]))
    grid, cell = plane_grid()
    with torch.no_grad():
        assert prior.log_prob(grid).exp().sum().item() * cell == pytest.approx(1, abs=2e-3)


def test_codes_may_have_any_axes_in_front():
    prior, z = small(), torch.randn(3, 4, 2, generator=seeded())
    torch.testing.assert_close(prior.log_prob(z)[1], prior.log_prob(z[1]))
    assert prior.log_prob(z[0, 0]).shape == ()


def test_its_samples_are_spread_as_its_density_says():
    prior = small()
    draws = prior.sample(20_000, seeded(), steps=20)
    grid, cell = plane_grid()
    with torch.no_grad():
        mass = prior.log_prob(grid).exp() * cell
    mean = (mass[:, None] * grid).sum(0)
    torch.testing.assert_close(draws.mean(0), mean, atol=0.03, rtol=0)
    second = ((mass[:, None] * grid).T @ grid) - mean[:, None] * mean
    torch.testing.assert_close(draws.T.cov(), second, atol=0.05, rtol=0)


def test_without_a_label_the_density_is_the_classes_mixture():
    prior, z = small(classes=3), torch.randn(4, 2, generator=seeded())
    prior.shares.copy_(torch.tensor([0.5, 0.3, 0.2]))
    mixture = sum(prior.shares[y] * prior.given(y).log_prob(z).exp() for y in range(3))
    torch.testing.assert_close(prior.log_prob(z).exp(), mixture)


def test_without_a_label_it_draws_one_by_the_classes_shares():
    prior = FlowPrior(2, 8, 1, classes=3)
    prior.shares.copy_(torch.tensor([0.0, 1.0, 0.0]))
    torch.nn.init.normal_(prior.field.last.weight)
    generator = seeded()
    torch.multinomial(prior.shares, 5, replacement=True, generator=generator)
    torch.testing.assert_close(prior.sample(5, seeded()), prior.given(1).sample(5, generator))


def test_labels_are_one_per_code_or_one_for_all():
    prior, z, t = small(classes=3), torch.randn(4, 2, generator=seeded()), torch.full((4, 1), 0.5)
    one_each = prior.given(torch.tensor([0, 1, 2, 1]))(z, t)
    torch.testing.assert_close(one_each[1], prior.given(1)(z, t)[1])
    assert not torch.allclose(one_each[1], prior.given(2)(z, t)[1])
    assert prior.labels is None


def test_at_gives_the_prior_for_each_beta():
    prior, z, t = small(beta_range=(0.1, 10.0)), torch.randn(2, 2, generator=seeded()), torch.full((2, 1), 0.5)
    assert prior.at(1.0).level.item() == pytest.approx(0, abs=1e-6)
    assert prior.at(10.0).level.item() == pytest.approx(1)
    both = prior.at(torch.tensor([0.1, 10.0]))(z, t)
    torch.testing.assert_close(both[1], prior.at(10.0)(z, t)[1])


def test_a_prior_of_one_beta_answers_for_each_beta_alike():
    prior = small()
    assert prior.at(0.3) is prior


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: small().given(7), "labels: this prior has learned none"),
        (lambda: small(classes=10).given(10), "must be from 0 to 9"),
        (lambda: small(beta_range=(0.1, 1.0)).at(2.0), "beta=2: this prior has learned β from 0.1 to 1"),
        (lambda: small(beta_range=(0.1, 1.0)).sample(2), r"beta: this prior needs one; ask `prior\.at"),
        (lambda: small(classes=2)(torch.zeros(1, 2), torch.zeros(1, 1)), r"labels: .* ask `prior\.given"),
    ],
)
def test_what_it_has_not_learned_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()


def test_training_leaves_the_vae_as_it_is_and_lowers_the_loss(digits):
    model, prior = load_pretrained("plane"), FlowPrior(2, 32, 2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    config = TrainConfig(epochs=4, batch_size=100, learning_rate=3e-3)
    losses = list(fit_prior(prior, model, digits.train_images, config))
    assert len(losses) == 160
    assert sum(losses[-40:]) < 0.85 * sum(losses[:10]) * 4
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize(
    ("prior", "count", "message"),
    [
        (lambda: small(), 1, "images: 1; .* at least 2"),
        (lambda: small(), 5, "labels: this prior has learned none"),
        (lambda: small(classes=3), 5, "must be from 0 to 2"),
        (lambda: FlowPrior(3, 8, 1), 5, "of 3 latent dimensions, but the model has 2"),
    ],
)
def test_codes_that_cannot_be_learned_are_refused_before_anything_changes(digits, prior, count, message):
    prior = prior()
    before = {name: value.clone() for name, value in prior.state_dict().items()}
    images, labels = digits.train_images[:count], torch.arange(count)
    with pytest.raises(ValueError, match=message):
        list(fit_prior(prior, VAE(2, (8,)), images, TrainConfig(epochs=1), labels))
    assert all(torch.equal(before[name], value) for name, value in prior.state_dict().items())


def test_the_same_seed_trains_the_same_prior(digits):
    model, priors = load_pretrained("plane"), []
    for _ in range(2):
        torch.manual_seed(0)
        prior = FlowPrior(2, 8, 1)
        list(fit_prior(prior, model, digits.train_images[:200], TrainConfig(epochs=1, batch_size=50)))
        priors.append(prior.state_dict())
    assert all(torch.equal(priors[0][name], priors[1][name]) for name in priors[0])


def test_a_prior_of_every_beta_and_every_label_is_trained_with_one_of_each_per_code(digits):
    model = load_pretrained("every-beta")
    prior = FlowPrior(20, 8, 1, classes=10, beta_range=(0.1, 10.0))
    config = TrainConfig(epochs=1, batch_size=100, beta=BetaRange(0.1, 10.0))
    images, labels = digits.train_images[:300], digits.train_labels[:300]
    losses = list(fit_prior(prior, model, images, config, labels))
    assert len(losses) == 3
    torch.testing.assert_close(prior.shares, one_hot(labels, 10).float().mean(0))
    assert prior.at(0.3).given(7).sample(4, seeded()).shape == (4, 20)


def test_in_two_dimensions_it_learns_the_aggregate_posterior(digits):
    """KL(q(z) || p(z)), integrated over the plane: the learned prior is nearer to the codes than N(0, I)."""
    model, prior = load_pretrained("plane"), FlowPrior(2, 64, 2)
    list(fit_prior(prior, model, digits.train_images, TrainConfig(epochs=20, batch_size=250, learning_rate=1e-2)))
    grid, cell = plane_grid(4.0, 61)
    with torch.no_grad():
        mu, logvar = model.encoder(torch.bernoulli(digits.train_images[:, None] / 255, generator=seeded(1)))
        clouds = Normal(mu, (logvar.exp() + 0.12**2).sqrt())
        aggregate = torch.cat([clouds.log_prob(z[:, None]).sum(-1).exp().mean(1) for z in grid.split(500)])
        learned = prior.log_prob(grid, steps=10)
        standard = Normal(0.0, 1.0).log_prob(grid).sum(-1)
    log_q = (aggregate + 1e-12).log()
    to_learned, to_standard = (((log_q - p) * aggregate).sum().item() * cell for p in (learned, standard))
    assert -0.01 < to_learned < 0.8 * to_standard
