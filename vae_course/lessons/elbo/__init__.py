"""Lesson 05: what its notebook imports from here."""

from vae_course.lessons.elbo import figures as plots
from vae_course.lessons.elbo.check import check_elbo_terms, check_kl_divergence
from vae_course.lessons.elbo.widget import EffectiveBeta

__all__ = ["EffectiveBeta", "check_elbo_terms", "check_kl_divergence", "plots"]
