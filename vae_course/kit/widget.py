"""What widgets are made of.

A widget repaints by replacing the bytes of a PNG or the text of an SVG: matplotlib takes a tenth of a second to draw,
which is too long for a slider. Charts are SVG so that they take the colours of JupyterLab's theme, light or dark.
"""

import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from vae_course.kit.still import still
from vae_course.kit.tiles import tiles

import anywidget
import ipywidgets
import traitlets
from IPython.display import display
from jaxtyping import Float
from PIL import Image
from torch import Tensor


class Finish(anywidget.AnyWidget):
    """The style of a widget, and names for what ipywidgets leaves nameless to a screen reader; nothing to be seen."""

    _esm = Path(__file__).with_name("widget.js")
    _css = Path(__file__).with_name("widget.css")


class Picture(anywidget.AnyWidget):
    """A PNG, which is repainted when its `value` is set, and what it shows in words, which ipywidgets.Image lacks."""

    _esm = Path(__file__).with_name("picture.js")
    value = traitlets.Bytes().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    """On the screen, in pixels."""


class CourseWidget(ipywidgets.VBox):
    """Parts below each other, in the course's style.

    Attributes:
        alt: what a picture of the widget shows, in words. The picture is `widget.png` beside the class's file.
        live: the page of the site on which it is alive, or nothing.
    """

    alt = live = ""

    def __init__(self, parts: Sequence[ipywidgets.Widget]):
        super().__init__([Finish(layout={"display": "none"}), *parts])
        self.add_class("vae-course")

    def _ipython_display_(self) -> None:
        display(self._repr_mimebundle_(), raw=True)
        # An output of its own: in one with the widget, JupyterLab would hide it and say "model not found" after a
        # restart and a reload.
        picture = still(type(self))
        if picture:
            display(picture, raw=True)

    def close(self) -> None:
        """Take the widget away with all its parts, each of which has a channel to the browser of its own."""
        if self.comm is not None:  # Else it is closed, or was refused before it had parts.
            for part in list(parts_of(self)):
                part.close()
        super().close()

    def __repr__(self) -> str:
        # What stands in its place where a lesson is read without a kernel.
        return f"{type(self).__name__}: a widget. It appears when this cell runs in JupyterLab."


def parts_of(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    """List all widgets inside a widget, at any depth, with their layouts and styles."""
    for name in widget.keys:
        value = getattr(widget, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, ipywidgets.Widget):
                yield from parts_of(part)
                yield part


def row(*parts: ipywidgets.Widget) -> ipywidgets.Box:
    """Put parts beside each other; where the window is narrow, they move below each other."""
    box = ipywidgets.Box(parts)
    box.add_class("vae-row")
    return box


def png(images: Float[Tensor, "batch 1 28 28"], columns: int) -> bytes:
    """Make a PNG of digits in [0, 1], row by row, one pixel for each of theirs: the browser enlarges it."""
    picture = tiles(images.detach().cpu().clamp(0, 1), columns, between=0.35)
    file = io.BytesIO()
    Image.fromarray((picture * 255).byte().numpy()).save(file, "PNG", compress_level=1)
    return file.getvalue()


def digit_image(images: Float[Tensor, "batch 1 28 28"], columns: int, scale: float = 2.0, alt: str = "") -> Picture:
    """Make a picture of digits, each 28 · scale pixels wide on the screen; set its `value` to a `png` to repaint it."""
    # A digit alone has no frame.
    pixels = 29 * columns + 1 if len(images) > 1 else 28
    return Picture(value=png(images, columns), width=round(pixels * scale), alt=alt)


def log_slider(name: str, low: float, high: float) -> ipywidgets.FloatLogSlider:
    """Make a slider over powers of ten that starts at 1; `with_scale` puts a scale under it."""
    return ipywidgets.FloatLogSlider(
        1.0, min=math.log10(low), max=math.log10(high), step=0.02, description=name, readout_format=".3g",
        style={"description_width": "20px"}, layout={"width": "100%"},
    )  # fmt: skip


def with_scale(slider: ipywidgets.FloatLogSlider, home: float = 1.0, width: int = 470) -> ipywidgets.Box:
    """Put a scale under a slider over powers of ten, with a mark at `home`, and a button beside it that goes there."""
    powers = [10.0**power for power in range(math.ceil(slider.min), math.floor(slider.max) + 1)]
    ticks = [
        f'<span class="{"vae-home" if value == home else ""}" '
        f'style="left: {100 * (math.log10(value) - slider.min) / (slider.max - slider.min):.1f}%">{value:g}</span>'
        for value in powers
    ]
    scale = ipywidgets.HTML("".join(ticks))
    scale.add_class("vae-scale")
    name = f"{slider.description} = {home:g}"
    back = ipywidgets.Button(description=name, layout={"width": f"{24 + 8 * len(name)}px"})
    back.on_click(lambda _: setattr(slider, "value", home))
    bar = ipywidgets.VBox([slider, scale], layout={"flex": f"1 1 {width - 72}px"})
    return ipywidgets.HBox([bar, back], layout={"width": f"min({width}px, 100%)"})
