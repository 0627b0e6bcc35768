"""The apparatus of the lessons, one folder per lesson: its check, its figures, its widget. Here is what they share."""

import vae_course.kit.figures  # noqa: F401  It sets the style of all figures.

# One colour per meaning, in the hues of Okabe & Ito's and Paul Tol's palettes, and dark enough for words on white.
# Those that meet in one figure stay apart for colour-blind eyes: tests/test_colors.py measures both.
COLORS = {
    "reconstruction": "#0072B2",
    "kl": "#C05000",
    "elbo": "#1A8049",
    "truth": "#444444",
    "train": "#007A80",
    "test": "#332288",
    "pathwise": "#187E9E",
    "score": "#882255",
    "baseline": "#946600",
    "posterior": "#9C4BC4",
    "prior": "#757575",
}
