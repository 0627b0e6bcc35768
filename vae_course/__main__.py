"""The command line: python -m vae_course train · evaluate · sample · reconstruct · data · doctor."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from vae_course.cli import doctor


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; a mistake in the input is printed in one line, without a traceback."""
    args = make_parser().parse_args(arguments)
    if args.command == "doctor":
        return doctor.main()
    # Where the output is piped, its encoding may lack a minus sign or a β.
    sys.stdout.reconfigure(errors="replace")
    # Imported late, because the doctor must also work where torch does not.
    from vae_course.cli import commands

    try:
        return getattr(commands, args.command)(args) or 0
    except (ValueError, OSError, FloatingPointError) as error:
        print(f"vae_course: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="python -m vae_course",
        description="A variational autoencoder on MNIST, from the command line. All figures are nats per image.",
        epilog="Start with: python -m vae_course train   (seconds; 4,000 embedded digits, no network needed)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    sub = command("train", "Train a VAE; write its checkpoint, pictures and metrics into a folder.")
    sub.add_argument(
        "--recipe",
        metavar="NAME",
        help="named settings: every-beta and plane, of the shipped weights, or grey, static, burda, wide, "
        "convolutional; other options change them",
    )
    sub.add_argument("--data", metavar="SOURCE", help="embedded (the default), mnist, or a folder of IDX files")
    sub.add_argument("--epochs", type=int, help="passes over the images (default 20)")
    sub.add_argument("--batch-size", type=int, help="images a step (default 128)")
    sub.add_argument("--optimizer", help="adam (the default), or muon, which needs fewer epochs")
    sub.add_argument("--learning-rate", type=float, help="of the optimizer (default 0.001)")
    sub.add_argument("--decay", action="store_true", default=None, help="let it fall to 0 over the second half")
    sub.add_argument("--beta", type=parse_beta, help="weight of the KL (default 1), or a schedule: 0:0,5:1 rises to 1")
    sub.add_argument("--binarization", help="dynamic (the default), static, threshold or grey")
    sub.add_argument("--seed", type=int, help="of everything random (default 0)")
    sub.add_argument("--latent-dim", type=int, help="number of latent dimensions (default 20)")
    sub.add_argument("--hidden", type=int, nargs="+", metavar="WIDTH", help="widths of the hidden layers (default 400)")
    where = sub.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, help="the folder to write (default runs/DATA-SETTINGS)")
    where.add_argument(
        "--resume", type=Path, metavar="FOLDER", help="go on with the run in this folder, up to --epochs"
    )

    sub = command("evaluate", "Print a checkpoint's test ELBO, or a tighter bound too, as JSON.")
    add_checkpoint_options(sub)
    sub.add_argument("--binarization", help="of the test images (default: as trained)")
    sub.add_argument(
        "--samples",
        type=int,
        metavar="K",
        help="also bound -log p(x) by K importance samples an image; 5000 is usual, and takes minutes",
    )

    sub = command("sample", "Invent digits: z from the prior, then the mean of p(x|z), as a picture.")
    add_model_options(sub)
    sub.add_argument("--count", type=int, default=64)
    sub.add_argument("--seed", type=int, default=0)
    sub.add_argument("--out", type=Path, default=Path("samples.png"))

    sub = command("reconstruct", "Show test digits above their reconstructions, as a picture.")
    add_checkpoint_options(sub)
    sub.add_argument("--index", type=int, nargs="+", default=list(range(10)), help="which test digits (default 0 to 9)")
    sub.add_argument("--out", type=Path, default=Path("reconstructions.png"))

    sub = command("data", "Fetch digits if they are not here yet, check them, and say where they are.")
    sub.add_argument("source", nargs="?", default="mnist", help="mnist (the default), embedded, or a folder")
    sub.add_argument("--mirror", metavar="URL", help="a folder with MNIST's four .gz files: http://…/ or file:///…/")
    sub.add_argument("--again", action="store_true", help="fetch MNIST even if it is here, and replace it")

    command("doctor", "Say what is fine on this machine, what is not, and what to type.")
    return parser


def add_checkpoint_options(sub: argparse.ArgumentParser) -> None:
    """The options of commands that show a checkpoint on test digits."""
    add_model_options(sub)
    sub.add_argument("--data", metavar="SOURCE", help="embedded, mnist or a folder (default: as trained)")


def add_model_options(sub: argparse.ArgumentParser) -> None:
    """Which model is meant."""
    sub.add_argument("checkpoint", type=Path, help="a checkpoint, or the folder of a run")
    sub.add_argument("--beta", type=float, help="of a network that has learnt every β (default 1)")


def parse_beta(text: str) -> float | tuple[tuple[float, float], ...]:
    """`"4"` is a number, `"0:0,5:1"` a schedule of epoch:β pairs."""
    try:
        if ":" not in text:
            return float(text)
        return tuple((float(epoch), float(beta)) for epoch, beta in (knot.split(":") for knot in text.split(",")))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor epoch:β pairs such as 0:0,5:1") from error


if __name__ == "__main__":
    sys.exit(main())
