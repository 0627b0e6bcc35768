"""Lesson 07: what its notebook imports from here."""

from vae_course.lessons.beta import figures as plots
from vae_course.lessons.beta.check import check_effective_betas
from vae_course.lessons.beta.widget import BetaExplorer

__all__ = ["BetaExplorer", "check_effective_betas", "plots"]
