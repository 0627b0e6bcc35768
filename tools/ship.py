"""Make the weights that come with the course, and their cards, from runs of their recipes.

    python -m vae_course train --recipe every-beta --out runs/every-beta
    python tools/ship.py runs/every-beta

The optimizer's state stays behind; the card gets the run's own figures, those on the embedded test digits, which can be
measured anywhere, and for a network of every β its whole frontier.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from vae_course.beta import MultiRateVAE, rate_distortion
from vae_course.checkpoints import PRETRAINED, describe_model, load_checkpoint, save_checkpoint
from vae_course.cli.folders import CHECKPOINT
from vae_course.cli.measures import in_words
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms
from vae_course.extras.recipes import RECIPES
from vae_course.training import evaluate

FRONTIER = tuple(round(10 ** (k / 20), 4) for k in range(-40, 27))


def main(folder: Path) -> None:
    """Ship one run."""
    run = load_checkpoint(folder / CHECKPOINT)
    summary = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    name = summary["recipe"]
    if name not in RECIPES:
        sys.exit(f"{folder} was not trained by a recipe: there are {', '.join(RECIPES)}")
    recipe = RECIPES[name]
    by_recipe = describe_model(run.model) == describe_model(recipe.model(**recipe.options)) and run.data == recipe.data
    if not by_recipe or run.config != recipe.config or len(run.metrics) != run.config.epochs:
        sys.exit(f"{folder} was not trained by the recipe {name} to its end")
    card = {"recipe": name, "purpose": recipe.purpose}
    card |= {key: summary[key] for key in ("model", "config", "seconds", "test")}
    card["embedded_test"] = in_words("", evaluate(run.model, load_digits().test_images, "static"))
    if isinstance(run.model, MultiRateVAE):
        measured = rate_distortion(run.model, load_digits(run.data).test_images, FRONTIER)
        card["frontier"] = [point(beta, terms) for beta, terms in measured.items()]
    PRETRAINED.mkdir(exist_ok=True)
    save_checkpoint(PRETRAINED / f"{name}.safetensors", replace(run, optimizer=None))
    (PRETRAINED / f"{name}.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def point(beta: float, terms: ElboTerms) -> dict[str, float]:
    """Write a place on the frontier, in nats per image."""
    return {"beta": beta, "reconstruction": round(terms.reconstruction.item(), 3), "kl": round(terms.kl.item(), 3)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
