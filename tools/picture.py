"""Make the README's picture from the shipped weights: β slides, and one network answers.

python tools/picture.py
"""

import math
from pathlib import Path

from vae_course.beta import MultiRateVAE
from vae_course.checkpoints import load_pretrained, pretrained_card
from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.kit.tiles import tiles
from vae_course.lessons import COLORS

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import Generator, Tensor

matplotlib.use("agg")

FRAMES = 48
MILLISECONDS = 90
# Where the animation begins, and what is seen of it where nothing moves: here the generated digits are at their best.
FIRST_BETA = 2.0
SAMPLES = 30


def main() -> None:
    """Draw every frame once, and show β rise from where it is beautiful, fall to its lowest, and rise again."""
    model, frontier = load_pretrained("every-beta"), pretrained_card("every-beta")["frontier"]
    digits = load_digits()
    first = [int((digits.test_labels == label).nonzero()[0]) for label in range(10)]
    x = binarize(grey(digits.test_images[first]), Generator().manual_seed(0))
    z = torch.randn(SAMPLES, model.latent_dim, generator=Generator().manual_seed(3))
    low, high = (math.log10(end) for end in model.beta_range)
    levels = np.linspace(low, high, FRAMES)
    frames = [frame(model, frontier, x, z, 10**level) for level in levels]
    # One palette for all frames, or the greys would flicker.
    palette = frames[FRAMES // 2].quantize(48)
    frames = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in frames]
    first = int(np.abs(levels - math.log10(FIRST_BETA)).argmin())
    there_and_back = [*[frames[first]] * 10, *frames[first:], *[frames[-1]] * 5, *reversed(frames), *[frames[0]] * 5]
    there_and_back += frames[:first]
    path = Path(__file__).parents[1] / "docs" / "pictures" / "beta.gif"
    there_and_back[0].save(
        path, save_all=True, append_images=there_and_back[1:], duration=MILLISECONDS, loop=0, optimize=True
    )
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


def frame(model: MultiRateVAE, frontier: list[dict], x: Tensor, z: Tensor, beta: float) -> Image.Image:
    """Draw the picture at one β."""
    beta = min(max(beta, model.beta_range[0]), model.beta_range[1])
    view = model.at(beta)
    with torch.no_grad():
        generated = torch.sigmoid(view.decoder(z))
    figure = plt.figure(figsize=(8, 4.1), dpi=100, layout="none")
    pictures = figure.add_gridspec(3, 1, left=0.09, right=0.62, top=0.86, bottom=0.2, height_ratios=(1, 1, 3))
    for place, name, images in zip(
        pictures, ("given", "recon-\nstructed", "gen-\nerated"), (x, view.reconstruct(x), generated), strict=True
    ):
        axes = figure.add_subplot(place)
        axes.imshow(tiles(images, columns=10, between=0.35), vmin=0, vmax=1, cmap="gray")
        axes.set_axis_off()
        axes.text(-0.01, 0.5, name, transform=axes.transAxes, ha="right", va="center", fontsize=10)
    draw_frontier(figure.add_axes((0.71, 0.31, 0.27, 0.5)), frontier, beta)
    draw_slider(figure, model.beta_range, beta)
    figure.text(0.09, 0.93, "One network has learnt every β", fontsize=14, fontweight="bold")
    image = to_image(figure)
    plt.close(figure)
    return image


def draw_frontier(axes: Axes, frontier: list[dict], beta: float) -> None:
    """Draw the rate–distortion curve, with a dot where this β is."""
    rates, distortions = ([point[name] for point in frontier] for name in ("kl", "reconstruction"))
    levels = np.log([point["beta"] for point in frontier])
    here = [np.interp(math.log(beta), levels, values) for values in (rates, distortions)]
    axes.plot(rates, distortions, color=COLORS["elbo"], linewidth=2)
    axes.plot(*here, "o", color=COLORS["kl"], markersize=10)
    axes.set_xlabel("KL, nats per image", fontsize=9)
    axes.set_title("reconstruction, nats per image", fontsize=9, fontweight="normal")
    axes.tick_params(labelsize=8)
    axes.set(xlim=(-5, max(rates) * 1.05), ylim=(0, max(distortions) * 1.08))


def draw_slider(figure: Figure, beta_range: tuple[float, float], beta: float) -> None:
    """Draw a scale from the lowest to the highest β, with a knob."""
    axes = figure.add_axes((0.12, 0.09, 0.47, 0.05))
    axes.set(xscale="log", xlim=beta_range, ylim=(-1, 1), yticks=[], xticks=[0.01, 0.1, 1, 10])
    axes.set_xticklabels(["0.01", "0.1", "1", "10"], fontsize=8)
    axes.minorticks_off()
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.plot(beta_range, (0, 0), color=COLORS["prior"], linewidth=3, solid_capstyle="round")
    axes.plot(beta, 0, "o", color=COLORS["kl"], markersize=12, clip_on=False)
    figure.text(
        0.71,
        0.1,
        f"β = {beta:.2g}" if beta < 9.95 else f"β = {beta:.0f}",
        fontsize=16,
        color=COLORS["kl"],
        fontweight="bold",
    )


def to_image(figure: Figure) -> Image.Image:
    """Return the figure's pixels."""
    figure.canvas.draw()
    return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")


if __name__ == "__main__":
    main()
