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
# *90 minutes: 55 to the place to rest, and 35 after it. The open task takes 30 more. Needs lessons 01 to 04.*
#
# *[Start page](00_start.ipynb) · before: [04 The decoder](04_decoder.ipynb) · after: [06 Training](06_training.ipynb)*
#
# You will be able to:
#
# - say what the probability of a picture is, and why it is hard to compute;
# - derive the ELBO in four steps, and say exactly how much each step gives away;
# - write its two terms in code: one number per image, in nats;
# - find the $\beta$ that hides in a loss with a wrong mean or sum;
# - check a bound against a number that was computed in another way.

# %%
import math

from vae_course.data import binarize, grey
from vae_course.decoder import Decoder, log_likelihood
from vae_course.digits import load_digits
from vae_course.encoder import Encoder
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_rows, show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
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
# Lesson 06 shows how it is trained; today you use it as it is.

# %%
digits = load_digits()
images = binarize(grey(digits.test_images), Generator().manual_seed(0))  # [1000, 1, 28, 28]

torch.manual_seed(0)
model = VAE(latent_dim=20)
for _ in fit(model, digits.train_images, TrainConfig(epochs=8)):
    pass
model.requires_grad_(False)  # This lesson does not train it further.

x = images[4:5]  # [1, 1, 28, 28], a 6

# %% [markdown]
# The decoder of lesson 04 gives you $p(x|z)$: how probable this 6 is, given its code $z$.
# But a picture comes without a code.
# You want $p(x)$: how probable the 6 is to the model as a whole.
# Training should raise this number, and it says which of two models is better.
#
# When the model generates a digit, it draws a code and decodes it.
# The distribution of these codes is called the **prior** $p(z)$: it holds *before* anyone has seen a picture.
# It is the standard cloud of lesson 02, with centre 0 and width 1 in every dimension.
# So the probability of *this* digit is an average over all the codes that the model could have drawn:
#
# $$p(x) = \int p(z)\,p(x|z)\,dz$$
#
# In words: go through all codes, take $p(x|z)$ of each, and weigh it by how often the prior draws that code.

# %% [markdown]
# You can estimate an average by Monte Carlo, as in lesson 03.
# Draw 100,000 codes from the prior, decode each, and average $p(x|z)$.

# %%
z = torch.randn(100_000, 20, generator=Generator().manual_seed(2))  # [draws, 20]
log_p_x_given_z = torch.cat([log_likelihood(model.decoder(some), x) for some in z.split(1000)])  # [draws]

# %% [markdown]
# Typically such a probability is near $e^{-245}$, and the smallest number that a float32 can hold is about $e^{-103}$.
# So compute with logarithms.
# `logsumexp` takes logs, adds up the numbers behind them, and returns the log of the sum.
#
# > **Predict first.**
# > Sort the 100,000 draws, the largest $p(x|z)$ first.
# > How many of them do you need for 99 % of the sum?

# %%
predict("elbo/carriers", "How many of the 100,000 draws make up 99 % of the average?")

# %% jupyter={"source_hidden": true}
share = log_p_x_given_z.softmax(0).sort(descending=True).values  # of the sum of p(x|z)
carriers = int((share.cumsum(0) < 0.99).sum()) + 1
print(f"draws that make up 99 % of the average: {carriers} of {len(z):,}")
naive = log_p_x_given_z.logsumexp(0) - math.log(len(z))
print(f"log p(x) seems to be about {naive:.1f} nats")
assert carriers < 100, "a few draws should make up the whole average"
reveal("elbo/carriers", carriers, unit="draws")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed thousands: in the averages of daily life everybody counts about the same.
# Here one code can make the picture $e^{50}$ times as probable as another, and the best few draws *are* the average.
#
# </details>

# %% [markdown]
# Divide the draws into four runs of 25,000, and watch each estimate change while its draws come in.

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
# Four runs give four answers, and all of them rise in jumps.
# No draw has hit the region of codes that mean *this* 6; at each jump one draw came a little closer.
# You can't train on such a number, and you can't report it either.

# %% [markdown]
# ## Step 1: draw codes where they matter
#
# You have a network that says where the codes of this 6 are: the encoder of lesson 02.
# So draw codes from its answer $q(z|x)$ instead of the prior, and correct for how much more often $q$ draws them:
#
# $$p(x) = \int q(z|x)\,w\,dz = \mathbb{E}_{q(z|x)}[w],
# \qquad w = \frac{p(z)\,p(x|z)}{q(z|x)}$$
#
# In words: $p(x)$ is the average of the weight $w$ over codes that the *encoder* draws.
# If $q$ draws a code ten times as often as the prior does, this code counts one tenth.
# This is called **importance sampling**.
# This step gives nothing away, because we multiplied and divided by the same number.

# %%
mu, logvar = model.encoder(x)  # each [1, 20]
z = reparameterize(mu.expand(1000, -1), logvar.expand(1000, -1), Generator().manual_seed(3))  # [draws, 20]


def log_normal(z, mu, logvar):
    """Compute the log density of N(mu, exp(logvar)) at z, summed over latent dimensions."""
    return -0.5 * ((z - mu).square() / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)


log_p_x_given_z = log_likelihood(model.decoder(z), x)  # [draws]
log_p_z = log_normal(z, torch.zeros(20), torch.zeros(20))  # [draws]
log_q_z = log_normal(z, mu, logvar)  # [draws]
log_w = log_p_x_given_z + log_p_z - log_q_z  # [draws]

# %%
steered = log_w.logsumexp(0) - math.log(1000)
runs = {f"250 draws, run {i}": run.logsumexp(0) - math.log(250) for i, run in enumerate(log_w.split(250), 1)}
assert steered > naive + 3, "the encoder's draws should find what the prior's draws missed"
table({"all 1,000 draws": steered} | runs, ["codes from the encoder", "log p(x), estimated (nats)"])

# %% [markdown]
# You used a hundredth of the draws, and now the 6 is more than $e^{10}$ times as probable as it seemed.
# The four runs still differ by two or three nats, but they no longer rise for thousands of draws.

# %%
title = "The encoder's first draws give more than all of the prior's"
figure = plots.running_estimates(x, from_the_prior, log_w.reshape(4, 250), title)
show(
    figure,
    "The same chart with four short curves added, for codes drawn from the encoder. They start at about −110 nats "
    "with the very first draw and stay nearly level. The curves of the prior's draws end below them, after 25,000 "
    "draws.",
)

# %% [markdown]
# Both ways are **unbiased** (lesson 03): if you repeat them very often, their estimates of $p(x)$ average to $p(x)$.
# But with the prior, nearly all of this average comes from draws so rare that your four runs had none of them.
# The encoder's runs are usually too low for the same reason, but only by a few nats.

# %% [markdown]
# ## Step 2: the average of the logs
#
# Training needs $\log p(x)$, which is the logarithm of the average of $w$.
# The average of the logarithms would be far more convenient.
#
# > **Predict first.**
# > Take two weights, 1 and 9.
# > Which is larger: the log of their average, or the average of their logs?

# %%
predict(
    "elbo/jensen",
    "Two weights are 1 and 9. Which is larger?",
    choices=["the log of their average", "the average of their logs", "they are equal"],
)

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
w = torch.tensor([1.0, 9.0])
print(f"log of the average:  {w.mean().log():.3f}")
print(f"average of the logs: {w.log().mean():.3f}")
reveal("elbo/jensen", "the log of their average")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The logarithm bends downwards, so the small weight pulls the average down by more than the large one lifts it.
# If you guessed that they are equal: they are, when all weights are the same.
#
# For any weights, the average of the logs is never above the log of the average.
# This is **Jensen's inequality**.
# The two are equal only where all weights are the same, which step 4 will use.
#
# </details>

# %% [markdown]
# Here is the same for your thousand draws.

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
    "average of the logs, in the middle of the hill. A solid line marks the log of the average, about 4 nats "
    "further right.",
)
assert log_w.mean() < steered, "the average of the logs must be below the log of the average"

# %% [markdown]
# The average of the logs has a name:
#
# $$\mathrm{ELBO}(x) = \mathbb{E}_{q(z|x)}\!\left[\log \frac{p(z)\,p(x|z)}{q(z|x)}\right] \le \log p(x)$$
#
# In words: draw codes from the encoder, and average the *logarithms* of their weights.
# The field calls $p(x)$ the **evidence**, so this is the **e**vidence **l**ower **bo**und.
#
# Why do we accept the smaller of two numbers?
# The average of the logs of a few draws, even of one, is an unbiased estimate of the ELBO.
# The log of the average of a few draws is *not* unbiased: it tends to lie below $\log p(x)$, as the four runs did.
# Lesson 08 returns to the nats that this step gives away.

# %% [markdown]
# ## Step 3: two terms, two costs
#
# A logarithm turns the product and the quotient into a sum, and the sum has two parts:
#
# $$\mathrm{ELBO}(x) = \underbrace{\mathbb{E}_{q}[\log p(x|z)]}_{-\,\text{reconstruction}}
# \;-\; \underbrace{\mathbb{E}_{q}[\log q(z|x) - \log p(z)]}_{\text{KL}(q(z|x)\,\|\,p(z))}$$
#
# In words: the ELBO says how well the codes explain the picture.
# From this it subtracts how much more often $q$ draws them than the prior does.
# (This is equation 3 of Kingma & Welling 2013.)
#
# Lesson 02 called the second part the price of a cloud.
# Its proper name is the **Kullback–Leibler divergence** from $q$ to $p$, or **KL** for short.
# It measures how much two distributions differ.
# It is not a distance, because the KL from $p$ to $q$ is another number.

# %%
reconstruction = -log_p_x_given_z.mean()
kl = (log_q_z - log_p_z).mean()
assert torch.isclose(-reconstruction - kl, log_w.mean(), atol=0.01), "the two terms must add up"
terms = {
    "reconstruction: the pixels, given z": reconstruction,
    "KL: z itself": kl,
    "ELBO = −reconstruction − KL": -reconstruction - kl,
    "the average of log w": log_w.mean(),
}
table(terms, ["nats"])

# %% [markdown]
# Both terms are costs, so we write both as positive numbers, and $-\mathrm{ELBO}$ is their sum.
#
# The KL also explains why the prior's runs climbed for so long.
# It says that the encoder draws these codes about $e^{\mathrm{KL}}$ times as often as the prior does.
# At 24 nats the prior needs about $e^{24}$, or 26 billion, draws for one code in the encoder's region.
# You gave it 100,000.

# %% [markdown]
# ## Step 4: what exactly is given away
#
# How far below $\log p(x)$ is the ELBO?
#
# To answer, we need one more distribution: that of the codes that can have made this picture.
# It is called the **posterior** $p(z|x)$, because it holds *after* you have seen the picture.
# Finding it is called **inference**, and Bayes' rule says how:
#
# $$p(z|x) = \frac{p(z)\,p(x|z)}{p(x)}$$
#
# In words: a code is probable for this picture if the prior draws it often and if it makes the picture probable.
# But the rule needs $p(x)$, which nobody has.
# That is why there is an encoder: its $q(z|x)$ is the *approximate* posterior.
#
# Put Bayes' rule into the weight:
#
# $$w = \frac{p(z)\,p(x|z)}{q(z|x)} = p(x)\,\frac{p(z|x)}{q(z|x)}$$
#
# Then take logarithms, and average over $q$:
#
# $$\log p(x) - \mathrm{ELBO}(x) = \mathbb{E}_{q}[\log q(z|x) - \log p(z|x)] = \mathrm{KL}(q(z|x)\,\|\,p(z|x))$$
#
# In words: the ELBO lies below $\log p(x)$ by exactly the KL from the encoder's answer to the posterior.
# A KL is never negative (by Jensen's inequality again), and it is 0 where the two are the same.
# Then all weights are equal, and each is $p(x)$.
#
# So if you raise the ELBO by changing $q$ alone, $q$ comes closer to the posterior.
# Finding a posterior in this way, among simple distributions, is called **variational inference**: the V of VAE.
#
# The equation is a strong claim. Later in this lesson you will test it.

# %% [markdown]
# > **There are two KLs.**
# > $\mathrm{KL}(q(z|x)\,\|\,p(z))$, to the **prior**, is a term *in* the ELBO: training computes it at every step.
# > $\mathrm{KL}(q(z|x)\,\|\,p(z|x))$, to the **posterior**, is the *gap* below $\log p(x)$.
# > Usually nobody can compute it.

# %% [markdown]
# ## The KL without draws
#
# You have estimated the KL from 1,000 draws.
# For a Gaussian $q$ and a standard normal prior, the average can be worked out on paper.
# Such an answer is called a closed form (Kingma & Welling 2013, appendix B):
#
# $$\mathrm{KL} = \tfrac12 \sum_{d} \left(\mu_d^2 + \sigma_d^2 - 1 - \log \sigma_d^2\right)$$
#
# In words: add the squared centre and the variance, subtract 1 and the log-variance, and halve the result.
# Then sum over the latent dimensions.
#
# > **Predict first.**
# > One latent dimension moves its centre from 0 to 1 and keeps $\sigma = 1$.
# > Another stays at 0 and shrinks to $\sigma = 0.1$.
# > Which one costs more, and how many times as much?

# %%
predict(
    "elbo/narrow",
    "Divide the cost of the dimension that shrinks by the cost of the one that moves. What is the result? "
    "(It is below 1 if moving costs more.)",
)

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
rows = []
for name, m, sigma in (("the prior", 0, 1), ("moved", 1, 1), ("narrow", 0, 0.1), ("wide", 0, 2), ("both", 1, 0.1)):
    rows.append([name, m, f"{sigma:g}", 0.5 * (m**2 + sigma**2 - 1 - math.log(sigma**2))])
reveal("elbo/narrow", rows[2][-1] / rows[1][-1])
table(rows, ["", "mu", "sigma", "KL (nats)"], digits=3)

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# Being sure is what costs: here it costs three and a half times as much as moving.
# To say "within a tenth" takes about $\log 10 = 2.3$ nats, minus half a nat.
# To move by one takes half a nat.
# If you guessed the other way round: in most pictures of a latent space, the moves are what one sees.
#
# </details>

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
# *10 minutes · difficulty 1 of 3*
#
# Write the formula for a whole batch.
# You get `mu` and `logvar`, both of shape `[B, D]`, where `logvar` is $\log \sigma^2$.
# Return one number per image: shape `[B]`, in nats.


# %%
def kl_divergence(mu, logvar):
    """Compute KL(N(mu, exp(logvar)) || N(0, I)) of each image, summed over latent dimensions."""
    ...


# %%
check_kl_divergence(kl_divergence)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The formula has four parts, and one of them is `logvar` itself.
# How do you get $\sigma^2$ from `logvar`?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# First compute the bracket for every entry: its shape is `[B, D]`.
# Then sum over the axis of the latent dimensions, which is the last one.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Take `mu.square()`, `logvar.exp()`, `1` and `logvar`, with the signs of the formula.
# Then call `.sum(-1)`, and halve.
#
# </details>

# %%
from vae_course.elbo import kl_divergence as course_kl_divergence
from vae_course.elbo import kl_per_dimension

kl_divergence = go_on_with(kl_divergence, otherwise=course_kl_divergence)
show_me(course_kl_divergence, kl_per_dimension)

# %% [markdown]
# ### Do the formula and the draws agree?
#
# Compare your two ways to the same number.
# An average of $N$ draws is off by about its **standard error**: their standard deviation divided by $\sqrt N$.

# %%
closed_form = kl_divergence(mu, logvar).item()
nats = log_q_z - log_p_z  # [draws]
standard_error = nats.std().item() / math.sqrt(len(nats))
print(f"closed form  {closed_form:.3f} nats")
print(f"1,000 draws  {nats.mean():.3f} nats, with a standard error of {standard_error:.3f}")
assert abs(nats.mean() - closed_form) < 5 * standard_error, "closed form and draws should agree"

# %% [markdown]
# ## Exercise 2: `elbo_terms`
#
# *10 minutes · difficulty 1 of 3*
#
# Now compute both terms.
# Keep them apart: nobody can take a sum apart again, and you will want to see each term.
# They are returned in a named tuple, which knows how to add them:


# %%
from vae_course.elbo import ElboTerms

terms = ElboTerms(reconstruction=torch.tensor([80.0, 90.0]), kl=torch.tensor([25.0, 20.0]))
print("negative ELBO, per image:", terms.negative_elbo)
print("both terms, averaged over the images:", terms.mean())

# %% [markdown]
# Write `elbo_terms`.
# You get the images `x`, the decoder's `logits` for one draw of $z$ per image, and the encoder's `mu` and `logvar`.
# Return `ElboTerms` with two tensors of shape `[B]`, both as costs in nats.
# You can use `log_likelihood(logits, x)` of lesson 04, and `kl_divergence`.


# %%
def elbo_terms(x, logits, mu, logvar):
    """Compute the ELBO's terms of each image, for one draw of z."""
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
# One line is enough: `return ElboTerms(reconstruction=…, kl=…)`. Replace each `…` by one call.
#
# </details>

# %%
from vae_course.elbo import elbo_terms as course_elbo_terms

elbo_terms = go_on_with(elbo_terms, otherwise=course_elbo_terms)
show_me(course_elbo_terms)

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
    """Encode x, draw z, decode."""

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
# An untrained encoder answers with nearly the prior, so its KL is nearly 0.
#
# The next lessons import this model: `from vae_course.vae import VAE`.
# The trained `model` above is one.

# %%
trained = model.elbo(images, Generator().manual_seed(0)).mean()
print(f"reconstruction {trained.reconstruction:.1f} + KL {trained.kl:.1f} = {trained.negative_elbo:.1f} nats per image")
assert trained.negative_elbo < 160, "a model trained for 8 epochs should be below 160 nats per image"

# %% [markdown]
# Compare this with the average digit of lesson 01, which costs 205 nats.

# %% [markdown]
# > **A place to rest.**
# >
# > *What you have now* is the ELBO in four steps, its two terms in code, and the VAE that lesson 06 trains.
# >
# > *What comes* takes about 35 minutes: you compute $\log p(x)$ itself, and test the claim of step 4.
# > Then you see what a wrong mean or sum does to a loss.
# >
# > Stop here if you like.
# > When you come back, click on the next cell and choose *Run → Run All Above Selected Cell*.

# %% [markdown]
# ## Check it against the truth
#
# You have derived that the gap between $\log p(x)$ and the ELBO *is* a KL.
# A derivation can be wrong, and so can the program.
# To test both, you need the true $\log p(x)$.
#
# With 20 latent dimensions nobody has it.
# With **two** you can compute it: put a fine grid over the plane of codes, and add up.

# %%
torch.manual_seed(0)
flat = VAE(latent_dim=2)
for _ in fit(flat, digits.train_images, TrainConfig(epochs=8)):
    pass
flat.requires_grad_(False)

x = images[:8]  # [8, 1, 28, 28]
names = [f"a {label}" for label in digits.test_labels[:8]]

# %% [markdown]
# The integral $p(x) = \int p(z)\,p(x|z)\,dz$ becomes a sum over grid points.
# Each point adds the prior, times the likelihood, times the area of a grid cell.
# In logarithms the products are sums, and the sum is a `logsumexp`.


# %%
def integrate(decoder, x, steps, half_width=6.0):
    """Compute log p(x) of each image on a grid of codes; also return the grid, log p(x, z) on it, and log of a cell."""
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
# Halve the spacing, widen the window, and see whether the answer changes.

# %%
answers, rows = [], []
for steps, half_width in ((61, 6.0), (121, 6.0), (161, 8.0), (241, 6.0)):
    log_p_x, z, log_joint, log_cell = integrate(flat.decoder, x, steps, half_width)
    answers.append(log_p_x)
    rows.append([f"{steps} × {steps}", int(2 * half_width), 2 * half_width / (steps - 1), *log_p_x])

assert all((answer - log_p_x).abs().max() < 0.1 for answer in answers), "refining should not change log p(x)"
table(rows, ["grid", "width", "spacing", *names], digits=2, caption="log p(x) of eight digits, in nats")

# %% [markdown]
# On all four grids the answer is the same, to about a hundredth of a nat.
#
# Check it in a second way all the same: by importance sampling, as in step 1, without a grid.
# You may draw from any distribution that covers the codes that matter.
# Take the encoder's, but four times as wide, in case its centre is a little wrong.

# %%
times = 4
mu, logvar = flat.encoder(x)  # each [8, 2]
wide = (logvar + 2 * math.log(times)).expand(4000, -1, -1)  # [4000, 8, 2]
draws = reparameterize(mu.expand(4000, -1, -1), wide, Generator().manual_seed(4))  # [4000, 8, 2]
log_prior = log_normal(draws, torch.zeros(2), torch.zeros(2))  # [4000, 8]
log_w = log_likelihood(flat.decoder(draws), x) + log_prior - log_normal(draws, mu, wide)  # [4000, 8]
by_draws = log_w.logsumexp(0) - math.log(4000)  # [8]

assert times != 4 or (by_draws - log_p_x).abs().max() < 1, "grid and draws should agree"
table({"grid": log_p_x, "draws": by_draws, "difference": by_draws - log_p_x}, names, digits=2)

# %% [markdown]
# The two agree, so this is $\log p(x)$: the truth about this model.
#
# ### Change this and see
#
# *3 minutes · difficulty 1 of 3 · no check*
#
# Set `times = 1` in the cell above and run it; then set `times = 40`.
# Look at the last row each time.
# What goes wrong when the draws are too narrow, and what when they are too wide?
# Then set it back to 4.
#
# <details><summary>What you should see</summary>
#
# At 1, most digits agree, but a few are off by a nat or more.
# There the encoder misses the centre, and its draws miss a part of the codes that matter.
# At 40, most digits are off by some tenths of a nat, up or down.
# The draws cover everything, but few of the 4,000 land where it matters, so the estimate is noisy.
#
# </details>

# %% [markdown]
# ### The ELBO, and the KL to the posterior
#
# Now compute the ELBO as training does.
# Draw codes from the encoder: one term comes from the decoder, the other from the closed form.
# Take 2,000 draws for each digit, so that the noise hardly matters.

# %%
generator = Generator().manual_seed(5)
draws = reparameterize(mu.expand(2000, -1, -1), logvar.expand(2000, -1, -1), generator)  # [2000, 8, 2]
log_likelihoods = torch.cat([log_likelihood(flat.decoder(some), x) for some in draws.split(500)])  # [2000, 8]

elbo = log_likelihoods.mean(0) - kl_divergence(mu, logvar)  # [8]
standard_error = log_likelihoods.std(0) / math.sqrt(2000)  # [8]

# %% [markdown]
# Then compute the other side of the equation, the KL from the encoder's answer to the posterior.
# On the finest grid you know the posterior: $\log p(z|x) = \log p(x, z) - \log p(x)$.
# This needs no draw of the encoder, and it does not use the ELBO.

# %%
log_posterior = log_joint - log_p_x[:, None]  # [8, G]
log_q = log_normal(z, mu[:, None], logvar[:, None])  # [8, G]
kl_to_posterior = (log_q.exp() * (log_q - log_posterior)).sum(1) * math.exp(log_cell)  # [8]

# %% [markdown]
# > **Predict first.**
# > $\log p(x)$ of these digits lies between −80 and −250 nats.
# > How far below do you expect the ELBO?
# > And is the gap about the same for all eight digits?

# %%
predict("elbo/gap", "How many nats does the ELBO lie below log p(x), on average over the eight digits?")
predict(
    "elbo/same",
    "Compare the largest of the eight gaps with the smallest.",
    choices=["they are about the same", "the largest is two or three times the smallest", "more than five times"],
)

# %% jupyter={"source_hidden": true}
gap = log_p_x - elbo
assert (elbo < log_p_x + 5 * standard_error).all(), "the ELBO must not be above log p(x)"
assert ((gap - kl_to_posterior).abs() < 5 * standard_error + 0.1).all(), "the gap should be the KL to the posterior"
title = "The gap below log p(x) is the KL from your q to the posterior"
figure = plots.bound_against_truth(x, elbo, log_p_x, kl_to_posterior, title)
show(
    figure,
    "Eight digits, sorted by their gap, and under each a pair of bars: log p(x) minus the ELBO, and the KL from q "
    "to the posterior. The two bars of each pair have the same height, within a tenth of a nat. The "
    "heights go from 0.2 to 3.5 nats.",
)

# %% jupyter={"source_hidden": true}
rows = {
    "log p(x), grid": log_p_x,
    "ELBO, draws": elbo,
    "gap": gap,
    "KL to the posterior, grid": kl_to_posterior,
    "standard error of the ELBO": standard_error,
}
reveal("elbo/gap", round(gap.mean().item(), 1), unit="nats")
assert gap.max() > 5 * gap.min(), "the largest gap should be many times the smallest"
reveal("elbo/same", "more than five times")
table(rows, names, digits=2, caption="nats per image")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed a larger gap: "lower bound" sounds vague, but training makes the gap small.
# If you guessed the same gap for all: that is natural, since one encoder answers for all digits.
# But its answer is good for one digit and poor for another.
#
# </details>

# %% [markdown]
# One side of the equation came from draws and the closed form, the other side from the grid alone.
# They agree within the noise of the draws.
# ($\log p(x)$ itself is used on both sides; that is why you checked it in a second way first.)
# So the derivation is right, and so is the program.
#
# Where do the gaps come from? You can look at the encoder's answers.

# %%
order = gap.argsort()
some = order[[0, 2, 5, 7]]  # from the smallest gap to the largest
figure = plots.encoder_against_posterior(x[some], mu[some], logvar[some], z, log_posterior[some], kl_to_posterior[some])
show(
    figure,
    "Four digits, and under each a grey spot for the posterior with two ellipses for the encoder's answer. For "
    "the smallest gap the ellipses lie on the spot. For the largest gap, 3.5 nats, they are small and lie beside "
    "it.",
)

# %% [markdown]
# The grey spot shows the posterior: where the codes of this digit are.
# The ellipses, at 1σ and 2σ, show where the encoder says they are.
# On the left they cover each other, and the bound is nearly tight.
# On the right the ellipses lie beside the spot, and that costs the nats of the gap.
#
# A Gaussian with its axes along z[0] and z[1] could cover most of these spots rather well.
# It is the encoder that misses the centre, because one network answers for every digit, in one pass.
# This is called **amortised inference**, and what it costs is the amortisation gap (Cremer, Li & Duvenaud 2018).
# (On digits that the model was trained on, the gap is no smaller.)
# The rest of the gap comes from spots that are tilted or bent, which no such Gaussian can follow.
#
# So when the ELBO rises, it does not say why.
# Either the digits became more probable, or the encoder's answer came closer to the posterior.
# This is a trap: of two models, the one with the better ELBO may be the worse model with the better encoder.
# Lesson 08 measures how large this effect is.

# %% [markdown]
# ## The β that hides in a mean
#
# The ELBO weighs its two terms equally: one nat counts as one nat.
# Write the weight out as $\beta$: the loss is reconstruction $+\;\beta\,\cdot$ KL, and the ELBO has $\beta = 1$.
# Lesson 07 changes $\beta$ on purpose.
# Today you learn to see when someone has changed it by accident.
#
# Here are seven losses.
# You need no algebra to find their $\beta$: ask autograd how much a loss changes when you add a nat to either term.

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

# %% [markdown]
# > **Predict first.**
# > `binary_cross_entropy_with_logits(logits, x)` averages over all pixels and images, unless you say otherwise.
# > Add the KL, summed over latents and averaged over the batch: this is the second loss of the list.
# > How many times as much as a nat of reconstruction does a nat of KL count?

# %%
predict("elbo/beta", "The loss is a mean over pixels and a sum over latents. What is its β?")

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
bce = torch.ones(128, 784, requires_grad=True)  # nats of each pixel
kl = torch.ones(128, 20, requires_grad=True)  # nats of each latent dimension
betas = {}
for name, loss in LOSSES.items():
    pixel_nat, latent_nat = torch.autograd.grad(loss(bce, kl), (bce, kl))
    betas[name] = f"{latent_nat[0, 0] / pixel_nat[0, 0]:g}"
reveal("elbo/beta", float(betas["mean over pixels, sum over latents"]))
table(betas, ["loss", "beta"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# There are 784 pixels, and the mean divides by their number.
# If you guessed 1: on the page a mean looks like a sum, and the line runs without a complaint.
#
# </details>

# %% [markdown]
# A sum over the batch in *both* terms keeps $\beta = 1$; it multiplies the gradient by the batch size.
#
# Other code may have a "KL weight" $M/N$: the batch size divided by the size of the data set.
# It is right where the whole data set shares one KL, as for a distribution over a network's weights.
# A VAE has one KL per image, and needs no such weight.
#
# What does a wrong $\beta$ do to a digit?
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
figure = digit_rows(rows, "At β = 784 every reconstruction is the average digit")
show(
    figure,
    "Four rows of eight digits: the images, and what three networks make of them. With β = 1/20 and with β = 1 "
    "the digits can be recognised. With β = 784 all eight pictures are the same grey blob.",
)

# %%
rows = {}
for name, reported in (
    ("β = 784", lambda terms: terms.weighted(784) / 784),  # mean over pixels, sum over latents
    ("β = 1", lambda terms: terms.negative_elbo),
    ("β = 1/20", lambda terms: terms.weighted(1 / 20)),  # sum over pixels, mean over latents
):
    terms = evaluate(models[name], digits.test_images, "static")
    rows[name] = reported(terms), terms.negative_elbo
    assert name == "β = 1" or terms.negative_elbo > 160, "a wrong β should cost many nats"
table(rows, ["the loss it reports", "−ELBO (nats per image)"], digits=[2, 1])

# %% [markdown]
# Both wrong losses report a *smaller* number than the right one, and both models are worse.
#
# At $\beta = 784$ a code is so expensive that the encoder sends none, and the decoder gives the average digit.
# This costs 207 nats, no less than the average digit of lesson 01.
# At $\beta = 1/20$ the reconstructions look fine.
# But the KL is high, and this loss hardly counts it.
#
# So compare models by $-\mathrm{ELBO}$, in nats per image, and never by what their losses report.

# %% [markdown]
# ### Change this and see
#
# *5 minutes · difficulty 2 of 3 · no check*
#
# Here are nine ways to reduce the two terms, and a β in front of the KL.
# Choose the loss of your last guess: the mean over pixels and images, and the sum over latents.
# Guess first: which β makes the effective β 1 again?
# Then set β back to 1: which of the nine are right without a correction?

# %%
from vae_course.lessons.elbo import EffectiveBeta

EffectiveBeta(latent_dim=20, batch_size=128)

# %% [markdown]
# ## An open task: one digit, a better $q$
#
# *30 minutes · difficulty 3 of 3 · no check*
#
# The encoder answers for all digits at once.
# How small would the gap be if a digit had a $q$ of its own?
#
# Take the digit with the largest gap: `worst = order[-1:]`, with `x[worst]`, `mu[worst]` and `logvar[worst]`.
# Make copies of its `mu` and `logvar` that need gradients, and leave the decoder as it is.
# Raise the ELBO of this one digit by Adam, with 100 draws of $z$ in each of 300 steps.
# Then compare the new ELBO with `log_p_x[worst]`, and draw the new ellipse over the posterior.
#
# <details><summary>What a good answer shows</summary>
#
# - The ELBO rises by more than three nats, and less than a tenth of a nat of the gap remains.
#   So nearly all of it was the amortisation gap, and almost nothing comes from the shape of a Gaussian.
# - The centre of $q$ moves onto the grey spot, and $q$ becomes about twice as wide.
# - The decoder did not change, so the digit is exactly as probable as before.
# - The final ELBO is measured with many new draws, and reported with its standard error.
#
# </details>

# %%
guesses("elbo")

# %% [markdown]
# ## Key points
#
# - $p(x)$ is an average over all codes, and draws from the prior miss the few codes that matter.
# - The ELBO averages $\log w$ over draws of the encoder: it is $-\text{reconstruction} - \mathrm{KL}$ to the prior.
# - It lies below $\log p(x)$ by $\mathrm{KL}(q(z|x)\,\|\,p(z|x))$, and you have measured both sides of that equation.
# - The KL to the prior needs no draws; for 20 dimensions it is one line.
# - Sum over pixels and over latents, and take the mean over the batch.
#   Anything else is a $\beta$ that nobody chose.
#
# | expected numbers | nats per image |
# | --- | --- |
# | 784-400-20, 8 epochs: test $-\mathrm{ELBO}$ | 144.7 |
# | of it KL | 17 |
# | the same trained at β = 784 | 207 |
# | the same trained at β = 1/20 | 190 |
# | 784-400-2, 8 epochs: $-\log p(x)$, average of eight test digits | 173.7 |
# | its $-\mathrm{ELBO}$ | 174.9 |
# | the gap, from smallest to largest | 0.2 to 3.5 |
#
# These are the embedded 4,000 + 1,000 digits, with batches of 128, a learning rate of 0.001, and one seed.
# The pixels are drawn again for each training batch, and drawn once for the test.
# Yours may differ by a nat or two.
#
# **What comes next.**
# You have seen that the bound lies a few nats below the truth.
# You have also seen that these nats are exactly the KL from your encoder's answer to the posterior.
# Lesson 06 trains both the model and the encoder, by raising this one number.
#
# *[Start page](00_start.ipynb) · before: [04 The decoder](04_decoder.ipynb) · after: [06 Training](06_training.ipynb)*
