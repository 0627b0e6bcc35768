import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from vae_course.kit.figures import digit_grid, digit_rows


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_a_grid_shows_every_digit_in_its_place():
    images = torch.linspace(0, 1, 10).view(10, 1, 1, 1).expand(-1, -1, 28, 28)
    (axes,) = digit_grid(images, columns=4, title="Ten").axes
    (shown,) = axes.images
    pixels = np.asarray(shown.get_array())
    assert pixels.shape == (3 * 29 + 1, 4 * 29 + 1)
    assert pixels[15, 15] == 0
    assert pixels[15 + 2 * 29, 15 + 29] == 1
    assert axes.get_title(loc="left") == "Ten"
    # The scale is fixed, so that a pale digit looks pale.
    assert shown.get_clim() == (0, 1)


def test_rows_are_named():
    figure = digit_rows({"x": torch.zeros(5, 1, 28, 28), "again": torch.ones(5, 1, 28, 28)}, "Twice")
    assert [axes.texts[0].get_text() for axes in figure.axes] == ["x", "again"]
