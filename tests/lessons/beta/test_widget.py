import base64
import io
import re

from vae_course.beta import MultiRateVAE
from vae_course.checkpoints import load_pretrained
from vae_course.digits import Digits
from vae_course.latent_space import active_units
from vae_course.lessons.beta.widget import BetaExplorer, interpolate
from vae_course.training import evaluate
from vae_course.vae import VAE

import numpy as np
import pytest
import torch
from PIL import Image


@pytest.fixture(scope="module")
def model():
    return load_pretrained("every-beta")


@pytest.fixture(scope="module")
def some(digits):
    """Twenty of each class, so that measuring is quick."""
    return with_test_digits(digits, range(10), 20)


@pytest.fixture(scope="module")
def one_for_all(model, some):
    """It takes long to make, because it measures the network at many β."""
    return BetaExplorer(model, some)


@pytest.fixture
def explorer(one_for_all):
    one_for_all.beta.value = 1.0
    return one_for_all


def with_test_digits(digits, classes, count):
    chosen = torch.cat([(digits.test_labels == label).nonzero().flatten()[:count] for label in classes])
    train = digits.train_images, digits.train_labels
    return Digits("some", *train, digits.test_images[chosen], digits.test_labels[chosen])


def pictures(explorer):
    """The digits on the screen: reconstructions under their originals, and samples."""
    found = re.findall('data:image/png;base64,([^"]*)', explorer.page.html)
    return [digits_of(np.array(Image.open(io.BytesIO(base64.b64decode(content))))) for content in found]


def digits_of(picture):
    # A line of one pixel goes around each digit.
    rows, columns = picture.shape[0] // 29, picture.shape[1] // 29
    cells = picture[1:, 1:].reshape(rows, 29, columns, 29).swapaxes(1, 2)
    return torch.tensor(cells[:, :, :28, :28].reshape(-1, 1, 28, 28))


def words(explorer):
    return " ".join(re.sub("<[^>]*>", " ", explorer.page.html).split())


def number(explorer, before):
    return float(re.search(re.escape(before) + r"\s*([\d.]*\d)", words(explorer)).group(1))


def test_every_part_follows_beta_and_comes_back_with_it(explorer):
    parts = []
    for beta in (1.0, 10.0, 1.0):
        explorer.beta.value = beta
        frontier, bars = re.search("(<svg.*</svg>)(.*)", explorer.page.html, re.DOTALL).groups()
        parts.append((*(picture.numpy().tobytes() for picture in pictures(explorer)), words(explorer), frontier, bars))
    assert all(old != new for old, new in zip(parts[0], parts[1], strict=True))
    assert parts[2] == parts[0]


@pytest.mark.parametrize("beta", [0.01, 0.3, 1.0, 4.0, 20.0])
def test_its_figures_are_those_of_an_evaluation(explorer, model, some, beta):
    explorer.beta.value = beta
    terms = evaluate(model.at(beta), some.test_images, "static")
    # Between the β that are measured it interpolates.
    near = 0.06 if beta in (0.01, 1.0, 20.0) else 0.3
    assert number(explorer, "β =") == beta
    assert number(explorer, "reconstruction") == pytest.approx(terms.reconstruction.item(), abs=near)
    assert number(explorer, "KL") == pytest.approx(terms.kl.item(), abs=near)
    assert number(explorer, "= −ELBO") == pytest.approx(terms.negative_elbo.item(), abs=near)
    assert number(explorer, "β · KL, is") == pytest.approx(terms.weighted(beta).item(), abs=2 * near)
    assert "200 digits" in words(explorer)


@pytest.mark.parametrize("beta", [0.01, 1.0, 20.0])
def test_the_second_row_is_what_the_model_makes_of_the_first(explorer, model, beta):
    explorer.beta.value = beta
    both, _ = pictures(explorer)
    x, given_back = both[:10], both[10:]
    assert set(x.unique().tolist()) == {0, 255}
    expected = (model.at(beta).reconstruct(x.float() / 255) * 255).byte()
    assert torch.equal(given_back, expected)


def test_one_digit_of_each_class_is_shown(model, digits):
    explorer = BetaExplorer(model, with_test_digits(digits, (2, 5, 7), 1))
    both, samples = pictures(explorer)
    assert (len(both), len(samples)) == (6, 30)
    grey = with_test_digits(digits, (2, 5, 7), 1).test_images.unsqueeze(1)
    # Drawn pixels are on only where the grey digit is not black.
    assert ((both[:3] == 0) | (grey > 0)).all()


def test_the_samples_come_from_the_same_z_at_every_beta(some):
    torch.manual_seed(0)
    # Before it is trained, this network gives the same answer at every β.
    explorer = BetaExplorer(MultiRateVAE(latent_dim=3, hidden=(8,)), some)
    before = pictures(explorer)[1]
    explorer.beta.value = 20.0
    assert torch.equal(pictures(explorer)[1], before)
    assert len({sample.numpy().tobytes() for sample in before}) == 30


def test_a_high_beta_shuts_dimensions_off(explorer, model, some):
    counts = []
    for beta in (1.0, 20.0):
        explorer.beta.value = beta
        counts.append(int(re.search(r"(\d+) of 20 latent dimensions are active", words(explorer)).group(1)))
    assert counts == [active_units(model.at(beta), some.test_images) for beta in (1.0, 20.0)]
    assert counts[1] < counts[0] / 2


def test_interpolation_is_exact_for_a_cubic_up_to_both_ends():
    x = np.array([-2.0, -1.5, -0.5, 0.0, 1.0, 3.0])
    for at in (-2.0, -1.7, 0.0, 0.3, 2.9, 3.0):
        assert interpolate(at, x, np.stack([x**3 - x, 2 * x + 1], 1)) == pytest.approx([at**3 - at, 2 * at + 1])


def test_the_mark_stands_at_the_lowest_cost(explorer):
    costs = []
    for beta in (0.01, 0.1, 0.5, 1.0, 2.0, 20.0):
        explorer.beta.value = beta
        costs.append(number(explorer, "= −ELBO"))
    assert min(costs) - 1 < number(explorer, "the lowest −ELBO of all β:") <= min(costs)


def test_the_ends_of_the_slider_are_answered(explorer):
    for end, beta in ((explorer.beta.min, 0.01), (explorer.beta.max, 20)):
        explorer.beta.value = explorer.beta.base**end
        assert number(explorer, "β =") == beta


def test_the_buttons_bring_others(model, some):
    explorer = BetaExplorer(model, some)
    digits, samples = pictures(explorer)
    explorer.other_samples.click()
    assert torch.equal(pictures(explorer)[0], digits)
    assert not torch.equal(pictures(explorer)[1], samples)
    samples = pictures(explorer)[1]
    explorer.other_digits.click()
    assert not torch.equal(pictures(explorer)[0][:10], digits[:10])
    assert torch.equal(pictures(explorer)[1], samples)


def test_a_range_of_ones_own_is_the_sliders(some):
    explorer = BetaExplorer(MultiRateVAE(latent_dim=3, hidden=(8,), beta_range=(0.1, 10.0)), some)
    assert (explorer.beta.min, explorer.beta.max) == (-1, 1)
    assert "of 3 latent dimensions" in words(explorer)


def test_a_network_for_one_beta_is_refused(some):
    with pytest.raises(ValueError, match="give a MultiRateVAE"):
        BetaExplorer(VAE(latent_dim=3, hidden=(8,)), some)
