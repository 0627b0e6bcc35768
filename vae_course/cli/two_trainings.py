"""Measure whether two trainings at once disturb each other, which threads that spin while they wait do.

Run as a program, this is one of the two: it takes steps for as many seconds as it reads, and prints how many they were.
"""

import subprocess
import sys
from collections.abc import Sequence
from threading import Timer
from time import perf_counter

SECONDS = 0.5
# Starting Python and torch takes seconds; a machine where it takes longer than this is too slow to be measured.
GIVEN_UP_AFTER = 60.0


def steps_per_second() -> tuple[float, float]:
    """Return the speed of one training alone, and that of the slower of two at once.

    Raises:
        ValueError: a training did not answer.
    """
    command = [sys.executable, "-m", __name__]
    children = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1
        )
        for _ in range(2)
    ]
    watch = Timer(GIVEN_UP_AFTER, lambda: [child.kill() for child in children])
    watch.start()
    try:
        for child in children:
            child.stdout.readline()  # It is ready.
        return _ask(children[:1]), _ask(children)
    except OSError as error:
        raise ValueError("a training did not answer") from error
    finally:
        watch.cancel()
        for child in children:
            child.kill()
            child.communicate()


def _ask(children: Sequence[subprocess.Popen]) -> float:
    for child in children:
        child.stdin.write(f"{SECONDS}\n")
    answers = [child.stdout.readline() for child in children]
    if not all(answers):
        raise ValueError("a training did not answer")
    return min(map(int, answers)) / SECONDS


def main() -> None:
    """Train a small network on noise, whenever a number of seconds is read."""
    from vae_course.training import adam, training_step
    from vae_course.vae import VAE

    import torch

    model, generator = VAE(), torch.Generator().manual_seed(0)
    optimizer, x = adam(model.parameters(), 1e-3), torch.rand(128, 1, 28, 28, generator=generator)
    for _ in range(3):
        training_step(model, x, 1.0, optimizer, generator)
    print("ready", flush=True)
    for line in sys.stdin:
        end, steps = perf_counter() + float(line), 0
        while perf_counter() < end:
            training_step(model, x, 1.0, optimizer, generator)
            steps += 1
        print(steps, flush=True)


if __name__ == "__main__":
    main()
