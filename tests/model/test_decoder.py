from vae_course.decoder import Decoder, log_likelihood

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Bernoulli


def test_codes_of_any_batch_shape_give_images_of_logits():
    logits = Decoder(latent_dim=3, hidden=(50, 40))(torch.randn(4, 5, 3))
    assert logits.shape == (4, 5, 1, 28, 28)
    assert logits.min() < 0 < logits.max()


@given(st.integers(0, 10_000), st.floats(0.1, 30))
def test_log_likelihood_is_that_of_torch_distributions(seed, scale):
    generator = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(3, 1, 28, 28, generator=generator)
    x = torch.rand(3, 1, 28, 28, generator=generator).round()
    expected = Bernoulli(logits=logits).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(log_likelihood(logits, x), expected)
    assert (log_likelihood(logits, x) <= 0).all()


def test_log_likelihood_stays_finite_at_large_logits():
    x = torch.ones(1, 1, 28, 28)
    torch.testing.assert_close(log_likelihood(-100 * x, x), torch.tensor([-78_400.0]))
    torch.testing.assert_close(log_likelihood(100 * x, x), torch.tensor([0.0]))


def test_one_image_is_compared_with_many_decodings():
    logits = torch.randn(6, 2, 1, 28, 28)
    x = torch.rand(2, 1, 28, 28).round()
    torch.testing.assert_close(log_likelihood(logits, x)[3], log_likelihood(logits[3], x))


@pytest.mark.parametrize("scale", [255, -1])
def test_pixels_outside_the_unit_range_are_refused(scale):
    with pytest.raises(ValueError, match=r"x: values must lie in \[0, 1\], found"):
        log_likelihood(torch.zeros(1, 1, 28, 28), scale * torch.ones(1, 1, 28, 28))
