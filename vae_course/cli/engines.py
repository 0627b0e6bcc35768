"""What carries out the runs of a sweep: processes of this machine, or a cluster's queue."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

# After these minutes Slurm ends a job, which is then submitted again; SBATCH_TIMELIMIT in the environment is stronger.
MINUTES = 24 * 60


class Done(NamedTuple):
    """What became of a run."""

    folder: Path
    problem: str = ""


Call = Callable[[Any], Done]


def side_by_side(call: Call, tasks: Sequence[Any], jobs: int | None, folder: Path) -> Iterator[Done]:
    """Call the function for each task in processes of this machine, and yield the answers as they come."""
    from joblib import Parallel, cpu_count, delayed

    at_once = min(jobs or cpu_count(), max(1, len(tasks)))
    return Parallel(at_once, batch_size=1, return_as="generator_unordered")(delayed(call)(task) for task in tasks)


class Requeued:
    """A call that is submitted again when its time on the cluster is up."""

    def __init__(self, call: Call) -> None:
        self.call = call

    def __call__(self, task: Any) -> Done:
        """Call the function for a task."""
        return self.call(task)

    def checkpoint(self, task: Any) -> Any:
        """Say what is to be submitted: the same, which goes on from the run's own checkpoint."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, task)


def on_cluster(
    call: Call, tasks: Sequence[Any], jobs: int | None, folder: Path, cluster: str = "slurm"
) -> Iterator[Done]:
    """Call the function for each task in a job of one core, and yield the answers as they come.

    Partition, account and the like are those of the environment: SBATCH_PARTITION, SBATCH_ACCOUNT, …
    """
    try:
        from submitit import AutoExecutor
        from submitit.helpers import as_completed
    except ImportError as error:
        raise ImportError("--engine slurm needs submitit: pip install submitit") from error
    try:
        executor = AutoExecutor(folder / "jobs", cluster=cluster)
    except RuntimeError as error:
        raise ValueError("--engine slurm: there is no Slurm on this machine; leave the option out") from error
    executor.update_parameters(cpus_per_task=1, timeout_min=MINUTES, slurm_array_parallelism=jobs or len(tasks))
    submitted = dict(zip(executor.map_array(Requeued(call), tasks), tasks, strict=True))
    for job in as_completed(list(submitted), poll_frequency=1):
        problem = job.exception()
        yield Done(submitted[job].out, str(problem).strip().splitlines()[-1]) if problem else job.result()


ENGINES = {"local": side_by_side, "slurm": on_cluster}
