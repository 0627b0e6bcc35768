"""Answers to the exercise `log_likelihood`, held out: they were written without a look at its check."""

import math

import numpy as np
import torch
from lessons.decoder.answers_log_likelihood import ANSWERS, PIXELS, solution
from torch.distributions import Bernoulli, Categorical, ContinuousBernoulli, Normal
from torch.nn import functional as F

right, wrong = ANSWERS.right, ANSWERS.wrong

right("categorical")(
    lambda logits, x: Categorical(logits=torch.stack([torch.zeros_like(logits), logits], -1)).log_prob(x).sum(PIXELS)
)
right("in double, by Bernoulli")(
    lambda logits, x: Bernoulli(logits=logits.double()).log_prob(x.double()).sum((-3, -2, -1))
)
right("PyTorch's arguments by name")(
    lambda logits, x: -F.binary_cross_entropy_with_logits(input=logits, target=x, reduction="none").sum(dim=(1, 2, 3))
)
right("logaddexp with a number")(
    lambda logits, x: (x * logits - torch.logaddexp(torch.tensor(0.0), logits)).sum(PIXELS)
)
right("logsumexp of two")(
    lambda logits, x: (x * logits - torch.stack([logits, torch.zeros_like(logits)]).logsumexp(0)).sum(PIXELS)
)
wrong("continuous bernoulli", hint="it gives")(
    lambda logits, x: ContinuousBernoulli(logits=logits).log_prob(x).sum(PIXELS)
)
wrong("a Gaussian around p", hint="squared error")(
    lambda logits, x: Normal(logits.sigmoid(), 1.0).log_prob(x).sum(PIXELS)
)
wrong("a narrow Gaussian around p", hint="it gives")(
    lambda logits, x: Normal(logits.sigmoid(), 0.1).log_prob(x).sum(PIXELS)
)
wrong("log of mean p", hint="it gives")(
    lambda logits, x: torch.where(x == 1, logits.sigmoid(), 1 - logits.sigmoid()).mean(PIXELS).log()
)
wrong("log of sum p", hint="it gives")(
    lambda logits, x: torch.where(x == 1, logits.sigmoid(), 1 - logits.sigmoid()).sum(PIXELS).log()
)
wrong("logsumexp of logs", hint="it gives")(
    lambda logits, x: Bernoulli(logits=logits).log_prob(x).flatten(1).logsumexp(1)
)
wrong("in bits, by log2", hint="These are bits")(
    lambda logits, x: Bernoulli(logits=logits).log_prob(x).sum(PIXELS) * math.log2(math.e)
)
wrong("log1p of p", hint="it gives")(
    lambda logits, x: (x * torch.log1p(logits.sigmoid()) + (1 - x) * torch.log1p(-logits.sigmoid())).sum(PIXELS)
)
wrong("every pixel counted as off", hint="x does not enter")(lambda logits, x: F.logsigmoid(-logits).sum(PIXELS))
wrong("median", hint="it gives")(lambda logits, x: Bernoulli(logits=logits).log_prob(x).flatten(1).median(1).values)
wrong("max", hint="it gives")(lambda logits, x: Bernoulli(logits=logits).log_prob(x).flatten(1).max(1).values)
wrong("the largest, with its place", hint=r"is a [a-z]+ of \d")(
    lambda logits, x: Bernoulli(logits=logits).log_prob(x).flatten(1).max(1)
)
wrong("squeeze() of the result", hint="batch of one image")(lambda logits, x: solution(logits, x).squeeze())
wrong("B=1 expands", hint="batch of one image")(
    lambda logits, x: solution(logits, x) if len(logits) > 1 else solution(logits, x).expand(2)
)
wrong("roll", hint="nothing but its own")(lambda logits, x: solution(logits, x).roll(1))
wrong("x rolled", hint="nothing but its own")(lambda logits, x: solution(logits, x.roll(1, 0)))
wrong("centred with the batch's mean logit", hint="nothing but its own")(
    lambda logits, x: solution(logits - logits.mean(), x)
)
wrong("layer norm", hint="it gives")(lambda logits, x: solution(F.layer_norm(logits, (1, 28, 28)), x))
wrong("a temperature of 2", hint="it gives")(lambda logits, x: solution(logits / 2, x))
wrong("logits doubled", hint="it gives")(lambda logits, x: solution(logits * 2, x))
wrong("sigmoid then logit clamp", hint="Is something clamped")(
    lambda logits, x: solution(torch.logit(logits.sigmoid(), eps=1e-6), x)
)
wrong("logit of sigmoid no eps", hint="Not finite")(lambda logits, x: solution(torch.logit(logits.sigmoid()), x))
wrong("nan_to_num of the result", hint="Is something clamped")(
    lambda logits, x: torch.nan_to_num((x * logits - torch.log1p(logits.exp())).sum(PIXELS), nan=0.0, neginf=-1e4)
)
wrong("a where() at 88", hint="not finite")(
    lambda logits, x: (x * logits - torch.where(logits < 88, torch.log1p(logits.exp()), logits)).sum(PIXELS)
)
wrong("a straight line beyond 5", hint="it gives")(
    lambda logits, x: (x * logits - torch.where(logits > 5, logits, torch.log1p(logits.clamp(max=6).exp()))).sum(PIXELS)
)
wrong("NumPy, after detach()", hint="No gradient")(
    lambda logits, x: torch.from_numpy(
        (x.numpy() * logits.detach().numpy() - np.logaddexp(0, logits.detach().numpy())).sum(PIXELS)
    )
)
wrong("NumPy, without detach()", hint="stopped with [A-Za-z]+Error")(
    lambda logits, x: torch.tensor(np.sum(x.numpy() * logits.numpy() - np.logaddexp(0, logits.numpy()), axis=(1, 2, 3)))
)
wrong("the gradient reversed", hint="its gradient is not for logits around 0")(
    lambda logits, x: 2 * solution(logits, x).detach() - solution(logits, x)
)
wrong("the gradient doubled", hint="its gradient is not for logits around 0")(
    lambda logits, x: 2 * solution(logits, x) - solution(logits, x).detach()
)
wrong("a new leaf", hint="No gradient")(lambda logits, x: solution(logits.clone().detach().requires_grad_(True), x))
wrong("a random number drawn", hint="draws random numbers")(lambda logits, x: (torch.rand(1), solution(logits, x))[1])
wrong("a seed set", hint="draws random numbers")(lambda logits, x: (torch.manual_seed(0), solution(logits, x))[1])
wrong("x negated in place", hint="overwrote x")(lambda logits, x: (x.neg_(), solution(logits, -x))[1])
wrong("x overwritten and restored wrong", hint="overwrote x")(lambda logits, x: (x.add_(1e-3), solution(logits, x))[1])
wrong("sparse", hint="stopped with [A-Za-z]+Error")(lambda logits, x: solution(logits, x).to_sparse())
wrong("a tuple of tensors", hint=r"is a [a-z]+ of \d")(lambda logits, x: tuple(solution(logits, x)))
wrong("a list of floats", hint=r"is a [a-z]+ of \d")(lambda logits, x: [float(v) for v in solution(logits, x)])
wrong("a function, nested", hint="is of type [a-z]+")(lambda logits, x: lambda: solution(logits, x))
wrong("a tuple with an ellipsis", hint=r"is a [a-z]+ of \d")(lambda logits, x: (...,))
wrong("shape [1,B]", hint="returned shape")(lambda logits, x: solution(logits, x)[None])
wrong("minus entropy", hint="it gives")(lambda logits, x: (logits.sigmoid() * logits - F.softplus(logits)).sum(PIXELS))
wrong("the share of right pixels", hint="it gives")(lambda logits, x: ((logits > 0) == x.bool()).float().mean(PIXELS))
wrong("p at least 1e-37", hint="Is something clamped")(
    lambda logits, x: (
        x * logits.sigmoid().clamp_min(1e-37).log() + (1 - x) * (1 - logits.sigmoid()).clamp_min(1e-37).log()
    ).sum(PIXELS)
)
wrong("numpy seeded beside", hint="NumPy's own random numbers")(
    lambda logits, x: (np.random.seed(0), solution(logits, x))[1]  # noqa: NPY002
)
wrong("a gradient of the on pixels alone", hint="its gradient is not for logits around 0")(
    lambda logits, x: solution(torch.where(x > 0, logits, logits.detach()), x)
)
right("the logits flattened by view")(
    lambda logits, x: (
        -F.binary_cross_entropy_with_logits(logits.view(len(x), -1), x.view(len(x), -1), reduction="none").sum(1)
    )
)
