"""Where digits come from: the files inside the package, the full MNIST, or a folder in its format."""

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import chain
from pathlib import Path

from vae_course.digits.download import check_mnist, data_home, expanded, fetch_mnist, missing_mnist_files
from vae_course.digits.idx import MOST_VALUES, read_idx, read_idx_shape
from vae_course.files import check_name

from jaxtyping import Int64, UInt8
from torch import Tensor

EMBEDDED = Path(__file__).parent
STEMS = tuple(f"{split}-{kind}-ubyte" for split in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))
MNIST_DIGEST = "760ebfaea23cdba35d10d3335224c2b090c03fda2faa00a0dca90d9c057664b2"
# White is 255. Digits whose whitest pixel is darker than this are on another scale.
DARKEST_WHITE = 128


@dataclass(frozen=True)
class Digits:
    """Images and labels, split in two."""

    name: str
    """Which digits they are: "embedded", "mnist", or the path of their folder."""
    train_images: UInt8[Tensor, "train 28 28"]
    train_labels: Int64[Tensor, " train"]
    test_images: UInt8[Tensor, "test 28 28"]
    test_labels: Int64[Tensor, " test"]

    @cached_property
    def digest(self) -> str:
        """Give the SHA-256 of all pixels and labels: the same digits have the same digest, wherever they lie."""
        digest = sha256()
        for part in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(f"{list(part.shape)}".encode())
            digest.update(part.byte().contiguous().numpy().data)
        return digest.hexdigest()


def load_digits(source: str | Path = "embedded", mirror: str | None = None) -> Digits:
    """Load digits by name, or from a folder.

    Args:
        source: `"embedded"`: 4,000 + 1,000 MNIST digits inside the package, no network touched. `"mnist"`: all
            60,000 + 10,000, downloaded on first use. Otherwise a folder of MNIST-format IDX files, plain or gzipped
            (Fashion-MNIST and KMNIST come that way). Bytes that are all 0 or 1 are read as black and white, with a
            warning.
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
    folder = _folder(source)
    return _read_folder(folder, str(folder))


def _folder(source: str | Path) -> Path:
    choices = f"source={str(source)!r} is neither 'embedded', nor 'mnist', nor a folder"
    if not str(source).strip():
        raise ValueError(f"{choices}: it is empty")
    try:
        folder = expanded(source).resolve()
    except (RuntimeError, ValueError) as error:  # A link that leads to itself, or a path with a null byte.
        raise ValueError(f"{choices}: {error}") from error
    check_name(folder)
    if folder.is_file():
        raise ValueError(f"{choices}: it is a file; name its folder, {folder.parent}")
    if not folder.is_dir():
        raise ValueError(choices)
    return folder


def _read_folder(folder: Path, name: str) -> Digits:
    paths = [_find(folder, stem) for stem in STEMS]
    # All headers are looked at before any file is read: a header that lies must not cost the time of the others.
    shapes = [read_idx_shape(path) for path in paths]
    for images, labels in (shapes[:2], shapes[2:]):
        if images[1:] != (28, 28) or labels != images[:1] or not labels[0]:
            raise ValueError(
                f"{folder}: images must be [N, 28, 28], N at least 1, with a label each; "
                f"found images {list(images)} and labels {list(labels)}"
            )
    if sum(map(math.prod, shapes)) > MOST_VALUES:
        raise ValueError(
            f"{folder}: its files promise more than {MOST_VALUES:,} values in all, which is no set of digits"
        )
    parts = [read_idx(path) for path in paths]
    train_images, test_images = _as_bytes(folder, parts[0], parts[2])
    return Digits(name, train_images, parts[1].long(), test_images, parts[3].long())


def _find(folder: Path, stem: str) -> Path:
    """Find one of the four files, also as Kaggle's archives unpack: in a folder of its own name, or with a dot."""
    for name in (stem, stem.replace("-idx", ".idx")):
        for path in (folder / f"{name}.gz", folder / name, folder / name / name, folder / name / f"{name}.gz"):
            if path.is_file():
                return path
    raise FileNotFoundError(
        f"{folder} has no {stem}.gz (nor {stem}), one of the four files of an MNIST-format folder{_hint(folder, stem)}"
    )


def _hint(folder: Path, stem: str) -> str:
    """Say where the file is, if it is near, or what is there under a name that is like it."""
    deeper: Iterator[Path] = chain(folder.glob(f"*/{stem}*"), folder.glob(f"*/*/{stem}*"))
    if found := next((path for path in deeper if path.is_file()), None):
        return f"; {found.parent} has it, so name that folder"
    others = (path.name for path in folder.iterdir() if not path.name.startswith(STEMS))
    alike = sorted(name for name in others if stem.split("-")[1] in name)[:3]
    return f"; it has {', '.join(alike)}: rename the four files as MNIST's are named" if alike else ""


def _as_bytes(folder: Path, *parts: UInt8[Tensor, "_ 28 28"]) -> tuple[UInt8[Tensor, "_ 28 28"], ...]:
    """Bring the pixels to the scale 0 to 255, where there is no doubt which scale they have."""
    whitest = [int(images.max()) for images in parts]
    if min(whitest) >= DARKEST_WHITE:
        return parts
    if max(whitest) == 1:
        warnings.warn(f"{folder}: its pixels are all 0 or 1, and are read as black and white", stacklevel=4)
        return tuple(images.mul_(255) for images in parts)
    raise ValueError(
        f"{folder}: pixels must be bytes from 0, black, to 255, white; its whitest training pixel is {whitest[0]}, and "
        f"its whitest test pixel {whitest[1]}. Store them on that scale: pixels * (255 / WHITE)"
    )
