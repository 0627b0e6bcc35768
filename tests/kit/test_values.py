"""One number of the learner's is taken in every form it comes in, and formulas are known on every scale."""

from vae_course.kit.exercise import Mistake
from vae_course.kit.values import number, scaled

import numpy as np
import pytest
import torch


@pytest.mark.parametrize("got", [0.5, np.float32(0.5), torch.tensor(0.5), np.array(0.5)])
def test_a_number_is_taken_as_a_float_a_numpy_number_or_a_tensor(got):
    assert number(got, of="for both") == 0.5


@pytest.mark.parametrize(
    ("got", "hint"),
    [
        (torch.zeros(3), "one number for both; this is a tensor of shape"),
        (torch.tensor(1j), "real number"),
        (True, "not a bool"),
        ("0.5", "not a str"),
    ],
)
def test_what_is_no_number_is_named(got, hint):
    with pytest.raises(Mistake, match=hint):
        number(got, of="for both")


def test_each_formula_is_known_on_no_scale_on_each_and_on_each_two():
    known = scaled({"": (torch.ones(1),), "Swapped.": (torch.zeros(1),)}, {"Twice.": 2.0, "Minus.": -1.0})
    assert {hint: values[0].item() for hint, values in known.items()} == {
        "": 1, "Swapped.": 0, "Twice.": 2, "Swapped. Twice.": 0, "Minus.": -1, "Swapped. Minus.": 0,
        "Twice. Minus.": -2, "Swapped. Twice. Minus.": 0,
    }  # fmt: skip
