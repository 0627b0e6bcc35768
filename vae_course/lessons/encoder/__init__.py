"""Lesson 02: what its notebook imports from here."""

from vae_course.lessons.encoder.check import check_encoder
from vae_course.lessons.encoder.figures import clouds, code_maps, logvar_histogram, width_from_head
from vae_course.lessons.encoder.widget import CloudPicker

__all__ = ["CloudPicker", "check_encoder", "clouds", "code_maps", "logvar_histogram", "width_from_head"]
