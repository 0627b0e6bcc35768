"""The live training of lesson 06: start it, pause it, turn β while it runs, and watch what it learns.

There is no thread. `fit` waits until it is asked for the next step, and a task on the kernel's own event loop asks, a
step at a time. Between two steps the loop handles what else there is: a click, a slider, another cell.
"""

import asyncio
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from html import escape
from itertools import pairwise

from vae_course.data import binarize, grey
from vae_course.digits import Digits
from vae_course.kit.svg import Axis, Line, chart
from vae_course.kit.widget import CourseWidget, digit_image, log_slider, png, row, with_scale
from vae_course.lessons import COLORS
from vae_course.training import Progress, TrainConfig, fit
from vae_course.vae import VAE

import ipywidgets
import torch
from torch import Generator

COLUMNS = 10
SAMPLES = 2 * COLUMNS
SECONDS_BETWEEN_PICTURES = 0.2
# A message is handed on several times before it is answered. In a pause of no length each hand-over would wait for
# another step: measured, a cell then answers in 90 to 140 ms, and in 20 with this pause, as if nothing were training.
SECONDS_BETWEEN_STEPS = 0.001
# More than these would look no different on a chart of so many pixels.
POINTS, DOTS = 320, 80


class LiveTraining(CourseWidget):
    """Train a new model at each start, and show both terms, reconstructions and samples while it learns.

    In a notebook it runs by itself once it is started; where there is no event loop, `advance` drives it. Only one
    trains at a time: making another stops this one, and so does closing it. JupyterLab's stop button pauses it.

    Args:
        digits: the training digits are trained on; the test digits are measured at the end of each epoch.
        make_model: makes the model, untrained.
        epochs: passes over the training digits.

    Attributes:
        beta: the slider of β, from 0.01 to 20, which may be moved at any time.
        seed: of the model's first weights and all the training's draws; it counts from the next start on.
        state: "ready", "training", "paused", "stopped" or "finished".
        model: the one that is being trained, or was trained last; None before the first start.
        history: its progress after each step.

    Raises:
        ValueError: `epochs` is not positive.
    """

    alt = (
        "Buttons Start and Stop, a slider for β at 1 and a field for the seed. Below them two charts, for the "
        "reconstruction term and the KL, still empty, and room for reconstructions and samples."
    )
    _latest: "LiveTraining | None" = None
    state = "ready"

    def __init__(self, digits: Digits, make_model: Callable[[], VAE] = VAE, epochs: int = 30):
        TrainConfig(epochs=epochs)  # Refuses what is no number of epochs.
        if LiveTraining._latest is not None:
            LiveTraining._latest.stop()
        LiveTraining._latest = self
        self._digits, self._make_model, self._epochs = digits, make_model, epochs
        self.model: VAE | None = None
        self.history: list[Progress] = []
        self._betas: list[tuple[float, float]] = []
        self._steps: Iterator[Progress] | None = None
        self._task: asyncio.Task | None = None
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        labels = digits.test_labels
        chosen = [int((labels == label).nonzero()[0]) for label in labels.unique()[:COLUMNS]]
        self._x = binarize(grey(digits.test_images[chosen]), Generator().manual_seed(0))

        self.start_pause = ipywidgets.Button(button_style="primary", layout={"width": "84px"})
        self.stop_button = ipywidgets.Button(description="Stop", layout={"width": "84px"})
        self.beta = log_slider("β", 0.01, 20.0)
        self.seed = ipywidgets.BoundedIntText(
            max=2**31 - 1, description="seed", style={"description_width": "initial"}, layout={"width": "120px"}
        )
        self.status = ipywidgets.HTML()
        self.reconstruction, self.kl = ipywidgets.HTML(), ipywidgets.HTML()
        self.reconstructions = digit_image(
            torch.cat([self._x, 0 * self._x]), len(self._x), 1.6, "Test digits above their reconstructions"
        )
        self.samples = digit_image(torch.zeros(SAMPLES, 1, 28, 28), COLUMNS, 1.6, "Samples of the model")
        given = ipywidgets.HTML("<b>Test digits</b> above their reconstructions")
        invented = ipywidgets.HTML("<b>Samples,</b> always from the same z")
        super().__init__([
            row(ipywidgets.HBox([self.start_pause, self.stop_button]), with_scale(self.beta), self.seed),
            self.status,
            row(ipywidgets.VBox([self.reconstruction, given, self.reconstructions]),
                ipywidgets.VBox([self.kl, invented, self.samples])),
            ipywidgets.HTML("<small>The thin line shows each batch that the model trains on. The dots show "
                            f"{len(digits.test_images):,} test digits at the end of each epoch. The pictures of the "
                            "model show the mean of p(x|z).</small>"),
        ])  # fmt: skip
        self.start_pause.on_click(lambda _: self._in_its_loop(self._start_or_pause))
        self.stop_button.on_click(lambda _: self._in_its_loop(self.stop))
        self._enter("ready")

    def start(self) -> None:
        """Make a new model and train it from the beginning."""
        if LiveTraining._latest not in (None, self):
            LiveTraining._latest.stop()
        LiveTraining._latest = self
        self.stop()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed.value)
            self.model = self._make_model()
        self._z = torch.randn(SAMPLES, self.model.latent_dim, generator=Generator().manual_seed(0))
        self.history, self._betas, self._seconds = [], [], 0.0
        config = TrainConfig(epochs=self._epochs, seed=self.seed.value, beta=lambda *_: self.beta.value)
        self._steps = fit(self.model, self._digits.train_images, config, self._digits.test_images)
        self._enter("training")

    def pause(self, why: str = "") -> None:
        """Ask for no more steps until `resume`; the status says why."""
        if self.state == "training":
            self._enter("paused", why)

    def resume(self) -> None:
        """Go on after a pause."""
        if self.state == "paused":
            self._enter("training")

    def stop(self) -> None:
        """End the training, if there is one. The model stays as it is."""
        if self.state in ("training", "paused"):
            self._enter("stopped")

    def close(self) -> None:
        """Stop, and take the widget away."""
        self.stop()
        if LiveTraining._latest is self:
            LiveTraining._latest = None
        super().close()

    def advance(self, steps: int) -> None:
        """Train for this many steps, if it is training and there are as many left, and show what came of it."""
        for _ in range(steps):
            self._step()
        self._repaint()

    def _start_or_pause(self) -> None:
        {"training": self.pause, "paused": self.resume}.get(self.state, self.start)()

    def _in_its_loop(self, action: Callable[[], None]) -> None:
        # JupyterLab has the kernel handle clicks in a thread of their own. Training stays where the cells run, so that
        # it and they take turns.
        if self._loop is None:
            action()
        else:
            self._loop.call_soon_threadsafe(action)

    def _enter(self, state: str, why: str = "") -> None:
        self.state, self._why = state, why
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if state not in ("training", "paused"):
            self._steps = None  # It holds the optimizer and the digits.
        if state == "training" and self._loop is not None:
            self._task = self._loop.create_task(self._train())
        self.start_pause.description = {"training": "Pause", "paused": "Go on"}.get(state, "Start")
        self._repaint()

    async def _train(self) -> None:
        painted = time.monotonic()
        while self.state == "training":
            pause_at_interrupt()
            self._step()
            if time.monotonic() - painted > SECONDS_BETWEEN_PICTURES:
                self._repaint()
                painted = time.monotonic()
            await asyncio.sleep(SECONDS_BETWEEN_STEPS)

    def _step(self) -> None:
        if self.state != "training":
            return
        begin = time.perf_counter()
        try:
            progress = next(self._steps)
        except (Exception, KeyboardInterrupt) as error:
            self._enter("stopped", f"{type(error).__name__}: {error}".removesuffix(": "))
            raise
        self._seconds += time.perf_counter() - begin
        self.history.append(progress)
        if not self._betas or self._betas[-1][1] != progress.beta:
            self._betas.append((progress.epoch, progress.beta))
        if progress.step == progress.steps:
            self._enter("finished")

    def _repaint(self) -> None:
        self.status.value = self._in_words()
        self.reconstruction.value = self._curve("Reconstruction", "reconstruction", 60.0, 260.0)
        self.kl.value = self._curve("KL", "kl", 0.0, 40.0, grows=True)
        if self.model is not None:
            device = self.model.device
            given_back = self.model.reconstruct(self._x.to(device)).cpu()
            self.reconstructions.value = png(torch.cat([self._x, given_back]), len(self._x))
            with torch.no_grad():
                self.samples.value = png(torch.sigmoid(self.model.decoder(self._z.to(device))), COLUMNS)

    def _curve(self, title: str, term: str, low: float, high: float, grows: bool = False) -> str:
        every = -(-self.history[0].steps // POINTS) if self.history else 1
        values = {p.epoch: getattr(p.train, term).item() for p in self.history[::every]}
        tests = {p.epoch: getattr(p.test, term).item() for p in self.history if p.test is not None}
        if tests:
            title += f": {list(tests.values())[-1]:.1f} nats per image (test)"
        while grows and high < max(filter(math.isfinite, values.values()), default=0.0):
            high *= 2  # Seldom, instead of a little with each repaint.
        lines = []
        for (at, beta), (until, _) in pairwise([*self._betas, (math.inf, 0.0)]):
            # While the slider is dragged, β has many values; those that stay a while get a name.
            name = f"\u00a0β = {beta:.2g}\u00a0" if until - at > 0.12 * self._epochs else ""
            lines.append(Line([at, at], [low, high - 0.09 * (high - low)], COLORS["prior"], name, width=1))
        lines.append(Line(list(values), list(values.values()), COLORS[term] + "b0", width=1))
        dots = list(tests.items())[:: -(-self._epochs // DOTS)]
        lines.append(Line([x for x, _ in dots], [y for _, y in dots], COLORS[term], dots=2.5))
        x, y = Axis("epoch", 0.0, float(self._epochs)), Axis("nats per image", low, high)
        return chart(lines, x, y, title, width=466, height=220)

    def _in_words(self) -> str:
        parts = [f"<b>{self.state.capitalize()}</b>"]
        if self._why:
            parts.append(escape(self._why))
        images = len(self._digits.train_images)
        if not self.history:
            return " · ".join([*parts, f"{self._epochs} epochs of {images:,} digits"])
        now, tests = self.history[-1], [p.test for p in self.history if p.test is not None]
        parts += [
            f"epoch {now.epoch:.1f} of {self._epochs}",
            f"β = {now.beta:.3g}",
            f"−ELBO of the test digits <b>{tests[-1].negative_elbo:.1f}</b> nats per image" if tests else "no test yet",
            f"{now.epoch * images / self._seconds:,.0f} images per second",
        ]
        if self.state in ("stopped", "finished"):
            parts.append("the model is in <code>.model</code>")
        return f'<span style="font-variant-numeric: tabular-nums">{" · ".join(parts)}</span>'


def pause_at_interrupt() -> None:
    """Let the kernel's stop button pause the training: between two cells a kernel ignores it."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: _pause_the_latest())


def _pause_the_latest() -> None:
    live = LiveTraining._latest
    if live is not None and live._loop is not None:
        live._loop.call_soon_threadsafe(live.pause, "The kernel was interrupted: press Go on")
