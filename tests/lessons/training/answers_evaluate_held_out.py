"""Answers to the exercise `evaluate`, held out: they were written without a look at its check."""

import copy
import math

from vae_course import training
from vae_course.data import as_pixels
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms, elbo_terms, kl_divergence
from vae_course.reparameterization import reparameterize

import torch
from lessons.training.answers_evaluate import each, measure, measuring, noisy, pixels_first, wrong_all
from lessons.training.answers_evaluate_traces import ANSWERS
from torch import Generator
from torch.distributions import Normal
from torch.distributions.kl import kl_divergence as kl_between
from torch.nn import functional as F


def by_hand(terms):
    """`terms` is given x, mu, logvar, z and the logits."""

    def evaluate(model, images, binarization, seed):
        generator = Generator().manual_seed(seed)
        with measuring(model):
            x = pixels_first(images, binarization, generator)
            mu, logvar = model.encoder(x)
            z = reparameterize(mu, logvar, generator)
            return ElboTerms(*(term.mean() for term in terms(x, mu, logvar, z, model.decoder(z))))

    return evaluate


def squared_error(x, mu, logvar, z, logits):
    return (torch.sigmoid(logits) - x).square().sum((1, 2, 3)), kl_divergence(mu, logvar)


def kl_from_the_draw(x, mu, logvar, z, logits):
    log_q = Normal(mu, torch.exp(0.5 * logvar)).log_prob(z)
    return elbo_terms(x, logits, mu, logvar).reconstruction, (log_q - Normal(0.0, 1.0).log_prob(z)).sum(-1)


def kl_backwards(x, mu, logvar, z, logits):
    q = Normal(mu, torch.exp(0.5 * logvar))
    prior = Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return elbo_terms(x, logits, mu, logvar).reconstruction, kl_between(prior, q).sum(-1)


def trimmed(term):
    some = len(term) // 20
    return term.sort().values[some : len(term) - some].mean()


def moving_average(term):
    average = term[:64].mean()
    for part in term.split(64):
        average = 0.9 * average + 0.1 * part.mean()
    return average


wrong_all(
    {
        "squared error": (by_hand(squared_error), "reconstruction"),
        "the KL of the draw": (by_hand(kl_from_the_draw), "KL"),
        "the KL from the prior to q": (by_hand(kl_backwards), "KL"),
        "the KL of the variance": (by_hand(lambda x, mu, v, z, a: elbo_terms(x, a, mu, 2 * v)), "KL"),
        "the KL, clamped": (by_hand(lambda x, mu, v, z, a: elbo_terms(x, a, mu, v.clamp(min=-1))), "KL"),
        "clamped logits": (by_hand(lambda x, mu, v, z, a: elbo_terms(x, a.clamp(-5, 5), mu, v)), "reconstruction"),
        "probabilities for logits": (by_hand(lambda x, mu, v, z, a: elbo_terms(x, a.sigmoid(), mu, v)), "recon"),
        "a trimmed mean": (each(trimmed), "mean"),
        "a moving average": (each(moving_average), "mean"),
        "the log of a mean of exponentials": (each(lambda term: term.logsumexp(0) - math.log(len(term))), "mean"),
        "twice the noise": (noisy(lambda eps, _: 2 * eps), "not drawn from q"),
        "torch's first seed": (lambda m, i, b, s: training.evaluate(m, i, b, Generator().initial_seed()), "seed"),
        "the next seed": (lambda m, i, b, s: training.evaluate(m, i, b, s + 1), "seed"),
        "a text for a seed": (lambda m, i, b, s: training.evaluate(m, i, b, str(s)), "stopped"),
        "training digits": (
            lambda m, i, b, s: training.evaluate(m, load_digits().train_images[: len(i)], b, s),
            "pixels",
        ),
        "shifted images": (lambda m, i, b, s: training.evaluate(m, i.roll(1, 2), b, s), "pixels"),
        "a default dtype": (lambda *a: (torch.set_default_dtype(torch.float64), training.evaluate(*a))[1], "dtype"),
        "a model in double": (lambda model, *a: training.evaluate(model.double(), *a), "(stopped|changed)"),
        "nothing for grey": (lambda m, i, b, s: None if b == "grey" else training.evaluate(m, i, b, s), "nothing"),
        "a mode for grey": (
            lambda m, i, b, s: (training.evaluate(m, i, b, s), m.train(m.training and b != "grey"))[0],
            "left in evaluation mode",
        ),
        "no end": (lambda *a: (lambda f: f(f))(lambda f: f(f)), "Recursion"),
        "a copy, and training mode for the model": (
            lambda model, *a: (training.evaluate(copy.deepcopy(model), *a), model.train())[0],
            "left in training mode",
        ),
    }
)  # fmt: skip

ANSWERS.right("as_pixels")(measure(pixels=as_pixels))
ANSWERS.right("chunks")(measure(lambda t: ElboTerms(*(torch.einsum("n->", term) / len(term) for term in t)), split=37))
ANSWERS.right("numbers collected in lists")(each(lambda term: torch.tensor(term.tolist()).mean()))
ANSWERS.right("NumPy's mean")(each(lambda term: torch.tensor(term.numpy().mean())))
ANSWERS.right("a sum in double")(each(lambda term: term.sum(dtype=torch.float64) / term.shape[0]))
ANSWERS.right("normal_")(
    measure(draw=lambda mu, v, g: mu + v.exp().sqrt() * torch.empty_like(mu).normal_(generator=g)),
)
ANSWERS.right("noise in double")(
    measure(draw=lambda mu, v, g: mu + (v / 2).exp() * torch.randn(mu.shape, generator=g, dtype=torch.float64).float()),
)
ANSWERS.right("noise turned round")(
    measure(draw=lambda mu, v, g: mu + (v / 2).exp() * torch.randn(mu.T.shape, generator=g).T),
)
ANSWERS.right("softplus")(
    by_hand(lambda x, mu, v, z, a: ((F.softplus(a) - x * a).flatten(1).sum(1), kl_divergence(mu, v))),
)


@ANSWERS.right("encoded once more for the KL")
@torch.no_grad()
def _(model, images, binarization, seed):
    was, g = model.training, Generator().manual_seed(seed)
    model.eval()
    x = pixels_first(images, binarization, g)
    kl = kl_divergence(*model.encoder(x)).mean()
    reconstruction = model.elbo(x, g).reconstruction.mean()
    model.train(was)
    return ElboTerms(reconstruction, kl)


@ANSWERS.right("filled in where they belong, and sorted by brightness")
@torch.inference_mode()
def _(model, images, binarization, seed):
    was, g = model.training, Generator().manual_seed(seed)
    model.eval()
    x = pixels_first(images, binarization, g)
    reconstruction, kl = torch.empty(2, len(x))
    for some in x.sum((1, 2, 3)).argsort().chunk(4):
        reconstruction[some], kl[some] = model.elbo(x[some], g)
    model.train(was)
    return ElboTerms(reconstruction.mean(), kl.mean())


@ANSWERS.wrong("a generator for every batch", hint="same eps comes again")
def _(model, images, binarization, seed):
    x = pixels_first(images, binarization, Generator().manual_seed(seed))
    with measuring(model):
        terms = [model.elbo(part, Generator().manual_seed(seed)) for part in x.split(100)]
        return ElboTerms(*map(torch.cat, zip(*terms, strict=True))).mean()


@ANSWERS.wrong("a second generator, of a seed far from the first", hint="second generator")
def _(model, images, binarization, seed):
    x = pixels_first(images, binarization, Generator().manual_seed(seed))
    with measuring(model):
        return model.elbo(x, Generator().manual_seed(seed + 1000)).mean()


@ANSWERS.wrong("a second generator, of a seed drawn from the seed", hint="second generator")
def _(model, images, binarization, seed):
    x = pixels_first(images, binarization, Generator().manual_seed(seed))
    other = int(torch.randint(2**31, (), generator=Generator().manual_seed(seed)))
    with measuring(model):
        return model.elbo(x, Generator().manual_seed(other)).mean()


@ANSWERS.wrong("another seed for 0", hint="make one generator from the seed")
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed or 1234)
    x = pixels_first(images, binarization, generator)
    with measuring(model):
        return model.elbo(x, generator).mean()


@ANSWERS.wrong("divided by one less than the images", hint="not divided by the number of images")
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    x = pixels_first(images, binarization, generator)
    with measuring(model):
        return ElboTerms(*(term.sum() / max(len(x) - 1, 1) for term in model.elbo(x, generator)))
