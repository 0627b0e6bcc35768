"""The check of lesson 13: is it an AUROC, or something that looks like one?"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from vae_course.kit.exercise import ask_deterministic, close, exercise, expect, recognise
from vae_course.kit.values import number
from vae_course.likelihood import auroc

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor

Scores = Float[Tensor, " batch"]
Mask = Bool[Tensor, " batch"]
# A known mistake must give the same numbers on two sets, because on one set two mistakes may agree by chance.
SETS = ((34, 72), (17, 50))
_number = partial(number, of="for all images together")


@exercise("auroc", "It needs no threshold, depends neither on the order nor on the scale, and counts a tie as half.")
def check_auroc(answer: Any) -> None:
    """Check a function (scores, anomalous) that returns the AUROC as a number."""
    _check_values(answer, [_made_up(*counts) for counts in SETS])
    _check_order(answer, *_made_up(*SETS[0]))
    for others, normal in ((30, 7), (1, 12), (12, 1), (1, 1), (3, 300), (300, 3)):
        scores, anomalous = _made_up(others, normal)
        got, right = _number(ask_deterministic(answer, scores, anomalous)), auroc(scores, anomalous)
        expect(_same(got, right), f"Then it goes wrong: {_count(got, right, scores, anomalous)}")
    _check_ties(answer)
    _check_scale(answer)


def _made_up(others: int, normal: int) -> tuple[Scores, Mask]:
    """Make scores of both signs, all different, in random order; those of anomalies tend to be higher."""
    generator = Generator().manual_seed(others)
    anomalous = torch.randperm(others + normal, generator=generator) < others
    return torch.randn(len(anomalous), generator=generator) + 0.7 * anomalous, anomalous


def _check_values(answer: Any, sets: list[tuple[Tensor, Tensor]]) -> None:
    """Expect the share of pairs, and the same share each time."""
    got, again, right = [], [], [auroc(*each) for each in sets]
    for scores, anomalous in sets:
        got.append(_number(ask_deterministic(answer, scores, anomalous)))
        again.append(_number(ask_deterministic(answer, scores, anomalous)))
    changes = f"Called twice, it gives {got[0]:.4f} and {again[0]:.4f}. Nothing here is random: compare all pairs."
    expect(_same(torch.tensor(got).nan_to_num(), torch.tensor(again).nan_to_num()), changes)
    first, second = (_mistakes(share, *each) for share, each in zip(right, sets, strict=True))
    mistakes = {
        hint: tuple(map(list, zip(_several(one), _several(two), strict=True)))
        for (hint, one), two in zip(first.items(), second.values(), strict=True)
    }
    worse = int(_same(got[0], right[0]))
    recognise(got, right, mistakes, _count(got[worse], right[worse], *sets[worse]), _same)


def _several(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _check_order(answer: Any, scores: Scores, anomalous: Mask) -> None:
    """Expect the same of the same images in another order, and the opposite of the opposite scores."""
    right = auroc(scores, anomalous)
    got = _number(ask_deterministic(answer, scores.flip(0), anomalous.flip(0)))
    expect(_same(got, right), f"The same images in another order give {got:.3f} instead of {right:.3f}.")
    got = _number(ask_deterministic(answer, -scores, anomalous))
    turned = f"It gives {right:.4f}, and for the scores with their sign changed {got:.4f} in place of {1 - right:.4f}."
    misleads = f"{turned} A number below 0.5 is right, too: it says that the score misleads."
    recognise(got, 1 - right, {misleads: right}, turned, _same)


def _check_scale(answer: Any) -> None:
    """Expect the same of the same scores on another scale."""
    scores, anomalous = _made_up(*SETS[0])
    scales = {
        "a thousand times smaller": scores / 1000,
        "1000 higher": scores + 1000,
        "on a scale that is fine in the middle and coarse at the ends": torch.sinh(4 * scores),
    }
    for how, others in scales.items():
        # The right number is that of these scores, because rounding may have tied some.
        got, right = _number(ask_deterministic(answer, others, anomalous)), auroc(others, anomalous)
        expect(
            _same(got, right),
            f"The same scores {how} (now {others.min():.4g} to {others.max():.4g}) give {got:.5f} instead of "
            f"{right:.5f}. On any scale, only which score is higher may count.",
        )


def _check_ties(answer: Any) -> None:
    """Expect half a pair for a tie, where all scores are tied and where some are."""
    # The pairs that are tied are 27 here, and 7 below: half of an odd number is none.
    anomalous = torch.isin(torch.arange(12), torch.tensor([0, 4, 5]))
    constant = _number(ask_deterministic(answer, torch.zeros(12), anomalous))
    expect(
        constant == constant,
        "For a score that is the same for all images it gives nan: is something divided by 0? It should give 0.5.",
    )
    expect(
        _same(constant, 0.5),
        f"A score that is the same for all images knows nothing and should give 0.5, and yours gives {constant:.2f}. "
        "Count a tie as half a pair. (If you use a curve, it must have both its ends: (0, 0) and (1, 1).)",
    )
    scores = (torch.arange(12) * 5 % 12 // 4).float()
    got, right = _number(ask_deterministic(answer, scores, anomalous)), auroc(scores, anomalous)
    expect(
        _same(got, right),
        f"Where some scores are tied it gives {got:.3f} instead of {right:.3f}: each tie counts half a pair, and "
        "images with the same score are images of their own.",
    )


def _mistakes(right: float, scores: Scores, anomalous: Mask) -> dict[str, Any]:
    """List numbers that are mistaken for an AUROC, and wrong shares of pairs: hint → value."""
    return {
        **_wrong_shares(right, int(anomalous.sum()), int((~anomalous).sum())),
        **_wrong_lists(scores, anomalous),
        "That is what one threshold gives: an accuracy, or a rate. The AUROC has no threshold, it looks at pairs: one "
        "anomaly, one normal image.": tuple(_at_a_threshold(scores, anomalous)),
    }


def _wrong_shares(right: float, others: int, normal: int) -> dict[str, Any]:
    """List the wrong numbers that come from the right number of pairs."""
    pairs, images = others * normal, others + normal
    return {
        "It is upside down: this is the share of pairs in which the normal one has the higher score. A high score "
        "should speak for an anomaly.": 1 - right,
        "The area has come out negative: the curve runs from the right to the left.": (-right, right - 1),
        "That is a number of pairs. Divide by how many pairs there are.": (right * pairs, (1 - right) * pairs),
        "That is a number of pairs, divided by one of the counts. Each anomaly meets each normal image: divide by "
        "the product of the counts.": (right * normal, right * others),
        "That is in percent. Return the share, from 0 to 1.": 100 * right,
        "That is half of the share of pairs. Only a tie counts half.": right / 2,
        "That is 2 · AUROC − 1 (Gini, or Somers' D), which is 0 for a score that knows nothing.": 2 * right - 1,
        "Only pairs of one anomaly and one normal image count, so divide by how many of those there are.": (
            right * pairs / images**2,
            right * pairs / (images * (images - 1) / 2),
            right * pairs / normal**2,
            right * pairs / others**2,
        ),
        f"The share of pairs is {right:.4f}, and yours is a whole number. Was it rounded, or cut off by an integer "
        "division, or is one pair compared in place of all, or are those with high scores called anomalies?": (
            0.0,
            1.0,
        ),
        f"The share of pairs is {right:.5f}, and yours was rounded.": (
            *(round(right, digits) for digits in (1, 2, 3, 4)),
            torch.tensor(right).half().item(),
            torch.tensor(right).bfloat16().item(),
        ),
    }


def _wrong_lists(scores: Scores, anomalous: Mask) -> dict[str, Any]:
    """List the shares of pairs that come from other lists than the two."""
    high, low = scores[anomalous], scores[~anomalous]
    place = torch.arange(len(scores))
    first = min(len(high), len(low))
    return {
        "That compares each anomaly with the mean or the median of the normal images, or the other way round. "
        "Compare it with each of them.": (
            *(_share(high, middle[None]) for middle in (low.mean(), low.median())),
            *(_share(middle[None], low) for middle in (high.mean(), high.median())),
        ),
        "That compares image by image along two lists. Compare each anomaly with all normal images.": (
            (high[:first] > low[:first]).float().mean(),
            (high[:first] > low[:first]).sum() / len(high),
        ),
        "That compares each anomaly with all images. Compare it with the normal images only.": (
            _share(high, scores),
            (high[:, None] > scores).double().mean(),
            (high[:, None] >= scores).double().mean(),
        ),
        "That takes some of the images only. All anomalies and all normal images count.": (
            _share(high, low[:first]),
            _share(high[:first], low[:first]),
        ),
        "It is 0.5, as for a score that knows nothing. In most pairs here the anomaly is higher.": 0.5,
        "That is the difference of the means, in units of the score. Count the pairs.": high.mean() - low.mean(),
        "The signs of the scores are lost. −3 is lower than 2.": auroc(scores.abs(), anomalous),
        "Negative scores are taken for 0. They are scores like any other.": auroc(scores.clamp(min=0), anomalous),
        "The scores were rounded, so that some are tied.": tuple(
            auroc(rounded, anomalous) for rounded in (scores.trunc(), scores.round(), (10 * scores).round())
        ),
        "The labels do not belong to the scores: image i has scores[i] and anomalous[i]. Was one of them sorted?": (
            auroc(scores.sort().values, anomalous),
            auroc(scores.sort(descending=True).values, anomalous),
            auroc(scores, place >= len(low)),
            auroc(scores, place < len(high)),
        ),
        "`anomalous` was changed to numbers: these pick images by their places, and True and False by a mask.": (
            _share(scores[anomalous.long()], scores[~anomalous.int()]),
            _share(scores[anomalous.long()], scores[1 - anomalous.int()]),
            _share(high, scores[~anomalous.int()]),
        ),
    }


def _share(high: Tensor, low: Tensor) -> float:
    """Compute the share of pairs in which the first is higher; a tie counts half."""
    return (torch.sign(high[:, None] - low) / 2 + 0.5).double().mean().item()


def _at_a_threshold(scores: Scores, anomalous: Mask) -> Iterator[float]:
    """Yield accuracies and rates at the thresholds that people choose."""
    # As many are called anomalies as there are.
    top = scores.sort(descending=True).values[anomalous.sum() - 1]
    best = scores[((scores >= scores[:, None]) == anomalous).sum(1).argmax()]
    for at in (
        scores.mean(),
        scores.median(),
        top,
        best,
        scores[~anomalous].max(),
        torch.tensor(0.0),
        torch.tensor(0.5),
    ):
        for called in (scores > at, scores >= at):
            caught, alarms = called[anomalous].double().mean(), called[~anomalous].double().mean()
            accuracy, precision = (called == anomalous).double().mean(), anomalous[called].double().mean()
            yield from (accuracy, 1 - accuracy, (caught + 1 - alarms) / 2, caught, alarms, precision, caught - alarms)
    called = scores >= scores[:, None]  # [thresholds, images]
    yield (called[:, anomalous].double().mean(1) - called[:, ~anomalous].double().mean(1)).max().item()


def _count(got: float, right: float, scores: Scores, anomalous: Mask) -> str:
    """Say how many pairs there are, and what should have come out."""
    others, normal = int(anomalous.sum()), int((~anomalous).sum())
    return (
        f"With {others} anomal{'y' if others == 1 else 'ies'} and {normal} normal image{'s' * (normal > 1)} there "
        f"{'is 1 pair' if others * normal == 1 else f'are {others * normal} pairs'}. "
        f"In {right * others * normal:.0f} of them the anomaly has the higher score, which makes {right:.4f}, "
        f"and yours is {got:.4f}."
    )


def _same(got: Any, expected: Any) -> bool:
    return close(got, expected, rtol=0.0, atol=1e-5)
