"""Make the README's two blocks of digits from the shipped weights, real ones and inventions.

python tools/which.py
"""

from pathlib import Path

from vae_course.checkpoints import load_pretrained, load_prior
from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.kit.tiles import tiles

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Generator, Tensor

ROWS, SCALE, BETA, SEED = 3, 3, 0.1, 0
EDGE, BETWEEN = 34, 22


def main() -> None:
    """Draw two blocks, A and B, with the classes 0 to 9 from left to right in both."""
    generator = Generator().manual_seed(SEED)
    # A holds the inventions: the README's folded answer says so.
    blocks = [block(images) for images in (inventions(generator), real(generator))]
    width, height = blocks[0].size
    picture = Image.new("L", (EDGE + width, 2 * height + BETWEEN), 255)
    for i, (name, part) in enumerate(zip("AB", blocks, strict=True)):
        top = i * (height + BETWEEN)
        picture.paste(part, (EDGE, top))
        ImageDraw.Draw(picture).text((4, top + height // 2 - 14), name, fill=0, font=ImageFont.load_default(28))
    path = Path(__file__).parents[1] / "docs" / "pictures" / "which.png"
    picture.quantize(16).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB, {picture.size}")


def inventions(generator: Generator) -> Tensor:
    """Generate a row of the ten classes, several times over, their pixels drawn."""
    labels = torch.arange(10).repeat(ROWS)
    z = load_prior().at(BETA).given(labels).sample(len(labels), generator)
    with torch.no_grad():
        return binarize(torch.sigmoid(load_pretrained("every-beta").at(BETA).decoder(z)), generator)


def real(generator: Generator) -> Tensor:
    """Take as many embedded test digits in the same order, their pixels drawn."""
    digits = load_digits()
    found = [(digits.test_labels == label).nonzero().flatten() for label in range(10)]
    some = [int(places[row]) for row in range(ROWS) for places in found]
    return binarize(grey(digits.test_images[some]), generator)


def block(images: Tensor) -> Image.Image:
    """Put digits beside each other, each pixel enlarged."""
    grid = 1 - tiles(images, columns=10, between=0.0)
    small = Image.fromarray((255 * grid).byte().numpy())
    return small.resize((small.width * SCALE, small.height * SCALE), Image.Resampling.NEAREST)


if __name__ == "__main__":
    main()
