"""The site, built once: it can be read by everyone, asks nobody, and its networks give Python's numbers."""

import gzip
import re
import shutil
import statistics
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path

from vae_course.checkpoints import load_pretrained, load_prior
from vae_course.data import grey
from vae_course.decoder import log_likelihood
from vae_course.digits import load_digits
from vae_course.elbo import kl_divergence
from vae_course.latent_space import as_mnist
from vae_course.lessons.elbo.widget import KLS, RECONSTRUCTIONS, EffectiveBeta
from vae_course.prior import walk

import pytest
import torch
from browser.axe import serious_violations

pytest.importorskip("myst_nb", reason="needs what builds the site: pip install -e '.[site]'")

DOCS = Path(__file__).parents[2] / "docs"
# MathJax's own elements are many, and a lesson has thousands of words in the same few colours: both take most of the
# time. So the contrast of a lesson's words is measured at its head, in what stands around it, and in its first section.
PAGE = {"include": ["body"], "exclude": ["mjx-container"]}
HEAD = {"include": ["header", ".bd-sidebar", "section section:first-of-type"], "exclude": ["mjx-container"]}
CONTRAST = "color-contrast"
# All that a page does is done with the weights as it has them, and with the noise and the digits beside them.
ASK = """async ([name, beta]) => {
    const figures = course[name], found = await figures.found, { Network, rows, ...tools } = course.tools;
    const network = new Network(found, figures), noise = rows(found.eps, figures.latent);
    const greys = rows(found.digits, 784).map(bytes => Array.from(bytes, byte => byte / 255));
    const x = greys.slice(0, 10).map(one => tools.binarize(one, found.uniform));
    const numbers = all => all.map(one => Array.from(one));
    const codes = network.encode(x, beta);
    return {
        x: numbers(x), mu: numbers(codes.map(code => code.mu)), logvar: numbers(codes.map(code => code.logvar)),
        eps: numbers(noise), logits: numbers(network.decode(noise, beta)),
        kl: codes.map(tools.divergence), surprise: tools.surprise(network, x[0], noise),
    };
}"""
WALK = """async ([labels, beta, steps]) => {
    const figures = course.prior, found = await figures.found, { FlowPrior, rows } = course.tools;
    const noise = rows(found.z, figures.latent);
    const path = new FlowPrior(found, figures).walk(noise, labels, beta, steps);
    return [noise, ...path].map(points => points.map(point => Array.from(point)));
}"""
REPAINTS = """async () => {
    const slider = document.querySelector('[data-part=slider]'), times = [];
    for (let i = 0; i < 40; i++) {
        slider.value = -2 + i * 0.08;
        const start = performance.now();
        slider.dispatchEvent(new Event('input'));
        await new Promise(painted => requestAnimationFrame(() => setTimeout(painted)));
        times.push(performance.now() - start);
    }
    return times;
}"""
# The columns of the sheet, which is 560 wide, on which there is ink.
INK = """canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, 560, 560);
    return [...Array(560).keys()].filter(x => [...Array(560).keys()].some(y => data[4 * (560 * y + x)]));
}"""
LOOK = "part => document.querySelector(`[data-part=${part}]`).toDataURL()"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "site"
    subprocess.run([sys.executable, DOCS / "build.py", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def address(site):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.requested, page.errors = [], []
    page.on("request", lambda request: page.requested.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    context.close()


def opened(page, url):
    page.goto(url)
    page.wait_for_function("[...document.querySelectorAll('[data-widget]')].every(one => 'ready' in one.dataset)")
    return page


def test_every_page_opened_from_a_disk_asks_nobody_and_can_be_read_by_everyone(site, page):
    pages = sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)
    assert len(pages) > 20
    for path in pages:
        opened(page, path.as_uri())
        lesson = path.parent.name == "lessons" and path.stem != "index"
        assert serious_violations(page, PAGE, [CONTRAST] if lesson else []) == [], path.name
        assert page.evaluate("[...document.images].filter(image => !image.hasAttribute('alt')).length") == 0, path.name
    assert not [url for url in page.requested if not url.startswith(("file:", "data:", "blob:"))]
    assert page.errors == []


@pytest.mark.parametrize("name", ["index", "lessons/05_elbo", "play/draw_digit"])
def test_a_page_can_be_read_in_both_themes_and_fits_a_phone(site, page, name):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, (site / f"{name}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        assert serious_violations(page, HEAD) == []


def rounded(network):
    for tensor in network.state_dict().values():
        mantissa, exponent = torch.frexp(tensor)
        tensor.copy_(torch.ldexp((128 * mantissa).round() / 128, exponent).half())
    return network.double()


@pytest.mark.parametrize(("name", "where", "beta"), [
    ("every-beta", "play/beta", 0.01), ("every-beta", "play/beta", 7.0), ("plane", "play/draw_digit", 1.0),
])  # fmt: skip
def test_the_networks_of_a_page_give_pythons_numbers(site, page, name, where, beta):
    opened(page, (site / f"{where}.html").as_uri())
    there = page.evaluate(ASK, [name, beta])
    told = {key: torch.tensor(value, dtype=torch.float64) for key, value in there.items()}
    model, x, eps = rounded(load_pretrained(name)), told["x"].reshape(-1, 1, 28, 28), told["eps"]
    with torch.no_grad():
        mu, logvar = model.at(beta).encoder(x)
        logits = model.at(beta).decoder(eps)
        m, s = model.at(1.0).encoder(x[:1])
        draws = log_likelihood(model.at(1.0).decoder(m + (s / 2).exp() * eps), x[:1])
    for key, here in {"mu": mu, "logvar": logvar, "logits": logits.flatten(1), "kl": kl_divergence(mu, logvar)}.items():
        torch.testing.assert_close(told[key], here, rtol=1e-5, atol=1e-5, msg=lambda text, key=key: f"{key}: {text}")
    surprise = (kl_divergence(m, s) - draws.mean()).squeeze()
    torch.testing.assert_close(told["surprise"], surprise, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("beta", "steps"), [(0.03, 1), (0.1, 3), (4.0, 10)])
def test_the_learned_prior_of_a_page_walks_as_in_python(site, page, beta, steps):
    opened(page, (site / "play" / "learned_prior.html").as_uri())
    labels = [0, 1, 3, 5, 8, 9]
    noise, *path = torch.tensor(page.evaluate(WALK, [labels, beta, steps]), dtype=torch.float64)
    prior = rounded(load_prior())
    with torch.no_grad():
        here = prior.mean + prior.spread * walk(prior.at(beta).given(torch.tensor(labels)), noise, steps)
    torch.testing.assert_close(torch.stack(path), here, rtol=1e-5, atol=1e-5)


def test_noise_becomes_the_digit_that_is_asked_for(site, page):
    opened(page, (site / "play" / "learned_prior.html").as_uri())
    shown = page.evaluate(LOOK, "learned"), page.evaluate(LOOK, "standard")
    page.locator("[data-part=label]").select_option("7")
    page.locator("[data-part=words]", has_text="at β = 0.1, in 3 steps, to a 7:").wait_for()
    assert page.evaluate(LOOK, "learned") != shown[0]
    assert page.evaluate(LOOK, "standard") == shown[1]
    page.locator("[data-part=steps]").press("Home")
    page.locator("[data-part=words]", has_text="in 1 step, to a 7:").wait_for()
    page.locator("[data-part=slider]").press("End")
    page.locator("[data-part=words]", has_text="at β = 3.98").wait_for()
    page.locator("[data-part=home]").press("Enter")
    page.locator("[data-part=steps]").fill("3")
    page.locator("[data-part=words]", has_text="at β = 0.1, in 3 steps").wait_for()
    times = page.evaluate(REPAINTS)
    print(f"\nsite, learned prior: slider to repaint, median {statistics.median(times):.0f} ms")
    noise = page.evaluate(LOOK, "standard")
    page.locator("[data-part=other]").press("Enter")
    assert page.evaluate(LOOK, "standard") != noise
    assert page.errors == []


def test_a_drawing_takes_mnists_shape_as_in_python(site, page):
    opened(page, (site / "play" / "draw_digit.html").as_uri())
    generator = torch.Generator().manual_seed(0)
    large = torch.nn.functional.interpolate(grey(load_digits().test_images[:3]), (112, 112), mode="bilinear")
    blots = torch.zeros(3, 1, 112, 112)
    for blot in blots:  # As a pen draws: some are wide, some high, some are at the edge.
        y, x, h, w = torch.randint(2, 50, (4,), generator=generator).tolist()
        blot[0, y : y + h, x : x + w] = torch.rand(h, w, generator=generator)
    for ink in torch.cat([large, blots])[:, 0]:
        there = page.evaluate(
            "ink => Array.from(course.tools.asMnist(Float64Array.from(ink), 112) ?? [])", ink.flatten().tolist()
        )
        torch.testing.assert_close(torch.tensor(there).reshape(1, 1, 28, 28), as_mnist(ink), rtol=0, atol=1e-5)


def test_a_page_with_live_widgets_is_light_even_from_a_disk(site, page):
    for path in [site / "index.html", *(site / "play").glob("*.html")]:
        page.requested.clear()
        opened(page, path.as_uri())
        read = {url.removeprefix("file://").split("?")[0] for url in page.requested}
        megabytes = sum(Path(name).stat().st_size for name in read if name.startswith("/")) / 1e6
        print(f"\nsite, {path.stem}: {megabytes:.2f} MB from a disk", end="")
        assert megabytes <= 3


def test_the_front_page_is_alive(site, address, page):
    opened(page, f"{address}/index.html")
    print(f"\nsite, front page: ready after {page.evaluate('performance.now()'):.0f} ms", end="")
    read = [(site / url.removeprefix(address + "/").split("?")[0]).read_bytes() for url in page.requested]
    print(f", {sum(len(gzip.compress(content)) for content in read) / 1e6:.2f} MB as a server packs it", end="")
    for part in ("slider", "home", "otherDigits", "otherSamples"):
        before = page.evaluate(LOOK, "both"), page.evaluate(LOOK, "samples")
        page.locator(f"[data-part={part}]").press("End" if part == "slider" else "Enter")
        page.wait_for_function(
            f"([both, samples]) => ({LOOK})('both') !== both || ({LOOK})('samples') !== samples", arg=before
        )
    times = page.evaluate(REPAINTS)
    print(f"; slider to repaint, median {statistics.median(times):.0f} ms, least {min(times):.0f} ms")
    verdict, sheet = page.locator("[data-part=verdict]"), page.locator(".vae-sketch canvas")
    example = verdict.text_content()
    assert "of 100 test digits" in example
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    page.mouse.move(box["x"] + 140, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 240, steps=8)
    page.mouse.up()
    page.wait_for_function("text => document.querySelector('[data-part=verdict]').textContent !== text", arg=example)
    assert "test digit" in verdict.text_content()
    columns = sheet.evaluate(INK)
    assert columns, "the stroke is on the sheet"
    assert 230 <= min(columns) <= max(columns) <= 330, "and nothing else is: the example is gone"
    undo = page.get_by_role("button", name="Undo")
    undo.press("Enter")
    page.locator("text=The sheet is empty").wait_for()
    undo.press("Enter")
    page.wait_for_function(
        f"columns => ({INK})(document.querySelector('.vae-sketch canvas')).length > columns", arg=len(columns)
    )
    page.get_by_role("button", name="Clear").press("Enter")
    page.locator("text=The sheet is empty").wait_for()
    assert page.errors == []


def test_the_plane_follows_the_keys(site, page):
    opened(page, (site / "play" / "latent_pad.html").as_uri())
    before = page.evaluate(LOOK, "image")
    page.locator(".vae-plane").press("Shift+ArrowRight")
    page.locator("b", has_text="z = (0.50, 0.00), the mean of").wait_for()
    assert page.evaluate(LOOK, "image") != before
    page.get_by_role("button", name="draw").press("Enter")
    page.locator("b", has_text="a draw from").wait_for()


def test_sums_and_means_have_the_effective_beta_of_python(site, page):
    opened(page, (site / "play" / "effective_beta.html").as_uri())
    widget = EffectiveBeta()
    for (i, (_, first)), (j, (_, second)) in product(enumerate(RECONSTRUCTIONS), enumerate(KLS)):
        page.locator("[name=reconstruction]").nth(i).check()
        page.locator("[name=kl]").nth(j).check()
        widget.reconstruction.value, widget.kl.value = first, second
        loss, verdict = re.search(r"<pre>(.*)</pre>.*(Effective β = .*)</b>", widget.answer.value, re.DOTALL).groups()
        assert page.locator("[data-part=loss]").text_content() == re.sub("<.*?>", "", loss)
        assert page.locator("[data-part=fate] b").text_content() == verdict
    page.locator("[data-part=slider]").press("Home")
    page.locator("pre", has_text="+ 0.001 * kl.sum()").wait_for()


def test_a_page_can_be_translated(tmp_path):
    (tmp_path / "source" / "_static").mkdir(parents=True)
    shutil.copy(DOCS / "conf.py", tmp_path / "source")
    shutil.copy(DOCS / "live" / "icon.svg", tmp_path / "source" / "_static")
    (tmp_path / "source" / "index.md").write_text("# A page\n\nIt has *words* and $x^2$.\n", encoding="utf-8")
    code = "import sys; from pathlib import Path; from translations import translated; "
    code += "sys.exit(translated(*map(Path, sys.argv[1:4]), 'qps'))"
    folders = [tmp_path / name for name in ("source", "locales", "out")]
    subprocess.run([sys.executable, "-c", code, *folders], cwd=DOCS, check=True)
    catalogue = (tmp_path / "locales" / "qps" / "LC_MESSAGES" / "index.po").read_text(encoding="utf-8")
    assert 'msgid "It has *words* and $x^2$."' in catalogue
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert '<html lang="qps"' in page
    assert "<p>⟦It has <em>words</em> and " in page
