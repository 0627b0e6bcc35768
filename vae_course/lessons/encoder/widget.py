"""The cloud picker of lesson 02: a digit, and the cloud of codes that the encoder gives for it."""

from vae_course.data import as_pixels
from vae_course.digits import Digits
from vae_course.kit.figures import CLASS_COLORS
from vae_course.kit.svg import Axis, Line, chart
from vae_course.kit.widget import CourseWidget, digit_image, png, row
from vae_course.lessons import COLORS
from vae_course.vae import VAE

import ipywidgets
import torch
from torch import Generator, Tensor

# How many codes the map shows in grey: more would hide what matters, and take longer to repaint.
SHOWN = 300
# The length of the arms that point at the cloud, in units of z.
ARM = 0.3


class CloudPicker(CourseWidget):
    """Show q(z|x) of a test digit as a 1σ ellipse on the plane of codes, with the digit and its reconstruction.

    Args:
        model: with two latent dimensions.
        digits: the slider goes through the test digits of a class, from the smallest area of a cloud to the largest.

    Raises:
        ValueError: the model does not have two latent dimensions.
    """

    alt = (
        "Buttons choose a class, and a slider chooses a digit of it. On the plane of codes an ellipse is the cloud of "
        "this digit; beside it the digit, its reconstruction, and mu, logvar and sigma."
    )

    @torch.no_grad()
    def __init__(self, model: VAE, digits: Digits):
        if model.latent_dim != 2:
            raise ValueError(f"the model has {model.latent_dim} latent dimensions: a plane of codes needs 2")
        self._labels = digits.test_labels
        x = as_pixels(digits.test_images, "static", Generator().manual_seed(0))
        on_device = x.to(model.device)
        mu, logvar = (answer.cpu() for answer in model.encoder(on_device))
        self._mu, self._logvar = mu, logvar
        self._pairs = torch.stack([x, model.reconstruct(on_device).cpu()], 1)  # [N, 2, 1, 28, 28]
        self._area = logvar.sum(1)  # twice the logarithm of the area, plus a constant
        (left, low), (right, high) = (end.tolist() for end in torch.aminmax(mu, dim=0))
        # If the codes say little, the clouds are as wide as the prior and the codes close together: show both.
        half = max(1.5, 0.55 * max(right - left, high - low))
        middles = {"z[0]": (left + right) / 2, "z[1]": (low + high) / 2}
        self._axes = [Axis(name, middle - half, middle + half) for name, middle in middles.items()]
        self.label = ipywidgets.ToggleButtons(
            options=self._labels.unique().tolist(), tooltip="digit", style={"button_width": "34px"}
        )
        self.rank = ipywidgets.IntSlider(description="from narrow to wide", style={"description_width": "initial"})
        self.rank.layout.width = "400px"
        self.map, self.figures = ipywidgets.HTML(), ipywidgets.HTML()
        self.pictures = digit_image(torch.zeros(2, 1, 28, 28), 2, 5.0, "A test digit beside its reconstruction")
        side = ipywidgets.VBox(
            [ipywidgets.HTML("<b>A test digit and its reconstruction</b>"), self.pictures, self.figures]
        )
        super().__init__([row(self.label, self.rank), row(self.map, side)])
        self.label.observe(lambda _: self._choose_class(), "value")
        self.rank.observe(lambda _: self._repaint(), "value")
        self._choose_class()

    def _choose_class(self) -> None:
        of_class = (self._labels == self.label.value).nonzero().flatten()
        self._ordered = of_class[self._area[of_class].argsort()]
        self.rank.max = len(of_class) - 1
        self._repaint()

    def _repaint(self) -> None:
        i = self._ordered[self.rank.value]
        self.pictures.value = png(self._pairs[i], 2)
        self.map.value = self._draw(i)
        mu, logvar = self._mu[i], self._logvar[i]
        rows = [("mu", *mu.tolist()), ("logvar", *logvar.tolist()), ("sigma", *torch.exp(0.5 * logvar).tolist())]
        figures = "<br>".join(f"{name} = ({a:.3f}, {b:.3f})" for name, a, b in rows).replace("-", "−")
        wider = int(100 * (self._area > self._area[i]).float().mean())
        words = f"{wider} of 100 test digits have a wider cloud."
        self.figures.value = f'<div style="line-height: 1.6">{figures}<br>{words}</div>'

    def _draw(self, i: Tensor) -> str:
        label, (a, b) = int(self._labels[i]), self._mu[i].tolist()
        width, height = torch.exp(0.5 * self._logvar[i]).tolist()
        turn = torch.linspace(0, 2 * torch.pi, 61)
        ellipse = Line((a + width * turn.cos()).tolist(), (b + height * turn.sin()).tolist(), "currentColor")
        # Four arms around it, because a narrow cloud is hard to find.
        arms = [Line((a + sign * width, a + sign * (width + ARM)), (b, b), "currentColor") for sign in (-1, 1)]
        arms += [Line((a, a), (b + sign * height, b + sign * (height + ARM)), "currentColor") for sign in (-1, 1)]
        others = Line(*self._mu[:SHOWN].T.tolist(), COLORS["prior"], dots=1.5)
        same = Line(*self._mu[self._labels == label].T.tolist(), CLASS_COLORS[label % 10], dots=2.5)
        # A width of 4 less than the height makes the inside square, and a round cloud round.
        title = f"The cloud of this {label} at 1σ, among the other {label}s"
        return chart([others, same, *arms, ellipse], *self._axes, title, width=420, height=424)
