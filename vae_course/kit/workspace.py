"""The learner's folder: it holds the lessons, what the learner made of them, and `.course/`, where the course notes it.

Where a folder has no `.course/`, there is no workspace: nothing is kept and nothing is shown.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from typing import Any

from vae_course.files import remove_leftovers, write_atomically

from filelock import FileLock

COURSE = ".course"
# What a learner makes in the course is a hundredth of this; what is read of it takes thirty times as much memory.
MOST_BYTES = 2**25


def find_workspace() -> Path | None:
    """Return the current folder if it is a workspace."""
    folder = Path.cwd()
    return folder if (folder / COURSE).is_dir() else None


def read_state(name: str) -> dict[str, Any]:
    """Return what `.course/NAME.json` holds, or {} where there is no such file or no workspace.

    A damaged file is put aside as `NAME.damaged.json`, for whoever wants to repair it.
    """
    workspace = find_workspace()
    if workspace is None:
        return {}
    path = workspace / COURSE / f"{name}.json"
    with suppress(OSError), lock(workspace, name):
        return _read(path)
    # A folder that cannot be written has no lock and needs none.
    return _parsed(path) or {}


def read_entries(name: str, fields: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the entries of `.course/NAME.json` that are objects with these fields; others stay in the file, unread.

    Args:
        name: of the file.
        fields: each field's type. One that may be missing has None among its types.
    """
    return {
        key: entry
        for key, entry in read_state(name).items()
        if isinstance(entry, dict) and all(isinstance(entry.get(field), kind) for field, kind in fields.items())
    }


def update_state(name: str, key: str, value: Any) -> None:
    """Set one key of `.course/NAME.json`; do nothing where there is no workspace.

    Raises:
        OSError: it cannot be written.
    """
    workspace = find_workspace()
    if workspace is None:
        return
    path = workspace / COURSE / f"{name}.json"
    with lock(workspace, name):
        state = _read(path) | {key: value}
        replace_text(path, json.dumps(state, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def lock(workspace: Path, name: str) -> Iterator[None]:
    """Let one kernel at a time read and write what has this name; the others wait."""
    with FileLock(workspace / COURSE / f"{name}.lock"):
        yield


def replace_text(path: Path, text: str) -> None:
    """Replace a file in one step, under its lock: whoever reads it finds the old text or the new one, never half."""
    remove_leftovers(path.resolve())
    # A link stays a link; half of a character, as JSON can name it, is written as JSON names it.
    write_atomically(path.resolve(), text.encode("utf-8", errors="backslashreplace"))


def read_file(path: Path) -> str:
    """Read a text that a learner's folder holds.

    Raises:
        OSError: there is no such file, or it is no file: a pipe would let the course wait for ever.
        ValueError: it is far too large, or not in UTF-8.
    """
    if not S_ISREG(path.stat().st_mode):
        raise IsADirectoryError(f"{path} is no file")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path} is larger than {MOST_BYTES:,} bytes")
    return path.read_text(encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    state = _parsed(path)
    if state is None:
        os.replace(path, path.with_suffix(".damaged.json"))
    return state or {}


def _parsed(path: Path) -> dict[str, Any] | None:
    """Return what a file holds, {} where there is none, and None where it is damaged."""
    try:
        state = json.loads(read_file(path))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):  # This is no JSON, or no UTF-8, or no file.
        return None
    return state if isinstance(state, dict) else None
