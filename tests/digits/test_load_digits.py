import gzip
import os
import shutil
import warnings

from vae_course.digits import EMBEDDED, STEMS, load_digits
from vae_course.digits.download import data_home as home_of_data
from vae_course.digits.idx import write_idx

import numpy as np
import pytest
import torch


def write_folder(folder, images, labels=None, suffix=".gz"):
    """The same images and labels as training and as test digits; without labels, all of them are 3."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.full(len(images), 3, "u1") if labels is None else labels
    for stem, array in zip(STEMS, (images, labels, images, labels), strict=True):
        write_idx(folder / f"{stem}{suffix}", np.asarray(array, "u1"))
    return folder


@pytest.fixture
def images(digits):
    return digits.train_images[:20].numpy()


def test_pixels_of_0_and_1_are_read_as_black_and_white_and_it_is_said(tmp_path, images):
    ones = write_folder(tmp_path / "ones", images >= 128)
    with pytest.warns(UserWarning, match="ones: its pixels are all 0 or 1, and are read as black and white"):
        read = load_digits(ones)
    assert torch.equal(read.train_images, torch.from_numpy((images >= 128) * np.uint8(255)))
    assert read.digest == load_digits(write_folder(tmp_path / "whites", (images >= 128) * 255)).digest


@pytest.mark.parametrize("white", [0, 2, 15, 16, 100, 127])
def test_pixels_of_an_unknown_scale_are_refused_with_what_to_do(tmp_path, images, white):
    folder = write_folder(tmp_path / "dim", (images / 255 * white).astype(np.uint8))
    with pytest.raises(ValueError, match=rf"dim: pixels must be .* training pixel is {white},.*255 / WHITE"):
        load_digits(folder)


def test_training_and_test_pixels_of_two_scales_are_refused(tmp_path, images):
    folder = write_folder(tmp_path / "mixed", images)
    write_idx(folder / f"{STEMS[2]}.gz", (images >= 128).astype("u1"))
    with pytest.raises(ValueError, match="whitest training pixel is 255, and its whitest test pixel 1"):
        load_digits(folder)


def test_no_warning_where_nothing_is_changed(tmp_path, images):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_digits(write_folder(tmp_path / "grey", images))
        load_digits()


def test_the_digest_knows_the_content_and_not_the_place(tmp_path, images):
    here = load_digits(write_folder(tmp_path / "here", images))
    there = load_digits(write_folder(tmp_path / "there", images))
    assert here.digest == there.digest
    assert here.name != there.name
    changed = images.copy()
    changed[0, 14, 14] ^= 1
    others = [
        load_digits(write_folder(tmp_path / "pixel", changed)),
        load_digits(write_folder(tmp_path / "label", images, np.arange(20) % 10)),
        load_digits(write_folder(tmp_path / "fewer", images[:-1])),
        load_digits(),
    ]
    assert len({digits.digest for digits in (here, *others)}) == 5


LAYOUTS = {
    "gzipped under the plain name": lambda folder, stem: (folder / f"{stem}.gz").rename(folder / stem),
    "as Kaggle unpacks it": lambda folder, stem: into_a_folder(folder, stem, stem),
    "in a folder, still packed": lambda folder, stem: into_a_folder(folder, stem, f"{stem}.gz"),
    "with a dot": lambda folder, stem: (folder / f"{stem}.gz").rename(folder / stem.replace("-idx", ".idx")),
}


def into_a_folder(folder, stem, name):
    (folder / stem).mkdir()
    packed = folder / f"{stem}.gz"
    content = packed.read_bytes()
    packed.unlink()
    (folder / stem / name).write_bytes(content if name.endswith(".gz") else gzip.decompress(content))


@pytest.mark.parametrize("change", LAYOUTS.values(), ids=LAYOUTS)
def test_a_folder_is_read_as_archives_unpack_it(tmp_path, images, change):
    folder = write_folder(tmp_path / "digits", images)
    expected = load_digits(folder).digest
    for stem in STEMS:
        change(folder, stem)
    assert load_digits(folder).digest == expected


def test_a_folder_above_is_told_where_the_files_are(tmp_path, images):
    raw = write_folder(tmp_path / "FashionMNIST" / "raw", images)
    for folder in (tmp_path, tmp_path / "FashionMNIST"):
        with pytest.raises(FileNotFoundError, match=rf"has no train-images.*; {raw} has it, so name that folder"):
            load_digits(folder)


def test_other_names_are_told(tmp_path, images):
    write_folder(tmp_path, images)
    for stem in STEMS:
        (tmp_path / f"{stem}.gz").rename(tmp_path / f"emnist-letters-{stem}.gz")
    with pytest.raises(FileNotFoundError, match=r"it has emnist-letters-t10k-images-idx3-ubyte\.gz, .*: rename"):
        load_digits(tmp_path)


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_file_that_is_missing_does_not_make_the_others_names_wrong(tmp_path, images, is_folder):
    write_folder(tmp_path, images)
    (tmp_path / f"{STEMS[3]}.gz").unlink()
    if is_folder:
        (tmp_path / f"{STEMS[3]}.gz").mkdir()
    with pytest.raises(FileNotFoundError, match=r"one of the four files of an MNIST-format folder$"):
        load_digits(tmp_path)


def test_a_path_that_is_none_is_told():
    with pytest.raises(ValueError, match=r"source='a\\x00b' is neither .*: .*null"):
        load_digits("a\0b")


@pytest.mark.parametrize("source", ["", " ", "\t"])
def test_an_empty_source_is_refused(source):
    with pytest.raises(ValueError, match="neither 'embedded', nor 'mnist', nor a folder: it is empty"):
        load_digits(source)


def test_a_file_is_told_to_be_none(tmp_path):
    (tmp_path / "images.gz").touch()
    with pytest.raises(ValueError, match=f"it is a file; name its folder, {tmp_path}"):
        load_digits(tmp_path / "images.gz")


def test_a_link_to_itself_is_told(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises((ValueError, OSError), match="loop"):
        load_digits(tmp_path / "loop")


def test_a_home_that_is_none_is_told(monkeypatch):
    with pytest.raises(FileNotFoundError, match="there is no such home folder; write the path in full"):
        load_digits("~nobody of this name/digits")
    monkeypatch.setenv("VAE_COURSE_DATA", "~nobody of this name/digits")
    with pytest.raises(FileNotFoundError, match="there is no such home folder"):
        home_of_data()


@pytest.mark.skipif(os.name == "nt", reason="Windows finds a home folder otherwise")
def test_a_user_without_a_home_is_told_what_to_set(monkeypatch, digits):
    def nobody(number):
        raise KeyError(number)

    for name in ("HOME", "VAE_COURSE_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(FileNotFoundError, match="no home folder: set HOME, or set VAE_COURSE_DATA"):
        load_digits("mnist")
    assert load_digits().digest == digits.digest


def test_headers_are_compared_before_a_file_is_read(tmp_path, images):
    """A label file of 100 GB beside twenty images is refused by its header."""
    folder = write_folder(tmp_path / "digits", images)
    (folder / f"{STEMS[1]}.gz").unlink()
    count = 700_000_000
    (folder / STEMS[1]).write_bytes(b"\0\0\x08\x01" + count.to_bytes(4, "big"))
    os.truncate(folder / STEMS[1], 8 + count)
    with pytest.raises(ValueError, match=rf"found images \[20, 28, 28\] and labels \[{count}\]"):
        load_digits(folder)


def test_four_files_that_promise_too_much_together_are_refused_by_their_headers(tmp_path, images):
    folder, count = write_folder(tmp_path / "digits", images), 500_000
    for stem in STEMS:
        (folder / f"{stem}.gz").unlink()
        shape = (count, 28, 28) if "images" in stem else (count,)
        header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
        (folder / stem).write_bytes(header)
    with pytest.raises(ValueError, match="promise more than 700,000,000 values in all, which is no set of digits"):
        load_digits(folder)


def test_the_embedded_folder_can_be_named_by_its_path(tmp_path, digits):
    shutil.copytree(EMBEDDED, tmp_path / "copy")
    assert load_digits(tmp_path / "copy").digest == digits.digest
