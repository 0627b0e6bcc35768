"""JupyterLab in a real browser: Playwright drives the system's Chromium."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install -e '.[browser]'")

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TOKEN = "a-test-token"
VIEWPORT = {"width": 1400, "height": 1000}
# Milliseconds between two looks at a training. Without it there is one for every frame, and the browser works twice as
# much.
POLLING = 100
# What takes longest begins, so that all workers end at about the same time. test_pages is short: it waits behind
# test_newcomer, because a worker with one test gets a second group at once.
FIRST = ["test_newcomer", "test_lessons", "test_pages", "test_site"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Give each file to one worker, and test_lessons, which has the most tests, to two; the longest come first."""
    items.sort(key=lambda item: FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST))
    for i, item in enumerate(items):
        half = i % 2 if item.path.stem == "test_lessons" else ""
        item.add_marker(pytest.mark.xdist_group(f"{item.path.stem}{half}"))


class Lab(NamedTuple):
    """A running JupyterLab."""

    url: str
    notebooks: Path


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab in a learner's folder, as `vae-course lab` makes and opens it."""
    root = tmp_path_factory.mktemp("lab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "ServerApp": {"port": port, "port_retries": 0},
        "IdentityProvider": {"token": TOKEN},
        "LabApp": {"expose_app_in_browser": True},
    }
    (root / "config").mkdir()
    (root / "config" / "jupyter_lab_config.json").write_text(json.dumps(settings), encoding="utf-8")
    # Settings and workspaces of the user stay out of the test, and the other way round.
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(root / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces"),
    }
    command = [sys.executable, "-m", "vae_course", "lab", str(root / "my-course"), "--no-browser"]
    with (root / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 120
    while not answers(f"{url}/api?token={TOKEN}"):
        assert server.poll() is None, (root / "log").read_text()
        assert time.monotonic() < deadline, (root / "log").read_text()
        time.sleep(0.1)
    yield Lab(url, root / "my-course")
    server.terminate()
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200
    except (urllib.error.URLError, OSError):
        return False


def end_kernels(lab):
    """End every kernel, or a test's kernel would train, and fill the memory, beside all later ones."""
    request = urllib.request.Request(f"{lab.url}/api/sessions", headers={"Authorization": f"token {TOKEN}"})
    for session in json.load(urllib.request.urlopen(request, timeout=30)):
        request = urllib.request.Request(f"{lab.url}/api/sessions/{session['id']}", method="DELETE")
        request.add_header("Authorization", f"token {TOKEN}")
        urllib.request.urlopen(request, timeout=60)


@pytest.fixture(scope="session")
def jupyterlab(lab, browser):
    """JupyterLab in a page that the tests share, because it takes long to load; it opens a lesson by its address."""
    context = browser.new_context(viewport=VIEWPORT)
    # A machine may be slow; what never comes is still told.
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto(f"{lab.url}/lab/tree/00_start.ipynb?token={TOKEN}")
    page.wait_for_function(f"{Lesson.PANEL}?.context?.path === '00_start.ipynb'")
    yield page
    context.close()


@pytest.fixture(scope="session")
def browser():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium on the PATH")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


class Lesson:
    """A lesson that is open in JupyterLab, and no other is."""

    # Questioned at each dot, because there is a moment without an application.
    PANEL = "window.jupyterapp?.shell?.currentWidget"
    TABS = "[...window.jupyterapp.shell.widgets('main')]"
    WIDGET = "application/vnd.jupyter.widget-view+json"
    KERNEL = f"{PANEL}?.sessionContext?.session?.kernel"

    def __init__(self, page, name):
        self.page = page
        page.set_viewport_size(VIEWPORT)
        # Asked again until it is in front: after a reload JupyterLab may yet open what was open, and put that there.
        page.wait_for_function(
            f"""path => {self.PANEL}?.context?.path === path
                || void window.jupyterapp?.commands.execute('docmanager:open', {{ path }})""",
            arg=f"{name}.ipynb",
            polling=1000,
        )
        self.wait_until_ready(name)
        page.evaluate(f"{self.TABS}.filter(tab => tab !== {self.PANEL}).forEach(tab => tab.dispose())")

    def wait_until_ready(self, name):
        page = self.page
        page.wait_for_function(f"{self.PANEL}?.context?.path.endsWith('{name}.ipynb')")
        page.wait_for_function(f"{self.KERNEL}?.status === 'idle' && 'jupyter.widget' in {self.KERNEL}._targetRegistry")
        # Widgets may never appear when cells run before JupyterLab's widget manager has asked the kernel what there is.
        renderer = f"{self.PANEL}.content.rendermime.createRenderer('{self.WIDGET}')"
        page.evaluate("window.widgetManager = null")
        page.evaluate(f"void {renderer}._manager.promise.then(manager => {{ window.widgetManager = manager; }})")
        page.wait_for_function("window.widgetManager?.restoredStatus")

    def run_all(self):
        """Run all cells of a fresh kernel, wait for the last, and return the code cells as the notebook has them."""
        self.page.evaluate(
            f"{self.PANEL}.content.model.cells; window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')"
        )
        self.page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(
            f"""() => {{
                const cells = [...{self.PANEL}.content.model.cells].filter(cell => cell.type === 'code');
                const failed = cells.some(cell => cell.outputs.toJSON().some(output => output.output_type === 'error'));
                return failed || cells.every(cell => cell.executionCount !== null && cell.executionState !== 'running');
            }}""",
            timeout=300_000,
            polling=POLLING,
        )
        return [cell for cell in self.cells() if cell["cell_type"] == "code"]

    def cells(self):
        """Return all cells as the notebook has them, and whether their source is folded."""
        return self.page.evaluate(
            f"{self.PANEL}.content.widgets.map(cell => ({{ ...cell.model.toJSON(), folded: cell.inputHidden }}))"
        )

    def cell(self, i):
        """Find a cell on the page. JupyterLab draws only those near the window."""
        return self.page.locator(f".jp-Notebook:visible .jp-Cell[data-windowed-list-index='{i}']")

    def choose(self, i):
        """Go to a cell by the arrow keys."""
        active = f"{self.PANEL}.content.activeCellIndex"
        at = self.page.evaluate(active)
        for _ in range(abs(i - at)):
            self.page.keyboard.press("ArrowUp" if at > i else "ArrowDown")
        assert self.page.evaluate(active) == i, "the arrow keys choose no cell: what has the focus?"

    def run(self, i):
        """Run a cell by Shift+Enter, and wait until it is done."""
        self.choose(i)
        cell = f"{self.PANEL}.content.model.cells.get({i})"
        before = self.page.evaluate(f"{cell}.executionCount ?? 0")
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            f"before => {cell}.type !== 'code' || ({cell}.executionCount > before && {cell}.executionState === 'idle')",
            arg=before,
            timeout=300_000,
            polling=POLLING,
        )

    def follow_link(self, name):
        """Click on the last link to a lesson in the notebook, and wait until it is open."""
        self.page.locator(f".jp-Notebook:visible a[href*='{name}.ipynb']").last.click()
        self.wait_until_ready(name)

    def scroll_to_widget(self, part=".vae-course"):
        """Show the last widget that is no form for a guess.

        JupyterLab draws no cell before it comes near the window.
        """
        self.page.evaluate(f"""async () => {{
            const notebook = {self.PANEL}.content;
            const isForm = data => /^(GuessForm|Quiz):/.test(data['text/plain']);
            const holds = cell => cell.outputs?.toJSON().some(({{data}}) => data?.['{self.WIDGET}'] && !isForm(data));
            await notebook.scrollToItem([...notebook.model.cells].findLastIndex(holds), 'center');
        }}""")
        self.page.locator(part).last.wait_for()


@contextmanager
def window(jupyterlab, lab):
    """Give a function that opens a lesson by its file's name; at the end, close it and end all kernels."""
    yield lambda name: Lesson(jupyterlab, name)
    # What a test that failed has left open asks no question.
    jupyterlab.evaluate(f"{Lesson.TABS}.forEach(tab => tab.dispose())")
    for question in jupyterlab.locator(".jp-Dialog").all():
        question.press("Escape")
    end_kernels(lab)


@pytest.fixture
def open_lesson(jupyterlab, lab):
    """A function that opens a lesson by its file's name."""
    with window(jupyterlab, lab) as open_lesson:
        yield open_lesson


@pytest.fixture(scope="module")
def run_cell(jupyterlab, lab, request):
    """A function that runs one cell in a notebook of its own, for a widget without its lesson.

    The tests of a module share the kernel, which takes long to start. Each has a widget of its own: the cell runs
    again.
    """
    path = lab.notebooks / f"cell_{request.path.stem}.ipynb"

    @cache
    def notebook_with(source):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, path)
        return open_lesson(path.stem)

    def run(source):
        lesson = notebook_with(source)
        lesson.page.set_viewport_size(VIEWPORT)
        lesson.run_all()
        return lesson

    with window(jupyterlab, lab) as open_lesson:
        yield run
    path.unlink(missing_ok=True)
