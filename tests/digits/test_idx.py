import bz2
import gzip
import io
import os
import struct
import zipfile
from pathlib import Path

from vae_course.digits.idx import MOST_VALUES, read_idx, read_idx_shape, write_idx

import numpy as np
import pytest


def header(*shape, kind=0x08):
    return bytes([0, 0, kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


LABELS = header(3) + bytes([7, 8, 9])


@pytest.mark.parametrize("name", ["labels", "labels.gz"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_file_is_read_by_what_it_is_whatever_its_name_says(tmp_path, name, packed):
    (tmp_path / name).write_bytes(gzip.compress(LABELS) if packed else LABELS)
    assert read_idx(tmp_path / name).tolist() == [7, 8, 9]
    assert read_idx_shape(tmp_path / name) == (3,)


def test_what_is_written_is_read_again(tmp_path):
    array = np.arange(24, dtype="u1").reshape(2, 3, 4)
    write_idx(tmp_path / "a.gz", array)
    assert read_idx(tmp_path / "a.gz").tolist() == array.tolist()


@pytest.mark.parametrize("kind", ["f8", "i8", "?"])
def test_what_are_no_bytes_is_not_written(tmp_path, kind):
    with pytest.raises(ValueError, match=r"hold bytes, found \w+; give array.astype\('uint8'\)"):
        write_idx(tmp_path / "a.gz", np.zeros((2, 28, 28), kind))
    assert not list(tmp_path.iterdir())


def test_a_file_of_no_values_is_read(tmp_path):
    (tmp_path / "a").write_bytes(header(0, 28, 28))
    assert read_idx(tmp_path / "a").shape == (0, 28, 28)


def zipped():
    archive = io.BytesIO()
    zipfile.ZipFile(archive, "w").writestr("labels", LABELS)
    return archive.getvalue()


STRANGERS = {
    "empty": (b"", "is no IDX file of bytes: it is empty"),
    "zip": (zipped(), "It is a zip archive: unpack it"),
    "bzip2": (bz2.compress(LABELS), "a bzip2 file: unpack it"),
    "twice gzipped": (gzip.compress(gzip.compress(LABELS)), "gzipped twice: unpack it once"),
    "web page": (b"\n<!DOCTYPE html><html>404</html>", "a web page: fetch the file itself"),
    "git lfs": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "numpy": (b"\x93NUMPY\x01\x00", "a numpy file"),
    "floats": (header(3, kind=0x0D) + bytes(12), "it holds floats; store pixels as bytes 0 to 255"),
    "integers": (header(3, kind=0x0C) + bytes(12), "it holds 32-bit integers"),
    "signed": (header(3, kind=0x09) + bytes(3), "it holds signed bytes"),
    "254 axes": (b"\0\0\x08\xfe" + bytes(4 * 254), "its header promises 254 axes, where images have 3"),
    "sizes that multiply to nothing": (
        header(2**32 - 1, 0, 2**32 - 1),
        "its header promises 4294967295 × 0 × 4",
    ),
    "too much": (header(2**31 - 1, 28, 28), "at most 700,000,000 are read"),
    "an empty file, gzipped": (gzip.compress(b""), "no IDX file of bytes"),
    "gzipped and too long": (gzip.compress(LABELS + b"!"), "should hold 3 values, it holds more"),
    "gzipped and too short": (gzip.compress(LABELS[:-1]), "should hold 3 values, it holds 2"),
    "gzipped and rubbish behind it": (gzip.compress(LABELS) + b"rubbish", "truncated or corrupted"),
}


@pytest.mark.parametrize("name", ["a", "a.gz"])
@pytest.mark.parametrize(("content", "message"), STRANGERS.values(), ids=STRANGERS)
def test_what_is_no_idx_file_is_called_by_its_name(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as raised:
        read_idx(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


@pytest.fixture
def little_memory():
    """Half a gigabyte more than there is in use, so that a size that is believed is an error at once."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**29, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the size of a process is read as Linux tells it")
@pytest.mark.usefixtures("little_memory")
def test_no_more_is_read_than_the_header_promises(tmp_path):
    # 2 GB of zeros in 2 MB, behind a header that promises three labels.
    bomb = tmp_path / "bomb.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        file.write(LABELS)
    member = gzip.compress(bytes(2**24), compresslevel=1)
    with bomb.open("ab") as file:
        for _ in range(128):
            file.write(member)
    with pytest.raises(ValueError, match="should hold 3 values, it holds more"):
        read_idx(bomb)
    sparse = tmp_path / "sparse"
    sparse.write_bytes(LABELS)
    os.truncate(sparse, 100 * 10**9)
    with pytest.raises(ValueError, match="should hold 3 values, it holds 99,999,999,992"):
        read_idx(sparse)
    # A promise costs nothing until it is kept.
    for name, content in (("plain", header(MOST_VALUES) + b"1"), ("packed", gzip.compress(header(MOST_VALUES) + b"1"))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=r"should hold 700,000,000 values, it holds 1$"):
            read_idx(tmp_path / name)
