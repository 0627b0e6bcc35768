"""Answers to the exercise `condition` written from its text alone."""

import numpy as np
import torch
from lessons.conditional.answers_condition_held_out import ANSWERS
from torch import Generator, nn
from torch.nn import functional as F


@ANSWERS.wrong("in front", "before h. Put it behind")
def _(h, labels):
    return torch.cat([F.one_hot(labels, 10).float(), h], 1)


@ANSWERS.wrong("dim 0", "It stopped with RuntimeError")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10).float()], 0)


@ANSWERS.wrong("added to h", "mixed into h")
def _(h, labels):
    out = h.clone()
    out[:, :10] += F.one_hot(labels, 10)
    return out


@ANSWERS.wrong("overwrites last ten columns", "mixed into h")
def _(h, labels):
    out = h.clone()
    out[:, -10:] = F.one_hot(labels, 10).float()
    return out


table = torch.randn(10, 10, generator=Generator().manual_seed(0))


@ANSWERS.wrong("embedding random", "The label's part should hold a")
def _(h, labels):
    return torch.cat([h, table[labels]], 1)


@ANSWERS.wrong("scaled label", "The label's part should hold a")
def _(h, labels):
    return torch.cat([h, (labels.float() / 9)[:, None].expand(-1, 10)], 1)


@ANSWERS.wrong("new tensor from numpy", "The answer is torch\\.float")
def _(h, labels):
    onehot = np.eye(10)[labels.numpy()]
    return torch.tensor(np.concatenate([h.detach().numpy(), onehot], 1))


@ANSWERS.wrong("scatter on h", "overwrote h")
def _(h, labels):
    return h.scatter_(1, labels[:, None], 1.0)


@ANSWERS.wrong("sorted", "rows of h changed places")
def _(h, labels):
    order = labels.argsort()
    return torch.cat([h[order], F.one_hot(labels[order], 10).float()], 1)


@ANSWERS.wrong("stack", "columns more, one per class\\.")
def _(h, labels):
    return torch.stack([h, F.one_hot(labels, h.shape[1])], 1)


@ANSWERS.right("one_hot float")
def _(h, labels):
    return torch.cat((h, F.one_hot(labels, num_classes=10).float()), dim=1)


@ANSWERS.right("eye")
def _(h, labels):
    return torch.hstack([h, torch.eye(10)[labels]])


@ANSWERS.right("scatter, too")
def _(h, labels):
    y = torch.zeros(len(h), 10, dtype=h.dtype, device=h.device).scatter_(1, labels.unsqueeze(1), 1)
    return torch.cat([h, y], -1)


@ANSWERS.right("equality")
def _(h, labels):
    return torch.cat([h, (labels[:, None] == torch.arange(10)).to(h)], 1)


@ANSWERS.right("pad and add")
def _(h, labels):
    out = F.pad(h, (0, 10))
    return out + F.one_hot(labels + h.shape[1], out.shape[1])


@ANSWERS.right("index assign")
def _(h, labels):
    onehot = h.new_zeros(h.shape[0], 10)
    onehot[torch.arange(h.shape[0]), labels] = 1.0
    return torch.cat([h, onehot], 1)


@ANSWERS.right("loop")
def _(h, labels):
    rows = []
    for row, label in zip(h, labels, strict=True):
        y = torch.zeros(10)
        y[label.item()] = 1
        rows.append(torch.cat([row, y]))
    return torch.stack(rows)


@ANSWERS.right("vmap, too")
def _(h, labels):
    return torch.vmap(lambda r, y: torch.cat([r, (torch.arange(10) == y).to(r.dtype)]))(h, labels)


@ANSWERS.right("column_stack int one hot")
def _(h, labels):
    return torch.column_stack([h, F.one_hot(labels, 10)])


@ANSWERS.right("empty fill")
def _(h, labels):
    B, H = h.shape
    out = torch.zeros(B, H + 10)
    out[:, :H] = h
    out[range(B), H + labels] = 1
    return out


@ANSWERS.wrong("one_hot 11", "columns more, one per class\\.")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 11).float()], 1)


@ANSWERS.wrong("binary code", "columns more, one per class\\.")
def _(h, labels):
    bits = (labels[:, None] >> torch.arange(4)) & 1
    return torch.cat([h, bits.float()], 1)


@ANSWERS.wrong("double out", "The answer is torch\\.float")
def _(h, labels):
    return torch.cat([h.double(), F.one_hot(labels, 10).double()], 1)


lin = nn.Linear(10, 10)


@ANSWERS.wrong("new linear", "The label's part should hold a")
def _(h, labels):
    return torch.cat([h, lin(F.one_hot(labels, 10).float())], 1)


@ANSWERS.wrong("h multiplied by 784 normalise", "h itself was changed: in row")
def _(h, labels):
    return torch.cat([h / 255, F.one_hot(labels, 10).float()], 1)


@ANSWERS.right("bf16 aware")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10).type_as(h)], dim=-1)


@ANSWERS.right("embedding eye")
def _(h, labels):
    return torch.concat([h, F.embedding(labels, torch.eye(10, dtype=h.dtype))], axis=1)
