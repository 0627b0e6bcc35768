from copy import deepcopy
from dataclasses import replace

from vae_course.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from vae_course.extras.muon import Muon, left_factor
from vae_course.extras.recipes import RECIPES
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

CONFIG = TrainConfig(epochs=4, learning_rate=0.003, batch_size=100, decay=True)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return VAE(latent_dim=3, hidden=(32, 16))


def give_gradients(model, generator):
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def test_every_parameter_moves_and_a_matrix_moves_alike_in_all_directions(model, digits, generator):
    optimizer = Muon(model.parameters(), CONFIG.learning_rate)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    model.elbo(torch.rand(100, 1, 28, 28, generator=generator)).mean().negative_elbo.backward()
    optimizer.step()
    for name, p in model.named_parameters():
        step = p.detach() - before[name]
        assert step.abs().max() > 0
        if p.ndim == 2:
            values = torch.linalg.svdvals(step)
            assert values.max() < 2 * values.median()
    optimizer.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_one_learning_rate_serves_all(model):
    optimizer = Muon(model.parameters(), CONFIG.learning_rate)
    before = [p.detach().clone() for p in model.parameters()]
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    assert all(torch.equal(p, old) for p, old in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize("shape", [(6, 30), (30, 6), (12, 12)])
def test_the_left_factor_sets_singular_values_to_about_one(shape, generator):
    matrix = torch.randn(shape, generator=generator)
    matrix = matrix.T if shape[0] > shape[1] else matrix
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    matrix = u * torch.logspace(0, -1.7, len(u)) @ v
    values = torch.linalg.svdvals(left_factor(matrix) @ matrix)
    assert 0.7 < values.min() <= values.max() < 1.3


@pytest.mark.parametrize(("rows", "every", "steps"), [(200, None, 1), (201, None, 2), (450, None, 3), (20, 4, 4)])
def test_a_left_factor_serves_more_steps_where_there_are_more_rows(rows, every, steps, generator):
    parameter = nn.Parameter(torch.zeros(500, rows))
    optimizer = Muon([parameter], every=every)
    factors = []
    for _ in range(steps + 1):
        parameter.grad = torch.randn(500, rows, generator=generator)
        optimizer.step()
        factors.append(optimizer.state[parameter]["factor"])
    assert [factor is factors[0] for factor in factors] == [True] * steps + [False]


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_steps_with_a_matrix_have_one_size_whatever_the_gradient_has(size, generator):
    parameter = nn.Parameter(torch.zeros(20, 50))
    optimizer = Muon([parameter], lr=0.1, every=3)
    for _ in range(5):
        before = parameter.detach().clone()
        parameter.grad = size * torch.randn(20, 50, generator=generator)
        optimizer.step()
        assert (parameter - before).square().mean().sqrt().item() == pytest.approx(0.02, rel=1e-3)


def test_what_is_no_matrix_moves_as_adam_moves_it(generator):
    ours, theirs = (nn.ParameterList([torch.ones(3), torch.ones(2, 3, 2, 2)]) for _ in range(2))
    optimizers = Muon(ours, lr=0.01), torch.optim.Adam(theirs, lr=0.01)
    for _ in range(5):
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = other.grad = torch.randn(mine.shape, generator=generator)
        for optimizer in optimizers:
            optimizer.step()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other)


def test_a_matrix_without_a_slope_or_without_a_gradient_stays(generator):
    flat, unused = (nn.Parameter(torch.randn(4, 5, generator=generator)) for _ in range(2))
    before = flat.detach().clone(), unused.detach().clone()
    flat.grad = torch.zeros_like(flat)
    optimizer = Muon([flat, unused], lr=0.1)
    optimizer.step()
    assert torch.equal(flat, before[0])
    assert torch.equal(unused, before[1])
    flat.grad = torch.randn(4, 5, generator=generator)
    optimizer.step()
    assert (flat - before[0]).square().mean().sqrt().item() == pytest.approx(0.02, rel=1e-3)


def test_a_closure_is_called_once_with_gradients_and_its_loss_comes_back():
    parameter = nn.Parameter(torch.ones(2, 3))
    optimizer = Muon([parameter], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = parameter.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 6
    assert parameter.square().sum() < 6


def test_groups_have_learning_rates_of_their_own():
    still, moving = (nn.Parameter(torch.ones(2, 3)) for _ in range(2))
    optimizer = Muon([{"params": [still], "lr": 0.0}, {"params": [moving]}], lr=0.1)
    still.grad, moving.grad = torch.eye(2, 3), torch.eye(2, 3)
    optimizer.step()
    assert torch.equal(still, torch.ones(2, 3))
    assert not torch.equal(moving, torch.ones(2, 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": -1.0}, r"lr=-1\.0 must be at least 0"),
        ({"lr": float("nan")}, "lr=nan must be at least 0"),
        ({"eps": -1e-8}, "eps=-1e-08 must be at least 0"),
        ({"momentum": 1.0}, r"momentum=1\.0 must be at least 0 and below 1"),
        ({"betas": (0.9, -0.1)}, r"betas\[1\]=-0\.1 must be at least 0 and below 1"),
        ({"every": 0}, "every=0 must be at least 1 step, or None"),
    ],
)
def test_an_option_out_of_range_is_named(model, options, message):
    with pytest.raises(ValueError, match=message):
        Muon(model.parameters(), **options)


@pytest.mark.parametrize("steps", [3, 10])
def test_an_optimizer_with_loaded_state_goes_on_as_the_one_that_gave_it(model, generator, steps):
    ours = Muon(model.parameters(), lr=0.01)
    for _ in range(steps):
        give_gradients(model, generator)
        ours.step()
    other = VAE(latent_dim=3, hidden=(32, 16))
    other.load_state_dict(model.state_dict())
    theirs = Muon(other.parameters(), lr=0.5)
    # torch hands out the very tensors that it holds.
    theirs.load_state_dict(deepcopy(ours.state_dict()))
    for _ in range(10):
        give_gradients(model, generator)
        for mine, its in zip(model.parameters(), other.parameters(), strict=True):
            its.grad = mine.grad.clone()
        ours.step()
        theirs.step()
    assert all(torch.equal(mine, its) for mine, its in zip(model.parameters(), other.parameters(), strict=True))


def test_training_goes_on_from_a_checkpoint_as_if_it_had_not_stopped(model, digits, tmp_path):
    images = digits.train_images[:300]
    optimizer = Muon(model.parameters(), CONFIG.learning_rate)
    training = fit(model, images, CONFIG, optimizer=optimizer)
    for _ in range(6):
        next(training)
    save_checkpoint(tmp_path / "model.safetensors", Checkpoint(model, CONFIG, "embedded", [], optimizer))
    loaded = load_checkpoint(tmp_path / "model.safetensors")
    assert loaded.config == CONFIG
    assert isinstance(loaded.optimizer, Muon)
    for run in (Checkpoint(model, CONFIG, "embedded", [], optimizer), loaded):
        for _ in fit(run.model, images, CONFIG, optimizer=run.optimizer, first_epoch=2):
            pass
    for name, parameter in model.state_dict().items():
        assert torch.equal(parameter, loaded.model.state_dict()[name])


def test_a_fresh_one_can_be_kept_too(model, tmp_path):
    optimizer = Muon(model.parameters(), CONFIG.learning_rate)
    save_checkpoint(tmp_path / "model.safetensors", Checkpoint(model, CONFIG, "embedded", [], optimizer))
    assert load_checkpoint(tmp_path / "model.safetensors").model.hidden == (32, 16)


class Types(TorchDispatchMode):
    """Collects the types of all tensors that operations make."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Run the operation, and look at what it makes."""
        answer = function(*args, **(kwargs or {}))
        answers = answer if isinstance(answer, tuple | list) else [answer]
        self.seen |= {each.dtype for each in answers if isinstance(each, torch.Tensor)}
        return answer


def test_all_is_computed_in_the_type_of_the_parameters(model, generator):
    optimizer = Muon(model.parameters())
    with Types() as types:
        for _ in range(9):
            give_gradients(model, generator)
            optimizer.step()
    # A comparison makes a bool.
    assert types.seen - {torch.bool} == {torch.float32}
    state = [tensor for slots in optimizer.state.values() for tensor in slots.values()]
    assert {tensor.dtype for tensor in state} == {torch.float32}


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.optimizer is Muon])
def test_the_products_of_a_step_are_at_most_one_and_a_half_times_those_of_the_network(name):
    recipe = RECIPES[name]
    model, config = recipe.model(**recipe.options), replace(recipe.config, epochs=1)
    optimizer = Muon(model.parameters(), config.learning_rate)
    images = torch.zeros(config.batch_size, 28, 28, dtype=torch.uint8)
    with FlopCounterMode(display=False) as both:
        list(fit(model, images, config, optimizer=optimizer, step=recipe.step))
    with FlopCounterMode(display=False) as first:
        Muon(model.parameters()).step()
    # 12 is a multiple of all numbers of steps for which a factor serves.
    with FlopCounterMode(display=False) as steps:
        for _ in range(12):
            optimizer.step()
    network = both.get_total_flops() - first.get_total_flops()
    assert 0 < steps.get_total_flops() / 12 <= 1.5 * network
