"""Answers to lesson 10's exercise, right and wrong."""

import math
import sys
from functools import partial
from statistics import NormalDist

from vae_course.latent_space import quantile_grid

import numpy as np
import torch
from answers import Answers
from torch.distributions import Cauchy, Laplace, Normal, Uniform

ANSWERS = Answers("quantile_grid")
PRIOR = Normal(0.0, 1.0)


def middles(steps):
    return (torch.arange(steps) + 0.5) / steps


def ends(steps):
    return PRIOR.icdf(torch.arange(steps + 1) / steps)


def grid(axis, down=None):
    """The codes of an axis, in the order that is asked for."""
    return torch.cartesian_prod((axis if down is None else down).flip(0), axis).flip(1)


def square(steps):
    return quantile_grid(steps).unflatten(0, (steps, steps))


def right(title):
    return ANSWERS.right(title)


def wrong(title, hint):
    return ANSWERS.wrong(title, hint)


right("the package's own")(quantile_grid)
right("with cartesian_prod")(lambda steps: grid(PRIOR.icdf(middles(steps))))
right("in float64")(lambda steps: quantile_grid(steps).double())
right("with erfinv")(lambda steps: grid(2**0.5 * torch.erfinv(2 * middles(steps) - 1)))
right("with ndtri")(lambda steps: grid(torch.special.ndtri(middles(steps))))
right("between linspace's ends")(lambda steps: grid(PRIOR.icdf(torch.linspace(0.5 / steps, 1 - 0.5 / steps, steps))))
right("odd numbers over 2 n")(lambda steps: grid(PRIOR.icdf(torch.arange(1, 2 * steps, 2) / (2 * steps))))
right("every second of the cells' ends")(
    lambda steps: grid(PRIOR.icdf(torch.linspace(0, 1, 2 * steps + 1, dtype=torch.double)[1::2]))
)
right("functools.partial")(partial(lambda prior, steps: grid(prior.icdf(middles(steps))), PRIOR))
right("with a default argument")(lambda steps=10, prior=PRIOR: grid(prior.icdf(middles(steps))))
right("a variable number of arguments")(lambda *sizes: quantile_grid(sizes[0]))
right("a tensor that keeps a gradient")(lambda steps: quantile_grid(steps).requires_grad_())
right("not contiguous")(lambda steps: quantile_grid(steps).T.contiguous().T)


@ANSWERS.right("the standard library, in loops")
def _(steps: int) -> torch.Tensor:
    axis = [NormalDist().inv_cdf((i + 0.5) / steps) for i in range(steps)]
    return torch.tensor([[a, b] for b in axis[::-1] for a in axis])


@ANSWERS.right("NumPy's meshgrid, given back as a tensor")
def _(steps):
    axis = PRIOR.icdf(middles(steps)).numpy()
    across, down = np.meshgrid(axis, axis[::-1])
    return torch.from_numpy(np.stack([across.ravel(), down.ravel()], 1))


@ANSWERS.right("repeat and repeat_interleave")
def _(steps):
    axis = PRIOR.icdf(middles(steps))
    return torch.stack([axis.repeat(steps), axis.flip(0).repeat_interleave(steps)], dim=-1)


@ANSWERS.right("row by row into an empty tensor")
def _(steps):
    codes, axis = torch.empty(steps * steps, 2), PRIOR.icdf(middles(steps))
    for row in range(steps):
        codes[row * steps : (row + 1) * steps, 0] = axis
        codes[row * steps : (row + 1) * steps, 1] = axis[steps - 1 - row]
    return codes


@ANSWERS.right("expand and broadcast")
def _(steps):
    axis = PRIOR.icdf(middles(steps))
    return torch.stack(torch.broadcast_tensors(axis, axis.flip(0)[:, None]), -1).view(-1, 2)


@ANSWERS.right("by bisection of the cumulative distribution")
def _(steps):
    low, high = torch.full((steps,), -8.0).double(), torch.full((steps,), 8.0).double()
    for _ in range(60):
        middle = (low + high) / 2
        below = PRIOR.cdf(middle) < middles(steps)
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return grid(low.float())


@ANSWERS.right("mirrored about 0, odd sizes cared for")
def _(steps):
    upper = PRIOR.icdf(middles(steps)[(steps + 1) // 2 :])
    return grid(torch.cat([-upper.flip(0), torch.zeros(steps % 2), upper]))


@ANSWERS.right("it prints what it does")
def _(steps):
    print("shares:", middles(steps)[:3])
    return quantile_grid(steps)


class Grid:
    def __call__(self, steps):
        return quantile_grid(steps)

    @staticmethod
    def static(steps):
        return quantile_grid(steps)


right("a callable object")(Grid())
right("a static method")(Grid.static)

# The values along an axis.
wrong("the ±1 box", "46.6%")(lambda steps: grid(torch.linspace(-1, 1, steps)))
wrong("the ±1.5 box", "75.1%")(lambda steps: grid(torch.linspace(-1.5, 1.5, steps)))
wrong("a wide box", "99.5%")(lambda steps: grid(torch.linspace(-3, 3, steps)))
wrong("the middles of the cells of a box", "[Ee]venly spaced")(lambda steps: grid((2 * middles(steps) - 1) * 2))
wrong("a box as wide as the right axis", "[Ee]venly spaced")(
    lambda steps: grid(torch.linspace(-1, 1, steps) * PRIOR.icdf(torch.tensor(1 - 0.5 / steps)))
)
wrong("0 and 1 at the ends", "infinite")(lambda steps: grid(PRIOR.icdf(torch.linspace(0, 1, steps))))
wrong("the right ends of cells", "infinite")(lambda steps: grid(PRIOR.icdf(torch.arange(1, steps + 1) / steps)))
wrong("integer division", "infinite")(lambda steps: grid(PRIOR.icdf((torch.arange(steps) + 0.5) // steps)))
wrong("both ends of the cells", "5 values per axis")(lambda steps: grid(ends(steps)))
wrong("the inner ends of the cells", "3 values per axis")(lambda steps: grid(ends(steps)[1:-1]))
wrong("middles of values, not of mass", "infinite")(lambda steps: grid((ends(steps)[1:] + ends(steps)[:-1]) / 2))
wrong("middles of clamped values", "share of the prior below")(
    lambda steps: grid((ends(steps).clamp(-3, 3)[1:] + ends(steps).clamp(-3, 3)[:-1]) / 2)
)
wrong("means of the cells", "mean of each cell")(
    lambda steps: grid(-PRIOR.log_prob(ends(steps).double()).exp().diff() * steps)
)
wrong("shares left out of 0 to 1", "A quantile is asked for")(
    lambda steps: grid(torch.special.ndtri(torch.linspace(-0.5, 1.5, steps)))
)
wrong("cut off near the ends", "middle of a cell")(lambda steps: grid(PRIOR.icdf(torch.linspace(0.01, 0.99, steps))))
wrong("k / (steps + 1)", "middle of a cell")(lambda steps: grid(PRIOR.icdf(torch.arange(1, steps + 1) / (steps + 1))))
wrong("(i + ½) / (steps + 1)", "middle of a cell")(lambda steps: grid(PRIOR.icdf(middles(steps) * steps / (steps + 1))))
wrong("a third of the cell", "middle of a cell")(lambda steps: grid(PRIOR.icdf((torch.arange(steps) + 1 / 3) / steps)))
wrong("shares for codes", "shares of the mass")(lambda steps: grid(middles(steps)))
wrong("the cdf for its inverse", "cdf")(lambda steps: grid(PRIOR.cdf(middles(steps))))
wrong("the density for the quantile", "share of the prior below|come back|same in all")(
    lambda steps: grid(PRIOR.log_prob(middles(steps)).exp())
)
wrong("the root of two is forgotten", "0.707 times")(lambda steps: grid(torch.erfinv(2 * middles(steps) - 1)))
wrong("erfinv of the share itself", "0.562 below the first.*middle of a cell")(
    lambda steps: grid(2**0.5 * torch.erfinv(middles(steps)))
)
wrong("a prior of deviation 2", "2 times .*N\\(0, 1\\)")(lambda steps: grid(Normal(0.0, 2.0).icdf(middles(steps))))
wrong("a prior of mean 1", "1 too high.*N\\(0, 1\\)")(lambda steps: grid(Normal(1.0, 1.0).icdf(middles(steps))))
wrong("uniform", "[Ee]venly spaced")(lambda steps: grid(Uniform(-1.0, 1.0).icdf(middles(steps))))
wrong("Laplace", "share of the prior below")(lambda steps: grid(Laplace(0.0, 1.0).icdf(middles(steps))))
wrong("Cauchy", "share of the prior below")(lambda steps: grid(Cauchy(0.0, 1.0).icdf(middles(steps))))
wrong("logistic, nearly normal", "close, but off by")(lambda steps: grid(torch.logit(middles(steps)) / 1.702))
wrong("the upper half only", "0.562 below the first.*middle of a cell")(
    lambda steps: grid(PRIOR.icdf(0.5 + middles(steps) / 2))
)
wrong("clamped to ±1", "cut off")(lambda steps: grid(PRIOR.icdf(middles(steps)).clamp(-1, 1)))
wrong("clamped to ±2", "cut off")(lambda steps: grid(PRIOR.icdf(middles(steps)).clamp(-2, 2)))
wrong("clamped to ±3", "cut off")(lambda steps: grid(PRIOR.icdf(middles(steps)).clamp(-3, 3)))
wrong("shares clamped", "cut off")(lambda steps: grid(PRIOR.icdf(middles(steps).clamp(0.01, 0.99))))
wrong("rounded to tenths", "round")(lambda steps: grid(PRIOR.icdf(middles(steps)).mul(10).round() / 10))
wrong("rounded to hundredths", "round")(lambda steps: grid(PRIOR.icdf(middles(steps)).mul(100).round() / 100))
wrong("shares rounded", "round|cut off|share of the prior below")(
    lambda steps: grid(PRIOR.icdf(middles(steps).mul(100).round() / 100))
)
wrong("quantiles of draws", "share of the prior below|by draws|off by")(
    lambda steps: grid(torch.randn(5000, generator=torch.Generator().manual_seed(0)).quantile(middles(steps)))
)
wrong("z[1] from a box", r"z\[1\]|[Ee]venly spaced")(
    lambda steps: grid(PRIOR.icdf(middles(steps)), torch.linspace(-2, 2, steps))
)
wrong("only even sizes", "With [17] steps?")(
    lambda steps: (lambda upper: grid(torch.cat([-upper.flip(0), upper])))(PRIOR.icdf(middles(steps)[-(steps // 2) :]))
)
wrong("right for 4 only", "With 7 steps")(lambda steps: grid(PRIOR.icdf((torch.arange(steps) + 0.5) / 4)))
wrong("linspace by its step, 4 hard-coded", "[Ww]ith 7 steps")(
    lambda steps: quantile_grid(4) if steps == 4 else grid(torch.linspace(-1.15, 1.15, steps))
)

# What is done with the axes.
wrong("draws", "Draws would clump")(lambda steps: torch.randn(steps**2, 2, generator=torch.Generator().manual_seed(0)))
wrong("one axis only", r"z\[1\] is the same in all codes")(lambda steps: quantile_grid(steps) * torch.tensor([1, 0]))
wrong("nan", "nan")(lambda steps: torch.full((steps**2, 2), float("nan")))
wrong("zeros", "same in all codes")(lambda steps: torch.zeros(steps**2, 2))
wrong("a disc for a square", "Draws would clump|each of them 4 times")(
    lambda steps: quantile_grid(steps) / quantile_grid(steps).norm(dim=1, keepdim=True).clamp(min=1)
)
wrong("transposed picture", "transposed")(lambda steps: quantile_grid(steps).flip(1))
wrong("meshgrid's own order", "transposed")(lambda steps: torch.cartesian_prod(*[PRIOR.icdf(middles(steps))] * 2))
wrong("transposed and not turned", "transposed")(lambda steps: square(steps).transpose(0, 1).flatten(0, 1))
wrong("upside down", "upside down")(lambda steps: square(steps).flip(0).flatten(0, 1))
wrong("mirrored", "mirrored")(lambda steps: square(steps).flip(1).flatten(0, 1))
wrong("turned by 180°", "mirrored.*upside down")(lambda steps: quantile_grid(steps).flip(0))
wrong("minus z", "mirrored.*upside down")(lambda steps: -quantile_grid(steps))
wrong("shuffled", "order")(lambda steps: quantile_grid(steps).roll(1, 0))
wrong("to and fro", "order")(
    lambda steps: torch.stack([row.flip(0) if i % 2 else row for i, row in enumerate(square(steps))]).flatten(0, 1)
)
wrong("sorted by distance", "order")(lambda steps: quantile_grid(steps)[quantile_grid(steps).norm(dim=1).argsort()])
wrong("the same pairs again", "pairs|order")(
    lambda steps: PRIOR.icdf(middles(steps)).repeat(steps)[:, None].repeat(1, 2)
)

# Kinds and shapes.
wrong("on its side", "on its side")(lambda steps: quantile_grid(steps).T)
wrong("not flat", "in a list")(square)
wrong("flat numbers", r"The shape is \[32\]")(lambda steps: quantile_grid(steps).flatten())
wrong("the diagonal", "diagonal")(lambda steps: PRIOR.icdf(middles(steps))[:, None].repeat(1, 2))
wrong("one dimension", r"The shape is \[4\]")(lambda steps: PRIOR.icdf(middles(steps)))
wrong("squeezed", r"With 1 step.*\[1, 2\]")(lambda steps: quantile_grid(steps).squeeze())
wrong("a third dimension", r"\[16, 3\]")(lambda steps: torch.nn.functional.pad(quantile_grid(steps), (0, 1)))
wrong("always 20 steps", r"\[16, 2\]")(lambda steps: quantile_grid(20))
wrong("always 4 steps", r"\[49, 2\]")(lambda steps: quantile_grid(4))
wrong("a list", "list")(lambda steps: quantile_grid(steps).tolist())
wrong("an array", "ndarray")(lambda steps: quantile_grid(steps).numpy())
wrong("a pair of tables", "tuple")(lambda steps: torch.meshgrid(*[PRIOR.icdf(middles(steps))] * 2, indexing="ij"))
wrong("a dict", "dict")(lambda steps: {"z": quantile_grid(steps)})
wrong("a string", "str")(lambda steps: "codes")
wrong("half precision", "float16")(lambda steps: quantile_grid(steps).half())
wrong("whole numbers", "int64")(lambda steps: quantile_grid(steps).long())
wrong("complex", "complex")(lambda steps: quantile_grid(steps).to(torch.complex64))
wrong("the grid instead of the function", "without calling")(quantile_grid(4))
wrong("no function", "function")(3)
wrong("raises", "ZeroDivisionError")(lambda steps: 1 / 0)
wrong("NumPy's error", r"at `return torch.tensor\(np.linspace")(lambda steps: _numpys_error(steps))


def _numpys_error(steps):
    return torch.tensor(np.linspace(0, 1, "steps"))


@ANSWERS.wrong("an error inside the standard library", r"at `axis = \[NormalDist")
def _(steps):
    axis = [NormalDist().inv_cdf(i / steps) for i in range(steps)]
    return torch.tensor([[a, b] for b in axis[::-1] for a in axis])


@ANSWERS.wrong("it yields row after row", "generator")
def _(steps):
    yield from quantile_grid(steps)


@ANSWERS.wrong("a class", "quantile_grid|Codes|function")
class Codes:
    def __init__(self, steps):
        self.codes = quantile_grid(steps)


@ANSWERS.wrong("it leaves the default dtype changed", "default dtype|set_default_dtype")
def _(steps):
    torch.set_default_dtype(torch.float64)
    return quantile_grid(steps)


@ANSWERS.wrong("it leaves", "SystemExit|exit")
def _(steps):
    sys.exit(math.pi)


@ANSWERS.wrong("endless recursion", "RecursionError")
def codes_of(steps):
    return codes_of(steps)


@ANSWERS.wrong("other codes when asked again", "again|twice|[Ee]ach call")
def _(steps, seen=[]):  # noqa: B006
    seen.append(steps)
    return quantile_grid(steps) + 0.01 * seen[:-1].count(steps)
