"""What importing the course does for all programs on the machine."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "None")],
    ids=["nothing chosen", "a count chosen", "a policy chosen"],
)
def test_waiting_threads_do_not_spin_for_long_unless_the_user_wants_it(given, expected):
    chosen = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    code = "import vae_course, os; print(os.environ.get('GOMP_SPINCOUNT'))"
    result = subprocess.run(
        [sys.executable, "-c", code], env=chosen | given, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == expected


def test_importing_the_course_does_not_load_torch():
    code = "import sys, vae_course; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_numbers_too_small_for_a_processor_count_as_0_in_every_thread_and_the_model_loads_no_matplotlib():
    code = (
        "import vae_course.training, torch, sys; print('matplotlib' in sys.modules); torch.set_num_threads(4); "
        "print(int((torch.full((1_000_000,), 1e-38) * 0.01).count_nonzero()))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "0"]


def test_help_is_there_without_torch():
    program = [sys.executable, "-X", "importtime", "-m", "vae_course", "--help"]
    result = subprocess.run(program, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines() if line.startswith("import time")}
    assert "vae_course" in loaded
    assert "torch" not in loaded
