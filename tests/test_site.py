"""The site's pages are made from the notebooks and the README; the addresses stand in one file."""

import json
import re
import runpy
from pathlib import Path

from vae_course import addresses

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
pages = runpy.run_path(str(ROOT / "docs" / "pages.py"))


def cells(path):
    return json.loads(pages["lesson"](path))["cells"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_page_keeps_every_cell_folds_the_answers_and_names_the_figures(path):
    before, after = json.loads(path.read_text(encoding="utf-8"))["cells"], cells(path)
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        if old["metadata"].get("jupyter", {}).get("source_hidden"):
            assert "hide-input" in new["metadata"]["tags"]
        for output in new.get("outputs", []):
            assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
            if "image/png" in output.get("data", {}):
                assert new["metadata"]["mystnb"]["image"]["alt"] == output["metadata"]["image/png"]["alt"]


def test_a_form_for_guesses_becomes_its_question():
    assert pages["guess"]('predict("a/b", "How many?")') == "> **Your guess:** How many?\n>"
    choices = 'predict(\n    "a/b", "Which is larger?", choices=["left", "right"]\n)'
    assert pages["guess"](choices) == "> **Your guess:** Which is larger?\n> *left · right*\n>"
    # The lesson knows these, and the page does not.
    assert pages["guess"]('predict("a/b", "Which?", choices=KINDS)') == "> **Your guess:** Which?\n>"
    assert pages["guess"]("x = 1") == pages["guess"]('guesses("elbo")') == ""


def test_pictures_of_widgets_lead_to_the_live_ones_and_else_to_how_to_start():
    links = [link for path in NOTEBOOKS for link in re.findall(r'<a href=\\"([^"]+)\\">', pages["lesson"](path))]
    alive = {link for link in links if link.startswith("../play/")}
    assert alive == {
        f"../play/{name}.html" for name in ("beta", "latent_pad", "draw_digit", "effective_beta", "learned_prior")
    }
    assert all((ROOT / "docs" / link[3:]).with_suffix(".md").exists() for link in alive)
    assert set(links) - alive == {"../start.html"}


def test_the_front_page_lists_every_lesson_and_counts_them():
    front = pages["with_lessons"]("index.md")
    lessons = [path.stem for path in NOTEBOOKS if path.stem[0].isdigit()][1:]
    assert re.findall(r'href="lessons/(\w+)\.html"', front) == lessons
    assert f"Build it yourself: {len(lessons)} lessons" in front


def test_how_to_start_is_the_readmes_and_its_links_lead_to_the_repository():
    start = pages["start"]()
    assert "make lab" in start
    assert pages["relinked"]("[a](notebooks/01_data.ipynb) [b](LICENSE) [c](https://pypi.org) [d](#start)") == (
        f"[a](lessons/01_data.ipynb) [b]({addresses.SOURCE}/blob/main/LICENSE) [c](https://pypi.org) [d](#start)"
    )


def test_every_address_of_the_course_is_the_one_in_the_file():
    """A fork runs `python tools/addresses.py OWNER/NAME`."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"git clone {addresses.SOURCE} {addresses.NAME}\n" in readme
    assert f"]({addresses.SITE})" in readme
    for link in (addresses.BINDER, addresses.CODESPACES, f"{addresses.COLAB}00_start.ipynb"):
        assert f"]({link})" in readme
    services = r"mybinder\.org/v2/gh|codespaces\.new|colab\.research\.google\.com/github"
    places = re.compile(rf"(?:{services})/([\w-]+/[\w.-]+)|//([\w-]+\.github\.io/{addresses.NAME})")
    known = {addresses.REPOSITORY, addresses.SITE.removeprefix("https://").strip("/")}
    for path in (*ROOT.glob("*.md"), *NOTEBOOKS):
        found = places.findall(path.read_text(encoding="utf-8"))
        assert {one or other for one, other in found} <= known, path.name
