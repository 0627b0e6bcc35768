"""Right and wrong answers to `kl_by_draws`; each wrong one with what its hint must say."""

import math

from vae_course.elbo import kl_divergence
from vae_course.prior import kl_by_draws

import torch
from answers import Answers
from torch.distributions import Independent, MultivariateNormal, Normal

ANSWERS = Answers("kl_by_draws")
right, wrong = ANSWERS.right, ANSWERS.wrong


def drawn(mu, logvar, generator):
    return mu + torch.exp(0.5 * logvar) * torch.randn(mu.shape, generator=generator)


def log_q(z, mu, logvar):
    return Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)


def made(draw=drawn, posterior=log_q, prior_of=lambda prior, z: prior.log_prob(z), join=lambda q, p: q - p):
    """An answer of which one part is another."""

    def answer(mu, logvar, prior, generator):
        z = draw(mu, logvar, generator)
        return join(posterior(z, mu, logvar), prior_of(prior, z))

    return answer


def by_hand(z, mu, logvar):
    return (-0.5 * (z - mu) ** 2 / logvar.exp() - 0.5 * logvar - 0.5 * math.log(2 * math.pi)).sum(1)


# ---- right

right("the course's")(kl_by_draws)
right("its parts")(made())
right("log q by hand")(made(posterior=by_hand))
right("Independent")(made(posterior=lambda z, m, v: Independent(Normal(m, (0.5 * v).exp()), 1).log_prob(z)))
right("the square root of the variance")(made(posterior=lambda z, m, v: Normal(m, v.exp().sqrt()).log_prob(z).sum(1)))
right("a multivariate normal")(
    made(posterior=lambda z, m, v: MultivariateNormal(m, torch.diag_embed(v.exp())).log_prob(z))
)
right("sum by hand, over the last axis")(made(posterior=lambda z, m, v: by_hand(z, m, v).unsqueeze(1).sum(-1)))
right("minus the difference the other way")(made(join=lambda q, p: -(p - q)))
right("torch.sub")(made(join=torch.sub))
right("the log of the ratio")(made(join=lambda q, p: (q - p).exp().log()))
right("noise first")(made(draw=lambda m, v, g: torch.randn(m.shape, generator=g).mul(v.mul(0.5).exp()).add(m)))
right("torch.normal of noise")(
    made(draw=lambda m, v, g: m + torch.exp(v / 2) * torch.normal(0.0, 1.0, m.shape, generator=g))
)
right("addcmul")(made(draw=lambda m, v, g: torch.addcmul(m, torch.exp(0.5 * v), torch.randn(m.shape, generator=g))))
right("float64 inside log q")(made(posterior=lambda z, m, v: by_hand(z.double(), m.double(), v.double()).float()))


@right("by eps, which the draw knows")
def _(mu, logvar, prior, generator):
    eps = torch.randn(mu.shape, generator=generator)
    z = mu + torch.exp(0.5 * logvar) * eps
    return (-0.5 * eps**2 - 0.5 * logvar - 0.5 * math.log(2 * math.pi)).sum(-1) - prior.log_prob(z)


@right("a callable that keeps its parts in names")
def _(mu, logvar, prior, generator=None):
    sigma = logvar.exp() ** 0.5
    q = Normal(mu, sigma)
    z = mu + sigma * torch.randn(*mu.shape, generator=generator)
    log_ratio = q.log_prob(z).sum(dim=1) - prior.log_prob(z)
    assert log_ratio.shape == (len(mu),)
    return log_ratio


# ---- wrong: which terms, which sign

wrong("the sign turned", hint="sign is turned")(made(join=lambda q, p: p - q))
wrong("log q missing", hint=r"log q\(z\|x\) is missing")(made(join=lambda q, p: -p))
wrong("log p alone", hint=r"log q\(z\|x\) is missing")(made(join=lambda q, p: p))
wrong("log p missing", hint=r"log p\(z\) is missing")(made(join=lambda q, p: q + 0 * p))
wrong("added", hint="added")(made(join=lambda q, p: q + p))
wrong("densities", hint="densities")(made(join=lambda q, p: q.exp() - p.exp()))
wrong("the ratio", hint="densities")(made(join=lambda q, p: (q - p).exp()))
wrong("halved", hint="half")(made(join=lambda q, p: (q - p) / 2))
wrong("absolute", hint="cut off at 0")(made(join=lambda q, p: (q - p).abs()))
wrong("clamped at 0", hint="cut off at 0")(made(join=lambda q, p: (q - p).clamp(min=0)))
wrong("bits", hint="bits")(made(join=lambda q, p: (q - p) / math.log(2)))
wrong("doubled", hint="For one draw it gives")(made(join=lambda q, p: 2 * (q - p)))
wrong("squared", hint="For one draw it gives")(made(join=lambda q, p: (q - p) ** 2))

# ---- wrong: the closed form, or another prior

wrong("the closed form", hint="closed form")(lambda mu, logvar, prior, generator: kl_divergence(mu, logvar))
wrong("the closed form, averaged", hint="closed form")(
    lambda mu, logvar, prior, generator: kl_divergence(mu, logvar).mean()
)
wrong("the closed form, by hand", hint="closed form")(
    lambda mu, logvar, prior, generator: 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)
)
wrong("the closed form, and the prior asked for nothing", hint="closed form")(
    lambda mu, logvar, prior, generator: (prior.log_prob(mu), kl_divergence(mu, logvar))[1]
)
wrong("the closed form minus log p", hint="closed form")(
    lambda mu, logvar, prior, generator: kl_divergence(mu, logvar) - prior.log_prob(drawn(mu, logvar, generator))
)
wrong("N(0, I) by draws", hint="does not ask the prior")(
    made(prior_of=lambda p, z: Normal(0.0, 1.0).log_prob(z).sum(1))
)
wrong("N(0, I) by draws, the prior asked, too", hint=r"that of N\(0, I\)")(
    made(prior_of=lambda p, z: (p.log_prob(z), Normal(0.0, 1.0).log_prob(z).sum(1))[1])
)
wrong("draws from the prior", hint="draws from the prior")(
    lambda mu, logvar, prior, generator: prior.log_prob(prior.sample(len(mu), generator))
)

# ---- wrong: the draw

wrong("z = mu", hint="asked at mu")(made(draw=lambda m, v, g: m))
wrong("the variance as sigma in the draw", hint="is the variance")(
    made(draw=lambda m, v, g: m + v.exp() * torch.randn(m.shape, generator=g))
)
wrong("rand for randn", hint="never negative")(
    made(draw=lambda m, v, g: m + (0.5 * v).exp() * torch.rand(m.shape, generator=g))
)
wrong("noise without sigma", hint="same size")(made(draw=lambda m, v, g: m + torch.randn(m.shape, generator=g)))
wrong("draws of N(0, I)", hint="mean of z|where is the noise|must be mu")(
    made(draw=lambda m, v, g: torch.randn(m.shape, generator=g))
)
wrong("global noise", hint="not the generator's|global")(
    made(draw=lambda m, v, g: m + (0.5 * v).exp() * torch.randn_like(m))
)
wrong("rsample", hint="not the generator's|global")(made(draw=lambda m, v, g: Normal(m, (0.5 * v).exp()).rsample()))
wrong("a seed of its own", hint="sets a seed|same whatever the seed|copy of the generator|same numbers")(
    made(draw=lambda m, v, g: m + (0.5 * v).exp() * torch.randn(m.shape, generator=torch.Generator().manual_seed(0)))
)
wrong("one noise for all images", hint="its own eps")(
    made(draw=lambda m, v, g: m + (0.5 * v).exp() * torch.randn(m.shape[1:], generator=g))
)
wrong("two draws, one for each log", hint="two draws")(
    lambda mu, logvar, prior, generator: (
        log_q(drawn(mu, logvar, generator), mu, logvar) - prior.log_prob(drawn(mu, logvar, generator))
    )
)
wrong("an average over ten draws", hint="asks the prior 10 times")(
    lambda mu, logvar, prior, generator: torch.stack([made()(mu, logvar, prior, generator) for _ in range(10)]).mean(0)
)

# ---- wrong: log q

wrong("the variance as sigma in log q", hint="variance in the place")(
    made(posterior=lambda z, m, v: Normal(m, v.exp()).log_prob(z).sum(-1))
)
wrong("log q of N(0, I)", hint=r"is that of N\(0, I\)")(
    made(posterior=lambda z, m, v: Normal(0.0, 1.0).log_prob(z).sum(-1))
)
wrong("log q of the noise", hint="log sigma is missing")(
    made(posterior=lambda z, m, v: Normal(0.0, 1.0).log_prob((z - m) / (0.5 * v).exp()).sum(-1))
)
wrong("no log sigma, no constant", hint="log sigma is missing")(
    made(posterior=lambda z, m, v: (-0.5 * (z - m) ** 2 / v.exp()).sum(-1))
)
wrong("no constant", hint="constant")(made(posterior=lambda z, m, v: (-0.5 * (z - m) ** 2 / v.exp() - 0.5 * v).sum(-1)))
wrong("logvar for log sigma", hint="counts wrongly")(
    made(posterior=lambda z, m, v: (-0.5 * (z - m) ** 2 / v.exp() - v - 0.5 * math.log(2 * math.pi)).sum(-1))
)
wrong("log q at mu", hint="at z = mu")(made(posterior=lambda z, m, v: log_q(m, m, v)))
wrong("minus the entropy", hint="entropy")(
    made(posterior=lambda z, m, v: -Normal(m, (0.5 * v).exp()).entropy().sum(-1))
)
wrong("the entropy", hint="entropy")(made(posterior=lambda z, m, v: Normal(m, (0.5 * v).exp()).entropy().sum(-1)))
wrong("log q per dimension", hint="sum over the latent dimensions|stopped with")(
    made(posterior=lambda z, m, v: Normal(m, (0.5 * v).exp()).log_prob(z), join=lambda q, p: q - p[:, None])
)
wrong("log q averaged over dimensions", hint="averaged over the latent dimensions")(
    made(posterior=lambda z, m, v: Normal(m, (0.5 * v).exp()).log_prob(z).mean(-1))
)
wrong("logvar as the variance", hint="For one draw it gives|stopped with")(
    made(posterior=lambda z, m, v: (-0.5 * (z - m) ** 2 / (v.abs() + 1) - 0.5 * v).sum(-1))
)

# ---- wrong: form, and gradients

wrong("the mean over the batch", hint="not one for the batch")(made(join=lambda q, p: (q - p).mean()))
wrong("the sum over the batch", hint="not one for the batch")(made(join=lambda q, p: (q - p).sum()))
wrong("the batch's mean for each image", hint="averaged over the batch")(
    made(join=lambda q, p: (q - p).mean().expand(len(q)))
)
wrong("shape [B, 1]", hint="sum over the latent dimensions")(made(join=lambda q, p: (q - p)[:, None]))
wrong("a list", hint="a list of 5")(made(join=lambda q, p: (q - p).tolist()))
wrong("a tuple of both", hint="a tuple of 2")(made(join=lambda q, p: (q, p)))
wrong("detached", hint="No gradient passes")(made(join=lambda q, p: (q - p).detach()))
wrong("z detached", hint="detached|gradient")(made(draw=lambda m, v, g: drawn(m, v, g).detach()))
wrong("log p detached", hint="No gradient reaches the prior")(made(prior_of=lambda p, z: p.log_prob(z).detach()))
wrong("the prior as a function", hint="TypeError|stopped with")(made(prior_of=lambda p, z: p(z)))
wrong("the prior asked without the sum's code", hint="log_prob takes codes")(
    made(prior_of=lambda p, z: p.log_prob(z[:, 0]))
)
wrong("mu overwritten", hint="overwrote mu")(
    made(draw=lambda m, v, g: m.detach().add_(torch.exp(0.5 * v) * torch.randn(m.shape, generator=g)))
)
wrong("called, not handed over", hint="without calling it")(torch.tensor([3.0]))
wrong("the prior asked at mu", hint="asked at mu")(
    lambda mu, logvar, prior, generator: log_q(drawn(mu, logvar, generator), mu, logvar) - prior.log_prob(mu)
)
wrong("log p in each dimension", hint="Subtract it once")(
    made(posterior=lambda z, m, v: Normal(m, (0.5 * v).exp()).log_prob(z), join=lambda q, p: (q - p[:, None]).sum(1))
)
wrong("the mean of log p", hint="averaged over the batch")(made(join=lambda q, p: q - p.mean()))


@wrong("the prior frozen", hint="freezes the prior")
def _(mu, logvar, prior, generator):
    prior.requires_grad_(False)
    return made()(mu, logvar, prior, generator)
