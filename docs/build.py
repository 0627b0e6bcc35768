"""Build the site: python docs/build.py [FOLDER].

The pages are staged in FOLDER-source: those of this folder, those made from the notebooks and the README, and the
scripts. Then Sphinx makes them into HTML. Nothing is run, and nothing is downloaded.
"""

import shutil
import sys
from importlib.metadata import files
from pathlib import Path

from vae_course.digits import load_digits
from vae_course.kit import widget
from vae_course.lessons.latent_space.widget import Sketch
from vae_course.lessons.plane import Plane

from networks import NAMES, encoder, losses, prior, script
from pages import ROOT, lesson, start, with_lessons
from sphinx.cmd.build import main as sphinx

DOCS = Path(__file__).parent
LESSONS = ROOT / "vae_course" / "lessons"
# The widgets' own scripts, which also serve the notebooks.
SHARED = {"plane": LESSONS / "plane.js", "sketch": LESSONS / "latent_space" / "sketch.js"}
PARTS = ("network", "page", "prior", "mnist", "beta", "pad", "drawing", "losses", "walk", "start")


def main(folder: Path = ROOT / "build" / "site") -> int:
    """Stage the sources, and build the site into a folder."""
    source = folder.with_name(f"{folder.name}-source")
    shutil.rmtree(source, ignore_errors=True)
    stage(source)
    return sphinx(["-q", "-W", "--keep-going", "-b", "html", str(source), str(folder)])


def stage(source: Path) -> None:
    """Write all that Sphinx reads."""
    shutil.copytree(DOCS / "play", source / "play")
    (source / "lessons").mkdir()
    shutil.copytree(DOCS / "pictures", source / "_static" / "pictures", ignore=shutil.ignore_patterns("*.gif"))
    shutil.copy(DOCS / "conf.py", source)
    shutil.copy(DOCS / "live" / "icon.svg", source / "_static")
    digits = load_digits()
    written = {f"lessons/{path.name}": lesson(path) for path in (ROOT / "notebooks").glob("*.ipynb")}
    written |= {name: with_lessons(name) for name in ("index.md", "lessons/index.md")}
    written |= {f"_static/{name}.js": script(name, digits) for name in NAMES}
    written |= {f"_static/{name}-encoder.js": encoder(name) for name in NAMES}
    written |= {
        "start.md": start(),
        "_static/losses.js": losses(),
        "_static/prior.js": prior(digits),
        "_static/live.js": live(),
        "_static/site.css": style(),
    }
    for name, text in written.items():
        (source / name).write_text(text, encoding="utf-8")
    copy_mathjax(source / "_static" / "mathjax")


def copy_mathjax(folder: Path) -> None:
    """Take from MathJax's package what a page with formulas loads: a script and its fonts."""
    for file in files("sphinx-mathjax-offline"):
        inside = str(file).partition("/mathjax/")[2]
        if inside == "tex-chtml.js" or inside.startswith("output/chtml/fonts/"):
            (folder / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.locate(), folder / inside)


def live() -> str:
    """Join the scripts to one classic script, because a page that is opened from a disk reads no modules."""
    shared = [as_part(name, path.read_text(encoding="utf-8")) for name, path in SHARED.items()]
    own = [(DOCS / "live" / f"{name}.js").read_text(encoding="utf-8") for name in PARTS]
    return "(() => {\n" + "\n".join(shared + own) + "})();\n"


def as_part(name: str, module: str) -> str:
    """Turn a widget's module into an object with its `render`."""
    return f"const {name} = (() => {{\n{module.replace('export default', 'return')}}})();\n"


def style() -> str:
    """Join the style sheets of the widgets and of the site."""
    kit = Path(widget.__file__).with_name("widget.css").read_text(encoding="utf-8")
    return "\n".join([kit, str(Plane._css), str(Sketch._css), (DOCS / "live" / "site.css").read_text(encoding="utf-8")])


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
