"""The check of lesson 08 tells the mistakes apart, and lets nothing escape."""

import math

import pytest
import torch
from torch.distributions import Normal

from vae_course.decoder import log_likelihood
from vae_course.evaluation import importance_weighted_bound
from vae_course.lessons.evaluation.check import check_importance_weighted_bound
from vae_course.reparameterization import reparameterize


def stub(*_): ...


def draw(mu, logvar, samples, generator):
    return reparameterize(mu.expand(samples, -1, -1), logvar.expand(samples, -1, -1), generator)


def answer(
    average=lambda log_w: log_w.logsumexp(0) - math.log(len(log_w)),
    log_w=lambda like, prior, q: like + prior - q,
    draw=draw,
    like=lambda logits, x: log_likelihood(logits, x),
    density=lambda mu, logvar: Normal(mu, torch.exp(0.5 * logvar)),
    total=lambda densities: densities.sum(-1),
):
    """A right answer, or one with a part changed."""

    def importance_weighted_bound(model, x, samples, generator):
        mu, logvar = model.encoder(x)
        z = draw(mu, logvar, samples, generator)
        q, prior = density(mu, logvar), Normal(0.0, 1.0)
        return average(log_w(like(model.decoder(z), x), total(prior.log_prob(z)), total(q.log_prob(z))))

    return importance_weighted_bound


def draw_by_draw(model, x, samples, generator):
    mu, logvar = model.encoder(x)
    log_w = []
    for _ in range(samples):
        z = reparameterize(mu, logvar, generator)
        ratio = Normal(0.0, 1.0).log_prob(z) - Normal(mu, torch.exp(0.5 * logvar)).log_prob(z)
        log_w.append(log_likelihood(model.decoder(z), x) + ratio.sum(-1))
    return torch.stack(log_w).logsumexp(0) - math.log(samples)


def image_by_image(model, x, samples, generator):
    return torch.cat([draw_by_draw(model, image, samples, generator) for image in x.split(1)])


def repeated_images(model, x, samples, generator):
    return draw_by_draw(model, x.repeat(samples, 1, 1, 1), 1, generator).unflatten(0, (samples, len(x))).logsumexp(
        0
    ) - math.log(samples)


def by_hand(model, x, samples, generator):
    """With the largest weight taken out, as a careful hand does it."""
    return answer(lambda log_w: (log_w - log_w.amax(0)).exp().mean(0).log() + log_w.amax(0))(
        model, x, samples, generator
    )


def with_closed_form(average):
    def bound(model, x, samples, generator):
        terms = [model.elbo(x, generator) for _ in range(samples)]
        return average(-torch.stack([term.negative_elbo for term in terms]))

    return bound


def one_image_of_draws(mu, logvar, samples, generator):
    """[K, 1, D], all of the first image, which don't fit the images."""
    return draw(mu[:1], logvar[:1], samples, generator)


def one_image_of_draws_expanded(mu, logvar, samples, generator):
    return one_image_of_draws(mu, logvar, samples, generator).expand(-1, len(mu), -1)


def one_eps(mu, logvar, samples, generator):
    return mu + torch.exp(0.5 * logvar) * torch.randn(samples, 1, mu.shape[1], generator=generator)


def log_mean_exp(log_w):
    return log_w.logsumexp(0) - math.log(len(log_w))


RIGHT = {
    "the package's": importance_weighted_bound,
    "all at once": answer(),
    "draw by draw": draw_by_draw,
    "image by image": image_by_image,
    "repeated images": repeated_images,
    "largest taken out": by_hand,
    "in double": answer(lambda log_w: log_mean_exp(log_w.double())),
}
WRONG = {
    "mean of logs": (answer(lambda log_w: log_w.mean(0)), "mean of the logs"),
    "mean of ELBOs": (with_closed_form(lambda elbo: elbo.mean(0)), "mean of the logs"),
    "closed-form KL": (with_closed_form(log_mean_exp), "closed-form KL"),
    "log of a sum": (answer(lambda log_w: log_w.logsumexp(0)), "log of a sum"),
    "K outside": (answer(lambda log_w: log_w.logsumexp(0) / len(log_w)), "belongs inside"),
    "K added": (answer(lambda log_w: log_w.logsumexp(0) + math.log(len(log_w))), "log K is added"),
    "no proposal": (answer(log_w=lambda like, prior, q: like + prior), "proposal density q(z|x) is missing"),
    "no prior": (answer(log_w=lambda like, prior, q: like - q), "prior p(z) is missing"),
    "neither": (answer(log_w=lambda like, prior, q: like), "both missing"),
    "q multiplied": (answer(log_w=lambda like, prior, q: like + prior + q), "log q(z|x) is added"),
    "turned over": (answer(log_w=lambda like, prior, q: like - prior + q), "changed places"),
    "underflow": (answer(lambda log_w: log_w.exp().mean(0).log()), "logsumexp"),
    "underflow in double": (answer(lambda log_w: log_w.double().exp().mean(0).log()), "logsumexp"),
    "one z for all": (answer(draw=one_image_of_draws), "One z serves all images"),
    "one z for all, expanded": (answer(draw=one_image_of_draws_expanded), "One z serves all images"),
    "one eps for all": (answer(draw=one_eps), "same eps"),
    "one draw K times": (
        answer(draw=lambda mu, logvar, k, generator: reparameterize(mu, logvar, generator).expand(k, -1, -1)),
        "draws of an image are the same",
    ),
    "samples ignored": (lambda model, x, samples, generator: answer()(model, x, 5, generator), "20 codes"),
    "no draw": (answer(draw=lambda mu, logvar, k, generator: mu.expand(k, -1, -1)), "mu itself"),
    "from the prior": (
        answer(draw=lambda mu, logvar, k, generator: torch.randn(k, *mu.shape, generator=generator)),
        "hardly ever draws",
    ),
    "variance for sigma": (answer(density=lambda mu, logvar: Normal(mu, logvar.exp())), "wrong width"),
    "mean over pixels": (answer(like=lambda logits, x: log_likelihood(logits, x) / 784), "mean over pixels"),
    "mean over latents": (answer(total=lambda densities: densities.mean(-1)), "averaged over the latent"),
    "largest weight": (answer(lambda log_w: log_w.amax(0)), "Only the largest"),
    "sign": (answer(lambda log_w: -log_mean_exp(log_w)), "sign"),
    "something else": (answer(log_w=lambda like, prior, q: like / 2), "yours is"),
    "wrong axis": (answer(lambda log_w: log_w.logsumexp(1) - math.log(4)), "not over the images"),
    "a scalar": (answer(lambda log_w: log_mean_exp(log_w).mean()), "keep the images apart"),
    "no average": (answer(lambda log_w: log_w), "keep the images apart"),
    "generator ignored": (lambda model, x, samples, _: answer()(model, x, samples, None), "The same seed"),
    "seeded inside": (
        lambda model, x, samples, _: answer()(model, x, samples, torch.Generator().manual_seed(0)),
        "do not seed inside",
    ),
    "no decoder": (lambda model, x, samples, generator: x.sum((1, 2, 3)), "decoder was never asked"),
    "a number": (lambda *given: answer()(*given).mean().item(), "not a float"),
    "no sum over latents": (answer(total=lambda densities: densities), "It stopped with RuntimeError"),
    "no function": (3, "It stopped with TypeError"),
}


def test_the_stub_is_not_tried_yet():
    assert check_importance_weighted_bound(stub).status == "not tried yet"
    assert check_importance_weighted_bound(lambda *_: ...).status == "not tried yet"


@pytest.mark.parametrize("answer", RIGHT.values(), ids=RIGHT)
def test_a_right_answer_is_right(answer):
    assert check_importance_weighted_bound(answer).status == "right"


@pytest.mark.parametrize(("answer", "word"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_gets_its_hint(answer, word):
    verdict = check_importance_weighted_bound(answer)
    assert verdict.status == "not right yet"
    assert word in verdict.hint


def test_the_check_leaves_the_dice_of_torch_alone():
    state = torch.get_rng_state()
    check_importance_weighted_bound(importance_weighted_bound)
    assert torch.equal(state, torch.get_rng_state())
