"""The shipped weights are what their cards say."""

import json
import math
import runpy
from dataclasses import asdict
from pathlib import Path

from vae_course.beta import MultiRateVAE, rate_distortion
from vae_course.checkpoints import (
    PRETRAINED,
    PRIOR,
    SHIPPED,
    describe_model,
    load_checkpoint,
    load_classifier,
    load_pretrained,
    load_prior,
    pretrained_card,
)
from vae_course.data import binarize, binarize_once, grey
from vae_course.digits import load_digits
from vae_course.extras.recipes import RECIPES
from vae_course.sample_quality import digit_features, frechet_distance, sure_share
from vae_course.training import EVALUATION_SEED, evaluate

import pytest
import torch

# Another processor's kernels round otherwise, and one draw of z an image carries that on.
NATS = 0.05


@pytest.fixture(scope="module")
def full(mirror, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAE_COURSE_DATA", str(tmp_path_factory.mktemp("data")))
        return load_digits("mnist", mirror)


def test_the_weights_that_are_there_are_those_that_are_named():
    assert {path.stem for path in PRETRAINED.glob("*.safetensors")} == {*SHIPPED, "classifier", "prior"}


@pytest.mark.parametrize("name", SHIPPED)
def test_weights_are_small_and_made_by_their_recipe(name):
    path = PRETRAINED / f"{name}.safetensors"
    run, card = load_checkpoint(path), pretrained_card(name)
    assert path.stat().st_size < 4e6
    recipe = RECIPES[card["recipe"]]
    assert describe_model(run.model) == describe_model(recipe.model(**recipe.options))
    assert run.config == recipe.config
    assert run.data == card["test"]["data"] == recipe.data
    assert len(run.metrics) == card["config"]["epochs"] == recipe.config.epochs
    assert run.optimizer is None


def test_all_weights_together_are_small():
    assert sum(path.stat().st_size for path in PRETRAINED.glob("*.safetensors")) < 14e6


@pytest.mark.parametrize("name", SHIPPED)
def test_the_embedded_digits_cost_what_the_card_says(name, digits):
    terms = evaluate(load_pretrained(name), digits.test_images, "static")
    expected = pretrained_card(name)["embedded_test"]
    assert terms.reconstruction.item() == pytest.approx(expected["reconstruction"], abs=NATS)
    assert terms.kl.item() == pytest.approx(expected["kl"], abs=NATS)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_full_test_set_costs_what_the_card_says(name, full):
    card = pretrained_card(name)["test"]
    terms = evaluate(load_pretrained(name), full.test_images, card["binarization"])
    assert len(full.test_images) == card["images"]
    assert terms.negative_elbo.item() == pytest.approx(card["negative_elbo"], abs=NATS)


def test_every_beta_knows_what_beta_means(digits):
    """Along the frontier rate falls, distortion rises, and −dD/dR is β: this needs no other network to compare with."""
    model = load_pretrained("every-beta")
    assert isinstance(model, MultiRateVAE)
    betas = [0.3 * (5 / 0.3) ** (k / 8) for k in range(9)]
    measured = list(rate_distortion(model, digits.test_images, betas).values())
    for beta, after, a, b in zip(betas, betas[1:], measured, measured[1:], strict=False):
        assert b.kl < a.kl
        assert b.reconstruction > a.reconstruction
        slope = -(b.reconstruction - a.reconstruction) / (b.kl - a.kl)
        assert slope.item() == pytest.approx(math.sqrt(beta * after), rel=0.15)


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"name='nothing': there are every-beta, .*plane"):
        load_pretrained("nothing")


def test_shipped_weights_are_ready_for_use():
    model = load_pretrained("plane")
    assert not model.training
    images = model.sample(2, torch.Generator().manual_seed(0))
    assert images.shape == (2, 1, 28, 28)


def test_the_prior_was_made_as_its_tool_says():
    tool = runpy.run_path(str(Path(__file__).parents[1] / "tools" / "prior.py"))
    assert pretrained_card("prior")["config"] == json.loads(json.dumps(asdict(tool["CONFIG"])))


def test_the_prior_generates_what_its_card_says(digits):
    card, prior = pretrained_card("prior"), load_prior()
    assert PRIOR.stat().st_size < 4e6
    assert card["parameters"] == sum(p.numel() for p in prior.parameters()) < 1e6
    measured, judge, generator = card["embedded_test"], load_classifier(), torch.Generator().manual_seed(0)
    model = load_pretrained("every-beta").at(measured["beta"])
    model.prior = prior.at(measured["beta"])
    images = binarize(model.sample(measured["images"], generator), generator)
    real = grey(binarize_once(digits.test_images, "static", torch.Generator().manual_seed(EVALUATION_SEED)))
    distance = frechet_distance(digit_features(judge, images), digit_features(judge, real))
    # Another processor's kernels round otherwise, and the walk and the draws carry that on.
    assert sure_share(judge, images) == pytest.approx(measured["sure_share"], abs=0.01)
    assert distance == pytest.approx(measured["frechet_distance"], abs=0.3)


def test_the_measured_inventions_keep_what_the_lesson_says_of_them():
    card = pretrained_card("inventions")
    distances = {
        point["beta"]: (point["standard"]["frechet"], max(run["frechet"] for run in point["learned"]))
        for point in card["points"]
    }
    assert min(distances, key=lambda beta: distances[beta][0]) >= 1
    assert min(distances, key=lambda beta: distances[beta][1]) < 1
    (best,) = (point for point in card["points"] if point["beta"] == card["best"])
    for run in best["learned"]:
        assert run["sure"] >= 0.92
        assert run["frechet"] <= 5.5
        assert run["share_off"] <= 0.015
    assert card["nearest"]["inventions"] >= 0.98 * card["nearest"]["test_digits"]
