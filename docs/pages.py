"""Make the site's pages from the notebooks and the README, as they are, without running anything."""

import ast
import json
import re
from pathlib import Path
from typing import Any

from vae_course.addresses import SITE, SOURCE
from vae_course.kit.still import PLAY

ROOT = Path(__file__).parents[1]
ROW = re.compile(
    r'^\| <img src="docs/(?P<picture>[^"]+)" .*?alt="(?P<alt>[^"]+)"> '
    r"\| \[(?P<title>[^\]]+)\]\(notebooks/(?P<file>\w+)\.ipynb\) \| (?P<teaches>.+?) \| (?P<minutes>\d+) \|$",
    re.MULTILINE,
)

Cell = dict[str, Any]


def lesson(path: Path) -> str:
    """Make a notebook that Sphinx can read from an executed lesson."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"] = [cell_of_page(cell) for cell in notebook["cells"]]
    return json.dumps(notebook)


def cell_of_page(cell: Cell) -> Cell:
    """Fold what is folded, name the figures, link the widget, and write a form for guesses as its question."""
    if cell["cell_type"] != "code":
        return cell
    if question := guess("".join(cell["source"])):
        return {"cell_type": "markdown", "id": cell["id"], "metadata": {}, "source": question}
    if cell["metadata"].get("jupyter", {}).get("source_hidden"):
        cell["metadata"].setdefault("tags", []).append("hide-input")
    outputs = [output for output in cell["outputs"] if not _is_widget(output)]
    for output in outputs:
        figure = output.get("metadata", {}).get("image/png", {})
        if "alt" in figure:
            cell["metadata"]["mystnb"] = {"image": {"alt": figure["alt"], "width": f"{figure['width']}px"}}
        if "text/html" in output.get("data", {}):
            output["data"]["text/html"] = html_of_page("".join(output["data"]["text/html"]))
    return {**cell, "outputs": outputs}


def _is_widget(output: Cell) -> bool:
    return "application/vnd.jupyter.widget-view+json" in output.get("data", {})


def guess(source: str) -> str:
    """Write a cell of `predict` alone as Markdown: the questions and what there is to choose; else nothing."""
    lines = []
    for statement in ast.parse(source).body:
        call = getattr(statement, "value", None)
        if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "predict":
            return ""
        lines.append(f"> **Your guess:** {ast.literal_eval(call.args[1])}")
        # Choices that the lesson computed are known to the lesson only.
        given = [word.value for word in call.keywords if word.arg == "choices" and isinstance(word.value, ast.List)]
        lines += [f"> *{' · '.join(ast.literal_eval(choices))}*" for choices in given]
        lines.append(">")
    return "\n".join(lines)


def html_of_page(html: str) -> str:
    """Let a widget's picture lead to the live one on this site, and let keys scroll a table wider than the page."""
    html = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL) if "vae-still" in html else html
    html = html.replace('<div style="overflow-x: auto">', '<div style="overflow-x: auto" tabindex="0">')
    return html.replace(SITE, "../").replace(PLAY, "../start.html")


def readme() -> str:
    """Read the README."""
    return (ROOT / "README.md").read_text(encoding="utf-8")


def start() -> str:
    """Take the README's part on how to start, with links that lead somewhere."""
    part = re.search(r"^## Start\n(.+?)^## The lessons", readme(), re.MULTILINE | re.DOTALL)[1]
    return relinked("# Start\n" + part.replace("\n### ", "\n## "))


def relinked(text: str) -> str:
    """Point links of the README to the site's own pages, or to the files in the repository."""
    text = re.sub(r"\]\(notebooks/(\w+)\.ipynb\)", r"](lessons/\1.ipynb)", text)
    return re.sub(r"\]\((?!https?:|#|lessons/)([^)]+)\)", rf"]({SOURCE}/blob/main/\1)", text)


def with_lessons(name: str) -> str:
    """Read a page of this folder, and put the README's table of lessons into it, as cards, and their number."""
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    cards = [card(row, "../" * name.count("/")) for row in ROW.finditer(readme())]
    return page.replace("LESSONS", f'<ol class="vae-lessons">{"".join(cards)}</ol>').replace("COUNT", str(len(cards)))


def card(row: re.Match[str], up: str) -> str:
    """Make an item of a list from a row of the README's table."""
    picture = f'<img src="{up}_static/{row["picture"]}" alt="" width="200" loading="lazy">'
    text = f"<b>{row['title']}</b> {row['teaches']} <small>{row['minutes']} minutes</small>"
    return f'<li><a href="{up}lessons/{row["file"]}.html">{picture}{text}</a></li>'
