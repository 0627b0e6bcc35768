"""Train one network in several processes: each has a copy, and a share of every batch (Li et al. 2020).

All processes draw the same pixels and the same noise for a whole batch, and each computes with the rows of its share.
Their gradients are added up before the optimizer's step. So every copy takes the step of one process with the whole
batch, except for the order in which floats are added.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vae_course.elbo import ElboTerms
from vae_course.training import Step, training_step
from vae_course.vae import VAE

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Generator, Tensor
from torch.optim import Optimizer
from torch.overrides import TorchFunctionMode


@contextmanager
def joined() -> Iterator[None]:
    """Join the processes that `torchrun` has started; without it, do nothing."""
    if not (dist.is_available() and dist.is_torchelastic_launched()):
        yield
        return
    dist.init_process_group("gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def is_first() -> bool:
    """Say whether this process is the one that writes and prints: the first, or the only one."""
    return not (dist.is_available() and dist.is_initialized()) or dist.get_rank() == 0


def shared(step: Step) -> Step:
    """Let the processes share the step, if there are several."""
    return SharedStep(step) if dist.is_available() and dist.is_initialized() else step


@dataclass(frozen=True)
class SharedStep:
    """Take a training step together: `fit(…, step=SharedStep())` in each process, with the same arguments."""

    step: Step = training_step

    def __call__(
        self,
        model: VAE,
        x: Float[Tensor, "batch 1 28 28"],
        beta: float | Float[Tensor, " batch"],
        optimizer: Optimizer,
        generator: Generator,
    ) -> ElboTerms:
        """Take the step with this process's share of the batch; return the terms of the whole batch."""
        rows, weight = share(len(x))
        beta = beta[rows] if isinstance(beta, Tensor) else beta
        hook = optimizer.register_step_pre_hook(lambda *_: add_up_gradients(optimizer, weight))
        try:
            with SharedNoise(len(x), rows):
                terms = self.step(model.at(beta), x[rows], beta, optimizer, generator)
        finally:
            hook.remove()
        return ElboTerms(*add_up(weight * torch.stack(terms)))


def share(count: int) -> tuple[slice, float]:
    """Find this process's rows of a batch of `count` images, and their weight in the mean over the batch.

    In a batch with fewer images than processes, some compute an image without weight, so that all take the same steps.
    """
    processes, rank = dist.get_world_size(), dist.get_rank()
    first, last = count * rank // processes, count * (rank + 1) // processes
    return (slice(first, last), (last - first) / count) if first < last else (slice(0, 1), 0.0)


def add_up(values: Tensor) -> Tensor:
    """Replace the values by their sum over all processes: `all_reduce`, after which all hold the same."""
    dist.all_reduce(values)
    return values


def add_up_gradients(optimizer: Optimizer, weight: float) -> None:
    """Give every process the gradient of the whole batch's mean: the weighted sum of the shares', in one message."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    # ∇ mean over the batch = Σ over processes of weight · ∇ mean over the share
    total = add_up(weight * torch.cat([gradient.flatten() for gradient in gradients]))
    parts = total.split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


class SharedNoise(TorchFunctionMode):
    """Draw the noise of a whole batch in every process, and hand out the rows of the share.

    Args:
        count: of images in the batch.
        rows: the share.
    """

    def __init__(self, count: int, rows: slice):
        super().__init__()
        self.count, self.rows = count, rows

    def __torch_function__(
        self, function: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call torch's function, `randn` with the size of the whole batch."""
        if function is not torch.randn:
            return function(*args, **(kwargs or {}))
        *draws, _, latent = args[0]
        return torch.randn((*draws, self.count, latent), **(kwargs or {}))[..., self.rows, :]
