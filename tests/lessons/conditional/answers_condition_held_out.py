"""Answers to the exercise `condition`, held out: they were written without a look at its check."""

import numpy as np
import torch
import torch.nn.functional as F
from lessons.conditional.answers_condition import ANSWERS
from torch import nn

right, wrong = ANSWERS.right, ANSWERS.wrong


@right("zeros and loop")
def _(h, labels):
    y = torch.zeros(labels.shape[0], 10)
    for i in range(labels.shape[0]):
        y[i, labels[i]] = 1
    return torch.cat((h, y), dim=1)


@right("zeros_like slice new_tensor")
def _(h, labels):
    eye = h.new_tensor(np.eye(10))
    return torch.column_stack([h, eye[labels]])


@right("fancy index_put")
def _(h, labels):
    y = h.new_zeros((h.size(0), 10))
    y[range(len(labels)), labels] = 1.0
    return torch.cat([h, y], axis=1)


@right("scatter_ with src")
def _(h, labels):
    y = torch.zeros((h.shape[0], 10), dtype=h.dtype, device=h.device).scatter(
        1, labels.unsqueeze(1), torch.ones(h.shape[0], 1)
    )
    return torch.concatenate([h, y], -1)


@right("flatten first")
def _(h, labels):
    return torch.cat([h.flatten(1), F.one_hot(labels, num_classes=10).float()], dim=1)


@right("vmap")
def _(h, labels):
    return torch.vmap(lambda row, y: torch.cat([row, (torch.arange(10) == y).to(row)]))(h, labels)


@right("pad then add")
def _(h, labels):
    return F.pad(h, (0, 10)) + F.pad(F.one_hot(labels, 10), (h.shape[-1], 0))


@right("nn.Embedding.from_pretrained")
def _(h, labels):
    return torch.cat([h, nn.Embedding.from_pretrained(torch.eye(10))(labels)], 1)


@right("sparse")
def _(h, labels):
    y = torch.sparse_coo_tensor(
        torch.stack([torch.arange(len(labels)), labels]), torch.ones(len(labels)), (len(labels), 10)
    ).to_dense()
    return torch.cat([h, y], 1)


@wrong("uint8 one hot cast of all", r"The answer is torch\.uint8, and h")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10)], 1).to(torch.uint8)


@wrong("concat label twice as numbers", r"h \[13, 20\] and labels \[13\] gave")
def _(h, labels):
    return torch.cat([h, labels[:, None], labels[:, None]], 1)


@wrong("stack wrong dim", "RuntimeError")
def _(h, labels):
    return torch.stack([h, F.one_hot(labels, 10)], 1)


@wrong("cat dim 0", "RuntimeError")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10).float()])


@wrong("one-hot to -1e9", "The label's part should hold a 1")
def _(h, labels):
    return torch.cat([h, torch.where(F.one_hot(labels, 10).bool(), 0.0, -1e9)], 1)


@wrong("log onehot", "The label's part should hold a 1")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10).float().log()], 1)


@wrong("onehot*0.5", "The label's part should hold a 1")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10) * 0.5], 1)


@wrong("max over h", "h itself was changed: in row 0 a")
def _(h, labels):
    return torch.cat([h / h.abs().max(), F.one_hot(labels, 10)], 1)


@wrong("sigmoid h", "h itself was changed: in row 12 a")
def _(h, labels):
    return torch.cat([h.sigmoid(), F.one_hot(labels, 10)], 1)


@wrong("h masked where label 0", "h itself was changed: in row 12 a")
def _(h, labels):
    return torch.cat([h * (labels > 0)[:, None], F.one_hot(labels, 10)], 1)


@wrong("gaussian bump around label", "The label's part should hold a 1")
def _(h, labels):
    return torch.cat([h, torch.exp(-((labels[:, None] - torch.arange(10)) ** 2.0))], 1)


@wrong("random projection", "It draws random numbers")
def _(h, labels):
    return torch.cat([h, torch.randn(10, 10)[labels]], 1)


@wrong("labels shuffled", "It draws random numbers")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels[torch.randperm(len(labels))], 10)], 1)


@wrong("last label for all", "Every row carries the same: 1, 0,")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels[-1], 10).expand(len(h), 10)], 1)


@wrong("first row dropped", r"h \[13, 20\] and labels \[13\] gave")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10)], 1)[1:]


@wrong("unsqueeze(0)", r"h \[13, 20\] and labels \[13\] gave")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10)], 1)[None]


@wrong("list of rows", r"The answer is a list of 13\.")
def _(h, labels):
    return [torch.cat([a, F.one_hot(b, 10)]) for a, b in zip(h, labels, strict=False)]


@wrong("python set order; sorted unique labels", r"With the labels \[1, 0, 1\] the")
def _(h, labels):
    u = labels.unique()
    return torch.cat([h, (labels[:, None] == u).float()], 1)


@wrong("item of h", "No gradient comes back to h, so")
def _(h, labels):
    return torch.tensor(
        [[*row.tolist(), *[float(i == y) for i in range(10)]] for row, y in zip(h, labels.tolist(), strict=False)]
    )


@wrong("from numpy", "ValueError")
def _(h, labels):
    return torch.from_numpy(np.concatenate([h.detach().numpy(), np.eye(10, dtype=np.float32)[labels]], 1))


@wrong("inference mode", "No gradient comes back to h, so")
@torch.inference_mode()
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10)], 1)


@wrong("scaled gradient by register hook", "The gradient comes back to h")
def _(h, labels):
    h2 = h * 1.0
    if h2.requires_grad:
        h2.register_hook(lambda g: g * 0.1)
    return torch.cat([h2, F.one_hot(labels, 10)], 1)


@wrong("one-hot written onto h's first ten", "h itself was changed: in row 0 a")
def _(h, labels):
    out = F.pad(h, (0, 10))
    out[torch.arange(len(h)), labels] += 1
    return out


@wrong("h repeated", r"h \[13, 20\] and labels \[13\] gave")
def _(h, labels):
    return torch.cat([h, h, F.one_hot(labels, 10)], 1)


@wrong("label in binary padded to 10", "The label's part should hold a 1")
def _(h, labels):
    return torch.cat([h, ((labels[:, None] >> torch.arange(10)) & 1).float()], 1)


@wrong("nn.Linear", "It draws random numbers")
def _(h, labels):
    return torch.cat([h, nn.Linear(10, 10)(F.one_hot(labels, 10).float())], 1)


@wrong("batch of one treated as unbatched", r"h \[1, 7\] and labels \[1\] gave")
def _(h, labels):
    if len(h) == 1:
        return torch.cat([h[0], F.one_hot(labels[0], 10)])
    return torch.cat([h, F.one_hot(labels, 10)], 1)


@right("masked_fill")
def _(h, labels):
    m = torch.arange(10).repeat(len(labels), 1) == labels.unsqueeze(-1)
    y = torch.zeros(len(labels), 10).masked_fill(m, 1.0)
    return torch.cat([h, y], 1)


@right("where")
def _(h, labels):
    return torch.hstack([h, torch.where(torch.arange(10) == labels.view(-1, 1), 1.0, 0.0)])


@right("diag")
def _(h, labels):
    return torch.cat((h, torch.diag(torch.ones(10))[labels, :]), dim=-1)


@right("unbind and stack")
def _(h, labels):
    out = []
    for x, y in zip(h.unbind(), labels.tolist(), strict=False):
        v = [0.0] * 10
        v[y] = 1.0
        out.append(torch.cat([x, x.new_tensor(v)]))
    return torch.stack(out)


@right("kron / bincount")
def _(h, labels):
    return torch.cat([h, torch.stack([torch.bincount(y[None], minlength=10) for y in labels])], 1)


@right("gather from eye via matmul of onehot float64 cast")
def _(h, labels):
    return torch.cat([h.double(), F.one_hot(labels, 10).double()], 1).float()


@wrong("labels + 1 with 11 classes cut", "The label's part should hold a 1")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels + 1, 11)[:, :10]], 1)


@wrong("drop first of 11", "The label's part should hold a 1")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 11)[:, 1:]], 1)


@wrong("labels mod 9", "The labels 0 and 9 look the same")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels % 9, 10)], 1)


@wrong("count of label in the batch", "The label's part should hold a 1")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10) * F.one_hot(labels, 10).sum(0)], 1)


@wrong("divided by sum over batch", "The label's part should hold a 1")
def _(h, labels):
    y = F.one_hot(labels, 10).float()
    return torch.cat([h, y / y.sum(0).clamp(min=1)], 1)


@wrong("h mean removed", "h itself was changed: in row 0 a")
def _(h, labels):
    return torch.cat([h - h.mean(), F.one_hot(labels, 10)], 1)


@wrong("h rounded to 2 decimals", "h itself was changed: in row 5 a")
def _(h, labels):
    return torch.cat([h.round(decimals=2), F.one_hot(labels, 10)], 1)


@wrong("abs h", "h itself was changed: in row 12 a")
def _(h, labels):
    return torch.cat([h.abs(), F.one_hot(labels, 10)], 1)


@wrong("nan cleaning clamp 100", "h itself was changed: in row 0 a")
def _(h, labels):
    return torch.cat([h.nan_to_num().clamp(-100, 100), F.one_hot(labels, 10)], 1)


@wrong("h binarised", "h itself was changed: in row 12 a")
def _(h, labels):
    return torch.cat([(h > 0.5).float(), F.one_hot(labels, 10)], 1)


@wrong("interleaved", "but mixed")
def _(h, labels):
    x = torch.cat([h, F.one_hot(labels, 10)], 1)
    return x[:, torch.randperm(x.shape[1], generator=torch.Generator().manual_seed(0))]


@wrong("label in the middle", "but mixed")
def _(h, labels):
    return torch.cat([h[:, :2], F.one_hot(labels, 10), h[:, 2:]], 1)


@wrong("label reversed columns flip", "There is one 1 in each row, but")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10).flip(1)], 1)


@wrong("flip rows dims 0", "The labels are all there, in")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10).flip(0)], 1)


@wrong("dtype half if h large", r"The answer is torch\.float16, and")
def _(h, labels):
    return torch.cat([h.half(), F.one_hot(labels, 10).half()], 1)


@wrong("bool mask only", r"This is the label alone\. Where is")
def _(h, labels):
    return F.one_hot(labels, 10).bool()


@wrong("tensor + string", "TypeError")
def _(h, labels):
    return torch.cat([h, "labels"])


@wrong("wrong class count constant 12", r"h \[13, 20\] and labels \[13\] gave")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 12)], 1)


@wrong("zero_grad side: requires_grad_ on h", "requires_grad_")
def _(h, labels):
    h.requires_grad_()
    return torch.cat([h, F.one_hot(labels, 10)], 1).detach()


@wrong("sorted stable outputs", r"The rows of h changed places\. Row")
def _(h, labels):
    i = labels.argsort(stable=True)
    return torch.cat([h, F.one_hot(labels, 10)], 1)[i]


@wrong("ok for train batch only (64)", "RuntimeError")
def _(h, labels):
    return torch.cat([h, torch.eye(10)[labels].expand(64, 10)], 1)


@wrong("the places in reverse", r"stands in place 5\.$")
def _(h, labels):
    return torch.cat([h, F.one_hot(labels, 10).flip(1).to(h)], 1)


@wrong("the next place", "counted from 0")
def _(h, labels):
    return torch.cat([h, F.one_hot((labels + 1) % 10, 10).to(h)], 1)
