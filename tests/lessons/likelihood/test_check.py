"""The check of lesson 12 tells an AUROC from what looks like one; and what its figures are drawn from."""

import matplotlib.pyplot as plt
import pytest
import torch

from vae_course.lessons.likelihood import figures as plots
from vae_course.lessons.likelihood.check import check_auroc
from vae_course.likelihood import auroc, roc


def pairs(scores, anomalous):
    high, low = scores[anomalous], scores[~anomalous]
    return (high[:, None] > low).float().mean() + 0.5 * (high[:, None] == low).float().mean()


def by_curve(scores, anomalous):
    false, true = roc(scores, anomalous)
    return torch.trapezoid(torch.cat([torch.zeros(1), true]), torch.cat([torch.zeros(1), false]))


def by_loops(scores, anomalous):
    high, low = scores[anomalous].tolist(), scores[~anomalous].tolist()
    return sum((a > b) + (a == b) / 2 for a in high for b in low) / (len(high) * len(low))


def test_the_stub_is_not_tried_yet():
    assert check_auroc(lambda scores, anomalous: ...).status == "not tried yet"
    assert check_auroc(lambda scores, anomalous: None).status == "not tried yet"


@pytest.mark.parametrize("answer", [auroc, pairs, by_curve, by_loops, lambda s, a: pairs(s, a).numpy()])
def test_a_right_answer_is_right(answer):
    verdict = check_auroc(answer)
    assert verdict.status == "right", verdict


def ranks(scores, anomalous):
    """Mann and Whitney's U by ranks, in which ties fall as they happen to lie."""
    rank = scores.argsort(stable=True).argsort() + 1.0
    count = anomalous.sum()
    return (rank[anomalous].sum() - count * (count + 1) / 2) / (count * (~anomalous).sum())


def accuracy(at):
    return lambda scores, anomalous: ((scores > at(scores, anomalous)) == anomalous).float().mean()


def best_accuracy(scores, anomalous):
    return ((scores >= scores[:, None]) == anomalous).float().mean(1).max()


def compared(scores, anomalous):
    return scores[anomalous][:, None] > scores[~anomalous]


def at_the_median(scores, anomalous):
    called = scores > scores.median()
    return (called[anomalous].float().mean() + (~called)[~anomalous].float().mean()) / 2


WRONG = {
    "accuracy at the mean": (accuracy(lambda s, a: s.mean()), "what one threshold gives"),
    "accuracy at the median": (accuracy(lambda s, a: s.median()), "what one threshold gives"),
    "accuracy at 0.5": (accuracy(lambda s, a: 0.5), "what one threshold gives"),
    "the best accuracy": (best_accuracy, "what one threshold gives"),
    "a balanced accuracy": (at_the_median, "what one threshold gives"),
    "labels turned": (lambda s, a: pairs(s, ~a), "upside down"),
    "sign turned": (lambda s, a: pairs(-s, a), "upside down"),
    "the area on the wrong side": (lambda s, a: 1 - pairs(s, a), "upside down"),
    "ties are lost": (lambda s, a: compared(s, a).float().mean(), "yours gives 0.00. Count a tie as half"),
    "ties are won": (lambda s, a: 1 - compared(s, ~a).float().mean(), "yours gives 1.00. Count a tie as half"),
    "ties by the order": (ranks, "Count a tie as half"),
    "never below a half": (lambda s, a: max(pairs(s, a), 1 - pairs(s, a)), "sign turned"),
    "in percent": (lambda s, a: 100 * pairs(s, a), "in percent"),
    "a number of pairs": (lambda s, a: compared(s, a).sum(), "number of pairs"),
    "over all pairs": (lambda s, a: compared(s, a).sum() / len(s) ** 2, "one anomaly and one normal"),
    "as if groups were equal": (lambda s, a: compared(s, a).sum() / a.sum() ** 2, "one anomaly and one normal"),
    "against the mean": (lambda s, a: (s[a] > s[~a].mean()).float().mean(), "each anomaly with the mean"),
    "side by side": (lambda s, a: (s[a] > s[~a][: a.sum()]).float().mean(), "image by image"),
    "difference of means": (lambda s, a: s[a].mean() - s[~a].mean(), "there are 300 pairs. In 192"),
    "one an image": (lambda s, a: compared(s, a).float().mean(1), "one number for all"),
    "a list": (lambda s, a: [0.5], "not a list"),
    "a truth": (lambda s, a: True, "not a bool"),
    "it raises": (lambda s, a: s[5000], "IndexError"),
    "NaN": (lambda s, a: float("nan"), "yours is nan"),
    "the first are taken for normal": (lambda s, a: pairs(s, torch.arange(len(a)) >= (~a).sum()), "pairs"),
    "half right for ties": (
        lambda s, a: 0.5 if (s == s[0]).all() else compared(s, a).float().mean(),
        "Where some scores are tied",
    ),
    "the scale counts": (lambda s, a: pairs(s, a) if s.max() < 50 else 0.9, "another scale"),
    "the order counts": (lambda s, a: pairs(s, a) if not a[-2] else 0.9, "in another order"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_named(mistake):
    answer, hint = WRONG[mistake]
    verdict = check_auroc(answer)
    assert verdict.status == "not right yet"
    assert hint in verdict.hint


def test_an_answer_that_sorts_in_place_spoils_nothing():
    def in_place(scores, anomalous):
        answer = pairs(scores, anomalous)
        scores.zero_()
        anomalous.logical_not_()
        return answer

    assert check_auroc(in_place).status == "right"


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
        heights = [bar.get_height() for bar in axes.patches]
        assert sum(heights) == pytest.approx(200, abs=0.01)
        assert {text.get_text() for text in axes.texts} == {"classes trained on", "held out"}

    def test_every_class_stands_at_its_ink_and_auroc(self):
        (axes,) = plots.held_out_by_ink([100.0, 60.0], [0.9, 0.1]).axes
        assert {(text.get_text(), *text.get_position()) for text in axes.texts[1:]} == {
            ("0", 100.0, 0.9),
            ("1", 60.0, 0.1),
        }

    def test_strangers_have_their_nats_above_them(self):
        figure = plots.strangers({"blank": torch.zeros(1, 28, 28)}, {"blank": 1234.4}, "Strange")
        assert figure.axes[0].get_title() == "1,234"
