"""Appendix A1: what its notebook imports from here."""

from vae_course.lessons.distributed.check import check_whole_gradient

__all__ = ["check_whole_gradient"]
