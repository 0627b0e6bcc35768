"""Check the first exercise of lesson 14, the loss of flow matching.

The answer does not say what it draws. So the check hands over a field that notes the points and the times at which it
is asked, and works out the noise from them.
"""

from typing import Any

from vae_course.kit.exercise import ask, close, describe, exercise, expect, expect_generator, recognise
from vae_course.kit.values import scaled

import torch
from torch import Generator, Tensor, nn

# Codes so far away that a point says how much of the code is in it.
FAR = 1e4
TIMES = (
    "The times must be shaped [B, 1], one for each code, so that they multiply its row: torch.rand(len(codes), 1, …). "
    "Yours are {}."
)
SHARED = "All codes of the batch get the same time. Draw one t for each code, of shape [B, 1]."
REVERSED = "Time is reversed: at t = 0 the point is noise and at t = 1 it is the code: (1 − t) · eps + t · codes."
NOISES = "The target has another noise than the point: draw eps once, and use it in both."
SQUARES = {
    "It is averaged over the latent dimensions. Sum the squares over the dimensions, and average over the codes.": 1
    / 4,
    "It is summed over the codes. Average over the codes, so that the batch's size does not matter.": 6.0,
    "It is half of what it should be: there is no ½ here.": 0.5,
    "Its sign is turned: a loss falls when the velocity is better.": -1.0,
}


class Probe(nn.Module):
    """A field with a parameter, that notes the points and times at which it is asked."""

    def __init__(self, latent: int):
        super().__init__()
        self.weight = nn.Parameter(0.5 * torch.randn(latent, latent, generator=Generator().manual_seed(latent)))
        self.asked: list[tuple[Any, ...]] = []

    def forward(self, z: Any, t: Any = None, *others: Any) -> Tensor:
        """Compute a velocity that depends on z and t."""
        self.asked.append((z, t, *others))
        _expect_point_and_time(z, t, others, self.weight)
        return z @ self.weight + torch.sin(3 * t)


def _expect_point_and_time(z: Any, t: Any, others: tuple[Any, ...], weight: Tensor) -> None:
    """Refuse what no field takes: other shapes, other arguments."""
    expect(
        not others and isinstance(z, Tensor), "Call the field with two tensors, the points and the times: field(z, t)."
    )
    expect(t is not None, "The field needs the times, too: field(z, t).")
    swapped = z.shape[-1:] == (1,) and isinstance(t, Tensor) and t.shape[-1:] == weight.shape[:1]
    expect(not swapped, "The field's arguments have changed places: first the points, then the times.")
    expect(
        z.ndim == 2 and z.shape[1] == len(weight),
        f"The points must have the shape of the codes; these are {describe(z)}.",
    )
    alone = not isinstance(t, Tensor) or t.numel() == 1
    expect(not (alone and len(z) > 1), SHARED)
    expect(isinstance(t, Tensor) and t.shape == (len(z), 1), TIMES.format(describe(t)))


@exercise(
    "flow_matching_loss",
    "Each code has a noise and a time of its own, and only the field gets a gradient.",
)
def check_flow_matching_loss(answer: Any) -> None:
    """Check a function of `field`, `codes` and `generator` that returns one number."""
    _expect_times(answer)
    _expect_straight_paths(answer)
    _expect_noise(answer)
    _expect_loss(answer)
    _expect_gradients(answer)


def _asked(
    answer: Any, codes: Tensor, generator: Generator, field: Probe | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Ask for the loss, and return it with the points and the times at which the field was asked."""
    field, state = field or Probe(codes.shape[1]), torch.get_rng_state()
    field.asked.clear()
    loss = ask(answer, field, codes, generator)
    own = torch.equal(state, torch.get_rng_state())
    expect(own, "It uses or seeds torch's global random numbers: draw both eps and t with generator=generator.")
    expect(
        field.weight.requires_grad, "It freezes the field, which is still trained: leave out `requires_grad_(False)`."
    )
    expect(field.asked, "It does not call the field: the loss compares field(z_t, t) with a velocity.")
    expect(len(field.asked) == 1, f"It calls the field {len(field.asked)} times. Call it once, for all codes together.")
    expect(isinstance(loss, Tensor), f"Return the loss as a tensor with one number; this is {describe(loss)}.")
    return loss, field.asked[0][0].detach(), field.asked[0][1].detach()


def _expect_times(answer: Any) -> None:
    """Expect one time for each code, drawn evenly from 0 to 1 by the generator."""
    codes = torch.randn(2000, 4, generator=Generator().manual_seed(5))
    _, z, t = _asked(answer, codes, Generator().manual_seed(0))
    expect(len(z) == len(codes), f"It asks for {len(z)} points, and there are {len(codes)} codes: one point for each.")
    expect(t.std() > 1e-6, SHARED)
    low, high = t.min().item(), t.max().item()
    expect(len(t.unique()) > 1000, f"There are only {len(t.unique())} different times. Draw t evenly from 0 to 1.")
    inside = 0 <= low < 0.02 and 0.98 < high <= 1
    expect(inside, f"Times lie evenly between 0 and 1; yours go from {low:.2f} to {high:.2f}. Use torch.rand.")
    for edge in (0.1, 0.25, 0.5, 0.75, 0.9):
        below = (t < edge).float().mean().item()
        expect(
            abs(below - edge) < 0.05,
            f"The times should be even: {edge:.0%} of them below {edge}, and of yours {below:.0%} are. Use torch.rand.",
        )
    expect_generator(lambda g: torch.cat([x.flatten() for x in _asked(answer, codes[:5], g)[1:]]), "randn and rand")
    first, second = (_asked(answer, codes[:5], Generator().manual_seed(seed))[2] for seed in (0, 1))
    expect(not torch.equal(first, second), "The seed does not change t: draw it with generator=generator.")


def _expect_straight_paths(answer: Any) -> None:
    """Expect the point (1 − t) eps + t z: far codes show the part of the code, codes at 0 that of the noise."""
    signs = torch.randn(500, 4, generator=Generator().manual_seed(1)).sign()
    _, z, t = _asked(answer, FAR * signs, Generator().manual_seed(0))
    parts = z * signs / FAR
    part = parts.mean(1, keepdim=True)
    right = "The point is (1 − t) · eps + t · codes."
    if parts.min() > -0.01 and parts.max() < 1.01 and part.std() > 0.01:
        one = (
            "In the point each dimension has a time of its own. A code has one time, which the field is given: [B, 1]."
        )
        expect(close(parts, part.expand_as(parts), atol=2e-3), one)
        together = torch.corrcoef(torch.stack([part, t]).squeeze(-1))[0, 1].abs()
        expect(together > 0.5, f"The field is given another time than the point is made with. {right}")
    recognise(
        part,
        t,
        {
            REVERSED: 1 - t,
            f"The code does not move into the point, it is there from the start. {right}": torch.ones_like(t),
            f"The code is not in the point, or was centred or scaled before. {right}": torch.zeros_like(t),
            f"That is a curved path, with roots or squares of t. Ours is straight. {right}": (
                t.sqrt(), t.square(), (1 - t).sqrt(), (1 - t).square(), (1 - t**2).sqrt(),
                torch.sin(torch.pi / 2 * t), torch.cos(torch.pi / 2 * t), (1 - (1 - t) ** 2).sqrt(),
            ),
        },
        f"At t = {t[0].item():.2f} the point has {part[0].item():.2f} of its code. {right} Each has its own noise.",
        lambda a, b: close(a, b, rtol=0.0, atol=2e-3),
    )  # fmt: skip
    _, z, t = _asked(answer, torch.zeros(4000, 4), Generator().manual_seed(0))
    one_sign = z.abs().max() > 0 and (z.min() >= 0 or z.max() <= 0)
    expect(not one_sign, "eps has one sign only: it should be Gaussian, from torch.randn, not from rand.")
    _expect_noise_of_their_own(z, t)
    _expect_part_of_noise(z, t, right)


def _expect_noise_of_their_own(z: Tensor, t: Tensor) -> None:
    """Expect the noise of codes at 0 to differ from entry to entry, and not to go with the time."""
    early = (t < 0.9).flatten()
    eps, t = (z / (1 - t).clamp(min=1e-3))[early], t[early]
    if eps.std() < 1e-3:
        return
    alike = eps.std(0).min() < 1e-3 or eps.std(1).max() < 1e-3
    expect(not alike, "eps is shared: draw one number for each entry of the codes, with the shape of the codes.")
    together = torch.corrcoef(torch.cat([t, eps], 1).T)[0, 1:].abs().max()
    expect(together < 0.15, "The noise goes with the time: draw each of them by itself, with randn and with rand.")


def _expect_part_of_noise(z: Tensor, t: Tensor, right: str) -> None:
    for low, high in ((0.0, 0.1), (0.45, 0.55), (0.9, 1.0)):
        some = ((t >= low) & (t < high)).flatten()
        found, part = z[some].std().item(), (1 - t[some]).square().mean().sqrt().item()
        early = low == 0 and abs(found - part) > 0.1
        expect(
            not early, f"At t = 0 the point should be noise of spread 1; yours has {found:.2f}. Draw eps with randn."
        )
        wrong = (
            f"At t ≈ {(low + high) / 2:.2f} the noise should have the part {part:.2f}, and it has {found:.2f}. {right}"
        )
        expect(abs(found - part) < 0.1, wrong)


def _expect_noise(answer: Any) -> None:
    """Expect Gaussian noise of mean 0 and spread 1, one number for each entry of the codes."""
    draws = [_asked(answer, torch.zeros(5, 4), Generator().manual_seed(seed)) for seed in (0, 1)]
    first, second = (z / (1 - t) for _, z, t in draws)
    expect(not close(first, second), "The seed does not change eps: draw it with generator=generator.")
    _, z, t = _asked(answer, torch.zeros(4000, 4), Generator().manual_seed(0))
    eps = (z / (1 - t).clamp(min=1e-3))[(t < 0.9).flatten()]
    expect(eps.mean().abs() < 0.05, f"eps should have mean 0, and yours has {eps.mean():.2f}: use torch.randn.")
    expect(abs(eps.std() - 1) < 0.05, f"eps should have a spread of 1, and yours has {eps.std():.2f}.")
    beyond = (eps.abs() > 2).float().mean().item()
    expect(abs(beyond - 0.0455) < 0.02, "eps is not Gaussian: draw it with torch.randn.")
    codes = 5 * torch.randn(4000, 4, generator=Generator().manual_seed(2))
    _, z, t = _asked(answer, codes, Generator().manual_seed(0))
    kept = (t < 0.9).flatten()
    eps = ((z - t * codes) / (1 - t).clamp(min=1e-3))[kept]
    together = torch.corrcoef(torch.stack([eps.flatten(), codes[kept].flatten()]))[0, 1].item()
    expect(abs(together) < 0.1, "The noise depends on the codes: draw it without them.")


def _expect_loss(answer: Any) -> None:
    """Expect the right number for several sizes of batches."""
    for count, latent in ((6, 4), (40, 20), (1, 3)):
        codes = 2 + torch.randn(count, latent, generator=Generator().manual_seed(count))
        field = Probe(latent)
        loss, z, t = _asked(answer, codes, Generator().manual_seed(7), field)
        each = f"Return one number, the average over the codes; this is {describe(loss)}."
        expect(loss.numel() == 1 and loss.ndim == 0, each)
        with torch.no_grad():
            velocity, eps = field(z, t), (z - t * codes) / (1 - t)
        right, wrong = _losses(velocity, codes, eps, z, t)
        wrong[NOISES] = tuple((velocity - (codes - e)).square().sum(1).mean() for e in _noises(codes.shape, 7))
        if (count, latent) == (6, 4):
            wrong = scaled({"": (right,)} | wrong, SQUARES)
        otherwise = (
            f"For {count} codes of {latent} dimensions the loss is {loss.item():.5g}, and it should be {right:.5g}."
        )
        recognise(loss, right, wrong, otherwise, lambda a, b: close(a, b, rtol=1e-3, atol=1e-4))


def _noises(shape: torch.Size, seed: int) -> list[Tensor]:
    """Draw the noise twice, with the times before, between or after."""
    noises = []
    for place in range(3):
        generator = Generator().manual_seed(seed)
        draws = [torch.randn(shape, generator=generator) for _ in range(place)]
        torch.rand(shape[0], 1, generator=generator)
        noises += draws + [torch.randn(shape, generator=generator) for _ in range(2 - place)]
    return noises


def _losses(velocity: Tensor, codes: Tensor, eps: Tensor, z: Tensor, t: Tensor) -> tuple[Tensor, dict[str, Any]]:
    """Compute the loss, and what comes of known mistakes."""

    def of(target: Tensor) -> Tensor:
        return (velocity - target).square().sum(1).mean()

    off = velocity - (codes - eps)
    return of(codes - eps), {
        "The target points backwards, from the code to the noise. The velocity is codes − eps.": (of(eps - codes),),
        "The target is the code. It should be the velocity of the path to it: codes − eps.": (of(codes),),
        "The target is the noise. It should be the velocity from the noise to the code: codes − eps.": (of(eps),),
        "The target is the rest of the path, codes − z_t. The velocity is that of the whole path: codes − eps.": (
            of(codes - z), of((codes - z) * t),
        ),
        "The target is the path so far. The velocity is that of the whole path: codes − eps.": (of(z - eps), of(z)),
        "There is no target: the loss is how far field(z_t, t) is from codes − eps.": (of(0 * codes),),
        "That is the absolute difference. Square it.": (off.abs().sum(1).mean(), off.abs().mean()),
        "That is a root: a length. Sum the squares, without the root.": (
            off.norm(dim=1).mean(), off.norm(), off.square().sum(1).mean().sqrt(), off.square().mean().sqrt(),
        ),
        "The difference is summed before it is squared. Square each entry, then sum over the dimensions.": (
            off.sum(1).square().mean(), off.mean(1).square().mean(), off.mean().square(), off.sum().square(),
        ),
        "Positive and negative differences cancel: square them.": (off.sum(1).mean(), off.mean()),
        "The squares are weighed by the time. All times count alike.": (
            (t * off.square()).sum(1).mean(), ((1 - t) * off.square()).sum(1).mean(),
        ),
    }  # fmt: skip


def _expect_gradients(answer: Any) -> None:
    """Expect the gradient of the loss for the field's parameters, and none for the codes."""
    codes = torch.randn(6, 4, generator=Generator().manual_seed(3)).requires_grad_()
    field = Probe(4)
    loss, z, t = _asked(answer, codes, Generator().manual_seed(7), field)
    expect(field.weight.grad is None and codes.grad is None, "It calls backward(). Only return the loss.")
    expect(loss.requires_grad, "No gradient reaches the field, so it can't learn: leave out detach, item and no_grad.")
    by_weight, by_codes = torch.autograd.grad(loss, [field.weight, codes], allow_unused=True)
    expect(by_weight is not None, "No gradient reaches the field, so it can't learn: is its velocity detached?")
    encoder = (
        "A gradient passes to the codes. The encoder would learn to make codes that are easy to hit, such as all in "
        "one place. Take `codes.detach()` first."
    )
    expect(by_codes is None or not by_codes.any(), encoder)
    fixed = codes.detach()
    eps = (z - t * fixed) / (1 - t)
    right = (field(z, t) - (fixed - eps)).square().sum(1).mean()
    expected = torch.autograd.grad(right, field.weight)[0]
    expect(close(by_weight, expected, rtol=1e-3, atol=1e-3), "The value is right, but the field's gradient is not.")
