"""The checks of lesson 06: one step of training, and a measurement that leaves no trace."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn.utils import parameters_to_vector
from torch.optim import Adam

from vae_course import training
from vae_course.data import as_pixels, binarize, grey
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms
from vae_course.kit.exercise import exercise, tried
from vae_course.vae import VAE

BETA = 0.5
BATCH = 32
TOLERANCE = 0.2  # Nats; two seeds of the dice differ by a tenth of that.


@exercise("training_step", "Each step follows the slope of its own batch, with z drawn, and starts from a clean slate.")
def check_training_step(answer: Callable[..., ElboTerms]) -> str | None:
    """Ask for two steps from one place, and compare the slopes that the optimizer is given with the course's."""
    try:
        terms, slopes, dice, mode = _two_steps(answer)
    except RuntimeError as error:
        if "scalar outputs" not in str(error):
            raise
        return "backward() asks for the slope of one number, and every image has its own: average over the batch first."
    right, expected, *_ = _two_steps(training.training_step)
    if terms is None and len(slopes):
        return "The optimizer took its step, but nothing came back: return the two terms."
    tried(terms)
    if len(slopes) != 2:
        return f"After two calls, the optimizer has taken {len(slopes)} steps: it should take one a call."
    if not slopes.any():
        return "There was no slope when the optimizer acted: it is asked for after zeroing and before the step."
    if not dice:
        if torch.equal(slopes, _two_steps(answer, global_seed=1)[1]):
            return "No dice were thrown, so z is mu. Training needs z drawn from its cloud, or the clouds shrink away."
        return "The dice are not the generator's, so no seed fixes the run: hand it on to what draws z."
    hint = _wrong_slope(*slopes, *expected) or _wrong_kind(terms)
    if hint:
        return hint
    if not all(torch.isclose(mine, theirs, atol=0.01) for mine, theirs in zip(terms, right, strict=True)):
        return (
            f"Before the second step, reconstruction and KL are {right[0]:.2f} and {right[1]:.2f}; "
            f"yours say {terms[0]:.2f} and {terms[1]:.2f}."
        )
    return None if mode else "The model came in evaluation mode and stayed in it: a step starts with model.train()."


@exercise("evaluate", "The same seed gives the same number, every image counts once, and the model stays as it was.")
def check_evaluate(answer: Callable[..., ElboTerms]) -> str | None:
    """Measure a model that knows the average digit on 1,025 images, 25 of them blank, and look for traces."""
    model, digits = _small_model(), load_digits()
    model.decoder.logits[-2].bias.data = torch.logit(grey(digits.train_images).mean(0), eps=0.01).flatten()
    images = torch.cat([digits.test_images, torch.zeros(25, 28, 28, dtype=torch.uint8)])
    before = parameters_to_vector(model.parameters()).detach().clone()
    seen: list[tuple[Tensor, bool]] = []
    model.encoder.register_forward_hook(lambda _, inputs, __: seen.append((inputs[0], model.training)))
    for binarization, came, left in (("threshold", "training", "evaluation"), ("grey", "evaluation", "training")):
        seen.clear()
        terms = tried(answer(model.train(came == "training"), images, binarization, 0))
        if not torch.equal(before, parameters_to_vector(model.parameters())):
            return "The parameters changed: this function trains on the test images. Measuring takes no step."
        hint = _wrong_kind(terms)
        if hint:
            return hint
        if any(mode for _, mode in seen):
            return "The model was measured in training mode: model.eval() comes first."
        if model.training != (came == "training"):
            return f"The model came in {came} mode and left in {left} mode: put back the mode you found."
        count = sum(len(x) for x, _ in seen)
        if count != len(images):
            return f"{len(images):,} images were given, and the model saw {count:,}: each should pass once."
        pixels = as_pixels(images, binarization, Generator())
        if not torch.equal(torch.cat([x.flatten(1) for x, _ in seen]), pixels.flatten(1)):
            return f'The pixels of "{binarization}" were asked for, and others came: use the argument "binarization".'
    return _wrong_value(answer, model, images)


def _wrong_slope(first: Tensor, second: Tensor, right_first: Tensor, right_second: Tensor) -> str | None:
    if _same(first, right_first):
        if _same(second, right_first + right_second):
            return "The first step is right; the second drags the first one's slope along. Slopes add up until zeroed."
        return (
            None
            if _same(second, right_second)
            else (
                "The first step is right, the second is not: something is left over, or you throw more dice than asked."
            )
        )
    if _same(first, -right_first):
        return "The parameters move uphill, and the cost rises with every step. Look at the sign."
    if _same(first, BATCH * right_first):
        return "The slope is as many times too steep as there are images: average over the batch instead of adding."
    beta_one = _two_steps(lambda model, x, beta, *rest: training.training_step(model, x, 1.0, *rest))[1]
    if _same(first, beta_one[0]):
        return f"β = {BETA} was asked for, and the slope is the one of β = 1: weigh the KL before you take the slope."
    return "The optimizer is given a slope, but not the one of reconstruction + β · KL, averaged over the batch."


def _wrong_kind(terms: Any) -> str | None:
    if not isinstance(terms, ElboTerms):
        return f"Both terms are asked for, as ElboTerms; this is of type {type(terms).__name__}."
    for term in terms:
        if not isinstance(term, Tensor):
            return f"A term is a Python {type(term).__name__}: keep it a tensor, with `.detach()` instead of `.item()`."
    if any(term.shape != () for term in terms):
        return "Each of the two terms should be one number, a tensor of shape []: its mean over the images."
    if any(term.requires_grad for term in terms):
        return "The terms still hang on the graph of the slope; kept in a list, they fill the memory. Let go of it."
    return None


def _wrong_value(answer: Callable[..., ElboTerms], model: VAE, images: Tensor) -> str | None:
    first, again, other = (answer(model, images, "threshold", seed) for seed in (0, 0, 1))
    if first != again:
        return "The same seed gave two different numbers: one generator, made from the seed, for all the dice."
    if first == other:
        return "Another seed gave the same number. Either z is mu and no dice were thrown, or the seed is not used."
    right = training.evaluate(model, images, "threshold", 0)
    if abs(first.negative_elbo - right.negative_elbo) > TOLERANCE:
        return (
            f"Over all {len(images):,} images the mean is {right.negative_elbo:.1f} nats and yours "
            f"{first.negative_elbo:.1f}: every image must count once, with weight 1 on both terms."
        )
    if abs(first.kl - right.kl) > TOLERANCE:
        return "The two terms add up to the right sum, but have changed places, or share it differently."
    return None


def _small_model() -> VAE:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return VAE(latent_dim=3, hidden=(16,))


def _two_steps(step: Callable, global_seed: int = 0) -> tuple[Any, Tensor, bool, bool]:
    """The last call's terms, the slopes [steps, parameters], whether the generator threw dice, the model's mode."""
    model, slopes, generator = _small_model().eval(), [], Generator().manual_seed(1)
    model.encoder.mu.bias.data += 3  # A KL worth weighing, even without training.
    optimizer = Adam(model.parameters())
    optimizer.register_step_pre_hook(lambda *_: slopes.append(_slope(model)))
    x = binarize(torch.full((BATCH, 1, 28, 28), 0.2), Generator().manual_seed(2))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(global_seed)
        for _ in range(2):
            terms = step(model, x.clone(), BETA, optimizer, generator)
    dice = not torch.equal(generator.get_state(), Generator().manual_seed(1).get_state())
    return terms, torch.stack(slopes) if slopes else torch.empty(0, 0), dice, model.training


def _slope(model: VAE) -> Tensor:
    gradients = (torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters())
    return torch.cat([gradient.flatten() for gradient in gradients])


def _same(slope: Tensor, other: Tensor) -> bool:
    return bool((slope - other).norm() < 0.01 * other.norm())
