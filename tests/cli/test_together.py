"""torchrun trains one network in several processes; what they write is what one process could have written."""

import json
import os
import subprocess
import sys
from pathlib import Path

from vae_course.__main__ import main
from vae_course.checkpoints import load_checkpoint
from vae_course.extras import distributed

import pytest
import torch

# The last batch of an epoch is smaller, and three processes have unequal shares of each.
TINY = ["--batch-size", "601", "--hidden", "8", "--latent-dim", "2"]


def torchrun(processes, *options):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    result = subprocess.run(
        [*command, "-m", "vae_course", "train", *options],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def losses(folder):
    epochs = json.loads((Path(folder) / "metrics.json").read_text())["epochs"]
    return [epoch[part + name] for epoch in epochs for part in ("train_", "test_") for name in ("negative_elbo", "kl")]


def test_a_process_that_has_joined_others_adds_up_every_gradient_and_every_loss(tmp_path, monkeypatch):
    sums = []
    monkeypatch.setattr(distributed.dist, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed.dist, "get_rank", lambda: 0)
    monkeypatch.setattr(distributed.dist, "get_world_size", lambda: 2)
    monkeypatch.setattr(distributed, "add_up", lambda values: sums.append(len(values)) or values)
    assert main(["train", *TINY, "--epochs", "1", "--out", str(tmp_path / "run")]) == 0
    parameters = load_checkpoint(tmp_path / "run" / "model.safetensors").model.parameters()
    assert sums == [sum(parameter.numel() for parameter in parameters), 2] * 7


def test_two_processes_train_as_one_and_their_checkpoints_are_interchangeable(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = torchrun(2, *TINY, "--epochs", "1", "--out", "together first")
    assert said.count("wrote model.safetensors") == said.count("writing to") == 1
    assert main(["train", "--resume", "together first", "--epochs", "2"]) == 0
    assert main(["train", *TINY, "--epochs", "2", "--out", "alone"]) == 0
    assert main(["train", *TINY, "--epochs", "1", "--out", "alone first"]) == 0
    torchrun(3, "--resume", "alone first", "--epochs", "2")
    alone = load_checkpoint(Path("alone/model.safetensors")).model.state_dict()
    for folder in ("together first", "alone first"):
        assert losses(folder) == pytest.approx(losses("alone"), abs=0.01)
        weights = load_checkpoint(Path(folder) / "model.safetensors").model.state_dict()
        for name, expected in alone.items():
            torch.testing.assert_close(weights[name], expected, rtol=0, atol=1e-3)
