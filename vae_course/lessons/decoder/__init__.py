"""Lesson 04: what its notebook imports from here."""

from vae_course.lessons.decoder.check import check_log_likelihood
from vae_course.lessons.decoder.figures import cost_of_a_wrong_pixel, digit_table, log_likelihood_histogram
from vae_course.lessons.decoder.widget import LatentPad

__all__ = ["LatentPad", "check_log_likelihood", "cost_of_a_wrong_pixel", "digit_table", "log_likelihood_histogram"]
