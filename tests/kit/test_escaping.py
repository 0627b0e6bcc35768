"""What a learner wrote, or a file of theirs holds, is shown as text, and never becomes a part of the page."""

import json
from types import SimpleNamespace

from vae_course.kit import answers, predict
from vae_course.kit.answers import Line, go_on_with
from vae_course.kit.exercise import Mistake, exercise, show_me
from vae_course.kit.predict import GuessForm, guesses, reveal
from vae_course.kit.quiz import Question, Quiz
from vae_course.kit.svg import Axis, chart
from vae_course.kit.svg import Line as ChartLine
from vae_course.kit.table import table

import pytest

EVIL = "<script>alert(1)</script>"


def write(workspace, name, state):
    (workspace / ".course" / f"{name}.json").write_text(json.dumps(state), encoding="utf-8")


@pytest.fixture
def shown(monkeypatch):
    """The HTML of all that is displayed."""
    parts = []

    def display(thing, **_):
        parts.append(thing["text/html"] if isinstance(thing, dict) else thing._repr_html_())

    for module in (answers, predict):
        monkeypatch.setattr(module, "display", display)
    monkeypatch.setattr(answers, "_session", {})
    return parts


def stops(message):
    def answer(x):
        """<script>alert(1)</script>"""
        raise ValueError(message)

    answer.__name__ = answer.__qualname__ = EVIL
    return answer


def verdict(answer):
    @exercise(EVIL, EVIL)
    def check(answer):
        answer(1)
        raise Mistake(EVIL)

    return check(answer)._repr_html_()


def test_a_verdict_shows_the_names_and_messages_of_answers_as_text():
    for html in (verdict(stops(EVIL)), verdict(lambda x: x), verdict(None), verdict(type(EVIL, (), {}))):
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_the_source_is_shown_as_text():
    html = show_me(stops).data
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in show_me(named(stops(""), EVIL)).data


def named(function, name):
    function.__name__ = name
    return function


def test_the_line_about_an_answer_shows_its_name_as_text(shown):
    go_on_with(stops(EVIL), otherwise=named(lambda x: x, EVIL))
    assert "<script" not in "".join(shown)
    assert Line(f"`{EVIL}`")._repr_html_() == "<code>&lt;script&gt;alert(1)&lt;/script&gt;</code>"


def test_a_guess_is_shown_as_text_whoever_wrote_it(workspace, shown):
    write(workspace, "guesses", {"elbo/a": {"question": EVIL, "guess": EVIL, "answer": EVIL, "unit": EVIL}})
    form = GuessForm("elbo/a", EVIL, line=True)
    reveal("elbo/a", EVIL, EVIL)
    guesses("elbo")
    form.field.value = EVIL + "!"
    for html in (*shown, form.status.value):
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_a_quiz_shows_what_its_file_holds_as_text(workspace):
    write(workspace, "quiz", {when: {"date": EVIL, "right": 1, "of": 1} for when in ("before", "after")})
    form = Quiz([Question(EVIL, (EVIL, "b"), 0, EVIL, EVIL)], "after")
    form.score()
    # An option, as the text of a question, is a text for ipywidgets, too.
    assert not form.fields[0].description_allow_html
    for html in (form.result.value, form.notes[0].value):
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_tables_and_charts_show_their_texts_as_text():
    grid = table([[EVIL, SimpleNamespace(item=lambda: EVIL)]], [EVIL, EVIL], caption=EVIL)
    axis = Axis(EVIL, 0.0, 1.0)
    for html in (grid._repr_html_(), chart([ChartLine([0.0, 1.0], [0.0, 1.0], "black", EVIL)], axis, axis, EVIL)):
        assert "<script" not in html
        assert "&lt;script&gt;" in html
