"""Check lesson 01's exercise: is every pixel drawn with the probability that is its grey value?"""

from typing import Any

from vae_course.kit.exercise import Mistake, ask, describe, exercise, expect, expect_generator, recognise

import torch
from torch import Generator, Tensor

BATCH = (64, 1, 28, 28)
OTHER_SHAPES = ((1, 1, 28, 28), (14, 28), (3, 5, 7), (11,))
FIXED = "The same pixels are on whatever the seed: each has a fixed threshold. Compare it with a random number."
LEVELS = 9  # Greys are sorted into the levels 0/9 to 9/9; each is drawn some 5,000 times in a batch.


@exercise("binarize", "Every pixel is on as often as its grey value says, and the same seed draws the same pixels.")
def check_binarize(answer: Any) -> None:
    """Draw many pixels of known grey, and compare how often they are on; then test the noise and the seed."""
    expect(not isinstance(answer, type), f"The check takes a function, and this is {describe(answer)}.")
    noise = Generator().manual_seed(0)
    # Every pixel has a grey of its own, so that a mistake of image, row or column shows.
    images = torch.randint(0, LEVELS + 1, BATCH, generator=noise) / LEVELS
    drawn = _draw(answer, images)
    _expect_a_draw(answer, images, drawn)
    _expect_noise_of_their_own(answer)
    # The first time there is neither paper nor ink, and the images are not equally bright.
    dim = images * torch.linspace(0.2, 0.7, len(images)).reshape(-1, 1, 1, 1) + 0.1
    for greys in (dim, images):
        _expect_frequencies(_draw(answer, greys), greys)
    _expect_rare_ones(answer)
    _expect_one_source(answer, images)
    for shape in OTHER_SHAPES:
        _expect_a_draw_of_shape(answer, shape)
    _expect_any_count(answer)
    _expect_no_correlation(answer)


def _draw(answer: Any, images: Tensor, seed: int = 7) -> Tensor:
    """Binarize once, and refuse what cannot be a binary image."""
    images = images.clone()
    drawn = ask(answer, images, Generator().manual_seed(seed))
    expect(isinstance(drawn, Tensor), f"Return a tensor: this is {describe(drawn)}.")
    expect(
        drawn.shape == images.shape,
        f"Images of shape {list(images.shape)} went in, and {list(drawn.shape)} came out: keep the shape.",
    )
    expect(
        drawn.dtype == images.dtype,
        f"The result is {drawn.dtype}: a network multiplies with it, so give it the type of the images, float32.",
    )
    expect(
        not (images.requires_grad or drawn.requires_grad),
        "The images or the result have `requires_grad=True`: leave it out, because data need no gradients.",
    )
    expect(
        not torch.equal(drawn, images) or not ((images > 0) & (images < 1)).any(),
        "These are still the grey values. Each pixel must be decided: 0 or 1.",
    )
    others = drawn[(drawn != 0) & (drawn != 1)]
    found = f"{others[0]:.3g}" if len(others) else ""
    expect(not len(others), f"Return only 0 and 1: yours has other values, such as {found}.")
    return drawn


def _expect_a_draw(answer: Any, images: Tensor, drawn: Tensor) -> None:
    """Refuse that all pixels of one grey in one image come out the same."""
    outcomes = [drawn[0][images[0] == level / LEVELS] for level in range(1, LEVELS)]
    if any(on.any() and not on.all() for on in outcomes):
        return
    found = f"All pixels of grey 0.67 in one image came out {int(outcomes[5][0])}"
    expect(
        all(torch.equal(drawn, _draw(answer, images, seed)) for seed in (8, 9)),
        f"{found}, and another seed gives another picture: these pixels share one random number, or have none. "
        "Give every pixel a random number of its own.",
    )
    raise Mistake(f"{found}, whatever the seed: that is a threshold. Draw, so that about 67 % of them are on.")


def _expect_noise_of_their_own(answer: Any) -> None:
    """Compare the draws of pixels that are nearly all of grey 0.5."""
    images = torch.full(BATCH, 0.5)
    images[:, :, 0, 0], images[:, :, 0, 1] = 0, 1
    drawn = _draw(answer, images).flatten(1)[:, 2:]
    for rows, what in (
        (drawn, "Images of the batch share their random numbers, so they go on and off together: every image"),
        (drawn.T, "Pixels of one image share a random number, so they go on and off together: every pixel"),
    ):
        drawn_often = rows[rows.var(1) > 0.1]
        alike = torch.corrcoef(drawn_often).fill_diagonal_(0).abs() if len(drawn_often) > 1 else torch.zeros(1)
        if alike.max() > 0.8:
            drawn_once = torch.equal(drawn, _draw(answer, images, seed=8).flatten(1)[:, 2:])
            raise Mistake(FIXED if drawn_once else f"{what} needs its own.")


def _expect_a_draw_of_shape(answer: Any, shape: tuple[int, ...]) -> None:
    """Draw images of this shape: first with another order in memory, as `expand` gives one, then grey 0.5 often."""
    axes = range(len(shape))[::-1]
    _draw(answer, torch.rand(shape[::-1], generator=Generator().manual_seed(1)).permute(*axes))
    draws = torch.stack([_draw(answer, torch.full(shape, 0.5), seed) for seed in range(12)])
    alike = max((draws.diff(dim=axis) == 0).float().mean() for axis in range(1, draws.ndim) if draws.shape[axis] > 1)
    expect(
        alike < 0.9,
        f"In images of shape {list(shape)}, pixels share one random number, or have none: every pixel needs its own.",
    )


def _expect_no_correlation(answer: Any) -> None:
    """Refuse that neighbours go together in part."""
    signs = 2 * _draw(answer, torch.full(BATCH, 0.5)) - 1
    neighbours = {
        "images": (signs[1:], signs[:-1]),
        "pixels": (signs[..., 1:], signs[..., :-1]),
        "rows": (signs[..., 1:, :], signs[..., :-1, :]),
    }
    for what, (some, others) in neighbours.items():
        together = (some * others).mean().abs()
        expect(together < 0.05, f"Neighbouring {what} go together: draw each pixel by itself.")


def _expect_any_count(answer: Any) -> None:
    """Refuse that the number of pixels that are on is always the same, as if they were dealt out."""
    counts = {_draw(answer, torch.full((28, 28), 0.5), seed).sum().item() for seed in range(6)}
    always = f"Of 784 pixels of grey 0.5 always {min(counts):.0f} are on, whatever the seed: draw each pixel by itself."
    expect(max(counts) - min(counts) > 1, always)


def _expect_frequencies(drawn: Tensor, greys: Tensor) -> None:
    excess = _excess(drawn, greys, greys)
    worst = excess.abs().argmax()
    recognise(
        drawn,
        greys,
        _other_probabilities(greys),
        otherwise=f"A pixel of grey {worst / LEVELS:.2f} should be on in {worst / LEVELS:.0%} of the draws; "
        f"yours was in {(worst / LEVELS + excess[worst]).clamp(min=0):.0%}.",
        same=lambda drawn, p: all(_excess(drawn, p, by).abs().max() < 0.035 for by in (p, greys)),
    )
    off = drawn[greys == 0].mean()
    expect(not drawn[greys == 0].any(), f"Paper, grey 0, should never be on: yours was on in {off:.1%} of the draws.")
    on = drawn[greys == 1].mean()
    expect(drawn[greys == 1].all(), f"Ink, grey 1, should always be on: yours was on in {on:.1%} of the draws.")


def _expect_rare_ones(answer: Any) -> None:
    """Compare how often pixels are on that are nearly paper or nearly ink, half of an image each."""
    greys = torch.tensor([3, 252]).repeat(32, 1, 28, 14) / 255
    drawn = _draw(answer, greys)
    for p in greys.unique().tolist():
        on = drawn[greys == p].mean().item()
        expect(
            abs(on - p) < 0.006, f"A pixel of grey {p:.3f} should be on in {p:.1%} of the draws; yours was in {on:.1%}."
        )


def _other_probabilities(greys: Tensor) -> dict[str, Tensor | tuple[Tensor, ...]]:
    """Give the probabilities that are taken by mistake, each with its hint."""
    brightest = greys.flatten(1).amax(1).reshape(-1, 1, 1, 1)
    stretched = (greys - greys.min()) / (greys.max() - greys.min())
    others = (greys.flip(0), greys.flip(-1), greys.flip(-2), greys.mT, greys.roll(1, 0), greys[:1], greys.mean(0))
    return {
        "Dark pixels come out 1 and bright ones 0: the probability is 1 − grey. Turn the comparison round.": 1 - greys,
        "Every pixel is on in half of the draws, whatever its grey: use the greys as probabilities.":
            torch.full_like(greys, 0.5),
        "The probability is the grey squared: draw each pixel once, and use the grey itself.": greys**2,
        "The probability is the root of the grey: use the grey itself.": greys.sqrt(),
        "The grey is divided by 255 once more: it lies in [0, 1] already.": greys / 255,
        "The greys are stretched to the brightest pixel: a dim image should stay dim, so use them unchanged.":
            (greys / greys.max(), greys / brightest, stretched),
        "The probability is the grey of another pixel, or a mean over images: use each pixel's own grey.":
            tuple(other.expand(greys.shape) for other in others),
    }  # fmt: skip


def _excess(drawn: Tensor, p: Tensor, by: Tensor) -> Tensor:
    """Compute the mean of `drawn − p` for each level of `by`; 0 where a level has too few pixels to tell."""
    level = (LEVELS * by).round().long().clamp(0, LEVELS).flatten()
    count = level.bincount(minlength=LEVELS + 1)
    total = level.bincount(weights=(drawn - p).flatten(), minlength=LEVELS + 1)
    return torch.where(count > 4000, total / count.clamp(min=1), 0.0)


def _expect_one_source(answer: Any, images: Tensor) -> None:
    torch.manual_seed(4711)
    state = torch.get_rng_state()
    expect_generator(lambda generator: ask(answer, images[:4].clone(), generator))
    ask(answer, images[:4].clone(), Generator())
    expect(
        torch.equal(state, torch.get_rng_state()),
        "It seeds or uses torch's global random numbers, too: take all random numbers from `generator`.",
    )
