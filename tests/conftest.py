"""What the tests share."""

from pathlib import Path

import pytest
import torch
from hypothesis import settings

from vae_course import data

# The same examples every time, and no deadline, because tests share the cores.
settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")

# The four official .gz files, in a folder beside the project. Where it is absent, what needs it is skipped.
MIRROR = Path(__file__).parents[2] / "shared" / "data" / "MNIST" / "raw"


@pytest.fixture(autouse=True)
def data_home(tmp_path, monkeypatch):
    """Every test has a data folder of its own, and none touches the user's."""
    monkeypatch.setenv("VAE_COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture(scope="session")
def digits():
    return data.load_digits()


@pytest.fixture(scope="session")
def mirror():
    if not MIRROR.is_dir():
        pytest.skip(f"needs the full MNIST's .gz files in {MIRROR}")
    return MIRROR.as_uri()


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)
