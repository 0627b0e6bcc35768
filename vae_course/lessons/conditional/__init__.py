"""Lesson 12: what its notebook imports from here."""

from vae_course.lessons.conditional import figures as plots
from vae_course.lessons.conditional.check import check_condition
from vae_course.lessons.conditional.widget import LabelAndStyle

__all__ = ["LabelAndStyle", "check_condition", "plots"]
