"""The checks of lesson 09: a diagnosis, and two fixes, which are trained and examined."""

import functools
import inspect
import math
from collections.abc import Mapping
from html import escape
from typing import Any

from vae_course.clinic import MISTAKES, PATIENTS, Patient, Symptoms, examine
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms, elbo_terms, kl_divergence
from vae_course.kit.exercise import Mistake, ask, ask_deterministic, close, describe, exercise, expect, recognise
from vae_course.lessons.gaussian_draw import expect_gaussian_draw
from vae_course.training import TrainConfig, fit

import torch
from IPython.display import HTML
from torch import Generator, Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

# What each mistake shows, and a patient without it does not.
HALLMARKS = {
    "variance": "residuals around 0 and narrower than 1, though not by a factor of a hundred",
    "rand": "residuals that are never negative",
    "faint": "residuals of 0.01, in training and at the test alike",
    "mu at test": "healthy residuals in training, and none at the test",
    "mu detached": "no gradient in the head for mu, and one in the head for logvar",
    "logvar detached": "no gradient in the head for logvar",
    "pixel mean": "a reported reconstruction hundreds of times smaller than the honest one",
    "sigmoid twice": "a reported reconstruction of over 500 nats, because an empty pixel costs at least log 2",
    "KL sign": "a reported KL below 0",
    "KL forgotten": "a reported KL of 0 beside a large honest one",
    "test set": "nothing at all in these tables: its code would be right, and all our patients have the same digits",
}
NAMES = ", ".join(f'"{name}"' for name in MISTAKES)
# Enough training to tell a wrong fix from a healthy VAE; takes a second.
CONFIG = TrainConfig(epochs=8, batch_size=64, learning_rate=3e-3)
IMAGES, LATENT = 600, 8
_digits = functools.cache(load_digits)


@exercise("diagnose", "All eight are right. Each has a symptom that no other mistake on the list has.")
def check_diagnosis(answer: Any) -> None:
    """Count the right ones, and for one that is wrong name the symptom that speaks against it."""
    diagnosis = ask(answer)
    expect(isinstance(diagnosis, Mapping), f'Return a dict, {{"A": "name", …}}: this is {describe(diagnosis)}.')
    expect(not {*diagnosis} & {*MISTAKES}, 'Letters come first, names after the colon: {"A": "name", …}.')
    for letter in diagnosis:
        expect(letter in PATIENTS, f"There is no patient {letter!r}: they are {', '.join(PATIENTS)}.")
    given = {letter: _name(letter, name) for letter, name in diagnosis.items() if not _is_open(name)}
    wrong = [letter for letter, name in sorted(given.items()) if name != PATIENTS[letter].mistake]
    count = f"{len(given) - len(wrong)} of {len(PATIENTS)} are right. "
    if wrong:
        letter, name = wrong[0], given[wrong[0]]
        raise Mistake(f'{count}{letter} is not "{name}": that would show {HALLMARKS[name]}. What does {letter} show?')
    missing = [letter for letter in PATIENTS if letter not in given]
    expect(not missing, f"{count}Still without a name: {', '.join(missing)}.")


def _is_open(name: Any) -> bool:
    return name is None or name is ... or name == ""


def _name(letter: str, name: Any) -> str:
    """Find a name on the list, however it is capitalised and its words are joined."""
    expect(isinstance(name, str), f"{letter}: this, {describe(name)}, is not on the list. Give one of its names.")
    for known in MISTAKES:
        if name.strip().replace("_", " ").replace("-", " ").casefold() == known.casefold():
            return known
    raise Mistake(f"{letter}: {name[:60]!r} is not on the list. Choose from {NAMES}.")


@exercise(
    "draw",
    "A patient trained with this draw shows no symptom. It cures A, C, E, F and H.",
    seconds=30.0,
)
def check_draw(answer: Any) -> None:
    """Check the noise, then how mu and logvar change it, then a patient that was trained with the draw."""
    expect_gaussian_draw(answer)
    found, right = _examined("draw", answer), _healthy()[1]
    for residuals, when in ((found.training_residuals, "in training"), (found.residuals, "at the test")):
        mean, std = residuals.mean().item(), residuals.std().item()
        expect(
            abs(mean) < 0.05 and abs(std - 1) < 0.05,
            f"The trained patient still has the symptom: {when} its residuals have mean {mean:.2f} and "
            f"standard deviation {std:.2f}, and should have 0 and 1.",
        )
    for name, norm, usual in (
        ("mu", found.gradient_mu, right.gradient_mu),
        ("logvar", found.gradient_logvar, right.gradient_logvar),
    ):
        expect(
            norm > 0.1 * usual,
            f"The residuals are healthy, but the gradient in the head for {name} is {norm:.2f}, and {usual:.1f} in "
            "a healthy VAE: almost no gradient of the reconstruction reaches it.",
        )
    excess = (found.honest.negative_elbo - right.honest.negative_elbo).item()
    expect(
        abs(excess) < 5,
        f"The symptoms are gone, but its honest bound is {excess:+.1f} nats away from a healthy patient's.",
    )


@exercise(
    "cost",
    "A patient trained with this cost reports its honest bound. It cures B, D and G.",
    seconds=30.0,
)
def check_cost(answer: Any) -> None:
    """Compare both terms, then their gradients, then train a patient with them."""
    expect(not isinstance(answer, type), f"Give the function itself: this is {describe(answer)}.")
    x, logits, *code = _probes()[0]
    # The course's log_likelihood takes these logits as x, too, so that an exchange of the two raises no error.
    for inputs in ((x, logits.sigmoid(), *code), *_probes()):
        _expect_terms(answer, *inputs)
    _expect_gradients(answer)
    found, right = (examined.honest.negative_elbo for examined in (_examined("cost", answer), _healthy()[1]))
    expect(
        abs(found - right) < 5,
        f"The number is right and the training is not: the patient's honest bound is {found:.0f} nats, and a healthy "
        f"one's is {right:.0f}. What is reported must be what is differentiated.",
    )


def open_files() -> HTML:
    """Show each patient's own lines, folded until its letter is clicked."""
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
        for _ in fit(patient, _digits().train_images[:IMAGES], CONFIG):
            pass
    return patient


def _examined(step: str, answer: Any) -> Symptoms:
    """Train a patient that has the answer in place of one of its steps, and examine it."""
    trained = _train(type("Treated", (Patient,), {step: lambda self, *rest: answer(*rest)}))
    return examine(trained, _digits().test_images)


@functools.cache
def _healthy() -> tuple[Patient, Symptoms]:
    patient = _train(Patient)
    return patient, examine(patient, _digits().test_images)


@functools.cache
def _probes() -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Give x, logits, mu and logvar of digits that a healthy patient knows, of one image, and far out."""
    patient, noise = _healthy()[0], Generator().manual_seed(0)
    x = (_digits().test_images[:50].unsqueeze(1) >= 128).float()
    with torch.no_grad():
        mu, logvar = patient.encoder(x)
        logits = patient.decoder(mu)
    wide, narrow = (torch.randn(7, 3, generator=noise) for _ in range(2))
    steps = torch.linspace(-40, 40, 9 * LATENT)
    far = (x[:20], 30 * logits[:20], 30 * mu[:20], 14 * torch.rand(20, LATENT, generator=noise) - 7)
    return [
        (x, logits, mu, logvar),
        (x[:1], logits[:1], mu[:1], logvar[:1]),
        (x, logits, 0.05 * mu, 0.05 * logvar),
        (x[:7], 3 * torch.randn(7, 1, 28, 28, generator=noise), 2 * wide, 2 * narrow),
        far,
        (x[:9], 40 * torch.randn(9, 1, 28, 28, generator=noise), 0 * mu[:9], steps.reshape(9, LATENT)),
    ]


def _terms(answer: Any, *inputs: Tensor) -> ElboTerms:
    """Ask for the terms, and refuse what cannot be one number per image."""
    terms = ask_deterministic(answer, *(value.clone() for value in inputs))
    expect(
        isinstance(terms, ElboTerms),
        f"Return both terms, as ElboTerms(reconstruction, kl): this is {describe(terms)}.",
    )
    for name, term in zip(("reconstruction", "KL"), terms, strict=True):
        batch, found = [len(inputs[0])], f"this is {describe(term)}"
        expect(isinstance(term, Tensor), f"The {name} should be a tensor with one number per image, {batch}: {found}.")
        expect(list(term.shape) == batch, f"The {name} should be one number per image, of shape {batch}: {found}.")
        expect(term.dtype == torch.float32, f"The {name} should be float32, as the images are: this is {term.dtype}.")
        cause = f"logvar lies between {inputs[3].min():.0f} and {inputs[3].max():.0f} here, which is allowed."
        if name == "reconstruction":
            far = inputs[1].abs().max()
            cause = f"At a logit of {far:.0f} sigmoid rounds to 0 or 1, and exp overflows: use logits."
        expect(term.isfinite().all(), f"For some images the {name} is not finite. {cause}")
    return terms


def _expect_terms(answer: Any, x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor) -> None:
    terms, right = _terms(answer, x, logits, mu, logvar), elbo_terms(x, logits, mu, logvar)
    expect(
        len(x) == 1 or not (close(terms.reconstruction, right.kl) and close(terms.kl, right.reconstruction)),
        "The two terms are exchanged: ElboTerms takes the reconstruction first, then the KL.",
    )
    _expect_term("reconstruction", terms.reconstruction, right.reconstruction, {
        "is a mean over pixels: in nats per image, it is a sum over the 784": right.reconstruction / 784,
        "is that of a sigmoid of the logits: the loss takes logits and does its own sigmoid":
            _nats(x, logits.sigmoid()),
        "is the squared error: the pixels are Bernoulli, so it is −log p(x|z), the binary cross-entropy":
            ((x - logits.sigmoid()).square().sum((1, 2, 3)), 0.5 * (x - logits.sigmoid()).square().sum((1, 2, 3))),
        "counts the pixels that are on, and not those that are off": -(x * logsigmoid(logits)).sum((1, 2, 3)),
        "counts the pixels that are off, and not those that are on": -((1 - x) * logsigmoid(-logits)).sum((1, 2, 3)),
        "is that of 1 − x: ink and paper are exchanged, or the logits have the wrong sign": _nats(1 - x, logits),
        "has x and the logits exchanged: the logits come first": _nats(logits, x),
        "is the sum of both terms: return each of them by itself": right.negative_elbo,
    })  # fmt: skip
    _expect_term("KL", terms.kl, right.kl, {
        "is a mean over dimensions: in nats per image, it is a sum": right.kl / mu.shape[1],
        "is divided by 784, but it has nothing to do with pixels": right.kl / 784,
        "is −KL, cut off at 200: without the clamp it grows without end": -right.kl.clamp(max=200),
        "has mu and logvar exchanged": kl_divergence(logvar, mu),
        "takes logvar for log σ, and it is log σ²": kl_divergence(mu, 2 * logvar),
        "has exp(logvar / 2), which is σ, in the place of σ²":
            right.kl - 0.5 * (logvar.exp() - torch.exp(0.5 * logvar)).sum(1),
    })  # fmt: skip


def _nats(x: Tensor, logits: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(logits, x, reduction="none").sum((1, 2, 3))


def _expect_term(name: str, mine: Tensor, right: Tensor, known: dict[str, Any]) -> None:
    """Compare one term with its own mistakes, which are `known`, and then with those that any term may have."""
    factor = (mine / right).median()
    others = right.mean().expand_as(right), right[:1].expand_as(right), right.flip(0), right.roll(1), right.sort()[0]
    mistakes = {
        "has the wrong sign: training would make this cost larger": -right,
        **known,
        "is in bits: in nats, the logarithm is the natural one": right / math.log(2),
        "is 0, as if it were left out": 0 * right,
        "is divided by the number of images: leave the mean over the batch to the caller": right / len(right),
        "is that of another image, or a mean over the batch: give each image its own": others,
        f"is {factor:.3g} times what it should be, in every image: look for a factor":
            factor * right if abs(factor - 1) > 0.02 else (),
    }  # fmt: skip
    apart = (mine - right).abs() / right.abs()
    worst = apart.argmax()
    cause = "Compare each part with the formula: is there a wrong term, sign, square or clamp?"
    if apart.max() < 0.02:
        cause = "It is nearly right for all images: is something small added, or rounded?"
    elif (apart < 1e-4).float().mean() > 0.25:
        cause = "For other images it is right: is something clamped or rounded?"
    # For one image there is always some factor, whatever the mistake is.
    hints = {f"The {name} {words}.": wrong for words, wrong in mistakes.items()} if len(right) > 1 else {}
    numbers = f"For one image the {name} is {right[worst]:.5g} nats, and yours says {mine[worst]:.5g}."
    recognise(mine, right, hints, f"{numbers} {cause}")


def _expect_gradients(answer: Any) -> None:
    """Compare the gradient of each term in what it depends on."""
    x, *values = (value.clone() for value in _probes()[0])
    leaves = [value.requires_grad_() for value in values]
    mine = ask(answer, x, *(leaf.clone() for leaf in leaves))
    right = elbo_terms(x, *leaves)
    expect(all(leaf.grad is None for leaf in leaves), "It calls `backward` inside: leave the gradient to the caller.")
    for name, term, true, sources in (
        ("reconstruction", mine.reconstruction, right.reconstruction, {"the logits": leaves[0]}),
        ("KL", mine.kl, right.kl, {"mu": leaves[1], "logvar": leaves[2]}),
    ):
        cut = "The number is right, but no gradient flows from the {} to {}: a `detach` or a `no_grad` stops it."
        expect(term.requires_grad, cut.format(name, " or ".join(sources)))
        for source, leaf in sources.items():
            (found,) = torch.autograd.grad(term.sum(), leaf, retain_graph=True, allow_unused=True)
            (wanted,) = torch.autograd.grad(true.sum(), leaf, retain_graph=True)
            expect(found is not None, cut.format(name, source))
            expect(
                close(found, wanted, rtol=1e-3),
                f"The {name} is right, and its gradient in {source} is not: what is reported must be differentiated.",
            )
