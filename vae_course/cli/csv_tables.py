"""The tables that the command line writes as CSV. A table replaces a table of ours, and no other file."""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


def in_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], line_end: str) -> str:
    """Write rows as CSV; the first column is the folder, by which `check_table` knows a table of ours."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator=line_end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def check_table(path: Path) -> None:
    """Refuse a place for a table where it would replace another file.

    Raises:
        FileExistsError: there is a folder, or a file that is no table of ours.
    """
    if not os.path.lexists(path):
        return
    if path.is_file():
        with path.open("rb") as file:
            if file.read(7) == b"folder,":
                return
    raise FileExistsError(f"{path} is there already, and is no table of this course: choose another --out")
