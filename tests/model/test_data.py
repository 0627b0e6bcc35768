import gzip
import socket
import struct

from vae_course.data import BINARIZATIONS, binarize, binarize_once, check_binarization, grey
from vae_course.digits import EMBEDDED, load_digits
from vae_course.digits.download import fetch_mnist
from vae_course.digits.idx import read_idx

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st


def test_embedded_digits_are_balanced_and_distinct(digits):
    assert digits.train_images.shape == (4000, 28, 28)
    assert digits.test_images.shape == (1000, 28, 28)
    assert digits.train_labels.bincount().tolist() == [400] * 10
    assert digits.test_labels.bincount().tolist() == [100] * 10
    everything = torch.cat([digits.train_images, digits.test_images]).flatten(1)
    assert len(everything.unique(dim=0)) == 5000


def test_embedded_digits_are_under_a_megabyte():
    assert sum(file.stat().st_size for file in EMBEDDED.glob("*.gz")) < 1e6


def test_embedded_digits_need_no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert load_digits().name == "embedded"


def test_embedded_digits_are_of_mnists_training_set_alone(mirror, digits):
    fetch_mnist(mirror)
    mnist = load_digits("mnist")
    assert (len(mnist.train_images), len(mnist.test_images)) == (60_000, 10_000)
    embedded = {image.numpy().tobytes() for image in torch.cat([digits.train_images, digits.test_images])}
    assert embedded <= {image.numpy().tobytes() for image in mnist.train_images}
    assert not embedded & {image.numpy().tobytes() for image in mnist.test_images}


def test_grey_scales_and_adds_the_channel(digits):
    images = grey(digits.train_images)
    assert images.shape == (4000, 1, 28, 28)
    assert (images.min(), images.max()) == (0, 1)


@given(st.floats(0, 1, allow_subnormal=False), st.integers(0, 2**32))
def test_binarize_draws_zeros_and_ones_at_the_pixels_rate(rate, seed):
    draws = binarize(torch.full((10_000,), rate), torch.Generator().manual_seed(seed))
    assert set(draws.unique().tolist()) <= {0.0, 1.0}
    # Six standard errors: a deviation met once in 500 million draws.
    assert abs(draws.mean().item() - rate) <= 6 * (rate * (1 - rate) / 10_000) ** 0.5 + 1e-3


def test_binarize_is_fixed_by_the_generator(digits):
    images = grey(digits.test_images[:10])
    first, again = (binarize(images, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, binarize(images, torch.Generator().manual_seed(2)))


@pytest.mark.parametrize("bad", [-0.1, 1.01, 255.0, float("nan")])
def test_binarize_refuses_values_outside_the_unit_range(bad, generator):
    with pytest.raises(ValueError, match=r"images: values must lie in \[0, 1\], found"):
        binarize(torch.tensor([0.5, bad]), generator)


@pytest.mark.parametrize(("low", "high", "advised"), [(0.0, 255.0, True), (-1.0, 1.0, False), (0.0, 4000.0, False)])
def test_division_by_255_is_advised_where_it_helps(low, high, advised, generator):
    with pytest.raises(ValueError, match="found") as error:
        binarize(torch.tensor([low, high]), generator)
    assert ("divide bytes by 255" in str(error.value)) == advised


@pytest.mark.parametrize("binarization", BINARIZATIONS)
def test_binarize_once_keeps_bytes(binarization, digits, generator):
    once = binarize_once(digits.test_images, binarization, generator)
    assert once.dtype == torch.uint8
    if binarization == "grey":
        assert torch.equal(once, digits.test_images)
    else:
        assert set(once.unique().tolist()) == {0, 255}
        assert abs(once.float().mean() - digits.test_images.float().mean()) < 5


def test_an_unknown_binarization_is_told_the_choices():
    with pytest.raises(ValueError, match="binarization='fuzzy': choose one of dynamic, static, threshold, grey"):
        check_binarization("fuzzy")


def idx(*shape, magic=b"\0\0\x08", extra=b""):
    size = torch.Size(shape).numel()
    return magic + bytes([len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + bytes(size) + extra


BAD_FILES = {
    "truncated gz": ("a.gz", gzip.compress(idx(2, 28, 28))[:-9], "truncated or corrupted"),
    "corrupted gz": ("a.gz", gzip.compress(idx(2, 28, 28))[:12] + b"\xff" * 40, "truncated or corrupted"),
    "not a gz": ("a.gz", b"<html>404</html>", "truncated or corrupted"),
    "empty": ("a", b"", "no IDX file"),
    "wrong magic number": ("a", idx(2, 28, 28, magic=b"\x89PN"), "no IDX file of bytes: it starts with 89 50 4e"),
    "floats": ("a", idx(2, magic=b"\0\0\x0d"), "no IDX file of bytes"),
    "cut in the header": ("a", idx(2, 28, 28)[:9], "ends inside its header"),
    "cut in the values": ("a", idx(2, 28, 28)[:-1], "should hold 1,568 values, it holds 1,567"),
    "too long": ("a", idx(2, 28, 28, extra=b"!"), "should hold 1,568 values, it holds 1,569"),
}


@pytest.mark.parametrize(("name", "content", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_damaged_files_are_named_and_kept(name, content, message, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as raised:
        read_idx(path)
    assert str(path) in str(raised.value)
    assert path.read_bytes() == content


def write_folder(folder, images=3, labels=3, zipped=True, side=28):
    folder.mkdir()
    white = idx(images, side, side)[:16] + b"\xff" * (images * side * side)
    for split in ("train", "t10k"):
        for kind, content in (("images-idx3", white), ("labels-idx1", idx(labels))):
            path = folder / f"{split}-{kind}-ubyte{'.gz' if zipped else ''}"
            path.write_bytes(gzip.compress(content) if zipped else content)
    return folder


@pytest.mark.parametrize("zipped", [True, False])
def test_any_folder_of_idx_files_loads_by_its_path(tmp_path, zipped):
    digits = load_digits(write_folder(tmp_path / "kmnist", zipped=zipped))
    assert digits.name == str(tmp_path / "kmnist")
    assert digits.train_images.shape == (3, 28, 28)
    assert digits.test_labels.tolist() == [0, 0, 0]


def test_an_empty_folder_is_told_what_it_lacks(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no train-images-idx3-ubyte\.gz"):
        load_digits(tmp_path)


def test_an_unknown_source_is_told_the_choices():
    with pytest.raises(ValueError, match="source='minst' is neither 'embedded', nor 'mnist', nor a folder"):
        load_digits("minst")


@pytest.mark.parametrize("wrong", [{"labels": 2}, {"side": 27}, {"images": 0, "labels": 0}])
def test_images_and_labels_must_fit(tmp_path, wrong):
    with pytest.raises(ValueError, match=r"images must be \[N, 28, 28\], N at least 1, with a label each"):
        load_digits(write_folder(tmp_path / "odd", **wrong))
