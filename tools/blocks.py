"""Make of a lesson's cells what slides show of them: blocks, each with its height, and what the speaker says to it."""

import ast
import math
import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Any, NamedTuple

import lesson
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

MARKDOWN = (
    MarkdownIt("commonmark")
    .enable("table")
    .use(
        dollarmath_plugin,
        renderer=lambda tex, options: escape(rf"\[{tex}\]" if options["display_mode"] else rf"\({tex}\)"),
    )
)
DETAILS = re.compile(r"<details><summary>(.*?)</summary>(.*?)</details>", re.DOTALL)
# In letters: how wide a line of text is. In lines: how high a figure may be, and how low a wide one.
LINE = 77
FIGURE, LOWEST = 9.5, 6.0
RESULTS = ("<figure", "<table")
# In pixels: the place for code or a table, and the size of letters in it. Longer lines of code go on in the next.
WIDTH, HEIGHT, SMALLEST, LARGEST = 1160, 500, 12, 24
LONGEST = 96
# A paragraph in parentheses.
ASIDE = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)")
# What a code cell holds beside its thought.
APPARATUS = re.compile(r"(from|import|assert|print|show|table|reveal|show_me|open_files)\b|.*\bgo_on_with\(")


class Block(NamedTuple):
    """A part of a slide, as Markdown or HTML."""

    text: str
    lines: float = 0.0
    note: str = ""
    whole: str = ""
    """The text and the note in one, where the note is what the text leaves out."""


def of_text(source: str, whole: bool = False) -> Iterator[Block]:
    """Yield the blocks of a text, `whole` or shortened; what is folded is for the speaker."""
    at = 0
    for folded in DETAILS.finditer(source):
        yield from paragraphs(source[at : folded.start()], whole)
        yield Block("", note=f"**{folded[1]}.** {folded[2].strip()}")
        at = folded.end()
    yield from paragraphs(source[at:], whole)


def paragraphs(source: str, whole: bool) -> Iterator[Block]:
    """Yield a block for each paragraph, formula, table, quotation and item of a list."""
    lines = source.splitlines()
    for token in MARKDOWN.parse(source):
        part = "\n".join(lines[slice(*token.map)]).rstrip() if token.map else ""
        if token.type == "list_item_open" and token.level == 1:
            yield Block(part, height(part))
        elif token.type == "table_open":
            yield table(MARKDOWN.render(part), LONGEST)
        elif token.type == "fence":
            yield preformatted(escape(token.content.rstrip()))
        elif token.level == 0 and part and not token.type.endswith("list_open"):
            yield shortened(part) if token.type == "paragraph_open" and not whole else Block(part, height(part))


def shortened(paragraph: str) -> Block:
    """Keep the first sentence, those that name a term, and what leads to a formula; the speaker says the others."""
    if ASIDE.fullmatch(paragraph):
        return Block("", note=paragraph[1:-1])
    sentences = re.split(r"(?<=[.?!])\n", paragraph)
    enclosed = re.match(r"\*[^*]|\(", paragraph)
    shown = [one for one in sentences if enclosed or one is sentences[0] or "**" in one or one.endswith(":")]
    said = [one for one in sentences if one not in shown]
    return Block("\n".join(shown), height("\n".join(shown)), " ".join(said), paragraph if said else "")


def height(text: str) -> float:
    """Estimate the lines that a text takes, with the room below it."""
    if text.startswith("$$"):
        return 1.5 + 1.2 * text.count(r"\\") + 1.1 * bool(re.search("frac|brace|sum|int", text))
    # A name of TeX is one sign.
    return 0.4 + -(-len(re.sub(r"\\\w+|[{}$*`]|\]\(.*?\)", "", text)) // LINE)


def of_code(cell: lesson.Cell) -> Iterator[Block]:
    """Yield what a cell shows. Where this is a figure or a table, only definitions are shown of its code."""
    results = [block for output in cell.outputs for block in of_output(output)]
    code = thought(cell, only_definitions=any(block.text.startswith(RESULTS) for block in results))
    if code and not cell.folded and not cell.calls("show_me"):
        yield colored(code)
    yield from results


def of_output(output: dict[str, Any]) -> Iterator[Block]:
    """Yield the blocks of an output: a figure, a table, a printed text, a widget's picture, a solution."""
    data = output.get("data", {})
    html = "".join(data.get("text/html", ""))
    if png := data.get("image/png"):
        known = output["metadata"]["image/png"]
        image = f'<img src="data:image/png;base64,{"".join(png).strip()}" alt="{escape(known["alt"])}">'
        yield figure(image, WIDTH * known["height"] / known["width"])
    elif "<table" in html:
        yield table(re.search(r"<table.*</table>", html, re.DOTALL)[0])
    elif "<img" in html:
        yield figure(re.search(r"<img[^>]*>", html)[0])
    elif "<summary>" in html:
        yield from (
            colored(without_docstring(unescape(code))) for code in re.findall(r"<pre>(.*?)</pre>", html, re.DOTALL)
        )
    elif "text" in output:
        yield preformatted(escape("".join(output["text"]).rstrip()))


def thought(cell: lesson.Cell, only_definitions: bool) -> str:
    """Leave out of a cell's code what serves the course: imports, assertions, checks, and how a figure is shown."""
    lines, end, kept = cell.source.splitlines(), 0, []
    for statement in cell.statements:
        part = "\n".join(lines[end : statement.end_lineno])
        end = statement.end_lineno
        defines = isinstance(statement, ast.FunctionDef | ast.ClassDef)
        if defines or not (only_definitions or APPARATUS.match(ast.unparse(statement))):
            kept.append(part)
    return "\n".join(kept).strip("\n")


def without_docstring(code: str) -> str:
    """Cut the text of a function down to its first line."""
    inside = r'(?:(?!""").)*'
    docstring = rf'^( *r?"""(?!\n){inside}?)\n\n{inside}"""'
    return re.sub(docstring, r'\1"""', code, flags=re.DOTALL | re.MULTILINE)


def colored(code: str) -> Block:
    """Colour Python's words. The comment of a long line stands above it."""
    code = re.sub(rf"^(?=.{{{LONGEST + 1}}})( *)(.*\S)  (# .*)$", r"\1\3\n\1\2", code, flags=re.MULTILINE)
    return preformatted(highlight(code, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip())


def preformatted(html: str) -> Block:
    """Show code or what it prints, in letters as large as there is room for."""
    lengths = [len(unescape(line)) for line in re.sub("<.*?>", "", html).splitlines()]
    high = 1.35 * sum(-(-length // LONGEST) or 1 for length in lengths)
    size = letters(high, 0.61 * min(LONGEST, max(lengths, default=0)))
    return Block(f'<pre style="font-size: {size}px">{html}</pre>', (high * size + 20) / 38)


def table(html: str, longest: float = math.inf) -> Block:
    """Show a table in letters as large as there is room for; rows of more letters than `longest` break."""
    rows = [[unescape(cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)] for row in html.split("<tr>")[1:]]
    width = sum(max(map(len, column)) + 2.4 for column in zip(*rows, strict=False))
    lines = sum(max(1, math.ceil(sum(len(cell) + 2.4 for cell in row) / longest)) for row in rows)
    high = 1.6 * (lines + html.count("<caption"))
    size = letters(high, 0.6 * min(width, longest))
    return Block(html.replace("<table", f'<table style="font-size: {size}px"', 1), high * size / 38 + 0.5)


def letters(high: float, wide: float) -> int:
    """Choose the size of letters so that a block, in units of this size, is as large as there is room for."""
    return int(max(SMALLEST, min(LARGEST, HEIGHT / max(high, 1), WIDTH / max(wide, 1))))


def figure(image: str, high: float = math.inf) -> Block:
    """Show a picture, this many pixels high where it is as wide as the slide; it takes what the text leaves."""
    return Block(f"<figure>{image}</figure>", max(LOWEST, min(FIGURE, high / 38)))
