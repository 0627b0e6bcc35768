"""Answers to lesson 01's exercise, right and wrong, as learners write them."""

import functools
import random

import numpy as np
import torch
from answers import Answers

ANSWERS = Answers("binarize")
OWN = torch.Generator().manual_seed(3)
CACHE = {}


def uniform(images, generator, shape=None):
    return torch.rand(images.shape if shape is None else shape, generator=generator)


@ANSWERS.right("torch.bernoulli")
def _(images, generator):
    return torch.bernoulli(images, generator=generator)


@ANSWERS.right("uniform numbers below the grey")
def _(images, generator):
    return (torch.rand(images.shape, generator=generator) < images).float()


@ANSWERS.right("uniform numbers, at most the grey")
def _(images, generator):
    return (torch.rand(images.shape, generator=generator) <= images).to(images.dtype)


@ANSWERS.right("the grey above uniform numbers made in place")
def _(images, generator):
    return images.gt(torch.empty_like(images).uniform_(generator=generator)).float()


@ANSWERS.right("torch.where")
def _(images, generator):
    u = torch.rand(images.shape, generator=generator)
    return torch.where(u < images, torch.ones_like(images), torch.zeros_like(images))


@ANSWERS.right("torch.where with numbers")
def _(images, generator):
    return torch.where(torch.rand(*images.shape, generator=generator) < images, 1.0, 0.0)


@ANSWERS.right("ceil of a difference")
def _(images, generator):
    return (images - torch.rand(images.shape, generator=generator)).ceil().abs()


@ANSWERS.right("rounding with noise")
def _(images, generator):
    return (images + torch.rand(images.shape, generator=generator) - 0.5).round().abs()


@ANSWERS.right("floor of grey plus noise")
def _(images, generator):
    return torch.floor(images + torch.rand(images.shape, generator=generator))


@ANSWERS.right("one minus: dark with probability 1 - grey")
def _(images, generator):
    return 1 - torch.bernoulli(1 - images, generator=generator)


@ANSWERS.right("on a clone, in place")
def _(images, generator):
    return images.clone().bernoulli_(images, generator=generator)


@ANSWERS.right("an output tensor made first")
def _(images, generator):
    out = torch.zeros_like(images)
    out[torch.rand(images.shape, generator=generator) < images] = 1
    return out


@ANSWERS.right("image by image")
def _(images, generator):
    return torch.stack([torch.bernoulli(image, generator=generator) for image in images])


@ANSWERS.right("flattened and back again")
def _(images, generator):
    flat = images.reshape(-1)
    return torch.bernoulli(flat, generator=generator).reshape(images.shape)


@ANSWERS.right("double precision inside")
def _(images, generator):
    u = torch.rand(images.shape, generator=generator, dtype=torch.float64)
    return (u < images.double()).float()


@ANSWERS.right("a sign")
def _(images, generator):
    return torch.heaviside(images - torch.rand(images.shape, generator=generator), torch.tensor(0.0))


@ANSWERS.right("a default argument, types and a helper function")
def _(images: torch.Tensor, generator: torch.Generator | None = None, scale: float = 1.0) -> torch.Tensor:
    def chance(shape):
        return torch.rand(shape, generator=generator) * scale

    return (chance(images.shape) < images).type(torch.float32)


@ANSWERS.right("any arguments")
def _(*args):
    images, generator = args
    return torch.bernoulli(images, generator=generator)


@ANSWERS.right("Gaussian noise and its quantile")
def _(images, generator):
    cdf = torch.special.ndtr(torch.randn(images.shape, generator=generator))
    return (cdf < images).float()


@ANSWERS.right("torch.no_grad as a decorator")
@torch.no_grad()
def _(images, generator):
    return torch.bernoulli(images, generator=generator)


@ANSWERS.right("torch.multinomial")
def _(images, generator):
    p = torch.stack([1 - images, images], dim=-1).reshape(-1, 2)
    return torch.multinomial(p, 1, generator=generator).reshape(images.shape).float()


@ANSWERS.right("bytes of 256 levels would be coarse; these are 2^24")
def _(images, generator):
    u = torch.randint(0, 2**24, images.shape, generator=generator) / 2**24
    return (u < images).float()


@ANSWERS.right("pixel by pixel")
def _(images, generator):
    out = torch.empty_like(images).flatten()
    for i, p in enumerate(images.flatten()):
        out[i] = 1.0 if torch.rand((), generator=generator) < p else 0.0
    return out.reshape(images.shape)


class Binarizer:
    def __call__(self, images, generator):
        return torch.bernoulli(images, generator=generator)

    @staticmethod
    def static(images, generator):
        return torch.bernoulli(images, generator=generator)


def scaled(scale, images, generator):
    return torch.bernoulli(scale * images, generator=generator)


ANSWERS.right("a callable object")(Binarizer())
ANSWERS.right("a static method")(Binarizer.static)
ANSWERS.right("a partial function")(functools.partial(scaled, 1.0))
ANSWERS.right("a lambda")(lambda images, generator: torch.bernoulli(images, generator=generator))
ANSWERS.right("torch.bernoulli itself, through a lambda with keywords")(
    lambda images, generator: torch.bernoulli(input=images, generator=generator)
)

# Decided without a draw.
for title, decide in {
    "a threshold at one half": lambda x: (x >= 0.5).float(),
    "a threshold, above": lambda x: (x > 0.5).float(),
    "a threshold at 0.3": lambda x: (x > 0.3).float(),
    "round": lambda x: x.round(),
    "any ink": lambda x: (x > 0).float(),
    "ceil": lambda x: x.ceil(),
    "a threshold at the mean of the batch": lambda x: (x > x.mean()).float(),
    "a threshold in numpy": lambda x: torch.from_numpy((x.numpy() > 0.5).astype("float32")),
    "bernoulli forgotten, long": lambda x: (x > 0.5).long().float(),
}.items():
    ANSWERS.wrong(title, hint="threshold")(lambda images, generator, decide=decide: decide(images))

ANSWERS.wrong("floor", hint="threshold")(lambda x, g: x.floor())
ANSWERS.wrong("a threshold of each image's mean", hint="threshold")(
    lambda x, g: (x > x.flatten(1).mean(1).reshape(-1, *[1] * (x.ndim - 1))).float()
)

# One random number decides for many pixels.
ANSWERS.wrong("one number for all", hint=r"one random number|share")(lambda x, g: (uniform(x, g, ()) < x).float())
ANSWERS.wrong("one number as a Python float", hint=r"one random number|share")(
    lambda x, g: (x > torch.rand(1, generator=g).item()).float()
)
ANSWERS.wrong("one image's noise for the batch", hint="(?i)images.*share|every image")(
    lambda x, g: (uniform(x, g, x.shape[1:]) < x).float()
)
ANSWERS.wrong("noise of the first image", hint="(?i)images.*share|every image")(
    lambda x, g: (uniform(x[:1], g) < x).float()
)
ANSWERS.wrong("noise of half of the batch, twice", hint="(?i)images.*share|every image")(
    lambda x, g: (uniform(x[: (len(x) + 1) // 2], g).repeat(2, *[1] * (x.ndim - 1))[: len(x)] < x).float()
)
ANSWERS.wrong("the noise of the last image is mirrored", hint="(?i)images.*share|every image")(
    lambda x, g: (lambda u: (torch.cat([u, 1 - u])[: len(x)] < x).float())(uniform(x[: (len(x) + 1) // 2], g))
)
ANSWERS.wrong("one number for an image", hint="(?i)pixel.*share|every pixel")(
    lambda x, g: (uniform(x, g, (len(x), *[1] * (x.ndim - 1))) < x).float()
)
ANSWERS.wrong("one number for a row", hint="(?i)pixel.*share|every pixel")(
    lambda x, g: (uniform(x, g, (*x.shape[:-1], 1)) < x).float()
)
ANSWERS.wrong("one number for a column", hint="(?i)pixel.*share|every pixel")(
    lambda x, g: (uniform(x, g, (*x.shape[:-2], 1, x.shape[-1])) < x).float()
)
ANSWERS.wrong("noise in blocks of two rows", hint="(?i)pixel.*share|every pixel")(
    lambda x, g: (uniform(x, g, (*x.shape[:-2], (x.shape[-2] + 1) // 2, x.shape[-1]))
    .repeat_interleave(2, -2)[..., : x.shape[-2], :] < x).float()
)  # fmt: skip


# The seed.
@ANSWERS.wrong("the generator is ignored", hint="same seed")
def _(images, generator):
    return torch.bernoulli(images)


@ANSWERS.wrong("rand_like", hint="same seed")
def _(images, generator):
    return (torch.rand_like(images) < images).float()


@ANSWERS.wrong("torch.distributions", hint="same seed")
def _(images, generator):
    return torch.distributions.Bernoulli(images).sample()


@ANSWERS.wrong("numpy's noise", hint="same seed")
def _(images, generator):
    return torch.from_numpy((np.random.rand(*images.shape) < images.numpy()).astype(np.float32))  # noqa: NPY002


@ANSWERS.wrong("numpy's newer noise, unseeded", hint="same seed")
def _(images, generator):
    return torch.from_numpy(np.random.default_rng().binomial(1, images.numpy()).astype(np.float32))


@ANSWERS.wrong("Python's own random numbers", hint="same seed")
def _(images, generator):
    flat = [float(random.random() < p) for p in images.flatten().tolist()]
    return torch.tensor(flat).reshape(images.shape)


@ANSWERS.wrong("a generator of the module, kept between calls", hint="same seed")
def _(images, generator):
    return torch.bernoulli(images, generator=OWN)


@ANSWERS.wrong("the given generator reseeded", hint="(?i)in a row|seed")
def _(images, generator):
    return torch.bernoulli(images, generator=generator.manual_seed(0))


@ANSWERS.wrong("the given generator set back to its first seed", hint="(?i)in a row|seed")
def _(images, generator):
    generator.manual_seed(generator.initial_seed())
    return torch.bernoulli(images, generator=generator)


@ANSWERS.wrong("the generator's state put back afterwards", hint="(?i)in a row|seed")
def _(images, generator):
    state = generator.get_state()
    drawn = torch.bernoulli(images, generator=generator)
    generator.set_state(state)
    return drawn


@ANSWERS.wrong("a copy of the generator", hint="(?i)in a row|seed|copy")
def _(images, generator):
    return torch.bernoulli(images, generator=generator.clone_state())


@ANSWERS.wrong("a new generator of the same first seed", hint="(?i)in a row|seed")
def _(images, generator):
    return torch.bernoulli(images, generator=torch.Generator().manual_seed(generator.initial_seed()))


@ANSWERS.wrong("an own generator, seeded", hint="(?i)in a row|seed")
def _(images, generator):
    return torch.bernoulli(images, generator=torch.Generator().manual_seed(0))


@ANSWERS.wrong("an own generator, default seed", hint="(?i)in a row|seed")
def _(images, generator):
    generator = torch.Generator()
    return torch.bernoulli(images, generator=generator)


@ANSWERS.wrong("torch seeded inside", hint="(?i)in a row|seed")
def _(images, generator):
    torch.manual_seed(0)
    return torch.bernoulli(images)


@ANSWERS.wrong("torch seeded inside, and the generator used", hint="(?i)seed")
def _(images, generator):
    torch.manual_seed(0)
    return torch.bernoulli(images, generator=generator)


@ANSWERS.wrong("the generator reseeded at random", hint="(?i)seed")
def _(images, generator):
    generator.seed()
    return torch.bernoulli(images, generator=generator)


@ANSWERS.wrong("kept from the first call", hint="(?i)in a row|seed|kept")
def _(images, generator):
    key = tuple(images.shape)
    if key not in CACHE:
        CACHE[key] = torch.rand(images.shape, generator=generator)
    return (CACHE[key] < images).float()
