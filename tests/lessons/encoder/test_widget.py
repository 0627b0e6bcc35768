import io
import re
from xml.etree import ElementTree

from vae_course.data import binarize_once, grey
from vae_course.kit.widget import png
from vae_course.lessons.encoder.widget import CloudPicker
from vae_course.vae import VAE

import pytest
import torch
from PIL import Image
from torch import Generator


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return VAE(latent_dim=2, hidden=(16,))


@pytest.fixture
def picker(model, digits):
    return CloudPicker(model, digits)


@pytest.fixture(scope="module")
def answers(model, digits):
    x = grey(binarize_once(digits.test_images, "static", Generator().manual_seed(0)))
    with torch.no_grad():
        return x, *model.encoder(x)


def figures(picker):
    """The numbers beside mu, logvar and sigma, and of the digits with a wider cloud."""
    text = re.sub("<[^>]*>", " ", picker.figures.value).replace("−", "-")
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]


def ellipse(picker):
    """Centre and half-axes of the ellipse, in pixels."""
    lines = [part for part in ElementTree.fromstring(picker.map.value).iter() if part.tag == "polyline"]
    points = torch.tensor([[float(at) for at in point.split(",")] for point in lines[-1].get("points").split()])
    low, high = torch.aminmax(points, dim=0)
    return (low + high) / 2, (high - low) / 2


def test_its_figures_are_the_encoders(picker, digits, answers):
    _, mu, logvar = answers
    picker.label.value = 4
    fours = (digits.test_labels == 4).nonzero().flatten()
    narrowest = fours[logvar[fours].sum(1).argmin()]
    expected = torch.cat([mu[narrowest], logvar[narrowest], torch.exp(0.5 * logvar[narrowest])])
    assert figures(picker)[:6] == pytest.approx(expected.tolist(), abs=6e-4)
    assert figures(picker)[6] == int(100 * (logvar.sum(1) > logvar[narrowest].sum()).float().mean())


def test_it_shows_the_digit_and_its_reconstruction(picker, model, digits, answers):
    x, _, logvar = answers
    picker.label.value = 9
    picker.rank.value = picker.rank.max
    nines = (digits.test_labels == 9).nonzero().flatten()
    widest = x[nines[logvar[nines].sum(1).argmax()]][None]
    shown, expected = (
        torch.frombuffer(bytearray(Image.open(io.BytesIO(file)).tobytes()), dtype=torch.uint8).int()
        for file in (picker.pictures.value, png(torch.cat([widest, model.reconstruct(widest)]), 2))
    )
    # One digit's matrix product and a thousand's may differ in the last place.
    assert (shown - expected).abs().max() <= 1


def test_the_ellipse_reaches_one_sigma_and_stands_at_mu(picker):
    places = {}
    for label in (0, 1):
        picker.label.value = label
        for rank in (0, picker.rank.max):
            picker.rank.value = rank
            places[label, rank] = (*ellipse(picker), *figures(picker)[:6])
    (centre_a, axes_a, a0, a1, *_, sa0, sa1), (centre_b, axes_b, b0, b1, *_, sb0, sb1) = list(places.values())[1:3]
    # One scale for both axes of the map, for places and for sizes alike; y points down.
    scale = (axes_a / torch.tensor([sa0, sa1])).mean()
    moved = torch.tensor([b0 - a0, a1 - b1]) * scale
    assert torch.allclose(centre_b - centre_a, moved, atol=0.5)
    assert torch.allclose(axes_b, torch.tensor([sb0, sb1]) * scale, rtol=0.02)


def test_the_slider_goes_from_the_narrowest_to_the_widest(picker):
    areas = []
    for rank in range(picker.rank.max + 1):
        picker.rank.value = rank
        areas.append(sum(figures(picker)[2:4]))
    # To the rounding of two figures.
    assert areas == pytest.approx(sorted(areas), abs=0.0021)
    assert len(areas) == 100


def test_another_digit_changes_every_part(picker):
    before = picker.map.value, picker.pictures.value, picker.figures.value
    picker.rank.value = 50
    after = picker.map.value, picker.pictures.value, picker.figures.value
    assert all(old != new for old, new in zip(before, after, strict=True))
    picker.label.value = 8
    assert "The cloud of this 8" in picker.map.value


def test_a_model_without_a_plane_is_refused(digits):
    with pytest.raises(ValueError, match="has 3 latent dimensions: a plane of codes needs 2"):
        CloudPicker(VAE(latent_dim=3, hidden=(8,)), digits)
