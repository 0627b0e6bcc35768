"""The digit browser of lesson 01: a digit in grey, thresholded and drawn, and the mean of its draws so far."""

from vae_course.data import as_pixels, binarize, grey
from vae_course.digits import Digits
from vae_course.kit.widget import CourseWidget, digit_image, png, row

import ipywidgets
import torch
from torch import Generator
from torch.nn.functional import binary_cross_entropy


class DigitBrowser(CourseWidget):
    """Show a training digit in grey, thresholded and drawn. Each press of the button draws it again.

    Args:
        digits: `train_images[train_labels == label.value][number.value]` is shown.
    """

    alt = "Buttons choose a digit. It is shown four times: grey, thresholded, drawn, and the mean of its draws."

    def __init__(self, digits: Digits):
        self._digits, self._generator = digits, Generator().manual_seed(0)
        self.label = ipywidgets.ToggleButtons(
            options=digits.train_labels.unique().tolist(), tooltip="digit", style={"button_width": "34px"}
        )
        self.number = ipywidgets.IntSlider(description="number", style={"description_width": "initial"})
        self.again = ipywidgets.Button(description="Draw again")
        blank = torch.zeros(1, 1, 28, 28)
        self.grey, self.cut, self.drawn, self.mean = self._images = [digit_image(blank, 1, 6.5) for _ in range(4)]
        self.captions = [ipywidgets.HTML() for _ in self._images]
        pictures = [
            ipywidgets.VBox(pair, layout={"width": "195px"}) for pair in zip(self._images, self.captions, strict=True)
        ]
        super().__init__([row(self.label, self.number, self.again), row(*pictures)])
        self.label.observe(lambda _: self._choose_class(), "value")
        self.number.observe(lambda _: self._choose(), "value")
        self.again.on_click(lambda _: self._draw())
        self._choose_class()

    def _choose_class(self) -> None:
        self._of_class = self._digits.train_images[self._digits.train_labels == self.label.value]
        self.number.max = len(self._of_class) - 1
        self._choose()

    def _choose(self) -> None:
        image = self._of_class[self.number.value : self.number.value + 1]
        self._p = grey(image)  # [1, 1, 28, 28]
        self._draws = torch.zeros(0, 1, 28, 28)
        floor = binary_cross_entropy(self._p, self._p, reduction="sum")
        self._show(0, self._p, "grey", f"entropy {floor:.1f} nats")
        cut = as_pixels(image, "threshold", self._generator)
        self._show(1, cut, "thresholded at ½", "the same every time")
        self._draw()

    def _draw(self) -> None:
        drawn = binarize(self._p, self._generator)
        expected = (2 * self._p * (1 - self._p)).sum()
        news = f"The next draw changes about {expected:.0f} pixels."
        if len(self._draws):
            news = f"{(drawn != self._draws[-1]).sum()} pixels changed, about {expected:.0f} were expected."
        self._draws = torch.cat([self._draws, drawn])
        self._show(2, drawn, "drawn", news)
        draws = f"{len(self._draws)} draw{'s' * (len(self._draws) > 1)}"
        self._show(3, self._draws.mean(0, keepdim=True), "mean of the draws", f"of {draws} so far")

    def _show(self, i: int, image: torch.Tensor, name: str, news: str) -> None:
        self._images[i].value, self._images[i].alt = png(image, 1), f"The digit, {name}"
        ink = f"{image.sum():.1f}".removesuffix(".0")
        self.captions[i].value = f'<div style="line-height: 1.5"><b>{name}</b><br>{ink} pixels of ink<br>{news}</div>'
