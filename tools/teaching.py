"""Make the teacher's pages from the lessons: minutes, answers to the guesses, routes, solutions.

make booklet
"""

import re
import tomllib
from itertools import accumulate
from pathlib import Path

import booklet
import lesson
import minutes
import routes

MADE = "<!-- Made by `make booklet` from the lessons, guesses.toml and routes.toml: change those. -->\n\n"


def main() -> None:
    """Write all pages."""
    for name, text in pages().items():
        (lesson.TEACHING / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Make each page's text, by the name of its file."""
    return {
        "plan.md": plan(),
        "answers.md": answers(),
        "routes.md": MADE + routes.page(),
        "solutions.md": MADE + booklet.solutions(),
    }


def plan() -> str:
    """Make the page with the minutes of every section."""
    intro = (
        "# Minutes, section by section\n\n"
        "These are the minutes of somebody who works alone, as `tools/minutes.py` counts them.\n"
        f"It counts {minutes.WORDS_PER_MINUTE} words of text a minute, {minutes.SECONDS_PER_LINE} seconds a line of "
        f"code, {minutes.MINUTES_PER_GUESS} minutes a guess, and for an exercise the minutes that it says of itself.\n"
        "*Until* is the clock of the lesson, without breaks.\n"
        "*Tasks* are the minutes of what has no check (*Change this and see*, the open tasks). "
        "They are not in the sum.\n"
    )
    return MADE + intro + "".join(f"\n{plan_of(path)}" for path in lesson.LESSONS)


def plan_of(path: Path) -> str:
    """Make the table of one lesson."""
    found = lesson.sections(path)
    counts = [minutes.count(section.text, section.code) for section in found]
    ends = [round(end) for end in accumulate(map(sum, counts))]
    rows = [row_of(*one) for one in zip(found, counts, [0, *ends], ends, strict=False)]
    asked = sum(map(len, lesson.guesses(path)))
    said = minutes.stated(path.with_suffix(".py"))
    return (
        f"## {lesson.title(path)}\n\n{said} minutes, says the lesson; by this count {ends[-1]}. {asked} guesses.\n\n"
        "| section | text | code | guesses | exercises | together | until | tasks |\n"
        f"|{' --- |' * 8}\n" + "".join(rows)
    )


def row_of(section: lesson.Section, count: minutes.Count, start: int, end: int) -> str:
    """Make a section's row; the minutes of all sections add up to the lesson's."""
    shown = [f"{round(value, 1):g}" if value >= 0.05 else "" for value in count]
    tasks = sum(int(found) for found in re.findall(r"^\*(\d+) minutes.*(?:no check|or more).*", section.text, re.M))
    name = f"**{section.title}**" if section.title == lesson.REST else section.title
    cells = [name, *shown, str(end - start), routes.clock(end), str(tasks or "")]
    return f"| {' | '.join(cells)} |\n".replace("|  ", "| ")


def answers() -> str:
    """Make the page with the answer to every guess."""
    intro = (
        "# The answers to all guesses\n\n"
        "*They say* is what we expect of a room of thirty; nobody has counted it.\n"
        "Count yours: let everybody type a guess, and let them raise their hands before you run the answer.\n"
        "Answers are those of the executed lessons; on your machine the last digits may differ.\n"
    )
    said = tomllib.loads((lesson.TEACHING / "guesses.toml").read_text(encoding="utf-8"))
    return MADE + intro + "".join(f"\n## {lesson.title(path)}\n{answers_of(path, said)}" for path in lesson.LESSONS)


def answers_of(path: Path, said: dict[str, dict[str, str]]) -> str:
    """Make one lesson's part of the page: the questions that one text explains, and this text."""
    return "".join(
        "".join(answer_of(guess, said.get(guess.key, {})) for guess in group)
        + f"\n{quoted(booklet.linked(group[0].why))}\n"
        for group in lesson.guesses(path)
    )


def answer_of(guess: lesson.Guess, said: dict[str, str]) -> str:
    """Make the entry of one guess."""
    lines = [f"Choices: {'; '.join(guess.choices)}"] if guess.choices else []
    lines += [f"Answer: **{guess.answer or said.get('answer', 'see the lesson')}**"]
    lines += [f"They say: {said['say']}"] if "say" in said else []
    lines += [f"Why that is reasonable: {said['because']}"] if "because" in said else []
    items = "".join(f"- {line.removesuffix('.')}.\n" for line in lines)
    return f"\n### {guess.question}\n\n`{guess.key}`, in *{guess.section}*\n\n{items}"


def quoted(text: str) -> str:
    """Make a quotation of a text."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


if __name__ == "__main__":
    main()
