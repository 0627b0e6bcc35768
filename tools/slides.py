"""Make slides of every lesson: python tools/slides.py [FOLDER].

Nothing is run, and nothing is downloaded: reveal.js and MathJax come out of installed packages.
"""

import re
import shutil
import sys
import unicodedata
from importlib.metadata import files
from pathlib import Path

import deck
import lesson
from blocks import MARKDOWN
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pygments.formatters import HtmlFormatter

SOURCES = lesson.ROOT / "docs" / "slides"
# What a page loads of each package: the folder inside of it, and the files there.
VENDORED = {
    "sphinx-revealjs": ("/_static/revealjs/", "reveal", ("dist/reveal.js", "dist/reveal.css", "plugin/notes/")),
    "sphinx-mathjax-offline": ("/mathjax/", "mathjax", ("tex-chtml.js", "output/chtml/fonts/")),
}


def main(folder: Path = lesson.ROOT / "build" / "slides") -> None:
    """Write a page of slides for each lesson, and a list of them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    copy_vendored(folder)
    decks = {path.stem: list(deck.stacks(path)) for path in lesson.LESSONS}
    titles = {path.stem: lesson.title(path) for path in lesson.LESSONS}
    for name, stacks in decks.items():
        write(folder / f"{name}.html", "deck.html", title=titles[name], stacks=stacks)
    write(folder / "index.html", "index.html", titles=titles, decks=decks)
    print(f"{sum(map(count, decks.values()))} slides of {len(decks)} lessons: open {folder / 'index.html'}")


def count(stacks: list[deck.Stack]) -> int:
    """Count the slides of a lesson."""
    return sum(len(stack.slides) for stack in stacks)


def copy_vendored(folder: Path) -> None:
    """Copy what the pages load: reveal.js, MathJax and its fonts, colours."""
    for package, (inside, name, wanted) in VENDORED.items():
        for file in files(package) or ():
            path = str(file).partition(inside)[2]
            if path.startswith(wanted):
                (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), folder / name / path)
    shutil.copy(SOURCES / "start.js", folder)
    colors = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".reveal pre")
    (folder / "slides.css").write_text((SOURCES / "slides.css").read_text(encoding="utf-8") + colors, encoding="utf-8")


def write(path: Path, template: str, **values: object) -> None:
    """Fill in a template."""
    environment = Environment(loader=FileSystemLoader(SOURCES), undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"html": MARKDOWN.render, "html_inline": MARKDOWN.renderInline, "spoken": spoken}
    path.write_text(environment.get_template(template).render(values, count=count), encoding="utf-8")


def spoken(note: str) -> str:
    r"""Write a formula of a speaker's note as plain text, in whose window nothing sets it: $\mu^2$ is μ^2."""
    return re.sub(r"\$+(.+?)\$+", lambda found: re.sub(r"\\([a-z]+)", greek, found[1]), note, flags=re.DOTALL)


def greek(name: re.Match[str]) -> str:
    """Turn a name of TeX into its letter, where it is one."""
    try:
        return unicodedata.lookup(f"GREEK SMALL LETTER {name[1].removeprefix('var')}")
    except KeyError:
        return name[1]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
