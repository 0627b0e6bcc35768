"""The exercise checks: each takes an answer and says *not tried yet*, *not right yet* with a hint, or *right*.

A check never stops a lesson. What it expects is the package's own function, and `show_me` displays that.
"""

import functools
import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Literal

import torch
from IPython.display import HTML

STUB = "Replace the ... with your code, then run both cells again. (You did? Then it returns nothing yet.)"
_LOOK = {"not tried yet": ("#8a8a8a", "○"), "not right yet": ("#D55E00", "✗"), "right": ("#009E73", "✓")}


@dataclass(frozen=True)
class Verdict:
    """What a check has to say."""

    exercise: str
    status: Literal["not tried yet", "not right yet", "right"]
    hint: str

    def __repr__(self) -> str:
        return f"{_LOOK[self.status][1]} {self.exercise}: {self.status}. {self.hint}"

    def _repr_html_(self) -> str:
        color, mark = _LOOK[self.status]
        return (
            f'<div style="border-left: 5px solid {color}; padding: 0.4em 0.8em">'
            f"<b>{mark} <code>{escape(self.exercise)}</code>: {self.status}.</b> {escape(self.hint)}</div>"
        )


class NotTriedYet(Exception):
    """The answer is still the stub."""


def tried(result: Any) -> Any:
    """Pass a result of the learner's on, unless it is what a body of `...` gives."""
    if result is None or result is ...:
        raise NotTriedYet
    return result


def exercise(name: str, praise: str) -> Callable[[Callable[[Any], str | None]], Callable[[Any], Verdict]]:
    """Make a check of a function that takes an answer and returns a hint if something is wrong with it.

    Args:
        name: what the learner was asked to write.
        praise: what to say of a right answer: what it can do, not how good it is.
    """

    def decorate(find_mistake: Callable[[Any], str | None]) -> Callable[[Any], Verdict]:
        @functools.wraps(find_mistake)
        def check(answer: Any) -> Verdict:
            try:
                hint = find_mistake(answer)
            except NotTriedYet:
                return Verdict(name, "not tried yet", STUB)
            # Whatever goes wrong in the learner's code is for the learner to read, and the lesson goes on.
            except Exception as error:
                return Verdict(name, "not right yet", f"It stopped with {_where(error)}")
            return Verdict(name, "right", praise) if hint is None else Verdict(name, "not right yet", hint)

        return check

    return decorate


def _where(error: Exception) -> str:
    """Name the error, and the learner's own line in preference to the line of a library that it called."""
    frames = traceback.extract_tb(error.__traceback__)
    libraries = (str(Path(torch.__file__).parent), str(Path(__file__).parents[1]))
    own = [frame for frame in frames if not frame.filename.startswith(libraries)]
    return f"{type(error).__name__}: {error} (at `{(own or frames)[-1].line}`)"


def show_me(*solutions: Any) -> HTML:
    """The package's own source of functions or classes, folded away until it is clicked."""
    blocks = "".join(f"<pre>{escape(inspect.getsource(solution))}</pre>" for solution in solutions)
    names = ", ".join(f"<code>{solution.__name__}</code>" for solution in solutions)
    return HTML(f"<details><summary>Show me: how the course wrote {names}</summary>{blocks}</details>")
