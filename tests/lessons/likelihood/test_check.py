"""The check of lesson 13 tells an AUROC from what looks like one; and what its figures are drawn from."""

import re

from vae_course.lessons.likelihood import figures as plots
from vae_course.lessons.likelihood.check import check_auroc
from vae_course.likelihood import roc

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from lessons.likelihood.answers_auroc_from_text import ANSWERS


@pytest.mark.parametrize("stub", [lambda scores, anomalous: ..., lambda scores, anomalous: None])
def test_the_stub_is_not_tried_yet(stub):
    assert check_auroc(stub).status == "not tried yet"


@ANSWERS.parametrize()
def test_an_answer_gets_the_verdict_that_it_deserves(case):
    verdict = check_auroc(case.answer)
    assert verdict.status == case.status, verdict
    assert re.search(case.hint, verdict.hint), verdict.hint


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


class TestFigures:
    scores = torch.tensor([1.0, 2.0, 2.0, 3.0, 4.0])
    anomalous = torch.tensor([False, True, False, False, True])

    def test_the_curve_goes_from_corner_to_corner_over_every_threshold(self):
        false, true = roc(self.scores, self.anomalous)
        torch.testing.assert_close(false, torch.tensor([0, 0, 1, 2, 3]) / 3)
        assert true.tolist() == [0, 0.5, 0.5, 1, 1]

    def test_the_thresholds_points_lie_on_the_curve(self):
        figure = plots.thresholds_and_curve(self.scores, self.anomalous, (3.5, 2.5, 0.0), "held out")
        _, curve, *points = figure.axes[1].lines
        on_it = set(zip(*map(tuple, curve.get_data()), strict=True))
        assert len(points) == 3
        assert all((point.get_xdata()[0], point.get_ydata()[0]) in on_it for point in points)

    def test_the_histograms_show_both_groups_as_percentages(self):
        (axes,) = plots.histograms(self.scores, self.anomalous, "held out", "Two hills").axes
        width = np.ptp(axes.patches[0].get_xy()[:, 0]) / 40
        for outline in axes.patches:
            x, y = outline.get_xy().T
            area = abs((np.diff(x) * (y[1:] + y[:-1])).sum() / 2)
            assert area == pytest.approx(100 * width, rel=0.01)
        assert {text.get_text() for text in axes.texts} == {"classes trained on", "held out"}

    def test_every_class_stands_at_its_ink_and_auroc(self):
        (axes,) = plots.held_out_by_ink([100.0, 60.0], [0.9, 0.1], "Ink").axes
        assert axes.lines[-1].get_xydata().tolist() == [[100.0, 0.9], [60.0, 0.1]]
        zero, one = axes.texts[1:]
        assert (zero.get_text(), one.get_text()) == ("0", "1")
        assert zero.get_position()[0] > 0.8 > 0.3 > one.get_position()[0]

    def test_strangers_have_their_nats_above_them(self):
        figure = plots.strangers({"blank": torch.zeros(1, 28, 28)}, {"blank": 1234.4}, "Strange")
        assert figure.axes[0].get_title() == "1,234"
