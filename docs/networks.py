"""Write a shipped network as a classic script, which a page also reads from a disk: weights, noise, digits, figures.

The weights are rounded to 12 bits, so that they pack well. What the rounding costs is measured: the same with the
rounded weights and with the weights as they were.
"""

import json
import math
import zlib
from base64 import b64encode
from typing import Any

from vae_course.beta import MultiRateVAE, rate_distortion
from vae_course.checkpoints import load_pretrained, load_prior
from vae_course.data import grey
from vae_course.digits import Digits
from vae_course.kit.svg import Axis, Line, chart
from vae_course.latent_space import mean_codes, unit_activity
from vae_course.lessons import COLORS
from vae_course.lessons.elbo import EffectiveBeta
from vae_course.lessons.elbo import widget as effective
from vae_course.lessons.plane import Plane
from vae_course.likelihood import surprise
from vae_course.prior import WAVES, FlowPrior
from vae_course.training import evaluate
from vae_course.vae import VAE

import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

NAMES = ("every-beta", "plane")
MEASURED = 1000
# To follow a volume along the learned prior's way takes long.
FEWER = 100
DRAWS, SAMPLES, DIGITS_PER_CLASS, WALKS = 64, 30, 3, 6
# Of a weight's mantissa, beside the one before the point.
BITS = 6


def script(name: str, digits: Digits) -> str:
    """Make the script that puts a decoder, digits and figures into `course`, under the network's name."""
    model = load_pretrained(name)
    images = digits.test_images[:MEASURED]
    before = _negative_elbos(model, images)
    after = _negative_elbos(rounded(model), images)
    contents = extras(model, digits)
    figures = {
        "latent": model.latent_dim,
        "colors": COLORS,
        "measured": len(images),
        "rounding": {"before": before[1.0], "cost": max(abs(after[beta] - before[beta]) for beta in before)},
        "packs": [pack(contents | weights(model, "decoder"))],
        **surprises(model, images, contents),
        **(frontier(model, images) if isinstance(model, MultiRateVAE) else plane(model, digits)),
    }
    return assignment(name, figures)


def encoder(name: str) -> str:
    """Make the script that adds the encoder to a network: a page that only decodes is lighter without."""
    half = pack(weights(load_pretrained(name), "encoder"))
    return f"course[{json.dumps(name)}].packs.push({json.dumps(half)});\n"


def assignment(name: str, figures: dict[str, Any]) -> str:
    """Write a script that puts figures into `course`."""
    return f"(window.course ??= {{}})[{json.dumps(name)}] = {json.dumps(figures, ensure_ascii=False)};\n"


def prior(digits: Digits) -> str:
    """Make the script of the learned prior of the codes of `every-beta`, with noise and labels to start from."""
    field, generator = load_prior(), Generator().manual_seed(0)
    before, after = _surprise_of_codes(field, digits), _surprise_of_codes(rounded(field), digits)
    contents = {"z": torch.randn(WALKS, field.latent_dim, generator=generator)} | weights(field)
    figures = {
        "latent": field.latent_dim,
        "classes": field.classes,
        "waves": WAVES,
        "betaRange": field.beta_range,
        "labels": torch.multinomial(field.shares, WALKS, replacement=True, generator=generator).tolist(),
        "measured": FEWER,
        "rounding": {"of": "−log p(z|y) of their codes", "before": before, "cost": abs(after - before)},
        "packs": [pack(contents)],
    }
    return assignment("prior", figures)


def _surprise_of_codes(prior: FlowPrior, digits: Digits, beta: float = 0.1) -> float:
    codes = mean_codes(load_pretrained("every-beta").at(beta), digits.test_images[:FEWER])
    density = prior.at(beta).given(digits.test_labels[:FEWER])
    return -density.log_prob(codes, steps=10).mean().item()


def losses() -> str:
    """Make the script of the widget that shows the effective β, which needs no network."""
    weights = EffectiveBeta().weights
    options = {
        name: [(words, code, str(weights[code]), float(weights[code])) for words, code in choices]
        for name, choices in (("reconstructions", effective.RECONSTRUCTIONS), ("kls", effective.KLS))
    }
    names = ("Reconstruction: bce [128, 784]", "KL: kl [128, 20]")
    axis = {"low": effective.LOW, "high": effective.HIGH, "width": effective.WIDTH, "scale": effective.scale(1.0)}
    return assignment("losses", {"names": names, "fates": effective.FATES, **options, **axis})


def rounded(model: nn.Module) -> nn.Module:
    """Round all that is shipped, in place."""
    for tensor in model.state_dict().values():
        tensor.copy_(short(tensor))
    return model


def short(weight: Tensor) -> Tensor:
    """Round to 12 bits: a 16-bit float whose last four are 0."""
    mantissa, exponent = torch.frexp(weight)
    return torch.ldexp((mantissa * 2 ** (BITS + 1)).round(), exponent - (BITS + 1)).half()


def weights(model: nn.Module, part: str = "") -> dict[str, Tensor]:
    """Name the parameters of a part, rounded."""
    return {name: short(tensor) for name, tensor in model.state_dict().items() if name.startswith(part)}


def extras(model: VAE, digits: Digits) -> dict[str, Tensor]:
    """Choose test digits, some of each class, and draw the noise that a page uses."""
    generator = Generator().manual_seed(0)
    classes = [(digits.test_labels == label).nonzero().flatten()[:DIGITS_PER_CLASS] for label in range(10)]
    return {
        "digits": digits.test_images[torch.stack(classes, 1).flatten()],
        "uniform": torch.rand(784, generator=generator),
        "eps": torch.randn(DRAWS, model.latent_dim, generator=generator),
        "z": torch.randn(SAMPLES, model.latent_dim, generator=generator),
    }


def pack(contents: dict[str, Tensor]) -> dict[str, Any]:
    """Compress tensors as 16-bit floats, first all low bytes and then all high ones, and write them in base64."""
    flat = torch.cat([tensor.detach().half().flatten() for tensor in contents.values()]).numpy().astype("<f2")
    low_and_high = flat.view(np.uint8).reshape(-1, 2).T.tobytes()
    shapes = [(name, tensor.numel()) for name, tensor in contents.items()]
    return {"shapes": shapes, "packed": b64encode(zlib.compress(low_and_high, 9)).decode()}


def pixels(grey_values: Float[Tensor, "batch 1 28 28"], uniform: Float[Tensor, " pixels"]) -> Tensor:
    """Draw each pixel as a page does: 1 where the grey value is above the noise, which is the same for all images."""
    return (uniform.half().float().reshape(1, 1, 28, 28) < grey_values).float()


def surprises(model: VAE, images: Tensor, contents: dict[str, Tensor]) -> dict[str, Any]:
    """Measure −ELBO of test digits, their pixels drawn as a page draws them, and draw the histogram."""
    x = pixels(grey(images), contents["uniform"])
    found = surprise(model, x, DRAWS, Generator().manual_seed(0))
    low, high = 0.0, 1.3 * found.max().item()
    counts, edges = torch.histc(found, 40, low, high).tolist(), torch.linspace(low, high, 41).tolist()
    across = [edge for i in range(40) for edge in edges[i : i + 2]]
    up = [count for count in counts for _ in range(2)]
    axes = Axis("−ELBO, nats per image", low, high), Axis("test digits", 0.0, 1.25 * max(counts))
    title = "Test digits: how surprised the model is"
    svg = chart([Line(across, up, COLORS["elbo"])], *axes, title, 320, 170)
    return {"surprises": _short(sorted(found.tolist())), "histogram": {"svg": svg, "x": _short(across), "y": up}}


def frontier(model: MultiRateVAE, images: Tensor) -> dict[str, Any]:
    """Measure the network at 29 β: the two terms, and how far each latent dimension's mean moves."""
    low, high = model.beta_range
    betas = [*np.geomspace(low, 1, 10)[:-1].tolist(), *np.geomspace(1, high, 20).tolist()]
    terms = rate_distortion(model, images, betas).values()
    rates, distortions = _short(t.kl.item() for t in terms), _short(t.reconstruction.item() for t in terms)
    activity = torch.stack([unit_activity(model.at(beta), images) for beta in betas])
    # In the order at β = 1, which stays.
    activity = activity[:, activity[betas.index(1.0)].argsort(descending=True)]
    x, y = Axis("rate: KL, nats per image", 0.0, 1.05 * max(rates)), Axis("distortion", 0.0, 1.1 * max(distortions))
    line = Line(rates, distortions, COLORS["elbo"], width=3)
    svg = chart([line], x, y, "The line of slope −β touches the frontier", height=220)
    return {
        "betaRange": model.beta_range,
        "levels": [math.log(beta) for beta in betas],
        "frontier": {"svg": svg, "x": rates, "y": distortions, "ends": [x.low, x.high]},
        "activity": [_short(row, 4) for row in activity.tolist()],
    }


def plane(model: VAE, digits: Digits) -> dict[str, Any]:
    """Draw the plane of codes, large to move over and small beside a drawing."""
    codes = mean_codes(model, digits.test_images)
    planes = {name: Plane(codes, digits.test_labels, width) for name, width in (("large", 440), ("small", 280))}
    return {"planes": {name: {"picture": it.picture, "reach": it.reach} for name, it in planes.items()}}


def _negative_elbos(model: VAE, images: Tensor) -> dict[float, float]:
    betas = (0.01, 0.1, 1.0, 4.0, 20.0) if isinstance(model, MultiRateVAE) else (1.0,)
    return {beta: evaluate(model.at(beta), images, "static").negative_elbo.item() for beta in betas}


def _short(values: Any, digits: int = 2) -> list[float]:
    return [round(value, digits) for value in values]
