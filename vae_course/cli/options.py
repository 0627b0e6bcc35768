"""The options of the command line."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

MOST_DIGITS = 10_000
LONGEST = 500


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in a line, and in a second where the options are listed."""

    def error(self, message: str) -> NoReturn:
        """Exit with the message, without the usage's many lines."""
        self.exit(2, f"vae_course: {' '.join(two_lines(message).splitlines())}\nAll options: {self.prog} --help\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, and refuse what argparse itself stumbles over: `--out=--` is an option without a value."""
        try:
            found, rest = super().parse_known_args(args, namespace)
        except (AttributeError, TypeError, ValueError) as error:
            self.error(f"the options cannot be understood: {error}")
        for name, value in vars(found).items():
            if value == []:
                self.error(f"argument --{name.replace('_', '-')}: expected a value")
        return found, rest


def two_lines(text: str) -> str:
    """Bring a text into two lines at most, neither of them endless, with nothing that steers a terminal."""
    printable = "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
    first, *others = [" ".join(line.split()) for line in printable.splitlines() if line.strip()] or [""]
    return "\n".join(_shorten(line) for line in (first, " ".join(others)) if line)


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"


def make_parser() -> argparse.ArgumentParser:
    """Make the whole command line."""
    program = "vae-course" if Path(sys.argv[0]).stem == "vae-course" else "python -m vae_course"
    parser = Parser(
        prog=program,
        description="A variational autoencoder on MNIST, from the command line. All figures are nats per image.",
        epilog=f"Start with: {program} lab   (opens the lessons; no network needed)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (add_options, text) in COMMANDS.items():
        add_options(commands.add_parser(name, help=text, description=text))
    return parser


def add_lab_options(sub: argparse.ArgumentParser) -> None:
    """Add the options of `lab`."""
    sub.add_argument(
        "folder",
        type=path,
        nargs="?",
        metavar="FOLDER",
        help="your own folder (default my-course, or this one if it is yours)",
    )
    sub.add_argument("--fresh", action="store_true", help="start over: move what is there into a dated subfolder")
    sub.add_argument(
        "--with-outputs",
        action="store_true",
        help="for readers: new lessons have the course's outputs",
    )
    sub.add_argument("--make-only", action="store_true", help="make or update the folder, and do not open it")
    sub.add_argument("--no-browser", action="store_true", help="start JupyterLab, and print the address to open")


def add_grade_options(sub: argparse.ArgumentParser) -> None:
    """Add the options of `grade`."""
    sub.add_argument("folders", type=path, nargs="+", metavar="FOLDER", help="learners' folders, one each")
    sub.add_argument("--out", type=path, help="the CSV file to write (default: print it)")
    sub.add_argument("--seconds", type=number, default=60.0, help="a check is stopped after these (default 60)")


def add_train_options(sub: argparse.ArgumentParser) -> None:
    """Add the options of `train`."""
    add_settings(sub)
    where = sub.add_mutually_exclusive_group()
    where.add_argument("--out", type=path, help="the folder to write (default runs/DATA-SETTINGS)")
    where.add_argument(
        "--resume", type=path, metavar="FOLDER", help="go on with the run in this folder, up to --epochs"
    )


def add_sweep_options(sub: argparse.ArgumentParser) -> None:
    """Add the options of `sweep`: those of VARIED take several values, and the others are those of `train`."""
    add_settings(sub, nargs="+")
    sub.add_argument("--out", type=path, default=Path("runs"), help="the folder of all runs (default runs)")
    sub.add_argument("--jobs", type=whole_number(1000), help="how many runs at once (default: one for each core)")
    sub.add_argument("--engine", type=some_text, default="local", help="local (the default): this machine; or slurm")


VARIED = ("recipe", "batch_size", "optimizer", "learning_rate", "beta", "latent_dim", "seed")
"""The settings of which a sweep takes several values."""


def add_settings(sub: argparse.ArgumentParser, **each: Any) -> None:
    """Add the settings of a training; `each` goes to those of VARIED."""
    sub.add_argument(
        "--recipe",
        type=some_text,
        metavar="NAME",
        help="named settings: every-beta and plane, of the shipped weights, or grey, static, burda, "
        "convolutional, learned-prior; other options change them",
        **each,
    )
    sub.add_argument(
        "--data", type=some_text, metavar="SOURCE", help="embedded (the default), mnist, or a folder of IDX files"
    )
    sub.add_argument("--epochs", type=whole_number(), help="passes over the images (default 20)")
    sub.add_argument("--batch-size", type=whole_number(), help="images per step (default 128)", **each)
    sub.add_argument(
        "--optimizer", type=some_text, help="adam (the default), or muon, which needs fewer epochs", **each
    )
    sub.add_argument("--learning-rate", type=number, help="of the optimizer (default 0.001)", **each)
    sub.add_argument("--decay", action="store_true", default=None, help="let it fall to 0 over the second half")
    beta = "weight of the KL (default 1), or a schedule: 0:0,5:1 rises to 1"
    sub.add_argument("--beta", type=parse_beta, help=beta, **each)
    sub.add_argument("--binarization", type=some_text, help="dynamic (the default), static, threshold or grey")
    sub.add_argument("--seed", type=seed, help="of everything random (default 0)", **each)
    sub.add_argument("--latent-dim", type=whole_number(10**6), help="number of latent dimensions (default 20)", **each)
    sub.add_argument(
        "--hidden",
        type=whole_number(10**6),
        nargs="+",
        metavar="WIDTH",
        help="widths of the hidden layers (default 400)",
    )
    sub.add_argument(
        "--save-every",
        type=number,
        default=30.0,
        metavar="SECONDS",
        help="keep what is done of an epoch so often (default 30); every epoch is kept at its end",
    )


def add_evaluate_options(sub: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate`."""
    add_checkpoint_options(sub)
    sub.add_argument("--binarization", type=some_text, help="of the test images (default: as trained)")
    sub.add_argument(
        "--samples",
        type=whole_number(10**6),
        metavar="K",
        help="also bound -log p(x) by K importance samples per image; 5000 is usual, and takes minutes",
    )


def add_sample_options(sub: argparse.ArgumentParser) -> None:
    """Add the options of `sample`."""
    add_model_options(sub)
    sub.add_argument("--count", type=whole_number(MOST_DIGITS), default=64, help="how many digits (default 64)")
    sub.add_argument("--seed", type=seed, default=0, help="of the draws (default 0)")
    sub.add_argument("--out", type=path, default=Path("samples.png"), help="the picture to write")


def add_reconstruct_options(sub: argparse.ArgumentParser) -> None:
    """Add the options of `reconstruct`."""
    add_checkpoint_options(sub)
    sub.add_argument("--index", type=whole_number(), nargs="+", help="which test digits (default 0 to 9)")
    sub.add_argument("--out", type=path, default=Path("reconstructions.png"), help="the picture to write")


def add_data_options(sub: argparse.ArgumentParser) -> None:
    """Add the options of `data`."""
    sub.add_argument(
        "source", type=some_text, nargs="?", default="mnist", help="mnist (the default), embedded, or a folder"
    )
    sub.add_argument(
        "--mirror",
        type=some_text,
        metavar="URL",
        help="a folder with MNIST's four .gz files: http://…/ or file:///…/",
    )
    sub.add_argument("--again", action="store_true", help="fetch MNIST even if it is here, and replace it")


def add_checkpoint_options(sub: argparse.ArgumentParser) -> None:
    """Add the options of commands that show a checkpoint on test digits."""
    add_model_options(sub)
    sub.add_argument(
        "--data", type=some_text, metavar="SOURCE", help="embedded, mnist or a folder (default: as trained)"
    )


def add_model_options(sub: argparse.ArgumentParser) -> None:
    """Add the options that say which model is meant."""
    sub.add_argument("checkpoint", type=path, help="a checkpoint, or the folder of a run")
    sub.add_argument("--beta", type=number, help="of a network that has learnt every β (default 1)")


def some_text(text: str) -> str:
    """Refuse an empty string: it is a variable that was not set, and does not mean "not given"."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; give a value, or leave the option out")
    return text


def path(text: str) -> Path:
    """Read a path; an empty one would mean the current folder."""
    if "\0" in some_text(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no path")
    return Path(text)


def number(text: str) -> float:
    """Read a number."""
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{_shorten(text)!r} is no number") from error


def whole_number(most: int = 10**9) -> Callable[[str], int]:
    """Make a reader of whole numbers up to `most`; what is too small is refused where it is used."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{_shorten(text)!r} is no whole number") from error
        if abs(value) > most:
            raise argparse.ArgumentTypeError(f"{_shorten(text)} is too large; at most {most:,}")
        return value

    return read


def seed(text: str) -> int:
    """Read a seed."""
    value = whole_number(2**63 - 1)(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} must be at least 0")
    return value


def parse_beta(text: str) -> float | tuple[tuple[float, float], ...]:
    """Read `"4"` as a number, and `"0:0,5:1"` as a schedule of epoch:β pairs."""
    try:
        if ":" not in text:
            return float(text)
        return tuple((float(epoch), float(beta)) for epoch, beta in (knot.split(":") for knot in text.split(",")))
    except ValueError as error:
        message = f"{_shorten(text)!r} is neither a number nor epoch:β pairs such as 0:0,5:1"
        raise argparse.ArgumentTypeError(message) from error


def add_no_options(sub: argparse.ArgumentParser) -> None:
    """Add nothing."""


COMMANDS: dict[str, tuple[Callable[[argparse.ArgumentParser], None], str]] = {
    "lab": (add_lab_options, "Open the lessons in JupyterLab, in a folder of your own, which is made or updated."),
    "train": (add_train_options, "Train a VAE; write its checkpoint, pictures and metrics into a folder."),
    "sweep": (add_sweep_options, "Train every combination of the settings that have several values, side by side."),
    "evaluate": (add_evaluate_options, "Print a checkpoint's test ELBO, or a tighter bound too, as JSON."),
    "sample": (add_sample_options, "Invent digits: z from the prior, then the mean of p(x|z), as a picture."),
    "reconstruct": (add_reconstruct_options, "Show test digits above their reconstructions, as a picture."),
    "data": (add_data_options, "Fetch digits if they are not here yet, check them, and say where they are."),
    "grade": (add_grade_options, "For teachers: which exercises are right in learners' folders, as a CSV table."),
    "doctor": (add_no_options, "Say what is fine on this machine, what is not, and what to type."),
}
