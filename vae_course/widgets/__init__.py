"""The widgets of the lessons, one module a lesson, and what they share here.

A widget repaints by replacing the bytes of a PNG or the text of an SVG: matplotlib takes a tenth of a second to draw,
which is too long for a slider. Charts are SVG so that they take the colours of JupyterLab's theme, light or dark.
"""

import io
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

import ipywidgets
from jaxtyping import Float
from matplotlib.ticker import MaxNLocator
from PIL import Image
from torch import Tensor

from vae_course.torchvision_compat import make_grid

STYLE = """<style>
.vae-course { max-width: 1000px; color: var(--jp-ui-font-color1); overflow: hidden; }
.vae-course img { image-rendering: pixelated; max-width: calc(100% - 4px); height: auto; object-fit: contain; }
.vae-course svg { max-width: 100%; height: auto; font: 12px var(--jp-ui-font-family, sans-serif); }
.vae-course svg text { fill: currentColor; }
.vae-course .vae-row { flex-flow: row wrap; align-items: flex-start; gap: 8px 24px; overflow: visible; }
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


class Axis(NamedTuple):
    """What an axis of a chart shows: its label with the unit, and from where to where."""

    label: str
    low: float
    high: float


class Line(NamedTuple):
    """A line of a chart, named at its last point, or dots if `dots` is their radius; sizes in pixels."""

    x: Sequence[float]
    y: Sequence[float]
    color: str
    name: str = ""
    dots: float = 0
    width: float = 2


def number(value: float) -> str:
    """A number as it is printed, with a minus sign."""
    return f"{value:g}".replace("-", "−")


def chart(lines: Sequence[Line], x: Axis, y: Axis, title: str = "", width: int = 360, height: int = 250) -> str:
    """Lines and dots on two axes, as SVG. A millisecond's work."""
    left, right, top, bottom = 46, width - 14, 26, height - 38

    def place(a: float, b: float) -> tuple[float, float]:
        across, up = (a - x.low) / (x.high - x.low), (b - y.low) / (y.high - y.low)
        return left + across * (right - left), bottom - up * (bottom - top)

    parts = [f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{escape(title or y.label)}">']
    parts.append(f'<text x="0" y="14" font-weight="600">{escape(title)}</text>')
    for tick in MaxNLocator(5).tick_values(x.low, x.high):
        if x.low <= tick <= x.high:
            at = place(tick, y.low)[0]
            parts.append(f'<path d="M{at:.1f} {top}V{bottom}" stroke="currentColor" stroke-opacity=".15"/>')
            parts.append(f'<text x="{at:.1f}" y="{bottom + 15}" text-anchor="middle">{number(tick)}</text>')
    for tick in MaxNLocator(5).tick_values(y.low, y.high):
        if y.low <= tick <= y.high:
            at = place(x.low, tick)[1]
            parts.append(f'<path d="M{left} {at:.1f}H{right}" stroke="currentColor" stroke-opacity=".15"/>')
            parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{number(tick)}</text>')
    parts.append(f'<text x="{(left + right) / 2}" y="{height - 5}" text-anchor="middle">{escape(x.label)}</text>')
    middle = (top + bottom) / 2
    parts.append(f'<text transform="translate(11 {middle}) rotate(-90)" text-anchor="middle">{escape(y.label)}</text>')
    # What leaves the axes is cut off at their edge.
    parts.append(f'<svg x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" '
                 f'viewBox="{left} {top} {right - left} {bottom - top}">')  # fmt: skip
    for line in lines:
        places = [place(a, b) for a, b in zip(line.x, line.y, strict=True)]
        if line.dots:
            parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{line.dots}" fill="{line.color}"/>' for a, b in places]
        else:
            points = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
            parts.append(f'<polyline points="{points}" fill="none" stroke="{line.color}" stroke-width="{line.width}"/>')
    parts.append("</svg>")
    for line in lines:
        if line.name and len(line.x):
            a, b = place(line.x[-1], line.y[-1])
            anchor = "end" if a > (left + right) / 2 else "start"
            parts.append(f'<text x="{a:.1f}" y="{b - 8:.1f}" text-anchor="{anchor}">{escape(line.name)}</text>')
    return "".join([*parts, "</svg>"])
