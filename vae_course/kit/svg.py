"""Charts as SVG: drawn in a millisecond, and in the colours of JupyterLab's theme, light or dark."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from matplotlib.ticker import MaxNLocator


class Axis(NamedTuple):
    """What an axis of a chart shows: its label with the unit, and from where to where."""

    label: str
    low: float
    high: float


class Line(NamedTuple):
    """A line of a chart, named at its last point, or dots if `dots` is their radius; sizes in pixels.

    `dash` is SVG's pattern of dashes and gaps, such as "6 4", so that two lines differ in more than colour.
    """

    x: Sequence[float]
    y: Sequence[float]
    color: str
    name: str = ""
    dots: float = 0
    width: float = 2
    dash: str = "none"


def number(value: float) -> str:
    """Write a number with a minus sign, as books print it."""
    return f"{value:g}".replace("-", "−")


def chart(lines: Sequence[Line], x: Axis, y: Axis, title: str = "", width: int = 360, height: int = 250) -> str:
    """Draw lines and dots on two axes, as SVG, in about a millisecond."""
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
            parts.append(f'<polyline points="{points}" fill="none" stroke="{line.color}" stroke-width="{line.width}" '
                         f'stroke-dasharray="{line.dash}"/>')  # fmt: skip
    parts.append("</svg>")
    for line in lines:
        if line.name and len(line.x):
            a, b = place(line.x[-1], line.y[-1])
            anchor = "end" if a > (left + right) / 2 else "start"
            parts.append(f'<text x="{a:.1f}" y="{b - 8:.1f}" text-anchor="{anchor}">{escape(line.name)}</text>')
    return "".join([*parts, "</svg>"])
