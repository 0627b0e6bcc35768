"""Lesson 12's check: a label joined to what a network's half is given."""

from typing import Any

from vae_course.kit.exercise import Mistake, ask_deterministic, close, describe, exercise, expect

import torch
from jaxtyping import Float, Int64
from torch import Generator, Tensor

CLASSES = 10
EYE = torch.eye(CLASSES)
# Widths, and labels: two batches of one shape, and without a 9; one row alone; pixels.
BATCHES = ((3, (1, 0, 1)), (3, (0, 8, 2)), (7, (4,)), (784, (9, 2, 2, 9, 5)))


@exercise("condition", "Each row keeps its numbers of h, and the one-hot vector of its label comes after them.")
def check_condition(answer: Any) -> None:
    """Check a function of h [B, H] and labels [B] that returns h with the one-hot labels joined, [B, H + 10]."""
    # Every label, in no order, and some of them more often.
    labels = torch.cat([torch.randperm(CLASSES, generator=Generator().manual_seed(0)), torch.tensor([3, 3, 0])])
    _check_batch(answer, _made_up(len(labels), 20), labels)
    for width, few in BATCHES:
        _check_batch(answer, _made_up(len(few), width), torch.tensor(few))
    _check_gradient(answer)


def _made_up(rows: int, width: int) -> Float[Tensor, "rows width"]:
    """Make numbers of both signs, some of them far out."""
    h = torch.randn(rows, width, generator=Generator().manual_seed(rows))
    h[0, 0], h[-1, -1] = 253.7, -253.7
    return h


def _check_batch(answer: Any, h: Float[Tensor, "batch width"], labels: Int64[Tensor, " batch"]) -> None:
    got = ask_deterministic(answer, h, labels)
    _check_kind(got, h, labels)
    again = ask_deterministic(answer, h, labels)
    expect(_equal(again, got), "Asked twice, it answers differently. Nothing here is random.")
    width = h.shape[1]
    kept, y = got[:, :width], got[:, width:]
    in_front = torch.equal(got[:, CLASSES:], h) and not torch.equal(kept, h)
    expect(not in_front, "The label stands before h. Put it behind: the layers of the course expect h first.")
    scattered = torch.equal(got.sort(1).values, torch.cat([h, EYE[labels]], 1).sort(1).values)
    expect(
        torch.equal(kept, h) or not scattered,
        f"The numbers of h and of the labels are all there, but mixed: first h's {width} columns, then the label's.",
    )
    _check_h(kept, h)
    _check_label(y, labels)


def _check_kind(got: Any, h: Tensor, labels: Tensor) -> None:
    """Expect a tensor of the right shape and type."""
    expect(isinstance(got, Tensor), f"The answer is {describe(got)}. Return one tensor, [B, H + {CLASSES}].")
    (rows, width), shape = h.shape, list(got.shape)
    wanted = [rows, width + CLASSES]
    expect(
        shape != [rows, width + 1],
        "The label went in as a number, in one place. But a 9 is not nine times a 1, and a 4 does not look like "
        "something between a 3 and a 5. Give each class a place of its own.",
    )
    # For a short batch it can be the width of h by chance.
    expect(
        labels.max() == CLASSES - 1 or shape == wanted or len(shape) != 2 or shape[0] != rows or shape[1] <= width,
        f"With the labels {labels.tolist()} the shape is {shape}, not {wanted}. A batch without a 9 still has "
        f"{CLASSES} classes: the width must not depend on the batch.",
    )
    if shape == list(h.shape):
        changed = "The label is nowhere in it" if torch.equal(got, h) else "The label was mixed into h"
        raise Mistake(f"{changed}: the width is still H. Join it beside h, so that neither hides the other.")
    expect(shape != [rows, CLASSES], "This is the label alone. Where is h? The decoder needs the style as well.")
    expect(shape != wanted[::-1], f"This is on its side: the shape is {shape}, not {wanted}.")
    expect(
        shape == wanted,
        f"h {list(h.shape)} and labels {list(labels.shape)} gave {shape}. It should be {wanted}: as many rows as h"
        f"{' (one row is a batch, too)' * (rows == 1)}, and {CLASSES} columns more, one per class.",
    )
    expect(
        got.dtype == h.dtype, f"The answer is {got.dtype}, and h was {h.dtype}. Keep h's: convert the label for `cat`."
    )


def _check_h(kept: Float[Tensor, "batch width"], h: Float[Tensor, "batch width"]) -> None:
    """Expect the numbers of h where they were."""
    if torch.equal(kept, h):
        return
    moved = torch.equal(kept.sort(0).values, h.sort(0).values)
    expect(not moved, "The rows of h changed places. Row i of the answer is row i of h, and label i.")
    row, column = divmod((kept - h).abs().nan_to_num(torch.inf).argmax().item(), h.shape[1])
    raise Mistake(
        f"h itself was changed: in row {row} a {h[row, column]:.4g} became {kept[row, column]:.4g}. "
        "Leave its numbers as they are, and put the label's beside them.",
    )


def _check_label(y: Float[Tensor, "batch classes"], labels: Int64[Tensor, " batch"]) -> None:
    """Expect a 1 in the place of each row's class."""
    right = EYE[labels]
    if torch.equal(y, right):
        return
    # The first row that has the same label.
    rows = [labels.tolist().index(label) for label in labels.tolist()]
    by_label = torch.equal(y, y[rows])
    expect(
        len(labels) == 1 or not (y == y[0]).all(),
        f"Every row carries the same: {_shown(y[0])}. Each row has its own label.",
    )
    if by_label:
        _check_places(y, labels)
    moved = sorted(y.tolist()) == sorted(right.tolist())
    expect(not moved, "The labels are all there, in other rows than theirs. Row i carries label i.")
    expect(
        not torch.equal(y, EYE[torch.arange(len(y)) % CLASSES]),
        "The place of the 1 is the number of the row: the labels are not looked at.",
    )
    row = (y != right).any(1).nonzero()[0].item()
    raise Mistake(
        f"Row {row} has the label {labels[row]} and carries {_shown(y[row])}. "
        "What stands in a row depends on that row alone: a 1 in the place of its class, and 0 elsewhere.",
    )


def _check_places(y: Float[Tensor, "batch classes"], labels: Int64[Tensor, " batch"]) -> None:
    """Expect a 1 in the place of the class, where the same label always gives the same numbers."""
    wrong = (y != EYE[labels]).any(1).nonzero()[0].item()
    for other in range(len(y)):
        expect(
            labels[other] == labels[wrong] or not torch.equal(y[other], y[wrong]),
            f"The labels {labels[other]} and {labels[wrong]} look the same to the network. "
            "All ten must look different, so each has its own place.",
        )
    one_hot = ((y == 0) | (y == 1)).all() and (y.sum(1) == 1).all()
    shifts = set(((y.argmax(1) - labels) % CLASSES).tolist())
    counted = " The places are counted from 0, like the labels." * (shifts in ({1}, {CLASSES - 1}))
    expect(
        not one_hot,
        f"There is one 1 in each row, but in the place of another class: label {labels[wrong]} stands in place "
        f"{y[wrong].argmax()}.{counted}",
    )
    raise Mistake(
        "The label's part should hold a 1 in the place of the class and 0 everywhere else. "
        f"For the label {labels[wrong]} it holds {_shown(y[wrong])}.",
    )


def _check_gradient(answer: Any) -> None:
    """Expect the gradient to come back to h unchanged."""
    h, labels = _made_up(3, 4).requires_grad_(), torch.tensor([1, 0, 1])
    got = ask_deterministic(answer, h, labels)
    weights = torch.arange(1.0, 1 + got.numel()).view_as(got)
    gradient = None
    if got.requires_grad:
        (gradient,) = torch.autograd.grad((got * weights).sum(), h, allow_unused=True)
    expect(
        gradient is not None and gradient.any(),
        "No gradient comes back to h, so the encoder could not learn. Was it detached, or copied by its numbers?",
    )
    expect(
        close(gradient, weights[:, :4]),
        "The gradient comes back to h changed. Is a part of h detached, or is h used twice?",
    )


def _equal(a: Any, b: Tensor) -> bool:
    return isinstance(a, Tensor) and torch.equal(a.nan_to_num(), b.nan_to_num())


def _shown(numbers: Tensor) -> str:
    return ", ".join(f"{number:.2g}" for number in numbers.tolist())
