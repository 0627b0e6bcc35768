import pytest
import torch
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits

from vae_course.clinic import MISTAKES, PATIENTS, Patient
from vae_course.elbo import ElboTerms, elbo_terms, kl_divergence
from vae_course.lessons.clinic.check import HALLMARKS, check_cost, check_diagnosis, check_draw, open_files
from vae_course.reparameterization import reparameterize

TRUTH = {letter: kind.mistake for letter, kind in PATIENTS.items()}


def stub(*arguments): ...


def raises(*arguments):
    raise RuntimeError("out of office")


def patients(mistake):
    """A patient with this mistake, in training mode, for its own functions."""
    return next(kind for kind in PATIENTS.values() if kind.mistake == mistake)(latent_dim=2, hidden=(2,))


def test_every_mistake_has_a_hallmark():
    assert HALLMARKS.keys() == MISTAKES.keys()


def test_the_right_diagnosis():
    assert check_diagnosis(lambda: dict(TRUTH)).status == "right"


@pytest.mark.parametrize(
    ("diagnosis", "word"),
    [
        ({**TRUTH, "E": "rand"}, '7 of 8 are right. E is not "rand": that would show residuals that are never neg'),
        ({**TRUTH, "A": "test set"}, "nothing at all"),
        ({**TRUTH, "F": "logvar detached"}, "no gradient in the head for logvar"),
        ({**TRUTH, "A": "faint", "H": "mu at test"}, "6 of 8 are right. A is not"),
        ({"A": "mu at test"}, "1 of 8 are right. Still without a name: B, C"),
        ({**TRUTH, "G": ...}, "Still without a name: G"),
        ({}, "0 of 8 are right. Still without"),
        ({**TRUTH, "I": "rand"}, "no patient 'I'"),
        ({**TRUTH, "C": "uniform"}, "not on the list"),
        ({**TRUTH, "C": ["rand"]}, "not on the list"),
        (["rand"] * 8, "list"),
        (dict.fromkeys(PATIENTS, "rand"), "1 of 8"),
    ],
)
def test_a_wrong_diagnosis(diagnosis, word):
    verdict = check_diagnosis(lambda: diagnosis)
    assert verdict.status == "not right yet"
    assert word in verdict.hint


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("letter", PATIENTS)
def test_no_wrong_name_passes(letter, mistake):
    verdict = check_diagnosis(lambda: {**TRUTH, letter: mistake})
    assert (verdict.status == "right") == (TRUTH[letter] == mistake)


@pytest.mark.parametrize("check", [check_diagnosis, check_draw, check_cost])
def test_the_stub_is_not_tried_yet_and_an_error_does_not_escape(check):
    assert check(stub).status == "not tried yet"
    verdict = check(raises)
    assert verdict.status == "not right yet"
    assert "out of office" in verdict.hint


def own_draw(mu, logvar, generator):
    return mu + logvar.exp().sqrt() * torch.empty_like(mu).normal_(generator=generator)


@pytest.mark.parametrize("draw", [reparameterize, Patient().draw, own_draw])
def test_a_right_draw(draw):
    verdict = check_draw(draw)
    assert verdict.status == "right", verdict


def scaled_back(mu, logvar, generator):
    """Too narrow where it counts, and made wide again afterwards without a gradient."""
    z = mu + 0.01 * torch.exp(0.5 * logvar) * torch.randn(mu.shape, generator=generator)
    return (mu + 100 * (z - mu)).detach() + z - z.detach()


def standardised(mu, logvar, generator):
    eps = torch.rand(mu.shape, generator=generator)
    return mu + torch.exp(0.5 * logvar) * (eps - eps.mean(0)) / eps.std(0, correction=0)


def noise_of(shape, dice=torch.randn):
    return lambda mu, logvar, g: mu + torch.exp(0.5 * logvar) * dice(*shape(mu), generator=g)


@pytest.mark.parametrize(
    ("draw", "word"),
    [
        (patients("rand").draw, "standard deviation 0.29"),
        (patients("faint").draw, "standard deviation 0.01"),
        (patients("mu at test").eval().draw, "standard deviation 0.00"),
        (patients("variance").draw, "goes with logvar"),
        (patients("mu detached").draw, "head for mu is 0.00"),
        (lambda mu, logvar, g: reparameterize(mu, logvar.detach(), g), "head for logvar is 0.00"),
        (lambda mu, logvar, g: reparameterize(mu, logvar, g).detach(), "head for mu is 0.00"),
        (lambda mu, logvar, g: torch.normal(mu, torch.exp(0.5 * logvar), generator=g), "head for mu is 0.00"),
        (lambda mu, logvar, g: reparameterize(mu, logvar.clamp(-2, 2), g), "goes with logvar"),
        (lambda mu, logvar, g: reparameterize(mu, logvar), "dice are the generator's"),
        (lambda mu, logvar, g: mu, "standard deviation 0.00"),
        (scaled_back, "head for logvar"),
        (standardised, "must not depend on the others"),
        (noise_of(lambda mu: (1, mu.shape[1])), "shared"),
        (noise_of(lambda mu: (len(mu), 1)), "shared"),
        (lambda mu, logvar, g: reparameterize(mu, logvar, g).mean(), "shape"),
        (lambda mu, logvar, g: "z", "this is str"),
    ],
)
def test_a_wrong_draw(draw, word):
    verdict = check_draw(draw)
    assert verdict.status == "not right yet", verdict
    assert word in verdict.hint


def own_cost(x, logits, mu, logvar):
    bce = binary_cross_entropy_with_logits(logits, x, reduction="none").sum((1, 2, 3))
    return ElboTerms(bce, -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1))


@pytest.mark.parametrize("cost", [elbo_terms, Patient().cost, own_cost])
def test_a_right_cost(cost):
    verdict = check_cost(cost)
    assert verdict.status == "right", verdict


def sigmoid_then_log(x, logits, mu, logvar):
    p = torch.sigmoid(logits)
    nats = -(x * p.log() + (1 - x) * (1 - p).log()).sum((1, 2, 3))
    return ElboTerms(nats, kl_divergence(mu, logvar))


def clamped_log(x, logits, mu, logvar):
    nats = binary_cross_entropy(torch.sigmoid(logits), x, reduction="none").sum((1, 2, 3))
    return ElboTerms(nats, kl_divergence(mu, logvar))


def right_number_ill_slope(x, logits, mu, logvar):
    right, ill = elbo_terms(x, logits, mu, logvar), patients("pixel mean").cost(x, logits, mu, logvar)
    return ElboTerms(*(r.detach() + i - i.detach() for r, i in zip(right, ill, strict=True)))


def changed(reconstruction=lambda r: r, kl=lambda k: k):
    def cost(x, logits, mu, logvar):
        terms = elbo_terms(x, logits, mu, logvar)
        return ElboTerms(reconstruction(terms.reconstruction), kl(terms.kl))

    return cost


@pytest.mark.parametrize(
    ("cost", "word"),
    [
        (patients("pixel mean").cost, "mean over pixels"),
        (patients("sigmoid twice").cost, "does its own sigmoid"),
        (patients("KL sign").cost, "sign"),
        (changed(kl=lambda k: -k), "sign turned"),
        (changed(kl=lambda k: -k.clamp(max=5)), "hides the symptom"),
        (changed(kl=lambda k: k.clamp(max=200)), "hides the symptom"),
        (changed(kl=lambda k: 0 * k), "hides the symptom"),
        (changed(kl=lambda k: k / 8), "mean over dimensions"),
        (changed(kl=lambda k: 2 * k), "hides the symptom"),
        (changed(lambda r: r / 784, lambda k: k / 784), "mean over pixels"),
        (changed(lambda r: r.mean(), lambda k: k.mean()), "one number an image"),
        (changed(lambda r: r.mean().item()), "float"),
        (changed(lambda r: -r), "sign turned"),
        (lambda *a: elbo_terms(*a).negative_elbo, "ElboTerms"),
        (lambda *a: tuple(elbo_terms(*a)), "tuple"),
        (lambda *a: ElboTerms(*reversed(elbo_terms(*a))), "hides the symptom"),
        (sigmoid_then_log, "not finite"),
        (clamped_log, "hides the symptom"),
        (right_number_ill_slope, "the training is not"),
    ],
)
def test_a_wrong_cost(cost, word):
    verdict = check_cost(cost)
    assert verdict.status == "not right yet", verdict
    assert word in verdict.hint


def test_the_checks_leave_torchs_own_dice_alone():
    before = torch.get_rng_state()
    check_draw(reparameterize)
    check_cost(elbo_terms)
    assert torch.equal(before, torch.get_rng_state())


def test_the_files_are_closed_until_they_are_clicked():
    page = open_files().data
    for letter, kind in PATIENTS.items():
        assert f"<summary>Open the file of patient {letter}</summary>" in page
        assert kind.__name__ in page
    assert "<details open" not in page
