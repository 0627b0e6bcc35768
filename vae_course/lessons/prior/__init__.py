"""Lesson 14: what its notebook imports from here."""

from vae_course.lessons.prior import figures as plots
from vae_course.lessons.prior.check import check_flow_matching_loss
from vae_course.lessons.prior.check_kl import check_kl_by_draws
from vae_course.lessons.prior.widget import NoiseToDigit

__all__ = ["NoiseToDigit", "check_flow_matching_loss", "check_kl_by_draws", "plots"]
