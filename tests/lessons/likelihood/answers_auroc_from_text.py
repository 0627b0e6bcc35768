"""Answers to the exercise `auroc` written from its text alone."""

import numpy as np
import torch
from lessons.likelihood.answers_auroc_held_out import ANSWERS


@ANSWERS.wrong("ties added whole", "half a pair")
def _(scores, anomalous):
    high, low = scores[anomalous], scores[~anomalous]
    return ((high[:, None] > low).float().mean() + (high[:, None] == low).float().mean()).item()


@ANSWERS.wrong("accuracy at median", "That is what one threshold")
def _(scores, anomalous):
    return ((scores > scores.median()) == anomalous).float().mean().item()


@ANSWERS.wrong("divided by n^2", "Only pairs of one anomaly")
def _(scores, anomalous):
    high, low = scores[anomalous], scores[~anomalous]
    u = (high[:, None] > low).sum() + 0.5 * (high[:, None] == low).sum()
    return (u / len(scores) ** 2).item()


@ANSWERS.wrong("trapz ascending", "The area has come out")
def _(scores, anomalous):
    ths = scores.unique()
    tpr = torch.stack([(scores[anomalous] >= t).double().mean() for t in ths])
    fpr = torch.stack([(scores[~anomalous] >= t).double().mean() for t in ths])
    return torch.trapezoid(tpr, fpr).item()


@ANSWERS.wrong("average precision, too", "of them the anomaly has")
def _(scores, anomalous):
    order = scores.argsort(descending=True)
    y = anomalous[order].double()
    precision = y.cumsum(0) / torch.arange(1, len(y) + 1)
    return (precision * y).sum().item() / y.sum().item()


@ANSWERS.wrong("rank off by one", "of them the anomaly has")
def _(scores, anomalous):
    n1, n0 = int(anomalous.sum()), int((~anomalous).sum())
    ranks = (scores[:, None] > scores).sum(1).double() + ((scores[:, None] == scores).sum(1) - 1).double() / 2
    return ((ranks[anomalous].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)).item()


@ANSWERS.wrong("row means of the wrong axis", "Return one number for all")
def _(scores, anomalous):
    high, low = scores[anomalous], scores[~anomalous]
    return ((high[:, None] > low).float() + 0.5 * (high[:, None] == low).float()).mean(1)


@ANSWERS.wrong("sorts in place", "Your function overwrote scores")
def _(scores, anomalous):
    scores.sub_(scores.min())
    high, low = scores[anomalous], scores[~anomalous]
    return ((high[:, None] > low).double().mean() + 0.5 * (high[:, None] == low).double().mean()).item()


@ANSWERS.right("sign")
def _(scores, anomalous):
    high, low = scores[anomalous], scores[~anomalous]
    return (0.5 + 0.5 * torch.sign(high[:, None] - low).double().mean()).item()


@ANSWERS.right("heaviside, too")
def _(scores, anomalous):
    d = scores[anomalous].unsqueeze(1) - scores[~anomalous].unsqueeze(0)
    return torch.heaviside(d, torch.tensor(0.5)).mean()


@ANSWERS.right("ranks")
def _(scores, anomalous):
    n1, n0 = anomalous.sum().item(), (~anomalous).sum().item()
    _, inv, counts = scores.unique(return_inverse=True, return_counts=True)
    ends = counts.cumsum(0).double()
    ranks = (ends - (counts - 1) / 2)[inv]
    return float((ranks[anomalous].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


@ANSWERS.right("trapezoid of roc")
def _(scores, anomalous):
    ths = torch.cat([torch.tensor([torch.inf]), scores.unique().flip(0)])
    tpr = (scores[anomalous] >= ths[:, None]).double().mean(1)
    fpr = (scores[~anomalous] >= ths[:, None]).double().mean(1)
    return torch.trapezoid(tpr, fpr).item()


@ANSWERS.right("numpy searchsorted")
def _(scores, anomalous):
    s, a = scores.numpy(), anomalous.numpy()
    low = np.sort(s[~a])
    left = np.searchsorted(low, s[a], side="left")
    right = np.searchsorted(low, s[a], side="right")
    return ((left + right) / 2).mean() / len(low)


@ANSWERS.right("python loops")
def _(scores, anomalous):
    high = [s for s, a in zip(scores.tolist(), anomalous.tolist(), strict=True) if a]
    low = [s for s, a in zip(scores.tolist(), anomalous.tolist(), strict=True) if not a]
    return sum((a > b) + 0.5 * (a == b) for a in high for b in low) / (len(high) * len(low))


@ANSWERS.right("float mean tensor")
def _(scores, anomalous):
    high, low = scores[anomalous], scores[torch.logical_not(anomalous)]
    table = high[:, None] - low
    return (table > 0).float().mean() + 0.5 * (table == 0).float().mean()


@ANSWERS.right("where, too")
def _(scores, anomalous):
    a = torch.masked_select(scores, anomalous)
    n = torch.masked_select(scores, ~anomalous)
    w = torch.where(a[:, None] > n[None], 1.0, torch.where(a[:, None] == n[None], 0.5, 0.0))
    return w.mean().item()


@ANSWERS.right("chunked")
def _(scores, anomalous):
    normal = scores[~anomalous]
    wins = sum(((s > normal).sum() + (s == normal).sum() / 2).item() for s in scores[anomalous])
    return wins / (int(anomalous.sum()) * len(normal))


@ANSWERS.right("average of gt and ge")
def _(scores, anomalous):
    high, low = scores[anomalous][:, None], scores[~anomalous][None, :]
    return (torch.gt(high, low).double().mean() + torch.ge(high, low).double().mean()).item() / 2


@ANSWERS.wrong("nearest thresholds >", "That compares each anomaly with")
def _(scores, anomalous):
    s, a = scores[anomalous].mean(), scores[~anomalous]
    return (s > a).double().mean().item()


@ANSWERS.wrong("float16", "of them the anomaly has")
def _(scores, anomalous):
    high, low = scores[anomalous][:, None].half(), scores[~anomalous].half()
    return ((high > low).double().mean() + 0.5 * (high == low).double().mean()).item()


@ANSWERS.wrong("anomalies from high scores", "those with high scores called")
def _(scores, anomalous):
    anomalous = scores > scores.mean()
    high, low = scores[anomalous][:, None], scores[~anomalous]
    return ((high > low).double().mean() + 0.5 * (high == low).double().mean()).item()


@ANSWERS.wrong("clip 0.5", "0.5000 in place of 0.2569")
def _(scores, anomalous):
    high, low = scores[anomalous][:, None], scores[~anomalous]
    return max(0.5, ((high > low).double().mean() + 0.5 * (high == low).double().mean()).item())


@ANSWERS.wrong("pearson", "of them the anomaly has")
def _(scores, anomalous):
    return torch.corrcoef(torch.stack([scores, anomalous.float()]))[0, 1].item()


@ANSWERS.right("cumulative with ties")
def _(scores, anomalous):
    _, inv = scores.unique(return_inverse=True)
    a = torch.bincount(inv, weights=anomalous.double())
    n = torch.bincount(inv, weights=(~anomalous).double())
    below = n.cumsum(0) - n
    return ((a * (below + n / 2)).sum() / (a.sum() * n.sum())).item()


@ANSWERS.right("cdist-free numpy mean")
def _(scores, anomalous):
    s, m = np.asarray(scores, dtype=float), np.asarray(anomalous)
    d = np.subtract.outer(s[m], s[~m])
    return np.mean((np.sign(d) + 1) / 2)


def _pairs(high, low):
    return (high[:, None] > low).double().mean() + 0.5 * (high[:, None] == low).double().mean()


@ANSWERS.wrong("at most a hundred of each", "With 3 anomalies and 300 normal images")
def _(scores, anomalous):
    return _pairs(scores[anomalous][:100], scores[~anomalous][:100])


@ANSWERS.wrong("half of the ties, as a whole number", "yours gives 0.48")
def _(scores, anomalous):
    high, low = scores[anomalous], scores[~anomalous]
    wins, ties = (high[:, None] > low).sum(), (high[:, None] == low).sum()
    return (wins + ties // 2) / (len(high) * len(low))


@ANSWERS.wrong("exp of the scores, which ties small ones", "give 0.74285 instead of 0.74306")
def _(scores, anomalous):
    return _pairs(scores[anomalous].exp(), scores[~anomalous].exp())


@ANSWERS.wrong("thresholds at anomalies only", "With 34 anomalies and 72 normal images")
def _(scores, anomalous):
    high, low = scores[anomalous], scores[~anomalous]
    ends = torch.tensor([torch.inf]), torch.tensor([-torch.inf])
    at = torch.cat([ends[0], high.unique().flip(0), ends[1]])[:, None]
    return torch.trapezoid((high >= at).double().mean(1), (low >= at).double().mean(1))


@ANSWERS.right("a loop over pairs of tensors")
def _(scores, anomalous):
    total = 0.0
    for one in scores[anomalous]:
        for other in scores[~anomalous]:
            total += 1.0 if one > other else 0.5 if one == other else 0.0
    return total / (anomalous.sum() * (~anomalous).sum())


@ANSWERS.right("groups of equal scores, one after the other")
def _(scores, anomalous):
    wins = below = 0
    for score in scores.unique():
        others, normal = (int((mask & (scores == score)).sum()) for mask in (anomalous, ~anomalous))
        wins, below = wins + others * (below + normal / 2), below + normal
    return wins / (below * int(anomalous.sum()))
