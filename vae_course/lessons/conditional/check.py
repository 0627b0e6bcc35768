"""Lesson 11's check: a label joined to what a network's half is given."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn

from vae_course.kit.exercise import exercise, tried

CLASSES = 10
WIDTH, PIXELS = 7, 784


@exercise("condition", "The half that is given this knows the label from the first, and keeps all that it had.")
def check_condition(answer: Callable[[Tensor, Tensor], Any]) -> str | None:
    """Check a function of h [B, H] and labels [B] that returns h with the one-hot labels joined, [B, H + 10]."""
    generator = Generator().manual_seed(0)
    labels = torch.randperm(CLASSES, generator=generator)
    h = torch.randn(CLASSES, WIDTH, generator=generator)
    got = tried(answer(h.clone(), labels.clone()))
    mistake = _wrong_kind(got, h, labels)
    if mistake:
        return mistake
    # The label may stand behind h, as in the lesson, or before it.
    first, behind = got[:, :CLASSES], got[:, WIDTH:]
    kept, y = (got[:, CLASSES:], first) if ((first == 0) | (first == 1)).all() else (got[:, :WIDTH], behind)
    if not torch.equal(kept.float(), h):
        if torch.equal(kept.sort(0).values.float(), h.sort(0).values):
            return "The rows of h changed places. Row i of the answer is row i of h, and label i."
        return "h itself was changed. Leave its numbers as they are, and put the label's beside them."
    return _wrong_label(y.float(), labels) or _wrong_use(answer)


def _wrong_kind(got: Any, h: Tensor, labels: Tensor) -> str | None:
    if not isinstance(got, Tensor):
        return f"The answer is a {type(got).__name__}. Return one tensor, [B, H + {CLASSES}]."
    if got.shape == (CLASSES, WIDTH + 1):
        return (
            "The label went in as a number, in one place. But 9 is not nine times 1, and 4 is not between 3 and 5 in "
            "any way that a digit shows. Give each class a place of its own."
        )
    if got.shape == h.shape:
        changed = "The label was mixed into h" if not torch.equal(got.float(), h) else "The label is nowhere in it"
        return f"{changed}: the width is still H. Join it beside h, so that neither hides the other."
    if got.shape == (CLASSES, CLASSES):
        return "This is the label alone. Where is h? The decoder needs the style as well."
    if got.shape != (CLASSES, WIDTH + CLASSES):
        return (
            f"h {list(h.shape)} and labels {list(labels.shape)} gave {list(got.shape)}. It should be "
            f"{[CLASSES, WIDTH + CLASSES]}: as many rows as h, and {CLASSES} columns more, one a class."
        )
    if got.dtype != h.dtype:
        return f"The answer is {got.dtype}, and h was {h.dtype}. A layer takes one kind: convert the labels' part."
    return None


def _wrong_label(y: Tensor, labels: Tensor) -> str | None:
    expected = torch.eye(CLASSES)[labels]
    if torch.equal(y, expected):
        return None
    if len(y.unique(dim=0)) < CLASSES:
        return "Two labels look the same to the network. All ten must be told apart, so each has its own place."
    if torch.equal(y.sort(0).values, expected.sort(0).values):
        return "The labels are all there, in other rows than theirs. Row i carries label i, in the place of its class."
    return "The label's part should hold a 1 in the place of the class and 0 everywhere else, in each row."


def _wrong_use(answer: Callable[[Tensor, Tensor], Any]) -> str | None:
    """What shows with other batches, and when a half of a VAE is built on the answer."""
    few = torch.tensor([1, 0, 1])
    small = answer(torch.zeros(3, WIDTH), few)
    if not isinstance(small, Tensor) or small.shape != (3, WIDTH + CLASSES):
        return (
            f"With the labels [1, 0, 1] the shape is {list(getattr(small, 'shape', []))}, not {[3, WIDTH + CLASSES]}. "
            f"A batch without a 9 still has {CLASSES} classes: the width may not depend on the batch."
        )
    if not torch.equal(small, answer(torch.zeros(3, WIDTH), few)):
        return "Asked twice, it answered differently. The same label must always look the same."
    if not torch.equal(small[0], small[2]):
        return "The same label looks different in different rows. What stands in a row depends on that row alone."
    z = torch.randn(3, WIDTH, generator=Generator().manual_seed(1)).requires_grad_()
    decoder = nn.Linear(WIDTH + CLASSES, PIXELS)
    as_told, told_otherwise = decoder(answer(z, few)), decoder(answer(z, 9 - few))
    if torch.equal(as_told, told_otherwise):
        return "One z, two labels, and the decoder paints the same. The label has to reach it for every batch."
    as_told.square().sum().backward()
    if z.grad is None or not z.grad.abs().sum() > 0:
        return "No gradient comes back to h, so the encoder could not learn. Was it detached, or copied by its numbers?"
    return None
