import io

from vae_course.kit.figures import digit_grid, digit_rows, show

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from PIL import Image


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


def size_of_a_digit(figure, columns):
    """In dots, once the figure is laid out."""
    figure.draw_without_rendering()
    return figure.axes[0].get_window_extent().width / columns


@pytest.mark.parametrize("columns", [8, 12, 32, 100])
def test_in_a_grid_of_any_width_each_pixel_is_a_dot_at_least(columns):
    figure = digit_grid(torch.zeros(2 * columns, 1, 28, 28), columns)
    assert size_of_a_digit(figure, columns) >= 28


@pytest.mark.parametrize("count", [21, 100, 1000])
def test_long_rows_are_parted_into_blocks(count):
    given = torch.linspace(0, 1, count).view(-1, 1, 1, 1).expand(-1, -1, 28, 28)
    figure = digit_rows({"given": given, "given back": given}, "Many")
    (axes,) = figure.axes
    pixels = np.asarray(axes.images[0].get_array())
    columns = (pixels.shape[1] - 1) // 29
    assert columns <= max(20, count / 10)
    names = [text.get_text() for text in axes.texts]
    assert names == ["given", "given back"] * -(-count // columns)
    # The first digit of the second block is below the first digit of the first.
    assert pixels[2 * 29 + 15, 15] == pixels[3 * 29 + 15, 15] == pytest.approx(columns / (count - 1))
    assert size_of_a_digit(figure, columns) >= 28
    assert axes.get_title(loc="left") == "Many"


@pytest.fixture
def shell(tmp_path):
    yield InteractiveShell.instance(ipython_dir=str(tmp_path))
    InteractiveShell.clear_instance()


def test_a_figure_is_shown_with_its_alternative_text_and_closed(shell):
    figure = digit_grid(torch.rand(8, 1, 28, 28))
    with capture_output() as captured:
        show(figure, "Eight squares\n    of noise.")
    (output,) = captured.outputs
    picture = Image.open(io.BytesIO(output.data["image/png"]))
    width, height = (side // 2 for side in picture.size)
    assert output.metadata["image/png"] == {"alt": "Eight squares of noise.", "width": width, "height": height}
    assert 600 < width < 800
    assert picture.mode == "P"
    assert output.data["text/plain"] == "Eight squares of noise."
    assert not plt.get_fignums()


def test_a_shown_figure_looks_as_it_was_drawn(shell):
    figure, axes = plt.subplots()
    axes.imshow(torch.linspace(0, 1, 256)[None], aspect="auto")
    axes.plot([0, 255], [0, 0.4], color="#D55E00")
    file = io.BytesIO()
    figure.savefig(file, dpi=200, bbox_inches="tight")
    with capture_output() as captured:
        show(figure, "A grey scale and a line.")
    drawn, shown = (
        np.asarray(Image.open(png).convert("RGB"), dtype=int)
        for png in (file, io.BytesIO(captured.outputs[0].data["image/png"]))
    )
    error = np.abs(drawn - shown).max(2)
    assert np.quantile(error, 0.999) < 10
    assert error[drawn.max(2) == drawn.min(2)].mean() < 0.5, "grey scales should have no bands"
    assert (shown[0, 0] == 255).all()


def test_a_script_shows_nothing_and_closes_the_figure(capsys):
    show(digit_grid(torch.zeros(2, 1, 28, 28)), "Two black squares.")
    assert capsys.readouterr() == ("", "")
    assert not plt.get_fignums()


@pytest.mark.parametrize("alt", ["", "  ", "no full stop"])
def test_a_figure_without_a_sentence_is_refused(alt):
    with pytest.raises(ValueError, match=r"alt='.*' must be a sentence with a full stop"):
        show(plt.figure(), alt)
