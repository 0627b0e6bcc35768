"""What the tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time, and no deadline, because tests share the cores.
settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")

# May hold the four official .gz files, as the user's own folder may. What needs them is else skipped.
BESIDE = Path(__file__).parents[2] / "shared" / "data"


def pytest_collectstart():
    """Load the large libraries before the course, but for its first file, which torch is to follow.

    The hook by which jaxtyping checks shapes has all that the course imports compiled again, in each process. A process
    that only hands out tests to others does not come here.
    """
    import vae_course  # noqa: F401

    import matplotlib.pyplot  # noqa: F401
    import torch._dynamo  # noqa: F401


@pytest.fixture(autouse=True)
def data_home(tmp_path, monkeypatch):
    """Every test has a data folder of its own, and none touches the user's."""
    monkeypatch.setenv("VAE_COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture(scope="session")
def digits():
    from vae_course.digits import load_digits

    return load_digits()


@pytest.fixture(scope="session")
def mirror():
    from vae_course.digits.download import data_home, missing_mnist_files

    # A fixture of the session comes before those of a test: this is still the user's own folder.
    for folder in (home / "MNIST" / "raw" for home in (BESIDE, data_home())):
        if not missing_mnist_files(folder):
            return folder.resolve().as_uri()
    pytest.skip("needs the full MNIST: python -m vae_course data")


@pytest.fixture
def generator():
    import torch

    return torch.Generator().manual_seed(0)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A learner's folder, which is the current one."""
    (tmp_path / ".course").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path
