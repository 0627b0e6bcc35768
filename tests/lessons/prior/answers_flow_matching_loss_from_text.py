"""Answers to the exercise `flow_matching_loss` written from its text alone."""

import math

import torch
from lessons.prior.answers_flow_matching_loss import ANSWERS, drawn, draws, made

right, wrong = ANSWERS.right, ANSWERS.wrong


def paired(codes, generator):
    half = torch.randn((len(codes) + 1) // 2, codes.shape[1], generator=generator)
    return torch.cat([half, -half])[: len(codes)]


def laplace(codes, generator):
    even = torch.rand(codes.shape, generator=generator) - 0.5
    return -even.sign() * torch.log1p(-2 * even.abs() + 1e-7) / 2**0.5


def box_muller(codes, generator):
    radius, angle = torch.rand(2, *codes.shape, generator=generator)
    return (-2 * torch.log1p(-radius)).sqrt() * torch.cos(2 * math.pi * angle)


def mirrored(codes, generator):
    half = torch.rand((len(codes) + 1) // 2, 1, generator=generator)
    return torch.cat([half, 1 - half])[: len(codes)]


right("noise by Box and Muller")(drawn(eps=box_muller))
right("times in mirrored pairs, each of them even")(drawn(t=mirrored))
right("the diagonal of a product")(made(error=lambda off: (off @ off.T).diagonal().mean()))
right("noise drawn on its side")(drawn(eps=lambda z, g: torch.randn(z.shape[1], len(z), generator=g).T))


@right("a loop over codes, each with a call of the field")
def _(field, codes, generator):
    total = 0
    for z in codes.detach():
        eps, t = torch.randn(1, len(z), generator=generator), torch.rand(1, 1, generator=generator)
        total = total + (field((1 - t) * eps + t * z, t) - (z - eps)).square().sum()
    return total / len(codes)


@right("a loop over parts of two codes")
def _(field, codes, generator):
    parts = codes.detach().split(2)
    return sum(made(error=lambda off: off.square().sum())(field, part, generator) for part in parts) / len(codes)


wrong("noise in mirrored pairs", hint="noise of one tells")(drawn(eps=paired))
wrong("noise centred over the batch", hint="noise of one tells")(
    made(draw=lambda z, g: (lambda eps, t: (eps - eps.mean(0), t))(*draws(z, g)))
)
wrong("noise standardised over the batch", hint="noise of one tells")(
    made(draw=lambda z, g: (lambda eps, t: ((eps - eps.mean(0)) / eps.std(0), t))(*draws(z, g)))
)
wrong("noise of Laplace", hint="not Gaussian")(drawn(eps=laplace))
wrong("times sorted", hint="first code is 0.3")(drawn(t=lambda z, g: torch.rand(len(z), 1, generator=g).sort(0).values))
wrong("stratified times, in order", hint="first code is 0.2")(
    drawn(t=lambda z, g: (torch.arange(len(z))[:, None] + torch.rand(len(z), 1, generator=g)) / len(z))
)
wrong("a path that ends beside the code", hint="the noise should have the part 0.06")(
    made(point=lambda eps, z, t: (1 - 0.9 * t) * eps + t * z, target=lambda eps, z, t: z - 0.9 * eps)
)
wrong("noise on top of the path", hint="the noise should have the part 0.06")(
    made(point=lambda eps, z, t: (1 - t) * eps + t * z + 0.1 * eps.roll(1, 0))
)
wrong("eps subtracted in the point", hint="target has [+] eps")(made(point=lambda eps, z, t: t * z - (1 - t) * eps))
wrong("codes shuffled in the target", hint="^For 6 codes")(made(target=lambda eps, z, t: z.flip(0) - eps))
wrong("divided by the root of D", hint="^For 6 codes")(
    made(error=lambda off: off.square().sum(1).mean() / off.shape[1] ** 0.5)
)


@wrong("late times left out", hint="^For 6 codes")
def _(field, codes, generator):
    codes = codes.detach()
    eps, t = draws(codes, generator)
    off = field((1 - t) * eps + t * codes, t) - (codes - eps)
    return ((t < 0.9) * off.square()).sum(1).mean()


@wrong("an average over eight draws", hint="8 times")
def _(field, codes, generator):
    return torch.stack([made()(field, codes, generator) for _ in range(8)]).mean()


@wrong("the optimizer's step inside", hint="calls backward")
def _(field, codes, generator):
    loss = made()(field, codes, generator)
    loss.backward(retain_graph=True)
    torch.optim.SGD(field.parameters(), 0.01).step()
    return loss


@wrong("weights that decay", hint="changes the field's weights")
def _(field, codes, generator):
    loss = made()(field, codes, generator)
    with torch.no_grad():
        for weight in field.parameters():
            weight.mul_(0.9)
    return loss


@wrong("the field left in eval mode", hint="eval")
def _(field, codes, generator):
    field.eval()
    return made()(field, codes, generator)


@wrong("an odd code left out", hint="asks for 4 points, and there are 5")
def _(field, codes, generator):
    return made()(field, codes[: max(1, len(codes) // 2 * 2)], generator)
