"""Tables of numbers, as HTML for a notebook and as aligned text for a terminal."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

# A text such as "97 %" or "± 0.3" stands to the right, as a number does.
_NUMBER = re.compile(r"[+−±<>≈-]? ?\.?\d")


@dataclass(frozen=True)
class Table:
    """Cells as text; the first cell of a row names the row."""

    columns: list[str]
    rows: list[list[str]]
    caption: str = ""

    def __repr__(self) -> str:
        grid = [self.columns, *self.rows]
        widths = [max(len(row[i]) for row in grid) for i in range(len(self.columns))]
        sides = [">" if right else "<" for right in self._on_the_right()]
        lines = [
            "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)).rstrip()
            for row in grid
        ]
        return "\n".join([self.caption, *lines] if self.caption else lines)

    def _repr_html_(self) -> str:
        styles = [f"text-align: {'right' if right else 'left'}" for right in self._on_the_right()]
        head = "".join(
            f'<th scope="col" style="{style}">{escape(name)}</th>' if name else "<td></td>"
            for name, style in zip(self.columns, styles, strict=True)
        )
        caption = f'<caption style="text-align: left; color: inherit">{escape(self.caption)}</caption>'
        body = "".join(f"<tr>{_row(row, styles)}</tr>" for row in self.rows)
        return (
            f'<div style="overflow-x: auto"><table style="margin-left: 0">{caption if self.caption else ""}'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _on_the_right(self) -> list[bool]:
        """Say of each column whether it holds numbers."""
        return [any(_NUMBER.match(cell) for cell in cells) for cells in zip(*self.rows, strict=True)]


def table(
    rows: Mapping[Any, Any] | Sequence[Sequence[Any]],
    columns: Sequence[str],
    digits: int | Sequence[int] = 1,
    caption: str = "",
) -> Table:
    """Make a table.

    Args:
        rows: the name of each row → its number, or its cells; or a sequence of rows, whose first cell is their name.
            A cell is a number, a tensor of one element, or a text, which stays as it is.
        columns: the headings. That of the names may be left out where `rows` is a mapping.
        digits: how many digits stand behind the point: in all columns, or in each column after the names.
        caption: what the table shows, and in which unit.

    Raises:
        ValueError: there are no rows, or the rows, columns and digits differ in length.
    """
    named = isinstance(rows, Mapping)
    grid = [[name, *_cells(value)] for name, value in rows.items()] if named else [list(row) for row in rows]
    if not grid:
        raise ValueError("rows is empty: a table needs at least one row")
    width = len(grid[0])
    headings = ["", *columns] if named and len(columns) == width - 1 else list(columns)
    each = [digits] * (width - 1) if isinstance(digits, int) else list(digits)
    for row in grid:
        if not len(row) == len(headings) == len(each) + 1:
            raise ValueError(
                f"the row {row} has {len(row)} cells with its name, beside {len(headings)} columns "
                f"and digits for {len(each)}: every row needs a cell for each column, and digits for all but the name"
            )
    return Table(headings, [[_name(row[0]), *map(_text, row[1:], each)] for row in grid], caption)


def _cells(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [value]
    try:
        return list(value)
    except TypeError:  # This is a number, or a tensor without axes.
        return [value]


def _name(cell: Any) -> str:
    cell = _plain(cell)
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:g}" if isinstance(cell, float) else str(cell)


def _text(cell: Any, digits: int) -> str:
    """Write a cell. A number that rounds to 0 has no minus."""
    cell = _plain(cell)
    if isinstance(cell, float):
        return f"{cell:z,.{digits}f}".replace("-", "−")
    return f"{cell:,}".replace("-", "−") if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)


def _plain(cell: Any) -> Any:
    """Make a Python number of a tensor with one element."""
    if not hasattr(cell, "item"):
        return cell
    if getattr(cell, "shape", ()) not in ((), (1,)):
        raise ValueError(f"a cell of shape {list(cell.shape)}: a cell holds one number")
    return cell.item()


def _row(row: Sequence[str], styles: Sequence[str]) -> str:
    name = f'<th scope="row" style="{styles[0]}">{escape(row[0])}</th>'
    rest = zip(row[1:], styles[1:], strict=True)
    return name + "".join(f'<td style="{style}">{escape(cell)}</td>' for cell, style in rest)
