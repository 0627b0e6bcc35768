"""The learner's own folder: made from the lessons, brought up to date, and opened in JupyterLab.

What is in the folder belongs to the learner. A lesson that has changed is written beside the older one.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from itertools import chain, count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from vae_course.digits.download import expanded
from vae_course.kit.answer_file import ANSWERS
from vae_course.kit.workspace import COURSE, lock, read_file, replace_text

PACKAGE = Path(__file__).resolve().parents[1]
# An installed package holds the lessons; in a clone they lie beside it.
INSTALLED = PACKAGE / "notebooks"
LESSONS = INSTALLED if INSTALLED.is_dir() else PACKAGE.parent / "notebooks"
DEFAULT = Path("my-course")
# What the kit reads: the file where right answers are kept.
SETTINGS = {"answers": ANSWERS}
BEFORE = "before "


def main(args: argparse.Namespace) -> int:
    """Make or update the learner's folder, and open it in JupyterLab."""
    folder = choose_folder(args.folder)
    start = update_folder(folder, args.fresh, args.with_outputs)
    return 0 if args.make_only else open_jupyterlab(folder, start, args.no_browser)


def choose_folder(asked: Path | None) -> Path:
    """Return the learner's folder; if none was asked for, this one if it is theirs already, or `my-course`.

    Raises:
        ValueError: it cannot be theirs.
    """
    try:
        folder = expanded(asked or (Path() if Path(COURSE).is_dir() else DEFAULT)).resolve()
    except RuntimeError as error:
        raise ValueError(f"{asked} is a link that leads to itself: name a folder") from error
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: name a folder")
    if any(folder.is_relative_to(own) for own in (PACKAGE, LESSONS)):
        raise ValueError(f"{folder} belongs to the course itself: name a folder of your own, such as ~/{DEFAULT}")
    if folder.is_dir() and not (folder / COURSE).is_dir() and any(not path.match(".*") for path in folder.iterdir()):
        raise ValueError(f"{folder} holds other files: name a new folder or an empty one, such as {folder / DEFAULT}")
    return folder


def update_folder(folder: Path, fresh: bool = False, with_outputs: bool = False) -> Path:
    """Write the lessons that the folder lacks, say which these are, and return the first lesson's notebook."""
    (folder / COURSE).mkdir(parents=True, exist_ok=True)
    with lock(folder, "lab"):
        settings = folder / COURSE / "course.json"
        if fresh and settings.exists():
            put_aside(folder)
        if not settings.exists():
            replace_text(settings, json.dumps(SETTINGS) + "\n")
        there, lessons = digests_in(folder), lessons_of_course(with_outputs)
        missing = {digest: lesson for digest, lesson in lessons.items() if digest not in there}
        for digest, lesson in missing.items():
            there[digest] = write_beside(folder, lesson)
    print(f"{folder}: {len(lessons)} notebooks, of them new: {len(missing)}", flush=True)
    return there[next(iter(lessons))]


def put_aside(folder: Path) -> None:
    """Move all that is in the folder, answers included, into a subfolder with the date; earlier ones stay."""
    aside = folder / f"{BEFORE}{datetime.now():%Y-%m-%d %H.%M.%S}"
    (aside / COURSE).mkdir(parents=True)
    for path in [*folder.iterdir(), *(folder / COURSE).iterdir()]:
        # Windows moves no folder with a lock that is held.
        if path.name not in (COURSE, "lab.lock") and not path.name.startswith(BEFORE):
            path.rename(aside / path.relative_to(folder))
    print(f"What was in {folder} is now in {aside.name}")


def digests_in(folder: Path) -> dict[str, Path]:
    """Find which versions of which lessons are in the folder, under whatever name: a notebook holds its digest."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.ipynb"), key=lambda path: (len(path.name), path.name)):
        # A notebook of the learner's own has no digest.
        with suppress(KeyError):
            try:
                found.setdefault(json.loads(read_file(path))["metadata"]["vae_course"]["digest"], path)
            except (OSError, ValueError, TypeError, RecursionError):
                print(f"{path.name} cannot be read as a notebook; it stays as it is")
    return found


def lessons_of_course(with_outputs: bool) -> dict[str, tuple[str, dict[str, Any]]]:
    """Read the course's lessons; return name and content of each, by its digest.

    Raises:
        FileNotFoundError: there are none.
    """
    lessons = {}
    for path in sorted(LESSONS.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if not with_outputs:
            clear_outputs(notebook)
        digest = digest_of(notebook)
        notebook["metadata"]["vae_course"] = {"lesson": path.stem, "digest": digest}
        # In a clone, JupyterLab would else write a .py beside it, as it does for the course's authors.
        notebook["metadata"]["jupytext"] = {"formats": "ipynb"}
        lessons[digest] = path.stem, notebook
    if not lessons:
        raise FileNotFoundError(f"{LESSONS}: the lessons are not there; install the course again")
    return lessons


def clear_outputs(notebook: dict[str, Any]) -> None:
    """Take away all outputs and execution counts."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None


def digest_of(notebook: dict[str, Any]) -> str:
    """Compute a digest of what an author writes: executing a lesson again does not make another version of it."""
    written = [[cell["cell_type"], "".join(cell["source"])] for cell in notebook["cells"]]
    return sha256(json.dumps(written).encode()).hexdigest()


def write_beside(folder: Path, lesson: tuple[str, dict[str, Any]]) -> Path:
    """Write a lesson under the first name that is free, and say so if it is not the lesson's own name."""
    name, notebook = lesson
    names = chain([name, f"{name} (new)"], (f"{name} (new {i})" for i in count(2)))
    path = next(path for name in names if not os.path.lexists(path := folder / f"{name}.ipynb"))
    replace_text(path, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    if path.stem != name:
        print(f"{path.name} is the course's present version; your {name}.ipynb stays as it is")
    return path


def open_jupyterlab(folder: Path, start: Path, no_browser: bool) -> int:
    """Run JupyterLab in the folder until it ends, and return its exit status."""
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    command += [f"--LabApp.default_url=/lab/tree/{quote(start.name)}"]
    command += ["--no-browser"] if no_browser else []
    # Containers run as root.
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with subprocess.Popen(command) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        while True:
            # JupyterLab gets Ctrl-C, too, and asks whether it is meant.
            with suppress(KeyboardInterrupt):
                return server.wait()
