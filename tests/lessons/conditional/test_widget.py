"""Label and style: the pictures are the decoder's, for the z and the label that are chosen."""

from vae_course.conditional import ConditionalVAE
from vae_course.kit.widget import png
from vae_course.lessons.conditional.widget import LabelAndStyle
from vae_course.vae import VAE

import pytest
import torch


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = ConditionalVAE(5, (16,)).eval()
    with torch.no_grad():
        # So that codes spread, as those of a trained network do.
        model.encoder.mu.weight *= 8
        model.decoder.logits[-2].weight *= 4
    return model


@pytest.fixture
def widget(model, digits):
    return LabelAndStyle(model, digits)


@torch.no_grad()
def expected(model, z):
    return torch.sigmoid(model.given(torch.arange(10)).decoder(z.expand(10, -1)))


def assert_shown(widget, model):
    images, label = expected(model, widget.z), widget.label.value
    assert widget.all.value == png(images, 10)
    assert widget.large.value == png(images[label : label + 1], 1)
    assert f"A {label} in the same style" in widget.large_caption.value


def test_it_starts_with_a_test_digits_style(widget, model, digits):
    assert_shown(widget, model)
    index = [png(x[None], 1) for x in widget._x].index(widget.given.value)
    label = digits.test_labels[index]
    assert widget.given_caption.value == f"The style of this {label}"
    with torch.no_grad():
        mu, _ = model.given(int(label)).encoder(widget._x[index : index + 1])
    torch.testing.assert_close(widget.z, mu[0])


def test_the_label_changes_the_large_digit_and_nothing_else(widget, model):
    z, large, everything = widget.z.clone(), widget.large.value, widget.all.value
    widget.label.value = 2
    assert_shown(widget, model)
    assert widget.large.value != large
    assert widget.all.value == everything
    assert torch.equal(widget.z, z)


def test_a_slider_moves_its_own_number_of_z(widget, model):
    before, everything = widget.z.clone(), widget.all.value
    slider, i = widget.sliders[1], widget._moved[1]
    assert slider.description == f"z[{i}]"
    target = -1.5 if before[i] > 0 else 1.5
    slider.value = target
    assert widget.z[i] == target
    rest = torch.arange(5) != i
    assert torch.equal(widget.z[rest], before[rest])
    assert widget.all.value != everything
    assert_shown(widget, model)


def test_the_sliders_are_those_that_move_most_and_follow_the_style(widget):
    activity = widget._codes.var(0)
    assert set(widget._moved) == set(activity.topk(3).indices.tolist())
    for press in (widget.other_digit, widget.draw, widget.other_digit):
        before = widget.z.clone()
        press.click()
        assert not torch.equal(widget.z, before)
        for slider, i in zip(widget.sliders, widget._moved, strict=True):
            assert slider.value == pytest.approx(float(widget.z[i].clamp(-3, 3)))


def test_a_code_beyond_the_sliders_reach_stays_what_it_is(widget, model):
    far = torch.full((5,), 4.5)
    widget._take(far)
    assert torch.equal(widget.z, far)
    assert_shown(widget, model)
    widget.sliders[0].value = 0.5
    assert sorted(widget.z.tolist()) == [0.5, 4.5, 4.5, 4.5, 4.5]


def test_a_drawn_style_belongs_to_no_digit(widget, model):
    widget.draw.click()
    assert "p(z)" in widget.given_caption.value
    assert widget.given.layout.visibility == "hidden"
    assert_shown(widget, model)
    z = widget.z.clone()
    widget.draw.click()
    assert not torch.equal(widget.z, z)
    widget.other_digit.click()
    assert widget.given.layout.visibility == "visible"


def test_two_widgets_do_the_same(model, digits):
    first, second = LabelAndStyle(model, digits), LabelAndStyle(model, digits)
    for widget in (first, second):
        widget.draw.click()
        widget.other_digit.click()
        widget.label.value = 4
    assert first.large.value == second.large.value
    assert first.given.value == second.given.value


def test_a_network_with_two_latent_dimensions_has_two_sliders(digits):
    assert len(LabelAndStyle(ConditionalVAE(2, (8,)), digits).sliders) == 2


def test_what_knows_no_labels_is_refused(digits):
    with pytest.raises(ValueError, match="give a ConditionalVAE"):
        LabelAndStyle(VAE(2, (8,)), digits)
    with pytest.raises(ValueError, match="from 0 to 3"):
        LabelAndStyle(ConditionalVAE(2, (8,), classes=4), digits)
