"""Lesson 03: what its notebook imports from here."""

from vae_course.lessons.reparameterization import figures as plots
from vae_course.lessons.reparameterization.check import check_reparameterize
from vae_course.lessons.reparameterization.widget import SameDice

__all__ = ["SameDice", "check_reparameterize", "plots"]
