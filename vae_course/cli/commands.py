"""What the commands of the command line do; `options` holds their options."""

import argparse
import json
import logging
import os
import sys
from dataclasses import asdict

# A notebook shows its figures itself. A program writes them into files alone, so that no display is looked for.
if "ipykernel" not in sys.modules:
    os.environ["MPLBACKEND"] = "agg"
    # Nor does it matter here where matplotlib keeps its cache, if it finds no home folder.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)

from vae_course.checkpoints import Checkpoint, describe_model, step_name
from vae_course.cli.epochs import epochs
from vae_course.cli.folders import (
    CHECKPOINT,
    METRICS,
    RECONSTRUCTIONS,
    SAMPLES,
    check_new,
    check_places,
    in_epochs,
    keep,
    locked,
)
from vae_course.cli.measures import measure, measure_tightly
from vae_course.cli.pictures import check_outputs, check_picture, save_reconstructions, save_samples
from vae_course.cli.runs import (
    Run,
    digits_of,
    in_embedded,
    load_run,
    new_run,
    resumed_run,
    run_folder,
)
from vae_course.data import check_binarization
from vae_course.digits import EMBEDDED, Digits, load_digits
from vae_course.digits.download import data_home, fetch_mnist
from vae_course.files import write_atomically


def train(args: argparse.Namespace) -> int:
    """Train, keeping a checkpoint after every epoch, and within an epoch as often as `--save-every` says."""
    if not args.save_every >= 0:
        raise ValueError(f"--save-every {args.save_every:g} must be at least 0 seconds")
    new = None if args.resume else new_run(args)
    folder = new.folder if new else run_folder(args)
    with locked(folder):
        if new:
            check_new(folder)
        check_places(folder)
        run = new or resumed_run(args)
        check_outputs(folder, METRICS, SAMPLES, RECONSTRUCTIONS)
        print(f"{describe(run.digits)}; {run.checkpoint.config.binarization} binarisation; ", end="")
        print(f"on {run.checkpoint.model.device}; writing to {folder}", flush=True)
        done = train_epochs(run, args.save_every)
        if done is None:
            return 130
        report(run._replace(checkpoint=done))
    return 0


def train_epochs(run: Run, save_every: float) -> Checkpoint | None:
    """Train to the end, and return what was kept last; None after Ctrl-C, which loses what was not kept yet."""
    kept = run.checkpoint
    try:
        for checkpoint in epochs(kept, run.digits, save_every):
            keep(run.folder, checkpoint, over_damaged=run.damaged and kept is run.checkpoint)
            kept = checkpoint
    except KeyboardInterrupt:
        text = f"Kept so far: {in_epochs(kept)}, in {run.folder / CHECKPOINT}"
        text += f"\nGo on with: python -m vae_course train --resume {run.folder}"
        begun = kept.metrics or kept.unfinished
        print(f"\nStopped. {text if begun else 'Nothing was saved yet, so nothing is kept.'}", file=sys.stderr)
        return None
    return kept


def report(run: Run) -> None:
    """Measure the model, and write what is to be seen of it beside its checkpoint."""
    checkpoint, digits, folder = run.checkpoint, run.digits, run.folder
    test = measure(checkpoint.model, digits, checkpoint.config.binarization)
    summary = {
        "test": test,
        "model": describe_model(checkpoint.model),
        "config": asdict(checkpoint.config),
        "recipe": checkpoint.recipe,
        "optimizer": type(checkpoint.optimizer).__name__,
        "step": step_name(checkpoint.step),
        "seconds": round(sum(metrics["seconds"] for metrics in checkpoint.metrics), 1),
        "epochs": checkpoint.metrics,
    }
    write_atomically(folder / METRICS, json.dumps(summary, indent=1).encode())
    save_samples(checkpoint.model, 64, checkpoint.config.seed, folder / SAMPLES)
    save_reconstructions(checkpoint, digits, range(min(10, len(digits.test_images))), folder / RECONSTRUCTIONS)
    print(
        f"test −ELBO {test['negative_elbo']:.2f} nats per image = reconstruction {test['reconstruction']:.2f} "
        f"+ KL {test['kl']:.2f} ({test['images']:,} {digits.name} digits, {test['binarization']} binarisation, "
        f"1 draw of z each)\nwrote {CHECKPOINT}, {METRICS}, {SAMPLES} and {RECONSTRUCTIONS} into {folder}"
    )


def evaluate(args: argparse.Namespace) -> None:
    """Print the test figures of a checkpoint."""
    run = load_run(args)
    digits = digits_of(run, args.data)
    if in_embedded(run, digits):
        print("note: the embedded digits are part of MNIST's training set, which this model has seen", file=sys.stderr)
    binarization = args.binarization or run.config.binarization
    check_binarization(binarization)
    result = measure(run.model, digits, binarization)
    if args.samples is not None:
        result["importance_weighted"] = measure_tightly(run.model, digits, binarization, args.samples)
    beta = {} if args.beta is None else {"beta": args.beta}
    print(json.dumps({"checkpoint": str(args.checkpoint), "trained_on": run.data, **beta, **result}, indent=1))


def sample(args: argparse.Namespace) -> None:
    """Write a picture of invented digits."""
    if args.count < 1:
        raise ValueError(f"--count {args.count} must be at least 1")
    check_picture(args.out)
    run = load_run(args)
    save_samples(run.model, args.count, args.seed, args.out)
    print(f"wrote {args.out}")


def reconstruct(args: argparse.Namespace) -> None:
    """Write a picture of test digits above their reconstructions."""
    check_picture(args.out)
    run = load_run(args)
    digits = digits_of(run, args.data)
    index = args.index or range(min(10, len(digits.test_images)))
    save_reconstructions(run, digits, index, args.out)
    print(f"wrote {args.out}")


def data(args: argparse.Namespace) -> None:
    """Fetch digits, check them, and say where they are."""
    if args.source != "mnist" and (args.again or args.mirror):
        raise ValueError(f"--again and --mirror are for mnist, not for {args.source}")
    if args.again:
        fetch_mnist(args.mirror)
    digits = load_digits(args.source, args.mirror)
    folder = EMBEDDED if args.source == "embedded" else digits.name
    print(f"{describe(digits)}, in {data_home() / 'MNIST' / 'raw' if args.source == 'mnist' else folder}")


def describe(digits: Digits) -> str:
    """Say how many digits of which kind there are."""
    return f"{digits.name}: {len(digits.train_images):,} training and {len(digits.test_images):,} test digits"
