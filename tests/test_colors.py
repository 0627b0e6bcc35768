"""Words and lines stand out from the page, and the colours of one figure stay apart for colour-blind eyes."""

import re
from itertools import combinations
from pathlib import Path

from vae_course.kit.exercise import _LOOK
from vae_course.kit.figures import CLASS_COLORS
from vae_course.lessons import COLORS

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

PACKAGE = Path(__file__).parents[1] / "vae_course"
# The page of JupyterLab's light theme, and the two grounds of its dark one.
WHITE, DARK = "#ffffff", ("#111111", "#212121")
# WCAG 2.2, 1.4.3 and 1.4.11.
WORDS, LINES = 4.5, 3.0
# These are on the page only in figures, which are always white.
ON_WHITE_ONLY = {"truth", "test", "score"}
# What meets in one figure, in which lesson.
NEIGHBOURS = {
    "data": ("reconstruction", "truth", "baseline"),
    "reparameterization": ("pathwise", "baseline", "score"),
    "moving cloud": ("pathwise", "posterior", "truth"),
    "elbo": ("elbo", "posterior"),
    "running estimates": ("prior", "posterior"),
    "training": ("train", "test"),
    "beta": ("prior", "elbo", "truth"),
    "evaluation": ("elbo", "posterior", "truth"),
    "clinic": ("elbo", "kl", "score"),
    "residuals": ("posterior", "train", "truth"),
    "sample quality": ("prior", "posterior", "test"),
    "features": ("train", "kl", "truth"),
    "likelihood": ("train", "posterior", "truth"),
    "scores": ("elbo", "baseline", "test"),
}
# Machado, Oliveira & Fernandes 2009, severity 1: what linear RGB looks like to eyes without one kind of cone.
EYES = {
    "all cones": np.eye(3),
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(color):
    values = np.array(to_rgb(color))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """The ratio of WCAG 2.2."""
    dark, light = sorted(TO_XYZ[1] @ linear(color) for color in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(color, eyes):
    """CIELAB, in which a distance of 2 can just be seen."""
    x, y, z = np.cbrt(TO_XYZ @ np.clip(np.array(EYES[eyes]) @ linear(color), 0.001, 1) / TO_XYZ.sum(1))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def mixed(color, share, other):
    return to_hex(share * np.array(to_rgb(color)) + (1 - share) * np.array(to_rgb(other)))


def test_contrast_is_the_ratio_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21, abs=0.01)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("color", [*COLORS.values(), *CLASS_COLORS, *plt.rcParams["axes.prop_cycle"].by_key()["color"]])
def test_words_in_a_color_can_be_read_on_white(color):
    assert contrast(color, WHITE) >= WORDS


@pytest.mark.parametrize("ground", DARK)
def test_lines_of_widgets_can_be_seen_in_the_dark_theme(ground):
    verdicts = {status: color for status, (color, _) in _LOOK.items()}
    shown = {name: color for name, color in (COLORS | verdicts).items() if name not in ON_WHITE_ONLY}
    assert {name for name, color in shown.items() if contrast(color, ground) < LINES} == set()


def test_widgets_use_no_color_that_is_for_white_only():
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.glob("lessons/*/widget.py")]
    assert not [name for name in ON_WHITE_ONLY for source in sources if f'COLORS["{name}"]' in source]


@pytest.mark.parametrize("color", CLASS_COLORS)
def test_numerals_on_the_plane_can_be_read_in_both_themes(color):
    assert "65%, currentColor" in (PACKAGE / "lessons" / "plane.py").read_text(encoding="utf-8")
    assert contrast(mixed(color, 0.65, "#000000"), WHITE) >= WORDS
    assert min(contrast(mixed(color, 0.65, "#ffffff"), ground) for ground in DARK) >= WORDS


@pytest.mark.parametrize("names", NEIGHBOURS.values(), ids=NEIGHBOURS.keys())
@pytest.mark.parametrize("eyes", EYES)
def test_colors_of_one_figure_stay_apart(names, eyes):
    for one, other in combinations(names, 2):
        assert np.linalg.norm(lab(COLORS[one], eyes) - lab(COLORS[other], eyes)) > 15, (one, other)


def test_figures_have_no_other_colors_than_light_grounds():
    """A literal is the ground behind something, and light; all else has a name in COLORS."""
    for path in PACKAGE.glob("lessons/*/figures.py"):
        literals = re.findall(r'"(#[0-9a-fA-F]{6})"', path.read_text(encoding="utf-8"))
        assert not [color for color in literals if contrast(color, WHITE) > 2.3], path
