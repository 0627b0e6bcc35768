import os
import subprocess
import sys

from vae_course.digits import torchvision_compat

import pytest


def test_the_python_half_works():
    assert len(torchvision_compat.MNIST.resources) == 4


def import_with(stub, tmp_path):
    """Import the module in a fresh Python that finds a torchvision of ours first."""
    package = tmp_path / "torchvision"
    (package / "datasets").mkdir(parents=True)
    (package / "__init__.py").write_text(stub)
    (package / "datasets" / "__init__.py").write_text("MNIST = None")
    (package / "datasets" / "utils.py").write_text("check_integrity = None")
    code = "from vae_course.digits import torchvision_compat; print(torchvision_compat.mismatch)"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


NEEDS_OPERATORS = """
import torch
if not hasattr(torch.ops.torchvision, "nms"):
    raise RuntimeError("operator torchvision::nms does not exist")
"""


@pytest.mark.parametrize(
    ("stub", "printed"), [(NEEDS_OPERATORS, "True"), ("", "False")], ids=["built for another torch", "matching"]
)
def test_a_mismatch_is_mended_and_told(stub, printed, tmp_path):
    assert import_with(stub, tmp_path).stdout.strip() == printed


def test_another_failure_is_not_hidden(tmp_path):
    result = import_with("raise RuntimeError('the disk is on fire')", tmp_path)
    assert result.returncode != 0
    assert "the disk is on fire" in result.stderr
