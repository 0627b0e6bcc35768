"""Random numbers that have no generator of their own: all code shares them, and whoever seeds them does so for all."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

# ruff: noqa: NPY002


def shared_numbers() -> tuple[Any, ...]:
    """Return the state of torch's, NumPy's and Python's shared random numbers."""
    return torch.get_rng_state(), np.random.get_state(), random.getstate()


def put_back(numbers: tuple[Any, ...]) -> None:
    """Set the shared random numbers to a state that `shared_numbers` returned."""
    of_torch, of_numpy, of_python = numbers
    torch.set_rng_state(of_torch)
    np.random.set_state(of_numpy)
    random.setstate(of_python)


def watch_numpys_numbers() -> Callable[[], bool]:
    """Return a function that says whether NumPy's shared numbers were drawn or seeded since this call.

    Python's cannot be watched: a type checker such as beartype draws from them to choose the element that it looks at.
    """
    np.random.rand()  # So that setting the seed that is set already is seen, too.
    before = _state()
    return lambda: _state() != before


def _state() -> tuple[Any, ...]:
    """Return the state of NumPy's shared numbers as values that can be compared."""
    now = np.random.get_state(legacy=False)
    return now["state"]["key"].tobytes(), now["state"]["pos"], now["has_gauss"], now["gauss"]
