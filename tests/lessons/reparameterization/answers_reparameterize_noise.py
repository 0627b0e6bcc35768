"""More wrong answers to lesson 03's exercise: the noise, how z is put together, and what happens beside."""

import math
import random
import statistics

import numpy as np
import torch
from lessons.reparameterization.answers_reparameterize import ANSWERS, randn, sigma_of
from torch import Generator
from torch.distributions import Normal
from torch.nn import functional as F

OWN = Generator().manual_seed(3)
CACHE = {}


# The noise.
for title, hint, noise in (
    ("rand", "never negative", lambda m, g: torch.rand(m.shape, generator=g)),
    ("rand from -1 to 1", "cut off", lambda m, g: 2 * torch.rand(m.shape, generator=g) - 1),
    ("rand of variance 1", "cut off", lambda m, g: 12**0.5 * (torch.rand(m.shape, generator=g) - 0.5)),
    ("rand minus a half", "cut off", lambda m, g: torch.rand(m.shape, generator=g) - 0.5),
    ("cut off at 2", "cut off", lambda m, g: randn(m, g).clamp(-2, 2)),
    ("cut off at 3", "cut off", lambda m, g: randn(m, g).clamp(-3, 3)),
    ("cut off at 1", "cut off", lambda m, g: randn(m, g).clamp(-1, 1)),
    ("squashed by tanh", "cut off", lambda m, g: torch.tanh(randn(m, g))),
    ("a sum of three rand", "cut off|Gaussian", lambda m, g: 2 * (torch.rand((3, *m.shape), generator=g).sum(0) - 1.5)),
    ("heads or tails", "few different values", lambda m, g: torch.randint(0, 2, m.shape, generator=g) * 2.0 - 1),
    ("only positive", "never negative", lambda m, g: randn(m, g).abs()),
    ("only negative", "never positive", lambda m, g: -randn(m, g).abs()),
    ("exponential", "mean of z|Gaussian|never", lambda m, g: torch.empty_like(m).exponential_(generator=g) - 1),
    ("Cauchy", "Gaussian|scaled|sigma", lambda m, g: torch.empty_like(m).cauchy_(generator=g)),
    ("Laplace", "Gaussian|scaled",
     lambda m, g: (lambda u: -u.sign() * torch.log1p(-2 * u.abs()) / 2**0.5)(torch.rand(m.shape, generator=g) - 0.5)),
    ("log-normal", "mean of z|never", lambda m, g: torch.empty_like(m).log_normal_(generator=g)),
    ("a hundredth", "0.01|scaled", lambda m, g: 0.01 * randn(m, g)),
    ("nine tenths", "0.9|scaled", lambda m, g: 0.9 * randn(m, g)),
    ("twice", "scaled", lambda m, g: 2 * randn(m, g)),
    ("the sum of two", "scaled", lambda m, g: randn(m, g) + randn(m, g)),
    ("divided by the root of D", "scaled", lambda m, g: randn(m, g) / m.shape[-1] ** 0.5),
    ("divided by the root of B", "scaled", lambda m, g: randn(m, g) / len(m) ** 0.5),
    ("moved by a half", "mean of z", lambda m, g: randn(m, g) + 0.5),
    ("squared", "never negative", lambda m, g: randn(m, g) ** 2),
    ("cubed", "Gaussian|scaled", lambda m, g: randn(m, g) ** 3),
    ("none", "noise", lambda m, g: 0.0),
    ("ones", "noise", lambda m, g: torch.ones_like(m)),
    ("rounded", "round|Gaussian|levels", lambda m, g: randn(m, g).round()),
    ("rounded to a tenth", "round|Gaussian|levels", lambda m, g: (randn(m, g) * 10).round() / 10),
    ("integers", "Gaussian|round|cut off|levels", lambda m, g: torch.randint(-2, 3, m.shape, generator=g).float()),
    ("one for the batch", "(?i)every image|images.*share", lambda m, g: randn(m, g, m.shape[1:])),
    ("that of the first image", "(?i)every image|images.*share", lambda m, g: randn(m, g, (1, *m.shape[1:]))),
    ("one for an image", "(?i)dimensions.*share", lambda m, g: randn(m, g, (*m.shape[:-1], 1))),
    ("a single number", "(?i)share|every image", lambda m, g: randn(m, g, ())),
    ("a Python number", "(?i)share|every image", lambda m, g: torch.randn(1, generator=g).item()),
    ("half of the batch, and its mirror", "(?i)share",
     lambda m, g: (lambda e: torch.cat([e, -e])[: len(m)])(randn(m, g, ((len(m) + 1) // 2, *m.shape[1:])))),
    ("half of the batch, twice", "(?i)share",
     lambda m, g: (lambda e: torch.cat([e, e])[: len(m)])(randn(m, g, ((len(m) + 1) // 2, *m.shape[1:])))),
    ("standardised over the batch", "others|batch",
     lambda m, g: (lambda e: (e - e.mean(0)) / e.std(0, correction=0))(randn(m, g))),
    ("centred over the batch", "others|batch", lambda m, g: (lambda e: e - e.mean(0))(randn(m, g))),
    ("of length 1", "length", lambda m, g: F.normalize(randn(m, g), dim=-1)),
    ("of length root D", "length", lambda m, g: F.normalize(randn(m, g), dim=-1) * m.shape[-1] ** 0.5),
    ("standardised over the dimensions", "dimensions",
     lambda m, g: (lambda e: (e - e.mean(-1, keepdim=True)) / e.std(-1, keepdim=True, correction=0))(randn(m, g))),
    ("the generator ignored", "same seed", lambda m, g: torch.randn_like(m)),
    ("torch.distributions", "same seed", lambda m, g: Normal(0, 1).sample(m.shape)),
    ("numpy's", "same seed", lambda m, g: torch.from_numpy(np.random.randn(*m.shape)).float()),  # noqa: NPY002
    ("Python's", "same seed",
     lambda m, g: torch.tensor([random.gauss(0, 1) for _ in range(m.numel())]).reshape(m.shape)),
    ("the standard library's", "same seed",
     lambda m, g: torch.tensor(statistics.NormalDist().samples(m.numel())).float().reshape(m.shape)),
    ("an own generator, kept", "same seed", lambda m, g: randn(m, OWN)),
    ("an own generator, seeded", "seed", lambda m, g: randn(m, Generator().manual_seed(0))),
    ("an own generator, not seeded", "seed", lambda m, g: randn(m, Generator())),
    ("the generator reseeded", "seed", lambda m, g: randn(m, g.manual_seed(0))),
    ("the generator set back to its seed", "seed", lambda m, g: randn(m, g.manual_seed(g.initial_seed()))),
    ("a copy of the generator", "seed|copy|in a row", lambda m, g: randn(m, g.clone_state())),
    ("the generator's state put back", "seed|in a row",
     lambda m, g: (lambda s: (randn(m, g), g.set_state(s))[0])(g.get_state())),
    ("the generator seeded by chance", "seed", lambda m, g: (g.seed(), randn(m, g))[1]),
    ("torch seeded", "(?i)seed|global", lambda m, g: (torch.manual_seed(0), torch.randn(m.shape))[1]),
    ("torch seeded, the generator used", "(?i)seed|global", lambda m, g: (torch.manual_seed(0), randn(m, g))[1]),
    ("kept from the first call", "seed|in a row|kept", lambda m, g: CACHE.setdefault(m.shape, randn(m, g))),
    ("with a gradient", "derivative of z in mu|derivative", lambda m, g: randn(m, g) * (m - m.detach() + 1)),
    ("double precision", "float64", lambda m, g: torch.randn(m.shape, generator=g, dtype=torch.float64)),
):  # fmt: skip
    ANSWERS.wrong("noise: " + title, hint=hint)(lambda m, s, g, noise=noise: m + sigma_of(s) * noise(m, g))

# How it is put together.
for title, hint, put in (
    ("mu forgotten", "mean of z", lambda m, s, e: sigma_of(s) * e),
    ("mu times sigma, too", "mean of z", lambda m, s, e: sigma_of(s) * (m + e)),
    ("mu times the noise", "mean of z|mean|mu", lambda m, s, e: m * sigma_of(s) * e),
    ("mu times one plus", "sigma|scaled|logvar|mu", lambda m, s, e: m * (1 + sigma_of(s) * e)),
    ("minus mu", "mean of z", lambda m, s, e: sigma_of(s) * e - m),
    ("logvar added", "mean of z", lambda m, s, e: m + s + sigma_of(s) * e),
    ("half of mu", "mean of z", lambda m, s, e: 0.5 * m + sigma_of(s) * e),
    ("mu clamped to ±3", "mean of z|mu", lambda m, s, e: m.clamp(-3, 3) + sigma_of(s) * e),
    ("mu clamped to ±10", "mean of z|mu", lambda m, s, e: m.clamp(-10, 10) + sigma_of(s) * e),
    ("z clamped to ±4", "mean of z|clamp|cut off|sigma|logvar =", lambda m, s, e: (m + sigma_of(s) * e).clamp(-4, 4)),
    ("tanh of z", "mean of z|NaN|cut off", lambda m, s, e: torch.tanh(m + sigma_of(s) * e)),
    ("mu rounded", "mean of z|derivative of z in mu", lambda m, s, e: m.round() + sigma_of(s) * e),
    ("z rounded", "round|levels|derivative|Gaussian|mean of z|logvar", lambda m, s, e: (m + sigma_of(s) * e).round()),
    ("the mean of mu", "(?i)mu of|mean of z|of its own", lambda m, s, e: m.mean() + sigma_of(s) * e),
    ("the first image's mu", "(?i)mu of|mean of z|of its own", lambda m, s, e: m[:1] + sigma_of(s) * e),
    ("the first dimension's mu", "(?i)mu of|mean of z|of its own", lambda m, s, e: m[..., :1] + sigma_of(s) * e),
    ("mu of images in reverse", "(?i)mu of|mean of z|of its own", lambda m, s, e: m.flip(0) + sigma_of(s) * e),
    ("mu and logvar exchanged", "mean of z|mu", lambda m, s, e: s + sigma_of(m) * e),
    ("mu detached", "derivative of z in mu", lambda m, s, e: m.detach() + sigma_of(s) * e),
    ("mu by .data", "derivative of z in mu", lambda m, s, e: m.data + sigma_of(s) * e),
    ("everything detached", "detached|no gradient|No gradient", lambda m, s, e: (m + sigma_of(s) * e).detach()),
    ("detached, then requires_grad_()", "derivative|gradient",
     lambda m, s, e: (m + sigma_of(s) * e).detach().requires_grad_()),
    ("by .data", "detached|gradient", lambda m, s, e: (m + sigma_of(s) * e).data),
    ("sigma over the noise", "sigma|Gaussian|logvar|cut|scaled", lambda m, s, e: m + sigma_of(s) / e),
    ("noise plus sigma", "mean of z|whatever|sigma", lambda m, s, e: m + sigma_of(s) + e),
    ("matrix product", "share|stopped with|shape|sigma|scaled|derivative", lambda m, s, e: m + sigma_of(s) @ e.T @ e),
    ("summed over dimensions", r"\[3, 5\]|shape", lambda m, s, e: (m + sigma_of(s) * e).sum(-1)),
    ("averaged over the batch", "shape", lambda m, s, e: (m + sigma_of(s) * e).mean(0)),
    ("transposed", "shape", lambda m, s, e: (m + sigma_of(s) * e).T),
    ("flattened", "shape", lambda m, s, e: (m + sigma_of(s) * e).flatten()),
    ("squeeze()", r"shape", lambda m, s, e: (m + sigma_of(s) * e).squeeze()),
    ("unsqueezed", "shape", lambda m, s, e: (m + sigma_of(s) * e)[None]),
    ("an array", "ndarray|array", lambda m, s, e: (m + sigma_of(s) * e).detach().numpy()),
    ("a list", "list", lambda m, s, e: (m + sigma_of(s) * e).tolist()),
    ("a pair with the noise", "tuple", lambda m, s, e: (m + sigma_of(s) * e, e)),
    ("mu and logvar", "tuple", lambda m, s, e: (m, s)),
    ("a distribution", "Normal", lambda m, s, e: Normal(m, sigma_of(s))),
    ("a generator", "generator", lambda m, s, e: (row for row in m + sigma_of(s) * e)),
    ("a string", "str", lambda m, s, e: "z"),
    ("a number", "float", lambda m, s, e: (m + sigma_of(s) * e).mean().item()),
    ("half precision", "float16", lambda m, s, e: (m + sigma_of(s) * e).half()),
    ("complex", "complex", lambda m, s, e: torch.complex(m, sigma_of(s) * e)),
    ("only mu", "noise", lambda m, s, e: m.clone()),
    ("mu itself", "noise", lambda m, s, e: m),
    ("only the noise", "mean of z|mu", lambda m, s, e: e),
    ("division by zero", "ZeroDivisionError", lambda m, s, e: 1 / 0),
    ("an error inside math", "math.exp", lambda m, s, e: m + math.exp(0.5 * s) * e),
    ("an error inside the standard library", "statistics.NormalDist", lambda m, s, e: statistics.NormalDist(0, -1)),
    ("noise of one shape", "stopped with RuntimeError", lambda m, s, e: m + sigma_of(s) * torch.randn(64, 4)),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(lambda m, s, g, put=put: put(m, s, randn(m, g)))


@ANSWERS.wrong("torch.normal", hint="torch.normal")
def _(mu, logvar, generator):
    return torch.normal(mu, sigma_of(logvar), generator=generator)


@ANSWERS.wrong("rsample", hint="rsample")
def _(mu, logvar, generator):
    return Normal(mu, sigma_of(logvar)).rsample()


@ANSWERS.wrong("sample", hint="same seed|gradient")
def _(mu, logvar, generator):
    return Normal(mu, sigma_of(logvar)).sample()


@ANSWERS.wrong("rsample with the standard deviation of the variance", hint="same seed|variance")
def _(mu, logvar, generator):
    return Normal(mu, logvar.exp()).rsample()


@ANSWERS.wrong("no_grad", hint="gradient")
def _(mu, logvar, generator):
    with torch.no_grad():
        return mu + sigma_of(logvar) * randn(mu, generator)


@ANSWERS.wrong("mu overwritten", hint="overw|changed")
def _(mu, logvar, generator):
    mu += sigma_of(logvar) * randn(mu, generator)
    return mu


@ANSWERS.wrong("logvar overwritten", hint="overw|changed")
def _(mu, logvar, generator):
    return mu + logvar.mul_(0.5).exp_() * randn(mu, generator)


@ANSWERS.wrong("mu overwritten, with the variance", hint="overw|changed|variance")
def _(mu, logvar, generator):
    mu += torch.exp(logvar) * randn(mu, generator)
    return mu


@ANSWERS.wrong("a pass backward inside", hint=r"\.grad|backward")
def _(mu, logvar, generator):
    z = mu + sigma_of(logvar) * randn(mu, generator)
    if z.requires_grad:
        z.sum().backward(retain_graph=True)
    return z


@ANSWERS.wrong("the default dtype changed", hint="dtype")
def _(mu, logvar, generator):
    torch.set_default_dtype(torch.float64)
    return mu + sigma_of(logvar) * torch.randn(mu.shape, generator=generator, dtype=torch.float32)


@ANSWERS.wrong("gradients switched off for good", hint="grad")
def _(mu, logvar, generator):
    z = mu + sigma_of(logvar) * randn(mu, generator)
    torch.set_grad_enabled(False)
    return z


@ANSWERS.wrong("for even batches only", hint=r"shape|stopped with")
def _(mu, logvar, generator):
    eps = torch.cat([torch.randn(len(mu) // 2, mu.shape[1], generator=generator) for _ in range(2)])
    return mu + sigma_of(logvar) * eps


@ANSWERS.wrong("for more than one image only", hint=r"for one image|one image")
def _(mu, logvar, generator):
    return mu + sigma_of(logvar) * randn(mu, generator) if len(mu) > 1 else mu


@ANSWERS.wrong("for 20 dimensions", hint="stopped with RuntimeError")
def _(mu, logvar, generator):
    return mu + sigma_of(logvar) * torch.randn(len(mu), 20, generator=generator)


@ANSWERS.wrong("in training only, as an argument", hint="argument")
def _(mu, logvar, generator, training):
    return mu + sigma_of(logvar) * randn(mu, generator) if training else mu


@ANSWERS.wrong("an error of its own", hint="out of noise")
def _(mu, logvar, generator):
    raise ValueError("out of noise")


@ANSWERS.wrong("SystemExit", hint="SystemExit|exit")
def _(mu, logvar, generator):
    raise SystemExit(1)


@ANSWERS.wrong("recursion", hint="RecursionError")
def again(mu, logvar, generator):
    return again(mu, logvar, generator)


@ANSWERS.wrong("two arguments", hint="argument")
def _(mu, logvar):
    return mu + sigma_of(logvar) * torch.randn_like(mu)


@ANSWERS.wrong("a class", hint="class|object")
class _:
    def __init__(self, mu, logvar, generator):
        self.z = mu + sigma_of(logvar) * randn(mu, generator)


ANSWERS.wrong("a result for the function", hint="without calling|function")(torch.zeros(3, 5))
ANSWERS.wrong("a string for the function", hint="function")("not a function")


# Tried when the check was finished: all but the marked ones were judged rightly at first sight.
for title, hint, answer in (
    ("2 to the power", "logvar = ", lambda m, s, g: m + torch.exp2(s / 2) * randn(m, g)),
    ("the root of 2 times the noise", "1.4: eps is scaled", lambda m, s, g: m + 2**0.5 * sigma_of(s) * randn(m, g)),
    ("a small number under the root", "logvar = -6", lambda m, s, g: m + (s.exp() + 1e-3).sqrt() * randn(m, g)),
    ("sigma for the noise", "where is the noise", lambda m, s, g: m + sigma_of(s)),
    ("no noise half of the time", "not Gaussian", lambda m, s, g: m + sigma_of(s) * torch.where(
        torch.rand(m.shape, generator=g) < 0.5, randn(m, g), 0.0)),
    ("Student's t", "not Gaussian", lambda m, s, g: m + sigma_of(s) * randn(m, g) / (
        sum(randn(m, g) ** 2 for _ in range(5)) / 5).sqrt()),
    ("a triangle", "cut off", lambda m, s, g: m + sigma_of(s) * 6**0.5 * (
        torch.rand(m.shape, generator=g) + torch.rand(m.shape, generator=g) - 1)),
    ("the size of mu", "mean of z", lambda m, s, g: m.abs() + sigma_of(s) * randn(m, g)),
    ("noise for pairs of images", "share", lambda m, s, g: m + sigma_of(s) * randn(
        m, g, ((len(m) + 1) // 2, *m.shape[1:])).repeat_interleave(2, 0)[: len(m)]),
    ("noise that adds up", "share", lambda m, s, g: m + sigma_of(s) * randn(m, g).cumsum(0)),
    ("mu of length 1", "mean of z", lambda m, s, g: F.normalize(m, dim=-1) + sigma_of(s) * randn(m, g)),
    ("noise detached with sigma", "derivative of z in logvar",
     lambda m, s, g: m + (sigma_of(s) * randn(m, g)).detach()),
    ("mu's gradient twice", r"in mu must be 1, and yours is 2.00.$",  # It said torch.normal gives 0.
     lambda m, s, g: 2 * m - m.detach() + sigma_of(s) * randn(m, g)),
    ("a tenth of the gradient", r"in mu must be 1, and yours is 0.10.$",  # The same.
     lambda m, s, g: (lambda z: z.detach() + 0.1 * (z - z.detach()))(m + sigma_of(s) * randn(m, g))),
    ("noise for the first image only", "no noise at all",  # It said the dimensions share.
     lambda m, s, g: torch.cat([(m + sigma_of(s) * randn(m, g))[:1], m[1:]])),
    ("no noise in the last dimension", "no noise at all",  # It said sigma is nan.
     lambda m, s, g: torch.cat([(m + sigma_of(s) * randn(m, g))[:, :-1], m[:, -1:]], 1)),
    ("noise where gradients are asked for", "where is the noise",
     lambda m, s, g: m + sigma_of(s) * randn(m, g) if m.requires_grad else m),
    ("bfloat16", "few different values",
     lambda m, s, g: (m.bfloat16() + sigma_of(s.bfloat16()) * randn(m, g).bfloat16()).float()),
    ("sigma clamped to [0.01, 10]", "logvar = 6", lambda m, s, g: m + sigma_of(s).clamp(0.01, 10) * randn(m, g)),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(answer)

for title, answer in (
    ("a root by pow", lambda m, s, g: m + torch.pow(torch.exp(s), 0.5) * randn(m, g)),
    ("exp2 with the right factor", lambda m, s, g: m + torch.exp2(s / (2 * math.log(2))) * randn(m, g)),
    ("diagonal matrices", lambda m, s, g: m + (torch.diag_embed(sigma_of(s)) @ randn(m, g)[..., None]).squeeze(-1)),
    ("an affine transform", lambda m, s, g: torch.distributions.AffineTransform(m, sigma_of(s))(randn(m, g))),
    ("an own generator, seeded by a draw of the given one", lambda m, s, g: m + sigma_of(s) * randn(
        m, Generator().manual_seed(int(torch.randint(2**31, (1,), generator=g))))),
    ("two halves of the batch", lambda m, s, g: m + sigma_of(s) * torch.cat(
        [randn(m[: len(m) // 2], g), randn(m[len(m) // 2 :], g)])),
    ("erfinv", lambda m, s, g: m + sigma_of(s) * 2**0.5 * torch.erfinv(
        (2 * torch.rand(m.shape, generator=g) - 1).clamp(-1 + 1e-7, 1 - 1e-7))),
):  # fmt: skip
    ANSWERS.right(title)(answer)

# Tried without a look at the check.
for title, hint, answer in (
    ("noise in half precision", "half precision", lambda m, s, g: m + sigma_of(s) * randn(m, g).half().float()),
    ("noise of three decimals", "half precision|rounded", lambda m, s, g: (
        m + sigma_of(s) * randn(m, g).round(decimals=3))),
    ("mu where no gradient is asked for", "no_grad.*mu itself", lambda m, s, g: (
        m + sigma_of(s) * randn(m, g) if torch.is_grad_enabled() else m + 0 * randn(m, g))),
    ("half the noise without gradients", "no_grad.*another", lambda m, s, g: (
        m + (1.0 if torch.is_grad_enabled() else 0.5) * sigma_of(s) * randn(m, g))),
    ("sigma + 0.1", "within 2 %", lambda m, s, g: m + (sigma_of(s) + 0.1) * randn(m, g)),
    ("two rows, the second mirrored", "share their noise", lambda m, s, g: m + sigma_of(s) * (
        lambda e: torch.cat([e, -e])[: len(m)])(torch.randn((len(m) + 1) // 2, m.shape[1], generator=g))),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(answer)
ANSWERS.wrong("mu's gradient centred over the batch", hint="derivative of z in mu must be 1, and yours is -?0")(
    lambda m, s, g: m - m.mean(0) + m.mean(0).detach() + sigma_of(s) * randn(m, g)
)

# Noise that is Gaussian, of spread 1, and not independent.
for title, hint, eps in (
    ("an average of two images' noise", "two images has a correlation", lambda m, g: (
        lambda e: (e[1:] + e[:-1]) / 2**0.5)(torch.randn(len(m) + 1, m.shape[1], generator=g))),
    ("an average of two dimensions' noise", "two dimensions has a correlation", lambda m, g: (
        lambda e: (e[:, 1:] + e[:, :-1]) / 2**0.5)(torch.randn(len(m), m.shape[1] + 1, generator=g))),
    ("a part of the noise shared by the images", "two images has a correlation", lambda m, g: (
        randn(m, g) + randn(m[:1], g)) / 2**0.5),
    ("a part of the noise shared by the dimensions", "two dimensions has a correlation", lambda m, g: (
        0.8 * randn(m, g) + 0.6 * randn(m[:, :1], g))),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(lambda m, s, g, eps=eps: m + sigma_of(s) * eps(m, g))


@ANSWERS.wrong("gradients asked of the caller's tensors", hint="changes mu for the caller")
def _(mu, logvar, generator):
    return mu.requires_grad_() + sigma_of(logvar.requires_grad_()) * randn(mu, generator)


# Sigma or eps standardised, so that it is right for no image alone.
for title, logvar_of in (
    ("logvar centred over the batch", lambda s: s - s.mean(0)),
    ("a layer norm of logvar", lambda s: F.layer_norm(s, s.shape[1:])),
):
    ANSWERS.wrong(title, hint="sigma, that of each entry")(
        lambda m, s, g, logvar_of=logvar_of: m + sigma_of(logvar_of(s)) * randn(m, g)
    )
for title, eps_of in (
    ("a layer norm of eps", lambda e: F.layer_norm(e, e.shape[1:])),
    ("eps centred over the dimensions", lambda e: e - e.mean(1, keepdim=True)),
):
    ANSWERS.wrong(title, hint="neither mix nor standardise")(
        lambda m, s, g, eps_of=eps_of: m + sigma_of(s) * eps_of(randn(m, g))
    )


@ANSWERS.wrong("numpy seeded from the generator", hint="NumPy's own random numbers")
def _(mu, logvar, generator):
    np.random.seed(torch.randint(2**31, (), generator=generator).item())  # noqa: NPY002
    return mu + sigma_of(logvar) * torch.from_numpy(np.random.randn(*mu.shape)).float()  # noqa: NPY002


@ANSWERS.right("numpy's own generator, seeded from the generator")
def _(mu, logvar, generator):
    own = np.random.default_rng(torch.randint(2**31, (), generator=generator).item())
    return mu + sigma_of(logvar) * torch.from_numpy(own.standard_normal(tuple(mu.shape))).to(mu)
