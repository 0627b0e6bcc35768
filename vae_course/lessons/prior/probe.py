"""The field that the check of lesson 14 hands over."""

from typing import Any

from vae_course.kit.exercise import describe, expect

import torch
from torch import Generator, Tensor, nn

TIMES = (
    "The times must be shaped [B, 1], one for each code, so that they multiply its row: torch.rand(len(codes), 1, …). "
    "Yours are {}."
)
SHARED = "All codes of the batch get the same time. Draw one t for each code, of shape [B, 1]."


class Probe(nn.Module):
    """A field with a parameter, that notes the points and times at which it is asked."""

    def __init__(self, latent: int):
        super().__init__()
        self.weight = nn.Parameter(0.5 * torch.randn(latent, latent, generator=Generator().manual_seed(latent)))
        self.asked: list[tuple[Any, ...]] = []

    def forward(self, z: Any, t: Any = None, *others: Any) -> Tensor:
        """Compute a velocity that depends on z and t."""
        self.asked.append((z, t, *others))
        _expect_point_and_time(z, t, others, self.weight)
        return z @ self.weight + torch.sin(3 * t)


def _expect_point_and_time(z: Any, t: Any, others: tuple[Any, ...], weight: Tensor) -> None:
    """Refuse what no field takes: other shapes, other arguments."""
    expect(
        not others and isinstance(z, Tensor), "Call the field with two tensors, the points and the times: field(z, t)."
    )
    expect(t is not None, "The field needs the times, too: field(z, t).")
    swapped = z.shape[-1:] == (1,) and isinstance(t, Tensor) and t.shape[-1:] == weight.shape[:1]
    expect(not swapped, "The field's arguments have changed places: first the points, then the times.")
    expect(
        z.ndim == 2 and z.shape[1] == len(weight),
        f"The points must have the shape of the codes; these are {describe(z)}.",
    )
    alone = not isinstance(t, Tensor) or t.numel() == 1
    expect(not (alone and len(z) > 1), SHARED)
    expect(isinstance(t, Tensor) and t.shape == (len(z), 1), TIMES.format(describe(t)))
