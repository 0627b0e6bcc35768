"""What the tests of checks share."""

from vae_course.kit import exercise
from vae_course.kit.guard import time_limit

import pytest


@pytest.fixture(autouse=True)
def time_for_slow_machines(monkeypatch):
    """Give answers ten times as long: what they are is tested here, and not how fast the machine is."""
    monkeypatch.setattr(exercise, "time_limit", lambda seconds: time_limit(10 * seconds))
