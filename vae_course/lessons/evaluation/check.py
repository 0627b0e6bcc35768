"""Check the exercise of lesson 08: look at the codes that the answer decodes, and compute their bound."""

from typing import Any, NamedTuple

from vae_course.kit.exercise import Mistake, NotTriedYet, ask, close, describe, exercise, expect, recognise
from vae_course.lessons.evaluation.mistakes import bound, parts, wrong_averages, wrong_weights
from vae_course.vae import VAE

import torch
from torch import Generator, Tensor

LATENT, SAMPLES = 3, 6
FAR_OUT = 120.0  # a logit at which exp overflows, and sigmoid rounds to 0 or 1

GLOBAL = "It uses or seeds torch's global random numbers: pass the `generator` to reparameterize as it is."
SAME_AGAIN = (
    "Two calls in a row made the same draws: do not seed inside, nor copy the generator, but use the one given."
)
NOT_ASKED = "The decoder was never asked: each of the K codes has to be decoded for its log p(x|z)."
NOT_THE_SEEDS = "The same seed made other draws: pass the generator to reparameterize."
UNDERFLOW = (
    "It is infinite or NaN, as the log of 0 is. Weights near exp(-1000) are 0 in any float, and so is a cdf far out. "
    "Stay in logarithms: `log_prob` for densities, logsumexp for the average, and no exp before it."
)
LARGE_LOGITS = (
    f"It is wrong where logits are as large as ±{FAR_OUT:.0f}: pass the logits to log_likelihood as they are, without "
    "sigmoid, exp or clamp."
)


@exercise("importance_weighted_bound", "You average K weights and then take the log: one bound per image.")
def check_importance_weighted_bound(answer: Any) -> None:
    """Check a function (model, x, samples, generator) that returns the bound of each image, [B]."""
    probe, generator = _Probe(answer, _model()), Generator().manual_seed(0)
    torch.manual_seed(1)
    x = _images(4)
    first = probe.call(x, SAMPLES, generator)
    probe.judge(first)
    later = probe.call(x, SAMPLES, generator)
    torch.manual_seed(2)
    again = probe.call(x, SAMPLES, Generator().manual_seed(0))
    expect(len(later.z), NOT_ASKED)
    expect(not torch.equal(first.z, later.z), SAME_AGAIN)
    expect(torch.equal(first.z, again.z), NOT_THE_SEEDS)
    large = _Probe(answer, _model(FAR_OUT))
    _expect_large_logits(large.call(x, SAMPLES, Generator().manual_seed(0)), large.model)
    for images, samples in ((1, 5), (5, 1)):
        probe.judge(probe.call(_images(images), samples, Generator().manual_seed(images)))
    narrow = _Probe(answer, _model(narrower=7.0))
    for images, samples in ((3, 3), (2, 401)):
        narrow.judge(narrow.call(_images(images, likely=True), samples, Generator().manual_seed(images)))
    _expect_model_left_alone(answer)


def _expect_model_left_alone(answer: Any) -> None:
    """Expect a model that is being trained to be ready for its next step."""
    model = _model().requires_grad_()
    ask(answer, model, _images(2), 3, Generator().manual_seed(0))
    kept = all(p.requires_grad and p.grad is None for p in model.parameters())
    expect(kept, "It freezes the model's parameters, or leaves gradients in them: only use the model here.")


class _Call(NamedTuple):
    """One call of the answer: its images and draws, what it returned, and the codes that it decoded, in parts."""

    x: Tensor
    samples: int
    seed_state: Tensor
    got: Any
    z: Tensor
    parts: list[int]


class _Probe:
    """Ask for bounds, and note which codes are decoded, by the model or by a copy of it."""

    def __init__(self, answer: Any, model: VAE):
        self.answer, self.model, self.asked = answer, model, False
        codes: list[Tensor] = []
        # The layers are watched, not the half, so that `decoder(z=z)` and `decoder.forward(z)` are seen as well.
        model.decoder.logits.register_forward_hook(lambda _, given, __: codes.append(_codes(given[0])))
        self.codes = codes

    def call(self, x: Tensor, samples: int, generator: Generator) -> _Call:
        """Ask once; expect that the model and torch's random numbers stay as they are."""
        self.codes.clear()
        state, randomness, before = generator.get_state(), torch.get_rng_state(), _vector(self.model)
        try:
            got = ask(self.answer, self.model, x, samples, generator)
        except NotTriedYet:
            expect(not self.asked, f"It returned nothing for {len(x)} image(s) and samples={samples}.")
            raise
        except Mistake:
            raise
        except Exception:
            # With K codes in all, the shapes do not fit, and it stops. The codes show why better than the error does.
            if len(x) == 1 or sum(map(len, self.codes)) != samples:
                raise
            got = None
        self.asked = True
        expect(torch.equal(randomness, torch.get_rng_state()), GLOBAL)
        expect(
            not any(p.requires_grad for p in self.model.parameters()),
            "The model's parameters needed no gradient: leave them so.",
        )
        expect(
            torch.equal(before, _vector(self.model)),
            "The model's parameters were changed: only use the model here, and do not train it.",
        )
        codes = self.codes
        if sum(map(len, codes)) > samples * len(x):  # Decoding the same codes a second time changes nothing.
            codes = list({z.numpy().tobytes(): z for z in codes}.values())
        parts = [len(z) for z in codes]
        z = torch.cat(codes) if parts else torch.empty(0, LATENT)
        return _Call(x, samples, state, got, z, parts)

    def judge(self, call: _Call) -> None:
        """Expect K draws from each image's q, one bound per image, and the right ones."""
        draws = _draws_of_each_image(call, self.model)
        _expect_one_per_image(call)
        _expect_value(call, draws, self.model)


def _images(count: int, likely: bool = False) -> Tensor:
    """Make images of noise, of a log p(x) near -1000, or nearly as the decoder expects them, which is some -200."""
    x = torch.rand(count, 1, 28, 28, generator=Generator().manual_seed(3)).round()
    bias = _model().decoder.logits[-2].bias.reshape(1, 28, 28)
    return torch.where(bias.abs() < 1, x, (bias > 0).float()) if likely else x


def _codes(z: Tensor) -> Tensor:
    return z.detach().reshape(-1, LATENT).float().clone()


def _vector(model: VAE) -> Tensor:
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach().clone()


def _model(far_out: float = 0.0, narrower: float = 0.0) -> VAE:
    """Make a small VAE whose encoder puts the images far apart, so that each code shows its image."""
    generator = Generator().manual_seed(1)
    with torch.random.fork_rng(devices=[]):
        model = VAE(LATENT, hidden=(16,)).requires_grad_(False)
    for weights in model.parameters():
        weights.copy_(torch.randn(weights.shape, generator=generator) / 4)
    model.encoder.mu.weight.mul_(2)
    model.encoder.logvar.weight.mul_(0.02)
    model.encoder.logvar.bias.sub_(3 + narrower)
    # Weights near exp(-1000), which no float holds, and a few nats apart.
    model.decoder.logits[-2].weight.mul_(0.2)
    model.decoder.logits[-2].bias.mul_(15)
    if far_out:
        model.decoder.logits[-2].bias[:8] = far_out * torch.tensor([1.0, -1.0]).repeat(4)
    return model


def _draws_of_each_image(call: _Call, model: VAE) -> Tensor:
    """Find out of which image each code is: [K, B, D]. Expect K of each image, drawn from its q."""
    z, images, samples = call.z, len(call.x), call.samples
    expect(len(z), NOT_ASKED)
    mu, logvar = model.encoder(call.x)
    eps = (z[:, None] - mu) / torch.exp(0.5 * logvar)
    distance, image = eps.square().mean(-1).min(1)
    counts = image.bincount(minlength=images)
    still = "Some codes are" if distance.max() > 1e-6 else "All codes are"
    expect(distance.min() > 1e-6, f"{still} mu itself: draw them, with reparameterize, or there is nothing to average.")
    near = distance.max() < 12
    expect(near, "Some codes lie where q(z|x) hardly ever draws: take them from the encoder's mu and logvar.")
    one = images > 1 and samples > 1 and (len(z) == samples or counts.max() == len(z))
    expect(not one, "One z serves all images. Each image has its own q(z|x), so each needs its own K draws: [K, B, D].")
    found = f"For {images} image(s) and samples={samples} the decoder was given {len(z)} codes"
    expect((counts == samples).all(), f"{found}, and should be given {samples} for each image.")
    _expect_noise(eps[torch.arange(len(z)), image], image, call)
    return torch.stack([z[image == i] for i in range(images)], dim=1)


def _expect_noise(eps: Tensor, image: Tensor, call: _Call) -> None:
    """Expect (z − mu) / sigma of the codes, [K · B, D], to be Gaussian noise, and every draw to be a new one."""
    each = torch.stack([eps[image == i] for i in range(len(call.x))], dim=1)  # [K, B, D]
    if call.samples > 1:
        same = close(each, each[:1].expand_as(each), atol=1e-3)
        expect(not same, "All K draws of an image are the same: expand mu and logvar to [K, B, D] before you draw.")
        twice = (torch.cdist(each[:, 0], each[:, 0]) < 1e-4).sum() > call.samples
        mirrored = (torch.cdist(each[:, 0], -each[:, 0]) < 1e-3).any()
        expect(
            not mirrored, "Some of the K draws of an image are others with eps turned round, −eps: draw each of them."
        )
        expect(not twice, "Some of the K draws of an image are the same: each should be a draw of its own.")
    if len(call.x) > 1:
        same = close(each, each[:, :1].expand_as(each), atol=1e-3)
        expect(not same, "Every image got the same eps: expand mu and logvar to [K, B, D] before you draw.")
    same = close(each, each[..., :1].expand_as(each), atol=1e-3)
    expect(not same, "All dimensions got the same eps: draw as many numbers as z has, [K, B, D].")
    replays = [_draws(call.seed_state, sizes) for sizes in (call.parts, [sum(call.parts)])]
    if any(close(eps, replay, atol=2e-3) for replay in replays):
        return
    changed = any(torch.corrcoef(torch.stack([eps.flatten(), r.flatten()]))[0, 1] > 0.7 for r in replays)
    mean, spread = eps.mean().item(), eps.std().item()
    expect(
        not (changed and eps.numel() > 9) and (eps.numel() < 500 or _is_gaussian(eps)),
        "The codes are not drawn from q(z|x): (z − mu) / sigma should be standard Gaussian noise, with "
        f"sigma = exp(logvar / 2); its mean is {mean:.2f} and its standard deviation {spread:.2f}.",
    )


def _draws(state: Tensor, sizes: list[int]) -> Tensor:
    """Return what `torch.randn` gives from this state of a generator, in parts: [K · B, D]."""
    generator = Generator()
    generator.set_state(state)
    return torch.cat([torch.randn(size, LATENT, generator=generator) for size in sizes])


def _is_gaussian(eps: Tensor) -> bool:
    """Say whether mean, spread and fourth moment are within 4.5 standard deviations of those of such a sample."""
    far = 4.5 * torch.tensor([1, 0.5, 96]).div(eps.numel()).sqrt()
    found = torch.stack([eps.mean(), eps.square().mean().sqrt(), eps.pow(4).mean()])
    return bool(((found - torch.tensor([0.0, 1.0, 3.0])).abs() < far).all())


def _expect_one_per_image(call: _Call) -> None:
    got, images, samples = call.got, len(call.x), call.samples
    expect(isinstance(got, Tensor), f"Return a tensor, one bound per image, not {_a(got)}.")
    found = f"For {images} image(s) and samples={samples} the shape should be [{images}], and it is {list(got.shape)}. "
    over_images = images != samples and got.shape == (samples,)
    expect(not over_images, found + "The average must run over the draws, not over the images: look at the axis.")
    expect(
        got.shape == (images,),
        found + "Sum log densities over the latents, average the weights over the draws, and keep the images apart.",
    )
    low = not got.is_floating_point() or got.dtype in (torch.float16, torch.bfloat16)
    expect(not low, f"It is rounded, as its dtype is {str(got.dtype).removeprefix('torch.')}: keep float32.")


def _a(thing: Any) -> str:
    return describe(thing).replace("of type ", "a ")


def _expect_large_logits(call: _Call, model: VAE) -> None:
    draws = _draws_of_each_image(call, model)
    _expect_one_per_image(call)
    expect(_same(call.got, bound(sum(parts(draws, model, call.x)))), LARGE_LOGITS)


def _expect_value(call: _Call, draws: Tensor, model: VAE) -> None:
    like, prior, minus_q = parts(draws, model, call.x)
    log_w = like + prior + minus_q
    right = bound(log_w)
    expect(call.got.isfinite().all(), UNDERFLOW)
    mistakes = {**wrong_averages(log_w, SAMPLES), **wrong_weights(draws, model, call.x)}
    wrong = (call.got - right).abs().argmax()
    weights = ", ".join(f"{value:.1f}" for value in log_w[:6, wrong]) + (", …" if call.samples > 6 else "")
    numbers = f"its {call.samples} draws have log w = {weights}. The log of the average weight is {right[wrong]:.2f}"
    recognise(
        call.got,
        right,
        mistakes,
        f"For image {wrong + 1} of {len(call.x)}, {numbers}, and yours is {call.got[wrong]:.2f}.",
        _same,
    )


def _same(got: Tensor, expected: Tensor) -> bool:
    return close(got, expected, rtol=1e-6, atol=2e-3)
