"""Pictures of images: tensors in, matplotlib figures out. Importing this sets the style of all figures."""

import io
from math import isqrt
from pathlib import Path

from vae_course.kit.palette import in_few_colors
from vae_course.kit.tiles import tiles

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from jaxtyping import Float, Int64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from PIL import Image
from torch import Tensor

plt.style.use(Path(__file__).with_name("course.mplstyle"))

# The grey of the lines between digits.
BETWEEN = 0.35
MOST_IN_ROW = 20
# At the style's 100 dots per inch, each of a digit's 28 pixels is at least one dot.
LEAST_INCHES = 0.32
# Of the ten classes: matplotlib's ten, darkened until a numeral in them can be read on white.
CLASS_COLORS = (
    "#1f77b4", "#b35900", "#1b7a1b", "#c21e1f", "#8a5cb8", "#8c564b", "#c2449c", "#6e6e6e", "#7a7a00", "#007f8f",
)  # fmt: skip
# Pixels of the picture for each pixel of the page, so that the figure is sharp on a fine screen and on a projector.
SCALE = 2


def show(figure: Figure, alt: str) -> None:
    """Show a figure in the notebook with an alternative text, and close it. A script shows nothing.

    Args:
        figure: what a figure's function returns.
        alt: what the figure shows and what is to be seen in it, for somebody who does not see it.

    Raises:
        ValueError: the alternative text is not a sentence.
    """
    alt = " ".join(alt.split())
    if not alt.endswith((".", "!", "?")):
        raise ValueError(f"alt={alt!r} must be a sentence with a full stop that says what the figure shows")
    if InteractiveShell.initialized():
        picture = _picture(figure)
        width, height = (side // SCALE for side in picture.size)
        metadata = {"image/png": {"alt": alt, "width": width, "height": height}}
        display({"image/png": _png(picture), "text/plain": alt}, metadata=metadata, raw=True)
    plt.close(figure)


def _picture(figure: Figure) -> Image.Image:
    """Draw the figure, its margins cut off, in at most 256 colours."""
    file = io.BytesIO()
    # It is read again at once, so it need not be small.
    figure.savefig(file, format="png", dpi=SCALE * figure.dpi, bbox_inches="tight", pil_kwargs={"compress_level": 1})
    return in_few_colors(Image.open(file))


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "png", optimize=True)
    return file.getvalue()


def name_classes(axes: Axes, points: Float[Tensor, "batch 2"], labels: Int64[Tensor, " batch"]) -> None:
    """Write the digit of each class at the median of its points, or beside it where another digit stands."""
    classes = labels.unique()
    medians = torch.stack([points[labels == digit].median(0).values for digit in classes])
    outline = [withStroke(linewidth=3, foreground="white")]
    for digit, place in zip(classes.tolist(), apart(medians, 0.075 * abs(np.diff(axes.get_xlim())[0])), strict=True):
        x, y = place.tolist()
        axes.text(x, y, str(digit), color=CLASS_COLORS[digit], fontsize=14, fontweight="bold", ha="center", va="center",
                  path_effects=outline, zorder=4)  # fmt: skip


def apart(places: Float[Tensor, "n 2"], least: float) -> Float[Tensor, "n 2"]:
    """Move places away from each other until no two are nearer than `least`, so that labels there can be read."""
    places = places.clone()
    for _ in range(200):
        between = places[:, None] - places  # [n, n, 2]
        distance = between.norm(dim=2, keepdim=True).clamp(min=1e-6)
        short = (1.01 * least - distance).clamp(min=0)
        places += (between / distance * short).sum(1) / 2
    return places


def show_digits(axes: Axes, images: Float[Tensor, "batch 1 28 28"], columns: int = 8, title: str = "") -> None:
    """Draw digits in [0, 1] on the axes as a grid, row by row: ink white on black, thin grey lines between."""
    axes.imshow(tiles(images.detach().cpu(), columns, BETWEEN).numpy(), vmin=0, vmax=1)
    axes.set_axis_off()
    axes.set_title(title)


def digit_grid(images: Float[Tensor, "batch 1 28 28"], columns: int = 8, title: str = "") -> Figure:
    """Make a figure of digits in [0, 1], row by row, as large as it takes to see each."""
    rows = -(-len(images) // columns)
    width = max(min(8.0, 0.9 * columns), LEAST_INCHES * columns)
    figure, axes = plt.subplots(figsize=(width, width * rows / columns + 0.4))
    show_digits(axes, images, columns, title)
    return figure


def digit_rows(rows: dict[str, Float[Tensor, "_ 1 28 28"]], title: str = "") -> Figure:
    """Make a figure with a named row of digits for each entry, all of one length, above each other.

    More than `MOST_IN_ROW` digits are parted into blocks of rows, one block below the other.
    """
    count = max(len(images) for images in rows.values())
    if count > MOST_IN_ROW:
        return _blocks_of_rows(rows, title, max(MOST_IN_ROW, isqrt(count * len(rows))))
    figure, all_axes = plt.subplots(len(rows), 1, figsize=(8, len(rows) * (7 / count + 0.2) + 0.4), squeeze=False)
    for axes, (name, images) in zip(all_axes[:, 0], rows.items(), strict=True):
        show_digits(axes, images, count)
        axes.text(-0.01, 0.5, name, transform=axes.transAxes, ha="right", va="center", fontsize=11)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _blocks_of_rows(rows: dict[str, Float[Tensor, "_ 1 28 28"]], title: str, columns: int) -> Figure:
    parts = [images.split(columns) for images in rows.values()]
    lines = [_filled(line, columns) for block in zip(*parts, strict=True) for line in block]
    figure = digit_grid(torch.cat(lines), columns, title)
    for i in range(len(lines)):
        # A digit and the line below it take 29 pixels.
        figure.axes[0].text(-3, 29 * i + 15, list(rows)[i % len(rows)], ha="right", va="center", fontsize=9)
    return figure


def _filled(line: Float[Tensor, "_ 1 28 28"], columns: int) -> Float[Tensor, "columns 1 28 28"]:
    """Fill the last line of a row up with nothing to be seen."""
    return torch.cat([line.detach().cpu(), torch.full((columns - len(line), 1, 28, 28), BETWEEN)])
