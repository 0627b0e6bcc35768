"""Whoever starts a Jupyter server where the course is installed gets the course's settings."""

import contextlib
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from vae_course.cli.lab import open_jupyterlab

import pytest

ROOT = Path(__file__).parents[2]
# Start a server as `jupyter lab` does, up to where it would open its port, and print what the course has set.
START = """
import os, sys
from jupyter_server.serverapp import ServerApp
from jupyterlab_server.settings_utils import _get_overrides
app = ServerApp()
app.initialize(["--allow-root", "--no-browser", *sys.argv[1:]], new_httpserver=False)
print(app.web_app.settings["kernel_websocket_connection_class"].__name__, os.environ.get("GOMP_SPINCOUNT"))
print(app.ip, len(app.identity_provider.token), app.allow_remote_access, app.allow_origin or "no other origin")
print(_get_overrides("none")[0]["@jupyterlab/docmanager-extension:plugin"]["autosaveInterval"])
"""
GATEWAY = "--GatewayClient.url=http://127.0.0.1:1"


class Server:
    """One that has ended."""

    @staticmethod
    def wait():
        return 0


def run(home, code, *options):
    """Run Python code in an empty home, with the configuration that the course installs."""
    kept = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    environment = kept | {
        "JUPYTER_CONFIG_PATH": str(ROOT / "etc" / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(home),
        "JUPYTER_PREFER_ENV_PATH": "0",
    }
    result = subprocess.run(
        [sys.executable, "-c", code, *options], cwd=home, env=environment, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_a_server_answers_promptly_with_quiet_kernels_for_this_machine_alone_and_saves_every_ten_seconds(tmp_path):
    *_, settings, access, seconds = run(tmp_path, START)
    assert settings == "PromptConnection 1000"
    # It listens to this machine alone, and asks for a token of 48 letters.
    assert access == "localhost 48 False no other origin"
    assert seconds == "10"


def test_the_course_opens_jupyterlab_with_its_token_on_this_machine(tmp_path, monkeypatch):
    commands = []
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(subprocess, "Popen", lambda command: commands.append(command) or contextlib.nullcontext(Server))
    assert open_jupyterlab(tmp_path, tmp_path / "00_start.ipynb", no_browser=True) == 0
    assert not [
        word for word in commands[0] if any(name in word for name in ("token", "password", "ServerApp.ip", "--ip"))
    ]


def test_a_connection_that_the_user_chose_stays(tmp_path):
    assert run(tmp_path, START, GATEWAY)[-3].split()[0] == "GatewayWebSocketConnection"


def test_every_file_of_the_configuration_is_installed_where_jupyter_reads_it():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    installed = {Path(file) for files in settings["data-files"].values() for file in files}
    assert installed == {path.relative_to(ROOT) for path in (ROOT / "etc").rglob("*.json")}
    assert all(Path(file).parent == Path(folder) for folder, (file,) in settings["data-files"].items())


@pytest.mark.parametrize("build", ["build_wheel", "build_editable"])
def test_the_configuration_is_installed_from_a_wheel_and_from_a_clone(tmp_path, build):
    pytest.importorskip("setuptools", minversion="77", reason="needs setuptools 77 to build a wheel")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "etc", tmp_path / "etc")
    for folder in ("vae_course", "notebooks"):
        (tmp_path / folder).mkdir()
    shutil.copytree(ROOT / "vae_course" / "digits", tmp_path / "vae_course" / "digits")
    code = f"from setuptools.build_meta import {build}; {build}('dist')"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, timeout=300)
    with zipfile.ZipFile(next(tmp_path.glob("dist/*.whl"))) as wheel:
        installed = {name.partition(".data/data/")[2] for name in wheel.namelist() if ".data/data/" in name}
    assert installed == {path.relative_to(ROOT).as_posix() for path in (ROOT / "etc").rglob("*.json")}
