import json

from vae_course.kit import predict as module
from vae_course.kit.predict import GuessForm, both, guesses, number, predict, reveal

import pytest
import torch

KEY, QUESTION = "elbo/carriers", "How many draws carry the average?"
CHOICES = ["the log of the average", "the average of the logs", "they are equal"]


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, as text."""
    texts = []
    monkeypatch.setattr(
        module, "display", lambda thing, **_: texts.append(thing["text/plain"] if isinstance(thing, dict) else thing)
    )
    monkeypatch.setattr(module, "_forms", {})
    return texts


@pytest.fixture
def workspace(workspace, shown):
    return workspace


def kept(workspace):
    return json.loads((workspace / ".course" / "guesses.json").read_text(encoding="utf-8"))


def guess(text, key=KEY, **kind):
    form = GuessForm(key, QUESTION, **kind)
    form.field.value = text
    return form


def test_without_a_workspace_nothing_is_shown_and_nothing_kept(tmp_path, monkeypatch, shown):
    monkeypatch.chdir(tmp_path)
    assert predict(KEY, QUESTION) is reveal(KEY, 7) is guesses("elbo") is None
    assert shown == []
    assert list(tmp_path.iterdir()) == []


def test_a_guess_is_kept_and_may_be_changed(workspace, shown):
    assert predict(KEY, QUESTION) is None
    (form,) = shown
    assert form.field.description == QUESTION
    form.field.value = "1,000"
    form.field.value = "500"
    assert "Kept: 500. You can change it until you run the answer." in form.status.value
    assert kept(workspace) == {KEY: {"question": QUESTION, "guess": 500}}


def test_the_answer_stands_beside_the_guess_and_closes_the_form(workspace, shown):
    predict(KEY, QUESTION)
    shown[0].field.value = "500"
    assert reveal(KEY, torch.tensor(7), unit="draws") is None
    assert shown[-1] == "You said 500 draws; it is 7."
    assert shown[-1] in shown[0].status.value
    assert shown[0].field.disabled
    assert kept(workspace)[KEY] == {"question": QUESTION, "guess": 500, "answer": 7, "unit": "draws"}


def test_after_the_answer_no_form_changes_the_guess(workspace, shown):
    early = guess("500")
    reveal(KEY, 7)
    early.field.value = "7"
    late = guess("7")
    assert kept(workspace)[KEY]["guess"] == 500
    for form in (early, late):
        assert "You said 500; it is 7." in form.status.value
        assert form.field.disabled


def test_a_form_that_is_run_again_shows_what_was_kept(workspace, shown):
    predict(KEY, QUESTION)
    shown[0].field.value = "1e5"
    predict(KEY, QUESTION)
    assert shown[1].field.value == "100,000"
    assert "Kept: 100,000." in shown[1].status.value
    assert shown[0].comm is None, "the earlier form is closed"


def test_without_a_guess_the_answer_is_one_line_and_the_form_stays_open(workspace, shown):
    form = GuessForm(KEY, QUESTION)
    reveal(KEY, 7, unit="draws")
    assert shown == ["It is 7 draws."]
    form.field.value = "9"
    assert kept(workspace)[KEY]["guess"] == 9


def test_a_choice_is_kept_when_it_is_made(workspace, shown):
    form = GuessForm(KEY, QUESTION, choices=CHOICES)
    assert form.field.value is None, "nothing is chosen for the learner"
    form.field.value = CHOICES[1]
    reveal(KEY, CHOICES[0])
    assert shown[-1] == "You said “the average of the logs”; it is “the log of the average”."


def test_a_line_is_kept_as_it_was_written(workspace, shown):
    guess(" about 500 <b>lines</b> ", line=True)
    assert kept(workspace)[KEY]["guess"] == "about 500 <b>lines</b>"
    assert "&lt;b&gt;" in GuessForm(KEY, QUESTION, line=True).status.value


@pytest.mark.parametrize(
    ("text", "message"),
    [("about 500", "“about 500” is not kept. Type a number alone"), ("  ", "There is no guess")],
)
def test_what_is_no_number_is_answered_with_what_to_type(workspace, text, message):
    form = guess("7")
    form.field.value = text
    assert message in form.status.value
    assert kept(workspace)[KEY]["guess"] == 7


def test_the_button_keeps_what_stands_in_the_field(workspace):
    form = guess("7")
    (workspace / ".course" / "guesses.json").unlink()
    form.button.click()
    assert kept(workspace)[KEY]["guess"] == 7


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500", 500),
        (" 1,000 ", 1000),
        ("1,234,567.5", 1234567.5),
        ("100 000", 100_000),
        ("1_000", 1000),
        ("1e3", 1000),
        ("10^3", 1000),
        ("10**-2", 0.01),
        ("0,5", 0.5),
        ("1,5", 1.5),
        (".5", 0.5),
        ("1/4", 0.25),
        ("½", 0.5),
        ("−3", -3),
        ("10 %", "10 %"),
        ("12.5%", "12.5 %"),
    ],
)
def test_a_number_is_read_as_people_write_it(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    "text", ["", "about 500", "~7", "7 draws", "nan", "inf", "1/0", "1e999", "10^999", "0^-1", "1.2.3", "many %"]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="is not kept"):
        number(text)


@pytest.mark.parametrize(
    ("guess", "answer", "unit", "sentence"),
    [
        (500, 7, "draws", "You said 500 draws; it is 7."),
        (1e5, 205.71, "nats per image", "You said 100,000 nats per image; it is 205.7."),
        (10, 34.2, "%", "You said 10 %; it is 34.2 %."),
        ("10 %", 34.2, "%", "You said 10 %; it is 34.2 %."),
        ("near 200", 205.7, "nats", "You said “near 200”; it is 205.7 nats."),
        (-0.25, 0.0, "", "You said −0.25; it is 0."),
    ],
)
def test_guess_and_answer_stand_in_one_sentence(guess, answer, unit, sentence):
    assert both({"guess": guess, "answer": answer, "unit": unit}) == sentence


def test_all_guesses_of_a_lesson_stand_beside_all_answers(workspace, shown):
    guess("500")
    guess("flat", key="elbo/shape", line=True)
    guess("3", key="beta/best")
    reveal(KEY, 7, unit="draws")
    assert guesses("elbo") is None
    assert shown[-1].columns == ["question", "your guess", "answer"]
    assert shown[-1].rows == [[QUESTION, "500 draws", "7 draws"], [QUESTION, "“flat”", "not seen yet"]]


def test_a_lesson_without_a_guess_has_no_table(workspace, shown):
    guess("3", key="beta/best")
    guesses("elbo")
    assert shown == []


@pytest.mark.parametrize(
    ("key", "kind", "message"),
    [
        ("carriers", {}, "key='carriers' must be"),
        (KEY, {"choices": ["one"]}, "give two choices or more"),
        (KEY, {"choices": CHOICES, "line": True}, "or line=True, or neither"),
    ],
)
def test_what_no_question_is_made_of_is_refused_even_without_a_workspace(key, kind, message):
    with pytest.raises(ValueError, match=message):
        predict(key, QUESTION, **kind)


BROKEN = [3, None, [], "x", {}, {"guess": 1}, {"question": "?", "guess": None}, {"question": 1, "guess": 1}]
BROKEN += [{"question": "?", "guess": 1, "answer": [7]}, {"question": "?", "guess": 1, "answer": 7, "unit": 3}]


@pytest.mark.parametrize("entry", BROKEN, ids=str)
def test_a_guess_that_its_file_holds_in_another_form_counts_as_none(workspace, shown, entry):
    (workspace / ".course" / "guesses.json").write_text(json.dumps({KEY: entry}))
    guesses("elbo")
    assert shown == []
    assert guess("500").status.value.count("Kept: 500.") == 1
    reveal(KEY, 7, unit="draws")
    assert shown == ["You said 500 draws; it is 7."]


def test_an_answer_without_its_unit_and_a_number_of_many_digits_are_shown(workspace, shown):
    entry = {"question": QUESTION, "guess": 10**400, "answer": 7}
    (workspace / ".course" / "guesses.json").write_text(json.dumps({KEY: entry}))
    assert both(entry) == f"You said {10**400:,}; it is 7."
    guesses("elbo")
    assert len(shown) == 1
