"""Reading and writing IDX, the format of MNIST's files."""

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

GZIP = b"\x1f\x8b"
# Images have 3 axes and labels 1; what promises more than this is damaged, or is made to do harm.
MOST_AXES = 8
# EMNIST, the largest set in this format, has 638 million pixels in all. What is larger is not read into memory.
MOST_VALUES = 700_000_000
OTHER_TYPES = {0x09: "signed bytes", 0x0B: "16-bit integers", 0x0C: "32-bit integers", 0x0D: "floats", 0x0E: "doubles"}
OTHER_FILES = {
    b"PK\x03\x04": "a zip archive: unpack it",
    b"BZh": "a bzip2 file: unpack it",
    b"\xfd7zXZ": "an xz file: unpack it",
    b"7z\xbc\xaf": "a 7z archive: unpack it",
    b"<": "a web page: fetch the file itself",
    b"version https://git-lfs": "a pointer of Git LFS: fetch the file with git lfs pull",
    b"\x93NUMPY": "a numpy file: write its array with write_idx",
    GZIP: "gzipped twice: unpack it once",
}


def read_idx(path: Path) -> UInt8[Tensor, "..."]:
    """Read an IDX file of unsigned bytes, plain or gzipped, whatever its name says.

    At most the bytes that the header promises are read, and one more.

    Raises:
        ValueError: truncated, corrupted, too large, or not of this format; the message names the file.
    """
    with _opened(path) as file:
        shape = _read_shape(file, path)
        promised = math.prod(shape)
        content = _read_at_most(file, promised + 1)
    if len(content) != promised:
        held = f"{_held(path, shape, len(content)):,}" if len(content) < promised or not _is_gzipped(path) else "more"
        raise ValueError(f"{path} should hold {promised:,} values, it holds {held}")
    return torch.from_numpy(np.frombuffer(content, np.uint8).reshape(shape))


def read_idx_shape(path: Path) -> tuple[int, ...]:
    """Read what an IDX file's header promises, and nothing more.

    Raises:
        ValueError: no header of this format.
    """
    with _opened(path) as file:
        return _read_shape(file, path)


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write unsigned bytes as gzipped IDX: two zero bytes, type 0x08, the number of axes, their sizes, the values.

    Raises:
        ValueError: the array holds something else.
    """
    if array.dtype != np.uint8:
        raise ValueError(f"array: IDX files of digits hold bytes, found {array.dtype}; give array.astype('uint8')")
    header = bytes([0, 0, 0x08, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    # mtime=0 keeps the file's bytes the same each time it is made.
    Path(path).write_bytes(gzip.compress(header + array.tobytes(), compresslevel=9, mtime=0))


@contextmanager
def _opened(path: Path) -> Iterator[BufferedIOBase]:
    """Open a file for reading, unpacked if it is gzipped; say of which file a mistake of the unpacking is."""
    try:
        with gzip.open(path) if _is_gzipped(path) else path.open("rb") as file:
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is truncated or corrupted: {error}") from error


def _is_gzipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == GZIP


def _read_shape(file: BufferedIOBase, path: Path) -> tuple[int, ...]:
    start = file.read(4)
    if len(start) < 4 or start[:3] != b"\x00\x00\x08":
        raise ValueError(_what_it_is(path, start + file.read(20)))
    axes = start[3]
    if axes > MOST_AXES:
        raise ValueError(f"{path} is damaged: its header promises {axes} axes, where images have 3 and labels 1")
    sizes = file.read(4 * axes)
    if len(sizes) < 4 * axes:
        raise ValueError(f"{path} is truncated: it ends inside its header")
    shape = struct.unpack(f">{axes}I", sizes)
    # An axis of size 0 must not hide how large the others are.
    if math.prod(size or 1 for size in shape) > MOST_VALUES:
        raise ValueError(
            f"{path}: its header promises {' × '.join(map(str, shape))} values, at most {MOST_VALUES:,} are read"
        )
    return shape


def _what_it_is(path: Path, start: bytes) -> str:
    """Say what a file is that is no IDX file of bytes."""
    if not start:
        return f"{path} is no IDX file of bytes: it is empty"
    if start[:2] == b"\x00\x00" and start[2:3] and start[2] in OTHER_TYPES:
        return f"{path} is no IDX file of bytes: it holds {OTHER_TYPES[start[2]]}; store pixels as bytes 0 to 255"
    gzipped = _is_gzipped(path)
    doubt = ". It may be truncated or corrupted" if gzipped else ""
    known = next((f". It is {name}" for magic, name in OTHER_FILES.items() if start.lstrip().startswith(magic)), doubt)
    if path.suffix == ".gz" and not gzipped:
        begins = f"a gzipped file starts with 1f 8b, not with {start[:2].hex(' ')}"
        return f"{path} is truncated or corrupted: {begins}{known}"
    return f"{path} is no IDX file of bytes: it starts with {start[:3].hex(' ')}, not with 00 00 08{known}"


def _read_at_most(file: BufferedIOBase, count: int) -> bytearray:
    """Read in pieces, so that a promise costs no memory until it is kept."""
    content = bytearray()
    while count > len(content) and (piece := file.read(min(2**20, count - len(content)))):
        content += piece
    return content


def _held(path: Path, shape: tuple[int, ...], read: int) -> int:
    """Count the values of a file: of a plain one its size says it."""
    return read if _is_gzipped(path) else path.stat().st_size - 4 - 4 * len(shape)
