"""Read an executed lesson as the teacher's pages need it: its sections, its guesses, what its cells show."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TEACHING = ROOT / "docs" / "teaching"
LESSONS = [path for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")) if path.stem != "00_start"]
TOP, REST = "Title and aims", "A place to rest"
WHY = "<details><summary>After your guess: why</summary>"
START = re.compile(rf"^(?=## |> \*\*{REST}\.\*\*)", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """A cell, or the part of a text that belongs to one section."""

    kind: str
    source: str
    outputs: tuple[dict[str, Any], ...] = ()
    folded: bool = False

    @property
    def shown(self) -> list[str]:
        """Every text and every HTML that the cell shows."""
        found = [output.get("text") for output in self.outputs]
        found += [output.get("data", {}).get(kind) for output in self.outputs for kind in ("text/plain", "text/html")]
        return ["".join(text) for text in found if text]

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """Parse its code; return nothing for a text."""
        return ast.parse(self.source).body if self.kind == "code" else []

    def calls(self, name: str) -> list[ast.Call]:
        """Find the statements that call a function."""
        values = [statement.value for statement in self.statements if isinstance(statement, ast.Expr)]
        return [value for value in values if isinstance(value, ast.Call) and getattr(value.func, "id", "") == name]


@dataclass
class Section:
    """What stands under one heading of a lesson; a place to rest is a section, too."""

    title: str
    cells: list[Cell] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of its text."""
        return "\n".join(cell.source for cell in self.cells if cell.kind == "markdown")

    @property
    def code(self) -> str:
        """All of its code."""
        return "\n".join(cell.source for cell in self.cells if cell.kind == "code")


@dataclass
class Guess:
    """A question of a lesson, and what is known of its answer."""

    key: str
    question: str
    choices: list[str]
    section: str
    answer: str = ""
    """As `reveal` says it; "" where the lesson computes it."""
    evidence: str = ""
    """Code, outputs and text from the question to the end of its explanation."""
    why: str = ""


def title(path: Path) -> str:
    """Read a lesson's title, such as "01 · The data decides the likelihood"."""
    return sections(path)[0].text.splitlines()[0].removeprefix("# ")


@cache
def sections(path: Path) -> list[Section]:
    """Split a lesson at its headings and its places to rest; the first section is what stands above them."""
    found = [Section(TOP)]
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        kind, source = cell["cell_type"], "".join(cell["source"])
        folded = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
        for piece in START.split(source) if kind == "markdown" else [source]:
            if START.match(piece):
                found.append(Section(piece.splitlines()[0].strip("#>* .")))
            if piece:
                found[-1].cells.append(Cell(kind, piece, tuple(cell.get("outputs", ())), folded))
    return found


def guesses(path: Path) -> list[list[Guess]]:
    """Find a lesson's guesses, in groups that one text explains."""
    groups: list[list[Guess]] = [[]]
    known: dict[str, ast.expr] = {}
    for section, cell in cells(path):
        known |= assigned(cell)
        groups[-1] += asked(cell, section, known)
        for guess in groups[-1]:
            learn(guess, cell)
        if groups[-1] and cell.source.startswith(WHY):
            groups.append([])
    return [group for group in groups if group]


def cells(path: Path) -> Iterator[tuple[str, Cell]]:
    """Yield each cell of a lesson with the title of its section."""
    for section in sections(path):
        for cell in section.cells:
            yield section.title, cell


def assigned(cell: Cell) -> dict[str, ast.expr]:
    """Collect the lists that a cell gives names."""
    found = [statement for statement in cell.statements if isinstance(statement, ast.Assign)]
    return {ast.unparse(one.targets[0]): one.value for one in found if isinstance(one.value, ast.List)}


def asked(cell: Cell, section: str, known: dict[str, ast.expr]) -> list[Guess]:
    """Read the calls of `predict` in a cell; `known` are the lists that choices may name."""
    found = []
    for call in cell.calls("predict"):
        key, question = (ast.literal_eval(argument) for argument in call.args)
        lists = [known.get(ast.unparse(one.value), one.value) for one in call.keywords if one.arg == "choices"]
        found.append(Guess(key, question, [choice for one in lists for choice in ast.literal_eval(one)], section))
    return found


def learn(guess: Guess, cell: Cell) -> None:
    """Take from a cell what it says of a guess's answer."""
    guess.evidence += "\n".join([cell.source, *cell.shown])
    for call in cell.calls("reveal"):
        key, value = call.args
        if ast.literal_eval(key) == guess.key and isinstance(value, ast.Constant):
            unit = [ast.literal_eval(one.value) for one in call.keywords if one.arg == "unit"]
            guess.answer = " ".join([str(value.value), *unit])
    if cell.source.startswith(WHY):
        guess.why = cell.source.removeprefix(WHY).partition("</details>")[0].strip()
