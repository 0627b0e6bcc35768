"""Fetching the full MNIST: through torchvision, from its servers or from a mirror, and never half."""

import os
import shutil
import socket
import tempfile
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import platformdirs

from vae_course.digits.torchvision_compat import MNIST, check_integrity

TIMEOUT_SECONDS = 30.0
NO_NETWORK_HELP = (
    "The embedded digits need no network: load_digits('embedded'). A copy of the four .gz files can be named: "
    "python -m vae_course data --mirror http://HOST/FOLDER/ or file:///FOLDER/"
)


def data_home() -> Path:
    """The folder where downloaded data lives: `$VAE_COURSE_DATA`, or a folder in the user's cache."""
    chosen = os.environ.get("VAE_COURSE_DATA")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("vae_course", appauthor=False)


def missing_mnist_files(folder: Path) -> list[str]:
    """Which of MNIST's four `.gz` files are not in the folder."""
    return [name for name, _ in MNIST.resources if not (folder / name).is_file()]


def check_mnist(folder: Path) -> None:
    """Raise a `ValueError` unless the four files are MNIST's, by their published checksums."""
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
        ValueError: the mirror is no such address, or a file in its folder has the wrong checksum.
        OSError: the folder cannot be written, or the files cannot be had whole.
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
