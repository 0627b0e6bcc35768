"""Lesson 10: where the codes are, and which latent dimensions are in use."""

from vae_course.checks import check_whole, seeded
from vae_course.data import Binarization, as_pixels, check_scale, check_unit_range
from vae_course.reparameterization import reparameterize
from vae_course.training import EVALUATION_SEED
from vae_course.vae import VAE

import torch
from jaxtyping import Float, UInt8
from torch import Generator, Tensor, nn
from torch.distributions import Normal
from torch.nn.functional import interpolate, softplus

ACTIVE = 0.01


@torch.no_grad()
def mean_codes(
    model: VAE, images: UInt8[Tensor, "batch 28 28"], binarization: Binarization = "static", seed: int = 0
) -> Float[Tensor, "batch latent"]:
    """Compute the mean of q(z|x) of each image, on the CPU; the seed is that of the pixels' draws.

    Raises:
        ValueError: the images are not bytes from 0 to 255.
    """
    check_scale(images)
    x = as_pixels(images.to(model.device), binarization, seeded(seed, model.device))
    return torch.cat([model.encoder(batch)[0] for batch in x.split(1000)]).cpu()


def unit_activity(
    model: VAE,
    images: UInt8[Tensor, "test 28 28"],
    binarization: Binarization = "static",
    seed: int = EVALUATION_SEED,
) -> Float[Tensor, " latent"]:
    """Measure how far each latent dimension's mean moves from image to image: Var_x(E_q[z|x]).

    A dimension is active where this is over `ACTIVE` (Burda et al. 2015, section 5.2).

    Raises:
        ValueError: see `mean_codes`; or there are fewer than two images.
    """
    codes = mean_codes(model, images, binarization, seed)
    if len(codes) < 2:
        raise ValueError(f"images: {len(codes)}; a variance needs at least 2")
    return codes.var(0)


def active_units(model: VAE, images: UInt8[Tensor, "test 28 28"], binarization: Binarization = "static") -> int:
    """Count the active latent dimensions; see `unit_activity`."""
    return int((unit_activity(model, images, binarization) > ACTIVE).sum())


def quantile_grid(steps: int) -> Float[Tensor, "codes 2"]:
    """Place codes of two dimensions on a grid, each in the middle of an equal share of the prior's mass.

    The order is that in which `digit_grid` draws: along a row z[0] rises, and from row to row z[1] falls.

    Args:
        steps: the number of rows, and of columns.
    """
    check_whole(steps, "steps")
    middles = (torch.arange(steps) + 0.5) / steps
    axis = Normal(0.0, 1.0).icdf(middles)
    down, right = torch.meshgrid(axis.flip(0), axis, indexing="ij")
    return torch.stack([right.flatten(), down.flatten()], dim=1)


def arc(
    a: Float[Tensor, "batch latent"], b: Float[Tensor, "batch latent"], t: float | Tensor
) -> Float[Tensor, "batch latent"]:
    """Walk from a to b on the great circle between their directions, and change the length evenly.

    Args:
        a: the code at t = 0.
        b: the code at t = 1, in another direction than a's, and not in the opposite one.
        t: the share of the path that is behind, in [0, 1].
    """
    length_a, length_b = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    a, b = a / length_a, b / length_b
    angle = torch.acos((a * b).sum(1, keepdim=True))
    direction = (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)
    return direction * ((1 - t) * length_a + t * length_b)


def code_judge(model: VAE, x: Float[Tensor, "batch 1 28 28"], steps: int = 400) -> nn.Module:
    """Train a small network to tell codes of the images from samples of the prior.

    Its output [B, 1] estimates log q(z) / p(z) in nats: above 0 it takes z for a code.

    Args:
        model: gives the codes, one new sample of q(z|x) for each image and step.
        x: the images, their pixels drawn.
        steps: the number of training steps, with 300 codes and 300 samples each.
    """
    check_whole(steps, "steps", 0)
    generator, latent, width = Generator().manual_seed(1), model.latent_dim, 128
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Linear(latent, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)
        )
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    with torch.no_grad():
        mu, logvar = model.encoder(x)
    for _ in range(steps):
        some = torch.randint(len(x), (300,), generator=generator)
        z = reparameterize(mu[some], logvar[some], generator)
        prior = torch.randn(z.shape, generator=generator)
        loss = softplus(-net(z)).mean() + softplus(net(prior)).mean()  # the cross-entropy of both answers
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.requires_grad_(False)


def as_mnist(ink: Float[Tensor, "height width"]) -> Float[Tensor, "1 1 28 28"]:
    """Give a drawing the shape of MNIST's digits, in the way that LeCun's page describes.

    Cut it out, scale it with grey edges so that its longer side is 20 pixels, and place it in 28 by 28 so
    that the centre of mass of the ink is in the middle, to the nearest pixel.

    Args:
        ink: in [0, 1], 0 where nothing is drawn, of any size.

    Raises:
        ValueError: nothing is drawn, a value lies outside [0, 1], or there are not two axes.
    """
    check_unit_range(ink, "ink")
    drawn = ink > 0.25
    if ink.ndim != 2:
        raise ValueError(f"ink: must be [height, width], found {list(ink.shape)}")
    if not drawn.any():
        raise ValueError("ink: nothing is drawn")
    crop = ink
    for axis in (0, 1):
        where = drawn.any(1 - axis).nonzero().flatten()
        crop = crop.narrow(axis, int(where[0]), int(where[-1] - where[0]) + 1)
    size = [max(1, round(20 * side / max(crop.shape))) for side in crop.shape]
    small = interpolate(crop[None, None], size, mode="bicubic", antialias=True)[0, 0].clamp(0, 1)
    image = torch.zeros(1, 1, 28, 28)
    place = []
    for axis in (0, 1):
        weight = small.sum(1 - axis)
        centre = (weight * torch.arange(len(weight))).sum() / weight.sum()
        place.append(min(max(round(14 - centre.item()), 0), 28 - len(weight)))
    top, left = place
    image[0, 0, top : top + size[0], left : left + size[1]] = small
    return image
