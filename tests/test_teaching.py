"""The teacher's pages: made from the lessons, up to date, and with an entry for every guess."""

import re
import tomllib

import booklet
import lesson
import minutes
import pytest
import routes
import teaching

GUESSES = [guess for path in lesson.LESSONS for group in lesson.guesses(path) for guess in group]
# A text that says why a wrong guess was reasonable has one of these words.
REASON = re.compile(r"guess|reasonable|natural|If you|expect")
SAID = tomllib.loads((lesson.TEACHING / "guesses.toml").read_text(encoding="utf-8"))

each_lesson = pytest.mark.parametrize("path", lesson.LESSONS, ids=lambda path: path.stem)
each_guess = pytest.mark.parametrize("guess", GUESSES, ids=lambda guess: guess.key)
each_route = pytest.mark.parametrize("route", routes.routes(), ids=lambda route: route["title"])


def test_the_pages_are_what_the_tool_makes():
    for name, text in teaching.pages().items():
        assert (lesson.TEACHING / name).read_text(encoding="utf-8") == text, f"{name} is of older lessons: make booklet"


@each_lesson
def test_the_sections_of_a_lesson_add_up_to_its_minutes(path):
    counts = [minutes.count(section.text, section.code) for section in lesson.sections(path)]
    assert sum(map(sum, counts)) == pytest.approx(minutes.minutes(path.with_suffix(".py")), abs=0.1)
    whole = sum(int(found) for found in re.findall(r"\| (\d+) \| \d:\d\d \|", teaching.plan_of(path)))
    assert abs(whole - minutes.minutes(path.with_suffix(".py"))) < 1


@each_lesson
def test_every_guess_of_a_lesson_is_found_and_explained(path):
    found = [guess for group in lesson.guesses(path) for guess in group]
    code = "\n".join(section.code for section in lesson.sections(path))
    assert [guess.key for guess in found] == re.findall(r'^predict\(\s*"([^"]+)"', code, re.MULTILINE)
    assert all(guess.why for guess in found)


def test_no_guess_in_the_table_is_of_no_lesson():
    assert not SAID.keys() - {guess.key for guess in GUESSES}, "docs/teaching/guesses.toml: they are gone"


@each_guess
def test_every_guess_has_what_a_room_says_and_why_that_is_reasonable(guess):
    said = SAID.get(guess.key, {})
    assert said.get("say"), f'"{guess.key}" = {{ say = "…" }} belongs into docs/teaching/guesses.toml'
    assert said.keys() <= {"say", "because", "answer"}
    reason = "because" in said or REASON.search(guess.why)
    assert reason, "the lesson does not say why a wrong guess was reasonable: write it there, or give `because`"


@each_guess
def test_every_answer_is_that_of_the_executed_lesson(guess):
    written = SAID.get(guess.key, {}).get("answer", "")
    assert bool(written) != bool(guess.answer), "`answer` is for what the lesson computes, and only for that"
    shown = guess.evidence.replace("−", "-")
    for number in re.findall(r"\d+(?:[.,]\d+)*", written):
        close = re.findall(rf"(?<![\d.]){re.escape(number)}(?!\d)", shown)
        assert close, f"{number} stands nowhere between the guess and its explanation"


@each_route
def test_every_section_of_a_route_was_timed(route):
    for part in route["part"]:
        titles = {section.title for section in routes.sections(part)}
        timed = routes.COMPUTED["seconds"].get(part.get("lesson"), {})
        assert titles <= timed.keys(), (
            f"new or renamed: PYTHONPATH=tools python benchmarks/computing.py {part['lesson']}, then make booklet"
        )


@each_route
def test_a_route_leaves_time_for_the_room(route):
    used = sum(routes.length(part) for part in route["part"])
    assert 0.04 < 1 - used / route["minutes"] < 0.15, f"{used} of {route['minutes']} minutes"


@each_route
def test_a_route_has_breaks_and_says_what_it_skips(route):
    since = 0
    for part in route["part"]:
        since = 0 if "rest" in part else since + routes.length(part)
        assert since <= 120, "people need a break"
    said = {part["lesson"] for part in route["part"] if "say" in part}
    assert said == {part["lesson"] for part in route["part"] if part.keys() & {"only", "without"}} | said, "give `say`"


def test_a_section_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"names \['A dream'\], which 01_data has not"):
        routes.sections({"lesson": "01_data", "only": ["A dream"]})


@each_lesson
def test_every_exercise_has_its_solution_in_the_booklet(path):
    text = "".join(booklet.tasks(path))
    code = "\n".join(section.code for section in lesson.sections(path))
    exercises = re.findall(r"^check_\w+\(", code, re.MULTILINE)
    assert len(re.findall(r"^### Exercise", text, re.MULTILINE)) == len(exercises) >= 1
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        if part.startswith("Exercise"):
            assert re.search(r"^\*\*(How the course wrote|Open the file)", part, re.MULTILINE), part
