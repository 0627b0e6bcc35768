"""Fetching the full MNIST: from torchvision's servers or from a mirror, checked, and never half."""

import hashlib
import os
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Thread
from types import ModuleType
from typing import Any
from urllib.parse import urlparse
from urllib.request import HTTPRedirectHandler, Request, build_opener, url2pathname

from vae_course.files import write_atomically

import platformdirs

# A server that does not answer, or that sends less than this in so many seconds, is given up.
TIMEOUT_SECONDS = 10.0
LEAST_BYTES = 20_000
# The largest of the four files has 9.9 MB.
MOST_BYTES = 16 * 2**20
_OTHER_DIGITS = "Is it a mirror of other digits? Those can be named as a folder: --data FOLDER"
NO_NETWORK_HELP = (
    "The embedded digits need no network: load_digits('embedded'). A copy of the four .gz files can be named: "
    "python -m vae_course data --mirror http://HOST/FOLDER/ or file:///FOLDER/"
)


def data_home() -> Path:
    """Find the folder of downloaded data: `$VAE_COURSE_DATA`, or a folder in the user's cache.

    Raises:
        FileNotFoundError: the user has no home folder; the message says what to set.
    """
    chosen = os.environ.get("VAE_COURSE_DATA")
    if chosen:
        return expanded(chosen)
    try:
        return platformdirs.user_cache_path("vae_course", appauthor=False).resolve()
    except RuntimeError as error:
        raise FileNotFoundError(
            "this user has no home folder: set HOME, or set VAE_COURSE_DATA to a folder that you may write to"
        ) from error


def expanded(path: str | Path) -> Path:
    """Replace a `~` at the start by the home folder.

    Raises:
        FileNotFoundError: nobody has this home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise FileNotFoundError(f"{path}: there is no such home folder; write the path in full") from error


def _torchvision() -> ModuleType:
    """Import torchvision, which knows MNIST's addresses and checksums. Whoever needs neither saves its long import."""
    from vae_course.digits import torchvision_compat

    return torchvision_compat


def missing_mnist_files(folder: Path) -> list[str]:
    """List those of MNIST's four `.gz` files that are not in the folder."""
    return [name for name, _ in _torchvision().MNIST.resources if not (folder / name).is_file()]


class NotMnist(ValueError):
    """A file has another checksum than MNIST's."""


def check_mnist(folder: Path) -> None:
    """Raise a `ValueError` unless the four files are MNIST's, by their published checksums."""
    for name, md5 in _torchvision().MNIST.resources:
        again = "Fetch it again: python -m vae_course data --again (with --mirror URL, if you used one)"
        _check(_read(folder / name), md5, str(folder / name), again)


def _read(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        raise NotMnist(f"{path} is not MNIST's: it is larger than {MOST_BYTES:,} bytes")
    return path.read_bytes()


def _check(content: bytes, md5: str, called: str, remedy: str) -> None:
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        raise NotMnist(
            f"{called} is not MNIST's: its checksum differs from {md5}, so it is damaged or something else. {remedy}"
        )


def fetch_mnist(mirror: str | None = None) -> Path:
    """Fetch the full MNIST into `data_home()` and return the folder of its four `.gz` files.

    All four are fetched and checked before any is written: a failed download leaves nothing behind, and what was there
    before stays.

    Args:
        mirror: where the four files lie: `http://…`, `https://…` or `file:///…`; by default torchvision's servers.

    Raises:
        ValueError: the mirror is no such address, or a file in its folder has the wrong checksum.
        OSError: the folder cannot be written, or the files cannot be had whole.
    """
    if mirror is not None:
        _check_address(mirror)
    home = data_home()
    _check_writable(home)
    if mirror is not None and urlparse(mirror).scheme == "file":
        contents = _read_mnist(Path(url2pathname(urlparse(mirror).path)), mirror)
    else:
        contents = _download_mnist(_torchvision().MNIST.mirrors if mirror is None else [mirror])
    folder = home / "MNIST" / "raw"
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return folder


def _check_address(mirror: str) -> None:
    try:
        address = urlparse(mirror)
    except ValueError as error:
        raise ValueError(f"mirror={mirror!r} is no address: {error}") from error
    if address.scheme not in ("http", "https", "file"):
        raise ValueError(f"mirror={mirror!r} must start with http://, https:// or file:///")
    if address.scheme == "file" and (address.netloc or not address.path.startswith("/")):
        raise ValueError(f"mirror={mirror!r} needs three slashes: file:///FOLDER/")
    if address.scheme != "file" and not address.netloc:
        raise ValueError(f"mirror={mirror!r} names no host: http://HOST/FOLDER/")


def _check_writable(home: Path) -> None:
    """Refuse a folder that cannot be written, before anything is fetched."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=home).close()
    except OSError as error:
        raise type(error)(
            f"cannot write to {home} ({error.strerror}): set VAE_COURSE_DATA to a folder that you may write to"
        ) from error


def _read_mnist(source: Path, mirror: str) -> dict[str, bytes]:
    missing = missing_mnist_files(source)
    if missing:
        raise FileNotFoundError(f"{source} lacks {', '.join(missing)}")
    contents = {}
    for name, md5 in _torchvision().MNIST.resources:
        contents[name] = _read(source / name)
        _check(contents[name], md5, f"{mirror.rstrip('/')}/{name}", _OTHER_DIGITS)
    return contents


def _download_mnist(mirrors: list[str]) -> dict[str, bytes]:
    """Download each file from the first mirror that has it, whole and MNIST's; one that failed is asked last then."""
    mirrors, contents = [*mirrors], {}
    for name, md5 in _torchvision().MNIST.resources:
        failures: dict[str, Exception] = {}
        for mirror in [*mirrors]:
            url = mirror.rstrip("/") + "/" + name
            try:
                contents[name] = _download(url)
                _check(contents[name], md5, url, _OTHER_DIGITS)
                break
            except (OSError, HTTPException, ValueError) as error:
                failures[url] = error
                mirrors.append(mirrors.pop(0))
        else:
            raise _no_mirror(failures)
    return contents


def _no_mirror(failures: dict[str, Exception]) -> Exception:
    """Make one error of those of all mirrors."""
    errors = list(failures.values())
    if all(isinstance(error, NotMnist) for error in errors):
        return errors[0]
    said = [f"{url}: {' '.join(str(error).split()) or type(error).__name__}" for url, error in failures.items()]
    return ConnectionError(f"could not fetch MNIST. {'; '.join(said)}\n{NO_NETWORK_HELP}")


class _WebOnly(HTTPRedirectHandler):
    """Follows a server to another one, but not from the web to elsewhere, nor to where anybody may listen."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        """Make the next request, as the base class does, if it is one for the web."""
        if urlparse(newurl).scheme not in ("https", req.type):
            raise ValueError(f"it redirects to {newurl[:200]}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _download(url: str) -> bytes:
    """Download a file, for as long as bytes keep coming, and no more of them than MNIST's largest file has.

    A thread fetches while this one looks on: what a server can make wait for ever (a name to look up, headers that
    come letter by letter) knows no timeout of its own.
    """
    received, stopped = bytearray(), Event()
    failures: list[Exception] = []

    def fetch() -> None:
        try:
            _receive(url, received, stopped.is_set)
        except Exception as error:
            failures.append(error)

    thread = Thread(target=fetch, daemon=True)
    thread.start()
    try:
        _watch(thread, received)
    finally:
        stopped.set()
        thread.join(1)
    if failures:
        raise failures[0]
    return bytes(received)


def _receive(url: str, received: bytearray, stopped: Callable[[], bool]) -> None:
    # Some servers refuse whoever does not say its name.
    request = Request(url, headers={"User-Agent": "vae_course"})
    with build_opener(_WebOnly).open(request, timeout=TIMEOUT_SECONDS) as response:
        promised = response.headers.get("Content-Length")
        while not stopped() and (piece := response.read1(2**16)):
            received += piece
            if len(received) > MOST_BYTES:
                raise ValueError(f"it sends more than {MOST_BYTES:,} bytes, which is not MNIST")
    if promised is not None and len(received) != int(promised):
        raise ConnectionError(f"it ended after {len(received):,} of {int(promised):,} bytes")


def _watch(thread: Thread, received: bytearray) -> None:
    """Wait for the thread, as long as it makes progress."""
    seen, since = 0, time.monotonic()
    while thread.is_alive():
        thread.join(0.05)
        if len(received) - seen >= LEAST_BYTES:
            seen, since = len(received), time.monotonic()
        if thread.is_alive() and time.monotonic() - since > TIMEOUT_SECONDS:
            raise TimeoutError(f"fewer than {LEAST_BYTES:,} bytes came in {TIMEOUT_SECONDS:g} seconds")
