"""Pictures in few colours, which take a third of the bytes."""

import numpy as np
from PIL import Image

MOST_ROUNDS, WORK = 48, 400_000  # of k-means; fewer where there are so many colours that rounds are slow
AT_ONCE = 2**15  # colours that are compared with all of the palette: 32 MB


def in_few_colors(picture: Image.Image, count: int = 256) -> Image.Image:
    """Paint a picture in the colours that k-means chooses, or in its own, if they are no more.

    Pillow's k-means looks at every pixel. This one looks at every colour, of which a figure has few.
    """
    pixels = np.asarray(picture.convert("RGB"))
    # A number for each colour.
    codes = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    _, first, which, counts = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
    colors = pixels.reshape(-1, 3)[first].astype(np.float32)  # [N, 3]
    palette = colors if len(colors) <= count else _palette(picture, colors, counts, count)
    painted = Image.fromarray(_nearest(colors, palette)[which].reshape(codes.shape).astype(np.uint8))
    painted.putpalette(palette.astype(np.uint8).tobytes())
    return painted


def _palette(picture: Image.Image, colors: np.ndarray, counts: np.ndarray, count: int) -> np.ndarray:
    """Begin with the median cut, which keeps pale greys, and move each colour to the mean of its pixels."""
    start = picture.convert("RGB").quantize(count, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = np.array(start.getpalette(), dtype=np.float32).reshape(-1, 3)
    for _ in range(min(MOST_ROUNDS, 8 + WORK // len(colors))):
        nearest = _nearest(colors, palette)
        pixels = np.bincount(nearest, counts, len(palette))[:, None]
        sums = np.stack([np.bincount(nearest, counts * channel, len(palette)) for channel in colors.T], 1)
        palette = np.where(pixels > 0, sums / np.maximum(pixels, 1), palette).astype(np.float32)
    return palette.round()


def _nearest(colors: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Find the colour of the palette that is nearest to each colour: [N]."""
    # |c − p|² = |c|² + |p|² − 2 c·p, and |c|² is the same for the whole palette.
    parts = (colors[i : i + AT_ONCE] for i in range(0, len(colors), AT_ONCE))
    return np.concatenate([((palette**2).sum(1) - 2 * part @ palette.T).argmin(1) for part in parts])
