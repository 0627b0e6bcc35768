"""What pyproject.toml cannot say: the lessons are part of the package, though they lie beside it."""

from setuptools import find_namespace_packages, setup

setup(packages=[*find_namespace_packages(include=["vae_course*"]), "vae_course.notebooks"])
