"""What `make bench` compares must be the same work."""

from pathlib import Path

from vae_course.vae import VAE

import pytest
import torch


@pytest.fixture
def loops(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    import loops

    return loops


def test_pytorchs_example_has_the_courses_network_and_loss(loops, generator):
    ours, theirs = VAE(), loops.Example()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    x = torch.rand(5, 1, 28, 28, generator=generator)
    torch.manual_seed(0)
    expected = ours.elbo(x).negative_elbo.sum()
    torch.manual_seed(0)
    torch.testing.assert_close(theirs.loss(x), expected)


def test_the_floor_multiplies_as_often_as_a_step_does(loops):
    step = loops.floor(batch=2)
    with torch.profiler.profile(with_flops=True) as profile:
        step()
    weights = sum(p.numel() for p in VAE().parameters() if p.ndim == 2)
    # Two operations a weight and image forward, four backward, but no gradient of the image in the first layer.
    assert sum(event.flops or 0 for event in profile.key_averages()) == 2 * (6 * weights - 2 * 784 * 400)


def test_every_loop_and_part_takes_steps(loops, digits):
    images = digits.train_images[:64]
    steps = {
        "fit": loops.course(images, 32, "dynamic"),
        "example": loops.example(images, 32),
        **loops.parts(images, 32),
    }
    times = loops.milliseconds(steps, rounds=2, repeats=1)
    assert set(times) == set(steps)
    assert {len(values) for values in times.values()} == {2}
