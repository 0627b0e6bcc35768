"""Check the first exercise of lesson 14, the loss of flow matching.

The answer does not say what it draws. So the check hands over a field that notes the points and the times at which it
is asked, and works out the noise from them.
"""

from typing import Any

from vae_course.kit.exercise import ask, close, describe, exercise, expect, expect_generator, recognise
from vae_course.kit.values import scaled
from vae_course.lessons.prior.losses import losses
from vae_course.lessons.prior.probe import SHARED, Probe

import torch
from torch import Generator, Tensor

# Codes so far away that a point says how much of the code is in it.
FAR = 1e4
REVERSED = "Time is reversed: at t = 0 the point is noise and at t = 1 it is the code: (1 − t) · eps + t · codes."
SQUARES = {
    "It is averaged over the latent dimensions. Sum the squares over the dimensions, and average over the codes.": 1
    / 5,
    "It is summed over the codes. Average over the codes, so that the batch's size does not matter.": 6.0,
    "It is half of what it should be: there is no ½ here.": 0.5,
    "Its sign is turned: a loss falls when the velocity is better.": -1.0,
}


@exercise(
    "flow_matching_loss",
    "Each code has a noise and a time of its own, and only the field gets a gradient.",
)
def check_flow_matching_loss(answer: Any) -> None:
    """Check a function of `field`, `codes` and `generator` that returns one number."""
    _expect_times(answer)
    _expect_straight_paths(answer)
    _expect_noise(answer)
    _expect_two_codes(answer)
    _expect_loss(answer)
    _expect_gradients(answer)


def _asked(
    answer: Any, codes: Tensor, generator: Generator, field: Probe | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Ask for the loss, and return it with the points and the times at which the field was asked."""
    field, state = field or Probe(codes.shape[1]), torch.get_rng_state()
    field.asked.clear()
    weight = field.weight.detach().clone()
    loss = ask(answer, field, codes, generator)
    own = torch.equal(state, torch.get_rng_state())
    expect(own, "It uses or seeds torch's global random numbers: draw both eps and t with generator=generator.")
    _expect_field_as_it_was(field, weight)
    expect(field.asked, "It does not call the field: the loss compares field(z_t, t) with a velocity.")
    z, t = (torch.cat(asked).detach() for asked in zip(*field.asked, strict=True))
    # A loop may call it once for each code.
    once = len(field.asked) == 1 or len(z) == len(codes)
    expect(once, f"It calls the field {len(field.asked)} times. Call it once, for all codes together.")
    expect(len(z) == len(codes), f"It asks for {len(z)} points, and there are {len(codes)} codes: one point for each.")
    expect(isinstance(loss, Tensor), f"Return the loss as a tensor with one number; this is {describe(loss)}.")
    return loss, z, t


def _expect_field_as_it_was(field: Probe, weight: Tensor) -> None:
    """Refuse what an answer may not do to the field, which others go on training."""
    expect(
        field.weight.requires_grad, "It freezes the field, which is still trained: leave out `requires_grad_(False)`."
    )
    expect(field.training, "It leaves the field with eval() switched on, and the training goes on: leave that out.")
    expect(field.weight.grad is None, "It calls backward(). Only return the loss.")
    expect(torch.equal(field.weight, weight), "It changes the field's weights. Only return the loss.")


def _expect_times(answer: Any) -> None:
    """Expect one time for each code, drawn evenly from 0 to 1 by the generator."""
    codes = torch.randn(2000, 4, generator=Generator().manual_seed(5))
    _, _, t = _asked(answer, codes, Generator().manual_seed(0))
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
        expect(abs(found - part) < 0.15 * part, wrong)


def _expect_noise(answer: Any) -> None:
    """Expect Gaussian noise of mean 0 and spread 1, one number for each entry of the codes."""
    draws = [_asked(answer, torch.zeros(5, 4), Generator().manual_seed(seed)) for seed in (0, 1)]
    first, second = (z / (1 - t) for _, z, t in draws)
    expect(not close(first, second), "The seed does not change eps: draw it with generator=generator.")
    _, z, t = _asked(answer, torch.zeros(4000, 4), Generator().manual_seed(0))
    eps = (z / (1 - t).clamp(min=1e-3))[(t < 0.9).flatten()]
    expect(eps.mean().abs() < 0.05, f"eps should have mean 0, and yours has {eps.mean():.2f}: use torch.randn.")
    expect(abs(eps.std() - 1) < 0.05, f"eps should have a spread of 1, and yours has {eps.std():.2f}.")
    for edge, share in ((1, 0.317), (2, 0.0455)):
        beyond = (eps.abs() > edge).float().mean().item()
        expect(abs(beyond - share) < 0.02, "eps is not Gaussian: draw it with torch.randn.")
    codes = 5 * torch.randn(4000, 4, generator=Generator().manual_seed(2))
    _, z, t = _asked(answer, codes, Generator().manual_seed(0))
    kept = (t < 0.9).flatten()
    eps = ((z - t * codes) / (1 - t).clamp(min=1e-3))[kept]
    together = torch.corrcoef(torch.stack([eps.flatten(), codes[kept].flatten()]))[0, 1].item()
    expect(abs(together) < 0.1, "The noise depends on the codes: draw it without them.")


def _expect_two_codes(answer: Any) -> None:
    """Expect noises of two codes that have nothing to do with each other, and a time of the first that is even."""
    draws = [_asked(answer, torch.zeros(2, 4), Generator().manual_seed(seed))[1:] for seed in range(100)]
    z, t = (torch.stack(values) for values in zip(*draws, strict=True))  # [seeds, 2, 4], [seeds, 2, 1]
    early = t.amax((1, 2)) < 0.9
    eps = (z / (1 - t))[early].transpose(0, 1).flatten(1)
    expect(
        eps.std(1).min() > 0.1 and torch.corrcoef(eps)[0, 1].abs() < 0.35,
        "For two codes the noise of one tells that of the other. Draw a noise for each code; do not mirror, centre or "
        "standardise them.",
    )
    first = t[:, 0].mean().item()
    expect(
        abs(first - 0.5) < 0.15,
        f"The time of the first code is {first:.2f} on average, and it should be 0.50. Draw a time for each code, "
        "evenly from 0 to 1, and do not sort them.",
    )


def _expect_loss(answer: Any) -> None:
    """Expect the right number for several sizes of batches, each with two seeds: on one, two mistakes may agree."""
    for count, latent in ((6, 5), (41, 20), (1, 3)):
        both = [_loss(answer, count, latent, seed) for seed in (7, 8)]
        loss, right = (torch.stack([each[i] for each in both]) for i in (0, 1))
        first, second = (each[2] for each in both)
        wrong = {hint: tuple(map(torch.stack, zip(first[hint], second[hint], strict=True))) for hint in first}
        if (count, latent) == (6, 5):
            wrong = scaled({"": (right,)} | wrong, SQUARES)
        worse = int((loss - right).abs().nan_to_num(torch.inf).argmax())
        got, expected = loss[worse].item(), right[worse].item()
        otherwise = f"For {count} codes of {latent} dimensions the loss is {got:.5g}, and it should be {expected:.5g}."
        recognise(loss, right, wrong, otherwise, lambda a, b: close(a, b, rtol=1e-3, atol=1e-4))


def _loss(answer: Any, count: int, latent: int, seed: int) -> tuple[Tensor, Tensor, dict[str, Any]]:
    """Ask for a loss; return it with the right one, and with what comes of known mistakes."""
    codes = 2 + torch.randn(count, latent, generator=Generator().manual_seed(count))
    field = Probe(latent)
    loss, z, t = _asked(answer, codes, Generator().manual_seed(seed), field)
    expect(loss.ndim == 0, f"Return one number, the average over the codes; this is {describe(loss)}.")
    with torch.no_grad():
        velocity, eps = field(z, t), (z - t * codes) / (1 - t)
    return loss.detach(), *losses(velocity, codes, eps, z, t, seed)


def _expect_gradients(answer: Any) -> None:
    """Expect the gradient of the loss for the field's parameters, and none for the codes."""
    codes = torch.randn(6, 4, generator=Generator().manual_seed(3)).requires_grad_()
    field = Probe(4)
    loss, z, t = _asked(answer, codes, Generator().manual_seed(7), field)
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
