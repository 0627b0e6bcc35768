"""Give the course another address, as a fork does: python tools/addresses.py OWNER/NAME.

It changes `vae_course/addresses.py`, and every file that repeats the address: the README, and the executed lessons.
"""

import re
import subprocess
import sys
from pathlib import Path

from vae_course import addresses

ROOT = Path(__file__).parents[1]


def main(repository: str) -> None:
    """Write the new address wherever the old one stands."""
    if not re.fullmatch(r"[\w-]+/[\w.-]+", repository):
        sys.exit(f"{repository!r} must be OWNER/NAME, as in the address of a repository on GitHub")
    owner, name = repository.split("/")
    changes = {
        addresses.REPOSITORY: repository,
        addresses.SITE: f"https://{owner.lower()}.github.io/{name}/",
    }
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for path in (ROOT / file for file in files if file.endswith((".py", ".md", ".ipynb", ".cff"))):
        old = new = path.read_text(encoding="utf-8")
        for before, after in changes.items():
            new = new.replace(before, after)
        if new != old:
            path.write_text(new, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main(*sys.argv[1:])
