"""What widgets are made of.

A widget repaints by replacing the bytes of a PNG or the text of an SVG: matplotlib takes a tenth of a second to draw,
which is too long for a slider. Charts are SVG so that they take the colours of JupyterLab's theme, light or dark.
"""

import io
from collections.abc import Iterator, Sequence

from vae_course.digits.torchvision_compat import make_grid

import ipywidgets
from jaxtyping import Float
from PIL import Image
from torch import Tensor

STYLE = """<style>
.vae-course { max-width: 1000px; color: var(--jp-ui-font-color1); overflow: hidden; }
.vae-course img { image-rendering: pixelated; max-width: calc(100% - 4px); height: auto; object-fit: contain; }
.vae-course svg { max-width: 100%; height: auto; font: 12px var(--jp-ui-font-family, sans-serif); }
.vae-course svg text { fill: currentColor; }
.vae-course .vae-row { flex-flow: row wrap; align-items: flex-start; gap: 8px 24px; overflow: visible; }
.vae-form { border-left: 4px solid var(--jp-border-color1); padding-left: 12px; }
.vae-form .widget-text, .vae-form .widget-radio { flex-flow: column; width: 100%; height: auto; }
.vae-form .widget-label { width: auto; height: auto; text-align: left; white-space: normal; line-height: 1.5; }
.vae-form .widget-text input { max-width: 30em; }
.vae-form .widget-radio-box label { height: auto; white-space: normal; }
</style>"""


class CourseWidget(ipywidgets.VBox):
    """Parts below each other, in the course's style."""

    def __init__(self, parts: Sequence[ipywidgets.Widget]):
        super().__init__([ipywidgets.HTML(STYLE, layout={"display": "none"}), *parts])
        self.add_class("vae-course")

    def close(self) -> None:
        """Take the widget away with all its parts, each of which has a channel to the browser of its own."""
        if self.comm is not None:  # Else it is closed, or was refused before it had parts.
            for part in list(parts_of(self)):
                part.close()
        super().close()

    def __repr__(self) -> str:
        # What stands in its place where a lesson is read without a kernel.
        return f"{type(self).__name__}: a widget, which appears when the lesson runs in JupyterLab."


def parts_of(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    """All widgets inside a widget, at any depth, with their layouts and styles."""
    for name in widget.keys:
        value = getattr(widget, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, ipywidgets.Widget):
                yield from parts_of(part)
                yield part


def row(*parts: ipywidgets.Widget) -> ipywidgets.Box:
    """Parts beside each other, which move below each other where the window is narrow."""
    box = ipywidgets.Box(parts)
    box.add_class("vae-row")
    return box


def png(images: Float[Tensor, "batch 1 28 28"], columns: int) -> bytes:
    """Digits in [0, 1] as a picture, row by row, a pixel for a pixel: the browser enlarges it."""
    grid = make_grid(images.detach().cpu().clamp(0, 1), nrow=columns, padding=1, pad_value=0.35)
    file = io.BytesIO()
    Image.fromarray((grid[0] * 255).byte().numpy()).save(file, "PNG", compress_level=1)
    return file.getvalue()


def digit_image(images: Float[Tensor, "batch 1 28 28"], columns: int, scale: float = 2.0) -> ipywidgets.Image:
    """A picture of digits, each 28 · scale pixels wide on the screen; to repaint it, set its `value` to a `png`."""
    # A digit alone has no frame.
    pixels = 29 * columns + 1 if len(images) > 1 else 28
    return ipywidgets.Image(value=png(images, columns), format="png", width=round(pixels * scale))
