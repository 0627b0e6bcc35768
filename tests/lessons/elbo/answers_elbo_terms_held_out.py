"""Answers to the exercise `elbo_terms`, held out: they were written without a look at its check."""

import math

from vae_course.decoder import log_likelihood
from vae_course.elbo import ElboTerms, elbo_terms, kl_divergence

import torch
from lessons.elbo.answers_elbo_terms import ANSWERS, PIXELS, terms
from torch.distributions import Normal
from torch.nn import functional as F

right, wrong = ANSWERS.right, ANSWERS.wrong


def cost_of(logits, x):
    return -log_likelihood(logits, x)


right("the KL computed first")(
    lambda x, logits, mu, logvar: (lambda kl, rec: ElboTerms(rec, kl))(kl_divergence(mu, logvar), cost_of(logits, x))
)
right("the absolute value")(terms(lambda x, logits: log_likelihood(logits, x).abs()))
right("by a dictionary")(lambda *a: ElboTerms(**elbo_terms(*a)._asdict()))
right("relu kl")(terms(kl=lambda mu, logvar: F.relu(kl_divergence(mu, logvar))))
right("zero minus")(terms(lambda x, logits: torch.zeros(len(x)).sub(log_likelihood(logits, x))))
right("cross-entropy of two classes")(
    terms(
        lambda x, logits: F.cross_entropy(
            torch.cat([torch.zeros_like(logits), logits], 1), x[:, 0].long(), reduction="none"
        ).sum((1, 2))
    )
)
right("cloned")(lambda *a: ElboTerms(*map(torch.clone, elbo_terms(*a))))
right("a weight of 1 by default")(
    lambda x, logits, mu, logvar, beta=1.0: ElboTerms(cost_of(logits, x), beta * kl_divergence(mu, logvar))
)
wrong("the reconstruction by 20", hint="reconstruction.*0.05 times")(terms(lambda x, logits: cost_of(logits, x) / 20))
wrong("the KL by 20", hint="kl.*0.05 times")(terms(kl=lambda mu, logvar: kl_divergence(mu, logvar) / 20))
wrong("the KL's mean for each", hint="kl.*must not depend on the others")(
    terms(kl=lambda mu, logvar: kl_divergence(mu, logvar).mean().expand(len(mu)))
)
wrong("the KL's mean", hint="kl.*for 5 images the shape")(terms(kl=lambda mu, logvar: kl_divergence(mu, logvar).mean()))
wrong("the reconstruction's mean", hint="reconstruction.*for 5 images the shape")(
    terms(lambda x, logits: cost_of(logits, x).mean())
)
wrong("both scalars", hint="reconstruction.*for 5 images the shape")(
    lambda *a: ElboTerms(*(p.sum() for p in elbo_terms(*a)))
)
wrong("both halved", hint="reconstruction.*half of what")(lambda *a: ElboTerms(*(p / 2 for p in elbo_terms(*a))))
wrong("both bits", hint="reconstruction.*in bits")(lambda *a: ElboTerms(*(p / math.log(2) for p in elbo_terms(*a))))
wrong("the probability", hint="reconstruction.*it is 0 for every")(
    terms(lambda x, logits: log_likelihood(logits, x).exp())
)
wrong("the log of the cost", hint="reconstruction.*minus its log_likelihood")(
    terms(lambda x, logits: cost_of(logits, x).log())
)
wrong("the cost of a draw", hint="reconstruction.*must not depend on the others")(
    terms(
        lambda x, logits: cost_of(logits, torch.bernoulli(logits.sigmoid(), generator=torch.Generator().manual_seed(0)))
    )
)
wrong("the cost of the mode", hint="reconstruction.*minus its log_likelihood")(
    terms(lambda x, logits: cost_of(logits, (logits > 0).float()))
)
wrong("absolute error", hint="reconstruction.*minus its log_likelihood")(
    terms(lambda x, logits: (logits.sigmoid() - x).abs().sum(PIXELS))
)
wrong("mean squared error", hint="reconstruction.*squared error")(
    terms(lambda x, logits: (logits.sigmoid() - x).square().mean(PIXELS))
)
wrong("a Gaussian's nats", hint="reconstruction.*minus its log_likelihood")(
    terms(lambda x, logits: -Normal(logits.sigmoid(), 1.0).log_prob(x).sum(PIXELS))
)
wrong("a KL of 0", hint="kl.*it is 0 for every")(terms(kl=lambda mu, logvar: 0 * mu.sum(-1) + 0 * logvar.sum(-1)))
wrong("mu for logvar", hint="kl.*[Yy]ours gives")(terms(kl=lambda mu, logvar: kl_divergence(mu, mu)))
wrong("a draw for mu", hint="kl.*[Yy]ours gives")(
    terms(kl=lambda mu, logvar: kl_divergence(mu + (logvar / 2).exp(), logvar))
)
wrong("minus logvar", hint="kl.*[Yy]ours gives")(terms(kl=lambda mu, logvar: kl_divergence(mu, -logvar)))
wrong("twice logvar", hint="kl.*as if it were log σ")(terms(kl=lambda mu, logvar: kl_divergence(mu, 2 * logvar)))
wrong("squeezed codes", hint="kl.*for one image the shape")(
    terms(kl=lambda mu, logvar: kl_divergence(mu.squeeze(), logvar.squeeze()))
)
wrong("squeezed images", hint="reconstruction.*for one image the shape")(
    terms(lambda x, logits: F.softplus(logits.squeeze()).sum((-2, -1)) - (x * logits).squeeze().sum((-2, -1)))
)
wrong("the ELBO for the KL", hint="kl.*sum of reconstruction and kl")(
    lambda *a: ElboTerms(elbo_terms(*a).reconstruction, -elbo_terms(*a).negative_elbo)
)
wrong("the reconstruction twice", hint="kl.*[Yy]ours gives")(
    lambda *a: ElboTerms(elbo_terms(*a).reconstruction, elbo_terms(*a).reconstruction)
)
wrong("the KL twice", hint="reconstruction.*minus its log_likelihood")(
    lambda *a: ElboTerms(elbo_terms(*a).kl, elbo_terms(*a).kl)
)
wrong("terms in terms", hint="reconstruction.*is an ElboTerms")(lambda *a: ElboTerms(elbo_terms(*a), elbo_terms(*a)))
wrong("terms in a list", hint=r"is a [a-z]+ of \d")(lambda *a: [elbo_terms(*a)])
wrong("a list of terms", hint=r"is a [a-z]+ of \d")(
    lambda x, logits, mu, logvar: [
        elbo_terms(x[i : i + 1], logits[i : i + 1], mu[i : i + 1], logvar[i : i + 1]) for i in range(len(x))
    ]
)
wrong("arrays, after detach()", hint="reconstruction.*is of type [a-z]+")(
    lambda *a: ElboTerms(*(p.detach().numpy() for p in elbo_terms(*a)))
)
wrong("functions in it", hint="reconstruction.*is of type [a-z]+")(lambda *a: ElboTerms(lambda: 1, lambda: 2))
wrong("the first image for all", hint="reconstruction.*must not depend on the others")(
    lambda x, logits, mu, logvar: elbo_terms(x[:1].expand_as(x), logits, mu, logvar)
)
wrong("mu of the image before", hint="kl.*must not depend on the others")(
    lambda x, logits, mu, logvar: elbo_terms(x, logits, mu.roll(1, 0), logvar)
)
wrong("logits turned round", hint="reconstruction.*must not depend on the others")(
    lambda x, logits, mu, logvar: elbo_terms(x, logits.flip(0), mu, logvar)
)
wrong("logits as the first argument", hint="x and the logits have changed places")(
    lambda logits, x, mu, logvar: elbo_terms(x, logits, mu, logvar)
)
wrong("logvar before mu", hint="kl.*changed places")(lambda x, logits, logvar, mu: elbo_terms(x, logits, mu, logvar))
wrong("a seed set", hint="draws random numbers, or sets their seed")(
    lambda *a: (torch.manual_seed(1), elbo_terms(*a))[1]
)
wrong("x halved in place", hint="overwrote x")(
    lambda x, logits, mu, logvar: (x.mul_(0.5), elbo_terms(x * 2, logits, mu, logvar))[1]
)
wrong("the KL rounded", hint="kl.*[Yy]ours gives")(
    terms(kl=lambda mu, logvar: kl_divergence(mu, logvar).round(decimals=3))
)
wrong("a KL of at least 0.01", hint="kl.*[Yy]ours gives")(
    terms(kl=lambda mu, logvar: kl_divergence(mu, logvar).clamp(min=1e-2))
)
wrong("a reconstruction of at least 1", hint="reconstruction.*costs 0 nats")(
    terms(lambda x, logits: cost_of(logits, x).clamp(min=1))
)
wrong("a reconstruction of at most 400", hint="reconstruction.*Is something clamped")(
    terms(lambda x, logits: cost_of(logits, x).clamp(max=400))
)
wrong("logvar detached, and 0 times logvar", hint="kl.*gradient of logvar is not")(
    terms(kl=lambda mu, logvar: kl_divergence(mu, logvar.detach()) + 0 * logvar.sum(-1))
)
wrong("half the KL's gradient", hint="kl.*gradient of mu is not")(
    terms(
        kl=lambda mu, logvar: (
            kl_divergence(mu, logvar).detach() + 0.5 * (kl_divergence(mu, logvar) - kl_divergence(mu, logvar).detach())
        )
    )
)
wrong("a KL that is not a number", hint="kl.*[Yy]ours gives")(
    terms(kl=lambda mu, logvar: kl_divergence(mu, logvar) / 0 * 0)
)
wrong("x as the logits", hint="reconstruction: x and the logits have changed places")(
    lambda x, logits, mu, logvar: ElboTerms(-log_likelihood(x, logits), kl_divergence(mu, logvar))
)
wrong("an overflow hidden by where", hint="reconstruction.*a gradient of logits is not finite")(
    terms(
        lambda x, logits: (torch.where(logits > 20, logits, logits.exp().log1p()) - x * logits).sum(PIXELS),
    )
)
wrong("the KL with a root", hint="kl.*a gradient of mu is not finite")(
    terms(kl=lambda mu, logvar: 0.5 * ((mu**2).sum(-1).sqrt() ** 2 + (logvar.exp() - 1 - logvar).sum(-1)))
)
wrong("the KL with a product", hint="kl: try one image with D = 20")(
    terms(kl=lambda mu, logvar: 0.5 * ((mu**2 + logvar.exp() - 1).sum(-1) - logvar.exp().prod(-1).log()))
)
wrong("the KL by pixels", hint="kl: Every value is divided by 784")(
    terms(kl=lambda mu, logvar: kl_divergence(mu, logvar) / 28**2)
)
