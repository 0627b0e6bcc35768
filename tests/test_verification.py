"""A checkpoint may be damaged, or a stranger's: it is refused in a line, before anything of it is built."""

import json
import os
import struct
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from vae_course import checkpoints
from vae_course.beta import BetaRange, MultiRateVAE
from vae_course.checkpoints import Checkpoint, load_checkpoint, load_classifier, save_checkpoint, write_atomically
from vae_course.conditional import ConditionalVAE
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.extras.muon import Muon
from vae_course.training import TrainConfig, adam, fit
from vae_course.unfinished import Unfinished
from vae_course.vae import VAE

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file


@pytest.fixture
def path(digits, tmp_path):
    """A good checkpoint, one epoch long."""
    torch.manual_seed(0)
    model, config = VAE(latent_dim=2, hidden=(8, 4)), TrainConfig(epochs=1)
    optimizer = adam(model.parameters(), 1e-3)
    for _ in fit(model, digits.train_images[:20], config, optimizer=optimizer):
        pass
    save_checkpoint(tmp_path / "model.safetensors", Checkpoint(model, config, "embedded", [{"epoch": 1}], optimizer))
    return tmp_path / "model.safetensors"


def change(path, tensors=None, **metadata):
    """Write the checkpoint again with some things changed; None leaves a thing out."""
    with safe_open(path, framework="pt") as file:
        kept = file.metadata() | metadata
    changed = load_file(path) | (tensors or {})
    changed = {name: tensor.clone() for name, tensor in changed.items() if tensor is not None}
    save_file(changed, path, {name: value for name, value in kept.items() if value is not None})


def refusal(path):
    with pytest.raises(ValueError, match="is damaged, or of another version of this course: ") as raised:
        load_checkpoint(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 900
    return str(raised.value)


WEIGHT = "model.encoder.mu.weight"  # [2, 4]
AVERAGE = "optimizer.0.exp_avg"  # of [8, 784]
TENSORS = {
    "a weight is missing": ({WEIGHT: None}, "it lacks model.encoder.mu.weight"),
    "a weight is unknown": ({"model.other": torch.zeros(1)}, "it holds model.other, which has no place"),
    "a tensor of no kind": ({"other": torch.zeros(1)}, "it holds other, which has no place"),
    "a weight is a scalar": ({WEIGHT: torch.tensor(0.0)}, r"mu.weight is [], where its model has [2, 4]"),
    "a weight is transposed": ({WEIGHT: torch.zeros(4, 2)}, "is [4, 2], where its model has [2, 4]"),
    "a weight is empty": ({WEIGHT: torch.zeros(2, 0)}, "is [2, 0]"),
    "an average is a scalar": ({AVERAGE: torch.tensor(0.0)}, "exp_avg is [], where its model has [8, 784]"),
    "an average is too short": ({AVERAGE: torch.zeros(8, 783)}, "exp_avg is [8, 783]"),
    "an average is flat": ({AVERAGE: torch.zeros(8 * 784)}, "exp_avg is [6272]"),
    "an average is missing": ({AVERAGE: None}, "it lacks optimizer.0.exp_avg"),
    "a step is no scalar": ({"optimizer.0.step": torch.zeros(3)}, "optimizer.0.step is [3]"),
    "a parameter too many": ({"optimizer.99.exp_avg": torch.zeros(1)}, "it holds optimizer.99.exp_avg"),
    "a number that is none": ({"optimizer.x.exp_avg": torch.zeros(1)}, "it holds optimizer.x.exp_avg"),
    "a name with more dots": ({"optimizer.0.a.b": torch.zeros(1)}, "it holds optimizer.0.a.b"),
    "another optimizer's slot": ({"optimizer.0.momentum_buffer": torch.zeros(8, 784)}, "momentum_buffer"),
    "a step before the first": (
        {"optimizer.0.step": torch.tensor(-1.0)},
        "optimizer.0.step is -1; it must be",
    ),
    "no step": ({"optimizer.0.step": torch.tensor(0.0)}, "optimizer.0.step is 0; it must be the number"),
    "a part of a step": ({"optimizer.0.step": torch.tensor(1.5)}, "optimizer.0.step is 1.5; it must be the number"),
    "a negative square": ({AVERAGE + "_sq": torch.full((8, 784), -1e-9)}, "exp_avg_sq holds negative numbers"),
    "NaN": ({WEIGHT: torch.full((2, 4), torch.nan)}, "mu.weight holds values that are not finite"),
    "infinity": ({WEIGHT: torch.full((2, 4), -torch.inf)}, "mu.weight holds values that are not finite"),
    "NaN in an average": ({AVERAGE: torch.full((8, 784), torch.nan)}, "exp_avg holds values that are not finite"),
}


@pytest.mark.parametrize(("tensors", "message"), TENSORS.values(), ids=TENSORS)
def test_every_tensor_is_checked_against_the_model(path, tensors, message):
    change(path, tensors)
    assert message in refusal(path)


TYPES = ["float16", "bfloat16", "float64", "complex64", "bool", "int32", "int64", "uint8", "float8_e4m3fn"]


@pytest.mark.parametrize("name", [WEIGHT, AVERAGE])
@pytest.mark.parametrize("dtype", TYPES)
def test_numbers_of_another_type_are_refused(path, name, dtype):
    change(path, {name: torch.zeros(load_file(path)[name].shape).to(getattr(torch, dtype))})
    assert "numbers must be 32-bit floats, F32" in refusal(path)


STATE = torch.Generator().manual_seed(0).get_state().numpy().tobytes()


def unfinished(**changes):
    return json.dumps({"terms": [[1.0, 2.0]], "generator": STATE.hex(), "seconds": 1.0} | changes)


def reaching_past():
    """Claim that all 624 numbers are left, after the last of them."""
    return (STATE[:8] + struct.pack("<i", 624) + STATE[12:16] + struct.pack("<q", 624) + STATE[24:]).hex()


CONFIG = {"epochs": 1, "batch_size": 128, "learning_rate": 0.001, "decay": False, "beta": 1.0}
CONFIG |= {"binarization": "dynamic", "seed": 0}
METADATA = {
    "metrics: a number": {"metrics": "3"},
    "metrics: an object": {"metrics": '{"epoch": 1}'},
    "metrics: numbers": {"metrics": "[1, 2]"},
    "metrics: text": {"metrics": '[{"epoch": "one"}]'},
    "metrics: NaN": {"metrics": '[{"epoch": NaN}]'},
    "metrics: null": {"metrics": "null"},
    "metrics: no seconds": {"metrics": '[{"seconds": null}]'},
    "metrics: seconds twice": {"metrics": '[{"seconds": 1, "seconds": null}]'},
    "metrics: true": {"metrics": '[{"seconds": true}]'},
    "metrics: a number too large": {"metrics": f'[{{"seconds": {10**400}}}]'},
    "metrics: deep": {"metrics": "[" * 100_000},
    "metrics: missing": {"metrics": None},
    "model: a number": {"model": "3"},
    "model: a list": {"model": "[]"},
    "model: null": {"model": "null"},
    "model: no kind": {"model": '{"latent_dim": 2, "hidden": [8, 4]}'},
    "model: another kind": {"model": '{"kind": "Module", "latent_dim": 2, "hidden": [8, 4]}'},
    "model: a kind that is a list": {"model": '{"kind": ["VAE"], "latent_dim": 2, "hidden": [8, 4]}'},
    "model: an option too many": {"model": '{"kind": "VAE", "latent_dim": 2, "hidden": [8, 4], "x": 1}'},
    "model: text for a size": {"model": '{"kind": "VAE", "latent_dim": "2", "hidden": [8, 4]}'},
    "model: a fraction": {"model": '{"kind": "VAE", "latent_dim": 2.5, "hidden": [8, 4]}'},
    "model: negative": {"model": '{"kind": "VAE", "latent_dim": -2, "hidden": [8, 4]}'},
    "model: text for sizes": {"model": '{"kind": "VAE", "latent_dim": 2, "hidden": "84"}'},
    "model: large": {"model": '{"kind": "VAE", "latent_dim": 1000000, "hidden": [1000000]}'},
    "model: very large": {"model": f'{{"kind": "VAE", "latent_dim": {10**30}, "hidden": [8, 4]}}'},
    "model: deep": {"model": json.dumps({"kind": "VAE", "latent_dim": 2, "hidden": [1] * 100_000})},
    "model: another class": {"model": '{"kind": "ConvolutionalVAE", "latent_dim": 2, "hidden": [8]}'},
    "model: no JSON": {"model": "VAE()"},
    "config: a list": {"config": "[]"},
    "config: a field too many": {"config": json.dumps(CONFIG | {"x": 1})},
    "config: text": {"config": json.dumps(CONFIG | {"epochs": "1"})},
    "config: too many epochs": {"config": json.dumps(CONFIG | {"epochs": 10**30})},
    "config: too large a batch": {"config": json.dumps(CONFIG | {"batch_size": 10**30})},
    "config: a seed that is true": {"config": json.dumps(CONFIG | {"seed": True})},
    "config: a batch that is true": {"config": json.dumps(CONFIG | {"batch_size": True})},
    "config: epochs that are true": {"config": json.dumps(CONFIG | {"epochs": True})},
    "config: β is true": {"config": json.dumps(CONFIG | {"beta": [[0, True]]})},
    "config: a decay that is a word": {"config": json.dumps(CONFIG | {"decay": "no"})},
    "config: β is a word": {"config": json.dumps(CONFIG | {"beta": "one"})},
    "config: β is a list": {"config": json.dumps(CONFIG | {"beta": [[[0, 1]]]})},
    "config: β is an object": {"config": json.dumps(CONFIG | {"beta": {"low": 0.1}} | {"beta": {"x": 1}})},
    "config: β is NaN": {"config": json.dumps(CONFIG | {"beta": float("nan")})},
    "config: binarisation": {"config": json.dumps(CONFIG | {"binarization": ["dynamic"]})},
    "data: missing": {"data": None},
    "data: empty": {"data": " "},
    "step: another": {"step": "print"},
    "step: missing": {"step": None},
    "optimizer: another": {"optimizer": "SGD"},
    "optimizer: missing, with its state": {"optimizer": None},
    "optimizer: the other's state": {"optimizer": "Muon"},
    "digest: none": {"digest": "abc"},
    "unfinished: a number": {"unfinished": "3"},
    "unfinished: lacks its terms": {"unfinished": json.dumps({"generator": STATE.hex(), "seconds": 1.0})},
    "unfinished: a part too many": {"unfinished": unfinished(x=1)},
    "unfinished: no terms": {"unfinished": unfinished(terms=[])},
    "unfinished: terms that are no pairs": {"unfinished": unfinished(terms=[[1.0]])},
    "unfinished: terms that are NaN": {"unfinished": unfinished(terms=[[1.0, float("nan")]])},
    "unfinished: terms too large for a float": {"unfinished": unfinished(terms=[[1.0, 10**400]])},
    "unfinished: terms too large for an integer": {"unfinished": unfinished(terms=[[1.0, 10**20 * 10**20]])},
    "unfinished: terms beyond 32 bits": {"unfinished": unfinished(terms=[[1e300, 1.0]])},
    "unfinished: terms that are true": {"unfinished": unfinished(terms=[[True, 1.0]])},
    "unfinished: seconds that are text": {"unfinished": unfinished(seconds="1")},
    "unfinished: negative seconds": {"unfinished": unfinished(seconds=-1)},
    "unfinished: no generator": {"unfinished": unfinished(generator="")},
    "unfinished: a generator of no bytes": {"unfinished": unfinished(generator="xyz")},
    "unfinished: a generator that never began": {"unfinished": unfinished(generator=bytes(len(STATE)).hex())},
    "unfinished: a generator that would read past its numbers": {"unfinished": unfinished(generator=reaching_past())},
}


@pytest.mark.parametrize("metadata", METADATA.values(), ids=METADATA)
def test_what_a_checkpoint_says_of_itself_is_checked(path, metadata):
    change(path, **metadata)
    refusal(path)


@pytest.mark.parametrize("draws", [0, 1, 2, 311, 312, 313, 623, 624, 625, 1248])
def test_what_is_done_of_an_epoch_comes_back_wherever_the_generator_is(path, draws):
    generator = torch.Generator().manual_seed(5)
    for _ in range(draws):
        torch.rand(1, generator=generator)
    run = load_checkpoint(path)
    kept = Unfinished([[1 / 3, 0.1]], generator.get_state().numpy().tobytes(), 1.5)
    save_checkpoint(path, replace(run, unfinished=kept))
    loaded = load_checkpoint(path).unfinished
    assert loaded == kept
    again = torch.Generator().set_state(loaded.state)
    assert torch.equal(torch.randn(700, generator=again), torch.randn(700, generator=generator))


def test_an_epoch_that_was_begun_needs_the_state_of_its_optimizer(path):
    change(path, {name: None for name in load_file(path) if name.startswith("optimizer.")}, metrics="[]")
    load_checkpoint(path)
    change(path, unfinished=unfinished())
    assert "it lacks optimizer.0.exp_avg and " in refusal(path)


def test_no_changed_checkpoint_ends_in_a_crash_or_in_an_error_that_is_not_documented():
    """A hundred and fifty of them, most in what the optimizer keeps; `python tests/mutated_checkpoints.py` has more."""
    command = [sys.executable, Path(__file__).with_name("mutated_checkpoints.py"), "--cases", "150"]
    result = subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    counts = Counter(json.loads(result.stdout))
    assert counts["refused"] + counts["trained"] + counts["stopped in training"] == 150
    assert counts["trained"] > 15


def test_an_optimizer_without_its_state_is_refused_after_an_epoch_and_not_before(path):
    state = {name: None for name in load_file(path) if name.startswith("optimizer.")}
    change(path, state)
    assert "it lacks optimizer.0.exp_avg and " in refusal(path)
    change(path, metrics="[]")
    assert load_checkpoint(path).optimizer is not None


@pytest.mark.parametrize("optimizer", [adam, Muon])
@pytest.mark.parametrize("kind", [VAE, MultiRateVAE, ConditionalVAE, ConvolutionalVAE])
def test_every_model_with_every_optimizer_comes_back(digits, tmp_path, kind, optimizer):
    model = kind(latent_dim=2, hidden=(6,))
    config = TrainConfig(epochs=1, beta=BetaRange() if kind is MultiRateVAE else 1.0)
    made = optimizer(model.parameters(), 1e-3)
    labels = digits.train_labels[:20] if kind is ConditionalVAE else None
    for _ in fit(model, digits.train_images[:20], config, optimizer=made, labels=labels):
        pass
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, Checkpoint(model, config, "embedded", [{"epoch": 1, "beta": None}], made))
    state = load_checkpoint(path).optimizer.state_dict()["state"]
    for number, slots in made.state_dict()["state"].items():
        assert all(torch.equal(state[number][name], kept) for name, kept in slots.items())


def test_a_small_file_that_asks_for_a_large_network_gets_none(tmp_path, monkeypatch):
    """344 bytes asked for 4.9 GB and 14 s, 300 kB for 42 s; now for tensors without memory, or for nothing."""
    devices = []

    class Watched(VAE):
        def __init__(self, *args, **options):
            devices.append(torch.empty(0).device.type)
            super().__init__(*args, **options)

    monkeypatch.setitem(checkpoints.MODELS, "VAE", Watched)
    for latent_dim, hidden in ((1_000_000, [400]), (10**6, [10**6, 10**6]), (2, [1] * 100_000)):
        metadata = {
            "format": checkpoints.FORMAT,
            "model": json.dumps({"kind": "VAE", "latent_dim": latent_dim, "hidden": hidden}),
            "config": json.dumps(CONFIG),
            "metrics": "[]",
            "data": "embedded",
            "step": "training_step",
        }
        save_file({"model.x": torch.zeros(1)}, tmp_path / "small.safetensors", metadata)
        refusal(tmp_path / "small.safetensors")
    assert devices == ["meta", "meta"]


def test_a_header_that_lies_is_refused(tmp_path):
    path = tmp_path / "lies.safetensors"
    for content in (
        b"",
        b"1234567",
        struct.pack("<Q", 2**63),
        struct.pack("<Q", 10) + b"{",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 62) + b'{"model.x":{"dtype":"F32","shape":[999999],"data_offsets":[0,4]}}'[:62],
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"lies\.safetensors is (truncated|no checkpoint)") as raised:
            load_checkpoint(path)
        assert "\n" not in str(raised.value)


def test_a_folder_is_told_to_be_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="is a folder: name the checkpoint in it"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "meta", "", "cpu:x", "CPU", "cpu:5"])
def test_a_device_that_is_not_there_is_named(path, device):
    with pytest.raises(ValueError, match=f"device='{device}': there are cpu"):
        load_checkpoint(path, device)


def test_a_class_of_ones_own_by_the_same_name_is_called_another(tmp_path):
    own = type("VAE", (VAE,), {"__module__": "notebook"})
    with pytest.raises(ValueError, match=r"notebook\.VAE, another class than the course's of this name, could not be"):
        save_checkpoint(tmp_path / "x", Checkpoint(own(2, (4,)), TrainConfig(), "embedded", [], None))


def test_what_could_not_be_loaded_again_is_not_saved(tmp_path):
    def refused(message, model, optimizer=None):
        with pytest.raises(ValueError, match=message):
            save_checkpoint(tmp_path / "x", Checkpoint(model, TrainConfig(), "embedded", [], optimizer))
        assert not (tmp_path / "x").exists()

    refused(r"torch\.float64; checkpoints hold 32-bit floats: save model\.float\(\)", VAE(2, (4,)).double())
    refused(r"torch\.bfloat16; checkpoints", VAE(2, (4,)).bfloat16())
    changed = VAE(2, (4,))
    changed.decoder = VAE(2, (5,)).decoder
    refused("this VAE was changed after it was made", changed)
    model = VAE(2, (4,))
    model.add_module("head", torch.nn.Linear(2, 10))
    refused("this VAE was changed after it was made", model)
    model = VAE(2, (4,))
    refused("a SGD could not be loaded again: there are Adam, Muon", model, torch.optim.SGD(model.parameters()))
    matrices = [parameter for parameter in model.parameters() if parameter.ndim == 2]
    refused(
        r"torch\..*Muon, another class than the course's of this name, could not", model, torch.optim.Muon(matrices)
    )


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"logits.bias": torch.zeros(11)}, r"logits.bias is \[11\], where its model has \[10\]"),
        ({"logits.bias": None}, "it lacks logits.bias"),
        ({"logits.bias": torch.zeros(10, dtype=torch.float16)}, "32-bit floats"),
        ({"logits.bias": torch.full((10,), torch.nan)}, "not finite"),
        ({"logits.other": torch.zeros(1)}, "it holds logits.other"),
    ],
)
def test_the_classifier_is_checked_likewise(tmp_path, tensors, message):
    changed = load_file(checkpoints.CLASSIFIER) | tensors
    save_file({n: t for n, t in changed.items() if t is not None}, tmp_path / "c.safetensors")
    with pytest.raises(ValueError, match=message):
        load_classifier(tmp_path / "c.safetensors")


WRITES_UNTIL_STOPPED = """
import sys
from pathlib import Path
from vae_course.files import write_atomically

path, stop, byte = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
while not stop.exists():
    write_atomically(path, bytes([byte]) * 100_000)
"""


def test_two_writers_and_a_reader_never_meet_half_a_file(tmp_path):
    path, stop = tmp_path / "shared", tmp_path / "stop"
    writers = [subprocess.Popen([sys.executable, "-c", WRITES_UNTIL_STOPPED, path, stop, byte]) for byte in ("1", "2")]
    seen = set()
    while len(seen) < 2 and all(writer.poll() is None for writer in writers):
        if path.exists():
            content = path.read_bytes()
            assert len(content) == 100_000
            assert len(set(content)) == 1
            seen.add(content[0])
    stop.touch()
    for writer in writers:
        writer.wait()
    assert seen == {1, 2}
    assert [writer.returncode for writer in writers] == [0, 0]
    assert sorted(os.listdir(tmp_path)) == ["shared", "stop"]


def test_a_write_that_fails_names_the_file_and_leaves_nothing(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*model\.safetensors'$"):
        write_atomically(tmp_path / "model.safetensors", b"new")
    assert not list(tmp_path.iterdir())


def test_a_written_file_has_the_usual_permissions(tmp_path):
    write_atomically(tmp_path / "a", b"")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode
