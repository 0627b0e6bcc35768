import json
import os
import signal
import subprocess
import sys
import time

import pytest

from vae_course.__main__ import main
from vae_course.checkpoints import load_checkpoint

TRAIN = ["train", "--epochs", "2", "--hidden", "32", "--latent-dim", "2"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_train_writes_all_it_promises(in_an_empty_folder, capsys):
    assert main([*TRAIN, "--out", "run"]) == 0
    run = in_an_empty_folder / "run"
    names = ["metrics.json", "model.safetensors", "reconstructions.png", "samples.png"]
    assert sorted(file.name for file in run.iterdir()) == names
    assert (run / "samples.png").read_bytes().startswith(b"\x89PNG")
    metrics = json.loads((run / "metrics.json").read_text())
    assert [epoch["epoch"] for epoch in metrics["epochs"]] == [1, 2]
    assert metrics["test"] | {"data": "embedded", "binarization": "dynamic", "images": 1000} == metrics["test"]
    assert metrics["epochs"][-1]["test_negative_elbo"] == metrics["test"]["negative_elbo"]
    printed = capsys.readouterr().out
    assert f"test −ELBO {metrics['test']['negative_elbo']:.2f} nats per image" in printed
    assert "dynamic binarisation" in printed


def test_the_commands_after_train_use_its_checkpoint(in_an_empty_folder, capsys):
    main([*TRAIN, "--out", "run"])
    capsys.readouterr()
    assert main(["evaluate", "run/model.safetensors"]) == 0
    result = json.loads(capsys.readouterr().out)
    trained = json.loads((in_an_empty_folder / "run" / "metrics.json").read_text())["test"]
    assert result["negative_elbo"] == trained["negative_elbo"]
    assert main(["evaluate", "run/model.safetensors", "--binarization", "grey"]) == 0
    assert json.loads(capsys.readouterr().out)["binarization"] == "grey"
    assert main(["sample", "run/model.safetensors", "--count", "5", "--out", "a.png"]) == 0
    assert main(["sample", "run/model.safetensors", "--count", "5", "--out", "b.png"]) == 0
    assert (in_an_empty_folder / "a.png").read_bytes() == (in_an_empty_folder / "b.png").read_bytes()
    assert main(["reconstruct", "run/model.safetensors", "--index", "3", "999"]) == 0
    assert (in_an_empty_folder / "reconstructions.png").exists()


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(in_an_empty_folder):
    main([*TRAIN, "--out", "halves"])
    main(["train", "--resume", "halves", "--epochs", "3"])
    main(["train", "--epochs", "3", "--hidden", "32", "--latent-dim", "2", "--out", "whole"])
    halves, whole = (
        json.loads((in_an_empty_folder / name / "metrics.json").read_text()) for name in ("halves", "whole")
    )
    assert halves["test"] == whole["test"]
    assert len(halves["epochs"]) == 3


def test_runs_of_different_settings_do_not_overwrite_each_other(in_an_empty_folder, capsys):
    for beta in ("1", "0:0,2:4", "2"):
        assert main([*TRAIN[:1], "--epochs", "1", "--hidden", "8", "--beta", beta]) == 0
    assert len(list((in_an_empty_folder / "runs").iterdir())) == 3
    assert main(["train", "--epochs", "1", "--hidden", "8", "--beta", "2"]) == 2
    assert "holds a run already: go on with it (--resume" in capsys.readouterr().err


MISTAKES = {
    "no checkpoint": (["evaluate", "nothing.safetensors"], "there is no such checkpoint"),
    "unknown data": (["train", "--data", "minst"], "neither 'embedded', nor 'mnist', nor a folder"),
    "epochs": (["train", "--epochs", "0"], "epochs=0 must be positive"),
    "sizes": (["train", "--hidden", "0"], "sizes must be at least 1"),
    "mirror": (["data", "--mirror", "usb"], "must start with http://"),
    "nothing to resume": (["train", "--resume", "here"], "there is no such checkpoint"),
    "resume otherwise": (["train", "--resume", "here", "--beta", "2"], "leave out --beta"),
    "count": (["sample", "x", "--count", "0"], "--count 0 must be at least 1"),
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_a_line(arguments, message, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_an_index_beyond_the_test_digits_is_told(capsys):
    main([*TRAIN, "--out", "run"])
    assert main(["reconstruct", "run/model.safetensors", "--index", "1000"]) == 2
    assert "there are test digits 0 to 999" in capsys.readouterr().err


def test_data_says_what_there_is_and_where(mirror, data_home, capsys):
    assert main(["data", "--mirror", mirror]) == 0
    printed = capsys.readouterr().out
    assert "60,000 training and 10,000 test digits" in printed
    assert str(data_home) in printed


@pytest.mark.parametrize(
    "arguments", [[], *([c] for c in ("train", "evaluate", "sample", "reconstruct", "data", "doctor"))]
)
def test_help_is_there(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--help"])
    assert stopped.value.code == 0
    assert len(capsys.readouterr().out) > 100


def test_ctrl_c_keeps_the_last_checkpoint_and_says_where(in_an_empty_folder):
    command = [sys.executable, "-m", "vae_course", "train", "--epochs", "100000", "--hidden", "8", "--out", "run"]
    # A session of its own gets its signals alone, also where the test-suite runs in the background.
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
    )
    checkpoint = in_an_empty_folder / "run" / "model.safetensors"
    while not checkpoint.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate()
    assert process.returncode == 130
    assert f"epochs are kept: {checkpoint.relative_to(in_an_empty_folder)}" in error
    assert "--resume run" in error
    assert len(load_checkpoint(checkpoint).metrics) >= 1


def test_the_full_mnist_reaches_the_published_figure(mirror, in_an_empty_folder, capsys):
    """The 784-400-20 network at batch 128 on grey digits: 127.2, 115.8, 111.9 after 1, 2, 3 epochs."""
    main(["data", "--mirror", mirror])
    assert main(["train", "--data", "mnist", "--epochs", "3", "--binarization", "grey", "--out", "run"]) == 0
    test = json.loads((in_an_empty_folder / "run" / "metrics.json").read_text())["test"]
    assert test | {"data": "mnist", "binarization": "grey", "images": 10_000} == test
    assert test["negative_elbo"] <= 112
