"""What holds for any input at all: hypothesis looks for one for which it does not."""

import argparse
import ast
import json

from vae_course.cli.options import LONGEST, parse_beta, two_lines
from vae_course.digits.idx import read_idx, write_idx
from vae_course.kit.answer_file import NotKept, read_text
from vae_course.kit.predict import number, plain, shown
from vae_course.kit.workspace import read_state, update_state

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

# Each example writes over the files of the last one.
one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_subnormal=False) | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=8,
)


def tried(documented, function, *arguments):
    """Call a function; return what it returns, and the text of the error that it documents."""
    try:
        return function(*arguments), ""
    except documented as error:
        return None, str(error)


@one_folder
@given(arrays("u1", array_shapes(max_dims=4, min_side=0, max_side=5)))
def test_any_array_that_is_written_is_read_again(tmp_path, array):
    write_idx(tmp_path / "a.gz", array)
    assert np.array_equal(read_idx(tmp_path / "a.gz").numpy(), array)


@one_folder
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_the_name_of_their_file(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    values, refusal = tried(ValueError, read_idx, tmp_path / "file")
    assert refusal.startswith(str(tmp_path / "file")) if values is None else values.numel() <= len(content)


@one_folder
@given(st.text(), json_values)
def test_any_note_that_is_kept_is_read_again(workspace, key, value):
    update_state("quiz", key, value)
    assert read_state("quiz")[key] == value


@one_folder
@given(st.text() | json_values.map(json.dumps))
def test_any_text_in_a_note_is_an_object_or_put_aside(workspace, text):
    (workspace / ".course" / "quiz.json").write_text(text, encoding="utf-8", errors="replace")
    assert isinstance(read_state("quiz"), dict)


@one_folder
@given(st.text())
def test_any_text_of_answers_is_python_or_refused(tmp_path, text):
    (tmp_path / "my_vae.py").write_text(text, encoding="utf-8", errors="replace")
    python, reason = tried(NotKept, read_text, tmp_path / "my_vae.py")
    assert "my_vae.py" in reason if python is None else ast.parse(python)


@given(st.text() | st.from_regex(r"[-+0-9.,eE^*/% ½]{0,12}"))
def test_any_guess_is_a_number_that_can_be_shown_or_refused(text):
    guess, refusal = tried(ValueError, number, text)
    assert "is not kept" in refusal if guess is None else plain(guess) and shown(guess, "nats")


@given(st.text() | st.from_regex(r"[0-9:.,e-]{0,12}"))
def test_any_beta_is_a_number_a_schedule_or_refused(text):
    beta, refusal = tried(argparse.ArgumentTypeError, parse_beta, text)
    assert "neither a number nor" in refusal if beta is None else isinstance(beta, float | tuple)


@given(st.text(st.characters()))
def test_any_message_takes_two_lines_that_steer_no_terminal(text):
    lines = two_lines(text).split("\n")
    assert len(lines) <= 2
    assert max(map(len, lines)) <= LONGEST + 3
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("text", ["1e400", "10^400", "-1e400", "1/1e-400", "nan", "inf %"])
def test_a_guess_without_a_finite_number_is_refused(text):
    with pytest.raises(ValueError, match="is not kept"):
        number(text)
