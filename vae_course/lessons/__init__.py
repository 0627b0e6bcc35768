"""The apparatus of the lessons, a folder a lesson: its check, its figures, its widget. Here is what they share."""

import vae_course.kit.figures  # noqa: F401  It sets the style of all figures.

# Okabe & Ito's palette, and three of Paul Tol's: they stay apart for colour-blind eyes.
COLORS = {
    "reconstruction": "#0072B2",
    "kl": "#D55E00",
    "elbo": "#009E73",
    "truth": "#444444",
    "train": "#56B4E9",
    "test": "#332288",
    "pathwise": "#44AA99",
    "score": "#882255",
    "baseline": "#E69F00",
    "posterior": "#CC79A7",
    "prior": "#999999",
}
