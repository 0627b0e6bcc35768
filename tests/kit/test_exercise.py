"""What all checks share; each exercise's own check has its tests in its lesson's folder."""

import random
import signal
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from vae_course.elbo import ElboTerms, kl_per_dimension
from vae_course.kit import guard
from vae_course.kit.exercise import (
    Mistake,
    NotTriedYet,
    ask,
    ask_deterministic,
    describe,
    exercise,
    expect_generator,
    recognise,
    show_me,
)

import numpy as np
import pytest
import torch


@exercise("double", "It doubles.")
def check_double(answer):
    recognise(ask(answer, torch.ones(3)), 2 * torch.ones(3), {}, otherwise="Twice 1 is <2>.")


def test_the_three_verdicts():
    assert check_double(lambda x: None).status == "not tried yet"
    assert check_double(lambda x: ...).status == "not tried yet"
    assert repr(check_double(lambda x: x)) == "✗ double: not right yet. Twice 1 is <2>."
    assert repr(check_double(lambda x: 2 * x)) == "✓ double: right. It doubles."


def test_a_verdict_is_shown_as_text_and_not_as_markup():
    assert "Twice 1 is &lt;2&gt;." in check_double(lambda x: x)._repr_html_()


def test_an_error_points_to_the_learners_own_line():
    def answer(x):
        return torch.nn.Linear(2, 2)(x)  # The library's own line, deeper down, would help nobody.

    verdict = check_double(answer)
    assert verdict.status == "not right yet"
    assert "RuntimeError" in verdict.hint
    assert "at `return torch.nn.Linear(2, 2)(x)" in verdict.hint


def test_the_solution_is_the_packages_source_folded_away():
    html = show_me(kl_per_dimension).data
    assert html.startswith("<details><summary>")
    assert "mu.square()" in html


def test_an_error_in_the_standard_library_points_to_the_learners_own_line():
    def answer(x):
        return statistics.NormalDist().inv_cdf(0)

    assert check_double(answer).hint.endswith("(at `return statistics.NormalDist().inv_cdf(0)`)")


def test_an_error_is_told_on_one_short_line():
    def answer(x):
        raise ValueError("a very\nlong text " * 100)

    hint = check_double(answer).hint
    assert "\n" not in hint
    assert len(hint) < 320


@pytest.mark.parametrize("function", ["eig", "eigvals"])
def test_eigenvalues_of_what_is_not_finite_are_an_error_and_do_not_end_the_process(function):
    hint = check_double(lambda x: getattr(torch.linalg, function)(torch.full((3, 3), torch.nan).double())).hint
    assert f"ValueError: torch.linalg.{function}: a value is not finite" in hint
    assert torch.linalg.eigvals(torch.eye(2)).real.tolist() == [1, 1]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), RecursionError("deep")])
def test_no_answer_stops_a_lesson(error):
    def answer(x):
        raise error

    assert check_double(answer).status == "not right yet"


@exercise("wait", "It comes back.", seconds=0.2)
def check_wait(answer):
    ask(answer)


def _loops():
    while True:
        pass


def _loops_and_catches():
    while True:
        try:  # noqa: SIM105
            _loops()
        except BaseException:
            pass


def _loops_and_catches_all():
    while True:
        try:  # noqa: SIM105
            sum(range(1000))
        except:  # noqa: E722
            pass


# A function of this module would count as the course's own, as the check is in it, too.
ENDLESS = lambda: _loops()  # noqa: E731
CATCHES = lambda: _loops_and_catches()  # noqa: E731
CATCHES_ALL = lambda: _loops_and_catches_all()  # noqa: E731


# A sleep outside the main thread cannot be stopped, as signals go to the main thread alone.
@pytest.mark.parametrize(
    ("answer", "in_a_thread"),
    [
        (ENDLESS, False),
        (ENDLESS, True),
        (lambda: time.sleep(60), False),
        (CATCHES, False),
        (CATCHES_ALL, False),
    ],
)
def test_an_answer_that_never_comes_back_is_stopped(answer, in_a_thread):
    tracer = sys.gettrace()
    with ThreadPoolExecutor(1) as pool:
        verdict = pool.submit(check_wait, answer).result() if in_a_thread else check_wait(answer)
    assert verdict.hint == "It did not come back within 0.2 seconds, so it was stopped. Look for an endless loop."
    assert sys.gettrace() is tracer


def test_an_answer_is_not_stopped_while_a_busy_machine_leaves_it_no_time(monkeypatch):
    monkeypatch.setattr(guard, "_PATIENCE", 1e6)
    monkeypatch.setattr(time, "process_time", lambda: time.monotonic() / 10)
    assert check_wait(lambda: time.sleep(0.5) or 1).status == "right"


def test_an_answer_that_sleeps_is_stopped_by_the_clock(monkeypatch):
    monkeypatch.setattr(guard, "_PATIENCE", 1e6)
    monkeypatch.setattr(time, "process_time", lambda: 0.0)
    assert "within 0.2 seconds" in check_wait(lambda: time.sleep(60)).hint


def test_a_signal_that_comes_late_does_not_keep_the_limit_from_ending(monkeypatch):
    end = threading.Event.set
    monkeypatch.setattr(threading.Event, "set", lambda event: (time.sleep(0.5), end(event)))
    handler = signal.getsignal(signal.SIGINT)
    assert "within 0.2 seconds" in check_wait(ENDLESS).hint
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_works_as_before_after_a_check():
    handler = signal.getsignal(signal.SIGINT)
    check_wait(lambda: 1)
    assert signal.getsignal(signal.SIGINT) is handler


def test_what_an_answer_changes_for_all_is_put_back():
    def answer(x):
        torch.manual_seed(99)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        np.random.seed(99)  # noqa: NPY002
        random.seed(99)
        return 2 * x

    state, of_python = torch.get_rng_state(), random.getstate()
    of_numpy = np.random.get_state()[1].tolist()  # noqa: NPY002
    assert check_double(answer).status == "not right yet"
    assert torch.equal(state, torch.get_rng_state())
    assert random.getstate() == of_python
    assert np.random.get_state()[1].tolist() == of_numpy  # noqa: NPY002
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize("use", [np.random.rand, partial(np.random.seed, 0)])
def test_numpys_shared_random_numbers_are_not_for_answers(use):
    for _ in range(2):  # The second time, that seed is set already.
        assert "NumPy's own random numbers" in check_double(lambda x: (use(), 2 * x)[1]).hint


@pytest.mark.parametrize("use", [random.random, np.random.default_rng(0).random])
def test_other_random_numbers_are_for_each_check_to_judge(use):
    assert check_double(lambda x: (use(), 2 * x)[1]).status == "right"


def test_a_function_that_an_answer_replaces_is_put_back_and_named():
    def cheat(x):
        torch.allclose = torch.Tensor.allclose = lambda *others, **options: True
        return x

    allclose, method = torch.allclose, torch.Tensor.allclose
    assert "It replaces torch.allclose" in check_double(cheat).hint
    assert torch.allclose is allclose
    assert torch.Tensor.allclose is method


@exercise("twice", "It returns something each time.")
def check_twice(answer):
    for size in (2, 3):
        ask(answer, torch.ones(size))


def test_an_answer_that_returns_nothing_for_some_inputs_has_been_tried():
    hint = "For some inputs it returns nothing: a tensor of shape [3]"
    assert hint in check_twice(lambda x: x if len(x) == 2 else None).hint
    assert check_twice(lambda x: None).status == "not tried yet"


def test_what_is_asked_must_be_a_function_that_leaves_its_arguments_alone():
    def overwrites(first, x):
        return x.mul_(2)

    with pytest.raises(Mistake, match="overwrote x"):
        ask(overwrites, 1, torch.ones(3))
    with pytest.raises(Mistake, match=r"changes x for the caller: leave out `requires_grad_\(\)`"):
        ask(lambda x: 2 * x.requires_grad_(), torch.ones(3))
    with pytest.raises(Mistake, match=r"without calling it: this is a tensor of shape \[3\]"):
        ask(torch.ones(3))
    with pytest.raises(NotTriedYet):
        ask(lambda: ...)
    with pytest.raises(NotTriedYet):
        ask(None)
    with pytest.raises(Mistake, match="switched on or off"):
        ask(lambda: torch.set_grad_enabled(False) or 1)
    torch.set_grad_enabled(True)


@pytest.mark.parametrize("answer", [lambda x: torch.rand(3), lambda x: torch.manual_seed(0) and x])
def test_where_nothing_is_random_no_number_is_drawn_and_no_seed_set(answer):
    assert ask_deterministic(lambda x: x, 3) == 3
    with pytest.raises(Mistake, match="Nothing here is random"):
        ask_deterministic(answer, torch.ones(3))


def test_a_known_mistake_is_recognised_and_another_gets_the_general_hint():
    recognise(torch.ones(2, dtype=torch.float64), torch.ones(2), {}, otherwise="no")
    with pytest.raises(Mistake, match="the square"):
        recognise(4.0, 2.0, {"the root": (1.4, 1.41), "the square": 4.0}, otherwise="no")
    with pytest.raises(Mistake, match="no"):
        recognise(torch.ones(3), torch.ones(2), {}, otherwise="no")
    with pytest.raises(Mistake, match="no"):
        recognise(float("nan"), 1.0, {}, otherwise="no")


@pytest.mark.parametrize(
    ("draw", "hint"),
    [
        (lambda g: torch.rand(3, generator=g), None),
        (lambda g: torch.rand(3), "not the generator's"),
        (lambda g: torch.rand(3, generator=g.manual_seed(0)), "seeds the generator again"),
        (lambda g: torch.rand(3, generator=g.manual_seed(3)), "sets a seed"),
        (lambda g: torch.ones(3), "sets a seed"),
    ],
)
def test_the_generator_alone_decides_what_is_drawn(draw, hint):
    if hint is None:
        expect_generator(draw)
        return
    with pytest.raises(Mistake, match=hint):
        expect_generator(draw)


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (torch.ones(5, 3), "a tensor of shape [5, 3]"),
        ((1, 2), "a tuple of 2"),
        (ElboTerms(torch.zeros(1), torch.zeros(1)), "an ElboTerms of 2"),
        (3.0, "of type float"),
        (dict, "a class, dict"),
    ],
)
def test_things_are_described_in_a_few_words(thing, words):
    assert describe(thing) == words
