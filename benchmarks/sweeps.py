"""What a sweep has trained."""

import csv
from pathlib import Path


def folders(out: Path) -> list[Path]:
    """Find the runs of the sweep that was the last to write there, in its order."""
    with (out / "sweep.csv").open(encoding="utf-8") as file:
        return [Path(row["folder"]) for row in csv.DictReader(file)]
