"""Answers to an exercise as learners write them, right and wrong, each with the hint that a wrong one deserves."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest


class Case(NamedTuple):
    """An answer, and what its check should say."""

    title: str
    status: str
    hint: str
    """A regular expression that the hint of a wrong answer matches."""
    answer: Any


class Answers:
    """The answers to one exercise: `@ANSWERS.right(title)` and `@ANSWERS.wrong(title, hint=…)` add them."""

    def __init__(self, exercise: str):
        self.exercise = exercise
        self.cases: list[Case] = []

    def right(self, title: str) -> Callable[[Any], Any]:
        return self._add(title, "right", "")

    def wrong(self, title: str, hint: str) -> Callable[[Any], Any]:
        return self._add(title, "not right yet", hint)

    def parametrize(self) -> pytest.MarkDecorator:
        """A test with `case` as its argument runs once for each answer."""
        return pytest.mark.parametrize("case", self.cases, ids=[f"{c.status}: {c.title}" for c in self.cases])

    def _add(self, title: str, status: str, hint: str) -> Callable[[Any], Any]:
        def add(answer: Any) -> Any:
            assert title not in [case.title for case in self.cases], f"{title!r} stands twice"
            self.cases.append(Case(title, status, hint, answer))
            return answer

        return add
