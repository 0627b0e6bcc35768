"""A share of the campaign in fuzz.py: the same cases every time."""

import pytest
from fuzz import run_cases
from fuzz_readers import READERS

SHARE = {"workspace": 15, "my_vae": 15, "safetensors": 40, "weights": 20, "command_line": 40}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_damaged_input_raises_only_what_is_documented(reader):
    failures = []
    run_cases(reader, range(SHARE.get(reader.name, 60)), failures.append)
    assert not failures, "\n".join(map(str, failures))
