"""The lessons' prose is easy to read: short sentences, and none of the words to avoid (which `make lint` finds)."""

import re
from itertools import pairwise
from pathlib import Path
from statistics import mean

import jupytext
import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "INSTRUCTORS.md", ROOT / "CONTRIBUTING.md"]
PAGES += sorted((ROOT / "docs" / "teaching").glob("*.md"))
LONGEST, MEAN = 35, 16  # words of a sentence
# A sentence ends at its mark and whatever closes a quotation or an emphasis, before a space.
END = re.compile(r"(?<=[.?!…])[\"”*)]*\s+")
MARKDOWN = MarkdownIt("commonmark").use(dollarmath_plugin)


def sentences(markdown: str) -> list[str]:
    """The sentences of paragraphs and list items; a formula or a piece of code counts as one word."""
    found, tokens = [], MARKDOWN.parse(markdown)
    for before, token in pairwise(tokens):
        if token.type == "inline" and before.type == "paragraph_open" and "|" not in token.content[:2]:
            words = {"text": lambda t: t.content, "softbreak": lambda _: " ", "hardbreak": lambda _: " "}
            words |= dict.fromkeys(("code_inline", "math_inline"), lambda _: "x")
            text = "".join(words[child.type](child) for child in token.children if child.type in words)
            found += [sentence for sentence in END.split(text) if len(sentence.split()) > 1]
    return found


def prose(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n\n".join(cell.source for cell in jupytext.read(path).cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("path", LESSONS + PAGES, ids=lambda path: path.stem)
def test_sentences_are_short(path):
    lengths = {sentence: len(sentence.split()) for sentence in sentences(prose(path))}
    long = [sentence for sentence, words in lengths.items() if words > LONGEST]
    assert not long, f"more than {LONGEST} words; make two sentences of it"
    assert mean(lengths.values()) < MEAN


def test_sentences_are_told_apart():
    text = "# A heading\n\nOne two $x + y$. Three *four.*\nFive `six seven`?\n\n| a | table |\n| - | - |\n\n- an item"
    assert sentences(text) == ["One two x.", "Three four.", "Five x?", "an item"]
