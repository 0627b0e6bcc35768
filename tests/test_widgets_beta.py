import re

import pytest
import torch

from vae_course.beta import MultiRateVAE
from vae_course.checkpoints import load_pretrained
from vae_course.data import Digits
from vae_course.evaluation import active_units
from vae_course.training import evaluate
from vae_course.widgets.beta import BetaExplorer


@pytest.fixture(scope="module")
def some(digits):
    """The first of each class, so that measuring is quick."""
    chosen = torch.cat([(digits.test_labels == label).nonzero().flatten()[:20] for label in range(10)])
    return Digits("some", *digits_of_training(digits), digits.test_images[chosen], digits.test_labels[chosen])


def digits_of_training(digits):
    return digits.train_images, digits.train_labels


@pytest.fixture
def explorer(some):
    return BetaExplorer(load_pretrained("every-beta"), some)


def numbers(explorer):
    text = re.sub("<[^>]*>", "", explorer.figures.value)
    found = re.search(r"β = ([\d.]+)reconstruction ([\d.]+) \+ KL ([\d.]+) = −ELBO ([\d.]+)", text)
    return [float(number) for number in found.groups()]


def active(explorer):
    return int(re.search(r"(\d+) of 20 latent dimensions", explorer.figures.value).group(1))


def test_moving_the_slider_changes_every_picture(explorer):
    before = explorer.reconstructions.value, explorer.samples.value, explorer.figures.value
    explorer.beta.value = 10.0
    after = explorer.reconstructions.value, explorer.samples.value, explorer.figures.value
    assert all(old != new for old, new in zip(before, after, strict=True))
    explorer.beta.value = 1.0
    assert before == (explorer.reconstructions.value, explorer.samples.value, explorer.figures.value)


@pytest.mark.parametrize("beta", [0.01, 0.3, 1.0, 4.0, 20.0])
def test_its_figures_are_those_of_an_evaluation(explorer, some, beta):
    explorer.beta.value = beta
    shown, reconstruction, kl, negative_elbo = numbers(explorer)
    terms = evaluate(load_pretrained("every-beta").at(beta), some.test_images, "static")
    assert shown == beta
    # Between two measured β it interpolates.
    assert reconstruction == pytest.approx(terms.reconstruction.item(), abs=0.5)
    assert kl == pytest.approx(terms.kl.item(), abs=0.5)
    assert negative_elbo == pytest.approx(reconstruction + kl, abs=0.11)


def test_a_high_beta_shuts_dimensions_off(explorer, some):
    counts = []
    for beta in (1.0, 20.0):
        explorer.beta.value = beta
        counts.append(active(explorer))
    model = load_pretrained("every-beta")
    assert counts == [active_units(model.at(beta), some.test_images) for beta in (1.0, 20.0)]
    assert counts[1] < counts[0] / 2


def test_the_ends_of_the_slider_are_answered(explorer):
    for end in (explorer.beta.min, explorer.beta.max):
        explorer.beta.value = explorer.beta.base**end
    assert numbers(explorer)[0] == 20


def test_the_buttons_bring_others(explorer):
    reconstructions, samples = explorer.reconstructions.value, explorer.samples.value
    explorer.other_samples.click()
    assert explorer.samples.value != samples
    assert explorer.reconstructions.value == reconstructions
    explorer.other_digits.click()
    assert explorer.reconstructions.value != reconstructions


def test_a_range_of_ones_own_is_the_sliders(some):
    explorer = BetaExplorer(MultiRateVAE(latent_dim=3, hidden=(8,), beta_range=(0.1, 10.0)), some)
    assert (explorer.beta.min, explorer.beta.max) == (-1, 1)
    assert "of 3 latent dimensions" in explorer.figures.value
