"""The settings for hubs: that they can be read, and say the same of a learner on one machine and on Kubernetes."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from traitlets.config import PyFileConfigLoader

DEPLOY = Path(__file__).parents[1] / "deploy"


@pytest.fixture
def values():
    return yaml.safe_load((DEPLOY / "values.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The settings of the hub on one machine, for a class of two."""
    (tmp_path / "learners.txt").write_text("ada\nemmy\n")
    monkeypatch.setenv("VAE_COURSE_HUB", str(tmp_path))
    # The config uses Unix's users.
    pytest.importorskip("pwd", reason="needs Unix")
    return PyFileConfigLoader(str(DEPLOY / "jupyterhub_config.py")).load_config()


def test_the_learners_of_the_list_and_the_teacher_may_log_in(hub):
    assert hub.Authenticator.allowed_users == {"teacher", "ada", "emmy"}
    assert hub.Authenticator.admin_users == {"teacher"}


def test_both_hubs_start_the_same_for_a_learner_with_the_same_limits(hub, values):
    assert hub.Spawner.cmd == [str(DEPLOY / "start-lessons")]
    assert values["singleuser"]["cmd"] == ["start-lessons"]
    assert hub.Spawner.mem_limit == values["singleuser"]["memory"]["limit"]
    assert hub.Spawner.cpu_limit == values["singleuser"]["cpu"]["limit"]
    assert hub.JupyterHub.authenticator_class == values["hub"]["config"]["JupyterHub"]["authenticator_class"]


@pytest.mark.skipif(os.name == "nt", reason="needs a Unix shell")
def test_a_learner_gets_a_folder_one_thread_and_jupyterlab(tmp_path):
    for name in ("vae-course", "jupyterhub-singleuser"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@" "$OMP_NUM_THREADS" "$JUPYTERHUB_ROOT_DIR"\n')
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": "/home/ada"}
    command = [DEPLOY / "start-lessons", "--port=1"]
    made, started = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert made.split() == ["vae-course", "lab", "--make-only", "/home/ada/my-course"]
    assert started.split()[0] == "jupyterhub-singleuser"
    assert started.split()[-3:] == ["--port=1", "1", "/home/ada/my-course"]


def test_the_image_starts_the_same_and_is_no_superuser():
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert lines.index("USER jovyan") > max(i for i, line in enumerate(lines) if line.startswith("RUN"))
    assert lines[-1] == 'CMD ["start-lessons"]'
