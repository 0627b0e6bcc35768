"""Run a command, and say every mistake in a line: what is wrong, and in a second line at most, what to do."""

import errno
import os
import re
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress

from vae_course.cli import doctor
from vae_course.cli.options import make_parser, two_lines

REPORT = "This should not happen: please report it, with what is printed by: python -X dev -m vae_course …"
_OUT_OF_MEMORY = re.compile("allocate|out of memory|not enough memory|Storage size")
LESS = "Ask for less: smaller --hidden, --latent-dim, --batch-size, --samples or --count"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 2 after a mistake, 130 after Ctrl-C.

    It can be called from a notebook, too. Python's own development mode (`-X dev`) shows tracebacks.

    Raises:
        SystemExit: the options cannot be understood, or ask for help.
    """
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            return _run(arguments)
        except KeyboardInterrupt:
            _say("\nStopped.")
            return 130
        except BrokenPipeError:  # Whoever reads the output, such as `head`, has read enough.
            return 1
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            _say(f"vae_course: {two_lines(explain(error))}")
            return 2
        finally:
            _let_go_of_output()


def _run(arguments: Sequence[str] | None) -> int:
    # Where the output is piped, its encoding may lack a minus sign or a β. A notebook's output needs no such thing.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    args = make_parser().parse_args(arguments)
    check_current_folder()
    # Imported late, because the doctor must also work where filelock and torch do not.
    if args.command == "doctor":
        status = doctor.main()
    elif args.command == "lab":
        from vae_course.cli import lab

        status = lab.main(args)
    elif args.command == "train":
        from vae_course.cli import together

        status = together.main(args)
    elif args.command == "sweep":
        from vae_course.cli import sweep

        status = sweep.main(args)
    elif args.command == "grade":
        from vae_course.cli import grade

        status = grade.main(args)
    else:
        from vae_course.cli import commands

        status = getattr(commands, args.command)(args) or 0
    if sys.stdout is not None:
        sys.stdout.flush()
    return status


def check_current_folder() -> None:
    """Refuse a current folder that was removed, in which torch cannot even be loaded.

    Raises:
        FileNotFoundError: says what to do.
    """
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise FileNotFoundError("the current folder was removed: change to another, with cd") from error


def explain(error: Exception) -> str:
    """Say what is wrong, and in a second line what to do about it."""
    text = str(error) or type(error).__name__
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _OUT_OF_MEMORY.search(text)):
        return f"out of memory. {text.splitlines()[0] if str(error) else ''}\n{LESS}"
    if isinstance(error, OSError) and error.strerror and error.errno:
        return _explain_system(error)
    if isinstance(error, ImportError):
        return f"{text.splitlines()[0]}\nSee what is missing, and what to type: python -m vae_course doctor"
    if isinstance(error, ValueError | OSError | FloatingPointError):
        return text
    return f"{type(error).__name__}: {text.splitlines()[0]}\n{REPORT}"


def _explain_system(error: OSError) -> str:
    """Say what the operating system refused; it names the file last, or not at all."""
    where = error.filename2 or error.filename
    text = f"{where}: {error.strerror}" if where else str(error.strerror)
    return text + ("\nMake room there, or write elsewhere: --out" if error.errno == errno.ENOSPC else "")


def _say(text: str) -> None:
    """Print on the standard error, if there is one that takes it."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(text, file=sys.stderr, flush=True)


def _show_warning(message: Warning | str, *_: object) -> None:
    """Show a warning as a line, without the line of the program that gave it."""
    _say(f"note: {two_lines(str(message))}")


def _let_go_of_output() -> None:
    """Lose what the standard output does not take any more, before Python tries once again and complains."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
