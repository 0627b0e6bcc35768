"""Answers to the exercise `training_step`, held out: they were written without a look at its check."""

import sys

from vae_course import training
from vae_course.elbo import ElboTerms
from vae_course.reparameterization import reparameterize

import torch
from lessons.training.answers_training_step import detached, drawn, step
from lessons.training.answers_training_step_right import ANSWERS
from torch import Generator
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_


def seeded_with(seed):
    return drawn(lambda mu, v, g: reparameterize(mu, v, Generator().manual_seed(seed(mu, g))))


WRONG = {
    "the largest cost": (step(lambda t, beta: t.weighted(beta).max()), "gradient"),
    "the log of the mean exponential": (step(lambda t, beta: t.weighted(beta).logsumexp(0)), "gradient"),
    "the KL averaged over its dimensions": (step(lambda t, beta: (t.reconstruction + beta * t.kl / 8).mean()), "KL"),
    "the root of the KL": (step(lambda t, beta: (t.reconstruction + beta * t.kl.sqrt()).mean()), "gradient"),
    "divided by β": (step(lambda t, beta: (t.reconstruction + t.kl / max(beta, 0.1)).mean()), "KL"),
    "nats for free": (step(lambda t, beta: (t.reconstruction + beta * (t.kl - 15).relu()).mean()), "gradient"),
    "β fixed": (step(lambda t, beta: t.weighted(0.5).mean()), "β"),
    "divided by 128": (step(lambda t, beta: t.weighted(beta).sum() / 128), "times"),
    "divided by the batch twice": (step(lambda t, beta: t.weighted(beta).mean() / len(t.kl)), "times"),
    "the square of the cost": (step(lambda t, beta: t.weighted(beta).mean() ** 2), "times"),
    "gradients cut to a norm of 10": (
        step(act=lambda m, optimizer: (clip_grad_norm_(m.parameters(), 10.0), optimizer.step())),
        "times",
    ),
    "the optimizer's averages thrown away": (
        step(act=lambda m, optimizer: (optimizer.state.clear(), optimizer.step())),
        "forgotten its earlier steps",
    ),
    "only the encoder's gradients zeroed": (
        lambda model, x, beta, optimizer, g: (
            lambda t: (model.encoder.zero_grad(), t.weighted(beta).backward(), optimizer.step(), detached(t))[-1]
        )(model.train().elbo(x, g).mean()),
        "gradient",
    ),
    "no gradient for biases": (
        step(act=lambda m, o: ([p.grad.zero_() for p in m.parameters() if p.ndim == 1], o.step())),
        "gradient",
    ),
    "pixels lost": (step(terms=lambda m, x, g: m.elbo(x * (torch.rand(x.shape, generator=g) > 0.1), g)), "images"),
    "a seed from the images": (seeded_with(lambda mu, g: len(mu)), "(generator|seed)"),
    "the first seed": (seeded_with(lambda mu, g: g.initial_seed()), "(generator|seed)"),
    "a falling learning rate": (
        step(after=lambda m, x, o: [group.update(lr=0.99 * group["lr"]) for group in o.param_groups]),
        "learning rate",
    ),
    "the decoder frozen": (step(before=lambda model, *_: model.decoder.requires_grad_(False)), "frozen"),
    "the total for the reconstruction": (
        step(give=lambda t: detached(ElboTerms(t.mean().negative_elbo, t.mean().kl))),
        "reconstruction.*KL",
    ),
    "terms made up": (step(give=lambda t: ElboTerms(torch.zeros(()), torch.zeros(()))), "KL"),
    "half a Python number": (step(give=lambda t: ElboTerms(t.mean()[0].detach(), t.mean()[1].item())), r"\.item\(\)"),
    "the end of Python": (lambda *_: sys.exit("done"), "SystemExit"),
    "two arguments": (lambda model, x: None, "stopped"),
    "no nat below two": (step(lambda t, beta: t.reconstruction.mean() + beta * t.kl.mean().clamp(min=2)), "near 0.*KL"),
    "detached before backward": (step(lambda t, beta: detached(t.mean()).weighted(beta).requires_grad_()), "detached"),
    "ten steps": (lambda *a: [training.training_step(*a) for _ in range(10)][-1], "10 steps"),
}  # fmt: skip
for _title, (_answer, _hint) in WRONG.items():
    ANSWERS.wrong(_title, hint=_hint)(_answer)

ANSWERS.right("torch.add")(step(lambda t, beta: torch.mean(torch.add(t.reconstruction, t.kl, alpha=beta))))
ANSWERS.right("noise in double")(
    drawn(lambda mu, v, g: mu + (v / 2).exp() * torch.randn(mu.shape, generator=g, dtype=torch.float64).float())
)
ANSWERS.right("einsum")(
    step(lambda t, beta: torch.einsum("i,i->", torch.stack(list(t.mean())), torch.tensor([1.0, beta])))
)
ANSWERS.right("a cost in double")(step(lambda t, beta: (t.reconstruction.double() + beta * t.kl.double()).mean()))
ANSWERS.right("numbers made tensors again")(
    step(give=lambda t: ElboTerms(torch.tensor(t.mean()[0].item()), torch.tensor(t.mean()[1].item())))
)
ANSWERS.right("NumPy's means")(
    step(give=lambda t: ElboTerms._make(torch.as_tensor(term.numpy().mean()) for term in detached(t)))
)
ANSWERS.right("softplus")(
    step(terms=lambda m, x, g: by_softplus(m, x, g)),
)
ANSWERS.right("β for each image")(
    lambda m, x, beta, o, g: training.training_step(m, x, torch.full((len(x),), float(beta)), o, g)
)


def by_softplus(model, x, generator):
    mu, logvar = model.encoder(x)
    logits = model.decoder(mu + torch.exp(logvar / 2) * torch.randn(mu.size(), generator=generator))
    cost = (F.softplus(logits) - x * logits).sum((1, 2, 3))
    return ElboTerms(cost, -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1))


@ANSWERS.wrong("large parameters cost more", hint="something small")
def _(model, x, beta, optimizer, generator):
    size = sum(p.square().sum() for p in model.parameters())
    return step(lambda t, beta: t.weighted(beta).mean() + 1e-3 * size)(model, x, beta, optimizer, generator)


@ANSWERS.right("torch.func")
def _(model, x, beta, optimizer, generator):
    model.train()
    both = torch.nn.ModuleDict({"vae": model})
    both.forward = lambda x: model.elbo(x, generator).mean()

    def cost(values):
        terms = torch.func.functional_call(both, values, (x,))
        return terms.weighted(beta), terms

    gradients, terms = torch.func.grad(cost, has_aux=True)({n: p.detach() for n, p in both.named_parameters()})
    for name, parameter in both.named_parameters():
        parameter.grad = gradients[name]
    optimizer.step()
    return detached(terms)


@ANSWERS.wrong("yield in the place of return", hint="do not yield")
def _(model, x, beta, optimizer, generator):
    yield step()(model, x, beta, optimizer, generator)


def less_of_one(model, optimizer):
    model.encoder.mu.weight.grad.mul_(0.5)
    optimizer.step()


ANSWERS.wrong(
    "one layer's gradient halved", hint=r"right for 9 of the 10 parameters, and wrong for encoder\.mu\.weight"
)(step(act=less_of_one))
ANSWERS.wrong("mu detached where z is drawn", hint="right for 6 of the 10 parameters, and wrong for encoder")(
    drawn(lambda mu, v, g: reparameterize(mu.detach(), v, g))
)
