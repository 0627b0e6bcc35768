"""What lesson 06's checks know of the two terms that come back: their kind, their means, and what else they may be."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from vae_course.elbo import ElboTerms, elbo_terms
from vae_course.kit.exercise import Mistake, close, describe, expect, recognise
from vae_course.lessons.training.probe import LATENT
from vae_course.vae import VAE

import torch
from torch import Tensor


def expect_kind(terms: Any) -> None:
    """Expect `ElboTerms` of two real tensors of shape [], without their graph."""
    both = isinstance(terms, ElboTerms)
    expect(both, f"Both terms are asked for, as ElboTerms(reconstruction, kl): this is {_a(terms)}.")
    for name, term in terms._asdict().items():
        kind = f"The term {name} is {describe(term)}"
        expect(isinstance(term, Tensor), f"{kind}: keep it a tensor, with `.detach()` and no `.item()` or `.numpy()`.")
        expect(term.shape == (), f"{kind}: it should be a mean over the images, a tensor of shape [].")
        expect(term.is_floating_point(), f"{kind} and dtype {term.dtype}: it should be a float.")
        expect(
            not term.requires_grad,
            f"The term {name} still holds the graph of its gradient (requires_grad is True). In a list, such graphs "
            "fill the memory: detach it.",
        )
        expect(term.isfinite(), f"The term {name} is {term.item()}: it is not finite.")


def _a(thing: Any) -> str:
    return "a generator: use `return`, not `yield`" if hasattr(thing, "send") else describe(thing)


def expect_means(terms: ElboTerms, of_images: ElboTerms, sizes: Sequence[int], more: Mapping[str, Any] = {}) -> None:
    """Expect the means of the images' terms; `more` are further mistakes in the KL, hint → value."""
    right = of_images.mean()
    expect(
        not (same_mean(terms.reconstruction, right.kl) and same_mean(terms.kl, right.reconstruction)),
        "The two terms have changed places: ElboTerms(reconstruction, kl).",
    )
    recognise(terms.kl, right.kl, {**more, **_mistakes("KL", of_images.kl, sizes, LATENT, "latent dimensions")},
              _unknown("KL", terms.kl, of_images.kl), same_mean)  # fmt: skip
    if same_mean(terms.reconstruction, right.negative_elbo):
        raise Mistake("The reconstruction holds the KL as well: keep the two terms apart.")
    recognise(terms.reconstruction, right.reconstruction,
              _mistakes("reconstruction", of_images.reconstruction, sizes, 784, "pixels"),
              _unknown("reconstruction", terms.reconstruction, of_images.reconstruction), same_mean)  # fmt: skip


def same_mean(got: Any, right: Any) -> bool:
    """Say whether two means agree as far as float32 can tell."""
    return close(got, right, rtol=2e-6, atol=5e-4)


def _mistakes(name: str, of_images: Tensor, sizes: Sequence[int], parts: int, of_what: str) -> dict[str, Any]:
    right = of_images.mean()
    batches = torch.stack([part.mean() for part in of_images.split(list(sizes))])
    return {
        f"The {name} has the wrong sign: it should be {right:.2f} nats per image.": -right,
        f"The {name} is summed over the images: take the mean.": of_images.sum(),
        f"The {name} is a mean of batches' means, in which images of a small batch count more: average once, over all.":
            batches.mean(),
        f"The {name} is the mean of the last batch alone.": batches[-1],
        f"The {name} is in bits; nats are asked for.": right / math.log(2),
        f"The {name} is averaged over its {parts} {of_what}: sum over them.": right / parts,
        f"The {name} is 0, and it should be {right:.2f} nats per image.": torch.zeros(()),
    }  # fmt: skip


def _unknown(name: str, got: Tensor, of_images: Tensor) -> str:
    right, got = of_images.mean().item(), got.item()
    if len(of_images) > 1 and abs(got - right) < 0.51:
        return (
            f"The {name} is {got:.6g}, and the mean over all images is {right:.6g}. Is something rounded, estimated or "
            "left out, or is the sum not divided by the number of images?"
        )
    return (
        f"The mean of the {name} over {len(of_images):,} image(s) is {right:.2f} nats, and yours is {got:.2f}: "
        "take the terms of lesson 05, and count every image once, with weight 1."
    )


@torch.no_grad()
def terms_of(model: VAE, rows: Tensor, z: Tensor) -> ElboTerms:
    """Compute the terms of images, [N, 784], with these codes."""
    x = rows.reshape(-1, 1, 28, 28)
    return elbo_terms(x, model.decoder(z), *model.encoder(x))
