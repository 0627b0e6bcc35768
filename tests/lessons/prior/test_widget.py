"""The walk of lesson 14: its pictures are the decoder's, for the β, the steps and the label that are chosen."""

from vae_course.beta import MultiRateVAE
from vae_course.kit.widget import png
from vae_course.lessons.prior.widget import SHOWN, NoiseToDigit
from vae_course.prior import FlowPrior, walk

import pytest
import torch


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    prior = FlowPrior(3, 8, 1, classes=10, beta_range=(0.03, 4.0))
    torch.nn.init.normal_(prior.field.last.weight)
    return MultiRateVAE(3, (16,)), prior.requires_grad_(False)


@pytest.fixture
def widget(networks):
    return NoiseToDigit(*networks)


@torch.no_grad()
def expected(widget, networks, beta, steps, labels):
    model, prior = networks
    z = walk(prior.at(beta).given(labels), widget._eps, steps)[-1]
    return torch.sigmoid(model.at(beta).decoder(z))


def test_it_starts_at_a_low_beta_with_labels_by_their_shares(widget, networks):
    images = expected(widget, networks, 0.1, 10, widget._labels)
    assert widget.learned.value == png(images, 10)
    assert f"to a {widget._labels[0]}" in widget.words.value


def test_each_control_changes_the_digits_from_the_same_noise(widget, networks):
    noise = widget._eps.clone()
    widget.label.value = 7
    widget.steps.value = 3
    widget.beta.value = 2.0
    assert torch.equal(widget._eps, noise)
    images = expected(widget, networks, 2.0, 3, torch.full((SHOWN,), 7))
    assert widget.learned.value == png(images, 10)
    assert "3 steps, to a 7" in widget.words.value


def test_the_path_begins_at_the_noise_and_ends_at_the_first_digit(widget, networks):
    model, _ = networks
    with torch.no_grad():
        first = torch.sigmoid(model.at(0.1).decoder(widget._eps[:1]))
    last = expected(widget, networks, 0.1, 10, widget._labels)[:1]
    assert widget.path.value.startswith(b"\x89PNG")
    widget.steps.value = 1
    one_step = widget.path.value
    widget.steps.value = 10
    assert widget.path.value != one_step
    assert png(first, 1) != png(last, 1)


def test_the_slider_reaches_both_ends_of_the_range(widget):
    for end in (widget.beta.min, widget.beta.max):
        widget.beta.value = 10**end


def test_other_noise_gives_other_digits(widget):
    before, standard = widget.learned.value, widget.standard.value
    widget.other.click()
    assert widget.learned.value != before
    assert widget.standard.value != standard
