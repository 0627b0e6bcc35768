import sys

from vae_course.checkpoints import SHIPPED
from vae_course.cli import doctor
from vae_course.digits import EMBEDDED

import pytest


@pytest.fixture(autouse=True)
def quiet_trainings(monkeypatch):
    """What two trainings do at once depends on what else the machine does; it is measured in a test of its own."""
    monkeypatch.setattr(doctor.two_trainings, "steps_per_second", lambda: (60.0, 30.0))


def test_a_sound_environment_passes(tmp_path, monkeypatch, capsys):
    # A kernel of the user's own outranks the environment's, and the doctor would be right to say so.
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    assert doctor.main() == 0
    printed = capsys.readouterr().out
    assert "✗" not in printed
    assert "4,000 + 1,000 embedded" in printed
    assert "every-beta, plane, classifier, prior" in printed


def test_a_missing_package_is_told_with_what_to_type(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "jupyter_client.kernelspec", None)
    assert doctor.main() == 1
    printed = capsys.readouterr().out
    assert "✗ Jupyter" in printed
    assert "pip install -c constraints.txt" in printed


def test_a_damaged_mnist_is_told_with_what_to_type(data_home, capsys):
    folder = data_home / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for file in EMBEDDED.glob("*.gz"):
        (folder / file.name).write_bytes(file.read_bytes())
    assert doctor.main() == 1
    assert "→ python -m vae_course data --again" in capsys.readouterr().out


def test_a_kernel_of_another_python_is_told(monkeypatch, tmp_path):
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    another = str(tmp_path / "python")
    spec = KernelSpec(argv=[another, "-m", "ipykernel_launcher"])
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda self, name: spec)
    found, remedy = doctor.jupyter()
    assert f"its kernel runs {another}" in found
    assert remedy.endswith("-m ipykernel install --sys-prefix")


def test_a_library_that_does_not_load_is_told(monkeypatch, capsys):
    def fail():
        raise OSError("[WinError 126] The specified module could not be found")

    monkeypatch.setitem(doctor.EXAMINATIONS, "torch", fail)
    assert doctor.main() == 1
    assert "✗ torch" in capsys.readouterr().out


def test_damaged_embedded_digits_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr("vae_course.digits.EMBEDDED", tmp_path)
    _, remedy = doctor.embedded_digits()
    assert "git checkout" in remedy


def test_damaged_weights_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr("vae_course.checkpoints.PRETRAINED", tmp_path)
    assert "there is no such checkpoint" in doctor.shipped_weights()[0]
    for name in SHIPPED:
        (tmp_path / f"{name}.safetensors").write_bytes(b"half a file")
    found, remedy = doctor.shipped_weights()
    assert "safetensors is truncated" in found
    assert "git checkout vae_course/pretrained" in remedy


def test_a_data_folder_that_cannot_be_written_is_told(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("VAE_COURSE_DATA", str(tmp_path / "file"))
    _, remedy = doctor.data_folder()
    assert "VAE_COURSE_DATA" in remedy


@pytest.mark.parametrize("used", [1, 64])
def test_more_threads_than_cores_are_told(monkeypatch, used):
    monkeypatch.setattr("torch.get_num_threads", lambda: used)
    monkeypatch.setattr(doctor, "_cores", lambda: 2)
    _, remedy = doctor.threads()
    assert remedy == ("set OMP_NUM_THREADS=2" if used > 2 else "")


@pytest.mark.parametrize(("quota", "cores"), [("150000 100000\n", 2), ("20000 100000\n", 1), ("max 100000\n", 8)])
def test_a_containers_limit_counts(monkeypatch, tmp_path, quota, cores):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    (tmp_path / "cpu.max").write_text(quota)
    assert doctor._cores(tmp_path / "cpu.max") == cores
    assert doctor._cores(tmp_path / "no such file") == 8


def test_two_trainings_at_once_are_measured(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(doctor.two_trainings, "SECONDS", 0.1)
    # Beside other tests, starting Python and torch may take a minute.
    monkeypatch.setattr(doctor.two_trainings, "GIVEN_UP_AFTER", 600.0)
    alone, together = doctor.two_trainings.steps_per_second()
    assert alone > 0
    assert together >= 0
    monkeypatch.setattr(doctor.two_trainings, "GIVEN_UP_AFTER", 0.0)
    with pytest.raises(ValueError, match="a training did not answer"):
        doctor.two_trainings.steps_per_second()


def test_trainings_that_disturb_each_other_are_told(monkeypatch):
    found, _ = doctor.threads()
    assert "two trainings at once take 30 steps per second each, one alone 60" in found
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)
    assert doctor.threads()[1] == ""
    speeds = [(55.0, 6.0), (50.0, 20.0), (55.0, 6.0), (54.0, 6.0)]
    monkeypatch.setattr(doctor.two_trainings, "steps_per_second", lambda: speeds.pop(0))
    assert doctor.threads()[1] == "", "the second try went well"
    assert doctor.threads()[1] == "let each use one thread: set OMP_NUM_THREADS=1 before Python starts"


def test_trainings_that_do_not_answer_are_no_illness(monkeypatch):
    def fail():
        raise ValueError("a training did not answer")

    monkeypatch.setattr(doctor.two_trainings, "steps_per_second", fail)
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)
    found, remedy = doctor.threads()
    assert "were not measured: a training did not answer" in found
    assert not remedy


def without_a_home(monkeypatch):
    def nobody(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in ("HOME", "VAE_COURSE_DATA", "XDG_CACHE_HOME", "JUPYTER_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows finds a home folder otherwise")
def test_a_user_without_a_home_is_told_of_the_home_and_of_nothing_else(monkeypatch, tmp_path, capsys):
    without_a_home(monkeypatch)
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "1")
    doctor.main()
    printed = capsys.readouterr().out
    assert "✓ full MNIST   not here; no lesson needs it" in printed
    assert "→ this user has no home folder: set HOME, or set VAE_COURSE_DATA" in printed
    assert "pip install" not in printed
    for subject in ("Python", "torch", "threads", "digits", "weights", "widgets"):
        assert f"✓ {subject}" in printed


REMEDIES = {
    "a home": (RuntimeError("Could not determine home directory."), "set HOME"),
    "a user": (KeyError("getpwuid(): uid not found: 12345"), "set HOME"),
    "a package": (ModuleNotFoundError("No module named 'x'"), "pip install"),
    "memory": (MemoryError(), "memory is full"),
    "a permission": (PermissionError(13, "Permission denied", "/x/y"), "make it readable: /x/y"),
}


@pytest.mark.parametrize(("error", "remedy"), REMEDIES.values(), ids=REMEDIES)
def test_a_remedy_is_that_of_the_illness(monkeypatch, capsys, error, remedy):
    def fail():
        raise error

    monkeypatch.setattr(doctor, "EXAMINATIONS", {"torch": fail})
    assert doctor.main() == 1
    assert remedy in capsys.readouterr().out


def test_an_accelerator_that_does_not_compute_is_no_reason_to_install_again(monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("CUDA error: no kernel image is available\nCompile with TORCH_USE_CUDA_DSA")

    monkeypatch.setattr("torch.ones", fail)
    found, remedy = doctor.torch()
    assert "does not compute: CUDA error: no kernel image is available" in found
    assert "driver" in remedy
