"""Make the page of routes through the course: for each its parts, with minutes, cells, guesses and what is skipped."""

import json
import re
import tomllib
from typing import Any

import lesson
import minutes

INTRO = """# Routes through the course

The minutes of a lesson's part are those of its sections in [plan.md](plan.md), for somebody who works alone.
The minutes of talks and breaks are our choice.
A room needs the minutes that are left over: for questions, and for those who are stuck.
*Cells* are the cells to run, and *tasks* the exercises with a check.
*Computes* is what these cells took when we ran every lesson: in seconds, on one core of PROCESSOR.
`make bench` says how long each lesson takes on your machine.

To begin a part in the middle of a lesson, click on its heading and choose *Run → Run All Above Selected Cell*.
Do so while you talk, or before the break: it may take the lesson's whole minute.
No guess is lost by it: a question that nobody has answered stays open.
"""
# Open tasks are for those who have time; the others are read or not, as people like.
OPEN = "An open task"
NOT_LISTED = (OPEN, lesson.REST, lesson.TOP, "Key points", "Expected numbers", "Where you stand")
LESSONS = {path.stem: path for path in lesson.LESSONS}
# Seconds of one core in each section of each lesson, and the processor's name: see benchmarks/computing.py.
COMPUTED = json.loads((lesson.ROOT / "benchmarks" / "computing.json").read_text(encoding="utf-8"))
Part = dict[str, Any]


def routes() -> list[dict[str, Any]]:
    """Read the routes."""
    return tomllib.loads((lesson.TEACHING / "routes.toml").read_text(encoding="utf-8"))["route"]


def page() -> str:
    """Make the whole page."""
    return INTRO.replace("PROCESSOR", COMPUTED["processor"]) + "".join(f"\n{table(route)}" for route in routes())


def table(route: dict[str, Any]) -> str:
    """Make the table of one route, and say what it skips."""
    now, rows = 0, ""
    for part in route["part"]:
        rows += f"| {clock(now)} | {length(part)} | {named(part)} | {numbers(part)} |\n"
        now += length(part)
    left = route["minutes"] - now
    head = "| at | minutes | what | cells | guesses | tasks | computes |\n| --- | --- | --- | --- | --- | --- | --- |\n"
    return (
        f"## {route['title']}\n\n{route['aim']}\n\n{head}{rows}\n"
        f"{now} minutes of {route['minutes']}: {left} are left over.\n{computing(route)}\n\n{skipped(route)}"
    )


def computing(route: dict[str, Any]) -> str:
    """Say how many minutes one core computes in a route, and with the cells above its parts."""
    own = sum(map(seconds, route["part"])) / 60
    above = sum(seconds_from_the_top(name, route) for name in names(route)) / 60
    return f"The cells of this route compute for {own:.1f} minutes; with all that stands above them, for {above:.1f}."


def names(route: dict[str, Any]) -> list[str]:
    """List the lessons of a route, each once."""
    return list(dict.fromkeys(part["lesson"] for part in route["part"] if "lesson" in part))


def seconds(part: Part) -> float:
    """Add up the seconds that the cells of a part compute."""
    return sum(timed(part["lesson"], section.title) for section in sections(part))


def seconds_from_the_top(name: str, route: dict[str, Any]) -> float:
    """Add up the seconds of a lesson from its top to the last section that the route has of it."""
    done = {one.title for part in route["part"] if part.get("lesson") == name for one in sections(part)}
    titles = [section.title for section in lesson.sections(LESSONS[name])]
    last = max(i for i, title in enumerate(titles) if title in done)
    return sum(timed(name, title) for title in titles[: last + 1])


def timed(name: str, title: str) -> float:
    """Look up the seconds of a section; a new one has none until it is measured, and a test says so."""
    return COMPUTED["seconds"][name].get(title, 0.0)


def length(part: Part) -> int:
    """Count the minutes of a part."""
    return round(sum(sum(minutes.count(one.text, one.code)) for one in sections(part))) or part["minutes"]


def sections(part: Part) -> list[lesson.Section]:
    """Find the sections of a part; none if it is a talk or a break.

    Raises:
        ValueError: it names a section that the lesson does not have.
    """
    if "lesson" not in part:
        return []
    found = lesson.sections(LESSONS[part["lesson"]])
    titles = [section.title for section in found]
    listed = {*part.get("only", ()), *part.get("without", ())}
    if unknown := listed.difference(titles):
        raise ValueError(f"routes.toml names {sorted(unknown)}, which {part['lesson']} has not; give its headings")
    if "only" in part:
        return [section for section in found if section.title in part["only"]]
    if "half" in part:
        rest = titles.index(lesson.REST) + 1
        found = found[:rest] if part["half"] == 1 else found[rest:]
    return [section for section in found if section.title not in listed and not section.title.startswith(OPEN)]


def named(part: Part) -> str:
    """Say what is done in a part."""
    if "lesson" not in part:
        return part.get("talk") or f"**{part['rest']}**"
    text = f"Lesson {part['lesson'][:2]}"
    if "only" in part:
        return f"{text}: " + ", ".join(f"*{title}*" for title in part["only"])
    text += ("", " to its place to rest", " from its place to rest on")[part.get("half", 0)]
    return text + (", without what is named below" if "without" in part else "")


def numbers(part: Part) -> str:
    """Count cells, guesses and exercises, and the seconds that the cells compute."""
    cells = [cell for section in sections(part) for cell in section.cells if cell.kind == "code"]
    checks = sum(bool(re.match(r"check_\w+\(", cell.source)) for cell in cells)
    counted = len(cells), sum(len(cell.calls("predict")) for cell in cells), checks
    return " | ".join([*(str(number or "") for number in counted), f"{seconds(part):.0f} s"]) if cells else "| | |"


def skipped(route: dict[str, Any]) -> str:
    """List what the route skips of its lessons, where there is something to say instead."""
    rows = ""
    for name in names(route):
        own = [part for part in route["part"] if part.get("lesson") == name]
        done = {section.title for part in own for section in sections(part)}
        missing = [one.title for one in lesson.sections(LESSONS[name]) if one.title not in done]
        titles = ", ".join(f"*{title}*" for title in missing if not title.startswith(NOT_LISTED))
        if said := " ".join(part["say"] for part in own if "say" in part):
            rows += f"| {name[:2]} | {titles} | {said} |\n"
    if not rows:
        return "Nothing is skipped.\n"
    return f"| lesson | what is skipped | what you say instead |\n| --- | --- | --- |\n{rows}"


def clock(of: int) -> str:
    """Write minutes as hours and minutes."""
    return f"{of // 60}:{of % 60:02}"
