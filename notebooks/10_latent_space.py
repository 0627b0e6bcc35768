# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 10 · The latent space: a map, and its empty places
#
# *90 minutes. Needs lessons 01 to 07.*
#
# You will be able to:
#
# - say why a model can give digits back well and invent bad ones, and measure how empty the empty places are;
# - draw the whole map of two latent dimensions, each part in proportion to its use;
# - tell which latent dimensions are at work, walk along them, and walk from one digit to another;
# - recognise a code that says nothing, and say what annealing and free bits do about it.

# %%
from vae_course.checkpoints import load_pretrained
from vae_course.data import binarize, grey
from vae_course.decoder import log_likelihood
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms, kl_divergence
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_grid, digit_rows, show
from vae_course.latent_space import ACTIVE, unit_activity
from vae_course.lessons.latent_space import check_quantile_grid, plots
from vae_course.reparameterization import reparameterize
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

import torch
from torch import Generator, nn
from torch.distributions import Normal
from torch.nn.functional import conv2d, pad, softplus

digits = load_digits()

# %%
dice = Generator().manual_seed(0)
train_x = binarize(grey(digits.train_images), dice)  # [4000, 1, 28, 28]
test_x = binarize(grey(digits.test_images), dice)  # [1000, 1, 28, 28]

# %% [markdown]
# ## A digit from nowhere
#
# Here are ten digits, given back by a network with two latent dimensions, and ten that it has invented.

# %%
plane = load_pretrained("plane")


@torch.no_grad()
def decode(model, z):
    return torch.sigmoid(model.decoder(z))  # [B, D] -> [B, 1, 28, 28], the mean of p(x|z)


rows = {
    "given": test_x[:10],
    "given back": plane.reconstruct(test_x[:10]),
    "invented": plane.sample(10, Generator().manual_seed(2)),
}
figure = digit_rows(rows, "What is given back is a digit; what is invented, not always")
show(
    figure,
    "Three rows of ten pictures: given digits, the same given back, and pictures decoded from the prior. The "
    "second row is soft but can be read. In the third most are digits, and a few are none.",
)

# %% [markdown]
# The decoder can draw, as the second row shows.
# So the fault lies with what it was asked in the third.
# Lesson 06 said that the clouds leave many corners of the space empty.
# Here you will see those corners.
#
# (The network comes with the course.
# It was trained on the 60,000 digits of MNIST's training set, and all embedded digits, "test" included, are among them.
# So nothing in this lesson that uses shipped networks is a test of how well they do on new digits.)
#
# Take 1,000 digits, and draw one code from the cloud of each.
# What you get are draws from
#
# $$q(z) = \frac{1}{N} \sum_{x} q(z|x)$$
#
# In words: pick a digit at random, then a code from its cloud.
# It is called the **aggregate posterior**, and it is where the decoder has practised.
# The prior $p(z)$ is where it is asked to invent.
#
# > **Predict first.**
# > Put 600 of these codes beside 600 draws of the prior, all of them dots.
# > Could you tell which is which?

# %%
with torch.no_grad():
    mu, logvar = plane.encoder(test_x)  # [1000, 2] twice
codes = reparameterize(mu, logvar, dice)  # [1000, 2]
prior = torch.randn(1000, 2, generator=dice)  # [1000, 2]

print("          mean of z[0], z[1]   standard deviation")
for name, z in (("codes", codes), ("prior", prior)):
    print(f"{name:6}{z[:, 0].mean():13.2f}{z[:, 1].mean():8.2f}{z[:, 0].std():15.2f}{z[:, 1].std():7.2f}")

# %%
title = "The codes have lanes and lumps; the prior has none"
figure = plots.codes_and_draws(codes[:600], digits.test_labels[:600], prior[:600], title)
show(
    figure,
    "Two scatters in the plane of two latent numbers. On the left the codes of 600 test digits: they lie in "
    "groups by class, with empty lanes between and arms that reach outwards. On the right 600 draws of the prior: "
    "an even round cloud.",
)

# %% [markdown]
# By their means and spreads you could hardly tell.
# By eye you can: there are lanes between the classes that hardly any code enters.
# The prior does not know about lanes.

# %% [markdown]
# ## How empty is empty?
#
# With two dimensions you can compute it.
# $q(z)$ is a mean of bell curves.
# Each is a curve along $z[0]$ times one along $z[1]$, so on a grid the mean is one product of matrices.
# (5,000 digits stand in for the 60,000, so widen each cloud a little, to fill the gaps between them.)

# %%
everything = torch.cat([train_x, test_x])  # [5000, 1, 28, 28]
with torch.no_grad():
    mu, logvar = plane.encoder(everything)  # [5000, 2] twice
axis = torch.linspace(-plots.HALF_WIDTH, plots.HALF_WIDTH, 161)  # [161]
cloud = Normal(mu, torch.sqrt(logvar.exp() + 0.12**2))  # the clouds themselves are about 0.1 wide

bells = cloud.log_prob(axis[:, None, None]).exp()  # [161, 5000, 2]
aggregate = bells[..., 1] @ bells[..., 0].T / len(mu)  # [161, 161], q(z): z[1] down, z[0] across
bell = Normal(0.0, 1.0).log_prob(axis).exp()  # [161]
p_z = bell[:, None] * bell  # [161, 161], p(z)
log_ratio = (aggregate + 1e-12).log() - p_z.log()  # [161, 161]

# %%
cell = (axis[1] - axis[0]) ** 2
kl_to_prior = (aggregate * log_ratio).sum() * cell
rate = kl_divergence(mu, logvar).mean()
empty = (p_z * (log_ratio < -1)).sum() * cell
print(f"KL(q(z|x) || p(z)), the mean over digits: {rate:.2f} nats per image")
print(f"KL(q(z) || p(z)), of all clouds together: {kl_to_prior:.2f} nats")
print(f"share of the prior's draws in places with less than 1/e, about a third, of the codes it expects: {empty:.0%}")
assert 0.02 < kl_to_prior < 1 < rate, "together the clouds should resemble the prior far more than one by one"

# %% [markdown]
# Cloud by cloud 7 nats, all together a fifth of one: this is not a bad fit.
# And yet one draw in ten falls where codes are rare.
# The KL in the loss is paid cloud by cloud, and splits exactly into two parts (Hoffman & Johnson 2016):
#
# $$\mathrm{mean\;of\;KL}(q(z|x)\,\|\,p(z)) = \underbrace{I(x; z)}_{\text{what a code says about its digit}} +
# \underbrace{\mathrm{KL}(q(z)\,\|\,p(z))}_{\text{how far all clouds together are from the prior}}$$
#
# The first part is called the *mutual information* of $x$ and $z$.
# Here the sum is 7.1 = 6.9 + 0.2, as far as the widened clouds can tell.
# Only the first part is good for anything.
# The second is the one that spoils inventions. The loss lowers it, but never asks for zero.
# A lane that keeps two classes apart may save more nats in the pixels than it costs.

# %%
draws = torch.randn(2000, 2, generator=Generator().manual_seed(2))  # [2000, 2]
draws = draws[draws.norm(dim=1) < 2.45]  # inside the circle that holds 95 % of the prior
place = ((draws + plots.HALF_WIDTH) / (axis[1] - axis[0])).round().long()  # the cell of each
draws = draws[log_ratio[place[:, 1], place[:, 0]].argsort()]  # the emptiest places first


def apart(draws, count=10):
    """The first of the draws, leaving out those within 0.5 of one that has been taken."""
    taken = draws[:1]
    for z in draws:
        if len(taken) < count and (taken - z).norm(dim=1).min() > 0.5:
            taken = torch.cat([taken, z[None]])
    return taken  # [count, 2]


# %%
emptiest, fullest = apart(draws), apart(draws.flip(0))  # [10, 2] twice
figure = plots.empty_places(log_ratio, emptiest, "The prior draws in lanes where hardly a digit has its code")
show(
    figure,
    "A map of the plane: how many more or fewer codes there are than the prior draws. Fields with more lie in "
    "patches around the middle. Fields with fewer are hatched far out, and run inwards as lanes, some within the "
    "circle that holds 95 percent of the prior. Ten numbered draws lie in such lanes.",
)

# %%
rows = {"emptiest": decode(plane, emptiest), "fullest": decode(plane, fullest)}
figure = digit_rows(rows, "Ten draws of the prior from the emptiest places, ten from the fullest")
show(
    figure,
    "Two rows of ten decoded pictures. Those from the emptiest places are blurred mixtures of two digits. Those "
    "from the fullest are clear digits.",
)

# %% [markdown]
# The first row has the numbers of the picture above.
# In most lanes the decoder draws what lies on both sides, one over the other: nobody has ever corrected it there.
# Some come out well all the same, such as no. 2 and no. 10, so a lane is a risk and not a verdict.
#
# This is the answer to "good reconstructions, bad samples":
# compare the codes of data with the draws of the prior before you change anything else.

# %% [markdown]
# ## The whole map
#
# Two dimensions can be shown whole: decode a grid of codes, and put the pictures where the codes are.
# This has a name, the **manifold** of the model: the surface of all images it can make.
#
# Many such pictures take codes from −1 to 1, or to 1.5, in even steps.
#
# > **Predict first.**
# > What share of the prior's draws falls into the box of ±1?
# > It holds the whole middle of the plane.

# %%
box = torch.linspace(-1, 1, 8)  # [8]
grid = torch.cartesian_prod(box.flip(0), box).flip(1)  # [64, 2]
figure = digit_grid(decode(plane, grid), 8, "A box of ±1. Which classes do you miss?")
show(
    figure,
    "A grid of 8 times 8 decoded pictures from a box of ±1 around the middle of the plane. The upper rows hold "
    "mostly 6s and 3s, the middle ones 2s, 8s and 5s, and the lower ones 4s and 9s, with a few 1s at the right "
    "edge.",
)

# %% tags=["nbval-check-output"]
for width in (1.0, 1.5, 2.0, 3.0):
    inside = 2 * Normal(0.0, 1.0).cdf(torch.tensor(width)) - 1  # of one dimension
    print(f"box of ±{width}: {inside:6.1%} of one dimension, {inside**2:6.1%} of two, {inside**20:9.4%} of twenty")

# %% [markdown]
# Less than half.
# To say 68 % was reasonable: that is the rule for *one* dimension, and both must be inside.
#
# So more than half of the map is missing, and you can name what is gone.

# %%
with torch.no_grad():
    mu, _ = plane.encoder(everything)
labels = torch.cat([digits.train_labels, digits.test_labels])
inside = (mu.abs() < 1).all(1)  # [5000]
shares = {digit: inside[labels == digit].float().mean().item() for digit in range(10)}
print("class           " + "".join(f"{digit:6}" for digit in shares))
print("inside the box  " + "".join(f"{share:6.0%}" for share in shares.values()))
assert min(shares.values()) < 0.1 < 0.5 < max(shares.values()), "the box should treat the classes very differently"

# %% [markdown]
# A box in even steps fails in two ways.
# Whatever its size, it cuts something off; and a box that is large enough shows its empty corners
# as large as its crowded middle.

# %% [markdown]
# ## Exercise: even in mass
#
# Give each picture the same share of the prior.
# Cut each axis into `steps` cells, so that each cell gets as many draws as any other.
# Then take the *middle* of each: the place that has half of the cell's mass below it, and half above.
#
# The place that has a share $s$ of the mass below it is the **quantile** of $s$.
# It is the inverse of the cumulative distribution, and `Normal(0.0, 1.0).icdf(s)` computes it.
#
# > **Predict first.**
# > With two cells, where are the two middles?
# > (Of the draws above zero, half lie below the right one.)
#
# Write `quantile_grid(steps)`.
# Return the codes as `[steps², 2]`, in the order in which a picture is drawn:
# row by row from the top, where $z[1]$ is highest; along a row, $z[0]$ rises.


# %%
def quantile_grid(steps):
    """Codes on a grid, each in the middle of an equal share of the prior's mass: [steps², 2]."""
    ...


# %%
check_quantile_grid(quantile_grid)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# First the shares, then the codes.
# With four cells, the cells end at the shares 0, ¼, ½, ¾ and 1.
# What are the shares of their four middles?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Cell number $i$, counted from 0, has its middle at $(i + ½) / \text{steps}$.
# `icdf` makes an axis of these, the same for $z[0]$ and $z[1]$.
# </details>
#
# <details><summary>Hint 3: the grid</summary>
#
# `torch.meshgrid(axis.flip(0), axis, indexing="ij")` gives two tables, `[steps, steps]` each.
# In the first the value changes from row to row, and it falls; in the second it changes along the row.
# Which of the two is $z[0]$?
# Then `flatten` and `stack`.
# </details>

# %%
from vae_course.latent_space import quantile_grid

show_me(quantile_grid)

# %% tags=["nbval-check-output"]
for steps in (2, 4):
    print(f"{steps} steps: z[0] is " + ", ".join(f"{z:.2f}" for z in quantile_grid(steps)[:steps, 0].tolist()))

# %%
figure = plots.framed(
    decode(plane, quantile_grid(12)), 12, 1.0, "The manifold: every picture has the same share of the prior"
)
show(
    figure,
    "A grid of 12 times 12 decoded pictures. A frame around the inner part marks the box of ±1. Outside it lie 0s "
    "along the top, 1s along the right edge and 7s along the bottom, which the box hardly holds.",
)

# %% [markdown]
# There are the classes that were missing.
# Everything outside the frame is what the box left out.
#
# Read it as the model's inventions, sorted: the share of the map that a class takes is how often it is invented.
# And the lanes are on it, as the places where one digit turns into another through something that is neither.

# %% [markdown]
# ## Your own digit on the map
#
# What happens to an image that is no digit at all?
# Here are a 3, an 8 that lacks a piece, a house, and the letters H and K.


# %%
def drawn(*rows):
    """A picture from rows of text: 3 × 3 pixels a character, in the middle of 28 × 28."""
    ink = torch.tensor([[c == "#" for c in row] for row in rows]).float()
    ink = ink.repeat_interleave(3, 0).repeat_interleave(3, 1)  # [height, width]
    top, left = 14 - len(ink) // 2, 14 - len(ink[0]) // 2
    return pad(ink, (left, 28 - left - len(ink[0]), top, 28 - top - len(ink)))[None, None]  # [1, 1, 28, 28]


cut = test_x[digits.test_labels == 8][1:2].clone()
cut[..., 15:19, :] = 0
strange = {
    "the 3": test_x[digits.test_labels == 3][4:5],
    "the cut 8": cut,
    "the house": drawn("..#..", ".#.#.", "#...#", "#...#", "#...#", "#####"),
    "the H": drawn("#...#", "#...#", "#####", "#...#", "#...#", "#...#"),
    "the K": drawn("#..#.", "#.#..", "##...", "#.#..", "#..#.", "#...#"),
}

# %%
images = torch.cat(list(strange.values()))  # [5, 1, 28, 28]


@torch.no_grad()
def price(x):
    """−ELBO in nats, a mean over 16 draws of z."""
    return torch.stack([plane.elbo(x, Generator().manual_seed(i)).negative_elbo for i in range(16)]).mean(0)


usual = price(test_x)  # [1000]
with torch.no_grad():
    mu, _ = plane.encoder(images)  # [5, 2]
for name, (a, b), nats in zip(strange, mu, price(images), strict=True):
    share = (usual < nats).float().mean()
    print(f"{name:10} at ({a:4.1f}, {b:3.1f})   −ELBO {nats:4.0f} nats per image, above {share:4.0%} of the digits")

# %%
figure = digit_rows(
    {"given": images, "given back": plane.reconstruct(images)}, "Whatever is given, something like a digit comes back"
)
show(
    figure,
    "Two rows of five pictures. Given are a strange 3, a face, a house, an H and a K. Given back are blurred "
    "shapes like a 3, an 8, a 0, a 6 and a 2.",
)

# %% [markdown]
# Every image gets a code, and every code is on the map.
# So the house comes back as a 0, and its code lies among those of the 0s.
# A code does not tell you that something was odd.
#
# The price may: the letters cost as much as the oddest of the digits.
# The house doesn't, since a thin 0 with corners is not so bad a 0.
# (Lesson 13 asks how far one can trust such a price.)
#
# Now draw, with the mouse or a finger.
# You see the digit cut and centred as MNIST's were, its pixels drawn once, and what comes back;
# then the nearest training digits, and where its cloud lies.
# Guess first.
#
# - Can you draw a 4 that comes back as a 9? Which stroke decides?
# - Draw a digit that lands in a lane.
# - Draw a digit in your own hand that is more surprising than 99 of 100, and one that is not.
#
# (The test digits it is compared with have been seen by this network in training.
# Your digit has not, so it starts with a small handicap.)
#
# And if you want to see a lane from inside, go back to the pad in lesson 04: it has the same network.

# %%
from vae_course.lessons.latent_space import DrawDigit

DrawDigit(plane, digits)

# %% [markdown]
# ## Twenty dimensions: who is at work?
#
# (A good place to rest: what follows needs nothing of the plane.)
#
# Twenty dimensions have no map.
# Begin by asking each whether it does anything.
#
# Lesson 07 called a dimension *active* if its $\mu$ moves from digit to digit, with a variance above 0.01.
# Here is lesson 07's network for every $\beta$, and each dimension's activity.
#
# > **Predict first.**
# > At $\beta = 1$ all 20 are active.
# > At $\beta = 20$, will all be a little less active, or some of them not at all?

# %%
every = load_pretrained("every-beta")
activity = {beta: unit_activity(every.at(beta), digits.test_images) for beta in (1.0, 4.0, 7.0, 10.0, 20.0)}
for beta, a in activity.items():
    print(f"β = {beta:4g}: {(a > ACTIVE).sum():2} of 20 active")
assert (activity[1.0] > ACTIVE).sum() >= 18 > 8 >= (activity[20.0] > ACTIVE).sum(), "a high β should put them to sleep"

# %%
figure = plots.activities(activity, "The higher β, the more dimensions fall asleep")
show(
    figure,
    "Five curves of activity against the latent dimensions, the most active first, on a logarithmic scale. At β = "
    "1 all 20 stay near 1. The higher β, the earlier the curve falls below the dashed line at 0.01: at β = 20 "
    "after five dimensions.",
)

# %% [markdown]
# Both, in this order: up to 4 each says a little less, and then they drop out.
# A nat through a dimension saves some nats of reconstruction.
# Where $\beta$ charges more than even the first of them saves, to say nothing is the better bargain.
#
# ## Walking along a dimension
#
# A **traversal** starts at the code of a digit and moves one dimension, all others held.
# How far?
# Where the prior goes: from its quantile of 2 % to that of 98 %.
# Put the dimensions in order of activity.
# Else you may spend your time with a sleeping one.
#
# > **Predict first.**
# > At $\beta = 10$, what will the row of the least active dimension look like?

# %%
model = every.at(10.0)
order = activity[10.0].argsort(descending=True)
with torch.no_grad():
    start, _ = model.encoder(test_x[digits.test_labels == 3][4:5])  # [1, 20]
walk = Normal(0.0, 1.0).icdf(torch.linspace(0.02, 0.98, 11))  # [11]

rows = {}
for rank in (0, 1, 2, 3, 4, 19):
    z = start.repeat(11, 1)  # [11, 20]
    z[:, order[rank]] = walk
    rows[f"no. {rank + 1}: {activity[10.0][order[rank]]:.2f}"] = decode(model, z)
assert decode(model, z).diff(dim=0).abs().max() < 0.05, "a sleeping dimension should change no pixel by much"
figure = digit_rows(rows, "Each row walks one dimension, the most active first (β = 10)")
show(
    figure,
    "Six rows of eleven pictures, each a walk along one dimension from the same 3. Along the most active "
    "dimension the picture goes from a 1 through 3s to a 0. The changes get smaller from row to row, and in the "
    "last row all pictures are equal.",
)

# %% [markdown]
# Before each row stands its dimension's activity.
# The last row stands still: set this dimension to whatever you like, nobody listens.
#
# Look for meanings in the others.
# At this price most of a walk leads from one class to another; there is little handwriting left to walk through.
# Nothing in the loss asks that a dimension means one thing.
# (Turn all codes and the prior together, and the prior looks the same; so a model could as well have learnt mixtures.
# Locatello et al. 2019 make the point with a proof.)

# %% [markdown]
# ## When the code says nothing
#
# At a high $\beta$ dimensions sleep because they are told to.
# There is a way to put them all to sleep at $\beta = 1$: give the decoder another source.
#
# Let it see, for each pixel, those above and to its left that have already been drawn.
# That is still an honest $p(x|z)$: $\prod_i p(x_i \,|\, x_{\text{before } i}, z)$, pixel after pixel.
# A convolution does it whose kernel is zero at the pixel itself and behind it (van den Oord et al. 2016, PixelCNN).


# %%
class SeeingVAE(VAE):
    """A VAE whose decoder also sees a few pixels before the one that it is asked about."""

    kl = staticmethod(kl_divergence)  # by a name of its own, since one of the remedies replaces it

    def __init__(self):
        super().__init__()
        before = torch.ones(5, 7)  # four rows above, and the pixel's own row
        before[-1, 3:] = 0  # not the pixel itself, nor what comes after it
        self.register_buffer("before", before)
        self.look = nn.Conv2d(1, 16, (5, 7))
        self.mix = nn.Sequential(nn.ReLU(), nn.Conv2d(16, 16, 1), nn.ReLU(), nn.Conv2d(16, 1, 1))

    def elbo(self, x, generator=None):
        mu, logvar = self.encoder(x)
        z = reparameterize(mu, logvar, generator)
        return ElboTerms(-log_likelihood(self.decoder(z) + self.seen(x), x), self.kl(mu, logvar))

    def seen(self, x):
        return self.mix(conv2d(pad(x, (3, 3, 4, 0)), self.look.weight * self.before, self.look.bias))  # logits


# %% [markdown]
# Make sure that no pixel is told its own value:
# change one, and no logit may change there or before it.

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
model = SeeingVAE()
x = torch.zeros(1, 1, 28, 28)
changed = x.clone()
changed[0, 0, 14, 14] = 1.0
with torch.no_grad():
    difference = (model.seen(x) != model.seen(changed)).flatten().nonzero()[:, 0]
print(f"pixel {14 * 28 + 14} changed; the first logit that changed with it: {difference.min().item()}")

# %% [markdown]
# > **Predict first.**
# > Train it at $\beta = 1$, beside an ordinary VAE.
# > Which of them has the better $-\mathrm{ELBO}$?
# > And how many nats does each spend on its code?


# %%
def train(model, beta=1.0, epochs=4):
    config = TrainConfig(epochs=epochs, learning_rate=5e-3, beta=beta)
    history = [p.train.kl.item() for p in fit(model, digits.train_images, config)]
    return evaluate(model, digits.test_images, "static"), history


results, histories = {}, {}  # name -> terms, name -> the KL of every step
torch.manual_seed(0)
results["ordinary"], histories["ordinary"] = train(VAE())
torch.manual_seed(0)
results["seeing"], histories["seeing"] = train(SeeingVAE())
for name, terms in results.items():
    print(f"{name:10} −ELBO {terms.negative_elbo:6.1f}: reconstruction {terms.reconstruction:6.1f}, KL {terms.kl:5.1f}")
assert results["seeing"].kl < 5 < results["ordinary"].kl, "the seeing decoder should hardly use z"
assert results["seeing"].negative_elbo < results["ordinary"].negative_elbo, "and it should still be the better model"

# %% [markdown]
# The seeing one is far better, and its code is nearly empty: this is **posterior collapse**.
# $q(z|x)$ has nearly fallen back to the prior, and whatever you wanted the code for is gone.
#
# To expect the better model to have the better code was reasonable.
# But $-\mathrm{ELBO}$ never asked for a code.
# What the decoder can find out by itself costs nothing, and what it is told through $z$ costs its rate
# (Bowman et al. 2016 met this with sentences; Chen et al. 2017 explain it by this bill).
#
# ## Two remedies
#
# **Annealing**: begin at $\beta = 0$ and raise it, so that the code is in use before it is charged for.
# It needs no new line: `TrainConfig(beta=((0.0, 0.0), (2.0, 1.0)))` rises to 1 over two epochs.
#
# **Free bits** (Kingma et al. 2016): the first $\lambda$ nats of each dimension are free.
#
# $$\sum_d \max\big(\lambda,\; \text{mean over the batch of } \mathrm{KL}_d\big)$$
#
# In words: to say less than $\lambda$ saves nothing, so there is no reason to.
# It is in force only in training: a test is always charged in full.


# %%
class FreeBitsVAE(SeeingVAE):
    """The same, with 0.25 nats of each dimension free in training."""

    def kl(self, mu, logvar):
        if not self.training:
            return super().kl(mu, logvar)
        by_dimension = 0.5 * (mu**2 + logvar.exp() - 1 - logvar)  # [B, 20]
        return by_dimension.mean(0).clamp(min=0.25).sum().expand(len(mu))  # [B]


# %% [markdown]
# > **Predict first.**
# > With $\lambda = 0.25$ nats and 20 dimensions, what will the KL be at the end?
# > And which of the remedies improves $-\mathrm{ELBO}$?

# %%
torch.manual_seed(0)
results["annealed"], histories["annealed"] = train(SeeingVAE(), beta=((0.0, 0.0), (2.0, 1.0)))
torch.manual_seed(0)
results["free bits"], histories["free bits"] = train(FreeBitsVAE())
for name, terms in results.items():
    print(f"{name:10} −ELBO {terms.negative_elbo:6.1f}: reconstruction {terms.reconstruction:6.1f}, KL {terms.kl:5.1f}")
assert results["free bits"].kl > results["seeing"].kl + 1, "free bits should keep the code in use"

# %%
figure = plots.kl_histories(histories, "Annealing opens the code and the price closes it; free bits hold it")
show(
    figure,
    "Four curves of the KL against the step. The ordinary network's rises to about 15 nats. That with free bits "
    "stays at 5. That with annealing goes up to 5 and falls back to 2, and the seeing one stays below 2.",
)

# %% [markdown]
# (The first 16 steps are left out, in which the KL of a fresh network jumps.)
#
# Free bits do what they promise, $20 \cdot 0.25 = 5$ nats.
# Annealing fills the code while it is cheap, and as the price rises to 1 the model hands most of it back.
# It can only lead training to another end if there are two ends to choose from; here there is hardly more than one.
#
# And $-\mathrm{ELBO}$ is the same for all three, within a nat.
# So neither made the better model.
# They decide *where* the information sits, and if you want a code to use, that is worth deciding.
# If you want only a density, a collapsed VAE is a good one: it has found out that it needs no $z$.

# %% [markdown]
# ## From one digit to another
#
# Back to lesson 07's network.
# Take the codes $a$ and $b$ of two digits at $\beta = 1$, and walk from the one to the other.
# The straight line is $(1 - t)\,a + t\,b$.
#
# > **Predict first.**
# > In 20 dimensions codes have a length of about 4.2, and draws of the prior one of 4.4, nearly all between 3 and 6.
# > How long is the code in the middle of a straight walk between two codes?


# %%
def line(a, b, t):
    return (1 - t) * a + t * b  # [B, D]


def arc(a, b, t):
    """The great circle between the directions of a and b, with a length that goes evenly from one to the other."""
    length_a, length_b = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    a, b = a / length_a, b / length_b
    angle = torch.acos((a * b).sum(1, keepdim=True))  # [B, 1]
    direction = (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)
    return direction * ((1 - t) * length_a + t * length_b)  # [B, D]


# %%
sharp = every.at(1.0)
with torch.no_grad():
    mu, _ = sharp.encoder(test_x)  # [1000, 20]
a, b = mu[:500], mu[500:]  # 500 pairs


def greyness(images):
    """The entropy of the pixels, each a coin, in nats per image: 0 if all are black or white."""
    return torch.distributions.Bernoulli(images).entropy().flatten(1).sum(1).mean()


print("              length of z   greyness (nats per image)")
middles = {"ends": a, "middle, line": line(a, b, 0.5), "middle, arc": arc(a, b, 0.5)}
for name, z in middles.items():
    print(f"{name:14}{z.norm(dim=1).mean():11.1f}{greyness(decode(sharp, z)):14.0f}")
angles = torch.acos(torch.cosine_similarity(a, b)).rad2deg()  # [500]
print(f"the angle between two codes: {angles.mean():.0f}° ± {angles.std():.0f}°")

# %%
rows, t, label = {}, torch.linspace(0, 1, 11), digits.test_labels.tolist()
for pair in (3, 7):
    for name, way in (("line", line), ("arc", arc)):
        rows[f"{name}, {label[pair]} to {label[pair + 500]}"] = torch.cat(
            [decode(sharp, way(a[[pair]], b[[pair]], s)) for s in t]
        )
figure = digit_rows(rows, "Halfway the line is grey; the arc is sharper")
show(
    figure,
    "Four rows of eleven pictures between two digits: along a line and along an arc, from 9 to 3 and from 1 to 7. "
    "Between the ends, the pictures on the line are greyer, and those on the arc have sharper strokes.",
)

# %% [markdown]
# Two codes in 20 dimensions are nearly at right angles.
# So the middle of the line is shorter by $\sqrt 2$: 3 in place of 4.2.
# The prior hardly ever draws so short a code, and the decoder answers it with more grey.
# The arc (White 2016 proposed it for this reason) keeps the length, and its pictures are nearly as sharp as the ends.
#
# But are they digits?
# The middle of the last row is sharp and nearly empty.
# The next section has a judge who can be asked, and lesson 11 has another.

# %% [markdown]
# ## Empty places in twenty dimensions
#
# Look at 20 dimensions as you did at two: first at means and spreads.

# %%
with torch.no_grad():
    mu, logvar = sharp.encoder(test_x)
codes = reparameterize(mu, logvar, dice)  # [1000, 20]
print(f"largest |mean| of a dimension: {codes.mean(0).abs().max():.2f}")
print(f"standard deviations: {codes.std(0).min():.2f} to {codes.std(0).max():.2f}")
print(f"length: {codes.norm(dim=1).mean():.2f} ± {codes.norm(dim=1).std():.2f}", end="   ")
prior = torch.randn(1000, 20, generator=dice)
print(f"the prior's: {prior.norm(dim=1).mean():.2f} ± {prior.norm(dim=1).std():.2f}")

# %% [markdown]
# Dimension by dimension, and by their lengths, codes are draws of the prior.
#
# > **Predict first.**
# > Train a small network to tell them apart: is this $z$ a code, or a draw of the prior?
# > A coin is right half of the time.
# > How often is the network, at $\beta = 1$? And at 20?


# %%
def judge(model, steps=400):
    """A network of z, above 0 where it takes z for a code: an estimate of log q(z)/p(z)."""
    torch.manual_seed(0)
    width, dice = 128, Generator().manual_seed(1)
    net = nn.Sequential(nn.Linear(20, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    with torch.no_grad():
        mu, logvar = model.encoder(train_x)  # [4000, 20] twice
    for _ in range(steps):
        some = torch.randint(4000, (300,), generator=dice)
        z, draws = reparameterize(mu[some], logvar[some], dice), torch.randn(300, 20, generator=dice)
        loss = softplus(-net(z)).mean() + softplus(net(draws)).mean()  # the cross-entropy of both answers
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.requires_grad_(False)


# %% [markdown]
# It learns from codes of the 4,000 digits, and is tested with codes of the other 1,000.


# %%
def told_apart(model, net):
    with torch.no_grad():
        codes = reparameterize(*model.encoder(test_x), Generator().manual_seed(2))  # [1000, 20]
    draws = torch.randn(1000, 20, generator=Generator().manual_seed(3))
    return ((net(codes) > 0).float().mean().item() + (net(draws) < 0).float().mean().item()) / 2


judges = {beta: judge(every.at(beta)) for beta in (0.1, 1.0, 3.0, 10.0, 20.0)}
shares = {beta: told_apart(every.at(beta), net) for beta, net in judges.items()}
for beta, share in shares.items():
    print(f"β = {beta:4g}: told apart {share:.0%} of the time")
assert shares[1.0] > 0.7 > 0.6 > shares[20.0], "at β = 1 they should be told apart, at 20 hardly"

# %% [markdown]
# At $\beta = 1$ four times in five: codes and prior agree in every dimension, and not in how the dimensions belong
# together.
# The answer "about half" was reasonable, since all that you had been shown agrees.
# A better judge could only find more, so each number is, but for a per cent or so of dice, a lower bound on what there
# is to find.
#
# At $\beta = 20$ it is nearly a coin, and this is why high-$\beta$ inventions are whole, as you saw in lesson 07.
# It is no remedy: the codes look like the prior because they hardly say anything.
#
# Does it matter for pictures?
# Draw 2,000 codes from the prior, let the judge sort them, and decode both ends of the list.

# %%
draws = torch.randn(2000, 20, generator=Generator().manual_seed(4))  # [2000, 20]
score = judges[1.0](draws)[:, 0]  # [2000], log q(z)/p(z) as the judge has it
by_score = draws[score.argsort()]
rows = {
    "least code-like": decode(sharp, by_score[:12]),
    "unsorted": decode(sharp, draws[:12]),
    "most code-like": decode(sharp, by_score[-12:]),
}
figure = digit_rows(rows, "Sorted by a judge that has never seen an image")
show(
    figure,
    "Three rows of twelve decoded draws of the prior. Those that the judge finds least like codes are fragments. "
    "The unsorted ones are mixed. Those it finds most like codes can nearly all be read as digits.",
)

# %% [markdown]
# Nothing was trained to draw better.
# The same decoder was asked in better places.
# (To keep draws in proportion to such a ratio is a remedy with a name: Bauer & Mnih 2019, resampled priors.
# Others learn the prior: Tomczak & Welling 2018 from pseudo-data, Dai & Wipf 2019 with a second VAE,
# and latent diffusion with a diffusion model.)
#
# And the walks? Ask the judge about their middles.

# %%
print("mean score, in nats: above 0 is more like a code, below 0 more like a draw of the prior")
for name, z in middles.items():
    print(f"{name:14}{judges[1.0](z).mean():7.1f}")
print(f"{'prior':14}{judges[1.0](prior).mean():7.1f}")
assert judges[1.0](middles["ends"]).mean() > judges[1.0](middles["middle, arc"]).mean() + 1, "middles are no codes"

# %% [markdown]
# Both middles lie between codes and prior, and the arc's hardly nearer to the codes.
# The line passes through a place that is too short, the arc through one that has the right length and is as empty.

# %% [markdown]
# ## Key points
#
# - The decoder practises on $q(z)$, all clouds together, and invents from $p(z)$.
#   Bad inventions come from where they differ.
# - The mean KL is what codes say about digits, plus $\mathrm{KL}(q(z)\,\|\,p(z))$.
# - Draw the manifold on quantiles. A box of ±1 shows 46.6 % of two dimensions.
# - Order dimensions by activity before you walk along them. A sleeping one changes nothing.
# - A decoder that can do without $z$ will.
#   Annealing and free bits move information, and need not improve $-\mathrm{ELBO}$.
# - A straight walk gets short in the middle and grey; an arc stays sharp, and still falls short of a digit.
# - Means and spreads can agree while the joint distribution does not. A small judge finds out.
#
# | shipped networks, embedded digits | |
# | --- | --- |
# | two dimensions: mean KL | 7.1 nats per image |
# | two dimensions: $\mathrm{KL}(q(z)\,\Vert\,p(z))$, clouds widened by 0.12 | 0.2 nats |
# | share of the class inside the box of ±1: 0, 1, 2, 7 | 2 %, 3 %, 97 %, 11 % |
# | active dimensions of 20 at β = 1, 4, 7, 10, 20 | 20, 20, 19, 8, 5 |
# | codes told from prior draws at β = 0.1, 1, 3, 10, 20 | 85 %, 82 %, 73 %, 56 %, 53 % |
# | greyness at the ends, middle of line, middle of arc | 69, 101, 74 nats per image |
#
# These networks have seen the embedded digits in training. Pixels are drawn once.
#
# | 4 epochs on the embedded 4,000 digits | $-\mathrm{ELBO}$ | KL |
# | --- | --- | --- |
# | ordinary VAE | 147 | 15 |
# | seeing decoder | 101 | 1.5 |
# | seeing decoder, annealed over 2 epochs | 101 | 1.9 |
# | seeing decoder, free bits of 0.25 nats | 101 | 4.7 |
#
# Nats per image on the embedded 1,000 test digits, drawn once; 20 latent dimensions, batch 128, learning rate 0.005.
# One seed; yours may differ by a nat or two.
#
# **What comes next.**
# You now know where the inventions go wrong, and you have seen a few dozen of them.
# Whether one model invents better than another, a few dozen can't tell you.
# Lesson 11 looks for a number, and for what that number misses.
