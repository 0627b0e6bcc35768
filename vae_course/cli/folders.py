"""The folder of a run: what is in it, and who writes there."""

import errno
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vae_course.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from vae_course.files import check_name, remove_leftovers, write_atomically

import torch
from filelock import FileLock, Timeout

CHECKPOINT, PREVIOUS = "model.safetensors", "previous.safetensors"
METRICS, SAMPLES, RECONSTRUCTIONS = "metrics.json", "samples.png", "reconstructions.png"
LOCK, WRITER = ".lock", ".writer"


def check_new(folder: Path) -> None:
    """Refuse a folder that holds a run; under its lock, for another run may have ended there a moment ago.

    Raises:
        FileExistsError: says how to go on with that run.
    """
    if holds_run(folder):
        raise FileExistsError(
            f"{folder} holds a run already: go on with it (--resume {folder}) or choose another --out"
        )


def holds_run(folder: Path) -> bool:
    """Say whether there is a checkpoint in this folder."""
    return (folder / CHECKPOINT).exists() or (folder / PREVIOUS).exists()


def check_places(folder: Path) -> None:
    """Refuse, before a training begins, a folder in which its checkpoints could not be written.

    Raises:
        IsADirectoryError: there is a folder in a checkpoint's place.
    """
    for path in (folder / CHECKPOINT, folder / PREVIOUS):
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder, where a checkpoint is to be written: move it away")


def checkpoint_file(path: Path) -> Path:
    """Find the checkpoint that is meant, by its own name or by its run's folder."""
    return path / CHECKPOINT if path.is_dir() else path


def load_newest(path: Path, device: torch.device | str) -> tuple[Path, Checkpoint]:
    """Load a run's checkpoint; if it is damaged or gone, the one before it, and say so. Return which of the two it is.

    Raises:
        ValueError, FileNotFoundError: what `load_checkpoint` says of the newest, and there is no good one before it.
    """
    try:
        return path, load_checkpoint(path, device)
    except (ValueError, FileNotFoundError) as error:
        previous = path.with_name(PREVIOUS)
        run = _load_if_good(previous, device) if path.name == CHECKPOINT else None
        if run is None:
            raise
        warnings.warn(f"{error}\nThe checkpoint before it is used: {previous}, {in_epochs(run)}", stacklevel=2)
        return previous, run


def _load_if_good(path: Path, device: torch.device | str) -> Checkpoint | None:
    try:
        return load_checkpoint(path, device)
    except (ValueError, FileNotFoundError):
        return None


def in_epochs(run: Checkpoint) -> str:
    """Say how far a training is."""
    done = {"epoch": len(run.metrics), "step": len(run.unfinished.terms) if run.unfinished else 0}
    return " and ".join(f"{n} {unit}{'s' * (n != 1)}" for unit, n in done.items() if n) or "0 steps"


def keep(folder: Path, checkpoint: Checkpoint, over_damaged: bool = False) -> None:
    """Save a checkpoint in a folder that is locked, and keep the one before it, unless it is damaged.

    Raises:
        OSError: names the file; it may be that the folder is gone, or somebody else's now.
    """
    path = folder / CHECKPOINT
    # The computer's name may change within a training.
    if not _name_of(folder / WRITER).startswith(f"process {os.getpid()} on "):
        raise FileNotFoundError(errno.ENOENT, "the folder in which the training began is gone", str(path))
    save_checkpoint(path, checkpoint, None if over_damaged else folder / PREVIOUS)


def check_no_file(folder: Path, purpose: str) -> None:
    """Raise a `FileExistsError` where a file, or a link to nothing, stands in the place of a folder."""
    if os.path.lexists(folder) and not folder.is_dir():
        what = "a file" if folder.exists() else "a link to nothing"
        raise FileExistsError(f"{folder} is {what}: name a folder for the {purpose}")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let only this process write into a run's folder, and remove what a killed process left there.

    Raises:
        BlockingIOError: somebody else does; the message says who.
        FileExistsError: the folder's name is a file's.
        ValueError: its name is not in UTF-8.
    """
    check_name(folder)
    check_no_file(folder, "run")
    folder.mkdir(parents=True, exist_ok=True)
    lock, writer = FileLock(folder / LOCK), folder / WRITER
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BlockingIOError(
            f"{folder}: {_name_of(writer)} is training there; wait, or choose another --out"
        ) from error
    try:
        write_atomically(writer, f"process {os.getpid()} on {socket.gethostname()}".encode())
        for name in (WRITER, CHECKPOINT, METRICS, SAMPLES, RECONSTRUCTIONS):
            remove_leftovers(folder / name)
        yield
    finally:
        # Removed while the lock is held, so that nobody's is removed but ours. Windows removes no file that is open.
        for file in (writer, folder / LOCK):
            with suppress(OSError):
                file.unlink()
        lock.release()


def _name_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8") or "another process"
    except (OSError, ValueError):
        return "another process"
