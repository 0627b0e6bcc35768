import asyncio
import re
import signal
import weakref
from xml.etree import ElementTree

from vae_course.digits import Digits
from vae_course.lessons.training.widget import DOTS, POINTS, LiveTraining
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import pytest
import torch
from torch.nn.utils import parameters_to_vector

STEPS_PER_EPOCH, EPOCHS = 2, 6


def small_model():
    return VAE(latent_dim=3, hidden=(16,))


@pytest.fixture(scope="module")
def some(digits):
    """Two batches to train on, and one test digit of each class."""
    chosen = torch.stack([(digits.test_labels == label).nonzero()[0, 0] for label in range(10)])
    few = slice(0, 200)
    return Digits("some", digits.train_images[few], digits.train_labels[few],
                  digits.test_images[chosen], digits.test_labels[chosen])  # fmt: skip


@pytest.fixture
def live(some):
    return LiveTraining(some, small_model, EPOCHS)


def words(live):
    return " ".join(re.sub("<[^>]*>", "", live.status.value).split())


def parameters(live):
    return parameters_to_vector(live.model.parameters()).detach().clone()


def what_is_seen(live):
    return (live.status.value, live.reconstruction.value, live.kl.value,
            live.reconstructions.value, live.samples.value)  # fmt: skip


def elements(svg, tag):
    return [element for element in ElementTree.fromstring(svg).iter() if element.tag == tag]


def tasks():
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0)


def test_nothing_trains_before_the_start(live):
    live.advance(3)
    assert live.state == "ready"
    assert live.model is None
    assert not live.history
    assert words(live) == "Ready · 6 epochs of 200 digits"
    assert live.start_pause.description == "Start"


def test_it_trains_as_fit_does(live, some):
    live.seed.value, live.beta.value = 3, 0.5
    live.start()
    live.advance(5)
    torch.manual_seed(3)
    model = small_model()
    steps = fit(model, some.train_images, TrainConfig(epochs=EPOCHS, beta=0.5, seed=3), some.test_images)
    progress = [next(steps) for _ in range(5)]
    assert torch.equal(parameters(live), parameters_to_vector(model.parameters()))
    assert live.history == progress
    assert (
        f"Training · epoch 2.5 of 6 · β = 0.5 · −ELBO of the test digits {progress[3].test.negative_elbo:.1f} nats"
        in (words(live))
    )


def test_starting_leaves_the_global_dice_alone(live):
    before = torch.get_rng_state()
    live.start()
    assert torch.equal(torch.get_rng_state(), before)


def test_every_step_renews_curves_and_pictures(live):
    live.start()
    before = what_is_seen(live)
    live.advance(STEPS_PER_EPOCH)
    assert all(old != new for old, new in zip(before, what_is_seen(live), strict=True))


def test_beta_counts_from_the_next_step_on_and_is_marked(live):
    live.start()
    live.advance(3)
    live.beta.value = 10.0
    live.advance(3)
    assert [progress.beta for progress in live.history] == [1.0] * 3 + [10.0] * 3
    for svg in (live.reconstruction.value, live.kl.value):
        names = [text.text.strip() for text in elements(svg, "text")]
        assert "β = 1" in names
        assert "β = 10" in names


def test_a_beta_that_is_dragged_through_gets_no_name(live):
    live.start()
    for beta in (1.0, 3.0, 10.0):
        live.beta.value = beta
        live.advance(1)
    names = [text.text.strip() for text in elements(live.kl.value, "text")]
    assert [name for name in names if "β" in name] == ["β = 10"]


def test_a_pause_changes_nothing_but_the_time(live, some):
    live.start()
    live.advance(3)
    live.pause()
    rest, seen = parameters(live), what_is_seen(live)
    live.advance(2)
    assert live.state == "paused"
    assert torch.equal(parameters(live), rest)
    assert what_is_seen(live) == seen
    live.resume()
    live.advance(2)

    uninterrupted = LiveTraining(some, small_model, EPOCHS)
    uninterrupted.start()
    uninterrupted.advance(5)
    assert torch.equal(parameters(live), parameters(uninterrupted))


def test_it_says_when_it_is_finished(live):
    live.start()
    live.advance(1000)
    assert live.state == "finished"
    assert len(live.history) == EPOCHS * STEPS_PER_EPOCH
    assert words(live).startswith("Finished · epoch 6.0 of 6")
    assert words(live).endswith("the model is in .model")
    assert live.start_pause.description == "Start"


def test_after_stop_the_model_stays_and_start_makes_another(live):
    live.start()
    live.advance(3)
    live.stop()
    model, stopped = live.model, parameters(live)
    live.advance(3)
    live.resume()
    live.pause()
    assert live.state == "stopped"
    assert torch.equal(parameters(live), stopped)
    live.start()
    assert live.model is not model
    live.advance(3)
    assert torch.equal(parameters(live), stopped), "the same seed gives the same training"
    live.seed.value = 1
    live.start()
    live.advance(3)
    assert not torch.equal(parameters(live), stopped)


def test_the_buttons_start_pause_go_on_and_stop(live):
    states = []
    for _ in range(3):
        live.start_pause.click()
        states.append((live.state, live.start_pause.description))
    assert states == [("training", "Pause"), ("paused", "Go on"), ("training", "Pause")]
    live.stop_button.click()
    assert (live.state, live.start_pause.description) == ("stopped", "Start")
    live.stop_button.click()
    assert live.state == "stopped"


def test_making_another_stops_the_first(live, some):
    live.start()
    other = LiveTraining(some, small_model)
    assert live.state == "stopped"
    other.start()
    live.start()
    assert (live.state, other.state) == ("training", "stopped")


def test_closing_stops(live):
    live.start()
    live.close()
    assert live.state == "stopped"
    assert live.comm is None
    assert live.beta.comm is None


@pytest.mark.parametrize("end", ["stop", "close"])
def test_what_is_over_lets_go_of_its_training(live, end):
    live.start()
    live.advance(1)
    steps = weakref.ref(live._steps)
    getattr(live, end)()
    assert steps() is None
    live.advance(1)
    assert len(live.history) == 1


def test_a_long_run_is_drawn_with_few_points(some):
    few = Digits("few", some.train_images[:8], some.train_labels[:8], some.test_images, some.test_labels)
    live = LiveTraining(few, small_model, epochs=2 * POINTS - 1)
    live.start()
    live.advance(2 * POINTS)
    assert live.state == "finished"
    for svg in (live.reconstruction.value, live.kl.value):
        assert max(len(line.get("points").split()) for line in elements(svg, "polyline")) <= POINTS
        assert DOTS / 2 < len(elements(svg, "circle")) <= DOTS


def test_the_axis_of_the_kl_makes_room(live):
    live.start()
    live.advance(2)
    live.history[0].train.kl.fill_(100.0)
    live.history[1].train.kl.fill_(torch.inf)
    live.advance(0)
    assert {"0", "80", "160"} <= {text.text for text in elements(live.kl.value, "text")}


def test_an_error_is_shown_and_raised(some):
    def broken():
        model = small_model()
        model.decoder.logits[0].weight.data.fill_(torch.nan)
        return model

    live = LiveTraining(some, broken, EPOCHS)
    live.start()
    with pytest.raises(FloatingPointError):
        live.advance(STEPS_PER_EPOCH)
    assert words(live).startswith("Stopped · FloatingPointError: the training has diverged")


def test_no_epochs_are_refused(some, live):
    live.start()
    with pytest.raises(ValueError, match="epochs=0 must be at least 1, and an int"):
        LiveTraining(some, small_model, epochs=0)
    assert live.state == "training", "what is refused stops nothing"


def test_in_an_event_loop_it_trains_between_other_things(some):
    async def session():
        live = LiveTraining(some, small_model, epochs=1000)
        assert not tasks()
        live.start_pause.click()
        await until(lambda: len(live.history) > 2)
        live.beta.value = 10.0
        await until(lambda: live.history[-1].beta == 10.0)
        assert len(tasks()) == 1

        live.start_pause.click()
        await until(lambda: not tasks())
        count = len(live.history)
        await asyncio.sleep(0.02)
        assert live.state == "paused"
        assert len(live.history) == count

        live.start_pause.click()
        await until(lambda: len(live.history) > count)
        live.start()
        await until(lambda: len(live.history) > 2)
        assert len(tasks()) == 1, "a second start leaves one training"
        other = LiveTraining(some, small_model, EPOCHS)
        other.start()
        await until(lambda: other.state == "finished")
        assert live.state == "stopped"
        await until(lambda: not tasks())

    asyncio.run(session())


def test_a_click_in_another_thread_starts_it_in_the_loop(some):
    async def session():
        live = LiveTraining(some, small_model, EPOCHS)
        await asyncio.to_thread(live.start_pause.click)
        await until(lambda: live.history)
        assert len(tasks()) == 1
        live.close()
        await until(lambda: not tasks())

    asyncio.run(session())


def test_an_interrupt_that_the_kernel_would_ignore_pauses_it(some):
    async def session():
        live = LiveTraining(some, small_model, epochs=1000)
        live.start()
        await until(lambda: len(live.history) > 2)
        signal.raise_signal(signal.SIGINT)
        await until(lambda: live.state == "paused")
        assert live.start_pause.description == "Go on"
        assert "The kernel was interrupted" in words(live)
        count = len(live.history)
        signal.raise_signal(signal.SIGINT)  # Nothing is training.
        live.start_pause.click()
        await until(lambda: len(live.history) > count)
        assert "interrupted" not in words(live)
        live.close()

    before = signal.getsignal(signal.SIGINT)
    with asyncio.Runner() as runner:
        runner.get_loop()  # Else it would put its own handler in place of the kernel's.
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            runner.run(session())
        finally:
            signal.signal(signal.SIGINT, before)


def test_it_leaves_ctrl_c_alone_where_someone_listens_to_it(some):
    async def session():
        before = signal.getsignal(signal.SIGINT)
        live = LiveTraining(some, small_model, epochs=1)
        live.start()
        await until(lambda: live.state == "finished")
        assert signal.getsignal(signal.SIGINT) is before

    asyncio.run(session())


def test_an_interrupt_within_a_step_stops_it(live, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr("vae_course.lessons.training.widget.fit", interrupted)
    live.start()
    with pytest.raises(KeyboardInterrupt):
        live.advance(1)
    assert words(live).startswith("Stopped · KeyboardInterrupt ·")
