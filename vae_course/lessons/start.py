"""What the start page shows: a VAE in one picture, and the map of the lessons with what is done."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from vae_course.checkpoints import load_pretrained
from vae_course.data import grey
from vae_course.digits import load_digits
from vae_course.kit.figures import show_digits
from vae_course.kit.workspace import find_workspace, read_entries, read_state
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import torch
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, ConnectionPatch, Ellipse

PACKAGE = Path(__file__).parents[1]
# A digit that the picture follows, and a code that the prior could draw.
DIGIT, GENERATED = 13, (1.2, 1.5)
# The cloud of a digit is too small to be seen.
ENLARGED = 6


class Lesson(NamedTuple):
    """A lesson as its own first lines tell it."""

    file: str
    title: str
    minutes: int


def lessons() -> list[Lesson]:
    """Read title and minutes of each lesson: of those in the current folder, else of those that the course has."""
    for folder in (Path.cwd(), PACKAGE / "notebooks", PACKAGE.parent / "notebooks"):
        found = sorted(path for path in folder.glob("[0-9][0-9]_*.ipynb") if re.fullmatch(r"\d\d_\w+", path.stem))
        if len(found) > 1:
            return list(_read(found))
    return []


def _read(paths: list[Path]) -> Iterator[Lesson]:
    for path in paths:
        try:
            text = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
        # A learner's notebook may be damaged, and then the map lacks it.
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            continue
        title, minutes = re.search(r"^# (\d\d · .+)", text, re.MULTILINE), re.search(r"(\d+) minutes", text)
        if title and minutes:  # The start page has no number.
            yield Lesson(path.name, title[1], int(minutes[1]))


def course_map() -> Markdown:
    """Make a table of the lessons with links and minutes; in a workspace, with what is done."""
    rows, here = lessons(), find_workspace() is not None
    done = {True: " done |", False: ""}[here]
    lines = [f"| lesson | minutes |{done}", f"| --- | --- |{' --- |' * here}"]
    for file, title, minutes in rows:
        lines.append(f"| [{title}]({file}) | {minutes} |{f' {progress(file[3:-6])} |' * here}")
    hours = sum(lesson.minutes for lesson in rows) / 60
    return Markdown("\n".join(lines) + f"\n\nTogether these are about {hours:.0f} hours.")


def progress(word: str) -> str:
    """Say how many answers of a lesson are right, and how many guesses are made."""
    # A lesson's name may have its number before the word.
    kept = read_entries("answers", {"lesson": str})
    answers = Counter(entry["lesson"].split("_", 1)[-1] for entry in kept.values())
    guesses = Counter(key.split("/")[0] for key in read_state("guesses"))
    counts = (answers[word], "right answer"), (guesses[word], "guess")
    return ", ".join(f"{n} {what}{('es' if what == 'guess' else 's') * (n > 1)}" for n, what in counts if n)


def picture_of_a_vae() -> Figure:
    """Draw the way of a digit through a VAE, and that of a code from the prior, with a trained model."""
    model, x = load_pretrained("plane"), grey(load_digits().test_images[DIGIT : DIGIT + 1])  # [1, 1, 28, 28]
    with torch.no_grad():
        (mu,), (logvar,) = model.encoder(x)  # [2], [2]
        sigma = torch.exp(0.5 * logvar)
        z = torch.stack([mu + sigma, torch.tensor(GENERATED)])  # [2, 2]
        reconstructed, generated = torch.sigmoid(model.decoder(z)).split(1)
    figure, axes = plt.subplot_mosaic(
        [[".", "", "z", " ", "above"], ["x", "", "z", " ", "below"]], figsize=(9, 4.2), width_ratios=(4, 2, 8, 2, 4)
    )
    images = {"x": (x, "a digit x"), "above": (generated, "generated"), "below": (reconstructed, "reconstructed")}
    for name, (image, title) in images.items():
        show_digits(axes[name], image, 1, title)
    _draw_plane(axes["z"], mu.tolist(), (2 * ENLARGED * sigma).tolist(), z.tolist())
    for name, text in (("", "encoder\n$q(z|x)$"), (" ", "decoder\n$p(x|z)$")):
        axes[name].set_axis_off()
        axes[name].text(0.5, 0.5, text, ha="center", va="center", transform=axes[name].transAxes)
    _arrow(axes["x"], (27.0, 14.0), axes["z"], mu.tolist(), COLORS["posterior"])
    for name, code in zip(("below", "above"), z.tolist(), strict=True):
        _arrow(axes["z"], code, axes[name], (0.0, 14.0), COLORS["reconstruction"])
    figure.suptitle("From a digit to a cloud of codes, and from a code to a digit", x=0.01, ha="left")
    return figure


def _draw_plane(axes: Axes, mu: list[float], widths: list[float], z: list[list[float]]) -> None:
    """Draw the prior, the cloud of a digit, and two codes."""
    for radius in (1, 2):
        axes.add_patch(Circle((0, 0), radius, fill=False, linestyle="--", color=COLORS["prior"]))
    axes.text(0, -2.05, "prior $p(z)$", ha="center", va="top")
    axes.add_patch(Ellipse(mu, *widths, color=COLORS["posterior"], alpha=0.6))
    axes.plot(*zip(*z, strict=True), "o", color="black", markersize=5)
    axes.set(xticks=(-2, 0, 2), yticks=(-2, 0, 2))
    axes.set(xlim=(-2.8, 2.8), ylim=(-2.8, 2.8), xlabel="z[0]", ylabel="z[1]", aspect="equal", title="codes z")


def _arrow(start: Axes, xy: Sequence[float], end: Axes, to: Sequence[float], color: str) -> None:
    arrow = ConnectionPatch(xy, to, "data", "data", axesA=start, axesB=end, arrowstyle="-|>", color=color, linewidth=2)
    start.figure.add_artist(arrow)
