"""Measure an optimizer's step, beside the network's forward and backward pass, for every recipe; write optimizer.md.

OMP_NUM_THREADS=1 python benchmarks/optimizer.py
"""

from dataclasses import replace
from pathlib import Path
from time import process_time

from vae_course.digits import load_digits
from vae_course.extras.recipes import RECIPES, Recipe
from vae_course.training import fit

import torch
from machine import bfloat16, processor

STEPS = 32
TITLE = """# What a step costs

Made by `OMP_NUM_THREADS=1 python benchmarks/optimizer.py`, which measures the processor that it runs on and leaves the
sections of others. All times are processor time, which other work on the machine hardly changes."""


def main() -> None:
    """Write a table of all recipes, beside those of other processors."""
    path = Path(__file__).with_suffix(".md")
    title, *others = path.read_text(encoding="utf-8").split("\n## ") if path.exists() else [TITLE]
    lines = [
        f"{processor()}, {bfloat16()}",
        "",
        f"{torch.get_num_threads()} thread; torch {torch.__version__}.",
        "",
        "| recipe | optimizer | batch | forward and backward | step | ratio | an epoch of 60,000 | the whole recipe |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(row(name, RECIPES[name]) for name in RECIPES),
    ]
    others = [section for section in others if section.splitlines()[0] != lines[0]]
    sections = [title, *others, "\n".join(lines)]
    path.write_text("\n\n## ".join(section.strip() for section in sections) + "\n", encoding="utf-8")
    print("\n".join(lines))


def row(name: str, recipe: Recipe) -> str:
    """Measure one recipe, and write its figures as a row."""
    network, step = milliseconds(recipe)
    epoch = (network + step) / 1000 * 60_000 / recipe.config.batch_size
    cells = (
        f"`{name}`",
        recipe.optimizer.__name__.capitalize(),
        f"{recipe.config.batch_size}",
        f"{network:.1f} ms",
        f"{step:.1f} ms",
        f"{step / network:.2f}",
        f"{epoch:.1f} s",
        f"{recipe.config.epochs * epoch / 60:.0f} min",
    )
    return f"| {' | '.join(cells)} |"


def milliseconds(recipe: Recipe) -> tuple[float, float]:
    """Measure the network's pass and the optimizer's step, in processor time of all threads, as means over steps."""
    # Pixels are drawn before the steps, not in them.
    config = replace(recipe.config, epochs=1, binarization="static")
    digits = load_digits().train_images
    images = digits.repeat(-(-(STEPS + 1) * config.batch_size // len(digits)), 1, 1)
    model = recipe.model(**recipe.options)
    optimizer = recipe.optimizer(model.parameters(), config.learning_rate)
    clock = Clock()
    optimizer.register_step_pre_hook(clock.start)
    optimizer.register_step_post_hook(clock.stop)
    training = fit(model, images[: (STEPS + 1) * config.batch_size], config, optimizer=optimizer, step=recipe.step)
    next(training)
    clock.seconds, start = 0.0, process_time()
    for _ in training:
        pass
    total = process_time() - start
    return 1000 * (total - clock.seconds) / STEPS, 1000 * clock.seconds / STEPS


class Clock:
    """Adds up the seconds between `start` and `stop`, which an optimizer calls before and after a step."""

    seconds = 0.0

    def start(self, *_: object) -> None:
        """Note the time."""
        self.started = process_time()

    def stop(self, *_: object) -> None:
        """Add what has passed."""
        self.seconds += process_time() - self.started


if __name__ == "__main__":
    main()
