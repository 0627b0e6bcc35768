"""How good are the inventions of a learned prior, beside those of N(0, I) and beside real digits?

Measures 10,000 inventions at each β and of each prior, their pixels drawn, with the shipped weights (a few minutes):
the share that the course's classifier is sure of, the Fréchet distance to MNIST's 10,000 test digits, the shares of the
classes, and how far the nearest training digit is. Writes the figures to vae_course/pretrained/inventions.json, and
inventions.md from them.

    python benchmarks/inventions.py          # both
    python benchmarks/inventions.py --draw   # inventions.md from the figures that are there
"""

import json
import sys
from pathlib import Path
from typing import Any

from vae_course.checkpoints import PRETRAINED, load_classifier, load_pretrained, load_prior, pretrained_card
from vae_course.data import binarize, binarize_once, grey
from vae_course.digits import load_digits
from vae_course.evaluation import AT_ONCE
from vae_course.reparameterization import reparameterize
from vae_course.sample_quality import digit_features, frechet_distance
from vae_course.training import EVALUATION_SEED, evaluate

import torch
from torch import Generator, Tensor

BETAS = (0.03, 0.1, 0.3, 1.0, 2.0, 4.0)
COUNT = 10_000
STEPS = (1, 2, 3, 5, 10, 20)
SEEDS = (0, 1, 2)
# What was tried on the way, at β = 0.1 alone: 20 epochs, 546,000 parameters, one seed, seconds of one busy thread.
TRIED = (
    ("labels, Muon at 0.003, batches of 512 (as shipped, but for one β)", 0.935, 4.8, 120),
    ("the same, 5 steps of Heun's method in place of 10", 0.938, 4.5, 120),
    ("without labels", 0.864, 8.2, 132),
    ("labels, Adam at 0.001", 0.927, 5.3, 67),
)
# Of these the nearest training digit is sought, by the pixels that differ.
COMPARED = 2000
NLL_IMAGES, NLL_BETAS = 200, (0.1, 1.0)


class Judge:
    """What is measured of images, beside MNIST's test digits."""

    def __init__(self) -> None:
        self.mnist, self.classifier = load_digits("mnist"), load_classifier()
        self.real = {name: drawn(getattr(self.mnist, f"{name}_images")[:COUNT]) for name in ("test", "train")}
        self.all_train = drawn(self.mnist.train_images).flatten(1)
        self.reference = digit_features(self.classifier, self.real["test"])
        self.shares = self.mnist.test_labels.bincount() / len(self.mnist.test_labels)

    def __call__(self, images: Tensor) -> dict[str, float]:
        """Measure the sure share, the Fréchet distance, and how far the classes' shares are from the real ones."""
        features = digit_features(self.classifier, images)
        chances = self.classifier.logits(features).softmax(1)
        shares = chances.argmax(1).bincount(minlength=10) / len(images)
        return {
            "sure": round((chances.amax(1) > 0.95).float().mean().item(), 4),
            "frechet": round(frechet_distance(features, self.reference), 3),
            "share_off": round((shares - self.shares).abs().max().item(), 4),
        }

    def nearest(self, images: Tensor) -> float:
        """Count the pixels in which an image differs from the nearest of the 60,000 training digits, on average."""
        ink = self.all_train.sum(1)
        parts = [
            (ink + b.sum(1, keepdim=True) - 2 * b @ self.all_train.T).amin(1) for b in images.flatten(1).split(250)
        ]
        return round(torch.cat(parts).mean().item(), 2)


@torch.no_grad()
def main() -> None:
    """Measure all, and write the figures."""
    judge, every, prior = Judge(), load_pretrained("every-beta"), load_prior()
    result: dict[str, Any] = {"images": COUNT, "real": judge(judge.real["train"]), "points": [], "steps": []}
    for beta in BETAS:
        model = every.at(beta)
        standard = judge(invented(model, torch.randn(COUNT, 20, generator=Generator().manual_seed(0))))
        codes = judge(invented(model, codes_of(model, judge.real["test"])))
        learned = [judge(made(model, prior, beta, seed)) for seed in SEEDS]
        result["points"].append({"beta": beta, "standard": standard, "learned": learned, "codes": codes})
        print(json.dumps(result["points"][-1]), flush=True)
    best = min(result["points"], key=lambda point: sum(run["frechet"] for run in point["learned"]))["beta"]
    model = every.at(best)
    result["best"] = best
    for steps in STEPS:
        result["steps"].append({"steps": steps, **judge(made(model, prior, best, 0, steps))})
    result["nearest"] = {
        "compared": COMPARED,
        "inventions": judge.nearest(made(model, prior, best, 0)[:COMPARED]),
        "test_digits": judge.nearest(judge.real["test"][:COMPARED]),
    }
    result["nats"] = [nats(every.at(beta), prior.at(beta), beta, judge) for beta in NLL_BETAS]
    (PRETRAINED / "inventions.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def made(model: Any, prior: Any, beta: float, seed: int, steps: int = 10) -> Tensor:
    """Generate digits from the learned prior, their pixels drawn."""
    return invented(model, prior.at(beta).sample(COUNT, Generator().manual_seed(seed), steps))


def invented(model: Any, codes: Tensor) -> Tensor:
    """Draw the pixels of each code."""
    generator = Generator().manual_seed(EVALUATION_SEED)
    return torch.cat([binarize(torch.sigmoid(model.decoder(z)), generator) for z in codes.split(AT_ONCE)])


def codes_of(model: Any, x: Tensor) -> Tensor:
    """Draw z ~ q(z|x) of each image."""
    return reparameterize(*model.encoder(x), Generator().manual_seed(EVALUATION_SEED))


def nats(model: Any, prior: Any, beta: float, judge: Judge) -> dict[str, float]:
    """Measure -ELBO of the network for this β with both priors, on the first test digits."""
    images = judge.mnist.test_images[:NLL_IMAGES]
    standard = evaluate(model, images, "static")
    model.prior = prior
    learned = evaluate(model, images, "static")
    return {
        "beta": beta,
        "images": NLL_IMAGES,
        "reconstruction": round(standard.reconstruction.item(), 2),
        "kl_standard": round(standard.kl.item(), 2),
        "kl_learned": round(learned.kl.item(), 2),
    }


def drawn(images: Tensor) -> Tensor:
    """Draw each pixel once."""
    return grey(binarize_once(images, "static", Generator().manual_seed(EVALUATION_SEED)))


def draw() -> None:
    """Write inventions.md."""
    card, prior = pretrained_card("inventions"), pretrained_card("prior")
    lines = [
        "# Inventions of a learned prior",
        "",
        "Made by `python benchmarks/inventions.py` from the shipped weights `every-beta` and `prior`.",
        f"{card['images']:,} inventions each, their pixels drawn: the share that the course's classifier is sure of,",
        "and the Fréchet distance in its features to MNIST's 10,000 test digits. Ten steps of Heun's method; mean ±",
        f"spread of three seeds of the draws. The prior: {prior['parameters']:,} parameters, trained in",
        f"{prior['processor_seconds']:.0f} s of processor time on one thread.",
        "",
        "| β | N(0, I) | learned prior | codes of test digits |",
        "| --- | --- | --- | --- |",
    ]
    for point in card["points"]:
        three = [
            spread([run[key] for run in point["learned"]], digits) for key, digits in (("sure", 3), ("frechet", 1))
        ]
        one = [f"{point[name]['sure']:.3f}, {point[name]['frechet']:.1f}" for name in ("standard", "codes")]
        lines.append(f"| {point['beta']:g} | {one[0]} | {three[0]}, **{three[1]}** | {one[1]} |")
    best = next(point for point in card["points"] if point["beta"] == card["best"])
    lines += [
        "",
        f"10,000 real training digits: {card['real']['sure']:.3f}, {card['real']['frechet']:.1f}.",
        f"At β = {card['best']:g} the share of each class is within "
        f"{100 * max(run['share_off'] for run in best['learned']):.1f} points of the real one.",
        "An invention differs from its nearest of 60,000 training digits in "
        f"{card['nearest']['inventions']:.1f} pixels, "
        f"a test digit in {card['nearest']['test_digits']:.1f}, on average of {card['nearest']['compared']:,}.",
        "",
        f"| steps, β = {card['best']:g} | sure | Fréchet distance |",
        "| --- | --- | --- |",
        *(f"| {row['steps']} | {row['sure']:.3f} | {row['frechet']:.1f} |" for row in card["steps"]),
        "",
        f"Nats per image on the first {card['nats'][0]['images']:,} test digits, drawn once. Only the prior differs.",
        "",
        "| β | reconstruction | KL to N(0, I) | KL to the learned prior | saved |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {row['beta']:g} | {row['reconstruction']:.2f} | {row['kl_standard']:.2f} | {row['kl_learned']:.2f} | "
            f"{row['kl_standard'] - row['kl_learned']:.2f} |"
            for row in card["nats"]
        ),
        "",
        "What was tried on the way, at β = 0.1 alone: 20 epochs if not said otherwise, one seed. Seconds of one",
        "thread; the machine was busier, and so slower, for the first three rows than for the rest.",
        "",
        "| prior | sure | Fréchet distance | seconds |",
        "| --- | --- | --- | --- |",
        *(f"| {name} | {sure:.3f} | {frechet:.1f} | {seconds} |" for name, sure, frechet, seconds in TRIED),
    ]
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def spread(values: list[float], digits: int) -> str:
    """Write a mean and its spread."""
    numbers = torch.tensor(values)
    return f"{numbers.mean():.{digits}f} ± {numbers.std():.{digits}f}"


if __name__ == "__main__":
    if "--draw" not in sys.argv:
        main()
    draw()
