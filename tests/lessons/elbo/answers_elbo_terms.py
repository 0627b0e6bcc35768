"""Right and wrong answers to `elbo_terms`; each wrong one with what its hint must say."""

import copy
import functools
import math
import sys
from collections import namedtuple
from types import SimpleNamespace

from vae_course.decoder import log_likelihood
from vae_course.elbo import ElboTerms, elbo_terms, kl_divergence

import torch
from answers import Answers
from torch import nn
from torch.distributions import Bernoulli, Normal
from torch.distributions import kl_divergence as kl_of_distributions
from torch.nn import functional as F

ANSWERS = Answers("elbo_terms")
right, wrong = ANSWERS.right, ANSWERS.wrong
PIXELS = (1, 2, 3)


def cost(x, logits):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none")


def per_latent(mu, logvar):
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)


def terms(reconstruction=lambda x, logits: -log_likelihood(logits, x), kl=kl_divergence):
    return lambda x, logits, mu, logvar: ElboTerms(reconstruction(x, logits), kl(mu, logvar))


def after(change):
    """The right terms, changed."""
    return lambda *given: change(elbo_terms(*given))


# ---- right

right("the course's")(elbo_terms)
right("by name")(
    lambda x, logits, mu, logvar: ElboTerms(
        kl=kl_divergence(mu=mu, logvar=logvar), reconstruction=-log_likelihood(logits=logits, x=x)
    )
)
right("PyTorch's cross-entropy")(terms(lambda x, logits: cost(x, logits).sum(PIXELS)))
right("flattened")(terms(lambda x, logits: cost(x, logits).flatten(1).sum(1)))
right("softplus")(terms(lambda x, logits: (F.softplus(logits) - x * logits).sum((-3, -2, -1))))
right("Bernoulli")(terms(lambda x, logits: -Bernoulli(logits=logits).log_prob(x).sum(PIXELS)))
right("einsum")(terms(lambda x, logits: torch.einsum("bchw->b", cost(x, logits))))
right("KL by hand")(terms(kl=lambda mu, logvar: per_latent(mu, logvar).sum(1)))
right("KL by distributions")(
    terms(kl=lambda mu, logvar: kl_of_distributions(Normal(mu, (logvar / 2).exp()), Normal(0.0, 1.0)).sum(-1))
)
right("double precision")(lambda *given: elbo_terms(*(t.double() for t in given)))
right("*args")(lambda *given: elbo_terms(*given))
right("arguments with defaults")(lambda x, logits, mu, logvar, weight=1.0: elbo_terms(x, logits, mu, logvar))
right("functools.partial")(functools.partial(lambda make, *given: make(*given), elbo_terms))
right("a static method")(type("Answer", (), {"of": staticmethod(elbo_terms)}).of)
right("unpacked and packed again")(after(lambda t: ElboTerms(*t)))
right("_make")(after(lambda t: ElboTerms._make([t.reconstruction, t.kl])))
right("minus minus")(terms(lambda x, logits: -1 * log_likelihood(logits, x)))


class Further(ElboTerms):
    """A subclass."""


right("a subclass of ElboTerms")(after(lambda t: Further(*t)))


@right("a loop over images")
def _(x, logits, mu, logvar):
    pairs = [elbo_terms(*(t[i : i + 1] for t in (x, logits, mu, logvar))) for i in range(len(x))]
    return ElboTerms(torch.cat([p.reconstruction for p in pairs]), torch.cat([p.kl for p in pairs]))


@right("type hints, helpers, prints")
def _(x: torch.Tensor, logits: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor) -> ElboTerms:
    reconstruction = -log_likelihood(logits, x)
    kl = kl_divergence(mu, logvar)
    print(reconstruction.shape, kl.shape)
    return ElboTerms(reconstruction=reconstruction, kl=kl)


right("neg var")(lambda x, logits, mu, logvar: ElboTerms(log_likelihood(logits, x).neg(), kl_divergence(mu, logvar)))
right("0 minus")(lambda x, logits, mu, logvar: ElboTerms(0 - log_likelihood(logits, x), kl_divergence(mu, logvar) + 0))
right("dict unpack")(
    lambda x, logits, mu, logvar: ElboTerms(
        **dict(kl=kl_divergence(mu, logvar), reconstruction=-log_likelihood(logits, x))
    )
)
right("_replace")(
    lambda x, logits, mu, logvar: ElboTerms(0, 0)._replace(
        reconstruction=-log_likelihood(logits, x), kl=kl_divergence(mu, logvar)
    )
)
right("own kl, own ll")(
    lambda x, logits, mu, logvar: ElboTerms(
        nn.BCEWithLogitsLoss(reduction="none")(logits, x).view(len(x), -1).sum(1),
        -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1),
    )
)
right("checks finite")(
    lambda x, logits, mu, logvar: (lambda t: t if all(p.isfinite().all() for p in t) else 1 / 0)(
        elbo_terms(x, logits, mu, logvar)
    )
)
right("class with call")(
    type("A", (), {"__call__": lambda self, x, logits, mu, logvar: elbo_terms(x, logits, mu, logvar)})()
)

# ---- wrong: the reconstruction

wrong("mean over pixels", hint="mean over pixels")(terms(lambda x, logits: cost(x, logits).mean(PIXELS)))
wrong("divided by 784", hint="mean over pixels")(terms(lambda x, logits: -log_likelihood(logits, x) / 784))
wrong("the sign not turned", hint="reconstruction.*[Ss]ign")(terms(lambda x, logits: log_likelihood(logits, x)))
wrong("mean and sign", hint="(?s)[Ss]ign.*mean over|mean over.*[Ss]ign")(
    terms(lambda x, logits: -cost(x, logits).mean(PIXELS))
)
wrong("bits", hint="reconstruction.*bits")(terms(lambda x, logits: cost(x, logits).sum(PIXELS) / math.log(2)))
wrong("doubled", hint="reconstruction.*twice")(terms(lambda x, logits: 2 * cost(x, logits).sum(PIXELS)))
wrong("divided by the batch", hint="reconstruction.*(number of images|batch size)")(
    terms(lambda x, logits: cost(x, logits).sum(PIXELS) / len(x))
)
wrong("sigmoid twice", hint="[Ss]igmoid.*twice")(terms(lambda x, logits: -log_likelihood(logits.sigmoid(), x)))
wrong("squared error", hint="[Ss]quared")(terms(lambda x, logits: (logits.sigmoid() - x).square().sum(PIXELS)))
wrong("half of the squared error", hint="[Ss]quared")(
    terms(lambda x, logits: 0.5 * (logits.sigmoid() - x).square().sum(PIXELS))
)
wrong("squared error of the logits", hint="[Ss]quared")(
    terms(lambda x, logits: F.mse_loss(logits, x, reduction="none").sum(PIXELS))
)
wrong("on and off swapped", hint="swapped")(terms(lambda x, logits: -log_likelihood(-logits, x)))
wrong("only the on pixels", hint="[Oo]nly the on")(terms(lambda x, logits: -(x * F.logsigmoid(logits)).sum(PIXELS)))
wrong("x and logits swapped", hint="stopped with ValueError|changed places")(
    terms(lambda x, logits: -log_likelihood(x, logits))
)
wrong("x and logits swapped in the cross-entropy", hint="reconstruction")(
    terms(lambda x, logits: F.binary_cross_entropy_with_logits(x, logits, reduction="none").sum(PIXELS))
)
wrong("logits as probabilities", hint="stopped with RuntimeError")(
    terms(lambda x, logits: F.binary_cross_entropy(logits, x, reduction="none").sum(PIXELS))
)
wrong("zero", hint="reconstruction")(terms(lambda x, logits: 0 * log_likelihood(logits, x)))
wrong("weighted by 0.9", hint="reconstruction")(terms(lambda x, logits: -0.9 * log_likelihood(logits, x)))
wrong("the KL added", hint="reconstruction.*kl|kl.*reconstruction")(after(lambda t: ElboTerms(t.negative_elbo, t.kl)))
wrong("turned round", hint="reconstruction.*others")(terms(lambda x, logits: -log_likelihood(logits, x).flip(0)))
wrong("the batch's mean for each", hint="reconstruction.*others")(
    terms(lambda x, logits: -log_likelihood(logits, x).mean().expand(len(x)))
)
wrong("the first image's logits", hint="reconstruction.*others")(
    terms(lambda x, logits: -log_likelihood(logits[:1].expand_as(x), x))
)

# ---- wrong: float32

wrong("log1p(exp) overflows", hint="reconstruction.*(overflow|finite)")(
    terms(lambda x, logits: (torch.log1p(logits.exp()) - x * logits).sum(PIXELS))
)
wrong("log of sigmoid", hint="reconstruction.*(rounded|finite)")(
    terms(lambda x, logits: -(x * logits.sigmoid().log() + (1 - x) * (1 - logits.sigmoid()).log()).sum(PIXELS))
)
wrong("binary_cross_entropy of the sigmoid", hint="reconstruction.*logit")(
    terms(lambda x, logits: F.binary_cross_entropy(logits.sigmoid(), x, reduction="none").sum(PIXELS))
)
wrong("a clamped sigmoid", hint="clamp")(
    terms(
        lambda x, logits: F.binary_cross_entropy(torch.sigmoid(logits).clamp(1e-6, 1 - 1e-6), x, reduction="none").sum(
            PIXELS
        )
    )
)
wrong("logits clamped to ±10", hint="clamp|logit")(terms(lambda x, logits: -log_likelihood(logits.clamp(-10, 10), x)))
wrong("logits clamped to ±50", hint="clamp|logit")(terms(lambda x, logits: -log_likelihood(logits.clamp(-50, 50), x)))
wrong("the reconstruction at most 2000", hint="reconstruction")(
    terms(lambda x, logits: cost(x, logits).sum(PIXELS).clamp(max=2000))
)
wrong("half precision", hint="reconstruction.*(float16|precision|image)")(
    terms(lambda x, logits: cost(x.half(), logits.half()).sum(PIXELS))
)

# ---- wrong: the KL

wrong("minus the KL", hint="kl.*(negative|[Ss]ign)")(terms(kl=lambda mu, logvar: -kl_divergence(mu, logvar)))
wrong("the mean over latents", hint="kl.*mean")(terms(kl=lambda mu, logvar: per_latent(mu, logvar).mean(-1)))
wrong("half the KL", hint="kl.*half")(terms(kl=lambda mu, logvar: kl_divergence(mu, logvar) / 2))
wrong("a half lost", hint="kl.*(½|twice)")(terms(kl=lambda mu, logvar: 2 * kl_divergence(mu, logvar)))
wrong("β = 4", hint="kl.*weight")(terms(kl=lambda mu, logvar: 4 * kl_divergence(mu, logvar)))
wrong("β = 0.1", hint="kl.*weight")(terms(kl=lambda mu, logvar: 0.1 * kl_divergence(mu, logvar)))
wrong("no KL", hint="kl")(terms(kl=lambda mu, logvar: 0 * kl_divergence(mu, logvar)))
wrong("KL by 784", hint="kl.*(784|weight|pixels)")(terms(kl=lambda mu, logvar: kl_divergence(mu, logvar) / 784))
wrong("KL by the batch", hint="kl.*(number of images|batch size)")(
    terms(kl=lambda mu, logvar: kl_divergence(mu, logvar) / len(mu))
)
wrong("KL in bits", hint="kl.*bits")(terms(kl=lambda mu, logvar: kl_divergence(mu, logvar) / math.log(2)))
wrong("mu and logvar swapped", hint="mu and logvar.*changed places")(
    terms(kl=lambda mu, logvar: kl_divergence(logvar, mu))
)
wrong("sigma for the variance", hint="kl.*standard deviation")(
    terms(kl=lambda mu, logvar: 0.5 * (mu**2 + (logvar / 2).exp() - 1 - logvar).sum(-1))
)
wrong("sigma for logvar", hint="kl")(terms(kl=lambda mu, logvar: kl_divergence(mu, (0.5 * logvar).exp())))
wrong("the other way round", hint="kl.*other way round")(
    terms(kl=lambda mu, logvar: 0.5 * ((1 + mu**2) / logvar.exp() - 1 + logvar).sum(-1))
)
wrong("logvar clamped", hint="kl.*logvar =")(terms(kl=lambda mu, logvar: kl_divergence(mu, logvar.clamp(-20, 2))))
wrong("mu clamped", hint="kl.*mu =")(terms(kl=lambda mu, logvar: kl_divergence(mu.clamp(-3, 3), logvar)))
wrong("the KL at most 10", hint="kl.*(mu|logvar) =")(
    terms(kl=lambda mu, logvar: kl_divergence(mu, logvar).clamp(max=10))
)
wrong("free bits", hint="kl.*(mu|logvar) =")(
    terms(kl=lambda mu, logvar: per_latent(mu, logvar).clamp(min=0.25).sum(-1))
)
wrong("KL turned round", hint="kl.*others")(terms(kl=lambda mu, logvar: kl_divergence(mu, logvar).flip(0)))
wrong("KL of the mean code", hint="kl.*others")(
    terms(kl=lambda mu, logvar: kl_divergence(mu.mean(0, keepdim=True).expand_as(mu), logvar))
)

# ---- wrong: both

wrong("both turned in sign", hint="[Ss]ign")(after(lambda t: ElboTerms(-t.reconstruction, -t.kl)))
wrong("mean over pixels and latents", hint="mean over pixels")(
    terms(lambda x, logits: cost(x, logits).mean(PIXELS), lambda mu, logvar: per_latent(mu, logvar).mean(-1))
)
wrong("the terms swapped", hint="changed places")(after(lambda t: ElboTerms(t.kl, t.reconstruction)))
wrong("swapped, and the sign", hint="changed places|sign")(after(lambda t: ElboTerms(t.kl, -t.reconstruction)))
wrong("the sum twice", hint="reconstruction.*kl|kl.*reconstruction")(
    after(lambda t: ElboTerms(t.negative_elbo, t.negative_elbo))
)
wrong("the batch's mean", hint="averaged")(after(lambda t: t.mean()))
wrong("the batch's sum", hint="summed")(after(lambda t: ElboTerms(t.reconstruction.sum(), t.kl.sum())))
wrong("the reconstruction summed over the batch", hint="reconstruction.*summed")(
    terms(lambda x, logits: cost(x, logits).sum())
)
wrong("the KL summed over the batch", hint="kl.*summed")(terms(kl=lambda mu, logvar: per_latent(mu, logvar).sum()))
wrong("one axis left", hint="reconstruction.*pixels")(terms(lambda x, logits: cost(x, logits).sum((2, 3))))
wrong("no sum over latents", hint="kl.*latent")(terms(kl=per_latent))
wrong("keepdim", hint=r"kl.*\[\d+, 1\]")(terms(kl=lambda mu, logvar: per_latent(mu, logvar).sum(-1, keepdim=True)))
wrong("squeeze() of the reconstruction", hint="reconstruction.*one image")(
    terms(lambda x, logits: cost(x, logits).sum((2, 3)).squeeze())
)
wrong("squeeze() of the KL", hint="kl.*one image")(
    terms(kl=lambda mu, logvar: per_latent(mu, logvar).sum(-1, keepdim=True).squeeze())
)

# ---- wrong: gradients

wrong("the KL detached", hint="gradient of mu")(terms(kl=lambda mu, logvar: kl_divergence(mu, logvar).detach()))
wrong("mu detached", hint="gradient of mu")(terms(kl=lambda mu, logvar: kl_divergence(mu.detach(), logvar)))
wrong("logvar detached", hint="gradient of logvar")(terms(kl=lambda mu, logvar: kl_divergence(mu, logvar.detach())))
wrong("logits detached", hint="gradient of logits")(terms(lambda x, logits: -log_likelihood(logits.detach(), x)))
wrong("logits detached, then requires_grad_()", hint="gradient of logits")(
    terms(lambda x, logits: -log_likelihood(logits.detach(), x).requires_grad_())
)
wrong("no_grad", hint="gradient of")(torch.no_grad()(elbo_terms))
wrong("a copy of the numbers", hint="gradient of")(
    after(lambda t: ElboTerms(torch.tensor(t.reconstruction.tolist()), torch.tensor(t.kl.tolist())))
)
wrong("deep copies, detached", hint="gradient of")(
    lambda *given: elbo_terms(*(copy.deepcopy(t.detach()) for t in given))
)


@wrong("backward() inside", hint=r"\.grad|backward")
def _(x, logits, mu, logvar):
    result = elbo_terms(x, logits, mu, logvar)
    if result.kl.requires_grad:
        result.mean().negative_elbo.backward(retain_graph=True)
    return result


# ---- wrong: types and manners

wrong("a total", hint="[Kk]eep the two terms apart")(after(lambda t: t.negative_elbo))
wrong("the ELBO", hint="[Kk]eep the two terms apart")(after(lambda t: -t.negative_elbo.mean()))
wrong("a plain tuple", hint="tuple.*ElboTerms")(after(tuple))
wrong("a list", hint="list.*ElboTerms")(after(list))
wrong("a dictionary", hint="dict.*ElboTerms")(after(lambda t: t._asdict()))
wrong("another named tuple", hint="ElboTerms")(after(namedtuple("Terms", "reconstruction kl")._make))
wrong("a namespace", hint="ElboTerms")(after(lambda t: SimpleNamespace(**t._asdict())))
wrong("the class", hint="ElboTerms")(lambda *given: ElboTerms)
wrong("a text", hint="str.*ElboTerms")(after(str))
wrong("a generator", hint="generator.*ElboTerms")(after(lambda t: (part for part in t)))
wrong("a KL that is a number", hint="kl.*float")(terms(kl=lambda mu, logvar: 0.5))
wrong("lists in it", hint="reconstruction.*list")(after(lambda t: ElboTerms(*(part.tolist() for part in t))))
wrong("arrays in it", hint="reconstruction.*array")(after(lambda t: ElboTerms(*(part.detach().numpy() for part in t))))
wrong("no KL given", hint="kl.*(None|no|empty|missing)")(after(lambda t: ElboTerms(t.reconstruction, None)))
wrong("one argument missing", hint="stopped with TypeError")(after(lambda t: ElboTerms(t.reconstruction)))
wrong("three arguments", hint="stopped with TypeError")(lambda x, logits, mu: elbo_terms(x, logits, mu, mu))
wrong("leaves", hint="SystemExit|exit")(lambda *given: sys.exit())
wrong("the result, not the function", hint="function")(
    elbo_terms(torch.zeros(2, 1, 28, 28), torch.zeros(2, 1, 28, 28), torch.zeros(2, 3), torch.zeros(2, 3))
)
wrong("the tuple's class for an answer", hint="stopped with TypeError|function|reconstruction")(ElboTerms)


@wrong("logits overwritten", hint="overw|chang")
def _(x, logits, mu, logvar):
    result = elbo_terms(x, logits.clone(), mu, logvar)
    logits.data.sigmoid_()
    return result


@wrong("logvar overwritten", hint="overw|chang")
def _(x, logits, mu, logvar):
    result = elbo_terms(x, logits, mu, logvar.clone())
    logvar.data.mul_(0.5).exp_()
    return result


@wrong("gradients left off", hint="grad")
def _(x, logits, mu, logvar):
    torch.set_grad_enabled(False)
    return elbo_terms(x, logits, mu, logvar)


# ---- wrong, of all kinds

wrong("x before the logits in the cross-entropy", hint="changed places|stopped")(
    terms(lambda x, logits: F.binary_cross_entropy_with_logits(x, logits, reduction="none").sum((1, 2, 3)))
)
wrong("minus the ELBO for the reconstruction, and the KL", hint="sum of reconstruction and kl")(
    after(lambda t: ElboTerms(t.negative_elbo, t.kl))
)
wrong("the KL minus the reconstruction", hint="^kl")(
    after(lambda t: ElboTerms(t.reconstruction, t.kl - t.reconstruction))
)
wrong("probabilities into log_likelihood", hint="sigmoid")(
    terms(lambda x, logits: -log_likelihood(torch.sigmoid(logits), x))
)
wrong("the KL of sigma", hint="kl")(terms(kl=lambda mu, logvar: kl_divergence(mu, torch.exp(logvar / 2))))
wrong("the KL of the variance", hint="kl")(terms(kl=lambda mu, logvar: kl_divergence(mu, logvar.exp())))
wrong("the KL of log sigma", hint="kl")(terms(kl=lambda mu, logvar: kl_divergence(mu, 0.5 * logvar)))
wrong("the KL times D", hint="kl")(terms(kl=lambda mu, logvar: kl_divergence(mu, logvar) * mu.shape[1]))
wrong("the KL annealed", hint="kl")(terms(kl=lambda mu, logvar: min(1.0, 0.3) * kl_divergence(mu, logvar)))
wrong("free bits for the whole image", hint="kl")(terms(kl=lambda mu, logvar: kl_divergence(mu, logvar).clamp(min=3)))
wrong("a KL that is free up to 1", hint="kl")(terms(kl=lambda mu, logvar: F.relu(kl_divergence(mu, logvar) - 1)))
wrong("logits rounded", hint="reconstruction")(terms(lambda x, logits: -log_likelihood(logits.round(), x)))
wrong("1 − x", hint="swapped")(terms(lambda x, logits: -log_likelihood(logits, 1 - x)))
wrong("the KL of each dimension", hint="kl")(terms(kl=lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar)))
wrong("means as floats", hint="float")(after(lambda t: ElboTerms(*(float(part.mean()) for part in t))))
wrong("the terms and their sum", hint="ElboTerms")(after(lambda t: (t, t.negative_elbo)))
wrong("weighted(1.0)", hint="Keep")(after(lambda t: t.weighted(1.0)))
wrong("an axis more", hint="shape")(
    lambda x, logits, mu, logvar: ElboTerms(*(p[:, None] for p in elbo_terms(x, logits, mu, logvar)))
)
wrong("stacked in one tensor", hint="Keep")(
    lambda x, logits, mu, logvar: torch.stack(tuple(elbo_terms(x, logits, mu, logvar)), 1)
)
wrong("logits clamped to ±30", hint="clamp")(terms(lambda x, logits: -log_likelihood(logits.clamp(-30, 30), x)))
wrong("noise on the logits", hint="random|stopped|kl")(
    terms(lambda x, logits: -log_likelihood(logits + 0.01 * torch.randn_like(logits), x))
)
wrong("logits detached, and 0 times logits", hint="gradient of logits")(
    terms(lambda x, logits: -log_likelihood(logits.detach() + 0 * logits, x))
)
wrong("inference mode", hint="gradient|inference")(
    torch.inference_mode()(lambda x, logits, mu, logvar: elbo_terms(x, logits, mu, logvar))
)
wrong("the KL of the first latent", hint="kl")(terms(kl=lambda mu, logvar: kl_divergence(mu[:, :1], logvar[:, :1])))
wrong("the mean of the batch, times 784, for each", hint="depend on the others")(
    terms(lambda x, logits: F.binary_cross_entropy_with_logits(logits, x) * 784 * torch.ones(len(x)))
)
wrong("cross-entropy of a sigmoid in double", hint="logit")(
    terms(
        lambda x, logits: (
            F.binary_cross_entropy(logits.double().sigmoid(), x.double(), reduction="none").sum((1, 2, 3)).float()
        )
    )
)
wrong("the KL in half precision", hint="float16|kl")(
    terms(kl=lambda mu, logvar: kl_divergence(mu.half(), logvar.half()))
)
