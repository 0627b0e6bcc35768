"""Answers to `evaluate` (lesson 06) that leave traces, or have another form; and the right ones."""

import copy
import functools
from typing import Any

from vae_course import training
from vae_course.data import binarize, binarize_once, grey
from vae_course.decoder import log_likelihood
from vae_course.elbo import ElboTerms, elbo_terms, kl_divergence
from vae_course.reparameterization import reparameterize

import torch
from lessons.training.answers_evaluate import ANSWERS, measure, measuring, pixels_first
from torch import Generator, Tensor
from torch.distributions import Normal, kl
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


def terms_of(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    return model.elbo(pixels_first(images, binarization, generator), generator).mean()


def with_modes(before: str, after: str):
    """An answer that does this to the model's mode."""

    @torch.no_grad()
    def evaluate(model, *arguments):
        was = model.training
        exec(before, {"model": model, "was": was})
        terms = terms_of(model, *arguments)
        exec(after, {"model": model, "was": was})
        return terms

    return evaluate


for title, before, after, hint in (
    ("no eval()", "", "", "measured in training mode"),
    ("train() for the measurement", "model.train()", "model.train(was)", "measured in training mode"),
    ("the mode of the top alone", "model.training = False", "model.train(was)", "measured in training mode"),
    ("the encoder alone in evaluation mode", "model.encoder.eval()", "model.train(was)", "measured in training mode"),
    ("the decoder alone in evaluation mode", "model.decoder.eval()", "model.train(was)", "measured in training mode"),
    ("eval() after the terms", "", "model.eval(); model.train(was)", "measured in training mode"),
    ("the mode is lost", "model.eval()", "", "left in evaluation mode"),
    ("always in training mode afterwards", "model.eval()", "model.train()", "left in training mode"),
    ("the mode turned round", "model.eval()", "model.train(not was)", "left in"),
    ("the mode put back at the top alone", "model.eval()", "model.training = was", "left"),
    ("the mode put back in the encoder alone", "model.eval()", "model.encoder.train(was)", "left"),
    ("the mode remembered too late", "model.eval(); was = model.training", "model.train(False)", "left in evaluation"),
):
    ANSWERS.wrong(title, hint=hint)(with_modes(before, after))


def in_modes(measure_it):
    """With evaluation mode, and no `no_grad`."""

    def evaluate(model, *arguments):
        was = model.training
        model.eval()
        terms = measure_it(model, *arguments)
        model.train(was)
        return terms

    return evaluate


def detached(terms):
    return ElboTerms(*(term.detach() for term in terms))


@ANSWERS.wrong("gradients left in .grad", hint="gradients")
@in_modes
def _(model, *arguments):
    terms = terms_of(model, *arguments)
    terms.negative_elbo.backward()
    return detached(terms)


ANSWERS.wrong("the graph kept", hint="(graph|gradient)")(in_modes(terms_of))
ANSWERS.wrong("no gradients asked for, but the graph built", hint="gradient")(
    in_modes(lambda *arguments: detached(terms_of(*arguments)))
)
ANSWERS.wrong("as Python numbers, with the graph built", hint="gradient")(
    in_modes(lambda *arguments: ElboTerms(*(term.data for term in terms_of(*arguments))))
)


@ANSWERS.wrong("gradients switched off for good", hint="(gradient|grad)")
def _(model, *arguments):
    torch.set_grad_enabled(False)
    return in_modes(terms_of)(model, *arguments)


@ANSWERS.wrong("the parameters frozen for good", hint="requires_grad")
def _(model, *arguments):
    model.requires_grad_(False)
    return in_modes(terms_of)(model, *arguments)


@ANSWERS.wrong("an epoch of training first", hint="trains on the test images")
def _(model, images, binarization, seed):
    for _ in training.fit(model, images, training.TrainConfig(epochs=1, binarization=binarization, seed=seed)):
        pass
    return training.evaluate(model, images, binarization, seed)


@ANSWERS.wrong("a step on the test images", hint="trains on the test images")
@in_modes
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    x = pixels_first(images, binarization, generator)
    return training.training_step(model, x, 1.0, torch.optim.Adam(model.parameters()), generator)


@ANSWERS.wrong("the weights rounded", hint="parameters changed")
def _(model, *arguments):
    with measuring(model):
        for p in model.parameters():
            p.copy_(p.half().float())
        return terms_of(model, *arguments)


@ANSWERS.wrong("the images binarised in place", hint="overwrote")
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    with measuring(model):
        images.copy_(binarize_once(images, binarization, generator))
        return model.elbo(grey(images), generator).mean()


@ANSWERS.wrong("torch seeded", hint="(global|torch.manual_seed|whole program)")
def _(model, images, binarization, seed):
    torch.manual_seed(seed)
    with measuring(model):
        return model.elbo(pixels_first(images, binarization, torch.default_generator)).mean()


@ANSWERS.wrong("torch seeded beside a generator", hint="(global|torch.manual_seed|whole program)")
def _(model, *arguments):
    torch.manual_seed(arguments[-1])
    with measuring(model):
        return terms_of(model, *arguments)


@ANSWERS.wrong("z without the generator", hint="(same seed|global)")
def _(model, images, binarization, seed):
    with measuring(model):
        return model.elbo(pixels_first(images, binarization, Generator().manual_seed(seed))).mean()


@ANSWERS.wrong("the seed ignored", hint="seed")
def _(model, images, binarization, seed):
    with measuring(model):
        return terms_of(model, images, binarization, 0)


@ANSWERS.wrong("the course's own seed", hint="seed")
def _(model, images, binarization, seed):
    return training.evaluate(model, images, binarization)


@ANSWERS.wrong("a remembered result", hint="saw no image")
@functools.lru_cache
def _(model, images, binarization, seed):
    return training.evaluate(model, images, binarization, seed)


REMEMBERED = {}


@ANSWERS.wrong("a result remembered by its seed", hint="saw no image")
def _(model, images, binarization, seed):
    if seed not in REMEMBERED:
        REMEMBERED[seed] = training.evaluate(model, images, binarization, seed)
    return REMEMBERED[seed]


@ANSWERS.wrong("numbers made up", hint="saw no image")
def _(model, images, binarization, seed):
    return ElboTerms(torch.tensor(91.0), torch.tensor(24.0))


@ANSWERS.wrong("the mean of two draws", hint="(once|one draw)")
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    with measuring(model):
        x = pixels_first(images, binarization, generator)
        draws = [model.elbo(x, generator).mean() for _ in range(2)]
    return ElboTerms(*(torch.stack(term).mean() for term in zip(*draws, strict=True)))


@ANSWERS.wrong("a batch as large as the images, for each image", hint="one draw")
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    with measuring(model):
        x = pixels_first(images, binarization, generator)
        return [model.elbo(x, generator).mean() for _ in range(3)][-1]


@ANSWERS.wrong("only as many as fit a batch of 100", hint="the model saw")
def _(model, images, binarization, seed):
    with measuring(model):
        return terms_of(model, images[:100], binarization, seed)


@ANSWERS.wrong("the first batch returned from within the loop", hint="the model saw")
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    with measuring(model):
        for x in pixels_first(images, binarization, generator).split(100):
            return model.elbo(x, generator).mean()


@ANSWERS.wrong("the last batch's mean", hint="mean")
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    with measuring(model):
        for x in pixels_first(images, binarization, generator).split(100):
            terms = model.elbo(x, generator).mean()
    return terms


@ANSWERS.wrong("a generator function", hint="generator")
def _(model, *arguments):
    yield training.evaluate(model, *arguments)


@ANSWERS.wrong("its own error", hint="no idea")
def _(model, images, binarization, seed):
    raise NotImplementedError("no idea")


@ANSWERS.wrong("an error inside torch", hint="stopped")
def _(model, images, binarization, seed):
    return model.elbo(torch.stack([grey(images), images]), Generator().manual_seed(seed)).mean()


@ANSWERS.wrong("a seed of another kind", hint="stopped")
def _(model, images, binarization, seed):
    return model.elbo(pixels_first(images, binarization, seed), seed).mean()


@ANSWERS.wrong("SystemExit", hint="SystemExit")
def _(model, images, binarization, seed):
    raise SystemExit(1)


ANSWERS.wrong("a total made up", hint="float")(lambda *_: 112.0)
ANSWERS.wrong("a result instead of the function", hint="function")(ElboTerms(torch.tensor(91.0), torch.tensor(24.0)))
ANSWERS.wrong("a number instead of the function", hint="function")(112.0)

# Right ones.
ANSWERS.right("the course's")(training.evaluate)
ANSWERS.right("the halves by hand")(measure())
ANSWERS.right("no mean over batches")(measure(split=128))
ANSWERS.right("batches of 7")(measure(split=7))
ANSWERS.right("summed, then divided")(measure(lambda terms: ElboTerms(*(term.sum() / len(term) for term in terms))))
ANSWERS.right("averaged in double")(measure(lambda terms: ElboTerms(*(term.double().mean() for term in terms))))
ANSWERS.right("torch.normal")(
    measure(draw=lambda mu, logvar, g: torch.normal(mu, torch.exp(0.5 * logvar), generator=g))
)
ANSWERS.right("a partial")(functools.partial(training.evaluate, labels=None))
ANSWERS.right("the mode put back, always")(with_modes("model.eval()", "model.train(mode=was)"))
ANSWERS.right("train(False)")(with_modes("model.train(False)", "model.train() if was else model.eval()"))
ANSWERS.right("the halves' modes")(
    with_modes("model.encoder.eval(); model.decoder.eval()", "model.encoder.train(was); model.decoder.train(was)")
)


@ANSWERS.right("batches from the end")
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    with measuring(model):
        x = pixels_first(images, binarization, generator)
        terms = [model.elbo(batch, generator) for batch in reversed(x.split(100))]
    return ElboTerms(*map(torch.cat, zip(*terms, strict=True))).mean()


@ANSWERS.right("image by image, in a running sum")
def _(model, images, binarization, seed, *, verbose=False):
    generator = Generator().manual_seed(seed)
    reconstruction, divergence = torch.zeros(()), torch.zeros(())
    with measuring(model):
        for image in pixels_first(images, binarization, generator):
            terms = model.elbo(image[None], generator)
            reconstruction += terms.reconstruction.sum()
            divergence += terms.kl.sum()
    return ElboTerms(reconstruction / len(images), divergence / len(images))


@ANSWERS.right("batches weighed by their size")
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    with measuring(model):
        x = pixels_first(images, binarization, generator)
        parts = [(len(b) / len(x), model.elbo(b, generator).mean()) for b in x.chunk(6)]
    return ElboTerms(sum(w * t.reconstruction for w, t in parts), sum(w * t.kl for w, t in parts))


@ANSWERS.wrong("pixels drawn batch by batch", hint="first draw the pixels of all")
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    with measuring(model):
        terms = [model.elbo(pixels_first(batch, binarization, generator), generator) for batch in images.split(200)]
    return ElboTerms(*map(torch.cat, zip(*terms, strict=True))).mean()


@ANSWERS.right("a deep copy of the model")
@torch.inference_mode()
def _(model, *arguments):
    return terms_of(copy.deepcopy(model).eval(), *arguments)


@ANSWERS.right("forward, keywords and torch.distributions")
def _(model, images, binarization, seed):
    generator = torch.Generator(device="cpu")
    generator.manual_seed(seed)
    with measuring(model):
        x = grey(images=binarize_once(images=images, binarization=binarization, generator=generator))
        mu, logvar = model.encoder.forward(x=x)
        q = Normal(mu, torch.exp(0.5 * logvar))
        logits = model.decoder(z=reparameterize(mu=mu, logvar=logvar, generator=generator))
        divergence = kl.kl_divergence(q, Normal(0.0, 1.0)).sum(dim=-1)
        cost = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
    return ElboTerms(reconstruction=cost.mean(), kl=divergence.mean())


@ANSWERS.right("all noise at once, decoded in parts")
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    with measuring(model):
        x = pixels_first(images, binarization, g)
        mu, logvar = map(torch.cat, zip(*map(model.encoder, x.split(300)), strict=True))
        z = mu + logvar.mul(0.5).exp() * torch.randn(len(x), mu.shape[1], generator=g)
        logits = torch.cat([model.decoder.forward(codes) for codes in z.split(77)])
        return ElboTerms(-log_likelihood(logits, x).mean(), kl_divergence(mu, logvar).mean())


@ANSWERS.right("in another order, drawn by the generator")
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    with measuring(model):
        x = pixels_first(images, binarization, g)
        terms = [model.elbo(x[some], g) for some in torch.randperm(len(x), generator=g).split(64)]
    return ElboTerms(*(torch.cat(term).mean() for term in zip(*terms, strict=True)))


@ANSWERS.right("a DataLoader")
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    collected = []
    with measuring(model):
        for (x,) in DataLoader(TensorDataset(pixels_first(images, binarization, g)), 256, generator=Generator()):
            mu, logvar = model.encoder(x)
            collected.append(elbo_terms(x, model.decoder(reparameterize(mu, logvar, g)), mu, logvar))
    return ElboTerms(torch.cat([t[0] for t in collected]).mean(), torch.cat([t[1] for t in collected]).mean())


@ANSWERS.right("each binarisation by hand")
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    x = images[:, None] / 255
    if binarization == "threshold":
        x = (x > 0.5).float()
    elif binarization != "grey":
        x = binarize(x, g)
    with measuring(model):
        return model.elbo(x, g).mean()


@ANSWERS.right("frozen while it is measured")
def _(model, *arguments):
    was, flags = model.training, [p.requires_grad for p in model.parameters()]
    model.eval().requires_grad_(False)
    try:
        return terms_of(model, *arguments)
    finally:
        model.train(was)
        for p, flag in zip(model.parameters(), flags, strict=True):
            p.requires_grad = flag


class Evaluate:
    """A callable object."""

    def __call__(self, model: Any, images: Tensor, binarization: str, seed: int = 0) -> ElboTerms:
        print("measuring")
        with measuring(model):
            return terms_of(model, images, binarization, seed)


ANSWERS.right("a callable object that prints")(Evaluate())
ANSWERS.right("a lambda")(lambda *arguments, **more: training.evaluate(*arguments, **more))
