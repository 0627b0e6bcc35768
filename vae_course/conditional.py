"""Lesson 12: a VAE that is given the label, so that its code need not say it."""

from collections.abc import Sequence

from vae_course.checks import check_whole
from vae_course.decoder import Decoder
from vae_course.encoder import Encoder
from vae_course.vae import VAE

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot


def condition(
    h: Float[Tensor, "*batch features"], labels: Int64[Tensor, "*labels"], classes: int = 10
) -> Float[Tensor, "*batch features_and_classes"]:
    """Join its label to each row, as a one-hot vector: 1 in the place of its class, 0 in all others.

    Args:
        h: the input of a network's half, one row per image, or `[draws, batch, features]`.
        labels: one per row, or one for all.
        classes: the number of labels there are.

    Raises:
        ValueError: a label is not one of 0 to classes - 1, or there is not one for each row.
    """
    check_labels(labels, classes)
    if labels.shape not in (torch.Size(), h.shape[-2:-1]):
        raise ValueError(
            f"labels: {list(labels.shape)} of them for {h.shape[-2]} rows; give one per row, or one "
            "for all; where images are taken in parts, only one for all is possible"
        )
    y = one_hot(labels, classes).to(h)
    return torch.cat([h, y.expand(*h.shape[:-1], classes)], -1)


def check_labels(labels: Int64[Tensor, "*labels"], classes: int) -> None:
    """Raise a `ValueError` unless all labels are whole numbers from 0 to classes - 1."""
    if labels.dtype != torch.int64:
        kind = str(labels.dtype).removeprefix("torch.")
        raise ValueError(f"labels: must be whole numbers (int64), found {kind}; give labels.long()")
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        raise ValueError(f"labels: there is a {labels[outside][0]}; they must be from 0 to {classes - 1}")


class ConditionalEncoder(Encoder):
    """q(z|x, y): the label is joined to the image's pixels."""

    context: Tensor | None = None

    def __init__(self, latent_dim: int, hidden: Sequence[int], classes: int):
        super().__init__(latent_dim, hidden, inputs=784 + classes)
        self.classes = classes

    def forward(
        self, x: Float[Tensor, "batch 1 28 28"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Map images to `mu` and `logvar`, given the labels."""
        features = self.features(condition(x.flatten(1), _known(self.context), self.classes))
        return self.mu(features), self.logvar(features)


class ConditionalDecoder(Decoder):
    """p(x|y, z): the label is joined to the code."""

    context: Tensor | None = None

    def __init__(self, latent_dim: int, hidden: Sequence[int], classes: int):
        super().__init__(latent_dim + classes, hidden)
        self.classes = classes

    def forward(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch 1 28 28"]:
        """Map codes to logits, given the labels."""
        return self.logits(condition(z, _known(self.context), self.classes))


class ConditionalVAE(VAE):
    """A VAE of x given its label y (Sohn et al. 2015; with y always known, the M2 of Kingma et al. 2014).

    `model.given(labels)` is the VAE for these labels, with everything a VAE has; its ELBO is a bound on log p(x|y).
    The prior of z is the same for every label: what the label says, the code need not. To train it:
    `fit(model, images, config, labels=labels)`.

    Args:
        latent_dim: the number of latent dimensions D.
        hidden: the widths of the encoder's hidden layers; the decoder's are the same, in reverse.
        classes: the number of labels there are.

    Raises:
        ValueError: a size is not positive.
    """

    encoder_type, decoder_type = ConditionalEncoder, ConditionalDecoder

    def __init__(self, latent_dim: int = 20, hidden: Sequence[int] = (400,), classes: int = 10):
        check_whole(classes, "classes")
        super().__init__(latent_dim, hidden, classes=classes)
        self.classes = classes

    @property
    def options(self) -> dict[str, object]:
        """Return the arguments that it was made with."""
        return {**super().options, "classes": self.classes}

    def given(self, labels: int | Int64[Tensor, "*labels"]) -> VAE:
        """Return the VAE for these labels: one per image, or one for all. It shares its parameters with this one.

        Raises:
            ValueError: a label is not one of 0 to classes - 1.
        """
        labels = torch.as_tensor(labels, device=self.device)
        check_labels(labels, self.classes)
        return self.conditioned(labels)


def _known(labels: Tensor | None) -> Tensor:
    if labels is None:
        raise ValueError("labels: this network needs them; ask `model.given(labels)`, and train by `fit(…, labels=…)`")
    return labels
