"""Let the learner draw a digit, in lesson 10, and show its code, its reconstruction, and how surprised the model is."""

from pathlib import Path

from vae_course.data import binarize, binarize_once, grey
from vae_course.digits import Digits
from vae_course.kit.svg import Axis, Line, chart
from vae_course.kit.widget import CourseWidget, Picture, digit_image, png, row
from vae_course.latent_space import as_mnist, mean_codes
from vae_course.lessons import COLORS
from vae_course.lessons.plane import Plane
from vae_course.likelihood import surprise
from vae_course.vae import VAE

import anywidget
import ipywidgets
import torch
import traitlets
from torch import Generator
from torch.nn.functional import interpolate

SIDE = 112
NEAREST = 5
DRAWS = 64
# Test digits that a drawing is compared with. More take seconds and change the percentile little.
COMPARED = 1000


class Sketch(anywidget.AnyWidget):
    """A square to draw on with mouse, pen or finger. `ink` is what is drawn, one byte per pixel, white ink on black."""

    _esm = Path(__file__).with_name("sketch.js")
    _css = """
    .vae-sketch { position: relative; max-width: 280px; }
    .vae-sketch p { position: absolute; top: 120px; width: 100%; margin: 0; text-align: center; color: #fff;
        font-size: 16px; pointer-events: none; }
    .vae-sketch canvas { display: block; width: 100%; aspect-ratio: 1; border-radius: 4px; cursor: crosshair;
        touch-action: none; outline: 1px solid var(--jp-border-color1, #888); }
    .vae-sketch canvas:focus-visible { outline: 2px solid var(--jp-brand-color1, #2196f3); outline-offset: -2px; }
    .vae-sketch div { display: flex; gap: 4px; margin-top: 4px; }
    .vae-sketch button { flex: 1; }
    """
    # Compared by content on this side; what the browser sends need not come back to it.
    ink = traitlets.CBytes(bytes(SIDE * SIDE)).tag(sync=True, echo_update=False)


class DrawDigit(CourseWidget):
    """Draw a digit, and see its code, its reconstruction, its nearest training digits, and how surprised the model is.

    The pixels of the drawing are drawn once with its grey values as probabilities, and so are those of the digits it is
    compared with. The noise is the same each time, so that a picture does not flicker while it is drawn.

    Args:
        model: any VAE; with two latent dimensions the plane of codes is shown too.
        digits: the training digits are those among which the nearest are sought; the test digits' codes stand on the
            plane, and their −ELBO is what the drawing's is compared with.
    """

    live = "draw_digit"
    alt = (
        "An empty black sheet to draw a digit on. Beside it room for the drawing as the model sees it, its "
        "reconstruction and the nearest training digits, a histogram of −ELBO, and the plane of codes."
    )

    def __init__(self, model: VAE, digits: Digits):
        self._model, self._digits, self._generator = model, digits, Generator().manual_seed(0)
        self._train_codes = mean_codes(model, digits.train_images)
        self._train_x = binarize_once(digits.train_images, "static", Generator().manual_seed(0))
        test_x = binarize_once(digits.test_images[:COMPARED], "static", Generator().manual_seed(0))
        self._test_surprise = surprise(model, grey(test_x).to(self._device), DRAWS, self._seeded()).cpu()

        self.sketch = Sketch(layout={"width": "min(280px, 100%)"})
        self.take = ipywidgets.Button(description="Take a test digit", layout={"width": "min(280px, 100%)"})
        self.figures, self.histogram = ipywidgets.HTML(), ipywidgets.HTML()
        one = torch.zeros(1, 1, 28, 28)
        self.shaped, self.given, self.returned = (
            digit_image(one, 1, 3.0, f"The drawing {what}")
            for what in ("in MNIST's shape", "with pixels drawn", "reconstructed")
        )
        self.nearest = digit_image(one.repeat(NEAREST, 1, 1, 1), NEAREST, 2.0, "The nearest training digits")
        self.neighbours, self.code = ipywidgets.HTML(), ipywidgets.HTML()
        pictures = ipywidgets.VBox([
            row(_captioned(self.shaped, "in MNIST's shape"), _captioned(self.given, "pixels drawn: x"),
                _captioned(self.returned, "reconstruction")),
            self.neighbours, self.nearest, self.histogram,
        ])  # fmt: skip
        parts = [ipywidgets.VBox([self.sketch, self.take]), pictures]
        self.plane = None
        if model.latent_dim == 2:
            self.plane = Plane(mean_codes(model, digits.test_images), digits.test_labels, width=280, fixed=True)
            parts.append(ipywidgets.VBox([self.code, self.plane]))
        caption = ipywidgets.HTML(
            "<p style='line-height: 1.5; margin: 0'>The pixels are drawn once, with the grey values as probabilities, "
            "in your drawing and in the digits it is compared with. "
            f"The −ELBO is a mean over {DRAWS} draws of z. "
            f"{'The plane shows 1σ of q(z|x) and the codes of test digits. ' if self.plane else ''}"
            "Key C clears the sheet, key U undoes a stroke.</p>"
        )
        super().__init__([self.figures, row(*parts), caption])
        self.sketch.observe(lambda _: self._repaint(), "ink")
        self.take.on_click(lambda _: self._take())
        self._repaint()

    @property
    def _device(self) -> torch.device:
        return self._model.device

    def _seeded(self) -> Generator:
        return Generator(self._device).manual_seed(0)

    def _take(self) -> None:
        i = int(torch.randint(len(self._digits.test_images), (), generator=self._generator))
        large = interpolate(grey(self._digits.test_images[i : i + 1]), (SIDE, SIDE), mode="bilinear")
        self.sketch.ink = (255 * large).byte().numpy().tobytes()

    @torch.no_grad()
    def _repaint(self) -> None:
        ink = torch.frombuffer(bytearray(self.sketch.ink), dtype=torch.uint8).unflatten(0, (SIDE, SIDE)) / 255
        try:
            shaped = as_mnist(ink)
        except ValueError:
            self._show_nothing()
            return
        x = binarize(shaped, Generator().manual_seed(0)).to(self._device)
        mu, logvar = self._model.encoder(x)
        returned = self._model.reconstruct(x)
        for image, digit in ((self.shaped, shaped), (self.given, x), (self.returned, returned)):
            image.value = png(digit, 1)
        distances = (self._train_codes - mu.cpu()).norm(dim=1)
        found = distances.topk(min(NEAREST, len(distances)), largest=False)
        labels = self._digits.train_labels[found.indices].tolist()
        self.nearest.value = png(grey(self._train_x[found.indices]), NEAREST)
        self.neighbours.value = f"<b>Nearest training digits</b>, by their codes: {', '.join(map(str, labels))}"
        if self.plane is not None:
            z, sigma = mu[0].tolist(), torch.exp(0.5 * logvar[0]).tolist()
            with self.plane.hold_sync():
                self.plane.z, self.plane.sigma = tuple(z), tuple(sigma)
            place = ", ".join(f"{centre:.2f} ± {width:.2f}" for centre, width in zip(z, sigma, strict=True))
            self.code.value = f"<b>Its code</b>: z = ({place})".replace("-", "−")
        nats = surprise(self._model, x, DRAWS, self._seeded()).item()
        self.figures.value = f"<b>−ELBO {nats:.0f} nats per image</b>: {self._rank(nats)}."
        self._draw_histogram(nats)

    def _show_nothing(self) -> None:
        blank = torch.zeros(NEAREST, 1, 28, 28)
        for image in (self.shaped, self.given, self.returned):
            image.value = png(blank[:1], 1)
        self.nearest.value = png(blank, NEAREST)
        self.neighbours.value = "<b>Nearest training digits</b>, by their codes"
        self.figures.value = "<b>The sheet is empty.</b> Draw a large digit on it, or take a test digit."
        if self.plane is not None:
            self.plane.z = self.plane.sigma = None
            self.code.value = "<b>Its code</b>"
        self._draw_histogram(None)

    def _rank(self, nats: float) -> str:
        below = int(100 * (self._test_surprise < nats).float().mean())
        if below == 100:
            return "more surprising than every test digit"
        if below == 0:
            return "less surprising than 99 of 100 test digits"
        return f"more surprising than {below} of 100 test digits"

    def _draw_histogram(self, nats: float | None) -> None:
        """Draw how many test digits are how surprising, and mark where the drawing is."""
        low, high = 0.0, max(1.0, 1.3 * self._test_surprise.max().item())
        counts = torch.histc(self._test_surprise, 40, low, high).tolist()
        edges = torch.linspace(low, high, 41).tolist()
        steps = [(edge, count) for i, count in enumerate(counts) for edge in edges[i : i + 2]]
        x, y = zip(*steps, strict=True)
        top = 1.25 * max(counts)
        lines = [Line(x, y, COLORS["elbo"])]
        if nats is not None:
            at = min(nats, high)
            name = "this one" if nats <= high else "this one, off the chart →"
            lines.append(Line([at, at], [0.0, 0.8 * top], COLORS["kl"], name))
        title = "Test digits: how surprised the model is"
        self.histogram.value = chart(
            lines, Axis("−ELBO, nats per image", low, high), Axis("test digits", 0.0, top), title, 320, 170
        )


def _captioned(image: Picture, caption: str) -> ipywidgets.VBox:
    return ipywidgets.VBox([image, ipywidgets.HTML(f"<small style='line-height: 1.4'>{caption}</small>")])
