"""Lesson 11: how good samples are, in two numbers. Read them beside those of real digits: alone they say nothing.

Both come from one small classifier of the course's own. Its numbers can be compared with each other, at the same count
of images, and never with those of another classifier.

It was trained on digits whose pixels are drawn, and takes only images of zeros and ones. p(x) is a distribution of such
images, so compare a sample with real digits whose pixels are drawn, too. A mean image can be compared with nothing: its
grey means "perhaps", and the grey of a real digit means "the edge of a stroke".
"""

from collections.abc import Sequence

from vae_course.checks import check_input

import torch
from jaxtyping import Float
from torch import Tensor, nn

SURE = 0.95
# Images at a time, so that a layer's answers stay in a processor's cache.
AT_ONCE = 500


class DigitClassifier(nn.Module):
    """p(class|x): three convolutions, each of which halves the image's sides, and a layer of features.

    Args:
        features: the number of features, in which the Fréchet distance is measured.
        channels: of the three convolutions.
    """

    def __init__(self, features: int = 64, channels: Sequence[int] = (16, 32, 32)):
        super().__init__()
        first, second, third = channels
        self.features = nn.Sequential(
            nn.Conv2d(1, first, 5, stride=2, padding=2),  # [B, 16, 14, 14]
            nn.SiLU(),
            nn.Conv2d(first, second, 3, stride=2, padding=1),  # [B, 32, 7, 7]
            nn.SiLU(),
            nn.Conv2d(second, third, 3, stride=2, padding=1),  # [B, 32, 4, 4]
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(16 * third, features),
            nn.SiLU(),  # with ReLU a third of the features ended at 0 for every image
        )
        self.logits = nn.Linear(features, 10)

    def forward(self, x: Float[Tensor, "batch 1 28 28"]) -> Float[Tensor, "batch 10"]:
        """Compute the logits of the ten classes for images of zeros and ones."""
        return self.logits(self.features(x))


@torch.no_grad()
def digit_features(
    classifier: DigitClassifier, images: Float[Tensor, "batch 1 28 28"]
) -> Float[Tensor, "batch features"]:
    """Compute the classifier's last hidden layer for each image.

    Raises:
        ValueError: there are no images, or they have another shape; or a pixel is neither 0 nor 1.
    """
    check_input("images", slice(1, None), (1, 28, 28), classifier, (images,))
    if not len(images):
        raise ValueError("images: there are none to judge")
    if not ((images == 0) | (images == 1)).all():
        raise ValueError(
            f"images: pixels must be 0 or 1, found values from {images.min():.4g} to {images.max():.4g}; "
            "draw them first, samples and real digits alike: binarize(images, generator)"
        )
    return torch.cat([classifier.features(batch) for batch in images.split(AT_ONCE)])


@torch.no_grad()
def sure_share(classifier: DigitClassifier, images: Float[Tensor, "batch 1 28 28"]) -> float:
    """Measure the share of images, in [0, 1], whose largest class probability is above `SURE`.

    It can't see whether all images are alike, and a classifier can be sure of what is no digit at all. So read it
    beside the share of real digits, and beside `frechet_distance`.

    Raises:
        ValueError: see `digit_features`.
    """
    probabilities = classifier.logits(digit_features(classifier, images)).softmax(1)
    return (probabilities.amax(1) > SURE).float().mean().item()


def frechet_distance(a: Float[Tensor, "n features"], b: Float[Tensor, "m features"]) -> float:
    """Compute |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½) from the means and covariances of two sets of features.

    It is the squared Fréchet distance of two Gaussians (Dowson & Landau 1982), as in Heusel et al. 2017, eq. 6, where
    the features are another network's. It is 0 for equal sets, but not for two sets of real digits: the fewer images,
    the larger it is. So compare sets of the same count, with one reference.

    Args:
        a: the features of a set of images, which has more images than features.
        b: the features of the other set, likewise.

    Raises:
        ValueError: not two tables with the same features; too few images, so that a covariance is singular; or a value
            that is not finite.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"a, b: must be [n, features] and [m, features], found {list(a.shape)} and {list(b.shape)}")
    for name, features in (("a", a), ("b", b)):
        count, width = features.shape
        if count <= width:
            raise ValueError(
                f"{name}: {count} images for {width} features give a singular covariance; "
                f"take at least {width + 1}, and better ten times as many"
            )
        if not features.isfinite().all():
            raise ValueError(f"{name}: {(~features.isfinite()).sum()} of its values are not finite")
    # |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½)   in float64, which not every accelerator has
    a, b = a.cpu().double(), b.cpu().double()
    covariance_a, covariance_b = (torch.atleast_2d(features.T.cov()) for features in (a, b))
    # Σ₁ Σ₂ is not symmetric; Σ₁^½ Σ₂ Σ₁^½ is, and has the same eigenvalues. Rounding may leave some slightly below 0.
    values, vectors = torch.linalg.eigh(covariance_a)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    overlap = torch.linalg.eigvalsh(root @ covariance_b @ root).clamp(min=0).sqrt().sum()
    means_apart = (a.mean(0) - b.mean(0)).square().sum()
    spreads_apart = covariance_a.trace() + covariance_b.trace() - 2 * overlap
    return (means_apart + spreads_apart).clamp(min=0).item()
