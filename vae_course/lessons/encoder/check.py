"""Check lesson 02's exercise: an encoder with two heads."""

import inspect
from functools import partial
from typing import Any

from vae_course.kit.exercise import Mistake, ask, close, describe, exercise, expect

import torch
from torch import Tensor, nn

LATENT_DIM = 5
SEEDED = 4711  # No learner's own seed.
BOUND = 4.0  # A log-variance or a mean that cannot leave ±4 is held there by something.
WIDE = 11.0  # With β = 0 the lesson's encoder reaches mu = 13 and logvar = -18: a clamp within ±11 changes its codes.
ADDED = "Are pixels averaged or added, such as those of a row? Give each of them to the hidden layer."


@exercise(
    "MyEncoder",
    "Every image gets a centre and a width of its own, the width can be below or above 1, and both heads learn.",
)
def check_encoder(answer: Any) -> None:
    """Build the learner's class with `answer(latent_dim=5)`, and test what it does with images."""
    kind = answer.func if isinstance(answer, partial) else answer
    expect(isinstance(kind, type), f"Give the check the class itself: this is {describe(answer)}.")
    expect(issubclass(kind, nn.Module), f"The class must be a module: `class {kind.__name__}(nn.Module):`.")
    encoder, x = _build(answer, latent_dim=LATENT_DIM), _images(64)
    encode(encoder, x, LATENT_DIM)
    expect(encoder.training, "The module is in evaluation mode after a call: leave out `eval()`.")
    _expect_no_draw(encoder, x)
    _expect_images_apart(encoder, x)
    _expect_gradients(encoder, x)
    loud = _loud(answer)
    _expect_free_outputs(loud)
    _expect_every_pixel(loud)
    _expect_a_bend(loud)
    _expect_one_hidden_layer(encoder, x)
    _expect_width(answer)


def encode(encoder: nn.Module, x: Tensor, latent_dim: int) -> tuple[Tensor, Tensor]:
    """Ask for mu and logvar, and refuse what cannot be both."""
    result = ask(encoder.forward, x)
    kind = describe(result)
    expect(
        isinstance(result, tuple | list) and len(result) == 2,
        f"Return two tensors, `return mu, logvar`: this is {kind}.",
    )
    for name, tensor in zip(("mu", "logvar"), result, strict=True):
        expect(isinstance(tensor, Tensor), f"{name} should be a tensor: it is {describe(tensor)}.")
        expect(
            tensor.shape == (len(x), latent_dim),
            f"{name} has the shape {list(tensor.shape)} for {len(x)} image(s) and latent_dim={latent_dim}: "
            f"it needs a row for each image and a column for each latent dimension, {[len(x), latent_dim]}.",
        )
        expect(tensor.isfinite().all(), f"{name} is not finite: is there a root or a logarithm of a negative number?")
        expect(tensor.dtype == x.dtype, f"{name} is {tensor.dtype}, and the images are float32: leave the dtype alone.")
    return tuple(result)


def _images(count: int, seed: int = 0) -> Tensor:
    return torch.rand(count, 1, 28, 28, generator=torch.Generator().manual_seed(seed))


def _build(answer: Any, **sizes: Any) -> nn.Module:
    """Build the module with weights that are the same in every check."""
    torch.manual_seed(SEEDED)
    dtype, gradients = torch.get_default_dtype(), torch.is_grad_enabled()
    encoder = answer(**sizes)
    expect(
        torch.initial_seed() == SEEDED,
        "`__init__` sets torch's seed, so that every encoder starts with the same weights: leave that out.",
    )
    expect(torch.get_default_dtype() == dtype, "`__init__` changes torch's default dtype: leave that out.")
    expect(torch.is_grad_enabled() == gradients, "`__init__` switches all gradients off: leave that out.")
    return encoder


def _expect_no_draw(encoder: nn.Module, x: Tensor) -> None:
    """Refuse noise in evaluation mode; in training, dropout is allowed."""
    encoder.eval()
    state = torch.get_rng_state()
    first, second = encode(encoder, x, LATENT_DIM), encode(encoder, x, LATENT_DIM)
    expect(
        torch.initial_seed() == SEEDED and torch.equal(state, torch.get_rng_state()) and _same(first, second),
        "It uses random numbers in `forward`: two calls give different answers, or a seed is set. The encoder "
        "describes the cloud and draws nothing from it. Make its layers once, in `__init__`.",
    )


def _same(first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]) -> bool:
    return all(close(a, b, rtol=1e-3, atol=1e-4) for a, b in zip(first, second, strict=True))


def _expect_images_apart(encoder: nn.Module, x: Tensor) -> None:
    """Refuse an encoder that mixes the images of a batch, in training or in evaluation mode."""
    for training in (True, False):
        encoder.train(training)
        all_at_once = encode(encoder, x, LATENT_DIM)
        if not _same(all_at_once, encode(encoder, x, LATENT_DIM)):
            continue  # Dropout: nothing to compare.
        for part in (slice(8, 16), slice(20, 23), slice(63, 64)):
            alone = encode(encoder, x[part], LATENT_DIM)
            expect(
                _same(alone, tuple(whole[part] for whole in all_at_once)),
                "The code of an image changes with the other images in its batch: compute nothing over the batch "
                "(a mean, a maximum, BatchNorm), keep the order of the images, and add no noise.",
            )


def _expect_gradients(encoder: nn.Module, x: Tensor) -> None:
    """Compare which weights the two outputs send a gradient to."""
    parameters = list(encoder.parameters())
    expect(all(p.requires_grad for p in parameters), "Some weights have requires_grad=False, so they never learn.")
    expect(all(p.grad is None for p in parameters), "It runs `backward` inside: leave the gradient to the caller.")
    x = x.clone().requires_grad_()
    reached = [_reached(name, output, x, parameters) for name, output in zip(("mu", "logvar"), encoder(x), strict=True)]
    for name, own, other in (("mu", *reached), ("logvar", *reversed(reached))):
        expect(
            any(((a != 0) & (b == 0)).any() for a, b in zip(own, other, strict=True) if a.ndim > 1),
            f"{name} has no weights of its own: the two heads share theirs. Use two layers.",
        )
    own = {name for (name, _), grad in zip(encoder.named_parameters(), reached[0], strict=True) if grad.any()}
    swapped = "logvar.weight" in own and "mu.weight" not in own
    expect(not swapped, "mu and logvar are swapped: the first result comes from `self.logvar`.")


def _reached(name: str, output: Tensor, x: Tensor, parameters: list[Tensor]) -> list[Tensor]:
    """Compute the gradient of an output in all parameters, and refuse one that is cut off."""
    same = f"{name} is the same for every image: it has to be computed from x."
    alike = bool((output == output[:1]).all())
    expect(output.requires_grad or not alike, same)
    expect(output.requires_grad, f"No gradient comes back from {name}: a `detach`, a `no_grad` or a `.data` stops it.")
    # Random weights, so that no gradient is zero by an accident of symmetry.
    scalar = (output * torch.randn(output.shape)).sum()
    to_x, *grads = torch.autograd.grad(scalar, [x, *parameters], retain_graph=True, allow_unused=True)
    expect(to_x is not None or not alike, same)
    matrices = [grad for grad in grads if grad is not None and grad.ndim > 1]
    expect(
        len(matrices) >= 2 or to_x is not None,
        f"The gradient of {name} stops before the hidden layer: look for a `detach` or a `no_grad`.",
    )
    direct = any(sorted(matrix.shape) == [LATENT_DIM, 784] for matrix in matrices)
    expect(not direct, f"{name} is computed from x directly: compute it from the hidden layer, as the other.")
    expect(
        len(matrices) >= 2,
        "The module does not know all its layers, so an optimizer would leave them untrained: make each an "
        "attribute (`self.features = …`), and keep several in an `nn.Sequential`, not in a list or a dict.",
    )
    expect(
        any(grad.any() for grad in matrices),
        f"Every gradient of {name} is 0, so it learns nothing: is something rounded, or every weight 0?",
    )
    return [torch.zeros_like(p) if grad is None else grad for p, grad in zip(parameters, grads, strict=True)]


def _loud(answer: Any) -> nn.Module:
    """Build an encoder with large weights, so that whatever bounds an output or ignores a pixel shows."""
    for size in (0.8, 0.3, 0.1):
        encoder = _build(answer, latent_dim=LATENT_DIM).eval()
        encode(encoder, _images(2), LATENT_DIM)  # Lazy layers make their weights now.
        with torch.no_grad():
            for weight in (parameter for parameter in encoder.parameters() if parameter.ndim > 1):
                spread = weight.std()
                weight.copy_(weight / spread if spread > 0 else torch.randn(weight.shape)).mul_(size)
            if all(output.isfinite().all() for output in encoder(_patches())):  # An exponential may overflow.
                break
    return encoder


def _patches() -> Tensor:
    """Make images of 4 by 4 patches, which differ more than noise does."""
    own = torch.Generator().manual_seed(1)
    patches = torch.rand(256, 1, 4, 4, generator=own) * (torch.rand(256, 1, 4, 4, generator=own) < 0.3)
    return patches.repeat_interleave(7, 2).repeat_interleave(7, 3)


def _expect_free_outputs(encoder: nn.Module) -> None:
    """Refuse outputs that are bounded or shared."""
    for name, output in zip(("mu", "logvar"), encode(encoder, _patches(), LATENT_DIM), strict=True):
        _expect_free(name, output.detach())


def _expect_a_bend(encoder: nn.Module) -> None:
    """Refuse outputs whose value half-way between two images is the mean of the two images' values."""
    a, b = _patches().split(128)
    outputs = [encode(encoder, images, LATENT_DIM) for images in (a, b, (a + b) / 2)]
    for name, *(of_a, of_b, between) in zip(("mu", "logvar"), *outputs, strict=True):
        bend = of_a + of_b - 2 * between
        expect(
            bend.abs().max() > 1e-3 * of_a.abs().max(),
            f"{name} is a linear function of x: put a ReLU between the two linear layers, or they count as one.",
        )


def _expect_free(name: str, output: Tensor) -> None:
    size, low, high = output.abs().max(), -output.min(), output.max()
    expect(output.std(0).max() > 1e-5 * size, f"{name} is the same for every image: it has to be computed from x.")
    expect(
        (output - output[:, :1]).abs().max() > 1e-5 * size,
        f"{name} is the same in every latent dimension: they need one output each of the linear layer.",
    )
    # A linear head reaches about as far up as down, 2 log softplus a thirtieth as far, ELU and leaky ReLU less.
    sign, side = ("negative", "below") if low < high else ("positive", "above")
    ever = "never" if min(low, high) <= 0 else "hardly"
    reason = f"sigma {ever} gets {side} 1" if name == "logvar" else "no code lies in half of the plane"
    expect(
        min(low, high) > 0.02 * max(low, high),
        f"{name} is {ever} {sign}, so {reason}. Return the linear layer's output: no ReLU, ELU, softplus, exp.",
    )
    held = any((output == end).float().mean() > 0.05 and end.abs() < WIDE for end in output.aminmax())
    expect(
        min(low, high) > BOUND and not held,
        f"{name} never leaves [{-low:.1f}, {high:.1f}], however large the weights are: return the linear layer's "
        "output, without a tanh or a clamp after it.",
    )


def _expect_every_pixel(encoder: nn.Module) -> None:
    """Refuse an encoder that does not use the grey of every pixel."""
    x = _images(16, seed=2)
    softer = torch.where(x > 0.5, 0.4 + 0.2 * x, 0.6 * x)  # On the same side of one half.
    expect(
        _differ(encoder, x, softer),
        "Two images of different greys get the same code: does your code round x, or compare it with a threshold?",
    )
    shuffled = x.flatten(1)[:, torch.randperm(784)].reshape(x.shape)
    expect(
        _differ(encoder, x, shuffled),
        "The code stays the same when the pixels change places: use every pixel, not their mean.",
    )
    calm, noise = x / 2 + 0.25, torch.rand(28, 28) / 8
    balanced = noise - noise.mean(0) - noise.mean(1, keepdim=True) + noise.mean()
    expect(
        _differ(encoder, calm, calm + balanced),
        f"Images get the same code if their rows and columns add up to the same. {ADDED}",
    )
    _expect_slopes_apart(encoder, x.requires_grad_())


def _differ(encoder: nn.Module, a: Tensor, b: Tensor) -> bool:
    """Say whether two batches of images get different centres."""
    return not close(*(encode(encoder, x, LATENT_DIM)[0] for x in (a, b)))


def _expect_slopes_apart(encoder: nn.Module, x: Tensor) -> None:
    """Refuse an encoder in which a pixel counts for nothing, or as much as many others."""
    (slope,) = torch.autograd.grad(encoder(x)[0].square().sum(), x, allow_unused=True)
    if slope is None:
        return
    unused = int((slope == 0).all(0).sum())
    expect(not unused, f"{unused} of the 784 pixels do not change mu: use the whole image.")
    apart = len(slope.flatten(1).T.unique(dim=0))
    expect(apart > 784 / 2, f"mu changes alike with many pixels, as if there were {apart} of them and not 784. {ADDED}")


def _expect_one_hidden_layer(encoder: nn.Module, x: Tensor) -> None:
    """Count the linear layers that each output comes through."""
    weights = [module.weight for module in encoder.modules() if isinstance(module, nn.Linear)]
    for name, output in zip(("mu", "logvar"), encoder(x) if weights else (), strict=bool(weights)):
        grads = torch.autograd.grad(output.square().sum(), weights, retain_graph=True, allow_unused=True)
        deep = sum(grad is not None and bool(grad.any()) for grad in grads)
        expect(deep <= 2, f"{name} comes through {deep} linear layers: use one hidden layer and one head.")


def _expect_width(answer: Any) -> None:
    """Build it for one latent dimension and, where it has the argument, another hidden width."""
    hidden = inspect.signature(answer).parameters.get("hidden")
    width = {} if hidden is None else {"hidden": (7,) if isinstance(hidden.default, tuple) else 7}
    ignored = "hidden=7 gave a layer of another width: use the argument `hidden` wherever its number stands."
    small = _build(answer, latent_dim=1, **width)
    try:
        encode(small, _images(3), 1)
    except RuntimeError as error:
        raise Mistake(f"{ignored} ({str(error).splitlines()[0][:80]})" if width else str(error)) from error
    encode(small, _images(1), 1)
    widths = {width for parameter in small.parameters() for width in parameter.shape}
    expect(not width or (7 in widths and hidden.default not in widths), ignored)
