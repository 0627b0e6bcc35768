"""The threshold slider of lesson 13: what a score catches, and how many false alarms it raises."""

from collections.abc import Mapping

from vae_course.kit.svg import Axis, Line, chart
from vae_course.kit.widget import CourseWidget, row
from vae_course.lessons import COLORS
from vae_course.lessons.likelihood.figures import HELD_OUT, TRAINED
from vae_course.likelihood import auroc, roc

import ipywidgets
import torch
from jaxtyping import Float, Int64
from torch import Tensor

BINS = 25


class ThresholdSlider(CourseWidget):
    """Show the scores of the classes trained on and of one held out, a threshold, and its point on the ROC curve.

    Args:
        scores: by name; row c has the score of each image by the model that was trained without class c.
        labels: the images' classes.
        held_out: the class that is shown at first.

    Raises:
        ValueError: there are no scores, their shape does not fit the labels, or a class has no image.
    """

    alt = (
        "Buttons choose the class held out and the score, and a slider chooses the threshold. Below them histograms of "
        "the score for both kinds of images, and the ROC curve with a dot at the threshold."
    )

    def __init__(
        self,
        scores: Mapping[str, Float[Tensor, "classes batch"]],
        labels: Int64[Tensor, " images"],
        held_out: int = 0,
    ):
        if not scores:
            raise ValueError("scores: give at least one, by name")
        classes = len(next(iter(scores.values())))
        for name, values in scores.items():
            if values.shape != (classes, len(labels)):
                raise ValueError(f"scores[{name!r}] is {list(values.shape)}: should be {[classes, len(labels)]}, "
                                 "one row per held-out class and one column per image")  # fmt: skip
        missing = sorted(set(range(classes)) - set(labels.tolist()))
        if missing:
            raise ValueError(f"labels: no image is of class {', '.join(map(str, missing))}")
        self._scores, self._labels = scores, labels
        self.held_out = ipywidgets.ToggleButtons(
            options=range(classes), value=held_out, description="held out", style={"button_width": "34px"}
        )
        self.score = ipywidgets.ToggleButtons(
            options=list(scores), description="score", style={"button_width": "max-content"}
        )
        self.threshold = ipywidgets.FloatSlider(
            description="threshold, nats", readout_format=".0f", style={"description_width": "initial"},
            layout={"width": "min(620px, 100%)"},
        )  # fmt: skip
        self.words, self.histograms, self.curve = (ipywidgets.HTML() for _ in range(3))
        super().__init__([row(self.held_out, self.score), self.threshold, self.words, row(self.histograms, self.curve)])
        self.held_out.observe(lambda _: self._choose(), "value")
        self.score.observe(lambda _: self._choose(), "value")
        self.threshold.observe(lambda _: self._repaint(), "value")
        self._choose()

    @property
    def rates(self) -> tuple[float, float]:
        """Compute the shares above the threshold: of the class held out, and of all others."""
        called = self._shown > self.threshold.value
        return called[self._anomalous].float().mean().item(), called[~self._anomalous].float().mean().item()

    def _choose(self) -> None:
        """Show the chosen scores, with the threshold at the median of the normal ones."""
        self._shown = self._scores[self.score.value][self.held_out.value]
        self._anomalous = self._labels == self.held_out.value
        false, true = roc(self._shown, self._anomalous)
        self._curve = Line((100 * false).tolist(), (100 * true).tolist(), HELD_OUT, width=2.5)
        self._auroc = auroc(self._shown, self._anomalous)
        low, high = self._shown.min().floor().item(), self._shown.max().ceil().item()
        edges = torch.linspace(low, high, BINS + 1)
        self._steps = [
            Line(edges.repeat_interleave(2)[1:-1].tolist(), shares.repeat_interleave(2).tolist(), color, dash=dash)
            for shares, color, dash in ((self._share(~self._anomalous, edges), TRAINED, "5 3"),
                                        (self._share(self._anomalous, edges), HELD_OUT, "none"))
        ]  # fmt: skip
        # Change all at once, here and in the browser: the new range may not contain the old threshold or the old range.
        with self.threshold.hold_sync(), self.threshold.hold_trait_notifications():
            self.threshold.min, self.threshold.max, self.threshold.step = low, high, 1.0
            self.threshold.value = self._shown[~self._anomalous].median().round().item()
        self._repaint()

    def _share(self, chosen: Tensor, edges: Tensor) -> Tensor:
        """Compute the percentage of the chosen images' scores between each two edges."""
        return 100 * torch.histogram(self._shown[chosen].cpu(), edges).hist / chosen.sum()

    def _repaint(self) -> None:
        true, false = self.rates
        at, count = self.threshold.value, int(self._anomalous.sum())
        others = len(self._labels) - count
        name = self.held_out.value
        self.words.value = (
            f'<div style="line-height: 1.6">'
            f'<span style="color: {HELD_OUT}">━</span> {true * count:.0f} of the {count} images of class {name}, '
            f"which training never saw, are above the threshold: <b>true positives {true:.0%}</b>.<br>"
            f'<span style="color: {TRAINED}">┅</span> {false * others:.0f} of the {others} images of the other classes '
            f"are above it too: <b>false positives {false:.0%}</b>.</div>"
        )
        x = Axis(f"{self.score.value}, nats per image", self.threshold.min, self.threshold.max)
        y = Axis("percent of the images", 0.0, 1.15 * max(max(line.y) for line in self._steps))
        mark = Line((at, at), (y.low, y.high), "currentColor", width=2)
        self.histograms.value = chart([*self._steps, mark], x, y, "Images right of the line raise the alarm", 440)
        chance = Line((0.0, 100.0), (0.0, 100.0), COLORS["prior"], width=1, dash="4 3")
        dot = Line([100 * false], [100 * true], HELD_OUT, dots=7)
        x, y = Axis("false positives, percent", -4.0, 104.0), Axis("true positives, percent", -4.0, 104.0)
        self.curve.value = chart([chance, self._curve, dot], x, y, f"AUROC {self._auroc:.2f}", 300)
