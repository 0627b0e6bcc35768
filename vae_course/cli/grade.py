"""Which exercises are right in each learner's folder, with their guesses and quiz, as a table for the teacher.

A learner's code runs in a process of its own, in an empty folder, with a time limit. It is not locked in: grade only
what you would also open and run.
"""

import argparse
import ast
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_course.cli import lab
from vae_course.cli.csv_tables import check_table, in_csv
from vae_course.cli.verdicts import BEST_FIRST, end_all, run
from vae_course.files import write_atomically
from vae_course.kit.answer_file import path_of_answers
from vae_course.kit.workspace import COURSE, read_file

NO_NOTEBOOK = "no notebook"
QUIZZES = ("quiz before", "quiz after")
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
A_DAY = 86_400


@dataclass(frozen=True)
class Exercise:
    """One exercise of the course: its lesson's notebook, the line that checks it, and the code that is there before."""

    lesson: str
    check: str
    name: str
    stub: str

    @property
    def title(self) -> str:
        """The column's heading."""
        return f"{self.lesson[:2]} {self.name}"


def main(args: argparse.Namespace) -> int:
    """Grade all folders, and write the table."""
    for folder in args.folders:
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder}: there is no such folder; name the folders of your learners")
    if not 0 < args.seconds <= A_DAY:
        raise ValueError(f"--seconds {args.seconds:g}: it must be above 0, and at most {A_DAY:,}, which is a day")
    # Said before the checks run, which may take minutes.
    if args.out is not None and not args.out.absolute().parent.is_dir():
        raise FileNotFoundError(f"{args.out}: there is no such folder to write into; make it first")
    if args.out is not None:
        check_table(args.out)
    exercises = exercises_of_course()
    columns = ["folder", *(exercise.title for exercise in exercises), "right", "of", "guesses", *QUIZZES]
    text = in_csv(columns, grade_all(args.folders, exercises, args.seconds), "\r\n")
    if args.out is None:
        print(text, end="")
    else:
        write_atomically(args.out, text.encode(errors="backslashreplace"))
    return 0


def grade_all(folders: Sequence[Path], exercises: Sequence[Exercise], seconds: float) -> list[dict[str, Any]]:
    """Grade folders side by side; after Ctrl-C nothing goes on."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            return list(pool.map(lambda folder: grade(folder, exercises, seconds), folders))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_all()
            raise


def exercises_of_course() -> list[Exercise]:
    """Find all exercises in the course's own lessons."""
    return [
        Exercise(path.stem, ast.unparse(call), call.args[0].id, code[position - 1])
        for path in sorted(lab.LESSONS.glob("*.ipynb"))
        for code in [code_cells(path)]
        for position, call in checks_in(code)
    ]


def code_cells(path: Path) -> list[str]:
    """Read the code of a notebook; nothing of one that cannot be read."""
    try:
        cells = json.loads(read_file(path))["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []


def checks_in(code: Sequence[str]) -> Iterator[tuple[int, Any]]:
    """Yield each call such as `check_binarize(binarize)`, with the number of its cell."""
    for position, source in enumerate(code):
        for statement in parsed(source):
            match statement:
                case ast.Expr(ast.Call(ast.Name(name), [ast.Name()], []) as call) if name.startswith("check_"):
                    yield position, call


def parsed(source: str) -> list[ast.stmt]:
    """Return a cell's statements; none of a cell that is no Python, or that could not be written again."""
    try:
        statements = ast.parse(source).body
        ast.unparse(statements)
        return statements
    # The last two are what Python says of brackets within thousands of brackets.
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def grade(folder: Path, exercises: Sequence[Exercise], seconds: float) -> dict[str, Any]:
    """Make a folder's row of the table."""
    notebooks = notebooks_in(folder)
    found = {}
    for lesson in dict.fromkeys(exercise.lesson for exercise in exercises):
        its = [exercise for exercise in exercises if exercise.lesson == lesson]
        found |= grade_lesson(folder, notebooks.get(lesson, []), its, seconds)
    quiz = state(folder, "quiz")
    scores = [quiz.get(name.removeprefix("quiz ")) for name in QUIZZES]
    return {
        "folder": as_text(folder.name or folder.resolve().name),
        **found,
        "right": sum(status == "right" for status in found.values()),
        "of": len(exercises),
        "guesses": len(state(folder, "guesses")),
        **{
            # A number: a spreadsheet would compute a text that begins with "=".
            name: score["right"] if isinstance(score, dict) and isinstance(score.get("right"), int) else ""
            for name, score in zip(QUIZZES, scores, strict=True)
        },
    }


def as_text(name: str) -> str:
    """Mark a name as a text where a spreadsheet would compute it."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def state(folder: Path, name: str) -> dict[str, Any]:
    """Read what the course noted in a folder; {} where it noted nothing, or the file is damaged."""
    try:
        found = json.loads(read_file(folder / COURSE / f"{name}.json"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def notebooks_in(folder: Path) -> dict[str, list[Path]]:
    """Find the notebooks of each lesson, under whatever name: a notebook holds its lesson, or is named like it."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.ipynb")):
        try:
            metadata = json.loads(read_file(path))["metadata"]
            lesson = metadata.get("vae_course", {}).get("lesson", path.stem)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            lesson = path.stem
        found.setdefault(str(lesson), []).append(path)
    return found


def grade_lesson(folder: Path, paths: Sequence[Path], exercises: Sequence[Exercise], seconds: float) -> dict[str, str]:
    """Find the status of each exercise of one lesson: the best of its notebooks and of the file of right answers."""
    untouched, codes = "not tried yet" if paths else NO_NOTEBOOK, [code_cells(path) for path in paths]
    graded = {}
    for exercise in exercises:
        programs = [*(program_of(code, exercise) for code in codes), kept(folder, exercise)]
        graded[exercise.title] = best(programs, seconds) or untouched
    return graded


def best(programs: Sequence[str], seconds: float) -> str:
    """Run programs until one is right, and return the best status; "" if there is nothing to run."""
    found = ""
    for program in filter(None, programs):
        status = run(program, seconds)
        if status == "right":
            return status
        found = min(found or status, status, key=BEST_FIRST.index)
    return found


def kept(folder: Path, exercise: Exercise) -> str:
    """Make a program that checks a piece of the file of right answers, which imports all that it needs."""
    file = path_of_answers(folder, state(folder, "course"))
    if exercise.name not in state(folder, "answers"):
        return ""
    try:
        text = read_file(file)
    except (OSError, ValueError):
        return ""
    word, check = exercise.lesson[3:], exercise.check.partition("(")[0]
    return f"{text}\nfrom vae_course.lessons.{word} import {check}\n{exercise.check}"


def program_of(code: Sequence[str], exercise: Exercise) -> str:
    """Take from a notebook what the check needs: definitions and the learner's cell; "" if that is untouched.

    Other cells, which train and draw, would take minutes, and the check needs nothing of them.
    """
    needed: list[str] = []
    for source in code:
        statements = parsed(source)
        if any(ast.unparse(statement) == exercise.check for statement in statements):
            return "\n".join([*needed, exercise.check]) if exercise.stub not in needed else ""
        if exercise.name in names_made_by(statements):
            needed.append(source)
        else:
            needed += [ast.unparse(statement) for statement in statements if defines(statement)]
    return ""


def defines(statement: ast.stmt) -> bool:
    """Say whether it is an import, a function, a class, or a number or text with a name, such as `HALF = 1 / 2`."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
        return all(ast.unparse(call.func).startswith("math.") for call in calls)
    return isinstance(statement, DEFINITIONS)


def names_made_by(statements: Sequence[ast.stmt]) -> set[str]:
    """Collect the names of functions, classes and variables that statements make."""
    names = {statement.name for statement in statements if isinstance(statement, ast.FunctionDef | ast.ClassDef)}
    assigned = [statement for statement in statements if isinstance(statement, ast.Assign)]
    return names | {target.id for one in assigned for target in one.targets if isinstance(target, ast.Name)}
