"""Checks of exercises: each takes an answer and says *not tried yet*, *not right yet* with a hint, or *right*.

A check is a function with `@exercise` above it. Its body is a list of what is tested and what is said:

    @exercise("double", "It doubles numbers of either sign.")
    def check_double(answer):
        x = torch.tensor([1.0, -2.0])
        got = ask(answer, x)
        recognise(got, 2 * x, {"That is the square.": x**2}, otherwise=f"Twice {x.tolist()} is not {got}.")

A check never stops a lesson, whatever the answer does: an error, an endless loop and a call of `exit` become hints.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from html import escape
from operator import attrgetter
from types import FunctionType
from typing import Any, Literal

from vae_course.kit.answers import attempts, keep
from vae_course.kit.guard import TooLong, finite_eigenvalues, functions_kept, settings_kept, time_limit, where
from vae_course.kit.randomness import watch_numpys_numbers

import torch
from IPython.display import HTML
from torch import Generator, Tensor

STUB = "Replace the ... with your code, then run both cells again. (You did? Then it returns nothing yet.)"
COURSES = "This is the course's own function. Run the cell with yours first, then this one again."
SHARED = "It draws or seeds NumPy's own random numbers, which all other code shares. Leave them alone."
AGAIN = "The name stands for the course's own function now, so your latest answer was checked again: "
_LOOK = {"not tried yet": ("#757575", "○"), "not right yet": ("#C05000", "✗"), "right": ("#1A8049", "✓")}
_returned: ContextVar[list[Any] | None] = ContextVar("_returned", default=None)  # what came back in this check


@dataclass(frozen=True)
class Verdict:
    """What a check has to say."""

    exercise: str
    status: Literal["not tried yet", "not right yet", "right"]
    hint: str

    def __repr__(self) -> str:
        return f"{_LOOK[self.status][1]} {self.exercise}: {self.status}. {self.hint}"

    def _repr_html_(self) -> str:
        color, mark = _LOOK[self.status]
        return (
            f'<div style="border-left: 5px solid {color}; padding: 0.4em 0.8em">'
            f"<b>{mark} <code>{escape(self.exercise)}</code>: {self.status}.</b> {escape(self.hint)}</div>"
        )


class NotTriedYet(Exception):
    """The answer is still the stub."""


class Mistake(Exception):
    """The answer is wrong; the exception's text is the hint."""


def exercise(name: str, praise: str, seconds: float = 10.0) -> Callable[[Callable[[Any], Any]], Callable[..., Verdict]]:
    """Make a check of a function that takes an answer and raises `Mistake` if something is wrong with it.

    Args:
        name: what the learner was asked to write.
        praise: what to say of a right answer: what it can do, not how good it is.
        seconds: the check is stopped after this time.
    """

    def decorate(find_mistake: Callable[[Any], Any]) -> Callable[..., Verdict]:
        @functools.wraps(find_mistake)
        def check(answer: Any) -> Verdict:
            if not _is_the_courses(answer, find_mistake):
                return _noted(answer, _judge(name, praise, seconds, find_mistake, answer), find_mistake)
            if not (seen := attempts(name).answers):
                return Verdict(name, "not tried yet", COURSES)
            verdict = _noted(seen[-1], _judge(name, praise, seconds, find_mistake, seen[-1]), find_mistake)
            return replace(verdict, hint=AGAIN + verdict.hint)

        return check

    return decorate


def _judge(name: str, praise: str, seconds: float, find_mistake: Callable[[Any], Any], answer: Any) -> Verdict:
    token, replaced = _returned.set([]), []
    try:
        with settings_kept(), finite_eigenvalues(), functions_kept(replaced), time_limit(seconds):
            touched = watch_numpys_numbers()
            hint = find_mistake(answer) or (SHARED if touched() else None)
    except NotTriedYet:
        return Verdict(name, "not tried yet", STUB)
    except Mistake as mistake:
        hint = str(mistake)
    except TooLong:
        hint = f"It did not come back within {seconds:g} seconds, so it was stopped. Look for an endless loop."
    except KeyboardInterrupt:
        hint = "It was interrupted."
    # Whatever goes wrong in the learner's code is for the learner to read, and the lesson goes on.
    except (Exception, SystemExit, GeneratorExit) as error:
        hint = f"It stopped with {where(error)}"
    finally:
        _returned.reset(token)
    if replaced:
        hint = f"It replaces {replaced[0]}, which all other code depends on. (It was put back.) Leave it as it is."
    return Verdict(name, "right", praise) if hint is None else Verdict(name, "not right yet", hint)


def _noted(answer: Any, verdict: Verdict, find_mistake: Callable[[Any], Any]) -> Verdict:
    """Remember the verdict, and keep a right answer."""
    attempts(verdict.exercise).note(answer, f"is {verdict.status}")
    if verdict.status != "right":
        return verdict
    lesson = find_mistake.__module__.rpartition(".")[0].rpartition(".")[2]
    return replace(verdict, hint=f"{verdict.hint} {keep(verdict.exercise, answer, lesson)}".rstrip())


def _is_the_courses(answer: Any, find_mistake: Callable[[Any], Any]) -> bool:
    """Say whether the answer is a function or class of the package that the check belongs to."""
    package = find_mistake.__module__.split(".")[0]
    if not isinstance(answer, FunctionType | type) or package == "__main__":
        return False
    if f"{answer.__module__}".split(".")[0] != package:
        return False
    try:
        return attrgetter(answer.__qualname__)(sys.modules[answer.__module__]) is answer
    except (AttributeError, KeyError):  # It was made inside a function.
        return False


def expect(condition: Any, hint: str) -> None:
    """Raise `Mistake` with the hint unless the condition is true."""
    if not condition:
        raise Mistake(hint)


def close(a: Any, b: Any, rtol: float = 1e-4, atol: float = 1e-4) -> bool:
    """Say whether two tensors or numbers have one shape and nearly the same finite values, whatever their dtypes."""
    a, b = (torch.as_tensor(value).detach().double() for value in (a, b))
    return a.shape == b.shape and torch.allclose(a, b, rtol=rtol, atol=atol)


def recognise(
    got: Any,
    right: Any,
    mistakes: Mapping[str, Any],
    otherwise: str,
    same: Callable[[Any, Any], bool] = close,
) -> None:
    """Raise `Mistake` unless `got` is right, with the hint of the first known wrong value that it equals.

    Args:
        got: the answer's result.
        right: what it should be.
        mistakes: hint → the wrong value that deserves it, or a tuple of such values.
        otherwise: the hint for a value that is not known.
        same: whether two values are the same.
    """
    if same(got, right):
        return
    for hint, wrong in mistakes.items():
        if any(same(got, value) for value in (wrong if isinstance(wrong, tuple) else (wrong,))):
            raise Mistake(hint)
    raise Mistake(otherwise)


def tried(result: Any) -> Any:
    """Pass a result of the learner's on, unless it is what a body of `...` gives."""
    if result is None or result is ...:
        raise NotTriedYet
    return result


def ask(answer: Any, *args: Any, **kwargs: Any) -> Any:
    """Call the answer and return its result; raise `Mistake` for what no answer may do.

    That is: it is no function; it overwrites a tensor that it was given, or changes whether this needs a gradient; it
    leaves gradients switched off or on, or another default dtype.

    Raises:
        NotTriedYet: the answer or its result is a stub.
    """
    expect(callable(tried(answer)), f"Hand over the function itself, without calling it: this is {describe(answer)}.")
    given = [*enumerate(args, 1), *kwargs.items()]
    tensors = {key: value for key, value in given if isinstance(value, Tensor)}
    before = {key: (value.detach().clone(), value.requires_grad) for key, value in tensors.items()}
    gradients, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    result = answer(*args, **kwargs)
    _expect_something(result, [*args, *kwargs.values()])
    expect(torch.is_grad_enabled() == gradients, "It leaves gradients switched on or off: use `with torch.no_grad():`.")
    expect(torch.get_default_dtype() == dtype, "It changes torch's default dtype, which all other code depends on.")
    for key, value in tensors.items():
        name = key if isinstance(key, str) else _parameter(answer, key)
        numbers, needs_gradient = before[key]
        overwrote = f"Your function overwrote {name}, which the caller still needs: no `+=`, no `exp_()`."
        expect(torch.equal(numbers.nan_to_num(), value.detach().nan_to_num()), overwrote)
        switched = f"It changes {name} for the caller: leave out `requires_grad_()`. `.detach()` gives one without."
        expect(value.requires_grad == needs_gradient, switched)
    return result


def _expect_something(result: Any, inputs: list[Any]) -> None:
    """Raise `NotTriedYet` for what a stub returns, and `Mistake` if something came back for other inputs."""
    before, which = _returned.get(), ", ".join(map(describe, inputs))
    nothing = before and (result is None or result is ...)
    expect(not nothing, f"For some inputs it returns nothing: {which}. Every way through it needs a `return`.")
    tried(result)
    if before is not None:
        before.append(result)


def ask_deterministic(answer: Any, *args: Any) -> Any:
    """Do as `ask` does, and expect that no random number is drawn and no seed set."""
    torch.rand(1)  # So that setting the same seed as the lesson did is seen, too.
    before = torch.random.get_rng_state()
    result = ask(answer, *args)
    untouched = torch.equal(before, torch.random.get_rng_state())
    expect(untouched, "It draws random numbers, or sets their seed for all. Nothing here is random.")
    return result


def expect_generator(draw: Callable[[Generator], Tensor], of: str = "the function that draws") -> None:
    """Raise `Mistake` unless the generator alone decides what is drawn.

    Args:
        draw: calls the answer with a generator and returns what it drew.
        of: where the generator should be handed on to, for the hint.
    """
    generator = Generator().manual_seed(3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        first, second = draw(generator), draw(generator)
        torch.manual_seed(2)
        twin, other = draw(Generator().manual_seed(3)), draw(Generator().manual_seed(4))
    expect(generator.initial_seed() == 3, "It seeds the generator again. Use it as it is given: the caller seeds it.")
    expect(
        not torch.equal(first, second),
        "Two calls in a row drew the same numbers: something inside sets a seed, "
        "or draws from a copy of the generator.",
    )
    expect(
        torch.equal(first, twin),
        f"The same seed gave other numbers: the noise is not the generator's. Hand `generator` on to {of}.",
    )
    expect(not torch.equal(first, other), "Another seed gave the same numbers: hand the generator on, as it is given.")


def describe(thing: Any) -> str:
    """Say what kind of thing this is, in a few words: "a tensor of shape [5, 3]", "a tuple of 2"."""
    if isinstance(thing, Tensor):
        return f"a tensor of shape {list(thing.shape)}"
    if isinstance(thing, tuple | list):
        name, own = type(thing).__name__, " (a class of your own)" * (type(thing).__module__ == "__main__")
        return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name} of {len(thing)}{own}"
    return f"a class, {thing.__name__}" if isinstance(thing, type) else f"of type {type(thing).__name__}"


def show_me(*solutions: Any) -> HTML:
    """Show the package's own source of functions or classes, folded away until it is clicked."""
    blocks = "".join(f"<pre>{escape(inspect.getsource(solution))}</pre>" for solution in solutions)
    names = ", ".join(f"<code>{escape(solution.__name__)}</code>" for solution in solutions)
    return HTML(f"<details><summary>Show me: how the course wrote {names}</summary>{blocks}</details>")


def _parameter(answer: Any, position: int) -> str:
    """Name the answer's parameter at this position, counted from 1."""
    try:
        return list(inspect.signature(answer).parameters)[position - 1]
    except (IndexError, TypeError, ValueError):
        return f"its argument {position}"
