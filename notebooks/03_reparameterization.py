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
# *65 minutes: 50 for the lesson, and 15 for an optional part at its end. The open task takes 30 more.
# Needs lesson 02 and PyTorch's autograd.*
#
# *[Start page](00_start.ipynb) · before: [02 The encoder](02_encoder.ipynb)
# · after: [04 The decoder](04_decoder.ipynb)*
#
# You will be able to:
#
# - say how a gradient gets from the loss through a random draw to the encoder;
# - write `reparameterize`, the function that every VAE draws its codes with;
# - test a function that draws at random;
# - compare two estimates of the same number by their spread.
#
# ## Was it the move, or the random draw?
#
# The encoder gave you a cloud of codes for a 7.
# To train it you need one number: if you move the centre of the cloud a little, is the 7 reconstructed better or worse?
# You draw a code, decode it, move the centre, draw again, and the cost has changed by 9 nats.
# Did the move do that, or the random draw?

# %%
from vae_course.data import binarize, grey
from vae_course.decoder import log_likelihood
from vae_course.digits import load_digits
from vae_course.elbo import elbo_terms
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.lessons.reparameterization import check_reparameterize, plots
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

import torch
from torch import Generator
from torch.distributions import Normal

# %% [markdown]
# To find out you need a trained encoder, and the decoder that was trained with it.
# The decoder turns a code into a picture, and lesson 04 shows how.
# Lesson 06 shows how both are trained; today you use them as they are.

# %%
digits = load_digits()
config = TrainConfig(epochs=6, learning_rate=3e-3)
torch.manual_seed(0)
model = VAE(latent_dim=20)
for _ in fit(model, digits.train_images, config):
    pass
model.requires_grad_(False)  # It is trained. From here on you need gradients of mu and logvar only.
right_loss = evaluate(model, digits.test_images, "static").negative_elbo.item()
assert right_loss < 160, "the model has not learnt enough for what follows"

# %% [markdown]
# Take one 7, and ask the encoder for its cloud: a centre `mu` and a width `sigma` in each of 20 dimensions.

# %% tags=["nbval-check-output"]
x = binarize(grey(digits.test_images[728:729]), Generator().manual_seed(3))  # [1, 1, 28, 28]
mu, logvar = model.encoder(x)  # [1, 20] each
sigma = logvar.exp().sqrt()  # [1, 20]
print(list(x.shape), list(mu.shape), list(sigma.shape))

# %% [markdown]
# A code is good if the decoder can reconstruct the 7 from it.
# So every code has a cost: what the pixels of the 7 cost, in nats as in lesson 01, if the decoder is given this code.
# Lesson 04 shows how the cost is computed; here you only need that lower is better.


# %%
def cost(z):
    """Compute the cost of each code: from [draws, 1, 20] to nats, [draws]."""
    return -log_likelihood(model.decoder(z), x)[:, 0]


# %% [markdown]
# Draw seven codes from this one cloud, and decode each.

# %%
generator = Generator().manual_seed(0)
seven_z = mu + sigma * torch.randn(7, 1, 20, generator=generator)  # [7, 1, 20]
pictures = torch.sigmoid(model.decoder(seven_z))[:, 0]  # [7, 1, 28, 28]
figure = plots.digits_with_costs(x, pictures, cost(seven_z))
show(
    figure,
    "A 7, and beside it seven decoded draws from its cloud, each with its cost. All are soft 7s of slightly "
    "different shape, and the costs lie between about 85 and 115 nats.",
)

# %% [markdown]
# Two draws from the *same* cloud can differ by 20 nats.
# So one draw before the move and one draw after it say nothing about the move.
#
# You need the *average* cost over the whole cloud.
# You can estimate it: draw many codes, and take the average of their costs.
# This is called a **Monte Carlo** estimate, after the casino.
#
# > **Predict first.**
# > Draw a thousand codes before the move and a thousand after it, and subtract the two average costs.
# > How many significant digits of the difference can you trust?

# %%
predict("reparameterization/digits", "How many significant digits of the difference can you trust?")

# %% [markdown]
# Here is that experiment.
# The centre moves by 0.05, in the dimension with the smallest `sigma`.
# It is repeated twenty times, and the first five results are printed.

# %% jupyter={"source_hidden": true}
move = torch.zeros(20)
move[sigma[0].argmin()] = 0.05


def change_with_new_noise():
    before = mu + sigma * torch.randn(1000, 1, 20, generator=generator)
    after = mu + move + sigma * torch.randn(1000, 1, 20, generator=generator)
    return cost(after).mean() - cost(before).mean()


new = torch.stack([change_with_new_noise() for _ in range(20)])
print("change in cost:", "  ".join(f"{change:+.2f}" for change in new[:5]), "nats")
assert new.min() < 0 < new.max(), "twenty experiments should not agree on the sign"
reveal("reparameterization/digits", 0, unit="digits")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The experiments do not even agree on the sign.
# A guess of two significant digits was reasonable, since a thousand draws sound like many.
# But the costs of single draws have a standard deviation of about 7.5 nats.
# An average of $n$ draws still has a standard deviation of $7.5/\sqrt{n}$.
# For a thousand draws that is a quarter of a nat, before the move and again after it.
# The change itself is no larger than that.
#
# </details>

# %% [markdown]
# ## Keep the noise
#
# Each code is `mu + sigma * noise`, and the noise comes from `torch.randn`.
# So use the *same* thousand numbers before and after the move.
# Then nothing differs between the two averages except the move.


# %%
def change_with_same_noise():
    eps = torch.randn(1000, 1, 20, generator=generator)
    return cost(mu + move + sigma * eps).mean() - cost(mu + sigma * eps).mean()


same = torch.stack([change_with_same_noise() for _ in range(20)])
assert same.std() < new.std() / 4, "the same noise should spread far less"
title = "New noise hides even the sign of the change; the same noise shows it"
figure = plots.change_by_noise(new, same, title)
show(
    figure,
    "Two rows of twenty dots each: the change in cost after the move. With new noise the dots scatter from "
    "about −0.4 to 1, on both sides of 0. With the same noise all lie close together at about 0.24.",
)

# %%
rows = {"new noise": (new.mean(), new.std()), "the same noise": (same.mean(), same.std())}
assert new.std() > 5 * same.std(), "the same noise should give a far steadier difference"
table(rows, ["change (nats)", "standard deviation"], digits=2, caption="over twenty experiments")

# %% [markdown]
# The model, the move and the number of decoded codes are the same.
# But the standard deviation is about thirty times smaller.
# With new noise you would need about a thousand times as many draws for that.
#
# If you repeat either experiment very often, its results average to the true change.
# The field says: both estimates are **unbiased**, which means right on average.
# They differ in their spread, and the spread decides whether you can use one.
#
# ## The trick
#
# To keep the noise, you had to write the draw in a particular way:
#
# $$z = \mu + \sigma\,\varepsilon, \qquad \sigma = e^{\,\text{logvar}/2}, \qquad \varepsilon \sim \mathcal{N}(0, I)$$
#
# In words: draw the noise `eps` from a standard normal distribution, which does not depend on the image.
# Then multiply it by the image's width, and add the image's centre.
# Only `eps` is random.
# When `eps` is given, the code `z` is an ordinary function of `mu` and `logvar`.
# To write a draw in this way is called **reparameterisation** (Kingma & Welling 2013, section 2.4).

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
# So you can ask what happens to this one draw if `mu` moves, and the answer is a derivative:
#
# $$\frac{\partial z}{\partial \mu} = 1, \qquad
# \frac{\partial z}{\partial\,\text{logvar}} = \tfrac12\,\sigma\,\varepsilon$$
#
# In words: if the centre moves by one, every draw moves by one.
# If the log-variance grows, every draw moves away from the centre, and those far out move most.
# Autograd says the same, here for three draws at `logvar` = 0, where `sigma` is 1.

# %% tags=["nbval-check-output"]
some_eps = torch.tensor([-2.0, 0.5, 1.0])
some_mu = torch.zeros(3, requires_grad=True)
some_logvar = torch.zeros(3, requires_grad=True)
z = some_mu + some_logvar.exp().sqrt() * some_eps
z.sum().backward()
print("dz/dmu    ", some_mu.grad.tolist())
print("dz/dlogvar", some_logvar.grad.tolist())

# %% [markdown]
# ### Change this and see
#
# *5 minutes · difficulty 1 of 3 · no check*
#
# Move a cloud by hand, in one dimension.
# Five values of `eps` have numbers, and a line leads from each to its `z`.
# (All bell curves are drawn equally tall, and the height of a dot has no meaning.)
#
# Guess first: which slider moves all five by the same distance?
# And which of the five hardly moves when you change `logvar`?

# %%
from vae_course.lessons.reparameterization import SameNoise

SameNoise()

# %% [markdown]
# <details><summary>What you should see</summary>
#
# The slider of `mu` moves all five alike, as $\partial z/\partial \mu = 1$ says.
# With `logvar`, number 4 hardly moves, because its `eps` is nearly 0.
#
# </details>

# %% [markdown]
# ## From the cost to the encoder
#
# The chain rule does the rest: it leads from the cost through the decoder to `z`, and from `z` to `mu`.
# This gradient is your experiment with the same noise, for a very small move.

# %%
eps = torch.randn(1000, 1, 20, generator=generator)
moving_mu = mu.clone().requires_grad_()
cost(moving_mu + sigma * eps).mean().backward()
gradient = moving_mu.grad[0, sigma[0].argmin()].item()
small = move / 5
by_moving = (cost(mu + small + sigma * eps).mean() - cost(mu + sigma * eps).mean()).item() / 0.01
print(f"autograd: {gradient:.2f},  moving by 0.01: {by_moving:.2f}  (nats per unit of mu)")
assert abs(gradient - by_moving) < 0.3, "the gradient and the move should agree"

# %% [markdown]
# There is a second way to this gradient, called the *score function*, and it needs no trick.
# It is unbiased too, but it varies far more from draw to draw.
# That is why a VAE uses reparameterisation; the optional part at the end compares the two.

# %% [markdown]
# ## What if the library draws?
#
# PyTorch has functions that draw from a normal distribution.
# Here are three of them: `torch.normal(mu, sigma)`, `Normal(mu, sigma).sample()` and `Normal(mu, sigma).rsample()`.
#
# > **Predict first.**
# > Draw `z` in each of the three ways, and call `z.sum().backward()`.
# > The right gradient of `mu` is 1.
# > Which of the three give it?
# > And does `torch.normal` raise an error?

# %%
predict(
    "reparameterization/library",
    "Which of the three give the right gradient of mu?",
    choices=["all three", "only torch.normal", "only sample", "only rsample", "none"],
)
predict("reparameterization/error", "Does backward() raise an error with torch.normal?", choices=["yes", "no"])


# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
def gradient_of_mu(draw):
    mu = torch.zeros(4, requires_grad=True)
    z = draw(mu, torch.ones(4))
    if not z.requires_grad:
        return "backward() raises an error: z is cut off from mu"
    return str(torch.autograd.grad(z.sum(), mu)[0].tolist())


draws = {
    "torch.normal": torch.normal,
    "Normal.sample": lambda mu, sigma: Normal(mu, sigma).sample(),
    "Normal.rsample": lambda mu, sigma: Normal(mu, sigma).rsample(),
}
reveal("reparameterization/library", "only rsample")
reveal("reparameterization/error", "no")
table({name: gradient_of_mu(draw) for name, draw in draws.items()}, ["gradient of mu"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# `rsample` is reparameterised: the `r` stands for that.
# If you guessed `torch.normal` as well: it takes `mu`, and `backward` runs without a complaint.
# But it treats its result as a constant, so the gradient of `mu` is 0.
#
# </details>

# %% [markdown]
# In a VAE, `sample` raises no error either.
# The decoder's weights need a gradient as well, so `backward` has something to do, and runs.
# With `sample` or `torch.normal` the encoder gets no gradient from the decoder, and nobody warns you.
# The loss then stays near 205 nats, the cost of lesson 01's average digit.
#
# Now write the right draw yourself.

# %% [markdown]
# ## Exercise: `reparameterize`
#
# *10 minutes · difficulty 1 of 3*
#
# Write the draw for a whole batch.
#
# - `mu` and `logvar` have the shape `[batch, latent]`, and so has `z`.
# - Every image and every dimension gets an `eps` of its own.
# - All noise comes from the `generator`, so that a run can be repeated.
# - The gradient reaches both `mu` and `logvar`.


# %%
def reparameterize(mu, logvar, generator):
    """Draw z ~ N(mu, exp(logvar)) so that gradients reach mu and logvar."""
    ...


# %%
check_reparameterize(reparameterize)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# There are three steps, with one line each: the noise, the width, the code.
# Only the first step is random, and it needs nothing of `mu` and `logvar` but their shape.
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
# Its neighbour `torch.rand` is the wrong one: it draws evenly between 0 and 1.
#
# </details>

# %%
from vae_course.reparameterization import reparameterize as course_reparameterize

reparameterize = go_on_with(reparameterize, otherwise=course_reparameterize)
show_me(course_reparameterize)

# %% [markdown]
# The next lessons import this function, as `vae_course.reparameterization`.
# In training, one draw per image is enough.
# A batch of a hundred images averages most of the noise away (Kingma & Welling 2013, section 2.3).

# %% [markdown]
# ## Can you see a wrong draw in the loss?
#
# Here are three mistakes that people make in this line.
# Each differs from the right line by one word or one factor.


# %%
def exp_logvar(mu, logvar, generator):  # The variance stands in the place of sigma.
    return mu + torch.exp(logvar) * torch.randn(mu.shape, generator=generator)


def rand(mu, logvar, generator):  # It uses rand for randn.
    return mu + torch.exp(0.5 * logvar) * torch.rand(mu.shape, generator=generator)


def hundredth(mu, logvar, generator):  # Someone wanted little noise "to begin with".
    return mu + torch.exp(0.5 * logvar) * 0.01 * torch.randn(mu.shape, generator=generator)


# %% [markdown]
# Train the same network with each mistake.
# The loss is the cost that you know, plus the price of the cloud from lesson 02; lesson 05 derives it.
# Measure each network twice on the test digits: with the draw that it was trained with, and with the right one.
#
# > **Predict first.**
# > The model at the top of this lesson was trained with the right line.
# > Which of the three mistakes report a worse loss than that model?

# %%
predict(
    "reparameterization/worse",
    "Which of the three mistakes report a worse loss than the right line?",
    choices=["only exp_logvar", "only rand", "only hundredth", "two of them", "all three", "none of them"],
)


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
    for _ in fit(broken, digits.train_images, config):
        pass
    losses[draw.__name__] = test_loss(broken, draw), test_loss(broken, reparameterize)

# %% jupyter={"source_hidden": true}
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
reveal("reparameterization/worse", "none of them")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# One expects a mistake to make the loss worse, so any other guess was reasonable.
#
# The price of the cloud is computed from `logvar`: a wide cloud is cheap, because it says little.
# All three mistakes draw their codes closer together than `logvar` says.
# (For `exp_logvar` this is so because a variance below 1 is smaller than its square root.)
# So these networks pay the low price of a wide cloud, and their decoder gets the codes of a narrow one.
#
# All three mistakes report a *better* loss, and all three networks are worse.
# Drawn right, `hundredth` costs 290 nats per image.
# Even the average digit, which knows nothing of the image, costs only 205.
#
# </details>

# %% [markdown]
# So look at the draws, not at the loss: $(z - \mu)/\sigma$ must have mean 0 and standard deviation 1.
# The check of your exercise does this.

# %% tags=["nbval-check-output"]
many_mu = torch.full((20_000, 2), 3.0)
many_logvar = torch.full((20_000, 2), -2.0)
rows = {}
for name, draw in {"right": reparameterize, "exp_logvar": exp_logvar, "rand": rand, "hundredth": hundredth}.items():
    z = draw(many_mu, many_logvar, Generator().manual_seed(0))
    eps = (z - many_mu) / torch.exp(0.5 * many_logvar)
    rows[name] = eps.mean(), eps.std()
table(rows, ["mean", "standard deviation"], digits=2)

# %% [markdown]
# ## An open task: is one draw per image enough?
#
# *30 minutes · difficulty 3 of 3 · no check*
#
# You have read above that one draw per image is enough in training. Test it.
# Write a VAE like `DrawsWith` that draws ten codes per image in training, and takes the average of their costs.
# (`mu.expand(10, -1, -1)` repeats `mu` ten times, and the price of the cloud stays as it is.)
# Train it with `config`, with one draw and with ten, for two seeds each.
# Compare the test losses, measured with one draw as before, and the seconds of the training.
#
# <details><summary>What a good answer shows</summary>
#
# - With ten draws the test loss is two to five nats lower after the same six epochs.
#   The training takes more than four times as long.
# - In the same time you can train with one draw for 24 epochs, and that gains more than 20 nats.
#   So it is better to spend the time on more steps than on more draws.
# - One seed proves little: with one draw, two seeds already differ by almost two nats.
#
# </details>

# %% [markdown]
# > **You may skip the next part.**
# >
# > *What you have now:* the gradient that trains every VAE, and a test of the draw behind it.
# >
# > *What comes, in about 15 minutes:* the other way to a gradient, and what it costs.
# > No later lesson needs it, and it is easier to read after lesson 05.
# > To skip it, go on with *Key points*.

# %% [markdown]
# ## Optional: move the density, not the draws
#
# Reparameterisation needs a cost that can be differentiated with respect to $z$.
# The older way does not, and without it you cannot judge what the trick is worth.
#
# Leave the draws where they are.
# If the cloud moves to the right, codes on the right become more probable, and codes on the left become less probable.
# So the average cost changes, because each cost counts a little more or a little less.
#
# Call what you move $\theta$. The derivative of the average takes three steps:
#
# $$\nabla_\theta\, \mathbb{E}_{q}[f(z)] = \int f(z)\, \nabla_\theta q(z)\, dz
# = \int f(z)\, q(z)\, \nabla_\theta \log q(z)\, dz
# = \mathbb{E}_{q}\big[\, f(z)\, \nabla_\theta \log q(z) \,\big]$$
#
# 1. The average cost is the integral of cost times density, and only the density $q$ depends on $\theta$.
# 2. The derivative of a density is the density times the derivative of its logarithm: $\nabla q = q\,\nabla \log q$.
# 3. So $q$ is a factor again, and the integral is an average over draws of $q$, which you can estimate.
#
# In words: the derivative of the average cost is the average of the cost times the *score*.
# The score is the derivative of the log-density.
# This estimate is called the *score-function* estimator, or REINFORCE (Williams 1992).
# The one that uses reparameterisation is called *pathwise*.
#
# Both are unbiased.
# To compare their spread, take a case that can be computed by hand: $q = \mathcal{N}(\theta, 1)$ and $f(z) = z^2$.
# The average cost is $\theta^2 + 1$, so its derivative is $2\theta$: at $\theta = 2$ it is 4.
#
# > **Predict first.**
# > One draw gives one estimate of that 4, and the pathwise estimate happens to have variance 4 as well.
# > What is the variance of the score-function estimate?

# %%
predict(
    "reparameterization/variance",
    "The pathwise estimate has variance 4. What is the variance of the score-function estimate?",
)

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
theta = torch.full((1_000_000,), 2.0, requires_grad=True)  # One per draw, so that their gradients stay apart.
points = theta + torch.randn(1_000_000, generator=Generator().manual_seed(2))
(pathwise,) = torch.autograd.grad(points.square().sum(), theta)

points = points.detach()
log_q = Normal(theta, 1.0).log_prob(points)
(score,) = torch.autograd.grad((points.square() * log_q).sum(), theta)
reveal("reparameterization/variance", round(score.var().item()))
rows = {
    name: (f"{grads.mean():.1f}", f"{grads.var():.0f}") for name, grads in (("pathwise", pathwise), ("score", score))
}
table(rows, ["mean", "variance"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# By hand: the pathwise estimate is $2z$, and its variance is 4 at every $\theta$.
# The score-function estimate is $z^2 (z - \theta)$, and its variance is $\theta^4 + 14\,\theta^2 + 15$.
# At $\theta = 2$ that is 87, nearly 22 times the pathwise variance, and it grows with the size of the cost.
# If you guessed about 20: the cost itself has a variance of 18.
# But the score is multiplied by the whole cost, and not by its deviation from the average.
#
# </details>

# %% [markdown]
# ### A fair chance for the other way
#
# Most of a cost says nothing about the direction.
# If every draw costs about 100, the score is multiplied by about 100 each time.
# Only the differences between draws say in which direction to move.
# So subtract the average cost, which is called a *baseline*.
# The estimate stays unbiased, because the score has mean 0.

# %% tags=["nbval-check-output"]
advantage = points.square() - points.square().mean()
log_q = Normal(theta, 1.0).log_prob(points)
(with_baseline,) = torch.autograd.grad((advantage * log_q).sum(), theta)
print(f"with a baseline: mean {with_baseline.mean():.1f}, variance {with_baseline.var():.0f}")

# %%
estimators = {"pathwise": pathwise, "score with baseline": with_baseline, "score": score}
for values in estimators.values():
    assert abs(values.mean() - 4) < 0.1, "the mean of every estimator should be the derivative, 4"
figure = plots.toy_estimators(estimators, 4, "Three estimators of one derivative: one mean, three spreads")
show(
    figure,
    "Three histograms of a million estimates each, with counts on a logarithmic scale, and a dashed line at the "
    "derivative, 4. The pathwise estimates lie between −6 and 14. The score estimates with a baseline have a tail "
    "to the right up to 100, and without one they have tails on both sides.",
)

# %% [markdown]
# The baseline halves the variance: by hand, it is $8\,\theta^2 + 10 = 42$ at $\theta = 2$.
#
# ### The same three on your VAE
#
# Now compute the gradient of the cost with respect to `mu`, for 32 test digits and 20 latent dimensions.
# The pathwise gradient is `backward`.
# For the other two the package has a function beside `reparameterize`.

# %%
from vae_course.reparameterization import score_function_surrogate

show_me(score_function_surrogate)

# %% [markdown]
# Its baseline for a draw is the average cost of the *other* draws of the same image (Mnih & Rezende 2016).
# The draw itself is left out, so that the estimate is exactly unbiased.
# All three estimates below use 16 draws per image.

# %%
batch = binarize(grey(digits.test_images[:32]), generator)  # [32, 1, 28, 28]
batch_mu, batch_logvar = model.encoder(batch)  # [32, 20] each
batch_mu.requires_grad_()


def estimate(name):
    z = reparameterize(batch_mu.repeat(16, 1), batch_logvar.repeat(16, 1), generator)  # [16 · 32, 20]
    z = z.unflatten(0, (16, 32))  # [16, 32, 20]
    if name != "pathwise":
        z = z.detach()
    costs = -log_likelihood(model.decoder(z), batch)  # [16, 32]
    scalar = costs.mean()
    if name != "pathwise":
        scalar = score_function_surrogate(batch_mu, batch_logvar, z, costs, baseline=name.endswith("baseline"))
    return 32 * torch.autograd.grad(scalar, batch_mu)[0]  # The scalar is a mean over 32 images.


# %%
names = ("pathwise", "score with baseline", "score")
estimates = {name: torch.stack([estimate(name) for _ in range(100)]) for name in names}  # [100, 32, 20] each
variances = {name: grads.var(0).mean().item() for name, grads in estimates.items()}
ratios = {name: variance / variances["pathwise"] for name, variance in variances.items()}
assert ratios["score"] > 300, "the bare score should be far worse"
assert 3 < ratios["score with baseline"] < 200, "the baseline should close most of the gap"
rows = {name: (variances[name], f"{ratios[name]:,.0f}") for name in names}
table(rows, ["variance", "times the pathwise one"], digits=2)

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
# The last column says how many draws it takes to be as precise as one pathwise draw.
# The bare score function needs more than ten thousand, and with the baseline about thirty.
# Whoever tells you the first number should tell you the second as well.
#
# The pathwise gradient wins because it knows more.
# It uses the *derivative* of the cost at each draw; the score function uses only the *value* of the cost.
#
# Sometimes there is no such derivative.
# The code may be a choice among a few symbols, or the cost may come from a program that you cannot differentiate.
# Then people still use the score function, with a good baseline.

# %%
guesses("reparameterization")

# %% [markdown]
# ## Key points
#
# - In `z = mu + sigma * eps` only `eps` is random, so `z` can be differentiated with respect to `mu` and `logvar`.
# - This gradient is what you measure when you move the centre and keep the noise.
# - A bare draw (`torch.normal`, `sample`) passes no gradient to the encoder, and in a VAE no error says so.
# - A wrong draw can *lower* the loss: test the draws, not the loss.
# - There is another unbiased gradient, the score function. It needs no derivative of the cost, and varies far more.
#   A baseline takes away most of the difference.
#
# ## Expected numbers
#
# These are the embedded digits, 4,000 to train and 1,000 to test, with pixels drawn again for each training batch.
# The network is 784-400-20, trained for 6 epochs, with one draw of $z$ per image.
# Yours may differ by a nat or two in the first column, and by more in the second.
#
# | draw | reported test loss (nats per image) | the same network, drawn right |
# | --- | --- | --- |
# | right | 139 | 139 |
# | `exp(logvar)` as sigma | 129 | 141 |
# | `rand` for `randn` | 115 | 184 |
# | `eps * 0.01` | 99 | 290 |
#
# Of the optional part:
#
# | variance of the gradient, pathwise = 1 | $f = z^2$ at $\theta = 2$ | the VAE's cost, in `mu` |
# | --- | --- | --- |
# | pathwise | 1 | 1 |
# | score function with a baseline | 10.5 | about 30 |
# | score function | 21.75 | 10,000 to 20,000 |
#
# **What comes next.**
# You can now send a gradient through a random draw.
# You have used a decoder to find what a code costs, without looking inside.
# Lesson 04 looks inside.
# The encoder's answer was not a code but a cloud of codes; the decoder's answer is not a picture either.
#
# *[Start page](00_start.ipynb) · before: [02 The encoder](02_encoder.ipynb)
# · after: [04 The decoder](04_decoder.ipynb)*
