"""Answers to the exercise `quantile_grid`, held out: they were written without a look at its check."""

import math
from statistics import NormalDist

import numpy as np
import torch
from lessons.latent_space.answers_quantile_grid import ANSWERS
from torch.distributions import MultivariateNormal, Normal

right, wrong = ANSWERS.right, ANSWERS.wrong
N = Normal(0.0, 1.0)
N = Normal(0.0, 1.0)


def m(n):
    return (torch.arange(n) + 0.5) / n


def G(a, b=None):
    b = a if b is None else b
    return torch.stack([a.repeat(len(b)), b.flip(0).repeat_interleave(len(a))], 1)


@right("list comprehension, stack of pairs")
def _(steps):
    axis = N.icdf((torch.arange(0, steps) + 0.5).div(steps))
    return (
        torch.stack([torch.stack([x, y]) for y in reversed(axis) for x in axis])
        if steps < 50
        else torch.stack([axis.repeat(steps), axis.flip(0).repeat_interleave(steps)], 1)
    )


@right("meshgrid xy")
def _(steps):
    q = N.icdf(torch.linspace(1 / (2 * steps), 1 - 1 / (2 * steps), steps))
    x, y = torch.meshgrid(q, -q, indexing="xy")
    return torch.cat([x.reshape(-1, 1), y.reshape(-1, 1)], dim=1)


@right("index arithmetic")
def _(steps):
    k = torch.arange(steps**2)
    col, row = k % steps, k // steps
    return N.icdf(torch.stack([(col + 0.5) / steps, 1 - (row + 0.5) / steps], 1))


@right("means of halves of linspace")
def _(steps):
    edges = torch.linspace(0, 1, steps + 1)
    mid = (edges[:-1] + edges[1:]) / 2
    z = N.icdf(mid)
    out = torch.zeros(steps, steps, 2)
    out[..., 0] = z
    out[..., 1] = z.flip(0)[:, None]
    return out.reshape(steps * steps, 2)


@right("torch.tensor of NormalDist quantiles with i")
def _(steps, dist=NormalDist):
    q = torch.tensor([dist().inv_cdf((2 * i + 1) / (2 * steps)) for i in range(steps)])
    return torch.cartesian_prod(q.flip(0), q)[:, [1, 0]]


@right("ndtri numpy meshgrid float64")
def _(steps):
    m = (np.arange(steps) + 0.5) / steps
    z = torch.special.ndtri(torch.from_numpy(m)).numpy()
    X, Y = np.meshgrid(z, z[::-1])
    return torch.tensor(np.column_stack([X.flatten(), Y.flatten()]), dtype=torch.float32)


@right("NormalDist.quantiles")
def _(steps):
    q = NormalDist().quantiles(2 * steps)[::2]
    q = torch.tensor(q)
    return torch.stack((q.repeat(steps), q.flip(0).repeat_interleave(steps)), -1)


@right("sorted")
def _(steps):
    axis = N.icdf((torch.arange(steps) + 0.5) / steps)
    return torch.tensor([(x, y) for y in sorted(axis.tolist(), reverse=True) for x in axis.tolist()])


@wrong("z[1] rises downwards, via cartesian_prod flip", "The codes are right, but upside")
def _(steps):
    a = N.icdf((torch.arange(steps) + 0.5) / steps)
    return torch.cartesian_prod(a, a).flip(1)


@wrong("steps as linspace(0.5/steps, 1, steps)", "Some codes are infinite: 0 and 1")
def _(steps):
    a = N.icdf(torch.linspace(0.5 / steps, 1, steps))
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("middles of 1..steps (i - .5)/(steps-1)", r"Some codes are nan\. A quantile is")
def _(steps):
    a = torch.special.ndtri((torch.arange(1, steps + 1) - 0.5) / (steps - 1))
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("eps at the ends", "From value to value the mass")
def _(steps):
    a = N.icdf(torch.linspace(1e-3, 1 - 1e-3, steps))
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("clamp 0.001 on the shares' linspace 0..1", r"Value number 1 of z\[0\] is -3\.090:")
def _(steps):
    a = N.icdf(torch.linspace(0, 1, steps).clamp(0.001, 0.999))
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("half the quantiles: s/2", "From value to value the mass")
def _(steps):
    a = N.icdf((torch.arange(steps) + 0.5) / steps / 2)
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("variance for deviation", r"The values of z\[0\] are 0\.5 times the")
def _(steps):
    a = Normal(0.0, 0.5).icdf((torch.arange(steps) + 0.5) / steps)
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("student", r"Value number 1 of z\[0\] is -2\.414:")
def _(steps):
    NormalDist()
    a = torch.tensor([math.tan(math.pi * ((i + 0.5) / steps - 0.5)) for i in range(steps)])
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("tanh of it", r"Value number 1 of z\[0\] is -0\.818:")
def _(steps):
    a = torch.tanh(N.icdf((torch.arange(steps) + 0.5) / steps))
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("z[0] only repeated in both", "The values are right, but not")
def _(steps):
    a = N.icdf((torch.arange(steps) + 0.5) / steps)
    return torch.stack([a.repeat(steps), a.repeat(steps).flip(0)], 1)


@wrong("columns first", "The codes are right, but the")
def _(steps):
    a = N.icdf((torch.arange(steps) + 0.5) / steps)
    return torch.stack([a.repeat_interleave(steps), a.flip(0).repeat(steps)], 1)


@wrong("polar: radius quantiles", r"z\[0\] should take 4 values, each")
def _(steps):
    r = (-2 * torch.log(1 - (torch.arange(steps) + 0.5) / steps)).sqrt()
    t = torch.arange(steps) / steps * 2 * math.pi
    return torch.stack([(r[:, None] * t.cos()).flatten(), (r[:, None] * t.sin()).flatten()], 1)


@wrong("sorted draws as the axis", r"Value number 1 of z\[0\] is 0\.062:")
def _(steps):
    g = torch.Generator().manual_seed(1)
    a = torch.randn(steps, generator=g).sort().values
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("multivariate icdf", "NotImplementedError")
def _(steps):
    return MultivariateNormal(torch.zeros(2), torch.eye(2)).icdf(torch.rand(steps**2, 2))


@wrong("icdf of a list", "TypeError")
def _(steps):
    a = N.icdf([(i + 0.5) / steps for i in range(steps)])
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("float32 → bfloat16", r"The codes are torch\.bfloat16\. A")
def _(steps):
    a = N.icdf((torch.arange(steps) + 0.5) / steps).bfloat16()
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("bfloat16 and back", r"The values of z\[0\] are close, but")
def _(steps):
    a = N.icdf((torch.arange(steps) + 0.5) / steps).bfloat16().float()
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("returns steps x steps x 2 transposed 2 x s x s", r"The shape is \[2, 4, 4\]\. Return")
def _(steps):
    a = N.icdf((torch.arange(steps) + 0.5) / steps)
    return torch.stack(torch.meshgrid(a, a.flip(0), indexing="xy"))


@wrong("one too few: arange(1, steps)", "These are 3 values per axis, the")
def _(steps):
    a = N.icdf(torch.arange(1, steps) / steps)
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("print instead of return", "Return a tensor of codes, one per")
def _(steps):
    a = N.icdf((torch.arange(steps) + 0.5) / steps)
    print(len(a))
    return "done"


@wrong("codes negative prior log", r"Value number 1 of z\[0\] is -1\.946:")
def _(steps):
    a = -torch.log(1 / ((torch.arange(steps) + 0.5) / steps) - 1)
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("z0 mirrored by flip on axis 0 only wrong", "The codes are right, but")
def _(steps):
    a = N.icdf((torch.arange(steps) + 0.5) / steps).flip(0)
    return torch.cartesian_prod(a, a).flip(1)


@wrong("mean of two ends by averaging shares wrongly (i+1)/2", "Some codes are infinite: 0 and 1")
def _(steps):
    a = torch.special.ndtri((torch.arange(steps) + 1) / 2)
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("0.25 shift", "From value to value the mass")
def _(steps):
    a = N.icdf((torch.arange(steps) + 0.25) / steps)
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("only up to 20 steps", r"The shape is \[400, 2\]\. Return")
def _(steps):
    steps = min(steps, 20)
    a = N.icdf((torch.arange(steps) + 0.5) / steps)
    return torch.cartesian_prod(a.flip(0), a).flip(1)


@wrong("tuple of codes and steps", "Return a tensor of codes, one per")
def _(steps):
    a = N.icdf((torch.arange(steps) + 0.5) / steps)
    return torch.cartesian_prod(a.flip(0), a).flip(1), steps


@right("normal with tensors as parameters, 2-dimensional")
def _(steps):
    s = m(steps)
    g = torch.stack([s.repeat(steps), (1 - s).repeat_interleave(steps)], 1)
    return Normal(torch.zeros(2), torch.ones(2)).icdf(g)


@right("inner function and rows built upward then reversed")
def _(steps):
    def q(i):
        return NormalDist().inv_cdf((i + 0.5) / steps)

    rows = [[(q(c), q(r)) for c in range(steps)] for r in range(steps)]
    return torch.tensor(rows[::-1]).reshape(-1, 2)


@right("einops-like view with ones")
def _(steps):
    a = N.icdf(m(steps))
    one = torch.ones(steps)
    return torch.stack([torch.outer(one, a), torch.outer(-a, one)], -1).flatten(0, 1)


@right("newton for the quantile")
def _(steps):
    s = m(steps).double()
    z = torch.zeros_like(s)
    for _ in range(100):
        z = z - (N.cdf(z) - s) / torch.exp(N.log_prob(z)).clamp(min=1e-2)
    return G(z).float()


@right("0-dim tensor steps tolerated")
def _(steps):
    steps = int(steps)
    a = -math.sqrt(2) * torch.erfinv(1 - 2 * m(steps))
    return G(a)


@wrong("grid with equal steps of the right ends", "Evenly spaced codes, out to")
def _(steps):
    e = N.icdf(torch.tensor(0.5 / steps)).abs()
    return G(torch.linspace(-e, e, steps))


@wrong("icdf of middles sorted descending both", "The codes are right, but")
def _(steps):
    a = N.icdf(m(steps)).flip(0)
    return torch.stack([a.repeat(steps), a.repeat_interleave(steps)], 1)


@wrong("second axis is right of first's quantile twice", r"Value number 1 of z\[1\] is 0\.319:")
def _(steps):
    a = N.icdf(m(steps))
    return G(a, a.abs())


@wrong("abs", r"Value number 1 of z\[0\] is 0\.319:")
def _(steps):
    return G(N.icdf(m(steps))).abs()


@wrong("scale by steps", r"The values of z\[0\] are 4 times the right")
def _(steps):
    return G(N.icdf(m(steps)) * steps)


@wrong("normalised to [-1, 1]", r"The values of z\[0\] are 0\.869 times the")
def _(steps):
    a = N.icdf(m(steps))
    return G(a / a.max())


@wrong("mean of icdf at both ends with finite replaced 0", r"Value number 1 of z\[0\] is -0\.337:")
def _(steps):
    e = N.icdf(torch.linspace(0, 1, steps + 1))
    e[e.isinf()] = 0
    return G((e[1:] + e[:-1]) / 2)


@wrong("shares with log spacing", r"Value number 2 of z\[0\] is -2\.329:")
def _(steps):
    return G(N.icdf(torch.logspace(-3, -0.01, steps)))


@wrong("samples seeded global", "random numbers")
def _(steps):
    torch.manual_seed(0)
    return torch.randn(steps * steps, 2)


@wrong("sobol", r"z\[0\] should take 4 values, each")
def _(steps):
    return N.icdf(torch.quasirandom.SobolEngine(2).draw(steps**2).clamp(1e-3, 1 - 1e-3))


@wrong("last row missing", r"The shape is \[12, 2\]\. Return")
def _(steps):
    return G(N.icdf(m(steps)))[:-steps]


@wrong("duplicates ends", r"The values of z\[0\] are cut off at -0\.319")
def _(steps):
    a = N.icdf(m(steps))
    a[0] = a[1] if steps > 1 else a[0]
    return G(a)


@wrong("numpy float64 object array", "Return a tensor of codes, one per")
def _(steps):
    return np.array([[NormalDist().inv_cdf((c + 0.5) / steps), 0] for c in range(steps**2 and steps)])


@wrong("string steps", "TypeError")
def _(steps):
    return N.icdf(torch.arange("steps"))


@wrong("complex number codes", r"The shape is \[16\]\. Return steps²")
def _(steps):
    a = N.icdf(m(steps))
    return (a[None] + 1j * a.flip(0)[:, None]).flatten()


@wrong("z1 correct only for even n", r"The values of z\[1\] are close, but")
def _(steps):
    a = N.icdf(m(steps))
    b = a.clone()
    b[steps // 2] = b[steps // 2].abs() + (steps % 2) * 0.01
    return G(a, b)


@wrong("right, and a random number drawn", "random numbers")
def _(steps):
    a = N.icdf(m(steps))
    return G(a, a) + 0 * torch.rand(1)


@wrong("z[1] twice as wide", r"The values of z\[1\] are 2 times the right ones")
def _(steps):
    a = N.icdf(m(steps))
    return G(a, 2 * a)


@wrong("a prior of variance a half", r"The values of z\[0\] are 0\.707 times the right ones\. The prior is N\(0, 1\)")
def _(steps):
    a = Normal(0.0, 0.5**0.5).icdf(m(steps))
    return G(a, a)
