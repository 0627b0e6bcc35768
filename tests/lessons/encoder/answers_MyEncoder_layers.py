"""More wrong answers to lesson 02's exercise: what comes before the layers, and how they are made."""

from functools import partial

import torch
from lessons.encoder.answers_MyEncoder import ANSWERS, AsAsked, altered, fed, made
from torch import nn
from torch.nn import functional as F

# Before the layers.
for title, hint, prepare in (
    ("normalised with the batch's numbers", "other images", lambda x: (x - x.mean()) / x.std()),
    ("the batch's mean image subtracted", "other images", lambda x: x - x.mean(0)),
    ("divided by the batch's maximum", "other images", lambda x: x / x.max()),
    ("rows mix images", "other images", lambda x: x.reshape(784, -1).T),
    ("batch reversed", "other images", lambda x: x.flip(0)),
    ("binarised inside", "gradient|binar|threshold|step", lambda x: (x > 0.5).float()),
    ("rounded", "gradient|binar|threshold|step|round", lambda x: x.round()),
    ("the upper half only", "pixel", lambda x: F.pad(x[:, :, :14], (0, 0, 0, 14))),
    ("every other pixel only", "pixel", lambda x: F.interpolate(x[..., ::2, ::2], scale_factor=2)),
    ("the mean grey only", "pixel", lambda x: x.mean((1, 2, 3), keepdim=True).expand_as(x)),
    ("zeros", "same for every image|gradient|pixel", lambda x: 0 * x),
    ("noise added", "draws nothing|different", lambda x: x + 0.1 * torch.randn_like(x)),
    ("dropout that never rests", "draws nothing|different", lambda x: F.dropout(x, 0.5, training=True)),
    ("overwritten", "overw|changed|leaf", lambda x: x.mul_(2)),
    ("overwritten without gradients", "overw|changed", lambda x: (x.data.sub_(0.5), x)[1]),
):
    ANSWERS.wrong(title, hint=hint)(fed(prepare))

# How it is made.
for title, hint, build in (
    ("heads shared", "shar|own", lambda self, latent, hidden: setattr(self, "logvar", self.mu)),
    ("weights shared, biases not", "shar|own", lambda self, latent, hidden:
        setattr(self.logvar, "weight", self.mu.weight)),
    ("no ReLU", "linear function", lambda self, latent, hidden: setattr(self, "features", self.features[:2])),
    ("ReLU before the linear layer", "linear function", lambda self, latent, hidden: setattr(
        self, "features", nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(784, hidden)))),
    ("identity for ReLU", "linear function", lambda self, latent, hidden: setattr(
        self, "features", nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.Identity()))),
    ("two linear layers, no ReLU", "linear function", lambda self, latent, hidden: setattr(
        self, "features", nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.Linear(hidden, hidden)))),
    ("LeakyReLU of slope 1", "linear function", lambda self, latent, hidden: setattr(
        self, "features", nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.LeakyReLU(1.0)))),
    ("BatchNorm of the features", "other images", lambda self, latent, hidden:
        self.features.append(nn.BatchNorm1d(hidden))),
    ("BatchNorm of the image", "other images", lambda self, latent, hidden: setattr(
        self, "features", nn.Sequential(nn.BatchNorm2d(1), *self.features))),
    ("flatten forgotten", "stopped with", lambda self, latent, hidden:
        setattr(self, "features", self.features[1:])),
    ("hidden layer frozen", "requires_grad", lambda self, latent, hidden: self.features.requires_grad_(False)),
    ("logvar's head frozen", "requires_grad", lambda self, latent, hidden:
        self.logvar.requires_grad_(False)),
    ("all weights zero", "learns nothing", lambda self, latent, hidden:
        [nn.init.zeros_(p) for p in self.parameters()]),
    ("hidden layer of zeros", "learns nothing", lambda self, latent, hidden:
        [nn.init.zeros_(p) for p in self.features.parameters()]),
    ("torch seeded in __init__", "(?i)seed|random", lambda self, latent, hidden: torch.manual_seed(0)),
    ("the default dtype set", "dtype", lambda self, latent, hidden: torch.set_default_dtype(torch.float64)),
    ("gradients switched off", "grad", lambda self, latent, hidden: torch.set_grad_enabled(False)),
    ("latent_dim + 1", r"latent_dim=5|shape", lambda self, latent, hidden:
        setattr(self, "logvar", nn.Linear(hidden, latent + 1))),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(made(build))


def sized(body=None, body_heads=None, heads=None, latent=None):
    class MyEncoder(nn.Module):
        def __init__(self, latent_dim=20, hidden=400):
            super().__init__()
            width = body or hidden
            self.features = nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.ReLU())
            if heads:
                self.features.append(nn.Linear(width, heads)).append(nn.ReLU())
            last = heads or body_heads or hidden
            self.mu, self.logvar = nn.Linear(last, latent or latent_dim), nn.Linear(last, latent or latent_dim)

        def forward(self, x):
            h = self.features(x)
            return self.mu(h), self.logvar(h)

    return MyEncoder


ANSWERS.wrong("400 for hidden", hint="hidden=7")(sized(body=400, body_heads=400))
ANSWERS.wrong("300 for hidden", hint="hidden=7")(sized(body=300, body_heads=300))
ANSWERS.wrong("400 for hidden in the heads", hint="hidden=7")(sized(body_heads=400))
ANSWERS.wrong("400 for hidden in the first layer", hint="hidden=7|stopped")(sized(body=400))
ANSWERS.wrong("20 for latent_dim", hint="latent_dim=5")(sized(latent=20))
ANSWERS.wrong("2 for latent_dim", hint="latent_dim=5")(sized(latent=2))


@ANSWERS.right("no argument hidden")
class _(AsAsked):
    def __init__(self, latent_dim=20):
        super().__init__(latent_dim)


@ANSWERS.wrong("no arguments", hint="latent_dim")
class _(AsAsked):
    def __init__(self):
        super().__init__()


@ANSWERS.wrong("super().__init__() forgotten", hint="stopped with AttributeError")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        self.features = nn.Linear(784, hidden)


@ANSWERS.wrong("layers in a list", hint="nn.Sequential")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.layers = [nn.Flatten(), nn.Linear(784, hidden), nn.ReLU()]
        self.mu, self.logvar = nn.Linear(hidden, latent_dim), nn.Linear(hidden, latent_dim)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.mu(x), self.logvar(x)


@ANSWERS.wrong("heads in a dict", hint="nn.Sequential|attribute")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU())
        self.heads = {"mu": nn.Linear(hidden, latent_dim), "logvar": nn.Linear(hidden, latent_dim)}

    def forward(self, x):
        h = self.features(x)
        return self.heads["mu"](h), self.heads["logvar"](h)


@ANSWERS.wrong("a head made in forward", hint="__init__")
class _(AsAsked):
    def forward(self, x):
        h = self.features(x)
        return self.mu(h), nn.Linear(h.shape[1], self.mu.out_features)(h)


@ANSWERS.wrong("a head made in forward, seeded", hint="(?i)__init__|seed")
class _(AsAsked):
    def forward(self, x):
        torch.manual_seed(1)
        h = self.features(x)
        return self.mu(h), nn.Linear(h.shape[1], self.mu.out_features)(h)


@ANSWERS.wrong("logvar a parameter, not computed", hint="same for every image")
class _(AsAsked):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__(latent_dim, hidden)
        self.width = nn.Parameter(torch.zeros(latent_dim))

    def forward(self, x):
        return super().forward(x)[0], self.width.expand(len(x), -1)


@ANSWERS.wrong("no gradients inside", hint="gradient.*mu")
class _(AsAsked):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


@ANSWERS.wrong("the hidden layer under no_grad", hint="gradient of mu stops")
class _(AsAsked):
    def forward(self, x):
        with torch.no_grad():
            h = self.features(x)
        return self.mu(h), self.logvar(h)


@ANSWERS.wrong("for batches of 64 only", hint="stopped with|shape")
class _(AsAsked):
    def forward(self, x):
        return super().forward(x.reshape(64, 784))


@ANSWERS.wrong("puts itself into evaluation mode", hint="mode|eval")
class _(AsAsked):
    def forward(self, x):
        self.eval()
        return super().forward(x)


@ANSWERS.wrong("answers of the first call are kept", hint="kept|earlier|shape")
class _(AsAsked):
    kept = None

    def forward(self, x):
        if self.kept is None:
            self.kept = super().forward(x)
        return self.kept


@ANSWERS.wrong("forward forgotten", hint="forward")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.mu, self.logvar = nn.Linear(784, latent_dim), nn.Linear(784, latent_dim)


@ANSWERS.wrong("no module", hint="nn.Module")
class _:
    def __init__(self, latent_dim=20, hidden=400):
        self.inner = AsAsked(latent_dim, hidden)

    def __call__(self, x):
        return self.inner(x)


ANSWERS.wrong("a built encoder", hint="class itself")(AsAsked())
ANSWERS.wrong("a function that builds", hint="class itself")(
    lambda latent_dim=20, hidden=400: AsAsked(latent_dim, hidden)
)
ANSWERS.wrong("a number", hint="class itself")(3)
ANSWERS.wrong("the results", hint="class itself")((torch.zeros(64, 5), torch.zeros(64, 5)))
ANSWERS.wrong("a class that is no module", hint="nn.Module|stopped")(int)
ANSWERS.wrong("nn.Module itself", hint="stopped|nn.Module")(nn.Module)


@ANSWERS.wrong("SystemExit", hint="SystemExit|exit")
class _(AsAsked):
    def forward(self, x):
        raise SystemExit


@ANSWERS.wrong("recursion", hint="RecursionError")
class _(AsAsked):
    def forward(self, x):
        return self(x)


# Tried when the check was finished: all but the marked ones were judged rightly at first sight.
for title, hint, change in (
    ("sigma by softplus", "logvar is never negative", lambda e, x, mu, logvar: (mu, F.softplus(logvar) + 1e-6)),
    ("a root of logvar", "not finite", lambda e, x, mu, logvar: (mu, logvar.sqrt())),  # It said that noise is drawn.
    ("twice a tanh", "logvar never leaves", lambda e, x, mu, logvar: (mu, 2 * logvar.tanh())),
    ("clamped to [-6, 2]", "logvar never leaves", lambda e, x, mu, logvar: (mu, logvar.clamp(-6, 2))),
    ("ReLU6", "logvar is never negative", lambda e, x, mu, logvar: (mu, F.relu6(logvar))),
    ("a sigmoid between -3 and 3", "mu never leaves", lambda e, x, mu, logvar: (6 * mu.sigmoid() - 3, logvar)),
    ("one draw", "two tensors", lambda e, x, mu, logvar: mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)),
    ("logvar detached, and a zero", "gradient of logvar", lambda e, x, mu, logvar: (mu, 0 * mu + logvar.detach())),
    ("the batch's mean subtracted", "other images", lambda e, x, mu, logvar: (mu - mu.mean(), logvar)),
    ("summed over the batch so far", "other images", lambda e, x, mu, logvar: (mu.cumsum(0), logvar)),
    ("-1 for logvar", "same for every image",  # It spoke of a detach.
     lambda e, x, mu, logvar: (mu, torch.full_like(mu, -1.0))),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(altered(change))

for title, prepare in (
    ("the middle of the image only", lambda x: F.pad(x[..., 4:24, 4:24], (4, 4, 4, 4))),
    ("the brightest pixel only", lambda x: F.one_hot(x.flatten(1).argmax(1), 784).float().reshape(x.shape)),
    ("the sum of squares only", lambda x: x.square().sum((1, 2, 3), keepdim=True).expand_as(x) / 784),
):
    ANSWERS.wrong(title, hint="pixels|greys")(fed(prepare))

for title, build in (
    ("small weights at the start",  # It was refused.
     lambda self, latent, hidden: [head.weight.data.mul_(0.01) for head in (self.mu, self.logvar)]),
    ("Xavier's weights", lambda self, latent, hidden: [
        nn.init.xavier_uniform_(p) for p in self.parameters() if p.ndim > 1]),
    ("heads without biases", lambda self, latent, hidden: (
        setattr(self, "mu", nn.Linear(hidden, latent, bias=False)),
        setattr(self, "logvar", nn.Linear(hidden, latent, bias=False)))),
    ("dropout of pixels", lambda self, latent, hidden: self.features.insert(1, nn.Dropout(0.1))),
    ("GroupNorm", lambda self, latent, hidden: self.features.append(nn.GroupNorm(1, hidden))),
    ("weight norm", lambda self, latent, hidden: nn.utils.parametrizations.weight_norm(self.mu)),
):  # fmt: skip
    ANSWERS.right(title)(made(build))
ANSWERS.right("each image divided by its brightest pixel")(
    fed(lambda x: x / x.amax((1, 2, 3), keepdim=True).clamp(min=1e-6))
)
ANSWERS.right("log softplus with a small number")(
    altered(lambda e, x, mu, logvar: (mu, torch.log(F.softplus(logvar) + 1e-8)))
)


@ANSWERS.right("a convolution first")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 5, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 14 * 14, hidden), nn.ReLU()
        )
        self.mu, self.logvar = nn.Linear(hidden, latent_dim), nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.features(x)
        return self.mu(h), self.logvar(h)


@ANSWERS.wrong("logvar straight from x", hint="from x directly")  # It said that layers are in a list.
class _(AsAsked):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__(latent_dim, hidden)
        self.logvar = nn.Linear(784, latent_dim)

    def forward(self, x):
        return self.mu(self.features(x)), self.logvar(x.flatten(1))


@ANSWERS.wrong("a second hidden layer", hint="3 linear layers")  # It was accepted.
class _(AsAsked):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__(latent_dim, hidden)
        self.features = nn.Sequential(self.features, nn.Linear(hidden, hidden), nn.ReLU())


@ANSWERS.wrong("a second hidden layer before logvar", hint="logvar comes through 3 linear layers")
class _(AsAsked):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__(latent_dim, hidden)
        self.logvar = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, latent_dim))


@ANSWERS.right("both heads in one product")  # The other head's gradient is there, and zero.
class _(AsAsked):
    def forward(self, x):
        weight, bias = (torch.cat([getattr(self.mu, n), getattr(self.logvar, n)]) for n in ("weight", "bias"))
        return F.linear(self.features(x), weight, bias).chunk(2, dim=-1)


for title, prepare in (
    ("the mean of each row", lambda x: x.mean(3, keepdim=True).expand_as(x)),
    ("the sum of each column", lambda x: x.sum(2, keepdim=True).expand_as(x) / 28),
    ("the sums of rows and columns", lambda x: (x.sum(2, keepdim=True) + x.sum(3, keepdim=True)) / 56),
    ("the means of 4 by 4 pixels", lambda x: F.interpolate(F.avg_pool2d(x, 4), scale_factor=4)),
):
    ANSWERS.wrong(title, hint="averaged or added")(fed(prepare))


@ANSWERS.right("a convolution, and the largest of 2 by 2")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.images = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
        self.hidden = nn.Linear(8 * 14 * 14, hidden)
        self.mu, self.logvar = nn.Linear(hidden, latent_dim), nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.hidden(self.images(x)).relu()
        return self.mu(h), self.logvar(h)


for title, hint, change in (
    ("logvar clamped to ±10", "logvar never leaves", lambda e, x, mu, logvar: (mu, logvar.clamp(-10, 10))),
    ("logvar clamped at -10 from below", "logvar never leaves", lambda e, x, mu, logvar: (mu, logvar.clamp(min=-10))),
    ("logvar clamped at 8 from above", "logvar never leaves", lambda e, x, mu, logvar: (mu, logvar.clamp(max=8))),
    ("mu clamped to ±5", "mu never leaves", lambda e, x, mu, logvar: (mu.clamp(-5, 5), logvar)),
    ("five times tanh on mu", "mu never leaves", lambda e, x, mu, logvar: (5 * (mu / 5).tanh(), logvar)),
    ("ten times tanh on logvar", "logvar never leaves", lambda e, x, mu, logvar: (mu, 10 * (logvar / 10).tanh())),
):
    ANSWERS.wrong(title, hint=hint)(altered(change))
ANSWERS.right("log softplus with a millionth")(
    altered(lambda e, x, mu, logvar: (mu, torch.log(F.softplus(logvar) + 1e-6)))
)
ANSWERS.right("mu kept within wide bounds")(altered(lambda e, x, mu, logvar: (mu.clamp(-20, 20), logvar)))
for width in (8, 64):
    ANSWERS.right(f"a partial with {width} hidden units")(partial(AsAsked, hidden=width))
ANSWERS.wrong("a partial of a function", hint="class itself")(partial(lambda latent_dim, hidden: None, hidden=64))
