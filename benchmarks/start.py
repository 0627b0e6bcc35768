"""How long it takes to start: processor seconds of Python programs, and the speed of two trainings at once."""

import ast
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import sleep

from vae_course.cli import two_trainings

import psutil

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
# Seconds that a start may take on a quiet machine, beside what is measured.
LIMITS = {"import vae_course.vae, beside torch": 0.3, "vae-course --help": 0.5, "imports of a lesson": 3.0}
LAB, LAB_LIMIT = "vae-course lab, the second time, until its server answers", 5.0
WAYS = {"as the course sets it": {}, "with one thread each": {"OMP_NUM_THREADS": "1"}}


def processor_seconds(rounds: int) -> dict[str, list[float]]:
    """Start each program in turn, as often as there are rounds."""
    programs = {
        "torch": ["-c", "import torch"],
        "model": ["-c", "import torch, vae_course.vae"],
        "help": ["-m", "vae_course", "--help"],
        "lesson": ["-c", imports(NOTEBOOKS / "06_training.py")],
    }
    taken = [{name: seconds_of(command) for name, command in programs.items()} | {"lab": lab()} for _ in range(rounds)]
    import_, help_, lesson = LIMITS
    return {
        "import torch": [times["torch"] for times in taken],
        import_: [times["model"] - times["torch"] for times in taken],
        help_: [times["help"] for times in taken],
        lesson: [times["lesson"] for times in taken],
        LAB: [times["lab"] for times in taken],
    }


def imports(lesson: Path) -> str:
    """Find the import statements of a lesson."""
    statements = ast.parse(lesson.read_text(encoding="utf-8")).body
    return "\n".join(ast.unparse(line) for line in statements if isinstance(line, ast.Import | ast.ImportFrom))


def seconds_of(command: list[str]) -> float:
    """Measure the processor seconds of a program until it ends."""
    before = psutil.Process().cpu_times()
    subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
    after = psutil.Process().cpu_times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def lab() -> float:
    """Measure the processor seconds from the command to a server that answers, in a folder that has the lessons."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "vae_course", "lab", folder]
        subprocess.run([*command, "--make-only"], stdout=subprocess.DEVNULL, check=True)
        with subprocess.Popen([*command, "--no-browser"], stderr=subprocess.PIPE, text=True) as program:
            next(line for line in program.stderr if "http://" in line)
            family = [psutil.Process(program.pid), *psutil.Process(program.pid).children(recursive=True)]
            taken = sum(sum(process.cpu_times()[:4]) for process in family)
            for process in family:
                process.terminate()
    return taken


def two_at_once(rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Measure the steps per second of a training alone, and of the slower of two at once."""
    measured: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    given = dict(os.environ)
    two_trainings.GIVEN_UP_AFTER = 600.0
    for _ in range(rounds):
        for way, environment in WAYS.items():
            os.environ.pop("OMP_NUM_THREADS", None)
            os.environ.update(environment)
            measured[way].append(two_trainings.steps_per_second())
            sleep(0.1)
    os.environ.clear()
    os.environ.update(given)
    return measured
