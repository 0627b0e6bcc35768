"""The bound of lesson 08 beside the truth, for a number of draws to be chosen."""

import base64

from vae_course.evaluation import bounds_of_groups, largest_shares
from vae_course.kit.widget import CourseWidget, png
from vae_course.lessons import COLORS

import ipywidgets
from jaxtyping import Float
from torch import Tensor

DRAWS = [1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000]
# The number of estimates that are shown as dots; their mean is over all of them.
DOTS = 40
# The picture in pixels, so narrow that its words can be read on half a screen, and what it shows of log p(x), in nats
# above and below.
WIDTH, TOP, BOTTOM, LEFT = 560, 66, 296, 60
HIGHEST, LOWEST = 2.0, -8.0


class DrawsSlider(CourseWidget):
    """Show estimates of log p(x) from K draws for each of some digits, as distances from the truth, in nats per image.

    Args:
        x: the digits.
        log_weights: log of p(x|z) p(z) / q(z|x) of draws from q.
        log_p_x: the truth, from a grid.

    Raises:
        ValueError: the three are not of the same digits, or there are too few draws.
    """

    alt = (
        "A slider chooses the number of draws, here 1. For each of eight digits, dots show estimates of log p(x) below "
        "the truth, and a bar shows the share of the largest weight."
    )

    def __init__(
        self,
        x: Float[Tensor, "batch 1 28 28"],
        log_weights: Float[Tensor, "draws digits"],
        log_p_x: Float[Tensor, " truths"],
    ):
        count, digits = log_weights.shape
        if not len(x) == digits == len(log_p_x):
            raise ValueError(
                f"{len(x)} digits, weights of {digits}, {len(log_p_x)} truths: all must be of the same digits"
            )
        if count < 2:
            raise ValueError(f"log_weights has {count} draws: take 10,000, for two estimates at K = 5,000")
        self._log_weights, self._log_p_x = log_weights, log_p_x
        self._digits = [base64.b64encode(png(digit[None], 1)).decode() for digit in x]
        self.draws = ipywidgets.SelectionSlider(
            options=[(f"{draws:,}", draws) for draws in DRAWS if 2 * draws <= count],
            description="draws K", style={"description_width": "60px"}, layout={"width": f"min({WIDTH}px, 100%)"},
        )  # fmt: skip
        self.picture, self.words = ipywidgets.HTML(), ipywidgets.HTML(layout={"max_width": f"{WIDTH}px"})
        super().__init__([self.draws, self.picture, self.words])
        self.draws.observe(lambda _: self._repaint(), "value")
        self._repaint()

    @property
    def estimates(self) -> Float[Tensor, "groups digits"]:
        """Compute for each group of K draws the log of the mean weight, minus log p(x)."""
        return bounds_of_groups(self._log_weights, self.draws.value) - self._log_p_x

    @property
    def largest_share(self) -> Float[Tensor, " digits"]:
        """Compute what part of the sum of K weights the largest one is, on average."""
        return largest_shares(self._log_weights, self.draws.value)

    def _repaint(self) -> None:
        estimates, draws = self.estimates, self.draws.value
        means = estimates.mean(0)
        self.picture.value = self._svg(estimates[:DOTS].tolist(), means.tolist(), self.largest_share.tolist())
        name = f"{draws:,} draws" if draws > 1 else "1 draw, the ELBO"
        close = int((means > -0.5).sum())
        self.words.value = (
            f'<div style="line-height: 1.5">With {name}: '
            f"the estimates are on average <b>{-means.mean():.2f} nats per image</b> below the truth. "
            f"{close} of the {len(means)} digits are within half a nat of the truth. "
            f"{(estimates > 0).float().mean():.0%} of the single estimates are above it.</div>"
        )

    def _svg(self, estimates: list[list[float]], means: list[float], shares: list[float]) -> str:
        step = (WIDTH - LEFT) / len(means)
        parts = [f'<svg viewBox="0 0 {WIDTH} 350" width="{WIDTH}" role="img" aria-label="Estimates beside log p(x)">']
        for nats in (LOWEST, -6.0, -4.0, -2.0, 0.0, HIGHEST):
            at = height(nats)
            parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH}" stroke="currentColor" stroke-opacity=".15"/>')
            label = f"{nats:+.0f}".replace("-", "−") if nats else "0"
            # What is off the picture is drawn at its end.
            label = {LOWEST: f"≤ {label}", HIGHEST: f"≥ {label}"}.get(nats, label)
            parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
        for i, digit in enumerate(self._digits):
            middle = LEFT + (i + 0.5) * step
            parts.append(f'<image href="data:image/png;base64,{digit}" x="{middle - 22:.1f}" y="4" width="44" '
                         f'height="44" style="image-rendering: pixelated"/>')  # fmt: skip
            for j, row in enumerate(estimates):
                # Side by side, in an order that has nothing to do with their heights.
                across = middle + step * 0.7 * ((j + 0.5) / len(estimates) - 0.5)
                parts.append(f'<circle cx="{across:.1f}" cy="{height(row[i]):.1f}" r="2.5" fill="{COLORS["elbo"]}" '
                             f'fill-opacity=".6"/>')  # fmt: skip
            parts.append(f'<path d="M{middle - step * 0.4:.1f} {height(means[i]):.1f}h{step * 0.8:.1f}" '
                         f'stroke="{COLORS["elbo"]}" stroke-width="4"/>')  # fmt: skip
            parts.append(f'<rect x="{middle - step * 0.4:.1f}" y="322" width="{step * 0.8 * shares[i]:.1f}" height="8" '
                         f'fill="{COLORS["baseline"]}"/>')  # fmt: skip
            parts.append(f'<rect x="{middle - step * 0.4:.1f}" y="322" width="{step * 0.8:.1f}" height="8" fill="none" '
                         f'stroke="currentColor" stroke-opacity=".3"/>')  # fmt: skip
            parts.append(f'<text x="{middle:.1f}" y="345" text-anchor="middle">{percent(shares[i])}</text>')
        parts.append(f'<path d="M{LEFT} {height(0.0):.1f}H{WIDTH}" stroke="currentColor" stroke-width="1.5"/>')
        middle = (TOP + BOTTOM) / 2
        parts.append(f'<text transform="translate(11 {middle}) rotate(-90)" text-anchor="middle">estimate − log p(x), '
                     f'nats per image</text>')  # fmt: skip
        parts.append(f'<text x="{LEFT}" y="316">share of the largest weight</text></svg>')
        return "".join(parts)


def height(nats: float) -> float:
    """Return where so many nats above the truth are in the picture; what is off its ends is at them."""
    return TOP + (HIGHEST - min(max(nats, LOWEST), HIGHEST)) / (HIGHEST - LOWEST) * (BOTTOM - TOP)


def percent(share: float) -> str:
    """Write a share with a digit behind the point if it is small."""
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"
