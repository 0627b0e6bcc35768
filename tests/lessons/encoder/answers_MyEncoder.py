"""Answers to lesson 02's exercise, right and wrong, as learners write them."""

import math
from collections import namedtuple

from vae_course.encoder import Encoder

import torch
from answers import Answers
from torch import nn
from torch.nn import functional as F

Posterior = namedtuple("Posterior", "mu logvar")
ANSWERS = Answers("MyEncoder")


class AsAsked(nn.Module):
    """What the exercise asks for; the wrong ones and some right ones differ from it in one place."""

    activation = nn.ReLU

    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), self.activation())
        self.mu, self.logvar = nn.Linear(hidden, latent_dim), nn.Linear(hidden, latent_dim)

    def forward(self, x):
        features = self.features(x)
        return self.mu(features), self.logvar(features)


def altered(change):
    """What was asked for, with its answer changed by `change(encoder, x, mu, logvar)`."""

    class MyEncoder(AsAsked):
        def forward(self, x):
            return change(self, x, *super().forward(x))

    return MyEncoder


def fed(prepare):
    """What was asked for, with its images changed by `prepare(x)`."""

    class MyEncoder(AsAsked):
        def forward(self, x):
            return super().forward(prepare(x))

    return MyEncoder


def made(build):
    """What was asked for, changed after it was made by `build(encoder, latent_dim, hidden)`."""

    class MyEncoder(AsAsked):
        def __init__(self, latent_dim=20, hidden=400):
            super().__init__(latent_dim, hidden)
            build(self, latent_dim, hidden)

    return MyEncoder


ANSWERS.right("as asked")(AsAsked)
ANSWERS.right("the course's own")(Encoder)
for activation in (nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.LeakyReLU, nn.ELU, nn.Softplus, nn.ReLU6):
    ANSWERS.right(f"another non-linearity, {activation.__name__}")(
        type("MyEncoder", (AsAsked,), {"activation": activation})
    )
ANSWERS.right("dropout of the features")(made(lambda self, latent, hidden: self.features.append(nn.Dropout(0.2))))
ANSWERS.right("LayerNorm")(made(lambda self, latent, hidden: self.features.append(nn.LayerNorm(hidden))))
ANSWERS.right("each image is normalised")(fed(lambda x: F.layer_norm(x, (1, 28, 28))))
ANSWERS.right("each image centred by its own mean")(fed(lambda x: x - x.mean((1, 2, 3), keepdim=True)))
ANSWERS.right("grey moved to [-1, 1]")(fed(lambda x: 2 * x - 1))
ANSWERS.right("the usual numbers of MNIST")(fed(lambda x: (x - 0.1307) / 0.3081))
ANSWERS.right("logvar kept within wide bounds")(altered(lambda e, x, mu, logvar: (mu, logvar.clamp(-20, 20))))
ANSWERS.right("a list returned")(altered(lambda e, x, mu, logvar: [mu, logvar]))
ANSWERS.right("logvar starts at zero")(
    made(lambda self, latent, hidden: (nn.init.zeros_(self.logvar.weight), nn.init.zeros_(self.logvar.bias)))
)
ANSWERS.right("logvar starts low")(made(lambda self, latent, hidden: nn.init.constant_(self.logvar.bias, -2.0)))
ANSWERS.right("biases start at zero")(
    made(lambda self, latent, hidden: (nn.init.zeros_(self.mu.bias), nn.init.zeros_(self.logvar.bias)))
)
ANSWERS.right("Kaiming's weights")(
    made(lambda self, latent, hidden: [nn.init.kaiming_normal_(p) for p in self.parameters() if p.ndim > 1])
)
ANSWERS.right("softplus gives sigma, whose logarithm is returned")(
    altered(lambda e, x, mu, logvar: (mu, 2 * F.softplus(logvar).log()))
)
ANSWERS.right("log sigma, doubled")(altered(lambda e, x, mu, logvar: (mu, 2 * logvar)))
ANSWERS.right("a named tuple")(altered(lambda e, x, mu, logvar: Posterior(mu, logvar)))
ANSWERS.right("images detached, which costs nothing")(fed(lambda x: x.detach()))


@ANSWERS.right("layers one by one, F.relu, view")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.fc1 = nn.Linear(28 * 28, hidden)
        self.mu = nn.Linear(hidden, latent_dim)
        self.logvar = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = F.relu(self.fc1(x.view(x.size(0), -1)))
        mu = self.mu(h)
        logvar = self.logvar(h)
        return mu, logvar


@ANSWERS.right("clamp as ReLU, other names for its arguments")
class _(nn.Module):
    def __init__(self, latent_dim: int = 20, hidden: int = 400, *, channels: int = 1):
        super().__init__()
        self.body = nn.Linear(784 * channels, hidden)
        self.mu = nn.Linear(hidden, latent_dim)
        self.logvar = nn.Linear(hidden, latent_dim)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.body(torch.flatten(images, start_dim=1)).clamp(min=0)
        return self.mu(hidden), self.logvar(hidden)


@ANSWERS.right("LazyLinear")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.LazyLinear(hidden), nn.ReLU())
        self.mu, self.logvar = nn.Linear(hidden, latent_dim), nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.features(x)
        return self.mu(h), self.logvar(h)


@ANSWERS.right("lazy heads")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.LazyLinear(hidden), nn.ReLU())
        self.mu, self.logvar = nn.LazyLinear(latent_dim), nn.LazyLinear(latent_dim)

    def forward(self, x):
        h = self.features(x)
        return self.mu(h), self.logvar(h)


@ANSWERS.right("one layer with two halves")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))

    def forward(self, x):
        return self.layers(x).chunk(2, dim=1)


@ANSWERS.right("a hidden layer for each head")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.first, self.second = Encoder(latent_dim, (hidden,)), Encoder(latent_dim, (hidden,))

    def forward(self, x):
        return self.first(x)[0], self.second(x)[1]


@ANSWERS.right("parameters by hand")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.w = nn.Parameter(torch.randn(784, hidden) / 28)
        self.b = nn.Parameter(torch.zeros(hidden))
        self.mu = nn.Linear(hidden, latent_dim)
        self.logvar = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = torch.relu(x.flatten(1) @ self.w + self.b)
        return self.mu(h), self.logvar(h)


@ANSWERS.right("an image at a time")
class _(AsAsked):
    def forward(self, x):
        pairs = [(self.mu(h), self.logvar(h)) for h in (self.features(image[None])[0] for image in x)]
        return torch.stack([mu for mu, _ in pairs]), torch.stack([logvar for _, logvar in pairs])


@ANSWERS.right("a ModuleDict, and a helper method")
class _(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.layers = nn.ModuleDict({"in": nn.Linear(784, hidden), "mu": nn.Linear(hidden, latent_dim)})
        self.layers["logvar"] = nn.Linear(hidden, latent_dim)

    def body(self, x):
        return self.layers["in"](x.reshape(-1, 784)).relu()

    def forward(self, x):
        return self.layers["mu"](self.body(x)), self.layers["logvar"](self.body(x))


@ANSWERS.right("any keyword arguments")
class _(AsAsked):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


@ANSWERS.right("double precision inside")
class _(AsAsked):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__(latent_dim, hidden)
        self.double()

    def forward(self, x):
        return tuple(out.float() for out in super().forward(x.double()))


# After the heads.
for title, hint, change in (
    ("ReLU on logvar", "logvar is never negative", lambda e, x, mu, logvar: (mu, F.relu(logvar))),
    ("ReLU on both", "mu is never negative", lambda e, x, mu, logvar: (F.relu(mu), F.relu(logvar))),
    ("ReLU on mu", "mu is never negative", lambda e, x, mu, logvar: (F.relu(mu), logvar)),
    ("softplus on logvar", "logvar is never negative", lambda e, x, mu, logvar: (mu, F.softplus(logvar))),
    ("minus softplus", "logvar is never positive", lambda e, x, mu, logvar: (mu, -F.softplus(logvar))),
    ("abs of logvar", "logvar is never negative", lambda e, x, mu, logvar: (mu, logvar.abs())),
    ("logvar squared", "logvar is never negative", lambda e, x, mu, logvar: (mu, logvar**2)),
    ("the variance for logvar", "logvar is never negative", lambda e, x, mu, logvar: (mu, logvar.exp())),
    ("sigma for logvar", "logvar is never negative", lambda e, x, mu, logvar: (mu, (0.5 * logvar).exp())),
    ("logvar clamped at 0 from below", "logvar is never negative", lambda e, x, mu, logvar: (mu, logvar.clamp(min=0))),
    ("logvar clamped at 0 from above", "logvar is never positive", lambda e, x, mu, logvar: (mu, logvar.clamp(max=0))),
    ("elu on logvar", "logvar is hardly negative", lambda e, x, mu, logvar: (mu, F.elu(logvar))),
    ("leaky ReLU on logvar", "logvar is hardly negative", lambda e, x, mu, logvar: (mu, F.leaky_relu(logvar))),
    ("GELU on mu", "mu is hardly negative", lambda e, x, mu, logvar: (F.gelu(mu), logvar)),
    ("SiLU on logvar", "logvar is hardly negative", lambda e, x, mu, logvar: (mu, F.silu(logvar))),
    ("logsigmoid on logvar", "logvar is never positive", lambda e, x, mu, logvar: (mu, F.logsigmoid(logvar))),
    ("a sigmoid on mu", "mu is never negative", lambda e, x, mu, logvar: (mu.sigmoid(), logvar)),
    ("a sigmoid on logvar", "logvar is never negative", lambda e, x, mu, logvar: (mu, logvar.sigmoid())),
    ("tanh on logvar", "logvar never leaves", lambda e, x, mu, logvar: (mu, logvar.tanh())),
    ("tanh on mu", "mu never leaves", lambda e, x, mu, logvar: (mu.tanh(), logvar)),
    ("three times tanh on mu", "mu never leaves", lambda e, x, mu, logvar: (3 * mu.tanh(), logvar)),
    ("logvar clamped to ±1", "logvar never leaves", lambda e, x, mu, logvar: (mu, logvar.clamp(-1, 1))),
    ("logvar clamped to ±2", "logvar never leaves", lambda e, x, mu, logvar: (mu, logvar.clamp(-2, 2))),
    ("softmax on mu", "mu is never negative", lambda e, x, mu, logvar: (mu.softmax(1), logvar)),
    ("log softmax on logvar", "logvar is never positive", lambda e, x, mu, logvar: (mu, logvar.log_softmax(1))),
    ("hardtanh on both", "never leaves", lambda e, x, mu, logvar: (F.hardtanh(mu), F.hardtanh(logvar))),
    ("mu rounded", "(?i)gradient|round", lambda e, x, mu, logvar: (mu.round(), logvar)),
    ("mu normalised to length 1", "never leaves|length", lambda e, x, mu, logvar: (F.normalize(mu), logvar)),
    ("mu standardised over the batch", "other images",
     lambda e, x, mu, logvar: ((mu - mu.mean(0)) / (mu.std(0, correction=0) + 1e-5), logvar)),
    ("mu centred over the batch", "other images", lambda e, x, mu, logvar: (mu - mu.mean(0), logvar)),
    ("logvar's mean over the batch", "same for every image|other images",
     lambda e, x, mu, logvar: (mu, logvar.mean(0, keepdim=True).expand_as(logvar))),
    ("the first image's logvar", "same for every image|other images",
     lambda e, x, mu, logvar: (mu, logvar[:1].expand_as(logvar))),
    ("images in reverse", "other images", lambda e, x, mu, logvar: (mu.flip(0), logvar.flip(0))),
    ("logvar of the next image", "other images", lambda e, x, mu, logvar: (mu, logvar.roll(1, 0))),
    ("sorted over the batch", "other images", lambda e, x, mu, logvar: (mu.sort(0).values, logvar)),
    ("softmax over the batch", "other images", lambda e, x, mu, logvar: (mu.softmax(0), logvar)),
    ("one output expanded to all", "same in every latent dimension",
     lambda e, x, mu, logvar: (mu, logvar[:, :1].expand_as(logvar))),
    ("logvar's mean over the dimensions", "same in every latent dimension",
     lambda e, x, mu, logvar: (mu, logvar.mean(1, keepdim=True).expand_as(logvar))),
    ("constant logvar", "logvar is the same for every image|gradient",
     lambda e, x, mu, logvar: (mu, torch.zeros_like(logvar))),
    ("one head returned twice", "shar|own", lambda e, x, mu, logvar: (mu, mu)),
    ("logvar from mu", "shar|own", lambda e, x, mu, logvar: (mu, 2 * mu - 1)),
    ("logvar is log mu squared", "shar|own", lambda e, x, mu, logvar: (mu, (mu**2 + 1e-6).log())),
    ("swapped", "swapped", lambda e, x, mu, logvar: (logvar, mu)),
    ("logvar detached", "gradient.*logvar", lambda e, x, mu, logvar: (mu, logvar.detach())),
    ("mu detached", "gradient.*mu", lambda e, x, mu, logvar: (mu.detach(), logvar)),
    ("both by .data", "gradient.*mu", lambda e, x, mu, logvar: (mu.data, logvar.data)),
    ("detached, then requires_grad_()", "gradient.*mu",
     lambda e, x, mu, logvar: (mu.detach().requires_grad_(), logvar)),
    ("features detached for logvar", "gradient of logvar stops",
     lambda e, x, mu, logvar: (mu, e.logvar(e.features(x).detach()))),
    ("features detached for mu", "gradient of mu stops",
     lambda e, x, mu, logvar: (e.mu(e.features(x).detach()), logvar)),
    ("mu made a draw", "draws nothing|noise", lambda e, x, mu, logvar: (mu + torch.randn_like(mu), logvar)),
    ("z for mu", "draws nothing|noise",
     lambda e, x, mu, logvar: (mu + torch.exp(0.5 * logvar) * torch.randn_like(mu), logvar)),
    ("a draw with a seed of its own", "(?i)random|seed|noise",
     lambda e, x, mu, logvar: (mu + torch.randn(mu.shape, generator=torch.Generator().manual_seed(0)), logvar)),
    ("torch seeded inside, and a draw", "(?i)random|seed|noise",
     lambda e, x, mu, logvar: (torch.manual_seed(0), (mu + torch.randn_like(mu), logvar))[1]),
    # Shapes and types.
    ("transposed", r"\[5, 64\]", lambda e, x, mu, logvar: (mu.T, logvar.T)),
    ("logvar once for an image", "logvar has the shape", lambda e, x, mu, logvar: (mu, logvar[:, :1])),
    ("summed", "shape", lambda e, x, mu, logvar: (mu.sum(1), logvar.sum(1))),
    ("mean over the batch", "mu has the shape", lambda e, x, mu, logvar: (mu.mean(0), logvar.mean(0))),
    ("an axis too many", "mu has the shape", lambda e, x, mu, logvar: (mu[:, None], logvar[:, None])),
    ("squeeze()", r"mu has the shape", lambda e, x, mu, logvar: (mu.squeeze(), logvar.squeeze())),
    ("only mu", "two tensors", lambda e, x, mu, logvar: mu),
    ("one tensor of both", "64, 10", lambda e, x, mu, logvar: torch.cat((mu, logvar), 1)),
    ("stacked", "two tensors", lambda e, x, mu, logvar: torch.stack((mu, logvar))),
    ("three results", "tuple of 3", lambda e, x, mu, logvar: (mu, logvar, mu)),
    ("features as well", "tuple of 3", lambda e, x, mu, logvar: (e.features(x), mu, logvar)),
    ("a dict", "dict", lambda e, x, mu, logvar: {"mu": mu, "logvar": logvar}),
    ("a distribution", "Normal",
     lambda e, x, mu, logvar: torch.distributions.Normal(mu, torch.exp(0.5 * logvar))),
    ("a string", "str", lambda e, x, mu, logvar: "mu, logvar"),
    ("lists in the pair", "logvar.*list", lambda e, x, mu, logvar: (mu, logvar.tolist())),
    ("an array in the pair", "mu.*ndarray", lambda e, x, mu, logvar: (mu.detach().numpy(), logvar)),
    ("the layer itself", "logvar.*Linear", lambda e, x, mu, logvar: (mu, e.logvar)),
    ("half precision", "float16|dtype", lambda e, x, mu, logvar: (mu.half(), logvar.half())),
    ("logvar as None", "logvar.*NoneType|logvar.*None", lambda e, x, mu, logvar: (mu, None)),
    # What stops.
    ("division by zero", "ZeroDivisionError", lambda e, x, mu, logvar: 1 / 0),
    ("an error inside math", "math.sqrt", lambda e, x, mu, logvar: (mu, math.sqrt(-1))),
):  # fmt: skip
    ANSWERS.wrong(title, hint=hint)(altered(change))
