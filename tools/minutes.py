"""Estimate the minutes of each lesson: read its text and its code, make the guesses, do the exercises.

python tools/minutes.py
"""

import re
from pathlib import Path
from typing import NamedTuple

import jupytext

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
WORDS_PER_MINUTE = 150
SECONDS_PER_LINE = 10  # of code
MINUTES_PER_GUESS = 1.5
MINUTES_PER_EXERCISE = 10  # unless the exercise says its own


class Count(NamedTuple):
    """Minutes of each kind."""

    reading: float
    code: float
    guesses: float
    exercises: float


def minutes(source: Path) -> float:
    """Estimate the minutes of one lesson from its .py."""
    cells = jupytext.read(source).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    return sum(count(text, code))


def count(text: str, code: str) -> Count:
    """Estimate the minutes of a text and the code that belongs to it."""
    # Comments and texts are quicker to read than code, and many of the texts are for those who don't see a figure.
    lines = [line for line in code.splitlines() if re.match(r"\s*(?!f?\")\w", line)]
    words = re.findall(r"\w[\w'’.,-]*", text)
    guesses = re.findall(r"\*\*Predict first", text)
    return Count(
        len(words) / WORDS_PER_MINUTE,
        len(lines) * SECONDS_PER_LINE / 60,
        len(guesses) * MINUTES_PER_GUESS,
        exercises(text, code),
    )


def exercises(text: str, code: str) -> float:
    """Add up the minutes that the exercises say of themselves, or else take the usual time for each check."""
    said = [int(number) for number in re.findall(r"^#+ Exercise.*\n+\**(\d+) minutes", text, re.MULTILINE)]
    checks = len(re.findall(r"^check_\w+\(", code, re.MULTILINE))
    return sum(said) + max(0, checks - len(said)) * MINUTES_PER_EXERCISE


def stated(source: Path) -> int:
    """Read the minutes that a lesson says it takes, in its first cell."""
    found = re.search(r"(\d+) minutes", jupytext.read(source).cells[0].source)
    if found is None:
        raise ValueError(f"{source.name}: its first cell must say how many minutes it takes, such as *45 minutes.*")
    return int(found[1])


def rounded(estimate: float) -> int:
    """Round to 5 minutes."""
    return 5 * round(estimate / 5)


def main() -> None:
    """Print for each lesson what it says and what is estimated."""
    for source in sorted(NOTEBOOKS.glob("*.py")):
        if source.stem != "00_start":
            print(f"{source.stem:24}{stated(source):5} stated{rounded(minutes(source)):5} estimated")


if __name__ == "__main__":
    main()
