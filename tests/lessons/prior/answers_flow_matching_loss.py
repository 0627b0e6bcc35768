"""Right and wrong answers to `flow_matching_loss`; each wrong one with what its hint must say."""

import functools

from vae_course.prior import flow_matching_loss

import numpy as np
import torch
from answers import Answers
from torch import nn
from torch.nn import functional as F

ANSWERS = Answers("flow_matching_loss")
right, wrong = ANSWERS.right, ANSWERS.wrong


def draws(codes, generator):
    eps = torch.randn(codes.shape, generator=generator)
    return eps, torch.rand(len(codes), 1, generator=generator)


def made(
    point=lambda eps, z, t: (1 - t) * eps + t * z,
    target=lambda eps, z, t: z - eps,
    error=lambda off: off.square().sum(1).mean(),
    draw=draws,
    ask=lambda field, at, t: field(at, t),
):
    """An answer of which one part is another."""

    def answer(field, codes, generator):
        codes = codes.detach()
        eps, t = draw(codes, generator)
        return error(ask(field, point(eps, codes, t), t) - target(eps, codes, t))

    return answer


def drawn(eps=None, t=None):
    """An answer that draws its noise or its times otherwise."""

    def draw(codes, g):
        return (
            eps(codes, g) if eps else torch.randn(codes.shape, generator=g),
            t(codes, g) if t else torch.rand(len(codes), 1, generator=g),
        )

    return made(draw=draw)


# ---- right

right("the course's")(flow_matching_loss)
right("its parts one by one")(made())
right("the time first")(
    made(draw=lambda z, g: tuple(reversed((torch.rand(len(z), 1, generator=g), torch.randn(z.shape, generator=g)))))
)
right("empty tensors, filled")(
    made(draw=lambda z, g: (torch.empty(z.shape).normal_(generator=g), torch.empty(len(z), 1).uniform_(generator=g)))
)
right("lerp")(made(point=lambda eps, z, t: torch.lerp(eps, z, t)))
right("from noise along the way")(made(point=lambda eps, z, t: eps + t * (z - eps)))
right("mse_loss times D")(made(error=lambda off: F.mse_loss(off, 0 * off) * off.shape[1]))
right("MSELoss, summed, over the count")(made(error=lambda off: nn.MSELoss(reduction="sum")(off, 0 * off) / len(off)))
right("norm, squared")(made(error=lambda off: off.norm(dim=1).pow(2).mean()))
right("einsum")(made(error=lambda off: torch.einsum("bd,bd->", off, off) / len(off)))
right("the target's sign and the velocity's turned, both")(
    made(target=lambda eps, z, t: -(eps - z), error=lambda off: (-off).pow(2).sum(-1).mean(0))
)
right("times mirrored, of equal distribution")(drawn(t=lambda z, g: 1 - torch.rand(len(z), 1, generator=g)))
right("times by unsqueeze")(drawn(t=lambda z, g: torch.rand(len(z), generator=g).unsqueeze(-1)))
right("stratified times, shuffled")(
    drawn(t=lambda z, g: (torch.randperm(len(z), generator=g)[:, None] + torch.rand(len(z), 1, generator=g)) / len(z))
)
right("torch.normal")(drawn(eps=lambda z, g: torch.normal(0.0, 1.0, z.shape, generator=g)))
right("vmap of the square")(made(error=lambda off: torch.vmap(lambda row: row @ row)(off).mean()))
right("functools.partial")(functools.partial(lambda a, field, codes, generator: made()(field, codes, generator), 1))


@right("a loop over codes, with one call of the field")
def _(field, codes, generator):
    codes = codes.detach()
    eps, t = draws(codes, generator)
    points = torch.stack([(1 - t[i]) * eps[i] + t[i] * codes[i] for i in range(len(codes))])
    velocity = field(points, t)
    return sum(((velocity[i] - codes[i] + eps[i]) ** 2).sum() for i in range(len(codes))) / len(codes)


@right("gradients off for what is drawn")
def _(field, codes, generator):
    with torch.no_grad():
        eps, t = draws(codes, generator)
        z_t, velocity = (1 - t) * eps + t * codes, codes - eps
    return torch.sum((field(z_t, t) - velocity) ** 2, dim=-1).mean()


# ---- wrong: times

wrong("one time for all", hint="same time")(drawn(t=lambda z, g: torch.rand(1, 1, generator=g).expand(len(z), 1)))
wrong("one time, [1, 1]", hint="same time")(drawn(t=lambda z, g: torch.rand(1, 1, generator=g)))
wrong("one time, a number", hint="same time")(drawn(t=lambda z, g: torch.rand((), generator=g).item()))
wrong("always in the middle", hint="same time")(drawn(t=lambda z, g: torch.full((len(z), 1), 0.5)))
wrong("times of shape [B]", hint=r"shaped \[B, 1\]")(
    made(
        draw=lambda z, g: (torch.randn(z.shape, generator=g), torch.rand(len(z), generator=g)),
        point=lambda eps, z, t: (1 - t[:, None]) * eps + t[:, None] * z,
    )
)
wrong("a time for each entry", hint=r"shaped \[B, 1\]")(drawn(t=lambda z, g: torch.rand(z.shape, generator=g)))
wrong("randn for the times", hint="between 0 and 1")(drawn(t=lambda z, g: torch.randn(len(z), 1, generator=g)))
wrong("times up to 1000", hint="between 0 and 1")(drawn(t=lambda z, g: 1000 * torch.rand(len(z), 1, generator=g)))
wrong("times 0 or 1", hint="different times")(
    drawn(t=lambda z, g: torch.randint(0, 2, (len(z), 1), generator=g).float())
)
wrong("ten times", hint="different times")(
    drawn(t=lambda z, g: torch.randint(0, 10, (len(z), 1), generator=g).float() / 10)
)
wrong("squared times", hint="even")(drawn(t=lambda z, g: torch.rand(len(z), 1, generator=g) ** 2))
wrong("a sigmoid of noise", hint="even")(drawn(t=lambda z, g: torch.randn(len(z), 1, generator=g).sigmoid()))
wrong("the first half of the time", hint="even")(drawn(t=lambda z, g: torch.rand(len(z), 1, generator=g) / 2))
wrong("the same times in each call", hint="seed does not change t|same numbers")(
    drawn(t=lambda z, g: torch.linspace(0, 1, len(z))[:, None])
)

# ---- wrong: the noise

wrong("rand for randn", hint="one sign")(drawn(eps=lambda z, g: torch.rand(z.shape, generator=g)))
wrong("rand from −1 to 1", hint="spread of 1|noise of spread 1|Gaussian")(
    drawn(eps=lambda z, g: 2 * torch.rand(z.shape, generator=g) - 1)
)
wrong("even noise of spread 1", hint="Gaussian")(
    drawn(eps=lambda z, g: 12**0.5 * (torch.rand(z.shape, generator=g) - 0.5))
)
wrong("one noise for all codes", hint="shared|spread 1")(
    drawn(eps=lambda z, g: torch.randn(1, z.shape[1], generator=g).expand(z.shape))
)
wrong("one noise for all dimensions", hint="shared")(
    drawn(eps=lambda z, g: torch.randn(len(z), 1, generator=g).expand(z.shape))
)
wrong("a tenth of the noise", hint="spread 1")(drawn(eps=lambda z, g: torch.randn(z.shape, generator=g) / 10))
wrong("noise around 1", hint="mean 0|one sign")(drawn(eps=lambda z, g: 1 + torch.randn(z.shape, generator=g)))
wrong("noise as wide as the codes", hint="Each has its own noise")(
    drawn(eps=lambda z, g: z.std() * torch.randn(z.shape, generator=g))
)
wrong("global noise", hint="global random")(drawn(eps=lambda z, g: torch.randn_like(z)))
wrong("global times", hint="global random")(drawn(t=lambda z, g: torch.rand(len(z), 1)))
wrong("a seed set", hint="global random")(
    drawn(eps=lambda z, g: (torch.manual_seed(0), torch.randn(z.shape, generator=g))[1])
)
wrong("a generator of its own for the noise", hint="seed|same numbers")(
    drawn(eps=lambda z, g: torch.randn(z.shape, generator=torch.Generator().manual_seed(0)))
)
wrong("no noise", hint="spread 1; yours has 0.00")(drawn(eps=lambda z, g: torch.zeros_like(z)))

# ---- wrong: the way

wrong("time reversed", hint="reversed")(made(point=lambda eps, z, t: t * eps + (1 - t) * z))
wrong("time and target reversed", hint="reversed")(
    made(point=lambda eps, z, t: t * eps + (1 - t) * z, target=lambda eps, z, t: eps - z)
)
wrong("noise added to the code", hint="from the start")(made(point=lambda eps, z, t: z + (1 - t) * eps))
wrong("the code added to the noise", hint="noise should have")(made(point=lambda eps, z, t: eps + t * z))
wrong("the code itself", hint="from the start")(made(point=lambda eps, z, t: z))
wrong("the noise itself", hint="not in the point")(made(point=lambda eps, z, t: eps))
wrong("roots, as in diffusion", hint="curved")(made(point=lambda eps, z, t: (1 - t).sqrt() * eps + t.sqrt() * z))
wrong("a quarter of a circle", hint="curved")(
    made(point=lambda eps, z, t: torch.cos(t * torch.pi / 2) * eps + torch.sin(t * torch.pi / 2) * z)
)
wrong("codes standardised", hint="code is not in the point")(
    made(point=lambda eps, z, t: (1 - t) * eps + t * (z - z.mean(0)) / (z.std(0) + 1e-6))
)
wrong("codes in another order", hint="of its code")(made(point=lambda eps, z, t: (1 - t) * eps + t * z.roll(1, 0)))

# ---- wrong: the target

wrong("target reversed", hint="points backwards")(made(target=lambda eps, z, t: eps - z))
wrong("target is the code", hint="target is the code")(made(target=lambda eps, z, t: z))
wrong("target is the noise", hint="target is the noise")(made(target=lambda eps, z, t: eps))
wrong("target is the rest of the way", hint="rest of the path")(
    made(target=lambda eps, z, t: z - ((1 - t) * eps + t * z))
)
wrong("target is the point", hint="path so far|should be")(made(target=lambda eps, z, t: (1 - t) * eps + t * z))
wrong("no target", hint="no target")(made(target=lambda eps, z, t: 0 * z))
wrong("target plus", hint="target has [+] eps")(made(target=lambda eps, z, t: z + eps))

# ---- wrong: the error

wrong("mean over dimensions", hint="averaged over the latent dimensions")(made(error=lambda off: off.square().mean()))
wrong("mse_loss", hint="averaged over the latent dimensions")(made(error=lambda off: F.mse_loss(off, 0 * off)))
wrong("sum over all", hint="summed over the codes")(made(error=lambda off: off.square().sum()))
wrong("half", hint="half")(made(error=lambda off: 0.5 * off.square().sum(1).mean()))
wrong("one per code", hint="one number")(made(error=lambda off: off.square().sum(1)))
wrong("one per entry", hint="one number")(made(error=lambda off: off.square()))
wrong("absolute", hint="absolute")(made(error=lambda off: off.abs().sum(1).mean()))
wrong("length", hint="root")(made(error=lambda off: off.norm(dim=1).mean()))
wrong("root of the mean", hint="root")(made(error=lambda off: off.square().sum(1).mean().sqrt()))
wrong("sum before the square", hint="before it is squared")(made(error=lambda off: off.sum(1).square().mean()))
wrong("no square", hint="cancel")(made(error=lambda off: off.sum(1).mean()))
wrong("the sign turned", hint="sign is turned")(made(error=lambda off: -off.square().sum(1).mean()))
wrong("Huber", hint="should be")(made(error=lambda off: F.smooth_l1_loss(off, 0 * off, reduction="sum") / len(off)))
wrong("clamped", hint="should be")(made(error=lambda off: off.square().clamp(max=1).sum(1).mean()))
wrong("median over codes", hint="should be")(made(error=lambda off: off.square().sum(1).median()))
wrong("a Python number", hint="tensor with one number")(made(error=lambda off: off.square().sum(1).mean().item()))
wrong("a tuple", hint="a tuple of 2")(made(error=lambda off: (off.square().sum(1).mean(), off)))
wrong("shape [1]", hint="one number")(made(error=lambda off: off.square().sum(1).mean(0, keepdim=True)))
wrong("NumPy", hint="tensor with one number")(
    made(error=lambda off: np.mean(np.sum(off.detach().numpy() ** 2, axis=1)))
)

# ---- wrong: the field, and gradients

wrong("the arguments swapped", hint="changed places")(made(ask=lambda field, at, t: field(t, at)))
wrong("no time", hint="needs the times")(made(ask=lambda field, at, t: field(at)))
wrong("asked twice", hint="2 times")(made(ask=lambda field, at, t: (field(at, t) + field(at, t)) / 2))
wrong("never asked", hint="does not call the field")(made(ask=lambda field, at, t: at))
wrong("joined into one tensor", hint="needs the times|shape of the codes")(
    made(ask=lambda field, at, t: field(torch.cat([at, t], 1)))
)
wrong("time reversed for the field alone", hint="reversed")(made(ask=lambda field, at, t: field(at, 1 - t)))
wrong("no gradient for the field", hint="No gradient reaches the field")(
    made(ask=lambda field, at, t: field(at, t).detach())
)
wrong("the loss detached", hint="No gradient reaches the field")(
    made(error=lambda off: off.square().sum(1).mean().detach())
)
wrong("backward inside", hint="calls backward")(
    made(error=lambda off: ((loss := off.square().sum(1).mean()).backward(retain_graph=True), loss)[1])
)


@wrong("a gradient to the codes, through point and target", hint="gradient passes to the codes")
def _(field, codes, generator):
    eps, t = draws(codes, generator)
    return (field((1 - t) * eps + t * codes, t) - (codes - eps)).square().sum(1).mean()


@wrong("a gradient to the codes, through the target alone", hint="gradient passes to the codes")
def _(field, codes, generator):
    eps, t = draws(codes, generator)
    return (field((1 - t) * eps + t * codes.detach(), t) - (codes - eps)).square().sum(1).mean()


@wrong("codes overwritten", hint="overwrote codes")
def _(field, codes, generator):
    eps, t = draws(codes, generator)
    target = codes.detach() - eps
    z_t = codes.detach().mul_(t).add_((1 - t) * eps)
    return (field(z_t, t) - target).square().sum(1).mean()


wrong("called, not handed over", hint="without calling it")(torch.tensor(3.0))
wrong("misspelt", hint="NameError")(made(error=lambda off: of.square().sum(1).mean()))  # noqa: F821

# Tried by somebody who had read the exercise alone.
wrong("times from 0.05 to 0.95", hint="go from 0.05 to 0.95")(
    drawn(t=lambda z, g: 0.05 + 0.9 * torch.rand(len(z), 1, generator=g))
)
wrong("another time for the field", hint="another time than the point")(
    made(ask=lambda field, at, t: field(at, t.flip(0)))
)
wrong("one noise for all codes, of a known seed", hint="eps is shared")(
    drawn(eps=lambda z, g: torch.randn(1, z.shape[1], generator=g).expand_as(z))
)


@wrong("a time for each dimension, the first for the field", hint="each dimension has a time")
def _(field, codes, generator):
    codes = codes.detach()
    eps, t = torch.randn(codes.shape, generator=generator), torch.rand(codes.shape, generator=generator)
    return (field((1 - t) * eps + t * codes, t[:, :1]) - (codes - eps)).square().sum(1).mean()


@wrong("a time that goes with the noise", hint="noise goes with the time")
def _(field, codes, generator):
    codes = codes.detach()
    eps = torch.randn(codes.shape, generator=generator)
    t = torch.special.ndtr(eps[:, :1])
    return (field((1 - t) * eps + t * codes, t) - (codes - eps)).square().sum(1).mean()


@wrong("two noises, one for the target", hint="another noise than the point")
def _(field, codes, generator):
    codes = codes.detach()
    t = torch.rand(len(codes), 1, generator=generator)
    at = (1 - t) * torch.randn(codes.shape, generator=generator) + t * codes
    return (field(at, t) - (codes - torch.randn(codes.shape, generator=generator))).square().sum(1).mean()


@wrong("the gradients of the codes switched off", hint="changes codes for the caller")
def _(field, codes, generator):
    codes.requires_grad_(False)
    return made()(field, codes, generator)


@wrong("the field frozen", hint="freezes the field")
def _(field, codes, generator):
    field.requires_grad_(False)
    return made()(field, codes, generator)
