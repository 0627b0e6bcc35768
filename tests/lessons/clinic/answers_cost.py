"""Answers to lesson 09's third exercise, right and wrong, as learners write them."""

import functools
import math
from collections import namedtuple

from vae_course.clinic import PATIENTS, Patient
from vae_course.decoder import log_likelihood
from vae_course.elbo import ElboTerms, elbo_terms, kl_divergence

import torch
from answers import Answers
from torch.distributions import Bernoulli, Normal
from torch.distributions import kl_divergence as torch_kl
from torch.nn import functional as F

ANSWERS = Answers("cost")


def patients(mistake):
    """A patient with this mistake, for its own functions."""
    return next(kind for kind in PATIENTS.values() if kind.mistake == mistake)(latent_dim=2, hidden=(2,))


def nats(x, logits):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none")


def half_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


ANSWERS.right("the course's")(elbo_terms)
ANSWERS.right("a healthy patient's")(Patient().cost)


@ANSWERS.right("written again")
def _(x, logits, mu, logvar):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum((1, 2, 3))
    kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(dim=1)
    return ElboTerms(reconstruction, kl)


@ANSWERS.right("keywords")
def _(x, logits, mu, logvar):
    return ElboTerms(kl=half_kl(mu, logvar).sum(1), reconstruction=nats(x, logits).flatten(1).sum(1))


@ANSWERS.right("softplus")
def _(x, logits, mu, logvar):
    return ElboTerms((F.softplus(logits) - x * logits).sum((-3, -2, -1)), half_kl(mu, logvar).sum(-1))


@ANSWERS.right("logsigmoid")
def _(x, logits, mu, logvar):
    log_p = x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)
    return ElboTerms(-log_p.sum((1, 2, 3)), half_kl(mu, logvar).sum(1))


@ANSWERS.right("torch.distributions")
def _(x, logits, mu, logvar):
    reconstruction = -Bernoulli(logits=logits).log_prob(x).sum((1, 2, 3))
    return ElboTerms(reconstruction, torch_kl(Normal(mu, (0.5 * logvar).exp()), Normal(0.0, 1.0)).sum(1))


@ANSWERS.right("without a check of its values, for grey")
def _(x, logits, mu, logvar):
    log_p = Bernoulli(logits=logits, validate_args=False).log_prob(x)
    return ElboTerms(-log_p.sum((1, 2, 3)), kl_divergence(mu, logvar))


@ANSWERS.right("logaddexp")
def _(x, logits, mu, logvar):
    bce = torch.logaddexp(logits, torch.zeros_like(logits)) - x * logits
    return ElboTerms(bce.flatten(1).sum(1), kl_divergence(mu, logvar))


@ANSWERS.right("mean times 784")
def _(x, logits, mu, logvar):
    return ElboTerms(784 * nats(x, logits).mean((1, 2, 3)), mu.shape[1] * half_kl(mu, logvar).mean(1))


@ANSWERS.right("einsum")
def _(x, logits, mu, logvar):
    return ElboTerms(torch.einsum("bchw->b", nats(x, logits)), torch.einsum("bd->b", half_kl(mu, logvar)))


@ANSWERS.right("image by image")
def _(x, logits, mu, logvar):
    sums = [F.binary_cross_entropy_with_logits(a, b, reduction="sum") for a, b in zip(logits, x, strict=True)]
    kls = [0.5 * (m.square() + s.exp() - 1 - s).sum() for m, s in zip(mu, logvar, strict=True)]
    return ElboTerms(torch.stack(sums), torch.stack(kls))


@ANSWERS.right("double precision inside")
def _(x, logits, mu, logvar):
    terms = elbo_terms(x.double(), logits.double(), mu.double(), logvar.double())
    return ElboTerms(terms.reconstruction.float(), terms.kl.float())


@ANSWERS.right("functions of the course")
def _(x, logits, mu, logvar):
    return ElboTerms(-log_likelihood(logits, x), kl_divergence(mu, logvar))


@ANSWERS.right("types and an extra default")
def _(x: torch.Tensor, logits: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor, beta: float = 1.0) -> ElboTerms:
    return ElboTerms(nats(x, logits).sum((1, 2, 3)), beta * kl_divergence(mu, logvar))


@ANSWERS.right("stable by hand")
def _(x, logits, mu, logvar):
    bce = logits.clamp(min=0) - x * logits + torch.log1p(torch.exp(-logits.abs()))
    return ElboTerms(bce.sum((1, 2, 3)), kl_divergence(mu, logvar))


@ANSWERS.right("any arguments")
def _(*args):
    return elbo_terms(*args)


@ANSWERS.right("_replace")
def _(x, logits, mu, logvar):
    return elbo_terms(x, logits, mu, logvar)._replace(kl=half_kl(mu, logvar).sum(1))


@ANSWERS.right("sums one axis at a time")
def _(x, logits, mu, logvar):
    return ElboTerms(nats(x, logits).sum(3).sum(2).sum(1), half_kl(mu, logvar).sum(1))


class Callable:
    def __call__(self, x, logits, mu, logvar):
        return elbo_terms(x, logits, mu, logvar)

    @staticmethod
    def static(x, logits, mu, logvar):
        return elbo_terms(x, logits, mu, logvar)


ANSWERS.right("a callable object")(Callable())
ANSWERS.right("a static method")(Callable.static)
ANSWERS.right("a partial function")(functools.partial(elbo_terms))
ANSWERS.right("a lambda")(lambda x, logits, mu, logvar: elbo_terms(x, logits, mu, logvar))

ANSWERS.wrong("D's", hint="mean over pixels")(patients("pixel mean").cost)
ANSWERS.wrong("B's", hint="does its own sigmoid")(patients("sigmoid twice").cost)
ANSWERS.wrong("G's", hint="(?i)KL.*sign|cut off at 200")(patients("KL sign").cost)

# The right terms, changed.
for title, hint, change in (
    ("-KL", "KL.*sign", lambda r, k: (r, -k)),
    ("-KL, cut at 5", "KL", lambda r, k: (r, -k.clamp(max=5))),
    ("KL cut at 200", "KL.*clamp|KL.*nats", lambda r, k: (r, k.clamp(max=200))),
    ("KL cut at 1000", "KL.*clamp|KL.*nats", lambda r, k: (r, k.clamp(max=1000))),
    ("KL at least 1", "KL.*nats", lambda r, k: (r, k.clamp(min=10))),
    ("KL forgotten", "KL.*0", lambda r, k: (r, 0 * k)),
    ("KL of zeros", "KL.*0", lambda r, k: (r, torch.zeros_like(k))),
    ("KL's mean over dimensions", "KL.*mean over dimensions", lambda r, k: (r, k / 8)),
    ("KL doubled", "KL.*(factor|2 times|twice|half)", lambda r, k: (r, 2 * k)),
    ("KL halved", "KL.*(factor|0.5 times|half)", lambda r, k: (r, k / 2)),
    ("KL in bits", "KL.*(bits|log 2)", lambda r, k: (r, k / math.log(2))),
    ("KL in pixels", "KL.*784", lambda r, k: (r, k / 784)),
    ("KL plus one", "KL.*nats", lambda r, k: (r, k + 1)),
    ("the root of KL", "KL.*nats", lambda r, k: (r, k.sqrt())),
    ("reconstruction in bits", "reconstruction.*(bits|log 2)", lambda r, k: (r / math.log(2), k)),
    ("both in bits", "reconstruction.*(bits|log 2)", lambda r, k: (r / math.log(2), k / math.log(2))),
    ("both over pixels", "mean over pixels", lambda r, k: (r / 784, k / 784)),
    ("reconstruction over 28", "reconstruction.*(factor|times|rows|28)", lambda r, k: (r / 28, k)),
    ("reconstruction's sign", "reconstruction.*sign", lambda r, k: (-r, k)),
    ("both signs", "reconstruction.*sign", lambda r, k: (-r, -k)),
    ("reconstruction halved", "reconstruction.*(factor|times)", lambda r, k: (r / 2, k)),
    ("reconstruction cut at 500", "reconstruction.*nats", lambda r, k: (r.clamp(max=500), k)),
    ("reconstruction forgotten", "reconstruction.*0", lambda r, k: (0 * r, k)),
    ("reconstruction squared", "reconstruction.*nats", lambda r, k: (r**2, k)),
    ("exchanged", "(?i)exchange|swap|order", lambda r, k: (k, r)),
    ("the sum in both", "reconstruction.*(sum|KL|nats)", lambda r, k: (r + k, k)),
    ("the sum and a zero", "reconstruction.*(sum|KL|nats)", lambda r, k: (r + k, 0 * k)),
    ("numbers of images in reverse", "another|reconstruction", lambda r, k: (r.flip(0), k.flip(0))),
    ("sorted", "another|reconstruction.*nats", lambda r, k: (r.sort().values, k)),
    ("the first image's", "another|same for every image|one number", lambda r, k: (r[:1].expand_as(r), k)),
    ("the batch's mean, expanded", "mean over the batch|same for every image",
     lambda r, k: (r.mean().expand_as(r), k.mean().expand_as(k))),
    ("divided by the batch", "batch", lambda r, k: (r / len(r), k / len(k))),
    ("the batch's mean", "one number|per image|shape", lambda r, k: (r.mean(), k.mean())),
    ("the batch's sum", "one number|per image|shape", lambda r, k: (r.sum(), k.sum())),
    ("numbers of Python", "float", lambda r, k: (r.mean().item(), k.mean().item())),
    ("lists", "list", lambda r, k: (r.tolist(), k.tolist())),
    ("arrays", "ndarray|array", lambda r, k: (r.detach().numpy(), k.detach().numpy())),
    ("an axis more", "shape", lambda r, k: (r[:, None], k[:, None])),
    ("squeeze()", "one image|shape", lambda r, k: (r.squeeze(), k.squeeze())),
    ("squeeze() of the KL", "one image|shape", lambda r, k: (r, k.squeeze())),
    ("rounded", "(?i)reconstruction", lambda r, k: (r.round(), k.round())),
    ("integers", "int", lambda r, k: (r.int(), k.int())),
    ("half precision", "float16", lambda r, k: (r.half(), k.half())),
    ("double precision", "float64", lambda r, k: (r.double(), k.double())),
    ("no KL", "KL.*NoneType|KL.*None", lambda r, k: (r, None)),
    ("everything detached", "(?i)gradient|detach", lambda r, k: (r.detach(), k.detach())),
    ("reconstruction detached", "(?i)gradient.*reconstruction|reconstruction.*gradient|detach",
     lambda r, k: (r.detach(), k)),
    ("KL detached", "(?i)KL.*gradient|gradient.*KL|detach", lambda r, k: (r, k.detach())),
    ("half of the KL's gradient", "(?i)gradient|differentiated|training is not",
     lambda r, k: (r, 0.5 * k + 0.5 * k.detach())),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(lambda *a, change=change: ElboTerms(*change(*elbo_terms(*a))))

# The reconstruction by another way.
for title, hint, reconstruction in (
    ("sigmoid, then log", "not finite",
     lambda x, a: -(x * a.sigmoid().log() + (1 - x) * (1 - a.sigmoid()).log()).sum((1, 2, 3))),
    ("sigmoid, then log with 1e-8", "reconstruction", lambda x, a: -(
        x * (a.sigmoid() + 1e-8).log() + (1 - x) * (1 - a.sigmoid() + 1e-8).log()).sum((1, 2, 3))),
    ("sigmoid, then PyTorch's clamped log", "reconstruction",
     lambda x, a: F.binary_cross_entropy(a.sigmoid(), x, reduction="none").sum((1, 2, 3))),
    ("a clamped sigmoid", "reconstruction", lambda x, a: F.binary_cross_entropy(
        a.sigmoid().clamp(1e-6, 1 - 1e-6), x, reduction="none").sum((1, 2, 3))),
    ("clamped logits", "reconstruction", lambda x, a: nats(x, a.clamp(-20, 20)).sum((1, 2, 3))),
    ("log1p(exp)", "not finite", lambda x, a: (torch.log1p(a.exp()) - x * a).sum((1, 2, 3))),
    ("log(1 + exp)", "not finite", lambda x, a: ((1 + a.exp()).log() - x * a).sum((1, 2, 3))),
    ("log1p(exp) of minus", "not finite", lambda x, a: (torch.log1p((-a).exp()) + (1 - x) * a).sum((1, 2, 3))),
    ("x and logits exchanged", "reconstruction", lambda x, a: nats(a, x).sum((1, 2, 3))),
    ("squared error", "squared|reconstruction.*nats", lambda x, a: ((x - a.sigmoid()) ** 2).sum((1, 2, 3))),
    ("half of the squared error", "squared|reconstruction.*nats",
     lambda x, a: 0.5 * ((x - a.sigmoid()) ** 2).sum((1, 2, 3))),
    ("absolute error", "reconstruction.*nats", lambda x, a: (x - a.sigmoid()).abs().sum((1, 2, 3))),
    ("of pixels that are on", "reconstruction.*nats|on", lambda x, a: -(x * F.logsigmoid(a)).sum((1, 2, 3))),
    ("of pixels that are off", "reconstruction.*nats|off", lambda x, a: -((1 - x) * F.logsigmoid(-a)).sum((1, 2, 3))),
    ("1 - x", "reconstruction.*nats|sign|turned", lambda x, a: nats(1 - x, a).sum((1, 2, 3))),
    ("minus the logits", "reconstruction.*nats|sign|turned", lambda x, a: nats(x, -a).sum((1, 2, 3))),
    ("summed over rows", "shape|per image", lambda x, a: nats(x, a).sum((1, 2))),
    ("summed over columns only", "shape|per image", lambda x, a: nats(x, a).sum(-1)),
    ("not summed", "shape|per image", lambda x, a: nats(x, a)),
    ("PyTorch's default mean", "shape|per image", lambda x, a: F.binary_cross_entropy_with_logits(a, x)),
    ("the mean over pixels", "mean over pixels", lambda x, a: nats(x, a).mean((1, 2, 3))),
    ("a mean over rows", "reconstruction.*(factor|times|28)", lambda x, a: nats(x, a).mean(2).sum((1, 2))),
    ("no_grad", "(?i)gradient|detach", lambda x, a: nats(x, a.detach()).sum((1, 2, 3))),
    ("of rounded logits", "reconstruction", lambda x, a: nats(x, a.round()).sum((1, 2, 3))),
    ("pixels weighted by ink", "reconstruction", lambda x, a: F.binary_cross_entropy_with_logits(
        a, x, reduction="none", pos_weight=torch.tensor(2.0)).sum((1, 2, 3))),
    ("softmax", "reconstruction", lambda x, a: -(x * a.flatten(1).log_softmax(1).view_as(a)).sum((1, 2, 3))),
    ("for [50, 1, 28, 28]", "stopped|shape|one image", lambda x, a: nats(x, a).reshape(50, -1).sum(1)),
    ("hidden by nan_to_num", "reconstruction", lambda x, a: torch.nan_to_num(
        -(x * a.sigmoid().log() + (1 - x) * (1 - a.sigmoid()).log()), nan=0.0, posinf=0.0).sum((1, 2, 3))),
):  # fmt: skip
    ANSWERS.wrong("reconstruction: " + title, hint=hint)(
        lambda x, a, m, s, reconstruction=reconstruction: ElboTerms(reconstruction(x, a), kl_divergence(m, s))
    )

# The KL by another way.
for title, hint, kl in (
    ("a half lost", "KL.*(factor|2 times|half)", lambda m, s: (m**2 + s.exp() - 1 - s).sum(1)),
    ("the 1 lost", "KL", lambda m, s: 0.5 * (m**2 + s.exp() - s).sum(1)),
    ("the 1 once for all dimensions", "KL", lambda m, s: 0.5 * ((m**2 + s.exp() - s).sum(1) - 1)),
    ("mu not squared", "KL", lambda m, s: 0.5 * (m + s.exp() - 1 - s).sum(1)),
    ("the size of mu", "KL", lambda m, s: 0.5 * (m.abs() + s.exp() - 1 - s).sum(1)),
    ("mu forgotten", "KL", lambda m, s: 0.5 * (s.exp() - 1 - s).sum(1)),
    ("only mu", "KL", lambda m, s: 0.5 * (m**2).sum(1)),
    ("sigma for the variance", "KL", lambda m, s: 0.5 * (m**2 + (0.5 * s).exp() - 1 - s).sum(1)),
    ("the variance squared", "KL", lambda m, s: 0.5 * (m**2 + (2 * s).exp() - 1 - s).sum(1)),
    ("exp forgotten", "KL", lambda m, s: 0.5 * (m**2 + s - 1 - s).sum(1)),
    ("plus logvar", "KL", lambda m, s: 0.5 * (m**2 + s.exp() - 1 + s).sum(1)),
    ("minus mu squared", "KL", lambda m, s: 0.5 * (s.exp() - 1 - s - m**2).sum(1)),
    ("the other way round", "KL", lambda m, s: 0.5 * ((1 + m**2) / s.exp() - 1 + s).sum(1)),
    ("the mean over dimensions", "KL.*mean over dimensions", lambda m, s: half_kl(m, s).mean(1)),
    ("summed over the batch", "shape|per image", lambda m, s: half_kl(m, s).sum(0)),
    ("summed over everything", "shape|per image", lambda m, s: half_kl(m, s).sum()),
    ("not summed", "shape|per image", lambda m, s: half_kl(m, s)),
    ("keepdim", "shape|per image", lambda m, s: half_kl(m, s).sum(1, keepdim=True)),
    ("keepdim and squeeze()", "one image|shape", lambda m, s: half_kl(m, s).sum(1, keepdim=True).squeeze()),
    ("the largest dimension", "KL", lambda m, s: half_kl(m, s).amax(1)),
    ("the first dimension twice", "KL", lambda m, s: half_kl(m, s)[:, :1].expand_as(m).sum(1)),
    ("without the last dimension", "KL", lambda m, s: half_kl(m, s)[:, :-1].sum(1)),
    ("eight dimensions", "KL|stopped", lambda m, s: half_kl(m, s).sum(1) if m.shape[1] == 8 else m[:, 0]),
    ("logvar clamped to ±1", "KL", lambda m, s: half_kl(m, s.clamp(-1, 1)).sum(1)),
    ("logvar clamped to [-20, 2]", "KL", lambda m, s: half_kl(m, s.clamp(-20, 2)).sum(1)),
    ("logvar clamped to ±10", "KL", lambda m, s: half_kl(m, s.clamp(-10, 10)).sum(1)),
    ("mu clamped to ±3", "KL", lambda m, s: half_kl(m.clamp(-3, 3), s).sum(1)),
    ("free bits", "KL", lambda m, s: half_kl(m, s).clamp(min=0.5).sum(1)),
    ("its size", "KL", lambda m, s: -half_kl(m, s).sum(1).abs()),
    ("mu of another image", "KL|another", lambda m, s: half_kl(m.flip(0), s).sum(1)),
    ("the batch's mean mu", "KL|another", lambda m, s: half_kl(m.mean(0, keepdim=True).expand_as(m), s).sum(1)),
    ("mu detached", "(?i)gradient|detach|differentiated", lambda m, s: half_kl(m.detach(), s).sum(1)),
    ("logvar detached", "(?i)gradient|detach|differentiated", lambda m, s: half_kl(m, s.detach()).sum(1)),
    ("by .data", "(?i)gradient|detach|differentiated", lambda m, s: half_kl(m.data, s.data).sum(1)),
    ("a root of logvar", "not finite|NaN|KL", lambda m, s: half_kl(m, s.sqrt()).sum(1)),
    ("from one draw", "KL|global|random|differ",
     lambda m, s: (lambda z: (Normal(m, (0.5 * s).exp()).log_prob(z) - Normal(0, 1).log_prob(z)).sum(1))(
         m + (0.5 * s).exp() * torch.randn(m.shape))),
    ("half precision inside", "not finite|KL", lambda m, s: half_kl(m.half(), s.half()).sum(1).float()),
):  # fmt: skip
    ANSWERS.wrong("KL: " + title, hint=hint)(lambda x, a, m, s, kl=kl: ElboTerms(nats(x, a).sum((1, 2, 3)), kl(m, s)))

Pair = namedtuple("Pair", "reconstruction kl")
for title, hint, cost in (
    ("-ELBO alone", "ElboTerms", lambda *a: elbo_terms(*a).negative_elbo),
    ("its mean", "ElboTerms", lambda *a: elbo_terms(*a).negative_elbo.mean()),
    ("a tuple", "tuple", lambda *a: tuple(elbo_terms(*a))),
    ("a list", "list", lambda *a: list(elbo_terms(*a))),
    ("a dict", "dict", lambda *a: elbo_terms(*a)._asdict()),
    ("another named tuple", "Pair", lambda *a: Pair(*elbo_terms(*a))),
    ("a string", "str", lambda *a: "cost"),
    ("a stacked tensor", "tensor|Tensor", lambda *a: torch.stack(elbo_terms(*a))),
    ("the class", "ElboTerms", lambda *a: ElboTerms),
    ("one term to ElboTerms", "argument", lambda *a: ElboTerms(elbo_terms(*a).negative_elbo)),
    ("arguments in another order", "mu and logvar exchanged",
     lambda x, a, m, s: elbo_terms(x, a, s, m)),
    ("x moved in place", "overw|changed", lambda x, a, m, s: elbo_terms(x.neg_().add_(1), -a, m, s)),
    ("logits moved in place", "overw|changed", lambda x, a, m, s: ElboTerms(
        F.binary_cross_entropy(a.sigmoid_(), x, reduction="none").sum((1, 2, 3)), half_kl(m, s).sum(1))),
    ("logvar moved in place", "overw|changed",
     lambda x, a, m, s: ElboTerms(nats(x, a).sum((1, 2, 3)), 0.5 * (m**2 - 1 - s.clone() + s.exp_()).sum(1))),
    ("division by zero", "ZeroDivisionError", lambda *a: 1 / 0),
    ("an error inside torch", "F.binary_cross_entropy", lambda x, a, m, s: F.binary_cross_entropy(a - 2, x)),
    ("an error inside math", "math.exp", lambda x, a, m, s: math.exp(s)),
    ("three arguments", "argument", lambda x, logits, mu: elbo_terms(x, logits, mu, mu)),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(cost)


PIXEL_MEAN = patients("pixel mean").cost


@ANSWERS.wrong("the right number with D's slope", hint="(?i)gradient|differentiated")
def _(x, logits, mu, logvar):
    right, ill = elbo_terms(x, logits, mu, logvar), PIXEL_MEAN(x, logits, mu, logvar)
    return ElboTerms(*(r.detach() + i - i.detach() for r, i in zip(right, ill, strict=True)))


@ANSWERS.wrong("no_grad", hint="(?i)gradient|detach")
@torch.no_grad()
def _(x, logits, mu, logvar):
    return elbo_terms(x, logits, mu, logvar)


@ANSWERS.wrong("an error of its own", hint="out of office")
def _(x, logits, mu, logvar):
    raise RuntimeError("out of office")


@ANSWERS.wrong("SystemExit", hint="SystemExit|exit")
def _(x, logits, mu, logvar):
    raise SystemExit


@ANSWERS.wrong("with self, as in the file", hint="argument")
def _(self, x, logits, mu, logvar):
    return elbo_terms(x, logits, mu, logvar)


ANSWERS.wrong("a result for the function", hint="without calling|function")(ElboTerms(torch.zeros(3), torch.zeros(3)))
ANSWERS.wrong("a string for the function", hint="function")("cost")


# Tried when the check was finished, and judged rightly at first sight.
for title, hint, cost in (
    ("logs with 1e-7, in both terms", "reconstruction is .* nats", lambda x, a, m, s: ElboTerms(
        -(x * (a.sigmoid() + 1e-7).log() + (1 - x) * (1 - a.sigmoid() + 1e-7).log()).sum((1, 2, 3)),
        kl_divergence(m, s))),
    ("a Gaussian likelihood", "reconstruction is .* nats", lambda x, a, m, s: ElboTerms(
        0.5 * ((x - a) ** 2 + math.log(2 * math.pi)).sum((1, 2, 3)), half_kl(m, s).sum(1))),
    ("sum over all by the batch", "one number per image", lambda x, a, m, s: ElboTerms(
        F.binary_cross_entropy_with_logits(a, x, reduction="sum") / len(x), half_kl(m, s).sum() / len(x))),
    ("log sigma in place of logvar", "KL is .* nats", lambda x, a, m, s: ElboTerms(
        nats(x, a).sum((1, 2, 3)), 0.5 * (m**2 + s.exp() - 1 - 0.5 * s).sum(1))),
    ("Normal with the variance", "logvar for log σ", lambda x, a, m, s: ElboTerms(
        nats(x, a).sum((1, 2, 3)), torch_kl(Normal(m, s.exp()), Normal(0.0, 1.0)).sum(1))),
    ("a KL below 1 for nothing", "KL is .* nats", lambda x, a, m, s: ElboTerms(
        nats(x, a).sum((1, 2, 3)), F.relu(half_kl(m, s).sum(1) - 1))),
    ("the ELBO's signs", "wrong sign", lambda x, a, m, s: ElboTerms(log_likelihood(a, x), -kl_divergence(m, s))),
    ("the border left out", "reconstruction is .* nats", lambda x, a, m, s: ElboTerms(
        nats(x, a)[:, :, 2:26, 2:26].sum((1, 2, 3)), half_kl(m, s).sum(1))),
    ("halved logits", "reconstruction is .* nats", lambda x, a, m, s: ElboTerms(
        nats(x, a / 2).sum((1, 2, 3)), half_kl(m, s).sum(1))),
    ("three terms", "stopped with TypeError", lambda x, a, m, s: ElboTerms(*elbo_terms(x, a, m, s), 0)),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(cost)

for title, cost in (
    ("where", lambda x, a, m, s: ElboTerms(
        torch.where(x > 0.5, -F.logsigmoid(a), -F.logsigmoid(-a)).sum((1, 2, 3)), half_kl(m, s).sum(1))),
    ("expm1", lambda x, a, m, s: ElboTerms(nats(x, a).sum((1, 2, 3)), 0.5 * (m * m + torch.expm1(s) - s).sum(1))),
    ("matrix products", lambda x, a, m, s: ElboTerms(
        nats(x, a).flatten(1) @ torch.ones(784), half_kl(m, s) @ torch.ones(m.shape[1]))),
    ("a KL of at least 0", lambda x, a, m, s: ElboTerms(nats(x, a).sum((1, 2, 3)), half_kl(m, s).sum(1).clamp(min=0))),
):  # fmt: skip
    ANSWERS.right(title)(cost)

# Tried without a look at the check: no clamp stands in these.
for title, hint, kl in (
    ("sigma for the variance", "which is σ", lambda m, s: 0.5 * (m**2 + (s / 2).exp() - 1 - s).sum(1)),
    ("the last sign turned", "Compare each part", lambda m, s: 0.5 * (m**2 + s.exp() - 1 + s).sum(1)),
    ("mu and logvar exchanged", "mu and logvar exchanged", lambda m, s: kl_divergence(s, m)),
    ("logvar as log sigma", "logvar for log σ", lambda m, s: kl_divergence(m, 2 * s)),
    ("nothing", "is 0, as if", lambda m, s: 0 * kl_divergence(m, s)),
):
    ANSWERS.wrong(title, hint=hint)(lambda x, a, m, s, kl=kl: ElboTerms(nats(x, a).sum((1, 2, 3)), kl(m, s)))
ANSWERS.wrong("x as the logits of the course's function", hint="x and the logits exchanged")(
    lambda x, a, m, s: ElboTerms(-log_likelihood(x, a), kl_divergence(m, s))
)


# Wrong for codes far out or near the prior, for all images by a little, or with the pixels of another image.
for title, hint, term in (
    ("logvar from -30 to 20", "For other images it is right", lambda m, s: kl_divergence(m, s.clamp(-30, 20))),
    ("sigma and 1e-8", "is 140", lambda m, s: 0.5 * (m**2 + s.exp() - 1 - 2 * ((s / 2).exp() + 1e-8).log()).sum(1)),
    ("a nat for free", "yours says 1", lambda m, s: kl_divergence(m, s).clamp(min=1)),
    ("a hundredth more", "nearly right for all images", lambda m, s: kl_divergence(m, s) + 0.01),
    ("in half precision", "nearly right for all images", lambda m, s: kl_divergence(m.half(), s.half()).float()),
    ("from draws", "It draws random numbers", lambda m, s: (
        Normal(m, (s / 2).exp()).log_prob(z := m + (s / 2).exp() * torch.randn(m.shape)) - Normal(0.0, 1.0).log_prob(z)
    ).sum(1)),
    ("mu cubed", "Compare each part", lambda m, s: 0.5 * (m**3 + s.exp() - 1 - s).sum(1)),
):  # fmt: skip
    ANSWERS.wrong(f"KL: {title}", hint=hint)(
        lambda x, a, m, s, term=term: ElboTerms(nats(x, a).sum((1, 2, 3)), term(m, s))
    )
for title, hint, term in (
    ("softplus, a line from 5", "nearly right for all images", lambda x, a: F.softplus(a, threshold=5) - x * a),
    ("smoothed labels", "nearly right for all images", lambda x, a: nats(0.99 * x + 0.005, a)),
    ("in bfloat16", "nearly right for all images", lambda x, a: nats(x.bfloat16(), a.bfloat16()).float()),
    ("x turned on its side", "Compare each part", lambda x, a: nats(x.mT, a)),
    ("the pixels of the image before", "Compare each part", lambda x, a: nats(x.roll(1, 0), a)),
):
    ANSWERS.wrong(f"reconstruction: {title}", hint=hint)(
        lambda x, a, m, s, term=term: ElboTerms(term(x, a).sum((1, 2, 3)), kl_divergence(m, s))
    )
