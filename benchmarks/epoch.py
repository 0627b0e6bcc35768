"""Seconds of one epoch of 60,000 images with the 784-400-20 network, beside the floor that matrix products set.

make bench
"""

from time import perf_counter

from vae_course.digits import load_digits
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import torch

IMAGES = 60_000
# 2 FLOP a weight and image forward, 4 backward, and no gradient of the input is needed in the first layer.
FLOP_PER_IMAGE = 6 * (784 * 400 + 400 * 40 + 20 * 400 + 400 * 784) - 2 * 784 * 400


def matmul_rate(size: int = 2048, repeats: int = 20) -> float:
    """FLOP a second of a large matrix product."""
    a, b = torch.randn(2, size, size)
    a @ b
    start = perf_counter()
    for _ in range(repeats):
        a @ b
    return repeats * 2 * size**3 / (perf_counter() - start)


def epoch_seconds(binarization: str) -> float:
    """The second epoch's seconds; the first one warms up."""
    digits = load_digits().train_images
    images = digits.repeat(IMAGES // len(digits), 1, 1)
    training = fit(VAE(), images, TrainConfig(epochs=2, binarization=binarization))
    steps = next(training).steps // 2
    for _ in range(steps - 1):
        next(training)
    start = perf_counter()
    for _ in training:
        pass
    return perf_counter() - start


def main() -> None:
    """Print a table."""
    torch.manual_seed(0)
    rate = matmul_rate()
    print(f"| epoch of {IMAGES:,}, batch 128, {torch.get_num_threads()} threads | seconds |\n| --- | --- |")
    work = FLOP_PER_IMAGE * IMAGES
    print(f"| floor: {work / 1e9:.0f} GFLOP at {rate / 1e9:.0f} GFLOP/s | {work / rate:.2f} |")
    for binarization in ("grey", "dynamic"):
        print(f"| {binarization} | {epoch_seconds(binarization):.2f} |")


if __name__ == "__main__":
    main()
