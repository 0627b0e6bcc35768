"""Walk from noise to a digit, in lesson 14: one noise, decoded on its way, and what other noise becomes."""

import math

from vae_course.kit.widget import CourseWidget, digit_image, log_slider, png, row, with_scale
from vae_course.prior import FlowPrior, walk
from vae_course.vae import VAE

import ipywidgets
import torch
from jaxtyping import Float
from torch import Generator, Tensor

COLUMNS = 10
SHOWN = 3 * COLUMNS
MOST_STEPS = 20
ANY = "any"


class NoiseToDigit(CourseWidget):
    """Show the path of one noise as digits, and digits from other noise, with the learned prior and with N(0, I).

    The noise stays the same when β, the number of steps or the label changes.

    Args:
        model: the network whose codes the prior has learned, for every β.
        prior: of every β and every label.
    """

    alt = (
        "A slider for β, one for the number of steps, and buttons for the label. Below them one noise, decoded at "
        "eleven places of its path, from one digit to another; then thirty digits by the learned prior, and "
        "thirty by the standard prior, some of which are no digits."
    )

    live = "learned_prior"

    def __init__(self, model: VAE, prior: FlowPrior):
        self._model, self._prior, self._generator = model, prior, Generator().manual_seed(0)
        # The slider goes in steps of 0.02 in log10 β, so its ends are such steps; then 0.1 is one, too.
        low, high = (50 * math.log10(beta) for beta in prior.beta_range)
        self.beta = log_slider("β", 10 ** (math.ceil(low) / 50), 10 ** (math.floor(high) / 50))
        self.beta.value = 0.1
        self.steps = ipywidgets.IntSlider(
            10, min=1, max=MOST_STEPS, description="steps", style={"description_width": "40px"},
            layout={"width": "300px", "max_width": "95%"},
        )  # fmt: skip
        self.label = ipywidgets.ToggleButtons(
            options=[ANY, *range(prior.classes)], tooltip="label", style={"button_width": "46px"}
        )
        self.other = ipywidgets.Button(description="Other noise", layout={"width": "120px"})
        blank = torch.zeros(SHOWN, 1, 28, 28)
        self.path = digit_image(blank[: COLUMNS + 1], COLUMNS + 1, 2.0, "One noise, decoded on its way to a code")
        self.learned, self.standard = (
            digit_image(blank, COLUMNS, 1.5, f"Thirty digits, z from the {name} prior")
            for name in ("learned", "standard")
        )
        self.words = ipywidgets.HTML()
        pictures = row(
            _named("<b>z from the learned prior</b>", self.learned),
            _named("<b>z = the same noise,</b> as the prior N(0, I) has it", self.standard),
        )
        top = [row(with_scale(self.beta, home=0.1), self.steps), row(self.label, self.other)]
        super().__init__([*top, self.words, self.path, pictures])
        self._draw_noise()
        self._repaint()
        for slider in (self.beta, self.steps, self.label):
            slider.observe(lambda _: self._repaint(), "value")
        self.other.on_click(lambda _: (self._draw_noise(), self._repaint()))

    def _draw_noise(self) -> None:
        self._eps = torch.randn(SHOWN, self._prior.latent_dim, generator=self._generator)
        self._labels = torch.multinomial(self._prior.shares.cpu(), SHOWN, replacement=True, generator=self._generator)

    @torch.no_grad()
    def _repaint(self) -> None:
        beta, label, steps = self.beta.value, self.label.value, self.steps.value
        labels = self._labels if label == ANY else torch.full_like(self._labels, label)
        prior, device = self._prior.at(beta).given(labels), self._model.device
        path = prior.mean + prior.spread * walk(prior, self._eps.to(device), steps)
        digits = torch.sigmoid(self._model.at(beta).decoder(torch.cat([_on_the_path(path[:, 0]), path[-1], self._eps])))
        self.path.value = png(digits[: COLUMNS + 1], COLUMNS + 1)
        self.learned.value = png(digits[COLUMNS + 1 : -SHOWN], COLUMNS)
        self.standard.value = png(digits[-SHOWN:], COLUMNS)
        self.words.value = (
            f"<b>One noise on its way,</b> from t = 0 to t = 1 at β = {beta:.2g}, in {steps} step{'s' * (steps > 1)}, "
            f"to a {labels[0]}:"
        )


def _on_the_path(path: Float[Tensor, "places latent"]) -> Float[Tensor, "eleven latent"]:
    """Take eleven places at even times; between two steps the path is straight."""
    at = torch.linspace(0, len(path) - 1, COLUMNS + 1)
    before = at.floor().long().clamp(max=len(path) - 2)
    return torch.lerp(path[before], path[before + 1], (at - before).unsqueeze(1).to(path))


def _named(name: str, picture: ipywidgets.Widget) -> ipywidgets.VBox:
    return ipywidgets.VBox([ipywidgets.HTML(name), picture])
