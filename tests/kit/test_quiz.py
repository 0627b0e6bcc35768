import json
import re

from vae_course.kit.quiz import Question, Quiz, quiz
from vae_course.lessons.quiz import QUESTIONS

import pytest

TWO = (
    Question("Which is larger?", ("one", "two"), 1, "Two is one more.", "01"),
    Question("Which is <b>?", ("this", "that"), 0, "It is & stays.", "02"),
)


def scores(workspace):
    return json.loads((workspace / ".course" / "quiz.json").read_text(encoding="utf-8"))


def taken(when, *choices):
    form = Quiz(TWO, when)
    for field, choice in zip(form.fields, choices, strict=True):
        field.index = choice
    form.button.click()
    return form


def test_without_a_workspace_it_says_where_it_can_be_taken(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    quiz(TWO, "before")
    assert "In a folder of your own, a quiz of 2 questions stands here." in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_before_the_course_it_says_how_many_are_right_and_not_which(workspace):
    form = taken("before", 1, 1)
    assert "1 of 2 are right" in form.result.value
    assert [note.value for note in form.notes] == ["", ""]
    assert scores(workspace)["before"] | {"date": ""} == {"date": "", "right": 1, "of": 2}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", scores(workspace)["before"]["date"])


def test_after_it_each_answer_is_explained(workspace):
    form = taken("after", 0, 0)
    assert form.notes[0].value == "<b>✗ Right is: “two”.</b> Two is one more. (Lesson 01.)"
    assert form.notes[1].value == "<b>✓ Right.</b> It is &amp; stays. (Lesson 02.)"


def test_before_and_after_stand_beside_each_other(workspace):
    taken("before", 0, 1)
    form = taken("after", 1, 0)
    assert re.search(r"Before the course: 0 of 2 \(.*\)\.<br>After it: 2 of 2 \(", form.result.value)


def test_the_first_score_is_kept(workspace):
    taken("before", 0, 1)
    assert "2 of 2 are right" in taken("before", 1, 0).result.value
    assert scores(workspace)["before"]["right"] == 0


def test_a_question_without_an_answer_counts_as_not_right(workspace):
    assert "1 of 2 are right.<br>Without an answer: 1." in taken("before", 1, None).result.value


def test_nothing_is_chosen_for_the_learner(workspace):
    assert [field.index for field in Quiz(QUESTIONS, "before").fields] == [None] * 12


def test_the_courses_questions_are_about_the_first_six_lessons():
    assert len(QUESTIONS) == 12
    assert {question.lesson for question in QUESTIONS} == {f"{i:02}" for i in range(1, 7)}
    for question in QUESTIONS:
        assert len(set(question.choices)) == len(question.choices) >= 3
        assert 0 <= question.right < len(question.choices)


def test_neither_place_nor_length_gives_the_right_answer_away():
    places = [question.right for question in QUESTIONS]
    assert {places.count(place) for place in range(3)} == {4}
    longest = [max(question.choices, key=len) == question.choices[question.right] for question in QUESTIONS]
    assert sum(longest) <= len(QUESTIONS) / 2


@pytest.mark.parametrize("score", [3, None, [], {}, {"right": 1}, {"right": "1", "of": 2, "date": ""}], ids=str)
def test_a_score_that_its_file_holds_in_another_form_counts_as_none(workspace, score):
    (workspace / ".course" / "quiz.json").write_text(json.dumps({"before": score, "after": score}))
    form = taken("after", 1, 0)
    assert "Before the course" not in form.result.value
    assert "After it: 2 of 2" in form.result.value
    assert scores(workspace)["before"] == score
    assert scores(workspace)["after"]["right"] == 2
