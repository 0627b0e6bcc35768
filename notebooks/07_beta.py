# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 07 · β: the price of a nat
#
# *75 minutes. Needs lessons 01 to 06.*
#
# You will be able to:
#
# - say why two losses with different $\beta$ can't be compared, and what can;
# - read a model's rate and distortion, and say what $\beta$ has to do with the slope between them;
# - build one network that answers for every $\beta$, and test it without training another;
# - find the $\beta$ of a loss that someone else has published.

# %%
import math
from itertools import pairwise

from vae_course.beta import rate_distortion, regrets, wide_regrets
from vae_course.checkpoints import load_pretrained, pretrained_card
from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_rows, show
from vae_course.lessons.beta import check_effective_betas, plots
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

import numpy as np
import torch
from torch import Generator, nn

digits = load_digits()

# %% [markdown]
# ## Three losses, and no winner
#
# Three colleagues train the same network on the same digits.
# Each reports the loss on the test digits: 120, 87 and 154 nats per image.
# All three summed over pixels and over latents, drew $z$, and averaged over the images, as you would.
# Whose model is best?
#
# Nobody can tell.
# Each weighed the KL with another $\beta$, one of 0.1, 1 and 3, and none of them says which:
#
# $$\text{loss} = \text{reconstruction} + \beta \cdot \text{KL}$$
#
# In words: $\beta$ is a price, the nats of reconstruction that you are ready to pay for one nat of KL.
# In lesson 05 a wrong mean set this price by accident; here you set it on purpose.
#
# > **Predict first.**
# > You train five networks, the same in everything but $\beta$: 0.1, 0.3, 1, 3 and 10.
# > Which of them ends with the lowest loss?
# > And which with the lowest $-\mathrm{ELBO}$, reconstruction + KL?

# %%
BETAS = (0.1, 0.3, 1.0, 3.0, 10.0)
short = dict(epochs=10, batch_size=64, learning_rate=2e-3, decay=True)  # `decay`: the steps shrink towards the end

separate = {}
for beta in BETAS:
    torch.manual_seed(0)
    model = VAE()
    for _ in fit(model, digits.train_images, TrainConfig(beta=beta, **short)):
        pass
    separate[beta] = evaluate(model, digits.test_images, "static")

# %%
print("   β   reconstruction     KL     its loss    −ELBO   (nats per image)")
for beta, terms in separate.items():
    print(
        f"{beta:4}{terms.reconstruction:15.1f}{terms.kl:10.1f}{terms.weighted(beta):12.1f}{terms.negative_elbo:10.1f}"
    )

losses = [terms.weighted(beta) for beta, terms in separate.items()]
assert losses == sorted(losses), "the loss should rise with β"
assert min(separate, key=lambda beta: separate[beta].negative_elbo) == 1, "−ELBO should be lowest at β = 1"

# %%
figure = plots.two_sums(separate, "The loss rises with β, come what may; −ELBO has a lowest point")
show(
    figure,
    "Two curves against β, from 0.1 to 10. What training minimised rises all the way. −ELBO falls until β = 1 and "
    "then rises.",
)

# %% [markdown]
# The loss rises from the first to the last.
# It would do so for any network and any data.
# A KL is never negative, so every model costs more at a higher price, and so does the cheapest.
# A number that rises whatever you do tells you nothing.
#
# If you guessed that the lowest loss marks the best model: among losses of *one* $\beta$ it does.

# %% [markdown]
# ## One price for all
#
# Nothing stops you from asking what each model would cost at someone else's price.
# You have its two terms.
#
# > **Predict first.**
# > A table: one row a model, one column a price.
# > In each column, which model is the cheapest?

# %%
print("trained with      cost at price " + "".join(f"{price:9g}" for price in BETAS))
for beta, terms in separate.items():
    row = ""
    for price in BETAS:
        cheapest = min(separate.values(), key=lambda other: other.weighted(price))
        cost = f"{terms.weighted(price):.1f}"
        row += f"{f'[{cost}]' if terms is cheapest else cost + ' ':>9}"
    print(f"β = {beta:<4}                      {row}")

for price in BETAS:
    assert min(separate, key=lambda beta: separate[beta].weighted(price)) == price, "each price has its own model"

# %% [markdown]
# Each column has its lowest number, in brackets, at the model that was trained for this price.
# Training did what it was asked.
#
# Read **down a column** and you compare models.
# The brackets are the five losses of the first table, and to read along them is to compare prices in five currencies.
#
# One column is not a matter of taste.
# At price 1 the sum is $-\mathrm{ELBO}$, a bound on $-\log p(x)$, and $p(x)$ knows no $\beta$.
# Below 1 the loss is no bound at all, and above 1 it is a looser one than the same model's $-\mathrm{ELBO}$.
# So models of every $\beta$ are compared at 1.

# %% [markdown]
# ## Rate and distortion
#
# Look at the two terms once more, as an engineer who has to send digits to a friend.
#
# You send $z$, and the friend decodes it.
# The KL is what it costs to say $z$: the **rate** $R$.
# The reconstruction is what the friend must still be told to have every pixel right: the **distortion** $D$.
# (These are Shannon's words; that they fit a VAE was worked out by Alemi et al. 2018, arXiv 1711.00464.)
#
# A rate of $R$ nats is enough to pick one out of about $e^R$ things.

# %% tags=["nbval-check-output"]
for what, nats in (("which of two", math.log(2)), ("which of ten classes", math.log(10)), ("a code of 5 nats", 5.0),
                   ("a code of 25 nats", 25.0)):  # fmt: skip
    print(f"{what:22}{nats:6.2f} nats   one out of {math.exp(nats):,.0f}")

# %% [markdown]
# So the name of the class costs no more than 2.3 nats.
# Your networks at $\beta \le 1$ spend about ten times that, or far more.
# Slant, stroke and loops are most of what there is to say.
#
# Now draw the five models in the plane of rate and distortion.
# All models that cost the same at one price lie on a straight line there, $D + \beta R = \text{cost}$.
# Its slope is $-\beta$, and a lower cost is a parallel line further down.
#
# > **Predict first.**
# > Slide the line of price 3 down, in parallel, until only one of the five models is left on it and none below.
# > Which one?

# %%
for price in separate:
    cheapest = min(separate, key=lambda beta: separate[beta].weighted(price))
    assert cheapest == price, f"at price {price} its own network should be on the lowest line"
titles = "At price 3, its own network\nis on the lowest line", "Each at its own price: all others\nlie above its line"
figure = plots.touching_lines(separate, 3.0, titles)
show(
    figure,
    "Five networks as dots in the plane of rate and distortion. On the left a line of price 3 through each dot, "
    "all parallel; the line through the network of β = 3 is the lowest. On the right each dot has the line of its "
    "own price, and the other dots lie above that line.",
)

# %% [markdown]
# On the left are the five costs of the column of price 3.
# The lowest line goes through the network that was trained for it, and no other lies below.
#
# On the right each has its own price and its own line, and the same holds for all five.
# Take away the dots and you would still see a curve, wrapped by its lines: the **frontier**.
# Above it you can do better; below it, this kind of network with this training does not get.
# (And no network whatever gets below $D + R = H$, the entropy of the digits: what the best possible model pays.
# Nobody knows $H$.)
# At each of its points the line touches, so the frontier itself has the slope of the line:
#
# $$-\frac{dD}{dR} = \beta$$
#
# In words: the last nat of code that the model bought saved $\beta$ nats of pixels.
# If it had saved more, training would have bought another one; if less, it would have saved the expense.
# At $\beta = 1$ a nat buys a nat, as lesson 06 said.
#
# Both ends you know.
# At a high enough price nothing is bought: $R = 0$, and $D = 205$ nats, lesson 01's average digit.
# At price 0 nothing limits the code, and a VAE is a plain autoencoder.

# %% [markdown]
# ## A training for every dot?
#
# You have five dots.
# If you want the model at $\beta = 0.5$, you train again; if you want a curve, you train fifty times.
#
# But the model at 0.5 will be much like the one at 0.3 and the one at 1.
# So train **one** network that is told $\beta$, and show it all of them
# (the idea: Bae et al. 2022, arXiv 2212.03905, the multi-rate VAE).
#
# How does one tell it?
# Let a very small network read $\log \beta$ and turn two knobs on each unit of a layer: a scale and a shift.


# %%
class Response(nn.Module):
    """What β does to a layer: a scale and a shift for each of its units."""

    def __init__(self, units):
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(1, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 2 * units)
        )
        nn.init.zeros_(self.network[-1].weight)
        nn.init.zeros_(self.network[-1].bias)

    def forward(self, h, level):
        scale, shift = self.network(level).chunk(2, -1)  # [B, 1] -> [B, units] twice
        return (1 + scale) * h + shift  # [B, units]


# %% [markdown]
# `level` is $\log \beta$, centred and scaled so that it runs from about −1.7 to 1.7.
# (SiLU is a smooth relative of ReLU.)
#
# > **Predict first.**
# > The last layer starts at zero.
# > What does a fresh `Response` do to a layer at $\beta = 0.01$, and what at $\beta = 20$?

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
response = Response(512)
h = torch.randn(4, 512, generator=Generator().manual_seed(0))  # [B, units]
for level in (-1.7, 1.7):
    print(f"at level {level:4}: the layer is unchanged: {torch.equal(response(h, torch.full((4, 1), level)), h)}")

# %% [markdown]
# Nothing, at either end.
# The network starts as an ordinary VAE, and learns to differ from $\beta$ to $\beta$ only where it pays.
#
# ## Where it enters
#
# The course has the two halves put together: `MultiRateVAE`.
# Here is its encoder, by hand; the response comes after the linear layer and before the ReLU.

# %%
from vae_course.beta import BetaRange, MultiRateVAE

torch.manual_seed(0)
one = MultiRateVAE(latent_dim=20, hidden=(512,), beta_range=(0.01, 20.0))


def encode(one, x, beta):
    level = one.level(beta)  # [B] -> [B, 1]
    h = one.encoder.features[1](x.flatten(1))  # [B, 784] -> [B, 512], the linear layer
    h = one.encoder.responses[0](h, level).relu()
    return one.encoder.mu(h), one.encoder.logvar(h)  # [B, 20] twice


# %% [markdown]
# In the decoder there is one more, at its door: $z$ itself has a response.
# Where the scale of a dimension goes to $-1$, the decoder no longer hears it, so the encoder need not pay for it.
# That is how one network can use 20 dimensions at a low $\beta$ and 5 at a high one.
# (The paper has one knob a unit, a gate between 0 and 1: a straight line of $\log \beta$, under a sigmoid
# in the encoder, and under another function in the decoder.
# A small network in its place did better at every $\beta$ when we tried; the response at the decoder's door is ours.)
#
# `one.at(beta)` is the VAE for that $\beta$, and has everything a VAE has: `encoder`, `elbo`, `sample`.
# Nothing is copied; it is the same network, told another level.

# %% tags=["nbval-check-output"]
for name, network in (("one of the five", VAE()), ("one network for all", one)):
    print(f"{name:20}{sum(p.numel() for p in network.parameters()):8,} parameters")

# %% [markdown]
# The training is lesson 06's `fit`, unchanged but for this: each image of each batch gets its own $\beta$.
# It is drawn from the whole range, on the scale of $\log \beta$, the highest twice as often as the lowest.
# (A high $\beta$ is harder to learn: its loss is nearly as low where every image is decoded alike.)
# The loss is the one you know, reconstruction + $\beta\,\cdot$ KL, with each image's own $\beta$.
#
# > **Predict first.**
# > The same ten epochs that each of the five had, now for all $\beta$ at once.
# > At which end will it fall behind them most, if at all?

# %%
for _ in fit(one, digits.train_images, TrainConfig(beta=BetaRange(0.01, 20.0), **short)):
    pass

# %% [markdown]
# Is your encoder by hand the course's, now that the responses do something?
# $\beta$ may differ from image to image in a batch, so ask with four prices at once.

# %%
x = binarize(grey(digits.test_images[:4]), Generator().manual_seed(0))  # [4, 1, 28, 28]
beta = torch.tensor([0.1, 1.0, 3.0, 10.0])  # one an image
for ours, theirs in zip(encode(one, x, beta), one.at(beta).encoder(x), strict=True):
    assert torch.equal(ours, theirs), "the encoder by hand should be the course's encoder"

# %%
at_the_five = rate_distortion(one, digits.test_images, BETAS)
print("reconstruction + β·KL" + "".join(f"  β = {beta:<5g}" for beta in BETAS) + "(nats per image)")
for name, measured in (("one network for all", at_the_five), ("five networks", separate)):
    print(f"{name:21}" + "".join(f"{terms.weighted(beta):9.1f}  " for beta, terms in measured.items()))
for beta in BETAS:
    assert at_the_five[beta].weighted(beta) < separate[beta].weighted(beta) + 20, "it should come near each of them"

# %%
curve = rate_distortion(one, digits.test_images, np.geomspace(0.01, 20, 25).tolist())
figure = plots.curve_and_dots(curve, separate, "One short training draws a whole curve; it lags where β is low")
show(
    figure,
    "A falling curve in the plane of rate and distortion, drawn by one network, and five dots of networks with "
    "one β each. The dots of β = 10, 3 and 1 lie on the curve or close to it. Those of β = 0.3 and 0.1 lie below "
    "it.",
)

# %% [markdown]
# This was short: 630 steps, shared by all prices.
# At the low end it is clearly behind: by 13 nats at 0.1 (with three other seeds by 7, 7 and 11).
# To expect it to be behind everywhere was reasonable: it had ten epochs for all of them together.
# But at 1 and at 10 it is nearly even, and at 3 it is ahead, as what it learns at one price serves at the next.
# (Its layers are wider, too.)
# And you have a model for every $\beta$ from 0.01 to 20, out of one training.
#
# ## The one with more time
#
# The course ships the same network, trained for longer on the 60,000 digits of the full MNIST.
# It has seen the embedded digits, since all of them come from MNIST's training set.
# So its costs below are measured on MNIST's own 10,000 test digits, and stand on its card.

# %%
shipped = load_pretrained("every-beta")
card = pretrained_card("every-beta")
frontier = {p["beta"]: ElboTerms(p["reconstruction"], p["kl"]) for p in card["frontier"]}

print(f"{card['config']['epochs']} epochs; at β = 1, on {card['test']['images']:,} test digits:")
print("reconstruction {reconstruction:.1f} + KL {kl:.1f} = {negative_elbo:.1f} nats per image".format(**card["test"]))
best = min(frontier, key=lambda beta: sum(frontier[beta]))
print(f"of all its β, −ELBO is lowest at β = {best:.2g}")
assert 0.5 < best < 2, "−ELBO should be lowest near β = 1"

# %% [markdown]
# ## A test that needs no other network
#
# Is it right, at each $\beta$?
# You could train fifty networks to compare with.
# Or you could use what you know of frontiers.
#
# > **Predict first.**
# > Take two neighbours on the network's own curve, and compute $-\Delta D / \Delta R$ between them.
# > What must come out?

# %%
betas = list(frontier)
slopes = []
for low, high in pairwise(betas):
    dD = frontier[high].reconstruction - frontier[low].reconstruction
    dR = frontier[high].kl - frontier[low].kl
    assert dD > 0 > dR, "a higher price buys less rate, and leaves more distortion"
    slopes.append((math.sqrt(low * high), -dD / dR))

for beta, slope in slopes:
    assert not 0.3 < beta < 5 or abs(slope / beta - 1) < 0.15, f"the slope at β = {beta:.2g} is {slope:.2g}"

# %%
figure = plots.slopes(slopes, 0.3, 5, 0.15, "The slope −dD/dR of the network's curve is the β it was asked for")
show(
    figure,
    "Dots of the slope divided by β, against β. From 0.02 upwards they lie close to 1, and between 0.3 and 5 all "
    "lie within a band of 15 percent. Below 0.02 they drop away.",
)

# %% [markdown]
# $\beta$ must come out, and over most of the range it does, within a few per cent.
# Nobody taught the network slopes: it learnt to be cheap at each price, and this is what cheap looks like.
# Only at the very low end does it spend nats of code that save less than they cost: such a price is hardly felt.
#
# It is a good habit to ask what a test can't see.
# This one shows that each $\beta$ gets the best point *of this curve*.
# It does not show that no other network's curve lies below.

# %% [markdown]
# ## What does it cost?
#
# For that you need the other networks after all.
# They have been trained for you: six ordinary VAEs, each for one $\beta$, and one network for all,
# on the full MNIST, eight epochs each, three times over with different seeds.
#
# The number to read is the *regret*: $D + \beta R$ of the one network minus that of the specialist.
# Above 0 the specialist is better.
#
# > **Predict first.**
# > One network against six specialists, with eight epochs for each of the seven.
# > How many nats does it lose, and where does it lose most?

# %%
figures = pretrained_card("regret")
measured_regrets = regrets(figures)
print("seed" + "".join(f"   β = {beta:<4g}" for beta in figures["betas"]) + " (nats per image)")
for seed, nats in measured_regrets.items():
    print(f"{seed:4}" + "".join(f"{value:+9.2f} " for value in nats))
print("   0" + "".join(f"{value:+9.2f} " for value in wide_regrets(figures)) + " specialists of its own width")
assert max(max(nats) for nats in measured_regrets.values()) < 4, "it should come near every specialist"

sizes = {run["model"]: (run["hidden"][0], run["parameters"]) for run in figures["runs"]}
for name, (width, parameters) in sizes.items():
    print(f"{name}: {width} units wide, {parameters:,} parameters")

# %%
figure = plots.frontier(figures, "The curve passes close by five of the six dots, and ends before β = 0.03")
show(
    figure,
    "A falling curve of one network in the plane of rate and distortion, and six dots of networks with one β "
    "each. Five of the dots lie on the curve or very close to it. That of β = 0.03 lies to the right of the "
    "curve's end.",
)

# %% [markdown]
# Up to $\beta = 1$ the one network is ahead of the specialists, at 3 it is even, and at 10 it is behind.
# To expect a loss everywhere was fair: who does one thing only has nothing else to attend to.
# Only the dot of 0.03 lies off the curve: that specialist spends some 20 nats more on its codes,
# and saves no pixels by it.
#
# Before you believe it, ask what the two sides were given.
# The same data, epochs and settings.
# But the one network has half as many parameters again, in wider layers and in its responses,
# and its training takes longer than that of *one* of the six.
#
# So part of the lead is width.
# The last row of the table has specialists with 512 units too, for one seed.
# They are about a nat better than the others.
# Where the rest of the lead at $\beta = 1$ comes from, we don't know.
# Eight epochs are short, and trained for longer the specialists may catch up.

# %% [markdown]
# ## A code of 5 nats, a code of 70
#
# Lesson 06 asked what a code looks like that costs 5 nats, or 70.
# Now you can order one: find the $\beta$ at which the network spends that much on average, and ask it.
# (70 is nearly the most it ever spends: even at a price of 0.01 it finds little more worth the money.)


# %%
from vae_course.latent_space import active_units


def beta_for(rate):
    """The β at which the shipped network spends this rate, between the points of its frontier."""
    rates = [terms.kl for terms in frontier.values()]
    return float(np.exp(np.interp(rate, rates[::-1], np.log(betas)[::-1])))


budgets = {rate: beta_for(rate) for rate in (70, 40, 25, 10, 5, 2)}
x = binarize(grey(digits.test_images), Generator().manual_seed(0))  # [1000, 1, 28, 28]
print(f"its dearest code: {max(terms.kl for terms in frontier.values()):.0f} nats, at β = {betas[0]:g}")
print("nats of code      β   active dimensions   typical σ")
with torch.no_grad():
    for rate, beta in budgets.items():
        _, logvar = shipped.at(beta).encoder(x)  # [1000, 20]
        active = active_units(shipped.at(beta), digits.test_images)
        print(f"{rate:12}{beta:7.2f}{active:14} of 20{torch.exp(0.5 * logvar).median():12.2f}")

# %% [markdown]
# (Active dimensions and σ are read off the embedded digits, which it has seen.)
# A latent dimension is *active* if its $\mu$ moves from digit to digit, with a variance above 0.01 (Burda et al. 2015).
# One that isn't costs nothing and says nothing; the network has shut it off.

# %%
first = torch.stack([(digits.test_labels == label).nonzero()[1, 0] for label in range(10)])  # [10]
given = binarize(grey(digits.test_images[first]), Generator().manual_seed(0))  # [10, 1, 28, 28]
rows = {f"{rate} nats": shipped.at(beta).reconstruct(given) for rate, beta in budgets.items()}
figure = digit_rows({"given": given} | rows, "With fewer nats the fine strokes go first, then the digit")
show(
    figure,
    "Seven rows of the ten digits: given, and given back with 70, 40, 25, 10, 5 and 2 nats. Down to 25 nats the "
    "digits keep their shape. At 10 and 5 they get softer and lose ends and loops. At 2 several digits look "
    "alike.",
)

# %% [markdown]
# Read a column from top to bottom, and watch what the model finds worth its money.
# The pixels' noise it never buys, at any of these prices.
# Then ends and loops of strokes go, and at last the digit itself, while 0, 1 and 7 keep their slant.
# With 2 nats it can't afford to say which of ten classes it is, which takes 2.3: several digits share a shape.
#
# > **Predict first.**
# > So a low $\beta$ gives back the sharpest digits.
# > Now let the network *invent* at six prices, from the same $z$.
# > At which does it invent the best ones?

# %%
z = torch.randn(12, 20, generator=Generator().manual_seed(5))  # [12, D]
with torch.no_grad():
    rows = {f"β = {beta:g}": torch.sigmoid(shipped.at(beta).decoder(z)) for beta in (0.02, 0.2, 1.0, 3.0, 10.0, 20.0)}
figure = digit_rows(rows, "Low β: sharp, and in pieces. High β: whole, and soft")
show(
    figure,
    "Six rows of twelve pictures decoded from the same codes, with β from 0.02 to 20. At low β the strokes are "
    "sharp and broken in pieces. At high β the shapes are whole and blurred.",
)

# %% [markdown]
# Read it from below.
# At $\beta = 20$ there are a few shapes, all soft.
# At 10 the marks are whole, and you can name most of them.
# From the row of 3 to the top the strokes get their edges, and some of the marks come apart: nobody writes those.
# Between 1 and 0.02 hardly anything changes.
# To our eyes the best are between 3 and 10; there is no number behind that.
#
# The top row was the natural guess, since its model gave back the sharpest digits.
# But there it was given codes of digits.
# Look at $\sigma$ in the table: at a low price the clouds are narrow, and between them is a lot of room that no digit
# has used.
# The prior draws there too, and lesson 10 looks into that room.

# %% [markdown]
# ## The β explorer
#
# Everything above, under one slider.
# Below it what an image costs; on the left ten digits given and given back, and thirty invented ones;
# on the right the place on the frontier, and the latent dimensions that are at work.
# (It measures on the embedded test digits, which this network has seen; the card has the others.)
#
# Guess before you drag.
#
# - Which of the ten digits are still themselves at $\beta = 10$? And at 20?
# - At which $\beta$ does the first latent dimension fall asleep, and are they all asleep at 20?
# - The sum of the two terms stands in bold.
#   Where is it lowest, and how far can you go before it costs 5 nats more?

# %%
from vae_course.lessons.beta import BetaExplorer

BetaExplorer(shipped, digits)

# %% [markdown]
# And beyond the range?
# A network does answer, for any number that you put in, but there it has learnt nothing.
# So the course's refuses.

# %% tags=["nbval-check-output"]
try:
    shipped.at(50.0)
except ValueError as error:
    print(error)

# %% [markdown]
# ## Which β is the right one?
#
# That depends on what you want to do with the model, and none of these is better than the others.
#
# - **Below 1**: sharp reconstructions, many nats of code, a prior that draws in empty places.
#   It is for squeezing images into codes that *another* model will learn.
#   Latent diffusion trains its autoencoder with a very small weight on the KL (Rombach et al. 2022).
# - **At 1**: $-\mathrm{ELBO}$.
#   It is for saying how probable data are, and for comparing models.
# - **Above 1**: few nats, few dimensions, soft images.
#   It is for short codes, in the hope that each dimension then means one thing (the β-VAE, Higgins et al. 2017).
#   How far one can rely on that is disputed (Locatello et al. 2019).
#
# Below 1 the loss is no bound on $-\log p(x)$, and above 1 it is a looser one than $-\mathrm{ELBO}$.
# Say which $\beta$ you trained with, and report both terms.

# %% [markdown]
# ## Exercise: six losses as published
#
# Now use it on others.
# Here are six losses for a VAE, in the shapes in which they go round.
# A and B were both PyTorch's own example at some time, and C that of Keras, copied everywhere.
# D is from *World Models* (Ha & Schmidhuber 2018), F from the collection PyTorch-VAE, and E is in many notebooks.
# (D leaves out a floor that *World Models* puts under each image's KL.)
#
# `x` and `x_hat` have shape `[B, P]`: the images, and the means that the decoder gives.
# `kl` has shape `[B, D]`: the nats of each latent dimension.
# `N` is the number of images in the data set.

# %%
from torch.nn.functional import binary_cross_entropy, mse_loss

P, D, B, N = 784, 20, 128, 60_000

LOSSES = {
    "A": lambda x_hat, x, kl: binary_cross_entropy(x_hat, x, reduction="sum") + kl.sum(),
    "B": lambda x_hat, x, kl: binary_cross_entropy(x_hat, x) + kl.sum() / (B * P),
    "C": lambda x_hat, x, kl: binary_cross_entropy(x_hat, x) + kl.mean(),
    "D": lambda x_hat, x, kl: (x_hat - x).square().sum(1).mean() + kl.sum(1).mean(),
    "E": lambda x_hat, x, kl: mse_loss(x_hat, x) + kl.sum(1).mean(),
    "F": lambda x_hat, x, kl: mse_loss(x_hat, x) + B / N * kl.sum(1).mean(),
}

# %% [markdown]
# Each is, up to a factor in front of the whole, reconstruction + $\beta\,\cdot$ KL,
# both in nats, summed over pixels and latents.
# A factor in front changes the steps of the optimizer, and not what is being asked for.
#
# In A, B and C the reconstruction is a Bernoulli's, as in this course.
# In D, E and F take a Gaussian's around `x_hat` with $\sigma = 1$, whose nats are
#
# $$-\log p(x|z) = \tfrac12 \sum_{\text{pixels}} (x - \hat x)^2 + \text{constant}$$
#
# > **Predict first.**
# > How many of the six have $\beta = 1$?
#
# Write `effective_betas`: the $\beta$ of each, as a formula in the four sizes.
# Return a list of six.
# If you want to have some of them checked before the others, leave `...` in the list.


# %%
def effective_betas(P, D, B, N):
    """The β of the losses A to F."""
    ...


# %%
check_effective_betas(effective_betas)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Add one nat to the KL of one latent dimension of one image.
# By how much does the loss move?
# Then add one nat to the reconstruction of one pixel, and ask again.
# $\beta$ is the first answer over the second.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `mse_loss` and `binary_cross_entropy` average over all $B \cdot P$ numbers if you don't tell them otherwise.
# `kl.mean()` averages over $B \cdot D$ numbers.
# A plain sum counts every nat once.
# </details>
#
# <details><summary>Hint 3: the squares</summary>
#
# A square is two of a Gaussian's nats, since the formula has ½ before it.
# So in D, a nat of reconstruction moves the loss by 2 (over $B$), and a nat of KL by 1 (over $B$).
# </details>

# %%
from vae_course.beta import effective_betas

show_me(effective_betas)

# %% [markdown]
# Don't take the algebra's word for it.
# As in lesson 05, ask autograd what a nat of each term adds to the loss.

# %% tags=["nbval-check-output"]
x = torch.zeros(B, P)
x_hat = torch.full((B, P), 0.25, requires_grad=True)
kl = torch.ones(B, D, requires_grad=True)
for name, formula in zip(LOSSES, effective_betas(P, D, B, N), strict=True):
    bernoulli, gaussian = -torch.log(1 - x_hat), 0.5 * (x_hat - x).square()  # nats of each pixel, as x is 0
    (nats,) = torch.autograd.grad((bernoulli if name in "ABC" else gaussian).sum(), x_hat)
    by_pixel, by_latent = torch.autograd.grad(LOSSES[name](x_hat, x, kl), (x_hat, kl))
    measured = (by_latent[0, 0] / (by_pixel / nats)[0, 0]).item()
    print(f"{name}: β = {measured:.3g}")
    assert math.isclose(measured, formula, rel_tol=1e-3), "formula and gradient should agree"

# %% [markdown]
# Two of six.
# B looks suspicious and is right.
# E looks harmless and has the price of nearly four hundred nats of picture for one of code;
# you have seen what becomes of a digit long before that.
#
# F makes two mistakes that nearly cancel for these sizes, which is why it works.
# With 64 × 64 colour images and another batch size they cancel less:

# %% tags=["nbval-check-output"]
print(f"F for 12,288 pixels, batches of 144, 162,770 images: β = {effective_betas(12_288, 128, 144, 162_770)[5]:.2f}")
print(f"E as a Gaussian: σ = {math.sqrt(P / 2):.1f}, for pixels between 0 and 1")

# %% [markdown]
# The second line is the other way to look at it.
# A Gaussian with another $\sigma$ has $(x - \hat x)^2 / 2\sigma^2$, and to divide the squares by $\sigma^2$ is to
# multiply the KL by it: **$\beta$ is a $\sigma^2$ in disguise**.
# So D is no mistake if you say that $\sigma^2 = \tfrac12$; it is then a $-\mathrm{ELBO}$, but for a constant.
# And E is one too, of a model that expects its pixels to be off by 20.

# %% [markdown]
# ## Key points
#
# - $\beta$ is a price: nats of reconstruction for a nat of code.
# - Losses of different $\beta$ are in different currencies.
#   Compare models at one price; 1 is the one that bounds $-\log p(x)$.
# - Rate is what the code costs, distortion what is left to say. Along the frontier $-dD/dR = \beta$.
# - A network that is told $\beta$ learns the whole frontier in one training, and the slope tests it.
# - A low $\beta$ gives back well and invents badly; a high one shuts dimensions off.
# - Sums, means and a missing ½ set a $\beta$, whether you meant one or not.
#
# | 784-400-20, trained for one β | reconstruction | KL | its own loss | $-\mathrm{ELBO}$ |
# | --- | --- | --- | --- | --- |
# | β = 0.1 | 81 | 61 | 87 | 142 |
# | β = 0.3 | 85 | 40 | 97 | 125 |
# | β = 1 | 98 | 22 | 120 | 120 |
# | β = 3 | 127 | 9 | 154 | 136 |
# | β = 10 | 172 | 2 | 193 | 174 |
#
# Nats per image, on the embedded 1,000 test digits, pixels drawn once.
# Trained on the embedded 4,000, pixels drawn anew: 10 epochs, batch 64, learning rate 0.002 falling to 0; one seed.
# Yours may differ by a nat or two.
#
# **What comes next.**
# Everything here was measured with $-\mathrm{ELBO}$, which is a bound.
# Lesson 08 asks how far the truth lies below it, also where there are 20 latent dimensions and no grid.
