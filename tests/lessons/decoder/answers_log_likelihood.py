"""Right and wrong answers to `log_likelihood`; each wrong one with what its hint must say."""

import functools
import math
import sys

import numpy as np
import torch
from answers import Answers
from torch import nn
from torch.distributions import Bernoulli, Independent
from torch.nn import functional as F

ANSWERS = Answers("log_likelihood")
right, wrong = ANSWERS.right, ANSWERS.wrong
PIXELS = (1, 2, 3)


def per_pixel(logits, x):
    return x * logits - F.softplus(logits)


def solution(logits, x):
    return per_pixel(logits, x).sum(PIXELS)


def through_p(p, x):
    return (x * p.log() + (1 - x) * (1 - p).log()).sum(PIXELS)


# ---- right

right("x times logit minus softplus")(solution)
right("logsigmoid of the logit, its sign turned where off")(
    lambda logits, x: F.logsigmoid(torch.where(x == 1, logits, -logits)).flatten(1).sum(1)
)
right("Bernoulli(logits=…)")(lambda logits, x: Bernoulli(logits=logits).log_prob(x).sum(PIXELS))
right("Independent Bernoulli")(lambda logits, x: Independent(Bernoulli(logits=logits), 3).log_prob(x))
right("minus the binary cross-entropy of PyTorch")(
    lambda logits, x: -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(PIXELS)
)
right("BCEWithLogitsLoss as a module")(lambda logits, x: -nn.BCEWithLogitsLoss(reduction="none")(logits, x).sum(PIXELS))
right("double precision inside and returned")(lambda logits, x: solution(logits.double(), x.double()))
right("double precision inside, float returned")(lambda logits, x: solution(logits.double(), x.double()).float())
right("two logsigmoids")(
    lambda logits, x: (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum((-1, -2, -3))
)
right("logaddexp")(lambda logits, x: (x * logits - torch.logaddexp(logits, torch.zeros_like(logits))).sum(PIXELS))
right("two class scores and a log_softmax over them")(
    lambda logits, x: torch.stack([torch.zeros_like(logits), logits])
    .log_softmax(0).gather(0, x.long()[None])[0].sum(PIXELS)
)  # fmt: skip
right("einsum")(lambda logits, x: torch.einsum("bchw->b", per_pixel(logits, x)))
right("clamped from above at 0, where it cannot be anyway")(lambda logits, x: solution(logits, x).clamp(max=0))
right("a callable object's method")(type("Answer", (), {"of": staticmethod(solution)})().of)
right("functools.partial")(functools.partial(lambda dims, logits, x: per_pixel(logits, x).sum(dims), PIXELS))
right("more arguments with defaults")(lambda logits, x, dims=PIXELS: per_pixel(logits, x).sum(dims))
right("*args")(lambda *args: solution(*args))
right("axes summed one after the other")(lambda logits, x: per_pixel(logits, x).sum(3).sum(2).sum(1))
right("by minus infinity of the losing side")(
    lambda logits, x: -torch.stack([F.softplus(-logits), F.softplus(logits)], -1)
    .gather(-1, (1 - x).long()[..., None]).sum((1, 2, 3, 4))
)  # fmt: skip


@right("a loop over images")
def _(logits, x):
    return torch.stack([(x[i] * logits[i] - F.softplus(logits[i])).sum() for i in range(len(x))])


@right("the sure half by hand: max(l, 0) + log1p(exp(−|l|))")
def _(logits, x):
    loss = torch.relu(logits) - logits * x + torch.log1p(torch.exp(-logits.abs()))
    return -loss.reshape(loss.shape[0], -1).sum(dim=1)


@right("a helper in it, type hints, prints")
def _(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    def summed(values: torch.Tensor) -> torch.Tensor:
        return values.view(len(values), 784).sum(1)

    print("logits", list(logits.shape))
    return summed(logits * x) - summed(F.softplus(logits))


class Callable:
    dims = PIXELS

    def __call__(self, logits, x):
        return per_pixel(logits, x).sum(self.dims)


right("a callable object")(Callable())

right("vmap")(lambda logits, x: torch.vmap(lambda a, b: (a * b - F.softplus(a)).sum())(logits, x))
right("flatten start")(lambda logits, x: torch.sum(per_pixel(logits, x).flatten(start_dim=1), dim=-1))
right("cross entropy two classes")(
    lambda logits, x: (
        -F.cross_entropy(torch.cat([torch.zeros_like(logits), logits], 1), x[:, 0].long(), reduction="none").sum((1, 2))
    )
)
right("bool mask")(
    lambda logits, x: torch.where(x.bool(), -F.softplus(-logits), -F.softplus(logits)).sum(dim=[1, 2, 3])
)
right("sign trick")(lambda logits, x: F.logsigmoid((2 * x - 1) * logits).reshape(len(x), -1).sum(1))
right("matmul")(
    lambda logits, x: (
        (logits.flatten(1)[:, None] @ x.flatten(1)[:, :, None]).squeeze(-1).squeeze(-1)
        - F.softplus(logits).flatten(1).sum(1)
    )
)
right("grey-ready xlogy")(
    lambda logits, x: -(F.relu(logits) - logits * x + torch.log1p(torch.exp(-torch.abs(logits)))).sum(dim=(-1, -2, -3))
)

# ---- wrong: what is summed, and its scale

wrong("the mean over pixels", hint="mean over pixels")(lambda logits, x: per_pixel(logits, x).mean(PIXELS))
wrong("divided by 784", hint="mean over pixels")(lambda logits, x: solution(logits, x) / 784)
wrong("divided by 28", hint="0.0357.* times")(lambda logits, x: solution(logits, x) / 28)
wrong("divided by the batch", hint="divided by the number of images")(lambda logits, x: solution(logits, x) / len(x))
wrong("the sign turned", hint="[Ss]ign")(lambda logits, x: -solution(logits, x))
wrong("the binary cross-entropy, its sign not turned", hint="[Ss]ign")(
    lambda logits, x: F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(PIXELS)
)
wrong("in bits", hint="bits")(lambda logits, x: solution(logits, x) / math.log(2))
wrong("in logs to base 10", hint="base 10")(lambda logits, x: solution(logits, x) / math.log(10))
wrong("the sign and the mean", hint="(?s)[Ss]ign.*mean|mean.*[Ss]ign")(
    lambda logits, x: -per_pixel(logits, x).mean(PIXELS)
)
wrong("the sign and bits", hint="(?s)[Ss]ign.*bits|bits.*[Ss]ign")(lambda logits, x: -solution(logits, x) / math.log(2))
wrong("bits and the mean", hint="(?s)bits.*mean|mean.*bits")(
    lambda logits, x: per_pixel(logits, x).mean(PIXELS) / math.log(2)
)
wrong("doubled", hint="twice")(lambda logits, x: 2 * solution(logits, x))
wrong("half of the squared error", hint=r"squared error[^.]*\.[^.]*\.$")(
    lambda logits, x: -0.5 * (logits.sigmoid() - x).square().sum(PIXELS)
)
wrong("halved", hint="half")(lambda logits, x: 0.5 * solution(logits, x))
wrong("the probability itself", hint="probability itself|product")(lambda logits, x: solution(logits, x).exp())
wrong("the product of p", hint="product")(
    lambda logits, x: torch.where(x == 1, logits.sigmoid(), 1 - logits.sigmoid()).flatten(1).prod(1)
)
wrong("the sum for the batch", hint="sum for the whole batch")(lambda logits, x: per_pixel(logits, x).sum())
wrong("the mean for everything", hint="whole batch")(lambda logits, x: -F.binary_cross_entropy_with_logits(logits, x))
wrong("the mean over the batch", hint="the mean over the images")(lambda logits, x: solution(logits, x).mean())
wrong("a value per pixel", hint="per pixel")(per_pixel)
wrong("the channel axis left", hint=r"shape \[\d+, 1\]")(lambda logits, x: per_pixel(logits, x).sum((2, 3)))
wrong("keepdim", hint=r"shape \[\d+, 1, 1, 1\]")(lambda logits, x: per_pixel(logits, x).sum(PIXELS, keepdim=True))
wrong("summed over the batch", hint=r"shape \[1, 28, 28\]")(lambda logits, x: per_pixel(logits, x).sum(0))
wrong("the last axis only", hint=r"shape \[\d+, 1, 28\]")(lambda logits, x: per_pixel(logits, x).sum(-1))
wrong("squeeze() loses the batch of one", hint="batch of one|one image")(
    lambda logits, x: per_pixel(logits, x).sum((2, 3)).squeeze()
)
wrong("view(3, -1)", hint="stopped with|shape")(lambda logits, x: per_pixel(logits, x).view(3, -1).sum(1))
wrong("nothing of the last column", hint="it gives")(lambda logits, x: per_pixel(logits, x)[..., :-1].sum(PIXELS))
wrong("mean over rows, sum over columns", hint="0.0357.* times")(
    lambda logits, x: per_pixel(logits, x).mean(2).sum((1, 2))
)

# ---- wrong: another formula

wrong("only the on pixels", hint="[Oo]nly the on")(lambda logits, x: (x * F.logsigmoid(logits)).sum(PIXELS))
wrong("only the off pixels", hint="[Oo]nly the off")(lambda logits, x: ((1 - x) * F.logsigmoid(-logits)).sum(PIXELS))
wrong("only the on pixels, the sign turned", hint="[Oo]nly the on")(
    lambda logits, x: -(x * F.logsigmoid(logits)).sum(PIXELS)
)
wrong("on and off swapped", hint="swapped")(lambda logits, x: solution(logits, 1 - x))
wrong("minus before the logits", hint="swapped")(lambda logits, x: solution(-logits, x))
wrong("softmax over pixels", hint="softmax")(
    lambda logits, x: (x * F.log_softmax(logits.flatten(1), 1).view_as(x)).sum(PIXELS)
)
wrong("softmax as the p of a Bernoulli", hint="softmax")(
    lambda logits, x: Bernoulli(logits.flatten(1).softmax(1).view_as(x)).log_prob(x).sum(PIXELS)
)
wrong("squared error", hint=r"squared error[^.]*\.[^.]*\.$")(
    lambda logits, x: -(logits.sigmoid() - x).square().sum(PIXELS)
)
wrong("half the squared error of the logits", hint="[Ss]quared")(
    lambda logits, x: -0.5 * (logits - x).square().sum(PIXELS)
)
wrong("the mean squared error", hint="[Ss]quared")(lambda logits, x: -(logits.sigmoid() - x).square().mean(PIXELS))
wrong("absolute error", hint="it gives")(lambda logits, x: -(logits.sigmoid() - x).abs().sum(PIXELS))
wrong("the logit for the log-probability", hint="it gives|softplus")(lambda logits, x: (x * logits).sum(PIXELS))
wrong("softplus for the on pixels only", hint="it gives")(
    lambda logits, x: (x * (logits - F.softplus(logits))).sum(PIXELS) - F.softplus(x).sum(PIXELS)
)
wrong("x and logits swapped", hint="changed places|it gives")(lambda logits, x: solution(x, logits))
wrong("the sigmoid twice", hint="twice")(lambda logits, x: solution(logits.sigmoid(), x))
wrong("p in place of log p", hint="it gives|log")(
    lambda logits, x: (x * logits.sigmoid() + (1 - x) * (1 - logits.sigmoid())).sum(PIXELS)
)
wrong("the logits as probabilities", hint="not a number.*probability")(lambda logits, x: through_p(logits, x))
wrong("tanh for the sigmoid", hint="not a number")(lambda logits, x: through_p(logits.tanh(), x))
wrong("the entropy of the pixels", hint="it gives")(lambda logits, x: -Bernoulli(logits=logits).entropy().sum(PIXELS))
wrong("the logits' mode in place of x", hint="it gives")(lambda logits, x: solution(logits, (logits > 0).float()))

# ---- wrong: float32

wrong("log of sigmoid", hint="Not finite.*30|[Ss]igmoid")(lambda logits, x: through_p(logits.sigmoid(), x))
wrong("log of sigmoid, by where", hint="Not finite|rounded")(
    lambda logits, x: torch.where(x == 1, logits.sigmoid(), 1 - logits.sigmoid()).log().sum(PIXELS)
)
wrong("log of sigmoid in double", hint="Not finite")(lambda logits, x: through_p(logits.double().sigmoid(), x).float())
wrong("log(1 + exp)", hint="Not finite.*overflow")(
    lambda logits, x: (x * logits - (1 + logits.exp()).log()).sum(PIXELS)
)
wrong("log1p(exp)", hint="Not finite.*overflow")(lambda logits, x: (x * logits - logits.exp().log1p()).sum(PIXELS))
wrong("log1p(exp) in double", hint="Not finite.*overflow")(
    lambda logits, x: (x * logits - logits.double().exp().log1p()).sum(PIXELS)
)
wrong("binary_cross_entropy of the sigmoid", hint="[Cc]lamp|cut")(
    lambda logits, x: -F.binary_cross_entropy(logits.sigmoid(), x, reduction="none").sum(PIXELS)
)
wrong("Bernoulli(probs=…)", hint="[Cc]lamp|cut")(lambda logits, x: Bernoulli(logits.sigmoid()).log_prob(x).sum(PIXELS))
wrong("p clamped to 1e-6", hint="[Cc]lamp|cut")(lambda logits, x: through_p(logits.sigmoid().clamp(1e-6, 1 - 1e-6), x))
wrong("1e-8 in the log", hint="[Cc]lamp|cut|Not finite")(
    lambda logits, x: (x * (logits.sigmoid() + 1e-8).log() + (1 - x) * (1 - logits.sigmoid() + 1e-8).log()).sum(PIXELS)
)
wrong("1e-3 in the log", hint="it gives")(
    lambda logits, x: (x * (logits.sigmoid() + 1e-3).log() + (1 - x) * (1 - logits.sigmoid() + 1e-3).log()).sum(PIXELS)
)
wrong("logits clamped to ±20", hint="[Cc]lamp|cut")(lambda logits, x: solution(logits.clamp(-20, 20), x))
wrong("logits clamped to ±100", hint="[Cc]lamp|cut")(lambda logits, x: solution(logits.clamp(-100, 100), x))
wrong("logits clamped to ±500", hint="[Cc]lamp|cut")(lambda logits, x: solution(logits.clamp(-500, 500), x))
wrong("logits clamped to ±2", hint="it gives|[Cc]lamp")(lambda logits, x: solution(logits.clamp(-2, 2), x))
wrong("logits clamped from below", hint="[Cc]lamp|cut")(lambda logits, x: solution(logits.clamp(min=-30), x))
wrong("the sum clamped at −1000", hint="[Cc]lamp|cut")(lambda logits, x: solution(logits, x).clamp(min=-1000))
wrong("the sum clamped at −250", hint="it gives|[Cc]lamp")(lambda logits, x: solution(logits, x).clamp(min=-250))
wrong("at most −1", hint="sure|right")(lambda logits, x: solution(logits, x).clamp(max=-1))
wrong("each pixel clamped at −100", hint="[Cc]lamp|cut")(
    lambda logits, x: per_pixel(logits, x).clamp(min=-100).sum(PIXELS)
)
wrong("nan_to_num of log of sigmoid", hint="[Cc]lamp|wrong")(
    lambda logits, x: through_p(logits.sigmoid(), x).nan_to_num()
)
wrong("where() hides the overflow, and its gradient is not a number", hint="gradient.*not (a number|finite)")(
    lambda logits, x: (x * logits - torch.where(logits > 30, logits, logits.exp().log1p())).sum(PIXELS)
)
wrong("half precision", hint="float16|it gives")(lambda logits, x: solution(logits.half(), x.half()))
wrong("half precision inside", hint="it gives|precision")(lambda logits, x: solution(logits.half(), x.half()).float())
wrong("bfloat16 inside", hint="it gives|precision")(lambda logits, x: solution(logits.bfloat16(), x.bfloat16()).float())
wrong("rounded logits", hint="it gives")(lambda logits, x: solution(logits.round(), x))
wrong("complex", hint="complex")(lambda logits, x: solution(logits, x) + 0j)
wrong("integers", hint="int")(lambda logits, x: solution(logits, x).long())

# ---- wrong: other images

wrong("turned round", hint="nothing but its own")(lambda logits, x: solution(logits, x).flip(0))
wrong("the first image's logits for all", hint="nothing but its own")(
    lambda logits, x: solution(logits[:1].expand_as(x), x)
)
wrong("the batch's mean logits", hint="nothing but its own")(
    lambda logits, x: solution(logits.mean(0, keepdim=True).expand_as(x), x)
)
wrong("the batch's mean for each", hint="nothing but its own")(
    lambda logits, x: solution(logits, x).mean().expand(len(x))
)
wrong("centred over the batch", hint="nothing but its own")(
    lambda logits, x: solution(logits, x) - solution(logits, x).mean()
)
wrong("turned within the image", hint="it gives")(lambda logits, x: solution(logits.flip(-1), x))
wrong("transposed within the image", hint="it gives")(lambda logits, x: solution(logits.mT, x))

# ---- wrong: gradients

wrong("detached", hint="[Nn]o gradient")(lambda logits, x: solution(logits, x).detach())
wrong("logits detached", hint="[Nn]o gradient")(lambda logits, x: solution(logits.detach(), x))
wrong("detached, then requires_grad_()", hint="[Nn]o gradient")(
    lambda logits, x: solution(logits.detach(), x).requires_grad_()
)
wrong("through a new tensor", hint="[Nn]o gradient|stopped with")(
    lambda logits, x: torch.tensor(solution(logits, x).tolist())
)
wrong("half of it detached", hint="gradient is not")(
    lambda logits, x: (x * logits - F.softplus(logits).detach()).sum(PIXELS)
)
wrong("a gradient of another thing", hint="[Nn]o gradient|gradient is not")(
    lambda logits, x: solution(logits.detach(), x) + 0 * logits.sum(PIXELS)
)


@wrong("no_grad", hint="[Nn]o gradient")
@torch.no_grad()
def _(logits, x):
    return solution(logits, x)


@wrong("backward() inside", hint="\\.grad|backward")
def _(logits, x):
    result = solution(logits, x)
    if result.requires_grad:
        result.sum().backward(retain_graph=True)
    return result


# ---- wrong: types and manners

wrong("a list", hint="list")(lambda logits, x: solution(logits, x).tolist())
wrong("an array", hint="array")(lambda logits, x: solution(logits, x).detach().numpy())
wrong("a float", hint="float")(lambda logits, x: solution(logits, x).sum().item())
wrong("a tuple", hint="tuple")(lambda logits, x: (solution(logits, x),))
wrong("a dictionary", hint="dict")(lambda logits, x: {"nats": solution(logits, x)})
wrong("a text", hint="str")(lambda logits, x: f"{solution(logits, x)}")
wrong("a generator", hint="generator")(lambda logits, x: (value for value in solution(logits, x)))
wrong("the distribution", hint="Bernoulli|Independent")(lambda logits, x: Independent(Bernoulli(logits=logits), 3))
wrong("a function", hint="function")(lambda logits, x: solution)
wrong("raises KeyError", hint="KeyError")(lambda logits, x: {}["logits"])
wrong("leaves", hint="stopped with SystemExit|exit")(lambda logits, x: sys.exit(1))
wrong("endless recursion", hint="RecursionError")(lambda logits, x: (lambda f: f(f))(lambda f: f(f)))
wrong("one argument", hint="TypeError")(lambda logits: logits)
wrong("binary_cross_entropy of the logits", hint="stopped with RuntimeError")(
    lambda logits, x: -F.binary_cross_entropy(logits, x, reduction="none").sum(PIXELS)
)
wrong("an error inside NumPy", hint=r"stopped with.*np\.linalg\.inv")(lambda logits, x: np.linalg.inv(np.zeros((2, 2))))
wrong("the result, not the function", hint="function")(solution(torch.zeros(3, 1, 28, 28), torch.zeros(3, 1, 28, 28)))
wrong("a text, not a function", hint="function")("x * logits - softplus(logits)")
wrong("a number, not a function", hint="function")(-543.4)


@wrong("logits overwritten", hint="overw|chang")
def _(logits, x):
    with torch.no_grad():
        result = solution(logits.clone(), x)
        logits.sigmoid_()
    return result


@wrong("x overwritten", hint="overw|chang")
def _(logits, x):
    result = solution(logits, x)
    x.mul_(2).sub_(1)
    return result


@wrong("gradients left off", hint="grad")
def _(logits, x):
    torch.set_grad_enabled(False)
    return solution(logits, x)


@wrong("the default dtype left changed", hint="dtype")
def _(logits, x):
    torch.set_default_dtype(torch.float64)
    return solution(logits, x)


@wrong("the first result remembered", hint="it gives|shape|image")
def _(logits, x, memory={}):  # noqa: B006
    if len(memory) == 0:
        memory["result"] = solution(logits, x)
    return memory["result"]


@wrong("with dropout", hint="random")
def _(logits, x):
    return solution(F.dropout(logits, 0.2), x)


# ---- wrong, of all kinds

wrong("every pixel counted as on", hint="x does not enter")(lambda logits, x: F.logsigmoid(logits).sum(PIXELS))
wrong("plus the softplus", hint="it gives")(lambda logits, x: (x * logits + F.softplus(logits)).sum(PIXELS))
wrong("the softplus of −l", hint="it gives")(lambda logits, x: (x * logits - F.softplus(-logits)).sum(PIXELS))
wrong("max(l, 0) for the softplus", hint="it gives")(lambda logits, x: (x * logits - F.relu(logits)).sum(PIXELS))
wrong("softplus with a threshold of 5", hint="it gives")(
    lambda logits, x: (x * logits - F.softplus(logits, threshold=5)).sum(PIXELS)
)
wrong("a softplus of another sharpness", hint="it gives")(
    lambda logits, x: (x * logits - F.softplus(logits, beta=2)).sum(PIXELS)
)
wrong("on pixels weigh twice", hint="it gives")(
    lambda logits, x: (
        -F.binary_cross_entropy_with_logits(logits, x, reduction="none", pos_weight=torch.tensor(2.0)).sum(PIXELS)
    )
)
wrong("label smoothing", hint="it gives")(
    lambda logits, x: -F.binary_cross_entropy_with_logits(logits, x * 0.9 + 0.05, reduction="none").sum(PIXELS)
)
wrong("the log of the product", hint="log of a product")(
    lambda logits, x: Bernoulli(logits=logits).log_prob(x).flatten(1).exp().prod(1).log()
)
wrong("squeeze(1), and one sum", hint=r"shape")(lambda logits, x: per_pixel(logits, x).squeeze(1).sum(1))
wrong("made for a batch of 128", hint="stopped|shape")(lambda logits, x: per_pixel(logits, x).reshape(128, -1).sum(1))
wrong("item by item", hint="gradient")(
    lambda logits, x: torch.tensor([solution(logits[i : i + 1], x[i : i + 1]).item() for i in range(len(x))])
)
wrong("rounded to one decimal", hint="it gives")(lambda logits, x: solution(logits, x).round(decimals=1))
wrong("logits clamped to ±88", hint="clamp")(lambda logits, x: solution(torch.nan_to_num(logits.clamp(-88, 88)), x))
wrong("logits squashed to ±10", hint="it gives")(lambda logits, x: solution(10 * torch.tanh(logits / 10), x))
wrong("a class of torch", hint="type|class|stopped")(nn.BCEWithLogitsLoss)
wrong("1e-12 in the log, in double", hint="clamp|finite")(
    lambda logits, x: (lambda p: (x * torch.log(p + 1e-12) + (1 - x) * torch.log(1 - p + 1e-12)).sum(PIXELS).float())(
        logits.double().sigmoid()
    )
)
wrong("large logits detached", hint="gradient")(
    lambda logits, x: solution(torch.where(logits.abs() > 20, logits.detach(), logits), x)
)
