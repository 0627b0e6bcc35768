"""Seconds that each lesson takes, run alone from an empty folder, and which of them exceed the limit of 60.

make bench
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

LIMIT_SECONDS = 60


def seconds(lesson: Path) -> float:
    """Run a lesson's .py as a script and return how long it took, imports included."""
    with tempfile.TemporaryDirectory() as folder:
        start = perf_counter()
        command = [sys.executable, "-W", "ignore", lesson]
        subprocess.run(
            command, cwd=folder, env=os.environ | {"MPLBACKEND": "agg"}, stdout=subprocess.DEVNULL, check=True
        )
        return perf_counter() - start


def main() -> int:
    """Print a table; the exit status is 1 if a lesson is too long."""
    taken = {path.stem: seconds(path) for path in sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))}
    print(f"| lesson | seconds ({os.cpu_count()} cores) |\n| --- | --- |")
    for lesson, value in taken.items():
        print(f"| {lesson} | {value:.0f} |")
    too_long = [lesson for lesson, value in taken.items() if value > LIMIT_SECONDS]
    if too_long:
        print(f"over {LIMIT_SECONDS} s: {', '.join(too_long)}", file=sys.stderr)
    return int(bool(too_long))


if __name__ == "__main__":
    sys.exit(main())
