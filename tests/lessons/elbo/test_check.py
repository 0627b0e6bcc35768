"""The checks of lesson 05 tell the mistakes apart, and let nothing escape."""

import pytest
import torch
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits

from vae_course.decoder import log_likelihood
from vae_course.elbo import ElboTerms, elbo_terms, kl_divergence
from vae_course.lessons.elbo.check import check_elbo_terms, check_kl_divergence


def stub(*_): ...


def per_latent(mu, logvar):
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)


def pixel_nats(x, logits):
    return binary_cross_entropy_with_logits(logits, x, reduction="none")


def terms(reconstruction=lambda x, logits: -log_likelihood(logits, x), kl=kl_divergence):
    return lambda x, logits, mu, logvar: ElboTerms(reconstruction(x, logits), kl(mu, logvar))


RIGHT_KL = [
    kl_divergence,
    lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1),
    lambda mu, logvar: torch.distributions.kl_divergence(
        torch.distributions.Normal(mu, (0.5 * logvar).exp()), torch.distributions.Normal(0.0, 1.0)
    ).sum(-1),
    lambda mu, logvar: kl_divergence(mu.double(), logvar.double()),
]
WRONG_KL = {
    "lost half": (lambda mu, logvar: 2 * kl_divergence(mu, logvar), "½"),
    "sign": (lambda mu, logvar: -kl_divergence(mu, logvar), "sign"),
    "mean over latents": (lambda mu, logvar: per_latent(mu, logvar).mean(-1), "mean over 3 latent"),
    "divided by the batch": (lambda mu, logvar: kl_divergence(mu, logvar) / len(mu), "batch size"),
    "sum over the batch": (lambda mu, logvar: per_latent(mu, logvar).sum(), "batch is summed"),
    "mean over everything": (lambda mu, logvar: per_latent(mu, logvar).mean(), "batch is summed or averaged"),
    "wrong axis": (lambda mu, logvar: per_latent(mu, logvar).sum(0), "name the axes"),
    "no sum": (per_latent, "name the axes"),
    "sigma for the variance": (
        lambda mu, logvar: 0.5 * (mu.square() + (logvar / 2).exp() - 1 - logvar).sum(-1),
        "standard deviation",
    ),
    "logvar as sigma": (
        lambda mu, logvar: 0.5 * (mu.square() + logvar.square() - 1 - logvar.square().log()).sum(-1),
        "as if it were sigma",
    ),
    "mu not squared": (lambda mu, logvar: 0.5 * (mu + logvar.exp() - 1 - logvar).sum(-1), "squared"),
    "no -1": (lambda mu, logvar: 0.5 * (mu.square() + logvar.exp() - logvar).sum(-1), "-1"),
    "sign of logvar": (lambda mu, logvar: 0.5 * (mu.square() + logvar.exp() - 1 + logvar).sum(-1), "last term"),
    "other way round": (
        lambda mu, logvar: 0.5 * ((1 + mu.square()) / logvar.exp() - 1 + logvar).sum(-1),
        "other way round",
    ),
    "swapped": (lambda mu, logvar: kl_divergence(logvar, mu), "changed places"),
    "something else": (lambda mu, logvar: mu.square().sum(-1), "mu = 1"),
    "nan": (lambda mu, logvar: kl_divergence(mu, logvar) * float("nan"), "mu = 1"),
    "mu in absolute value": (
        lambda mu, logvar: 0.5 * (mu.abs() + logvar.exp() - 1 - logvar).sum(-1),
        "mu = 2 and logvar = 0: yours gives 1.000, and 2.000",
    ),
    "exp squared": (
        lambda mu, logvar: 0.5 * (mu.square() + logvar.exp() ** 2 - 1 - logvar).sum(-1),
        "mu = 0 and logvar = 1: yours gives 2.695, and 0.359",
    ),
    "half of mu only": (
        lambda mu, logvar: (0.5 * mu.square() + logvar.exp() - 1 - logvar).sum(-1),
        "mu = 0 and logvar = 1: yours gives 0.718, and 0.359",
    ),
    "-1 outside the sum": (
        lambda mu, logvar: 0.5 * ((mu.square() + logvar.exp() - logvar).sum(-1) - 1),
        "D = 2, mu = 0 and logvar = 0: yours gives 0.500, and 0.000",
    ),
    "positive mu only": (lambda mu, logvar: kl_divergence(mu.relu(), logvar), "mu = -1"),
    "images mixed": (lambda mu, logvar: kl_divergence(mu, logvar).flip(0), "depend on the others"),
    "detached": (lambda mu, logvar: kl_divergence(mu, logvar).detach(), "gradient of mu"),
    "mu detached": (lambda mu, logvar: kl_divergence(mu.detach(), logvar), "gradient of mu"),
    "logvar detached": (lambda mu, logvar: kl_divergence(mu, logvar.detach()), "gradient of logvar"),
    "half of logvar detached": (
        lambda mu, logvar: 0.5 * (mu.square() + logvar.exp().detach() - 1 - logvar).sum(-1),
        "gradient of logvar",
    ),
    "a number": (lambda mu, logvar: 0.5, "float"),
    "raises": (lambda mu, logvar: mu @ logvar, "It stopped with RuntimeError"),
    "no function": (3, "It stopped with TypeError"),
}

RIGHT_TERMS = [
    elbo_terms,
    terms(lambda x, logits: pixel_nats(x, logits).sum((1, 2, 3))),
    terms(lambda x, logits: pixel_nats(x, logits).flatten(1).sum(1)),
    terms(lambda x, logits: binary_cross_entropy(logits.sigmoid(), x, reduction="none").sum((1, 2, 3))),
]
WRONG_TERMS = {
    "mean over pixels": (terms(lambda x, logits: pixel_nats(x, logits).mean((1, 2, 3))), "784"),
    "sign": (terms(lambda x, logits: log_likelihood(logits, x)), "reconstruction has the wrong sign"),
    "sigmoid twice": (terms(lambda x, logits: -log_likelihood(logits.sigmoid(), x)), "twice"),
    "swapped terms": (
        lambda x, logits, mu, logvar: ElboTerms(*reversed(elbo_terms(x, logits, mu, logvar))),
        "changed places",
    ),
    "one total": (lambda *answer: elbo_terms(*answer).negative_elbo, "two terms apart"),
    "a plain tuple": (lambda *answer: tuple(elbo_terms(*answer)), "ElboTerms"),
    "batch mean": (lambda *answer: elbo_terms(*answer).mean(), "batch is summed or averaged"),
    "batch sum": (terms(lambda x, logits: pixel_nats(x, logits).sum()), "batch is summed"),
    "one axis left": (terms(lambda x, logits: pixel_nats(x, logits).sum((2, 3))), "pixels"),
    "squared error": (terms(lambda x, logits: (logits.sigmoid() - x).square().sum((1, 2, 3))), "log_likelihood"),
    "negative kl": (terms(kl=lambda mu, logvar: -kl_divergence(mu, logvar)), "kl is negative"),
    "mean kl": (terms(kl=lambda mu, logvar: kl_divergence(mu, logvar) / 3), "no mean"),
    "half the kl": (terms(kl=lambda mu, logvar: kl_divergence(mu, logvar) / 2), "no weight"),
    "swapped mu and logvar": (terms(kl=lambda mu, logvar: kl_divergence(logvar, mu)), "changed places"),
    "kl a scalar": (terms(kl=lambda mu, logvar: per_latent(mu, logvar).sum()), "kl should have shape"),
    "kl a number": (terms(kl=lambda mu, logvar: 0.5), "wanted for kl,"),
    "detached": (terms(kl=lambda mu, logvar: kl_divergence(mu, logvar).detach()), "gradient of mu"),
    "mu detached": (terms(kl=lambda mu, logvar: kl_divergence(mu.detach(), logvar)), "gradient of mu"),
    "logvar detached": (terms(kl=lambda mu, logvar: kl_divergence(mu, logvar.detach())), "gradient of logvar"),
    "logits detached": (terms(lambda x, logits: -log_likelihood(logits.detach(), x)), "gradient of logits"),
    "logits as probabilities": (
        terms(lambda x, logits: binary_cross_entropy(logits, x, reduction="none").sum((1, 2, 3))),
        "It stopped with RuntimeError",
    ),
    "x and logits swapped": (
        terms(lambda x, logits: -log_likelihood(x, logits)),
        "It stopped with ValueError",
    ),
}


@pytest.mark.parametrize("check", [check_kl_divergence, check_elbo_terms])
def test_the_stub_is_not_tried_yet(check):
    assert check(stub).status == "not tried yet"
    assert check(lambda *_: ...).status == "not tried yet"


@pytest.mark.parametrize("answer", RIGHT_KL)
def test_a_right_kl_is_right(answer):
    assert check_kl_divergence(answer).status == "right"


@pytest.mark.parametrize("answer", RIGHT_TERMS)
def test_right_terms_are_right(answer):
    assert check_elbo_terms(answer).status == "right"


@pytest.mark.parametrize(("answer", "word"), WRONG_KL.values(), ids=WRONG_KL)
def test_a_wrong_kl_gets_its_hint(answer, word):
    verdict = check_kl_divergence(answer)
    assert verdict.status == "not right yet"
    assert word in verdict.hint


@pytest.mark.parametrize(("answer", "word"), WRONG_TERMS.values(), ids=WRONG_TERMS)
def test_wrong_terms_get_their_hint(answer, word):
    verdict = check_elbo_terms(answer)
    assert verdict.status == "not right yet"
    assert word in verdict.hint
