"""Lesson 06: what its notebook imports from here."""

from vae_course.lessons.training import figures as plots
from vae_course.lessons.training.check import check_evaluate, check_training_step
from vae_course.lessons.training.widget import LiveTraining

__all__ = ["LiveTraining", "check_evaluate", "check_training_step", "plots"]
