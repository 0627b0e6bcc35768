import re
from xml.etree import ElementTree

from vae_course.lessons.reparameterization.widget import NUMBERED, SameNoise

import pytest
import torch


@pytest.fixture
def widget():
    return SameNoise()


def figures(widget):
    """mu, sigma; count, mean, std; and a row for each numbered eps: number, eps, z and two derivatives."""
    cells = [cell.replace("−", "-") for cell in re.findall(r"<td[^>]*>([^<]*)</td>", widget.figures.value)]
    numbers = [float(cell.removesuffix(" draws").replace(",", "")) for cell in cells if re.match(r"[-\d]", cell)]
    return numbers[:2], numbers[2:5], torch.tensor(numbers[5:]).unflatten(0, (NUMBERED, 5))


def places(widget):
    """How far right each numbered eps and its draw stand, in pixels."""
    circles = [part for part in ElementTree.fromstring(widget.picture.value).iter() if part.tag == "circle"]
    across = torch.tensor([float(circle.get("cx")) for circle in circles])
    return across[0::2], across[1::2]


def dots(widget):
    return [
        path.count("M")
        for path in re.findall(r'<path d="([^"]*)" stroke="[^"]*" stroke-width="4"', widget.picture.value)
    ]


@pytest.mark.parametrize(("mu", "logvar"), [(0.0, 0.0), (1.5, -2.0), (-2.0, 1.0), (0.5, -6.0)])
def test_every_draw_is_the_same_noise_moved_and_stretched(widget, mu, logvar):
    eps = figures(widget)[2][:, 1]
    widget.mu.value, widget.logvar.value = mu, logvar
    moving = torch.tensor([mu, logvar], requires_grad=True)
    z = moving[0] + torch.exp(0.5 * moving[1]) * eps
    table = figures(widget)[2]
    assert torch.equal(table[:, 1], eps)
    assert torch.allclose(table[:, 2], z.detach(), atol=0.02)
    for i in range(NUMBERED):
        (gradient,) = torch.autograd.grad(z[i], moving, retain_graph=True)
        assert torch.allclose(table[i, 3:], gradient, atol=0.02)


def test_the_picture_moves_the_draws_and_leaves_the_noise(widget):
    above, below = places(widget)
    assert torch.equal(above, below)
    unit = (above[1] - above[0]) / (figures(widget)[2][1, 1] - figures(widget)[2][0, 1])
    widget.mu.value = 1.0
    assert torch.equal(places(widget)[0], above)
    assert torch.allclose(places(widget)[1] - below, unit, atol=0.3)
    widget.mu.value, widget.logvar.value = 0.0, -6.0
    assert torch.equal(places(widget)[0], above)
    assert places(widget)[1].max() - places(widget)[1].min() < 0.06 * (above.max() - above.min())


def test_the_numbered_eps_can_be_told_apart(widget):
    gaps = places(widget)[0].sort().values.diff()
    assert gaps.min() > 16


def test_many_draws_have_the_mean_and_width_that_were_asked_for(widget):
    widget.mu.value, widget.logvar.value, widget.draws.value = -1.2, -1.0, 1000
    (mu, sigma), (count, mean, std), _ = figures(widget)
    assert (mu, count) == (-1.2, 1000)
    assert sigma == pytest.approx(torch.tensor(-0.5).exp().item(), abs=0.006)
    assert mean == pytest.approx(mu, abs=4 * sigma / 1000**0.5)
    assert std == pytest.approx(sigma, rel=4 / 2000**0.5)


def test_more_draws_keep_those_that_were_there(widget):
    paths = []
    for count in (5, 100):
        widget.draws.value = count
        assert dots(widget) == [count, count]
        paths.append(re.findall(r'<path d="(M[^"]*h0)"', widget.picture.value))
    assert all(many.startswith(few) for few, many in zip(*paths, strict=True))


def test_all_draws_stay_on_the_picture(widget):
    widget.draws.value, widget.logvar.value = 1000, widget.logvar.max
    width = float(ElementTree.fromstring(widget.picture.value).get("width"))
    for mu in (widget.mu.min, widget.mu.max):
        widget.mu.value = mu
        (path,) = re.findall(r'<path d="(M[^"]*h0)"', widget.picture.value)[1:]
        across = [float(x) for x in re.findall(r"M([-\d.]+)", path)]
        assert 0 < min(across) < max(across) < width
