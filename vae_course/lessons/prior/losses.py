"""What a loss of flow matching is for an answer of lesson 14, and what it is for known mistakes."""

import torch
from torch import Generator, Tensor


def losses(
    velocity: Tensor, codes: Tensor, eps: Tensor, z: Tensor, t: Tensor, seed: int
) -> tuple[Tensor, dict[str, tuple[Tensor, ...]]]:
    """Compute the loss, and what comes of known mistakes: hint → values."""

    def of(target: Tensor) -> Tensor:
        return (velocity - target).square().sum(1).mean()

    off = velocity - (codes - eps)
    return of(codes - eps), {
        "The target points backwards, from the code to the noise. The velocity is codes − eps.": (of(eps - codes),),
        "The target is the code. It should be the velocity of the path to it: codes − eps.": (of(codes),),
        "The target is the noise. It should be the velocity from the noise to the code: codes − eps.": (of(eps),),
        "The target is the rest of the path, codes − z_t. The velocity is that of the whole path: codes − eps.": (
            of(codes - z), of((codes - z) * t),
        ),
        "The target is the path so far. The velocity is that of the whole path: codes − eps.": (of(z - eps), of(z)),
        "The target has + eps, and the velocity is codes − eps, with the eps of the point.": (of(codes + eps),),
        "There is no target: the loss is how far field(z_t, t) is from codes − eps.": (of(0 * codes),),
        "That is the absolute difference. Square it.": (off.abs().sum(1).mean(), off.abs().mean()),
        "That is a root: a length. Sum the squares, without the root.": (
            off.norm(dim=1).mean(), off.norm(), off.square().sum(1).mean().sqrt(), off.square().mean().sqrt(),
        ),
        "The difference is summed before it is squared. Square each entry, then sum over the dimensions.": (
            off.sum(1).square().mean(), off.mean(1).square().mean(), off.mean().square(), off.sum().square(),
        ),
        "Positive and negative differences cancel: square them.": (off.sum(1).mean(), off.mean()),
        "The target has another noise than the point: draw eps once, and use it in both.": tuple(
            of(codes - other) for other in _noises(codes.shape, seed)
        ),
        "The squares are weighed by the time. All times count alike.": (
            (t * off.square()).sum(1).mean(), ((1 - t) * off.square()).sum(1).mean(),
        ),
    }  # fmt: skip


def _noises(shape: torch.Size, seed: int) -> list[Tensor]:
    """Draw the noise twice, with the times before, between or after."""
    noises = []
    for place in range(3):
        generator = Generator().manual_seed(seed)
        draws = [torch.randn(shape, generator=generator) for _ in range(place)]
        torch.rand(shape[0], 1, generator=generator)
        noises += draws + [torch.randn(shape, generator=generator) for _ in range(2 - place)]
    return noises
