"""Recipes can be followed, and the results that are told of them are theirs."""

import importlib.util
import json
from dataclasses import asdict, replace
from pathlib import Path

from vae_course.__main__ import main
from vae_course.checkpoints import Checkpoint, describe_model, load_checkpoint, save_checkpoint, step_name
from vae_course.extras.recipes import RECIPES
from vae_course.training import fit

import pytest
import torch

ROOT = Path(__file__).parents[2]


@pytest.fixture
def results(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    spec = importlib.util.spec_from_file_location("results", ROOT / "benchmarks" / "results.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_trains_and_its_checkpoint_comes_back(name, digits, tmp_path):
    recipe = RECIPES[name]
    torch.manual_seed(0)
    model = recipe.model(**recipe.options)
    config = replace(recipe.config, epochs=1)
    optimizer = recipe.optimizer(model.parameters(), config.learning_rate)
    for progress in fit(model, digits.train_images[:64], config, optimizer=optimizer, step=recipe.step):
        assert progress.train.negative_elbo.isfinite()
    save_checkpoint(tmp_path / "run", Checkpoint(model, recipe.config, recipe.data, [], optimizer, name, recipe.step))
    loaded = load_checkpoint(tmp_path / "run")
    assert describe_model(loaded.model) == describe_model(model)
    assert (loaded.config, loaded.recipe, loaded.step) == (recipe.config, name, recipe.step)
    assert type(loaded.optimizer) is type(optimizer)


def test_the_help_names_them_all(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    # A line may end within a name, at its hyphen.
    printed = "".join(capsys.readouterr().out.split())
    assert all(name in printed for name in RECIPES)


def test_the_results_are_of_the_recipes_as_they_are(results):
    figures = json.loads(results.FIGURES.read_text(encoding="utf-8"))
    for name in results.PUBLISHED:
        recipe = RECIPES[name]
        for run in figures.get(name, []):
            as_told = {
                "model": describe_model(recipe.model(**recipe.options)),
                "config": asdict(recipe.config) | {"seed": run["config"]["seed"]},
                "step": step_name(recipe.step),
            }
            assert {key: run[key] for key in as_told} == json.loads(json.dumps(as_told))


def test_the_table_of_results_is_drawn_from_the_figures(results, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "HERE", tmp_path / "results.py")
    results.draw()
    drawn = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert drawn == (ROOT / "benchmarks" / "results.md").read_text(encoding="utf-8")
