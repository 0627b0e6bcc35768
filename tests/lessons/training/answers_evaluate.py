"""Answers to `evaluate` (lesson 06) whose numbers are wrong: the terms, the draws of z, the pixels."""

import math
from collections.abc import Callable
from contextlib import contextmanager

from vae_course.data import binarize, binarize_once, grey
from vae_course.elbo import ElboTerms, elbo_terms
from vae_course.reparameterization import reparameterize

import torch
from answers import Answers
from torch import Generator, Tensor
from torch.distributions import Normal

ANSWERS = Answers("evaluate")


@contextmanager
def measuring(model):
    """Evaluation mode and no gradients, with the mode put back."""
    was = model.training
    model.eval()
    with torch.no_grad():
        yield
    model.train(was)


def pixels_first(images, binarization, generator):
    return grey(binarize_once(images, binarization, generator))


def measure(
    finish: Callable = lambda terms: terms.mean(),
    draw: Callable = reparameterize,
    pixels: Callable = pixels_first,
    split: int = 1000,
):
    """A right answer, or one with a part changed; `finish` is handed the terms of each image."""

    def evaluate(model, images, binarization, seed):
        generator = Generator().manual_seed(seed)
        with measuring(model):
            batches = []
            for x in pixels(images, binarization, generator).split(split):
                mu, logvar = model.encoder(x)
                batches.append(elbo_terms(x, model.decoder(draw(mu, logvar, generator)), mu, logvar))
        return finish(ElboTerms(*(torch.cat(term) for term in zip(*batches, strict=True))))

    return evaluate


def means(reconstruction: Callable = lambda term: term, kl: Callable = lambda term: term):
    """A right answer with its two means changed."""
    return measure(lambda terms: ElboTerms(reconstruction(terms.mean().reconstruction), kl(terms.mean().kl)))


def each(change: Callable[[Tensor], object]):
    """A right answer with both terms of the images averaged in another way."""
    return measure(lambda terms: ElboTerms(*map(change, terms)))


WRONG_TERMS = {
    "ten times the KL": (means(kl=lambda kl: 10 * kl), "KL"),
    "no KL": (means(kl=lambda kl: 0 * kl), "KL"),
    "the KL below zero": (means(kl=lambda kl: -kl), "KL.*sign"),
    "the KL averaged over three dimensions": (means(kl=lambda kl: kl / 3), "KL"),
    "the KL averaged over its dimensions": (means(kl=lambda kl: kl / 8), "KL"),
    "the KL in bits": (means(kl=lambda kl: kl / math.log(2)), "KL.*bits"),
    "twice the KL": (means(kl=lambda kl: 2 * kl), "KL"),
    "half the KL": (means(kl=lambda kl: kl / 2), "KL"),
    "a KL of at most 10": (means(kl=lambda kl: kl.clamp(max=10)), "KL"),
    "one nat more of KL": (means(kl=lambda kl: kl + 1), "KL"),
    "the log-likelihood for the reconstruction": (means(lambda term: -term), "reconstruction.*sign"),
    "minus both": (means(lambda term: -term, lambda kl: -kl), "sign"),
    "the reconstruction of a pixel": (means(lambda term: term / 784), "reconstruction.*pixel"),
    "the reconstruction in bits": (means(lambda term: term / math.log(2)), "reconstruction.*bits"),
    "the reconstruction of at most 100": (means(lambda term: term.clamp(max=100)), "reconstruction"),
    "exchanged": (measure(lambda terms: ElboTerms(terms.kl.mean(), terms.reconstruction.mean())), "changed places"),
    "the sum in the place of the reconstruction": (
        measure(lambda terms: ElboTerms(terms.mean().negative_elbo, terms.mean().kl)),
        "reconstruction.*(KL|sum)",
    ),
    "summed over the images": (each(torch.sum), "(average|mean)"),
    "the median": (each(torch.median), "mean"),
    "the largest": (each(torch.max), "mean"),
    "the spread": (each(torch.std), "mean"),
    "the first image": (each(lambda term: term[0]), "mean"),
    "the last batch": (each(lambda term: term[1000:].mean() if len(term) > 1000 else term.mean()), "mean"),
    "divided by one image less": (each(lambda term: term.sum() / max(len(term) - 1, 1)), "mean"),
    "divided by a thousand": (each(lambda term: term.sum() / 1000), "mean"),
    "blank images left out": (each(lambda term: term[:1000].mean()), "mean"),
    "one entry per image": (measure(lambda terms: terms), r"shape \[\]"),
    "a mean of shape [1]": (each(lambda term: term.mean(0, keepdim=True)), r"shape \[\]"),
    "one total": (measure(lambda terms: terms.mean().negative_elbo), "ElboTerms"),
    "a tuple": (measure(lambda terms: tuple(terms.mean())), "ElboTerms"),
    "a list": (measure(lambda terms: list(terms.mean())), "ElboTerms"),
    "a dictionary": (measure(lambda terms: terms.mean()._asdict()), "ElboTerms"),
    "a text": (measure(lambda terms: f"{terms.mean().negative_elbo:.1f}"), "ElboTerms"),
    "the class": (measure(lambda terms: ElboTerms), "ElboTerms"),
    "Python numbers": (each(lambda term: term.mean().item()), r"\.item\(\)"),
    "NumPy's numbers": (each(lambda term: term.mean().numpy()), "tensor"),
    "half precision": (each(lambda term: term.half().mean()), "(rounded|float16|mean)"),
    "bfloat16": (each(lambda term: term.mean().bfloat16()), "(rounded|bfloat16|mean)"),
    "rounded": (each(lambda term: term.mean().round()), "(rounded|mean)"),
    "rounded to one digit": (each(lambda term: term.mean().round(decimals=1)), "(rounded|mean)"),
    "whole numbers": (each(lambda term: term.mean().long()), "(rounded|int64|mean)"),
    "complex": (each(lambda term: term.mean().to(torch.complex64)), "complex"),
    "not a number": (each(lambda term: term.mean() * math.nan), "(NaN|finite)"),
    "gradients switched on afterwards": (each(lambda term: term.mean().requires_grad_()), "(graph|requires_grad)"),
}


def wrong_all(table):
    for title, (answer, hint) in table.items():
        ANSWERS.wrong(title, hint=hint)(answer)


wrong_all(WRONG_TERMS)


def mean_of_means(size):
    def finish(terms):
        return ElboTerms(*(torch.stack([part.mean() for part in term.split(size)]).mean() for term in terms))

    return measure(finish, split=size)


SIZES = (1000, 512, 256, 128, 100, 64, 50, 32, 2)
wrong_all({f"the mean of the means of {size}": (mean_of_means(size), "mean") for size in SIZES})


def noisy(noise: Callable[[Tensor, Generator], Tensor], scale: Callable = lambda logvar: torch.exp(0.5 * logvar)):
    """A draw with other noise, or another sigma."""
    return measure(draw=lambda mu, logvar, g: mu + scale(logvar) * noise(torch.randn(mu.shape, generator=g), g))


def sigma(scale: Callable[[Tensor], Tensor]):
    return noisy(lambda eps, _: eps, scale)


NOT_Q = "not drawn from q"
wrong_all(
    {
        "z is mu": (measure(draw=lambda mu, logvar, g: mu), "z is mu"),
        "z is mu, and the noise is drawn for nothing": (noisy(lambda eps, _: 0 * eps), "z is mu"),
        "the variance for sigma": (sigma(torch.exp), NOT_Q),
        "sigma is 1": (sigma(lambda logvar: 1), NOT_Q),
        "sigma is the log-variance": (sigma(lambda logvar: logvar), NOT_Q),
        "sigma is the root of sigma": (sigma(lambda logvar: torch.exp(0.25 * logvar)), NOT_Q),
        "sigma is turned over": (sigma(lambda logvar: torch.exp(-0.5 * logvar)), NOT_Q),
        "one sigma for all": (sigma(lambda logvar: torch.exp(0.5 * logvar.mean())), NOT_Q),
        "the first image's sigma": (sigma(lambda logvar: torch.exp(0.5 * logvar[0])), NOT_Q),
        "one sigma for an image's dimensions": (sigma(lambda logvar: torch.exp(0.5 * logvar[:, :1])), NOT_Q),
        "a clamped log-variance": (sigma(lambda logvar: torch.exp(0.5 * logvar.clamp(-2, 2))), NOT_Q),
        "from the prior": (measure(draw=lambda mu, _, g: torch.randn(mu.shape, generator=g)), NOT_Q),
        "mu forgotten": (measure(draw=lambda mu, v, g: reparameterize(torch.zeros_like(mu), v, g)), NOT_Q),
        "another image's mu": (measure(draw=lambda mu, v, g: reparameterize(mu.roll(1, 0), v, g)), NOT_Q),
        "sigma times everything": (
            measure(draw=lambda mu, v, g: torch.exp(0.5 * v) * (mu + torch.randn(mu.shape, generator=g))),
            NOT_Q,
        ),
        "half the noise": (noisy(lambda eps, _: 0.5 * eps), NOT_Q),
        "nine tenths of the noise": (noisy(lambda eps, _: 0.9 * eps), NOT_Q),
        "hardly any noise": (noisy(lambda eps, _: 0.01 * eps), NOT_Q),
        "positive noise": (noisy(lambda eps, _: eps.abs()), NOT_Q),
        "shifted noise": (noisy(lambda eps, _: eps + 0.1), NOT_Q),
        "signs for noise": (noisy(lambda eps, _: eps.sign()), NOT_Q),
        "uniform noise": (noisy(lambda eps, g: torch.rand(eps.shape, generator=g)), NOT_Q),
        "uniform noise of variance 1": (
            noisy(lambda eps, g: 12**0.5 * (torch.rand(eps.shape, generator=g) - 0.5)),
            NOT_Q,
        ),
        "clamped noise": (noisy(lambda eps, _: eps.clamp(-2, 2)), NOT_Q),
        "noise clamped far out": (noisy(lambda eps, _: eps.clamp(-3, 3)), NOT_Q),
        "one eps for all images": (noisy(lambda eps, _: eps[:1].expand_as(eps)), "(same|one) eps"),
        "one eps for all dimensions": (noisy(lambda eps, _: eps[:, :1].expand_as(eps)), "(same|one) eps"),
        "eps standardised over the batch": (
            noisy(lambda eps, _: (eps - eps.mean(0)) / eps.std(0, correction=0)),
            NOT_Q,
        ),
        "torch's own noise": (noisy(lambda eps, _: torch.randn_like(eps)), "same seed"),
        "Normal(…).sample()": (
            measure(draw=lambda mu, logvar, g: Normal(mu, torch.exp(0.5 * logvar)).sample()),
            "same seed",
        ),
        "a generator that starts anywhere": (
            measure(draw=lambda mu, v, g: (g.seed(), reparameterize(mu, v, g))[1]),
            "same seed",
        ),
        "noise of seed 0": (
            measure(draw=lambda mu, v, g: reparameterize(mu, v, Generator().manual_seed(0))),
            "(one generator|seed)",
        ),
        "the generator re-seeded between pixels and z": (
            measure(draw=lambda mu, v, g: reparameterize(mu, v, g.manual_seed(g.initial_seed()))),
            "one generator",
        ),
        "another generator with the next seed": (
            measure(draw=lambda mu, v, g: reparameterize(mu, v, Generator().manual_seed(g.initial_seed() + 1))),
            "one generator",
        ),
    }
)


def always(binarization):
    return measure(pixels=lambda images, _, g: pixels_first(images, binarization, g))


def changed(change: Callable[[Tensor], Tensor]):
    return measure(pixels=lambda images, binarization, g: change(pixels_first(images, binarization, g)))


def read_as(asked, read):
    """A binarization mistaken for another."""
    return measure(pixels=lambda images, b, g: pixels_first(images, read if b == asked else b, g))


def unseeded(images, binarization, generator):
    noise = Generator()
    noise.seed()
    return pixels_first(images, binarization, noise)


def noise_first(images, binarization, generator):
    torch.randn(len(images), 8, generator=generator)
    return pixels_first(images, binarization, generator)


wrong_all({f"always {name}": (always(name), "pixels") for name in ("dynamic", "static", "threshold", "grey")})
wrong_all(
    {
        "static read as a threshold": (read_as("static", "threshold"), 'pixels of "static"'),
        "dynamic read as grey": (read_as("dynamic", "grey"), 'pixels of "dynamic"'),
        "grey read as a threshold": (read_as("grey", "threshold"), 'pixels of "grey"'),
        "threshold read as static": (read_as("threshold", "static"), 'pixels of "threshold"'),
        "dynamic refused": (read_as("dynamic", "anew"), "(stopped|anew)"),
        "unseeded pixels": (measure(pixels=unseeded), "same seed"),
        "torch's own noise for the pixels": (
            measure(pixels=lambda images, b, g: pixels_first(images, b, torch.default_generator)),
            "(same seed|global)",
        ),
        "a fixed seed for the pixels": (
            measure(pixels=lambda images, b, g: pixels_first(images, b, Generator().manual_seed(0))),
            "(seed|generator)",
        ),
        "z's noise before the pixels": (measure(pixels=noise_first), "first"),
        "every pixel drawn": (measure(pixels=lambda images, _, g: binarize(grey(images), g)), "pixels"),
        "drawn twice": (
            measure(pixels=lambda images, b, g: (binarize_once(images, b, g), pixels_first(images, b, g))[1]),
            "(first|pixels)",
        ),
        "black for white": (changed(lambda x: 1 - x), "pixels"),
        "cut at one half": (changed(lambda x: (x > 0.5).float()), 'pixels of "grey"'),
        "cut at zero": (measure(pixels=lambda images, b, g: (grey(images) > 0).float()), "pixels"),
        "divided by 256": (changed(lambda x: x * 255 / 256), "pixels"),
        "rows and columns exchanged": (changed(lambda x: x.mT), "pixels"),
        "blurred a little": (changed(lambda x: x.clamp(0.01, 0.99)), "pixels"),
        "bytes for a model's input": (measure(pixels=lambda i, b, g: binarize_once(i, b, g).unsqueeze(1)), "stopped"),
        "not divided by 255": (measure(pixels=lambda i, b, g: binarize_once(i, b, g)[:, None].float()), "stopped"),
        "the first thousand": (changed(lambda x: x[:1000]), "the model saw 1,000"),
        "no incomplete batch": (changed(lambda x: x[: len(x) // 100 * 100]), "the model saw"),
        "without the last image": (changed(lambda x: x[:-1]), "the model saw"),
        "one image twice": (changed(lambda x: torch.cat([x, x[:1]])), "the model saw"),
        "an image in another's place": (changed(lambda x: torch.cat([x[:1], x[:-1]])), "others never"),
    }
)
