"""Lesson 02's exercise: an encoder with two heads."""

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from vae_course.kit.exercise import exercise, tried

BATCH, LATENT_DIM = 64, 5


@exercise(
    "MyEncoder",
    "Every image gets a centre and a width of its own, the width may go either way from 1, and both heads learn.",
)
def check_encoder(answer: Any) -> str | None:
    """Take the learner's class, build it with `answer(latent_dim=5)`, and look at what it does with images."""
    if not isinstance(answer, type):
        return f"Hand over the class itself, without building it: this is {_kind(answer)}."
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = answer(latent_dim=LATENT_DIM)
        x = torch.rand(BATCH, 1, 28, 28, requires_grad=True)
        # Far out of [0, 1], so that whatever bounds an output shows.
        loud = 100 * torch.randn(256, 1, 28, 28)
        result = tried(encoder(x))
        hint = _wrong_result(result) or _wrong_behaviour(encoder, x, loud) or _wrong_gradients(encoder, x, *result)
        return hint or _wrong_width(answer)


def _wrong_result(result: Any) -> str | None:
    if not isinstance(result, tuple | list) or len(result) != 2:
        return f"Return two tensors, `return mu, logvar`; this is {_kind(result)}."
    for name, tensor in zip(("mu", "logvar"), result, strict=True):
        if not isinstance(tensor, Tensor):
            return f"{name} should be a tensor, it is {_kind(tensor)}."
        if tensor.shape != (BATCH, LATENT_DIM):
            return (
                f"{name} has the shape {list(tensor.shape)} for {BATCH} images and latent_dim={LATENT_DIM}: "
                f"one row an image and one column a latent dimension make {[BATCH, LATENT_DIM]}."
            )
    return None


def _wrong_behaviour(encoder: nn.Module, x: Tensor, loud: Tensor) -> str | None:
    if any(not torch.equal(first, second) for first, second in zip(encoder(x), encoder(x), strict=True)):
        return (
            "Two calls on the same images gave different answers. The encoder describes the cloud and draws nothing "
            "from it; and its layers are made once, in `__init__`."
        )
    for name, tensor in zip(("mu", "logvar"), encoder(loud), strict=True):
        if tensor.std(0).max() == 0:
            return f"{name} is the same for every image: it has to be computed from x."
        if (tensor == tensor[:, :1]).all():
            return f"{name} is the same in every latent dimension: they need one output each of the linear layer."
        low, high = -tensor.min(), tensor.max()
        # A linear head reaches about as far up as down, 2 log softplus a twentieth as far, ELU and leaky ReLU less.
        if min(low, high) < 0.03 * max(low, high):
            sign, side = ("negative", "below") if low < high else ("positive", "above")
            ever = "never" if min(low, high) <= 0 else "hardly"
            reason = f"sigma {ever} gets {side} 1" if name == "logvar" else "half of the plane is out of reach"
            return (
                f"{name} is {ever} {sign}, so {reason}. Return the linear layer's output: no ReLU, ELU, softplus, exp."
            )
        if tensor.abs().max() <= 1:
            return f"{name} never leaves [-1, 1]: something after the linear layer, perhaps a tanh, holds it there."
    flat = [encoder(images)[0] for images in (x, loud[:BATCH], x + loud[:BATCH], 0 * x)]
    if torch.allclose(flat[0] + flat[1], flat[2] + flat[3], rtol=1e-3, atol=1e-2):
        return "The way from x to mu is a straight line: without a ReLU between them, two linear layers are only one."
    return None


def _wrong_gradients(encoder: nn.Module, x: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    parameters = list(encoder.parameters())
    reached = []
    for name, output in (("mu", mu), ("logvar", logvar)):
        # Random weights, so that no gradient is zero by an accident of symmetry.
        scalar = (output * torch.randn(output.shape)).sum()
        if not output.requires_grad:
            return f"No gradient comes back from {name}: a `detach`, a `no_grad` or `.data` cuts it off."
        to_x, *grads = torch.autograd.grad(scalar, [x, *parameters], retain_graph=True, allow_unused=True)
        if to_x is None:
            return f"The gradient of {name} stops before the hidden layer: look for a `detach` or a `no_grad`."
        if sum(grad is not None and grad.ndim > 1 for grad in grads) < 2:
            return (
                "The module does not know all its layers, so an optimizer would leave them untrained: make each an "
                "attribute (`self.features = …`), and keep several in an `nn.Sequential`, not in a list."
            )
        reached.append([torch.zeros_like(p) if g is None else g for p, g in zip(parameters, grads, strict=True)])
    for name, own, other in (("mu", *reached), ("logvar", *reversed(reached))):
        if not any(((a != 0) & (b == 0)).any() for a, b in zip(own, other, strict=True)):
            return f"{name} has no weights of its own: the heads share theirs, so one fixes the other. Use two layers."
    own = {name for (name, _), grad in zip(encoder.named_parameters(), reached[0], strict=True) if grad.any()}
    if "logvar.weight" in own and "mu.weight" not in own:
        return "mu and logvar are swapped: the first result comes from `self.logvar`."
    return None


def _wrong_width(answer: type) -> str | None:
    hidden = inspect.signature(answer).parameters.get("hidden")
    if hidden is None:
        return None
    small = answer(latent_dim=LATENT_DIM, hidden=(7,) if isinstance(hidden.default, tuple) else 7)
    widths = {width for parameter in small.parameters() for width in parameter.shape}
    if 7 not in widths or hidden.default in widths:
        return "hidden=7 was asked for, and another width came: use the argument `hidden` wherever its number stands."
    return None


def _kind(thing: Any) -> str:
    if isinstance(thing, tuple | list):
        return f"a {type(thing).__name__} of {len(thing)}"
    return f"a tensor of shape {list(thing.shape)}" if isinstance(thing, Tensor) else f"a {type(thing).__name__}"
