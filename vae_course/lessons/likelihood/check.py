"""Lesson 12's check: an AUROC, told from what looks like one."""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor

from vae_course.kit.exercise import exercise, tried
from vae_course.likelihood import auroc


@exercise("auroc", "It needs no threshold, minds neither the order nor the scale, and counts a tie as half.")
def check_auroc(answer: Any) -> str | None:
    """Check a function (scores, anomalous) that returns the AUROC as a number."""
    scores, anomalous = _scores()

    def ask(scores: Float[Tensor, " batch"], anomalous: Bool[Tensor, " batch"]) -> Any:
        # Copies, in case the answer sorts in place.
        return tried(answer(scores.clone(), anomalous.clone()))

    got = ask(scores, anomalous)
    if isinstance(got, Tensor) and got.shape != ():
        return f"Return one number for all images together, not a tensor of shape {list(got.shape)}."
    if isinstance(got, bool) or (not isinstance(got, int | float | Tensor) and not hasattr(got, "__float__")):
        return f"Return one number, not a {type(got).__name__}."
    if not _same(got, auroc(scores, anomalous)):
        return _value_mistake(float(got), scores, anomalous)
    backwards = ask(scores.flip(0), anomalous.flip(0))
    if not _same(backwards, got):
        return f"The same images in another order give {float(backwards):.3f} instead of {float(got):.3f}."
    turned = ask(-scores, anomalous)
    if not _same(turned, 1 - float(got)):
        return (
            f"It gives {float(got):.3f}, and with the scores' sign turned {float(turned):.3f} in place of "
            f"{1 - float(got):.3f}. Below 0.5 is an answer too: the score misleads."
        )
    if not _same(ask(100 + scores.exp(), anomalous), got):
        return "Scores on another scale, in the same order, change it. Only who is above whom may count."
    return _tie_mistake(ask)


def _scores() -> tuple[Float[Tensor, " batch"], Bool[Tensor, " batch"]]:
    """Forty scores, all different, ten of them of anomalies, which tend to lie higher."""
    generator = Generator().manual_seed(0)
    anomalous = torch.arange(40) % 4 == 1
    return torch.randn(40, generator=generator) + 1.2 * anomalous, anomalous


def _value_mistake(got: float, scores: Tensor, anomalous: Tensor) -> str:
    right = auroc(scores, anomalous)
    high, low = scores[anomalous], scores[~anomalous]
    pairs = len(high) * len(low)
    mistakes = {
        "It is upside down: this is the share of pairs in which the normal one has the higher score. A high score "
        "should speak for an anomaly.": (1 - right,),
        "That is a number of pairs. Divide by how many pairs there are.": (right * pairs, (1 - right) * pairs),
        "That is in percent. Return the share, from 0 to 1.": (100 * right,),
        "Only pairs of one anomaly and one normal image count, so divide by how many of those there are.": (
            right * pairs / len(scores) ** 2,
            right * pairs / (len(scores) * (len(scores) - 1) / 2),
            right * pairs / len(low) ** 2,
            right * pairs / len(high) ** 2,
        ),
        "That compares each anomaly with the mean or the median of the normal images. Compare it with each of them.": (
            (high > low.mean()).float().mean().item(),
            (high > low.median()).float().mean().item(),
        ),
        "That compares image by image along two lists. Compare each anomaly with all normal images.": (
            (high > low[: len(high)]).float().mean().item(),
        ),
    }
    for hint, values in mistakes.items():
        if any(_same(got, value) for value in values):
            return hint
    if any(_same(got, value) for value in _at_a_threshold(scores, anomalous)):
        return (
            "That is what one threshold gives: an accuracy, or a rate. The AUROC chooses none, it looks at pairs: one "
            "anomaly, one normal image."
        )
    return (
        f"With {len(high)} anomalies and {len(low)} normal images there are {pairs} pairs. In {right * pairs:.0f} of "
        f"them the anomaly has the higher score, which makes {right:.3f}, and yours is {got:.3f}."
    )


def _at_a_threshold(scores: Tensor, anomalous: Tensor) -> list[float]:
    """The accuracies, balanced or not, and the rates, at every threshold."""
    called = scores >= scores[:, None]  # [thresholds, images]
    caught, alarms = called[:, anomalous].float().mean(1), called[:, ~anomalous].float().mean(1)
    accuracy = (called == anomalous).float().mean(1)
    return torch.cat([accuracy, 1 - accuracy, (caught + 1 - alarms) / 2, caught, alarms]).tolist()


def _tie_mistake(ask: Any) -> str | None:
    anomalous = torch.arange(12) % 3 == 0
    constant = float(ask(torch.zeros(12), anomalous))
    if not _same(constant, 0.5):
        return (
            f"A score that is the same for all images knows nothing and should give 0.5, and yours gives "
            f"{constant:.2f}. Count a tie as half a pair."
        )
    # Most of these are tied with some, but not with all.
    scores = (torch.arange(12) * 5 % 12 // 4).float()
    got, right = float(ask(scores, anomalous)), auroc(scores, anomalous)
    if not _same(got, right):
        return f"Where some scores are tied it gives {got:.3f} instead of {right:.3f}: each tie counts half a pair."
    return None


def _same(got: Any, expected: Any) -> bool:
    return abs(float(got) - float(expected)) < 1e-4
