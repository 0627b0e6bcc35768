"""What the course's networks reach, beside what others published in the same setting.

Each part trains and measures, keeps its figures in results.json, and results.md is written from them all.

    python benchmarks/results.py                     # all parts, one after another: two hours on two cores
    python benchmarks/results.py burda convolutions  # some
    python benchmarks/results.py --draw              # results.md from the figures that are there
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from vae_course.cli.commands import CHECKPOINT, in_words
from vae_course.data import BINARIZATIONS
from vae_course.digits import Digits, load_digits
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

import torch

HERE = Path(__file__)
FIGURES = HERE.with_suffix(".json")
# Drawing anew for each batch, or once, is a matter of training: a test set is drawn once.
TEST_PIXELS = ("grey", "threshold", "static")
CONVOLUTIONAL_EPOCHS = 12


@dataclass(frozen=True)
class Published:
    """A figure that others report, in nats per image on MNIST's test digits."""

    value: float
    by: str
    setting: str
    samples: int | None
    """Of the importance-weighted bound; None for -ELBO."""


GATED = Published(84.45, "Norouzi et al. 2020, Gaussian prior", "784-300-300-40, gated layers", 5000)
PUBLISHED = {
    "grey": Published(105.6, "PyTorch's VAE example", "784-400-20, 10 epochs", None),
    "static": Published(89.78, "pythae", "784-400-40, 500 epochs", 200),
    "burda": Published(86.76, "Burda et al. 2015, VAE", "784-200-200-50 tanh, 3,280 epochs", 5000),
    "wide": GATED,
    "convolutional": GATED,
}


def main(names: Sequence[str]) -> None:
    """Measure the parts of these names."""
    if not hasattr(os, "wait4"):
        sys.exit("how much memory a command takes is measured on Linux and macOS only")
    parts = {name: lambda name=name: measure_recipe(name) for name in PUBLISHED}
    parts |= {
        "binarizations": lambda: measure_binarizations(load_digits("mnist")),
        "convolutions": lambda: compare(load_digits("mnist")),
    }
    unknown = set(names) - set(parts)
    if unknown:
        sys.exit(f"{', '.join(sorted(unknown))}: there are {', '.join(parts)}")
    for name in names or parts:
        measured = parts[name]()
        print(json.dumps({name: measured}), flush=True)
        figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
        FIGURES.write_text(json.dumps(figures | {name: measured}, indent=1) + "\n", encoding="utf-8")


def measure_recipe(name: str) -> dict[str, Any]:
    """Train by the recipe, unless its run is there, and measure on all test digits, by the course's own commands."""
    folder = Path("runs") / name
    if not (folder / "metrics.json").exists():
        resume = ["--resume", str(folder)] if (folder / CHECKPOINT).exists() else ["--recipe", name, "--out", folder]
        command("train", *resume)
    run = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    measured = {key: run[key] for key in ("model", "config", "optimizer", "step", "seconds")}
    samples = PUBLISHED[name].samples
    start = perf_counter()
    answer, peak = command("evaluate", folder, *([] if samples is None else ["--samples", str(samples)]))
    return measured | {
        "test": json.loads(answer),
        "test_seconds": round(perf_counter() - start),
        "test_peak_megabytes": peak,
    }


def command(*arguments: object) -> tuple[str, int]:
    """Run a command of the course; what it printed, and the most memory that it held, in MB."""
    process = subprocess.Popen([sys.executable, "-m", "vae_course", *map(str, arguments)], stdout=subprocess.PIPE)
    printed = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(map(str, arguments))} failed")
    unit = 1 if sys.platform == "darwin" else 1024
    return printed, round(usage.ru_maxrss * unit / 1e6)


def measure_binarizations(digits: Digits) -> dict[str, Any]:
    """The lessons' network, trained on each kind of pixels and tested on each."""
    rows = {}
    for binarization in BINARIZATIONS:
        model, seconds = train(VAE, TrainConfig(epochs=30, decay=True, binarization=binarization), digits)
        tested = {pixels: in_words("", evaluate(model, digits.test_images, pixels)) for pixels in TEST_PIXELS}
        rows[binarization] = {"seconds": seconds, "test": tested}
    return rows


def compare(digits: Digits) -> list[dict[str, Any]]:
    """A convolutional VAE beside the lessons' network of as many parameters: for as many epochs, and for as long."""
    rows = []
    for kind, epochs in ((VAE, CONVOLUTIONAL_EPOCHS), (ConvolutionalVAE, CONVOLUTIONAL_EPOCHS), (VAE, None)):
        # As many epochs as take as long as the convolutions took.
        epochs = epochs or round(CONVOLUTIONAL_EPOCHS * rows[1]["seconds"] / rows[0]["seconds"])
        model, seconds = train(kind, TrainConfig(epochs=epochs, decay=True), digits)
        row = {"model": kind.__name__, "parameters": sum(p.numel() for p in model.parameters()), "epochs": epochs}
        rows.append(row | {"seconds": seconds, "test": in_words("", evaluate(model, digits.test_images, "static"))})
    return rows


def train(kind: type[VAE], config: TrainConfig, digits: Digits) -> tuple[VAE, float]:
    """A trained model, and the seconds that it took."""
    torch.manual_seed(config.seed)
    model = kind()
    start = perf_counter()
    for _ in fit(model, digits.train_images, config):
        pass
    return model, round(perf_counter() - start, 1)


def draw() -> None:
    """Write results.md."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    lines = [
        "# What the networks reach",
        "",
        "Made by `python benchmarks/results.py`; each figure is nats per image on MNIST's 10,000 test digits, lower is "
        "better, and seconds are those of two cores of a processor whose name was not kept; "
        "[optimizer.md](optimizer.md) has the minutes on named ones.",
        "Compare a figure with the published one in its row, of the same pixels and the same bound, and with no other.",
        "One seed each; and the recipes' settings were chosen by what they reached on some of these very test digits, "
        "so a tenth of a nat says nothing.",
        "Rows with torch.optim.Muon were measured before version 0.2.0; the recipes now use the course's own Muon, "
        "in float32. `burda` has been trained again with it, beside other work, so its minutes here are too many. "
        "With torch.optim.Muon it had reached 85.84.",
        "",
        "## Recipes",
        "",
        "| recipe | pixels | network | trained with | epochs | minutes | −ELBO | −log p(x) ≤ (samples) | published |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(recipe_row(name, figures[name]) for name in PUBLISHED if name in figures),
        "",
        "`python -m vae_course train --recipe NAME --out runs/NAME` repeats a row, "
        "and `python -m vae_course evaluate runs/NAME` measures it, "
        "with `--samples` and the number in brackets where there is one.",
        *memory(figures),
        *binarization_table(figures.get("binarizations", {})),
        *convolution_table(figures.get("convolutions", [])),
    ]
    HERE.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def recipe_row(name: str, run: dict[str, Any]) -> str:
    """A recipe's figures, and the published one."""
    published, test, config = PUBLISHED[name], run["test"], run["config"]
    bound = test.get("importance_weighted")
    tight = f"{bound['negative_log_likelihood']:.2f} ({bound['samples']:,})" if bound else "no likelihood"
    kind = "−ELBO" if published.samples is None else f"−log p(x), {published.samples:,} samples"
    cells = [
        f"`{name}`",
        test["binarization"],
        network(run["model"]),
        means(run),
        str(config["epochs"]),
        f"{run['seconds'] / 60:.1f}",
        f"{test['negative_elbo']:.2f}",
        tight,
        f"{published.value} {kind} ({published.by}: {published.setting})",
    ]
    return f"| {' | '.join(cells)} |"


def network(model: dict[str, Any]) -> str:
    """A network's sizes in a few words."""
    first = f"{len(model['channels'])} convolutions" if "channels" in model else 784
    return "-".join(map(str, (first, *model["hidden"], model["latent_dim"])))


def means(run: dict[str, Any]) -> str:
    """What a recipe trains with."""
    path = ", path derivative" if run["step"] == "path_derivative_step" else ""
    return f"{run['optimizer']}{path}"


def memory(figures: dict[str, Any]) -> list[str]:
    """What measuring took."""
    run = figures.get("burda")
    if not run:
        return []
    return [
        f"For `burda`, 5,000 samples for each of 10,000 images took {run['test_seconds'] / 60:.0f} minutes "
        f"and at most {run['test_peak_megabytes']:,} MB, torch itself included.",
    ]


def binarization_table(rows: dict[str, Any]) -> list[str]:
    """−ELBO of one network by the pixels it was trained on and those it is tested on."""
    if not rows:
        return []
    return [
        "",
        "## The same network on four kinds of pixels",
        "",
        f"−ELBO of the 784-400-20 network after 30 epochs ({min(r['seconds'] for r in rows.values()):.0f} to "
        f"{max(r['seconds'] for r in rows.values()):.0f} s), by the pixels of both.",
        "",
        "| trained on | " + " | ".join(f"tested on {pixels}" for pixels in ("grey", "thresholded", "drawn")) + " |",
        "| --- | --- | --- | --- |",
        *(
            f"| {name} | " + " | ".join(f"{row['test'][pixels]['negative_elbo']:.1f}" for pixels in TEST_PIXELS) + " |"
            for name, row in rows.items()
        ),
    ]


def convolution_table(rows: list[dict[str, Any]]) -> list[str]:
    """Convolutions at equal parameters, for equal epochs and equal time."""
    if not rows:
        return []
    names = {"VAE": "layers on all pixels (784-400-20)", "ConvolutionalVAE": "convolutions"}
    return [
        "",
        "## Do convolutions help?",
        "",
        "Both networks have about as many parameters, and both learning rates fall to 0 over the second half.",
        "",
        "| network | parameters | epochs | seconds of training | −ELBO |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {names[row['model']]} | {row['parameters']:,} | {row['epochs']} | {row['seconds']:.0f} "
            f"| {row['test']['negative_elbo']:.2f} |"
            for row in rows
        ),
    ]


if __name__ == "__main__":
    if "--draw" not in sys.argv:
        main(sys.argv[1:])
    draw()
