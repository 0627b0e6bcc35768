"""Lesson 08: what its notebook imports from here."""

from vae_course.lessons.evaluation import figures as plots
from vae_course.lessons.evaluation.check import check_importance_weighted_bound
from vae_course.lessons.evaluation.widget import DrawsSlider

__all__ = ["DrawsSlider", "check_importance_weighted_bound", "plots"]
