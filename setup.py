"""What pyproject.toml cannot say: the lessons are part of the package, though they lie beside it."""

from setuptools import Distribution, find_namespace_packages, setup


class Course(Distribution):
    """A distribution whose configuration for Jupyter is also installed from a clone (pip install -e)."""

    def has_data(self) -> bool:
        """Say whether there are data files: an editable installation asks so, and setuptools has no answer itself."""
        return self.has_data_files()


setup(distclass=Course, packages=[*find_namespace_packages(include=["vae_course*"]), "vae_course.notebooks"])
