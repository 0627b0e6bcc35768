"""What the tests share."""

from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

# The same examples every time, and no deadline, because tests share the cores.
settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")

# May hold the four official .gz files, as the user's own folder may. What needs them is else skipped.
BESIDE = Path(__file__).parents[2] / "shared" / "data"
COURSE = Path(__file__).parents[1] / "vae_course"


def pytest_collectstart():
    """Prepare a process that runs tests; one that only hands them out to others does not come here."""
    check_shapes_and_types()


@cache
def check_shapes_and_types():
    """Let jaxtyping check the course's signatures.

    Its hook has all that the course imports compiled again, in each process. So the large libraries come first, after
    the course's first file, which torch is to follow.
    """
    import vae_course  # noqa: F401

    import matplotlib.pyplot  # noqa: F401
    import torch._dynamo  # noqa: F401

    install_import_hook(list(checked_modules()), "beartype.beartype")


def checked_modules():
    """Name the modules whose signatures the tests check: all, but of the kit and the lessons only those with shapes.

    A check of an answer calls hundreds of small functions, and to check a call takes longer than most of them.
    """
    for path in COURSE.rglob("*.py"):
        module = path.relative_to(COURSE.parent).with_suffix("")
        if module.parts[1] not in ("__init__", "kit", "lessons") or "jaxtyping" in path.read_text(encoding="utf-8"):
            yield ".".join(module.parts).removesuffix(".__init__")


@pytest.fixture(autouse=True)
def data_home(tmp_path_factory, monkeypatch):
    """Every test has a data folder of its own, which is not made yet, and none touches the user's.

    It does not lie in `tmp_path`, since to make that for each of thousands of answers takes longer than to check them.
    """
    folder = tmp_path_factory.getbasetemp() / f"data-{uuid4().hex}"
    monkeypatch.setenv("VAE_COURSE_DATA", str(folder))
    return folder


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
