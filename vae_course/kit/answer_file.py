"""The file that keeps a learner's right answers: a block for each, between two marks. All else is the learner's."""

import ast
import contextlib
import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from vae_course.kit.sources import Source

HEADER = '''"""What I wrote in the course: each piece whose check said *right*.

The course keeps a piece between the lines `# >>> name` and `# <<< name`, and replaces it by the next right answer.
All else in this file is mine, and stays as it is.
"""
'''
_BLOCK = re.compile(r"^# >>> (\w+)[^\n]*\n(.*?)^# <<< \1[^\n]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)


# Its name, where `course.json` has none.
ANSWERS = "my_vae.py"


def path_of_answers(folder: Path, course: Mapping[str, Any]) -> Path:
    """Find the file in a folder, by what `course.json` says; what is no name of a Python file leads nowhere else."""
    name = course.get("answers")
    return folder / (name if isinstance(name, str) and re.fullmatch(r"\w+\.py", name) else ANSWERS)


class NotKept(Exception):
    """An answer cannot be kept; the exception's text says why."""


def read_text(path: Path) -> str:
    """Return the file's text, or that of a new file.

    Raises:
        NotKept: it is not Python.
    """
    try:
        text = path.read_text(encoding="utf-8-sig") if path.exists() else HEADER
        ast.parse(text)
    except SyntaxError as error:
        raise NotKept(f"line {error.lineno} of {path.name} is not Python ({error.msg}): repair it") from None
    except ValueError as error:
        raise NotKept(f"{path.name} is not a text in UTF-8 ({error})") from None
    return text


def blocks(text: str) -> dict[str, str]:
    """Return the kept pieces: name → its lines."""
    return {match[1]: match[2].strip("\n") for match in _BLOCK.finditer(text)}


def digest(block: str) -> str:
    """Return what tells whether a block is still the one that was checked."""
    return hashlib.sha256(block.encode()).hexdigest()


def load(text: str, path: Path) -> ModuleType:
    """Run a text as if it were imported from this file, in a namespace of its own; what it prints is not shown."""
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, str(path), "exec"), vars(module))
    return module


def with_piece(text: str, name: str, source: Source, changed: bool) -> str:
    """Return the text with this piece in its block, and with the imports that it needs at the top.

    Args:
        text: the file's.
        name: the piece's.
        source: all of it.
        changed: the learner has changed the block by hand, so its lines stay, as comments.

    Raises:
        NotKept: a helper has the name of something else in the file.
    """
    old = blocks(text).get(name, "")
    block = "\n\n\n".join(source.definitions.values())
    _expect_no_other(_without_blocks(text, name), name, block)
    text = _BLOCK.sub(lambda match: match[0] if match[1] == name else _without_helper(match, name), text)
    lines = f"# >>> {name}: a right answer replaces these lines.\n{block}\n# <<< {name}\n"
    if changed:
        lines += "".join(f"# {line}".rstrip() + "\n" for line in ["Before, changed by hand:", *old.splitlines()])
    if name in blocks(text):
        text = _BLOCK.sub(lambda match: lines if match[1] == name else match[0], text)
    else:
        text = f"{text.rstrip()}\n\n\n{lines}"
    return _with_imports(text, list(source.imports.values()))


def _without_blocks(text: str, name: str) -> str:
    """Leave out this piece's block, and from the others what has its name."""
    return _BLOCK.sub(lambda match: "" if match[1] == name else _without_helper(match, name), text)


def _without_helper(match: re.Match[str], name: str) -> str:
    """Return a block without the statement that binds this name: the piece of that name is in the file."""
    lines = match[0].splitlines(keepends=True)
    for statement in ast.parse(match[0]).body:
        if name in _bindings(statement):
            first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
            for line in range(first - 1, statement.end_lineno or first):
                lines[line] = ""
    return re.sub(r"^(# >>> [^\n]*\n)\n+", r"\1", "".join(lines))


def _expect_no_other(rest: str, name: str, block: str) -> None:
    """Raise `NotKept` if the block binds a name that means something else in the rest of the file."""
    others = {bound: what for statement in ast.parse(rest).body for bound, what in _bindings(statement).items()}
    for statement in ast.parse(block).body:
        for bound, what in _bindings(statement).items():
            # An import at the top may stand behind the piece's name: the block comes later, and counts.
            if others.get(bound, what) != what and not (bound == name and others[bound].startswith("import")):
                raise NotKept(f"there is another `{bound}` in the file: give yours another name, or remove that one")


def _bindings(statement: ast.stmt) -> dict[str, str]:
    """Return the names that a statement binds, each with what it means."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        home = getattr(statement, "module", None)
        return {a.asname or a.name.split(".")[0]: f"import {home}.{a.name}" for a in statement.names}
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name: ast.dump(statement)}
    stored = [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return dict.fromkeys(stored, ast.dump(statement))


def _with_imports(text: str, imports: list[str]) -> str:
    """Add the lines that are not there yet, behind the docstring and the imports at the top."""
    lines, course = text.splitlines(), __name__.split(".")[0]
    new = sorted(
        {*imports} - {*lines}, key=lambda line: (line.split()[1].split(".")[0] != course, line[0] == "f", line)
    )
    end, after_import = _end_of_top(text)
    if new and end and not after_import:
        new = ["", *new]
    return "\n".join([*lines[:end], *new, *lines[end:]]) + "\n"


def _end_of_top(text: str) -> tuple[int, bool]:
    """Return the last line of the docstring and the imports that open a file, and whether it is an import's."""
    end, after_import = 0, False
    for statement in ast.parse(text).body:
        is_import = isinstance(statement, ast.Import | ast.ImportFrom)
        if not is_import and not (end == 0 and ast.get_docstring(ast.parse(text)) is not None):
            break
        end, after_import = statement.end_lineno or 0, is_import
    return end, after_import
