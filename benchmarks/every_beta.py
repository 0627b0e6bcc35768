"""What does one network for every β cost, beside a network for each?

Trains six ordinary VAEs, each for one β, and one `MultiRateVAE` for all of them, for as many epochs and with the same
settings, three times over (15 minutes on two cores), and measures reconstruction + β · KL on the whole test set.
Writes the figures to vae_course/pretrained/regret.json, where lesson 07 finds them, and every_beta.md and .png.

    python benchmarks/every_beta.py          # both
    python benchmarks/every_beta.py --draw   # every_beta.md and .png from the figures that are there
"""

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from vae_course.beta import BetaRange, MultiRateVAE, rate_distortion, regrets, wide_regrets
from vae_course.checkpoints import PRETRAINED, pretrained_card
from vae_course.digits import Digits, load_digits
from vae_course.elbo import ElboTerms
from vae_course.lessons.beta.figures import frontier
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import matplotlib
import torch

matplotlib.use("agg")

BETAS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
SEEDS = (0, 1, 2)
EPOCHS = 8
WIDE = (512,)
CURVE = tuple(round(10 ** (k / 10), 4) for k in range(-15, 11))


def main() -> None:
    """Train and measure all, and write the figures."""
    digits = load_digits("mnist")
    result = {
        "data": "mnist",
        "binarization": "dynamic",
        "images": len(digits.test_images),
        "epochs": EPOCHS,
        "decay": True,
    }
    result |= {"betas": BETAS, "seeds": SEEDS, "runs": [], "wide": []}
    for seed in SEEDS:
        for beta in BETAS:
            config = TrainConfig(epochs=EPOCHS, decay=True, beta=beta, seed=seed)
            result["runs"].append(train(VAE, config, digits, (beta,)))
        config = TrainConfig(epochs=EPOCHS, decay=True, beta=BetaRange(), seed=seed)
        result["runs"].append(train(MultiRateVAE, config, digits, BETAS, curve=True))
    # Width flatters the one network, so the first seed's specialists are trained as wide as it is, too.
    for beta in BETAS:
        config = TrainConfig(epochs=EPOCHS, decay=True, beta=beta, seed=SEEDS[0])
        result["wide"].append(train(VAE, config, digits, (beta,), hidden=WIDE))
    (PRETRAINED / "regret.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def train(
    kind: type[VAE], config: TrainConfig, digits: Digits, betas: tuple[float, ...], curve: bool = False, **options: Any
) -> dict[str, Any]:
    """One training and its test figures."""
    torch.manual_seed(config.seed)
    model = kind(**options)
    start = perf_counter()
    for _ in fit(model, digits.train_images, config):
        pass
    run = {"model": kind.__name__, **{k: v for k, v in model.options.items() if k != "beta_range"}}
    run |= {"seed": config.seed, "seconds": round(perf_counter() - start, 1)}
    run["parameters"] = sum(p.numel() for p in model.parameters())
    run["test"] = points(rate_distortion(model, digits.test_images, betas))
    if curve:
        run["curve"] = points(rate_distortion(model, digits.test_images, CURVE))
    print(json.dumps({key: value for key, value in run.items() if key != "curve"}), flush=True)
    return run


def points(measured: dict[float, ElboTerms]) -> list[dict[str, float]]:
    """Terms as plain numbers, in nats per image."""
    return [
        {"beta": beta, "reconstruction": round(d.item(), 3), "kl": round(r.item(), 3)}
        for beta, (d, r) in measured.items()
    ]


def draw() -> None:
    """Write the table of regrets, and draw the frontier."""
    figures = pretrained_card("regret")
    separate, one = ([run for run in figures["runs"] if ("curve" in run) == curve] for curve in (False, True))
    seconds = [sum(run["seconds"] for run in runs) / len(figures["seeds"]) for runs in (separate, one)]
    lines = [
        "# What one network for every β costs",
        "",
        "Made by `python benchmarks/every_beta.py`.",
        f"Regret: reconstruction + β · KL of the one network, minus that of a network trained for this β alone; "
        f"nats per image on MNIST's {figures['images']:,} test digits, {figures['binarization']} binarisation.",
        f"Every network had {figures['epochs']} epochs with a learning rate that falls to 0 over the second half. "
        f"The one is {sizes(one[0])}, each of the six {sizes(separate[0])}.",
        f"Seconds on two cores, a mean over the seeds: {seconds[1]:.0f} for the one, {seconds[0]:.0f} for the six.",
        "",
        "| seed | " + " | ".join(f"β = {beta:g}" for beta in figures["betas"]) + " |",
        "| --- |" + " --- |" * len(figures["betas"]),
        *(
            f"| {seed} | " + " | ".join(f"{nats:+.2f}".replace("-", "−") for nats in row) + " |"
            for seed, row in [*regrets(figures).items(), ("0, specialists as wide", wide_regrets(figures))]
        ),
        "",
        "![One network's rate–distortion curve, and six networks' dots on it](every_beta.png)",
    ]
    here = Path(__file__)
    here.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    frontier(figures, "One network's curve, and six networks' dots").savefig(here.with_suffix(".png"))


def sizes(run: dict) -> str:
    """A network in a few words."""
    return f"784-{'-'.join(map(str, run['hidden']))}-{run['latent_dim']} with {run['parameters']:,} parameters"


if __name__ == "__main__":
    if "--draw" not in sys.argv:
        main()
    draw()
