"""Lesson 01: what its notebook imports from here."""

from vae_course.lessons.data.check import check_binarize
from vae_course.lessons.data.figures import cost_map, digit_panels, nats_ladder, pixel_cost, pixel_zoom
from vae_course.lessons.data.widget import DigitBrowser

__all__ = ["DigitBrowser", "check_binarize", "cost_map", "digit_panels", "nats_ladder", "pixel_cost", "pixel_zoom"]
