"""Measure an optimizer's step, beside the network's forward and backward pass, for every recipe; write optimizer.md.

OMP_NUM_THREADS=1 python benchmarks/optimizer.py
"""

import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from time import process_time

from vae_course.digits import load_digits
from vae_course.extras.recipes import RECIPES, Recipe
from vae_course.training import fit

import torch

STEPS = 32
TITLE = """# What a step costs

Made by `OMP_NUM_THREADS=1 python benchmarks/optimizer.py`, which measures the processor that it runs on and leaves the
sections of others. All times are processor time, which other work on the machine hardly changes."""
# As /proc/cpuinfo names them; on ARM "bf16".
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16", "svebf16"}


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


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    for line in cpuinfo():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return sysctl("machdep.cpu.brand_string") or platform.processor() or platform.machine()


def bfloat16() -> str:
    """Whether the processor has bfloat16 instructions, in words."""
    flags = {flag for line in cpuinfo() if line.lower().startswith(("flags", "features")) for flag in line.split()}
    apple = sysctl("hw.optional.arm.FEAT_BF16")
    if not flags and not apple:
        return "whether it has bfloat16 instructions is unknown"
    return "with bfloat16 instructions" if flags & BFLOAT16_FLAGS or apple == "1" else "without bfloat16 instructions"


def cpuinfo() -> list[str]:
    """The lines that Linux has on its processor; none elsewhere."""
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def sysctl(name: str) -> str:
    """What macOS says of the name; nothing elsewhere."""
    if sys.platform != "darwin":
        return ""
    return subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    main()
