import itertools
import re

from vae_course.data import BINARIZATIONS, binarize_once, grey
from vae_course.training import TrainConfig, adam, best_device, evaluate, fit
from vae_course.vae import VAE

import jaxtyping
import pytest
import torch


def small_vae():
    torch.manual_seed(0)
    return VAE(latent_dim=4, hidden=(64,))


def run(images, test_images=None, **settings):
    model = small_vae()
    return model, list(fit(model, images, TrainConfig(**{"epochs": 2} | settings), test_images))


def test_training_lowers_the_test_elbo(digits):
    model = small_vae()
    before = evaluate(model, digits.test_images, "static").negative_elbo
    for _ in fit(model, digits.train_images, TrainConfig(epochs=3)):
        pass
    assert evaluate(model, digits.test_images, "static").negative_elbo < before - 250


def test_progress_counts_steps_and_measures_the_test_at_each_epochs_end(digits):
    _, history = run(digits.train_images[:250], digits.test_images, batch_size=100)
    assert [progress.step for progress in history] == [1, 2, 3, 4, 5, 6]
    assert {progress.steps for progress in history} == {6}
    assert [progress.test is not None for progress in history] == [False, False, True] * 2
    assert history[-1].epoch == 2


def test_the_same_seed_gives_the_same_run(digits):
    images = digits.train_images[:500]
    (first, _), (again, _), (other, _) = run(images), run(images), run(images, seed=1)
    for name, parameter in first.state_dict().items():
        assert torch.equal(parameter, again.state_dict()[name])
    assert any(not torch.equal(p, other.state_dict()[n]) for n, p in first.state_dict().items())


def test_the_order_of_the_images_is_shuffled_anew_each_epoch(digits):
    seen = []
    model = small_vae()
    model.encoder.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    images = digits.train_images[:100]
    for _ in fit(model, images, TrainConfig(epochs=2, binarization="grey")):
        pass
    assert not torch.equal(seen[0], grey(images))
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen[0].flatten(1).sum(1).sort().values, grey(images).flatten(1).sum(1).sort().values)


@pytest.mark.parametrize(
    "setting",
    [{"learning_rate": 0.01}, {"batch_size": 32}, {"beta": 3.0}, {"decay": True}],
)
def test_each_setting_changes_the_run(digits, setting):
    (usual, _), (other, _) = run(digits.train_images[:200]), run(digits.train_images[:200], **setting)
    assert not torch.equal(next(usual.parameters()), next(other.parameters()))


def test_static_pixels_are_drawn_by_the_configs_seed(digits):
    ink = []
    for seed in (0, 1):
        model = small_vae()
        model.encoder.register_forward_pre_hook(lambda module, inputs: ink.append(inputs[0].sum()))
        for _ in fit(model, digits.train_images[:100], TrainConfig(epochs=1, binarization="static", seed=seed)):
            pass
    assert ink[0] != ink[1]


def test_an_accelerator_that_is_not_there_is_not_used(monkeypatch):
    monkeypatch.setattr("torch.accelerator.is_available", lambda: False)
    monkeypatch.setattr("torch.accelerator.current_accelerator", lambda: torch.device("cuda"))
    assert best_device() == torch.device("cpu")


def test_asking_for_three_steps_trains_three_steps(digits):
    model = small_vae()
    training = fit(model, digits.train_images, TrainConfig())
    untouched = [parameter.clone() for parameter in model.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(untouched, model.parameters(), strict=True))
    assert [progress.step for progress in itertools.islice(training, 3)] == [1, 2, 3]
    assert all(not torch.equal(a, b) for a, b in zip(untouched, model.parameters(), strict=True))


def test_a_resumed_run_is_the_run_that_was_not_interrupted(digits):
    images = digits.train_images[:300]
    whole, _ = run(images, epochs=4)
    model = small_vae()
    optimizer = adam(model.parameters(), TrainConfig().learning_rate)
    for _ in fit(model, images, TrainConfig(epochs=2), optimizer=optimizer):
        pass
    for _ in fit(model, images, TrainConfig(epochs=4), optimizer=optimizer, first_epoch=2):
        pass
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), model.parameters(), strict=True))


@pytest.mark.parametrize("binarization", BINARIZATIONS)
@pytest.mark.parametrize("stop", [1, 3, 5])
def test_a_run_goes_on_within_an_epoch_as_if_it_had_not_stopped(digits, binarization, stop):
    images, settings = digits.train_images[:300], {"epochs": 3, "binarization": binarization}
    whole, history = run(images, digits.test_images[:50], **settings)
    model, config, generator = small_vae(), TrainConfig(**settings), torch.Generator()
    optimizer = adam(model.parameters(), config.learning_rate)
    for progress in fit(model, images, config, optimizer=optimizer, generator=generator):
        if progress.step == stop:
            break
    epoch, batch = divmod(stop, 3)
    state = {"optimizer": optimizer, "generator": torch.Generator().set_state(generator.get_state())}
    rest = list(fit(model, images, config, digits.test_images[:50], first_epoch=epoch, first_batch=batch, **state))
    assert rest == history[stop:]
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), model.parameters(), strict=True))


def test_measuring_the_test_images_does_not_change_the_training(digits):
    images = digits.train_images[:300]
    with_test, _ = run(images, digits.test_images)
    without, _ = run(images)
    assert all(torch.equal(a, b) for a, b in zip(with_test.parameters(), without.parameters(), strict=True))


@pytest.mark.parametrize("binarization", BINARIZATIONS)
def test_the_model_sees_the_pixels_that_the_binarization_names(digits, binarization):
    seen = []
    model = small_vae()
    model.encoder.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    for _ in fit(model, digits.train_images[:50], TrainConfig(epochs=2, binarization=binarization)):
        pass
    first, second = (torch.sort(epoch.flatten(1).sum(1)).values for epoch in seen)
    binary = set(seen[0].unique().tolist()) <= {0.0, 1.0}
    assert binary == (binarization != "grey")
    # Dynamic draws differ from epoch to epoch; all others show the same images in another order.
    assert torch.equal(first, second) == (binarization != "dynamic")


@pytest.mark.parametrize(
    ("beta", "epoch", "expected"),
    [(2.0, 7.0, 2), (((0.0, 0.0), (4.0, 1.0)), 1.0, 0.25), (((0.0, 0.0), (4.0, 1.0)), 9.0, 1), (((2.0, 3.0),), 0.0, 3)],
)
def test_beta_is_a_number_or_straight_lines_between_knots(beta, epoch, expected):
    assert TrainConfig(beta=beta).beta_at(epoch, 5, torch.Generator()) == pytest.approx(expected)


def test_beta_may_be_a_function_that_is_asked_before_every_step(digits):
    asked = []

    def slider(epoch, count, generator):
        asked.append((epoch, count))
        return float(len(asked))

    training = fit(small_vae(), digits.train_images[:50], TrainConfig(epochs=2, batch_size=20, beta=slider))
    assert [progress.beta for progress in training] == [1, 2, 3, 4, 5, 6]
    assert asked[:4] == [(0, 20), (pytest.approx(1 / 3), 20), (pytest.approx(2 / 3), 10), (1, 20)]


def test_a_training_that_diverges_is_stopped_and_told(digits):
    training = fit(small_vae(), digits.train_images[:100], TrainConfig(epochs=3, batch_size=10, learning_rate=30.0))
    with pytest.raises(FloatingPointError, match=r"diverged: -ELBO is .* try a lower learning_rate"):
        list(training)


def test_labels_are_refused_where_the_model_is_not_conditioned_on_them(digits):
    with pytest.raises(ValueError, match="a VAE is not conditioned on labels; a ConditionalVAE is"):
        next(fit(small_vae(), digits.train_images[:9], TrainConfig(), labels=digits.train_labels[:9]))


def test_the_learning_rate_falls_to_zero_over_the_second_half(digits):
    rates = []
    model, config = VAE(2, (4,)), TrainConfig(epochs=4, batch_size=100, learning_rate=0.01, decay=True)
    optimizer = adam(model.parameters(), config.learning_rate)
    optimizer.register_step_pre_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
    for _ in fit(model, digits.train_images[:200], config, optimizer=optimizer):
        pass
    assert rates == pytest.approx([0.01, 0.01, 0.01, 0.01, 0.01, 0.0075, 0.005, 0.0025])
    assert config.learning_rate_at(4.0) == 0


def test_beta_reaches_the_loss(digits):
    ends = {}
    for beta in (0.1, 20.0):
        model, history = run(digits.train_images[:1000], epochs=5, beta=beta)
        assert {progress.beta for progress in history} == {beta}
        ends[beta] = evaluate(model, digits.test_images, "static").kl
    assert ends[20.0] < 0.2 * ends[0.1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"epochs": 1.5},
        {"epochs": float("inf")},
        {"batch_size": -1},
        {"batch_size": 2.5},
        {"learning_rate": 0.0},
        {"learning_rate": float("inf")},
        {"learning_rate": float("nan")},
        {"learning_rate": "fast"},
        {"seed": -1},
        {"seed": 0.5},
        {"seed": 10**20},
        {"decay": "no"},
        {"decay": 1},
        {"beta": -1.0},
        {"beta": float("nan")},
        {"beta": float("inf")},
        {"beta": "1"},
        {"beta": None},
        {"beta": [(0.0, 1.0)]},
        {"beta": ((0.0, 1.0), (0.0, 2.0))},
        {"beta": ((0.0, 1.0), 2.0)},
        {"beta": ((0.0, 1.0, 2.0),)},
        {"beta": ((0.0, "1"),)},
        {"beta": ((float("nan"), 1.0),)},
        {"beta": ((0.0, 1.0), (1.0, -1.0))},
        {"beta": ()},
    ],
    ids=str,
)
def test_a_wrong_setting_is_named(wrong, monkeypatch):
    # Outside the tests nothing looks at the types.
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    ((field, value),) = wrong.items()
    with pytest.raises(ValueError, match=rf"^{field}={re.escape(repr(value))}[: ].*must "):
        TrainConfig(**wrong)


def test_nothing_to_train_on_or_to_measure_is_told(digits):
    images, none = digits.train_images[:4], digits.train_images[:0]
    with pytest.raises(ValueError, match=r"^images: there are none"):
        next(fit(small_vae(), none, TrainConfig()))
    with pytest.raises(ValueError, match=r"^test_images: there are none"):
        next(fit(small_vae(), images, TrainConfig(), none))
    with pytest.raises(ValueError, match=r"^images: there are none"):
        evaluate(small_vae(), none, "static")


def test_a_loss_that_is_no_number_stops_the_run(digits):
    model = small_vae()
    torch.nn.init.constant_(model.encoder.logvar.bias, float("inf"))
    with pytest.raises(FloatingPointError, match="try a lower learning_rate"):
        list(fit(model, digits.train_images[:300], TrainConfig(binarization="grey")))


def test_a_last_step_that_ruins_the_model_is_not_handed_out(digits):
    images = digits.train_images[:100]
    steps = fit(small_vae(), images, TrainConfig(epochs=1, learning_rate=1e30), digits.test_images[:50])
    with pytest.raises(FloatingPointError, match="in epoch 0; try a lower learning_rate"):
        list(steps)


@pytest.mark.parametrize("training", [True, False])
def test_evaluate_repeats_itself_and_leaves_the_mode(digits, training):
    model = small_vae().train(training)
    first, again = (evaluate(model, digits.test_images, "dynamic") for _ in range(2))
    assert first == again
    assert model.training is training


def test_evaluate_is_the_mean_over_images(digits):
    model = small_vae()
    images = digits.test_images[:1000]
    x = grey(binarize_once(images, "threshold", torch.Generator()))
    terms = model.elbo(x, torch.Generator().manual_seed(1234)).mean()
    torch.testing.assert_close(evaluate(model, images, "threshold").negative_elbo, terms.negative_elbo)
