"""Answers to an exercise as learners write them, right and wrong, each with the hint that a wrong one deserves."""

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, NamedTuple

import pytest


class Case(NamedTuple):
    """An answer, and what its check should say."""

    title: str
    status: str
    hint: str
    """A regular expression that the hint of a wrong answer matches."""
    answer: Any


def as_an_answer(answer: Any) -> Any:
    """Wrap a function or class of the course: a check takes its own package's for no answer of the learner's."""
    if not isinstance(answer, FunctionType | type) or not answer.__module__.startswith("vae_course."):
        return answer
    if isinstance(answer, type):
        return type(answer.__name__, (answer,), {"__module__": "__main__"})
    return functools.wraps(answer)(lambda *args, **kwargs: answer(*args, **kwargs))


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
            self.cases.append(Case(title, status, hint, as_an_answer(answer)))
            return answer

        return add
