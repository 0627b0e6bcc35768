"""Draw a digit: from strokes to MNIST's shape, and what the model says to it."""

import io
import re

from vae_course.data import binarize, binarize_once, grey
from vae_course.kit.widget import png
from vae_course.latent_space import as_mnist, mean_codes
from vae_course.lessons.latent_space.widget import DRAWS, SIDE, DrawDigit, Sketch
from vae_course.likelihood import surprise
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import pytest
import torch
from PIL import Image


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
    assert "The sheet is empty" in widget.figures.value
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
