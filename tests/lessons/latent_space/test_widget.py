"""Draw a digit: from strokes to MNIST's shape, and what the model says to it."""

import io
import re

import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate

from vae_course.data import binarize, binarize_once, grey
from vae_course.kit.widget import png
from vae_course.latent_space import as_mnist, mean_codes
from vae_course.lessons.latent_space.widget import DRAWS, SIDE, DrawDigit, Sketch
from vae_course.likelihood import surprise
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE


@pytest.fixture(scope="module")
def model(digits):
    torch.manual_seed(0)
    model = VAE(2, (64,))
    for _ in fit(model, digits.train_images, TrainConfig(epochs=3, batch_size=64)):
        pass
    return model.eval()


@pytest.fixture(scope="module")
def widget(model, digits):
    return DrawDigit(model, digits)


def bytes_of(ink):
    return (255 * ink).byte().numpy().tobytes()


def stroke(top, bottom, left, right):
    ink = torch.zeros(SIDE, SIDE)
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


def test_surprise_is_the_mean_of_the_elbos_terms(model, digits, generator):
    x = binarize(grey(digits.test_images[:60]), generator)
    with torch.no_grad():
        terms = torch.stack([model.elbo(x, generator).negative_elbo for _ in range(400)])
    spread = terms.std(0) * (2 / 400) ** 0.5
    answer = surprise(model, x, 400, generator)
    assert answer.shape == (60,)
    assert ((answer - terms.mean(0)).abs() < 5 * spread + 0.01).all()


def test_surprise_needs_a_draw(model):
    with pytest.raises(ValueError, match="draws=0 must be at least 1"):
        surprise(model, torch.zeros(1, 1, 28, 28), 0)


def test_what_is_drawn_is_what_is_shown(widget, model, digits):
    ink = stroke(15, 95, 50, 62)
    widget.sketch.ink = bytes_of(ink)
    shaped = as_mnist(ink)
    x = binarize(shaped, torch.Generator().manual_seed(0))
    assert widget.shaped.value == png(shaped, 1)
    assert widget.given.value == png(x, 1)
    assert widget.returned.value == png(model.reconstruct(x), 1)
    with torch.no_grad():
        mu, logvar = model.encoder(x)
    assert widget.plane.z == pytest.approx(tuple(mu[0].tolist()))
    assert widget.plane.sigma == pytest.approx(tuple(torch.exp(logvar[0] / 2).tolist()))
    assert f"({mu[0, 0]:.2f} ±".replace("-", "−") in widget.code.value
    assert Image.open(io.BytesIO(widget.nearest.value)).size == (5 * 29 + 1, 29 + 1)
    labels = re.findall(r"\d", widget.neighbours.value)
    assert len(labels) == 5
    # The training digits' pixels are drawn with the widget's seed.
    nearest = (mean_codes(model, digits.train_images) - mu).norm(dim=1).argsort()[:5]
    assert [int(label) for label in labels] == digits.train_labels[nearest].tolist()
    nats = surprise(model, x, DRAWS, torch.Generator().manual_seed(0)).item()
    assert f"{nats:.0f} nats per image" in widget.figures.value
    test_x = grey(binarize_once(digits.test_images, "static", torch.Generator().manual_seed(0)))
    below = (surprise(model, test_x, DRAWS, torch.Generator().manual_seed(1)) < nats).float().mean()
    assert abs(100 * below - int(re.search(r"than (\d+) of 100", widget.figures.value)[1])) < 3


def test_the_same_drawing_gets_the_same_answer(widget):
    widget.sketch.ink = bytes_of(stroke(10, 100, 20, 30))
    first = widget.figures.value, widget.given.value
    widget.sketch.ink = bytes_of(stroke(10, 20, 20, 100))
    assert (widget.figures.value, widget.given.value) != first
    widget.sketch.ink = bytes_of(stroke(10, 100, 20, 30))
    assert (widget.figures.value, widget.given.value) == first


def test_a_scribble_is_more_surprising_than_every_digit_and_marked(widget, generator):
    widget.sketch.ink = bytes_of(torch.rand(SIDE, SIDE, generator=generator))
    assert "more surprising than every test digit" in widget.figures.value
    assert "this one" in widget.histogram.value


def test_a_cleared_sheet_says_so(widget):
    widget.sketch.ink = bytes_of(stroke(10, 100, 20, 30))
    widget.sketch.ink = bytes(SIDE * SIDE)
    assert "Nothing is drawn" in widget.figures.value
    assert widget.plane.z is None
    assert widget.shaped.value == png(torch.zeros(1, 1, 28, 28), 1)
    assert "this one" not in widget.histogram.value


def test_a_test_digit_can_be_taken(widget):
    widget.take.click()
    first = widget.sketch.ink
    assert len(first) == SIDE * SIDE
    assert "nats per image" in widget.figures.value
    widget.take.click()
    assert widget.sketch.ink != first


def test_without_a_plane_the_rest_is_shown(digits):
    torch.manual_seed(0)
    widget = DrawDigit(VAE(5, (16,)), digits)
    assert widget.plane is None
    widget.take.click()
    assert "nats per image" in widget.figures.value


def test_ink_may_come_as_the_browser_sends_it():
    sketch = Sketch()
    sketch.set_state({"ink": memoryview(bytes_of(stroke(1, 5, 1, 5)))})
    assert sketch.ink == bytes_of(stroke(1, 5, 1, 5))
