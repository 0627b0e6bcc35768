"""Pack the project, wheels, the site, slides and an installer into one archive that needs no network.

python tools/offline_pack.py [--platform mac] [--out build/offline-pack]
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from vae_course.digits.download import data_home, missing_mnist_files

ROOT = Path(__file__).parents[1]
# The installer builds the course's own wheel with these.
BUILD = ["pip", "setuptools", "wheel"]
LINUX = [f"manylinux_2_{minor}_{{0}}" for minor in (28, 27, 26, 24, 17, 12, 5)] + ["manylinux2014_{0}"]
# What uv calls a platform, and the tags of wheels that run there.
PLATFORMS = {
    "linux": ("x86_64-manylinux_2_28", [tag.format("x86_64") for tag in LINUX]),
    "linux-arm": ("aarch64-manylinux_2_28", [tag.format("aarch64") for tag in LINUX]),
    "mac": ("aarch64-apple-darwin", ["macosx_14_0_arm64"]),
    "windows": ("x86_64-pc-windows-msvc", ["win_amd64"]),
}
START = """How to install the course without a network

1. You need Python {python}. Type   python3 --version
2. Type   python3 install.py      It makes the folder vae-course here, in a few minutes.
   python3 install.py FOLDER      makes another one.
3. It says what to type then.

The site opens from project/build/site/index.html, the slides from project/build/slides/index.html.
Wheels: {platform}, Python {python}.
"""


def main(arguments: list[str] | None = None) -> None:
    """Fill a folder, and make an archive of it."""
    parser = argparse.ArgumentParser(prog="offline_pack", description="Pack the course for a room without a network.")
    parser.add_argument("--platform", choices=PLATFORMS, help="for other machines than this one")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "offline-pack", help="the folder to fill")
    options = parser.parse_args(arguments)
    stage(options.out, options.platform or "those of this machine")
    subprocess.run(download(options.out / "wheels", options.platform), check=True, cwd=ROOT)
    archive = Path(shutil.make_archive(str(options.out), "zip", options.out.parent, options.out.name))
    sizes = {part: size(options.out / part) for part in ("project", "wheels", "mnist")}
    print(", ".join(f"{part} {megabytes:,.0f} MB" for part, megabytes in sizes.items()))
    print(f"{archive}: {size(archive):,.0f} MB")


def stage(folder: Path, wheels_for: str) -> None:
    """Copy the project, what was built of it, the full MNIST if it is here, and the installer."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in project_files():
        copy(ROOT / name, folder / "project" / name)
    for made in ("site", "slides"):
        if (ROOT / "build" / made).is_dir():
            shutil.copytree(ROOT / "build" / made, folder / "project" / "build" / made)
    for file in mnist():
        copy(file, folder / "mnist" / file.name)
    shutil.copy(ROOT / "tools" / "install_offline.py", folder / "install.py")
    python = ".".join(platform.python_version_tuple()[:2])
    (folder / "START.txt").write_text(START.format(python=python, platform=wheels_for), encoding="utf-8")
    (folder / "python-version").write_text(python, encoding="utf-8")


def project_files() -> list[str]:
    """List what git tracks and is still there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def mnist() -> list[Path]:
    """Find the four files of the full MNIST; none if they were never downloaded."""
    folder = data_home() / "MNIST" / "raw"
    return [] if missing_mnist_files(folder) else sorted(folder.glob("*-ubyte.gz"))


def download(wheels: Path, other: str | None) -> list[str]:
    """Write pip's command that downloads all wheels, for this machine or for another platform."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", str(wheels)]
    if other is None:
        return [*command, "--constraint", "constraints.txt", *requirements(), *BUILD]
    tags = [part for tag in PLATFORMS[other][1] for part in ("--platform", tag)]
    return [*command, "--no-deps", *tags, "--python-version", platform.python_version(), *resolved(other), *BUILD]


def requirements() -> list[str]:
    """Read what the course and its tests need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["dependencies"] + project["optional-dependencies"]["test"]


def resolved(other: str) -> list[str]:
    """Let uv find the packages that another platform needs: pip knows only what this machine's system needs."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--python-platform", PLATFORMS[other][0], "--python-version", platform.python_version()]
    command += ["--constraint", "constraints.txt", "--index-strategy", "unsafe-best-match", "pyproject.toml"]
    # PyTorch has no wheels for older systems; uv reads pip's further index under another name.
    settings = {"MACOSX_DEPLOYMENT_TARGET": "14.0", "UV_EXTRA_INDEX_URL": os.environ.get("PIP_EXTRA_INDEX_URL", "")}
    environment = os.environ | settings
    found = subprocess.run([*command, "--extra", "test"], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
    return found.stdout.decode().split()


def copy(source: Path, target: Path) -> None:
    """Copy a file, and make its folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def size(path: Path) -> float:
    """Measure a file, or all of a folder, in megabytes."""
    return sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file()) / 1e6


if __name__ == "__main__":
    main()
