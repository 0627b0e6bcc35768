"""Lesson 09: what its notebook imports from here."""

from vae_course.lessons.clinic import figures as plots
from vae_course.lessons.clinic.check import check_cost, check_diagnosis, check_draw, open_files
from vae_course.lessons.clinic.widget import SymptomDashboard

__all__ = ["SymptomDashboard", "check_cost", "check_diagnosis", "check_draw", "open_files", "plots"]
