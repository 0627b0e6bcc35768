"""Lesson 06: models on disk, as safetensors: tensors and text, nothing that runs when it is opened."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from vae_course.beta import MultiRateVAE
from vae_course.conditional import ConditionalVAE
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.extras.importance_step import ImportanceStep
from vae_course.extras.muon import Muon
from vae_course.extras.path_derivative import path_derivative_step
from vae_course.files import write_atomically
from vae_course.prior import FlowPrior
from vae_course.sample_quality import DigitClassifier
from vae_course.training import Step, TrainConfig, adam, training_step
from vae_course.unfinished import Unfinished
from vae_course.vae import VAE
from vae_course.verification import (
    Shapes,
    check_device,
    check_state,
    check_tensors,
    check_words,
    config_of,
    metrics_of,
    model_of,
    naming,
    one_of,
    opened,
    optimizer_shapes,
    read_tensors,
    shapes_of,
)

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

FORMAT = "vae_course 2"
PRETRAINED = Path(__file__).parent / "pretrained"
# The recipes whose weights lie there. `load_classifier` and `load_prior` load what is no VAE.
SHIPPED = ("every-beta", "plane")
MODELS: dict[str, type[VAE]] = {kind.__name__: kind for kind in (VAE, MultiRateVAE, ConditionalVAE, ConvolutionalVAE)}
OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {"Adam": adam, "Muon": Muon}
# What keeps the same of each parameter, and can take a step on the meta device; Adam's fused kernel cannot.
ON_META: dict[str, Callable[..., Optimizer]] = {"Adam": Adam, "Muon": Muon}
STEPS: dict[str, Step] = {step.__name__: step for step in (training_step, path_derivative_step)}


@dataclass(frozen=True)
class Checkpoint:
    """A model, and how it was trained. With `optimizer`, training can go on: see `fit`."""

    model: VAE
    config: TrainConfig
    data: str
    """The name of the digits it was trained on."""
    metrics: list[dict[str, int | float | None]]
    """One entry for each epoch that is done."""
    optimizer: Optimizer | None
    recipe: str | None = None
    """The name of the recipe it was trained by, perhaps with other options."""
    step: Step = training_step
    digest: str | None = None
    """The digest of those digits: it says which they are when their folder has moved."""
    unfinished: Unfinished | None = None
    """What is done of the epoch after those of `metrics`."""


def save_checkpoint(path: Path | str, checkpoint: Checkpoint, previous: Path | None = None) -> None:
    """Write a checkpoint so that the file is the old one or the new one, whole, even if the power fails.

    Args:
        path: the file.
        checkpoint: what it is to hold.
        previous: where the old one is kept, if it is.

    Raises:
        ValueError: `load_checkpoint` could not make the model, its optimizer or its step again.
    """
    _check_known(checkpoint)
    tensors = {f"model.{name}": tensor for name, tensor in checkpoint.model.state_dict().items()}
    metadata = {
        "format": FORMAT,
        "model": json.dumps(describe_model(checkpoint.model)),
        "config": json.dumps(asdict(checkpoint.config)),
        "data": checkpoint.data,
        "metrics": json.dumps(checkpoint.metrics),
        "step": step_name(checkpoint.step),
    }
    if checkpoint.optimizer is not None:
        tensors |= _optimizer_tensors(checkpoint.optimizer)
        metadata["optimizer"] = type(checkpoint.optimizer).__name__
    if checkpoint.unfinished is not None:
        metadata["unfinished"] = checkpoint.unfinished.to_json()
    for name in ("recipe", "digest"):
        if (value := getattr(checkpoint, name)) is not None:
            metadata[name] = value
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    write_atomically(path, save(tensors, metadata), previous)


def _check_known(checkpoint: Checkpoint) -> None:
    kind, optimizer = type(checkpoint.model), checkpoint.optimizer
    if MODELS.get(kind.__name__) is not kind:
        raise ValueError(f"{_named(kind, MODELS)} could not be loaded again: there are {', '.join(MODELS)}")
    if optimizer is not None and ON_META.get(type(optimizer).__name__) is not type(optimizer):
        raise ValueError(
            f"{_named(type(optimizer), OPTIMIZERS)} could not be loaded again: there are {', '.join(OPTIMIZERS)}"
        )
    if not (checkpoint.step in STEPS.values() or isinstance(checkpoint.step, ImportanceStep)):
        raise ValueError(
            f"step={checkpoint.step!r} could not be found again: there are {', '.join(STEPS)}, ImportanceStep"
        )
    _check_unchanged(checkpoint.model)


def _named(kind: type, known: Mapping[str, Any]) -> str:
    """Name a class so that it is not taken for the course's own."""
    if kind.__name__ in known:
        return f"{kind.__module__}.{kind.__qualname__}, another class than the course's of this name,"
    return f"a {kind.__name__}"


def _check_unchanged(model: VAE) -> None:
    """Refuse a network that was changed after it was made, so that its options no longer describe it."""
    with torch.device("meta"):
        expected = shapes_of(type(model)(**model.options))
    if shapes_of(model) != expected:
        raise ValueError(f"this {type(model).__name__} was changed after it was made, and could not be loaded again")
    for name, tensor in model.state_dict().items():
        if tensor.dtype != torch.float32:
            raise ValueError(f"{name} is {tensor.dtype}; checkpoints hold 32-bit floats: save model.float()")


def load_checkpoint(path: Path | str, device: torch.device | str = "cpu") -> Checkpoint:
    """Read a checkpoint, which may be a stranger's: it is checked before anything of it is built.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: there is no such device; the file is damaged, or no checkpoint of this course.
    """
    check_device(device)
    with opened(path) as file:
        metadata = file.metadata() or {}
        if metadata.get("format") != FORMAT:
            raise ValueError(
                f"{path} is no checkpoint of this course: its format is {metadata.get('format')!r}, not {FORMAT!r}"
            )
        with naming(path):
            return _checkpoint_of(file, metadata, device)


def _checkpoint_of(file: Any, metadata: dict[str, str], device: torch.device | str) -> Checkpoint:
    check_words(metadata)
    kind, options = model_of(metadata["model"], MODELS, len(file.keys()))
    config, metrics = config_of(metadata["config"]), metrics_of(metadata["metrics"])
    unfinished = Unfinished.from_json(metadata["unfinished"]) if "unfinished" in metadata else None
    step, optimizer = _step_of(metadata), None
    build, on_meta = (
        one_of(choices, metadata, "optimizer") if "optimizer" in metadata else None for choices in (OPTIMIZERS, ON_META)
    )
    check_tensors(file, _shapes(file, kind, options, on_meta, begun=bool(metrics or unfinished)))
    tensors = read_tensors(file)
    check_state(tensors)
    model = kind(**options).to(device)
    model.load_state_dict(_with_prefix(tensors, "model."))
    if build is not None:
        optimizer = build(model.parameters(), config.learning_rate)
        _load_optimizer(optimizer, _with_prefix(tensors, "optimizer."))
    recipe, digest = metadata.get("recipe"), metadata.get("digest")
    return Checkpoint(model, config, metadata["data"], metrics, optimizer, recipe, step, digest, unfinished)


def step_name(step: Step) -> str:
    """Name a training step, as a checkpoint does."""
    return step.__name__ if step in STEPS.values() else repr(step)


def _step_of(metadata: Mapping[str, str]) -> Step:
    draws = re.fullmatch(r"ImportanceStep\(samples=(\d{1,4})\)", metadata["step"])
    return ImportanceStep(int(draws[1])) if draws else one_of(STEPS, metadata, "step")


def _shapes(
    file: Any,
    kind: type[VAE],
    options: dict[str, Any],
    build: Callable[..., Optimizer] | None,
    begun: bool,
) -> Shapes:
    """Give the shape that each tensor of the file must have; on the meta device, so that nothing is built."""
    with torch.device("meta"):
        model = kind(**options)
    shapes = {f"model.{name}": shape for name, shape in shapes_of(model).items()}
    # An optimizer that has not taken a step has no state yet.
    fresh = not begun and not any(name.startswith("optimizer.") for name in file.keys())  # noqa: SIM118
    if build is None or fresh:
        return shapes
    return shapes | {f"optimizer.{name}": shape for name, shape in optimizer_shapes(build, model).items()}


def load_pretrained(name: str, device: torch.device | str = "cpu") -> VAE:
    """Load a network whose weights come with the course; `pretrained/README.md` says what each is for.

    Raises:
        ValueError: there is none of this name, or its file is damaged.
        FileNotFoundError: the file is gone.
    """
    if name not in SHIPPED:
        raise ValueError(f"name={name!r}: there are {', '.join(SHIPPED)}")
    return load_checkpoint(PRETRAINED / f"{name}.safetensors", device).model.eval()


def pretrained_card(name: str) -> dict[str, Any]:
    """Read how shipped weights were made, and what was measured of them."""
    return json.loads((PRETRAINED / f"{name}.json").read_text(encoding="utf-8"))


def describe_model(model: VAE) -> dict[str, Any]:
    """Name the class of a model and the options that it was made with."""
    return {"kind": type(model).__name__, **model.options}


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


CLASSIFIER, PRIOR = PRETRAINED / "classifier.safetensors", PRETRAINED / "prior.safetensors"
Network = TypeVar("Network", bound=nn.Module)


def load_classifier(path: Path = CLASSIFIER) -> DigitClassifier:
    """Load the classifier whose weights come with the course; `pretrained/classifier.json` says how it was made.

    It has seen neither MNIST's test digits nor any of the embedded digits.

    Raises:
        ValueError: the file is damaged, or holds another network.
        FileNotFoundError: the file is gone.
    """
    return _filled(DigitClassifier(), path)


def load_prior(path: Path = PRIOR) -> FlowPrior:
    """Load the prior of the codes of `every-beta`, for β from 0.03 to 4 and every label; raise as `load_classifier`."""
    return _filled(FlowPrior(latent_dim=20, classes=10, beta_range=(0.03, 4.0)).requires_grad_(False), path)


def _filled(network: Network, path: Path) -> Network:
    with opened(path) as file, naming(path):
        check_tensors(file, shapes_of(network))
        network.load_state_dict(read_tensors(file))
    return network.eval()
