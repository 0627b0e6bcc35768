from vae_course.digits.torchvision_compat import torchvision
from vae_course.kit.tiles import tiles

import pytest
import torch


@pytest.mark.parametrize("columns", [1, 3, 8, 50])
@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 40])
def test_digits_lie_as_torchvision_lays_them(count, columns, generator):
    images = torch.rand(count, 1, 28, 28, generator=generator)
    expected = torchvision.utils.make_grid(images, nrow=columns, padding=1, pad_value=0.35)[0]
    assert torch.equal(tiles(images, columns, between=0.35), expected)
