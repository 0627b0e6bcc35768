# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 03 · A gradient through a random draw
#
# *60 minutes. Needs lesson 02 (the encoder's `mu` and `logvar`) and PyTorch's autograd.*
#
# After this lesson you will be able to
#
# - say why a random draw stops a gradient, and how `z = mu + sigma * eps` lets it through;
# - write `reparameterize`, and test it without trusting the loss curve;
# - compare three ways to estimate the same gradient by their variance, and say when you need which.
#
# ## Was it the nudge, or the dice?
#
# The encoder gave you a cloud of codes for a 7.
# To train it you need one number: if you nudge the cloud's centre a little, does the 7 come back better or worse?
# You draw a code, see what comes back, nudge, draw again, and the cost has moved by 9 nats.
# Was that the nudge, or the dice?

# %%
from vae_course.data import binarize, grey
from vae_course.decoder import log_likelihood
from vae_course.digits import load_digits
from vae_course.elbo import elbo_terms
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import show
from vae_course.lessons.reparameterization import check_reparameterize, plots
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

import torch
from torch import Generator
from torch.distributions import Normal

# %% [markdown]
# To find out you need an encoder that has learnt something, and its partner, the decoder.
# The decoder turns a code back into a picture; lesson 04 opens that box.
# Lesson 06 opens the one that trains them.

# %%
digits = load_digits()
config = TrainConfig(epochs=6, learning_rate=3e-3)
torch.manual_seed(0)
model = VAE(latent_dim=20)
for _progress in fit(model, digits.train_images, config):
    pass
model.requires_grad_(False)  # trained: from here on we ask for gradients of mu and logvar only
right_loss = evaluate(model, digits.test_images, "static").negative_elbo.item()
assert right_loss < 160, "the model has not learnt enough for what follows"

# %% [markdown]
# Take one 7, and ask the encoder for its cloud: a centre `mu` and a width `sigma` in each of 20 directions.

# %% tags=["nbval-check-output"]
x = binarize(grey(digits.test_images[728:729]), Generator().manual_seed(3))  # [1, 1, 28, 28]
mu, logvar = model.encoder(x)  # [1, 20] each
sigma = logvar.exp().sqrt()  # [1, 20]
print(list(x.shape), list(mu.shape), list(sigma.shape))

# %% [markdown]
# A code is good if the 7 can be rebuilt from it.
# So give each code a cost: the nats it takes to tell the 7's pixels to someone who has the code and the decoder.
# How it is worked out can wait for lesson 04; here you need only that lower is better.


# %%
def cost(z):
    return -log_likelihood(model.decoder(z), x)[:, 0]  # codes [draws, 1, 20] to nats [draws]


# %% [markdown]
# Here are seven codes from the one cloud, each decoded, with its cost.

# %%
generator = Generator().manual_seed(0)
seven_z = mu + sigma * torch.randn(7, 1, 20, generator=generator)  # [7, 1, 20]
pictures = torch.sigmoid(model.decoder(seven_z))[:, 0]  # [7, 1, 28, 28]
figure = plots.priced_digits(x, pictures, cost(seven_z))
show(
    figure,
    "A 7, and beside it seven decoded draws from its cloud, each with its cost. All are soft 7s of slightly "
    "different shape, and the costs lie between about 85 and 115 nats.",
)

# %% [markdown]
# Two draws from the *same* cloud can be 20 nats apart, so one draw before the nudge and one after tell you nothing.
#
# > **Predict first.**
# > Draw a thousand codes before the nudge and a thousand after it, and subtract the two mean costs.
# > How many digits of the difference do you trust?
#
# Here is that experiment, with a nudge of 0.05 in the direction in which the encoder is surest.
# It is done twenty times over, and the first five are printed.

# %%
nudge = torch.zeros(20)
nudge[sigma[0].argmin()] = 0.05


def change_with_fresh_dice():
    before = mu + sigma * torch.randn(1000, 1, 20, generator=generator)
    after = mu + nudge + sigma * torch.randn(1000, 1, 20, generator=generator)
    return cost(after).mean() - cost(before).mean()


fresh = torch.stack([change_with_fresh_dice() for _ in range(20)])
print("change in cost:", "  ".join(f"{change:+.2f}" for change in fresh[:5]), "nats")

# %% [markdown]
# None: the experiments do not agree on the sign.
# A thousand draws sound like plenty, and a guess of two digits was reasonable.
# But one draw's cost scatters by about 7.5 nats, and a mean of $n$ draws still scatters by $7.5/\sqrt{n}$.
# For a thousand draws that is a quarter of a nat, before the nudge and again after it.
# The change itself is no larger than that.
#
# ## Keep the dice
#
# You would not judge two golf clubs on two different days of wind.
# So use the *same* thousand numbers from the dice before and after the nudge.


# %%
def change_with_same_dice():
    eps = torch.randn(1000, 1, 20, generator=generator)
    return cost(mu + nudge + sigma * eps).mean() - cost(mu + sigma * eps).mean()


same = torch.stack([change_with_same_dice() for _ in range(20)])
assert same.std() < fresh.std() / 4, "the same dice should spread far less"
title = "Fresh dice hide even the sign of the change; the same dice show it"
figure = plots.nudge_by_dice(fresh, same, title)
show(
    figure,
    "Two rows of twenty dots each: the change in cost after the nudge. With fresh dice the dots scatter from "
    "about −0.4 to 1, on both sides of 0. With the same dice all lie close together at about 0.24.",
)
print(
    f"fresh dice: {fresh.mean():+.2f} ± {fresh.std():.2f} nats;  same dice: {same.mean():+.2f} ± {same.std():.2f} nats"
)
assert fresh.std() > 5 * same.std(), "the same dice should give a far steadier difference"

# %% [markdown]
# After ± stands the standard deviation over the twenty experiments.
# Same model, same nudge, the same number of decoded codes, and it is some thirty times smaller.
# With fresh dice you would need about a thousand times as many draws for that.
#
# ## The trick
#
# To keep the dice you had to write the draw in a particular way:
#
# $$z = \mu + \sigma\,\varepsilon, \qquad \sigma = e^{\,\text{logvar}/2}, \qquad \varepsilon \sim \mathcal{N}(0, I)$$
#
# In words: draw `eps` from a Gaussian that knows nothing of the image.
# Then stretch it by the image's width, and move it to the image's centre.
# All the chance is in `eps`.
# Given `eps`, the code `z` is an ordinary function of `mu` and `logvar`.
# Writing a draw this way is called *reparameterization* (Kingma & Welling 2013, section 2.4).

# %%
eps = torch.randn(150, 2, generator=Generator().manual_seed(7))
clouds = {
    r"$\mu = (0, 0),\ \sigma = (1, 1)$": (torch.tensor([0.0, 0.0]), torch.tensor([1.0, 1.0])),
    r"$\mu = (3, 1),\ \sigma = (1, 1)$": (torch.tensor([3.0, 1.0]), torch.tensor([1.0, 1.0])),
    r"$\mu = (3, 1),\ \sigma = (0.3, 1.5)$": (torch.tensor([3.0, 1.0]), torch.tensor([0.3, 1.5])),
}
figure = plots.moving_cloud(eps, clouds)
show(
    figure,
    "Three panels with the same 150 draws of noise. In the first the cloud is round and lies at the centre; in "
    "the second it is moved to the right and up; in the third it is narrow and tall. Five numbered draws keep "
    "their places within the cloud.",
)

# %% [markdown]
# Follow number 1 from left to right: it keeps its place in the cloud.
# So "what happens to this draw if `mu` moves?" has an answer, and the answer is a derivative:
#
# $$\frac{\partial z}{\partial \mu} = 1, \qquad
# \frac{\partial z}{\partial\,\text{logvar}} = \tfrac12\,\sigma\,\varepsilon$$
#
# In words: move the centre by one, and every draw moves by one.
# Raise the log-variance, and every draw moves outward, the more the further out it is.
# Autograd agrees, for three draws at `logvar` = 0, where `sigma` is 1.

# %% tags=["nbval-check-output"]
some_eps = torch.tensor([-2.0, 0.5, 1.0])
some_mu = torch.zeros(3, requires_grad=True)
some_logvar = torch.zeros(3, requires_grad=True)
z = some_mu + some_logvar.exp().sqrt() * some_eps
z.sum().backward()
print("dz/dmu    ", some_mu.grad.tolist())
print("dz/dlogvar", some_logvar.grad.tolist())

# %% [markdown]
# Now move a cloud with your own hand, in one dimension.
# Five of the dice are numbered, and a thread leads from each to the draw that it becomes.
# (All bell curves are drawn equally tall; a die's height over the line only makes room.)
# Guess first: which slider moves all five alike, and with which does number 4 hardly move at all?

# %%
from vae_course.lessons.reparameterization import SameDice

SameDice()

# %% [markdown]
# The chain rule does the rest: from the cost through the decoder to `z`, and on to `mu`.
# That gradient is your nudge experiment with the same dice and a nudge that shrinks to nothing.

# %%
eps = torch.randn(1000, 1, 20, generator=generator)
moving_mu = mu.clone().requires_grad_()
cost(moving_mu + sigma * eps).mean().backward()
gradient = moving_mu.grad[0, sigma[0].argmin()].item()
small = nudge / 5
by_nudging = (cost(mu + small + sigma * eps).mean() - cost(mu + sigma * eps).mean()).item() / 0.01
print(f"autograd: {gradient:.2f},  nudging by 0.01: {by_nudging:.2f}  (nats per unit of mu)")
assert abs(gradient - by_nudging) < 0.3, "the gradient and the nudge should agree"

# %% [markdown]
# ## Nobody warns you
#
# What if you let the library draw, as in `torch.normal(mu, sigma)`?
#
# > **Predict first.**
# > Three ways to draw, then `z.sum().backward()`.
# > The right gradient in `mu` is 1: which of the three give it, and do the others raise an error?


# %% tags=["nbval-check-output"]
def gradient_in_mu(draw):
    mu = torch.zeros(4, requires_grad=True)
    z = draw(mu, torch.ones(4))
    if not z.requires_grad:
        return "no gradient: z is cut off from mu"
    return torch.autograd.grad(z.sum(), mu)[0].tolist()


print("torch.normal   ", gradient_in_mu(torch.normal))
print("Normal.sample  ", gradient_in_mu(lambda mu, sigma: Normal(mu, sigma).sample()))
print("Normal.rsample ", gradient_in_mu(lambda mu, sigma: Normal(mu, sigma).rsample()))

# %% [markdown]
# Only `rsample` gives it.
# With `sample`, `z.sum().backward()` raises an error here, because nothing in the sum needs a gradient.
# In a VAE it raises none: the decoder's weights still need theirs, so `backward` runs.
# `torch.normal` is the treacherous one: `backward` runs even here, and the gradient is zero.
# An encoder trained like this hears nothing from the decoder, and the loss stays at lesson 01's baseline.
# The `r` in `rsample` stands for reparameterized; you are about to write it yourself.
#
# ## Exercise: `reparameterize`
#
# Write the draw for a whole batch.
#
# - `mu` and `logvar` are `[batch, latent]`, and so is `z`.
# - Every image and every dimension gets its own `eps`.
# - The dice are the `generator` given, so that a run can be repeated.
# - The gradient passes to both `mu` and `logvar`.


# %%
def reparameterize(mu, logvar, generator):
    """Draw z ~ N(mu, exp(logvar)) so that gradients reach mu and logvar."""
    ...


# %%
check_reparameterize(reparameterize)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three steps, a line each: the noise, the width, the code.
# The only step with chance in it must not touch `mu` or `logvar`, apart from their shape.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `logvar` is $\log \sigma^2 = 2 \log \sigma$.
# Solve that for $\sigma$.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `torch.randn` takes a shape and `generator=…`.
# `torch.rand` is its neighbour that draws evenly between 0 and 1, and is not what you want.
#
# </details>

# %%
import vae_course.reparameterization as course

show_me(course.reparameterize)

# %% [markdown]
# From here on the lessons import it, as `vae_course.reparameterization`.
# In training, one draw an image is enough.
# A batch of a hundred images evens out much of the rest (Kingma & Welling 2013, section 2.3).
#
# ## Would the loss curve catch it?
#
# Was such a check worth the trouble for two lines?
# A bare draw would have shown in the loss, after all.
# Here are three other mistakes that people make, each one word from the right line.


# %%
def exp_logvar(mu, logvar, generator):  # the variance in sigma's place
    return mu + torch.exp(logvar) * torch.randn(mu.shape, generator=generator)


def rand(mu, logvar, generator):  # rand for randn
    return mu + torch.exp(0.5 * logvar) * torch.rand(mu.shape, generator=generator)


def hundredth(mu, logvar, generator):  # a "small noise to begin with" that stayed
    return mu + torch.exp(0.5 * logvar) * 0.01 * torch.randn(mu.shape, generator=generator)


# %% [markdown]
# > **Predict first.**
# > The model from the top of this lesson has the right line.
# > Train the same network with each of the mistakes: which of the three gives itself away by a worse loss?
#
# The loss is the cost you know plus the price of the cloud from lesson 02, which lesson 05 derives.
# Each network is measured twice on the test digits: with the draw it was trained with, and with the right one.


# %%
class DrawsWith(VAE):
    """A VAE whose draw can be exchanged."""

    def elbo(self, x, generator=None):
        mu, logvar = self.encoder(x)
        z = self.draw(mu, logvar, generator)
        return elbo_terms(x, self.decoder(z), mu, logvar)


def test_loss(model, draw):
    model.draw = draw
    return evaluate(model, digits.test_images, "static").negative_elbo.item()


# %%
losses = {"right": (right_loss, right_loss)}
for draw in (exp_logvar, rand, hundredth):
    torch.manual_seed(0)
    broken = DrawsWith(latent_dim=20)
    broken.draw = draw
    for _progress in fit(broken, digits.train_images, config):
        pass
    losses[draw.__name__] = test_loss(broken, draw), test_loss(broken, course.reparameterize)

# %%
right = losses["right"][1]
for reported, drawn_right in list(losses.values())[1:]:
    assert reported < right < drawn_right, "a mistake should report a better loss, and make a worse network"
figure = plots.reported_and_right(losses, "Each mistake reports a better loss than the right line does")
show(
    figure,
    "Four rows, each with a ring for the loss that the network reports of itself and a dot for its loss when z is "
    "drawn right. For the right line both are at about 139 nats. For each of the three mistakes the ring lies "
    "lower than that and the dot higher, and most of all for hundredth.",
)
for name, (reported, drawn_right) in losses.items():
    assert reported <= right_loss, f"{name} should report a loss no worse than the right line's"
    assert name == "right" or drawn_right > reported, f"{name} should be worse than it reports"

# %% [markdown]
# None of them: each mistake reports a *better* loss.
# You would think that a bug costs something; here the bug pays.
#
# The cloud's price is worked out from `logvar`: a wide cloud is cheap, because it says little.
# All three mistakes draw closer together than `logvar` claims; a variance below 1 is smaller than its root.
# They pay for a blurred code and send a sharp one, and nothing in the loss curve shows it.
# Drawn right, `hundredth` costs 290 nats an image: more than lesson 01's baseline, which knows nothing of the image.
#
# What shows it is to look at the draws: $(z - \mu)/\sigma$ must have mean 0 and standard deviation 1.
# That is what the check of your exercise does.

# %% tags=["nbval-check-output"]
wide_mu = torch.full((20_000, 2), 3.0)
wide_logvar = torch.full((20_000, 2), -2.0)
for draw in (course.reparameterize, exp_logvar, rand, hundredth):
    z = draw(wide_mu, wide_logvar, Generator().manual_seed(0))
    eps = (z - wide_mu) / torch.exp(0.5 * wide_logvar)
    print(f"{draw.__name__:15s} mean {eps.mean():5.2f}   standard deviation {eps.std():5.2f}")

# %% [markdown]
# ## The other way: move the density, not the points
#
# Reparameterization needs a cost that can be differentiated in $z$.
# There is an older way that does not, and you should know what it costs before you believe that the trick is needed.
#
# Leave the draws where they are.
# When the cloud moves to the right, draws on the right become more likely, and draws on the left less.
# So the mean cost changes by each draw's cost, times how fast that draw's density grows, as a fraction of itself.
# With $\theta$ for what is being moved, and because $\nabla q = q\,\nabla \log q$:
#
# $$\nabla_\theta\, \mathbb{E}_{q}[f(z)] = \mathbb{E}_{q}\big[\, f(z)\, \nabla_\theta \log q(z) \,\big]$$
#
# In words: the derivative of the mean is the mean of the cost times the *score*, the derivative of the log-density.
# This is the *score-function* estimator, or REINFORCE (Williams 1992); the first way is called *pathwise*.
#
# Both have the right mean.
# To compare their scatter, take a case that can be worked out by hand: $q = \mathcal{N}(\theta, 1)$ and $f(z) = z^2$.
# The mean cost is $\theta^2 + 1$, so its derivative is $2\theta$: at $\theta = 2$ it is 4.
#
# > **Predict first.**
# > One draw gives one estimate of that 4.
# > The pathwise estimate has variance 4 as well; what is the score function's: 5, 20, or 90?

# %% tags=["nbval-check-output"]
theta = torch.full((1_000_000,), 2.0, requires_grad=True)  # a copy for each draw, to keep their gradients apart
points = theta + torch.randn(1_000_000, generator=Generator().manual_seed(2))
(pathwise,) = torch.autograd.grad(points.square().sum(), theta)

points = points.detach()
log_q = Normal(theta, 1.0).log_prob(points)
(score,) = torch.autograd.grad((points.square() * log_q).sum(), theta)
for name, gradients in (("pathwise", pathwise), ("score", score)):
    print(f"{name:9s} mean {gradients.mean():.1f}   variance {gradients.var():.0f}")

# %% [markdown]
# Nearly 90.
# By hand the pathwise estimate is $2z$, with variance 4 at every $\theta$.
# The score estimate is $z^2 (z - \theta)$, with variance $\theta^4 + 14\,\theta^2 + 15$.
# At $\theta = 2$ that is 87, nearly 22 times the pathwise variance, and it grows with the size of the cost.
# "20" was a sensible guess: the cost itself scatters with a variance of 18.
# But the score is multiplied by the whole cost, not by its scatter.
#
# ## Give the other way a fair chance
#
# Most of a cost says nothing about the direction.
# If every draw costs about 100, the score is multiplied by about 100 each time.
# Only the differences between draws tell you where to go.
# So subtract a *baseline*, the mean cost.
# The estimate's mean stays what it was, because the score has mean 0.

# %% tags=["nbval-check-output"]
advantage = points.square() - points.square().mean()
log_q = Normal(theta, 1.0).log_prob(points)
(with_baseline,) = torch.autograd.grad((advantage * log_q).sum(), theta)
print(f"baseline  mean {with_baseline.mean():.1f}   variance {with_baseline.var():.0f}")

# %%
estimators = {"pathwise": pathwise, "score with baseline": with_baseline, "score": score}
for values in estimators.values():
    assert abs(values.mean() - 4) < 0.1, "the mean of every estimator should be the derivative, 4"
figure = plots.toy_estimators(estimators, 4, "Three estimates of one derivative: one mean, three tails")
show(
    figure,
    "Three histograms of a million estimates each, with counts on a logarithmic scale, and a dashed line at the "
    "derivative, 4. The pathwise estimates lie between −6 and 14. The score estimates with a baseline have a tail "
    "to the right up to 100, and without one they have tails on both sides.",
)

# %% [markdown]
# The baseline halves the variance: by hand, $8\,\theta^2 + 10 = 42$ at $\theta = 2$.
#
# ## The same three on your VAE
#
# Now the real thing: 32 test digits, 20 latent dimensions, the gradient of the cost in `mu`.
# The pathwise gradient is `backward`; for the others the package has a function beside `reparameterize`.

# %%
show_me(course.score_function_surrogate)

# %% [markdown]
# Its baseline for a draw is the mean cost of the *other* draws of the same image (Mnih & Rezende 2016).
# Leaving the draw itself out keeps the mean of the estimate exact.
# Each estimate below uses 16 draws an image, for all three alike.

# %%
batch = binarize(grey(digits.test_images[:32]), generator)  # [32, 1, 28, 28]
batch_mu, batch_logvar = model.encoder(batch)  # [32, 20] each
batch_mu.requires_grad_()


def estimate(name):
    z = course.reparameterize(batch_mu.expand(16, -1, -1), batch_logvar.expand(16, -1, -1), generator)  # [16, 32, 20]
    if name != "pathwise":
        z = z.detach()
    cost = -log_likelihood(model.decoder(z), batch)  # [16, 32]
    scalar = cost.mean()
    if name != "pathwise":
        scalar = course.score_function_surrogate(batch_mu, batch_logvar, z, cost, baseline=name.endswith("baseline"))
    return 32 * torch.autograd.grad(scalar, batch_mu)[0]  # 32: the scalar is a mean over images


# %%
names = ("pathwise", "score with baseline", "score")
estimates = {name: torch.stack([estimate(name) for _ in range(100)]) for name in names}  # [100, 32, 20] each
variances = {name: grads.var(0).mean().item() for name, grads in estimates.items()}
for name, variance in variances.items():
    print(f"{name:20s} variance {variance:10.2f}   {variance / variances['pathwise']:8.0f} times the pathwise one")
assert variances["score"] > 300 * variances["pathwise"], "the bare score should be far worse"
assert 3 < variances["score with baseline"] / variances["pathwise"] < 200, "the baseline should close most of the gap"

# %%
dimension = batch_logvar[0].argmin()
of_one = {name: grads[:, 0, dimension] for name, grads in estimates.items()}
figure = plots.vae_estimators(of_one, "The baseline closes most of the gap to the pathwise gradient")
show(
    figure,
    "Three rows of dots for three estimators of one derivative, on the left all of them and on the right the "
    "middle enlarged. The pathwise dots lie within a few nats, those of the score with a baseline within about "
    "20, and those of the bare score spread over hundreds.",
)

# %% [markdown]
# Read it as a bill, in draws, for the precision of one pathwise draw.
# The bare score function needs more than ten thousand; with the baseline it needs some thirty.
# The first number without the second would be an advertisement.
# In training the order is the same.
#
# The pathwise gradient wins here because it knows more.
# It asks the decoder for the *slope* at each draw; the score function asks only for the *height*.
# Where there is no slope, the pathwise gradient has nothing to ask.
# That is so if the code is a choice among a few symbols, or if the cost comes from a program you cannot differentiate.
# There the score function, with a good baseline, is still at work.
#
# ## Key points
#
# - In `z = mu + sigma * eps` all the chance is in `eps`, so `z` can be differentiated in `mu` and `logvar`.
# - The gradient it gives is a nudge with the same dice.
# - A bare draw (`torch.normal`, `sample`) passes nothing on to the encoder, and in a VAE no error says so.
# - A wrong draw can *lower* the loss: test the draw, not the curve.
# - The score function needs no slope and pays for it in variance; a baseline takes away most of that.
#
# ## Expected numbers
#
# Embedded digits (4,000 to train, 1,000 to test), pixels drawn anew for each batch, 784-400-20 network, 6 epochs.
# One draw of z an image; yours may differ by a nat or two in the first column, and by more in the second.
#
# | draw | reported test loss (nats per image) | the same network, drawn right |
# | --- | --- | --- |
# | right | 139 | 139 |
# | `exp(logvar)` as sigma | 129 | 141 |
# | `rand` for `randn` | 115 | 184 |
# | `eps * 0.01` | 99 | 290 |
#
# | variance of the gradient, pathwise = 1 | $f = z^2$ at $\theta = 2$ | the VAE's cost in `mu` |
# | --- | --- | --- |
# | pathwise | 1 | 1 |
# | score function with a baseline | 10.5 | about 30 |
# | score function | 21.75 | 10,000 to 20,000 |
#
# ## What comes next
#
# You can now send a gradient through the dice, and you used a decoder on trust to find what a code costs.
# [Lesson 04](04_decoder.ipynb) opens it.
# The encoder's answer was not a code but a cloud of codes; the decoder's answer is not a picture either.
