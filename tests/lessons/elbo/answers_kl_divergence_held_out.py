"""Answers to the exercise `kl_divergence`, held out: they were written without a look at its check."""

import math

import numpy as np
import torch
from lessons.elbo.answers_kl_divergence import ANSWERS, bracket, solution
from torch.distributions import MultivariateNormal, Normal
from torch.distributions import kl_divergence as kl_of_distributions
from torch.nn import functional as F

right, wrong = ANSWERS.right, ANSWERS.wrong

right("trace logdet")(
    lambda mu, logvar: (
        0.5
        * (
            torch.diag_embed(logvar.exp()).diagonal(dim1=-2, dim2=-1).sum(-1)
            + (mu * mu).sum(-1)
            - mu.shape[-1]
            - torch.log(logvar.exp()).sum(-1)
        )
    )
)
right("cross-entropy minus entropy")(
    lambda mu, logvar: (
        -Normal(mu, (logvar / 2).exp()).entropy().sum(1) + 0.5 * (math.log(2 * math.pi) + mu**2 + logvar.exp()).sum(1)
    )
)
right("MultivariateNormal with a covariance")(
    lambda mu, logvar: kl_of_distributions(
        MultivariateNormal(mu, torch.diag_embed(logvar.exp())),
        MultivariateNormal(torch.zeros_like(mu), torch.eye(mu.shape[1]).expand(len(mu), -1, -1)),
    )
)
right("relu output")(lambda mu, logvar: F.relu(solution(mu, logvar)))
right("nansum")(lambda mu, logvar: (0.5 * bracket(mu, logvar)).nansum(1))
right("the mean, times D at the end")(lambda mu, logvar: torch.mean(0.5 * bracket(mu, logvar), -1) * mu.shape[-1])
right("keepdim squeeze -1")(lambda mu, logvar: solution(mu, logvar).unsqueeze(-1).squeeze(-1))
right("abs of KL")(lambda mu, logvar: solution(mu, logvar).abs())
wrong("1.5 subtracted, as for D = 3", hint="[Yy]ours gives")(
    lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - logvar).sum(-1) - 1.5
)
wrong("quarter mu", hint="[Yy]ours gives")(lambda mu, logvar: 0.5 * (mu**2 / 2 + logvar.exp() - 1 - logvar).sum(-1))
wrong("mu**3", hint="[Yy]ours gives")(lambda mu, logvar: 0.5 * (mu**3 + logvar.exp() - 1 - logvar).sum(-1))
wrong("mu over var", hint="[Yy]ours gives")(
    lambda mu, logvar: 0.5 * (mu**2 / logvar.exp() + logvar.exp() - 1 - logvar).sum(-1)
)
wrong("(mu-1)^2", hint="[Yy]ours gives")(lambda mu, logvar: 0.5 * ((mu - 1) ** 2 + logvar.exp() - 1 - logvar).sum(-1))
wrong("log1p", hint="[Yy]ours gives")(
    lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - torch.log1p(logvar.exp())).sum(-1)
)
wrong("exp2", hint="[Yy]ours gives")(lambda mu, logvar: 0.5 * (mu**2 + torch.exp2(logvar) - 1 - logvar).sum(-1))
wrong("the mean of everything, for each", hint="must not depend on the others")(
    lambda mu, logvar: (0.5 * bracket(mu, logvar)).mean().expand(len(mu))
)
wrong("softmax across batch", hint="must not depend on the others")(
    lambda mu, logvar: solution(mu, logvar) * torch.softmax(solution(mu, logvar), 0)
)
wrong("the running sum over images", hint="must not depend on the others")(
    lambda mu, logvar: solution(mu, logvar).cumsum(0)
)
wrong("the difference to the first image", hint="must not depend on the others")(
    lambda mu, logvar: solution(mu, logvar) - solution(mu, logvar)[0]
)
wrong("divided by B − 1", hint="must not depend on the others")(
    lambda mu, logvar: solution(mu, logvar) / (len(mu) - 1) if len(mu) > 1 else solution(mu, logvar)
)
wrong("0 for a batch of one", hint="must not depend on the others")(
    lambda mu, logvar: solution(mu, logvar) if len(mu) > 1 else 0 * solution(mu, logvar)
)
wrong("doubled where D is 1", hint="[Yy]ours gives")(
    lambda mu, logvar: solution(mu, logvar) if mu.shape[1] > 1 else solution(mu, logvar) * 2
)
wrong("the first ten dimensions", hint="[Yy]ours gives")(lambda mu, logvar: solution(mu[:, :10], logvar[:, :10]))
wrong("sigma clamped", hint="[Yy]ours gives")(
    lambda mu, logvar: kl_of_distributions(Normal(mu, (logvar / 2).exp().clamp(1e-3, 1e3)), Normal(0.0, 1.0)).sum(-1)
)
wrong("logvar squashed to ±10", hint="[Yy]ours gives")(lambda mu, logvar: solution(mu, 10 * torch.tanh(logvar / 10)))
wrong("logvar clamped to ±6", hint="[Yy]ours gives")(lambda mu, logvar: solution(mu, F.hardtanh(logvar, -6, 6)))
wrong("mu clamped to ±10", hint="[Yy]ours gives")(lambda mu, logvar: solution(mu.clamp(-10, 10), logvar))
wrong("logvar at least −20", hint="[Yy]ours gives")(lambda mu, logvar: solution(mu, logvar.clamp(min=-20)))
wrong("logvar at most 20", hint="[Yy]ours gives")(lambda mu, logvar: solution(mu, logvar.clamp(max=20)))
wrong("bfloat16", hint="its dtype is")(lambda mu, logvar: solution(mu.bfloat16(), logvar.bfloat16()))
wrong("bfloat16 inside", hint="[Yy]ours gives")(lambda mu, logvar: solution(mu.bfloat16(), logvar.bfloat16()).float())
wrong("rounded to four decimals", hint="[Yy]ours gives")(
    lambda mu, logvar: torch.round(solution(mu, logvar), decimals=4)
)
wrong("the sum as a float", hint="is of type [a-z]+")(lambda mu, logvar: solution(mu, logvar).sum().item())
wrong("whole numbers of 32 bits", hint="its dtype is")(lambda mu, logvar: solution(mu, logvar).int())
wrong("mu and logvar", hint=r"is a [a-z]+ of \d")(lambda mu, logvar: (mu, logvar))
wrong("returns mu", hint="for 5 images the shape")(lambda mu, logvar: mu)
wrong("returns logvar sum", hint="[Yy]ours gives")(lambda mu, logvar: logvar.sum(-1))
wrong("one of two mu detached", hint="gradient of mu is not")(
    lambda mu, logvar: 0.5 * (mu * mu.detach() + logvar.exp() - 1 - logvar).sum(-1)
)
wrong("the gradient doubled", hint="gradient of mu is not")(
    lambda mu, logvar: (
        solution(mu, logvar) * (1 + 0 * mu.detach().sum()) + 0
        if False
        else solution(mu, logvar).detach() + (solution(mu, logvar) - solution(mu, logvar).detach()) * 2
    )
)
wrong("the variance under no_grad", hint="gradient of logvar is not")(
    lambda mu, logvar: 0.5 * (mu**2 + torch.no_grad()(torch.exp)(logvar) - 1 - logvar).sum(-1)
)
wrong("noise of a fixed seed on mu", hint="must not depend on the others")(
    lambda mu, logvar: solution(mu + 1e-2 * torch.randn(mu.shape, generator=torch.Generator().manual_seed(0)), logvar)
)
wrong("noise of a fresh seed on mu", hint="asked twice")(
    lambda mu, logvar: solution(
        mu + 1e-3 * torch.randn(mu.shape, generator=(lambda g: (g.seed(), g)[1])(torch.Generator())), logvar
    )
)
wrong("one draw of a fixed seed", hint="must not depend on the others")(
    lambda mu, logvar: (
        lambda s, e: (Normal(mu, s).log_prob(mu + s * e) - Normal(0.0, 1.0).log_prob(mu + s * e)).sum(-1)
    )((logvar / 2).exp(), torch.randn(mu.shape, generator=torch.Generator().manual_seed(1)))
)
wrong("a comparison", hint="its dtype is")(lambda mu, logvar: solution(mu, logvar) > 0)
wrong("a matrix of all pairs", hint="for 5 images the shape")(
    lambda mu, logvar: 0.5 * (mu @ mu.T + (logvar.exp() - 1 - logvar).sum(-1))
)
wrong("another image's variance", hint="must not depend on the others")(
    lambda mu, logvar: 0.5 * (torch.diagonal(mu @ mu.T) + (logvar.exp() - 1 - logvar).sum(0)[0])
)
wrong("wasserstein", hint="[Yy]ours gives")(lambda mu, logvar: (mu**2 + ((logvar / 2).exp() - 1) ** 2).sum(-1))
wrong("only the entropy's part", hint="[Yy]ours gives")(lambda mu, logvar: (-0.5 * logvar).sum(-1))

# A product over many narrow dimensions is 0 in float32, and a root of 0 has no gradient.
for title, log_variance in (
    ("the log of a product of variances", lambda logvar: logvar.exp().prod(-1).log()),
    ("the log of a determinant", lambda logvar: torch.det(torch.diag_embed(logvar.exp())).log()),
    ("the log of a product of sigmas", lambda logvar: 2 * (logvar / 2).exp().prod(-1).log()),
):
    wrong(title, hint="D = 20, mu = 0 and logvar = -12")(
        lambda mu, logvar, log_variance=log_variance: 0.5 * ((mu**2 + logvar.exp() - 1).sum(-1) - log_variance(logvar))
    )
for title, square in (
    ("the root of the squares, squared", lambda mu: (mu**2).sum(-1).sqrt() ** 2),
    ("the root of each square, squared", lambda mu: (mu.square().sqrt() ** 2).sum(-1)),
    ("the square by logarithms", lambda mu: (2 * mu.abs().log()).exp().sum(-1)),
):
    wrong(title, hint="a gradient of mu is not finite")(
        lambda mu, logvar, square=square: 0.5 * (square(mu) + (logvar.exp() - 1 - logvar).sum(-1))
    )
right("the norm, squared")(lambda mu, logvar: 0.5 * (mu.norm(dim=-1) ** 2 + (logvar.exp() - 1 - logvar).sum(-1)))
right("each dimension at least 0")(lambda mu, logvar: (0.5 * bracket(mu, logvar)).clamp(min=0).sum(-1))
right("logdet of a Cholesky factor")(
    lambda mu, logvar: (
        0.5 * (mu**2 + logvar.exp() - 1).sum(-1)
        - torch.linalg.cholesky(torch.diag_embed(logvar.exp())).diagonal(dim1=-2, dim2=-1).log().sum(-1)
    )
)
wrong("numpy seeded beside", hint="NumPy's own random numbers")(
    lambda mu, logvar: (np.random.seed(0), solution(mu, logvar))[1]  # noqa: NPY002
)
