"""Loops to compare, each as a function that takes one step when it is called, and how to time them in turn."""

from collections.abc import Callable, Iterator
from time import process_time

from vae_course.data import as_pixels
from vae_course.digits.torchvision_compat import torchvision
from vae_course.elbo import elbo_terms
from vae_course.training import TrainConfig, adam, fit
from vae_course.vae import VAE

import torch
from PIL import Image
from torch import Generator, Tensor, nn
from torch.nn.functional import binary_cross_entropy, relu
from torch.optim import Adam
from torch.utils.data import DataLoader, Dataset

Step = Callable[[], object]
LAYERS = ((784, 400), (400, 20), (400, 20), (20, 400), (400, 784))
FOREVER = 10**6


def milliseconds(steps: dict[str, Step], rounds: int, repeats: int) -> dict[str, list[float]]:
    """Measure the processor time of a step in several rounds; in each all take their turn, so that noise is shared."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            # The first step finds memory and caches that another one has left.
            step()
            start = process_time()
            for _ in range(repeats):
                step()
            times[name].append(1000 * (process_time() - start) / repeats)
    return times


def floor(batch: int) -> Step:
    """Do the matrix products of a step at their own shapes, with the memory of their results found before."""
    products = []
    for number, (inputs, outputs) in enumerate(LAYERS):
        x, w, dy = torch.randn(batch, inputs), torch.randn(outputs, inputs), torch.randn(batch, outputs)
        products += [(x, w.T), (dy.T, x)]
        # Nobody needs the gradient of the image.
        products += [(dy, w)] if number else []
    results = [a @ b for a, b in products]

    def step() -> None:
        for (a, b), result in zip(products, results, strict=True):
            torch.mm(a, b, out=result)

    return step


def course(images: Tensor, batch: int, binarization: str, **network: int | tuple[int, ...]) -> Step:
    """Take a step of `fit`."""
    training = fit(VAE(**network), images, TrainConfig(FOREVER, batch, binarization=binarization))
    return lambda: next(training)


class Pictures(Dataset):
    """Digits one by one, as torchvision's MNIST gives them: bytes to a picture, a picture to a tensor."""

    def __init__(self, images: Tensor):
        self.images, self.transform = images, torchvision.transforms.ToTensor()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.transform(Image.fromarray(self.images[index].numpy()))


class Example(nn.Module):
    """784-400-20 by the settings of PyTorch's example: a sigmoid at the end, and the cross-entropy of probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.mu, self.logvar, self.back, self.pixels = (nn.Linear(i, o) for i, o in LAYERS)

    def loss(self, x: Tensor) -> Tensor:
        """Compute -ELBO, summed over the batch."""
        h = relu(self.hidden(x.flatten(1)))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        p = torch.sigmoid(self.pixels(relu(self.back(z))))
        kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum()
        return binary_cross_entropy(p, x.flatten(1), reduction="sum") + kl


def example(images: Tensor, batch: int) -> Step:
    """Take a step of PyTorch's example, by its settings: DataLoader, ToTensor, Adam with 1e-3, no binarisation."""
    loader, model = DataLoader(Pictures(images), batch, shuffle=True), Example()
    optimizer = Adam(model.parameters(), lr=1e-3)

    def train() -> Iterator[float]:
        for _ in range(FOREVER):
            for x in loader:
                optimizer.zero_grad()
                loss = model.loss(x)
                loss.backward()
                optimizer.step()
                yield loss.item()

    training = train()
    return lambda: next(training)


def parts(images: Tensor, batch: int) -> dict[str, Step]:
    """List the parts of a step of `fit` with dynamic pixels, each alone, beside its matrix products."""
    generator, index = Generator(), torch.randperm(len(images))[:batch]
    x = as_pixels(images[index], "grey", generator)
    logits = torch.randn_like(x, requires_grad=True)
    mu, logvar = (torch.randn(batch, 20, requires_grad=True) for _ in range(2))
    model = VAE()
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 1e-3)
    return {
        "draws of the pixels": lambda: as_pixels(images[index], "dynamic", generator),
        "terms of the ELBO, and their gradient": lambda: (
            elbo_terms(x, logits, mu, logvar).weighted(1.0).mean().backward()
        ),
        "Adam": adam(model.parameters(), 1e-3).step,
        "Python and some hundred calls: a step of two units and one image": course(images, 1, "dynamic", hidden=(2,)),
    }
