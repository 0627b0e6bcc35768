"""Guesses: a learner makes one before the answer can be seen, and finds both beside each other afterwards.

    predict("elbo/carriers", "How many of the 100,000 draws carry 99 % of the average?")
    reveal("elbo/carriers", 7, unit="draws")  # You said 500 draws; it is 7.
    guesses("elbo")  # all of them, beside the answers

Guesses are kept in the learner's folder. Where there is none, nothing is kept and nothing is shown.
"""

import math
import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from html import escape
from typing import Any

from vae_course.kit.table import table
from vae_course.kit.widget import CourseWidget, row
from vae_course.kit.workspace import find_workspace, read_entries, update_state

import ipywidgets
from IPython.display import display

Guess = int | float | str
_FIELDS = {"question": str, "guess": Guess, "answer": Guess | None, "unit": str | None}

_HOW = "Type a number alone, such as 500, 0.5, 1e6 or 10 %."
# The forms on the page, so that an answer reaches the form above it.
_forms: dict[str, "GuessForm"] = {}


def predict(key: str, question: str, choices: Sequence[str] = (), line: bool = False) -> None:
    """Ask for a guess: for one of the choices, for a line of text, or else for a number.

    Args:
        key: the lesson's word and a name, such as "elbo/carriers".
        question: it stands above the field.
        choices: the answers to choose from.
        line: take any line of text.

    Raises:
        ValueError: `key` is not of the form "lesson/name", or there is one choice, or both choices and `line`.
    """
    if not re.fullmatch(r"\w+/[\w-]+", key):
        raise ValueError(f'key={key!r} must be the lesson\'s word and a name, such as "elbo/carriers"')
    if len(choices) == 1 or (choices and line):
        raise ValueError(f"choices={choices!r} with line={line}: give two choices or more, or line=True, or neither")
    if find_workspace() is None:
        return
    if key in _forms:
        _forms.pop(key).close()
    _forms[key] = GuessForm(key, question, choices, line)
    display(_forms[key])


def reveal(key: str, answer: Any, unit: str = "") -> None:
    """Show the answer beside the guess. The guess can't be changed any more.

    Args:
        key: that of the question.
        answer: a number, a tensor of one element, or a text.
        unit: of the answer, and of a guess that is a number.
    """
    if find_workspace() is None:
        return
    answer = answer.item() if hasattr(answer, "item") else answer
    entry = _kept().get(key)
    if entry is None:  # Then the form stays open: a run of all cells by mistake takes no guess away.
        return _show(f"It is {shown(answer, unit)}.")
    entry |= {"answer": answer, "unit": unit}
    with suppress(OSError):  # A disk that is full hides no answer.
        update_state("guesses", key, entry)
    if key in _forms:
        _forms[key].lock(entry)
    _show(both(entry))


def guesses(lesson: str) -> None:
    """Show the lesson's questions in a table, each with the guess and the answer."""
    rows = [
        (
            entry["question"],
            shown(entry["guess"], entry.get("unit") or ""),
            shown(entry["answer"], entry.get("unit") or "") if is_seen(entry) else "not seen yet",
        )
        for key, entry in _kept().items()
        if key.startswith(f"{lesson}/")
    ]
    if rows:
        display(table(rows, ["question", "your guess", "answer"]))


def is_seen(entry: dict[str, Any]) -> bool:
    """Say whether the learner has seen the answer."""
    return entry.get("answer") is not None


def _kept() -> dict[str, dict[str, Any]]:
    return read_entries("guesses", _FIELDS)


class GuessForm(CourseWidget):
    """One question, and a field for the guess. It is kept by Enter, by the button, and by leaving the field.

    Args:
        key, question, choices, line: as of `predict`.

    Attributes:
        field: the text field, or the radio buttons.
        status: what became of the guess.
    """

    def __init__(self, key: str, question: str, choices: Sequence[str] = (), line: bool = False):
        self._key, self._question, self._line = key, question, line
        entry = _kept().get(key, {})
        guess = entry.get("guess")
        self.status = ipywidgets.HTML()
        if choices:
            self.field = ipywidgets.RadioButtons(
                options=list(choices), value=guess if guess in choices else None, description=question
            )
        else:
            self.field = ipywidgets.Text(value=plain(guess), description=question, continuous_update=False)
        self.button = ipywidgets.Button(description="Keep my guess", layout={"display": "none" if choices else ""})
        super().__init__([self.field, row(self.button, self.status)])
        self.add_class("vae-form")
        self.field.observe(lambda _: self.keep(), "value")
        self.button.on_click(lambda _: self.keep())
        if is_seen(entry):
            self.lock(entry)
        elif guess is not None:
            self._say_kept(guess)

    def keep(self) -> None:
        """Keep what stands in the field, unless the answer has been seen."""
        entry = _kept().get(self._key, {})
        if is_seen(entry):
            return self.lock(entry)
        try:
            guess = self._read()
            update_state("guesses", self._key, {"question": self._question, "guess": guess})
        except ValueError as error:
            return self._say(str(error))
        except OSError as error:
            return self._say(f"Not kept: {error}.")
        self._say_kept(guess)

    def lock(self, entry: dict[str, Any]) -> None:
        """Show the guess and the answer, and take no other guess."""
        self.field.disabled = self.button.disabled = True
        self._say(both(entry))

    def _read(self) -> Guess:
        text = (self.field.value or "").strip()
        if not text:
            raise ValueError("There is no guess yet. A wrong one is better than none.")
        return text if self._line or isinstance(self.field, ipywidgets.RadioButtons) else number(text)

    def _say_kept(self, guess: Guess) -> None:
        self._say(f"Kept: {plain(guess)}. You can change it until you run the answer.")

    def _say(self, text: str) -> None:
        self.status.value = f'<span role="status">{escape(text)}</span>'


def number(text: str) -> Guess:
    """Read a number as people write it: 1,000 or 1 000 or 1e3; 0,5 or 1/2 or ½. A per cent stays a text: "10 %".

    Raises:
        ValueError: this is something else, such as "about 500".
    """
    digits = re.sub(r"(?<=\d)[\s_'’](?=\d{3})", "", text.strip().replace("−", "-"))
    if digits.endswith("%"):
        return f"{plain(number(digits[:-1]))} %"
    if re.fullmatch(r"-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", digits):
        digits = digits.replace(",", "")
    try:
        value = _value(digits.replace(",", "."))
    except (ValueError, ZeroDivisionError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"“{text}” is not kept. {_HOW}")
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _value(digits: str) -> float:
    if len(digits) == 1:
        return unicodedata.numeric(digits)  # It knows ½, too.
    if power := re.fullmatch(r"(\d+) ?(?:\^|\*\*) ?(-?\d+)", digits):
        return float(power[1]) ** int(power[2])
    above, _, below = digits.partition("/")
    return float(above) / float(below or 1)


def plain(value: Guess | None) -> str:
    """Write a number as it is read aloud: 100,000 or 0.333. A text stays as it is."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if 1e4 <= abs(value) < 1e15:
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def shown(value: Guess, unit: str = "") -> str:
    """Write a number with its unit, and a text in quotation marks."""
    if isinstance(value, str):
        return value if value.endswith(" %") else f"“{value}”"
    return f"{plain(value)} {unit}".rstrip()


def both(entry: dict[str, Any]) -> str:
    """Say the guess and the answer in one sentence; the unit once, if it is a word."""
    guess, answer, unit = entry["guess"], entry["answer"], entry.get("unit") or ""
    again = unit if isinstance(guess, str) or unit == "%" else ""
    return f"You said {shown(guess, unit)}; it is {shown(answer, again)}."


def _show(sentence: str) -> None:
    html = f'<p class="vae-answer" style="border-left: 4px solid #8a8a8a; padding-left: 12px">{escape(sentence)}</p>'
    display({"text/plain": sentence, "text/html": html}, raw=True)
