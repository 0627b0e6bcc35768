"""The checks of lesson 06: one step of training, and a measurement that leaves no trace."""

from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from vae_course.data import BINARIZATIONS, binarize, binarize_once, grey
from vae_course.elbo import ElboTerms
from vae_course.kit.exercise import Mistake, NotTriedYet, ask, exercise, expect
from vae_course.lessons.training.gradients import Witness, at, expect_gradient, gradient, parameters
from vae_course.lessons.training.probe import (
    LATENT,
    Seen,
    Watch,
    draws,
    expect_different,
    expect_noise,
    expect_one_pass,
    informative_model,
    original_model,
    same_noise,
    same_rows,
    some_images,
)
from vae_course.lessons.training.terms import expect_kind, expect_means, terms_of
from vae_course.vae import VAE

import torch
from torch import Generator, Tensor

# Of each call of `training_step`: images, β, and the mode in which the model comes.
STEPS = (
    (32, 0.5, "evaluation"),
    (150, 0.5, "training"),
    (7, 3.0, "evaluation"),
    (1, 1.0, "evaluation"),
    (5, 0.0, "training"),
)
SEED = 4321
# Of each call of `evaluate` after those of "static": how pixels are made, the seed, images, and the mode. Odd counts,
# which no batch size divides. "threshold" draws no pixels, so only a second generator repeats the noise of "static".
IMAGES = 331
MEASURES = (
    ("threshold", SEED, IMAGES, "evaluation"),
    ("grey", SEED + 1, 53, "training"),
    ("dynamic", 0, 1031, "evaluation"),
    ("static", SEED + 2, 1, "training"),
)
GLOBAL = "It uses or seeds torch's global random numbers: hand the `generator` on to what draws z, as it is."
SECOND = "z is drawn with a second generator: make one generator, for the pixels and then for z."
SEEDED = "torch.manual_seed changes the random numbers of the whole program: make a Generator of your own."
SCALAR = "backward() asks for the gradient of one number, and every image has its own: average over the batch first."
PART_BY_PART = (
    "The pixels were drawn batch by batch, between the draws of z, so they depend on the size of a batch: "
    "first draw the pixels of all images, then z."
)
ONE_DRAW = "The generator draws more than what one draw of z needs: one draw per step, and nothing else."


@exercise("training_step", "Each step follows the gradient of its own batch alone, with z drawn.")
def check_training_step(answer: Any) -> None:
    """Ask for steps on batches of several sizes, and work out each gradient from the codes that were decoded."""
    model = informative_model()
    watch, optimizer, generator = Watch(model), Witness(model), Generator().manual_seed(1)
    # A gradient may stand in .grad before the first step, as of a cost that was looked at.
    sum(parameter.square().sum() for parameter in model.parameters()).backward()
    for batch, beta, came in STEPS:
        model.train(came == "training")
        x = binarize(grey(some_images(batch)), Generator().manual_seed(batch))
        _one_step(answer, model, x, beta, optimizer, generator, watch)
    with torch.no_grad():
        for head in (model.encoder.mu, model.encoder.logvar):
            head.weight.mul_(0.01), head.bias.mul_(0.01)
    try:
        _one_step(answer, model, x, 200.0, optimizer, generator, watch)
    except Mistake as mistake:
        raise Mistake(f"Where the KL is near 0: {mistake}") from None


@exercise(
    "evaluate",
    "The same seed gives the same number, every image counts once, and the model stays as it was.",
    seconds=20.0,
)
def check_evaluate(answer: Any) -> None:
    """Measure a model whose codes matter on images of every binarisation, and look for traces."""
    model = informative_model()
    watch, images = Watch(model), some_images(IMAGES)
    torch.manual_seed(1)
    first = _measure(answer, model, watch, images, "static", SEED, came="training")
    torch.manual_seed(2)
    again = _measure(answer, model, watch, images, "static", SEED, came="evaluation")
    expect(not torch.equal(first.randomness, again.randomness), SEEDED)
    _expect_value(first, images, "static", SEED, again)
    for binarization, seed, count, came in MEASURES:
        images = some_images(count)
        got = _measure(answer, model, watch, images, binarization, seed, came=came)
        _expect_value(got, images, binarization, seed)
        expect(not same_noise(got.seen.noise(), first.seen.noise()), SECOND)


def _one_step(answer: Any, model: VAE, x: Tensor, beta: float, optimizer: Witness, generator: Generator, watch: Watch):
    seen, left, start = watch.start(), gradient(model), parameters(model)
    at_first, randomness, options = generator.get_state(), torch.get_rng_state(), _options(optimizer)
    optimizer.gradients.clear()
    terms = _call(answer, model, x, beta, optimizer, generator)
    expect(not hasattr(terms, "send"), "It is a generator, which does nothing until it is asked: return, do not yield.")
    steps = len(optimizer.gradients)
    expect(steps == 1, f"In one call, the optimizer that was given took {steps} steps: it should take one.")
    expect(terms is not None, "The optimizer took its step, but nothing came back: return the two terms.")
    expect_kind(terms)
    expect(torch.equal(randomness, torch.get_rng_state()), GLOBAL)
    frozen = not all(p.requires_grad for p in model.parameters())
    expect(not frozen, "Some parameters are frozen now (requires_grad is False), and no step will move them.")
    expect_one_pass(seen, len(x))
    expect(same_rows(seen.rows(), x.flatten(1)), "The model saw other images than those of the batch `x`.")
    expect(all(seen.modes), "The terms were computed in evaluation mode: a step starts with model.train().")
    eps = _expect_drawn(seen, at_first, generator)
    expect_gradient(optimizer.gradients[0], start, seen.rows(), eps, beta, left)
    only_a_step = torch.equal(start, optimizer.before) and torch.equal(optimizer.after, parameters(model))
    expect(only_a_step, "The parameters were changed beside the optimizer's step: leave that to optimizer.step().")
    expect(options == _options(optimizer), "The optimizer's settings, as its learning rate, were changed.")
    expect(optimizer.remembers(), "The optimizer has forgotten its earlier steps: leave its state alone.")
    _expect_terms(terms, terms_of(at(start), seen.rows(), seen.z()), seen, beta)
    left_so = all(module.training for module in model.modules())
    expect(left_so, "The model is left in evaluation mode: a step starts with model.train(), and training goes on.")


def _expect_terms(terms: ElboTerms, of_images: ElboTerms, seen: Seen, beta: float) -> None:
    weighted = f"β = {beta:g} weighs the KL that came back; it belongs into the cost alone."
    expect_means(terms, of_images, seen.splits()[1], {weighted: beta * of_images.kl.mean()})


def _options(optimizer: Witness) -> dict[str, Any]:
    return dict(optimizer.param_groups[0], params=None)


def _call(answer: Any, *arguments: Any) -> Any:
    """Return the answer's result, or None if it took a step and gave none."""
    try:
        return ask(answer, *arguments)
    except NotTriedYet:
        if not arguments[3].gradients:
            raise
        return None
    except RuntimeError as error:
        expect("scalar outputs" not in str(error), SCALAR)
        raise


def _expect_drawn(seen: Seen, at_first: Tensor, generator: Generator) -> Tensor:
    """Expect that the noise comes from the generator, once; return it, [B, D]."""
    eps, now, twin, replays = seen.noise(), generator.get_state(), Generator(), []
    used = not torch.equal(now, at_first)
    for sizes, dtype in product(seen.splits(), (torch.float32, torch.float64)):
        twin.set_state(at_first)
        replays.append(draws(twin, sizes, dtype))
        if same_noise(eps, replays[-1]):
            expect(used, "The noise comes from a copy of the generator: use the one given, or it never moves on.")
            expect(torch.equal(twin.get_state(), now), ONE_DRAW)
            return eps
    expect_noise(eps, seen, replays)
    expect(used, "The noise is not the generator's, so no seed fixes the run: hand `generator` on to what draws z.")
    for waste in (torch.rand, torch.randn):
        for width in (784, LATENT):
            twin.set_state(at_first)
            waste(len(eps), width, generator=twin)
            expect(not same_noise(eps, draws(twin, [len(eps)])), ONE_DRAW)
    raise Mistake("z is not drawn with the generator as it came: do not seed it, and draw the noise with it alone.")


def _measure(answer: Any, model: VAE, watch: Watch, images: Tensor, *how: Any, came: str) -> "_Measured":
    """Measure once, and expect no traces; `how` is the binarisation and the seed."""
    seen, before = watch.start(), {name: value.clone() for name, value in model.state_dict().items()}
    model.train(came == "training")
    try:
        terms = ask(answer, model, images, *how)
    except NotTriedYet:
        expect(not seen.codes and how[0] == "static" and len(images) > 1, f"It returned nothing for {how[0]!r} pixels.")
        raise
    same = all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    expect(same, "The parameters changed: this function trains on the test images. Measuring takes no step.")
    recorded = any(seen.gradients) or any(p.grad is not None for p in model.parameters())
    expect(not recorded, "It computes gradients, or prepares for them: measure under `with torch.no_grad():`.")
    expect_kind(terms)
    expect(not any(seen.modes), "The model was measured in training mode: model.eval() comes first, for all its parts.")
    left = [module.training for module in model.modules()]
    other = "evaluation" if came == "training" else "training"
    kept = all(mode == (came == "training") for mode in left)
    expect(kept, f"The model came in {came} mode and left in {other} mode (or a part of it): put back what you found.")
    expect(all(p.requires_grad for p in model.parameters()), "The parameters are left frozen (requires_grad is False).")
    expect_one_pass(seen, len(images))
    return _Measured(terms, seen, torch.get_rng_state())


def _expect_value(got: "_Measured", images: Tensor, binarization: str, seed: int, again: "_Measured | None" = None):
    """Expect the right pixels, z drawn from q, and the two means that follow from them."""
    replays = _expect_pixels(got.seen, images, binarization, seed, again)
    if again is not None:
        same = torch.equal(got.seen.z(), again.seen.z()) and got.terms == again.terms
        expect(same, "The same seed gave two different numbers: not all was drawn with the generator made from it.")
    expect_noise(got.seen.noise(), got.seen, replays)
    expect_means(got.terms, terms_of(original_model(), got.seen.rows(), got.seen.z()), got.seen.splits()[1])


def _expect_pixels(seen: Seen, images: Tensor, binarization: str, seed: int, again: "_Measured | None") -> list[Tensor]:
    """Expect the pixels of this binarisation; return what noise may follow them, each [N, D]."""
    asked = f'The pixels of "{binarization}" were asked for'
    pixels, state = _drawn(len(images), binarization, seed)
    if same_rows(seen.rows(), pixels):
        return [_draws_after(state, sizes) for sizes in seen.splits()]
    expect(not same_rows(seen.rows(), _part_by_part(seen, images, binarization, seed)), PART_BY_PART)
    expect_different(seen, pixels)
    for other in BINARIZATIONS:
        expect(
            not same_rows(seen.rows(), _drawn(len(images), other, seed)[0]),
            f'{asked}, and those of "{other}" came: use the argument `binarization`.',
        )
    drawn = set(seen.rows().unique().tolist()) <= {0.0, 1.0} and binarization in ("static", "dynamic")
    if drawn and again is not None:
        same = same_rows(seen.rows(), again.seen.rows())
        expect(same, "The same seed gave other pixels: draw them with the generator that is made from the seed.")
    changed = {
        "are divided by 255 a second time": pixels / 255,
        "have black and white exchanged": 1 - pixels,
        "have rows and columns exchanged": pixels.unflatten(1, (28, 28)).mT.flatten(1),
    }
    for how, others in changed.items():
        expect(not same_rows(seen.rows(), others), f"{asked}, and those that came {how}.")
    raise Mistake(
        f"{asked}, and others came: make one generator from the seed, and draw the pixels with it first, by "
        "`grey(binarize_once(images, binarization, generator))`."
    )


@lru_cache(maxsize=8)
def _drawn(count: int, binarization: str, seed: int) -> tuple[Tensor, Tensor]:
    """Draw the pixels of so many images, which are the same for every answer; return the generator's state, too."""
    generator = Generator().manual_seed(seed)
    pixels = grey(binarize_once(some_images(count), binarization, generator)).flatten(1)
    return pixels, generator.get_state()


def _draws_after(state: Tensor, sizes: list[int]) -> Tensor:
    generator = Generator()
    generator.set_state(state)
    return draws(generator, sizes)


def _part_by_part(seen: Seen, images: Tensor, binarization: str, seed: int) -> Tensor:
    """Draw the pixels of each batch when its turn comes, between the draws of z."""
    generator, pixels = Generator().manual_seed(seed), []
    for part in images.split(seen.splits()[0]):
        pixels.append(grey(binarize_once(part, binarization, generator)).flatten(1))
        draws(generator, [len(part)])
    return torch.cat(pixels)


class _Measured(NamedTuple):
    """What a measurement gave, what the model saw, and torch's random state after it."""

    terms: ElboTerms
    seen: Seen
    randomness: Tensor
