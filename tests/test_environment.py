"""pyproject.toml, constraints.txt and environment.yml must not drift apart."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = project["optional-dependencies"]
requirements = [Requirement(text) for text in project["dependencies"] + extras["test"]]
others = [Requirement(text) for name in ("browser", "lint", "site", "pack") for text in extras[name]]
everything = requirements + others


def constraints(name="constraints.txt"):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): str(pin.specifier) for pin in pins}


@pytest.mark.parametrize("requirement", everything, ids=lambda requirement: requirement.name)
def test_every_dependency_is_pinned_inside_its_range(requirement):
    pin = constraints()[canonicalize_name(requirement.name)]
    assert pin.startswith("==")
    assert requirement.specifier.contains(pin.removeprefix("=="))


def test_pre_commit_takes_the_pinned_versions():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    tools = {Path(hook["repo"]).name.removesuffix("-pre-commit"): hook["rev"].removeprefix("v") for hook in hooks}
    shared = tools.keys() & constraints().keys()
    assert shared == {"codespell", "nbstripout", "ruff", "zizmor"}
    assert {name: f"=={tools[name]}" for name in shared} == {name: constraints()[name] for name in shared}


def test_one_version_stands_in_the_package_the_changelog_and_the_citation():
    newest = re.search(r"^## \[(\d.*?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)[1]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert project["version"] == newest == citation["version"]


def test_pins_name_no_local_builds():
    assert not [name for name, pin in constraints().items() if "+" in pin or not pin.startswith("==")]


def test_the_oldest_versions_are_the_lower_ends_of_the_ranges():
    lower_ends = {canonicalize_name(r.name): str(r.specifier).replace(">=", "==") for r in requirements}
    assert constraints("constraints-oldest.txt") == lower_ends


def test_the_audit_looks_at_all_pins_and_is_run_by_the_workflow_alone():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\naudit:")[1].split("\n\n")[0]
    assert "pip-audit --requirement constraints.txt" in recipe
    jobs = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))["jobs"]
    runs = {name for name, job in jobs.items() if any(step.get("run") == "make audit" for step in job["steps"])}
    assert runs == {"audit"}
    assert "schedule" in jobs["audit"]["if"]


def conda():
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_conda_installs_the_course_with_the_tested_versions_and_adds_none_of_its_own():
    *from_conda, last = conda()["dependencies"]
    assert [text.partition("=")[0] for text in from_conda] == ["python", "pip"]
    assert last["pip"][1:] == ["--constraint constraints.txt", "--editable .[test]"]


def test_conda_takes_a_python_that_the_package_accepts():
    python = conda()["dependencies"][0]
    assert Requirement(f"python{project['requires-python']}").specifier.contains(python.removeprefix("python="))
