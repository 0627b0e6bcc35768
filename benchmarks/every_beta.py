"""What does one network for every β cost, beside a network for each?

Trains six ordinary VAEs, each for one β, and one `MultiRateVAE` for all of them, as wide and with the same settings:
once for as many epochs as each of the six, and once for as many as they have together. All of it three times over, a
seed each, side by side. Measures reconstruction + β · KL on the whole test set.
Writes the figures to vae_course/pretrained/regret.json, where lesson 07 finds them, and every_beta.md and .png.

    python benchmarks/every_beta.py          # both
    python benchmarks/every_beta.py --draw   # every_beta.md and .png from the figures that are there
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from vae_course.beta import MultiRateVAE, rate_distortion, regrets
from vae_course.checkpoints import PRETRAINED, load_checkpoint, pretrained_card
from vae_course.cli.folders import CHECKPOINT
from vae_course.digits import Digits, load_digits
from vae_course.elbo import ElboTerms
from vae_course.lessons.beta.figures import frontier

import matplotlib
from sweeps import folders

matplotlib.use("agg")

BETAS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
SEEDS = (0, 1, 2)
EPOCHS = 8
OPTIMIZER = "adam"
RUNS = Path("runs") / "every-beta-and-each"
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
        "optimizer": OPTIMIZER,
        "betas": BETAS,
        "seeds": SEEDS,
    }
    trainings = {
        "separate": ("--epochs", EPOCHS, "--hidden", 512, "--beta", *BETAS),
        "one": ("--epochs", EPOCHS, "--recipe", "every-beta"),
        "longer": ("--epochs", EPOCHS * len(BETAS), "--recipe", "every-beta"),
    }
    for kind, options in trainings.items():
        result[kind] = [measure(folder, digits) for folder in trained(RUNS / kind, *options)]
    first = load_checkpoint(folders(RUNS / "one")[0] / CHECKPOINT).model
    result["curve"] = points(rate_distortion(first, digits.test_images, CURVE))
    (PRETRAINED / "regret.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def trained(out: Path, *options: object) -> list[Path]:
    """Train every combination of the options, side by side, unless it is trained already; the runs' folders."""
    settings = ("--data", "mnist", "--decay", "--optimizer", OPTIMIZER, "--seed", *SEEDS, "--out", out)
    command = [sys.executable, "-m", "vae_course", "sweep", *settings, *options]
    subprocess.run([str(word) for word in command], check=True)
    return folders(out)


def measure(folder: Path, digits: Digits) -> dict[str, Any]:
    """Measure one training's test figures: at its β, or at all of them."""
    trained = load_checkpoint(folder / CHECKPOINT)
    model, config, every = trained.model, trained.config, isinstance(trained.model, MultiRateVAE)
    run = {"model": type(model).__name__, **{k: v for k, v in model.options.items() if k != "beta_range"}}
    run |= {"seed": config.seed, "parameters": sum(p.numel() for p in model.parameters())}
    run["test"] = points(rate_distortion(model, digits.test_images, BETAS if every else (config.beta,)))
    print(json.dumps(run), flush=True)
    return run


def points(measured: dict[float, ElboTerms]) -> list[dict[str, float]]:
    """Write terms as plain numbers, in nats per image."""
    return [
        {"beta": beta, "reconstruction": round(d.item(), 3), "kl": round(r.item(), 3)}
        for beta, (d, r) in measured.items()
    ]


def draw() -> None:
    """Write the table of regrets, and draw the frontier."""
    figures = pretrained_card("regret")
    one, separate = figures["one"][0], figures["separate"][0]
    epochs = figures["epochs"]
    lines = [
        "# What one network for every β costs",
        "",
        "Made by `python benchmarks/every_beta.py`.",
        f"Regret: reconstruction + β · KL of the one network, minus that of a network trained for this β alone; "
        f"nats per image on MNIST's {figures['images']:,} test digits, {figures['binarization']} binarisation.",
        f"The one is {sizes(one)}, each of the six {sizes(separate)}. All are trained by "
        f"{figures['optimizer'].capitalize()}, and the learning rate falls to 0 over the second half.",
        f"Each of the six has {epochs} epochs. The one has as many in the first rows, and in the others as many as the "
        "six have together.",
        "With Muon for all, and 48 epochs for the one, it is 1.0 behind at β = 10, and 1.6 and 4.1 ahead at 0.1 and 1 "
        "(held-out digits, one seed; [tried.md](tried.md)).",
        "",
        "| epochs of the one | seed | " + " | ".join(f"β = {beta:g}" for beta in figures["betas"]) + " |",
        "| --- | --- |" + " --- |" * len(figures["betas"]),
        *rows(figures, "one", epochs),
        *rows(figures, "longer", epochs * len(figures["betas"])),
        "",
        "![One network's rate–distortion curve, and six networks' dots on it](every_beta.png)",
    ]
    here = Path(__file__)
    here.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    frontier(figures, "One network's curve, and six networks' dots").savefig(here.with_suffix(".png"))


def rows(figures: dict[str, Any], ones: str, epochs: int) -> list[str]:
    """Write the regrets of each seed."""
    return [
        f"| {epochs} | {seed} | " + " | ".join(f"{nats:+.2f}".replace("-", "−") for nats in row) + " |"
        for seed, row in regrets(figures, ones).items()
    ]


def sizes(run: dict) -> str:
    """Describe a network in a few words."""
    return f"784-{'-'.join(map(str, run['hidden']))}-{run['latent_dim']} with {run['parameters']:,} parameters"


if __name__ == "__main__":
    if "--draw" not in sys.argv:
        main()
    draw()
