"""A learner who solves lessons 01 to 06 has a whole VAE in a file of their own at the end, and has trained it."""

import ast
import re

import jupytext
import pytest
from nbclient import NotebookClient
from solutions import NAMES, PROJECT, SOLUTIONS, expect_the_file_works_alone, stub_in

SOURCES = sorted((PROJECT / "notebooks").glob("*.py"))
LESSONS = {source.name[:2]: source for source in SOURCES}


def code_cells(lesson):
    return [cell for cell in jupytext.read(LESSONS[lesson]).cells if cell.cell_type == "code"]


def exercises_of(lesson):
    """Each exercise's name, and its three cells: the stub, its check, and how the lesson goes on."""
    cells = [cell.source for cell in code_cells(lesson)]
    for i, source in enumerate(cells):
        if name := stub_in(source):
            yield name, cells[i : i + 3]


def imports_of(lesson):
    """What the lesson imports, without the rest."""
    trees = [ast.parse(cell.source) for cell in code_cells(lesson)]
    found = [node for tree in trees for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(ast.unparse(node) for node in found)


def run(folder, notebook):
    """Execute a notebook as JupyterLab does, in this folder; return all text that it shows."""
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in outputs)


def notebook_of(cells):
    return jupytext.reads("\n\n".join(f"# %%\n{cell}" for cell in cells), fmt="py:percent")


def solved_exercises(lesson):
    """The lesson's imports and its exercises, solved."""
    exercises = [(SOLUTIONS[lesson][name].strip(), *cells[1:]) for name, cells in exercises_of(lesson)]
    return [imports_of(lesson), *(cell for cells in exercises for cell in cells)]


def the_vae_of_the_pieces():
    """Lesson 06's first cell, its exercises, solved, and all that it does with the pieces as `mine`."""
    cells = [cell.source for cell in code_cells("06")]
    return [cells[0], *solved_exercises("06"), *(cell for cell in cells if re.search(r"\bmine\b", cell))]


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """Solve lessons 01 to 06 in a workspace; return it and what was shown.

    Of 01 to 05, the exercises are run, in one kernel that forgets all names after each lesson; of 06 also what trains
    the VAE of all pieces. The browser's newcomer solves the whole lessons.
    """
    folder = tmp_path_factory.mktemp("workspace")
    (folder / ".course").mkdir()
    (folder / ".course" / "course.json").write_text('{"answers": "my_vae.py"}')
    before = [lesson for lesson in SOLUTIONS if lesson != "06"]
    pieces = [cell for lesson in before for cell in (*solved_exercises(lesson), "get_ipython().reset()")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PROJECT))
        patch.setenv("OMP_NUM_THREADS", "1")
        return folder, "\n".join(run(folder, notebook_of(cells)) for cells in (pieces, the_vae_of_the_pieces()))


@pytest.mark.parametrize("lesson", SOLUTIONS)
def test_a_right_answer_is_kept_and_the_lesson_goes_on_with_it(solved, lesson):
    _, shown = solved
    for name in SOLUTIONS[lesson]:
        assert re.search(rf"✓ {name}: right\..* Kept in my_vae\.py\.", shown), shown
        assert f"The lesson goes on with your `{name}`." in shown


def test_lesson_06_trains_the_vae_of_the_learners_pieces(solved):
    _, shown = solved
    assert f"8 of 8 pieces are yours: {', '.join(f'`{name}`' for name in NAMES)}." in shown
    measured = re.search(r"^ *your VAE.*?^ *−ELBO +(\d+) *$", shown, re.MULTILINE | re.DOTALL)
    assert 100 < int(measured[1]) < 120


def test_the_file_works_in_a_fresh_python(solved):
    folder, _ = solved
    expect_the_file_works_alone(folder)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_check_that_is_run_again_does_not_call_the_stub_right(lesson, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    exec(imports_of(lesson), names)
    exercises = list(exercises_of(lesson))
    assert exercises or lesson == "00"
    for name, (stub, check, go_on) in exercises:
        exec(stub, names)
        call = next(line for line in check.splitlines() if line.startswith("check_"))
        assert eval(call, names).status == "not tried yet"
        if "show_me" in go_on:
            exec(go_on, names)
        assert eval(call, names).status == "not tried yet", f"{name} after the cell that goes on"
