"""A learner who solves lessons 01 to 06 has a whole VAE in a file of their own at the end, and has trained it."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

PROJECT = Path(__file__).parents[1]
SOURCES = sorted((PROJECT / "notebooks").glob("*.py"))
LESSONS = {source.name[:2]: source for source in SOURCES}

# Lesson → exercise → an answer, each written in another way.
ANSWERS = {
    "01": {"binarize": "binarize = lambda images, generator: torch.bernoulli(images, generator=generator)"},
    "02": {
        "MyEncoder": """
PIXELS = 28 * 28


class MyEncoder(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, hidden), nn.ReLU())
        self.mu, self.logvar = nn.Linear(hidden, latent_dim), nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.features(x)
        return self.mu(h), self.logvar(h)
"""
    },
    "03": {
        "reparameterize": """
def width(logvar):
    return torch.exp(0.5 * logvar)


def reparameterize(mu, logvar, generator):
    return mu + width(logvar) * torch.randn(mu.shape, generator=generator)
"""
    },
    "04": {
        "log_likelihood": """
import torch.nn.functional as F


def log_likelihood(logits, x):
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum((1, 2, 3))
"""
    },
    "05": {
        "kl_divergence": """
from torch.distributions import Normal
from torch.distributions import kl_divergence as kl_of


def kl_divergence(mu, logvar):
    return kl_of(Normal(mu, torch.exp(logvar / 2)), Normal(0.0, 1.0)).sum(-1)
""",
        "elbo_terms": """
def elbo_terms(x, logits, mu, logvar):
    return ElboTerms(reconstruction=-log_likelihood(logits, x), kl=kl_divergence(mu, logvar))
""",
    },
    "06": {
        "training_step": """
def detached(terms: ElboTerms) -> ElboTerms:
    return ElboTerms(*(term.detach() for term in terms))


def training_step(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    optimizer.zero_grad()
    terms.weighted(beta).backward()
    optimizer.step()
    return detached(terms)
""",
        "evaluate": """
@torch.no_grad()  # no slopes in here
def evaluate(model, images, binarization, seed):
    generator, before = Generator().manual_seed(seed), model.training
    x = grey(binarize_once(images, binarization, generator))
    model.eval()
    terms = model.elbo(x, generator).mean()
    model.train(before)
    return terms
""",
    },
}
NAMES = [name for answers in ANSWERS.values() for name in answers]


def code_cells(lesson):
    return [cell for cell in jupytext.read(LESSONS[lesson]).cells if cell.cell_type == "code"]


def stub_in(source):
    """The name of the exercise whose stub this cell is."""
    if not re.search(r"^ +\.\.\.$", source, re.MULTILINE):
        return None
    return next((n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef | ast.ClassDef)), None)


def exercises_of(lesson):
    """Each exercise's name, and its three cells: the stub, its check, and how the lesson goes on."""
    cells = [cell.source for cell in code_cells(lesson)]
    for i, source in enumerate(cells):
        if name := stub_in(source):
            yield name, cells[i : i + 3]


def imports_of(lesson):
    """What the lesson imports, without the rest."""
    trees = [ast.parse(cell.source) for cell in code_cells(lesson)]
    found = [node for tree in trees for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(ast.unparse(node) for node in found)


def run(folder, notebook):
    """Execute a notebook as JupyterLab does, in this folder; return all text that it shows."""
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in outputs)


def notebook_of(cells):
    return jupytext.reads("\n\n".join(f"# %%\n{cell}" for cell in cells), fmt="py:percent")


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """Solve lessons 01 to 06 in a workspace, and keep what each showed. Of 01 to 05, only the exercises are run."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / ".course").mkdir()
    (folder / ".course" / "course.json").write_text('{"answers": "my_vae.py"}')
    shown = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PROJECT))
        patch.setenv("OMP_NUM_THREADS", "1")
        for lesson, answers in ANSWERS.items():
            if lesson != "06":
                cells = [imports_of(lesson)]
                for name, (_, check, go_on) in exercises_of(lesson):
                    cells += [answers[name].strip(), check, go_on]
            else:
                cells = [answers.get(stub_in(cell.source), cell.source).strip() for cell in code_cells(lesson)]
            shown[lesson] = run(folder, notebook_of(cells))
    return folder, shown


@pytest.mark.parametrize("lesson", ANSWERS)
def test_a_right_answer_is_kept_and_the_lesson_goes_on_with_it(solved, lesson):
    _, shown = solved
    for name in ANSWERS[lesson]:
        assert re.search(rf"✓ {name}: right\..* Kept in my_vae\.py\.", shown[lesson]), shown[lesson]
        assert f"The lesson goes on with your `{name}`." in shown[lesson]


def test_lesson_06_trains_the_vae_of_the_learners_pieces(solved):
    _, shown = solved
    assert f"8 of 8 pieces are yours: {', '.join(f'`{name}`' for name in NAMES)}." in shown["06"]
    measured = re.search(r"^ *your VAE.*?^ *−ELBO +(\d+) *$", shown["06"], re.MULTILINE | re.DOTALL)
    assert 100 < int(measured[1]) < 120


def test_the_file_works_in_a_fresh_python(solved):
    folder, _ = solved
    program = f"""
import my_vae, torch
from vae_course.digits import load_digits
from vae_course.vae import VAE

assert all(hasattr(my_vae, name) for name in {NAMES})
generator = torch.Generator().manual_seed(0)
x = my_vae.binarize(load_digits().test_images[:5, None] / 255, generator)
mu, logvar = my_vae.MyEncoder(latent_dim=3)(x)
z = my_vae.reparameterize(mu, logvar, generator)
terms = my_vae.elbo_terms(x, VAE(latent_dim=3).decoder(z), mu, logvar)
print(terms.kl.shape, my_vae.elbo_terms.__globals__["kl_divergence"] is my_vae.kl_divergence)
"""
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    python = [sys.executable, "-c", program]
    result = subprocess.run(python, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.stdout == "torch.Size([5]) True\n", result.stderr


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_check_that_is_run_again_does_not_call_the_stub_right(lesson, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    exec(imports_of(lesson), names)
    exercises = list(exercises_of(lesson))
    assert exercises or lesson == "00"
    for name, (stub, check, go_on) in exercises:
        exec(stub, names)
        call = next(line for line in check.splitlines() if line.startswith("check_"))
        assert eval(call, names).status == "not tried yet"
        if "show_me" in go_on:
            exec(go_on, names)
        assert eval(call, names).status == "not tried yet", f"{name} after the cell that goes on"
