"""Make the classifier that judges samples, and its card.

    python tools/classifier.py

Trains it for 15 epochs on MNIST's training digits without the 5,000 that are embedded in the course, pixels drawn again
for every batch (a minute or two). So the embedded digits, like MNIST's test digits, are new to it.
"""

import json
from time import perf_counter

from vae_course.checkpoints import CLASSIFIER
from vae_course.data import binarize, binarize_once, grey
from vae_course.digits import load_digits
from vae_course.files import write_atomically
from vae_course.sample_quality import SURE, DigitClassifier, digit_features, frechet_distance, sure_share
from vae_course.training import EVALUATION_SEED

import torch
from safetensors.torch import save
from torch import Generator, Tensor
from torch.nn.functional import cross_entropy
from torch.optim import Adam
from tqdm.auto import trange

EPOCHS, BATCH_SIZE, LEARNING_RATE, SEED = 15, 128, 2e-3, 0


def main() -> None:
    """Train, measure and ship."""
    mnist, embedded = load_digits("mnist"), load_digits()
    ours = {image.numpy().tobytes() for image in torch.cat([embedded.train_images, embedded.test_images])}
    new = torch.tensor([image.numpy().tobytes() not in ours for image in mnist.train_images])
    start = perf_counter()
    classifier = train(mnist.train_images[new], mnist.train_labels[new])
    card = {
        "purpose": "the judge of samples: a classifier of digits whose pixels are drawn",
        "parameters": sum(p.numel() for p in classifier.parameters()),
        "data": "mnist's training digits without the embedded ones",
        "images": int(new.sum()),
        "binarization": "dynamic",
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "decay": "in a straight line to 0",
        "seed": SEED,
        "seconds": round(perf_counter() - start, 1),
        "sure": SURE,
        "test": {"data": "mnist", **measure(classifier, mnist.test_images, mnist.test_labels)},
        "embedded_test": measure(classifier, embedded.test_images, embedded.test_labels),
    }
    features = [digit_features(classifier, drawn(images)) for images in (embedded.test_images, embedded.train_images)]
    card["embedded_test"]["frechet_distance_to_embedded_training_digits"] = round(frechet_distance(*features), 3)
    write_atomically(CLASSIFIER, save(classifier.state_dict()))
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    write_atomically(CLASSIFIER.with_suffix(".json"), text.encode())


def train(images: Tensor, labels: Tensor) -> DigitClassifier:
    """Train with cross-entropy, Adam, and a learning rate that falls to 0."""
    torch.manual_seed(SEED)
    classifier, generator = DigitClassifier(), Generator().manual_seed(SEED)
    optimizer = Adam(classifier.parameters(), lr=LEARNING_RATE, fused=True)
    steps = EPOCHS * -(-len(images) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _ in trange(EPOCHS, unit="epoch"):
        for batch in torch.randperm(len(images), generator=generator).split(BATCH_SIZE):
            loss = cross_entropy(classifier(binarize(grey(images[batch]), generator)), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return classifier.eval()


def measure(classifier: DigitClassifier, images: Tensor, labels: Tensor) -> dict[str, str | int | float]:
    """Measure accuracy and the share it is sure of, on digits drawn once."""
    x = drawn(images)
    classes = classifier.logits(digit_features(classifier, x)).argmax(1)
    accuracy = (classes == labels).float().mean().item()
    return {
        "images": len(x),
        "binarization": "static",
        "accuracy": round(accuracy, 4),
        "sure_share": round(sure_share(classifier, x), 4),
    }


def drawn(images: Tensor) -> Tensor:
    """Draw every pixel once."""
    return grey(binarize_once(images, "static", Generator().manual_seed(EVALUATION_SEED)))


if __name__ == "__main__":
    main()
