"""Check the exercise of appendix A1: the gradient of a batch from those of its shares."""

from typing import Any

from vae_course.kit.exercise import ask, describe, exercise, expect, recognise

import torch
from torch import Generator, Tensor

RIGHT = "Multiply each gradient by its share of the images, count / sum of the counts, and add them up."
# Of each call: how many images each process had.
COUNTS = ([64, 32], [64, 64], [5, 3, 1], [7])


@exercise("whole_gradient", "Each image has the same weight, whichever process computed it.")
def check_whole_gradient(answer: Any) -> None:
    """Check a function of the processes' gradients and their counts of images, which returns one gradient."""
    for counts in COUNTS:
        gradients = [torch.randn(9, generator=Generator().manual_seed(10 * i)) for i in range(len(counts))]
        kept, given = [gradient.clone() for gradient in gradients], list(counts)
        found = ask(answer, gradients, given)
        expect(given == counts, "It changes the counts that it is given, which the caller still needs.")
        same = len(gradients) == len(kept) and all(map(torch.equal, gradients, kept))
        expect(same, "It changes the gradients that it is given: return a new one.")
        shape = f"Return one gradient of the shape of each, [9]; this is {describe(found)}."
        expect(isinstance(found, Tensor) and found.shape == (9,), shape)
        others = [gradient.data_ptr() for gradient in gradients]
        expect(found.data_ptr() not in others, "Return a new tensor: this is one of those that were given.")
        expect(found.dtype == torch.float32, f"The gradients are float32, and this is {found.dtype}: keep their type.")
        right, wrong = _sums(torch.stack(gradients), torch.tensor(counts, dtype=torch.float32))
        at = int((found - right).abs().nan_to_num(torch.inf).argmax())
        otherwise = f"For {counts} images entry {at} is {found[at]:.4f}, and it should be {right[at]:.4f}. {RIGHT}"
        recognise(found, right, wrong, otherwise)


def _sums(gradients: Tensor, counts: Tensor) -> tuple[Tensor, dict[str, Any]]:
    """Compute the gradient of the whole batch, and what comes of known mistakes."""
    shares = counts / counts.sum()
    right = shares @ gradients
    return right, {
        f"That is the plain mean, in which images of a small share weigh more. {RIGHT}": gradients.mean(0),
        f"That is the sum of the gradients. {RIGHT}": gradients.sum(0),
        f"The counts are there, but their sum is not: divide by it. {RIGHT}": counts @ gradients,
        f"The counts are divided by one of them, and not by their sum. {RIGHT}": (
            counts @ gradients / counts.max(),
            counts @ gradients / counts[-1],
        ),
        f"Divide by the number of images, not by that of processes. {RIGHT}": counts @ gradients / len(counts),
        f"The shares are divided by the number of processes once more. {RIGHT}": right / len(counts),
        f"A share with fewer images weighs more here. {RIGHT}": (1 / counts) @ gradients / (1 / counts).sum(),
    }
