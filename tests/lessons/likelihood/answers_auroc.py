"""Answers to lesson 13's exercise, right and wrong."""

import bisect
import sys
from functools import partial

from vae_course.likelihood import auroc, roc

import numpy as np
import torch
from answers import Answers

ANSWERS = Answers("auroc")
right, wrong = ANSWERS.right, ANSWERS.wrong


def compared(scores, anomalous):
    """[anomalies, normal images]: whether the anomaly has the higher score."""
    return scores[anomalous][:, None] > scores[~anomalous]


def tied(scores, anomalous):
    return scores[anomalous][:, None] == scores[~anomalous]


def pairs(scores, anomalous):
    return (compared(scores, anomalous).double() + 0.5 * tied(scores, anomalous).double()).mean()


def rates(scores, anomalous, at):
    """The false and the true positive rates at thresholds."""
    called = scores >= at[:, None]
    return called[:, ~anomalous].double().mean(1), called[:, anomalous].double().mean(1)


right("the package's own")(auroc)
right("the formula, in single precision")(lambda s, a: compared(s, a).float().mean() + 0.5 * tied(s, a).float().mean())
right("a number of NumPy's")(lambda s, a: pairs(s, a).numpy())
right("a float")(lambda s, a: float(pairs(s, a)))
right("item")(lambda s, a: pairs(s, a).item())
right("the sign of the difference")(lambda s, a: (((s[a][:, None] - s[~a][None, :]).sign() + 1) / 2).mean())
right("heaviside")(lambda s, a: torch.heaviside(s[a][:, None] - s[~a], torch.tensor(0.5)).mean())
right("where")(lambda s, a: torch.where(tied(s, a), 0.5, compared(s, a).float()).mean())
right("half of > and half of >=")(
    lambda s, a: (compared(s, a).double().mean() + (s[a][:, None] >= s[~a]).double().mean()) / 2
)
right("an outer product of all, masked")(lambda s, a: ((s[:, None] > s) + 0.5 * (s[:, None] == s))[a][:, ~a].mean())
right("one minus the pairs that are lost")(lambda s, a: 1 - pairs(s, ~a))
right("nonzero for a mask")(
    lambda s, a: pairs(s[torch.cat([a.nonzero()[:, 0], (~a).nonzero()[:, 0]])], a.sort(descending=True).values)
)
right("with a default argument")(lambda scores, anomalous, tie=0.5: pairs(scores, anomalous))
right("a variable number of arguments")(lambda *given: pairs(*given))
right("functools.partial")(partial(lambda tie, s, a: (compared(s, a) + tie * tied(s, a)).mean(), 0.5))


@ANSWERS.right("the area under the curve")
def _(scores, anomalous):
    false, true = roc(scores, anomalous)
    return torch.trapezoid(torch.cat([torch.zeros(1), true]), torch.cat([torch.zeros(1), false]))


@ANSWERS.right("the area, by every distinct threshold")
def _(scores, anomalous):
    at = torch.cat([torch.tensor([torch.inf]), scores.unique().flip(0)])
    false, true = rates(scores, anomalous, at)
    return torch.trapezoid(true, false)


@ANSWERS.right("loops over lists")
def _(scores: torch.Tensor, anomalous: torch.Tensor) -> float:
    high, low = scores[anomalous].tolist(), scores[~anomalous].tolist()
    return sum((a > b) + (a == b) / 2 for a in high for b in low) / (len(high) * len(low))


@ANSWERS.right("ranks, tied ones shared")
def _(scores, anomalous):
    _, which, counts = scores.unique(return_inverse=True, return_counts=True)
    rank = (counts.cumsum(0) - (counts - 1) / 2)[which].double()
    n = anomalous.sum()
    return (rank[anomalous].sum() - n * (n + 1) / 2) / (n * (~anomalous).sum())


@ANSWERS.right("bisection in a sorted list")
def _(scores, anomalous):
    low = sorted(scores[~anomalous].tolist())
    won = [bisect.bisect_left(low, s) + bisect.bisect_right(low, s) for s in scores[anomalous].tolist()]
    return sum(won) / (2 * len(low) * len(won))


@ANSWERS.right("NumPy throughout")
def _(scores, anomalous):
    s, a = scores.numpy(), anomalous.numpy()
    high, low = s[a], s[np.logical_not(a)]
    return np.mean((high[:, None] > low) + 0.5 * (high[:, None] == low))


@ANSWERS.right("one anomaly at a time")
def _(scores, anomalous):
    normal, total = scores[anomalous == 0], 0.0
    for score in scores[anomalous == 1]:
        total += (score > normal).float().mean().item() + 0.5 * (score == normal).float().mean().item()
    return total / anomalous.sum().item()


class Area:
    def __call__(self, scores, anomalous):
        return pairs(scores, anomalous)

    @staticmethod
    def static(scores, anomalous):
        return pairs(scores, anomalous)


right("a callable object")(Area())
right("a static method")(Area.static)


# Another number than the share of pairs.
def accuracy(at):
    return lambda s, a: ((s > at(s, a)) == a).float().mean()


def at_the_median(scores, anomalous):
    called = scores > scores.median()
    return (called[anomalous].float().mean() + (~called)[~anomalous].float().mean()) / 2


wrong("accuracy at the mean", "what one threshold gives")(accuracy(lambda s, a: s.mean()))
wrong("accuracy at the median", "what one threshold gives")(accuracy(lambda s, a: s.median()))
wrong("accuracy at 0.5", "what one threshold gives")(accuracy(lambda s, a: 0.5))
wrong("the best accuracy", "what one threshold gives")(lambda s, a: ((s >= s[:, None]) == a).float().mean(1).max())
wrong("a balanced accuracy", "what one threshold gives")(at_the_median)
wrong("the true positive rate at the median", "what one threshold gives")(
    lambda s, a: (s > s.median())[a].float().mean()
)
wrong("precision at the median", "what one threshold gives")(lambda s, a: a[s > s.median()].float().mean())
wrong("Youden's index", "one threshold")(lambda s, a: (lambda f, t: (t - f).max())(*rates(s, a, s)))
wrong("average precision", "2448 pairs")(
    lambda s, a: (a[s.argsort(descending=True)].float().cumsum(0) / torch.arange(1, len(s) + 1))[
        a[s.argsort(descending=True)]
    ].mean()
)
wrong("the labels turned", "upside down")(lambda s, a: pairs(s, ~a))
wrong("the sign turned", "upside down")(lambda s, a: pairs(-s, a))
wrong("the area on the wrong side", "upside down")(lambda s, a: 1 - pairs(s, a))
wrong("axes exchanged", "upside down")(
    lambda s, a: (lambda f, t: torch.trapezoid(torch.cat([torch.zeros(1), f]), torch.cat([torch.zeros(1), t])).float())(
        *roc(s, a)
    )
)
wrong("the area with a minus", "negative")(lambda s, a: -pairs(s, a))
wrong("Gini's coefficient", "Gini")(lambda s, a: 2 * pairs(s, a) - 1)
wrong("never below a half", "sign changed")(lambda s, a: max(pairs(s, a), 1 - pairs(s, a)))
wrong("in percent", "in percent")(lambda s, a: 100 * pairs(s, a))
wrong("half of it", "half of the share")(lambda s, a: pairs(s, a) / 2)
wrong("a number of pairs", "number of pairs")(lambda s, a: compared(s, a).sum())
wrong("a number of pairs per anomaly", "one of the counts")(lambda s, a: compared(s, a).sum() / a.sum())
wrong("a number of pairs per normal image", "one of the counts")(lambda s, a: compared(s, a).sum() / (~a).sum())
wrong("over all pairs", "one anomaly and one normal")(lambda s, a: compared(s, a).sum() / len(s) ** 2)
wrong("over all pairs, each once", "one anomaly and one normal")(
    lambda s, a: compared(s, a).sum() / (len(s) * (len(s) - 1) / 2)
)
wrong("as if groups were equal", "one anomaly and one normal")(lambda s, a: compared(s, a).sum() / a.sum() ** 2)
wrong("of all images above all", "0.5, as for a score that knows nothing")(
    lambda s, a: (s[:, None] > s).float().mean() + 0.5 * (s[:, None] == s).float().mean()
)
wrong("anomalies above all images", "with all images")(
    lambda s, a: (s[a][:, None] > s).float().mean() + 0.5 * (s[a][:, None] == s).float().mean()
)
wrong("against the mean", "each anomaly with the mean")(lambda s, a: (s[a] > s[~a].mean()).float().mean())
wrong("against the median", "each anomaly with the mean or the median")(
    lambda s, a: (s[a] > s[~a].median()).float().mean()
)
wrong("the anomalies' mean against each", "with the mean")(lambda s, a: (s[a].mean() > s[~a]).float().mean())
wrong("above the highest normal image", "one threshold|2448 pairs")(
    lambda s, a: (s[a] > s[~a].sort().values[-5]).float().mean()
)
wrong("side by side", "image by image")(lambda s, a: (s[a] > s[~a][: a.sum()]).float().mean())
wrong("side by side, cut by zip", "image by image")(
    lambda s, a: sum(h > w for h, w in zip(s[a], s[~a], strict=False)) / min(a.sum(), (~a).sum())
)
wrong("difference of means", "difference of the means")(lambda s, a: s[a].mean() - s[~a].mean())
wrong("the mean difference, squashed", "2448 pairs")(lambda s, a: torch.sigmoid(s[a][:, None] - s[~a]).mean())
wrong("a correlation", "2448 pairs")(lambda s, a: torch.corrcoef(torch.stack([s, a.to(s)]))[0, 1])
wrong("the median of the table", "a whole number")(lambda s, a: compared(s, a).float().flatten().median())
wrong("integer division", "a whole number")(
    lambda s, a: compared(s, a).sum().item() // (int(a.sum()) * int((~a).sum()))
)
wrong("int", "a whole number")(lambda s, a: int(pairs(s, a)))
wrong("rounded to a whole number", "a whole number")(lambda s, a: round(float(pairs(s, a))))
wrong("rounded to two digits", "rounded")(lambda s, a: round(float(pairs(s, a)), 2))
wrong("rounded to three digits", "rounded")(lambda s, a: round(float(auroc(s, a)) + 1e-9, 3))
wrong("always 0.5", "0.5, as for a score that knows nothing")(lambda s, a: 0.5)
wrong("always 1", "a whole number")(lambda s, a: 1.0)
wrong("any()", "not a bool|a truth")(lambda s, a: compared(s, a).any())

# Ties.
wrong("ties are lost", "yours gives 0.00. Count a tie as half")(lambda s, a: compared(s, a).float().mean())
wrong("ties are won", "yours gives 1.00. Count a tie as half")(lambda s, a: (s[a][:, None] >= s[~a]).float().mean())
wrong("ties count a quarter", "yours gives 0.25. Count a tie as half")(
    lambda s, a: (compared(s, a) + 0.25 * tied(s, a)).mean()
)
wrong("ties count one more", "yours gives 1.50|[Cc]ount a tie as half|more than 1")(
    lambda s, a: ((s[a][:, None] >= s[~a]).float() + 0.5 * tied(s, a)).mean()
)
wrong("ties are left out of the count", "nan|[Ww]here some scores are tied|same for all")(
    lambda s, a: compared(s, a).sum() / (~tied(s, a)).sum()
)
wrong("half right for ties", "Where some scores are tied")(
    lambda s, a: 0.5 if (s == s[0]).all() else compared(s, a).float().mean()
)
wrong("equal scores once only", "tied")(
    lambda s, a: pairs(
        torch.cat([s[a].unique(), s[~a].unique()]),
        torch.arange(len(s[a].unique()) + len(s[~a].unique())) < len(s[a].unique()),
    )
)
wrong("a tie that is nearly one", "2448 pairs")(
    lambda s, a: (((s[a][:, None] - s[~a]) > 1e-2) + 0.5 * ((s[a][:, None] - s[~a]).abs() <= 1e-2)).float().mean()
)


@ANSWERS.wrong("ranks in which ties fall as they lie", "Count a tie as half")
def _(scores, anomalous):
    rank = scores.argsort(stable=True).argsort() + 1.0
    count = anomalous.sum()
    return (rank[anomalous].sum() - count * (count + 1) / 2) / (count * (~anomalous).sum())


@ANSWERS.wrong("a curve in steps", "[Tt]ie")
def _(scores, anomalous):
    false, true = rates(scores, anomalous, scores.unique().flip(0))
    return (true * torch.diff(false, prepend=torch.zeros(1).double())).sum()


@ANSWERS.wrong("a curve by a point an image, ties as they lie", "[Tt]ie")
def _(scores, anomalous):
    found = anomalous[scores.argsort(descending=True, stable=True)].double()
    true, false = found.cumsum(0) / found.sum(), (1 - found).cumsum(0) / (1 - found).sum()
    zero = torch.zeros(1).double()
    return torch.trapezoid(torch.cat([zero, true]), torch.cat([zero, false]))


@ANSWERS.wrong("the curve without its corner", "sign changed")
def _(scores, anomalous):
    false, true = rates(scores, anomalous, scores.unique().flip(0)[1:])
    return torch.trapezoid(true, false)


@ANSWERS.wrong("a hundred thresholds", "850 pairs")
def _(scores, anomalous):
    false, true = rates(scores, anomalous, torch.linspace(scores.max() + 1, scores.min(), 100))
    return torch.trapezoid(true, false)


@ANSWERS.wrong("ten thousand thresholds", "2448 pairs")
def _(scores, anomalous):
    false, true = rates(scores, anomalous, torch.linspace(scores.max() + 1, scores.min(), 10_000))
    return torch.trapezoid(true, false)


@ANSWERS.wrong("thresholds from 0 to 1", "pairs|scale|threshold")
def _(scores, anomalous):
    false, true = rates(scores, anomalous, torch.linspace(1, 0, 1000))
    return torch.trapezoid(true, false)


# What is done to the scores first.
wrong("by size alone", "signs of the scores")(lambda s, a: pairs(s.abs(), a))
wrong("negative ones are 0", "Negative scores")(lambda s, a: pairs(s.clamp(min=0), a))
wrong("cut off at 10", "scale")(lambda s, a: pairs(s.clamp(max=10), a))
wrong("cut off at 200", "scale")(lambda s, a: pairs(s.clamp(max=200), a))
wrong("whole numbers", "rounded, so that some are tied")(lambda s, a: pairs(s.long(), a))
wrong("one digit", "rounded, so that some are tied")(lambda s, a: pairs((10 * s).round(), a))
wrong("half precision", "2448 pairs")(lambda s, a: pairs(s.half(), a))
wrong("through a sigmoid", "scale")(lambda s, a: pairs(torch.sigmoid(s), a))
wrong("through a softmax", "scale")(lambda s, a: pairs(s.softmax(0), a))
wrong("through exp", "scale")(lambda s, a: pairs(s.exp(), a))
wrong("through a log", "pairs|nan|negative")(lambda s, a: pairs(s.log(), a))
wrong("the scale counts", "scale")(lambda s, a: pairs(s, a) if s.max() < 50 else 0.9)

# Which images are anomalies.
wrong("the first are taken for normal", "labels do not belong")(
    lambda s, a: pairs(s, torch.arange(len(a)) >= (~a).sum())
)
wrong("scores sorted, labels not", "labels do not belong")(lambda s, a: pairs(s.sort().values, a))
wrong("~ of whole numbers", "changed to numbers")(
    lambda s, a: (s[a][:, None] > s[~a.int()]).float().mean() + 0.5 * (s[a][:, None] == s[~a.int()]).float().mean()
)
wrong("whole numbers for a mask", "changed to numbers")(
    lambda s, a: (
        (s[a.long()][:, None] > s[1 - a.long()]).float().mean()
        + 0.5 * (s[a.long()][:, None] == s[1 - a.long()]).float().mean()
    )
)
wrong("every fourth image", "2448 pairs")(lambda s, a: pairs(s, torch.arange(len(s)) % 4 == 1))
wrong("the order counts", "in another order")(lambda s, a: pairs(s, a) if s[0] < s[-1] else 0.9)
wrong("as many normal images as anomalies", "some of the images only")(
    lambda s, a: (
        (s[a][:, None] > s[~a][: a.sum()]).float().mean() + 0.5 * (s[a][:, None] == s[~a][: a.sum()]).float().mean()
    )
)
wrong("a table that must be square", "30 anomalies and 7 normal")(
    lambda s, a: pairs(s, a) if a.sum() <= (~a).sum() else pairs(s[a][: (~a).sum()], ~a[a][: (~a).sum()])
)
wrong("squeezed, so one anomaly has no axis", "TypeError: iteration over a 0-d")(
    lambda s, a: (
        lambda high, low: sum(((h > low).float() + 0.5 * (h == low).float()).mean() for h in high) / len(high)
    )(s[a].squeeze(), s[~a])
)
wrong("draws of pairs", "It draws random numbers")(
    lambda s, a: (
        (s[a][torch.randint(int(a.sum()), (5000,))] > s[~a][torch.randint(int((~a).sum()), (5000,))]).float().mean()
    )
)
wrong("draws of pairs, seeded", "pairs|seed")(
    lambda s, a: (
        lambda g: (
            (
                s[a][torch.randint(int(a.sum()), (5000,), generator=g)]
                > s[~a][torch.randint(int((~a).sum()), (5000,), generator=g)]
            )
            .float()
            .mean()
        )
    )(torch.Generator().manual_seed(0))
)

# Kinds.
wrong("one per image", "one number for all")(lambda s, a: compared(s, a).float().mean(1))
wrong("a tensor of one", r"shape \[1\]|one number")(lambda s, a: pairs(s, a)[None])
wrong("an array of one", r"shape \[1\]|one number|ndarray")(lambda s, a: pairs(s, a)[None].numpy())
wrong("the curve", "tuple")(roc)
wrong("a list", "not a list")(lambda s, a: [float(pairs(s, a))])
wrong("a dict", "not a dict")(lambda s, a: {"auroc": pairs(s, a)})
wrong("a string", "not a str")(lambda s, a: f"{pairs(s, a):.6f}")
wrong("a truth", "not a bool")(lambda s, a: True)
wrong("complex", "complex")(lambda s, a: complex(pairs(s, a)))
wrong("a complex tensor", "complex")(lambda s, a: pairs(s, a) + 0j)
wrong("half precision at the end", "rounded")(lambda s, a: pairs(s, a).half())
wrong("NaN", "nan")(lambda s, a: float("nan"))
wrong("infinite", "inf")(lambda s, a: float("inf"))
wrong("the result instead of the function", "without calling")(0.64)
wrong("a tensor instead of the function", "without calling")(torch.tensor(0.64))
wrong("a class", "Result|function")(type("Result", (), {"__init__": lambda self, s, a: None}))
wrong("it raises", "IndexError")(lambda s, a: s[5000])
wrong("not a function of two", "TypeError")(lambda s: 0.5)


@ANSWERS.wrong("inputs overwritten", "overwrote scores")
def _(scores, anomalous):
    answer = pairs(scores, anomalous)
    scores.zero_()
    anomalous.logical_not_()
    return answer


@ANSWERS.wrong("sorted in place", "overwrote scores")
def _(scores, anomalous):
    answer = pairs(scores, anomalous)
    scores.numpy().sort()
    return answer


@ANSWERS.wrong("the first answer is remembered", "order|sign|another")
def _(scores, anomalous, known={}):  # noqa: B006
    return known.setdefault(len(scores), pairs(scores, anomalous))


@ANSWERS.wrong("the standard library's error, at the learner's line", "at `return mean")
def _(scores, anomalous):
    from statistics import mean

    return mean([])


@ANSWERS.wrong("it leaves", "SystemExit|exit")
def _(scores, anomalous):
    sys.exit(1)


@ANSWERS.wrong("seeds the global generator", "It draws random numbers")
def _(scores, anomalous):
    torch.manual_seed(0)
    return pairs(scores, anomalous)
