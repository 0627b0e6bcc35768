import pytest
import torch

from vae_course import training
from vae_course.data import BINARIZATIONS, binarize, binarize_once, grey
from vae_course.elbo import ElboTerms, elbo_terms
from vae_course.kit.exercise import Verdict
from vae_course.lessons.training.check import check_evaluate, check_training_step


def step(
    *, zero=True, before=True, beta=None, sign=1, reduce="mean", at_mu=False, dice=True, train=True, give="detached"
):
    """A training step that can be told to go wrong."""

    def answer(model, x, beta_asked, optimizer, generator):
        if train:
            model.train()
        mu, logvar = model.encoder(x)
        at_the_centre = elbo_terms(x, model.decoder(mu), mu, logvar)
        terms = at_the_centre if at_mu else model.elbo(x, generator if dice else None)
        if zero and before:
            optimizer.zero_grad()
        (sign * getattr(terms.weighted(beta_asked if beta is None else beta), reduce)()).backward()
        optimizer.step()
        if zero and not before:
            optimizer.zero_grad()
        terms = terms.mean()
        detached = ElboTerms(*(term.detach() for term in terms))
        return {
            "detached": detached,
            "attached": terms,
            "nothing": None,
            "total": detached.negative_elbo,
            "floats": ElboTerms(*(term.item() for term in terms)),
            "exchanged": ElboTerms(detached.kl, detached.reconstruction),
            "images": ElboTerms(*(term.expand(len(x)) for term in detached)),
        }[give]

    return answer


def no_step(model, x, beta, optimizer, generator):
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    return ElboTerms(*(term.detach() for term in terms))


def no_backward(model, x, beta, optimizer, generator):
    terms = model.elbo(x, generator).mean()
    optimizer.step()
    return ElboTerms(*(term.detach() for term in terms))


def zeroed_too_late(model, x, beta, optimizer, generator):
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    optimizer.zero_grad()
    optimizer.step()
    return ElboTerms(*(term.detach() for term in terms))


def terms_after_the_step(*arguments):
    training.training_step(*arguments)
    model, x, _, _, generator = arguments
    with torch.no_grad():
        return model.elbo(x, generator).mean()


def measures_after_the_step(*arguments):
    training.training_step(*arguments)
    return training.evaluate(arguments[0], torch.zeros(1, 28, 28, dtype=torch.uint8), "grey")


def steps_twice(*arguments):
    training.training_step(*arguments)
    return training.training_step(*arguments)


def only_the_decoder(model, x, beta, optimizer, generator):
    model.encoder.requires_grad_(False)
    return training.training_step(model, x, beta, optimizer, generator)


def weighs_the_reconstruction(model, x, beta, optimizer, generator):
    terms = model.elbo(x, generator).mean()
    optimizer.zero_grad()
    (beta * terms.reconstruction + terms.kl).backward()
    optimizer.step()
    return terms


def moves_by_hand(model, x, beta, optimizer, generator):
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 1e-3 * p.grad
    return terms


def never_averages(model, x, beta, optimizer, generator):
    model.elbo(x, generator).weighted(beta).backward()


def raises(*arguments):
    raise RuntimeError("the optimizer is on strike")


def stub(*arguments): ...


WRONG_STEPS = {
    "no zero_grad": (step(zero=False), "zeroed"),
    "no step": (no_step, "0 steps"),
    "no backward": (no_backward, "no slope"),
    "zeroed too late": (zeroed_too_late, "no slope"),
    "z = mu": (step(at_mu=True), "z is mu"),
    "own dice": (step(dice=False), "generator's"),
    "uphill": (step(sign=-1), "uphill"),
    "sum": (step(reduce="sum"), "average over the batch"),
    "β forgotten": (step(beta=1.0), "β = 1"),
    "β on the reconstruction": (weighs_the_reconstruction, "not the one of"),
    "two steps": (steps_twice, "4 steps"),
    "decoder only": (only_the_decoder, "not the one of"),
    "left in evaluation mode": (step(train=False), "model.train()"),
    "nothing returned": (step(give="nothing"), "return the two terms"),
    "attached": (step(give="attached"), "graph"),
    "the total": (step(give="total"), "Tensor"),
    "floats": (step(give="floats"), ".item()"),
    "per image": (step(give="images"), "shape []"),
    "exchanged": (step(give="exchanged"), "yours say"),
    "never averages": (never_averages, "average over the batch first"),
    "again after the step": (terms_after_the_step, "more dice"),
    "other terms": (measures_after_the_step, "Before the second step"),
    "raises": (raises, "on strike"),
    "by hand": (moves_by_hand, "0 steps"),
    "wrong type": (lambda *_: "done", "0 steps"),
}


def measure(
    *,
    eval_=True,
    restore=True,
    seeded=True,
    at_mu=False,
    split=1000,
    give="mean",
    images=slice(None),
    pixels=lambda images, binarization, generator: grey(binarize_once(images, binarization, generator)),
):
    """An evaluation that can be told to go wrong."""

    @torch.no_grad()
    def answer(model, test_images, binarization, seed):
        generator = torch.Generator().manual_seed(seed if seeded else 0)
        was_training = model.training
        if eval_:
            model.eval()
        batches = []
        for x in pixels(test_images, binarization, generator)[images].split(split):
            mu, logvar = model.encoder(x)
            z = mu if at_mu else mu + torch.exp(0.5 * logvar) * torch.randn(mu.shape, generator=generator)
            batches.append(elbo_terms(x, model.decoder(z), mu, logvar))
        if restore:
            model.train(was_training)
        terms = ElboTerms(*(torch.cat(term) for term in zip(*batches, strict=True)))
        means = [batch.mean() for batch in batches]
        return {
            "mean": terms.mean(),
            "images": terms,
            "floats": ElboTerms(*(term.item() for term in terms.mean())),
            "sum": ElboTerms(terms.reconstruction.sum(), terms.kl.sum()),
            "total": terms.mean().negative_elbo,
            "exchanged": ElboTerms(terms.kl.mean(), terms.reconstruction.mean()),
            "last": means[-1],
            "mean of means": ElboTerms(*(torch.stack(term).mean() for term in zip(*means, strict=True))),
        }[give]

    return answer


def trains(model, images, binarization, seed):
    config = training.TrainConfig(epochs=1, binarization=binarization, seed=seed)
    for _ in training.fit(model, images, config):
        pass
    return training.evaluate(model, images, binarization, seed)


def always_trains_after(model, *arguments):
    terms = training.evaluate(model, *arguments)
    model.train()
    return terms


def keeps_the_graph(model, images, binarization, seed):
    generator = torch.Generator().manual_seed(seed)
    was_training = model.training
    model.eval()
    terms = model.elbo(grey(binarize_once(images, binarization, generator)), generator).mean()
    model.train(was_training)
    return terms


def global_dice(model, images, binarization, seed):
    with torch.no_grad():
        was_training = model.training
        model.eval()
        terms = model.elbo(grey(binarize_once(images, binarization, torch.Generator().manual_seed(seed)))).mean()
        model.train(was_training)
        return terms


WRONG_MEASURES = {
    "mode lost": (measure(restore=False), "left in evaluation mode"),
    "mode always train": (always_trains_after, "left in training mode"),
    "no eval": (measure(eval_=False), "measured in training mode"),
    "trains on the test": (trains, "trains on the test images"),
    "keeps the graph": (keeps_the_graph, "graph"),
    "z = mu": (measure(at_mu=True), "z is mu"),
    "seed ignored": (measure(seeded=False), "seed is not used"),
    "global dice": (global_dice, "two different numbers"),
    "first batch only": (measure(images=slice(1000)), "the model saw 1,000"),
    "last batch only": (measure(give="last"), "count once"),
    **{
        f"mean of means of {size}": (measure(give="mean of means", split=size), "count once")
        for size in (1000, 512, 256, 128, 100, 64, 32)
    },
    "sum": (measure(give="sum"), "count once"),
    "per image": (measure(give="images"), "shape []"),
    "the total": (measure(give="total"), "Tensor"),
    "exchanged": (measure(give="exchanged"), "changed places"),
    "floats": (measure(give="floats"), ".item()"),
    "binarization ignored": (measure(pixels=lambda images, _, g: binarize(grey(images), g)), '"binarization"'),
    **{
        f"always {fixed}": (
            measure(pixels=lambda images, _, g, f=fixed: grey(binarize_once(images, f, g))),
            "pixels of",
        )
        for fixed in BINARIZATIONS
    },
    "raises": (raises, "on strike"),
    "wrong type": (lambda *_: 112.0, "float"),
}


@pytest.mark.parametrize(
    "answer", [training.training_step, step(), step(before=False)], ids=["package", "own", "zeroed at the end"]
)
def test_a_right_step(answer):
    verdict = check_training_step(answer)
    assert verdict.status == "right", verdict


@pytest.mark.parametrize("answer", [training.evaluate, measure(), measure(split=128)], ids=["package", "own", "128"])
def test_a_right_measurement(answer):
    verdict = check_evaluate(answer)
    assert verdict.status == "right", verdict


@pytest.mark.parametrize("check", [check_training_step, check_evaluate])
def test_the_stub_is_not_tried_yet(check):
    assert check(stub).status == "not tried yet"


@pytest.mark.parametrize(("answer", "word"), WRONG_STEPS.values(), ids=WRONG_STEPS.keys())
def test_a_wrong_step(answer, word):
    assert_refused(check_training_step(answer), word)


@pytest.mark.parametrize(("answer", "word"), WRONG_MEASURES.values(), ids=WRONG_MEASURES.keys())
def test_a_wrong_measurement(answer, word):
    assert_refused(check_evaluate(answer), word)


def assert_refused(verdict: Verdict, word: str) -> None:
    assert verdict.status == "not right yet", verdict
    assert word in verdict.hint


def test_the_checks_leave_torchs_own_dice_alone():
    before = torch.get_rng_state()
    check_training_step(training.training_step)
    check_evaluate(training.evaluate)
    assert torch.equal(before, torch.get_rng_state())
