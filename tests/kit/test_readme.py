"""The example of the kit's README runs, and prints what stands below it."""

import re
import subprocess
import sys
from pathlib import Path

from vae_course import kit

README = Path(kit.__file__).with_name("README.md")


def test_the_example_prints_what_the_readme_says(tmp_path):
    code, printed = re.findall(r"```(?:python)?\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-X", "utf8", script], capture_output=True, encoding="utf-8", check=False, timeout=300
    )
    assert result.stdout == printed, result.stderr


def test_it_names_every_module():
    modules = {path.name for path in README.parent.glob("*.py")} - {"__init__.py"}
    assert modules == set(re.findall(r"^\| `(\w+\.py)`", README.read_text(encoding="utf-8"), re.MULTILINE))
