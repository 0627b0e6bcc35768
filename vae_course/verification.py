"""Check the file of a model before anything of it is built: it may be damaged, or a stranger's.

A fused kernel writes past its memory where an optimizer's state is smaller than its parameter, and a file of 300 bytes
can ask for a network of gigabytes. So names, shapes and types are compared first, on torch's "meta" device, where a
tensor has a shape and no memory; only then is a tensor read, and after that a network made.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from vae_course.beta import BetaRange
from vae_course.checks import is_number
from vae_course.files import check_name
from vae_course.training import TrainConfig, best_device
from vae_course.vae import VAE

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.optim import Optimizer

T = TypeVar("T")
Shapes = dict[str, tuple[int, ...]]
# Beyond this a number in a file is no setting of a training.
MOST = 10**9


@contextmanager
def opened(path: Path | str) -> Iterator[Any]:
    """Open a safetensors file; of its tensors only names, types and shapes are read.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is truncated, or of another format.
    """
    if Path(path).is_dir():
        raise FileNotFoundError(f"{path} is a folder: name the checkpoint in it")
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: there is no such checkpoint")
    check_name(path)
    with Path(path).open("rb"):
        pass  # A file that may not be read says so here, by its name.
    try:
        file = safe_open(path, framework="pt")
    except SafetensorError as error:
        raise ValueError(f"{path} is truncated or no safetensors file: {_in_a_line(error)}") from error
    with file:
        yield file


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Say of any mistake in what a file holds which file it is, in a line.

    Raises:
        ValueError: what the block raised.
    """
    try:
        yield
    # What a stranger's file can make its readers say has many names.
    except Exception as error:
        text = f"it lacks {error}" if isinstance(error, KeyError) else _in_a_line(error)
        raise ValueError(f"{path} is damaged, or of another version of this course: {text}") from error


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def check_device(device: torch.device | str) -> None:
    """Refuse a device that is not there.

    Raises:
        ValueError: names it, and those there are.
    """
    best = best_device().type
    there, count = (["cpu"], 1) if best == "cpu" else (["cpu", best], torch.accelerator.device_count())
    try:
        asked = torch.device(device)
    except (RuntimeError, TypeError):
        asked = None
    if asked is None or asked.type not in there or (asked.index or 0) >= count:
        raise ValueError(f"device={str(device)!r}: there are {', '.join(there)}")


def model_of(text: str, kinds: Mapping[str, type[VAE]], tensors: int) -> tuple[type[VAE], dict[str, Any]]:
    """Read which class of network a file holds, and what it was made with.

    Args:
        text: the description, as JSON.
        kinds: the classes there are.
        tensors: how many the file holds. Each layer has some, so no list of sizes can be longer.

    Raises:
        ValueError: there is no such class, or more layers than tensors.
    """
    options = json.loads(text)
    if not isinstance(options, dict) or options.get("kind") not in kinds:
        raise ValueError(f"model is {text[:100]}; its kind must be one of {', '.join(kinds)}")
    kind = kinds[options.pop("kind")]
    for name, value in options.items():
        if isinstance(value, list | str) and len(value) > max(2, tensors):
            raise ValueError(f"{name} has {len(value)} entries, for {tensors} tensors")
    return kind, options


def one_of(choices: Mapping[str, T], metadata: Mapping[str, str], name: str) -> T:
    """Find what a file names.

    Raises:
        ValueError: there is nothing of this name.
    """
    if metadata[name] not in choices:
        raise ValueError(f"{name} is {metadata[name][:100]!r}; there are {', '.join(choices)}")
    return choices[metadata[name]]


def check_words(metadata: Mapping[str, str]) -> None:
    """Check what a file says of the digits that its model was trained on.

    Raises:
        ValueError: they have no name, or their digest is none.
    """
    if not metadata["data"].strip():
        raise ValueError("data is empty; it must name the digits of the training")
    digest = metadata.get("digest", "0" * 64)
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise ValueError(f"digest is {digest[:100]!r}; it must be a SHA-256 in 64 hexadecimal digits")


def config_of(text: str) -> TrainConfig:
    """Read how a network was trained.

    Raises:
        ValueError: a field has no value that `TrainConfig` takes.
    """
    fields = json.loads(text)
    beta = fields["beta"]
    if isinstance(beta, dict):
        fields["beta"] = BetaRange(**beta)
    if isinstance(beta, list):
        fields["beta"] = tuple(tuple(knot) for knot in beta)
    config = TrainConfig(**fields)
    if config.epochs > MOST or config.batch_size > MOST:
        raise ValueError(f"config: epochs and batch_size must be at most {MOST:,}, found {text[:200]}")
    return config


def metrics_of(text: str) -> list[dict[str, int | float | None]]:
    """Read the figures of the epochs that are done: names and finite numbers; β is null where each image had its own.

    Raises:
        ValueError: they are something else.
    """
    metrics = json.loads(text)
    if not isinstance(metrics, list) or not all(isinstance(epoch, dict) for epoch in metrics):
        raise ValueError(f"metrics must be a list with an object for each epoch, found {text[:100]}")
    for number, epoch in enumerate(metrics, 1):
        for name, value in epoch.items():
            if not (is_number(value) or (value is None and name == "beta")):
                raise ValueError(f"metrics: {name} of epoch {number} must be a finite number, found {value!r}")
    return metrics


def shapes_of(model: nn.Module) -> Shapes:
    """Give the shape of each tensor of a network, which may be on the meta device."""
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def optimizer_shapes(build: Callable[[Iterable[nn.Parameter]], Optimizer], model: nn.Module) -> Shapes:
    """Find out what an optimizer keeps of each parameter, by one step of a network on the meta device."""
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer = build(model.parameters())
    optimizer.step()
    state = optimizer.state_dict()["state"]
    return {f"{number}.{name}": tuple(kept.shape) for number, slots in state.items() for name, kept in slots.items()}


def check_tensors(file: Any, expected: Shapes) -> None:
    """Compare names, types and shapes of an open file's tensors with those there must be; none of them is read.

    Raises:
        ValueError: names the first that is missing, that is too many, or that has another type or shape.
    """
    found = set(file.keys())
    if missing := sorted(expected.keys() - found):
        raise ValueError(f"it lacks {missing[0]}" + (f" and {len(missing) - 1} more" if missing[1:] else ""))
    if unknown := sorted(found - expected.keys()):
        raise ValueError(f"it holds {unknown[0]}, which has no place in this model")
    for name, shape in expected.items():
        piece = file.get_slice(name)
        if piece.get_dtype() != "F32":
            raise ValueError(f"{name} is of type {piece.get_dtype()}; numbers must be 32-bit floats, F32")
        if tuple(piece.get_shape()) != shape:
            raise ValueError(f"{name} is {list(piece.get_shape())}, where its model has {list(shape)}")


def check_state(tensors: Mapping[str, Tensor]) -> None:
    """Check what an optimizer keeps beside averages, by which it divides and of which it takes roots.

    Raises:
        ValueError: a count of steps is none, or a mean of squares is negative.
    """
    for name, tensor in tensors.items():
        if name.endswith(".step") and not (tensor >= 1 and tensor == tensor.round()):
            raise ValueError(f"{name} is {tensor.item():g}; it must be the number of steps that were taken")
        if name.endswith(".exp_avg_sq") and tensor.lt(0).any():
            raise ValueError(f"{name} holds negative numbers; it must be a mean of squares")


def read_tensors(file: Any) -> dict[str, Tensor]:
    """Read all tensors.

    Raises:
        ValueError: a value is not finite.
    """
    tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise ValueError(f"{name} holds values that are not finite")
    return tensors
