"""Lesson 06: models on disk, as safetensors: tensors and text, nothing that runs when it is opened."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor
from torch.optim import Optimizer

from vae_course.beta import BetaRange, MultiRateVAE
from vae_course.conditional import ConditionalVAE
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.extras.muon import Muon
from vae_course.extras.path_derivative import path_derivative_step
from vae_course.sample_quality import DigitClassifier
from vae_course.training import Step, TrainConfig, adam, training_step
from vae_course.vae import VAE

FORMAT = "vae_course 2"
PRETRAINED = Path(__file__).parent / "pretrained"
# The recipes whose weights lie there; `load_classifier` loads the one that is no VAE.
SHIPPED = ("every-beta", "plane")
MODELS: dict[str, type[VAE]] = {kind.__name__: kind for kind in (VAE, MultiRateVAE, ConditionalVAE, ConvolutionalVAE)}
OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {"Adam": adam, "Muon": Muon}
STEPS: dict[str, Step] = {step.__name__: step for step in (training_step, path_derivative_step)}


@dataclass(frozen=True)
class Checkpoint:
    """A model, and how it was trained. With `optimizer`, training can go on: `fit(…, optimizer, first_epoch)`."""

    model: VAE
    config: TrainConfig
    data: str
    """The name of the digits it was trained on."""
    metrics: list[dict[str, int | float]]
    """One entry an epoch that is done."""
    optimizer: Optimizer | None
    recipe: str | None = None
    """The name of the recipe it was trained by, perhaps with other options."""
    step: Step = training_step


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint so that the file is the old one or the new one, whole, even if the power fails.

    Raises:
        ValueError: the model is of a class that `load_checkpoint` does not know.
    """
    _check_known(checkpoint)
    tensors = {f"model.{name}": tensor for name, tensor in checkpoint.model.state_dict().items()}
    metadata = {
        "format": FORMAT,
        "model": json.dumps(describe_model(checkpoint.model)),
        "config": json.dumps(asdict(checkpoint.config)),
        "data": checkpoint.data,
        "metrics": json.dumps(checkpoint.metrics),
        "step": checkpoint.step.__name__,
    }
    if checkpoint.optimizer is not None:
        tensors |= _optimizer_tensors(checkpoint.optimizer)
        metadata["optimizer"] = type(checkpoint.optimizer).__name__
    if checkpoint.recipe is not None:
        metadata["recipe"] = checkpoint.recipe
    write_atomically(path, save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata))


def _check_known(checkpoint: Checkpoint) -> None:
    kind, optimizer = type(checkpoint.model), checkpoint.optimizer
    if MODELS.get(kind.__name__) is not kind:
        raise ValueError(f"a {kind.__name__} could not be loaded again: there are {', '.join(MODELS)}")
    if optimizer is not None and type(optimizer).__name__ not in OPTIMIZERS:
        raise ValueError(f"a {type(optimizer).__name__} could not be loaded again: there are {', '.join(OPTIMIZERS)}")
    if checkpoint.step not in STEPS.values():
        raise ValueError(f"step={checkpoint.step!r} could not be found again: there are {', '.join(STEPS)}")


def load_checkpoint(path: Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Read a checkpoint.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or no checkpoint of this course.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: there is no such checkpoint")
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is truncated or no safetensors file: {error}") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(
            f"{path} is no checkpoint of this course: its format is {metadata.get('format')!r}, not {FORMAT!r}"
        )
    try:
        options = json.loads(metadata["model"])
        model = MODELS[options.pop("kind")](**options).to(device)
        model.load_state_dict(_with_prefix(tensors, "model."))
        config = _config_from_json(json.loads(metadata["config"]))
        optimizer = None
        if "optimizer" in metadata:
            optimizer = OPTIMIZERS[metadata["optimizer"]](model.parameters(), config.learning_rate)
            _load_optimizer(optimizer, _with_prefix(tensors, "optimizer."))
        data, metrics, step = metadata["data"], json.loads(metadata["metrics"]), STEPS[metadata["step"]]
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path} is damaged, or of another version of this course: {error}") from error
    return Checkpoint(model, config, data, metrics, optimizer, metadata.get("recipe"), step)


def load_pretrained(name: str, device: torch.device | str = "cpu") -> VAE:
    """A network whose weights come with the course; `pretrained/README.md` says what each is for.

    Raises:
        ValueError: there is none of this name, or its file is damaged.
        FileNotFoundError: the file is gone.
    """
    if name not in SHIPPED:
        raise ValueError(f"name={name!r}: there are {', '.join(SHIPPED)}")
    return load_checkpoint(PRETRAINED / f"{name}.safetensors", device).model.eval()


def pretrained_card(name: str) -> dict[str, Any]:
    """How shipped weights came about, and what they were measured to be."""
    return json.loads((PRETRAINED / f"{name}.json").read_text(encoding="utf-8"))


def describe_model(model: VAE) -> dict[str, Any]:
    """Its class and what it was made with."""
    return {"kind": type(model).__name__, **model.options}


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _config_from_json(fields: dict[str, Any]) -> TrainConfig:
    beta = fields["beta"]
    if isinstance(beta, dict):
        fields["beta"] = BetaRange(**beta)
    if isinstance(beta, list):
        fields["beta"] = tuple(tuple(knot) for knot in beta)
    return TrainConfig(**fields)


def _optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    state = optimizer.state_dict()["state"]
    return {f"optimizer.{i}.{name}": tensor for i, slots in state.items() for name, tensor in slots.items()}


def _load_optimizer(optimizer: Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, name = key.split(".")
        state.setdefault(int(index), {})[name] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    for parameter, slots in optimizer.state.items():
        for name, tensor in slots.items():
            # In memory as the parameter is, which the fused kernel takes for granted. And a copy: what was read is a
            # part of the file, and Windows replaces no file that is in use.
            like = parameter if tensor.shape == parameter.shape else tensor
            slots[name] = torch.empty_like(like).copy_(tensor)


def _with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


CLASSIFIER = PRETRAINED / "classifier.safetensors"


def load_classifier(path: Path = CLASSIFIER) -> DigitClassifier:
    """The classifier whose weights come with the course; `pretrained/classifier.json` says how it was made.

    It has seen neither MNIST's test digits nor any of the embedded digits.

    Raises:
        ValueError: the file is damaged, or holds another network.
        FileNotFoundError: the file is gone.
    """
    classifier = DigitClassifier()
    try:
        classifier.load_state_dict(load_file(path))
    except (SafetensorError, RuntimeError) as error:
        raise ValueError(f"{path} is truncated, or no classifier of this course: {error}") from error
    return classifier.eval()
