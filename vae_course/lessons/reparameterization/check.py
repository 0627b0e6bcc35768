"""Check lesson 03's exercise: is it a draw from the right Gaussian, and does the gradient pass?"""

from typing import Any

from vae_course.kit.exercise import exercise
from vae_course.lessons.gaussian_draw import expect_gaussian_draw


@exercise("reparameterize", "It draws from N(mu, sigma²) for each image, and the gradient passes through.")
def check_reparameterize(answer: Any) -> None:
    """Look at the noise, then at what mu and logvar make of it, then at the gradient."""
    expect_gaussian_draw(answer)
