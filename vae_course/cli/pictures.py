"""The pictures that the command line writes. A picture replaces a picture of ours, and no other file."""

import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

from vae_course.checkpoints import Checkpoint
from vae_course.cli.options import MOST_DIGITS
from vae_course.data import as_pixels
from vae_course.digits import Digits
from vae_course.files import write_atomically
from vae_course.kit.figures import digit_grid, digit_rows
from vae_course.kit.workspace import read_file
from vae_course.training import EVALUATION_SEED
from vae_course.vae import VAE

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image
from torch import Generator, Tensor

# Written into each picture, to be known by.
SOFTWARE = "vae_course"
OTHER_FORMATS = {".jpg", ".jpeg", ".gif", ".svg", ".pdf", ".webp", ".tif", ".tiff", ".bmp", ".eps", ".ps"}


def save_samples(model: VAE, count: int, seed: int, path: Path) -> None:
    """Generate digits and write their picture."""
    images = model.sample(count, Generator(model.device).manual_seed(seed))
    _check_finite(images)
    columns = max(8, round(count**0.5))
    save_figure(digit_grid(images, columns, "Generated: the mean of p(x|z) for z drawn from the prior"), path)


def save_reconstructions(run: Checkpoint, digits: Digits, index: Sequence[int], path: Path) -> None:
    """Reconstruct test digits, their pixels as the model knows them, and write the picture."""
    if not all(0 <= i < len(digits.test_images) for i in index):
        raise ValueError(f"--index {_some(index)}: there are test digits 0 to {len(digits.test_images) - 1}")
    if len(index) > MOST_DIGITS:
        raise ValueError(f"--index: {len(index):,} digits are too many for a picture; at most {MOST_DIGITS:,}")
    generator = Generator().manual_seed(EVALUATION_SEED)
    x = as_pixels(digits.test_images[list(index)], run.config.binarization, generator)
    reconstructed = run.model.reconstruct(x.to(run.model.device))
    _check_finite(reconstructed)
    rows = {"given": x, "reconstructed": reconstructed}
    save_figure(digit_rows(rows, f"Test digits, and what {run.model.latent_dim} numbers keep of them"), path)


def _check_finite(images: Tensor) -> None:
    if not images.isfinite().all():
        raise FloatingPointError("the pixels are not finite: this network is broken; train again")


def _some(index: Sequence[int]) -> str:
    return " ".join(map(str, index[:10])) + (" …" if len(index) > 10 else "")


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all, where there is nothing else."""
    check_picture(path)
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": SOFTWARE})
    plt.close(figure)
    write_atomically(path, content.getvalue())


def check_picture(path: Path) -> None:
    """Refuse a place for a picture where it would replace another file, or where it cannot be.

    Raises:
        OSError: there is a folder, or a file that is no picture of ours.
        ValueError: the name asks for another format.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it, such as {path / 'samples.png'}")
    if path.suffix.lower() in OTHER_FORMATS:
        raise ValueError(f"{path}: pictures are written as PNG; name it {path.with_suffix('.png').name}")
    if os.path.lexists(path) and not (path.is_file() and _is_ours(path)):
        raise FileExistsError(f"{path} is there already, and is no picture of this course: choose another --out")


def check_outputs(folder: Path, metrics: str, *pictures: str) -> None:
    """Refuse, before a training begins, a folder where its end would replace another file.

    Raises:
        OSError: a picture or the figures would replace a file that is not ours.
    """
    for name in pictures:
        check_picture(folder / name)
    if (folder / metrics).exists() and not _are_ours(folder / metrics):
        raise FileExistsError(f"{folder / metrics} is there already, and is not of this course: choose another --out")


def _is_ours(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return image.info.get("Software") == SOFTWARE
    # What a stranger's file makes a reader say has many names.
    except Exception:
        return False


def _are_ours(path: Path) -> bool:
    try:
        return {"test", "model", "config", "epochs"} <= set(json.loads(read_file(path)))
    except (OSError, ValueError, TypeError, RecursionError):
        return False
