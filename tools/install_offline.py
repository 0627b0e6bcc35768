"""Install the course from this folder, without a network: python3 install.py [FOLDER].

It stands beside the folders project and wheels: see offline_pack.py, which puts it there. It needs Python alone.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(arguments):
    """Make the folder, its environment, and say what to type next."""
    if len(arguments) > 1 or arguments[:1] == ["--help"]:
        sys.exit("Type: python3 install.py [FOLDER]")
    folder = Path(arguments[0] if arguments else "vae-course").expanduser().resolve()
    if problem := refusal(folder, HERE):
        sys.exit(problem)
    print(f"Installing into {folder}: once, in a few minutes.", flush=True)
    shutil.copytree(HERE / "project", folder, dirs_exist_ok=True)
    venv.create(folder / ".venv", with_pip=True)
    python = interpreter(folder)
    subprocess.run(install(python, HERE), cwd=folder, check=True)
    # So that make installs nothing.
    (folder / ".venv" / "made").touch()
    if (HERE / "mnist").is_dir():
        mirror = (HERE / "mnist").as_uri() + "/"
        subprocess.run([str(python), "-m", "vae_course", "data", "--mirror", mirror], cwd=folder, check=True)
    command = python.with_name("vae-course")
    print(f"\nThe course is installed. Open the lessons:\n\n    cd {folder}\n    {command.relative_to(folder)} lab\n")


def refusal(folder, pack):
    """Say what keeps the course from being installed; nothing if all is well."""
    wanted = (pack / "python-version").read_text(encoding="utf-8").strip()
    found = f"{sys.version_info.major}.{sys.version_info.minor}"
    if found != wanted:
        return f"The wheels are for Python {wanted}, and this is Python {found}: type python{wanted} install.py"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        return f"{folder} is there and not empty: name another folder, such as {folder.name}-2"
    return None


def interpreter(folder):
    """Find the Python of the folder's environment."""
    return folder / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(python, pack):
    """Write pip's command: nothing but the pack's wheels, in the tested versions."""
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-index", "--find-links", str(pack / "wheels")]
    return [*pip, "--constraint", "constraints.txt", "--editable", ".[test]"]


if __name__ == "__main__":
    main(sys.argv[1:])
