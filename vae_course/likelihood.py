"""Lesson 13: the surprise of an image under a model, and how well a score tells anomalies from normal images."""

from vae_course.checks import check_type, check_whole, kind_of
from vae_course.decoder import log_likelihood
from vae_course.elbo import kl_divergence
from vae_course.evaluation import AT_ONCE
from vae_course.reparameterization import reparameterize
from vae_course.vae import VAE

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor


@torch.no_grad()
def surprise(
    model: VAE, x: Float[Tensor, "batch 1 28 28"], draws: int, generator: Generator | None = None
) -> Float[Tensor, " batch"]:
    """Compute −ELBO of each image in nats, averaged over draws of z.

    Raises:
        ValueError: `draws` is below 1.
    """
    check_whole(draws, "draws")
    answers = []
    for batch in x.split(max(1, AT_ONCE // draws)):
        mu, logvar = model.encoder(batch)
        z = reparameterize(mu.expand(draws, *mu.shape), logvar.expand(draws, *mu.shape), generator)
        answers.append(kl_divergence(mu, logvar) - log_likelihood(model.decoder(z), batch).mean(0))
    return torch.cat(answers)


def auroc(scores: Float[Tensor, " batch"], anomalous: Bool[Tensor, " batch"]) -> float:
    """Measure how often an anomaly has a higher score than a normal image, over all pairs; a tie counts half.

    This is the area under the curve of true against false positive rates, and Mann and Whitney's U over the number of
    pairs (Hanley & McNeil 1982): 1 if the score tells all anomalies apart, 0.5 if it knows nothing.

    Args:
        scores: one per image; a high score says that the image is anomalous.
        anomalous: True for each image that is.

    Raises:
        ValueError: there are no anomalies or no normal images, or a score is NaN; or not a score and a bool for each.
    """
    _check(scores, anomalous)
    scores, anomalous = scores.cpu(), anomalous.cpu()
    normal, others = scores[~anomalous].sort().values, scores[anomalous].contiguous()
    below = torch.searchsorted(normal, others)
    below_or_tied = torch.searchsorted(normal, others, right=True)
    return ((below + below_or_tied).double().mean() / 2 / len(normal)).item()


def roc(
    scores: Float[Tensor, " batch"], anomalous: Bool[Tensor, " batch"]
) -> tuple[Float[Tensor, " points"], Float[Tensor, " points"]]:
    """Compute the false and the true positive rate at every threshold, from the highest to the lowest; see `auroc`."""
    _check(scores, anomalous)
    thresholds = torch.cat([scores.unique().flip(0), scores.new_tensor([-torch.inf])])
    false, true = ((scores[group] > thresholds[:, None]).float().mean(1) for group in (~anomalous, anomalous))
    return false, true


def _check(scores: Tensor, anomalous: Tensor) -> None:
    check_type(scores, Tensor, "scores", "a tensor of numbers")
    check_type(anomalous, Tensor, "anomalous", "a tensor of True and False")
    if anomalous.dtype != torch.bool or anomalous.shape != scores.shape or scores.ndim != 1:
        right = "must be True or False for each score, in one row"
        raise ValueError(f"anomalous: {right}; found {kind_of(anomalous)} for scores {list(scores.shape)}")
    if anomalous.all() or not anomalous.any():
        raise ValueError(
            f"{anomalous.sum()} of {len(anomalous)} images are anomalous: give some that are, and some that are not"
        )
    if scores.isnan().any():
        raise ValueError(f"{scores.isnan().sum()} of {len(scores)} scores are NaN: every score must be a number")
