"""The threshold slider of lesson 13."""

import re
from xml.etree import ElementTree

from vae_course.lessons.likelihood.widget import ThresholdSlider
from vae_course.likelihood import auroc

import pytest
import torch


@pytest.fixture
def labels():
    return torch.arange(60) % 3


@pytest.fixture
def scores(generator, labels):
    """Class 0 far above the others if held out, class 1 below, class 2 among them; and the same with another end."""
    shift = torch.tensor([60.0, -30.0, 0.0])
    noise = torch.randn(3, 60, generator=generator)
    surprise = 100 + 10 * noise + shift[:, None] * (labels == torch.arange(3)[:, None])
    return {"surprise": surprise, "ratio": surprise - 500}


@pytest.fixture
def slider(scores, labels):
    return ThresholdSlider(scores, labels)


def dot(slider):
    circles = [e for e in ElementTree.fromstring(slider.curve.value).iter() if e.tag == "circle"]
    assert len(circles) == 1
    return float(circles[0].get("cx")), float(circles[0].get("cy"))


@pytest.mark.parametrize("threshold", [70.0, 100.0, 130.0])
def test_the_rates_are_those_of_the_threshold(slider, scores, labels, threshold):
    slider.threshold.value = threshold
    called, anomalous = scores["surprise"][0] > threshold, labels == 0
    true, false = slider.rates
    assert true == pytest.approx((called & anomalous).sum().item() / 20)
    assert false == pytest.approx((called & ~anomalous).sum().item() / 40)
    assert f"true positives {true:.0%}" in slider.words.value
    assert f"false positives {false:.0%}" in slider.words.value
    assert (
        f"{(called & anomalous).sum()} of the 20 images of class 0, which training never saw, are" in slider.words.value
    )


def test_the_dot_runs_from_corner_to_corner(slider):
    slider.threshold.value = slider.threshold.min
    everything = dot(slider)
    slider.threshold.value = slider.threshold.max
    nothing = dot(slider)
    # SVG counts from the top.
    assert everything[0] > nothing[0]
    assert everything[1] < nothing[1]
    assert slider.rates == (0, 0)


def test_the_threshold_moves_in_the_picture(slider):
    slider.threshold.value = 90.0
    before = slider.histograms.value, slider.curve.value
    slider.threshold.value = 120.0
    assert slider.histograms.value != before[0]
    assert slider.curve.value != before[1]


@pytest.mark.parametrize("held_out", [0, 1, 2])
@pytest.mark.parametrize("name", ["surprise", "ratio"])
def test_class_and_score_can_be_chosen(slider, scores, labels, held_out, name):
    slider.score.value = name
    slider.held_out.value = held_out
    shown = scores[name][held_out]
    assert f"AUROC {auroc(shown, labels == held_out):.2f}" in slider.curve.value
    assert f"class {held_out}" in slider.words.value
    assert f"{name}, nats per image" in slider.histograms.value
    assert slider.threshold.min <= shown.min()
    assert slider.threshold.max >= shown.max()
    # In the middle of the normal ones.
    assert slider.rates[1] == pytest.approx(0.5, abs=0.1)


def test_the_range_may_leap_up_and_down(slider):
    for name in ("ratio", "surprise", "ratio"):
        slider.score.value = name
        assert slider.threshold.min <= slider.threshold.value <= slider.threshold.max


def test_each_histogram_holds_all_of_its_group(slider):
    lines = re.findall(r'<polyline points="([^"]+)"', slider.histograms.value)
    assert len(lines) == 3
    for steps in slider._steps:
        assert sum(steps.y) / 2 == pytest.approx(100, abs=0.01)


def test_a_class_may_be_chosen_from_the_start(scores, labels):
    assert ThresholdSlider(scores, labels, held_out=1).held_out.value == 1


def test_no_scores_are_refused(labels):
    with pytest.raises(ValueError, match="at least one, by name"):
        ThresholdSlider({}, labels)


def test_scores_of_other_images_are_refused(scores, labels):
    with pytest.raises(ValueError, match=r"scores\['surprise'\] is \[3, 60\]: should be \[3, 50\]"):
        ThresholdSlider(scores, labels[:50])


def test_a_class_without_images_is_refused(scores):
    with pytest.raises(ValueError, match="no image is of class 2"):
        ThresholdSlider(scores, torch.arange(60) % 2)
