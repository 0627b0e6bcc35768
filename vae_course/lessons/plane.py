"""Show the plane of two-dimensional codes, and let the reader point at a code: lessons 04 and 10 share it."""

import math
from pathlib import Path

from vae_course.kit.figures import CLASS_COLORS
from vae_course.lessons import COLORS

import anywidget
import traitlets
from jaxtyping import Float, Int64
from torch import Tensor

# The size of a numeral on the plane, and the least distance between two of them, in pixels of the screen.
NUMERAL, APART = 11, 10


class Plane(anywidget.AnyWidget):
    """Show the plane of two-dimensional codes, with numerals at the codes of digits, and a mark at `z`.

    The mark follows mouse, pen, touch and arrow keys (with Shift, in larger steps), and `z` with it.

    Args:
        codes: where the numerals stand. One that would lie over another is left out.
        labels: the numerals.
        width: the width on the screen, in pixels.
        fixed: only `z` moves the mark, not the reader.
    """

    _esm = Path(__file__).with_name("plane.js")
    _css = """
    .vae-plane { position: relative; max-width: 480px; border-radius: 4px; color: var(--jp-ui-font-color1); }
    .vae-plane.vae-movable { cursor: crosshair; touch-action: none; user-select: none; }
    .vae-plane:focus-visible { outline: 2px solid var(--jp-brand-color1, #2196f3); outline-offset: -2px; }
    .vae-plane svg { display: block; width: 100%; height: auto; }
    .vae-plane svg + svg { position: absolute; inset: 0; overflow: hidden; }
    """
    z = traitlets.Tuple(traitlets.Float(), traitlets.Float(), allow_none=True, default_value=None).tag(sync=True)
    """The code that is marked, or None."""
    sigma = traitlets.Tuple(traitlets.Float(), traitlets.Float(), allow_none=True, default_value=None).tag(sync=True)
    """The half-axes of the cloud around `z`, or None for no cloud."""
    reach = traitlets.Float().tag(sync=True)
    """The plane goes from minus this to this along both axes."""
    fixed = traitlets.Bool().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, codes: Float[Tensor, "batch 2"], labels: Int64[Tensor, " batch"], width: int = 440, fixed: bool = False
    ):
        # In half steps, far enough for 99 of 100 codes.
        reach = max(3.0, math.ceil(2 * codes.abs().amax(1).quantile(0.99).item()) / 2)
        picture = plane_svg(codes, labels, reach, width)
        super().__init__(reach=reach, picture=picture, fixed=fixed, layout={"width": f"min({width}px, 100%)"})


def plane_svg(codes: Float[Tensor, "batch 2"], labels: Int64[Tensor, " batch"], reach: float, width: int) -> str:
    """Draw numerals, circles of the prior and axes, and a transparent layer with the mark, in hundredths of z."""
    edge = 100 * reach
    pixel = 2 * edge / (width - 38)
    font, below, beside = 12 * pixel, edge + 15 * pixel, -edge - 5 * pixel
    box = f'viewBox="{-edge - 32 * pixel:.0f} {-edge - 3 * pixel:.0f} {width * pixel:.0f} {2 * edge + 25 * pixel:.0f}"'
    # Sizes and colours as styles, because the course's style sheet overrules attributes.
    parts = [
        f'<svg {box} style="font-size: {font:.1f}px" role="img" aria-label="The codes of digits">',
        f'<rect x="{-edge}" y="{-edge}" width="{2 * edge}" height="{2 * edge}" fill="currentColor" opacity=".04"/>',
    ]
    for tick in range(-int(reach), int(reach) + 1):
        # The name of the axis stands where the last tick's number would.
        at, text = 100 * tick, "" if tick > reach - 1 else str(tick).replace("-", "−")
        parts.append(f'<path d="M{at} {-edge}V{edge}M{-edge} {-at}H{edge}" stroke="currentColor" '
                     f'stroke-width="{pixel:.1f}" opacity=".1"/>')  # fmt: skip
        parts.append(f'<text x="{at}" y="{below:.0f}" text-anchor="middle">{text}</text>')
        parts.append(f'<text x="{beside:.0f}" y="{-at + 0.35 * font:.0f}" text-anchor="end">{text}</text>')
    parts.append(f'<text x="{edge}" y="{below:.0f}" text-anchor="end">z[0]</text>')
    parts.append(f'<text x="{beside:.0f}" y="{0.8 * font - edge:.0f}" text-anchor="end">z[1]</text>')
    for radius in (1, 2):
        parts.append(f'<circle r="{100 * radius}" fill="none" stroke="{COLORS["prior"]}" '
                     f'stroke-width="{1.5 * pixel:.1f}" stroke-dasharray="{5 * pixel:.0f}"/>')  # fmt: skip
    parts.append(f'<g text-anchor="middle" style="font-size: {NUMERAL * pixel:.1f}px; font-weight: 600">')
    for i in spread_out(codes, APART * pixel / 100):
        (x, y), label = (100 * codes[i]).tolist(), int(labels[i])
        if max(abs(x), abs(y)) < edge - 6 * pixel:
            # A little of the text's colour makes it darker on a light ground, and lighter on a dark one.
            color = f"color-mix(in srgb, {CLASS_COLORS[label % 10]} 65%, currentColor)"
            parts.append(f'<text x="{x:.0f}" y="{4 * pixel - y:.0f}" style="fill: {color}">{label}</text>')
    parts.append(f'</g></svg><svg {box} aria-hidden="true"><g class="vae-mark" fill="none">')
    parts.append(f'<ellipse fill="{COLORS["posterior"]}"/>')
    for color, thick in (("var(--jp-layout-color0, #fff)", 6), ("currentColor", 2.5)):
        parts.append(f'<circle r="{9 * pixel:.0f}" stroke="{color}" stroke-width="{thick * pixel:.1f}"/>')
    return "".join([*parts, "</g></svg>"])


def spread_out(codes: Float[Tensor, "batch 2"], apart: float) -> list[int]:
    """Return the indices of codes no two of which are nearer than `apart`; of two near ones, the earlier stays."""
    kept: list[int] = []
    for i, code in enumerate(codes):
        if not kept or (codes[kept] - code).norm(dim=1).min() >= apart:
            kept.append(i)
    return kept
