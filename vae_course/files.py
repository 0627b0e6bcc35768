"""Write files so that nothing is lost: whole or not at all, and the old one until then."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

PARTIAL = ".partial"


def check_name(path: Path | str) -> None:
    """Refuse a path that this Python does not read as UTF-8: safetensors neither opens it nor keeps it as text.

    Raises:
        ValueError: says what to do.
    """
    if any("\ud800" <= letter <= "\udfff" for letter in str(path)):
        raise ValueError(f"{str(path)!r} has a name that is not in UTF-8: rename it, or set PYTHONUTF8=1")


def write_atomically(path: Path | str, content: bytes, previous: Path | None = None) -> None:
    """Write a file beside its place, by a name that nobody else uses, and move it there when it is whole.

    Args:
        path: the file.
        content: all that it is to hold.
        previous: where what was there before is kept, if it is.

    Raises:
        OSError: names the file; what was there before is still there, and nothing else.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial_file = path.with_name(f"{path.name}.{uuid4().hex[:12]}{PARTIAL}")
    try:
        with partial_file.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if previous is not None and path.exists():
            _keep(path, previous)
        partial_file.replace(path)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with suppress(OSError):
            partial_file.unlink(missing_ok=True)


def _keep(path: Path, previous: Path) -> None:
    """Give a file a second name; where a file has only one, move it."""
    previous.unlink(missing_ok=True)
    try:
        os.link(path, previous)
    except OSError:
        path.replace(previous)


def remove_leftovers(path: Path) -> None:
    """Remove what processes that were killed left of a file, which nobody else may be writing now."""
    for leftover in path.parent.glob(f"{path.name}.{'[0-9a-f]' * 12}{PARTIAL}"):
        with suppress(OSError):
            leftover.unlink()
