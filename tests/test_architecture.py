"""The package's floors: a module imports only from those below it, so it can be read from the bottom up."""

import ast
import re
from pathlib import Path

from vae_course.cli.options import two_lines
from vae_course.elbo import kl_divergence
from vae_course.kit.figures import digit_grid

import pytest
import torch
from jaxtyping import TypeCheckError

PACKAGE = Path(__file__).parents[1] / "vae_course"
FLOORS = [
    {"addresses"},
    {"files", "checks"},
    {"digits"},
    {"data"},
    {"encoder"},
    {"reparameterization"},
    {"decoder"},
    {"elbo"},
    {"vae"},
    {"training"},
    {"beta"},
    {"evaluation"},
    {"clinic"},
    {"latent_space"},
    {"sample_quality"},
    {"conditional"},
    {"likelihood"},
    {"prior"},
    {"extras"},
    {"verification", "unfinished"},
    {"checkpoints"},
    {"kit"},
    {"lessons", "cli"},
    {"__main__"},
]
HEIGHT = {module: height for height, floor in enumerate(FLOORS) for module in floor}


def modules_imported_by(path):
    """The modules of the package that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "vae_course":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vae_course."):
            yield node.module.split(".")[1]


FILES = sorted(PACKAGE.rglob("*.py"))


def test_every_module_has_its_floor():
    modules = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES} - {"__init__"}
    assert modules == set(HEIGHT), "add every module of vae_course to FLOORS, above; take away what is gone"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_torchvision_is_imported_only_by_what_fetches_mnist(path):
    """It brings torch's compiler with it, and so takes longer than torch: a lesson starts without it."""
    imports = re.findall(r"^(?:from|import) .*torchvision.*", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert path.stem == "torchvision_compat" or not imports


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_import_only_from_the_floors_below(path):
    here = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if here == "__init__":
        assert not list(modules_imported_by(path))
        return
    for imported in modules_imported_by(path):
        assert imported == here or HEIGHT[imported] < HEIGHT[here], f"{path.name} imports {imported}"


def test_the_kit_imports_of_the_course_only_what_its_readme_names():
    """Another course can copy it, with these two files."""
    kit = (PACKAGE / "kit").rglob("*.py")
    assert {imported for path in kit for imported in modules_imported_by(path)} == {"kit", "addresses", "files"}


APPARATUS = [path for path in FILES if path.parent.parent == PACKAGE / "lessons"]
WORDS = {path.parent.name for path in APPARATUS}


@pytest.mark.parametrize("path", APPARATUS, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_lesson_imports_from_another(path):
    """What two lessons share lies in `lessons` itself."""
    source = path.read_text(encoding="utf-8")
    imported = re.findall(r"(?:from|import) +vae_course\.lessons(?:\.| +import +)(\w+)", source)
    assert not WORDS.intersection(imported) - {path.parent.name}


def test_the_tests_check_shapes_and_types():
    with pytest.raises(TypeCheckError, match="kl_divergence"):
        kl_divergence(torch.zeros(2, 3), torch.zeros(2, 4))
    with pytest.raises(TypeCheckError, match="digit_grid"):
        digit_grid(torch.zeros(2, 3))
    with pytest.raises(TypeCheckError, match="two_lines"):
        two_lines(3)
