"""Right and wrong answers to `kl_divergence`; each wrong one with what its hint must say."""

import functools
import math
import sys

import numpy as np
import torch
from answers import Answers
from torch.distributions import Independent, MultivariateNormal, Normal
from torch.distributions import kl_divergence as kl_of_distributions

ANSWERS = Answers("kl_divergence")
right, wrong = ANSWERS.right, ANSWERS.wrong


def bracket(mu, logvar):
    return mu.square() + logvar.exp() - 1 - logvar


def solution(mu, logvar):
    return 0.5 * bracket(mu, logvar).sum(-1)


# ---- right

right("the formula")(solution)
right("minus a half of the sum of the other signs")(
    lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)
)
right("distributions, one Gaussian per dimension")(
    lambda mu, logvar: kl_of_distributions(Normal(mu, (0.5 * logvar).exp()), Normal(0.0, 1.0)).sum(-1)
)
right("distributions, Independent")(
    lambda mu, logvar: kl_of_distributions(
        Independent(Normal(mu, torch.exp(logvar / 2)), 1),
        Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1),
    )
)
right("distributions, MultivariateNormal")(
    lambda mu, logvar: kl_of_distributions(
        MultivariateNormal(mu, scale_tril=torch.diag_embed((0.5 * logvar).exp())),
        MultivariateNormal(torch.zeros(mu.shape[1]), torch.eye(mu.shape[1])),
    )
)
right("double precision")(lambda mu, logvar: solution(mu.double(), logvar.double()))
right("double precision inside")(lambda mu, logvar: solution(mu.double(), logvar.double()).float())
right("einsum")(lambda mu, logvar: torch.einsum("bd->b", bracket(mu, logvar)) / 2)
right("einsum of mu with itself")(
    lambda mu, logvar: 0.5 * (torch.einsum("bd,bd->b", mu, mu) + (logvar.exp() - logvar - 1).sum(1))
)
right("expm1")(lambda mu, logvar: 0.5 * (mu * mu + torch.expm1(logvar) - logvar).sum(dim=-1))
right("from sigma, and its logarithm")(
    lambda mu, logvar: (mu**2 / 2 + torch.exp(0.5 * logvar) ** 2 / 2 - 0.5 - 0.5 * logvar).sum(1)
)
right("D taken off outside the sum")(lambda mu, logvar: 0.5 * ((mu**2 + logvar.exp() - logvar).sum(1) - mu.shape[1]))
right("the mean times D")(lambda mu, logvar: 0.5 * bracket(mu, logvar).mean(-1) * mu.size(-1))
right("clamped at 0, which it never falls under")(lambda mu, logvar: solution(mu, logvar).clamp(min=0))
right("norm squared")(lambda mu, logvar: 0.5 * (torch.linalg.norm(mu, dim=1) ** 2 + (logvar.exp() - 1 - logvar).sum(1)))
right("matrix product with ones")(lambda mu, logvar: 0.5 * bracket(mu, logvar) @ torch.ones(mu.shape[-1]))
right("functools.partial")(functools.partial(lambda dim, mu, logvar: 0.5 * bracket(mu, logvar).sum(dim), -1))
right("more arguments with defaults")(lambda mu, logvar, dim=-1: 0.5 * bracket(mu, logvar).sum(dim))
right("*args")(lambda *args: solution(*args))
right("a static method")(type("Answer", (), {"of": staticmethod(solution)}).of)


@right("a loop over images and dimensions")
def _(mu, logvar):
    rows = []
    for m, v in zip(mu, logvar, strict=True):
        rows.append(sum(0.5 * (a**2 + b.exp() - 1 - b) for a, b in zip(m, v, strict=True)))
    return torch.stack(rows)


@right("a helper, type hints, prints")
def _(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    def half(values: torch.Tensor) -> torch.Tensor:
        return values / 2

    print(mu.shape)
    return half(mu.square() + logvar.exp() - 1 - logvar).sum(-1)


class Callable:
    def __call__(self, mu, logvar):
        return solution(mu, logvar)


right("a callable object")(Callable())

right("sigma log")(lambda mu, logvar: (lambda s: (-s.log() + (s**2 + mu**2) / 2 - 0.5).sum(1))((logvar / 2).exp()))
right("pow math.e")(lambda mu, logvar: (0.5 * (torch.pow(math.e, logvar) + mu * mu - logvar - 1)).sum(axis=1))
right("flatten")(lambda mu, logvar: -0.5 * torch.sum((1 + logvar - mu.pow(2) - logvar.exp()).flatten(1), 1))
right("vmap")(lambda mu, logvar: torch.vmap(solution)(mu, logvar))
right("separate sums")(
    lambda mu, logvar: 0.5 * mu.square().sum(1) + 0.5 * logvar.exp().sum(1) - 0.5 * mu.size(1) - 0.5 * logvar.sum(1)
)
right("analytic entropy + cross")(
    lambda mu, logvar: (
        0.5 * (mu**2 + logvar.exp() + math.log(2 * math.pi)) - 0.5 * (1 + math.log(2 * math.pi) + logvar)
    ).sum(-1)
)
right("addcmul")(lambda mu, logvar: torch.addcmul(logvar.exp() - 1 - logvar, mu, mu).sum(-1).mul(0.5))

# ---- wrong: scale and axes

wrong("a half lost", hint="½")(lambda mu, logvar: 2 * solution(mu, logvar))
wrong("a half too many", hint="half of what")(lambda mu, logvar: 0.5 * solution(mu, logvar))
wrong("the sign turned", hint="[Ss]ign")(lambda mu, logvar: -solution(mu, logvar))
wrong("the mean over latents", hint="mean over")(lambda mu, logvar: 0.5 * bracket(mu, logvar).mean(-1))
wrong("the mean over latents, a half lost", hint="(?s)½.*mean over|mean over.*½")(
    lambda mu, logvar: bracket(mu, logvar).mean(-1)
)
wrong("the mean, the sign turned", hint="(?s)[Ss]ign.*mean over|mean over.*[Ss]ign")(
    lambda mu, logvar: -0.5 * bracket(mu, logvar).mean(-1)
)
wrong("the sign turned, a half lost", hint="(?s)[Ss]ign.*½|½.*[Ss]ign")(lambda mu, logvar: -bracket(mu, logvar).sum(-1))
wrong("divided by the batch", hint="batch size|number of images")(lambda mu, logvar: solution(mu, logvar) / len(mu))
wrong("divided by 784", hint="784|pixels")(lambda mu, logvar: solution(mu, logvar) / 784)
wrong("in bits", hint="bits")(lambda mu, logvar: solution(mu, logvar) / math.log(2))
wrong("divided by 20", hint="0.05 times")(lambda mu, logvar: solution(mu, logvar) / 20)
wrong("summed over the batch too", hint="batch is summed")(lambda mu, logvar: 0.5 * bracket(mu, logvar).sum())
wrong("the mean of everything", hint="batch is (summed or )?averaged")(
    lambda mu, logvar: 0.5 * bracket(mu, logvar).mean()
)
wrong("summed, then the mean over images", hint="batch is (summed or )?averaged")(
    lambda mu, logvar: -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean()
)
wrong("summed over the batch only", hint="axis|axes")(lambda mu, logvar: 0.5 * bracket(mu, logvar).sum(0))
wrong("no sum", hint="latent dimension")(lambda mu, logvar: 0.5 * bracket(mu, logvar))
wrong("keepdim", hint=r"\[\d+, 1\]")(lambda mu, logvar: 0.5 * bracket(mu, logvar).sum(-1, keepdim=True))
wrong("squeeze() loses the batch of one", hint="one image")(
    lambda mu, logvar: 0.5 * bracket(mu, logvar).sum(-1, keepdim=True).squeeze()
)
wrong("squeeze() of mu and logvar first", hint="one image|one latent")(
    lambda mu, logvar: solution(mu.squeeze(), logvar.squeeze())
)
wrong("the -1 outside the sum", hint="-1|−1|D = 2")(
    lambda mu, logvar: 0.5 * ((mu**2 + logvar.exp() - logvar).sum(-1) - 1)
)
wrong("D of 20 outside the sum", hint="[Yy]ours gives")(
    lambda mu, logvar: 0.5 * ((mu**2 + logvar.exp() - logvar).sum(-1) - 20)
)
wrong("the first three dimensions", hint="[Yy]ours gives")(lambda mu, logvar: solution(mu[:, :3], logvar[:, :3]))
wrong("not the last dimension", hint="[Yy]ours gives")(lambda mu, logvar: solution(mu[:, :-1], logvar[:, :-1]))
wrong("view(5, 3)", hint="stopped with|one image|shape")(lambda mu, logvar: solution(mu.view(5, 3), logvar.view(5, 3)))

# ---- wrong: the formula

wrong("sigma for the variance", hint="standard deviation")(
    lambda mu, logvar: 0.5 * (mu**2 + (0.5 * logvar).exp() - 1 - logvar).sum(-1)
)
wrong("sigma for the variance, a half lost", hint="standard deviation")(
    lambda mu, logvar: (mu**2 + (0.5 * logvar).exp() - 1 - logvar).sum(-1)
)
wrong("sigma for the variance, the mean", hint="standard deviation")(
    lambda mu, logvar: 0.5 * (mu**2 + (0.5 * logvar).exp() - 1 - logvar).mean(-1)
)
wrong("logvar as if it were sigma", hint="as if it were")(
    lambda mu, logvar: 0.5 * (mu**2 + logvar**2 - 1 - (logvar**2).log()).sum(-1)
)
wrong("logvar as if it were log sigma", hint="log σ|log sigma|standard deviation")(
    lambda mu, logvar: 0.5 * (mu**2 + (2 * logvar).exp() - 1 - 2 * logvar).sum(-1)
)
wrong("logvar as if it were the variance", hint="variance|finite")(
    lambda mu, logvar: 0.5 * (mu**2 + logvar - 1 - logvar.log()).sum(-1)
)
wrong("logvar in place of the variance", hint="exp|[Yy]ours gives")(
    lambda mu, logvar: 0.5 * (mu**2 + logvar - 1 - logvar).sum(-1)
)
wrong("the variance squared", hint="[Yy]ours gives")(
    lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() ** 2 - 1 - logvar).sum(-1)
)
wrong("twice logvar", hint="[Yy]ours gives|last term")(
    lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - 2 * logvar).sum(-1)
)
wrong("mu not squared", hint="squared")(lambda mu, logvar: 0.5 * (mu + logvar.exp() - 1 - logvar).sum(-1))
wrong("mu not squared, the mean", hint="squared")(lambda mu, logvar: 0.5 * (mu + logvar.exp() - 1 - logvar).mean(-1))
wrong("|mu|", hint="mu = 2.*[Yy]ours gives 1, and 2|squared")(
    lambda mu, logvar: 0.5 * (mu.abs() + logvar.exp() - 1 - logvar).sum(-1)
)
wrong("no mu", hint="mu")(lambda mu, logvar: 0.5 * (logvar.exp() - 1 - logvar).sum(-1))
wrong("no variance", hint="logvar = 1|variance")(lambda mu, logvar: 0.5 * (mu**2 - 1 - logvar).sum(-1))
wrong("only mu", hint="logvar = 1")(lambda mu, logvar: 0.5 * mu.square().sum(-1))
wrong("no -1", hint="[-−]1")(lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - logvar).sum(-1))
wrong("+1", hint="[-−]1|mu = 0 and logvar = 0|[Yy]ours gives")(
    lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() + 1 - logvar).sum(-1)
)
wrong("no logvar", hint="logvar|last term")(lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1).sum(-1))
wrong("plus logvar", hint="last term")(lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 + logvar).sum(-1))
wrong("minus mu squared", hint="mu")(lambda mu, logvar: 0.5 * (logvar.exp() - 1 - logvar - mu**2).sum(-1))
wrong("minus the variance", hint="logvar")(lambda mu, logvar: 0.5 * (mu**2 - logvar.exp() + 1 - logvar).sum(-1))
wrong("the half before mu only", hint="logvar = 1. [Yy]ours gives 0.718282, and 0.359141")(
    lambda mu, logvar: (0.5 * mu**2 + logvar.exp() - 1 - logvar).sum(-1)
)
wrong("the other way round", hint="other way round")(
    lambda mu, logvar: 0.5 * ((1 + mu**2) / logvar.exp() - 1 + logvar).sum(-1)
)
wrong("the other way round, by distributions", hint="other way round")(
    lambda mu, logvar: kl_of_distributions(Normal(0.0, 1.0), Normal(mu, (0.5 * logvar).exp())).sum(-1)
)
wrong("distributions with the variance for the scale", hint="log σ|log sigma|standard deviation")(
    lambda mu, logvar: kl_of_distributions(Normal(mu, logvar.exp()), Normal(0.0, 1.0)).sum(-1)
)
wrong("swapped", hint="changed places")(lambda mu, logvar: solution(logvar, mu))
wrong("the entropy of q", hint="[Yy]ours gives")(lambda mu, logvar: Normal(mu, (0.5 * logvar).exp()).entropy().sum(-1))
wrong("log base 2 of the variance", hint="[Yy]ours gives")(
    lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar.exp().log2()).sum(-1)
)
wrong("the sum of mu squared", hint="D = 2|[Yy]ours gives")(
    lambda mu, logvar: 0.5 * (mu.sum(-1) ** 2 + (logvar.exp() - 1 - logvar).sum(-1))
)
wrong("the norm, not squared", hint="[Yy]ours gives")(
    lambda mu, logvar: 0.5 * (mu.norm(dim=-1) + (logvar.exp() - 1 - logvar).sum(-1))
)
wrong("by draws", hint="random")(
    lambda mu, logvar: (lambda q, z: (q.log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(-1))(
        Normal(mu, (0.5 * logvar).exp()), mu + (0.5 * logvar).exp() * torch.randn(mu.shape)
    )
)
wrong("not a number", hint="not a number|nan|finite")(lambda mu, logvar: solution(mu, logvar) * math.nan)
wrong("zero", hint="it is 0 for every image")(lambda mu, logvar: 0 * solution(mu, logvar))

# ---- wrong: clamps and precision

wrong("logvar clamped to SAC's bounds", hint="logvar = .*[Yy]ours gives")(
    lambda mu, logvar: solution(mu, logvar.clamp(-20, 2))
)
wrong("logvar clamped to Stable Diffusion's", hint="logvar = .*[Yy]ours gives")(
    lambda mu, logvar: solution(mu, logvar.clamp(-30, 20))
)
wrong("logvar clamped to ±1", hint="logvar = .*[Yy]ours gives")(lambda mu, logvar: solution(mu, logvar.clamp(-1, 1)))
wrong("logvar clamped from above at 10", hint="logvar = .*[Yy]ours gives")(
    lambda mu, logvar: solution(mu, logvar.clamp(max=10))
)
wrong("logvar clamped from below at −10", hint="logvar = .*[Yy]ours gives")(
    lambda mu, logvar: solution(mu, logvar.clamp(min=-10))
)
wrong("mu clamped to ±3", hint="mu = .*[Yy]ours gives")(lambda mu, logvar: solution(mu.clamp(-3, 3), logvar))
wrong("mu clamped from below", hint="mu = -.*[Yy]ours gives")(lambda mu, logvar: solution(mu.clamp(min=-2), logvar))
wrong("the KL at most 10", hint="[Yy]ours gives")(lambda mu, logvar: solution(mu, logvar).clamp(max=10))
wrong("the KL at most 1000", hint="[Yy]ours gives")(lambda mu, logvar: solution(mu, logvar).clamp(max=1000))
wrong("free bits: at least half a nat per dimension", hint="[Yy]ours gives")(
    lambda mu, logvar: (0.5 * bracket(mu, logvar)).clamp(min=0.5).sum(-1)
)
wrong("1e-6 inside", hint="logvar|[Yy]ours gives")(
    lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - (logvar.exp() + 1e-6).log()).sum(-1)
)
wrong("sigma floored at 0.01", hint="logvar = -.*[Yy]ours gives")(
    lambda mu, logvar: kl_of_distributions(Normal(mu, (0.5 * logvar).exp().clamp(min=0.01)), Normal(0.0, 1.0)).sum(-1)
)
wrong("softplus for exp", hint="[Yy]ours gives")(
    lambda mu, logvar: 0.5 * (mu**2 + torch.nn.functional.softplus(logvar) - 1 - logvar).sum(-1)
)
wrong("half precision", hint="float16|precision|[Yy]ours gives")(lambda mu, logvar: solution(mu.half(), logvar.half()))
wrong("half precision inside", hint="precision|[Yy]ours gives")(
    lambda mu, logvar: solution(mu.half(), logvar.half()).float()
)
wrong("rounded to two decimals", hint="gradient|[Yy]ours gives")(
    lambda mu, logvar: solution(mu, logvar).round(decimals=2)
)
wrong("a whole number", hint="int")(lambda mu, logvar: solution(mu, logvar).long())
wrong("complex", hint="complex")(lambda mu, logvar: solution(mu, logvar) + 0j)

# ---- wrong: other images

wrong("turned round", hint="depend on the others")(lambda mu, logvar: solution(mu, logvar).flip(0))
wrong("the first mu for all", hint="depend on the others")(lambda mu, logvar: solution(mu[:1].expand_as(mu), logvar))
wrong("the batch's mean logvar", hint="depend on the others")(
    lambda mu, logvar: solution(mu, logvar.mean(0, keepdim=True).expand_as(mu))
)
wrong("mu centred over the batch", hint="depend on the others")(lambda mu, logvar: solution(mu - mu.mean(0), logvar))
wrong("the batch's mean for each", hint="depend on the others")(
    lambda mu, logvar: solution(mu, logvar).mean().expand(len(mu))
)
wrong("the mean variance of the latents", hint="[Yy]ours gives")(
    lambda mu, logvar: solution(mu, logvar.mean(-1, keepdim=True).expand_as(mu))
)
wrong("the latents of logvar turned round", hint="[Yy]ours gives|dimension")(
    lambda mu, logvar: solution(mu, logvar) + 0.1 * (mu * logvar.flip(-1)).sum(-1)
)

# ---- wrong: gradients

wrong("detached", hint="gradient of mu")(lambda mu, logvar: solution(mu, logvar).detach())
wrong("detached, then requires_grad_()", hint="gradient of mu")(
    lambda mu, logvar: solution(mu, logvar).detach().requires_grad_()
)
wrong("mu detached", hint="gradient of mu")(lambda mu, logvar: solution(mu.detach(), logvar))
wrong("mu.data", hint="gradient of mu")(lambda mu, logvar: solution(mu.data, logvar))
wrong("logvar detached", hint="gradient of logvar")(lambda mu, logvar: solution(mu, logvar.detach()))
wrong("the variance detached", hint="gradient of logvar")(
    lambda mu, logvar: 0.5 * (mu**2 + logvar.exp().detach() - 1 - logvar).sum(-1)
)
wrong("no_grad", hint="gradient of mu")(torch.no_grad()(solution))
wrong("numpy inside", hint="stopped with|gradient")(
    lambda mu, logvar: torch.from_numpy(0.5 * (mu.numpy() ** 2 + np.exp(logvar.numpy()) - 1 - logvar.numpy()).sum(-1))
)
wrong("item by item", hint="gradient")(
    lambda mu, logvar: torch.tensor(
        [sum(0.5 * (m**2 + math.exp(v) - 1 - v) for m, v in zip(a, b, strict=True))
         for a, b in zip(mu.tolist(), logvar.tolist(), strict=True)]
    )
)  # fmt: skip


@wrong("backward() inside", hint=r"\.grad|backward")
def _(mu, logvar):
    result = solution(mu, logvar)
    if result.requires_grad:
        result.sum().backward(retain_graph=True)
    return result


# ---- wrong: types and manners

wrong("a list", hint="list")(lambda mu, logvar: solution(mu, logvar).tolist())
wrong("an array", hint="array")(lambda mu, logvar: solution(mu, logvar).detach().numpy())
wrong("a number", hint="float")(lambda mu, logvar: 0.5)
wrong("a tuple", hint="tuple")(lambda mu, logvar: (solution(mu, logvar), mu))
wrong("a dictionary", hint="dict")(lambda mu, logvar: {"kl": solution(mu, logvar)})
wrong("a text", hint="str")(lambda mu, logvar: str(solution(mu, logvar)))
wrong("a generator", hint="generator")(lambda mu, logvar: (k for k in solution(mu, logvar)))
wrong("a function", hint="function")(lambda mu, logvar: solution)
wrong("the result, not the function", hint="function")(solution(torch.zeros(5, 3), torch.zeros(5, 3)))
wrong("a number, not a function", hint="function")(3)
wrong("one argument", hint="TypeError")(lambda mu: mu)
wrong("a matrix product", hint="stopped with RuntimeError")(lambda mu, logvar: mu @ logvar)
wrong("raises", hint="ZeroDivisionError")(lambda mu, logvar: 1 / 0)
wrong("leaves", hint="SystemExit|exit")(lambda mu, logvar: sys.exit())


@wrong("logvar overwritten", hint="overw|chang")
def _(mu, logvar):
    with torch.no_grad():
        result = solution(mu, logvar.clone())
        logvar.exp_()
    return result


@wrong("mu overwritten", hint="overw|chang")
def _(mu, logvar):
    return 0.5 * (mu.data.pow_(2) + logvar.exp() - 1 - logvar).sum(-1)


@wrong("a seed set", hint="seed")
def _(mu, logvar):
    torch.manual_seed(0)
    return solution(mu, logvar)


@wrong("gradients left off", hint="grad")
def _(mu, logvar):
    torch.set_grad_enabled(False)
    return solution(mu, logvar)


@wrong("the default dtype left changed", hint="dtype")
def _(mu, logvar):
    torch.set_default_dtype(torch.float64)
    return solution(mu, logvar)


@wrong("numbers made for one batch", hint="[Yy]ours gives|shape|one image")
def _(mu, logvar):
    return torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]) + 0 * mu.sum()


# ---- wrong, of all kinds

wrong("half of log σ²", hint="[Yy]ours")(lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - 0.5 * logvar).sum(-1))
wrong("the half not before mu", hint="[Yy]ours")(lambda mu, logvar: (mu**2 + 0.5 * (logvar.exp() - 1 - logvar)).sum(-1))
wrong("|logvar| subtracted", hint="[Yy]ours")(
    lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar.abs()).sum(-1)
)
wrong("|logvar|", hint="[Yy]ours")(lambda mu, logvar: solution(mu, logvar.abs()))
wrong("the product over latents", hint="[Yy]ours")(lambda mu, logvar: (0.5 * bracket(mu, logvar)).prod(-1))
wrong("the norm over latents", hint="[Yy]ours")(lambda mu, logvar: (0.5 * bracket(mu, logvar)).norm(dim=-1))
wrong("the batch summed, keepdim", hint=r"shape")(lambda mu, logvar: solution(mu, logvar).sum(0, keepdim=True))
wrong("tanh of mu", hint="[Yy]ours")(lambda mu, logvar: solution(torch.tanh(mu), logvar))
wrong("two terms of a series", hint="[Yy]ours")(lambda mu, logvar: 0.5 * (mu**2 + 0.5 * logvar**2).sum(-1))
wrong("the mean times the batch", hint="depend on the others")(
    lambda mu, logvar: 0.5 * bracket(mu, logvar).mean(-1) * len(mu)
)
wrong("a matrix product with a column", hint=r"shape")(
    lambda mu, logvar: 0.5 * bracket(mu, logvar) @ torch.ones(mu.shape[1], 1)
)
wrong("logvar multiplied in place", hint="overw|stopped")(
    lambda mu, logvar: 0.5 * (mu.pow(2).add_(logvar.exp()).sub_(1).sub_(logvar.mul_(1.0000001))).sum(-1)
)
wrong("1e-3 added to the variance", hint="[Yy]ours")(lambda mu, logvar: solution(mu, (logvar.exp() + 1e-3).log()))
wrong("the first variance for all latents", hint="[Yy]ours")(
    lambda mu, logvar: solution(mu, logvar[:, :1].expand_as(logvar))
)
wrong("the class of distributions", hint="stopped with")(Normal)
