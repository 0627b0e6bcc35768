"""Show label and style, in lesson 12: one code, decoded with any of the labels."""

from vae_course.conditional import ConditionalVAE
from vae_course.data import binarize, grey
from vae_course.digits import Digits
from vae_course.kit.widget import CourseWidget, digit_image, png, row
from vae_course.training import EVALUATION_SEED
from vae_course.vae import VAE

import ipywidgets
import torch
from torch import Generator

SLIDERS = 3
REACH = 3.0


class LabelAndStyle(CourseWidget):
    """Show a code z with the chosen label, large, and with each label, small. z is a test digit's, or drawn, or moved.

    Args:
        model: a `ConditionalVAE`.
        digits: the styles are taken from its test digits.

    Raises:
        ValueError: the model takes no label, or a test digit has a label that the model doesn't know.
    """

    alt = (
        "Buttons choose a label, three sliders move the code. A test digit gives the style; beside it the chosen label "
        "in the same style, below it all ten labels."
    )

    def __init__(self, model: VAE, digits: Digits):
        if not isinstance(model, ConditionalVAE):
            raise ValueError(f"model: a {type(model).__name__} takes no label; give a ConditionalVAE")
        self._model, self._digits, self._generator = model, digits, Generator().manual_seed(0)
        self._device = model.device
        x = binarize(grey(digits.test_images), Generator().manual_seed(EVALUATION_SEED))
        with torch.no_grad():
            mu, _ = model.given(digits.test_labels).encoder(x.to(self._device))
        self._x, self._codes = x, mu.cpu()
        # Those that move most from digit to digit.
        self._moved = self._codes.var(0).argsort(descending=True)[:SLIDERS].tolist()

        labels = list(range(model.classes))
        self.label = ipywidgets.ToggleButtons(
            options=labels, value=labels[-1], tooltip="label", style={"button_width": "34px"}
        )
        self.other_digit = ipywidgets.Button(description="Style of another digit", layout={"width": "170px"})
        self.draw = ipywidgets.Button(description="Random style", layout={"width": "120px"})
        self.sliders = [
            ipywidgets.FloatSlider(
                0.0, min=-REACH, max=REACH, step=0.05, description=f"z[{i}]", readout_format=".2f",
                style={"description_width": "initial"}, layout={"width": "300px", "max_width": "95%"},
            )
            for i in self._moved
        ]  # fmt: skip
        blank = torch.zeros(1, 1, 28, 28)
        self.given = digit_image(blank, 1, 5.0, "The test digit whose style is taken")
        self.large = digit_image(blank, 1, 5.0, "The chosen label in this style")
        self.all = digit_image(blank.expand(len(labels), -1, -1, -1), len(labels), 2.2, "Each label in this style")
        self.given_caption, self.large_caption, self.all_caption = (ipywidgets.HTML() for _ in range(3))
        self.all_caption.value = f"The same z with the labels {labels[0]} to {labels[-1]}"
        pictures = row(
            ipywidgets.VBox([self.given_caption, self.given]),
            ipywidgets.VBox([self.large_caption, self.large]),
            ipywidgets.VBox(self.sliders),
        )
        super().__init__([row(self.label, self.other_digit, self.draw), pictures, self.all_caption, self.all])
        self._taking = False
        self.label.observe(lambda _: self._repaint(), "value")
        self.other_digit.on_click(lambda _: self._take_digit())
        self.draw.on_click(lambda _: self._take_drawn())
        for slider in self.sliders:
            slider.observe(lambda _: self._move(), "value")
        self._take_digit()

    def _take_digit(self) -> None:
        i = int(torch.randint(len(self._x), (), generator=self._generator))
        self.given_caption.value = f"The style of this {self._digits.test_labels[i]}"
        self.given.value = png(self._x[i : i + 1], 1)
        self.given.layout.visibility = "visible"
        self._take(self._codes[i])

    def _take_drawn(self) -> None:
        self.given_caption.value = "A style drawn from p(z)"
        self.given.layout.visibility = "hidden"
        self._take(torch.randn(self._model.latent_dim, generator=self._generator))

    def _take(self, z: torch.Tensor) -> None:
        self.z = z.clone()
        # The sliders follow, without pushing z back into their range and their steps.
        self._taking = True
        for slider, i in zip(self.sliders, self._moved, strict=True):
            slider.value = float(z[i].clamp(-REACH, REACH))
        self._taking = False
        self._repaint()

    def _move(self) -> None:
        if self._taking:
            return
        for slider, i in zip(self.sliders, self._moved, strict=True):
            # Only the one that was moved differs from where z had put it.
            if abs(slider.value - float(self.z[i].clamp(-REACH, REACH))) > 1e-6:
                self.z[i] = slider.value
        self._repaint()

    @torch.no_grad()
    def _repaint(self) -> None:
        labels = torch.arange(self._model.classes)
        logits = self._model.given(labels).decoder(self.z.to(self._device).expand(len(labels), -1))
        images = torch.sigmoid(logits).cpu()
        label = self.label.value
        self.large_caption.value = f"<b>A {label} in the same style</b>"
        self.large.value = png(images[label : label + 1], 1)
        self.all.value = png(images, len(images))
