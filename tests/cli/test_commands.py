import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

from vae_course.__main__ import main
from vae_course.checkpoints import load_checkpoint, save_checkpoint
from vae_course.cli import commands
from vae_course.digits import load_digits
from vae_course.digits.idx import write_idx

import pytest

TRAIN = ["train", "--epochs", "2", "--hidden", "32", "--latent-dim", "2"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run, which several tests copy."""
    folder = tmp_path_factory.mktemp("trained")
    with contextlib.chdir(folder):
        assert main([*TRAIN, "--out", "run"]) == 0
    return folder / "run"


@pytest.fixture
def run(trained, in_an_empty_folder):
    """The folder `run` with a run that has ended."""
    return shutil.copytree(trained, in_an_empty_folder / "run")


def test_train_writes_all_it_promises(in_an_empty_folder, capsys):
    assert main([*TRAIN, "--out", "run"]) == 0
    run = in_an_empty_folder / "run"
    names = ["metrics.json", "model.safetensors", "previous.safetensors", "reconstructions.png", "samples.png"]
    assert sorted(file.name for file in run.iterdir()) == names
    assert (run / "samples.png").read_bytes().startswith(b"\x89PNG")
    metrics = json.loads((run / "metrics.json").read_text())
    assert [epoch["epoch"] for epoch in metrics["epochs"]] == [1, 2]
    assert metrics["test"] | {"data": "embedded", "binarization": "dynamic", "images": 1000} == metrics["test"]
    assert metrics["epochs"][-1]["test_negative_elbo"] == metrics["test"]["negative_elbo"]
    printed = capsys.readouterr().out
    assert f"test −ELBO {metrics['test']['negative_elbo']:.2f} nats per image" in printed
    assert "dynamic binarisation" in printed


def test_the_commands_after_train_use_its_checkpoint(run, in_an_empty_folder, capsys):
    assert main(["evaluate", "run/model.safetensors"]) == 0
    result = json.loads(capsys.readouterr().out)
    trained = json.loads((in_an_empty_folder / "run" / "metrics.json").read_text())["test"]
    assert result["negative_elbo"] == trained["negative_elbo"]
    assert main(["evaluate", "run/model.safetensors", "--binarization", "grey"]) == 0
    assert json.loads(capsys.readouterr().out)["binarization"] == "grey"
    assert main(["sample", "run/model.safetensors", "--count", "5", "--out", "a.png"]) == 0
    assert main(["sample", "run/model.safetensors", "--count", "5", "--out", "b.png"]) == 0
    assert (in_an_empty_folder / "a.png").read_bytes() == (in_an_empty_folder / "b.png").read_bytes()
    assert main(["sample", "run", "--count", "5", "--seed", "1", "--out", "c"]) == 0
    assert (in_an_empty_folder / "a.png").read_bytes() != (in_an_empty_folder / "c").read_bytes()
    for name, index in (("one", "3"), ("other", "999")):
        assert main(["reconstruct", "run", "--index", index, "--out", name]) == 0
    assert (in_an_empty_folder / "one").read_bytes() != (in_an_empty_folder / "other").read_bytes()


def test_evaluate_bounds_the_likelihood_by_importance_samples(run, in_an_empty_folder, capsys):
    bounds = []
    for samples in ("2", "50"):
        assert main(["evaluate", "run", "--samples", samples]) == 0
        result = json.loads(capsys.readouterr().out)
        bounds.append(result["importance_weighted"])
        assert 0 < bounds[-1]["standard_error"] < 1
    assert [bound["samples"] for bound in bounds] == [2, 50]
    few, many = (bound["negative_log_likelihood"] for bound in bounds)
    assert many < few < result["negative_elbo"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--samples", "1"], "--samples 1 must be at least 2"),
        (["--samples", "5", "--binarization", "grey"], "grey pixels have no likelihood"),
    ],
)
def test_a_bound_that_is_none_is_refused(run, options, message, capsys):
    assert main(["evaluate", "run", *options]) == 2
    assert message in capsys.readouterr().err


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(trained, in_an_empty_folder):
    shutil.copytree(trained, "halves")
    main(["train", "--resume", "halves", "--epochs", "3"])
    main(["train", "--epochs", "3", "--hidden", "32", "--latent-dim", "2", "--out", "whole"])
    halves, whole = (
        json.loads((in_an_empty_folder / name / "metrics.json").read_text()) for name in ("halves", "whole")
    )
    assert halves["test"] == whole["test"]
    assert len(halves["epochs"]) == 3


def test_runs_of_different_settings_do_not_overwrite_each_other(in_an_empty_folder, capsys, monkeypatch):
    # Pictures cost more than these trainings.
    monkeypatch.setattr(commands, "report", lambda run: None)
    small = ["train", "--epochs", "1", "--hidden", "8"]
    for setting in (
        [],
        ["--beta", "0:0,2:4"],
        ["--beta", "2"],
        ["--learning-rate", "0.01"],
        ["--decay"],
        ["--seed", "5"],
    ):
        assert main([*small, *setting]) == 0
    assert sorted(folder.name for folder in (in_an_empty_folder / "runs").iterdir()) == [
        "embedded-dynamic-8-20",
        "embedded-dynamic-8-20-beta0.0at0.0_4.0at2.0",
        "embedded-dynamic-8-20-beta2.0",
        "embedded-dynamic-8-20-decayTrue",
        "embedded-dynamic-8-20-learningrate0.01",
        "embedded-dynamic-8-20-seed5",
    ]
    assert main([*small, "--beta", "2"]) == 2
    assert "holds a run already: go on with it (--resume" in capsys.readouterr().err


def test_a_run_is_resumed_only_as_it_began(run, in_an_empty_folder, capsys):
    folder = small_folder(in_an_empty_folder / "mine")
    assert main(["train", "--resume", "run", "--epochs", "3", "--data", str(folder)]) == 2
    assert "are other digits; this run was trained on embedded" in capsys.readouterr().err
    assert main(["train", "--resume", "run", "--epochs", "1"]) == 2
    assert "has 2 epochs already" in capsys.readouterr().err
    # A run whose pictures were not made makes them when it is resumed.
    (in_an_empty_folder / "run" / "samples.png").unlink()
    assert main(["train", "--resume", "run"]) == 0
    assert (in_an_empty_folder / "run" / "samples.png").exists()


def test_a_falling_learning_rate_ends_where_it_was_to_end(in_an_empty_folder, capsys):
    main([*TRAIN, "--decay", "--out", "run"])
    assert main(["train", "--resume", "run", "--epochs", "3"]) == 2
    assert "--epochs 3: this run's learning rate falls to 0 at epoch 2" in capsys.readouterr().err
    assert main(["train", "--resume", "run", "--epochs", "2"]) == 0


RECIPE = ["train", "--recipe", "every-beta", "--data", "embedded", "--epochs", "1", "--hidden", "16"]


def test_a_recipe_gives_what_other_options_leave_open(in_an_empty_folder, capsys):
    assert main(RECIPE) == 0
    run = in_an_empty_folder / "runs" / "every-beta-embedded-dynamic-16-20"
    summary = json.loads((run / "metrics.json").read_text())
    assert summary["recipe"] == "every-beta"
    assert summary["model"] == {"kind": "MultiRateVAE", "latent_dim": 20, "hidden": [16], "beta_range": [0.01, 20.0]}
    assert summary["config"]["beta"] == {"low": 0.01, "high": 20.0}
    assert summary["epochs"][0]["beta"] is None
    assert main(["train", "--resume", str(run), "--epochs", "2"]) == 2
    assert main(["train", "--resume", str(run)]) == 0
    assert json.loads((run / "metrics.json").read_text())["recipe"] == "every-beta"
    assert main([*RECIPE, "--beta", "4"]) == 2
    assert "the recipe every-beta learns every β" in capsys.readouterr().err
    assert main(["train", "--recipe", "nothing"]) == 2
    assert "--recipe nothing: there are every-beta, plane" in capsys.readouterr().err
    assert main(["train", "--recipe", "plane", "--resume", "run"]) == 2
    assert "leave out --recipe" in capsys.readouterr().err


def test_a_network_of_every_beta_is_asked_for_one(trained, in_an_empty_folder, capsys):
    main([*RECIPE, "--out", "run"])
    capsys.readouterr()
    results = []
    for beta in ([], ["--beta", "1"], ["--beta", "10"]):
        assert main(["evaluate", "run", *beta]) == 0
        results.append(json.loads(capsys.readouterr().out))
    assert results[0]["kl"] == results[1]["kl"] != results[2]["kl"]
    assert results[2]["beta"] == 10
    for command in ("sample", "reconstruct"):
        for beta in ("0.1", "10"):
            assert main([command, "run", "--beta", beta, "--out", command + beta]) == 0
        assert len({(in_an_empty_folder / (command + beta)).read_bytes() for beta in ("0.1", "10")}) == 2
    assert main(["sample", "run", "--beta", "50"]) == 2
    assert "has learnt β from 0.01 to 20" in capsys.readouterr().err
    shutil.copytree(trained, "one")
    assert main(["sample", "one", "--beta", "2"]) == 2
    assert "this network learnt one β" in capsys.readouterr().err


def small_folder(folder, train=50, test=5):
    """The first embedded digits as a folder of one's own."""
    folder.mkdir()
    digits = load_digits()
    for split, images, labels in (
        ("train", digits.train_images[:train], digits.train_labels[:train]),
        ("t10k", digits.test_images[:test], digits.test_labels[:test]),
    ):
        write_idx(folder / f"{split}-images-idx3-ubyte.gz", images.numpy())
        write_idx(folder / f"{split}-labels-idx1-ubyte.gz", labels.numpy().astype("u1"))
    return folder


def test_digits_of_ones_own_are_found_again(in_an_empty_folder, capsys):
    folder = small_folder(in_an_empty_folder / "embedded")
    assert main(["train", "--data", "./embedded", "--epochs", "1", "--hidden", "8", "--out", "run"]) == 0
    capsys.readouterr()
    assert main(["evaluate", "run"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["data"], result["images"]) == (str(folder), 5)


def test_a_model_that_has_seen_the_embedded_digits_is_not_tested_on_them_silently(run, in_an_empty_folder, capsys):
    path = in_an_empty_folder / "run" / "model.safetensors"
    save_checkpoint(path, replace(load_checkpoint(path), data="mnist"))
    assert main(["evaluate", "run", "--data", "embedded"]) == 0
    assert "which this model has seen" in capsys.readouterr().err


MISTAKES = {
    "no checkpoint": (["evaluate", "nothing.safetensors"], "there is no such checkpoint"),
    "unknown data": (["train", "--data", "minst"], "neither 'embedded', nor 'mnist', nor a folder"),
    "epochs": (["train", "--epochs", "0"], "epochs=0 must be at least 1, and an int"),
    "sizes": (["train", "--hidden", "0"], "sizes must be at least 1"),
    "mirror": (["data", "--mirror", "usb"], "must start with http://"),
    "nothing to resume": (["train", "--resume", "here"], "there is no such checkpoint"),
    "resume otherwise": (["train", "--resume", "here", "--beta", "2"], "leave out --beta"),
    "options of another source": (["data", "embedded", "--again"], "are for mnist"),
    "count": (["sample", "x", "--count", "0"], "--count 0 must be at least 1"),
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_a_line(arguments, message, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_an_index_beyond_the_test_digits_is_told(run, capsys):
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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to another process")
def test_ctrl_c_keeps_the_last_checkpoint_and_says_where(in_an_empty_folder):
    command = [sys.executable, "-m", "vae_course", "train", "--epochs", "100000", "--hidden", "8", "--out", "run"]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # So that it gets its signals alone.
        # Where the test-suite runs in the background, a shell has told it and all its children to ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    checkpoint = in_an_empty_folder / "run" / "model.safetensors"
    while not checkpoint.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate()
    assert process.returncode == 130
    assert "Stopped. Kept so far: " in error
    assert f", in {checkpoint.relative_to(in_an_empty_folder)}\n" in error
    assert "--resume run" in error
    assert len(load_checkpoint(checkpoint).metrics) >= 1


def test_the_full_mnist_reaches_the_published_figure(mirror, in_an_empty_folder, capsys):
    """The 784-400-20 network at batch 128 on grey digits: 127.2, 115.8, 111.9 after 1, 2, 3 epochs."""
    main(["data", "--mirror", mirror])
    assert main(["train", "--data", "mnist", "--epochs", "3", "--binarization", "grey", "--out", "run"]) == 0
    test = json.loads((in_an_empty_folder / "run" / "metrics.json").read_text())["test"]
    assert test | {"data": "mnist", "binarization": "grey", "images": 10_000} == test
    assert test["negative_elbo"] <= 112


def test_a_wrong_beta_is_told_what_is_right(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--beta", "much"])
    assert "neither a number nor epoch:β pairs" in capsys.readouterr().err


def test_ctrl_c_outside_the_training_is_no_traceback(monkeypatch, capsys):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("vae_course.cli.commands.load_digits", interrupt)
    assert main(["data", "embedded"]) == 130
    assert "Stopped" in capsys.readouterr().err


def test_output_into_a_file_of_another_encoding_is_no_error(in_an_empty_folder, monkeypatch):
    output = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", output)
    assert main([*TRAIN, "--out", "run"]) == 0
    assert b"nats per image" in output.buffer.getvalue()
