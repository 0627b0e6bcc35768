"""Running code of others: it gets a time limit, what it changes for all is put back, and its errors are named."""

import contextlib
import ctypes
import signal
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from vae_course.kit.randomness import put_back, shared_numbers

import torch
from torch import Tensor

# A machine that is shared may give a program a tenth of its time. So the limit counts what is computed, up to six
# times as long on the clock. What computes less than a twentieth of this does not wait for a processor: it sleeps.
_PATIENCE, _ASLEEP = 6, 0.05
_LONGEST = 200  # characters of an error's text that are shown
_LIBRARIES = tuple({str(Path(p)) for p in sysconfig.get_paths().values()} | {str(Path(__file__).parents[1]), "<frozen"})
_EIGENVALUES = {name: getattr(torch.linalg, name) for name in ("eig", "eigvals")}


class TooLong(BaseException):
    """The time is up. Not an `Exception`, so that the code that is stopped does not catch it by accident."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in this thread if the block has not ended after this time, and again until it ends.

    The time has passed when the process has computed that long. Only if it hardly computes, or after six times as long,
    the clock decides: on a busy machine, importing a library alone may take ten seconds.
    A loop in Python and a `sleep` are stopped at once, one long call of a library when it returns. An `except:` in a
    loop may catch `TooLong`; in the main thread the next one ends that loop, too. The block has to call a function, and
    that is stopped; what leaves the block is not, or the limit would never be lifted.
    """
    ended, target, owner = threading.Event(), threading.get_ident(), sys._getframe(2)
    main = threading.current_thread() is threading.main_thread()

    def watch() -> None:
        clock, computed = time.monotonic(), time.process_time()
        ended.wait(seconds)
        while not ended.is_set():
            if _is_over(seconds, time.monotonic() - clock, time.process_time() - computed):
                break
            ended.wait(0.1)
        if not ended.is_set():
            expired.set()
        while not ended.wait(0.2):
            if main:
                _interrupt(target)
            elif _inside(sys._current_frames().get(target), owner):
                _raise_in(target)

    def handler(_: int, frame: FrameType | None) -> None:
        if not expired.is_set():
            raise KeyboardInterrupt
        # The signal may come late, while the memory of what was stopped is given back.
        if _inside(frame, owner):
            if caught:
                _raise_once_more(frame, owner)
            caught.append(True)
            raise TooLong

    expired, caught, traced = threading.Event(), [], sys.gettrace()
    previous = signal.signal(signal.SIGINT, handler) if main else None
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        if main:
            signal.signal(signal.SIGINT, previous or signal.default_int_handler)
        if caught:
            sys.settrace(traced)


@contextmanager
def settings_kept() -> Iterator[None]:
    """Put back the random numbers that all code shares, whether gradients are on, and the default dtype."""
    numbers, gradients, dtype = shared_numbers(), torch.is_grad_enabled(), torch.get_default_dtype()
    try:
        yield
    finally:
        put_back(numbers)
        torch.set_grad_enabled(gradients)
        torch.set_default_dtype(dtype)


@contextmanager
def functions_kept(replaced: list[str]) -> Iterator[None]:
    """Put back functions of torch and of this package that the block replaces, and add their names to `replaced`.

    What torch itself replaces, as when its compiler is imported, stays.
    """
    package = __name__.split(".")[0]
    own = [module for name, module in [*sys.modules.items()] if name.split(".")[0] == package]
    places = [torch, torch.linalg, torch.nn.functional, Tensor, *own]
    before = [
        (place, name, value)
        for place in places
        for name, value in vars(place).items()
        if callable(value) and not isinstance(value, type)
    ]
    methods = set(vars(Tensor))
    try:
        yield
    finally:
        for place, name, value in before:
            new = vars(place).get(name)
            if new is not value and f"{getattr(new, '__module__', '')}".split(".")[0] not in ("torch", package):
                setattr(place, name, value)
                replaced.append(f"{place.__name__}.{name}")
        for name in vars(Tensor).keys() - methods:
            delattr(Tensor, name)
            replaced.append(f"Tensor.{name}")


@contextmanager
def finite_eigenvalues() -> Iterator[None]:
    """Let `torch.linalg.eig` and `eigvals` raise a `ValueError` where a matrix is not finite.

    Without it they end the whole process on some processors (torch 2.13 with oneMKL on an Intel Xeon).
    """

    def guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(matrix: Tensor, *args: Any, **kwargs: Any) -> Any:
            if not matrix.isfinite().all():
                raise ValueError(f"torch.linalg.{name}: a value is not finite")
            return function(matrix, *args, **kwargs)

        return refuse

    try:
        for name, function in _EIGENVALUES.items():
            setattr(torch.linalg, name, guarded(name, function))
        yield
    finally:
        for name, function in _EIGENVALUES.items():
            setattr(torch.linalg, name, function)


def where(error: BaseException) -> str:
    """Name the error on one line, and the learner's own line, not the line of a library that it called."""
    text = " ".join(str(error).split())
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    frames = traceback.extract_tb(error.__traceback__)
    # Compiled libraries show no line.
    own = [frame for frame in frames if frame.line and not frame.filename.startswith(_LIBRARIES)]
    place = f" (at `{own[-1].line}`)" if own else ""
    return f"{type(error).__name__}{': ' if text else ''}{text}{place}"


def _is_over(seconds: float, clock: float, computed: float) -> bool:
    """Say whether a limit of so many seconds has passed, given those on the clock and those that were computed."""
    return computed >= seconds or clock >= _PATIENCE * seconds or computed < _ASLEEP * clock


def _inside(frame: FrameType | None, owner: FrameType) -> bool:
    """Say whether a frame belongs to what the owner's block calls, and not to what enters or leaves the block."""
    while frame and frame.f_back is not owner:
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename != contextlib.__file__


def _raise_once_more(frame: FrameType | None, owner: FrameType) -> None:
    """Raise `TooLong` at the next line that runs in code of others, and so in an `except` that catches the first."""

    def trace(_frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            raise TooLong
        return trace

    while frame and frame is not owner:
        if not frame.f_code.co_filename.startswith(_LIBRARIES):
            frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(lambda *_: None)


def _interrupt(thread: int) -> None:
    """Send the interrupt signal, which also ends a `sleep`."""
    if sys.platform == "win32":
        signal.raise_signal(signal.SIGINT)
    else:
        signal.pthread_kill(thread, signal.SIGINT)


def _raise_in(thread: int) -> None:
    """Raise `TooLong` in a thread other than the main one, to which signals do not go."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TooLong))
