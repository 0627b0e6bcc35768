"""Show noise that stays the same, and what mu and sigma make of it."""

import math

from vae_course.kit.widget import CourseWidget, row
from vae_course.lessons import COLORS

import ipywidgets
import torch
from jaxtyping import Float
from torch import Generator, Tensor

# The first five draws have numbers, and with this seed they lie well apart.
SEED, NUMBERED = 2327, 5
# In pixels: the width of one unit of z, the place of z = 0, the height of a bell curve, the base lines of eps and z.
UNIT, MIDDLE, TALL, NOISE, DRAWS = 36, 285, 76, 104, 236


class SameNoise(CourseWidget):
    """Show up to a thousand draws of eps that never change, and their z = mu + sigma · eps for any mu and logvar."""

    alt = (
        "Sliders for mu, logvar and the number of draws. Above, eps under a bell curve; below, z = mu + sigma · eps; "
        "lines lead from five numbered eps to their z."
    )

    def __init__(self):
        generator = Generator().manual_seed(SEED)
        self._eps = torch.randn(1000, generator=generator)
        # Each eps gets a height below the bell curve, at random. It shows where many lie, and nothing else.
        self._height = torch.exp(-0.5 * self._eps.square()) * torch.rand(1000, generator=generator)
        look = {"style": {"description_width": "60px"}, "layout": {"width": "min(570px, 100%)"}}
        self.mu = ipywidgets.FloatSlider(description="mu", min=-2.0, max=2.0, step=0.05, **look)
        self.logvar = ipywidgets.FloatSlider(description="logvar", min=-6.0, max=1.0, step=0.05, **look)
        self.draws = ipywidgets.IntSlider(300, description="draws", min=NUMBERED, max=1000, step=5, **look)
        self.picture, self.figures = ipywidgets.HTML(), ipywidgets.HTML()
        super().__init__([self.mu, self.logvar, self.draws, row(self.picture, self.figures)])
        for control in (self.mu, self.logvar, self.draws):
            control.observe(lambda _: self._repaint(), "value")
        self._repaint()

    def _repaint(self) -> None:
        mu, sigma = self.mu.value, math.exp(0.5 * self.logvar.value)
        eps = self._eps[: self.draws.value]
        z = mu + sigma * eps
        self.picture.value = draw(eps, self._height[: len(eps)], mu, sigma)
        moved = [
            (f"{i}", f"{one:.2f}", f"{mu + sigma * one:.2f}", "1", f"{sigma * one / 2:.2f}")
            for i, one in enumerate(eps[:NUMBERED].tolist(), 1)
        ]
        self.figures.value = table(
            ("", "mean", "std"),
            ("mu, sigma", f"{mu:.2f}", f"{sigma:.2f}"),
            (f"{len(z):,} draws", f"{z.mean():.2f}", f"{z.std():.2f}"),
        ) + table(("number", "eps", "z", "∂z/∂mu", "∂z/∂logvar"), *moved)


def draw(eps: Float[Tensor, " draws"], height: Float[Tensor, " draws"], mu: float, sigma: float) -> str:
    """Draw eps above, z below, and a line from each numbered eps to its z, as SVG."""
    parts = [f'<svg viewBox="0 0 {2 * MIDDLE} 270" width="{2 * MIDDLE}" role="img" '
             'aria-label="The same noise, moved and stretched">']  # fmt: skip
    for ground, name in ((NOISE, "eps, the noise"), (DRAWS, "z = mu + sigma · eps")):
        parts.append(f'<text x="0" y="{ground - TALL - 10}" font-weight="600">{name}</text>')
        parts.append(f'<path d="M0 {ground}H{2 * MIDDLE}" stroke="currentColor" stroke-opacity=".3"/>')
        parts.append(bell(0.0, 1.0, ground, COLORS["prior"]))
    parts.append(bell(mu, sigma, DRAWS, COLORS["posterior"]))
    parts.append(dots(eps, height, NOISE, COLORS["prior"]))
    parts.append(dots(mu + sigma * eps, height, DRAWS, COLORS["posterior"]))
    for tick in range(-7, 8):
        name = f"{tick}".replace("-", "−")
        parts.append(f'<text x="{MIDDLE + UNIT * tick}" y="{DRAWS + 24}" text-anchor="middle">{name}</text>')
    color = COLORS["pathwise"]
    for i, one in enumerate(eps[:NUMBERED].tolist(), 1):
        a, b = across(one), across(mu + sigma * one)
        parts.append(f'<path d="M{a:.1f} {NOISE}L{b:.1f} {DRAWS}" stroke="{color}" stroke-width="1.5"/>')
        for x, y in ((a, NOISE), (b, DRAWS)):
            parts.append(f'<circle cx="{x:.1f}" cy="{y}" r="8" fill="{color}"/>')
            parts.append(f'<text x="{x:.1f}" y="{y + 4}" text-anchor="middle" style="fill: #000">{i}</text>')
    return "".join([*parts, "</svg>"])


def across(z: float) -> float:
    """Return the horizontal place of a z on the picture."""
    return MIDDLE + UNIT * z


def bell(mu: float, sigma: float, ground: int, color: str) -> str:
    """Draw a bell curve. All have the same height: only its place and its width have a meaning."""
    steps = [i / 10 for i in range(-35, 36)]
    points = " ".join(
        f"{across(mu + sigma * step):.1f},{ground - TALL * math.exp(-(step**2) / 2):.1f}" for step in steps
    )
    return f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>'


def dots(z: Float[Tensor, " draws"], height: Float[Tensor, " draws"], ground: int, color: str) -> str:
    """Draw many dots as one path: a thousand circles would be slow."""
    places = torch.stack([MIDDLE + UNIT * z, ground - TALL * height], 1).tolist()
    path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places)
    return f'<path d="{path}" stroke="{color}" stroke-width="4" stroke-linecap="round" stroke-opacity=".5"/>'


def table(*rows: tuple[str, ...]) -> str:
    """Write rows of numbers as HTML; the first row holds their names."""
    cells = ("".join(f'<td style="padding: 0 0 0 14px">{cell}</td>' for cell in cells) for cells in rows)
    lines = "</tr><tr>".join(cells).replace(">-", ">−")
    return f'<table style="text-align: right; line-height: 1.6; margin-bottom: 12px"><tr>{lines}</tr></table>'
