"""Answers to lesson 12's exercise, right and wrong."""

import sys
from functools import partial

from vae_course.conditional import condition

import numpy as np
import torch
from answers import Answers
from torch import nn
from torch.nn import functional as F
from torch.nn.functional import one_hot

ANSWERS = Answers("condition")
EYE = torch.eye(10)
right, wrong = ANSWERS.right, ANSWERS.wrong


def join(make):
    """An answer that leaves `h` alone and puts something behind it."""
    return lambda h, labels: torch.cat([h, make(labels)], 1)


def with_h(change):
    """An answer that does something to `h`, and joins the label as it should."""
    return lambda h, labels: torch.cat([change(h), one_hot(labels, 10).to(h)], 1)


right("the package's own")(condition)
right("one_hot")(lambda h, labels: torch.cat([h, one_hot(labels, 10)], -1))
wrong("before h", "before h. Put it behind")(lambda h, labels: torch.cat([one_hot(labels, 10), h], 1))
right("a row of the identity a label")(join(lambda labels: EYE[labels]))
right("compared with every class")(join(lambda labels: (labels[:, None] == torch.arange(10)).float()))
right("truths, which cat makes numbers")(join(lambda labels: labels[:, None] == torch.arange(10)))
right("index_select")(join(lambda labels: EYE.index_select(0, labels)))
right("F.embedding with the identity")(join(lambda labels: F.embedding(labels, EYE)))
right("hstack")(lambda h, labels: torch.hstack((h, F.one_hot(labels, num_classes=10).type_as(h))))
right("concat by keyword")(lambda h, labels: torch.concat(tensors=[h, EYE[labels]], dim=-1))
right("scatter")(join(lambda labels: torch.zeros(len(labels), 10).scatter_(1, labels[:, None], 1.0)))
right("NumPy's identity")(join(lambda labels: torch.from_numpy(np.eye(10, dtype="float32")[labels.numpy()])))
right("from a list of lists")(join(lambda labels: torch.tensor([[float(k == y) for k in range(10)] for y in labels])))
right("row by row")(lambda h, labels: torch.stack([torch.cat([row, EYE[y]]) for row, y in zip(h, labels, strict=True)]))
right("two matrices")(
    lambda h, labels: h @ torch.eye(h.shape[1], h.shape[1] + 10) + F.pad(EYE[labels], (h.shape[1], 0))
)
right("with a default argument")(lambda h, labels, classes=10: torch.cat([h, one_hot(labels, classes)], 1))
right("a variable number of arguments")(lambda *given: condition(*given))
right("functools.partial")(partial(condition, classes=10))
right("through float64 and back")(with_h(lambda h: h.double().to(h.dtype)))
right("a clone")(with_h(torch.clone))


@ANSWERS.right("filled in place by place")
def _(h: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    out = h.new_zeros(h.shape[0], h.shape[1] + 10)
    out[:, : h.shape[1]] = h
    out[torch.arange(len(h)), h.shape[1] + labels] = 1
    return out


@ANSWERS.right("padded, and the ones put in")
def _(h, labels):
    out = F.pad(h, (0, 10))
    for i, label in enumerate(labels.tolist()):
        out[i, h.size(1) + label] = 1.0
    return out


class Join(nn.Module):
    def forward(self, h, labels):
        return condition(h, labels)

    @staticmethod
    def static(h, labels):
        return condition(h, labels)


right("a module")(Join())
right("a static method")(Join.static)

# The label's part.
wrong("as a number", "9 is not nine times a 1")(join(lambda y: y[:, None]))
wrong("as a fraction", "9 is not nine times a 1")(join(lambda y: y[:, None] / 9))
wrong("the number ten times", "one class|1 in the place")(join(lambda y: y[:, None].expand(-1, 10).float()))
wrong("as bits", "columns more")(join(lambda y: (y[:, None] >> torch.arange(4)) & 1))
wrong("as an angle", "columns more")(join(lambda y: torch.stack([(0.628 * y).sin(), (0.628 * y).cos()], 1)))
wrong("eleven classes", "11 columns more|columns more")(join(lambda y: one_hot(y, 11)))
wrong("nine columns, a 0 has none", "columns more")(join(lambda y: one_hot(y, 10)[:, 1:]))
wrong("classes counted in the batch", "A batch without a 9|without a 9")(join(lambda y: one_hot(y)))
wrong("as many classes as there are labels", "look the same")(join(lambda y: torch.eye(len(y.unique()))[y % 3]))
wrong("two labels alike", "look the same")(join(lambda y: one_hot(y.clamp(max=8), 10)))
wrong("odd and even only", "look the same")(join(lambda y: EYE[y % 2]))
wrong("the first row's label for all", "Every row carries the same")(
    join(lambda y: one_hot(y[:1], 10).expand(len(y), 10))
)
wrong("a mean of the labels", "Every row carries the same")(join(lambda y: EYE[y].mean(0).expand(len(y), 10)))
wrong("rows turned", "in other rows")(join(lambda y: one_hot(y.flip(0), 10)))
wrong("labels sorted", "in other rows")(join(lambda y: one_hot(y.sort().values, 10)))
wrong("rows rolled", "in other rows")(join(lambda y: one_hot(y.roll(1), 10)))
wrong("0, 1, 2, …, whatever the labels", "number of the row")(join(lambda y: EYE[torch.arange(len(y)) % 10]))
wrong("always class 0", "Every row carries the same")(join(lambda y: EYE[torch.zeros_like(y)]))
wrong("no class at all", "Every row carries the same")(join(lambda y: torch.zeros(len(y), 10)))
wrong("labels from 1", "place of another class")(join(lambda y: EYE[y - 1]))
wrong("one place too far", "place of another class")(join(lambda y: EYE[(y + 1) % 10]))
wrong("from the right", "place of another class")(join(lambda y: EYE[9 - y]))
wrong("label 0 has no place", "[Ll]abel 0|1 in the place")(join(lambda y: one_hot(y, 10) * (y > 0)[:, None]))
wrong("ten times", "1 in the place")(join(lambda y: 10 * one_hot(y, 10)))
wrong("±1", "0 everywhere else")(join(lambda y: 2.0 * one_hot(y, 10) - 1))
wrong("0 in the place and 1 elsewhere", "0 everywhere else")(join(lambda y: 1 - one_hot(y, 10)))
wrong("smoothed", "0 everywhere else")(join(lambda y: 0.9 * one_hot(y, 10) + 0.01))
wrong("softmax", "0 everywhere else")(join(lambda y: EYE[y].softmax(1)))
wrong("a thermometer", "0 everywhere else")(join(lambda y: (y[:, None] >= torch.arange(10)).float()))
wrong("scaled by the label", "1 in the place")(join(lambda y: one_hot(y, 10) * y[:, None]))
wrong("fixed random vectors", "0 everywhere else")(
    join(lambda y: torch.rand(10, 10, generator=torch.Generator().manual_seed(0))[y])
)
wrong("normalised over the batch", "0 everywhere else")(join(lambda y: EYE[y] - EYE[y].mean(0)))
wrong("summed over the batch", "that row alone")(join(lambda y: EYE[y].cumsum(0)))
wrong("integers' default shape, transposed", "stopped with|Sizes")(lambda h, y: torch.cat([h, one_hot(y, 10).T], 1))
wrong("a learned embedding", "0 everywhere else|random")(join(nn.Embedding(10, 10)))

# What happens to h.
wrong("added", "mixed into h")(lambda h, y: h + y[:, None])
wrong("multiplied", "mixed into h")(lambda h, y: h * y[:, None])
wrong("written over h's last columns", "mixed into h|width is still H|stopped")(
    lambda h, y: torch.cat([h[:, :-10], one_hot(y, 10)], 1) if h.shape[1] > 10 else h * y[:, None]
)
wrong("forgotten", "nowhere")(lambda h, y: h)
wrong("without h", "Where is h")(lambda h, y: one_hot(y, 10))
wrong("twice", "columns more")(lambda h, y: torch.cat([one_hot(y, 10), h, one_hot(y, 10)], 1))
wrong("below instead of beside", "as many rows as h")(lambda h, y: torch.cat([h, torch.eye(10, h.shape[1])[y]]))
wrong("h turned", "changed places")(with_h(lambda h: h.flip(0)))
wrong("h sorted by the label", "changed places")(lambda h, y: torch.cat([h[y.argsort()], one_hot(y, 10)], 1))
wrong("both sorted by the label", "changed places")(lambda h, y: condition(h[y.argsort()], y.sort().values))
wrong("h's columns turned", "but mixed")(with_h(lambda h: h.flip(1)))
wrong("h squashed", "h itself was changed")(with_h(torch.tanh))
wrong("negative numbers lost", "h itself was changed")(with_h(torch.relu))
wrong("h clamped to ±3", "h itself was changed")(with_h(lambda h: h.clamp(-3, 3)))
wrong("h clamped to ±50", "h itself was changed")(with_h(lambda h: h.clamp(-50, 50)))
wrong("h rounded", "h itself was changed")(with_h(lambda h: h.mul(1000).round() / 1000))
wrong("h in half precision for a moment", "h itself was changed")(with_h(lambda h: h.half().float()))
wrong("h normalised over the batch", "h itself was changed|nan|depends")(
    with_h(lambda h: (h - h.mean(0)) / (h.std(0, correction=0) + 1e-6))
)
wrong("h normalised per row", "h itself was changed")(with_h(lambda h: F.layer_norm(h, h.shape[1:])))
wrong("h with the label added, too", "h itself was changed")(lambda h, y: condition(h + y[:, None], y))
wrong("dropout", "It draws random numbers")(with_h(F.dropout))
wrong("noise", "It draws random numbers")(with_h(lambda h: h + 0.01 * torch.randn_like(h)))
wrong("one row's h for all", "h itself was changed")(with_h(lambda h: h[:1].expand_as(h)))
wrong("detached", "No gradient")(with_h(torch.Tensor.detach))
wrong("detached, and a gradient asked for", "No gradient")(with_h(lambda h: h.detach().requires_grad_()))
wrong("by h.data", "No gradient")(with_h(lambda h: h.data))
wrong("copied by its numbers", "No gradient|requires grad")(with_h(lambda h: torch.tensor(h.tolist())))
wrong("without a gradient", "No gradient")(torch.no_grad()(condition))
wrong("half of the gradient", "gradient")(with_h(lambda h: 0.5 * h + 0.5 * h.detach()))

# Batches and widths.
wrong("squeezed", r"[Oo]ne row|\[1, ")(lambda h, y: condition(h, y).squeeze())
wrong("width 7 hard-coded", r"stopped|shape|gave")(lambda h, y: condition(h, y).view(-1, 17))
wrong("ten rows only", r"stopped|shape|gave")(lambda h, y: condition(h, y).view(10, -1))
wrong("as many columns as rows", r"gave|columns more|without a 9")(
    lambda h, y: torch.cat([h, torch.eye(max(len(y), int(y.max()) + 1))[y]], 1)
)
wrong("wrong if a label comes twice", "same label|another row|Row")(
    lambda h, y: torch.cat(
        [
            h,
            F.pad(
                torch.stack([one_hot(y[:1], 10)[0]] + [EYE[v] * (v not in y[: i + 1]) for i, v in enumerate(y[1:])]),
                (0, 0),
            ),
        ],
        1,
    )
)
wrong("labels left out at random", "It draws random numbers")(join(lambda y: EYE[y] * (torch.rand(len(y), 1) > 0.1)))

# Kinds.
wrong("on its side", "on its side")(lambda h, y: condition(h, y).T)
wrong("a table of products", r"\[.*, 10\]|gave")(lambda h, y: h[:, :, None] * EYE[y][:, None])
wrong("integers", "int64")(lambda h, y: condition(h, y).long())
wrong("doubles", "float64")(join(lambda y: EYE.double()[y]))
wrong("half precision", "float16")(lambda h, y: condition(h, y).half())
wrong("complex", "complex64")(lambda h, y: condition(h, y) + 0j)
wrong("a pair", "a tuple")(lambda h, y: (h, one_hot(y, 10)))
wrong("a list", "a list")(lambda h, y: condition(h, y).tolist())
wrong("an array", "of type ndarray")(lambda h, y: condition(h, y).detach().numpy())
wrong("a dict", "of type dict")(lambda h, y: {"h": h, "y": one_hot(y, 10)})
wrong("a number", "of type int")(lambda h, y: 3)
wrong("a generator", "of type generator")(lambda h, y: (row for row in condition(h, y)))
wrong("the result instead of the function", "without calling")(condition(torch.zeros(2, 3), torch.tensor([0, 1])))
wrong("a class", "of type Identity")(nn.Identity)
wrong("raises", "stopped with")(lambda h, y: h @ y)
wrong("not a function of two", "TypeError")(lambda h: h)
wrong("an index that is out of range", "IndexError")(join(lambda y: torch.eye(9)[y]))


@ANSWERS.wrong("h is overwritten", "overwrote h")
def _(h, labels):
    joined = condition(h, labels).clone()
    with torch.no_grad():
        h.zero_()
    return joined


@ANSWERS.wrong("the labels are overwritten", "overwrote labels")
def _(h, labels):
    joined = condition(h, labels)
    labels.fill_(0)
    return joined


@ANSWERS.wrong("the labels of the first call are kept", "look the same")
def _(h, labels, kept={}):  # noqa: B006
    y = kept.setdefault(len(labels), one_hot(labels, 10))
    return torch.cat([h, y.to(h)], 1)


@ANSWERS.wrong("seeds the global generator", "It draws random numbers")
def _(h, labels):
    torch.manual_seed(0)
    return condition(h, labels)


@ANSWERS.wrong("its own error", "ValueError: labels must start at 1")
def _(h, labels):
    if labels.min() < 1:
        raise ValueError("labels must start at 1")
    return condition(h, labels)


@ANSWERS.wrong("it leaves", "SystemExit|exit")
def _(h, labels):
    sys.exit("no labels")


@ANSWERS.wrong("it switches on the gradients of h", "requires_grad_")
def _(h, labels):
    h.requires_grad_()
    return condition(h, labels)
