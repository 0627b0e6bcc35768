"""A VAE that knows its images are pictures: convolutions in place of the layer on the pixels."""

from collections.abc import Sequence
from itertools import pairwise

from vae_course.encoder import Encoder
from vae_course.extras.coupling import CouplingPrior
from vae_course.vae import VAE

import torch
from jaxtyping import Float
from torch import Tensor, nn

# What two convolutions with stride 2 leave of the image's 28 pixels a side.
SIDE = 7
# A stranger's checkpoint may ask for any number.
MOST_COUPLING_LAYERS = 100


class ConvolutionalEncoder(Encoder):
    """q(z|x): two convolutions, each of which halves the image's sides, and then the layers of lesson 02's encoder."""

    def __init__(self, latent_dim: int, hidden: Sequence[int], channels: tuple[int, int]):
        wide, deep = channels
        super().__init__(latent_dim, hidden, inputs=deep * SIDE * SIDE)
        self.features = nn.Sequential(
            nn.Conv2d(1, wide, 4, stride=2, padding=1),  # [B, wide, 14, 14]
            nn.SiLU(),
            nn.Conv2d(wide, deep, 4, stride=2, padding=1),  # [B, deep, 7, 7]
            nn.SiLU(),
            *(nn.SiLU() if isinstance(layer, nn.ReLU) else layer for layer in self.features),
        )


class ConvolutionalDecoder(nn.Module):
    """p(x|z): the layers of the encoder in reverse, with transposed convolutions that double the sides."""

    def __init__(self, latent_dim: int, hidden: Sequence[int], channels: tuple[int, int]):
        super().__init__()
        wide, deep = channels
        widths = (latent_dim, *reversed(hidden), deep * SIDE * SIDE)
        self.logits = nn.Sequential(
            *(layer for i, o in pairwise(widths) for layer in (nn.Linear(i, o), nn.SiLU())),
            nn.Unflatten(-1, (deep, SIDE, SIDE)),
            nn.ConvTranspose2d(deep, wide, 4, stride=2, padding=1),  # [B, wide, 14, 14]
            nn.SiLU(),
            nn.ConvTranspose2d(wide, 1, 4, stride=2, padding=1),  # [B, 1, 28, 28]
        )

    def forward(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch 1 28 28"]:
        """Map codes to logits."""
        # Convolutions want one batch axis.
        return self.logits(z.reshape(-1, z.shape[-1])).view(*z.shape[:-1], 1, 28, 28)


class ConvolutionalVAE(VAE):
    """A VAE whose two halves have convolutions next to the image; all else is the lessons' VAE.

    Its layers have SiLU in place of ReLU: after 8 epochs −log p(x) is lower by 1.2 to 1.7 nats, with either prior.

    Args:
        latent_dim: the number of latent dimensions D.
        hidden: the widths of the layers between the encoder's convolutions and the code; the decoder's are the same.
        channels: of the encoder's two convolutions, from the image on.
        coupling_layers: of the prior, which is then learnt with the network; 0 for N(0, I).

    Raises:
        ValueError: a size is not positive, there are not two channels, or there are more than 100 coupling layers.
    """

    encoder_type, decoder_type = ConvolutionalEncoder, ConvolutionalDecoder

    def __init__(
        self,
        latent_dim: int = 20,
        hidden: Sequence[int] = (192,),
        channels: Sequence[int] = (16, 32),
        coupling_layers: int = 0,
    ):
        if len(channels) != 2 or min(channels) < 1:
            raise ValueError(f"channels={tuple(channels)}: there are two convolutions, with at least 1 channel each")
        if not 0 <= coupling_layers <= MOST_COUPLING_LAYERS:
            raise ValueError(f"coupling_layers={coupling_layers} must be from 0 to {MOST_COUPLING_LAYERS}")
        super().__init__(latent_dim, hidden, channels=tuple(channels))
        self.channels, self.coupling_layers = tuple(channels), coupling_layers
        if coupling_layers:
            self.prior = CouplingPrior(latent_dim, layers=coupling_layers)
        # On a processor an epoch takes 0.8 times as long, and decoding many codes half as long, where a pixel's
        # channels lie side by side in memory.
        self.to(memory_format=torch.channels_last)

    @property
    def options(self) -> dict[str, object]:
        """Return the arguments that it was made with."""
        return {**super().options, "channels": self.channels, "coupling_layers": self.coupling_layers}
