"""A campaign of damaged and hostile input against everything of the course that reads.

    python tests/fuzz.py                        10,000 cases for each reader; on Linux in 1 GB more than it starts with
    python tests/fuzz.py idx --cases 500        500 cases for one
    python tests/fuzz.py idx --first 123        one case again, in which an error is not caught

A case is made of its reader's name and its number alone, so that it is the same wherever it runs. It fails where a
reader raises what it does not document, says more than two lines, or writes outside its folder. `test_fuzz.py` runs a
share of each; `README.md` counts the cases that were tried.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter

from fuzz_readers import READERS, Reader

MOST_MEMORY = 2**30


@dataclass(frozen=True)
class Failure:
    """A case that went wrong, and how."""

    reader: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.reader} --first {self.number}: {self.what}"


@contextlib.contextmanager
def quiet():
    """Let nothing that a reader prints or warns of be seen."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as said,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield said


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def try_case(reader: Reader, number: int, folder: Path) -> str:
    """Run one case in this folder; return what was wrong, or ""."""
    inside = folder / "inside"
    inside.mkdir(exist_ok=True)
    before, here = names_in(folder), Path.cwd()
    try:
        os.chdir(inside)
        with quiet():
            reader.run(Random(f"{reader.name} {number}"), inside)
    except reader.documented as error:
        if len(str(error).splitlines()) > 2 or len(str(error)) > 2000:
            return f"says too much: {str(error)[:300]!r}"
    finally:
        os.chdir(here)
    return "" if names_in(folder) == before else f"wrote outside its folder: {set(names_in(folder)) - set(before)}"


def run_cases(reader: Reader, numbers: range, report: Callable[[Failure], None]) -> int:
    """Run cases, each in a folder of its own where the last left something; report the failures and count them."""
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            place = Path(folder) / str(number // 100)
            place.mkdir(exist_ok=True)
            try:
                what = try_case(reader, number, place)
            # What is not documented is a failure, whatever it is.
            except (Exception, SystemExit) as error:
                what = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            if what:
                failures += 1
                report(Failure(reader.name, number, what))
    return failures


def limit_memory() -> None:
    """Allow this process a gigabyte more than it has now, where the system can."""
    with contextlib.suppress(ImportError, OSError):
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MOST_MEMORY, resource.RLIM_INFINITY))


def main() -> int:
    """Run the campaign that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("readers", nargs="*", help=f"of {', '.join(READERS)} (default: all)")
    parser.add_argument("--cases", type=int, default=10_000, help="for each reader")
    parser.add_argument("--first", type=int, help="run this one case")
    args = parser.parse_args()
    limit_memory()
    failures = 0
    for name in args.readers or READERS:
        if args.first is not None:
            with tempfile.TemporaryDirectory() as folder:
                print(try_case(READERS[name], args.first, Path(folder)) or "nothing is wrong")
            continue
        started = perf_counter()
        found = run_cases(READERS[name], range(args.cases), lambda failure: print(failure, flush=True))
        print(f"{name}: {args.cases:,} cases, {found:,} failures, {perf_counter() - started:.0f} s", flush=True)
        failures += found
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
