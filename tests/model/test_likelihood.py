"""What a model says of an image, and how well a score tells anomalies apart."""

import itertools

from vae_course.data import binarize, grey
from vae_course.likelihood import auroc, roc, surprise
from vae_course.vae import VAE

import jaxtyping
import pytest
import torch


@pytest.fixture
def model():
    torch.manual_seed(0)
    return VAE(latent_dim=2, hidden=(16,))


def test_surprise_is_the_mean_of_the_elbos_terms(model, digits, generator):
    x = binarize(grey(digits.test_images[:60]), generator)
    with torch.no_grad():
        terms = torch.stack([model.elbo(x, generator).negative_elbo for _ in range(400)])
    spread = terms.std(0) * (2 / 400) ** 0.5
    answer = surprise(model, x, 400, generator)
    assert answer.shape == (60,)
    assert ((answer - terms.mean(0)).abs() < 5 * spread + 0.01).all()


def test_surprise_needs_a_draw(model):
    with pytest.raises(ValueError, match="draws=0 must be at least 1"):
        surprise(model, torch.zeros(1, 1, 28, 28), 0)


class TestAuroc:
    def test_it_is_the_share_of_pairs_with_ties_counted_half(self, generator):
        # Few values, so that there are ties within and across the groups.
        scores = torch.randint(6, (200,), generator=generator).float()
        anomalous = torch.rand(200, generator=generator) < 0.2
        high, low = scores[anomalous].tolist(), scores[~anomalous].tolist()
        pairs = [(a > b) + (a == b) / 2 for a, b in itertools.product(high, low)]
        assert auroc(scores, anomalous) == pytest.approx(sum(pairs) / len(pairs))

    @pytest.mark.parametrize(("scores", "expected"), [([1.0, 2.0, 3.0], 1), ([3.0, 2.0, 1.0], 0), ([7.0] * 3, 0.5)])
    def test_its_ends_and_its_middle(self, scores, expected):
        assert auroc(torch.tensor(scores), torch.tensor([False, False, True])) == expected

    def test_infinite_scores_are_the_highest(self):
        assert auroc(torch.tensor([1.0, torch.inf]), torch.tensor([False, True])) == 1

    @pytest.mark.parametrize("anomalous", [[True, True], [False, False]])
    def test_one_group_alone_is_refused(self, anomalous):
        with pytest.raises(ValueError, match="of 2 images are anomalous: give some that are, and some that are not"):
            auroc(torch.zeros(2), torch.tensor(anomalous))

    def test_scores_that_are_no_numbers_are_refused(self):
        with pytest.raises(ValueError, match="1 of 2 scores are NaN"):
            auroc(torch.tensor([torch.nan, 1.0]), torch.tensor([False, True]))

    @pytest.mark.parametrize("curve", [auroc, roc])
    @pytest.mark.parametrize("anomalous", [[0, 1], [0.0, 1.0], [True], [[False], [True]]], ids=str)
    def test_what_does_not_say_true_or_false_of_each_score_is_refused(self, curve, anomalous, monkeypatch):
        # Outside the tests nothing looks at the types.
        monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
        with pytest.raises(ValueError, match="anomalous: must be True or False for each score, in one row; found"):
            curve(torch.tensor([1.0, 2.0]), torch.tensor(anomalous))

    def test_a_curve_of_one_group_is_refused(self):
        with pytest.raises(ValueError, match="give some that are, and some that are not"):
            roc(torch.zeros(2), torch.tensor([False, False]))
