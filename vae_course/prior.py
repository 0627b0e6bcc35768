"""Lesson 14: a prior that is learned. A small network carries noise to where the codes are, by flow matching."""

import math
from collections.abc import Callable, Iterator
from copy import copy
from itertools import pairwise

from vae_course.beta import check_levels, learnt
from vae_course.checks import check_whole
from vae_course.conditional import check_labels
from vae_course.data import as_pixels
from vae_course.reparameterization import log_normal, reparameterize
from vae_course.training import TrainConfig, adam, check_images
from vae_course.vae import VAE, Prior

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Generator, Tensor, nn
from torch.distributions import Normal
from torch.func import jvp, vmap
from torch.nn.functional import one_hot, silu
from torch.optim import Optimizer

Field = Callable[[Tensor, Tensor], Tensor]
"""The velocity of points [*batch, D] at their times [*batch, 1]."""

# Waves given to a field: of the time, from half a period to four; of each latent dimension, with periods from 8 down.
WAVES, PERIOD = 8, 8.0
# Codes from which the prior takes the mean and the spread of each dimension.
ENOUGH = 10_000


def flow_matching_loss(
    field: Field, codes: Float[Tensor, "batch latent"], generator: Generator | None = None
) -> Float[Tensor, ""]:
    """Compute how far the field is from the velocity of straight paths from noise to the codes.

    |v(z_t, t) − (z − ε)|², summed over dimensions, averaged over codes, with one ε and one t for each of them
    (Lipman et al. 2023, arXiv 2210.02747; Liu et al. 2023, arXiv 2209.03003). No gradient passes to the codes.
    """
    codes = codes.detach()
    eps = torch.randn(codes.shape, generator=generator, device=codes.device)
    t = torch.rand(len(codes), 1, generator=generator, device=codes.device)
    # z_t = (1 − t) ε + t z   moves with the velocity   z − ε
    velocity = field((1 - t) * eps + t * codes, t)
    return (velocity - (codes - eps)).square().sum(-1).mean()


def walk(
    field: Field, start: Float[Tensor, "*batch latent"], steps: int, backwards: bool = False
) -> Float[Tensor, "steps_and_one *batch latent"]:
    """Carry points along the field from t = 0 to 1 by Heun's method, or back; return all places on their paths."""
    check_whole(steps, "steps")
    times = torch.linspace(0, 1, steps + 1, device=start.device)
    times = times.flip(0) if backwards else times
    z, path = start, [start]
    for now, then in pairwise(times):
        # Go with the mean of the velocity here and the velocity where it would lead.
        here = field(z, now.expand(*z.shape[:-1], 1))
        there = field(z + (then - now) * here, then.expand(*z.shape[:-1], 1))
        z = z + (then - now) * (here + there) / 2
        path.append(z)
    return torch.stack(path)


def kl_by_draws(
    mu: Float[Tensor, "batch latent"],
    logvar: Float[Tensor, "batch latent"],
    prior: Prior,
    generator: Generator | None = None,
) -> Float[Tensor, " batch"]:
    """Estimate KL(q(z|x) || p(z)) of each image in nats with one draw of z, for any prior with `log_prob`."""
    z = reparameterize(mu, logvar, generator)
    # log q(z|x) − log p(z)
    return log_normal(z, mu, logvar) - prior.log_prob(z)


def velocity_and_divergence(
    field: Field, z: Float[Tensor, "*batch latent"], t: Float[Tensor, "*batch 1"]
) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, " *batch"]]:
    """Compute the velocity v and its divergence tr ∂v/∂z, which says how fast the points around z move apart."""
    # Row i is the change of v when z moves along axis i.
    change = vmap(lambda axis: jvp(lambda z: field(z, t), (z,), (axis.expand_as(z),))[1])
    rows = change(torch.eye(z.shape[-1], device=z.device))
    return field(z, t), rows.diagonal(dim1=0, dim2=-1).sum(-1)


class Block(nn.Module):
    """Add to h what two layers make of it; before training they add nothing."""

    def __init__(self, width: int):
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, width)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, h: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        """Compute h and what is added to it."""
        return h + self.down(silu(self.up(self.norm(h))))


class VelocityField(nn.Module):
    """v(z, t): how a point moves from noise to a code, given `context` more numbers; before training it is 0."""

    def __init__(self, latent_dim: int, width: int, blocks: int, context: int = 0, waves: int = 0):
        super().__init__()
        self.waves = waves
        self.first = nn.Linear(latent_dim * (1 + 2 * waves) + 1 + 2 * WAVES + context, width)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(blocks)))
        self.last = nn.Linear(width, latent_dim)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(
        self, z: Float[Tensor, "*batch latent"], t: Float[Tensor, "*batch 1"], context: Float[Tensor, "*batch context"]
    ) -> Float[Tensor, "*batch latent"]:
        """Compute the velocity at the points z and the times t, for what is known of the codes."""
        waves = _waves(t, WAVES, 2.0), context, _waves(z, self.waves, PERIOD)
        return self.last(self.blocks(self.first(torch.cat([z, t, *waves], -1))))


def _waves(values: Tensor, count: int, period: float) -> Tensor:
    """Compute sines and cosines of each value, with `count` periods: the first, and its fractions."""
    turns = torch.arange(1, count + 1, device=values.device) / period
    angles = (2 * math.pi * values.unsqueeze(-1) * turns).flatten(-2)
    return torch.cat([angles.sin(), angles.cos()], -1)


class FlowPrior(nn.Module):
    """p(z) as the places to which a velocity field carries noise; it takes the place of N(0, I) as `model.prior`.

    With `classes` it learns p(z|y) and the share of each class; with `beta_range` the codes of a network for every β.
    `prior.given(7)` and `prior.at(0.3)` are then the prior for this label, or this β, and share its parameters.

    Args:
        latent_dim: the number of latent dimensions D.
        width, blocks: of the velocity field.
        classes: the number of labels, 0 for a prior without labels.
        beta_range: the lowest and the highest β, for a prior of every β between them.
        waves: of each latent dimension, for details that the field alone misses (Tancik et al. 2020, arXiv 2006.10739).
    """

    labels: Tensor | None = None
    level: Tensor | None = None

    def __init__(
        self,
        latent_dim: int = 20,
        width: int = 256,
        blocks: int = 4,
        classes: int = 0,
        beta_range: tuple[float, float] | None = None,
        waves: int = 0,
    ):
        super().__init__()
        self.latent_dim, self.classes, self.beta_range = latent_dim, classes, beta_range
        self.field = VelocityField(latent_dim, width, blocks, classes + (beta_range is not None), waves)
        self.register_buffer("mean", torch.zeros(latent_dim))
        self.register_buffer("spread", torch.ones(latent_dim))
        self.register_buffer("shares", torch.full((classes,), 1 / max(1, classes)))

    def given(self, labels: int | Int64[Tensor, "*labels"]) -> "FlowPrior":
        """Return the prior for these labels, one per code or one for all; raise a `ValueError` for any other."""
        if not self.classes:
            raise ValueError("labels: this prior has learned none; make it with FlowPrior(classes=10)")
        labels = torch.as_tensor(labels, device=self.mean.device)
        check_labels(labels, self.classes)
        view = copy(self)
        view.labels = labels
        return view

    def at(self, beta: float | Float[Tensor, " batch"]) -> "FlowPrior":
        """Return the prior at this β, or at one per code; itself, if it has no range. Raise a `ValueError` outside."""
        if self.beta_range is None:
            return self
        low, high = self.beta_range
        beta = learnt(beta, low, high, "this prior has learned").to(self.mean.device)
        view = copy(self)
        view.level = (2 * (beta / low).log() / math.log(high / low) - 1).unsqueeze(-1)
        return view

    def forward(
        self, z: Float[Tensor, "*batch latent"], t: Float[Tensor, "*batch 1"]
    ) -> Float[Tensor, "*batch latent"]:
        """Compute the velocity at points and times, where each dimension of the codes has mean 0 and spread 1."""
        known = [z[..., :0]]
        if self.classes:
            if self.labels is None:
                raise ValueError("labels: this prior needs them; ask `prior.given(labels)`")
            check_levels(self.labels.unsqueeze(-1), z, "labels")
            known.append(one_hot(self.labels, self.classes).to(z).expand(*z.shape[:-1], -1))
        if self.beta_range:
            if self.level is None:
                raise ValueError("beta: this prior needs one; ask `prior.at(beta)`")
            check_levels(self.level, z)
            known.append(self.level.expand(*z.shape[:-1], -1))
        return self.field(z, t, torch.cat(known, -1))

    @torch.no_grad()
    def sample(self, count: int, generator: Generator | None = None, steps: int = 10) -> Float[Tensor, "count latent"]:
        """Draw z ~ p(z): noise, carried along the field. A label that is not given is drawn by the classes' shares."""
        prior = self
        if self.classes and self.labels is None:
            prior = self.given(torch.multinomial(self.shares, count, replacement=True, generator=generator))
        eps = torch.randn(count, self.latent_dim, generator=generator, device=self.mean.device)
        return self.mean + self.spread * walk(prior, eps, steps)[-1]

    def log_prob(self, z: Float[Tensor, "*batch latent"], steps: int = 20) -> Float[Tensor, " *batch"]:
        """Compute log p(z) in nats: z walks back to its noise, and the volume around it is followed on its path.

        log p(z) = log N(ε; 0, I) − ∫ tr ∂v/∂z dt   (Chen et al. 2018, arXiv 1806.07366)
        Where no label is given, it is log Σ p(y) p(z|y) over the classes, which takes as many times as long.
        """
        if self.classes and self.labels is None:
            each = [self.given(y).log_prob(z, steps) + self.shares[y].log() for y in range(self.classes)]
            return torch.stack(each).logsumexp(0)

        def and_volume(state: Tensor, t: Tensor) -> Tensor:
            velocity, divergence = velocity_and_divergence(self, state[..., :-1], t)
            return torch.cat([velocity, divergence.unsqueeze(-1)], -1)

        start = torch.cat([(z - self.mean) / self.spread, torch.zeros_like(z[..., :1])], -1)
        end = walk(and_volume, start, steps, backwards=True)[-1]
        return Normal(0.0, 1.0).log_prob(end[..., :-1]).sum(-1) + end[..., -1] - self.spread.log().sum()


def fit_prior(
    prior: FlowPrior,
    model: VAE,
    images: UInt8[Tensor, "train 28 28"],
    config: TrainConfig,
    labels: Int64[Tensor, " labels"] | None = None,
    optimizer: Optimizer | None = None,
) -> Iterator[float]:
    """Train the prior in place on codes of the model, which is left as it is; yield the loss after every step.

    Each step draws the pixels and z ~ q(z|x) again. Images, labels and `config` are read as by `fit`, and refused as
    there; the β of `config` says of which codes, a number or, for a prior of every β, a `BetaRange`. A prior with
    classes needs the labels of the images, and one without takes none. The optimizer is Adam by default.
    """
    check_images(images, labels)
    if len(images) < 2:
        raise ValueError("images: 1; a prior learns how far apart codes lie, so it needs at least 2")
    if prior.latent_dim != model.latent_dim:
        raise ValueError(f"prior: of {prior.latent_dim} latent dimensions, but the model has {model.latent_dim}")
    generator = Generator(model.device).manual_seed(config.seed)
    optimizer = optimizer or adam(prior.parameters(), config.learning_rate)
    if labels is not None:
        prior.given(labels)  # raises what is wrong with them
        prior.shares.copy_(labels.bincount(minlength=prior.classes) / len(labels))
    codes = codes_of(model, images[:ENOUGH], config, 0.0, generator)[0]
    prior.mean.copy_(codes.mean(0))
    prior.spread.copy_(codes.std(0))
    per_epoch = -(-len(images) // config.batch_size)
    for epoch in range(config.epochs):
        order = torch.randperm(len(images), generator=generator, device=generator.device)
        for i, batch in enumerate(order.split(config.batch_size)):
            passed = epoch + i / per_epoch
            codes, beta = codes_of(model, images[batch], config, passed, generator)
            field = prior.at(beta) if labels is None else prior.at(beta).given(labels[batch])
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate_at(passed)
            loss = flow_matching_loss(field, (codes - prior.mean) / prior.spread, generator)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield loss.item()


@torch.no_grad()
def codes_of(
    model: VAE, images: UInt8[Tensor, "batch 28 28"], config: TrainConfig, epoch: float, generator: Generator
) -> tuple[Float[Tensor, "batch latent"], float | Float[Tensor, " batch"]]:
    """Draw the pixels and z ~ q(z|x) of each image; return the codes and their β, one for all or one each."""
    beta = config.beta_at(epoch, len(images), generator)
    x = as_pixels(images.to(model.device), config.binarization, generator)
    mu, logvar = model.at(beta).encoder(x)
    return reparameterize(mu, logvar, generator), beta
