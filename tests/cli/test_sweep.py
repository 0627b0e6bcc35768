"""A sweep trains every combination, goes on where it was stopped, and says in a line what cannot be."""

import contextlib
import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from vae_course.__main__ import main
from vae_course.checkpoints import load_checkpoint
from vae_course.cli import commands, sweep
from vae_course.cli.engines import ENGINES, Done, Requeued, on_cluster

import pytest
import torch

TINY = ["--epochs", "1", "--hidden", "8", "--latent-dim", "2"]
SWEEP = ["sweep", "--beta", "0.1", "4", "--seed", "0", "1", *TINY]
HERE = [*SWEEP, "--jobs", "1"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    # Pictures cost more than such trainings; those of `finished` are made.
    for name in ("save_samples", "save_reconstructions"):
        monkeypatch.setattr(commands, name, lambda *_: None)
    return folder


def status(command):
    try:
        return main(command)
    except SystemExit as refused:
        return refused.code


def rows(folder):
    with (folder / "sweep.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def weights(folder):
    return load_checkpoint(folder / "model.safetensors").model.state_dict()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder in which a sweep has come to its end, and what it printed."""
    folder, printed = tmp_path_factory.mktemp("finished"), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        assert main(HERE) == 0
    return folder, printed.getvalue()


def test_every_combination_is_a_run_that_train_understands(finished):
    folder, _ = finished
    found = rows(folder / "runs")
    assert [(row["beta"], row["seed"]) for row in found] == [("0.1", "0"), ("0.1", "1"), ("4", "0"), ("4", "1")]
    for row in found:
        test = json.loads((folder / row["folder"] / "metrics.json").read_text())["test"]
        assert float(row["negative_elbo"]) == test["negative_elbo"]
    assert (folder / "runs" / "sweep.png").read_bytes().startswith(b"\x89PNG")
    assert main(["train", *TINY, "--beta", "4", "--seed", "1", "--out", "alone"]) == 0
    alone, together = weights(Path("alone")), weights(folder / found[3]["folder"])
    assert all(torch.equal(alone[name], together[name]) for name in alone)


def test_the_table_has_a_mean_and_a_spread_for_each_setting(finished):
    lines = finished[1].splitlines()
    assert "4 runs in runs; 0 of them are done already" in lines
    assert [line.split()[:3] for line in lines if line.startswith("beta")] == [["beta", "0.1", "2"], ["beta", "4", "2"]]
    assert all(line.count("±") == 3 for line in lines if line.startswith("beta"))


def test_a_second_time_nothing_is_trained_and_more_epochs_go_on(finished, in_an_empty_folder, capsys, monkeypatch):
    shutil.copytree(finished[0], in_an_empty_folder, dirs_exist_ok=True)
    before = Path("runs/sweep.csv").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(sweep, "train", None)
        assert main(HERE) == 0
    assert "4 of them are done already" in capsys.readouterr().out
    assert Path("runs/sweep.csv").read_bytes() == before
    assert main(["sweep", "--seed", "0", "--beta", "4", *TINY[2:], "--epochs", "2", "--jobs", "1"]) == 0
    assert [row["epochs"] for row in rows(Path("runs"))] == ["2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--beta", "1", "-2"], "beta=-2.0 must be at least 0"),
        (["--beta", "much"], "'much' is neither a number nor epoch:β pairs"),
        (["--beta"], "expected at least one argument"),
        (["--seed", "0", "1.5"], "'1.5' is no whole number"),
        (["--recipe", "gray"], "--recipe gray: there are every-beta"),
        (["--epochs", "0"], "epochs=0 must be at least 1, and an int"),
        (["--engine", "pbs"], "--engine pbs: there are local, slurm"),
        (["--jobs", "0"], "--jobs 0 must be at least 1"),
        (["--out", "file"], "file is a file: name a folder for the runs"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_value_is_refused_in_a_line_before_anything_is_trained(options, message, in_an_empty_folder, capsys):
    (in_an_empty_folder / "file").write_text("mine")
    assert status(["sweep", *TINY, *options]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) <= 2
    assert [path.name for path in in_an_empty_folder.iterdir()] == ["file"]


DAMAGED = {
    "a figure that is text": ("test", {"kl": "low"}),
    "a figure that is none": ("test", {"negative_elbo": None}),
    "a figure that is NaN": ("test", {"reconstruction": float("nan")}),
    "a figure that is true": ("test", {"kl": True}),
    "another setting": ("config", {"beta": 2.0}),
    "a setting of no form": ("config", {"beta": [1]}),
    "another network": ("model", {"latent_dim": [2]}),
    "no settings": ("config", []),
}
if hasattr(os, "mkfifo"):
    DAMAGED["a pipe"] = ("", None)


@pytest.mark.parametrize(("part", "values"), DAMAGED.values(), ids=DAMAGED)
def test_a_run_whose_figures_are_damaged_is_not_done(finished, in_an_empty_folder, part, values, monkeypatch, capsys):
    shutil.copytree(finished[0], in_an_empty_folder, dirs_exist_ok=True)
    path = next(Path("runs").glob("*beta4*/metrics.json"))
    figures = json.loads(path.read_text(encoding="utf-8"))
    if part:
        damaged = figures[part] | values if values else values
        path.write_text(json.dumps(figures | {part: damaged}), encoding="utf-8")
    else:
        path.unlink()
        os.mkfifo(path)
    monkeypatch.setattr(sweep, "train_all", lambda args, waiting: waiting)
    assert main(HERE) == 1
    assert "3 of them are done already" in capsys.readouterr().out
    assert len(rows(Path("runs"))) == 3


def test_a_run_that_fails_is_named_and_the_others_are_done(in_an_empty_folder, capsys):
    options = ["--learning-rate", "0.001", "1e30", *TINY, "--jobs", "1"]
    assert main(["sweep", *options]) == 1
    captured = capsys.readouterr()
    assert "runs/embedded-dynamic-8-2-learningrate1e+30: " in captured.err.replace(os.sep, "/")
    assert "nats per image" in captured.err
    assert [row["learning_rate"] for row in rows(in_an_empty_folder / "runs")] == ["0.001"]


def test_a_table_of_somebody_else_is_not_replaced(in_an_empty_folder, capsys):
    (in_an_empty_folder / "sweep.csv").write_text("a,b\n")
    assert main([*HERE, "--out", "."]) == 2
    assert "sweep.csv is there already, and is no table of this course" in capsys.readouterr().err


def test_a_schedule_and_two_settings_at_once_are_named(in_an_empty_folder, capsys):
    main(["sweep", "--beta", "0:0,1:2", "1", "--batch-size", "64", "256", *TINY, "--jobs", "1"])
    printed = capsys.readouterr().out
    for setting in ("batch size 64, beta 0:0,1:2", "batch size 256, beta 1"):
        assert f"\n{setting}  " in printed
    assert rows(in_an_empty_folder / "runs")[0]["beta"] == "0:0,1:2"


def command(*options):
    return subprocess.Popen(
        [sys.executable, "-m", "vae_course", "sweep", "--seed", "0", "1", "2", *TINY[2:], "--epochs", "4", *options],
        env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a run that its sweep was killed")
def test_a_sweep_that_was_killed_goes_on_and_ends_as_if_it_had_not_been(in_an_empty_folder):
    killed = command("--jobs", "2")
    while not list(in_an_empty_folder.glob("runs/*/model.safetensors")):
        assert killed.poll() is None, killed.stdout.read()
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    # The pipe ends when all its writers have ended: the sweep and its processes.
    killed.communicate()
    again = command("--jobs", "2")
    said = again.communicate()[0]
    assert again.returncode == 0, said
    whole = ["sweep", "--seed", "0", "1", "2", *TINY[2:], "--epochs", "4", "--jobs", "1", "--out", "whole"]
    assert main(whole) == 0
    for row, other in zip(rows(in_an_empty_folder / "runs"), rows(in_an_empty_folder / "whole"), strict=True):
        assert {**row, "folder": "", "seconds": ""} == {**other, "folder": "", "seconds": ""}
        one, two = weights(in_an_empty_folder / row["folder"]), weights(in_an_empty_folder / other["folder"])
        assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_process_that_was_killed_is_said_in_two_lines(monkeypatch, capsys):
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    def engine(*_):
        raise TerminatedWorkerError("a worker was killed")
        yield

    monkeypatch.setitem(ENGINES, "local", engine)
    assert main(HERE) == 2
    assert "a process of the sweep was killed" in capsys.readouterr().err


@pytest.mark.parametrize(("cluster", "seeds"), [("local", ["1"]), ("debug", ["0", "1"])])
def test_the_engine_of_a_cluster_trains_the_same(finished, in_an_empty_folder, monkeypatch, cluster, seeds):
    """One job in a process of its own, and several, in this process: a start takes many times as long as a job."""
    pytest.importorskip("submitit")
    monkeypatch.setitem(ENGINES, "slurm", partial(on_cluster, cluster=cluster))
    assert main(["sweep", "--beta", "4", "--seed", *seeds, *TINY, "--engine", "slurm"]) == 0
    queued, here = rows(in_an_empty_folder / "runs"), rows(finished[0] / "runs")[-len(seeds) :]
    assert [row["negative_elbo"] for row in queued] == [row["negative_elbo"] for row in here]


def test_a_job_whose_time_is_up_is_submitted_again():
    pytest.importorskip("submitit")
    again = Requeued(Done).checkpoint(Path("run"))
    assert again.function(*again.args) == Done(Path("run"))


def test_a_machine_without_a_cluster_says_so(capsys, monkeypatch):
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", "")
    assert main([*HERE, "--engine", "slurm"]) == 2
    assert "--engine slurm: there is no Slurm on this machine" in capsys.readouterr().err
