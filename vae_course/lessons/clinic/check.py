"""The checks of lesson 09: a diagnosis, and two mends, which are trained and examined."""

import functools
import inspect
from collections.abc import Callable
from html import escape
from typing import Any

import torch
from IPython.display import HTML
from torch import Generator, Tensor

from vae_course.clinic import MISTAKES, PATIENTS, Patient, Symptoms, examine
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms, elbo_terms
from vae_course.kit.exercise import exercise, tried
from vae_course.training import TrainConfig, fit

# What each mistake shows, and a patient without it does not.
HALLMARKS = {
    "variance": "residuals around 0 and narrower than 1, though not by a factor of a hundred",
    "rand": "residuals that are never negative",
    "faint": "residuals of 0.01, in training and at the test alike",
    "mu at test": "healthy residuals in training, and none at the test",
    "mu detached": "no gradient in the head for mu, and one in the head for logvar",
    "logvar detached": "no gradient in the head for logvar",
    "pixel mean": "a reported reconstruction hundreds of times smaller than the honest one",
    "sigmoid twice": "a reported reconstruction of over 500 nats, where an empty pixel can't cost less than log 2",
    "KL sign": "a reported KL below 0",
    "KL forgotten": "a reported KL of 0 beside a large honest one",
    "test set": "nothing at all in these tables: its code is in order, and all our patients trained on the same digits",
}
NAMES = ", ".join(f'"{name}"' for name in MISTAKES)
# Enough for a mend that still is ill to be told from a healthy VAE: a second's work.
CONFIG = TrainConfig(epochs=8, batch_size=64, learning_rate=3e-3)
IMAGES, LATENT = 600, 8


@exercise("diagnose", "Eight of eight, and for each a symptom that no other mistake of the list has.")
def check_diagnosis(answer: Callable[[], dict[str, str]]) -> str | None:
    """Count the right ones, and for one that is wrong name the symptom that speaks against it."""
    diagnosis = tried(answer())
    if not isinstance(diagnosis, dict):
        return f'Return a dict, {{"A": "name", …}}; this is of type {type(diagnosis).__name__}.'
    for letter, name in diagnosis.items():
        if letter not in PATIENTS:
            return f"There is no patient {letter!r}: they are {', '.join(PATIENTS)}."
        if name is not ... and name not in list(MISTAKES):
            return f"{letter}: {name!r} is not on the list. Choose from {NAMES}."
    given = {letter: name for letter, name in diagnosis.items() if name is not ...}
    wrong = [letter for letter, name in sorted(given.items()) if name != PATIENTS[letter].mistake]
    count = f"{len(given) - len(wrong)} of {len(PATIENTS)} are right. "
    if wrong:
        name = given[wrong[0]]
        return f'{count}{wrong[0]} is not "{name}": that would show {HALLMARKS[name]}. Look at {wrong[0]} for it again.'
    missing = [letter for letter in PATIENTS if letter not in given]
    return f"{count}Still without a name: {', '.join(missing)}." if missing else None


@exercise("draw", "Trained with this draw, the patient shows no symptom. It mends A, C, E, F and H.")
def check_draw(answer: Callable[[Tensor, Tensor, Generator], Tensor]) -> str | None:
    """Try the draw on wide clouds, and examine a patient that was trained with it."""
    hint = _wrong_code(answer)
    if hint:
        return hint
    mended = _train(type("Mended", (Patient,), {"draw": lambda self, *rest: answer(*rest)}))
    found, right = examine(mended, load_digits().test_images), _healthy()[1]
    for residuals, when in ((found.training_residuals, "in training"), (found.residuals, "at the test")):
        mean, std = residuals.mean().item(), residuals.std().item()
        if abs(mean) > 0.05 or abs(std - 1) > 0.05:
            return (
                f"The mended patient still has the symptom: {when} its residuals have mean {mean:.2f} and "
                f"standard deviation {std:.2f}, and should have 0 and 1."
            )
    for name, norm, usual in (
        ("mu", found.gradient_mu, right.gradient_mu),
        ("logvar", found.gradient_logvar, right.gradient_logvar),
    ):
        if norm < 0.1 * usual:
            return (
                f"The residuals are healthy, but the gradient in the head for {name} is {norm:.2f}, and {usual:.1f} in "
                "a healthy VAE: the reconstruction can't tell it anything."
            )
    excess = (found.honest.negative_elbo - right.honest.negative_elbo).item()
    if abs(excess) > 5:
        return f"The symptoms are gone, but its honest bound is {excess:+.1f} nats away from a healthy patient's."
    return None


@exercise("cost", "Trained with this cost, the patient reports what it deserves. It mends B, D and G.")
def check_cost(answer: Callable[[Tensor, Tensor, Tensor, Tensor], ElboTerms]) -> str | None:
    """Ask for the cost of images that a healthy patient knows and of extreme codes, then train with it."""
    healthy, right = _healthy()
    hint = _wrong_terms(answer, healthy)
    if hint:
        return hint
    mended = _train(type("Mended", (Patient,), {"cost": lambda self, *rest: answer(*rest)}))
    found = examine(mended, load_digits().test_images)
    if abs(found.honest.negative_elbo - right.honest.negative_elbo) > 5:
        mine, healthys = (examined.honest.negative_elbo for examined in (found, right))
        return (
            f"The number is the right one and the training is not: the mended patient's honest bound is {mine:.0f} "
            f"nats, a healthy one's {healthys:.0f}. What is reported must be what is differentiated."
        )
    return None


def open_files() -> HTML:
    """Each patient's own lines, folded away until its letter is clicked."""
    blocks = [
        f"<details><summary>Open the file of patient {letter}</summary>"
        f"<p><b>{escape(kind.mistake)}</b></p><pre>{escape(inspect.getsource(kind))}</pre></details>"
        for letter, kind in PATIENTS.items()
    ]
    return HTML("".join(blocks))


def _train(kind: type[Patient]) -> Patient:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        patient = kind(latent_dim=LATENT, hidden=(64,))
        for _ in fit(patient, load_digits().train_images[:IMAGES], CONFIG):
            pass
    return patient


@functools.cache
def _healthy() -> tuple[Patient, Symptoms]:
    patient = _train(Patient)
    return patient, examine(patient, load_digits().test_images)


def _wrong_code(draw: Callable[..., Any]) -> str | None:
    mu, logvar = torch.full((4000, 3), 2.0, requires_grad=True), torch.tensor([-4.0, 0.0, 3.0]).expand(4000, 3)
    z = tried(draw(mu, logvar, Generator().manual_seed(0)))
    if not isinstance(z, Tensor) or z.shape != mu.shape:
        found = list(z.shape) if isinstance(z, Tensor) else type(z).__name__
        return f"A code for every image was asked for, of the shape of mu, {list(mu.shape)}; this is {found}."
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        again, alone = draw(mu, logvar, Generator().manual_seed(0)), draw(mu[:1], logvar[:1], Generator())
    if not torch.equal(z, again):
        return "The same seed gave two different draws: the dice are the generator's."
    if not alone.isfinite().all():
        return "A single image gets no code: the draw of one image must not depend on the others in its batch."
    residuals = ((z - mu) / torch.exp(0.5 * logvar)).detach()
    shared = residuals[0].allclose(residuals[1]) or residuals[:, 0].allclose(residuals[:, 1], atol=1e-3)
    if residuals.any() and shared:
        return "One eps is shared: every image and every dimension throws its own."
    if (residuals.std(0) - 1).abs().max() > 0.1 and residuals.std(0).max() > 0.5:
        spreads = ", ".join(f"{value:.2f}" for value in residuals.std(0))
        return (
            f"For logvar = −4, 0 and 3, the standard deviations of the residuals are {spreads}, and should all be 1. "
            "A spread that goes with logvar speaks of sigma."
        )
    return None


def _wrong_terms(cost: Callable[..., Any], patient: Patient) -> str | None:
    x = (load_digits().test_images[:50].unsqueeze(1) >= 128).float()
    with torch.no_grad():
        mu, logvar = patient.encoder(x)
        # The second time the codes are far out, as they are in a patient that is very ill.
        for far in (1.0, 30.0):
            logits = patient.decoder(mu) * far
            terms, right = tried(cost(x, logits, far * mu, logvar)), elbo_terms(x, logits, far * mu, logvar)
            if not isinstance(terms, ElboTerms):
                return f"Both terms are asked for, as ElboTerms; this is of type {type(terms).__name__}."
            for name, mine, theirs in zip(("reconstruction", "KL"), terms, right, strict=True):
                hint = _wrong_term(name, mine, theirs, x, logits)
                if hint:
                    return hint
    return None


def _wrong_term(name: str, mine: Any, right: Tensor, x: Tensor, logits: Tensor) -> str | None:
    if not isinstance(mine, Tensor) or mine.shape != right.shape:
        found = list(mine.shape) if isinstance(mine, Tensor) else type(mine).__name__
        return f"The {name} should be one number an image, {list(right.shape)}; this is {found}."
    if not mine.isfinite().all():
        return f"For some images the {name} is not finite: a large logit is a probability of 1 or 0, whose log is not."
    # The wrong ones that look like something: by what they equal.
    known = {
        "is a mean over pixels: in nats per image, it is a sum over the 784": right / 784,
        "is a mean over dimensions: in nats per image, it is a sum": right / LATENT,
        "has its sign turned: then the training climbs where it should descend": -right,
        "is −KL, cut off at 200: without the cut it runs away": -right.clamp(max=200),
        "is that of a sigmoid of the logits: the loss takes logits and does its own sigmoid":
            elbo_terms(x, logits.sigmoid(), right[:, None], right[:, None]).reconstruction,
    }  # fmt: skip
    for words, wrong in known.items():
        if torch.allclose(mine, wrong, rtol=1e-3) and not torch.allclose(mine, right, rtol=1e-3):
            return f"The {name} {words}."
    if not torch.allclose(mine, right, rtol=1e-3, atol=1e-2):
        worst = (mine - right).abs().argmax()
        return (
            f"For one image the {name} is {right[worst]:.4g} nats, and yours says {mine[worst]:.4g}. "
            "A clamp or a factor on a wrong term hides the symptom, and does not mend it."
        )
    return None
