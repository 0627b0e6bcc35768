"""Slides are made from the lessons by rule: what stands on them, in which order, and what the speaker is told."""

import blocks
import deck
import lesson
import minutes
import pytest
import slides

each_lesson = pytest.mark.parametrize("path", lesson.LESSONS, ids=lambda path: path.stem)


def slides_of(path):
    return [slide for stack in deck.stacks(path) for slide in stack.slides]


@each_lesson
def test_every_figure_stands_on_a_slide_with_its_text_for_those_who_do_not_see_it(path):
    shown = "".join(slide.text for slide in slides_of(path))
    outputs = [output for _, cell in lesson.cells(path) for output in cell.outputs]
    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert figures
    for figure in figures:
        assert blocks.escape(figure["metadata"]["image/png"]["alt"]) in shown


@each_lesson
def test_every_guess_comes_before_its_answer_and_tells_the_speaker_what_a_room_says(path):
    found = slides_of(path)
    for guess in (guess for group in lesson.guesses(path) for guess in group):
        said = deck.SAID[guess.key]
        (asked,) = [i for i, slide in enumerate(found) if f"**Question.** {guess.question}" in "".join(slide.notes)]
        (answered,) = [i for i, slide in enumerate(found) if deck.answer(guess).text in slide.text]
        assert found[asked].title == deck.ASKED
        assert found[answered].title == deck.ANSWERED
        assert asked < answered
        assert f"**They say:** {said['say']}" in "".join(found[asked].notes)


@each_lesson
def test_every_section_begins_a_stack_with_its_minutes(path):
    found = list(deck.stacks(path))
    assert len(found) == len(lesson.sections(path))
    assert all("**They say" in stack.slides[0].notes[0] or " min** for" in stack.slides[0].notes[0] for stack in found)
    assert sum(stack.minutes for stack in found) == pytest.approx(minutes.minutes(path.with_suffix(".py")), abs=0.1)


@each_lesson
def test_every_slide_shows_something_and_no_check_that_waits_for_an_answer(path):
    for slide in slides_of(path):
        assert slide.text, slide.title
        assert "not tried yet" not in slide.text
        assert "Start page" not in slide.text


def test_a_paragraph_is_shortened_to_its_first_sentence_its_terms_and_what_leads_on():
    text = "A first one.\nA second, for the speaker.\nThis is a **term**.\nAnd here is how:"
    block = next(blocks.of_text(text))
    assert block.text == "A first one.\nThis is a **term**.\nAnd here is how:"
    assert block.note == "A second, for the speaker."


def test_a_paragraph_in_parentheses_is_for_the_speaker_and_one_that_only_begins_so_is_shown():
    aside, begins = blocks.of_text("(See Kingma (2013).\nIt is short.)\n\n(Twice.) Once (more).")
    assert (aside.text, aside.note) == ("", "See Kingma (2013).\nIt is short.")
    assert begins.text == "(Twice.) Once (more)."


def test_a_sentence_that_has_no_room_takes_the_last_thought_along():
    code, leads, last = deck.Block("<pre>", 8.0), deck.Block("And here:", 1.4), deck.Block("So it is.", 1.4)
    first = [deck.Block("One.", 1.4), deck.Block("<figure>", 3.0), leads, code]
    slides = deck.packed(("A", block) for block in [*first, last])
    assert [slide.blocks for slide in slides] == [first[:2], [leads, code, last]]


def test_a_sentence_alone_goes_to_the_answer_beside_it():
    found = [("A", "Go on."), (deck.ANSWERED, "It is 7."), ("A", "So it is.")]
    slides = deck.packed((title, deck.Block(text, 1.4)) for title, text in [("A", "<pre>"), *found])
    assert [slide.text for slide in slides][-1] == "It is 7.\n\nSo it is."


def test_hints_are_for_the_speaker():
    found = list(blocks.of_text("Do it.\n\n<details><summary>Hint 1</summary>\n\nThink.\n\n</details>"))
    assert [block.text for block in found] == ["Do it.", ""]
    assert found[1].note == "**Hint 1.** Think."


def test_a_docstring_is_cut_and_the_code_between_two_docstrings_is_not():
    code = 'class A:\n    """One."""\n\n    def f(self):\n        """Do it.\n\n        Slowly.\n        """'
    assert blocks.without_docstring(code) == 'class A:\n    """One."""\n\n    def f(self):\n        """Do it."""'


def test_code_that_only_serves_the_course_is_left_out():
    cell = lesson.Cell("code", "import math\nx = 1  # one\nassert x\nprint(x)\ny = x")
    assert blocks.thought(cell, only_definitions=False) == "x = 1  # one\ny = x"
    assert blocks.thought(cell, only_definitions=True) == ""


def test_long_code_has_small_letters():
    assert blocks.letters(10, 10) == blocks.LARGEST
    assert blocks.letters(1000, 10) == blocks.letters(10, 1000) == blocks.SMALLEST
    assert blocks.SMALLEST < blocks.letters(10, 80) < blocks.LARGEST


def test_a_speakers_note_has_letters_in_place_of_tex():
    assert slides.spoken(r"The mean $\mu$, and $\varepsilon + \log 2$.") == "The mean μ, and ε + log 2."
