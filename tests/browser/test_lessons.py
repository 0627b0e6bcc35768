"""Every lesson opens in JupyterLab and runs to its end there."""

from pathlib import Path

import pytest

LESSONS = sorted(path.stem for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_opens_and_runs(open_lesson, name):
    lesson = open_lesson(name)
    cells = lesson.run_all()
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    # What the check of an unsolved exercise says is shown as it is meant, not as source.
    verdicts = [output["data"]["text/html"] for output in outputs if "not tried yet" in str(output.get("data"))]
    assert verdicts
