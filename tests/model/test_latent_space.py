"""Where codes are, which dimensions are in use, ways and a judge for codes, and drawings in the shape of MNIST."""

import math

from vae_course.data import binarize, grey
from vae_course.latent_space import active_units, arc, as_mnist, code_judge, quantile_grid, unit_activity
from vae_course.vae import VAE

import pytest
import torch
from torch.distributions import Normal
from torch.nn.functional import interpolate

PRIOR = Normal(0.0, 1.0)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return VAE(latent_dim=4, hidden=(16,))


def test_unit_activity_is_the_variance_of_the_means(model, digits):
    images = digits.test_images[:1100]
    mu = model.encoder(grey(images))[0]
    torch.testing.assert_close(unit_activity(model, images, "grey"), mu.var(0).detach())


def test_a_dimension_that_never_moves_is_not_active(model, digits):
    with torch.no_grad():
        model.encoder.mu.weight *= 10
        model.encoder.mu.weight[1] = 0
        model.encoder.mu.bias[1] = 5
    assert active_units(model, digits.test_images) == 3


def test_the_grid_covers_the_mass_evenly():
    shares = PRIOR.cdf(quantile_grid(5))
    # As many codes in each of 5 × 5 cells of equal mass, and that is one.
    cells = (shares * 5).long() @ torch.tensor([1, 5])
    assert cells.bincount(minlength=25).tolist() == [1] * 25
    torch.testing.assert_close(quantile_grid(2), torch.tensor([[-1.0, 1], [1, 1], [-1, -1], [1, -1]]) * 0.6744898)


def stroke(top, bottom, left, right):
    ink = torch.zeros(112, 112)
    ink[top:bottom, left:right] = 1.0
    return ink


def cornered(digit, up=4):
    """A digit without its margins, enlarged, in the corner of a large sheet."""
    rows, columns = (digit.amax(axis).nonzero().flatten() for axis in (1, 0))
    crop = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    large = interpolate(crop[None, None], scale_factor=up, mode="nearest")[0, 0]
    sheet = torch.zeros(160, 200)
    sheet[: large.shape[0], -large.shape[1] :] = large
    return sheet


def test_a_digit_comes_back_from_the_corner_of_a_large_sheet(digits):
    images = grey(digits.test_images[:50])
    back = torch.cat([as_mnist(cornered(image[0])) for image in images])
    apart = (back - images).abs().mean((1, 2, 3))
    # Two different digits are some 0.15 apart; a digit from itself moved by a pixel some 0.08.
    assert apart.mean() < 0.02
    assert (apart < 0.05).float().mean() > 0.9


@pytest.mark.parametrize(("height", "width"), [(80, 8), (8, 80), (50, 50), (3, 3), (1, 1), (112, 112)])
def test_a_drawing_is_scaled_to_20_pixels_and_centred(height, width):
    image = as_mnist(stroke(0, height, 0, width))[0, 0]
    assert 0 <= image.min() <= image.max() <= 1
    extent = [int((image.amax(axis) > 0).sum()) for axis in (1, 0)]
    assert max(extent) == 20
    assert min(extent) == pytest.approx(20 * min(height, width) / max(height, width), abs=1)
    for axis in (0, 1):
        weight = image.sum(1 - axis)
        assert (weight * torch.arange(28)).sum() / weight.sum() == pytest.approx(14, abs=0.51)


def test_ink_far_from_its_centre_of_mass_is_not_lost():
    ink = stroke(0, 30, 0, 30)
    ink[110, :] = ink[30:, 1] = 1.0
    assert (as_mnist(ink)[0, 0].amax(1) > 0).sum() == 20


def test_an_empty_sheet_is_refused():
    with pytest.raises(ValueError, match="nothing is drawn"):
        as_mnist(torch.zeros(50, 50))


def test_an_arc_begins_and_ends_at_its_codes(generator):
    a, b = torch.randn(2, 30, 20, generator=generator)
    torch.testing.assert_close(arc(a, b, 0.0), a)
    torch.testing.assert_close(arc(a, b, 1.0), b)


def test_an_arc_turns_and_grows_evenly():
    a, b = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 6.0]])
    for t in (0.25, 0.5, 0.9):
        z = arc(a, b, t)
        assert z.norm().item() == pytest.approx(2 + 4 * t, rel=1e-5)
        assert torch.atan2(z[0, 1], z[0, 0]).item() == pytest.approx(t * math.pi / 2, rel=1e-5)


def told_apart(model, x):
    net = code_judge(model, x, steps=150)
    with torch.no_grad():
        codes, prior = (
            model.encoder(x)[0],
            torch.randn(len(x), model.latent_dim, generator=torch.Generator().manual_seed(9)),
        )
        return ((net(codes) > 0).float().mean() + (net(prior) < 0).float().mean()).item() / 2


def test_the_judge_tells_codes_from_the_prior_where_they_differ(model, digits, generator):
    x = binarize(grey(digits.test_images), generator)
    near = told_apart(model, x)
    model.encoder.mu.bias.data += 4
    assert near < 0.9 < told_apart(model, x)


def test_the_judge_changes_no_global_randomness_and_is_the_same_each_time(model, digits, generator):
    x = binarize(grey(digits.test_images[:50]), generator)
    before = torch.get_rng_state()
    first, second = (code_judge(model, x, steps=3).state_dict() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not any(p.requires_grad for p in code_judge(model, x, steps=1).parameters())
