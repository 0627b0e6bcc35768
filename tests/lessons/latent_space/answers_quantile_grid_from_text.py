"""Answers to the exercise `quantile_grid` written from its text alone."""

import math
import statistics

import numpy as np
import torch
from lessons.latent_space.answers_quantile_grid_held_out import ANSWERS
from torch import Generator
from torch.distributions import Normal


@ANSWERS.wrong("0.05 to 0.95 Keras", "steps: From value to value")
def _(steps):
    axis = Normal(0.0, 1.0).icdf(torch.linspace(0.05, 0.95, steps))
    b, a = torch.meshgrid(axis.flip(0), axis, indexing="ij")
    return torch.stack([a.flatten(), b.flatten()], 1)


@ANSWERS.wrong("no flip", "upside down")
def _(steps):
    axis = Normal(0.0, 1.0).icdf((torch.arange(steps) + 0.5) / steps)
    b, a = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([a.flatten(), b.flatten()], 1)


@ANSWERS.wrong("both flipped", "mirrored")
def _(steps):
    axis = Normal(0.0, 1.0).icdf((torch.arange(steps) + 0.5) / steps).flip(0)
    b, a = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([a.flatten(), b.flatten()], 1)


@ANSWERS.wrong("axis only", "Return steps² codes")
def _(steps):
    return Normal(0.0, 1.0).icdf((torch.arange(steps) + 0.5) / steps)


@ANSWERS.wrong("random", "Draws would clump")
def _(steps):
    z = torch.randn(steps * steps, 2, generator=Generator().manual_seed(0))
    return z[z[:, 1].argsort(descending=True)]


@ANSWERS.wrong("steps+1", "cells have ends")
def _(steps):
    axis = Normal(0.0, 1.0).icdf((torch.arange(steps + 1) + 0.5) / (steps + 1))
    b, a = torch.meshgrid(axis.flip(0), axis, indexing="ij")
    return torch.stack([a.flatten(), b.flatten()], 1)


@ANSWERS.wrong("arange with step float", "steps: From value to value")
def _(steps):
    s = torch.arange(0.5 / steps, 1, 1 / steps)
    axis = Normal(0.0, 1.0).icdf(s - 0.5 / steps + 1e-3)
    b, a = torch.meshgrid(axis.flip(0), axis, indexing="ij")
    return torch.stack([a.flatten(), b.flatten()], 1)


@ANSWERS.wrong("means of cells", "steps: This is the mean")
def _(steps):
    n = Normal(0.0, 1.0)
    edges = n.icdf(torch.linspace(0, 1, steps + 1))
    dens = n.log_prob(edges).exp()
    axis = (dens[:-1] - dens[1:]) * steps
    b, a = torch.meshgrid(axis.flip(0), axis, indexing="ij")
    return torch.stack([a.flatten(), b.flatten()], 1)


@ANSWERS.right("cartesian")
def _(steps):
    axis = Normal(0.0, 1.0).icdf((torch.arange(steps) + 0.5) / steps)
    return torch.cartesian_prod(axis.flip(0), axis).flip(1)


@ANSWERS.right("erfinv double")
def _(steps):
    s = (torch.arange(steps, dtype=torch.float64) + 0.5) / steps
    axis = math.sqrt(2) * torch.erfinv(2 * s - 1)
    return torch.cartesian_prod(-axis, axis)[:, [1, 0]]


@ANSWERS.right("ndtri")
def _(steps):
    axis = torch.special.ndtri(torch.linspace(0.5 / steps, 1 - 0.5 / steps, steps))
    x, y = torch.meshgrid(axis, axis.flip(0), indexing="xy")
    return torch.stack((x, y), dim=-1).reshape(-1, 2)


@ANSWERS.right("statistics to tensor")
def _(steps):
    nd = statistics.NormalDist()
    axis = [nd.inv_cdf((i + 0.5) / steps) for i in range(steps)]
    return torch.tensor([(a, b) for b in axis[::-1] for a in axis])


@ANSWERS.right("repeat")
def _(steps):
    axis = Normal(0.0, 1.0).icdf(torch.arange(1, 2 * steps, 2) / (2 * steps))
    return torch.stack([axis.repeat(steps), axis.flip(0).repeat_interleave(steps)], dim=1)


@ANSWERS.right("numpy meshgrid")
def _(steps):
    axis = Normal(0.0, 1.0).icdf((torch.arange(steps) + 0.5) / steps).numpy()
    x, y = np.meshgrid(axis, axis[::-1])
    return torch.from_numpy(np.c_[x.ravel(), y.ravel()])


@ANSWERS.right("loop fill")
def _(steps):
    grid = torch.empty(steps * steps, 2)
    icdf = Normal(0.0, 1.0).icdf
    for row in range(steps):
        for col in range(steps):
            grid[row * steps + col, 0] = icdf(torch.tensor((col + 0.5) / steps))
            grid[row * steps + col, 1] = icdf(torch.tensor((steps - row - 0.5) / steps))
    return grid


@ANSWERS.right("median of even")
def _(steps):
    edges = torch.linspace(0, 1, steps + 1)
    axis = Normal(torch.tensor(0.0), torch.tensor(1.0)).icdf((edges[:-1] + edges[1:]) / 2)
    grid = torch.zeros(steps, steps, 2)
    grid[..., 0] = axis
    grid[..., 1] = -axis[:, None]
    return grid.view(-1, 2)


@ANSWERS.right("expand")
def _(steps):
    axis = Normal(0.0, 1.0).icdf((torch.arange(steps) + 0.5) / steps)
    a = axis[None].expand(steps, steps)
    b = axis.flip(0)[:, None].expand(steps, steps)
    return torch.stack([a.reshape(-1), b.reshape(-1)], -1)


@ANSWERS.wrong("sorted by radius", "not their order")
def _(steps):
    axis = Normal(0.0, 1.0).icdf((torch.arange(steps) + 0.5) / steps)
    g = torch.cartesian_prod(axis.flip(0), axis).flip(1)
    return g[g.norm(dim=1).argsort()]


@ANSWERS.wrong("steps // 2", "middles of the cells")
def _(steps):
    half = Normal(0.0, 1.0).icdf((torch.arange(steps // 2) + 0.5) / steps)
    axis = torch.cat([half, -half.flip(0)])
    return torch.cartesian_prod(axis.flip(0), axis).flip(1)


@ANSWERS.wrong("percent", "steps: Some codes are nan\\.")
def _(steps):
    axis = Normal(0.0, 1.0).icdf(100 * (torch.arange(steps) + 0.5) / steps)
    return torch.cartesian_prod(axis.flip(0), axis).flip(1)


@ANSWERS.right("bfloat free requires")
def _(steps):
    s = (2 * torch.arange(steps) + 1) / (2 * steps)
    axis = Normal(0.0, 1.0).icdf(s)
    y, x = torch.meshgrid(-axis, axis, indexing="ij")
    return torch.dstack([x, y]).reshape(steps**2, 2)


@ANSWERS.right("numpy float64 statistics")
def _(steps):
    inv = np.vectorize(statistics.NormalDist().inv_cdf)
    axis = inv((np.arange(steps) + 0.5) / steps)
    return torch.as_tensor(np.stack([np.tile(axis, steps), np.repeat(axis[::-1], steps)], 1), dtype=torch.float32)
