"""Lessons 01 to 06 as a learner solves them, and what the file of all pieces must then be able to do."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]

# Lesson → exercise → an answer, each written in another way.
SOLUTIONS = {
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
NAMES = [name for answers in SOLUTIONS.values() for name in answers]


def stub_in(source):
    """The name of the exercise whose stub this cell is."""
    if not re.search(r"^ +\.\.\.$", source, re.MULTILINE):
        return None
    return next((n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef | ast.ClassDef)), None)


def expect_the_file_works_alone(folder):
    """Use the pieces of `my_vae.py` together, in a fresh Python that has no lesson's names."""
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
