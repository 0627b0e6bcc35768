"""Lesson 02's check tells right from wrong, and names what is wrong."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vae_course.encoder import Encoder
from vae_course.lessons.encoder.check import check_encoder


class Stub(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        ...

    def forward(self, x): ...


class OneSplitLayer(nn.Module):
    def __init__(self, latent_dim=20):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, 40), nn.Tanh(), nn.Linear(40, 2 * latent_dim))

    def forward(self, x):
        return self.layers(x).chunk(2, dim=1)


class TwoTrunks(nn.Module):
    def __init__(self, latent_dim=20):
        super().__init__()
        self.first, self.second = Encoder(latent_dim, (30,)), Encoder(latent_dim, (30,))

    def forward(self, x):
        return self.first(x)[0], self.second(x)[1]


class CautiousStart(Encoder):
    def __init__(self, latent_dim=20):
        super().__init__(latent_dim)
        nn.init.constant_(self.logvar.bias, -2.0)

    def forward(self, x):
        mu, logvar = super().forward(x)
        return mu, logvar.clamp(-10, 10)


class AsAsked(nn.Module):
    """What the exercise asks for, with its number in place of the argument where a subclass says so."""

    body, heads = None, None

    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(784, self.body or hidden), nn.ReLU())
        self.mu, self.logvar = (nn.Linear(self.heads or hidden, latent_dim) for _ in range(2))

    def forward(self, x):
        features = self.features(x)
        return self.mu(features), self.logvar(features)


class HiddenIgnored(AsAsked):
    body = heads = 400


class HiddenIgnoredOtherNumber(AsAsked):
    body = heads = 300


class HiddenIgnoredByTheHeads(AsAsked):
    heads = 400


def altered(change):
    """The course's encoder, with its answer changed by `change(encoder, x, mu, logvar)`."""

    class MyEncoder(Encoder):
        def forward(self, x):
            return change(self, x, *super().forward(x))

    return MyEncoder


class SharedHead(nn.Module):
    def __init__(self, latent_dim=20):
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(784, 40), nn.ReLU())
        self.head = nn.Linear(40, latent_dim)
        self.bias = 0.0

    def forward(self, x):
        features = self.features(x)
        return self.head(features), self.head(features) + self.bias


class SharedHeadOwnBias(SharedHead):
    def __init__(self, latent_dim=20):
        super().__init__(latent_dim)
        self.bias = nn.Parameter(torch.ones(latent_dim))


class LayersInAList(nn.Module):
    def __init__(self, latent_dim=20):
        super().__init__()
        self.layers = [nn.Flatten(), nn.Linear(784, 40), nn.ReLU()]
        self.mu, self.logvar = nn.Linear(40, latent_dim), nn.Linear(40, latent_dim)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.mu(x), self.logvar(x)


class LayersMadeInForward(Encoder):
    def forward(self, x):
        features = self.features(x)
        return self.mu(features), nn.Linear(400, self.mu.out_features)(features)


class NoReLU(Encoder):
    def __init__(self, latent_dim=20):
        super().__init__(latent_dim)
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(784, 400))


class FixedWidth(Encoder):
    def __init__(self, latent_dim=20):
        super().__init__(latent_dim)
        self.width = nn.Parameter(torch.zeros(latent_dim))

    def forward(self, x):
        return super().forward(x)[0], self.width.expand(len(x), -1)


class LatentDimForgotten(Encoder):
    def __init__(self, latent_dim=20):
        super().__init__(20)


class NoFlatten(Encoder):
    def __init__(self, latent_dim=20):
        super().__init__(latent_dim)
        self.features = self.features[1:]


class NoArguments(Encoder):
    def __init__(self):
        super().__init__()


SigmaBySoftplus = altered(lambda e, x, mu, logvar: (mu, 2 * F.softplus(logvar).log()))


@pytest.mark.parametrize("answer", [Encoder, AsAsked, OneSplitLayer, TwoTrunks, CautiousStart, SigmaBySoftplus])
def test_right(answer):
    assert check_encoder(answer).status == "right", check_encoder(answer)


def test_stub():
    assert check_encoder(Stub).status == "not tried yet"


MISTAKES = {
    "relu on logvar": (altered(lambda e, x, mu, logvar: (mu, F.relu(logvar))), "logvar is never negative"),
    "softplus on logvar": (altered(lambda e, x, mu, logvar: (mu, F.softplus(logvar))), "sigma never gets below 1"),
    "minus softplus": (altered(lambda e, x, mu, logvar: (mu, -F.softplus(logvar))), "logvar is never positive"),
    "elu on logvar": (altered(lambda e, x, mu, logvar: (mu, F.elu(logvar))), "logvar is hardly negative"),
    "minus elu": (altered(lambda e, x, mu, logvar: (mu, -F.elu(logvar))), "logvar is hardly positive"),
    "leaky relu on logvar": (altered(lambda e, x, mu, logvar: (mu, F.leaky_relu(logvar))), "sigma hardly gets below 1"),
    "elu on mu": (altered(lambda e, x, mu, logvar: (F.elu(mu), logvar)), "mu is hardly negative"),
    "one output expanded": (
        altered(lambda e, x, mu, logvar: (mu, logvar[:, :1].expand(-1, 5))),
        "logvar is the same in every latent dimension",
    ),
    "variance for logvar": (altered(lambda e, x, mu, logvar: (mu, logvar.exp())), "exp"),
    "tanh on logvar": (altered(lambda e, x, mu, logvar: (mu, logvar.tanh())), "logvar never leaves"),
    "sigmoid on mu": (altered(lambda e, x, mu, logvar: (mu.sigmoid(), logvar)), "mu is never negative"),
    "one head returned twice": (altered(lambda e, x, mu, logvar: (mu, mu)), "share"),
    "logvar from mu": (altered(lambda e, x, mu, logvar: (mu, 2 * mu - 1)), "share"),
    "shared head": (SharedHead, "share"),
    "shared head, own bias": (SharedHeadOwnBias, "share"),
    "logvar detached": (altered(lambda e, x, mu, logvar: (mu, logvar.detach())), "No gradient comes back from logvar"),
    "mu detached": (altered(lambda e, x, mu, logvar: (mu.detach(), logvar)), "No gradient comes back from mu"),
    "features detached": (
        altered(lambda e, x, mu, logvar: (mu, e.logvar(e.features(x).detach()))),
        "gradient of logvar stops",
    ),
    "swapped": (altered(lambda e, x, mu, logvar: (logvar, mu)), "swapped"),
    "transposed": (altered(lambda e, x, mu, logvar: (mu.T, logvar.T)), "[5, 64]"),
    "logvar one number an image": (altered(lambda e, x, mu, logvar: (mu, logvar[:, :1])), "logvar has the shape"),
    "mean over the batch": (altered(lambda e, x, mu, logvar: (mu.mean(0), logvar.mean(0))), "mu has the shape"),
    "only mu": (altered(lambda e, x, mu, logvar: mu), "two tensors"),
    "one tensor": (altered(lambda e, x, mu, logvar: torch.cat((mu, logvar), 1)), "[64, 10]"),
    "three results": (altered(lambda e, x, mu, logvar: (mu, logvar, mu)), "tuple of 3"),
    "not tensors": (altered(lambda e, x, mu, logvar: (mu, logvar.tolist())), "logvar should be a tensor"),
    "a draw for mu": (
        altered(lambda e, x, mu, logvar: (mu + torch.randn_like(mu), logvar)),
        "draws nothing",
    ),
    "one width for all": (FixedWidth, "same for every image"),
    "layers in a list": (LayersInAList, "nn.Sequential"),
    "layers made in forward": (LayersMadeInForward, "__init__"),
    "no nonlinearity": (NoReLU, "ReLU"),
    "hidden ignored": (HiddenIgnored, "hidden=7"),
    "hidden ignored, another number": (HiddenIgnoredOtherNumber, "hidden=7"),
    "hidden ignored by the heads": (HiddenIgnoredByTheHeads, "hidden=7"),
    "latent_dim ignored": (LatentDimForgotten, "latent_dim=5"),
    "no flatten": (NoFlatten, "RuntimeError"),
    "no arguments": (NoArguments, "TypeError"),
    "an instance": (Encoder(), "class itself"),
    "a number": (3, "class itself"),
    "a class that is no module": (int, "TypeError"),
    "raises": (altered(lambda e, x, mu, logvar: 1 / 0), "ZeroDivisionError"),
}


@pytest.mark.parametrize(("answer", "hint"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_named(answer, hint):
    verdict = check_encoder(answer)
    assert verdict.status == "not right yet"
    assert hint in verdict.hint


def test_leaves_the_global_random_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    check_encoder(Encoder)
    assert torch.equal(torch.rand(3), expected)
