"""Hand out what the notebook of lesson 04 imports."""

from vae_course.lessons.decoder import figures as plots
from vae_course.lessons.decoder.check import check_log_likelihood
from vae_course.lessons.decoder.widget import LatentPad

__all__ = ["LatentPad", "check_log_likelihood", "plots"]
