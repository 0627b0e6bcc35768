"""Lesson 01: the digits, and what a pixel means.

Images are `uint8` [N, 28, 28] at rest and `float32` [N, 1, 28, 28] in models. A grey value is read as the probability
that the pixel is on (Salakhutdinov & Murray 2008), and `binarize` draws it.
"""

import gzip
import math
import os
import shutil
import socket
import struct
import tempfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlparse
from urllib.request import url2pathname

import numpy as np
import platformdirs
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Generator, Tensor

Binarization = Literal["dynamic", "static", "threshold", "grey"]
BINARIZATIONS: tuple[Binarization, ...] = get_args(Binarization)

EMBEDDED = Path(__file__).parent / "digits"
TIMEOUT_SECONDS = 30.0
NO_NETWORK_HELP = (
    "The embedded digits need no network: load_digits('embedded'). A copy of the four .gz files can be named: "
    "python -m vae_course data --mirror http://HOST/FOLDER/ or file:///FOLDER/"
)


@dataclass(frozen=True)
class Digits:
    """Images and labels, split in two."""

    name: str
    """Which digits they are: "embedded", "mnist", or the path of their folder."""
    train_images: UInt8[Tensor, "train 28 28"]
    train_labels: Int64[Tensor, "train"]
    test_images: UInt8[Tensor, "test 28 28"]
    test_labels: Int64[Tensor, "test"]


def data_home() -> Path:
    """The folder where downloaded data lives: `$VAE_COURSE_DATA`, or a folder in the user's cache."""
    chosen = os.environ.get("VAE_COURSE_DATA")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("vae_course", appauthor=False)


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


def missing_mnist_files(folder: Path) -> list[str]:
    """Which of MNIST's four `.gz` files are not in the folder."""
    from vae_course.torchvision_compat import MNIST

    return [name for name, _ in MNIST.resources if not (folder / name).is_file()]


def check_mnist(folder: Path) -> None:
    """Raise a `ValueError` unless the four files are MNIST's, by their published checksums."""
    from vae_course.torchvision_compat import MNIST, check_integrity

    for name, md5 in MNIST.resources:
        if not check_integrity(folder / name, md5):
            raise ValueError(
                f"{folder / name} is not MNIST's: its checksum differs from {md5}, so it is damaged or something else. "
                "Fetch it again: python -m vae_course data --again (with --mirror URL, if you used one)"
            )


def fetch_mnist(mirror: str | None = None) -> Path:
    """Fetch the full MNIST into `data_home()` and return the folder of its four `.gz` files.

    Everything is fetched and checked in a folder aside and moved in place when it is whole: a failed download leaves
    nothing behind, and what was there before stays.

    Args:
        mirror: where the four files lie: `http://…`, `https://…` or `file:///…`; by default torchvision's servers.

    Raises:
        ValueError: the mirror is no such address, or a file has the wrong checksum.
        OSError: the folder cannot be written, or the files cannot be had.
    """
    address = urlparse(mirror or "")
    if mirror is not None and address.scheme not in ("http", "https", "file"):
        raise ValueError(f"mirror={mirror!r} must start with http://, https:// or file:///")
    if address.scheme == "file" and address.netloc:
        raise ValueError(f"mirror={mirror!r} needs three slashes: file:///FOLDER/")
    folder = data_home() / "MNIST" / "raw"
    with _staging_folder(data_home()) as staging:
        incoming = staging / "MNIST" / "raw"
        if address.scheme == "file":
            _copy_mnist(Path(url2pathname(address.path)), incoming)
        else:
            _download_mnist(mirror, staging)
        check_mnist(incoming)
        folder.mkdir(parents=True, exist_ok=True)
        for file in incoming.glob("*.gz"):
            file.replace(folder / file.name)
    return folder


@contextmanager
def _staging_folder(home: Path):
    try:
        home.mkdir(parents=True, exist_ok=True)
        staging = tempfile.TemporaryDirectory(dir=home, prefix="incoming-")
    except OSError as error:
        raise type(error)(
            f"cannot write to {home} ({error.strerror}): set VAE_COURSE_DATA to a folder that you may write to"
        ) from error
    with staging as name:
        yield Path(name)


def _copy_mnist(source: Path, target: Path) -> None:
    missing = missing_mnist_files(source)
    if missing:
        raise FileNotFoundError(f"{source} lacks {', '.join(missing)}")
    target.mkdir(parents=True)
    for file in source.glob("*-ubyte.gz"):
        shutil.copy(file, target)


def _download_mnist(mirror: str | None, root: Path) -> None:
    """Let torchvision download and check. It asks for no timeout, and a dead network must not hang for ever."""
    from vae_course.torchvision_compat import MNIST

    mirrors = MNIST.mirrors if mirror is None else [mirror.rstrip("/") + "/"]
    # The class's name is the folder's name, so the subclass keeps it.
    dataset = type("MNIST", (MNIST,), {"mirrors": mirrors})
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_SECONDS)
    try:
        dataset(root, download=True)
    except (RuntimeError, OSError, HTTPException) as error:
        raise ConnectionError(f"could not fetch MNIST. {str(error).strip()}\n{NO_NETWORK_HELP}") from error
    finally:
        socket.setdefaulttimeout(timeout)


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
