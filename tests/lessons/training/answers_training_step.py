"""Answers to `training_step` (lesson 06), wrong and right."""

import copy
import math
from collections.abc import Callable

from vae_course import training
from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms, elbo_terms
from vae_course.reparameterization import reparameterize

import torch
from answers import Answers
from torch import Generator
from torch.distributions import Normal
from torch.optim import Adam

ANSWERS = Answers("training_step")


def detached(terms):
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


def step(
    cost: Callable = lambda terms, beta: terms.weighted(beta).mean(),
    terms: Callable = lambda model, x, generator: model.elbo(x, generator),
    give: Callable = lambda terms: detached(terms.mean()),
    before: Callable = lambda model, x, optimizer: None,
    act: Callable = lambda model, optimizer: optimizer.step(),
    after: Callable = lambda model, x, optimizer: None,
):
    """A right answer, or one with a part changed."""

    def training_step(model, x, beta, optimizer, generator):
        model.train()
        before(model, x, optimizer)
        of_images = terms(model, x, generator)
        optimizer.zero_grad()
        cost(of_images, beta).backward()
        act(model, optimizer)
        after(model, x, optimizer)
        return give(of_images)

    return training_step


def drawn(draw: Callable):
    """z drawn in another way."""

    def terms(model, x, generator):
        mu, logvar = model.encoder(x)
        return elbo_terms(x, model.decoder(draw(mu, logvar, generator)), mu, logvar)

    return step(terms=terms)


def scaled(change: Callable):
    return step(cost=lambda terms, beta: change(terms.weighted(beta).mean()))


WRONG = {
    "uphill": (scaled(lambda cost: -cost), "uphill"),
    "summed over the batch": (step(lambda terms, beta: terms.weighted(beta).sum()), "average over the batch"),
    "twice the gradient": (scaled(lambda cost: 2 * cost), "2 times"),
    "averaged over pixels, too": (scaled(lambda cost: cost / 784), "times"),
    "in bits": (scaled(lambda cost: cost / math.log(2)), "times"),
    "the log of the cost": (scaled(lambda cost: cost.log()), "times"),
    "β forgotten": (step(lambda terms, beta: terms.mean().negative_elbo), "β = 1"),
    "β of at most 1": (step(lambda terms, beta: terms.weighted(min(beta, 1.0)).mean()), "β"),
    "β or 1": (step(lambda terms, beta: terms.weighted(beta or 1.0).mean()), "β"),
    "β squared": (step(lambda terms, beta: terms.weighted(beta**2).mean()), "gradient"),
    "β on the reconstruction": (
        step(lambda terms, beta: (beta * terms.reconstruction + terms.kl).mean()),
        "β.*reconstruction",
    ),
    "β on both": (step(lambda terms, beta: (beta * terms.negative_elbo).mean()), "β"),
    "the KL taken away": (step(lambda terms, beta: (terms.reconstruction - beta * terms.kl).mean()), "sign of the KL"),
    "the reconstruction alone": (step(lambda terms, beta: terms.reconstruction.mean()), "without the KL"),
    "the KL alone": (step(lambda terms, beta: beta * terms.kl.mean()), "without the reconstruction"),
    "the KL detached": (step(lambda t, beta: (t.reconstruction + beta * t.kl.detach()).mean()), "without the KL"),
    "the median of the batch": (step(lambda terms, beta: terms.weighted(beta).median()), "gradient"),
    "the first image": (step(lambda terms, beta: terms.weighted(beta)[0]), "gradient"),
    "a KL of at least 20": (step(lambda t, beta: (t.reconstruction + beta * t.kl.clamp(min=20)).mean()), "gradient"),
    "not averaged": (step(lambda terms, beta: terms.weighted(beta)), "average over the batch first"),
    "z is mu": (drawn(lambda mu, logvar, g: mu), "z is mu"),
    "z detached": (drawn(lambda mu, logvar, g: reparameterize(mu, logvar, g).detach()), "gradient"),
    "mu detached": (drawn(lambda mu, logvar, g: reparameterize(mu.detach(), logvar, g)), "gradient"),
    "sigma detached": (drawn(lambda mu, logvar, g: reparameterize(mu, logvar.detach(), g)), "gradient"),
    "the variance for sigma": (drawn(lambda mu, logvar, g: reparameterize(mu, 2 * logvar, g)), "not drawn from q"),
    "half the noise": (drawn(lambda mu, v, g: (mu + reparameterize(mu, v, g)) / 2), "not drawn from q"),
    "from the prior": (drawn(lambda mu, v, g: torch.randn(mu.shape, generator=g)), "not drawn from q"),
    "uniform noise": (
        drawn(lambda mu, v, g: mu + torch.exp(v / 2) * torch.rand(mu.shape, generator=g)),
        "not drawn from q",
    ),
    "one eps for the batch": (
        drawn(lambda mu, v, g: mu + torch.exp(v / 2) * torch.randn(mu.shape[1:], generator=g)),
        "(same|one) eps",
    ),
    "another image's code": (
        drawn(lambda mu, v, g: reparameterize(mu.flip(0), v.flip(0), g)),
        "not drawn from q",
    ),
    "torch's own noise": (drawn(lambda mu, logvar, g: reparameterize(mu, logvar)), "generator"),
    "Normal(…).rsample()": (drawn(lambda mu, v, g: Normal(mu, torch.exp(v / 2)).rsample()), "generator"),
    "a generator of its own": (drawn(lambda mu, v, g: reparameterize(mu, v, Generator().manual_seed(0))), "generator"),
    "the generator re-seeded": (drawn(lambda mu, v, g: reparameterize(mu, v, g.manual_seed(0))), "seed"),
    "the generator seeded afresh": (drawn(lambda mu, v, g: reparameterize(mu, v, g.manual_seed(g.seed()))), "seed"),
    "the generator copied": (drawn(lambda mu, v, g: reparameterize(mu, v, g.clone_state())), "generator"),
    "torch seeded": (
        step(before=lambda *_: torch.manual_seed(0)),
        "(global|torch.manual_seed|whole program)",
    ),
    "two draws for one step": (
        step(terms=lambda model, x, g: (model.elbo(x, g), model.elbo(x, g))[1]),
        "(once|one draw)",
    ),
    "the mean of two draws": (
        step(terms=lambda m, x, g: ElboTerms(*(sum(t) / 2 for t in zip(m.elbo(x, g), m.elbo(x, g), strict=True)))),
        "(once|one draw)",
    ),
    "half of the batch": (step(terms=lambda model, x, g: model.elbo(x[: (len(x) + 1) // 2], g)), "the model saw"),
    "the pixels inverted": (step(terms=lambda model, x, g: model.elbo(1 - x, g)), "images"),
    "the pixels drawn again": (step(terms=lambda model, x, g: model.elbo(binarize(x, g), g)), "(once|one draw)"),
    "a draw too many": (
        step(terms=lambda m, x, g: (torch.randn(len(x), m.latent_dim, generator=g), m.elbo(x, g))[1]),
        "(once|one draw)",
    ),
    "a draw too many afterwards": (
        step(terms=lambda m, x, g: (m.elbo(x, g), torch.randn(len(x), m.latent_dim, generator=g))[0]),
        "(once|one draw)",
    ),
    "other images": (
        step(terms=lambda model, x, g: model.elbo(grey(load_digits().train_images[: len(x)]), g)),
        "images",
    ),
    "x overwritten": (step(after=lambda model, x, optimizer: x.zero_()), "overwrote"),
    "the encoder frozen": (step(before=lambda model, *_: model.encoder.requires_grad_(False)), "requires_grad"),
    "the encoder's gradient wiped": (
        step(act=lambda model, optimizer: (model.encoder.zero_grad(), optimizer.step())),
        "gradient",
    ),
    "gradients cut to a norm of 1": (
        step(act=lambda m, optimizer: (torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0), optimizer.step())),
        "times",
    ),
    "gradients cut to ±0.01": (
        step(act=lambda m, optimizer: (torch.nn.utils.clip_grad_value_(m.parameters(), 0.01), optimizer.step())),
        "gradient",
    ),
    "zeroed before the step": (step(act=lambda _, optimizer: (optimizer.zero_grad(), optimizer.step())), "no gradient"),
    "two steps": (step(act=lambda _, optimizer: (optimizer.step(), optimizer.step())), "2 steps"),
    "no step": (step(act=lambda *_: None), "0 steps"),
    "step without a call": (step(act=lambda _, optimizer: optimizer.step), "0 steps"),
    "an optimizer of its own": (step(act=lambda m, _: Adam(m.parameters(), lr=1e-3).step()), "0 steps"),
    "a copy of the model": (
        lambda model, *rest: training.training_step(copy.deepcopy(model), *rest),
        "(no gradient|copy)",
    ),
    "the learning rate turned down": (
        step(before=lambda m, x, o: o.param_groups[0].update(lr=o.param_groups[0]["lr"] / 2)),
        "learning rate",
    ),
    "weights decayed by hand": (
        step(after=lambda model, *_: [p.data.mul_(0.99) for p in model.parameters()]),
        "beside",
    ),
    "evaluation mode": (step(before=lambda model, *_: model.eval()), r"model\.train\(\)"),
    "evaluation mode afterwards": (step(after=lambda model, *_: model.eval()), r"evaluation mode"),
    "the mode of the top alone": (
        step(before=lambda model, *_: (model.eval(), setattr(model, "training", True))),
        r"model\.train\(\)",
    ),
    "the encoder alone in training mode": (step(before=lambda m, *_: m.decoder.eval()), r"model\.train\(\)"),
    "gradients switched off": (step(before=lambda *_: torch.set_grad_enabled(False)), "(stopped|grad)"),
    "terms without gradients": (
        step(terms=lambda m, x, g: ElboTerms(*(t.detach() for t in m.elbo(x, g)))),
        "(stopped|gradient)",
    ),
    "gradients asked for afterwards": (
        step(terms=lambda m, x, g: ElboTerms(*(t.detach().requires_grad_() for t in m.elbo(x, g)))),
        "no gradient",
    ),
    "nothing returned": (step(give=lambda terms: None), "return the two terms"),
    "the optimizer's answer returned": (step(give=lambda terms: ...), "return the two terms"),
    "attached": (step(give=lambda terms: terms.mean()), "graph"),
    "one of the two attached": (
        step(give=lambda t: ElboTerms(t.reconstruction.mean().detach(), t.kl.mean())),
        "graph",
    ),
    "the total": (step(give=lambda terms: terms.mean().negative_elbo.detach()), "ElboTerms"),
    "a tuple": (step(give=lambda terms: tuple(detached(terms.mean()))), "ElboTerms"),
    "Python numbers": (step(give=lambda t: ElboTerms(*(v.item() for v in t.mean()))), r"\.item\(\)"),
    "one entry per image": (step(give=detached), r"shape \[\]"),
    "exchanged": (step(give=lambda t: ElboTerms(t.kl.mean().detach(), t.reconstruction.mean().detach())), "places"),
    "the weighted KL": (
        lambda model, x, beta, optimizer, g: (lambda t: ElboTerms(t.reconstruction, beta * t.kl))(
            training.training_step(model, x, beta, optimizer, g)
        ),
        "β",
    ),
    "summed terms": (step(give=lambda t: ElboTerms(*(v.sum().detach() for v in t))), "KL|reconstruction"),
    "the first image's terms": (step(give=lambda t: ElboTerms(*(v[0].detach() for v in t))), "KL|reconstruction"),
    "rounded terms": (step(give=lambda t: ElboTerms(*(v.round() for v in detached(t.mean())))), "KL|reconstruction"),
    "the ELBO for the reconstruction": (
        step(give=lambda t: ElboTerms(-t.mean().reconstruction.detach(), t.mean().kl.detach())),
        "sign",
    ),
    "a call instead of the function": (ElboTerms(torch.tensor(1.0), torch.tensor(1.0)), "function"),
}  # fmt: skip
for _title, (_answer, _hint) in WRONG.items():
    ANSWERS.wrong(_title, hint=_hint)(_answer)


@ANSWERS.wrong("no zero_grad", hint="zeroed")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    optimizer.step()
    return detached(terms)


@ANSWERS.wrong("zeroed after backward", hint="no gradient")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    optimizer.zero_grad()
    optimizer.step()
    return detached(terms)


@ANSWERS.wrong("no backward", hint="no gradient")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    optimizer.zero_grad()
    optimizer.step()
    return detached(terms)


@ANSWERS.wrong("the step before the gradient", hint="no gradient|before")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    optimizer.zero_grad()
    optimizer.step()
    terms.weighted(beta).backward()
    return detached(terms)


@ANSWERS.wrong("no mode", hint=r"model\.train\(\)")
def _(model, x, beta, optimizer, generator):
    terms = model.elbo(x, generator).mean()
    optimizer.zero_grad()
    terms.weighted(beta).backward()
    optimizer.step()
    return detached(terms)


@ANSWERS.wrong("train() after the terms", hint=r"model\.train\(\)")
def _(model, x, beta, optimizer, generator):
    terms = model.elbo(x, generator).mean()
    model.train()
    optimizer.zero_grad()
    terms.weighted(beta).backward()
    optimizer.step()
    return detached(terms)


@ANSWERS.wrong("the terms of after the step", hint="(after the step|once|one draw)")
def _(model, x, beta, optimizer, generator):
    training.training_step(model, x, beta, optimizer, generator)
    with torch.no_grad():
        return model.elbo(x, generator).mean()


@ANSWERS.wrong("other images measured after the step", hint="the model saw")
def _(model, *rest):
    training.training_step(model, *rest)
    return training.evaluate(model, torch.zeros(1, 28, 28, dtype=torch.uint8), "grey")


@ANSWERS.wrong("the loss from a second draw", hint="(once|one draw)")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    optimizer.zero_grad()
    model.elbo(x, generator).mean().weighted(beta).backward()
    optimizer.step()
    return detached(terms)


@ANSWERS.wrong("the whole step twice", hint="2 steps")
def _(*arguments):
    training.training_step(*arguments)
    return training.training_step(*arguments)


@ANSWERS.wrong("a closure, and a second step", hint="2 steps")
def _(model, x, beta, optimizer, generator):
    terms = training.training_step(model, x, beta, optimizer, generator)
    optimizer.step(lambda: terms.weighted(beta))
    return terms


@ANSWERS.wrong("the parameters moved by hand", hint="0 steps")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 1e-3 * p.grad
    return detached(terms)


@ANSWERS.wrong("its own error", hint="on strike")
def _(*arguments):
    raise RuntimeError("the optimizer is on strike")


@ANSWERS.wrong("a method that is not there", hint="stopped")
def _(model, x, beta, optimizer, generator):
    return model.step(x, beta)


@ANSWERS.wrong("a text", hint="0 steps")
def _(model, x, beta, optimizer, generator):
    return "done"
