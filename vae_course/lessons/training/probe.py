"""What lesson 06's checks measure with: a model whose codes matter, and a watch on what passes through it."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from vae_course.data import grey
from vae_course.digits import load_digits
from vae_course.kit.exercise import Mistake, expect
from vae_course.vae import VAE

import torch
from torch import Generator, Tensor

LATENT = 8


def informative_model() -> VAE:
    """Copy the model to measure on, so that an answer may change it."""
    return deepcopy(original_model())


@cache
def original_model() -> VAE:
    """Make a small model with a KL of about 20 nats, clouds of all widths, and a decoder that listens to z.

    It is the same one each time: do not change it.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = VAE(LATENT, hidden=(24,))
    x = grey(_digits().train_images[:500])
    with torch.no_grad():
        features = model.encoder.features(x)
        for head, middle, spread in ((model.encoder.mu, 0.0, 2.0), (model.encoder.logvar, -2.0, 1.2)):
            scale = spread / head(features).std(0)
            head.weight.mul_(scale[:, None])
            head.bias.copy_(middle - (features @ head.weight.T).mean(0))
        model.decoder.logits[-2].weight.mul_(4)
        model.decoder.logits[-2].bias.copy_(torch.logit(x.mean(0), eps=0.01).flatten())
    return model


@cache
def _digits() -> Any:
    return load_digits()


def some_images(count: int) -> Tensor:
    """Take test digits, the first one twice, and a single dot in each of the last 3 %: bytes [count, 28, 28]."""
    images = _digits().test_images.repeat(2, 1, 1)[:count].clone()
    images[count // 2] = images[0]
    for dot, image in enumerate(images[count - count * 3 // 100 :]):
        image.zero_().flatten()[dot] = 255
    return images


@dataclass
class Seen:
    """What passed through a model, call by call."""

    images: list[Tensor] = field(default_factory=list)
    mu: list[Tensor] = field(default_factory=list)
    logvar: list[Tensor] = field(default_factory=list)
    codes: list[Tensor] = field(default_factory=list)
    modes: list[bool] = field(default_factory=list)
    """Whether a half was in training mode."""
    gradients: list[bool] = field(default_factory=list)
    """Whether torch recorded for gradients."""
    dtypes: set[torch.dtype] = field(default_factory=set)
    """Of what the layers gave."""

    def rows(self) -> Tensor:
        """Return the images that were encoded, [N, 784]."""
        return torch.cat(self.images) if self.images else torch.empty(0, 784)

    def z(self) -> Tensor:
        """Return the codes that were decoded, [N, D]."""
        return torch.cat(self.codes) if self.codes else torch.empty(0, LATENT)

    def sigma(self) -> Tensor:
        """Return the encoder's exp(logvar / 2), [N, D]."""
        return torch.exp(0.5 * torch.cat(self.logvar))

    def noise(self) -> Tensor:
        """Compute (z − mu) / sigma of each image, [N, D]."""
        return (self.z() - torch.cat(self.mu)) / self.sigma()

    def splits(self) -> list[list[int]]:
        """List how the noise may have been drawn: as the images were encoded, as they were decoded, or all at once."""
        return [[len(mu) for mu in self.mu], [len(z) for z in self.codes], [len(self.z())]]


class Watch:
    """Notes what passes through a model, or through a copy of it.

    It watches the layers, not the two halves, so that `encoder.forward(x)` and `decoder(z=z)` are seen as well.
    """

    def __init__(self, model: VAE):
        self.seen = Seen()
        # Closures: a deep copy of the model has them, too, and they go on writing here.
        model.encoder.features.register_forward_hook(lambda half, given, out: self._encode(half, given[0], out))
        model.encoder.mu.register_forward_hook(lambda _, __, out: self.seen.mu.append(out.detach().float().clone()))
        model.encoder.logvar.register_forward_hook(
            lambda _, __, out: self.seen.logvar.append(out.detach().float().clone())
        )
        model.decoder.logits.register_forward_hook(lambda half, given, out: self._decode(half, given[0], out))

    def start(self) -> Seen:
        """Begin with an empty page, and return it."""
        self.seen = Seen()
        return self.seen

    def _encode(self, half: Any, x: Tensor, out: Tensor) -> None:
        self._note(half, out)
        x = x.detach().flatten(1).float().clone()
        # Encoding the same images a second time changes nothing, so it counts once.
        if self.seen.images and torch.equal(self.seen.images[-1], x):
            self.seen.mu.pop()
            self.seen.logvar.pop()
        else:
            self.seen.images.append(x)

    def _decode(self, half: Any, z: Tensor, out: Tensor) -> None:
        self._note(half, out)
        self.seen.codes.append(z.detach().reshape(-1, LATENT).float().clone())

    def _note(self, half: Any, out: Tensor) -> None:
        self.seen.modes.append(half.training)
        self.seen.gradients.append(out.requires_grad)
        self.seen.dtypes.add(out.dtype)


def expect_one_pass(seen: Seen, count: int) -> None:
    """Expect that each image was encoded once, and one code decoded for it."""
    images, codes = len(seen.rows()), len(seen.z())
    expect(images, "The model that was given saw no image: ask it itself, or a deep copy of it, each time.")
    expect(images == count, f"{count:,} image(s) were given, and the model saw {images:,}: each should pass once.")
    expect(codes == count, f"{count:,} image(s) were given, and {codes:,} codes decoded: one draw of z for each.")
    both = sum(map(len, seen.mu)) == sum(map(len, seen.logvar)) == count
    expect(both, "mu and logvar are needed for every image: `mu, logvar = model.encoder(x)`.")
    for short in seen.dtypes & {torch.float16, torch.bfloat16}:
        kind = str(short).removeprefix("torch.")
        raise Mistake(
            f"The model computed in {kind}, which rounds to two or three digits: keep to float32, no autocast."
        )


def expect_different(seen: Seen, pixels: Tensor) -> None:
    """Expect that no image passed twice in place of another; `pixels` are those that were given, [N, 784]."""
    if not {*map(bytes, seen.rows().numpy())} < {*map(bytes, pixels.numpy())}:
        return
    raise Mistake("Some images passed twice or more, and others never: each should pass once.")


def same_rows(a: Tensor, b: Tensor) -> bool:
    """Say whether two sets of images, [N, 784], are the same, in any order."""
    if a.shape != b.shape:
        return False
    weights = torch.rand(a.shape[1], generator=Generator().manual_seed(5), dtype=torch.float64)
    return torch.allclose((a.double() @ weights).sort().values, (b.double() @ weights).sort().values, atol=1e-6)


def draws(generator: Generator, sizes: Iterable[int], dtype: torch.dtype = torch.float32) -> Tensor:
    """Draw standard normal noise in parts of these sizes: [N, D], in float32 whatever it was drawn in."""
    return torch.cat([torch.randn(size, LATENT, generator=generator, dtype=dtype) for size in sizes]).float()


def same_noise(eps: Tensor, other: Tensor) -> bool:
    """Say whether the noise of codes is this one, as far as z shows it."""
    return eps.shape == other.shape and torch.allclose(eps, other, rtol=0, atol=2e-3)


def expect_noise(eps: Tensor, seen: Seen, replays: Sequence[Tensor]) -> None:
    """Expect standard normal noise, [N, D], and not a changed version of what the generator gives (`replays`)."""
    expect(eps.abs().max() > 1e-3, "The decoder was given mu itself, so z is mu: draw it, with `reparameterize`.")
    repeated = (eps[1:] - eps[:-1]).abs().amax(1) < 2e-3
    expect(2 * repeated.sum() <= len(repeated), "The images have the same eps: each needs a draw of its own.")
    expect(not same_noise(eps, eps[:, :1].expand_as(eps)), "All dimensions have the same eps: draw one for each.")
    if any(same_noise(eps, replay) for replay in replays):
        return
    near = torch.cdist(eps, eps, compute_mode="donot_use_mm_for_euclid_dist") < 0.01
    again = near.sum() > len(eps) and len(eps.round(decimals=2).unique()) > 100
    expect(not again, "The same eps comes again for other images: draw on, with one generator.")
    known = {
        "exp(logvar), the variance, stands in the place of sigma": 1 / seen.sigma(),
        "sigma is taken to be 1": seen.sigma(),
    }
    for what, factor in known.items():
        if any(same_noise(eps * factor, replay) for replay in replays):
            raise Mistake(f"z is not drawn from q(z|x): {what}; sigma is exp(logvar / 2).")
    alike = [replay for replay in replays if replay.shape == eps.shape]
    changed = any(torch.stack([eps.flatten(), r.flatten()]).corrcoef()[0, 1] > 0.2 for r in alike)
    expect(not changed and _is_gaussian(eps), _not_from_q(eps, seen.z()))


def _is_gaussian(eps: Tensor) -> bool:
    count = eps.numel()
    mean, spread, fourth = eps.mean(), eps.square().mean().sqrt(), eps.pow(4).mean()
    # Four and a half standard deviations of what a Gaussian sample of this size has.
    far = 4.5 * torch.tensor([1, 0.5, 96]).div(count).sqrt()
    wide = count < 5000 or eps.abs().max() > 3.2
    middle = count < 5000 or eps.mean(0).abs().max() > 1e-4
    near = all(
        abs(found - right) < most for found, right, most in zip((mean, spread, fourth), (0, 1, 3), far, strict=True)
    )
    return bool(near and wide and middle)


def _not_from_q(eps: Tensor, z: Tensor) -> str:
    start = "z is not drawn from q(z|x): "
    mean, spread = eps.mean().item(), eps.square().mean().sqrt().item()
    if abs(z.mean()) < 0.1 and abs(z.std() - 1) < 0.1 and spread > 1.5:
        return start + "its mean is 0 and its standard deviation 1, whatever the image, as those of the prior."
    if abs(mean) < 0.05 and abs(spread - 1) < 0.02:
        return start + "(z − mu) / sigma has the right mean and spread, but is not what `torch.randn` gives."
    return start + (
        f"(z − mu) / sigma should have mean 0 and standard deviation 1 (sigma = exp(logvar / 2)); "
        f"here they are {mean:.2f} and {spread:.2f}."
    )
