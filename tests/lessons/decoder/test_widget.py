"""The latent pad: what stands on the plane, and what the picture shows for a code."""

from xml.etree import ElementTree

from vae_course.data import binarize
from vae_course.kit.widget import png
from vae_course.latent_space import mean_codes
from vae_course.lessons.decoder.widget import LatentPad
from vae_course.lessons.plane import Plane, spread_out
from vae_course.vae import VAE

import pytest
import torch


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return VAE(2, (16,)).eval()


@pytest.fixture
def pad(model, digits):
    return LatentPad(model, digits)


@torch.no_grad()
def mean_of(model, z1, z2):
    return torch.sigmoid(model.decoder(torch.tensor([[z1, z2]])))


def numerals(plane):
    """Where the numerals stand, in units of z."""
    texts = [element for element in ElementTree.fromstring(f"<a>{plane.picture}</a>").iter("text")]
    return {text.text: (float(text.get("x")) / 100, -float(text.get("y")) / 100) for text in texts if text.get("style")}


def test_the_picture_is_the_decoders_mean_at_the_code(pad, model):
    assert pad.plane.z == (0.0, 0.0)
    assert pad.image.value == png(mean_of(model, 0.0, 0.0), 1)
    pad.plane.z = (1.25, -0.5)
    assert pad.image.value == png(mean_of(model, 1.25, -0.5), 1)
    assert "z = (1.25, −0.50)" in pad.position.value
    assert "the mean of p(x|z)" in pad.position.value


def test_a_draw_is_made_anew_each_time_and_the_same_from_the_start(pad, model, generator):
    pad.plane.z = (1.0, 1.0)
    pad.kind.value = "draw"
    mean = mean_of(model, 1.0, 1.0)
    assert pad.image.value == png(binarize(mean, generator), 1)
    assert "a draw from p(x|z)" in pad.position.value
    pad.again.click()
    assert pad.image.value == png(binarize(mean, generator), 1)
    pad.kind.value = "mean"
    assert pad.image.value == png(mean, 1)


def test_drawing_again_makes_sense_for_draws_only(pad):
    assert pad.again.disabled
    pad.kind.value = "draw"
    assert not pad.again.disabled


def test_numerals_stand_at_their_codes():
    plane = Plane(torch.tensor([[1.0, 2.0], [-2.0, 0.5]]), torch.tensor([3, 8]))
    assert numerals(plane)["3"] == pytest.approx((1.0, 2.0), abs=0.1)
    assert numerals(plane)["8"] == pytest.approx((-2.0, 0.5), abs=0.1)


def test_a_numeral_that_would_lie_over_another_is_left_out():
    codes = torch.tensor([[0.0, 0.0], [0.01, 0.0], [1.0, 0.0]])
    assert spread_out(codes, 0.1) == [0, 2]
    assert spread_out(codes, 0.001) == [0, 1, 2]
    assert set(numerals(Plane(codes, torch.tensor([1, 2, 3])))) == {"1", "3"}


def test_the_plane_reaches_over_nearly_all_codes():
    assert Plane(0.1 * torch.ones(10, 2), torch.arange(10)).reach == 3.0
    assert Plane(torch.full((10, 2), -4.2), torch.arange(10)).reach == 4.5


def test_codes_are_the_encoders_means(model, digits):
    codes = mean_codes(model, digits.test_images[:5])
    assert codes.shape == (5, 2)
    white, black = (torch.full((1, 28, 28), byte, dtype=torch.uint8) for byte in (255, 0))
    with torch.no_grad():
        assert torch.allclose(mean_codes(model, white), model.encoder(torch.ones(1, 1, 28, 28))[0])
        assert torch.allclose(mean_codes(model, black), model.encoder(torch.zeros(1, 1, 28, 28))[0])


def test_a_model_without_a_plane_is_refused(digits):
    with pytest.raises(ValueError, match="3 latent dimensions: a plane needs 2"):
        LatentPad(VAE(3, (16,)), digits)
