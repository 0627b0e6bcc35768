"""Seconds for which one core computes in each section of every lesson, for the teacher's routes.

PYTHONPATH=tools python benchmarks/computing.py [LESSON…]

The processor's time is taken, not the clock's, so that other programs disturb little.
"""

import io
import json
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import chdir, redirect_stdout
from multiprocessing import get_context
from pathlib import Path
from time import process_time

import lesson
from IPython.core.interactiveshell import InteractiveShell
from machine import processor

OUT = Path(__file__).with_suffix(".json")


def main(names: list[str]) -> None:
    """Execute the lessons one after the other, each in a process of its own, and keep what they took."""
    paths = [path for path in lesson.LESSONS if not names or path.stem in names]
    kept = json.loads(OUT.read_text(encoding="utf-8"))["seconds"] if names else {}
    os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for path, found in zip(paths, pool.map(seconds, paths), strict=True):
            kept[path.stem] = found
    OUT.write_text(json.dumps({"processor": processor(), "seconds": kept}, indent=1) + "\n", encoding="utf-8")


def seconds(path: Path) -> dict[str, float]:
    """Run the cells of a lesson in an empty folder, and take the processor's time of each section."""
    shell, taken = InteractiveShell.instance(), {}
    with tempfile.TemporaryDirectory() as folder, chdir(folder), redirect_stdout(io.StringIO()):
        for section in lesson.sections(path):
            start = process_time()
            for cell in section.cells:
                if cell.kind == "code":
                    shell.run_cell(cell.source).raise_error()
            taken[section.title] = round(process_time() - start, 1)
    return taken


if __name__ == "__main__":
    main(sys.argv[1:])
