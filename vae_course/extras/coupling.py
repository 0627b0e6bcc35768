"""A prior that is learnt together with the network (Dinh et al. 2017; as a prior: Huang et al. 2017)."""

from vae_course.data import is_at_hand

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.distributions import Normal

# Scales stay between 1/20 and 20, so that no step of a training can make a density infinite.
LARGEST_LOG_SCALE = 3.0


class CouplingLayer(nn.Module):
    """Scale and shift every second dimension, by a network of the others; so it is inverted as cheaply as computed.

    Before training it does nothing.

    Args:
        latent_dim: the number of latent dimensions D, at least 2.
        width: of the network's two hidden layers.
        odd: whether the dimensions that change are 1, 3, 5 … instead of 0, 2, 4 …
    """

    mask: Tensor

    def __init__(self, latent_dim: int, width: int, odd: bool):
        super().__init__()
        changes = torch.arange(latent_dim) % 2 == int(odd)
        self.register_buffer("mask", changes.float(), persistent=False)
        last = nn.Linear(width, 2 * latent_dim)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.network = nn.Sequential(nn.Linear(latent_dim, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), last)

    def affine(self, z: Float[Tensor, "*batch latent"]) -> tuple[Tensor, Tensor]:
        """Compute log scale and shift of each dimension from those that stay; both are 0 for those."""
        log_scale, shift = self.network(z * (1 - self.mask)).chunk(2, -1)
        return LARGEST_LOG_SCALE * torch.tanh(log_scale / LARGEST_LOG_SCALE) * self.mask, shift * self.mask


class CouplingPrior(nn.Module):
    """p(z) by a chain of coupling layers from N(0, I), for `VAE.prior`; at first it is N(0, I).

    Args:
        latent_dim: the number of latent dimensions D, at least 2.
        width: of each layer's network.
        layers: the number of layers; they change even and odd dimensions in turn.
    """

    def __init__(self, latent_dim: int, width: int = 128, layers: int = 6):
        super().__init__()
        self.latent_dim, self.width = latent_dim, width
        self.layers = nn.ModuleList(CouplingLayer(latent_dim, width, odd=i % 2 == 1) for i in range(layers))

    def log_prob(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
        """Compute log p(z) in nats: that of the noise which becomes z, and the change of volume on the way."""
        volume = torch.zeros_like(z[..., 0])
        for layer in reversed(self.layers):
            log_scale, shift = layer.affine(z)
            z = (z - shift) * torch.exp(-log_scale)
            volume = volume - log_scale.sum(-1)
        # log p(z) = log N(ε; 0, I) + log |∂ε/∂z|
        return Normal(0.0, 1.0, validate_args=is_at_hand(z)).log_prob(z).sum(-1) + volume

    @torch.no_grad()
    def sample(self, count: int, generator: Generator | None = None) -> Float[Tensor, "count latent"]:
        """Draw codes: noise, through the layers."""
        device = next(self.parameters()).device
        z = torch.randn(count, self.latent_dim, generator=generator, device=device)
        for layer in self.layers:
            log_scale, shift = layer.affine(z)
            z = z * torch.exp(log_scale) + shift
        return z
