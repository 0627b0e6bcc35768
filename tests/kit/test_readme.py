"""The examples of the kit's README run, one after the other, and print what stands below each."""

import re
import subprocess
import sys
from pathlib import Path

from vae_course import kit

README = Path(kit.__file__).with_name("README.md")


def test_the_examples_print_what_the_readme_says(tmp_path):
    blocks = re.findall(r"```(?:python)?\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    script = tmp_path / "example.py"
    script.write_text("\n".join(blocks[::2]), encoding="utf-8")
    python = [sys.executable, "-X", "utf8", script]
    result = subprocess.run(python, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=300)
    assert result.stdout == "".join(blocks[1::2]), result.stderr


def test_it_names_every_module():
    modules = {path.name for path in README.parent.glob("*.py")} - {"__init__.py"}
    assert modules == set(re.findall(r"^\| `(\w+\.py)`", README.read_text(encoding="utf-8"), re.MULTILINE))
