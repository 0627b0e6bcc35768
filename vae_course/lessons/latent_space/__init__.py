"""Lesson 10: what its notebook imports from here."""

from vae_course.lessons.latent_space import figures as plots
from vae_course.lessons.latent_space.check import check_quantile_grid
from vae_course.lessons.latent_space.widget import DrawDigit

__all__ = ["DrawDigit", "check_quantile_grid", "plots"]
