"""The β explorer of lesson 07: a slider moves β, and one network answers at once."""

import math
from typing import Any

import ipywidgets
import numpy as np
import torch
from torch import Generator

from vae_course.beta import MultiRateVAE
from vae_course.data import Digits, binarize, grey
from vae_course.evaluation import ACTIVE, rate_distortion, unit_activity
from vae_course.plots import COLORS
from vae_course.widgets import Axis, CourseWidget, Line, chart, digit_image, png, row

COLUMNS = 10
SAMPLES = 3 * COLUMNS
LEVELS = 29


class BetaExplorer(CourseWidget):
    """Reconstructions, samples, the place on the frontier and the active units, as β slides.

    The frontier and the units' activity are measured once, on the test digits, and looked up from then on; the digits
    themselves are computed at each move.

    Args:
        model: has learnt every β of a range.
        digits: ten of the test digits, one of each class, are reconstructed, and all of them measured.
    """

    def __init__(self, model: MultiRateVAE, digits: Digits):
        self._model, self._digits, self._generator = model, digits, Generator().manual_seed(0)
        low, high = (math.log10(end) for end in model.beta_range)
        self._betas = [min(max(10**level, model.beta_range[0]), model.beta_range[1])
                       for level in np.linspace(low, high, LEVELS).tolist()]  # fmt: skip
        self._frontier = list(rate_distortion(model, digits.test_images, self._betas).values())
        activity = torch.stack([unit_activity(model.at(beta), digits.test_images) for beta in self._betas])
        # In the order of β = 1, which stays, so that one sees who leaves.
        at_one = unit_activity(model.at(1.0), digits.test_images)
        self._activity = activity[:, at_one.argsort(descending=True)].cpu().numpy()

        self.beta = ipywidgets.FloatLogSlider(
            value=1.0, min=low, max=high, step=0.02, description="β", readout_format=".3g"
        )
        self.beta.layout.width = "100%"
        self.other_digits = ipywidgets.Button(description="Other digits")
        self.other_samples = ipywidgets.Button(description="Other samples")
        # Figures and charts in one part: every part that changes is a message, and a message takes milliseconds.
        self.figures = ipywidgets.HTML(layout={"max_width": "380px"})
        blank = torch.zeros(COLUMNS, 1, 28, 28)
        self.reconstructions = digit_image(torch.cat([blank, blank]), COLUMNS, scale=1.9)
        self.samples = digit_image(blank.repeat(3, 1, 1, 1), COLUMNS, scale=1.9)
        pictures = ipywidgets.VBox([
            ipywidgets.HTML("<b>Given, and given back</b>"), self.reconstructions,
            ipywidgets.HTML("<b>Invented</b>, from the same z at every β"), self.samples,
            ipywidgets.HBox([self.other_digits, self.other_samples]),
        ])  # fmt: skip
        super().__init__([self.beta, row(pictures, self.figures)])
        self.beta.observe(lambda _: self._repaint(), "value")
        self.other_digits.on_click(lambda _: self._choose_digits())
        self.other_samples.on_click(lambda _: self._choose_samples())
        self._choose_samples(repaint=False)
        self._choose_digits()

    def _choose_digits(self) -> None:
        labels = self._digits.test_labels
        classes = [(labels == label).nonzero().flatten() for label in labels.unique()]
        chosen = [int(found[torch.randint(len(found), (), generator=self._generator)]) for found in classes[:COLUMNS]]
        self._x = binarize(grey(self._digits.test_images[chosen]), self._generator)
        self._repaint()

    def _choose_samples(self, repaint: bool = True) -> None:
        self._z = torch.randn(SAMPLES, self._model.latent_dim, generator=self._generator)
        if repaint:
            self._repaint()

    @torch.no_grad()
    def _repaint(self) -> None:
        # The slider's ends are powers of ten, and may miss the range by a rounding.
        beta = min(max(self.beta.value, self._model.beta_range[0]), self._model.beta_range[1])
        view = self._model.at(beta)
        self.reconstructions.value = png(torch.cat([self._x, view.reconstruct(self._x)]), len(self._x))
        self.samples.value = png(torch.sigmoid(view.decoder(self._z)), COLUMNS)
        reconstruction, kl = (self._at(beta, [getattr(t, name).item() for t in self._frontier])
                              for name in ("reconstruction", "kl"))  # fmt: skip
        activity = [self._at(beta, column) for column in self._activity.T]
        text = in_words(beta, reconstruction, kl, len(self._digits.test_images))
        self.figures.value = text + self._draw_frontier(reconstruction, kl) + bars(activity)

    def _at(self, beta: float, measured: Any) -> float:
        return float(np.interp(math.log(beta), np.log(self._betas), measured))

    def _draw_frontier(self, reconstruction: float, kl: float) -> str:
        rates, distortions = zip(*[(t.kl.item(), t.reconstruction.item()) for t in self._frontier], strict=True)
        lines = [Line(rates, distortions, COLORS["elbo"]), Line([kl], [reconstruction], COLORS["kl"], dots=7)]
        x = Axis("rate: KL, nats per image", 0.0, 1.05 * max(rates))
        y = Axis("distortion: reconstruction", 0.0, 1.1 * max(distortions))
        return chart(lines, x, y, "A low distortion costs a high rate", height=220)


def in_words(beta: float, reconstruction: float, kl: float, images: int) -> str:
    """What an image costs at this β, in nats, as HTML."""
    return (
        f'<div style="line-height: 1.5; margin-bottom: 10px"><b>β = {beta:.3g}</b><br>'
        f"reconstruction <b>{reconstruction:.1f}</b> + KL <b>{kl:.1f}</b> = −ELBO <b>{reconstruction + kl:.1f}</b> "
        f"nats per image, on {images:,} test digits: the figure to compare.<br>"
        f'<span style="opacity: .65">Trained on reconstruction + β · KL = {reconstruction + beta * kl:.1f}, '
        "which has another price for each β.</span></div>"
    )


def bars(activity: list[float], width: int = 360, height: int = 130) -> str:
    """How far each latent dimension's mean moves from digit to digit, as SVG; active ones in colour."""
    count = sum(value > ACTIVE for value in activity)
    step, top, bottom = (width - 14) / len(activity), 26, height - 22
    title = f"{count} of {len(activity)} latent dimensions are active"
    parts = [f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{title}">']
    parts.append(f'<text x="0" y="14" font-weight="600">{title}</text>')
    for i, value in enumerate(activity):
        # At least a hair's breadth, so that a dimension that is shut off can be seen to be there.
        tall = max(2.0, min(1.0, value) * (bottom - top))
        color = COLORS["posterior"] if value > ACTIVE else COLORS["prior"]
        parts.append(f'<rect x="{i * step:.1f}" y="{bottom - tall:.1f}" width="{step - 3:.1f}" '
                     f'height="{tall:.1f}" fill="{color}"/>')  # fmt: skip
    parts.append(f'<text x="0" y="{height - 5}">variance of mu over the digits, 0 to 1</text></svg>')
    return "".join(parts)
