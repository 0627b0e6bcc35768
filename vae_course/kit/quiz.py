"""A quiz of multiple choice, taken before a course and after it, and scored in the learner's folder.

Before, it says how many are right and not which, so that it can be taken again. Afterwards it explains each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any, Literal

from vae_course.kit.widget import CourseWidget, row
from vae_course.kit.workspace import find_workspace, read_entries, update_state

import ipywidgets
from IPython.display import display

When = Literal["before", "after"]
_SCORE = {"right": int, "of": int, "date": str}


@dataclass(frozen=True)
class Question:
    """One question.

    Args:
        text: what is asked.
        choices: what one can choose; the wrong ones are what people believe.
        right: the position of the right choice, from 0.
        why: one sentence that says why it is right.
        lesson: the number of the lesson that explains it.
    """

    text: str
    choices: tuple[str, ...]
    right: int
    why: str
    lesson: str


def quiz(questions: Sequence[Question], when: When) -> None:
    """Show the quiz; without a workspace, say where it can be taken."""
    if find_workspace() is None:
        print(f"In a folder of your own, a quiz of {len(questions)} questions stands here.")
    else:
        display(Quiz(questions, when))


class Quiz(CourseWidget):
    """All questions with radio buttons, and a button that scores them. The first score is kept.

    Args:
        questions: in this order.
        when: "before" the course or "after" it.

    Attributes:
        fields: the radio buttons of each question.
        notes: what is said of each answer, after the course.
        result: how many are right.
    """

    def __init__(self, questions: Sequence[Question], when: When):
        self._questions, self._when = questions, when
        self.fields = [
            ipywidgets.RadioButtons(options=question.choices, value=None, description=f"{i}. {question.text}")
            for i, question in enumerate(questions, 1)
        ]
        self.notes = [ipywidgets.HTML() for _ in questions]
        self.button = ipywidgets.Button(description="How many are right?", layout={"width": "auto"})
        self.result = ipywidgets.HTML()
        parts = [part for pair in zip(self.fields, self.notes, strict=True) for part in pair]
        super().__init__([*parts, row(self.button, self.result)])
        self.add_class("vae-form")
        self.button.on_click(lambda _: self.score())

    def score(self) -> None:
        """Count the right answers, keep the first count, and say what may be said."""
        chosen = [field.index for field in self.fields]
        right = sum(index == question.right for index, question in zip(chosen, self._questions, strict=True))
        score = {"date": date.today().isoformat(), "right": right, "of": len(chosen)}
        lines = [f"{right} of {len(chosen)} are right."]
        try:
            if self._when not in read_entries("quiz", _SCORE):
                update_state("quiz", self._when, score)
        except OSError as error:
            lines.append(f"This score is not kept: {error}.")
        if missing := chosen.count(None):
            lines.append(f"Without an answer: {missing}. These count as not right.")
        if self._when == "after":
            for note, question, index in zip(self.notes, self._questions, chosen, strict=True):
                note.value = explained(question, index)
        lines += compared(read_entries("quiz", _SCORE))
        self.result.value = f'<span role="status">{"<br>".join(map(escape, lines))}</span>'


def explained(question: Question, chosen: int | None) -> str:
    """Say of one answer whether it is right, which one is, and why, as HTML."""
    verdict = "✓ Right." if chosen == question.right else f"✗ Right is: “{question.choices[question.right]}”."
    return f"<b>{escape(verdict)}</b> {escape(question.why)} (Lesson {escape(question.lesson)}.)"


def compared(scores: dict[str, Any]) -> list[str]:
    """Say the scores that are kept, one line each, the earlier first."""
    names = {"before": "Before the course", "after": "After it"}
    return [
        f"{name}: {scores[when]['right']} of {scores[when]['of']} ({scores[when]['date']})."
        for when, name in names.items()
        if when in scores
    ]
