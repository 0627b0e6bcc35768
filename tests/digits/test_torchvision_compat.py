import subprocess
import sys

from vae_course.digits import torchvision_compat


def test_the_python_half_works():
    assert len(torchvision_compat.MNIST.resources) == 4


IMPORTS = """
import importlib, sys, torch
for folder in sys.argv[1:]:
    sys.path.insert(0, folder)
    print(importlib.import_module("vae_course.digits.torchvision_compat").mismatch)
    sys.path.remove(folder)
    for name in [name for name in sys.modules if "torchvision" in name]:
        del sys.modules[name]
"""
NEEDS_OPERATORS = """
import torch
if not hasattr(torch.ops.torchvision, "nms"):
    raise RuntimeError("operator torchvision::nms does not exist")
"""
FAILS_OTHERWISE = "raise RuntimeError('the disk is on fire')"


def stub(folder, content):
    """A torchvision of ours."""
    package = folder / "torchvision"
    (package / "datasets").mkdir(parents=True)
    (package / "__init__.py").write_text(content)
    (package / "datasets" / "__init__.py").write_text("MNIST = None")
    return folder


def test_a_mismatch_is_mended_and_told_and_another_failure_is_not_hidden(tmp_path):
    """The module is imported in a fresh Python beside one torchvision after the other: torch takes long to load."""
    folders = [stub(tmp_path / str(i), content) for i, content in enumerate((NEEDS_OPERATORS, "", FAILS_OTHERWISE))]
    result = subprocess.run([sys.executable, "-c", IMPORTS, *folders], capture_output=True, text=True, check=False)
    assert result.stdout.split() == ["True", "False"], "built for another torch, and matching"
    assert result.returncode != 0
    assert "the disk is on fire" in result.stderr
