"""Train in all processes that torchrun has started: torchrun --nproc-per-node 2 -m vae_course train …"""

import os
from argparse import Namespace
from contextlib import redirect_stderr, redirect_stdout
from math import inf

from vae_course.cli import commands
from vae_course.cli.epochs import epochs
from vae_course.cli.runs import new_run, resumed_run
from vae_course.extras.distributed import is_first, joined


def main(args: Namespace) -> int:
    """Train, alone or together; of several processes only the first prints and writes."""
    with joined():
        return commands.train(args) if is_first() else follow(args)


def follow(args: Namespace) -> int:
    """Do a share of each step that the first process takes."""
    run = resumed_run(args) if args.resume else new_run(args)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(None):
        for _ in epochs(run.checkpoint, run.digits, save_every=inf):
            pass
    return 0
