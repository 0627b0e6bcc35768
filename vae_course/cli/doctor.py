"""What is fine on this machine, what is not, and what to type: python -m vae_course doctor.

Nothing of the course is imported before it is examined, so that the doctor also works where torch does not.
"""

import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from vae_course.cli import two_trainings
from vae_course.cli.options import two_lines

HOME = "set HOME to a folder that you may write to"
# Two trainings on shared cores have half the speed each. Where threads spin, it was measured to be a tenth.
LEAST_SHARE = 0.2
INSTALL = 'install the course: pip install -c constraints.txt -e ".[test]"'


class Finding(NamedTuple):
    """What was found, and what to do about it: `remedy` is empty where nothing is wrong."""

    subject: str
    found: str
    remedy: str = ""


def main() -> int:
    """Print all findings; the exit status is 1 if any of them needs a remedy."""
    findings = [_examine(subject, examination) for subject, examination in EXAMINATIONS.items()]
    for finding in findings:
        print(f"{'✗' if finding.remedy else '✓'} {finding.subject:<12} {finding.found}")
        if finding.remedy:
            print(f"  {'':<12} → {finding.remedy}")
    return int(any(finding.remedy for finding in findings))


def _examine(subject: str, examination: Callable[[], tuple[str, ...]]) -> Finding:
    try:
        return Finding(subject, *examination())
    # A missing package, a library that does not load, a driver that is too old: each has an error of its own.
    except Exception as error:
        return Finding(subject, two_lines(str(error) or type(error).__name__).replace("\n", " "), _remedy(error))


def _remedy(error: Exception) -> str:
    """Say what helps against an error that no examination knows."""
    if "home" in str(error) or "uid not found" in str(error):
        return HOME
    if isinstance(error, MemoryError) or "memory" in str(error):
        return "close other programs: this machine's memory is full"
    if isinstance(error, PermissionError):
        return f"make it readable: {error.filename}"
    return INSTALL


def python() -> tuple[str, str]:
    """Is Python new enough?"""
    found = f"{sys.version.split()[0]} at {sys.executable}"
    return found, "" if sys.version_info >= (3, 11) else "the course needs Python 3.11 or newer"


def torch() -> tuple[str, ...]:
    """Is torch here, and what does it compute on?"""
    from vae_course.training import best_device

    from torch import ones

    try:
        ones(2, device=best_device()).sum().item()
    except RuntimeError as error:
        cause = two_lines(str(error)).splitlines()[0]
        found = f"{version('torch')}, but {best_device().type} does not compute: {cause}"
        return found, "update the accelerator's driver, or hide it: CUDA_VISIBLE_DEVICES="
    return (f"{version('torch')}, computing on {best_device()}",)


def torchvision() -> tuple[str]:
    """Was torchvision built for this torch? The course copes where it was not."""
    from vae_course.digits import torchvision_compat as compat

    built = compat.torchvision.__version__
    if compat.mismatch:
        built += (
            f", not built for torch {version('torch')}: the course uses its Python half alone, and runs all the same"
        )
    return (built,)


def threads() -> tuple[str, str]:
    """Has torch no more threads than it may use cores, and can two trainings run at once?"""
    import torch

    cores, used = _cores(), torch.get_num_threads()
    found = f"torch uses {used} on {cores} cores (OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')})"
    together, remedy = _two_at_once()
    return f"{found}; {together}", f"set OMP_NUM_THREADS={cores}" if used > cores else remedy


def _two_at_once() -> tuple[str, str]:
    """Train twice at once for a second; once more where it goes badly, for another program may have been at work."""
    try:
        alone, together = two_trainings.steps_per_second()
        if _share((alone, together)) < LEAST_SHARE:
            alone, together = max((alone, together), two_trainings.steps_per_second(), key=_share)
    except (ValueError, OSError) as error:
        return f"two trainings at once were not measured: {error}", ""
    found = f"two trainings at once take {together:.0f} steps per second each, one alone {alone:.0f}"
    disturbed = _share((alone, together)) < LEAST_SHARE
    return found, "let each use one thread: set OMP_NUM_THREADS=1 before Python starts" if disturbed else ""


def _share(speeds: tuple[float, float]) -> float:
    alone, together = speeds
    return together / max(alone, 1.0)


def _cores(quota_file: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Count the cores that this process may use: neither Python nor torch sees a container's limit."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, period = quota_file.read_text(encoding="ascii").split() if quota_file.is_file() else ("max", "1")
    return cores if quota == "max" else max(1, min(cores, round(int(quota) / int(period))))


def embedded_digits() -> tuple[str, ...]:
    """Can the digits inside the package be read?"""
    from vae_course.digits import load_digits

    try:
        digits = load_digits()
    except (OSError, ValueError) as error:
        return str(error), "get the course's files again: git checkout vae_course/digits"
    return (f"{len(digits.train_images):,} + {len(digits.test_images):,} embedded",)


def full_mnist() -> tuple[str, ...]:
    """Is the full MNIST here, whole? It need not be."""
    from vae_course.digits.download import check_mnist, data_home, missing_mnist_files

    try:
        folder = data_home() / "MNIST" / "raw"
    except OSError:
        return ("not here; no lesson needs it",)
    if missing_mnist_files(folder):
        return (f"not in {folder}; no lesson needs it (to fetch it: python -m vae_course data)",)
    try:
        check_mnist(folder)
    except (ValueError, OSError) as error:
        return str(error), "python -m vae_course data --again"
    return (f"checked, in {folder}",)


def data_folder() -> tuple[str, str]:
    """Could data be written?"""
    from vae_course.digits.download import data_home

    try:
        home = data_home()
    except OSError as error:
        return "none, which matters for the full MNIST alone", two_lines(str(error))
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    writable = existing.is_dir() and os.access(existing, os.W_OK)
    return str(home), "" if writable else "set VAE_COURSE_DATA to a folder that you may write to"


def jupyter() -> tuple[str, str]:
    """Does JupyterLab's Python kernel run in this environment?"""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    found = f"JupyterLab {version('jupyterlab')}"
    remedy = f"{sys.executable} -m ipykernel install --sys-prefix"
    try:
        command = Path(KernelSpecManager().get_kernel_spec("python3").argv[0])
    except NoSuchKernel as error:
        return f"{found}, but {error}", remedy
    # A bare "python" is replaced by the server's own interpreter when a kernel starts.
    if command.is_absolute() and command.parent.resolve() != Path(sys.executable).parent.resolve():
        return f"{found}, but its kernel runs {command}", remedy
    return found, ""


def widgets() -> tuple[str]:
    """Are both halves of ipywidgets here, and anywidget?"""
    names = ("ipywidgets", "jupyterlab_widgets", "anywidget")
    return (", ".join(f"{name} {version(name)}" for name in names),)


def shipped_weights() -> tuple[str, ...]:
    """Can the weights that come with the course be loaded?"""
    from vae_course.checkpoints import SHIPPED, load_classifier, load_pretrained, load_prior

    try:
        for name in SHIPPED:
            load_pretrained(name)
        load_classifier()
        load_prior()
    except (ValueError, OSError) as error:
        return str(error), "get the course's files again: git checkout vae_course/pretrained"
    return (", ".join((*SHIPPED, "classifier", "prior")),)


EXAMINATIONS: dict[str, Callable[[], tuple[str, ...]]] = {
    "Python": python,
    "torch": torch,
    "torchvision": torchvision,
    "threads": threads,
    "digits": embedded_digits,
    "weights": shipped_weights,
    "full MNIST": full_mnist,
    "data folder": data_folder,
    "Jupyter": jupyter,
    "widgets": widgets,
}
