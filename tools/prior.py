"""Make the prior that comes with the course, and its card.

    python tools/prior.py

Trains it on the codes of MNIST's 60,000 training digits in the network `every-beta`, which stays as it is: one velocity
field for every β from 0.03 to 4 and for every label. `benchmarks/inventions.py` measures what it generates.
"""

import json
from dataclasses import asdict
from time import perf_counter, process_time

from vae_course.beta import BetaRange
from vae_course.checkpoints import PRIOR, load_classifier, load_pretrained
from vae_course.data import binarize, binarize_once, grey
from vae_course.digits import load_digits
from vae_course.extras.muon import Muon
from vae_course.files import write_atomically
from vae_course.prior import FlowPrior, fit_prior
from vae_course.sample_quality import digit_features, frechet_distance, sure_share
from vae_course.training import EVALUATION_SEED, TrainConfig

import torch
from safetensors.torch import save
from torch import Generator, Tensor
from tqdm.auto import tqdm

BETAS = (0.03, 4.0)
CONFIG = TrainConfig(epochs=50, batch_size=512, learning_rate=3e-3, decay=True, beta=BetaRange(*BETAS))


def main() -> None:
    """Train, measure and ship."""
    mnist, model = load_digits("mnist"), load_pretrained("every-beta")
    torch.manual_seed(CONFIG.seed)
    prior = FlowPrior(latent_dim=model.latent_dim, classes=10, beta_range=BETAS)
    start, used = perf_counter(), process_time()
    steps = fit_prior(prior, model, mnist.train_images, CONFIG, mnist.train_labels, Muon(prior.parameters()))
    losses = list(tqdm(steps, total=CONFIG.epochs * -(-len(mnist.train_images) // CONFIG.batch_size)))
    card = {
        "purpose": "the prior of the codes of every-beta, for every β of its range and every label",
        "parameters": sum(p.numel() for p in prior.parameters()),
        "model": "every-beta",
        "data": "mnist",
        "images": len(mnist.train_images),
        "config": asdict(CONFIG),
        "optimizer": "Muon",
        "seconds": round(perf_counter() - start, 1),
        "processor_seconds": round(process_time() - used, 1),
        "loss": round(sum(losses[-100:]) / 100, 3),
        "embedded_test": measure(prior, 0.1),
    }
    write_atomically(PRIOR, save(prior.state_dict()))
    write_atomically(PRIOR.with_suffix(".json"), (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())


def measure(prior: FlowPrior, beta: float, count: int = 2000) -> dict[str, float]:
    """Judge inventions at this β, their pixels drawn, beside the 1,000 embedded test digits."""
    model, judge, generator = load_pretrained("every-beta").at(beta), load_classifier(), Generator().manual_seed(0)
    model.prior = prior.at(beta)
    images = binarize(model.sample(count, generator), generator)
    features = digit_features(judge, images), digit_features(judge, drawn(load_digits().test_images))
    return {
        "beta": beta,
        "images": count,
        "sure_share": round(sure_share(judge, images), 4),
        "frechet_distance": round(frechet_distance(*features), 3),
    }


def drawn(images: Tensor) -> Tensor:
    """Draw each pixel once."""
    return grey(binarize_once(images, "static", Generator().manual_seed(EVALUATION_SEED)))


if __name__ == "__main__":
    main()
