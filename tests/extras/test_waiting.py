"""On an accelerator the program must not wait in the inner loop: no step looks at the value of a tensor.

Here there is only the CPU. But whoever looks at a value, by `.item()`, `float(…)` or `if tensor:`, calls the same
function on every device, and this test counts its calls. (`.tolist()` and copies to the CPU cannot be counted so.)
"""

from vae_course import beta, data, reparameterization, vae
from vae_course.beta import BetaRange, MultiRateVAE
from vae_course.extras import coupling
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.extras.importance_step import ImportanceStep
from vae_course.extras.path_derivative import path_derivative_step
from vae_course.training import TrainConfig, fit, training_step
from vae_course.vae import VAE

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten
# A number for the program; or a tensor whose size depends on values.
LOOKS = {aten._local_scalar_dense.default, aten.nonzero.default, aten.masked_select.default}


class Looks(TorchDispatchMode):
    """Count how often the value of a tensor is looked at."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function in LOOKS
        return function(*args, **(kwargs or {}))


@pytest.fixture
def as_on_an_accelerator(monkeypatch):
    """Let the course take every tensor for one that lies on an accelerator."""
    for module in (beta, coupling, data, reparameterization, vae):
        monkeypatch.setattr(module, "is_at_hand", lambda values: False)


@pytest.mark.parametrize("look", [torch.Tensor.item, float, bool, torch.nonzero])
def test_every_way_to_look_at_a_value_is_counted(look):
    x = torch.tensor(1.0)
    with Looks() as looks:
        look(x)
    assert looks.count == 1


CASES = {
    "dynamic": (VAE, {}, training_step),
    "grey": (VAE, {"binarization": "grey"}, training_step),
    "static, a schedule and decay": (
        VAE, {"binarization": "static", "beta": ((0.0, 0.0), (1.0, 1.0)), "decay": True}, training_step,
    ),
    "path derivative": (VAE, {}, path_derivative_step),
    "importance": (VAE, {}, ImportanceStep(2)),
    "convolutions and a learned prior": (ConvolutionalVAE, {}, path_derivative_step),
    "every β": (MultiRateVAE, {"beta": BetaRange()}, training_step),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_no_step_looks_at_a_value_until_the_epoch_ends(case, digits, as_on_an_accelerator):
    """Muon is left out: it looks at its count of steps, which lies on the CPU on every machine."""
    model_type, settings, step = case
    options = {"coupling_layers": 2} if model_type is ConvolutionalVAE else {}
    model, config = model_type(latent_dim=2, hidden=(8,), **options), TrainConfig(epochs=1, batch_size=10, **settings)
    training = fit(model, digits.train_images[:50], config, digits.test_images[:10], step=step)
    next(training)
    with Looks() as looks:
        for _ in range(3):
            next(training)
    assert looks.count == 0
    with Looks() as looks:
        next(training)
    assert looks.count > 0, "the end of an epoch is where the losses are looked at"


def test_values_on_the_cpu_are_looked_at():
    assert data.is_at_hand(torch.ones(1))
    assert not data.is_at_hand(torch.ones(1, device="meta"))
    # On the device "meta" a tensor has no numbers, so a look at them would be an error.
    data.check_unit_range(torch.ones(1, device="meta"), "x")
    with pytest.raises(ValueError, match=r"x: values must lie in \[0, 1\]"):
        data.check_unit_range(2 * torch.ones(1), "x")
