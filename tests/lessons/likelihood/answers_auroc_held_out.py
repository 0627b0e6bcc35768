"""Answers to the exercise `auroc`, held out: they were written without a look at its check."""

import itertools
from fractions import Fraction

import numpy as np
import torch
from lessons.likelihood.answers_auroc import ANSWERS

right, wrong = ANSWERS.right, ANSWERS.wrong


def P(s, a):
    return ((s[a][:, None] > s[~a]).double() + 0.5 * (s[a][:, None] == s[~a]).double()).mean()


@right("itertools.product")
def _(scores, anomalous):
    w = [1 if x > y else 0.5 if x == y else 0 for x, y in itertools.product(scores[anomalous], scores[~anomalous])]
    return sum(w) / len(w)


@right("cumsum of sorted with group ties")
def _(scores, anomalous):
    v = scores.unique()
    p = torch.stack([(scores[anomalous] == x).sum() for x in v]).double()
    n = torch.stack([(scores[~anomalous] == x).sum() for x in v]).double()
    below = n.cumsum(0) - n
    return ((p * (below + n / 2)).sum() / (p.sum() * n.sum())).item()


@right("np.trapezoid by hand")
def _(scores, anomalous):
    s, a = scores.numpy(), anomalous.numpy()
    x, y, area = [0.0], [0.0], 0.0
    for t in sorted(set(s.tolist()), reverse=True):
        x.append(((s >= t) & ~a).sum() / (~a).sum())
        y.append(((s >= t) & a).sum() / a.sum())
    for i in range(1, len(x)):
        area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2
    return area


@right("cdist")
def _(s, a):
    return torch.sign(s[a].double()[:, None] - s[~a].double()[None]).add(1).mean() / 2


@right("masked full table")
def _(s, a):
    t = (s[:, None] > s[None]).float() + (s[:, None] == s[None]).float() / 2
    m = a[:, None] & ~a[None]
    return t[m].mean().item()


@right("int labels")
def _(s, a):
    a = a.int()
    hi, lo = s[a == 1], s[a == 0]
    return ((hi.view(-1, 1) > lo).sum() + 0.5 * (hi.view(-1, 1) == lo).sum()).item() / (len(hi) * len(lo))


@right("masked_select")
def _(s, a):
    hi, lo = s.masked_select(a), s.masked_select(~a)
    return torch.stack([(h > lo).float().mean() + (h == lo).float().mean() / 2 for h in hi]).mean()


@right("np count_nonzero")
def _(s, a):
    d = np.subtract.outer(s[a].numpy(), s[~a].numpy())
    return (np.count_nonzero(d > 0) + np.count_nonzero(d == 0) / 2) / d.size


@wrong("ge and halved", "A score that is the same for all")
def _(s, a):
    return (s[a][:, None] >= s[~a]).float().mean() - 0.5 * (s[a][:, None] > s[~a]).float().mean() * 0


@wrong("ties both added", "A score that is the same for all")
def _(s, a):
    return (s[a][:, None] > s[~a]).float().mean() + (s[a][:, None] == s[~a]).float().mean()


@wrong("tie half wrongly precedence", "That is half of the share of")
def _(s, a):
    return 0.5 * ((s[a][:, None] > s[~a]).float().mean() + (s[a][:, None] == s[~a]).float().mean())


@wrong("lt", "It is upside down: this is the")
def _(s, a):
    return (s[a][:, None] < s[~a]).float().mean() + 0.5 * (s[a][:, None] == s[~a]).float().mean()


@wrong("mean over wrong: sum / len(scores)", "2448 pairs")
def _(s, a):
    return (s[a][:, None] > s[~a]).sum() / len(s)


@wrong("tpr mean over thresholds", "That compares each anomaly with")
def _(s, a):
    return torch.stack([(s[a] >= t).float().mean() for t in s]).mean()


@wrong("trapz without dedup ties", "A score that is the same for all")
def _(s, a):
    o = s.argsort(descending=True)
    found = a[o].double()
    t = torch.cat([torch.zeros(1), found.cumsum(0) / found.sum()])
    f = torch.cat([torch.zeros(1), (1 - found).cumsum(0) / (1 - found).sum()])
    return torch.trapezoid(t, f)


@wrong("trapz ascending → negative", "The area has come out negative:")
def _(s, a):
    t = s.unique()
    tp = torch.stack([(s[a] >= x).double().mean() for x in t] + [torch.tensor(0.0).double()])
    fp = torch.stack([(s[~a] >= x).double().mean() for x in t] + [torch.tensor(0.0).double()])
    return torch.trapezoid(tp, fp)


@wrong("KS", "That is what one threshold gives:")
def _(s, a):
    return torch.stack([((s[a] >= x).float().mean() - (s[~a] >= x).float().mean()).abs() for x in s]).max()


@wrong("F1 at mean", "2448 pairs")
def _(s, a):
    c = s > s.mean()
    p, r = a[c].float().mean(), c[a].float().mean()
    return 2 * p * r / (p + r)


@wrong("d'", "2448 pairs")
def _(s, a):
    return (s[a].mean() - s[~a].mean()) / s.std()


@wrong("binormal", "2448 pairs")
def _(s, a):
    return torch.special.ndtr((s[a].mean() - s[~a].mean()) / (s[a].var() + s[~a].var()).sqrt())


@wrong("min-max normalised", "For a score that is the same for")
def _(s, a):
    return P((s - s.min()) / (s.max() - s.min()), a) if s.max() > s.min() else torch.tensor(float("nan"))


@wrong("nan when all equal as raising", "ValueError")
def _(s, a):
    if (s == s[0]).all():
        raise ValueError("no information")
    return P(s, a)


@wrong("bfloat16 scores", "2448 pairs")
def _(s, a):
    return P(s.bfloat16(), a)


@wrong("isclose ties", "2448 pairs")
def _(s, a):
    d = s[a][:, None] - s[~a]
    t = torch.isclose(s[a][:, None], s[~a], rtol=1e-2)
    return ((d > 0) & ~t).double().mean() + 0.5 * t.double().mean()


@wrong("isclose default ties", "2448 pairs")
def _(s, a):
    hi, lo = s[a][:, None].expand(-1, (~a).sum()), s[~a][None].expand(a.sum(), -1)
    t = torch.isclose(hi, lo, atol=1e-4, rtol=0)
    return ((hi > lo) & ~t).double().mean() + 0.5 * t.double().mean()


@wrong("topk recall", "That is what one threshold gives:")
def _(s, a):
    return a[s.topk(int(a.sum())).indices].float().mean()


@wrong("rank mean / n", "That compares each anomaly with")
def _(s, a):
    return s.argsort().argsort()[a].double().mean() / len(s)


@wrong("U with ranks from 0", "2448 pairs")
def _(s, a):
    r = s.argsort().argsort().double()
    n = a.sum()
    return (r[a].sum() - n * (n + 1) / 2) / (n * (~a).sum())


@wrong("argsort once", "2448 pairs")
def _(s, a):
    r = s.argsort().double() + 1
    n = a.sum()
    return (r[a].sum() - n * (n + 1) / 2) / (n * (~a).sum())


@wrong("decimal string", "Return one number, not a")
def _(s, a):
    return str(round(P(s, a).item(), 3))


@wrong("softmax prob", "2448 pairs")
def _(s, a):
    return s.softmax(0)[a].sum()


@wrong("max anomaly vs max normal", "2448 pairs")
def _(s, a):
    return float(s[a].max() > s[~a].max())


@wrong("modifies anomalous", "Your function overwrote a, which")
def _(s, a):
    p = P(s, a)
    a[:] = False
    return p


@right("count less and equal per anomaly")
def _(scores, anomalous):
    normal = scores[~anomalous]
    n = len(normal)
    v = [((normal < x).sum().item() + 0.5 * (normal == x).sum().item()) / n for x in scores[anomalous]]
    return np.mean(v)


@right("fraction")
def _(s, a):
    hi, lo = s[a].tolist(), s[~a].tolist()
    w = sum(2 * (x > y) + (x == y) for x in hi for y in lo)
    return Fraction(w, 2 * len(hi) * len(lo))


@right("clamped sign")
def _(s, a):
    return (0.5 + 0.5 * torch.sign(s[a].unsqueeze(1) - s[~a].unsqueeze(0))).mean()


@right("float32 sums")
def _(s, a):
    hi, lo = s[a], s[~a]
    u = 0
    for x in hi:
        u = u + (x > lo).sum() + 0.5 * (x == lo).sum()
    return u / (hi.numel() * lo.numel())


@right("midranks with searchsorted")
def _(s, a):
    o = s.sort().values
    r = (torch.searchsorted(o, s) + torch.searchsorted(o, s, right=True) + 1).double() / 2
    n = a.sum()
    return ((r[a].sum() - n * (n + 1) / 2) / n / (~a).sum()).item()


@right("tensor float64 0-dim")
def _(s, a):
    return P(s.clone(), a.clone())


@wrong("ties: count as loss for >, add 0.5 to all", "Where some scores are tied it")
def _(s, a):
    return ((s[a][:, None] > s[~a]).float() + 0.5 * (s[a][:, None] == s[~a]).any()).mean()


@wrong("tie weight by batch", "A score that is the same for all")
def _(s, a):
    return (s[a][:, None] > s[~a]).float().mean() + 0.5 * (s[a][:, None] == s[~a]).float().sum() / len(s)


@wrong("sum of bools mean int", r"The share of pairs is 0\.7431, and")
def _(s, a):
    return int((s[a][:, None] > s[~a]).sum()) // int((s[a][:, None] > s[~a]).numel())


@wrong("abs difference", r"The share of pairs is 0\.7431, and")
def _(s, a):
    return ((s[a][:, None] - s[~a]).abs() > 0).float().mean()


@wrong("difference summed", "That is the difference of the")
def _(s, a):
    return (s[a][:, None] - s[~a]).mean()


@wrong("relu difference", "2448 pairs")
def _(s, a):
    return (s[a][:, None] - s[~a]).relu().mean()


@wrong("logistic soft", "2448 pairs")
def _(s, a):
    return torch.sigmoid(10 * (s[a][:, None] - s[~a])).mean()


@wrong("1000 soft", "2448 pairs")
def _(s, a):
    return torch.sigmoid(1000 * (s[a][:, None] - s[~a])).mean()


@wrong("swap returned", "It is upside down: this is the")
def _(s, a):
    lo, hi = s[a], s[~a]
    return ((hi[:, None] > lo).double() + 0.5 * (hi[:, None] == lo)).mean()


@wrong("average of two wrong", "2448 pairs")
def _(s, a):
    return (P(s, a) + 0.5) / 2


@wrong("squared", "2448 pairs")
def _(s, a):
    return P(s, a) ** 2


@wrong("sqrt", "2448 pairs")
def _(s, a):
    return P(s, a).sqrt()


@wrong("log", "2448 pairs")
def _(s, a):
    return P(s, a).log()


@wrong("only unique normal", "Where some scores are tied it")
def _(s, a):
    hi, lo = s[a], s[~a].unique()
    return ((hi[:, None] > lo).double() + 0.5 * (hi[:, None] == lo)).mean()


@wrong("dropped best anomaly", "2448 pairs")
def _(s, a):
    hi, lo = s[a].sort().values[:-1], s[~a]
    return ((hi[:, None] > lo).double() + 0.5 * (hi[:, None] == lo)).mean()


@wrong("percent rounded", "2448 pairs")
def _(s, a):
    return round(100 * float(P(s, a)), 1)


@wrong("percent string", "Return one number, not a")
def _(s, a):
    return f"{P(s, a):.1%}"


@wrong("balanced accuracy at best", "2448 pairs")
def _(s, a):
    return max((((s >= t)[a].double().mean() + (s < t)[~a].double().mean()) / 2).item() for t in s)


@wrong("partial AUROC", "2448 pairs")
def _(s, a):
    t = s.unique().flip(0)
    f = torch.stack([(s[~a] >= x).double().mean() for x in t])
    r = torch.stack([(s[a] >= x).double().mean() for x in t])
    k = f <= 0.5
    return torch.trapezoid(r[k], f[k])


@wrong("left sum", "A score that is the same for all")
def _(s, a):
    t = s.unique().flip(0)
    f = torch.stack([(s[~a] >= x).double().mean() for x in t])
    r = torch.stack([(s[a] >= x).double().mean() for x in t])
    return (f.diff() * r[:-1]).sum()


@wrong("precision-recall area", "2448 pairs")
def _(s, a):
    o = a[s.argsort(descending=True)].double()
    p = o.cumsum(0) / torch.arange(1, len(o) + 1)
    r = o.cumsum(0) / o.sum()
    return torch.trapezoid(p, r)


@wrong("numpy in-place sort", "Your function overwrote s, which")
def _(s, a):
    p = P(s, a)
    n = s.numpy()
    n.sort()
    return p


@wrong("bool of anomalous reversed by ~ on int via 1 - a", "RuntimeError")
def _(s, a):
    return P(s, 1 - a)


@wrong("and-not keyword", "RuntimeError")
def _(s, a):
    return (s[a][:, None] > s[not a]).float().mean()
