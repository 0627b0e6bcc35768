"""Many digits as one picture.

Torchvision's `make_grid` gives the same, and takes longer to import than torch itself.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad


def tiles(images: Float[Tensor, "batch 1 28 28"], columns: int, between: float) -> Float[Tensor, "height width"]:
    """Lay digits row by row into one picture, with lines of the grey `between` around each. One digit has no lines."""
    if len(images) == 1:
        return images[0, 0]
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    cells = torch.full((rows * columns, 29, 29), between, dtype=images.dtype)
    cells[: len(images), 1:, 1:] = images[:, 0]
    rows_of_pixels = cells.unflatten(0, (rows, columns)).transpose(1, 2).reshape(rows * 29, columns * 29)
    return pad(rows_of_pixels, (0, 1, 0, 1), value=between)
