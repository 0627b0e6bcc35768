from vae_course.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from vae_course.conditional import ConditionalVAE, condition
from vae_course.data import binarize, grey
from vae_course.evaluation import importance_weighted_bound
from vae_course.training import TrainConfig, evaluate, fit

import jaxtyping
import pytest
import torch


@pytest.fixture
def model():
    torch.manual_seed(0)
    return ConditionalVAE(latent_dim=3, hidden=(16,))


@pytest.fixture
def x(digits, generator):
    return binarize(grey(digits.test_images[:6]), generator)


def test_a_label_is_joined_as_a_one_hot_vector():
    h = torch.tensor([[0.5, -1.0], [2.0, 3.0]])
    expected = torch.tensor([[0.5, -1.0, 0.0, 0.0, 1.0], [2.0, 3.0, 1.0, 0.0, 0.0]])
    assert torch.equal(condition(h, torch.tensor([2, 0]), 3), expected)


@pytest.mark.parametrize("shape", [(4, 2), (5, 4, 2)])
def test_one_label_serves_all_rows_and_labels_serve_every_draw(shape):
    h = torch.zeros(shape)
    assert torch.equal(condition(h, torch.tensor(1), 3)[..., 2:], torch.tensor([0.0, 1.0, 0.0]).expand(*shape[:-1], 3))
    labels = torch.tensor([2, 0, 1, 1])
    assert torch.equal(condition(h, labels, 3)[..., 2:], torch.eye(3)[labels].expand(*shape[:-1], 3))


@pytest.mark.parametrize("wrong", [-1, 10])
def test_a_label_that_is_none_is_refused(model, wrong):
    for ask in (lambda: model.given(wrong), lambda: condition(torch.zeros(2, 3), torch.tensor([0, wrong]))):
        with pytest.raises(ValueError, match=f"there is a {wrong}; they must be from 0 to 9"):
            ask()


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.float32, torch.bool])
def test_labels_of_another_type_are_refused_with_what_to_give(model, digits, dtype, monkeypatch):
    # Outside the tests nothing looks at the types.
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    labels, kind = digits.test_labels[:4].to(dtype), str(dtype).removeprefix("torch.")
    with pytest.raises(ValueError, match=rf"labels: must be whole numbers \(int64\), found {kind}; give labels.long"):
        next(fit(model, digits.test_images[:4], TrainConfig(), labels=labels))
    with pytest.raises(ValueError, match=r"give labels\.long"):
        model.given(labels[0])


def test_labels_of_another_count_are_refused(model, x):
    view = model.given(torch.zeros(5, dtype=torch.int64))
    for ask in (lambda: view.elbo(x), lambda: view.reconstruct(x), lambda: view.sample(6)):
        with pytest.raises(ValueError, match="one per row, or one for all"):
            ask()


def test_where_images_are_taken_in_parts_it_is_asked_label_by_label(model, x):
    labels = torch.arange(6) % 2
    with pytest.raises(ValueError, match=r"labels: \[6\] of them for 1 rows; .* only one for all is possible"):
        importance_weighted_bound(model.given(labels), x, 2000)
    assert importance_weighted_bound(model.given(0), x[labels == 0], 2000).value.shape == (3,)


def test_without_a_label_it_says_how_to_give_one(model, x):
    for ask in (lambda: model.elbo(x), lambda: model.sample(2)):
        with pytest.raises(ValueError, match="given"):
            ask()


def test_it_does_all_that_a_vae_does_for_each_image_its_own_label(model, x):
    labels = torch.arange(6)
    together = model.given(labels).reconstruct(x)
    for i, label in enumerate(labels):
        torch.testing.assert_close(together[i : i + 1], model.given(int(label)).reconstruct(x[i : i + 1]))
    terms = model.given(labels).elbo(x, torch.Generator().manual_seed(0))
    assert terms.negative_elbo.shape == (6,)
    assert model.given(3).sample(4).shape == (4, 1, 28, 28)


def test_both_halves_hear_the_label(model, x):
    one, other = model.given(1), model.given(2)
    assert not torch.equal(one.encoder(x)[0], other.encoder(x)[0])
    z = torch.zeros(1, 3)
    assert not torch.equal(one.decoder(z), other.decoder(z))


def test_a_view_shares_the_parameters_and_leaves_the_model_alone(model, x):
    view, other = model.given(1), model.given(2)
    assert all(a is b for a, b in zip(view.parameters(), model.parameters(), strict=True))
    assert view.encoder.context == 1
    assert other.encoder.context == 2
    assert model.encoder.context is None
    view.elbo(x).negative_elbo.sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("sizes", [{"latent_dim": 0}, {"hidden": ()}, {"classes": 0}])
def test_a_size_that_is_none_is_refused(sizes):
    with pytest.raises(ValueError, match="at least 1"):
        ConditionalVAE(**sizes)


CONFIG = TrainConfig(epochs=2, batch_size=50)


def test_training_with_labels_makes_the_right_label_the_cheaper_one(model, digits):
    images, labels = digits.train_images[:1000], digits.train_labels[:1000]
    config = TrainConfig(epochs=12, batch_size=50, learning_rate=3e-3)
    start = evaluate(model, images, "static", labels=labels)
    for _ in fit(model, images, config, labels=labels):
        pass
    told = evaluate(model, images, "static", labels=labels)
    misled = evaluate(model, images, "static", labels=(labels + 1) % 10)
    assert told.negative_elbo < start.negative_elbo - 100
    assert told.negative_elbo < misled.negative_elbo - 3


def test_each_image_keeps_its_label_when_the_order_is_shuffled(model, digits, monkeypatch):
    images = torch.arange(200, dtype=torch.uint8).view(200, 1, 1).expand(200, 28, 28).contiguous()
    labels = torch.arange(200) % 10
    seen = []
    monkeypatch.setattr(
        "vae_course.training.training_step",
        lambda view, x, *rest: seen.append((x[:, 0, 0, 0], view.encoder.context)) or view.elbo(x).mean(),
    )
    for _ in fit(model, images, TrainConfig(epochs=1, batch_size=64, binarization="grey"), labels=labels):
        pass
    for values, given in seen:
        assert torch.equal((values * 255).round().long() % 10, given)
    assert sum(len(given) for _, given in seen) == 200


def test_the_test_digits_are_measured_with_their_labels(model, digits):
    images, labels = digits.test_images[:1500], digits.test_labels[:1500]
    train = digits.train_images[:100], CONFIG
    *_, last = fit(*(model, *train), images, labels=digits.train_labels[:100], test_labels=labels)
    assert last.test.negative_elbo == evaluate(model, images, "dynamic", labels=labels).negative_elbo


def test_a_label_missing_is_told_before_anything_is_trained(model, digits):
    images, labels = digits.train_images[:100], digits.train_labels[:99]
    with pytest.raises(ValueError, match=r"one for each of 100 images, in order; found int64 \[99\]"):
        next(fit(model, images, CONFIG, labels=labels))
    with pytest.raises(ValueError, match=r"one for each of 100 images, in order; found int64 \[99\]"):
        evaluate(model, images, "static", labels=labels)


def test_a_conditional_network_comes_back_from_disk(tmp_path):
    model = ConditionalVAE(latent_dim=2, hidden=(8, 5), classes=4)
    save_checkpoint(tmp_path / "model.safetensors", Checkpoint(model, CONFIG, "embedded", [], None))
    loaded = load_checkpoint(tmp_path / "model.safetensors").model
    assert type(loaded) is ConditionalVAE
    assert loaded.options == model.options
    z = torch.ones(4, 2)
    assert torch.equal(loaded.given(torch.arange(4)).decoder(z), model.given(torch.arange(4)).decoder(z))
