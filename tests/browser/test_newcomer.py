"""A newcomer's way through JupyterLab: from the start page to the end of lesson 06, with guesses and answers."""

import ast
import re
import shutil

from vae_course.cli.lab import update_folder

import pytest
from solutions import NAMES, PROJECT, SOLUTIONS, expect_the_file_works_alone, stub_in

LESSONS = {path.stem[:2]: path.stem for path in (PROJECT / "notebooks").glob("*.ipynb")}


@pytest.fixture
def workspace(lab):
    """A folder of the newcomer's own, which no other test opens."""
    folder = lab.notebooks / "newcomer"
    update_folder(folder)
    yield folder
    shutil.rmtree(folder)


def test_a_newcomer_predicts_and_solves_and_has_a_vae_of_their_own_after_lesson_06(open_lesson, workspace):
    lesson = open_lesson("newcomer/00_start")
    work_through(lesson, {})
    take_the_quiz(lesson, "4 of 12 are right.")
    for number, solutions in SOLUTIONS.items():
        lesson.follow_link(LESSONS[number])
        work_through(lesson, solutions)
    pieces = ", ".join(f"`{name}`" for name in NAMES)
    assert f"8 of 8 pieces are yours: {pieces}." in shown(lesson.cells())
    take_the_quiz(lesson, "Before the course: 4 of 12")
    expect_the_file_works_alone(workspace)


def work_through(lesson, solutions):
    """Press Shift+Enter from the first cell to the last; guess where a form asks; solve every exercise."""
    cells, said = lesson.cells(), {}
    expect_untouched(cells)
    for i, cell in enumerate(cells):
        lesson.run(i)
        for call in calls("predict", cell):
            key, question = (argument.value for argument in call.args)
            said[key] = guess(lesson.page, question)
        for call in calls("reveal", cell):
            sentence = f"You said {said[call.args[0].value]}"
            lesson.cell(i).locator(".vae-answer", has_text=sentence).first.wait_for()
        if (name := stub_in(code(cell))) in solutions:
            solve(lesson, i, solutions[name].strip())
    expect_done(lesson.cells(), said, solutions)


def expect_untouched(cells):
    """Expect that nothing is executed, and that the cells that tell an answer are folded."""
    assert not any(cell.get("outputs") for cell in cells)
    for cell in cells:
        assert cell["folded"] == cell["metadata"].get("jupyter", {}).get("source_hidden", False)
        assert cell["folded"] or not calls("reveal", cell)


def guess(page, question):
    """Guess by keyboard, the first choice or a number, and go on; return how it is shown beside the answer."""
    form = page.locator(".vae-form", has_text=question)
    form.locator("input").first.focus()
    if form.get_by_role("radio").count():
        page.keyboard.press("Space")
        choice = form.locator(".widget-radio-box label").first.inner_text()
        kept, said = f"Kept: {choice}.", f"“{choice}”"
    else:
        page.keyboard.type("7")
        page.keyboard.press("Enter")
        kept, said = "Kept: 7.", "7"
    form.get_by_role("status").get_by_text(kept).wait_for()
    page.keyboard.press("Shift+Enter")
    return said


def solve(lesson, stub, solution):
    """Let the check see the stub; then go back to it, and put the solution in its place."""
    lesson.run(stub + 1)
    lesson.cell(stub + 1).locator("b", has_text="not tried yet").wait_for()
    lesson.choose(stub)
    for key in ("Enter", "ControlOrMeta+a"):
        lesson.page.keyboard.press(key)
    lesson.page.keyboard.insert_text(solution)
    assert lesson.cells()[stub]["source"] == solution
    lesson.run(stub)


def expect_done(cells, said, solutions):
    """Expect no error, a picture, every guess in the table at the end, and every solution right and kept."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    text = shown(cells)
    for name in solutions:
        assert re.search(rf"✓ {name}: right\..* Kept in my_vae\.py\.", text)
        assert f"The lesson goes on with your `{name}`." in text
    guesses = shown([cell for cell in cells if calls("guesses", cell)]).splitlines()[1:]
    assert all(guess in line for guess, line in zip(said.values(), guesses, strict=True))
    assert "not seen yet" not in text


def take_the_quiz(lesson, result):
    """Choose the first answer to each question by keyboard, and let them be counted."""
    form = lesson.page.locator(".vae-form:visible", has=lesson.page.get_by_role("button", name="How many are right?"))
    for question in form.get_by_role("radiogroup").all():
        question.get_by_role("radio").first.focus()
        lesson.page.keyboard.press("Space")
    form.get_by_role("button").focus()
    lesson.page.keyboard.press("Enter")
    form.get_by_role("status").get_by_text(result).wait_for()


def code(cell):
    return cell["source"] if cell["cell_type"] == "code" else ""


def calls(name, cell):
    """Return the calls of a function in a cell."""
    nodes = ast.walk(ast.parse(code(cell)))
    return [node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name]


def shown(cells):
    """Return all text that cells show."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in outputs)
