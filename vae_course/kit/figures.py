"""Pictures of images: tensors in, matplotlib figures out. Importing this sets the style of all figures."""

from pathlib import Path

import matplotlib.pyplot as plt
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import TABLEAU_COLORS
from matplotlib.figure import Figure
from torch import Tensor

from vae_course.digits.torchvision_compat import make_grid

plt.style.use(Path(__file__).with_name("course.mplstyle"))

CLASS_COLORS = tuple(TABLEAU_COLORS.values())


def show_digits(axes: Axes, images: Float[Tensor, "batch 1 28 28"], columns: int = 8, title: str = "") -> None:
    """Draw digits in [0, 1] on the axes as a grid, row by row: ink white on black, thin grey lines between."""
    grid = make_grid(images.detach().cpu(), nrow=columns, padding=1, pad_value=0.35)
    axes.imshow(grid[0].numpy(), vmin=0, vmax=1)
    axes.set_axis_off()
    axes.set_title(title)


def digit_grid(images: Float[Tensor, "batch 1 28 28"], columns: int = 8, title: str = "") -> Figure:
    """A figure of digits in [0, 1], row by row."""
    rows = -(-len(images) // columns)
    width = min(8.0, 0.9 * columns)
    figure, axes = plt.subplots(figsize=(width, width * rows / columns + 0.4))
    show_digits(axes, images, columns, title)
    return figure


def digit_rows(rows: dict[str, Float[Tensor, "batch 1 28 28"]], title: str = "") -> Figure:
    """A figure with a named row of digits for each entry, all of one length, above each other."""
    count = max(len(images) for images in rows.values())
    figure, all_axes = plt.subplots(len(rows), 1, figsize=(8, len(rows) * (7 / count + 0.2) + 0.4), squeeze=False)
    for axes, (name, images) in zip(all_axes[:, 0], rows.items(), strict=True):
        show_digits(axes, images, count)
        axes.text(-0.01, 0.5, name, transform=axes.transAxes, ha="right", va="center", fontsize=11)
    figure.suptitle(title, x=0.01, ha="left")
    return figure
