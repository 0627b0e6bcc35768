"""Lesson 13: what its notebook imports from here."""

from vae_course.lessons.likelihood import figures as plots
from vae_course.lessons.likelihood.check import check_auroc
from vae_course.lessons.likelihood.widget import ThresholdSlider

__all__ = ["ThresholdSlider", "check_auroc", "plots"]
