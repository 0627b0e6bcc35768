"""Answers to the exercise `evaluate` written from its text alone."""

import copy

from vae_course.data import binarize_once, grey
from vae_course.elbo import ElboTerms, elbo_terms
from vae_course.reparameterization import reparameterize

import torch
from lessons.training.answers_evaluate_held_out import ANSWERS
from torch import Generator


@ANSWERS.wrong("no eval", "The model was measured in")
@torch.no_grad()
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    x = grey(binarize_once(images, binarization, generator))
    return model.elbo(x, generator).mean()


@ANSWERS.wrong("torch.manual_seed", "torch\\.manual_seed changes the random numbers")
@torch.no_grad()
def _(model, images, binarization, seed):
    generator = torch.manual_seed(seed)
    was = model.training
    model.eval()
    x = grey(binarize_once(images, binarization, generator))
    terms = model.elbo(x, generator).mean()
    model.train(was)
    return terms


@ANSWERS.wrong("mean of batch means", "a mean of batches")
@torch.no_grad()
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = grey(binarize_once(images, binarization, generator))
    recs, kls = [], []
    for batch in x.split(64):
        terms = model.elbo(batch, generator).mean()
        recs.append(terms.reconstruction)
        kls.append(terms.kl)
    model.train(was)
    return ElboTerms(torch.stack(recs).mean(), torch.stack(kls).mean())


@ANSWERS.wrong("divided by 255 twice", "255 a second time")
@torch.no_grad()
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = grey(binarize_once(images, binarization, generator)) / 255
    terms = model.elbo(x, generator).mean()
    model.train(was)
    return terms


@ANSWERS.wrong("unique images", "the model saw")
@torch.no_grad()
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = grey(binarize_once(images, binarization, generator)).unique(dim=0)
    terms = model.elbo(x, generator).mean()
    model.train(was)
    return terms


@ANSWERS.wrong("per image", "a mean over the images")
@torch.no_grad()
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = grey(binarize_once(images, binarization, generator))
    terms = model.elbo(x, generator)
    model.train(was)
    return terms


@ANSWERS.wrong("no no_grad", "no_grad")
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = grey(binarize_once(images, binarization, generator))
    terms = model.elbo(x, generator).mean()
    model.train(was)
    return terms


@ANSWERS.wrong("z first then pixels", "pixels of all images, then z")
@torch.no_grad()
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    rec, kl = [], []
    for batch in images.split(500):
        x = grey(binarize_once(batch, binarization, generator))
        terms = model.elbo(x, generator)
        rec.append(terms.reconstruction)
        kl.append(terms.kl)
    model.train(was)
    return ElboTerms(torch.cat(rec).mean(), torch.cat(kl).mean())


@ANSWERS.wrong("threshold hard", "argument `binarization`")
@torch.no_grad()
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = (grey(images) > 0.5).float()
    terms = model.elbo(x, generator).mean()
    model.train(was)
    return terms


@ANSWERS.wrong("several draws of z", "codes decoded")
@torch.no_grad()
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = grey(binarize_once(images, binarization, generator))
    several = [model.elbo(x, generator).mean() for _ in range(5)]
    model.train(was)
    return ElboTerms(*(torch.stack(t).mean() for t in zip(*several, strict=True)))


@ANSWERS.right("inference mode")
@torch.inference_mode()
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = grey(binarize_once(images, binarization, generator))
    terms = model.elbo(x, generator).mean()
    model.train(was)
    return terms


@ANSWERS.right("batches weighted by size")
@torch.no_grad()
def _(model, images, binarization, seed):
    generator = Generator().manual_seed(seed)
    x = grey(binarize_once(images, binarization, generator))
    was = model.training
    model.eval()
    rec = kl = 0.0
    for start in range(0, len(x), 128):
        batch = x[start : start + 128]
        terms = model.elbo(batch, generator).mean()
        rec = rec + terms.reconstruction * len(batch)
        kl = kl + terms.kl * len(batch)
    if was:
        model.train()
    return ElboTerms(rec / len(x), kl / len(x))


@ANSWERS.right("each module's mode")
@torch.no_grad()
def _(model, images, binarization, seed):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    g = Generator().manual_seed(seed)
    x = grey(binarize_once(images, binarization=binarization, generator=g))
    terms = model.elbo(x, generator=g).mean()
    for m, t in modes.items():
        m.training = t
    return terms


@ANSWERS.right("by hand")
def _(model, images, binarization, seed):
    with torch.no_grad():
        g = Generator()
        g.manual_seed(seed)
        x = grey(binarize_once(images, binarization, g))
        was = model.training
        model.eval()
        mu, logvar = model.encoder(x)
        z = reparameterize(mu, logvar, g)
        rec, kl = elbo_terms(x, model.decoder(z), mu, logvar)
        model.train(was)
        return ElboTerms(reconstruction=rec.mean(), kl=kl.mean())


@ANSWERS.right("copy of the model")
@torch.no_grad()
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    x = grey(binarize_once(images, binarization, g))
    return copy.deepcopy(model).eval().elbo(x, g).mean()


@ANSWERS.right("double sums")
@torch.no_grad()
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    x = grey(binarize_once(images, binarization, g))
    was = model.training
    model.eval()
    total = torch.zeros(2, dtype=torch.float64)
    for batch in torch.chunk(x, 7):
        r, k = model.elbo(batch, g)
        total += torch.stack([r.double().sum(), k.double().sum()])
    model.train(was)
    return ElboTerms(*(total / len(x)).float())


@ANSWERS.wrong("duplicates dropped in bytes", "the model saw 330")
@torch.no_grad()
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    images = images.unique(dim=0)
    terms = model.elbo(grey(binarize_once(images, binarization, g)), g).mean()
    model.train(was)
    return terms


@ANSWERS.wrong("255 before", "255 a second time")
@torch.no_grad()
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = binarize_once(images, binarization, g).unsqueeze(1) / 255 / 255
    terms = model.elbo(x, g).mean()
    model.train(was)
    return terms


@ANSWERS.wrong("inverted pixels", "black and white")
@torch.no_grad()
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = 1 - grey(binarize_once(images, binarization, g))
    terms = model.elbo(x, g).mean()
    model.train(was)
    return terms


@ANSWERS.wrong("transposed", "rows and columns")
@torch.no_grad()
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = grey(binarize_once(images, binarization, g)).mT
    terms = model.elbo(x, g).mean()
    model.train(was)
    return terms


@ANSWERS.wrong("overlapping last batch", "image\\(s\\) were given")
@torch.no_grad()
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = grey(binarize_once(images, binarization, g))
    starts = [*range(0, len(x) - 100, 100), len(x) - 100]
    parts = [model.elbo(x[s : s + 100], g) for s in starts]
    model.train(was)
    return ElboTerms(*map(torch.cat, zip(*parts, strict=True))).mean()


@ANSWERS.wrong("sampling with replacement", "others never")
@torch.no_grad()
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    x = grey(binarize_once(images, binarization, g))
    x = x[torch.randint(len(x), (len(x),), generator=g)]
    terms = model.elbo(x, g).mean()
    model.train(was)
    return terms


@ANSWERS.wrong("int seed clamp", "make one generator from the seed")
@torch.no_grad()
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed % 10)
    was = model.training
    model.eval()
    t = model.elbo(grey(binarize_once(images, binarization, g)), g).mean()
    model.train(was)
    return t


@ANSWERS.wrong("z order: noise drawn before pixels", "pixels with it first")
@torch.no_grad()
def _(model, images, binarization, seed):
    g = Generator().manual_seed(seed)
    was = model.training
    model.eval()
    eps = torch.randn(len(images), 20, generator=g)
    x = grey(binarize_once(images, binarization, g))
    mu, logvar = model.encoder(x)
    t = elbo_terms(x, model.decoder(mu + torch.exp(0.5 * logvar) * eps[:, : mu.shape[1]]), mu, logvar).mean()
    model.train(was)
    return t


@ANSWERS.right("generator device")
@torch.no_grad()
def _(model, images, binarization, seed):
    device = next(model.parameters()).device
    g = Generator(device=device)
    g.manual_seed(seed)
    x = grey(binarize_once(images.to(device), binarization, g))
    was = model.training
    try:
        terms = model.eval().elbo(x, g)
    finally:
        model.train(was)
    return ElboTerms(torch.mean(terms.reconstruction), torch.mean(terms.kl))
