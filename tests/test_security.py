"""What the project does not do: unpickle, evaluate, call a network unasked, or open Jupyter to others."""

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NO_NETWORK = ROOT / "tests" / "no_network"
FILES = sorted(path for folder in ("vae_course", "tools", "docs") for path in (ROOT / folder).rglob("*.py"))

UNPICKLES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "dbm"}
NETWORK = {"socket", "urllib.request", "http.client", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "websocket"}
# Where a learner's own code has to run: the file of right answers is the learner's, and grading is asked for.
RUNS_A_LEARNERS_CODE = {"vae_course/kit/answer_file.py", "vae_course/kit/answers.py", "vae_course/cli/grade.py"}
# The download of MNIST, which is asked for; and this machine's name, for whoever waits for a run's folder.
MAY_NAME_A_NETWORK = {"vae_course/digits/download.py", "vae_course/cli/folders.py"}


def name(path):
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path):
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def nodes(path, *kinds):
    return [node for node in tree(path) if isinstance(node, kinds)]


def imported(path):
    found = set()
    for node in nodes(path, ast.Import, ast.ImportFrom):
        found |= {alias.name for alias in node.names} if isinstance(node, ast.Import) else {node.module or ""}
    return found


def called(path):
    return {ast.unparse(node.func) for node in nodes(path, ast.Call)}


def test_nothing_is_unpickled():
    assert len(FILES) > 80
    loads = {"torch.load", "np.load", "numpy.load", "joblib.load", "pd.read_pickle", "yaml.load", "yaml.unsafe_load"}
    for path in FILES:
        assert not {module.split(".")[0] for module in imported(path)} & UNPICKLES, name(path)
        assert not called(path) & loads, name(path)


def test_nothing_is_evaluated_but_what_a_learner_wrote_to_be_run():
    for path in FILES:
        runs = called(path) & {"exec", "eval", "compile", "os.system", "os.popen"}
        assert not runs or name(path) in RUNS_A_LEARNERS_CODE, f"{name(path)}: {runs}"
        shells = [k for call in nodes(path, ast.Call) for k in call.keywords if k.arg == "shell"]
        assert not shells, f"{name(path)} runs a shell"


def test_only_the_download_can_call_a_network():
    users = {name(path) for path in FILES if imported(path) & NETWORK and path.parts[-2] != "docs"}
    assert users <= MAY_NAME_A_NETWORK


def run(program):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(NO_NETWORK), str(ROOT)])}
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "call", ["socket.create_connection(('192.0.2.1', 80), 1)", "socket.getaddrinfo('example.org', 80)"]
)
def test_what_calls_a_network_is_caught_in_a_process_that_may_not(call):
    result = run(f"import socket\ntry:\n    {call}\nexcept OSError:\n    print('went on')")
    assert result.returncode == 1
    assert "called a network" in result.stderr
    assert "went on" not in result.stdout


def test_a_process_that_may_not_call_a_network_may_speak_to_this_machine():
    result = run("import socket\ns = socket.create_server(('127.0.0.1', 0))\nsocket.create_connection(s.getsockname())")
    assert result.returncode == 0, result.stderr


def test_the_course_is_imported_without_a_network():
    everything = "vae_course.checkpoints, vae_course.cli.commands, vae_course.kit.exercise, vae_course.lessons.start"
    result = run(f"import {everything}; vae_course.checkpoints.load_pretrained('plane')")
    assert result.returncode == 0, result.stderr
