"""Lesson 11: what its notebook imports from here."""

from vae_course.lessons.sample_quality import figures as plots
from vae_course.lessons.sample_quality.check import check_frechet_distance

__all__ = ["check_frechet_distance", "plots"]
