"""Make the small pictures of the README's lesson table: from each executed lesson, the one figure to remember.

python tools/thumbnails.py
"""

import base64
import io
import json
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
WIDTH = 480
COLORS = 48

# Of each lesson: words of the cell that draws the figure, and the part of the figure that is shown: left, top, right,
# bottom, in pixels of the page, for each of which the picture has two. What is too small to be read is left out.
PICTURES = {
    "01_data": ("A threshold gives one clean edge", (8, 58, 607, 252)),
    "02_encoder": ("Thin writing gets a wide cloud", (85, 42, 443, 368)),
    "03_reparameterization": ("plots.toy_estimators(", (74, 30, 505, 405)),
    "04_decoder": ("The mean is smooth; neither its draws", (8, 182, 404, 422)),
    "05_elbo": ("plots.bound_against_truth(", (432, 32, 811, 448)),
    "06_training": ("The same ten codes: noise", (91, 45, 588, 483)),
    "07_beta": ("With fewer nats the fine strokes are lost first", (220, 317, 584, 664)),
    "08_evaluation": ("plots.bounds_under_the_truth(", (500, 140, 811, 444)),
    "09_clinic": ("In four patients the residuals", (4, 30, 541, 386)),
    "10_latent_space": ("The manifold: every picture", (10, 31, 602, 426)),
    "11_sample_quality": ("Do inventions lie where real digits lie?", (28, 45, 532, 288)),
    "12_conditional": ("the label says what, z says how", (327, 291, 773, 516)),
    "13_likelihood": ("The blank image is the least surprising", (8, 42, 350, 204)),
    "14_prior": ("plots.paths(", (4, 28, 520, 325)),
}


def figure(lesson: str, words: str) -> tuple[Image.Image, float]:
    """Find the figure of the lesson's one cell with these words, and how many pixels it has for a pixel of the page.

    Raises:
        ValueError: there is not one such cell, or it has no picture.
    """
    cells = json.loads((ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8"))["cells"]
    found = [cell for cell in cells if cell["cell_type"] == "code" and words in "".join(cell["source"])]
    if len(found) != 1:
        raise ValueError(f"words={words!r} stand in {len(found)} code cells of {lesson}; they must stand in one")
    pictures = [output for output in found[0]["outputs"] if "image/png" in output.get("data", {})]
    if len(pictures) != 1:
        raise ValueError(f"words={words!r}: their cell in {lesson} has {len(pictures)} pictures; it must have one")
    image = Image.open(io.BytesIO(base64.b64decode(pictures[0]["data"]["image/png"]))).convert("RGB")
    return image, image.width / pictures[0]["metadata"]["image/png"]["width"]


def thumbnail(image: Image.Image, scale: float, box: tuple[int, int, int, int]) -> Image.Image:
    """Cut out the box of the picture, at the common width, with few colours.

    Raises:
        ValueError: the box is not inside the picture.
    """
    width, height = round(image.width / scale), round(image.height / scale)
    if not (0 <= box[0] < box[2] <= width and 0 <= box[1] < box[3] <= height):
        raise ValueError(f"box={box} must lie inside the picture, which is {width} by {height} pixels")
    part = image.crop([round(scale * side) for side in box])
    height = round(WIDTH * part.height / part.width)
    return part.resize((WIDTH, height), Image.Resampling.LANCZOS).quantize(COLORS, dither=Image.Dither.NONE)


def main() -> None:
    """Write one picture per lesson, and say how large they are together."""
    folder = ROOT / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    total = 0
    for lesson, (words, box) in PICTURES.items():
        path = folder / f"{lesson[3:]}.png"
        thumbnail(*figure(lesson, words), box).save(path, optimize=True)
        total += path.stat().st_size
    print(f"{len(PICTURES)} pictures, {total / 1000:.0f} kB")


if __name__ == "__main__":
    main()
