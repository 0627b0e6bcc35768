"""Lesson 01: the digits, and what a pixel means.

Images are `uint8` [N, 28, 28] at rest and `float32` [N, 1, 28, 28] in models. A grey value is read as the probability
that the pixel is on (Salakhutdinov & Murray 2008), and `binarize` draws it.
"""

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Generator, Tensor

from vae_course.download import check_mnist, data_home, fetch_mnist, missing_mnist_files

Binarization = Literal["dynamic", "static", "threshold", "grey"]
BINARIZATIONS: tuple[Binarization, ...] = get_args(Binarization)

EMBEDDED = Path(__file__).parent / "digits"


@dataclass(frozen=True)
class Digits:
    """Images and labels, split in two."""

    name: str
    """Which digits they are: "embedded", "mnist", or the path of their folder."""
    train_images: UInt8[Tensor, "train 28 28"]
    train_labels: Int64[Tensor, "train"]
    test_images: UInt8[Tensor, "test 28 28"]
    test_labels: Int64[Tensor, "test"]


def load_digits(source: str | Path = "embedded", mirror: str | None = None) -> Digits:
    """Load digits by name, or from a folder.

    Args:
        source: `"embedded"`: 4,000 + 1,000 MNIST digits inside the package, no network touched. `"mnist"`: all
            60,000 + 10,000, downloaded on first use. Otherwise a folder of MNIST-format IDX files, plain or gzipped
            (Fashion-MNIST and KMNIST come that way).
        mirror: for `"mnist"`, where to fetch it from if it is not here yet; see `fetch_mnist`.

    Raises:
        ValueError: a file is damaged, or no such source; the message names the file and what is wrong.
        OSError: files are missing, the download failed, or the data folder cannot be written.
    """
    if source == "embedded":
        return _read_folder(EMBEDDED, "embedded")
    if source == "mnist":
        folder = data_home() / "MNIST" / "raw"
        if missing_mnist_files(folder):
            folder = fetch_mnist(mirror)
        check_mnist(folder)
        return _read_folder(folder, "mnist")
    folder = Path(source).expanduser().resolve()
    if not folder.is_dir():
        raise ValueError(f"source={str(source)!r} is neither 'embedded', nor 'mnist', nor a folder")
    return _read_folder(folder, str(folder))


def grey(images: UInt8[Tensor, "batch 28 28"]) -> Float[Tensor, "batch 1 28 28"]:
    """Bytes 0 to 255 as grey values in [0, 1], with a channel axis."""
    return images.unsqueeze(1).float() / 255


def binarize(images: Float[Tensor, "*shape"], generator: Generator) -> Float[Tensor, "*shape"]:
    """Draw each pixel: 1 with the probability that is its grey value, else 0.

    Args:
        images: grey values in [0, 1], any shape.
        generator: the source of the draws, on the images' device; the same state gives the same draws.

    Raises:
        ValueError: a value outside [0, 1].
    """
    check_unit_range(images, "images")
    return torch.bernoulli(images, generator=generator)


def binarize_once(
    images: UInt8[Tensor, "batch 28 28"], binarization: Binarization, generator: Generator
) -> UInt8[Tensor, "batch 28 28"]:
    """The images as they stay for a whole evaluation, or a whole training: still bytes, 0 or 255 unless `"grey"`.

    `"threshold"` cuts at one half, `"static"` draws every pixel once. `"dynamic"` draws anew for every batch of a
    training; where one fixed set of images is wanted, as in a test, that is one draw, the same as `"static"`.
    """
    check_binarization(binarization)
    if binarization == "grey":
        return images
    on = images >= 128 if binarization == "threshold" else torch.bernoulli(images.float() / 255, generator=generator)
    return on.to(torch.uint8) * 255


def check_binarization(binarization: str) -> None:
    """Raise a `ValueError` unless the binarisation is one of `BINARIZATIONS`."""
    if binarization not in BINARIZATIONS:
        raise ValueError(f"binarization={binarization!r}: choose one of {', '.join(BINARIZATIONS)}")


def check_unit_range(values: Float[Tensor, "*shape"], name: str) -> None:
    """Raise a `ValueError` unless all values lie in [0, 1] (NaN does not)."""
    low, high = torch.aminmax(values.detach()) if values.numel() else (0.0, 0.0)
    if not (low >= 0 and high <= 1):
        raise ValueError(f"{name}: values must lie in [0, 1], found {low:.4g} to {high:.4g}; divide bytes by 255")


def _read_folder(folder: Path, name: str) -> Digits:
    parts = [
        _read_named(folder, f"{split}-{kind}-ubyte")
        for split in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    ]
    for images, labels in (parts[:2], parts[2:]):
        if images.shape[1:] != (28, 28) or labels.shape != images.shape[:1] or not len(labels):
            raise ValueError(
                f"{folder}: images must be [N, 28, 28], N at least 1, with a label each; "
                f"found images {list(images.shape)} and labels {list(labels.shape)}"
            )
    train_images, train_labels, test_images, test_labels = parts
    return Digits(name, train_images, train_labels.long(), test_images, test_labels.long())


def _read_named(folder: Path, stem: str) -> UInt8[Tensor, "..."]:
    for path in (folder / f"{stem}.gz", folder / stem):
        if path.is_file():
            return read_idx(path)
    raise FileNotFoundError(f"{folder} has no {stem}.gz (nor {stem}), one of the four files of an MNIST-format folder")


def read_idx(path: Path) -> UInt8[Tensor, "..."]:
    """Read an IDX file of unsigned bytes, gzipped if its name ends in `.gz`.

    Raises:
        ValueError: truncated, corrupted, or not of this format.
    """
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is truncated or corrupted: {error}") from error
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is no IDX file of bytes: it starts with {content[:3].hex(' ')}, not with 00 00 08")
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise ValueError(f"{path} is truncated: it ends inside its header")
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise ValueError(f"{path} should hold {math.prod(shape):,} values, it holds {len(content) - start:,}")
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy())
