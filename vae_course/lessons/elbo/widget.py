"""Show the effective β of a loss: what a sum or a mean does to the weight of the KL."""

import math
from fractions import Fraction

from vae_course.kit.widget import CourseWidget, log_slider, row, with_scale
from vae_course.lessons import COLORS

import ipywidgets

PIXELS = 784
# As a reader writes them: `bce` holds nats [B, 784], and `kl` holds nats [B, D].
RECONSTRUCTIONS = [
    ("sum over pixels, mean over images", "bce.sum(1).mean()"),
    ("mean over pixels and images", "bce.mean()"),
    ("sum over pixels and images", "bce.sum()"),
]
KLS = [
    ("sum over latents, mean over images", "kl.sum(1).mean()"),
    ("mean over latents and images", "kl.mean()"),
    ("sum over latents and images", "kl.sum()"),
]
# What happens to a network from each effective β upwards: lesson 05's was trained once with each of thirteen values.
FATES = [
    (
        0.0,
        "autoencoder",
        "reconstruction",
        "the code is almost free: reconstructions are good, but samples are no digits.",
    ),
    (0.01, "cheap", "train", "the code is too cheap: reconstructions are good, KL is high, the −ELBO is worse."),
    (0.4, "ELBO", "elbo", "this is the −ELBO, or so close to it that training reaches about the same −ELBO."),
    (
        1.5,
        "costly",
        "baseline",
        "the code costs too much: reconstructions blur, KL is low, the −ELBO is worse.",
    ),
    (15.0, "collapse", "kl", "the encoder sends nothing, and every reconstruction is the average digit."),
]
# The ends of the picture's axis, as powers of ten, and its width in pixels. What lies beyond an end is marked there.
LOW, HIGH, WIDTH = -5, 6, 640


class EffectiveBeta(CourseWidget):
    """Choose a reduction of each term and a β; the widget shows the effective β, for terms in nats per image.

    Args:
        latent_dim: the number of latent dimensions D.
        batch_size: images in a batch B; it matters where one term is summed over them and the other is not.

    Attributes:
        weights: what a nat per image weighs in each expression.

    Raises:
        ValueError: a size is not positive.
    """

    live = "effective_beta"
    alt = (
        "Buttons choose a sum or a mean for each term of the loss, and a slider β. Below them the loss as code, "
        "and a scale from autoencoder to collapse on which an arrow marks the effective β."
    )

    def __init__(self, latent_dim: int = 20, batch_size: int = 128):
        if latent_dim < 1 or batch_size < 1:
            raise ValueError(f"latent_dim={latent_dim}, batch_size={batch_size}: sizes must be at least 1")
        self.weights = {
            "bce.sum(1).mean()": Fraction(1), "bce.mean()": Fraction(1, PIXELS), "bce.sum()": Fraction(batch_size),
            "kl.sum(1).mean()": Fraction(1), "kl.mean()": Fraction(1, latent_dim), "kl.sum()": Fraction(batch_size),
        }  # fmt: skip
        # Radio buttons would be the natural choice, but JupyterLab takes the arrow keys from them.
        look = {"style": {"button_width": "270px"}, "layout": {"width": "280px"}}
        self.reconstruction, self.kl = (
            ipywidgets.ToggleButtons(options=options, **look) for options in (RECONSTRUCTIONS, KLS)
        )
        self.beta = log_slider("β", 1e-3, 1e3)
        self.answer = ipywidgets.HTML()
        names = f"Reconstruction: bce [{batch_size}, {PIXELS}]", f"KL: kl [{batch_size}, {latent_dim}]"
        choices = zip(names, (self.reconstruction, self.kl), strict=True)
        named = [ipywidgets.VBox([ipywidgets.HTML(f"<b>{name}</b>"), choice]) for name, choice in choices]
        super().__init__([row(*named), with_scale(self.beta, width=WIDTH), self.answer])
        for control in (self.reconstruction, self.kl, self.beta):
            control.observe(lambda _: self._repaint(), "value")
        self._repaint()

    @property
    def code(self) -> str:
        """Return the loss as a line of Python."""
        weight = "" if self.beta.value == 1 else f"{self.beta.value:.3g} * "
        return f"{self.reconstruction.value} + {weight}{self.kl.value}"

    @property
    def effective(self) -> float:
        """Return the β for which reconstruction + β · KL has the loss's gradient, up to a factor."""
        return self.beta.value * float(self.weights[self.kl.value] / self.weights[self.reconstruction.value])

    def _repaint(self) -> None:
        factor = self.weights[self.reconstruction.value]
        amount = in_figures(self.effective)
        terms = f"reconstruction + <b>{amount}</b> · KL"
        _, name, _, words = [fate for fate in FATES if fate[0] <= self.effective][-1]
        self.answer.value = (
            f"<pre>loss = {self.code}\n     = {terms if factor == 1 else f'{factor} · ({terms})'}</pre>"
            f"{scale(self.effective)}<b>Effective β = {amount}, {name}:</b> {words}"
        )


def in_figures(beta: float) -> str:
    """Write a number with three digits, and a large one with all of its digits."""
    return f"{beta:,.0f}" if beta >= 100 else f"{beta:.3g}"


def scale(beta: float) -> str:
    """Draw where a β lies between an autoencoder and a collapse, as SVG."""

    def across(value: float) -> float:
        level = min(max(math.log10(value), LOW), HIGH) if value else LOW
        return 10 + (WIDTH - 20) * (level - LOW) / (HIGH - LOW)

    parts = [f'<svg viewBox="0 0 {WIDTH} 84" width="{WIDTH}" role="img" aria-label="Effective β on a scale">']
    ends = [start for start, *_ in FATES[1:]] + [10.0**HIGH]
    for (start, name, color, _), end in zip(FATES, ends, strict=True):
        a, b = across(start), across(end)
        parts.append(f'<rect x="{a:.1f}" y="24" width="{b - a - 2:.1f}" height="16" fill="{COLORS[color]}"/>')
        parts.append(f'<text x="{(a + b) / 2:.1f}" y="56" text-anchor="middle">{name}</text>')
    for power in range(LOW + 2, HIGH, 3):
        parts.append(f'<text x="{across(10.0**power):.1f}" y="78" text-anchor="middle">{10.0**power:,g}</text>')
    at = across(beta)
    parts.append(f'<path d="M{at:.1f} 24l-8 -16h16z" fill="currentColor"/>')
    return "".join([*parts, "</svg><br>"])
