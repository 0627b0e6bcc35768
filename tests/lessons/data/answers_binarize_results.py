"""More wrong answers to lesson 01's exercise: the probability, what comes out, and what happens beside."""

import math
import random

import numpy as np
import torch
from lessons.data.answers_binarize import ANSWERS, uniform

# The probability.
for title, hint, chance in (
    ("1 - grey", "(?i)turn", lambda x: 1 - x),
    ("the square", "squared|%", lambda x: x**2),
    ("the square root", "root|%", lambda x: x.sqrt()),
    ("a fair coin", "half|%", lambda x: torch.full_like(x, 0.5)),
    ("nine tenths of the grey", "%", lambda x: 0.9 * x),
    ("half of the grey", "%", lambda x: 0.5 * x),
    ("twice the grey, cut off", "%", lambda x: (2 * x).clamp(max=1)),
    ("clamped to [0.05, 0.95]", "%", lambda x: x.clamp(0.05, 0.95)),
    ("clamped to [0.01, 0.99]", "%", lambda x: x.clamp(0.01, 0.99)),
    ("a sigmoid of the grey", "%", torch.sigmoid),
    ("divided by 255 once more", "255|%", lambda x: x / 255),
    ("rounded to one digit", "%", lambda x: (x * 10).round() / 10),
    ("cut below 0.2 to paper", "%", lambda x: torch.where(x < 0.2, 0.0, x)),
    ("steep", "%", lambda x: (4 * (x - 0.5)).clamp(0, 1)),
    ("divided by the brightest pixel of the batch", "bright|%", lambda x: x / x.max()),
    ("stretched to the batch's range", "bright|%", lambda x: (x - x.min()) / (x.max() - x.min())),
    ("divided by each image's brightest pixel", "bright|%",
     lambda x: x / x.flatten(1).amax(1).reshape(-1, *[1] * (x.ndim - 1))),
    ("the mean of the batch", "other images|another|%", lambda x: x.mean(0, keepdim=True).expand(x.shape)),
    ("the first image's grey", "other images|another|%", lambda x: x[:1].expand(x.shape)),
    ("images in reverse", "another|%", lambda x: x.flip(0)),
    ("mirrored", "another|%", lambda x: x.flip(-1)),
    ("upside down", "another|%", lambda x: x.flip(-2)),
    ("rows and columns exchanged", "another|%", lambda x: x.mT if x.shape[-1] == x.shape[-2] else x),
    ("the mean grey of everything", "%|mean", lambda x: torch.full_like(x, x.mean().item())),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(lambda x, g, chance=chance: torch.bernoulli(chance(x), generator=g))

ANSWERS.wrong("comparison turned round", hint="(?i)turn")(lambda x, g: (uniform(x, g) > x).float())
ANSWERS.wrong("normal noise", hint="%|randn")(lambda x, g: (torch.randn(x.shape, generator=g) < x).float())
ANSWERS.wrong("half of the noise", hint="%")(lambda x, g: (0.5 * uniform(x, g) < x).float())
ANSWERS.wrong("noise of eight levels", hint="%")(
    lambda x, g: (torch.randint(0, 8, x.shape, generator=g) / 8 < x).float()
)
ANSWERS.wrong("noise between -1 and 1", hint="%")(lambda x, g: (2 * uniform(x, g) - 1 < x).float())
ANSWERS.wrong("two draws must agree", hint="%|squared")(
    lambda x, g: torch.bernoulli(x, generator=g) * torch.bernoulli(x, generator=g)
)
ANSWERS.wrong("bernoulli_() without its probability", hint="half|%")(lambda x, g: x.clone().bernoulli_(generator=g))
ANSWERS.wrong("drawn twice", hint="%|squared")(
    lambda x, g: torch.bernoulli(torch.bernoulli(x, generator=g) * x, generator=g)
)

# What comes out.
ANSWERS.wrong("the images as they were", hint="(?i)grey")(lambda x, g: x)
ANSWERS.wrong("a copy of the images", hint="(?i)grey")(lambda x, g: x.clone())
ANSWERS.wrong("grey and noise", hint="(?i)0 and 1")(lambda x, g: (x + uniform(x, g)) / 2)
ANSWERS.wrong("the noise itself", hint="(?i)0 and 1")(lambda x, g: uniform(x, g))
ANSWERS.wrong("a mean of ten draws", hint="(?i)0 and 1")(
    lambda x, g: torch.stack([torch.bernoulli(x, generator=g) for _ in range(10)]).mean(0)
)
ANSWERS.wrong("bytes", hint="255")(lambda x, g: 255 * torch.bernoulli(x, generator=g))
ANSWERS.wrong("minus one and one", hint="-1|−1")(lambda x, g: 2 * torch.bernoulli(x, generator=g) - 1)
ANSWERS.wrong("ink keeps its grey", hint="(?i)0 and 1")(lambda x, g: x * torch.bernoulli(x, generator=g))
ANSWERS.wrong("not a number", hint="(?i)0 and 1|nan")(lambda x, g: x / 0)
ANSWERS.wrong("a number of draws", hint="(?i)0 and 1")(
    lambda x, g: torch.bernoulli(x, generator=g) + torch.bernoulli(x, generator=g)
)
ANSWERS.wrong("relaxed", hint="(?i)0 and 1")(lambda x, g: torch.sigmoid((x - uniform(x, g)) * 100))
ANSWERS.wrong("booleans", hint="bool")(lambda x, g: uniform(x, g) < x)
ANSWERS.wrong("whole numbers", hint="int")(lambda x, g: (uniform(x, g) < x).int())
ANSWERS.wrong("bytes of 0 and 1", hint="uint8")(lambda x, g: torch.bernoulli(x, generator=g).to(torch.uint8))
ANSWERS.wrong("half precision", hint="float16")(lambda x, g: torch.bernoulli(x, generator=g).half())
ANSWERS.wrong("double precision", hint="float64")(lambda x, g: torch.bernoulli(x.double(), generator=g))
ANSWERS.wrong("complex", hint="complex")(lambda x, g: torch.bernoulli(x, generator=g).to(torch.complex64))
ANSWERS.wrong("flattened", hint=r"shape.*784|784.*shape")(lambda x, g: torch.bernoulli(x, generator=g).flatten(1))
ANSWERS.wrong("all in one row", hint="shape")(lambda x, g: torch.bernoulli(x, generator=g).flatten())
ANSWERS.wrong("the channel dropped", hint="shape")(lambda x, g: torch.bernoulli(x, generator=g).squeeze(1))
ANSWERS.wrong("one channel more", hint="shape")(lambda x, g: torch.bernoulli(x, generator=g).unsqueeze(1))
ANSWERS.wrong("squeeze()", hint="shape")(lambda x, g: torch.bernoulli(x, generator=g).squeeze())
ANSWERS.wrong("the first image only", hint="shape")(lambda x, g: torch.bernoulli(x[0], generator=g))
ANSWERS.wrong("a sum", hint="shape")(lambda x, g: torch.bernoulli(x, generator=g).sum())
ANSWERS.wrong("for [B, 1, 28, 28] only", hint="shape|stopped with")(
    lambda x, g: (torch.rand(len(x), 1, 28, 28, generator=g) < x).float()
)
ANSWERS.wrong("for 28 x 28 only", hint="shape|stopped with")(
    lambda x, g: (torch.rand(x.numel() // 784, 1, 28, 28, generator=g).reshape(x.shape) < x).float()
)


@ANSWERS.wrong("unpacks four sizes", hint=r"shape|stopped with")
def _(images, generator):
    batch, channels, height, width = images.shape
    return (torch.rand(batch, channels, height, width, generator=generator) < images).float()


@ANSWERS.wrong("always with a channel axis", hint=r"shape|stopped with")
def _(images, generator):
    return torch.bernoulli(images.reshape(-1, 1, 28, 28), generator=generator)


@ANSWERS.wrong("a square of sizes", hint=r"shape|stopped with")
def _(images, generator):
    side = math.isqrt(images[0].numel())
    return torch.bernoulli(images.reshape(len(images), 1, side, side), generator=generator)


ANSWERS.wrong("a list", hint="list")(lambda x, g: torch.bernoulli(x, generator=g).tolist())
ANSWERS.wrong("an array", hint="ndarray|array")(lambda x, g: torch.bernoulli(x, generator=g).numpy())
ANSWERS.wrong("a string", hint="str")(lambda x, g: "binary")
ANSWERS.wrong("a number", hint="float")(lambda x, g: 1.0)
ANSWERS.wrong("a pair with the noise", hint="tuple")(lambda x, g: (torch.bernoulli(x, generator=g), g))
ANSWERS.wrong("a dict", hint="dict")(lambda x, g: {"images": torch.bernoulli(x, generator=g)})
ANSWERS.wrong("a generator of images", hint="generator")(lambda x, g: (torch.bernoulli(i, generator=g) for i in x))
ANSWERS.wrong("a distribution", hint="Bernoulli")(lambda x, g: torch.distributions.Bernoulli(x))


# What it does beside.
@ANSWERS.wrong("images overwritten", hint="overw|changed")
def _(images, generator):
    return images.copy_(torch.bernoulli(images, generator=generator))


@ANSWERS.wrong("images overwritten by bernoulli_", hint="overw|changed")
def _(images, generator):
    return images.bernoulli_(images.clone(), generator=generator)


@ANSWERS.wrong("images overwritten, another returned", hint="overw|changed")
def _(images, generator):
    drawn = torch.bernoulli(images, generator=generator)
    images[:] = drawn
    return drawn


@ANSWERS.wrong("noise taken from the images in place", hint="overw|changed")
def _(images, generator):
    images -= torch.rand(images.shape, generator=generator)
    return (images > 0).float()


@ANSWERS.wrong("images given gradients", hint="requires_grad|gradient")
def _(images, generator):
    images.requires_grad_()
    return torch.bernoulli(images, generator=generator)


@ANSWERS.wrong("the default dtype changed", hint="dtype")
def _(images, generator):
    torch.set_default_dtype(torch.float64)
    return torch.bernoulli(images, generator=generator)


@ANSWERS.wrong("gradients switched off for good", hint="grad")
def _(images, generator):
    torch.set_grad_enabled(False)
    return torch.bernoulli(images, generator=generator)


@ANSWERS.wrong("torch's own numbers used beside", hint="(?i)same seed|global|random")
def _(images, generator):
    if torch.rand(()) < 0.5:
        return torch.bernoulli(images, generator=generator)
    return (torch.rand(images.shape, generator=generator) < images).float()


# What stops.
@ANSWERS.wrong("an error of its own", hint="no chance today")
def _(images, generator):
    raise RuntimeError("no chance today")


@ANSWERS.wrong("assertion", hint="AssertionError")
def _(images, generator):
    assert images.max() > 1
    return torch.bernoulli(images, generator=generator)


@ANSWERS.wrong("an error inside torch: bytes", hint="torch.bernoulli")
def _(images, generator):
    return torch.bernoulli(images.byte(), generator=generator)


@ANSWERS.wrong("an error inside numpy", hint="np.random.binomial")
def _(images, generator):
    return np.random.binomial(1, images.numpy(), size=(3, 3))  # noqa: NPY002


@ANSWERS.wrong("an error inside the standard library", hint="random.choices")
def _(images, generator):
    return random.choices([0, 1], weights=[0.5])


@ANSWERS.wrong("a name that is not there", hint="NameError")
def _(images, generator):
    return bernoulli(images, generator=generator)  # noqa: F821


@ANSWERS.wrong("SystemExit", hint="SystemExit|exit")
def _(images, generator):
    raise SystemExit


@ANSWERS.wrong("recursion", hint="RecursionError")
def _(images, generator):
    return binarize_again(images, generator)


def binarize_again(images, generator):
    return binarize_again(images, generator)


ANSWERS.wrong("one argument", hint="argument")(lambda images: torch.bernoulli(images))
ANSWERS.wrong("three arguments", hint="argument")(lambda images, p, generator: torch.bernoulli(images))
ANSWERS.wrong("the result, not the function", hint="without calling|function")(torch.zeros(2, 1, 28, 28))
ANSWERS.wrong("a number for a function", hint="function")(3)
ANSWERS.wrong("a string for a function", hint="function")("binarize")


@ANSWERS.wrong("a class", hint="class")
class _Class:
    def __init__(self, images, generator):
        self.images = torch.bernoulli(images, generator=generator)


@ANSWERS.wrong("made for the probe", hint="%|shape|share|threshold")
def _(images, generator):
    torch.rand(1, generator=generator)
    return torch.zeros_like(images)


@ANSWERS.wrong("all on", hint="%|threshold")
def _(images, generator):
    return torch.ones_like(images)


# Tried when the check was finished, and judged rightly at first sight.
for title, hint, answer in (
    ("the generator for half of the batch", "same seed", lambda x, g: torch.cat(
        [torch.bernoulli(x[: (len(x) + 1) // 2], generator=g), torch.bernoulli(x[(len(x) + 1) // 2 :])])),
    ("noise rounded to a tenth", "%", lambda x, g: (uniform(x, g).round(decimals=1) < x).float()),
    ("a power of 1.2", "%", lambda x, g: torch.bernoulli(x**1.2, generator=g)),
    ("clamped afterwards", "0 and 1", lambda x, g: torch.bernoulli(x, generator=g).clamp(0.1, 0.9)),
    ("Poisson", "0 and 1", lambda x, g: torch.poisson(x, generator=g)),
    ("Poisson, clamped", "%", lambda x, g: torch.poisson(x, generator=g).clamp(max=1)),
    ("sure above one half", "100%", lambda x, g: torch.where(x > 0.5, 1.0, torch.bernoulli(x, generator=g))),
    ("drawn between 0.2 and 0.8 only", "%",
     lambda x, g: torch.where((x > 0.2) & (x < 0.8), torch.bernoulli(x, generator=g), x.round())),
    ("mirrored afterwards", "another pixel", lambda x, g: torch.bernoulli(x, generator=g).flip(-1)),
    ("the last image left grey", "0 and 1", lambda x, g: torch.cat([torch.bernoulli(x[:-1], generator=g), x[-1:]])),
    ("the larger of two draws", "%",
     lambda x, g: torch.maximum(torch.bernoulli(x, generator=g), torch.bernoulli(x, generator=g))),
    ("a threshold with a little noise", "%",
     lambda x, g: (x + 0.1 * torch.randn(x.shape, generator=g) > 0.5).float()),
    ("seeded by the generator's seed", "sets a seed",
     lambda x, g: (torch.manual_seed(g.initial_seed()), torch.bernoulli(x))[1]),
    ("images permuted", "another pixel",
     lambda x, g: torch.bernoulli(x, generator=g)[torch.randperm(len(x), generator=g)]),
    ("grey times noise", "%", lambda x, g: (uniform(x, g) * x).round()),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(answer)

for title, answer in (
    ("logits compared", lambda x, g: (torch.logit(uniform(x, g)) < torch.logit(x)).float()),
    ("masked_fill", lambda x, g: torch.zeros_like(x).masked_fill(uniform(x, g) < x, 1.0)),
    ("out=", lambda x, g: torch.bernoulli(x, generator=g, out=torch.empty_like(x))),
    ("exponential noise", lambda x, g: (torch.empty_like(x).exponential_(generator=g) > -torch.log(x)).float()),
    ("an own generator, seeded by a draw of the given one", lambda x, g: torch.bernoulli(
        x, generator=torch.Generator().manual_seed(int(torch.randint(2**31, (1,), generator=g))))),
    ("sign of a difference", lambda x, g: torch.sign(torch.relu(x - uniform(x, g)))),
    ("compared in numpy", lambda x, g: torch.from_numpy((uniform(x, g).numpy() < x.numpy()).astype(np.float32))),
    ("row by row", lambda x, g: torch.cat([torch.bernoulli(row[None], generator=g) for row in x])),
):  # fmt: skip
    ANSWERS.right(title)(answer)

# Tried without a look at the check.
for title, hint, answer in (
    ("faint greys cut to paper", "grey 0.012 should be on in 1.2%", lambda x, g: (
        (uniform(x, g) < x) & (x > 0.05)).float()),
    ("strong greys cut to ink", "grey 0.988 should be on", lambda x, g: ((uniform(x, g) < x) | (x > 0.97)).float()),
    ("noise of 17 levels", "%", lambda x, g: (torch.randint(0, 17, x.shape, generator=g) / 17 < x).float()),
    ("from a copy of the generator", "copy of the generator", lambda x, g: (
        torch.bernoulli(x, generator=g.clone_state()))),
    ("the generator put back", "copy of the generator|sets a seed", lambda x, g: (
        lambda state: (torch.bernoulli(x, generator=g), g.set_state(state))[0])(g.get_state())),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(answer)

ANSWERS.right("noise of whole bytes")(lambda x, g: (torch.randint(0, 255, x.shape, generator=g) / 255 < x).float())
ANSWERS.right("a heaviside step")(lambda x, g: torch.heaviside(x - uniform(x, g), torch.zeros(1)))
ANSWERS.wrong("the last image drawn alone", hint="one random number, or have none")(
    lambda x, g: torch.cat([x[:-1].round(), torch.bernoulli(x[-1:], generator=g)])
)


@ANSWERS.wrong("noise blurred along a row", hint="Neighbouring pixels go together")
def _(images, generator):
    wider = (*images.shape[:-1], images.shape[-1] + 1)
    noise = torch.randn(wider, generator=generator)
    return (torch.special.ndtr((noise[..., 1:] + noise[..., :-1]) / 2**0.5) < images).float()


@ANSWERS.wrong("even numbers, dealt out", hint="always 392 are on")
def _(images, generator):
    order = torch.randperm(images.numel(), generator=generator)
    return (torch.linspace(0, 1, images.numel())[order].reshape(images.shape) < images).float()


@ANSWERS.wrong("nothing for one image alone", hint="returns nothing: a tensor of shape")
def _(images, generator):
    if images.ndim == 4:
        return torch.bernoulli(images, generator=generator)


@ANSWERS.wrong("torch.equal replaced", hint="It replaces torch.equal")
def _(images, generator):
    torch.equal = lambda a, b: True
    return (images > 0.5).float()


# Images of other shapes, and in another order in memory.
@ANSWERS.wrong("view, which expanded images do not have", hint="Use .reshape")
def _(images, generator):
    return torch.bernoulli(images.view(-1), generator=generator).view(images.shape)


@ANSWERS.wrong("one number for all channels", hint=r"of shape \[14, 28\], pixels share one random number")
def _(images, generator):
    shape = [1 if axis == 1 else size for axis, size in enumerate(images.shape)]
    return (torch.rand(shape, generator=generator) < images).float()


for title, shape, is_of_it, draw in (
    ("one image alone cut at a threshold", "14, 28", lambda x: x.ndim < 4, lambda x, g: 0 * x + 0.5),
    ("one number for one image alone", "1, 1, 28, 28", lambda x: len(x) == 1, lambda x, g: uniform(x[:1, :1, 0, 0], g)),
    ("three axes share the first one's numbers", "3, 5, 7", lambda x: x.ndim == 3, lambda x, g: uniform(x[:1], g)),
):
    ANSWERS.wrong(title, hint=rf"of shape \[{shape}\], pixels share")(
        lambda x, g, is_of_it=is_of_it, draw=draw: ((draw(x, g) if is_of_it(x) else uniform(x, g)) < x).float()
    )
ANSWERS.right("view after contiguous")(lambda x, g: torch.bernoulli(x.contiguous().view(-1), generator=g).view(x.shape))
ANSWERS.right("only the greys are drawn")(
    lambda x, g: x.masked_scatter((x > 0) & (x < 1), torch.bernoulli(x[(x > 0) & (x < 1)], generator=g))
)

# Dithering draws nothing.
ORDERED = torch.tensor([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 + 1 / 32
ANSWERS.wrong("ordered dithering", hint="fixed threshold")(
    lambda x, g: (x > ORDERED.repeat(7, 7)[: x.shape[-2], : x.shape[-1]]).float()
)


@ANSWERS.wrong("the error carried to the next pixel", hint="fixed threshold")
def _(images, generator):
    drawn, error = images.clone(), 0.0
    for column in range(images.shape[-1]):
        wanted = images[..., column] + error
        drawn[..., column] = (wanted > 0.5).float()
        error = wanted - drawn[..., column]
    return drawn


# Shared random numbers, seeded from the generator or with a seed of their own.
@ANSWERS.wrong("numpy seeded from the generator", hint="NumPy's own random numbers")
def _(images, generator):
    np.random.seed(torch.randint(2**31, (), generator=generator).item())  # noqa: NPY002
    return torch.from_numpy((np.random.rand(*images.shape) < images.numpy()).astype(np.float32))  # noqa: NPY002


@ANSWERS.wrong("numpy and Python seeded beside", hint="NumPy's own random numbers")
def _(images, generator):
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)
    return torch.bernoulli(images, generator=generator)


@ANSWERS.right("numpy's own generator, seeded from the generator")
def _(images, generator):
    own = np.random.default_rng(torch.randint(2**31, (), generator=generator).item())
    return torch.from_numpy((own.random(tuple(images.shape)) < images.numpy()).astype(np.float32))


@ANSWERS.right("torch's numbers seeded from the generator, and put back")
def _(images, generator):
    with torch.random.fork_rng():
        torch.manual_seed(torch.randint(2**31, (), generator=generator).item())
        return torch.distributions.Bernoulli(images).sample()
