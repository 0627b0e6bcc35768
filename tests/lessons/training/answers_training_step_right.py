"""Right answers to `training_step` (lesson 06)."""

import functools

from vae_course import training
from vae_course.decoder import log_likelihood
from vae_course.elbo import ElboTerms, kl_divergence
from vae_course.reparameterization import reparameterize

import torch
from lessons.training.answers_training_step import ANSWERS, detached, drawn, step
from torch import Generator, Tensor
from torch.distributions import Bernoulli, Normal
from torch.distributions.kl import kl_divergence as kl_between

ANSWERS.right("the course's")(training.training_step)
ANSWERS.right("weighed, then averaged")(step())
ANSWERS.right("averaged, then weighed")(step(lambda terms, beta: terms.mean().weighted(beta)))
ANSWERS.right("the sum by hand")(step(lambda terms, beta: (terms.reconstruction + beta * terms.kl).mean()))
ANSWERS.right("summed, then divided")(step(lambda t, beta: t.weighted(beta).sum() / len(t.kl)))
ANSWERS.right("zeroed afterwards, too")(step(after=lambda model, x, optimizer: optimizer.zero_grad()))
ANSWERS.right("zeroed with zeros")(step(before=lambda model, x, optimizer: optimizer.zero_grad(set_to_none=False)))
ANSWERS.right("the model's zero_grad")(step(before=lambda model, x, optimizer: model.zero_grad()))
ANSWERS.right("the halves by hand")(drawn(reparameterize))
ANSWERS.right("torch.normal")(
    drawn(lambda mu, v, g: mu + torch.normal(0.0, 1.0, mu.shape, generator=g) * (v / 2).exp())
)
ANSWERS.right("a callback that does nothing")(step(act=lambda model, optimizer: optimizer.step(closure=None)))
ANSWERS.right("data for detach")(step(give=lambda terms: ElboTerms(*(term.data for term in terms.mean()))))
ANSWERS.right("in double")(step(give=lambda terms: ElboTerms(*(term.detach().double().mean() for term in terms))))
ANSWERS.right("a partial")(functools.partial(training.training_step))
ANSWERS.right("a lambda")(lambda *arguments: training.training_step(*arguments))


@ANSWERS.right("zero_grad before the terms")
def _(model, x, beta, optimizer, generator):
    model.train(True)
    optimizer.zero_grad()
    terms = model.elbo(x, generator).mean()
    loss = terms.weighted(beta)
    loss.backward()
    optimizer.step()
    return detached(terms)


@ANSWERS.wrong("zero_grad at the end", hint="before this call.*zeroed")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator=generator).mean()
    terms.weighted(beta=beta).backward()
    optimizer.step()
    optimizer.zero_grad()
    return detached(terms)


@ANSWERS.right("a closure")
def _(model, x, beta, optimizer, generator):
    model.train()
    kept = []

    def closure():
        optimizer.zero_grad()
        terms = model.elbo(x, generator).mean()
        kept.append(detached(terms))
        loss = terms.weighted(beta)
        loss.backward()
        return loss

    optimizer.step(closure)
    return kept[0]


@ANSWERS.right("gradients from torch.autograd.grad")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    parameters = list(model.parameters())
    for p, gradient in zip(parameters, torch.autograd.grad(terms.weighted(beta), parameters), strict=True):
        p.grad = gradient
    optimizer.step()
    return detached(terms)


@ANSWERS.right("both terms backward, one after the other")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    optimizer.zero_grad(set_to_none=True)
    terms.reconstruction.backward(retain_graph=True)
    (beta * terms.kl).backward()
    optimizer.step()
    return detached(terms)


@ANSWERS.right("image by image, with the gradients added")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    kept = []
    for image in x.split(1):
        terms = model.elbo(image, generator)
        (terms.weighted(beta).sum() / len(x)).backward()
        kept.append(detached(terms))
    optimizer.step()
    return ElboTerms(*(torch.cat(term).mean() for term in zip(*kept, strict=True)))


@ANSWERS.right("a loop over the images, stacked")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    each = [model.elbo(x[i : i + 1], generator) for i in range(len(x))]
    terms = ElboTerms(torch.cat([t.reconstruction for t in each]), torch.cat([t.kl for t in each])).mean()
    terms.weighted(beta).backward()
    optimizer.step()
    return ElboTerms(reconstruction=terms.reconstruction.clone().detach(), kl=terms.kl.clone().detach())


@ANSWERS.right("forward and keywords")
def _(model, x, beta, optimizer, generator):
    model.train()
    mu, logvar = model.encoder.forward(x=x)
    logits = model.decoder(z=reparameterize(mu, logvar, generator=generator))
    terms = ElboTerms(-log_likelihood(logits, x).mean(), kl_divergence(mu, logvar).mean())
    optimizer.zero_grad()
    (terms.reconstruction + beta * terms.kl).backward()
    optimizer.step()
    return ElboTerms(*map(torch.Tensor.detach, terms))


@ANSWERS.right("torch.distributions")
def _(model, x, beta, optimizer, generator):
    model.train()
    mu, logvar = model.encoder(x)
    q = Normal(mu, torch.exp(0.5 * logvar))
    z = q.mean + q.stddev * torch.randn(mu.shape, generator=generator)
    reconstruction = -Bernoulli(logits=model.decoder(z)).log_prob(x).sum((1, 2, 3)).mean()
    divergence = kl_between(q, Normal(0.0, 1.0)).sum(-1).mean()
    optimizer.zero_grad()
    torch.add(reconstruction, divergence, alpha=beta).backward()
    optimizer.step()
    with torch.no_grad():
        return ElboTerms(reconstruction * 1, divergence * 1)


class Step:
    """A callable object, with type hints and a default."""

    def __call__(self, model, x: Tensor, beta: float, optimizer, generator: Generator | None = None) -> ElboTerms:
        model.train()
        terms = model.elbo(x, generator).mean()
        optimizer.zero_grad()
        with torch.enable_grad():
            terms.weighted(beta).backward()
        optimizer.step()
        print(f"{terms.negative_elbo.item():.1f}")
        return detached(terms)


ANSWERS.right("a callable object that prints")(Step())
