"""The β explorer of lesson 07: a slider moves β, and one network answers at once."""

import math
from base64 import b64encode
from collections.abc import Sequence

from vae_course.beta import MultiRateVAE, rate_distortion
from vae_course.data import binarize, grey
from vae_course.digits import Digits
from vae_course.kit.svg import Axis, Line, chart
from vae_course.kit.widget import CourseWidget, log_slider, png, row, with_scale
from vae_course.latent_space import ACTIVE, unit_activity
from vae_course.lessons import COLORS
from vae_course.vae import VAE

import anywidget
import ipywidgets
import numpy as np
import torch
import traitlets
from jaxtyping import Float
from torch import Generator, Tensor

COLUMNS = 10
SAMPLES = 3 * COLUMNS
MEASURED = 1000


class Page(anywidget.AnyWidget):
    """Show HTML, and replace it only when the images of the new one are decoded, so that nothing flickers."""

    html = traitlets.Unicode().tag(sync=True)
    _esm = """
    function render({ model, el }) {
        let latest;
        async function paint() {
            const next = latest = document.createElement("div");
            next.style.lineHeight = 1.5;
            next.innerHTML = model.get("html");
            await Promise.all([...next.querySelectorAll("img")].map(image => image.decode().catch(() => {})));
            if (next === latest) el.replaceChildren(next);
        }
        model.on("change:html", paint);
        paint();
    }
    export default { render };
    """


class BetaExplorer(CourseWidget):
    """Show reconstructions, samples, the place on the frontier and the active units, as β slides.

    The network is asked again at each move. What takes many digits (the frontier, the units' activity) is measured
    once, at 29 β, and interpolated.

    Args:
        model: a `MultiRateVAE`, which has learnt every β of a range.
        digits: of its test digits, one of each class is shown, and the first 1,000 are measured.

    Raises:
        ValueError: the model has learnt one β only.
    """

    live = "beta"
    alt = (
        "A slider for β at 1. Below it the two terms of the −ELBO as a bar, ten test digits above their "
        "reconstructions, thirty samples, the frontier of rate and distortion, and the variance of each latent mean."
    )

    def __init__(self, model: VAE, digits: Digits):
        if not isinstance(model, MultiRateVAE):
            raise ValueError(f"model: a {type(model).__name__} knows one β; give a MultiRateVAE, which knows a range")
        self._model, self._digits, self._device = model, digits, model.device
        self._generator = Generator().manual_seed(0)
        low, high = model.beta_range
        # β = 1, where the −ELBO is, is one of those that are measured; above it more happens than below.
        betas = [*np.geomspace(low, 1, 10)[:-1].tolist(), *np.geomspace(1, high, 20).tolist()]
        images = digits.test_images[:MEASURED]
        costs = [(t.reconstruction.item(), t.kl.item()) for t in rate_distortion(model, images, betas).values()]
        activity = torch.stack([unit_activity(model.at(beta), images) for beta in betas]).numpy()
        # In the order at β = 1, which stays, so that one sees which dimensions stop being active.
        activity = activity[:, np.argsort(-activity[betas.index(1.0)])]
        self._levels, self._measured = np.log(betas), np.column_stack([costs, activity])
        self._distortions, self._rates = self._measured.T[:2].tolist()
        self._longest = max(1.0, float(activity.max()))

        self.beta = log_slider("β", low, high)
        self.other_digits = ipywidgets.Button(description="Other digits", layout={"width": "120px"})
        self.other_samples = ipywidgets.Button(description="Other samples", layout={"width": "120px"})
        # One part for all that changes: of several, each would be a message, and a message takes milliseconds.
        self.page = Page()
        super().__init__([row(with_scale(self.beta), self.other_digits, self.other_samples), self.page])
        self._draw_digits()
        self._draw_z()
        self._repaint()
        self.beta.observe(lambda _: self._repaint(), "value")
        self.other_digits.on_click(lambda _: (self._draw_digits(), self._repaint()))
        self.other_samples.on_click(lambda _: (self._draw_z(), self._repaint()))

    def _draw_digits(self) -> None:
        labels = self._digits.test_labels
        classes = [(labels == label).nonzero().flatten() for label in labels.unique()[:COLUMNS]]
        chosen = [int(found[torch.randint(len(found), (), generator=self._generator)]) for found in classes]
        self._x = binarize(grey(self._digits.test_images[chosen]), self._generator).to(self._device)

    def _draw_z(self) -> None:
        self._z = torch.randn(SAMPLES, self._model.latent_dim, generator=self._generator).to(self._device)

    @torch.no_grad()
    def _repaint(self) -> None:
        # The slider's ends are powers of ten, and may miss the range by a rounding.
        beta = float(np.clip(self.beta.value, *self._model.beta_range))
        view = self._model.at(beta)
        both = torch.cat([self._x, view.reconstruct(self._x)])
        samples = torch.sigmoid(view.decoder(self._z))
        distortion, rate, *activity = interpolate(math.log(beta), self._levels, self._measured)
        self.page.html = f"""
            {self._cost(beta, distortion, rate)}
            <div style="display: flex; flex-flow: row wrap; gap: 8px 28px">
                <div>
                    <b>Test digits above their reconstructions:</b> a high β keeps little of the handwriting<br>
                    {digits_tag(both, len(self._x), "Test digits above their reconstructions")}<br>
                    <b>Samples,</b> from the same z at every β<br>
                    {digits_tag(samples, COLUMNS, "Samples of the model, from the same z at every β")}
                </div>
                <div>{self._frontier(beta, distortion, rate)}{bars(activity, self._longest)}</div>
            </div>"""

    def _cost(self, beta: float, distortion: float, rate: float) -> str:
        totals = [d + r for d, r in zip(self._distortions, self._rates, strict=True)]
        lowest, longest = min(totals), max(totals)
        terms = ("reconstruction", distortion, COLORS["reconstruction"]), ("KL", rate, COLORS["kl"])
        words = " + ".join(f'<span style="color: {color}">■</span> {name} {nats:.1f}' for name, nats, color in terms)
        parts = "".join(
            f'<div style="width: {100 * nats / longest:.1f}%; background: {color}"></div>' for _, nats, color in terms
        )
        mark = f"position: absolute; left: {100 * lowest / longest:.1f}%; height: 22px; border-left: 2px solid"
        return f"""
            <b>β = {beta:.3g}:</b> {words} = <b>−ELBO {distortion + rate:.1f}</b> nats per image
            on {min(MEASURED, len(self._digits.test_images)):,} digits
            <div style="display: flex; height: 16px; position: relative">{parts}<div style="{mark}"></div></div>
            <div style="margin: 6px 0 8px">The mark shows the lowest −ELBO of all β: {lowest:.1f}.<br>
                The training loss, reconstruction + β · KL, is {distortion + beta * rate:.1f} here.
                Losses of different β cannot be compared.</div>"""

    def _frontier(self, beta: float, distortion: float, rate: float) -> str:
        x = Axis("rate: KL, nats per image", 0.0, 1.05 * max(self._rates))
        y = Axis("distortion: reconstruction", 0.0, 1.1 * max(self._distortions))
        touching = [distortion + beta * (rate - end) for end in (x.low, x.high)]
        lines = [
            Line((x.low, x.high), touching, COLORS["kl"], width=1.5),
            Line(self._rates, self._distortions, COLORS["elbo"], width=3),
            Line([rate], [distortion], COLORS["elbo"], dots=7),
        ]
        return chart(lines, x, y, "The line of slope −β touches the frontier", height=220)


def interpolate(at: float, x: Float[np.ndarray, " rows"], y: Float[np.ndarray, "rows columns"]) -> list[float]:
    """Compute each column's value there, by the cubic through the four nearest rows (Lagrange)."""
    start = min(max(int(np.searchsorted(x, at)) - 2, 0), len(x) - 4)
    near = x[start : start + 4]
    weights = [math.prod((at - other) / (one - other) for other in near if other != one) for one in near]
    return (np.array(weights) @ y[start : start + 4]).tolist()


def digits_tag(images: Float[Tensor, "batch 1 28 28"], columns: int, name: str) -> str:
    """Make an HTML image of digits."""
    content = b64encode(png(images, columns)).decode()
    return f'<img alt="{name}" width="{(29 * columns + 1) * 1.9:.0f}" src="data:image/png;base64,{content}">'


def bars(activity: Sequence[float], longest: float) -> str:
    """Draw how far each latent dimension's mean moves from digit to digit, as HTML; active ones in colour."""
    count = sum(value > ACTIVE for value in activity)
    shapes = "".join(
        f'<div style="flex: 1; height: max(2px, {100 * value / longest:.1f}%); '
        f'background: {COLORS["posterior" if value > ACTIVE else "prior"]}"></div>'
        for value in activity
    )
    return f"""
        <div style="max-width: 360px"><b>{count} of {len(activity)} latent dimensions are active</b>
        <div style="display: flex; align-items: flex-end; gap: 3px; height: 80px; position: relative">{shapes}
            <div style="position: absolute; bottom: {100 / longest:.1f}%; width: 100%; border-top: 1px dashed"></div>
        </div>Each bar is the variance of one mu over the digits.<br>
        The dashed line is 1, the variance of the prior.</div>"""
