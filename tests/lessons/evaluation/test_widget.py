import itertools
import math
import re

from vae_course.lessons.evaluation.widget import BOTTOM, TOP, DrawsSlider, height, percent

import pytest
import torch


@pytest.fixture
def some(generator):
    """Three digits, their weights 0.1, 1 and 10 nats wide with a mean of 1, so that their log p(x) is known."""
    spread = torch.tensor([0.1, 1.0, 10.0])
    log_p_x = torch.tensor([-80.0, -150.0, -230.0])
    noise = torch.randn(10_000, 3, generator=generator)
    return torch.rand(3, 1, 28, 28, generator=generator), log_p_x + spread * noise - spread**2 / 2, log_p_x


@pytest.fixture
def slider(some):
    return DrawsSlider(*some)


def below(slider):
    return float(re.search(r"<b>(-?[\d.]+) nats per image</b> below", slider.words.value).group(1))


def test_one_draw_is_the_mean_of_the_logs(slider, some):
    _, log_weights, log_p_x = some
    assert slider.draws.value == 1
    assert slider.estimates.shape == (10_000, 3)
    assert below(slider) == pytest.approx((log_p_x - log_weights.mean(0)).mean().item(), abs=0.01)
    assert "1 draw, the ELBO" in slider.words.value
    assert (slider.largest_share == 1).all()


@pytest.mark.parametrize("draws", [10, 300, 5000])
def test_its_figures_are_the_log_of_the_mean_weight(slider, some, draws):
    _, log_weights, log_p_x = some
    slider.draws.value = draws
    first = log_weights[:draws].double()
    torch.testing.assert_close(slider.estimates[0].double(), first.exp().mean(0).log() - log_p_x, atol=1e-3, rtol=0)
    assert len(slider.estimates) == 10_000 // draws
    groups = log_weights[: 10_000 // draws * draws].view(-1, draws, 3).double()
    shares = torch.stack([group.exp().amax(0) / group.exp().sum(0) for group in groups]).mean(0)
    torch.testing.assert_close(slider.largest_share.double(), shares, atol=1e-4, rtol=0)


def test_the_bound_rises_with_every_step_of_the_slider(slider):
    gaps, pictures = [], []
    for _, draws in slider.draws.options:
        slider.draws.value = draws
        gaps.append(below(slider))
        pictures.append(slider.picture.value)
    assert slider.draws.options[-1] == ("5,000", 5000)
    # Groups of another size leave out a few draws at the end, so that a step can go down by a little.
    assert all(later < earlier + 0.1 for earlier, later in itertools.pairwise(gaps))
    assert gaps[-1] < gaps[0] / 2
    assert len(set(pictures)) == len(pictures)


def test_the_picture_is_drawn_where_the_numbers_say(slider):
    slider.draws.value = 1000
    heights = {float(f"{height(value):.1f}") for value in slider.estimates.flatten().tolist()}
    drawn = {float(y) for y in re.findall(r'cy="([\d.]+)"', slider.picture.value)}
    assert drawn == heights
    assert slider.picture.value.count("data:image/png;base64,") == 3


def test_what_is_off_the_picture_is_at_its_edge():
    assert height(2.0) == height(50.0) == TOP
    assert height(-8.0) == height(-math.inf) == BOTTOM
    assert TOP < height(0.0) < height(-1.0) < BOTTOM


def test_shares_have_two_figures():
    assert [percent(share) for share in (1.0, 0.234, 0.0123)] == ["100%", "23%", "1.2%"]


def test_few_draws_shorten_the_slider(some):
    x, log_weights, log_p_x = some
    slider = DrawsSlider(x, log_weights[:100], log_p_x)
    assert slider.draws.options[-1] == ("50", 50)


def test_other_digits_weights_are_refused(some):
    x, log_weights, log_p_x = some
    with pytest.raises(ValueError, match="2 digits, weights of 3, 3 truths: all must be of the same digits"):
        DrawsSlider(x[:2], log_weights, log_p_x)


def test_a_single_draw_is_refused(some):
    x, log_weights, log_p_x = some
    with pytest.raises(ValueError, match="1 draws: take 10,000"):
        DrawsSlider(x, log_weights[:1], log_p_x)
