"""Processor seconds that each lesson takes, run alone from an empty folder, and which of them exceed the limit of 40.

They are those of one thread, imports included, so that other work on the machine counts less than on a clock.

make bench
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT_SECONDS = 40


def seconds(lesson: Path) -> float:
    """Run a lesson's .py as a script and return how long it took."""
    before = os.times()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-W", "ignore", lesson]
        subprocess.run(command, cwd=folder, env=os.environ | settings, stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> int:
    """Print a table; the exit status is 1 if a lesson is too long."""
    taken = {path.stem: seconds(path) for path in sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))}
    print("| lesson | processor seconds |\n| --- | --- |")
    for lesson, value in taken.items():
        print(f"| {lesson} | {value:.0f} |")
    too_long = [lesson for lesson, value in taken.items() if value > LIMIT_SECONDS]
    if too_long:
        print(f"over {LIMIT_SECONDS} s: {', '.join(too_long)}", file=sys.stderr)
    return int(bool(too_long))


if __name__ == "__main__":
    sys.exit(main())
