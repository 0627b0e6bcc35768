"""Run a learner's program in a process of its own, and read the verdict of the check in its last line."""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from vae_course.kit.workspace import read_file

BEST_FIRST = ("right", "not right yet", "not tried yet")
# A process takes some seconds to load torch, on a slow machine many.
SECONDS_TO_START = 60
_running: set[subprocess.Popen] = set()


def run(program: str, seconds: float) -> str:
    """Run a program whose last line is a check, in a process of its own; return the verdict's status."""
    # A learner's program may leave more in its folder than can be removed.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty:
        answer = Path(empty) / "status"
        process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, str(answer)],
            cwd=empty,
            env=os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _running.add(process)
        try:
            process.communicate(program.encode(errors="replace"), timeout=seconds + SECONDS_TO_START)
        except subprocess.TimeoutExpired:
            pass
        finally:
            end(process)
            _running.discard(process)
        return verdict_in(answer)


def end(process: subprocess.Popen) -> None:
    """End a process, and all that it has started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def end_all() -> None:
    """End all programs that run now."""
    for process in [*_running]:
        end(process)


def verdict_in(answer: Path) -> str:
    """Read the status that a check has written; what is no status is no right answer."""
    try:
        status = read_file(answer)
    except (OSError, ValueError):
        status = ""
    return status if status in BEST_FIRST else "not right yet"


# The learner's statements one by one, as cells run: an error in one leaves the others. What they print goes nowhere.
RUNNER = """
import ast, sys
from pathlib import Path
names = {"__name__": "__main__"}
*statements, check = ast.parse(sys.stdin.buffer.read().decode()).body
for statement in statements:
    try:
        exec(compile(ast.Module([statement], []), "answer", "exec"), names)
    except (Exception, SystemExit):
        pass
verdict = eval(compile(ast.Expression(check.value), "answer", "eval"), names)
Path(sys.argv[1]).write_text(verdict.status, encoding="utf-8")
"""
