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
# *60 minutes. Needs lessons 03 to 06.*
#
# You will be able to:
#
# - close part of the gap between the ELBO and $\log p(x)$ with more draws, and write the code for it;
# - say why the bound rises with the number of draws, and in what sense it is a bound at all;
# - see when a standard error can't be trusted, and say how many draws it would have taken;
# - read a published log-likelihood, and refuse one that does not say how it was measured.

# %%
import itertools
import math

from vae_course.checkpoints import load_pretrained
from vae_course.data import binarize, grey
from vae_course.decoder import log_likelihood
from vae_course.digits import load_digits
from vae_course.evaluation import exact_log_likelihood, log_likelihood_table
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import show
from vae_course.lessons.evaluation import DrawsSlider, check_importance_weighted_bound, plots
from vae_course.reparameterization import reparameterize
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import torch
from torch import Generator
from torch.distributions import Normal

# %% [markdown]
# ## The nats you gave away
#
# Lesson 05 ended with a gap.
# With two latent dimensions you had the true $\log p(x)$ from a grid, and the ELBO lay below it.
# Here is the same model again, and 200 test digits.

# %%
digits = load_digits()
images = binarize(grey(digits.test_images), Generator().manual_seed(0))[:200]  # [200, 1, 28, 28]

torch.manual_seed(0)
flat = VAE(latent_dim=2)
for _ in fit(flat, digits.train_images, TrainConfig(epochs=8)):
    pass
flat = flat.requires_grad_(False)  # from here on it is only asked, never trained

# %% [markdown]
# The grid of lesson 05, on which $\log p(x)$ is a sum of prior times likelihood times the area of a cell:

# %%
STEPS, HALF_WIDTH = 267, 8.0
axis = torch.linspace(-HALF_WIDTH, HALF_WIDTH, STEPS)
grid = torch.cartesian_prod(axis, axis)  # [G, 2], G = 267²
log_p_grid = Normal(0.0, 1.0).log_prob(grid).sum(-1, keepdim=True)  # [G, 1]
log_like = torch.cat([log_likelihood_table(flat.decoder(some), images) for some in grid.split(2000)])  # [G, 200]
log_cell = 2 * math.log(2 * HALF_WIDTH / (STEPS - 1))
log_p_x = (log_like + log_p_grid).logsumexp(0) + log_cell  # [200]

# %% [markdown]
# You should not trust it before you have refined it.
# The package's `exact_log_likelihood` is this sum.
# It refuses a grid that is too small, or whose answer moves when half its lines go.

# %%
try:
    exact_log_likelihood(flat, images[:8], steps=41)
except ValueError as error:
    print("refused:", error)
finer = exact_log_likelihood(flat, images[:8], 401, HALF_WIDTH)
print("267 × 267:", " ".join(f"{value:8.3f}" for value in log_p_x[:8]))
print("401 × 401:", " ".join(f"{value:8.3f}" for value in finer))
assert torch.allclose(finer, log_p_x[:8], atol=0.05), "refining the grid should not change log p(x)"

# %% [markdown]
# That is the truth about this model.
# Now the ELBO, the mean of 50 draws for each digit.

# %%
dice = Generator().manual_seed(1)
elbo = -torch.stack([flat.elbo(images, dice).negative_elbo for _ in range(50)]).mean(0)  # [200]
gap = log_p_x - elbo
print(f"log p(x) {log_p_x.mean():.1f}   ELBO {elbo.mean():.1f}   gap {gap.mean():.1f} nats per image, on average")
print(f"half of the digits: below {gap.median():.1f} nats    the worst: {gap.max():.0f} nats")
assert 0.5 < gap.mean() < 5, "the ELBO should be a few nats below log p(x), on average"

# %% [markdown]
# About two nats in 176 do not sound like much.
# But the method at the end of this lesson was published for less, and for a single digit it is several times as much.
# And it is not a constant that cancels when you compare two models: each has its own encoder, and its own gap.
#
# With 20 latent dimensions there is no way out through a grid: $267^{20}$ is a number of 49 digits.
# What you always have is draws.

# %% [markdown]
# ## Average first, then the logarithm
#
# In lesson 05 each draw of the encoder got a weight, and the average of the weights was $p(x)$ itself:
#
# $$w = \frac{p(x|z)\,p(z)}{q(z|x)}, \qquad \mathbb{E}_{q}[w] = p(x), \qquad \mathbb{E}_{q}[\log w] = \mathrm{ELBO}(x)$$
#
# The ELBO takes the logarithm of every single weight, and that is where it loses.
# So take $K$ draws, average their weights, and take the logarithm *afterwards*:
#
# $$\mathcal{L}_K(x) = \mathbb{E}\left[\log \frac1K \sum_{k=1}^{K} w_k\right]$$
#
# In words: the log of the mean weight of $K$ draws, and that averaged over all ways in which the draws can fall.
# It is called the importance-weighted bound (Burda, Grosse & Salakhutdinov 2015, equation 8).
# With $K = 1$ it is the ELBO.
#
# > **Predict first.**
# > Lesson 05's toy: the weight is 1 or 9, each in half of the draws.
# > The ELBO is the average of $\log 1$ and $\log 9$, which is 1.099.
# > The truth is the log of the average, $\log 5 = 1.609$.
# > Where is the bound with $K = 2$: halfway, less, or more?

# %% tags=["nbval-check-output"]
for K in (1, 2, 4, 8):
    falls = itertools.product((1, 9), repeat=K)  # all ways in which K draws can fall
    logs = [math.log(sum(weights) / K) for weights in falls]
    print(f"K = {K}: {len(logs):3} ways, on average the log is {sum(logs) / len(logs):.3f}")
print(f"log of the average: {math.log(5):.3f}")

# %% [markdown]
# Halfway, and the next doubling takes more than half of what is left.
# If you said less: on most real digits you will be right.
#
# Why does it rise?
# The average of $K$ weights varies less than one weight does.
# The logarithm takes its toll for variation alone: it loses more on a low average than it gains on a high one.
# Less variation, less toll.
# Burda et al. prove (theorem 1) that no further draw can lower $\mathcal{L}_K$,
# and that it arrives at $\log p(x)$ in the end if the weights are bounded.

# %% [markdown]
# ### In logarithms
#
# The weights of real digits are near $e^{-176}$, and a float32 ends at about $e^{-103}$.

# %% tags=["nbval-check-output"]
log_w = torch.tensor([-178.0, -176.0, -175.0])
print("exp, mean, log:    ", log_w.exp().mean().log().item())
print("logsumexp - log K: ", round((log_w.logsumexp(0) - math.log(3)).item(), 3))

# %% [markdown]
# As in lesson 05, `logsumexp` does the sum without leaving the logarithms.
# It takes out the largest weight, adds up what the others are *relative to it*, and puts it back.
# Dividing by $K$ becomes subtracting $\log K$.

# %% [markdown]
# ## Exercise: `importance_weighted_bound`
#
# You get a `model` with an `encoder` and a `decoder`, the images `x` of shape `[B, 1, 28, 28]`,
# the number of draws `samples`, which is $K$, and a `generator`.
# Return one number an image, shape `[B]`, in nats: one estimate of $\mathcal{L}_K$ from $K$ draws of that image's $q$.
#
# At hand are `reparameterize(mu, logvar, generator)` of lesson 03 and `log_likelihood(logits, x)` of lesson 04.
# Both take an axis of draws in front: from codes `[K, B, D]` the decoder makes logits `[K, B, 1, 28, 28]`.
# `Normal(m, s).log_prob(z)` is the log density of a Gaussian, for each entry of `z`.


# %%
def importance_weighted_bound(model, x, samples, generator):
    """The log of the mean weight of K draws of z, for each image."""
    ...


# %%
check_importance_weighted_bound(importance_weighted_bound)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A log weight has three parts: log p(x|z), log p(z) and log q(z|x), the last one with a minus.
# Each comes out with shape `[K, B]`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `mu.expand(samples, -1, -1)` makes `[K, B, D]` of `[B, D]` without copying, and the same goes for `logvar`.
# One call of `reparameterize` then draws all codes.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `Normal(0.0, 1.0)` is the prior and `Normal(mu, torch.exp(0.5 * logvar))` is q.
# Sum the log densities over the last axis.
# At the end comes `logsumexp` over the axis of draws, and the subtraction.
#
# </details>

# %%
from vae_course.evaluation import importance_weighted_bound, log_importance_weights

show_me(log_importance_weights, importance_weighted_bound)

# %% [markdown]
# The package's version splits the work so that it fits into memory,
# and returns a second number beside the `value`, a standard error.
# You will need it, and you will learn to doubt it.

# %% [markdown]
# ## How many draws close the gap?
#
# > **Predict first.**
# > Take the eight digits of lesson 05.
# > Their ELBOs lie between 0.2 and 3.6 nats too low.
# > With how many draws $K$ are all eight within half a nat of the truth: 10, 100, 1,000 or 10,000?
#
# For once, keep every weight: 10,000 draws for each of the eight.

# %%
x = images[:8]  # [8, 1, 28, 28]
mu, logvar = flat.encoder(x)  # each [8, 2]
q = Normal(mu, torch.exp(0.5 * logvar))
z = reparameterize(mu.expand(10_000, -1, -1), logvar.expand(10_000, -1, -1), Generator().manual_seed(1))
log_p_x_given_z = torch.cat([log_likelihood(flat.decoder(some), x) for some in z.split(500)])  # [10000, 8]
log_w = log_p_x_given_z + Normal(0.0, 1.0).log_prob(z).sum(-1) - q.log_prob(z).sum(-1)  # [10000, 8]


# %% [markdown]
# Cut into groups of $K$, they give an estimate a group, and the mean of the estimates is close to $\mathcal{L}_K$.


# %%
def estimates(log_w, K):
    """The log of the mean weight, of each group of K draws."""
    return log_w.unflatten(0, (-1, K)).logsumexp(1) - math.log(K)  # [groups, 8]


bounds = {K: estimates(log_w, K).mean(0) for K in (1, 10, 100, 1000, 10_000)}
figure = plots.bounds_under_the_truth(x, bounds, log_p_x[:8], "Every bound rises towards the truth, at its own pace")
show(
    figure,
    "Eight digits, and under each five dots: how far the bound lies below log p(x) for the ELBO and for K = 10, "
    "100, 1,000 and 10,000. For each digit the dots rise towards 0 as K grows. For three digits they arrive with "
    "the second dot; for one, a 6, the last dot is still about 1.6 nats below.",
)

# %%
for K, bound in bounds.items():
    print(f"K = {K:6,}", " ".join(f"{value:7.1f}" for value in bound), f"  mean {bound.mean():7.1f}")
print("log p(x)  ", " ".join(f"{value:7.1f}" for value in log_p_x[:8]), f"  mean {log_p_x[:8].mean():7.1f}")

for fewer, more in itertools.pairwise(bounds.values()):
    assert (fewer < more + 0.001).all(), "on the same draws, larger groups can only be higher"
for K in (1, 10, 100):
    several = estimates(log_w, K)
    error = several.std(0) / math.sqrt(len(several))
    assert (bounds[K] < log_p_x[:8] + 5 * error).all(), "no bound may be above log p(x)"

# %% [markdown]
# So the order holds, digit by digit: ELBO ≤ importance-weighted bound ≤ $\log p(x)$.
# (The last two dots of each digit are a mean of ten estimates and a single one, so they may be above by a hair.)
#
# None of the four numbers was right.
# Ten draws are enough for half of the digits, and with 1,000 all but one are there.
# The last one is still more than a nat away with 10,000, and nothing in its picture looks special.
# Asking for one number was the trap: each digit has its own.
#
# What is the matter with that digit?
# First, a word on what kind of bound this is.

# %% [markdown]
# ## A bound on average, not each time
#
# > **Predict first.**
# > You compute one estimate with $K = 10$ for the first digit.
# > How often does it come out *above* the true $\log p(x)$?

# %%
of_first = {K: estimates(log_w[:, 0], K) for K in (1, 10, 100)}
figure = plots.spread_of_estimates(of_first, log_p_x[0].item(), "A single estimate may lie above; their mean does not")
show(
    figure,
    "Three histograms of single estimates, for K = 1, 10 and 100, with lines for log p(x) and for their mean. "
    "With K = 1 the hill is wide, about a third of it lies above log p(x), and the mean lies below. With larger K "
    "the hill gets narrow, and the mean comes close to log p(x).",
)

# %% [markdown]
# In nearly half of the cases; with a single draw, in a third.
# If you said never: it is called a bound, after all.
# But $\mathcal{L}_K$ is the *mean* of these estimates, and the mean is what stays below.
# With $K = 100$ the estimates are so narrow that half of them are above, by a little.
#
# They can't be far above, though.
# The weights are positive and their average is $p(x)$, so an average of $e^t$ times $p(x)$ is rare.
# At most one in $e^t$ estimates can lie more than $t$ nats above (Markov's inequality), whatever the encoder.
# Below there is no such limit.

# %%
above = estimates(log_w, 10) - log_p_x[:8]  # [1000, 8]
for t in (0.5, 1, 2):
    share = (above > t).float().mean(0).max()
    print(f"more than {t:3} nats above: {share:.3f} of the estimates of a digit at most; allowed {math.exp(-t):.3f}")
    assert share < math.exp(-t), "Markov's inequality should hold"
print(f"the lowest estimate: {-above.min():.0f} nats below")

# %% [markdown]
# That makes the estimate a careful witness.
# When it errs by much, it errs to the model's disadvantage.

# %% [markdown]
# ## The standard error, and when it lies
#
# How far off is one estimate?
# A mean of $K$ weights is off by about the weights' spread divided by $\sqrt K$,
# and the log of it by that *relative* to the mean.
# In the weights' own terms: call the part of the sum that weight $k$ makes up its share, and
#
# $$\text{standard error} = \sqrt{\sum_k \text{share}_k^2 - \frac1K}$$
#
# In words: 0 if all shares are equal, and larger the more of the sum hangs on a few.
# Put it to the test with 1,000 draws for each of the 200 digits.

# %%
value, standard_error = importance_weighted_bound(flat, images, 1000, Generator().manual_seed(2))  # [200] twice
missing = log_p_x - value
within = (missing.abs() < 3 * standard_error).float().mean()
print(f"within 3 standard errors of the truth: {within:.0%} of the digits (a Gaussian error: 99.7 %)")
print(f"K = 1,000: {value.mean():.1f} nats per image, on average; log p(x): {log_p_x.mean():.1f}")
print(f"below by more: {(missing > 3 * standard_error).sum()}   above by more: {(missing < -3 * standard_error).sum()}")
worst = (missing / standard_error).argmax()
print(f"the worst: {missing[worst]:.1f} nats below, and it says ± {standard_error[worst]:.2f}")
assert (missing > 3 * standard_error).sum() > 3, "some standard errors should be too small"

# %% [markdown]
# For most digits it is honest.
# For about one in eight it is too small, sometimes by far, and the miss is always in the same direction.
# Have a look at the one of the eight that would not close.

# %%
open_gap = (log_p_x[:8] - bounds[10_000]).argmax()
share = log_w[:1000].softmax(0)  # [1000, 8], of the sum of the weights
rows = {
    "largest share": share.amax(0),
    "effective draws": 1 / share.square().sum(0),
    "standard error": (share.square().sum(0) - 1 / 1000).sqrt(),
    "below the truth": log_p_x[:8] - estimates(log_w, 1000)[0],
}
print(f"{'':16}", " ".join(f"{'open' if i == open_gap else i + 1:>7}" for i in range(8)))
for name, values in rows.items():
    print(f"{name:16}", " ".join(f"{v:7.0f}" if name.startswith("eff") else f"{v:7.3f}" for v in values))

# %% [markdown]
# If all 1,000 weights were equal, each would have a share of 0.001.
# The *effective number of draws* is $1 / \sum_k \text{share}_k^2$ (Kong 1992):
# 1,000 for equal weights, and 1 if a single weight is everything.
# Where it is a handful, your average of 1,000 is an average of a handful.
#
# > **Predict first.**
# > A single weight is everything, and all the others are nearly 0.
# > That is as bad as it can be.
# > What does the formula give for the standard error?

# %% tags=["nbval-check-output"]
worst_case = torch.tensor([1.0] + 999 * [0.0])  # the shares
print(f"{(worst_case.square().sum() - 1 / 1000).sqrt():.4f} nats")

# %% [markdown]
# One nat, and it never says more, however far away the truth is.
# If you said "infinite": so it should be, but it is computed from the draws that came,
# and knows nothing of the ones that did not.
# So read a small effective number of draws, say below 20, as "I don't know".
# But a large one is no all-clear: the third digit has over 100 and is several of its standard errors off.

# %%
log_posterior = (log_like + log_p_grid)[:, open_gap] + log_cell - log_p_x[open_gap]  # [G], sums to 1
figure = plots.where_the_draws_fall(
    log_posterior.reshape(STEPS, STEPS),
    HALF_WIDTH,
    z[:1000, open_gap],
    log_w[:, open_gap].reshape(5, 2000),
    log_p_x[open_gap].item(),
    "The draws sit beside the codes, and the estimate climbs by leaps",
)
show(
    figure,
    "On the left the posterior of one digit as a grey spot, and the encoder's draws as a small cloud of dots at "
    "its lower right edge. On the right five curves of the estimate against the number of draws: they jump up, "
    "sink slowly, and end 1 to 2 nats below log p(x).",
)

# %% [markdown]
# The grey spot is where this digit's codes are, and the dots are where the encoder looks: at an edge of it.
# A run leaps when a draw lands further inside, and sinks until the next one does.
# After 2,000 draws all five are too low, and they agree with each other rather well.
#
# That is what makes it treacherous.
# Runs that agree, and a small error, are what you see when all is well,
# and also when every draw misses the same part of the spot.

# %% [markdown]
# ## How many would it have taken?
#
# Here you own the posterior, so you can ask.
# The number of draws needed goes like $e^{\mathrm{KL}(p(z|x)\,\|\,q(z|x))}$ (Chatterjee & Diaconis 2018):
# as many as it takes $q$ to hit by chance the places where $p(z|x)$ lives.
# It is an order of magnitude, and a rough one where $p/q$ differs much from place to place, as it does here.
# With far fewer, the estimate stands on the edge of the spot that was hit, and the rest is missing.

# %%
log_posterior = log_like + log_p_grid + log_cell - log_p_x  # [G, 200], each column sums to 1
all_mu, all_logvar = flat.encoder(images)  # each [200, 2]
log_q = Normal(all_mu, torch.exp(0.5 * all_logvar)).log_prob(grid[:, None]).sum(-1) + log_cell  # [G, 200]
divergence = (log_posterior.exp() * (log_posterior - log_q)).sum(0)  # [200]
print(f"draws needed, about: {divergence.median().exp():.0f} for half of the digits,")
print(f"{divergence[open_gap].exp():.1e} for the one of the eight that stays open")

# %%
figure = plots.gap_against_divergence(divergence, missing, 1000, "Where the KL is beyond log K, the gap stays open")
show(
    figure,
    "A scatter of 200 digits: what is left of the gap with 1,000 draws, against the KL from p to q. Left of the "
    "dashed line at log 1,000 nearly all gaps are about 0. Right of it all of them are open, up to 4 nats.",
)
hard = divergence > math.log(1000)
left = missing[~hard].mean(), missing[hard].mean()
print(f"left of the gap, on average: {left[0]:.2f} nats where the KL is below log 1,000, {left[1]:.1f} beyond")
assert left[1] > 5 * left[0].abs(), "the gap should stay open beyond log K"

# %% [markdown]
# Mind the direction.
# The gap of the ELBO is $\mathrm{KL}(q\,\|\,p)$, an average over the encoder's draws:
# a $q$ that sits in a corner of the posterior pays little.
# The number of draws goes by $\mathrm{KL}(p\,\|\,q)$, an average over the codes that matter:
# a $q$ that misses some of them pays a lot.
# Training looks at the first only.

# %% [markdown]
# ### Another proposal
#
# Any distribution may hand out the draws, as long as it covers the codes that matter,
# and the weights are divided by *its* density.
# In lesson 05 you took the encoder's answer four times as wide.

# %%
wide = logvar + 2 * math.log(4)  # four times sigma
z_wide = reparameterize(mu.expand(1000, -1, -1), wide.expand(1000, -1, -1), Generator().manual_seed(4))  # [1000, 8, 2]
log_prior = Normal(0.0, 1.0).log_prob(z_wide).sum(-1)
log_proposal = Normal(mu, torch.exp(0.5 * wide)).log_prob(z_wide).sum(-1)  # [1000, 8]
log_w_wide = log_likelihood(flat.decoder(z_wide), x) + log_prior - log_proposal
print("below the truth, 1,000 draws")
print("as the encoder says:", " ".join(f"{value:6.2f}" for value in log_p_x[:8] - estimates(log_w, 1000)[0]))
print("four times as wide: ", " ".join(f"{value:6.2f}" for value in log_p_x[:8] - estimates(log_w_wide, 1000)[0]))
assert (log_p_x[:8] - estimates(log_w_wide, 1000)[0]).abs().max() < 1, "a wide proposal should find all codes"

# %% [markdown]
# With as many draws, 1,000, all eight are there.
# In two dimensions four times as wide is sixteen times the area.
# Most draws land somewhere useless, and you can afford it.
# In 20 dimensions it is $4^{20}$, a million million times the volume, and no draw lands anywhere useful.
# (Tried on 20 digits with the 20-dimensional model that you will meet below, with 1,000 draws and four seeds.
# Half as wide again gains about half a nat, and four times as wide loses some 18.)

# %% [markdown]
# ## One model, two numbers
#
# Lesson 05 left you with a trap: the ELBO mixes the model with its encoder.
# Here it is, set on purpose.
# Keep the decoder as it is, to the last digit, and train a new encoder for it in a hurry: one epoch.

# %%
torch.manual_seed(1)
hurried = VAE(latent_dim=2)
hurried.decoder = flat.decoder  # the very same one, and frozen
for _ in fit(hurried, digits.train_images, TrainConfig(epochs=1)):
    pass
hurried = hurried.requires_grad_(False)

# %% [markdown]
# > **Predict first.**
# > What happens to $\log p(x)$, to the ELBO, and to the bound with $K = 100$?

# %%
numbers = {}
for name, model in (("8 epochs", flat), ("in a hurry", hurried)):
    dice = Generator().manual_seed(3)
    numbers[name] = [importance_weighted_bound(model, images, K, dice).value.mean().item() for K in (1, 10, 100)]
    print(f"encoder trained {name:10}  ", "   ".join(f"{value:.1f}" for value in numbers[name]), "  for K = 1, 10, 100")

truth = exact_log_likelihood(hurried, images, STEPS, HALF_WIDTH)  # [200]
print(f"log p(x) of the first {log_p_x.mean():.2f}, and of the second {truth.mean():.2f}")
assert torch.allclose(truth, log_p_x, atol=0.05), "the encoder does not occur in log p(x)"
assert numbers["8 epochs"][0] > numbers["in a hurry"][0] + 1, "the ELBO should see the worse encoder"

# %% [markdown]
# $\log p(x)$ is the same number: the encoder does not occur in it.
# The ELBO tells you of a model that is several nats worse, and 100 draws repair only a part of it.
# If you thought of the encoder as half of the model: for inventing digits it is not even needed.
# (The ELBO reads a little higher here than at the start: one draw a digit, not the mean of many.)
#
# So a difference of ELBOs between two models is a difference of models *or* of encoders.
# More draws shrink the second part.
# A bound that stands still suggests that it is gone; as the digit that stayed open showed, it does not prove it.

# %% [markdown]
# ## Turn the knob yourself
#
# Each dot is one estimate from $K$ draws (40 of them at most), the thick dash is the mean of all estimates,
# and the line is the truth.
# Drag $K$ from 1 to 5,000.
# Guess first: as $K$ grows, do more of the dots lie above the line, or fewer?
# Then keep an eye on the share of the largest weight: where it stays high, the dots stay low.

# %%
DrawsSlider(x, log_w, log_p_x[:8])

# %% [markdown]
# ## How it is done in print
#
# With 20 latent dimensions nobody knows the truth, and this bound is what papers report.
# Custom has settled on $K = 5{,}000$ (Burda et al. 2015), on MNIST's 10,000 binarised test images.
# Here is a model with 20 latent dimensions that comes with the course
# (trained on the full MNIST, to which the embedded digits belong, so these are no test numbers), on 20 digits.

# %%
shipped = load_pretrained("every-beta").at(1.0)  # lesson 07's network, at β = 1
dice = Generator().manual_seed(4)
rising = {K: importance_weighted_bound(shipped, images[:20], K, dice) for K in (1, 10, 100, 1000, 5000)}
for K, bound in rising.items():
    print(f"K = {K:5,}: {bound.value.mean():7.1f} nats per image")
assert rising[5000].value.mean() > rising[1].value.mean() + 1, "the bound should rise"

# %% [markdown]
# Five nats above the ELBO, and it still moves a little between the last two lines.
# That it is below the truth, on average, is known.
# How far, nobody can say; you have seen how well several runs can agree and be wrong.
#
# So a number from print needs four labels before you can hold it against yours:
#
# - the bound and its $K$: "NLL 86.8" may be an ELBO, or $K = 5{,}000$;
# - the data and the split;
# - the binarisation: drawn anew, drawn once, thresholded, grey (lesson 06 has the table);
# - whose encoder handed out the draws.
#
# "−ELBO" printed under the name "NLL" is a number without its first label.
#
# > **An outlook.**
# > You can also *train* on $\mathcal{L}_K$: that is the importance-weighted autoencoder, IWAE.
# > Burda et al. report 84.8 nats with $K = 50$ in training, against 86.4 for a VAE given as many draws
# > (table 1, one stochastic layer, both measured with 5,000).
# > The decoder gains.
# > The encoder's gradient, though, drowns in noise as $K$ grows (Rainforth et al. 2018):
# > when the best of 50 draws is good enough, no single draw has to be.

# %% [markdown]
# ## Key points
#
# - Average the weights, then take the log: $\mathcal{L}_1$ is the ELBO, and $\mathcal{L}_K$ rises towards $\log p(x)$.
# - It is a bound on average.
#   A single estimate may be above, seldom by much.
# - The standard error knows only the draws that came, and is never above 1 nat.
#   Few effective draws mean "I don't know"; many of them don't mean "I know".
# - The draws needed go like $e^{\mathrm{KL}(p\,\|\,q)}$, and training looks at the other KL.
# - A bound without its $K$ is no number.
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
# Trained on the embedded 4,000 digits with pixels drawn anew, batch 128, learning rate 0.001; one seed.
# Yours may differ by a nat or two; the order may not.
#
# **What comes next.**
# You can now tell a good number from a bad one.
# Lesson 09 hands you eight models with something wrong in each.
# Their numbers are the first thing you will look at, and the first to doubt.
