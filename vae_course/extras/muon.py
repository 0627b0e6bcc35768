"""An optimizer that needs fewer epochs than Adam: Muon for the matrices of a network, Adam for all else."""

from collections.abc import Callable
from math import ceil
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT

# The a, b, c of each Newton-Schulz step. They bring singular values from [0.01, 1] to [0.73, 1.27], as near to 1 as
# three coefficients in each of three steps can (Amsel et al. 2025, algorithm 1). Those below 0.01 grow up to 78-fold.
COEFFICIENTS = ((8.0934, -23.6204, 17.4462), (3.6366, -2.7219, 0.5365), (2.6613, -1.9772, 0.4526))
# For so many rows of a matrix, a left factor serves one step by default. The cost of a factor grows with the cube of
# the rows, and that of the network with their square.
ROWS_PER_STEP = 200
# The root mean square of Adam's steps, over the learning rate (Liu et al. 2025, section 2.2).
STEP_SIZE = 0.2
TINY = 1e-20


class Muon(Optimizer):
    """Take Muon's steps with matrices, and Adam's steps with parameters that have another number of axes.

    Adam scales each number of a gradient by itself. Muon (Jordan et al. 2024) sees a matrix: it sets the singular
    values of the averaged gradient M to about 1, and so it moves equally far in all directions that M has. Where M is
    U S Vᵀ and has no more rows than columns,

        U Vᵀ = F M   with the left factor   F = (M Mᵀ)^(-1/2).

    Steps are as long as Adam's usually are, so that one learning rate serves both kinds of parameters.

    torch.optim.Muon does the same, but it computes in bfloat16. A processor without instructions for it, as in most
    laptops, then takes 15 to 20 times as long. Here all is computed in the type of the parameters, and it costs less:
    the products for F are of the small matrix M Mᵀ, and where there are many rows, one F serves several steps.

    Args:
        params: parameters, or groups of them, as torch.optim takes them.
        lr: the learning rate.
        momentum: the decay of the average of a matrix's gradients; Nesterov's variant is used.
        betas: Adam's two decays.
        eps: what Adam adds to the denominator.
        every: for how many steps a left factor serves; None for one step per 200 rows of M, rounded up.

    Raises:
        ValueError: an argument is out of its range.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        every: int | None = None,
    ):
        for name, value in (("lr", lr), ("eps", eps)):
            if not value >= 0:
                raise ValueError(f"{name}={value} must be at least 0")
        for name, value in (("momentum", momentum), ("betas[0]", betas[0]), ("betas[1]", betas[1])):
            if not 0 <= value < 1:
                raise ValueError(f"{name}={value} must be at least 0 and below 1")
        if every is not None and every < 1:
            raise ValueError(f"every={every} must be at least 1 step, or None")
        super().__init__(params, {"lr": lr, "momentum": momentum, "betas": betas, "eps": eps, "every": every})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move all parameters that have a gradient; return what the closure returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    move = self._move_as_muon if parameter.ndim == 2 else self._move_as_adam
                    move(parameter, parameter.grad, group)
        return loss

    def _move_as_muon(self, parameter: Parameter, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state |= {"step": torch.tensor(0.0), "momentum": torch.zeros_like(parameter)}
        state["momentum"].lerp_(gradient, 1 - group["momentum"])
        mean = wide(gradient.lerp(state["momentum"], group["momentum"]))
        if state["step"] % (group["every"] or ceil(len(mean) / ROWS_PER_STEP)) == 0:
            state["factor"] = left_factor(mean)
        direction = state["factor"] @ mean
        # An older factor may give another length, so it is set here.
        direction *= STEP_SIZE * direction.numel() ** 0.5 / direction.norm().clamp(min=TINY)
        wide(parameter).sub_(direction, alpha=group["lr"])
        state["step"] += 1

    def _move_as_adam(self, parameter: Parameter, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state |= {"step": torch.tensor(0.0)}
            state |= {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
        state["step"] += 1
        step, (beta1, beta2) = float(state["step"]), group["betas"]
        # θ ← θ - lr · m̂ / (√v̂ + ε)   (Kingma & Ba 2015, algorithm 1)
        state["exp_avg"].lerp_(gradient, 1 - beta1)
        state["exp_avg_sq"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        denominator = (state["exp_avg_sq"] / (1 - beta2**step)).sqrt_().add_(group["eps"])
        parameter.addcdiv_(state["exp_avg"], denominator, value=-group["lr"] / (1 - beta1**step))


def wide(matrix: Float[Tensor, "rows columns"]) -> Float[Tensor, "short long"]:
    """Return the matrix, or a view of its transpose if it has more rows than columns."""
    return matrix.T if matrix.shape[0] > matrix.shape[1] else matrix


def left_factor(matrix: Float[Tensor, "short long"]) -> Float[Tensor, "short short"]:
    """Compute F, about (M Mᵀ)^(-1/2), so that the singular values of F M are about 1.

    A Newton-Schulz step is X ← (a I + b X Xᵀ + c (X Xᵀ)²) X = P X, from X = M / ‖M‖ on. All that it needs to know of X
    is G = X Xᵀ, which becomes P G P. So the P's are multiplied together, and the long X is not needed again.
    """
    gram = matrix @ matrix.T
    size = gram.trace().clamp(min=TINY)
    gram /= size
    factor = polynomial = _polynomial(gram, COEFFICIENTS[0])
    for coefficients in COEFFICIENTS[1:]:
        gram = polynomial @ gram @ polynomial
        polynomial = _polynomial(gram, coefficients)
        factor = polynomial @ factor
    return factor / size.sqrt()


def _polynomial(
    gram: Float[Tensor, "short short"], coefficients: tuple[float, float, float]
) -> Float[Tensor, "short short"]:
    a, b, c = coefficients
    answer = torch.addmm(gram, gram, gram, beta=b, alpha=c)
    answer.diagonal().add_(a)
    return answer
