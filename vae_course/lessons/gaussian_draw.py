"""Check a draw of z, for lessons 03 and 09: is it from the right Gaussian, and does the gradient pass?

With the same seed and shape an answer draws the same `eps`, whatever `mu` and `logvar` are. So the check measures `eps`
once, and then compares exactly what the answer makes of it.
"""

from typing import Any

from vae_course.kit.exercise import ask, close, describe, expect, expect_generator, recognise

import torch
from torch import Generator, Tensor

CENTRES = torch.tensor([3.0, -2.0, 0.5])
FAR_CENTRES = (-30.3, -3.1, 3.1, 30.3)
LOGVARS = torch.tensor([-28.0, -12.0, -6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0, 12.0, 19.0])
OWN = "Every image and every dimension has {} of its own: use that entry, not a mean or another row or column."


def expect_gaussian_draw(answer: Any) -> None:
    """Raise `Mistake` unless `answer(mu, logvar, generator)` draws z ~ N(mu, exp(logvar)) by reparameterisation.

    It looks at the noise first, then at what mu and logvar make of it, then at the gradient.
    """
    expect(not isinstance(answer, type), f"The answer should be a function, and this is {describe(answer)}.")
    for shape in ((3, 5), (1, 4)):
        _noise(answer, torch.zeros(shape), torch.full(shape, -1.0))
    _expect_independent(answer)
    _expect_one_source(answer)
    spread = _expect_gaussian(answer)
    _expect_mu(answer)
    _expect_sigma(answer, spread)
    _expect_entries_of_their_own(answer)
    _expect_noise_of_size_1(answer)
    _expect_gradient(answer)


def _noise(answer: Any, mu: Tensor, logvar: Tensor, seed: int = 0) -> Tensor:
    """Compute z − mu of one draw, and refuse a result that cannot be a code."""
    z = ask(answer, mu.clone(), logvar.clone(), Generator().manual_seed(seed))
    expect(isinstance(z, Tensor), f"Return the tensor z: this is {describe(z)}.")
    expect(z.shape == mu.shape, f"z must have the shape of mu, here {list(mu.shape)}. Yours has {list(z.shape)}.")
    expect(z.dtype == mu.dtype, f"z must have the dtype of mu, here {mu.dtype}. Yours has {z.dtype}.")
    expect(
        z.isfinite().all() or (len(mu) == 1 and _noise(answer, mu.repeat(2, 1), logvar.repeat(2, 1)).isfinite().all()),
        f"z contains {'NaN' if z.isnan().any() else 'inf'} at logvar = {logvar.min():g}, which is allowed: "
        "is there a root or a logarithm of logvar?",
    )
    expect(
        z.isfinite().all(),
        "For one image alone z is not finite. Do not standardise eps over the batch: the draw of an image "
        "must not depend on the others.",
    )
    return z.detach() - mu


def _expect_independent(answer: Any) -> None:
    """Refuse noise that images or dimensions share, and noise that depends on that of others."""
    mu, logvar = torch.full((100, 50), 1.5), torch.full((100, 50), -1.0)
    noise = _noise(answer, mu, logvar)
    expect(
        noise.std(0).max() > 1e-5 or not torch.equal(noise, _noise(answer, mu, logvar, seed=1)),
        "At mu = 1.5 and logvar = -1, z is the same whatever the seed: where is the noise eps?",
    )
    without = (noise == 0).all(0).any() or (noise == 0).all(1).any()
    expect(not without, "Some images or some dimensions get no noise at all: draw one number for each entry of mu.")
    share = "{} share their noise: draw one number for each entry of mu."
    above = (noise > noise.median()).float()
    rows = torch.corrcoef(above).nan_to_num().fill_diagonal_(0).abs()
    alike = noise.std(0).max() < 1e-5 or rows.max() > 0.8
    expect(not alike, share.format("Every image needs its own eps, and your images"))
    columns = torch.corrcoef(above.T).nan_to_num().fill_diagonal_(0).abs()
    expect(columns.max() < 0.8, share.format("The latent dimensions of an image"))
    expect(
        _noise(answer, mu[:1], logvar[:1]).any() and noise.mean(0).std() > 1e-4,
        "For one image alone there is no noise. Is eps centred over the batch? A draw must not depend on other images.",
    )
    _expect_no_correlation(answer)


def _expect_no_correlation(answer: Any) -> None:
    """Refuse noise in which one number says something about another, as an average of two neighbours does."""
    for others, shape in (("images", (5, 1000)), ("dimensions", (1000, 5))):
        noise = _noise(answer, torch.full(shape, 1.5), torch.full(shape, -1.0))
        rows = noise if others == "images" else noise.T
        # Of signs, because noise with far outliers has no correlation.
        above = (rows > rows.median(1, keepdim=True).values).float()
        expect(
            torch.corrcoef(above).nan_to_num().fill_diagonal_(0).abs().max() < 0.17,
            f"The noise of two {others} has a correlation, and it should have none: draw one number for each entry of "
            "mu, and neither mix nor standardise them.",
        )


def _expect_one_source(answer: Any) -> None:
    torch.manual_seed(4711)
    mu, logvar, state = torch.full((5, 4), 1.5), torch.full((5, 4), -1.0), torch.get_rng_state()
    expect_generator(
        lambda g: ask(answer, mu.clone(), logvar.clone(), g), of="what draws eps (randn; rsample takes none)"
    )
    ask(answer, mu.clone(), logvar.clone(), Generator())
    expect(
        torch.equal(state, torch.get_rng_state()),
        "It seeds or uses torch's global random numbers as well: all noise should come from `generator`.",
    )


def _expect_gaussian(answer: Any) -> float:
    """Expect noise of the right shape at three centres and logvar = -1; return its standard deviation."""
    mu = CENTRES.repeat(200, 34)
    noise = _noise(answer, mu, torch.full_like(mu, -1.0)).reshape(-1, 3)  # A column for each centre.
    std, centre = noise.std(0), (CENTRES + noise.mean(0)).tolist()
    never = "eps is never {}. A Gaussian draw, as from randn, has both signs; rand draws evenly from 0 to 1."
    expect(noise.min() < 0, never.format("negative"))
    expect(noise.max() > 0, never.format("positive"))
    expect(
        not ((noise.mean(0).abs() > 0.05 * std) & (noise.median(0).values.abs() > 0.05 * std)).any(),
        f"The mean of z must be mu. At mu = 3, -2 and 0.5 it is {', '.join(f'{value:.2f}' for value in centre)}.",
    )
    fewest = min(len(column.unique()) for column in noise.T)
    few = "The noise has few different values. Is something rounded, or {}?"
    expect(fewest > 500, few.format("drawn as whole numbers"))
    standard = (noise - noise.mean(0)) / std
    edges = standard.amin(0), standard.amax(0)
    piled_up = any((standard == edge).sum(0).max() >= 4 for edge in edges)
    expect(
        torch.minimum(-edges[0], edges[1]).min() > 2.9 and not piled_up,
        f"The noise, or z, is cut off: it lies between {edges[0].max():.1f} and {edges[1].min():.1f} sigma. "
        "A Gaussian draw, as from randn, has no limits: one in 400 lies beyond 3 sigma.",
    )
    lengths = noise.reshape(200, 102).norm(dim=1)
    expect(
        noise.reshape(200, 102).mean(1).std() > 1e-4 and lengths.std() > 0.01 * lengths.mean(),
        "The noise has the same mean, or the same length, in every image. Do not standardise eps over the dimensions: "
        "randn is standard already.",
    )
    for edge, share in ((-1.0, 0.159), (1.0, 0.841), (2.0, 0.977)):
        found = (standard < edge).float().mean(0)
        worst = found[(found - share).abs().argmax()]
        expect(
            abs(worst - share) < 0.02,
            f"The noise is not Gaussian: {share:.1%} of it should lie below {edge:+.0f} standard deviations, and "
            f"{worst:.1%} of yours does. For a Gaussian, use randn.",
        )
    expect(fewest > 0.95 * len(noise), few.format("computed in half precision"))
    expect(
        close(std, std.mean().expand(3), rtol=0.05),
        "The noise depends on mu: at mu = 3, -2 and 0.5 its standard deviation is "
        f"{', '.join(f'{value:.2f}' for value in std)}, with the same logvar. Multiply eps by sigma only, then add mu.",
    )
    return noise.std().item()


def _expect_mu(answer: Any) -> None:
    zero, logvar = torch.zeros(40, 3), torch.full((40, 3), -1.0)
    eps = _noise(answer, zero, logvar)
    for centre in FAR_CENTRES:
        moved = (_noise(answer, zero + centre, logvar) - eps).mean()
        expect(abs(moved) < 1e-3, f"The mean of z must be mu. At mu = {centre} it is {centre + moved:.2f}.")
    still = _noise(answer, zero, zero - 40)
    added = (
        f"At mu = 0 and logvar = -40 sigma is 2e-9, and z is {still.mean():.2g}: only mu and sigma · eps belong in it."
    )
    expect(abs(still.mean()) < max(1e-6, still.std()), added)


def _expect_sigma(answer: Any, spread: float) -> None:
    """Compare sigma at many log-variances, one for all images at a time; `spread` is that of the noise at -1."""
    few = torch.zeros(40, 3)
    eps = _noise(answer, few, few - 1) / spread
    sigma = torch.stack([(_noise(answer, few, few + value) / eps).median() for value in LOGVARS])
    right = torch.exp(0.5 * LOGVARS)
    scale = (sigma / right).median()
    far = (sigma / right - 1).abs() > 0.02
    at = int((LOGVARS.abs() + 100 * ~far).argmin())
    kept = ", ".join(f"{value:g}" for value in LOGVARS[~far])
    kept = f" (It is within 2 % at logvar = {kept}.)" if kept else ""
    hints = {
        "exp(logvar) is the variance. Sigma is its square root: halve logvar before the exponential.":
            torch.exp(LOGVARS),
        "The noise has the same size whatever logvar is: multiply eps by sigma, that of each entry.":
            sigma.mean().expand(len(LOGVARS)),
        "logvar itself is used as sigma, but it is a logarithm: take an exponential.":
            (LOGVARS, -LOGVARS, LOGVARS.abs(), LOGVARS / 2, -LOGVARS / 2),
        "Sigma becomes smaller when logvar grows: look at the sign in the exponential.":
            (torch.exp(-0.5 * LOGVARS), torch.exp(-LOGVARS)),
        f"(z - mu) / sigma must have a standard deviation of 1, and yours has {scale:.2g}: eps is scaled.":
            scale * right,
    }  # fmt: skip
    recognise(
        sigma,
        right,
        hints,
        otherwise=f"At logvar = {LOGVARS[at]:g} sigma must be {right[at]:.4g}, and yours is {sigma[at]:.4g}.{kept}",
        same=lambda a, b: close(a, b, rtol=0.02, atol=0.0),
    )
    eps = _noise(answer, few, few)
    for value in LOGVARS:
        width = torch.exp(0.5 * value)
        off = ((_noise(answer, few, few + value) / eps).median() / width).item()
        expect(abs(off - 1) < 1e-4, f"At logvar = {value:g} sigma must be {width:.6g}, and yours is {off * width:.6g}.")


def _expect_entries_of_their_own(answer: Any) -> None:
    """Compare z where every entry has its own mu and logvar."""
    own = Generator().manual_seed(1)
    mu, logvar = 3 * torch.randn(40, 3, generator=own), 2 * torch.randn(40, 3, generator=own)
    eps = _noise(answer, 0 * mu, 0 * mu)
    z = mu + _noise(answer, mu, logvar)
    sigma = torch.exp(0.5 * logvar)
    recognise(
        z,
        mu + sigma * eps,
        {
            OWN.format("a sigma"): tuple(mu + torch.exp(0.5 * other) * eps for other in _neighbours(logvar)),
            OWN.format("a mu"): tuple(other + sigma * eps for other in _neighbours(mu)),
        },
        otherwise="z is right if all images have the same mu and logvar, and wrong if they differ. "
        + OWN.format("a mu and a sigma"),
    )


def _neighbours(values: Tensor) -> list[Tensor]:
    """Return what an answer may use by mistake in the place of each entry."""
    means = [values.mean(0), values.mean(1, keepdim=True), values.mean()]
    others = [values[:1], values[:, :1], values.flip(0), values.flip(1), values.roll(1, 0), values.roll(1, 1)]
    return [other.expand(values.shape) for other in (*means, *others)]


def _expect_noise_of_size_1(answer: Any) -> None:
    """Compare the size of eps in small batches."""
    for shape in ((7, 2), (1, 1)):
        _noise(answer, torch.zeros(shape), torch.full(shape, -1.0))
    # After so many looks at each result, only the numbers are new here.
    draws = [answer(torch.zeros(1, 4), torch.zeros(1, 4), Generator().manual_seed(seed)) for seed in range(300)]
    one = torch.cat(draws).detach().std()
    expect(abs(one - 1) < 0.1, f"For one image eps should have a standard deviation of 1, and yours has {one:.2f}.")
    batch = _noise(answer, torch.zeros(50, 64), torch.zeros(50, 64)).std()
    expect(
        abs(batch - 1) < 0.05,
        f"For 50 images with 64 dimensions eps should have a standard deviation of 1, and yours has {batch:.2f}.",
    )


def _expect_gradient(answer: Any) -> None:
    leaves = [values.requires_grad_() for values in (torch.randn(40, 3), torch.randn(40, 3))]
    mu, logvar = leaves
    z = ask(answer, mu.clone(), logvar.clone(), Generator().manual_seed(0))
    expect(
        mu.grad is None and logvar.grad is None,
        "It calls `backward`, which adds to `.grad`. Only return z, and leave the gradient to the caller.",
    )
    with torch.no_grad():
        without = ask(answer, mu.clone(), logvar.clone(), Generator().manual_seed(0))
    expect(
        close(z, without),
        f"Under `torch.no_grad()`, as at the test, z is {'mu itself' if close(without, mu) else 'another one'}: "
        "always draw in the same way.",
    )
    expect(z.requires_grad, "No gradient passes: z is detached. Compute z from mu and logvar, with autograd on.")
    # The weights differ, so that a gradient of other images does not add up to the right one.
    weights = torch.rand(40, 3) + 0.5
    by_mu, by_logvar = torch.autograd.grad(z, leaves, weights, allow_unused=True)
    expect(by_mu is not None or by_logvar is not None, "No gradient passes: z is cut off from mu and from logvar.")
    expect(
        by_mu is not None, "The derivative of z in mu must be 1, but no gradient reaches mu: a `detach` cuts it off."
    )
    why = " torch.normal gives 0: draw eps first, without mu and sigma." if not by_mu.any() else ""
    mean = (by_mu / weights).mean()
    expect(close(by_mu, weights), f"The derivative of z in mu must be 1, and yours is {mean:.2f}.{why}")
    right = 0.5 * (z - mu).detach() * weights
    expect(
        by_logvar is not None and close(by_logvar, right, atol=1e-3),
        "The derivative of z in logvar must be ½ sigma eps. Does a `detach`, a Python number or an array stop the "
        "gradient in sigma?",
    )
