# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 05 · Derive the ELBO, then check it against the truth
#
# *60 minutes. Needs lessons 01 to 04.*
#
# You will be able to:
#
# - say why the probability of a picture can't be found by drawing codes and averaging, and what the encoder changes;
# - derive the ELBO in four steps, and say exactly how much each step gives away;
# - write its two terms in code, one number an image, in nats;
# - find the $\beta$ that hides in a loss with the wrong mean or sum;
# - check a bound against a number that was computed another way.

# %%
import math

from vae_course.data import binarize, grey
from vae_course.decoder import Decoder, log_likelihood
from vae_course.digits import load_digits
from vae_course.encoder import Encoder
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_rows, show
from vae_course.lessons import COLORS
from vae_course.lessons.elbo import check_elbo_terms, check_kl_divergence, plots
from vae_course.reparameterization import reparameterize
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

import matplotlib.pyplot as plt
import torch
from torch import Generator, nn

# %% [markdown]
# ## How probable is this digit?
#
# Here is a trained model with 20 latent dimensions.
# How it was trained is a box that lesson 06 opens; today you need it finished.

# %%
digits = load_digits()
images = binarize(grey(digits.test_images), Generator().manual_seed(0))  # [1000, 1, 28, 28]

torch.manual_seed(0)
model = VAE(latent_dim=20)
for _ in fit(model, digits.train_images, TrainConfig(epochs=8)):
    pass
model.requires_grad_(False)  # from here on it is only asked, never trained

x = images[4:5]  # [1, 1, 28, 28], a 6

# %% [markdown]
# The decoder of lesson 04 tells you $p(x|z)$: how probable this 6 is *once you know its code* $z$.
# But a picture comes without a code.
# What you want is $p(x)$, how probable the 6 is to the model as a whole:
# that number says whether one model is better than another, and it is what training should raise.
#
# A model that invents a digit draws a code from the prior $p(z)$, and decodes it.
# (The prior is the standard cloud of lesson 02, a normal distribution with centre 0 and width 1 in every dimension.)
# So the probability of *this* digit is the average over all codes it could have drawn:
#
# $$p(x) = \int p(z)\,p(x|z)\,dz$$
#
# In words: go through all codes, ask each for $p(x|z)$, and weigh it by how often the prior draws that code.

# %% [markdown]
# An average you can estimate: draw 100,000 codes from the prior, decode each, and average $p(x|z)$.
#
# One practical matter first.
# These probabilities are typically near $e^{-245}$, and the smallest number a float32 can hold is about $e^{-103}$.
# So you stay in logarithms: `logsumexp` takes logs, adds up the numbers behind them, and returns the log of the sum.
#
# > **Predict first.**
# > You average $p(x|z)$ over 100,000 draws of $z$.
# > How many of the 100,000 carry 99 % of the average?

# %%
z = torch.randn(100_000, 20, generator=Generator().manual_seed(2))  # [draws, 20]
log_p_x_given_z = torch.cat([log_likelihood(model.decoder(some), x) for some in z.split(1000)])  # [draws]

share = log_p_x_given_z.softmax(0).sort(descending=True).values  # of the sum of p(x|z)
carriers = int((share.cumsum(0) < 0.99).sum()) + 1
print(f"draws that carry 99 % of the average: {carriers} of {len(z):,}")
naive = log_p_x_given_z.logsumexp(0) - math.log(len(z))
print(f"log p(x) is about {naive:.1f} nats, it seems")
assert carriers < 100, "a few draws should carry the whole average"

# %% [markdown]
# A handful.
# If you guessed thousands: in the averages of daily life everybody counts about the same.
# Here one code can make the picture $e^{50}$ times as probable as another, and the best few *are* the average.
#
# So do the same in four runs of 25,000 draws, and watch the estimate grow.

# %%
from_the_prior = log_p_x_given_z.reshape(4, 25_000)  # [runs, draws]
figure = plots.running_estimates(x, from_the_prior, title="One lucky draw after another lifts the estimate")
show(
    figure,
    "Beside the picture of a 6, four curves of the estimated log p(x) against the number of draws from the prior, "
    "on a logarithmic axis. Each curve goes up in sudden steps, and still does so after thousands of draws; all "
    "end near −123 nats.",
)

# %% [markdown]
# Four runs, four answers, and all of them climb by leaps.
# None of the draws has hit the region of codes that mean *this* 6, and each leap is a draw that came a little closer.
# You can't train on such a number, and you can't report it either.

# %% [markdown]
# ## Step 1: ask where to look
#
# You own a network that knows where the codes of this 6 lie: the encoder of lesson 02.
# Draw from its answer $q(z|x)$ instead of the prior.
# That is playing with loaded dice, so each draw has to be corrected by how much it was favoured:
#
# $$p(x) = \int q(z|x)\,w\,dz = \mathbb{E}_{q(z|x)}[w],
# \qquad w = \frac{p(z)\,p(x|z)}{q(z|x)}$$
#
# In words: $p(x)$ is the average of $w$ over codes that the *encoder* hands out;
# a code that $q$ draws ten times as often as the prior counts a tenth.
# Nothing is given away in this step: we multiplied and divided by the same thing.

# %%
mu, logvar = model.encoder(x)  # each [1, 20]
z = reparameterize(mu.expand(1000, -1), logvar.expand(1000, -1), Generator().manual_seed(3))  # [draws, 20]


def log_normal(z, mu, logvar):
    """The log density of N(mu, exp(logvar)) at z, summed over latent dimensions."""
    return -0.5 * ((z - mu).square() / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)


log_p_x_given_z = log_likelihood(model.decoder(z), x)  # [draws]
log_p_z = log_normal(z, torch.zeros(20), torch.zeros(20))  # [draws]
log_q_z = log_normal(z, mu, logvar)  # [draws]
log_w = log_p_x_given_z + log_p_z - log_q_z  # [draws]

# %%
steered = log_w.logsumexp(0) - math.log(1000)
print(f"log p(x) from 1,000 draws of the encoder: about {steered:.1f} nats")
for run in log_w.split(250):
    print(f"    a run of 250 draws: {run.logsumexp(0) - math.log(250):.1f}")
assert steered > naive + 3, "the encoder's draws should find what the prior's draws missed"

# %% [markdown]
# A hundredth of the draws, and a 6 that is more than $e^{10}$ times as probable as you thought.
# These runs still differ by two or three nats; what has gone is the long climb.

# %%
title = "The encoder's draws start where the prior's never arrive"
figure = plots.running_estimates(x, from_the_prior, log_w.reshape(4, 250), title)
show(
    figure,
    "The same chart with four short curves added, for codes drawn from the encoder. They start at about −110 nats "
    "with the very first draw and stay nearly level. The curves of the prior's draws end below them, after 25,000 "
    "draws.",
)

# %% [markdown]
# The prior's draws were not wrong on average.
# The rare draws that would have made up the difference never came.
# The encoder's estimate is low on average too, for the same reason,
# but its runs differ by a few nats and no longer climb by dozens.

# %% [markdown]
# ## Step 2: the average of the logs
#
# Training wants $\log p(x)$, the logarithm of the average of $w$.
# It would be far more convenient to have the average of the logarithms.
#
# > **Predict first.**
# > Take two weights, 1 and 9.
# > Which is larger: the log of their average, or the average of their logs?

# %% tags=["nbval-check-output"]
w = torch.tensor([1.0, 9.0])
print(f"log of the average:  {w.mean().log():.3f}")
print(f"average of the logs: {w.log().mean():.3f}")

# %% [markdown]
# The logarithm bends downwards, so it cares more about a small weight than about a large one.
# The average of logs is never above the log of the average: this is Jensen's inequality.
# If you guessed that they are equal: they are, when all weights are the same, and that will be the point of step 4.
#
# Now the same for your thousand draws.

# %%
figure, axes = plt.subplots()
axes.margins(y=0.2)
axes.hist(log_w.numpy(), bins=50, histtype="stepfilled", facecolor="#d0d0d0", edgecolor=COLORS["prior"])
for value, name, color, style, side in (
    (log_w.mean(), "average of the logs ", COLORS["elbo"], "--", "right"),
    (steered, " log of the average", COLORS["truth"], "-", "left"),
):
    axes.axvline(value, color=color, linestyle=style)
    axes.text(value, 0.92, name, color=color, ha=side, transform=axes.get_xaxis_transform())
axes.set(xlabel="log w of one draw (nats per image)", ylabel="draws")
axes.set_title("The average of the logs is below the log of the average")
show(
    figure,
    "A histogram of log w for a thousand draws, a hill from about −117 to −103 nats. A dashed line marks the "
    "average of the logs, in the middle of the hill. A solid line marks the log of the average, some 4 nats "
    "further right.",
)
assert log_w.mean() < steered, "the average of the logs must be below the log of the average"

# %% [markdown]
# The average of the logs has a name:
#
# $$\mathrm{ELBO}(x) = \mathbb{E}_{q(z|x)}\!\left[\log \frac{p(z)\,p(x|z)}{q(z|x)}\right] \le \log p(x)$$
#
# In words: draw codes from the encoder, and average the *logarithm* of their weights.
# "Evidence" is an old name of $p(x)$, and this is a bound on its logarithm: the **e**vidence **l**ower **bo**und.
#
# Why settle for the smaller of two numbers?
# Because the average of the logs of a few draws, even of one, is right on average for the ELBO.
# The log of the average of a few draws is not right on average for $\log p(x)$, as you saw in the staircase.
# Lesson 08 goes back for the nats that this gives away.

# %% [markdown]
# ## Step 3: two terms, two costs
#
# A logarithm turns the product and the quotient into a sum, and the sum falls into two parts:
#
# $$\mathrm{ELBO}(x) = \underbrace{\mathbb{E}_{q}[\log p(x|z)]}_{-\,\text{reconstruction}}
# \;-\; \underbrace{\mathbb{E}_{q}[\log q(z|x) - \log p(z)]}_{\text{KL}(q(z|x)\,\|\,p(z))}$$
#
# In words: how well the codes explain the picture, minus how much more often $q$ draws them than the prior does.
# The second part is the price of lesson 02, and this is its proper name:
# the Kullback–Leibler divergence of $q$ from $p$, KL for short.
# It measures how far apart two distributions are, though not as a ruler would: from $p$ to $q$ it is another number.
# (The whole line is equation 3 of Kingma & Welling 2013.)

# %%
reconstruction = -log_p_x_given_z.mean()
kl = (log_q_z - log_p_z).mean()
print(f"reconstruction {reconstruction:6.1f} nats: the pixels, once z is known")
print(f"KL             {kl:6.1f} nats: z itself")
print(f"ELBO           {-reconstruction - kl:6.1f} nats, and the average of log w is {log_w.mean():.1f}")
assert torch.isclose(-reconstruction - kl, log_w.mean(), atol=0.01), "the two terms must add up"

# %% [markdown]
# Both are costs, so we write both as positive numbers, and $-\mathrm{ELBO}$ is their sum.
#
# The KL also settles the riddle of the staircase.
# It says that the encoder draws these codes about $e^{\mathrm{KL}}$ times as often as the prior does.
# At 24 nats the prior needs some $e^{24}$, or 26 billion, draws for one that lands where the encoder points.
# You gave it 100,000.

# %% [markdown]
# ## Step 4: what exactly is given away
#
# "At most" is not enough to trust a number.
# How far is the ELBO below?
#
# For this we need the right answer to the encoder's question: which codes can have made this picture?
# It is called the posterior, and Bayes' rule gives it: $p(z|x) = p(z)\,p(x|z) \,/\, p(x)$.
# In words: a code is likely for this picture if the prior draws it often and if it makes the picture probable.
# Put it into the weight, and the weight becomes
#
# $$w = \frac{p(z)\,p(x|z)}{q(z|x)} = p(x)\,\frac{p(z|x)}{q(z|x)}$$
#
# so that, in logarithms and averaged over $q$,
#
# $$\log p(x) - \mathrm{ELBO}(x) = \mathbb{E}_{q}[\log q(z|x) - \log p(z|x)] = \mathrm{KL}(q(z|x)\,\|\,p(z|x))$$
#
# In words: the bound falls short by exactly the distance between the encoder's answer and the right one.
# A KL is never negative (Jensen once more), and it is 0 where the two are the same.
# Then all weights are equal, to $p(x)$.
#
# That is a strong claim.
# At the end of this lesson you will test it.

# %% [markdown]
# > **Two KLs, not to be mixed up.**
# > $\mathrm{KL}(q(z|x)\,\|\,p(z))$, to the **prior**, stands *in* the ELBO: training computes it at every step.
# > $\mathrm{KL}(q(z|x)\,\|\,p(z|x))$, to the **posterior**, is the *gap* under the truth: mostly out of reach.

# %% [markdown]
# ## The KL without dice
#
# You had the KL from 1,000 draws.
# For a Gaussian $q$ and a standard normal prior the average can be worked out on paper, once and for all.
# Such an answer is called a closed form (Kingma & Welling 2013, appendix B):
#
# $$\mathrm{KL} = \tfrac12 \sum_{d} \left(\mu_d^2 + \sigma_d^2 - 1 - \log \sigma_d^2\right)$$
#
# In words: add the squared centre and the variance, take off one and the log-variance, halve it.
# Then sum over the latent dimensions.
#
# > **Predict first.**
# > One latent dimension moves its centre from 0 to 1 and keeps $\sigma = 1$.
# > Another stays at 0 and shrinks to $\sigma = 0.1$.
# > Which one costs more, and by what factor?

# %% tags=["nbval-check-output"]
for name, m, sigma in (("the prior", 0, 1), ("moved", 1, 1), ("narrow", 0, 0.1), ("wide", 0, 2), ("both", 1, 0.1)):
    nats = 0.5 * (m**2 + sigma**2 - 1 - math.log(sigma**2))
    print(f"{name:10} mu = {m}  sigma = {sigma:<3}  KL = {nats:.3f} nats")

# %% [markdown]
# Being sure is what costs: three and a half times as much here.
# To say "within a tenth" takes about $\log 10 = 2.3$ nats, less half a nat;
# to move by one costs half a nat.
# If you guessed the other way round: in most pictures of a latent space the moving is what one sees.

# %%
figure, (left, right) = plt.subplots(1, 2, sharey=True)
m = torch.linspace(-3, 3, 200)
left.plot(m, 0.5 * m**2, color=COLORS["kl"])
left.set(xlabel="mu, with sigma = 1", ylabel="KL (nats per dimension)")
left.set_title("Moving costs the square")
sigma = torch.logspace(-2, math.log10(3), 200)
right.plot(sigma, 0.5 * (sigma**2 - 1 - 2 * sigma.log()), color=COLORS["kl"])
right.set(xscale="log", xlabel="sigma, with mu = 0")
right.set_title("Narrowing costs the log")
show(
    figure,
    "Two curves of the KL of one dimension. Against mu it is a parabola with its lowest point at 0. Against "
    "sigma, on a logarithmic axis, it is 0 at sigma = 1, goes up in a straight line as sigma gets smaller, and "
    "rises steeply above 1.",
)

# %% [markdown]
# ## Exercise 1: `kl_divergence`
#
# Write the formula for a whole batch.
# You get `mu` and `logvar`, both of shape `[B, D]`, where `logvar` is $\log \sigma^2$.
# Return one number an image: shape `[B]`, in nats.


# %%
def kl_divergence(mu, logvar):
    """KL(N(mu, exp(logvar)) || N(0, I)) of each image, summed over latent dimensions."""
    ...


# %%
check_kl_divergence(kl_divergence)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The formula has four parts, and one of them is `logvar` as it comes.
# How do you get $\sigma^2$ from `logvar`?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Compute the bracket for every entry first: that has shape `[B, D]`.
# Then sum over the axis of the latent dimensions, which is the last one.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `mu.square()`, `logvar.exp()`, `1` and `logvar`, with the signs of the formula; then `.sum(-1)`, and the half.
#
# </details>

# %%
from vae_course.elbo import kl_divergence, kl_per_dimension

show_me(kl_divergence, kl_per_dimension)

# %% [markdown]
# ### Does the paper agree with the dice?
#
# You have two ways to the same number, so hold them against each other.
# An average of $N$ draws is off by about its *standard error*: the spread of the draws divided by $\sqrt N$.

# %%
closed_form = kl_divergence(mu, logvar).item()
nats = log_q_z - log_p_z  # [draws]
standard_error = nats.std().item() / math.sqrt(len(nats))
print(f"closed form  {closed_form:.3f} nats")
print(f"1,000 draws  {nats.mean():.3f} nats, give or take {standard_error:.3f}")
assert abs(nats.mean() - closed_form) < 5 * standard_error, "closed form and draws should agree"

# %% [markdown]
# ## Exercise 2: `elbo_terms`
#
# Now both terms.
# Keep them apart: a sum of the two can't be taken apart again, and you will want to see each.
# They travel in a named tuple, which knows how to add them:


# %%
from vae_course.elbo import ElboTerms

terms = ElboTerms(reconstruction=torch.tensor([80.0, 90.0]), kl=torch.tensor([25.0, 20.0]))
print("negative ELBO, per image:", terms.negative_elbo)
print("both terms, averaged over the images:", terms.mean())

# %% [markdown]
# Write `elbo_terms`.
# You get the images `x`, the decoder's `logits` for one draw of $z$ an image, and the encoder's `mu` and `logvar`.
# Return `ElboTerms` with two tensors of shape `[B]`, both as costs in nats.
# `log_likelihood(logits, x)` of lesson 04 and `kl_divergence` are at hand.


# %%
def elbo_terms(x, logits, mu, logvar):
    """The ELBO's terms of each image, for one draw of z."""
    ...


# %%
check_elbo_terms(elbo_terms)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The log-likelihood of a binary image is at most 0, and a cost is at least 0.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# One line: `return ElboTerms(reconstruction=…, kl=…)`, and each gap is filled by one call.
#
# </details>

# %%
from vae_course.elbo import elbo_terms

show_me(elbo_terms)

# %% [markdown]
# ## Put the VAE together
#
# You have all the pieces, one from each lesson:
#
# ```text
# x ─► encoder ─► mu, logvar ─► reparameterize ─► z ─► decoder ─► logits, x
#                     │                                              │
#                     ▼                                              ▼
#                  kl [B]                                    reconstruction [B]
# ```


# %%
class MyVAE(nn.Module):
    """Encoder, a draw of z, decoder."""

    def __init__(self, latent_dim=20, hidden=(400,)):
        super().__init__()
        self.encoder = Encoder(latent_dim, hidden)
        self.decoder = Decoder(latent_dim, hidden)

    def elbo(self, x, generator):
        mu, logvar = self.encoder(x)  # [B, 1, 28, 28] -> [B, D] twice
        z = reparameterize(mu, logvar, generator)  # [B, D]
        logits = self.decoder(z)  # [B, 1, 28, 28]
        return elbo_terms(x, logits, mu, logvar)  # [B] twice


# %% tags=["nbval-check-output"]
torch.manual_seed(0)
untrained = MyVAE()
terms = untrained.elbo(images[:128], Generator().manual_seed(0))
print(f"{sum(p.numel() for p in untrained.parameters()):,} parameters")
print("reconstruction", list(terms.reconstruction.shape), "kl", list(terms.kl.shape))
print(f"untrained: reconstruction {terms.mean().reconstruction:.0f}, KL {terms.mean().kl:.1f} nats per image")

# %% [markdown]
# An untrained decoder gives every pixel about one half, and 784 coin flips cost $784 \log 2 = 543$ nats.
# An untrained encoder answers nearly the prior, so its KL is nearly 0.
#
# From here on the lessons import it: `from vae_course.vae import VAE`.
# The trained `model` above is one.

# %%
trained = model.elbo(images, Generator().manual_seed(0)).mean()
print(f"reconstruction {trained.reconstruction:.1f} + KL {trained.kl:.1f} = {trained.negative_elbo:.1f} nats per image")
assert trained.negative_elbo < 160, "a model trained for 8 epochs should be below 160 nats per image"

# %% [markdown]
# Hold it against lesson 01: with one probability a pixel, the same for every digit, a digit cost 205 nats.
#
# ## Check it against the truth
#
# You have derived that the gap between $\log p(x)$ and the ELBO *is* a KL.
# A derivation can be wrong, and so can its code.
# What would you give for the true $\log p(x)$?
#
# With 20 latent dimensions nobody has it.
# With **two** you can have it: lay a fine grid over the plane of codes, and add up.

# %%
torch.manual_seed(0)
flat = VAE(latent_dim=2)
for _ in fit(flat, digits.train_images, TrainConfig(epochs=8)):
    pass
flat.requires_grad_(False)

x = images[:8]  # [8, 1, 28, 28]

# %% [markdown]
# The integral $p(x) = \int p(z)\,p(x|z)\,dz$ becomes a sum over grid points:
# prior times likelihood times the area of a grid cell.
# In logarithms the products are sums, and the sum is a `logsumexp`.


# %%
def integrate(decoder, x, steps, half_width=6.0):
    """log p(x) of each image by a sum over a grid of codes; also the grid, log p(x, z) on it and log of a cell."""
    axis = torch.linspace(-half_width, half_width, steps)
    z = torch.cartesian_prod(axis, axis)  # [G, 2], G = steps²
    columns = []
    for some in z.split(2000):
        logits = decoder(some)  # [2000, 1, 28, 28]
        columns.append(torch.stack([log_likelihood(logits, image) for image in x.split(1)]))  # [8, 2000]
    log_joint = torch.cat(columns, 1) + log_normal(z, torch.zeros(2), torch.zeros(2))  # [8, G]
    log_cell = 2 * math.log(2 * half_width / (steps - 1))
    return log_joint.logsumexp(1) + log_cell, z, log_joint, log_cell


# %% [markdown]
# Is the grid fine enough, and wide enough?
# Trust no numerical integral that you have not refined.
# Halve the spacing, widen the window, and see whether the answer moves.

# %%
answers = []
print("grid        width  spacing    log p(x) of the eight digits")
for steps, half_width in ((61, 6.0), (121, 6.0), (161, 8.0), (241, 6.0)):
    log_p_x, z, log_joint, log_cell = integrate(flat.decoder, x, steps, half_width)
    answers.append(log_p_x)
    row = " ".join(f"{value:7.2f}" for value in log_p_x)
    print(f"{steps:3} × {steps:<4} {2 * half_width:4.0f}    {2 * half_width / (steps - 1):.3f}    {row}")

assert all((answer - log_p_x).abs().max() < 0.1 for answer in answers), "refining should not change log p(x)"

# %% [markdown]
# The answer stands still to about a hundredth of a nat, on four grids.
#
# Get a second opinion all the same, from step 1: an average of $w$ over draws, and no grid.
# Any distribution may hand out the draws, as long as it covers the codes that matter.
# Take the encoder's, four times as wide, in case it points a little beside them.

# %%
mu, logvar = flat.encoder(x)  # each [8, 2]
wide = (logvar + 2 * math.log(4)).expand(4000, -1, -1)  # [4000, 8, 2]
draws = reparameterize(mu.expand(4000, -1, -1), wide, Generator().manual_seed(4))  # [4000, 8, 2]
log_prior = log_normal(draws, torch.zeros(2), torch.zeros(2))  # [4000, 8]
log_w = log_likelihood(flat.decoder(draws), x) + log_prior - log_normal(draws, mu, wide)  # [4000, 8]
by_draws = log_w.logsumexp(0) - math.log(4000)  # [8]

print("grid :", " ".join(f"{value:7.2f}" for value in log_p_x))
print("draws:", " ".join(f"{value:7.2f}" for value in by_draws))
assert (by_draws - log_p_x).abs().max() < 1, "grid and draws should agree"

# %% [markdown]
# So this is $\log p(x)$, the truth about this model.
#
# Now the ELBO, in the way training computes it.
# Draw codes from the encoder; one term comes from the decoder, one from the closed form.
# 2,000 draws for each digit, so that the dice hardly matter.

# %%
generator = Generator().manual_seed(5)
draws = reparameterize(mu.expand(2000, -1, -1), logvar.expand(2000, -1, -1), generator)  # [2000, 8, 2]
log_likelihoods = torch.cat([log_likelihood(flat.decoder(some), x) for some in draws.split(500)])  # [2000, 8]

elbo = log_likelihoods.mean(0) - kl_divergence(mu, logvar)  # [8]
standard_error = log_likelihoods.std(0) / math.sqrt(2000)  # [8]

# %% [markdown]
# And third, from the other side, the distance between the encoder's answer and the right one.
# On the finest grid, the last of the table, the posterior can be had: $\log p(z|x) = \log p(x, z) - \log p(x)$.
# No draw of the encoder enters here, and the ELBO does not either.

# %%
log_posterior = log_joint - log_p_x[:, None]  # [8, G]
log_q = log_normal(z, mu[:, None], logvar[:, None])  # [8, G]
kl_to_posterior = (log_q.exp() * (log_q - log_posterior)).sum(1) * math.exp(log_cell)  # [8]

# %% [markdown]
# > **Predict first.**
# > $\log p(x)$ of these digits lies between −80 and −250 nats.
# > How far below do you expect the ELBO, and is the gap about the same for all eight digits?

# %%
title = "The gap under the truth is the KL from your q to the posterior"
figure = plots.bound_against_truth(x, elbo, log_p_x, kl_to_posterior, title)
show(
    figure,
    "Eight digits, sorted by their gap, and under each a pair of bars: log p(x) minus the ELBO, and the KL from q "
    "to the posterior. The two bars of each pair have the same height, within a few hundredths of a nat. The "
    "heights go from 0.2 to 3.6 nats.",
)

# %%
for name, values in (("log p(x), grid", log_p_x), ("ELBO, draws", elbo), ("gap", log_p_x - elbo)):
    print(f"{name:24}", " ".join(f"{value:7.2f}" for value in values))
print(f"{'KL to posterior, grid':24}", " ".join(f"{value:7.2f}" for value in kl_to_posterior))
print(f"{'standard error of ELBO':24}", " ".join(f"{value:7.2f}" for value in standard_error))
off = (log_p_x - elbo - kl_to_posterior).abs()
assert (elbo < log_p_x + 5 * standard_error).all(), "the ELBO must not be above log p(x)"
assert (off < 5 * standard_error + 0.1).all(), "the gap should be the KL to the posterior"

# %% [markdown]
# One side went by draws and the closed form, the other by the grid alone, and they meet within the dice's error.
# ($\log p(x)$ itself enters both sides, which is why it got a second opinion first.)
# The derivation holds, and so does the code.
#
# A constant gap is a natural guess, since one encoder answers for all digits.
# But its answer is good for one digit and bad for another, and you can look at it.

# %%
order = (log_p_x - elbo).argsort()
some = order[[0, 2, 5, 7]]  # from the smallest gap to the largest
figure = plots.encoder_against_posterior(x[some], mu[some], logvar[some], z, log_posterior[some], kl_to_posterior[some])
show(
    figure,
    "Four digits, and under each a grey spot for the posterior with two ellipses for the encoder's answer. For "
    "the smallest gap the ellipses lie on the spot. For the largest gap, 3.6 nats, they are small and lie beside "
    "it.",
)

# %% [markdown]
# The grey spot is where the codes of this digit lie.
# The ellipses, at 1σ and 2σ, are where the encoder says they lie.
# On the left they cover each other, and the bound is nearly tight.
# On the right the encoder looks beside the spot, and each nat of gap is paid for that.
#
# Notice that a Gaussian with its axes along z[0] and z[1] could cover most of these spots rather well.
# It is the encoder that misses the centre: one network must answer for every digit, in one pass.
# (On digits it was trained on, the gap is no smaller.)
# That part of the gap has a name, the amortization gap (Cremer, Li & Duvenaud 2018).
# The rest is a spot that is tilted or bent, which no such Gaussian can follow.
#
# So a rising ELBO can mean two things, and it does not say which.
# The digits became more probable, or the encoder's answer came closer to the right one.
# And it leaves a trap: of two models, the one with the better ELBO may be the worse model with the better encoder.
# Lesson 08 measures how much of that there is.

# %% [markdown]
# ## The β that hides in a mean
#
# The ELBO weighs its two terms equally: one nat is one nat.
# Write the weight out as $\beta$: the loss is reconstruction $+\;\beta\,\cdot$ KL, and the ELBO has $\beta = 1$.
# Lesson 07 turns this knob on purpose; today you learn to see when someone has turned it by accident.
#
# > **Predict first.**
# > `binary_cross_entropy_with_logits(logits, x)` averages over all pixels and images if you don't tell it otherwise.
# > Add the KL, summed over latents and averaged over the batch.
# > How heavily does a nat of KL count, against a nat of reconstruction?
#
# You need no algebra for it: ask autograd how much the loss moves when a nat is added to either.

# %%
LOSSES = {
    "sum over pixels, sum over latents": lambda bce, kl: bce.sum(1).mean() + kl.sum(1).mean(),
    "mean over pixels, sum over latents": lambda bce, kl: bce.mean() + kl.sum(1).mean(),
    "mean over both": lambda bce, kl: bce.mean() + kl.mean(),
    "sum over pixels, mean over latents": lambda bce, kl: bce.sum(1).mean() + kl.mean(),
    "mean of all BCE, sum of all KL": lambda bce, kl: bce.mean() + kl.sum(),
    "sum of everything, batch too": lambda bce, kl: bce.sum() + kl.sum(),
    "a lost ½ in the KL": lambda bce, kl: bce.sum(1).mean() + 2 * kl.sum(1).mean(),
}

# %% tags=["nbval-check-output"]
bce = torch.ones(128, 784, requires_grad=True)  # nats of each pixel
kl = torch.ones(128, 20, requires_grad=True)  # nats of each latent dimension
for name, loss in LOSSES.items():
    a_pixel_nat, a_latent_nat = torch.autograd.grad(loss(bce, kl), (bce, kl))
    print(f"{name:36} beta = {a_latent_nat[0, 0] / a_pixel_nat[0, 0]:g}")

# %% [markdown]
# 784 for the loss of the question, because there are 784 pixels.
# If you guessed 1: a mean and a sum look alike on the page, and the line runs without a complaint.
#
# A sum over the batch in *both* terms keeps $\beta = 1$; it multiplies the gradient by the batch size.
# You may also have met a "KL weight" $M/N$ in other code, batch size over data size.
# It belongs where one KL is shared by the whole data set, as for a distribution over a network's weights.
# A VAE has one KL an image, and needs none.
#
# What does it do to a digit?
# Train the same network with the losses of rows 2 and 4.

# %%
models = {"β = 1": model}
for name, beta in (("β = 1/20", 1 / 20), ("β = 784", 784.0)):
    torch.manual_seed(0)
    models[name] = VAE(latent_dim=20)
    for _ in fit(models[name], digits.train_images, TrainConfig(epochs=8, beta=beta)):
        pass

# %%
x = images[:8]
rows = {"x": x} | {name: models[name].reconstruct(x) for name in ("β = 1/20", "β = 1", "β = 784")}
figure = digit_rows(rows, "At β = 784 every digit comes back as the average digit")
show(
    figure,
    "Four rows of eight digits: the images, and what three networks make of them. With β = 1/20 and with β = 1 "
    "the digits can be recognised. With β = 784 all eight pictures are the same grey blob.",
)

# %%
print("            the loss it reports   -ELBO (nats per image)")
for name, reported in (
    ("β = 784", lambda terms: terms.weighted(784) / 784),  # mean over pixels, sum over latents
    ("β = 1", lambda terms: terms.negative_elbo),
    ("β = 1/20", lambda terms: terms.weighted(1 / 20)),  # sum over pixels, mean over latents
):
    terms = evaluate(models[name], digits.test_images, "static")
    print(f"{name:12}{reported(terms):12.2f}{terms.negative_elbo:21.1f}")
    assert name == "β = 1" or terms.negative_elbo > 160, "a wrong β should cost many nats"

# %% [markdown]
# Both wrong losses report a *smaller* number than the right one, and both models are worse.
# At $\beta = 784$ a code is so expensive that the encoder sends none, and the decoder gives the average digit.
# Its −ELBO is no better than lesson 01's one probability a pixel.
# At $\beta = 1/20$ the reconstructions look fine; the price is paid in the KL, where this loss hardly looks.
#
# So compare models on $-\mathrm{ELBO}$, in nats per image, and never on whatever their losses report.

# %% [markdown]
# Here are nine ways to reduce the two terms, and a β to write in front of the KL.
# Choose the loss of the question, the mean over pixels and images beside the sum over latents.
# Guess first: which β has to stand in it to undo the 784?
# Then put β back to 1: which of the nine need no mending?

# %%
from vae_course.lessons.elbo import EffectiveBeta

EffectiveBeta(latent_dim=20, batch_size=128)

# %% [markdown]
# ## Key points
#
# - $p(x)$ is an average over all codes, and draws from the prior miss the few codes that matter.
# - The ELBO averages $\log w$ over draws of the encoder: it is $-\text{reconstruction} - \mathrm{KL}$ to the prior.
# - It lies below $\log p(x)$ by $\mathrm{KL}(q(z|x)\,\|\,p(z|x))$, and you have measured both sides of that equation.
# - The KL to the prior needs no dice; for 20 dimensions it is one line.
# - Sum over pixels and over latents, mean over the batch.
#   Anything else is a $\beta$ that nobody chose.
#
# | expected numbers | nats per image |
# | --- | --- |
# | 784-400-20, 8 epochs: test $-\mathrm{ELBO}$ | 144.7 |
# | of it KL | 17 |
# | the same trained at β = 784 | 207 |
# | the same trained at β = 1/20 | 190 |
# | 784-400-2, 8 epochs: $-\log p(x)$, average of eight test digits | 173.7 |
# | its $-\mathrm{ELBO}$ | 175.0 |
# | the gap, from smallest to largest | 0.2 to 3.6 |
#
# The embedded 4,000 + 1,000 digits, batch 128, learning rate 0.001, one seed.
# Binarisation: pixels drawn anew for each training batch, drawn once for the test.
# Yours may differ by a nat or two.
#
# **What comes next.**
# You have seen the bound sit a few nats under the truth.
# And you have seen that those nats are exactly the distance between your encoder's answer and the right one.
# [Lesson 06](06_training.ipynb) opens the box and makes both the model and the answer better, with the same number.
