"""What the tests share."""

from pathlib import Path

import vae_course  # noqa: F401

import matplotlib.pyplot  # noqa: F401
import torch._dynamo

# isort: split
# The hook by which jaxtyping checks shapes has all that the course imports compiled again, in each process. So the
# large libraries come before the course, but for its first file, which torch is to follow.
from vae_course.digits import load_digits
from vae_course.digits.download import data_home as users_data_home
from vae_course.digits.download import missing_mnist_files

import pytest
import torch
from hypothesis import settings

# The same examples every time, and no deadline, because tests share the cores.
settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")

# The four official .gz files, in a folder beside the project, or the user's own. What needs them is else skipped.
PLACES = (Path(__file__).parents[2] / "shared" / "data" / "MNIST" / "raw", users_data_home() / "MNIST" / "raw")
MIRROR = next((folder.resolve() for folder in PLACES if not missing_mnist_files(folder)), None)


@pytest.fixture(autouse=True)
def data_home(tmp_path, monkeypatch):
    """Every test has a data folder of its own, and none touches the user's."""
    monkeypatch.setenv("VAE_COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture(scope="session")
def digits():
    return load_digits()


@pytest.fixture(scope="session")
def mirror():
    if MIRROR is None:
        pytest.skip("needs the full MNIST: python -m vae_course data")
    return MIRROR.as_uri()


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A learner's folder, which is the current one."""
    (tmp_path / ".course").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path
