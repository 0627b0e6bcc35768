"""Where digits come from: the files inside the package, the full MNIST, or a folder in its format."""

from dataclasses import dataclass
from pathlib import Path

from jaxtyping import Int64, UInt8
from torch import Tensor

from vae_course.digits.download import check_mnist, data_home, fetch_mnist, missing_mnist_files
from vae_course.digits.idx import read_idx

EMBEDDED = Path(__file__).parent


@dataclass(frozen=True)
class Digits:
    """Images and labels, split in two."""

    name: str
    """Which digits they are: "embedded", "mnist", or the path of their folder."""
    train_images: UInt8[Tensor, "train 28 28"]
    train_labels: Int64[Tensor, " train"]
    test_images: UInt8[Tensor, "test 28 28"]
    test_labels: Int64[Tensor, " test"]


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
