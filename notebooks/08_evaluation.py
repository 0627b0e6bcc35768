# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 08 · How tight is the bound?
#
# *75 minutes: 45 to the place to rest, and 30 after it. The open task takes 30 more. Needs lessons 03 to 06.*
#
# *[Start page](00_start.ipynb) · before: [07 β](07_beta.ipynb) · after: [09 The clinic](09_clinic.ipynb)*
#
# You will be able to:
#
# - close part of the gap between the ELBO and $\log p(x)$ with more draws, and write the code for it;
# - say why the bound rises with the number of draws, and in what sense it is a bound at all;
# - see when you can't trust a standard error, and say how many draws it would have taken;
# - read a published log-likelihood, and refuse one that does not say how it was measured.

# %%
import itertools
import math

from vae_course.checkpoints import load_pretrained
from vae_course.data import binarize, grey
from vae_course.decoder import log_likelihood
from vae_course.digits import load_digits
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.lessons.evaluation import DrawsSlider, check_importance_weighted_bound, plots
from vae_course.reparameterization import reparameterize
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import torch
from torch import Generator
from torch.distributions import Normal

# %% [markdown]
# ## The nats that you gave away
#
# Lesson 05 found a gap.
# With two latent dimensions you computed the true $\log p(x)$ on a grid, and the ELBO was below it.
# Here is the same model again, with 200 test digits.

# %%
digits = load_digits()
images = binarize(grey(digits.test_images), Generator().manual_seed(0))[:200]  # [200, 1, 28, 28]
names = [f"a {label}" for label in digits.test_labels[:8]]

torch.manual_seed(0)
flat = VAE(latent_dim=2)
for _ in fit(flat, digits.train_images, TrainConfig(epochs=8)):
    pass
flat = flat.requires_grad_(False)  # This lesson does not train it further.

# %% [markdown]
# On the grid of lesson 05, $p(x)$ is a sum of prior times likelihood times the area of a grid cell:

# %%
from vae_course.evaluation import exact_log_likelihood, log_likelihood_table

STEPS, HALF_WIDTH = 267, 8.0
axis = torch.linspace(-HALF_WIDTH, HALF_WIDTH, STEPS)
grid = torch.cartesian_prod(axis, axis)  # [G, 2], G = 267²
log_p_grid = Normal(0.0, 1.0).log_prob(grid).sum(-1, keepdim=True)  # [G, 1]
log_like = torch.cat([log_likelihood_table(flat.decoder(some), images) for some in grid.split(2000)])  # [G, 200]
log_cell = 2 * math.log(2 * HALF_WIDTH / (STEPS - 1))
log_p_x = (log_like + log_p_grid).logsumexp(0) + log_cell  # [200]

# %% [markdown]
# Don't trust it before you have refined it.
# The package's `exact_log_likelihood` computes the same sum.
# It refuses a grid that is too small, and one whose answer changes when you leave out every second line.

# %%
try:
    exact_log_likelihood(flat, images[:8], steps=41)
except ValueError as error:
    print("refused:", error)
finer = exact_log_likelihood(flat, images[:8], 401, HALF_WIDTH)
assert torch.allclose(finer, log_p_x[:8], atol=0.05), "refining the grid should not change log p(x)"
rows = {"267 × 267": log_p_x[:8], "401 × 401": finer}
table(rows, ["grid", *names], digits=2, caption="log p(x) of eight digits, in nats")

# %% [markdown]
# This is the truth about the model.
# Compare the ELBO with it: the mean of 50 draws for each digit.

# %%
generator = Generator().manual_seed(1)
elbo = -torch.stack([flat.elbo(images, generator).negative_elbo for _ in range(50)]).mean(0)  # [200]
gap = log_p_x - elbo
assert 0.5 < gap.mean() < 5, "the ELBO should be a few nats below log p(x), on average"
rows = {
    "log p(x), average": log_p_x.mean(),
    "ELBO, average": elbo.mean(),
    "gap, average": gap.mean(),
    "gap: half of the digits are below": gap.median(),
    "gap, largest": gap.max(),
}
table(rows, ["200 digits", "nats per image"])

# %% [markdown]
# Two nats in 176 do not sound like much.
# But papers report smaller improvements: the one at the end of this lesson is 1.6 nats.
# And for a single digit the gap can be 14 nats.
# The gap is also no constant that cancels when you compare two models: each model has its own encoder, and its own gap.
#
# With 20 latent dimensions you can't use a grid: $267^{20}$ is a number of 49 digits.
# What you always have is draws.

# %% [markdown]
# ## Average first, then take the logarithm
#
# In lesson 05 each draw of the encoder got a weight, and the average of the weights was $p(x)$ itself:
#
# $$w = \frac{p(x|z)\,p(z)}{q(z|x)}, \qquad \mathbb{E}_{q}[w] = p(x), \qquad \mathbb{E}_{q}[\log w] = \mathrm{ELBO}(x)$$
#
# The ELBO takes the logarithm of every single weight, and there it loses its nats.
# So take $K$ draws, average their weights, and take the logarithm *afterwards*:
#
# $$\mathcal{L}_K(x) = \mathbb{E}\left[\log \frac1K \sum_{k=1}^{K} w_k\right]$$
#
# In words: take the log of the mean weight of $K$ draws. Then average it over all ways in which the draws can come out.
# This is the **importance-weighted bound** (Burda, Grosse & Salakhutdinov 2015, equation 8).
# With $K = 1$ it is the ELBO.
#
# > **Predict first.**
# > Take a weight that is 1 or 9, each in half of the draws, as in lesson 05.
# > The ELBO is the average of $\log 1$ and $\log 9$, which is 1.099.
# > The truth is the log of the average, $\log 5 = 1.609$.
# > Where between the two is the bound with $K = 2$?

# %%
predict(
    "evaluation/two",
    "Where between the ELBO and the truth is the bound with K = 2?",
    choices=["nearer to the ELBO", "in the middle", "nearer to the truth"],
)

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
rows = []
for K in (1, 2, 4, 8):
    ways = list(itertools.product((1, 9), repeat=K))  # all ways in which K draws can come out
    rows.append([K, len(ways), sum(math.log(sum(weights) / K) for weights in ways) / len(ways)])
reveal("evaluation/two", "in the middle")
table([*rows, ["the truth", "", math.log(5)]], ["K", "ways", "the bound"], digits=3)

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# Half of the pairs are 1 and 9, and the log of their mean is already the truth. The other half are two equal weights.
# If you guessed "nearer to the ELBO": it is so for weights that differ more, as those of many real digits do.
#
# In this table, each doubling of $K$ takes half or more of what is left.
#
# </details>

# %% [markdown]
# Why does the bound rise?
# The average of $K$ weights varies less than one weight does.
# The logarithm loses only where its input varies: a low average lowers it by more than a high one raises it.
# So with less variation it loses less.
# Burda et al. prove (theorem 1) that no further draw can lower $\mathcal{L}_K$.
# They also prove that it reaches $\log p(x)$ in the limit, if the weights are bounded.

# %% [markdown]
# ### In logarithms
#
# The weights of real digits are near $e^{-176}$, and the smallest number of a float32 is about $e^{-103}$.

# %% tags=["nbval-check-output"]
log_w = torch.tensor([-178.0, -176.0, -175.0])
print("exp, mean, log:    ", log_w.exp().mean().log().item())
print("logsumexp - log K: ", round((log_w.logsumexp(0) - math.log(3)).item(), 3))

# %% [markdown]
# `logsumexp`, as in lesson 05, computes the sum without leaving the logarithms.
# In effect it divides all weights by the largest one, adds them up, and multiplies the sum by the largest one again.
# Dividing by $K$ becomes subtracting $\log K$.

# %% [markdown]
# ## Exercise: `importance_weighted_bound`
#
# *15 minutes · difficulty 2 of 3*
#
# You get a `model` with an `encoder` and a `decoder`, the images `x` of shape `[B, 1, 28, 28]`,
# the number of draws `samples`, which is $K$, and a `generator`.
# Return one number per image, shape `[B]`, in nats: an estimate of $\mathcal{L}_K$ from $K$ draws of the image's $q$.
#
# You can use `reparameterize(mu, logvar, generator)` of lesson 03 and `log_likelihood(logits, x)` of lesson 04.
# Both take an axis of draws in front: from codes `[K, B, D]` the decoder makes logits `[K, B, 1, 28, 28]`.
# `Normal(m, s).log_prob(z)` is the log density of a Gaussian, for each entry of `z`.


# %%
def importance_weighted_bound(model, x, samples, generator):
    """Compute the log of the mean weight of K draws of z, for each image."""
    ...


# %%
check_importance_weighted_bound(importance_weighted_bound)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A log weight has three parts: log p(x|z), log p(z), and log q(z|x) with a minus.
# Each comes out with shape `[K, B]`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `mu.expand(samples, -1, -1)` makes `[K, B, D]` of `[B, D]` without copying. The same works for `logvar`.
# Then one call of `reparameterize` draws all codes.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `Normal(0.0, 1.0)` is the prior, and `Normal(mu, torch.exp(0.5 * logvar))` is q.
# Sum the log densities over the last axis.
# At the end call `logsumexp` over the axis of draws, and subtract log K.
#
# </details>

# %%
from vae_course.evaluation import importance_weighted_bound as course_importance_weighted_bound
from vae_course.evaluation import log_importance_weights

importance_weighted_bound = go_on_with(importance_weighted_bound, otherwise=course_importance_weighted_bound)
show_me(log_importance_weights, course_importance_weighted_bound)

# %% [markdown]
# The package's version splits the work so that it fits into memory.
# Beside the `value` it returns a second number, a standard error.
# You will need it, and you will learn to doubt it.

# %% [markdown]
# ## How many draws close the gap?
#
# Keep every weight this time: 10,000 draws for each of the eight digits.

# %%
x = images[:8]  # [8, 1, 28, 28]
mu, logvar = flat.encoder(x)  # each [8, 2]
q = Normal(mu, torch.exp(0.5 * logvar))
z = reparameterize(mu.expand(10_000, -1, -1), logvar.expand(10_000, -1, -1), Generator().manual_seed(1))
log_p_x_given_z = torch.cat([log_likelihood(flat.decoder(some), x) for some in z.split(500)])  # [10000, 8]
log_w = log_p_x_given_z + Normal(0.0, 1.0).log_prob(z).sum(-1) - q.log_prob(z).sum(-1)  # [10000, 8]


# %% [markdown]
# Cut the draws into groups of $K$.
# Each group gives an estimate, and the mean of the estimates is close to $\mathcal{L}_K$.


# %%
def estimates(log_w, K):
    """Compute the log of the mean weight of each group of K draws."""
    return log_w.unflatten(0, (-1, K)).logsumexp(1) - math.log(K)  # [groups, 8]


bounds = {K: estimates(log_w, K).mean(0) for K in (1, 10, 100, 1000, 10_000)}

# %% [markdown]
# > **Predict first.**
# > The ELBOs of the eight digits are between 0.2 and 3.5 nats too low.
# > With how many draws $K$ are all eight bounds within half a nat of the truth?

# %%
predict(
    "evaluation/draws",
    "With how many draws are all eight bounds within half a nat of the truth?",
    choices=["10", "100", "1,000", "10,000", "more than 10,000"],
)

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
figure = plots.bounds_under_the_truth(x, bounds, log_p_x[:8], "Every bound rises towards the truth, at its own pace")
show(
    figure,
    "Eight digits, and under each five dots: how far the bound lies below log p(x) for the ELBO and for K = 10, "
    "100, 1,000 and 10,000. For each digit the dots rise towards 0 as K grows. For four digits they arrive with "
    "the second dot; for one, a 6, the last dot is still about 1.6 nats below.",
)

# %% jupyter={"source_hidden": true}
for fewer, more in itertools.pairwise(bounds.values()):
    assert (fewer < more + 0.001).all(), "on the same draws, larger groups can only be higher"
for K in (1, 10, 100):
    several = estimates(log_w, K)
    error = several.std(0) / math.sqrt(len(several))
    assert (bounds[K] < log_p_x[:8] + 5 * error).all(), "no bound may be above log p(x)"
rows = {f"K = {K:,}": [*bound, bound.mean()] for K, bound in bounds.items()}
rows["log p(x)"] = [*log_p_x[:8], log_p_x[:8].mean()]
assert (log_p_x[:8] - bounds[10_000]).max() > 0.5, "one digit should still be open"
reveal("evaluation/draws", "more than 10,000")
table(rows, [*names, "mean"], caption="nats per image")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# Ten draws are enough for half of the digits, and with 1,000 all but one are there.
# If you guessed one of these: for most of the eight you were right.
# But each digit needs its own number of draws, and the question asked for the slowest.
#
# </details>

# %% [markdown]
# So the order holds, digit by digit: ELBO ≤ importance-weighted bound ≤ $\log p(x)$.
# (The last two dots of each digit are a mean of ten estimates and a single one, so they may be slightly above.)
#
# But the second 6 is still more than a nat away with 10,000 draws, and nothing in its picture looks special.
# Why?
# First you need to know what kind of bound this is.

# %% [markdown]
# ## What kind of bound is it?
#
# > **Predict first.**
# > You compute one estimate with $K = 10$ for the first digit.
# > How often does it come out *above* the true $\log p(x)$?

# %%
predict("evaluation/above", "What percentage of the estimates with K = 10 is above the true log p(x)?")

# %% jupyter={"source_hidden": true}
of_first = {K: estimates(log_w[:, 0], K) for K in (1, 10, 100)}
figure = plots.spread_of_estimates(of_first, log_p_x[0].item(), "A single estimate may lie above; their mean does not")
show(
    figure,
    "Three histograms of single estimates, for K = 1, 10 and 100, with lines for log p(x) and for their mean. "
    "With K = 1 the hill is wide, about a third of it lies above log p(x), and the mean lies below. With larger K "
    "the hill gets narrow, and the mean comes close to log p(x).",
)
reveal("evaluation/above", round(100 * (of_first[10] > log_p_x[0]).float().mean().item()), unit="%")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed 0: it is called a bound, after all.
# But $\mathcal{L}_K$ is the *mean* of these estimates, and only the mean stays below.
#
# With $K = 10$ nearly half of the estimates are above the truth, and with a single draw a third.
# With $K = 100$ half of them are above, but only by a little.
# So $\mathcal{L}_K$ is a bound on average, and not each time.
#
# </details>

# %% [markdown]
# An estimate can't be far above, though.
# The weights are positive and their average is $p(x)$, so a mean weight of $e^t$ times $p(x)$ must be rare.
# At most one in $e^t$ estimates can be more than $t$ nats above the truth (Markov's inequality).
# This is so for every encoder.
# Below the truth there is no such limit.

# %%
above = estimates(log_w, 10) - log_p_x[:8]  # [1000, 8]
rows = []
for t in (0.5, 1, 2):
    share = (above > t).float().mean(0).max()
    assert share < math.exp(-t), "Markov's inequality should hold"
    rows.append([f"{t:g}", share, math.exp(-t)])
print(f"the lowest estimate: {-above.min():.0f} nats below")
table(rows, ["nats above the truth", "share of the estimates, at most", "allowed"], digits=3)

# %% [markdown]
# So when the estimate is wrong by a lot, it makes the model look worse than it is.

# %% [markdown]
# > **A place to rest.**
# >
# > *What you have now:* the importance-weighted bound in code, and what it does for eight digits.
# >
# > *What comes, in about 30 minutes:* how to see that a bound is not there yet, how many draws it would have taken,
# > and how the bound is used in papers.
# >
# > Stop here if you like.
# > When you come back, click on the next cell and choose *Run → Run All Above Selected Cell*.

# %% [markdown]
# ## The standard error, and when it is wrong
#
# How far off is one estimate?
# A mean of $K$ weights is off by about the weights' standard deviation divided by $\sqrt K$.
# The log of this mean is off by that *relative* to the mean.
# Call the part of the sum that weight $k$ contributes its share. Then
#
# $$\text{standard error} = \sqrt{\sum_k \text{share}_k^2 - \frac1K}$$
#
# In words: it is 0 if all shares are equal, and larger the more of the sum comes from a few weights.
# Test it with 1,000 draws for each of the 200 digits.

# %%
generator = Generator().manual_seed(2)
value, standard_error = course_importance_weighted_bound(flat, images, 1000, generator)  # [200] twice
missing = log_p_x - value
within = (missing.abs() < 3 * standard_error).float().mean()
too_low, too_high = (missing > 3 * standard_error).sum(), (missing < -3 * standard_error).sum()
worst = (missing / standard_error).argmax()
print(f"K = 1,000: {value.mean():.1f} nats per image, on average; log p(x): {log_p_x.mean():.1f}")
print(f"within 3 standard errors of the truth: {within:.0%} of the digits (a Gaussian error: 99.7 %)")
print(f"further below: {too_low}   further above: {too_high}")
print(f"the worst is {missing[worst]:.1f} nats below, and its standard error is {standard_error[worst]:.2f}")
assert too_low > 3, "some standard errors should be too small"

# %% [markdown]
# For most digits the standard error is right.
# For about one in eight it is too small, sometimes by far, and the estimate is then always too low.
# Look at the second 6, whose gap does not close.

# %%
open_gap = (log_p_x[:8] - bounds[10_000]).argmax()
share = log_w[:1000].softmax(0)  # [1000, 8], of the sum of the weights
rows = {
    "largest share": [f"{value:.3f}" for value in share.amax(0)],
    "effective draws": [f"{value:.0f}" for value in 1 / share.square().sum(0)],
    "standard error": [f"{value:.2f}" for value in (share.square().sum(0) - 1 / 1000).sqrt()],
    "below the truth": [f"{value:.2f}" for value in log_p_x[:8] - estimates(log_w, 1000)[0]],
}
table(rows, names, caption="1,000 draws; the last two rows in nats")

# %% [markdown]
# If all 1,000 weights were equal, each would have a share of 0.001.
# The *effective number of draws* is $1 / \sum_k \text{share}_k^2$ (Kong 1992).
# It is 1,000 for equal weights, and 1 if a single weight is all of the sum.
# Where it is about ten, your average of 1,000 draws is in effect an average of ten.
#
# > **Predict first.**
# > Imagine the worst case: a single weight is the whole sum, and the other 999 are nearly 0.
# > What does the formula give for the standard error?

# %%
predict("evaluation/single", "One share is 1 and 999 shares are 0. What is the standard error, in nats?")

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
worst_case = torch.tensor([1.0] + 999 * [0.0])  # the shares
largest = (worst_case.square().sum() - 1 / 1000).sqrt().item()
print(f"{largest:.4f} nats")
reveal("evaluation/single", round(largest, 4), unit="nats")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed infinity: so it should be.
# But the formula uses the draws that came, and knows nothing of those that did not come.
#
# This standard error is never above one nat, however far away the truth is.
#
# </details>

# %% [markdown]
# So a small effective number of draws, say below 20, means that you don't know.
# But a large one does not mean that all is well.
# The 0 has over 100 effective draws, and it is several of its standard errors off.

# %%
log_posterior = (log_like + log_p_grid)[:, open_gap] + log_cell - log_p_x[open_gap]  # [G], sums to 1
figure = plots.where_the_draws_fall(
    log_posterior.reshape(STEPS, STEPS),
    HALF_WIDTH,
    z[:1000, open_gap],
    log_w[:, open_gap].reshape(5, 2000),
    log_p_x[open_gap].item(),
    "The draws lie beside the codes, and the estimate rises in jumps",
)
show(
    figure,
    "On the left the posterior of one digit as a grey spot, and the encoder's draws as a small cloud of dots at "
    "its lower right edge. On the right five curves of the estimate against the number of draws: they jump up, "
    "sink slowly, and end 1 to 2 nats below log p(x).",
)

# %% [markdown]
# The grey spot is the posterior of the second 6: where its codes are.
# The dots are where the encoder draws, at an edge of the spot.
# A run jumps up when a draw comes further inside, and sinks until the next such draw.
# After 2,000 draws all five runs are too low, and they agree with each other rather well.
#
# This is the danger.
# You see runs that agree and a small standard error when all is well.
# You also see them when every draw misses the same part of the posterior.

# %% [markdown]
# ## How many draws would it have taken?
#
# Here you have the posterior, so you can compute it.
# The number of draws needed is about $e^{\mathrm{KL}(p(z|x)\,\|\,q(z|x))}$ (Chatterjee & Diaconis 2018).
# It is as many as $q$ needs to reach, by chance, the places where the posterior is.
# This is an order of magnitude, and a rough one where $p/q$ differs much from place to place, as it does here.
# With far fewer draws, the estimate knows only the edge of the posterior, and the rest is missing.

# %%
log_posterior = log_like + log_p_grid + log_cell - log_p_x  # [G, 200], each column sums to 1
all_mu, all_logvar = flat.encoder(images)  # each [200, 2]
log_q = Normal(all_mu, torch.exp(0.5 * all_logvar)).log_prob(grid[:, None]).sum(-1) + log_cell  # [G, 200]
divergence = (log_posterior.exp() * (log_posterior - log_q)).sum(0)  # [200]
print(f"draws needed, about: {divergence.median().exp():.0f} for half of the digits,")
print(f"{divergence[open_gap].exp():.1e} for the second 6")

# %%
figure = plots.gap_against_divergence(divergence, missing, 1000, "Where the KL is beyond log K, the gap stays open")
show(
    figure,
    "A scatter of 200 digits: what is left of the gap with 1,000 draws, against the KL from p to q. Left of the "
    "dashed line at log 1,000 nearly all gaps are about 0. Right of it all of them are open, up to 4 nats.",
)
hard = divergence > math.log(1000)
left = {"KL below log 1,000": missing[~hard].mean(), "KL above log 1,000": missing[hard].mean()}
assert missing[hard].mean() > 5 * missing[~hard].mean().abs(), "the gap should stay open beyond log K"
table(left, ["what is left of the gap, on average (nats)"], digits=2)

# %% [markdown]
# Note the direction of this KL.
#
# The gap of the ELBO is $\mathrm{KL}(q\,\|\,p)$, an average over the encoder's draws.
# It is small for a $q$ that covers only a corner of the posterior.
# The number of draws depends on $\mathrm{KL}(p\,\|\,q)$, an average over the codes that matter.
# It is large for a $q$ that misses some of them.
# Training looks only at the first.

# %% [markdown]
# ### Change this and see: another proposal
#
# *5 minutes · difficulty 1 of 3 · no check*
#
# Any distribution may make the draws, if it covers the codes that matter and the weights are divided by *its* density.
# Such a distribution is called a **proposal**.
# Here the proposal is the encoder's $q$, four times as wide.
# Change `times` to 2 and to 20, and run the cell again. What becomes worse when it is too wide?

# %%
times = 4
wide = logvar + 2 * math.log(times)
z_wide = reparameterize(mu.expand(1000, -1, -1), wide.expand(1000, -1, -1), Generator().manual_seed(4))  # [1000, 8, 2]
log_prior = Normal(0.0, 1.0).log_prob(z_wide).sum(-1)
log_proposal = Normal(mu, torch.exp(0.5 * wide)).log_prob(z_wide).sum(-1)  # [1000, 8]
log_w_wide = log_likelihood(flat.decoder(z_wide), x) + log_prior - log_proposal
rows = {
    "the encoder's q": log_p_x[:8] - estimates(log_w, 1000)[0],
    f"{times} times as wide": log_p_x[:8] - estimates(log_w_wide, 1000)[0],
}
assert times != 4 or rows["4 times as wide"].abs().max() < 1, "a wide proposal should find all codes"
table(rows, names, digits=2, caption="nats below the truth, with 1,000 draws")

# %% [markdown]
# <details><summary>What you should see</summary>
#
# With 2, the second 6 is still half a nat below the truth.
# With 20, most digits are off by some tenths of a nat, up or down, and one by 0.9.
# Few of the 1,000 draws come out where it matters, so the estimates are noisy.
#
# </details>
#
# Four times as wide, with the same number of draws, all eight are there.
# In two dimensions this is sixteen times the area.
# Most draws come out in useless places, and you can afford it.
#
# In 20 dimensions it is $4^{20}$ times the volume, about $10^{12}$, and no draw comes out in a useful place.
# (We tried it on 20 digits with the 20-dimensional model that you will meet below, with 1,000 draws and four seeds.
# A proposal that is one and a half times as wide gains about half a nat, and one four times as wide loses about 18.)

# %% [markdown]
# ## Another encoder for the same decoder
#
# Lesson 05 warned of a trap: the ELBO mixes the model with its encoder.
# Here you set this trap on purpose.
# Keep the decoder exactly as it is, and train a new encoder for it for a short time: one epoch.

# %%
torch.manual_seed(1)
hurried = VAE(latent_dim=2)
hurried.decoder = flat.decoder  # the same one, whose weights are fixed
for _ in fit(hurried, digits.train_images, TrainConfig(epochs=1)):
    pass
hurried = hurried.requires_grad_(False)

# %% [markdown]
# > **Predict first.**
# > Compare the new pair with the old one.
# > What happens to $\log p(x)$, to the ELBO, and to the bound with $K = 100$?

# %%
predict("evaluation/truth", "What happens to log p(x)?", choices=["it falls", "it stays", "it rises"])
predict("evaluation/elbo", "What happens to the ELBO?", choices=["it falls", "it stays", "it rises"])
predict(
    "evaluation/hundred",
    "What happens to the bound with K = 100?",
    choices=["it falls as much as the ELBO", "it falls less than the ELBO", "it stays", "it rises"],
)

# %% jupyter={"source_hidden": true}
truth = exact_log_likelihood(hurried, images, STEPS, HALF_WIDTH)  # [200]
rows = {}
for name, model, exact in (("8 epochs", flat, log_p_x), ("1 epoch", hurried, truth)):
    generator = Generator().manual_seed(3)
    found = [importance_weighted_bound(model, images, K, generator) for K in (1, 10, 100)]
    # The course's function returns a standard error, too.
    rows[name] = [*(getattr(bound, "value", bound).mean().item() for bound in found), exact.mean().item()]

assert torch.allclose(truth, log_p_x, atol=0.05), "the encoder does not occur in log p(x)"
lost = [more - less for more, less in zip(rows["8 epochs"], rows["1 epoch"], strict=True)]
assert lost[0] > 1, "the ELBO should see the worse encoder"
assert lost[0] > lost[2] > 0.5, "100 draws should repair a part of it"
reveal("evaluation/truth", "it stays")
reveal("evaluation/elbo", "it falls")
reveal("evaluation/hundred", "it falls less than the ELBO")
table(rows, ["encoder trained for", "K = 1, the ELBO", "K = 10", "K = 100", "log p(x)"], caption="nats per image")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The encoder does not occur in $\log p(x)$.
# If you thought of the encoder as half of the model: to generate digits you don't even need it.
#
# $\log p(x)$ is the same number, because the decoder and the prior are the same.
# By the ELBO the model seems several nats worse, and 100 draws repair only a part of this.
# (The ELBO is a little higher here than at the start, because it comes from one draw per digit, not from 50.)
#
# </details>

# %% [markdown]
# So a difference of ELBOs between two models is a difference of models *or* of encoders.
# More draws make the second part smaller.
# If a bound no longer rises with more draws, the second part may be gone.
# But this proves nothing: remember the second 6.

# %% [markdown]
# ### Change this and see: the number of draws
#
# *5 minutes · difficulty 1 of 3 · no check*
#
# Each dot is one estimate from $K$ draws (at most 40 are shown), the thick dash is the mean of all estimates, and the
# line is the truth.
# Drag $K$ from 1 to 5,000.
# Guess first: as $K$ grows, do more of the dots lie above the line, or fewer?
# Then watch the share of the largest weight: where it stays high, the dots stay low.

# %%
DrawsSlider(x, log_w, log_p_x[:8])

# %% [markdown]
# ## How papers do it
#
# With 20 latent dimensions nobody knows the truth, and papers report this bound.
# Many of them use $K = 5{,}000$, as Burda et al. (2015) did, on MNIST's 10,000 binarised test images.
#
# Here is a model with 20 latent dimensions that comes with the course, on 20 digits.
# (It was trained on the full MNIST, to which the embedded digits belong. So these are no test numbers.)

# %%
shipped = load_pretrained("every-beta").at(1.0)  # lesson 07's network, at β = 1
generator = Generator().manual_seed(4)
rising = {
    K: course_importance_weighted_bound(shipped, images[:20], K, generator).value.mean()
    for K in (1, 10, 100, 1000, 5000)
}
assert rising[5000] > rising[1] + 1, "the bound should rise"
table(rising, ["K", "nats per image"])

# %% [markdown]
# With 5,000 draws the bound is five nats above the ELBO, and it still rises a little between the last two lines.
# You know that it is below the truth, on average.
# Nobody can say how far; you have seen that several runs can agree and all be wrong.
#
# So a published number needs four labels before you can compare it with yours:
#
# - the bound and its $K$: "NLL 86.8" may be an ELBO, or may be measured with $K = 5{,}000$;
# - the data and the split;
# - the binarisation: drawn again each time, drawn once, thresholded or grey (lesson 06 has the table);
# - the proposal: whose encoder made the draws.
#
# A "−ELBO" that is printed under the name "NLL" lacks its first label.
#
# > **An outlook.**
# > You can also *train* on $\mathcal{L}_K$. This is the importance-weighted autoencoder, IWAE.
# > Burda et al. report 84.8 nats with $K = 50$ in training, against 86.4 for a VAE with as many draws
# > (table 1, one stochastic layer, both measured with 5,000).
# > The decoder becomes better.
# > But as $K$ grows, the noise in the encoder's gradient becomes larger than the gradient (Rainforth et al. 2018).
# > When the best of 50 draws is enough, no single draw has to be good.
# >
# > Tucker et al. (2019) write the same gradient in another way, and then the noise stays small.
# > `fit(…, step=ImportanceStep(5))` trains so, with the class of `vae_course.extras.importance_step`.
# > With five draws a network of this course reached 86.0 nats in 8 epochs, and with one draw 86.9.
# > By the ELBO it looked *worse*: 90.4 against 89.9.
# > But five draws took 2.8 times as long. So the recipes of `vae_course train` take one draw, and more epochs.
# > (The figures are for held-out digits, with $K = 200$; `benchmarks/tried.md` has the settings.)

# %% [markdown]
# ## An open task: train on the bound
#
# *30 minutes · difficulty 3 of 3 · no check*
#
# Write a subclass of `VAE` whose `elbo` returns $\mathcal{L}_{10}$ in place of the ELBO.
# `fit` takes any `ElboTerms`, so put $-\mathcal{L}_{10}$ into `reconstruction`, and zeros into `kl`.
# (The course's functions compute no gradients, so use your own, or the lines of the section on 10,000 draws.)
# Train it with `latent_dim=2` and 8 epochs, like `flat`.
# Then compare the two models: the exact $\log p(x)$, the true ELBO, and the bounds with $K = 10$, 100 and 1,000.
#
# <details><summary>What a good answer shows</summary>
#
# - The exact $\log p(x)$ rises by about 8 nats, from −176 to −168: the decoder is much better.
# - The ELBO *falls* by about 10 nats, to −188. So by the ELBO the better model looks far worse.
# - The bound with $K = 10$ is within two nats of the truth, and with $K = 100$ it is within a quarter of a nat.
# - The clouds are about three times as wide: the median of $\sigma$ is 0.57, and it was 0.17.
#   Now one good draw out of ten is enough, so a wide $q$ that covers the posterior is better.
# - For the exact value a half-width of 10 is needed, because the codes lie further out.
#
# </details>

# %%
guesses("evaluation")

# %% [markdown]
# ## Key points
#
# - Average the weights, then take the log: $\mathcal{L}_1$ is the ELBO, and $\mathcal{L}_K$ rises towards $\log p(x)$.
# - It is a bound on average.
#   A single estimate may be above the truth, but seldom by much.
# - The standard error knows only the draws that came, and it is never above 1 nat.
#   Few effective draws mean that you don't know. Many of them don't prove that you know.
# - The number of draws needed is about $e^{\mathrm{KL}(p\,\|\,q)}$, and training looks at the other KL.
# - A bound without its $K$ can't be compared with anything.
#
# | 784-400-2, 8 epochs; first 200 test digits, drawn once | nats per image |
# | --- | --- |
# | ELBO | −178.0 |
# | $K = 10$ | −176.7 |
# | $K = 100$ | −176.3 |
# | $K = 1{,}000$ | −176.3 |
# | exact $\log p(x)$, grid | −176.1 |
# | ELBO with an encoder trained for one epoch, same decoder | −184 |
#
# The model was trained on the embedded 4,000 digits, with pixels drawn again for each batch, batches of 128, a learning
# rate of 0.001, and one seed.
# Yours may differ by a nat or two, but the order stays.
#
# **What comes next.**
# You can now tell which of two numbers to trust.
# Lesson 09 gives you eight models with something wrong in each.
# Their numbers are the first thing that you will look at, and the first thing to doubt.
#
# *[Start page](00_start.ipynb) · before: [07 β](07_beta.ipynb) · after: [09 The clinic](09_clinic.ipynb)*
