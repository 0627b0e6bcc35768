"""Make the README's picture from a checkpoint that was trained on the full MNIST.

python -m vae_course train --data mnist --epochs 50 --out runs/mnist
python benchmarks/picture.py runs/mnist/model.safetensors
"""

import sys
from pathlib import Path

import matplotlib
from torch import Generator

from vae_course.checkpoints import load_checkpoint
from vae_course.data import binarize, grey, load_digits
from vae_course.plots import digit_rows

matplotlib.use("agg")


def main(checkpoint: str) -> None:
    """Three rows: a test digit of each class, its reconstruction, and ten digits that nobody wrote."""
    model = load_checkpoint(Path(checkpoint)).model
    digits = load_digits("mnist")
    first = [int((digits.test_labels == label).nonzero()[0]) for label in range(10)]
    x = binarize(grey(digits.test_images[first]), Generator().manual_seed(0))
    invented = model.sample(20, Generator().manual_seed(0))
    rows = {"given": x, "given back": model.reconstruct(x), "invented": invented[:10], "": invented[10:]}
    digit_rows(rows).savefig(Path(__file__).with_name("digits.png"))


if __name__ == "__main__":
    main(sys.argv[1])
