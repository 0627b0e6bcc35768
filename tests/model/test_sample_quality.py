"""The judge of samples is what its card says, and its two numbers are what their formulas say."""

import json
import re

from vae_course.checkpoints import CLASSIFIER, load_classifier
from vae_course.data import binarize, binarize_once, grey
from vae_course.digits import load_digits
from vae_course.sample_quality import SURE, DigitClassifier, digit_features, frechet_distance, sure_share
from vae_course.training import EVALUATION_SEED

import jaxtyping
import pytest
import torch
from safetensors.torch import save_file

CARD = json.loads(CLASSIFIER.with_suffix(".json").read_text(encoding="utf-8"))
# Another processor's kernels round otherwise, and a few images lie at the threshold.
SHARE = 0.003


@pytest.fixture(scope="module")
def classifier():
    return load_classifier()


def drawn(images):
    return grey(binarize_once(images, "static", torch.Generator().manual_seed(EVALUATION_SEED)))


def with_moments(mean, covariance, count=500):
    """Points whose mean and covariance are exactly these, in float64."""
    points = torch.randn(count, len(mean), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    points = points - points.mean(0)
    whitened = torch.linalg.solve_triangular(torch.linalg.cholesky(points.T.cov()), points.T, upper=False)
    return (torch.linalg.cholesky(covariance) @ whitened).T + mean


def rotation(angle):
    angle = torch.tensor(angle, dtype=torch.float64)
    return torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])


def test_the_weights_are_small():
    assert CLASSIFIER.stat().st_size < 0.5e6
    assert CARD["parameters"] == sum(p.numel() for p in DigitClassifier().parameters()) < 100_000
    assert CARD["sure"] == SURE


def test_the_embedded_digits_are_judged_as_the_card_says(classifier, digits):
    x, expected = drawn(digits.test_images), CARD["embedded_test"]
    features = digit_features(classifier, x)
    accuracy = (classifier.logits(features).argmax(1) == digits.test_labels).float().mean().item()
    assert accuracy == pytest.approx(expected["accuracy"], abs=SHARE)
    assert sure_share(classifier, x) == pytest.approx(expected["sure_share"], abs=SHARE)
    distance = frechet_distance(features, digit_features(classifier, drawn(digits.train_images)))
    assert distance == pytest.approx(expected["frechet_distance_to_embedded_training_digits"], rel=0.01)


def test_the_full_test_set_is_judged_as_the_card_says(classifier, mirror, data_home):
    mnist, expected = load_digits("mnist", mirror), CARD["test"]
    x = drawn(mnist.test_images)
    accuracy = (classifier(x).argmax(1) == mnist.test_labels).float().mean().item()
    assert len(x) == expected["images"]
    assert accuracy == pytest.approx(expected["accuracy"], abs=SHARE)
    assert sure_share(classifier, x) == pytest.approx(expected["sure_share"], abs=SHARE)


def test_noise_is_farther_from_digits_than_other_digits(classifier, digits, generator):
    real, noise = drawn(digits.train_images[:500]), binarize(torch.full((500, 1, 28, 28), 0.13), generator)
    reference = digit_features(classifier, drawn(digits.test_images))
    near, far = (frechet_distance(digit_features(classifier, x), reference) for x in (real, noise))
    assert near < 30 < 300 < far


def test_one_digit_again_and_again_is_seen_by_the_distance_alone(classifier, digits):
    x = drawn(digits.test_images)
    surest = classifier(x).softmax(1).amax(1).argmax().item()
    copies = x[surest : surest + 1].expand(500, -1, -1, -1)
    assert sure_share(classifier, copies) == 1
    features = digit_features(classifier, x)
    assert frechet_distance(digit_features(classifier, copies), features) > 30


def test_the_features_do_not_depend_on_the_batch(classifier, digits):
    x = drawn(digits.test_images[:501])
    torch.testing.assert_close(digit_features(classifier, x), classifier.features(x).detach())


def test_sure_means_above_the_threshold(digits):
    classifier = DigitClassifier().requires_grad_(False)
    x = drawn(digits.test_images[:20])
    classifier.logits.weight.zero_()
    # With nine logits of 0 and one of log(9 p / (1 - p)), the largest probability is p.
    for p, share in ((SURE - 0.001, 0.0), (SURE + 0.001, 1.0)):
        classifier.logits.bias.zero_()
        classifier.logits.bias[3] = torch.tensor(9 * p / (1 - p)).log()
        assert sure_share(classifier, x) == share


def test_a_set_is_at_no_distance_from_itself():
    points = torch.randn(300, 5, generator=torch.Generator().manual_seed(0))
    assert frechet_distance(points, points.flip(0)) == pytest.approx(0, abs=1e-9)


def test_the_distance_of_diagonal_covariances():
    variances_a, variances_b = torch.tensor([[4.0, 1.0, 0.25], [1.0, 9.0, 0.25]], dtype=torch.float64)
    means = torch.tensor([[0.0, 1.0, 2.0], [3.0, 1.0, -2.0]], dtype=torch.float64)
    a, b = with_moments(means[0], variances_a.diag()), with_moments(means[1], variances_b.diag())
    # |μ₁ - μ₂|² = 9 + 16, and (σ₁ - σ₂)² = 1 + 4 + 0.
    assert frechet_distance(a, b) == pytest.approx(30)
    assert frechet_distance(b, a) == pytest.approx(30)


def test_the_distance_of_one_feature():
    a = torch.arange(5.0)[:, None]
    # Mean 2 and variance 2.5, against mean 7 and the variance of numbers twice as far apart.
    assert frechet_distance(a, 2 * a + 3) == pytest.approx(5**2 + 2.5 + 10 - 2 * 5)


def test_the_distance_of_covariances_that_commute():
    """The same axes: the distance is that of the deviations along them."""
    turn, nowhere = rotation(0.7), torch.zeros(2, dtype=torch.float64)
    a, b = ((turn * torch.tensor(v, dtype=torch.float64)) @ turn.T for v in ((9.0, 1.0), (4.0, 16.0)))
    assert frechet_distance(with_moments(nowhere, a), with_moments(nowhere, b)) == pytest.approx(1 + 9)


def test_the_distance_of_covariances_that_do_not():
    """Two dimensions have a closed form: tr (AB)^½ = (tr AB + 2 (det AB)^½)^½."""
    nowhere = torch.zeros(2, dtype=torch.float64)
    a, b = torch.tensor([[[4.0, 1.0], [1.0, 2.0]], [[1.0, -0.8], [-0.8, 3.0]]], dtype=torch.float64)
    overlap = ((a @ b).trace() + 2 * (a @ b).det().sqrt()).sqrt()
    expected = (a.trace() + b.trace() - 2 * overlap).item()
    assert frechet_distance(with_moments(nowhere, a), with_moments(nowhere, b)) == pytest.approx(expected)


def test_a_feature_that_is_always_the_same_does_no_harm():
    points = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
    points[:, 1] = 0
    other = points.clone()
    other[:, 1] = 2
    assert frechet_distance(points, other) == pytest.approx(4, abs=1e-6)


def test_fewer_images_give_a_larger_distance():
    points = torch.randn(8000, 10, generator=torch.Generator().manual_seed(0))
    few, many = (frechet_distance(points[:n], points[4000 : 4000 + n]) for n in (50, 4000))
    assert many < 0.1 < few


def test_what_can_not_be_compared_is_refused(monkeypatch):
    good = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"^b: 4 images for 4 features .* singular covariance; take at least 5"):
        frechet_distance(good, good[:4])
    assert frechet_distance(good, good[:5]) > 0
    broken = good.clone()
    broken[3, 2] = torch.nan
    with pytest.raises(ValueError, match=r"^a: 1 of its values are not finite"):
        frechet_distance(broken, good)
    # Outside the tests nothing looks at the shapes.
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(ValueError, match=re.escape("found [100, 4] and [100, 3]")):
        frechet_distance(good, good[:, :3])
    with pytest.raises(ValueError, match=re.escape("found [100, 4] and [4]")):
        frechet_distance(good, good[0])


def test_only_drawn_pixels_are_judged(classifier, digits):
    x = grey(digits.test_images[:3])
    with pytest.raises(ValueError, match=r"^images: pixels must be 0 or 1, found values from 0 to 1; draw them first"):
        sure_share(classifier, x)
    with pytest.raises(ValueError, match=r"^images: pixels must be 0 or 1, found values from nan"):
        digit_features(classifier, x * torch.nan)
    with pytest.raises(ValueError, match=r"^images: there are none"):
        sure_share(classifier, x[:0])


def test_a_damaged_file_is_named(tmp_path):
    half, other = tmp_path / "half.safetensors", tmp_path / "other.safetensors"
    half.write_bytes(CLASSIFIER.read_bytes()[:1000])
    save_file({"weight": torch.zeros(2)}, other)
    for path, words in ((half, "is truncated or no safetensors file"), (other, "is damaged, or of another version")):
        with pytest.raises(ValueError, match=rf"{path.name} {words}"):
            load_classifier(path)
