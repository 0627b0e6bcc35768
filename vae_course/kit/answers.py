"""The learner's right answers count: the lesson goes on with them, and a workspace keeps them in a file."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from vae_course.kit.answer_file import NotKept, blocks, digest, load, path_of_answers, read_text, with_piece
from vae_course.kit.guard import TooLong, settings_kept, time_limit
from vae_course.kit.sources import NoSource, Source
from vae_course.kit.workspace import find_workspace, lock, read_entries, read_state, replace_text, update_state

from IPython.display import display

STATE = "answers"  # .course/answers.json
_FIELDS = {"digest": str, "lesson": str}
UNTRIED, CHANGED = "is not tried yet", "has changed since its check"
SECONDS = 10.0  # that the file may take to be read


@dataclass(frozen=True)
class Line:
    """A line that a lesson says, with code between backticks."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        parts = escape(self.text).split("`")
        return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


@dataclass
class Attempts:
    """The learner's answers to one exercise in this session, and what was said of each."""

    exercise: str
    answers: list[Any] = field(default_factory=list)
    """The latest at the end. The list keeps them alive, so that no two have the same `id`."""
    said: dict[int, str] = field(default_factory=dict)
    course: Any = None
    """What the lesson goes on with where the answer is not right."""

    def note(self, answer: Any, said: str) -> None:
        """Remember an answer as the latest."""
        self.answers = [*(other for other in self.answers if other is not answer), answer]
        self.said[id(answer)] = said


_session: dict[str, Attempts] = {}


def attempts(exercise: str) -> Attempts:
    """Return the answers to an exercise that this session has seen."""
    return _session.setdefault(exercise, Attempts(exercise))


def go_on_with(answer: Any, otherwise: Callable[..., Any]) -> Any:
    """Return the learner's answer if its check has called this very object right, else the course's; say which.

    Args:
        answer: the learner's. If the name stands for the course's already, the learner's latest is meant.
        otherwise: the course's.
    """
    seen = _attempts_with(answer, otherwise)
    if answer is otherwise:
        answer = seen.answers[-1] if seen.answers else None
    elif id(answer) not in seen.said:
        seen.note(answer, CHANGED if seen.answers else UNTRIED)
    seen.course, said, course = otherwise, seen.said.get(id(answer), UNTRIED), otherwise.__name__
    if said == "is right":
        display(Line(f"The lesson goes on with your `{seen.exercise}`."))
        return answer
    yours = "yours" if course == seen.exercise else f"your `{seen.exercise}`"
    display(Line(f"The lesson goes on with the course's `{course}`; {yours} {said}."))
    return otherwise


def kept(**course: Any) -> SimpleNamespace:
    """Return each piece as the learner wrote it if the file has it as it was checked, else the course's; say which.

    Args:
        course: the course's pieces, by the names of the exercises.
    """
    mine, trouble = _kept_pieces()
    yours = {name: mine[name] for name in course if name in mine}
    rest = [name for name in course if name not in yours]
    count = f"{len(yours)} of {len(course)} pieces are yours" + (f": {_listed(yours)}." if yours else ".")
    others = f"The course's: {_listed(rest)}." if rest else ""
    display(Line(" ".join(filter(None, [trouble, count, others]))))
    return SimpleNamespace(**course | yours)


def keep(exercise: str, answer: Any, lesson: str) -> str:
    """Keep a right answer in the workspace's file; return a sentence that says whether it is kept, or why not."""
    workspace = find_workspace()
    if workspace is None:
        return ""
    path = path_of_answers(workspace, read_state("course"))
    if getattr(answer, "__module__", None) == path.stem:
        return f"It is in {path.name} already."
    try:
        with lock(workspace, path.name):
            _keep(path, exercise, answer, lesson)
    except (NotKept, NoSource) as reason:
        return f"Not kept in {path.name}: {reason}."
    # Whatever goes wrong with the file, the answer is right.
    except Exception as error:
        return f"Not kept in {path.name}: {type(error).__name__}: {error}."
    return f"Kept in {path.name}."


def _keep(path: Path, exercise: str, answer: Any, lesson: str) -> None:
    before = read_text(path)
    old, checked = blocks(before), _checked(before)
    source = Source(present=checked - {exercise}, file=path.stem)
    source.add(exercise, answer)
    text = with_piece(before, exercise, source, changed=exercise in old and exercise not in checked)
    _expect_loads(text, before, path, exercise, source.imports)
    replace_text(path, text)
    for name, block in blocks(text).items():
        if name == exercise or (name in checked and block != old[name]):
            at = lesson if name == exercise else read_entries(STATE, _FIELDS)[name]["lesson"]
            update_state(STATE, name, {"digest": digest(block), "lesson": at})


def _checked(text: str) -> set[str]:
    """Return the names of the blocks that are as they were checked."""
    entries = read_entries(STATE, _FIELDS)
    return {
        name for name, block in blocks(text).items() if name in entries and entries[name]["digest"] == digest(block)
    }


def _expect_loads(text: str, old: str, path: Path, exercise: str, imports: dict[str, str]) -> None:
    """Raise `NotKept` unless the text runs on its own and has the piece, and no import changes what a name means."""
    before, wanted = _loaded(old, path), {}
    for name, line in imports.items():
        exec(line, wanted)
        if getattr(before, name, wanted[name]) is not wanted[name] and name not in blocks(old):
            raise NotKept(f"there is another `{name}` in the file: give yours another name, or remove that one")
    if not hasattr(_loaded(text, path), exercise):
        raise NotKept(f"the file would have no `{exercise}`")


def _loaded(text: str, path: Path) -> ModuleType:
    try:
        with settings_kept(), time_limit(SECONDS):
            return load(text, path)
    except TooLong:
        raise NotKept(f"it takes longer than {SECONDS:g} seconds to import it") from None
    except (Exception, SystemExit) as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        place = f"line {lines[-1]} of the file" if lines else "the file"
        raise NotKept(f"{place} stops with {type(error).__name__}: {error}") from None


def _kept_pieces() -> tuple[dict[str, Any], str]:
    """Return the pieces that are as they were checked, and what the learner should know of the file."""
    workspace = find_workspace()
    path = path_of_answers(workspace, read_state("course")) if workspace else None
    if path is None or not path.exists():
        return {}, ""
    try:
        text = read_text(path)
        module, checked = _loaded(text, path), _checked(text)
    except NotKept as reason:
        return {}, f"{path.name} cannot be used: {reason}."
    changed = [name for name in blocks(text) if name not in checked]
    note = f"Changed in {path.name} since the check: {_listed(changed)}." if changed else ""
    return {name: getattr(module, name) for name in checked if hasattr(module, name)}, note


def _attempts_with(answer: Any, otherwise: Any) -> Attempts:
    """Find the exercise that an answer belongs to."""
    for seen in _session.values():
        if id(answer) in seen.said or (answer is otherwise and seen.course is otherwise):
            return seen
    name = getattr(answer, "__name__", "")
    return attempts(name if name.isidentifier() else otherwise.__name__)


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)
