"""Lesson 07: one network for every β."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vae_course.checks import is_number
from vae_course.data import Binarization, is_at_hand
from vae_course.decoder import Decoder
from vae_course.elbo import ElboTerms
from vae_course.encoder import Encoder
from vae_course.training import evaluate
from vae_course.vae import VAE

import torch
from jaxtyping import Float, UInt8
from torch import Generator, Tensor, nn


@dataclass(frozen=True)
class BetaRange:
    """Draw β again for each image, from `low` to `high`, so that one network learns them all; for `TrainConfig.beta`.

    log β has a density that rises in a straight line to twice its first value: a high β is harder to learn, because
    its loss is nearly as low where every image is decoded alike.

    Raises:
        ValueError: not 0 < low < high < inf.
    """

    low: float = 0.01
    high: float = 20.0

    def __post_init__(self) -> None:
        if not (is_number(self.low) and is_number(self.high) and 0 < self.low < self.high):
            raise ValueError(f"BetaRange({self.low!r}, {self.high!r}): low and high must be 0 < low < high < inf")

    def __call__(self, epoch: float, count: int, generator: Generator) -> Float[Tensor, " count"]:
        """Draw one β per image, whatever the epoch."""
        u = torch.rand(count, generator=generator, device=generator.device)
        # The quantile function of the density (1 + t) / 1.5 on [0, 1].
        t = (1 + 3 * u).sqrt() - 1
        return (self.low * (self.high / self.low) ** t).clamp(self.low, self.high)


class Response(nn.Module):
    """Scale and shift each unit of a layer, by a small network of log β (as YOTO does: Dosovitskiy & Djolonga 2020).

    Before training it does nothing.

    Args:
        units: the number of units in the layer.
    """

    def __init__(self, units: int):
        super().__init__()
        last = nn.Linear(64, 2 * units)
        self.network = nn.Sequential(nn.Linear(1, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), last)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(
        self, h: Float[Tensor, "*batch units"], level: Float[Tensor, "#*batch 1"]
    ) -> Float[Tensor, "*batch units"]:
        """Scale and shift the layer for this level of β; see `MultiRateVAE.level`."""
        scale, shift = self.network(level.to(h)).chunk(2, -1)
        return (1 + scale) * h + shift


class MultiRateEncoder(Encoder):
    """Encode as q(z|x, β): each hidden layer responds to β before its ReLU."""

    context: Tensor

    def __init__(self, latent_dim: int, hidden: Sequence[int]):
        super().__init__(latent_dim, hidden)
        self.responses = nn.ModuleList(Response(units) for units in hidden)

    def forward(
        self, x: Float[Tensor, "batch 1 28 28"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Compute `mu` and `logvar` of images, at the level of β."""
        h = x.flatten(1)
        check_levels(self.context, h)
        for linear, response in zip(_linear_layers(self.features), self.responses, strict=True):
            h = response(linear(h), self.context).relu()
        return self.mu(h), self.logvar(h)


class MultiRateDecoder(Decoder):
    """Decode as p(x|z, β): the code responds to β at the entrance, and each hidden layer before its ReLU.

    The response at the entrance lets a high β switch a latent dimension off.
    """

    context: Tensor

    def __init__(self, latent_dim: int, hidden: Sequence[int]):
        super().__init__(latent_dim, hidden)
        self.responses = nn.ModuleList(Response(units) for units in (latent_dim, *reversed(hidden)))

    def forward(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch 1 28 28"]:
        """Compute the logits of codes, at the level of β."""
        entry, *responses = self.responses
        *linears, last = _linear_layers(self.logits)
        check_levels(self.context, z)
        h = entry(z, self.context)
        for linear, response in zip(linears, responses, strict=True):
            h = response(linear(h), self.context).relu()
        return last(h).unflatten(-1, (1, 28, 28))


class MultiRateVAE(VAE):
    """A VAE that learns every β of a range at once (Bae et al. 2022, arXiv 2212.03905).

    `model.at(beta)` is the VAE for that β, with everything a VAE has. Asked without `at`, it answers as at β = 1.
    To train it, draw β for each image: `fit(model, images, TrainConfig(beta=BetaRange(*model.beta_range)))`.

    Args:
        latent_dim: the number of latent dimensions D.
        hidden: the widths of the hidden layers. One network for all β needs a little more than one for a single β.
        beta_range: the lowest and the highest β; 1, where the −ELBO is, must lie between them.

    Raises:
        ValueError: a size is not positive, or not 0 < low < 1 < high < inf.
    """

    encoder_type, decoder_type = MultiRateEncoder, MultiRateDecoder

    def __init__(
        self, latent_dim: int = 20, hidden: Sequence[int] = (512,), beta_range: Sequence[float] = (0.01, 20.0)
    ):
        bounds = tuple(beta_range) if isinstance(beta_range, Sequence) else ()
        if not (len(bounds) == 2 and all(map(is_number, bounds)) and 0 < bounds[0] < 1 < bounds[1]):
            raise ValueError(f"beta_range={beta_range!r} must be 0 < low < 1 < high < inf")
        super().__init__(latent_dim, hidden)
        self.beta_range = bounds
        self.encoder.context = self.decoder.context = self.level(1.0)

    @property
    def options(self) -> dict[str, object]:
        """Return the arguments that it was made with."""
        return {**super().options, "beta_range": self.beta_range}

    def at(self, beta: float | Float[Tensor, " batch"]) -> VAE:
        """Return the VAE for this β, or for one β per image. It shares its parameters with this one; nothing is copied.

        Raises:
            ValueError: a β lies outside the range that was learnt.
        """
        return self.conditioned(self.level(beta))

    def level(self, beta: float | Float[Tensor, " batch"]) -> Float[Tensor, "*batch 1"]:
        """Return log β, scaled so that the range has mean 0 and variance 1 where log β is uniform.

        Raises:
            ValueError: a β that is at hand (see `data.is_at_hand`) lies outside the range that was learnt.
        """
        low, high = self.beta_range
        beta = learnt(beta, low, high, "this network has learnt")
        middle, spread = math.log(low * high) / 2, math.log(high / low) / math.sqrt(12)
        return ((beta.log() - middle) / spread).unsqueeze(-1).to(self.device)


def learnt(beta: float | Float[Tensor, "*batch"], low: float, high: float, who: str) -> Float[Tensor, "*batch"]:
    """Return β as a tensor; raise a `ValueError` if a β that is at hand lies outside the range that was learnt."""
    # A number is looked at on the CPU, so that a network can be made on any device, also on "meta".
    where = beta.device if isinstance(beta, Tensor) else "cpu"
    beta = torch.as_tensor(beta, dtype=torch.float32, device=where)
    outside = ~((beta >= low) & (beta <= high))
    if is_at_hand(beta) and outside.any():
        raise ValueError(f"beta={beta[outside][0]:g}: {who} β from {low:g} to {high:g}")
    return beta


def check_levels(level: Tensor, h: Tensor, name: str = "beta") -> None:
    """Raise a `ValueError` unless there is one level for all rows of h, or one for each."""
    if level.shape[:-1] not in (torch.Size(), torch.Size([1]), h.shape[-2:-1]):
        raise ValueError(
            f"{name}: {list(level.shape[:-1])} of them for {list(h.shape[-2:-1])} images or codes; give one for each, "
            "or one for all; where images are taken in parts, only one for all is possible"
        )


def _linear_layers(modules: Iterable[nn.Module]) -> list[nn.Linear]:
    return [module for module in modules if isinstance(module, nn.Linear)]


def rate_distortion(
    model: VAE, images: UInt8[Tensor, "test 28 28"], betas: Iterable[float], binarization: Binarization = "static"
) -> dict[float, ElboTerms]:
    """Measure the model at each β on the same pixels, with the same draws: distortion (reconstruction), rate (KL).

    Means over the images, in nats (Alemi et al. 2018).

    Raises:
        ValueError: a β that the model has not learnt.
    """
    return {beta: evaluate(model.at(beta), images, binarization) for beta in betas}


def effective_betas(P: int, D: int, B: int, N: int) -> list[float]:
    """Return the β of the losses A to F: what a nat of KL adds to the loss, over what a nat of reconstruction adds.

    Args:
        P: pixels of an image.
        D: latent dimensions.
        B: images in a batch.
        N: images in the data set.
    """
    return [
        1.0,  # A: every nat adds 1
        1.0,  # B: every nat adds 1 / (B · P)
        P / D,  # C: a nat of KL adds 1 / (B · D), one of reconstruction 1 / (B · P)
        1 / 2,  # D: a nat of KL adds 1 / B, one of reconstruction 2 / B, as squares are twice a Gaussian's nats
        P / 2,  # E: a nat of KL adds 1 / B, one of reconstruction 2 / (B · P)
        P / 2 * B / N,  # F: as E, and a nat of KL adds B / N times as much
    ]


Measured = Mapping[float, ElboTerms]
"""Mean terms of the test images for each β, as `rate_distortion` returns them."""


def regrets(figures: Mapping[str, Any], ones: str = "one") -> dict[int, list[float]]:
    """Compute D + βR of the one network minus that of the network for this β alone, in nats, for each seed and β.

    Args:
        figures: the card "regret", as `pretrained_card` reads it.
        ones: which runs of the one network: "one", with as many epochs as each of the others, or "longer", with as
            many as they have together.
    """
    return {seed: _regret(figures, seed, ones) for seed in figures["seeds"]}


def _regret(figures: Mapping[str, Any], seed: int, ones: str) -> list[float]:
    (one,), separate = (runs_of(figures[kind], seed) for kind in (ones, "separate"))
    together = terms_of(one["test"])
    alone = {beta: terms for run in separate for beta, terms in terms_of(run["test"]).items()}
    return [(together[beta].weighted(beta) - alone[beta].weighted(beta)).item() for beta in figures["betas"]]


def runs_of(runs: Sequence[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Find the runs of a seed."""
    return [run for run in runs if run["seed"] == seed]


def terms_of(points: Sequence[Mapping[str, float]]) -> dict[float, ElboTerms]:
    """Read a card's points as mean terms for each β, in nats per image."""
    return {p["beta"]: ElboTerms(torch.tensor(p["reconstruction"]), torch.tensor(p["kl"])) for p in points}
