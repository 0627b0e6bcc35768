"""Move a code over the plane of lesson 04, and see what the decoder makes of it."""

from vae_course.data import binarize
from vae_course.digits import Digits
from vae_course.kit.widget import CourseWidget, digit_image, png, row
from vae_course.latent_space import mean_codes
from vae_course.lessons.plane import Plane
from vae_course.vae import VAE

import ipywidgets
import torch
from torch import Generator


class LatentPad(CourseWidget):
    """Show a plane of codes, and beside it what the decoder makes of the marked code: its mean, or a draw.

    Args:
        model: with two latent dimensions.
        digits: the plane shows the codes of its test digits.

    Raises:
        ValueError: the model does not have two latent dimensions.
    """

    live = "latent_pad"
    alt = "The plane of two-dimensional codes with a mark in the middle, and beside it the image decoded from the mark."

    def __init__(self, model: VAE, digits: Digits):
        if model.latent_dim != 2:
            raise ValueError(f"the model has {model.latent_dim} latent dimensions: a plane needs 2")
        self._model, self._generator = model, Generator().manual_seed(0)
        self.plane = Plane(mean_codes(model, digits.test_images), digits.test_labels)
        self.kind = ipywidgets.ToggleButtons(
            options=["mean", "draw"],
            tooltip="What is shown of p(x|z)",
            style={"button_width": "72px"},
            layout={"width": "auto"},
        )
        self.again = ipywidgets.Button(description="Draw again", layout={"width": "110px"})
        self.position = ipywidgets.HTML()
        self.image = digit_image(torch.zeros(1, 1, 28, 28), 1, 8.5, "What the decoder makes of the marked code")
        caption = ipywidgets.HTML(
            "<p style='line-height: 1.5; margin: 0'>Click or drag on the plane, or use the arrow keys (with Shift the "
            "steps are larger). Each numeral stands at the code of a test digit, the mean of q(z|x); numerals that "
            "would overlap are left out. The dashed circles are 1σ and 2σ of the prior: 39 % and 86 % of its draws "
            "are inside.</p>"
        )
        side = ipywidgets.VBox(
            [self.position, self.image, ipywidgets.HBox([self.kind, self.again], layout={"align_items": "center"})]
        )
        super().__init__([row(self.plane, side), caption])
        self.plane.observe(lambda _: self._repaint(), "z")
        self.kind.observe(lambda _: self._repaint(), "value")
        self.again.on_click(lambda _: self._repaint())
        self.plane.z = (0.0, 0.0)

    @torch.no_grad()
    def _repaint(self) -> None:
        z1, z2 = self.plane.z
        mean = self.kind.value == "mean"
        place = f"z = ({z1:.2f}, {z2:.2f})".replace("-", "−")
        self.position.value = f"<b>{place}</b>, {'the mean of' if mean else 'a draw from'} p(x|z)"
        z = torch.tensor([[z1, z2]], device=self._model.device)
        image = torch.sigmoid(self._model.decoder(z)).cpu()
        self.again.disabled = mean
        self.image.value = png(image if mean else binarize(image, self._generator), columns=1)
