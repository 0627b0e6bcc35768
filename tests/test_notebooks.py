"""Every lesson runs from top to bottom, offline and from any folder, and prints what its notebook shows."""

import os
import re
import shutil
from functools import cache
from html import unescape
from pathlib import Path

import jupytext
import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PACKAGE = NOTEBOOKS.with_name("vae_course")
SOURCES = sorted(NOTEBOOKS.glob("*.py"))
# The start page, 00, is no lesson: it has no exercise, no module and no row in the tables of lessons.
# An appendix, A1, is a chapter, but no lesson either: it has guesses and an exercise, but no module of its word.
PAGES = [source.with_suffix(".ipynb") for source in SOURCES]
CHAPTERS = [page for page in PAGES if page.stem != "00_start"]
LESSONS = [page for page in CHAPTERS if page.stem[0].isdigit()]
CELL_SECONDS = 300  # a cell that takes longer hangs; how long a lesson takes is measured by benchmarks/lessons.py
# A line that may tell an answer: it holds words between quotes, or asserts something.
TELLS = re.compile(r'"[^"]* [^"]*"|^(reveal|assert)\b')
# nbval compares the output of cells with this tag.
TAG = "nbval-check-output"

each_page = pytest.mark.parametrize("lesson", PAGES, ids=lambda path: path.stem)
each_chapter = pytest.mark.parametrize("lesson", CHAPTERS, ids=lambda path: path.stem)
each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


def again(lesson):
    return f"make notebooks LESSON={lesson.name[:2]}"


@cache
def read(lesson):
    assert lesson.is_file(), f"{lesson.name} is not made yet: {again(lesson)}"
    return nbformat.read(lesson, as_version=4)


def code_cells(lesson):
    return [cell for cell in read(lesson).cells if cell.cell_type == "code"]


def text_of(output):
    """All text of an output; pictures are left out."""
    bundle = output.get("data", {})
    texts = [output.get("text", ""), *(value for kind, value in bundle.items() if kind.startswith("text/"))]
    return "\n".join("".join(text) for text in texts)


def test_every_lesson_has_both_halves():
    alone = {path.stem for path in NOTEBOOKS.glob("*.ipynb")} ^ {path.stem for path in SOURCES}
    assert not alone, "a .py without its .ipynb needs make notebooks; an .ipynb without its .py is to be deleted"
    numbers = [lesson.name[:2] for lesson in LESSONS]
    assert numbers == [f"{i:02}" for i in range(1, len(LESSONS) + 1)], "lessons are numbered 01, 02, … without a gap"


@each_lesson
def test_a_lesson_has_one_word_everywhere(lesson):
    root, number, word = NOTEBOOKS.parent, *lesson.stem.split("_", 1)
    files = (f"vae_course/{word}.py", f"tests/model/test_{word}.py", f"vae_course/lessons/{word}/check.py",
             f"tests/lessons/{word}/test_check.py", f"docs/pictures/{word}.png")  # fmt: skip
    missing = [name for name in files if not (root / name).is_file()]
    for page, words in (("README.md", f"](notebooks/{lesson.name}) | "), ("INSTRUCTORS.md", f"\n| {number} ")):
        if words not in (root / page).read_text(encoding="utf-8"):
            missing.append(f"a row in {page}")
    assert not missing, f"lesson {number} still lacks: {', '.join(missing)}"


@each_page
def test_the_two_halves_agree(lesson):
    """By content: a fresh clone's timestamps say nothing. After a change of the .py: make notebooks."""
    source, notebook = jupytext.read(lesson.with_suffix(".py")), read(lesson)
    assert [(cell.cell_type, cell.source) for cell in source.cells] == [
        (cell.cell_type, cell.source) for cell in notebook.cells
    ], again(lesson)
    for kind in ("tags", "jupyter"):  # Whose output is compared, and what is folded.
        assert [cell.metadata.get(kind) for cell in source.cells] == [
            cell.metadata.get(kind) for cell in notebook.cells
        ], again(lesson)


@each_chapter
def test_what_a_lesson_shows_of_the_package_is_in_the_package(lesson):
    """After a change of what `show_me` shows: make notebooks."""
    package = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    shown = [text_of(output) for cell in code_cells(lesson) if "show_me(" in cell.source for output in cell.outputs]
    sources = [unescape(source) for text in shown for source in re.findall("<pre>(.*?)</pre>", text, re.DOTALL)]
    assert sources, f"no output of a cell with show_me(…): write one, then {again(lesson)}"
    assert not [source for source in sources if source not in package], f"an older source is shown: {again(lesson)}"


@each_page
def test_the_notebook_was_executed_from_top_to_bottom_without_a_complaint(lesson):
    cells = code_cells(lesson)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), again(lesson)
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


@each_chapter
def test_tagged_cells_have_something_to_compare(lesson):
    tagged = [cell for cell in code_cells(lesson) if TAG in cell.metadata.get("tags", [])]
    assert tagged, f'no cell has the tag "{TAG}": tag one whose printed output never changes'
    silent = [cell.source for cell in tagged if not cell.outputs]
    assert not silent, f'cells with the tag "{TAG}" that print nothing, or {again(lesson)}'


def called(name, cells):
    """Each key that a function is called with → the positions of the cells that do."""
    found = {}
    for i, cell in enumerate(cells):
        for key in re.findall(rf'(?<![\w.]){name}\(\s*"([^"]+)"', cell.source if cell.cell_type == "code" else ""):
            found.setdefault(key, []).append(i)
    return found


@each_chapter
def test_every_guess_meets_its_answer(lesson):
    cells, word = read(lesson).cells, lesson.stem[3:]
    predicted, revealed, tables = (called(name, cells) for name in ("predict", "reveal", "guesses"))
    assert predicted.keys() == revealed.keys(), "predict(KEY, …) and reveal(KEY, …) belong together"
    for key, at in predicted.items():
        assert key.startswith(f"{word}/"), f"the key begins with the lesson's word: {word}/…"
        assert len(at) == len(revealed[key]) == 1, f"one predict and one reveal of {key}"
        assert at < revealed[key], f"the answer of {key} comes after the guess"
    last = max(revealed.values(), default=None)
    assert [*tables] == ([word] if last else []), f'guesses("{word}") belongs to a lesson with guesses, and only there'
    assert not last or tables[word] > last, f'guesses("{word}") comes after the last answer'


@each_chapter
def test_nothing_tells_an_answer_before_the_guess(lesson):
    """What lies between a guess and its answer is folded, or tells nothing; why it is so is folded, too."""
    cells = read(lesson).cells
    predicted, revealed = called("predict", cells), called("reveal", cells)
    for key, (at,) in predicted.items():
        (end,) = revealed[key]
        assert cells[at].source.startswith("predict("), f"predict({key!r}, …) has a cell of its own"
        for cell in cells[at + 1 : end + 1]:
            folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
            tells = cell.cell_type == "code" and re.search(r"\bassert\b|title", cell.source)
            assert folded or not tells, f'# %% jupyter={{"source_hidden": true}} belongs above: {cell.source}'
            # JupyterLab shows the first line of a folded cell: no figure's title, no assertion.
            first = cell.source.partition("\n")[0]
            assert not (folded and TELLS.search(first)), f"“# Guess first, then run this cell.” belongs above: {first}"
        why = cells[end + 1]
        assert why.cell_type == "markdown", f"the cell after reveal({key!r}, …) says why"
        assert why.source.startswith("<details>"), f"the cell after reveal({key!r}, …) begins with <details>"


@each_page
def test_no_magics(lesson):
    """They are no Python: whoever runs the .py, as benchmarks/lessons.py does, would run it without them."""
    assert not [line for cell in code_cells(lesson) for line in cell.source.splitlines() if re.match(r"\s*[%!]", line)]


@each_page
def test_the_course_is_imported_before_torch(lesson):
    """What the course sets for waiting threads is read when torch is loaded."""
    code = "\n".join(cell.source for cell in code_cells(lesson))
    packages = re.findall(r"^(?:from|import) (\w+)", code, re.MULTILINE)
    assert "torch" not in packages[: packages.index("vae_course")], "make format puts the imports in order"


@each_page
def test_nothing_of_the_authors_machine_is_left(lesson):
    notebook = read(lesson)
    assert notebook.metadata.kernelspec.name == "python3"
    outputs = "\n".join(text_of(output) for cell in code_cells(lesson) for output in cell.outputs)
    assert not re.findall(r"(?:/home|/root|/Users|/tmp|/work|/var|[A-Z]:\\)[/\\\w.-]*", outputs)
    assert " at 0x" not in outputs
    assert lesson.stat().st_size < 1_000_000


@each_lesson
def test_every_figure_has_an_alternative_text(lesson):
    calls = [cell.source for cell in code_cells(lesson) if "plt.show(" in cell.source]
    assert not calls, "show(figure, alt) of vae_course.kit.figures shows a figure with its alternative text"
    outputs = [
        output for cell in code_cells(lesson) for output in cell.outputs if "image/png" in output.get("data", {})
    ]
    alts = [output.metadata.get("image/png", {}).get("alt", "") for output in outputs]
    assert alts
    assert all(alt.endswith(".") for alt in alts), f"a figure without a sentence that says what it shows: {alts}"
    assert len(set(alts)) == len(alts)


@each_page
def test_cells_are_short(lesson):
    assert not [cell.source for cell in code_cells(lesson) if len(cell.source.splitlines()) > 20], "over 20 lines"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Let nbval run a copy of a lesson in an empty folder, without a network; return its status and what it says."""
    # A process that calls a network is ended, be it the kernel or one that a lesson starts.
    places = [str(Path(__file__).parent / "no_network"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, places)))
    for name in ("PYTHONUTF8", "OMP_NUM_THREADS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        monkeypatch.setenv(name, "1")
    monkeypatch.chdir(tmp_path)

    def run(lesson):
        shutil.copy(lesson, tmp_path)
        nbval = ["--nbval-lax", f"--nbval-cell-timeout={CELL_SECONDS}", "-p", "no:cacheprovider", "-p", "nbval.plugin"]
        # In this process, because another one would take seconds to load nbval.
        status = pytest.main([*nbval, "--capture=no", f"--rootdir={tmp_path}", lesson.name])
        return status, capsys.readouterr().out

    return run


@each_page
def test_the_lesson_runs_from_another_folder_and_offline_and_prints_what_is_tagged(lesson, run, tmp_path):
    status, said = run(lesson)
    assert status == 0, f"{said[-6000:]}\nIf what it prints is right: {again(lesson)}"
    assert [path.name for path in tmp_path.iterdir()] == [lesson.name], "a lesson leaves files behind"
