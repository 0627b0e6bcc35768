"""What lesson 06's check of a step knows of gradients: which one an optimizer was given, and what mistake it shows."""

from collections.abc import Callable
from typing import Any

from vae_course.elbo import elbo_terms
from vae_course.kit.exercise import Mistake, expect
from vae_course.lessons.training.probe import informative_model
from vae_course.vae import VAE

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from torch.optim import Adam

NO_GRADIENT = (
    "There was no gradient when the optimizer acted: backward() comes after zeroing and before the step, and "
    "the terms are detached after it."
)
OLD_GRADIENT = (
    "A gradient from before this call is still in it: gradients add up until they are zeroed, so zero_grad() comes "
    "before backward()."
)


class Witness(Adam):
    """Adam, which remembers the gradient that each step was given, and where the parameters stood after it."""

    def __init__(self, model: VAE):
        super().__init__(model.parameters(), lr=1e-3)
        self.model, self.gradients, self.taken = model, [], 0
        self.before = self.after = parameters(model)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step; a closure is called first, as torch's own optimizers do."""
        with torch.enable_grad():
            loss = None if closure is None else closure()
        self.gradients.append(gradient(self.model))
        self.before = parameters(self.model)
        super().step()
        self.taken += 1
        self.after = parameters(self.model)
        return loss

    def remembers(self) -> bool:
        """Say whether Adam's averages hold every step that was taken."""
        return all(state["step"] == self.taken for state in self.state.values())


def parameters(model: VAE) -> Tensor:
    """Copy all parameters into one vector."""
    return parameters_to_vector(model.parameters()).detach().clone()


def gradient(model: VAE) -> Tensor:
    """Copy what stands in .grad into one vector; 0 where nothing does."""
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()]
    return torch.cat([gradient.detach().flatten() for gradient in gradients])


def expect_gradient(got: Tensor, start: Tensor, rows: Tensor, eps: Tensor, beta: float, left: Tensor) -> None:
    """Expect the gradient of reconstruction + β · KL; of what mixes the two, name the two weights."""
    expect(got.any(), NO_GRADIENT)
    two = torch.stack([_gradient_of(lambda terms, i=i: terms[i].mean(), start, rows, eps) for i in (0, 1)], 1)
    right = two @ torch.tensor([1.0, beta])
    if _alike(got, right, 5e-5):
        return
    expect(not _alike(got, right), "The gradient is nearly right: is something small added to the cost, or rounded?")
    expect(not _alike(got, right + left), OLD_GRADIENT)
    a, b = torch.linalg.lstsq(two, got[:, None]).solution.flatten().tolist()
    expect(not _alike(got, two @ torch.tensor([a, b])), _weights_hint(a, b, beta, len(rows)))
    cut = _gradient_of(lambda terms: terms.weighted(beta).mean(), start, rows, eps, cut=True)
    expect(not _alike(got, cut), "The gradient does not pass through z to the encoder: z was detached.")
    times = (got @ right / (right @ right)).item()
    expect(not _alike(got, times * right), f"The gradient is {times:.3g} times as large as it should be.")
    raise Mistake(
        "The optimizer is given a gradient, but not of reconstruction + β · KL, averaged over the batch."
        + _in_parts(got, right)
    )


def _in_parts(got: Tensor, right: Tensor) -> str:
    """Say of which parameters a gradient is wrong, if it is right for others."""
    model = informative_model()
    sizes = [parameter.numel() for parameter in model.parameters()]
    pairs = zip(got.split(sizes), right.split(sizes), strict=True)
    alike = {name: _alike(*pair) for (name, _), pair in zip(model.named_parameters(), pairs, strict=True)}
    wrong = [name for name in alike if not alike[name]]
    if len(wrong) == len(alike):
        return ""
    return f" It is right for {len(alike) - len(wrong)} of the {len(alike)} parameters, and wrong for {wrong[0]}."


def _weights_hint(a: float, b: float, beta: float, batch: int) -> str:
    """Name the mistake from the weights of the reconstruction's and of the KL's gradient."""

    for hint, weights in {
        "The parameters move uphill, and the cost rises with every step. Look at the sign.": (-1, -beta),
        "The gradient is as many times too large as there are images: average over the batch instead of adding.":
            (batch, batch * beta),
        f"β = {beta:g} was asked for, and the gradient is that of β = 1: weigh the KL before backward().": (1, 1),
        "The gradient is the one without the KL.": (1, 0),
        "The sign of the KL is turned round.": (1, -beta),
        f"β = {beta:g} weighs the reconstruction; it belongs to the KL.": (beta, 1),
        f"β = {beta:g} weighs both terms; it belongs to the KL alone.": (beta, beta),
    }.items():  # fmt: skip
        pairs = zip((a, b), weights, strict=True)
        if all(abs(have - want) < 0.01 * max(abs(want), 0.1) for have, want in pairs):
            return hint
    if abs(b - a * beta) < 0.01 * abs(a):
        return f"The gradient is {a:.3g} times as large as it should be."
    if abs(a) < 1e-3 * abs(b):
        return "The gradient is the one without the reconstruction."
    return f"It is the gradient of {a:.3g} · reconstruction + {b:.3g} · KL, and 1 and β = {beta:g} were asked for."


def _gradient_of(cost: Callable, start: Tensor, rows: Tensor, eps: Tensor, cut: bool = False) -> Tensor:
    model, x = at(start), rows.reshape(-1, 1, 28, 28)
    mu, logvar = model.encoder(x)
    z = mu + torch.exp(0.5 * logvar) * eps
    cost(elbo_terms(x, model.decoder(z.detach() if cut else z), mu, logvar)).backward()
    return gradient(model)


def at(start: Tensor) -> VAE:
    """Make the probe's model with these parameters."""
    model = informative_model()
    vector_to_parameters(start.clone(), model.parameters())
    return model


def _alike(gradient: Tensor, other: Tensor, within: float = 2e-3) -> bool:
    return bool((gradient - other).norm() <= within * other.norm())
