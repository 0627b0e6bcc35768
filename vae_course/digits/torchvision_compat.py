"""Torchvision's pure-Python half, also beside a torch that its compiled half was not built for.

Torchvision's wheels are built for CUDA. Beside a CPU-only torch their compiled operators cannot load, and
`import torchvision` dies with "operator torchvision::nms does not exist". The course uses none of these operators,
so where the import fails that way, we declare the two names it looks for and import again.
"""

import torch

try:
    import torchvision

    mismatch = False
except RuntimeError as error:
    if "torchvision::nms" not in str(error):
        raise
    mismatch = True
    # The declaration lasts as long as this object does.
    _declared = torch.library.Library("torchvision", "FRAGMENT")
    for _operator in ("nms", "qnms"):
        _declared.define(f"{_operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

from torchvision.datasets import MNIST

__all__ = ["MNIST", "mismatch", "torchvision"]
