"""Make the booklet of solutions from the executed lessons: each task with its hints and the course's own code."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import lesson

INTRO = """# Solutions

These are all exercises, changes to try and open tasks of the lessons, with their hints.
An exercise ends with the code that the course itself runs, as `show_me` shows it.
Many other answers are right: a check compares what a function does, and not how it is written.
"""
HEADING = re.compile(r"^(?=##+ )", re.MULTILINE)
TASK = re.compile(r"Exercise|Change this and see|An open task")
MINUTES = re.compile(r"^\*\d+ minutes.* difficulty", re.MULTILINE)
# What the lesson needs and the booklet does not: guesses, checks, and the cell that goes on with the answer.
LEFT_OUT = re.compile(r"^(predict|check_\w+|guesses)\(", re.MULTILINE)


def solutions() -> str:
    """Make the whole booklet."""
    return INTRO + "".join(f"\n## {lesson.title(path)}\n{''.join(tasks(path))}" for path in lesson.LESSONS)


def tasks(path: Path) -> Iterator[str]:
    """Yield each task of a lesson as Markdown."""
    for section in lesson.sections(path):
        for part in parts(section):
            if TASK.match(part.title) or MINUTES.search(part.text):
                yield "".join(f"\n{block.strip()}\n" for block in blocks(part))


def parts(section: lesson.Section) -> list[lesson.Section]:
    """Split a section at its lower headings."""
    found = [lesson.Section("")]
    for cell in section.cells:
        for piece in HEADING.split(cell.source) if cell.kind == "markdown" else [cell.source]:
            if HEADING.match(piece):
                found.append(lesson.Section(piece.splitlines()[0].strip("# ")))
            if piece:
                found[-1].cells.append(lesson.Cell(cell.kind, piece, cell.outputs))
    return found


def blocks(task: lesson.Section) -> Iterator[str]:
    """Yield what a task consists of, up to its solution."""
    for cell in task.cells:
        if cell.kind == "markdown":
            yield unfolded(cell.source)
        elif solution := "".join(solution_in(shown) for shown in cell.shown):
            yield solution
            return
        elif not LEFT_OUT.search(cell.source):
            yield f"```python\n{cell.source}\n```"
            if cell.source.startswith("table("):
                yield f"```text\n{cell.shown[0].rstrip()}\n```"


def unfolded(text: str) -> str:
    """Write a lesson's text for a page of its own: nothing is folded, and links lead to the lessons."""
    text = re.sub(r"<details><summary>(.*?)</summary>", r"**\1**", text).replace("</details>", "")
    text = re.sub(r"^##+ ", "### ", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", linked(text))


def linked(text: str) -> str:
    """Let links to lessons lead there from the folder of the teacher's pages."""
    return re.sub(r"\]\((\d\d_\w+\.ipynb)\)", r"](../../notebooks/\1)", text)


def solution_in(html: str) -> str:
    """Take the code, and what stands above it, out of the HTML of `show_me`; "" where there is none."""
    if "<pre>" not in html or "<summary>" not in html:
        return ""
    found = re.findall(r"<summary>(.*?)</summary>|<b>(.*?)</b>|<pre>(.*?)</pre>", html, re.DOTALL)
    return "".join(
        f"```python\n{unescape(code).strip()}\n```\n\n"
        if code
        else f"**{summary(above)}**\n\n"
        if above
        else f"`{bold}`\n\n"
        for above, bold, code in found
    )


def summary(html: str) -> str:
    """Write the line that is clicked as Markdown."""
    return unescape(re.sub(r"</?code>", "`", html)).replace("Show me: how", "How")
