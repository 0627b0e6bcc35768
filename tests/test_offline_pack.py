"""The pack for a room without a network: what is in it, what its installer types, and what it refuses."""

import sys
from pathlib import Path

import install_offline
import offline_pack
import pytest


@pytest.fixture
def pack(tmp_path, monkeypatch):
    if not (offline_pack.ROOT / ".git").exists():
        pytest.skip("packs what git tracks, and this is no clone")
    monkeypatch.setattr(offline_pack, "mnist", lambda: [])
    offline_pack.stage(tmp_path / "pack", "those of this machine")
    return tmp_path / "pack"


def test_the_pack_holds_the_project_with_its_digits_and_lessons_and_the_installer(pack):
    project = pack / "project"
    for name in (
        "Makefile",
        "pyproject.toml",
        "constraints.txt",
        "notebooks/06_training.ipynb",
        "vae_course/digits/train-images-idx3-ubyte.gz",
        "vae_course/pretrained/plane.safetensors",
        "tests/lessons/training/test_check.py",
    ):
        assert (project / name).is_file(), name
    assert {"install.py", "START.txt", "project"} <= {path.name for path in pack.iterdir()}
    assert not list(project.rglob("*.pyc"))
    assert not (project / ".git").exists()


def test_the_full_mnist_is_packed_where_it_is_present(tmp_path, monkeypatch):
    file = tmp_path / "train-images-idx3-ubyte.gz"
    file.write_bytes(b"digits")
    monkeypatch.setattr(offline_pack, "mnist", lambda: [file])
    monkeypatch.setattr(offline_pack, "project_files", lambda: [])
    offline_pack.stage(tmp_path / "pack", "linux")
    assert (tmp_path / "pack" / "mnist" / file.name).read_bytes() == b"digits"


def test_wheels_are_downloaded_for_this_machine_in_the_tested_versions():
    command = offline_pack.download(Path("wheels"), None)
    assert command[command.index("--constraint") + 1] == "constraints.txt"
    assert command[command.index("--only-binary") + 1] == ":all:"
    assert {"torch>=2.9", "pytest>=8", "setuptools"} <= set(command)


@pytest.mark.parametrize(("name", "tag"), [("windows", "win_amd64"), ("mac", "macosx_14_0_arm64")])
def test_wheels_for_another_platform_have_its_tag_and_its_own_packages(name, tag, monkeypatch):
    monkeypatch.setattr(offline_pack, "resolved", lambda other: [f"for-{other}==1"])
    command = offline_pack.download(Path("wheels"), name)
    assert command[command.index("--platform") + 1] == tag
    assert f"for-{name}==1" in command
    assert "--no-deps" in command


def test_an_unknown_platform_is_refused_with_those_that_are_known(capsys):
    with pytest.raises(SystemExit):
        offline_pack.main(["--platform", "amiga"])
    assert "amiga" in (said := capsys.readouterr().err)
    assert all(name in said for name in offline_pack.PLATFORMS)


def test_the_installer_asks_no_network_and_takes_the_tested_versions(tmp_path):
    command = install_offline.install(Path("python"), tmp_path)
    assert "--no-index" in command
    assert command[command.index("--find-links") + 1] == str(tmp_path / "wheels")
    assert command[command.index("--constraint") + 1] == "constraints.txt"
    assert command[-1] == ".[test]"


def test_the_installer_refuses_another_python_and_a_folder_that_is_in_use(pack, tmp_path):
    assert install_offline.refusal(tmp_path / "new", pack) is None
    (tmp_path / "used").mkdir()
    assert install_offline.refusal(tmp_path / "used", pack) is None
    (tmp_path / "used" / "thesis.txt").touch()
    assert "used-2" in install_offline.refusal(tmp_path / "used", pack)
    (pack / "python-version").write_text("2.7", encoding="utf-8")
    refused = install_offline.refusal(tmp_path / "new", pack)
    assert "for Python 2.7" in refused
    assert f"Python {sys.version_info.major}.{sys.version_info.minor}:" in refused


def test_the_installer_says_how_it_is_called(capsys):
    with pytest.raises(SystemExit, match=r"install\.py \[FOLDER\]"):
        install_offline.main(["one", "two"])
