from vae_course.kit.palette import in_few_colors

import numpy as np
import pytest
from PIL import Image


def error(picture, painted):
    """Give the mean difference of a pixel's channel."""
    return np.abs(np.asarray(picture, dtype=int) - np.asarray(painted.convert("RGB"), dtype=int)).mean()


@pytest.fixture
def many_colors():
    """Colours that run into each other over the picture's left half, beside white."""
    y, x = np.mgrid[0:200, 0:300]
    pixels = np.stack([y, x // 2, (y + x) // 3], -1).astype(np.uint8)
    pixels[:, 150:] = 255
    return Image.fromarray(pixels)


def test_few_colors_stay_as_they_are():
    pixels = np.random.default_rng(0).integers(0, 256, (200, 3), dtype=np.uint8)[np.arange(6000) % 200]
    picture = Image.fromarray(pixels.reshape(60, 100, 3))
    painted = in_few_colors(picture)
    assert painted.mode == "P"
    assert error(picture, painted) == 0


def test_many_colors_come_nearly_as_near_as_with_pillows_kmeans(many_colors):
    painted = in_few_colors(many_colors)
    pillows = many_colors.quantize(256, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    assert error(many_colors, painted) < 1.1 * error(many_colors, pillows)
    assert (np.asarray(painted.convert("RGB"))[:, 150:] == 255).all(), "white stays white"


def test_there_are_as_many_colors_as_asked_for(many_colors):
    assert len(in_few_colors(many_colors, 16).getcolors()) <= 16
