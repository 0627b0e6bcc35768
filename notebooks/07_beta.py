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
# *90 minutes: 45 to the place to rest, and 45 after it. The open task takes 30 more. Needs lessons 01 to 06.*
#
# *[Start page](00_start.ipynb) · before: [06 Training](06_training.ipynb)
# · after: [08 How tight is the bound?](08_evaluation.ipynb)*
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

from vae_course.beta import rate_distortion, regrets
from vae_course.checkpoints import load_pretrained, pretrained_card
from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_rows, show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.lessons.beta import check_effective_betas, plots
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

import numpy as np
import torch
from torch import Generator, nn

# %% [markdown]
# ## Three losses, and no winner
#
# Three colleagues train the same network on the same digits.
# Each reports the loss on the test digits: 120, 87 and 154 nats per image.
# All three summed over pixels and over latents, drew $z$, and averaged over the images, as you would.
# Whose model is best?
#
# Nobody can say.
# Each of them weighed the KL with another $\beta$, one of 0.1, 1 and 3, and nobody wrote down which:
#
# $$\text{loss} = \text{reconstruction} + \beta \cdot \text{KL}$$
#
# In words: $\beta$ is a price. It is how many nats of reconstruction you are ready to pay for one nat of KL.
# In lesson 05 a wrong mean set this price by accident; here you set it on purpose.
#
# > **Predict first.**
# > You train five networks that differ only in $\beta$: 0.1, 0.3, 1, 3 and 10.
# > Which of them ends with the lowest loss?
# > And which ends with the lowest $-\mathrm{ELBO}$, that is, reconstruction + KL?

# %%
predict("beta/loss", "Which network ends with the lowest loss?", choices=["0.1", "0.3", "1", "3", "10"])
predict("beta/elbo", "Which network ends with the lowest −ELBO?", choices=["0.1", "0.3", "1", "3", "10"])

# %%
digits = load_digits()
BETAS = (0.1, 0.3, 1.0, 3.0, 10.0)
short = dict(epochs=10, batch_size=64, learning_rate=2e-3, decay=True)  # `decay`: the steps shrink towards the end

separate = {}
for beta in BETAS:
    torch.manual_seed(0)
    model = VAE()
    for _ in fit(model, digits.train_images, TrainConfig(beta=beta, **short)):
        pass
    separate[beta] = evaluate(model, digits.test_images, "static")

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
figure = plots.two_sums(separate, "The loss rises with β in any case; −ELBO has a lowest point")
show(
    figure,
    "Two curves against β, from 0.1 to 10. What training minimised rises all the way. −ELBO falls until β = 1 and "
    "then rises.",
)

# %% jupyter={"source_hidden": true}
losses = [terms.weighted(beta) for beta, terms in separate.items()]
assert losses == sorted(losses), "the loss should rise with β"
assert min(separate, key=lambda beta: separate[beta].negative_elbo) == 1, "−ELBO should be lowest at β = 1"
rows = {
    beta: (terms.reconstruction, terms.kl, terms.weighted(beta), terms.negative_elbo)
    for beta, terms in separate.items()
}
reveal("beta/loss", "0.1")
reveal("beta/elbo", "1")
table(rows, ["β", "reconstruction", "KL", "its loss", "−ELBO"], caption="nats per image, on the test digits")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed that the lowest loss is at $\beta = 1$: among losses of *one* $\beta$, the lowest marks the best model.
# But here each loss has another $\beta$, and a small $\beta$ makes the KL cheap.
#
# The loss rises from the first network to the last.
# It would do so for any network and any data.
# A KL is never negative, so at a higher price every model costs more, and so does the cheapest one.
# A number that rises whatever you do says nothing about your model.
#
# </details>

# %% [markdown]
# ## One price for all
#
# You can also ask what a model would cost at another price, because you have its two terms.
#
# > **Predict first.**
# > Make a table with one row per model and one column per price.
# > In each column, which model is the cheapest?

# %%
predict(
    "beta/column",
    "Which model is the cheapest in each column of prices?",
    choices=["always that of β = 0.1", "always that of β = 1", "the one that was trained at this price"],
)

# %% jupyter={"source_hidden": true}
cheapest = {price: min(separate, key=lambda beta: separate[beta].weighted(price)) for price in BETAS}
assert all(cheapest[price] == price for price in BETAS), "each price has its own model"
rows = {}
for beta, terms in separate.items():
    costs = {price: f"{terms.weighted(price):.1f}" for price in BETAS}
    rows[f"β = {beta:g}"] = [f"[{cost}]" if cheapest[price] == beta else cost for price, cost in costs.items()]
reveal("beta/column", "the one that was trained at this price")
columns = ["trained with", *(f"price {price:g}" for price in BETAS)]
table(rows, columns, caption="cost in nats per image; the lowest of each column stands in brackets")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed $\beta = 1$ everywhere: it has the best $-\mathrm{ELBO}$, but that is the column of price 1 only.
# Each model was trained to be cheap at its own price.
#
# </details>

# %% [markdown]
# Read **down a column**, and you compare models at one price.
# The numbers in brackets are the five losses of the first table.
# Each of them has another price, so you can't compare them with each other.
#
# Which column should you read?
# At price 1 the sum is $-\mathrm{ELBO}$, a bound on $-\log p(x)$, and $\beta$ does not occur in $p(x)$.
# Below 1 the loss is no bound at all.
# Above 1 it is a bound, but a looser one than the same model's $-\mathrm{ELBO}$.
# So models of every $\beta$ are compared at price 1.

# %% [markdown]
# ## Rate and distortion
#
# Here is another way to look at the two terms.
# Imagine that you send digits to a friend: you send $z$, and the friend decodes it.
#
# The KL is what it costs to send $z$. It is called the **rate** $R$.
# The reconstruction term is what it costs to send the rest, so that every pixel is right.
# It is called the **distortion** $D$.
# (In this part $D$ is not the number of latent dimensions.)
# (These are Shannon's words. Alemi et al. 2018, arXiv 1711.00464, worked out how they fit a VAE.)
#
# With a rate of $R$ nats you can pick one out of about $e^R$ things.

# %% tags=["nbval-check-output"]
messages = {
    "which of two": math.log(2),
    "which of ten classes": math.log(10),
    "a code of 5 nats": 5.0,
    "a code of 25 nats": 25.0,
}
rows = {name: (nats, round(math.exp(nats))) for name, nats in messages.items()}
table(rows, ["you send", "nats", "you pick one out of"], digits=2)

# %% [markdown]
# So it costs no more than 2.3 nats to say which class a digit has.
# Your networks at $\beta \le 1$ spend about ten times as much, or more.
# Most of what they send is about slant, stroke and loops.
#
# Now draw the five models in the plane of rate and distortion.
# All models that cost the same at one price lie on a straight line there: $D + \beta R = \text{cost}$.
# Its slope is $-\beta$.
# A parallel line further down has a lower cost.
#
# > **Predict first.**
# > Slide the line of price 3 down, in parallel, until one of the five models lies on it and none lies below it.
# > Which model is it?

# %%
predict("beta/line", "Which model lies on the lowest line of price 3?", choices=["0.1", "0.3", "1", "3", "10"])

# %% jupyter={"source_hidden": true}
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
reveal("beta/line", "3")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# A line further down has a lower cost, and the column of price 3 has its lowest cost at the network of $\beta = 3$.
# If you guessed $\beta = 1$: it lies on the lowest line of price 1.
#
# On the left, the numbers beside the lines are the five costs of the column of price 3.
# No model lies below the lowest line, which goes through the network that was trained at this price.
#
# </details>

# %% [markdown]
# On the right, each model has the line of its own price, and the same holds for all five.
# The lines outline a curve: the **rate–distortion** curve, or **frontier**.
# A model above it can still be improved.
# With this training, this kind of network gets no lower.
# (No network at all gets below $D + R = H$. This $H$ is the entropy of the digits, the cost of the best possible model.
# Nobody knows it.)
#
# At each of its points the frontier touches a line, so it has the slope of this line:
#
# $$-\frac{dD}{dR} = \beta$$
#
# In words: the last nat of code that the model bought saved $\beta$ nats of pixels.
# If it saved more, training would buy another one.
# If it saved less, training would not have bought it.
# At $\beta = 1$ training stops where one nat of code saves one nat of pixels, as in lesson 06.
#
# You know both ends of the curve.
# At a very high price the model buys nothing: $R = 0$, and $D$ is the 205 nats of lesson 01's average digit.
# At price 0 nothing limits the code, and the VAE becomes a plain autoencoder.

# %% [markdown]
# ## One network for every β
#
# You have five dots.
# For the model at $\beta = 0.5$ you would train again, and for a smooth curve you would train fifty times.
#
# But the model at 0.5 will be much like the one at 0.3 and the one at 1.
# So train **one** network that gets $\beta$ as a second input, and show it all values of $\beta$.
# Dosovitskiy & Djolonga (ICLR 2020) did so for several losses with weights, that of the $\beta$-VAE among them.
# They called it YOTO: *you only train once*.
# Bae et al. (2022, arXiv 2212.03905) built a network for the whole rate–distortion curve of a VAE: the multi-rate VAE,
# or MR-VAE.
#
# How does $\beta$ enter a layer?
# A very small network reads $\log \beta$, and gives two numbers for each unit of the layer: a scale and a shift.
# (YOTO does it in this way, too.)


# %%
class Response(nn.Module):
    """Scale and shift each unit of a layer, by a small network of log β."""

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
# `level` is $\log \beta$, centred and scaled so that it goes from about −1.7 to 1.7.
# (SiLU is a smooth relative of ReLU.)
#
# > **Predict first.**
# > The last layer starts at zero.
# > What does a new `Response` do to a layer at $\beta = 0.01$, and what at $\beta = 20$?

# %%
predict(
    "beta/new",
    "What does a new Response do to the numbers of a layer?",
    choices=["it makes all of them 0", "it leaves them as they are", "it scales them down at 0.01, and up at 20"],
)

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
torch.manual_seed(0)
response = Response(512)
h = torch.randn(4, 512, generator=Generator().manual_seed(0))  # [B, units]
for level in (-1.7, 1.7):
    print(f"at level {level:4}: the layer is unchanged: {torch.equal(response(h, torch.full((4, 1), level)), h)}")
reveal("beta/new", "it leaves them as they are")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# Scale and shift are both 0 at first, and the layer is multiplied by 1 + scale.
# If you guessed 0: it would be right without the "1 +" in the code.
# If you expected a difference between 0.01 and 20: the network is there for that, but it has not learnt it yet.
#
# So the network starts as an ordinary VAE.
# It learns to behave differently from $\beta$ to $\beta$ only where this lowers the loss.
#
# </details>

# %% [markdown]
# ### Where it enters
#
# The course has the finished model: `MultiRateVAE`.
# Here is its encoder, written by hand. The response comes after the linear layer and before the ReLU.

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
# The decoder has one more response, at its entrance: for $z$ itself.
# Where it sets the scale of a dimension to $-1$, this dimension no longer reaches the decoder.
# Then the encoder need not pay for it.
# In this way one network can use 20 dimensions at a low $\beta$ and 5 at a high one.
# (MR-VAE has one number per unit in place of two. It is a gate, computed from a straight line in $\log \beta$.
# When we tried both, the small network was better at every $\beta$.
# The response at the decoder's entrance is ours.)
#
# `one.at(beta)` is the VAE for that $\beta$, and has everything that a VAE has: `encoder`, `elbo`, `sample`.
# Nothing is copied: it is the same network, given another level.

# %% tags=["nbval-check-output"]
sizes = {
    name: sum(p.numel() for p in network.parameters())
    for name, network in (("one of the five", VAE()), ("one network for all", one))
}
table(sizes, ["parameters"])

# %% [markdown]
# The training is lesson 06's `fit`, with one change: each image of each batch gets its own $\beta$.
# It is drawn from the whole range, on the scale of $\log \beta$, and the highest twice as often as the lowest.
# (A high $\beta$ is harder to learn, because its loss is nearly as low where all images are decoded alike.)
# The loss is the one that you know, reconstruction + $\beta\,\cdot$ KL, with each image's own $\beta$.

# %%
for _ in fit(one, digits.train_images, TrainConfig(beta=BetaRange(0.01, 20.0), **short)):
    pass

# %% [markdown]
# Is your encoder by hand the course's encoder, now that the responses do something?
# $\beta$ may differ from image to image in a batch, so ask with four values at once.

# %%
x = binarize(grey(digits.test_images[:4]), Generator().manual_seed(0))  # [4, 1, 28, 28]
beta = torch.tensor([0.1, 1.0, 3.0, 10.0])  # one per image
for ours, theirs in zip(encode(one, x, beta), one.at(beta).encoder(x), strict=True):
    assert torch.equal(ours, theirs), "the encoder by hand should be the course's encoder"

# %% [markdown]
# > **Predict first.**
# > The one network had ten epochs for all $\beta$ together, and each of the five had ten epochs for its own.
# > Where is the one network furthest behind them?

# %%
predict(
    "beta/behind",
    "Where is the one network furthest behind the five?",
    choices=["at low β", "at high β", "about equally everywhere", "it is not behind anywhere"],
)

# %% jupyter={"source_hidden": true}
at_the_five = rate_distortion(one, digits.test_images, BETAS)
rows = {
    name: [terms.weighted(beta) for beta, terms in measured.items()]
    for name, measured in (("one network for all", at_the_five), ("five networks", separate))
}
rows["difference"] = [ours - theirs for ours, theirs in zip(*rows.values(), strict=True)]
for beta in BETAS:
    assert at_the_five[beta].weighted(beta) < separate[beta].weighted(beta) + 20, "it should come near each of them"
assert max(rows["difference"][:2]) > max(rows["difference"][2:]), "it should be furthest behind at low β"
reveal("beta/behind", "at low β")
table(rows, [f"β = {beta:g}" for beta in BETAS], caption="reconstruction + β·KL, nats per image")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# At a low $\beta$ the network pays for fine details, and we think that details take longest to learn.
# If you guessed that it is behind everywhere: that was reasonable, since ten epochs are few for all $\beta$ together.
# But what it learns at one price helps at the next one.
#
# </details>

# %%
curve = rate_distortion(one, digits.test_images, np.geomspace(0.01, 20, 25).tolist())
title = "One short training gives a whole curve; at low β it is worse than the dots"
figure = plots.curve_and_dots(curve, separate, title)
show(
    figure,
    "A falling curve in the plane of rate and distortion, drawn by one network, and five dots of networks with "
    "one β each. The dots of β = 10, 3 and 1 lie on the curve or close to it. Those of β = 0.3 and 0.1 lie below "
    "it.",
)

# %% [markdown]
# This training was short: 630 steps, shared by all prices.
# At $\beta = 0.1$ the network is 13 nats behind (with three other seeds it is 7, 7 and 11 behind).
# At 1 and at 10 it is nearly even, and at 3 it is ahead. (Its layers are wider, too.)
# And from one training you have a model for every $\beta$ from 0.01 to 20.
#
# ### The same network with more time
#
# The course ships this network, trained for longer on the 60,000 training digits of the full MNIST.
# The embedded digits are among those 60,000, so the network has seen them.
# That is why its costs below are measured on MNIST's own 10,000 test digits. They stand on its card.

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
# Is the network right at each $\beta$?
# You could train fifty networks to compare it with.
# Or you could use what you know of frontiers.
#
# > **Predict first.**
# > Take two neighbours on the network's own curve, and compute $-\Delta D / \Delta R$ between them.
# > What must it be, if the network is as good as it can be at each $\beta$?

# %%
predict(
    "beta/slope",
    "What must −ΔD/ΔR be between two neighbours on the curve?",
    choices=["1", "about the β of the two", "the −ELBO of the two, divided by β"],
)

# %% jupyter={"source_hidden": true}
betas = list(frontier)
slopes = []
for low, high in pairwise(betas):
    dD = frontier[high].reconstruction - frontier[low].reconstruction
    dR = frontier[high].kl - frontier[low].kl
    assert dD > 0 > dR, "a higher price buys less rate, and leaves more distortion"
    slopes.append((math.sqrt(low * high), -dD / dR))

for beta, slope in slopes:
    assert not 0.3 < beta < 5 or abs(slope / beta - 1) < 0.15, f"the slope at β = {beta:.2g} is {slope:.2g}"

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
figure = plots.slopes(slopes, 0.3, 5, 0.15, "The slope −dD/dR of the network's curve is the β that it was given")
show(
    figure,
    "Dots of the slope divided by β, against β. From 0.02 upwards they lie close to 1, and between 0.3 and 5 all "
    "lie within a band of 15 percent. Below 0.02 they drop away.",
)
reveal("beta/slope", "about the β of the two")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# At each of its points a frontier has the slope of the line of its price, and that is $-\beta$.
# If you guessed 1: this is the slope at $\beta = 1$, where a nat of code saves a nat of pixels.
#
# The slope must be $\beta$, and over most of the range it is, within a few per cent.
# Nobody trained the network on slopes.
# It learnt to be cheap at each price, and the slopes follow from this.
# Only at the very low end does it spend nats of code that save less than they cost.
# There the price is so low that training hardly notices it.
#
# </details>

# %% [markdown]
# It is a good habit to ask what a test can't see.
# This one shows that each $\beta$ gets the best point *of this curve*.
# It does not show that no other network's curve lies lower.

# %% [markdown]
# > **A place to rest.**
# >
# > *What you have now:* models of different $\beta$, compared at one price; the frontier and its slope; and one network
# > for every $\beta$.
# >
# > *What comes, in about 45 minutes:* what this network costs against specialists, what codes of 5 and of 70 nats keep,
# > and six published losses.
# >
# > Stop here if you like.
# > When you come back, click on the next cell and choose *Run → Run All Above Selected Cell*.

# %% [markdown]
# ## What does it cost?
#
# To see this, you need other networks after all.
# They have been trained for you, on the full MNIST: six ordinary VAEs, one for each $\beta$, and one network for all.
# All have hidden layers of 512 units.
# Each was trained for eight epochs, three times over with different seeds.
#
# A network for one $\beta$ is called a specialist here.
# The number to read is the *regret*: $D + \beta R$ of the one network, minus that of the specialist.
# Above 0 the specialist is better.
#
# > **Predict first.**
# > One network stands against six specialists, with eight epochs for each of the seven.
# > At which $\beta$ is its regret the largest, and how many nats is it?

# %%
predict("beta/where", "At which β is the regret the largest?", choices=["0.03", "0.1", "0.3", "1", "3", "10"])
predict("beta/regret", "How many nats is the largest regret? (It is below 0 if the one network is always better.)")

# %% jupyter={"source_hidden": true}
figures = pretrained_card("regret")
equally_long = regrets(figures)
assert max(max(nats) for nats in equally_long.values()) < 4, "it should come near every specialist"
average = np.mean(list(equally_long.values()), axis=0)  # of the three seeds, [betas]
reveal("beta/where", f"{figures['betas'][average.argmax()]:g}")
reveal("beta/regret", round(average.max(), 1), unit="nats")
columns = [f"β = {beta:g}" for beta in figures["betas"]]
rows = {f"seed {seed}": nats for seed, nats in equally_long.items()}
table(rows, columns, digits=2, caption="regret, nats per image")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed that it loses everywhere: a specialist has only one thing to learn, so this was reasonable.
# If you guessed 0.03: after the short training above, the network was furthest behind at low $\beta$.
# But what the one network learns at one $\beta$ is of use at the others.
#
# At $\beta = 1$ the one network is better than the specialist, and at 0.3 they are about even.
# At 0.03, 0.1 and 3 it is about a nat worse, and at 10 about 3 nats.
#
# </details>

# %%
title = "The curve passes close to five of the six dots;\nthe dot of β = 0.03 lies beyond its end"
figure = plots.frontier(figures, title)
show(
    figure,
    "A falling curve of one network in the plane of rate and distortion, and six dots of networks with one β "
    "each. Five of the dots lie on the curve or very close to it. That of β = 0.03 lies to the right of the "
    "curve's end.",
)

# %% [markdown]
# Only the dot of 0.03 lies off the curve.
# That specialist spends over 20 nats more on its codes, and saves 2 nats of pixels by it.
#
# Before you believe the result, ask what the two sides were given.
# They had the same data, layers and epochs.
# But the six specialists had 48 epochs together, and the one network had eight for all prices.
#
# > **Predict first.**
# > Now the one network is trained for 48 epochs, too.
# > At how many of the six $\beta$ is a specialist still better?

# %%
predict("beta/longer", "The one network has 48 epochs. At how many of the six β is a specialist still better?")

# %% jupyter={"source_hidden": true}
longer = regrets(figures, "longer")
average = np.mean(list(longer.values()), axis=0)  # of the three seeds, [betas]
reveal("beta/longer", int((average > 0).sum()))
assert average.max() < 0, "with as many epochs as the six together, it should be ahead at every β"
rows = {f"seed {seed}": nats for seed, nats in longer.items()}
table(rows, columns, digits=2, caption="regret, nats per image")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed 1, because of $\beta = 10$: there a specialist was about 3 nats ahead, so this was reasonable.
# But with as many epochs as the six have together, the one network is ahead at every price: by 6 nats at 1, and by
# about one at 10.
# It sees each digit at 48 prices, and what it learns at one of them is of use at the others.
#
# A specialist would gain from 48 epochs, too, but then the six cost 288.
# At $\beta = 10$ it would be ahead again: after 60 epochs it has 180 nats, and the one network 183 (one seed).
#
# </details>
#
# (The one network has 18 % more parameters than a specialist: its responses to $\beta$.
# All were trained by Adam, as in lesson 06; another optimizer helps the specialists more.)

# %% [markdown]
# ## A code of 5 nats, a code of 70
#
# What does a code keep of a digit if it may cost 5 nats, and what if it may cost 70?
# Find the $\beta$ at which the network spends that much on average, and ask it.
# (70 is nearly the most that it ever spends. Even at $\beta = 0.01$ it finds little more that is worth its price.)


# %%
from vae_course.latent_space import active_units


def beta_for(rate):
    """Return the β at which the shipped network spends this rate, between the points of its frontier."""
    rates = [terms.kl for terms in frontier.values()]
    return float(np.exp(np.interp(rate, rates[::-1], np.log(betas)[::-1])))


budgets = {rate: beta_for(rate) for rate in (70, 40, 25, 10, 5, 2)}
print(f"its most expensive code: {max(terms.kl for terms in frontier.values()):.0f} nats, at β = {betas[0]:g}")

# %%
x = binarize(grey(digits.test_images), Generator().manual_seed(0))  # [1000, 1, 28, 28]
rows = {}
with torch.no_grad():
    for rate, beta in budgets.items():
        _, logvar = shipped.at(beta).encoder(x)  # [1000, 20]
        active = active_units(shipped.at(beta), digits.test_images)
        rows[rate] = beta, f"{active} of 20", torch.exp(0.5 * logvar).median()
table(rows, ["nats of code", "β", "active dimensions", "typical σ"], digits=2)

# %% [markdown]
# (Active dimensions and σ are measured on the embedded digits, which the network has seen.)
# A latent dimension is *active* if its $\mu$ changes from digit to digit, with a variance above 0.01
# (Burda et al. 2015).
# A dimension that is not active costs nothing and says nothing.

# %%
first = torch.stack([(digits.test_labels == label).nonzero()[1, 0] for label in range(10)])  # [10]
given = binarize(grey(digits.test_images[first]), Generator().manual_seed(0))  # [10, 1, 28, 28]
rows = {f"{rate} nats": shipped.at(beta).reconstruct(given) for rate, beta in budgets.items()}
figure = digit_rows({"given": given} | rows, "With fewer nats the fine strokes are lost first, then the digit")
show(
    figure,
    "Seven rows of the ten digits: the images, and their reconstructions with 70, 40, 25, 10, 5 and 2 nats. Down "
    "to 25 nats the digits keep their shape. At 10 and 5 they get softer and lose ends and loops. At 2 several "
    "digits look alike.",
)

# %% [markdown]
# Read a column from top to bottom, and see what the model pays for.
# It never pays for the noise of the pixels, at any of these prices.
# With fewer nats it first loses the ends and loops of strokes.
# In the end it loses the digit itself, while 0, 1 and 7 keep their slant.
# To say which of ten classes it is takes 2.3 nats. With only 2, several digits share one shape.
#
# > **Predict first.**
# > So a low $\beta$ gives the sharpest reconstructions.
# > Now let the network *generate*: decode the same draws of $z$ at six values of $\beta$.
# > At which one does it generate the best digits?

# %%
predict(
    "beta/samples",
    "At which β does the network generate the best digits?",
    choices=["0.02", "0.2", "1", "3", "10", "20"],
)

# %% jupyter={"source_hidden": true}
z = torch.randn(12, 20, generator=Generator().manual_seed(5))  # [12, D]
with torch.no_grad():
    rows = {f"β = {beta:g}": torch.sigmoid(shipped.at(beta).decoder(z)) for beta in (0.02, 0.2, 1.0, 3.0, 10.0, 20.0)}
figure = digit_rows(rows, "A low β gives sharp pieces, a high β gives whole but soft digits")
show(
    figure,
    "Six rows of twelve pictures decoded from the same codes, with β from 0.02 to 20. At low β the strokes are "
    "sharp and broken in pieces. At high β the shapes are whole and blurred.",
)
reveal("beta/samples", "3 to 10, to our eyes")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed the top row: its model gives the sharpest reconstructions, so this was the natural guess.
# But there the decoder gets codes of digits, and here it gets codes from the prior.
#
# Read the rows from the bottom up.
# At $\beta = 20$ there are a few shapes, and all of them are soft.
# At 10 the shapes are whole, and you can name most of them.
# From 3 upwards the strokes get sharp edges, and some of the shapes fall into pieces that nobody would write.
# Between 1 and 0.02 hardly anything changes.
# To our eyes the best are between 3 and 10. There is no number behind this; lesson 11 measures it.
#
# </details>

# %% [markdown]
# Why does a low $\beta$ break the digits?
# Look at $\sigma$ in the table.
# At a low $\beta$ the clouds of the digits are narrow, and between them lies a lot of room that no digit has used.
# The prior draws codes there too. Lesson 10 looks into this room, and lesson 14 learns a prior that stays out of it.

# %% [markdown]
# ### Change this and see: the β explorer
#
# *10 minutes · difficulty 1 of 3 · no check*
#
# Here is all of this with a slider for $\beta$.
# Below the slider stands what an image costs.
# On the left are ten digits, their reconstructions, and thirty samples.
# On the right are the place on the frontier, and the latent dimensions that are active.
# (It measures on the embedded test digits, which this network has seen; its card has the others.)
#
# Guess before you drag:
#
# - Which of the ten digits can you still recognise at $\beta = 10$? And at 20?
# - At which $\beta$ does the first latent dimension stop being active? Are any of them active at 20?
# - The sum of the two terms stands in bold.
#   Where is it lowest, and how far can you go before it costs 5 nats more?

# %%
from vae_course.lessons.beta import BetaExplorer

BetaExplorer(shipped, digits)

# %% [markdown]
# What about a $\beta$ outside the range?
# A network gives an answer for any number that you put in, but there it has learnt nothing.
# So the course's network refuses.

# %% tags=["nbval-check-output"]
try:
    shipped.at(50.0)
except ValueError as error:
    print(error)

# %% [markdown]
# ## Which β is the right one?
#
# That depends on what you want to do with the model.
#
# - **Below 1**, reconstructions are sharp, a code costs many nats, and the prior draws in empty places.
#   This is good for turning images into codes that *another* model will learn.
#   Latent diffusion trains its autoencoder with a very small weight on the KL (Rombach et al. 2022).
# - **At 1**, the loss is $-\mathrm{ELBO}$.
#   This is good for saying how probable data are, and for comparing models.
# - **Above 1**, a code has few nats and few active dimensions, and images are soft.
#   This is good for short codes.
#   One also hopes that each dimension then changes one property that people can name, such as slant or width.
#   Such a code is called **disentangled** (the $\beta$-VAE, Higgins et al. 2017).
#   How far one can rely on that is disputed (Locatello et al. 2019).
#
# Say which $\beta$ you trained with, and report both terms.

# %% [markdown]
# ## Exercise: six losses as published
#
# *15 minutes · difficulty 2 of 3*
#
# Here are six losses for a VAE, in the forms in which people pass them on.
# Losses A and B were both PyTorch's own example at some time, and loss C was that of Keras, which was often copied.
# Loss D is from *World Models* (Ha & Schmidhuber 2018), and loss F from the collection PyTorch-VAE.
# Loss E is in many notebooks.
# (Loss D leaves out a floor that *World Models* puts under each image's KL.)
#
# `x` and `x_hat` have shape `[B, P]`: the images, and the means that the decoder gives.
# `kl` has shape `[B, D]`: the nats of each latent dimension. Here $D$ is their number again.
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
# Each loss is reconstruction + $\beta\,\cdot$ KL, in nats and summed over pixels and latents, times a factor.
# The factor stands before the whole loss. It changes the size of the optimizer's steps, and not what they aim at.
#
# In losses A, B and C the reconstruction is that of a Bernoulli, as in this course.
# In losses D, E and F it is that of a Gaussian around `x_hat` with $\sigma = 1$, whose nats are
#
# $$-\log p(x|z) = \tfrac12 \sum_{\text{pixels}} (x - \hat x)^2 + \text{constant}$$
#
# In words: half of the squared differences, summed over the pixels.
#
# > **Predict first.**
# > How many of the six losses have $\beta = 1$?

# %%
predict("beta/six", "How many of the six losses have β = 1?")

# %% [markdown]
# Write `effective_betas`: the $\beta$ of each loss, as a formula in the four sizes.
# Return a list of six, in the order A to F.
# If you want to check some of them before the others, leave `...` in the list.


# %%
def effective_betas(P, D, B, N):
    """Return the β of the losses A to F."""
    ...


# %%
check_effective_betas(effective_betas)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Add one nat to the KL of one latent dimension of one image.
# By how much does the loss change?
# Then add one nat to the reconstruction of one pixel, and ask again.
# $\beta$ is the first change divided by the second.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `mse_loss` and `binary_cross_entropy` average over all $B \cdot P$ numbers, unless you say otherwise.
# `kl.mean()` averages over $B \cdot D$ numbers.
# A sum counts every nat once.
#
# </details>
#
# <details><summary>Hint 3: the squares</summary>
#
# A square is two of a Gaussian's nats, because the formula has ½ before it.
# So in loss D, a nat of reconstruction changes the loss by $2/B$, and a nat of KL by $1/B$.
#
# </details>

# %%
from vae_course.beta import effective_betas as course_effective_betas

effective_betas = go_on_with(effective_betas, otherwise=course_effective_betas)
show_me(course_effective_betas)

# %% [markdown]
# Test the algebra.
# As in lesson 05, ask autograd how much a nat of each term adds to the loss.

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
x = torch.zeros(B, P)
x_hat = torch.full((B, P), 0.25, requires_grad=True)
kl = torch.ones(B, D, requires_grad=True)
measured = {}
for name, formula in zip(LOSSES, effective_betas(P, D, B, N), strict=True):
    bernoulli, gaussian = -torch.log(1 - x_hat), 0.5 * (x_hat - x).square()  # nats of each pixel, as x is 0
    (nats,) = torch.autograd.grad((bernoulli if name in "ABC" else gaussian).sum(), x_hat)
    by_pixel, by_latent = torch.autograd.grad(LOSSES[name](x_hat, x, kl), (x_hat, kl))
    beta = (by_latent[0, 0] / (by_pixel / nats)[0, 0]).item()
    assert math.isclose(beta, formula, rel_tol=1e-3), "formula and gradient should agree"
    measured[name] = f"{beta:.3g}"
reveal("beta/six", list(measured.values()).count("1"))
table(measured, ["loss", "β"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# Losses A and B have $\beta = 1$.
# If you guessed one: loss B looks suspicious, but it divides both terms by the same number, $B \cdot P$.
# If you guessed more: loss E looks harmless, and on the page a mean looks like a sum.
#
# </details>

# %% [markdown]
# In loss E, one nat of code costs as much as nearly four hundred nats of pixels.
# You have seen that hardly anything of a digit is left at $\beta = 20$.
#
# Loss F makes two mistakes that nearly cancel for these sizes. That is why it works.
# With 64 × 64 colour images and another batch size they cancel less:

# %% tags=["nbval-check-output"]
of_f = float(effective_betas(12_288, 128, 144, 162_770)[5])
print(f"F for 12,288 pixels, batches of 144, 162,770 images: β = {of_f:.2f}")
print(f"E as a Gaussian: σ = {math.sqrt(P / 2):.1f}, for pixels between 0 and 1")

# %% [markdown]
# The second line shows another way to look at it.
# A Gaussian with another $\sigma$ has the nats $(x - \hat x)^2 / 2\sigma^2$.
# If you divide the squares by $\sigma^2$, this has the same effect as multiplying the KL by $\sigma^2$.
# So **$\beta$ is a $\sigma^2$ in disguise**.
#
# Loss D is no mistake if you say that $\sigma^2 = \tfrac12$: then it is a $-\mathrm{ELBO}$, up to a constant.
# And loss E is the $-\mathrm{ELBO}$ of a model that expects its pixels to be wrong by 20.

# %% [markdown]
# ## An open task: let the model find its own $\sigma$
#
# *30 minutes · difficulty 3 of 3 · no check*
#
# If $\beta$ is a $\sigma^2$, you need not choose it: the data can.
# For given squares, the Gaussian's nats are lowest where $\sigma^2$ is the mean of the squares, over pixels and images.
# So take this mean of each batch as $\sigma^2$ (Rybkin, Daniilidis & Levine 2021).
#
# Write a subclass of `VAE` with an `elbo` of its own.
# The mean of a pixel is `torch.sigmoid` of the decoder's logit.
# The nats of a pixel are $\tfrac12\left((x - \hat x)^2/\sigma^2 + \log \sigma^2 + \log 2\pi\right)$.
# Take `squares.mean().detach()` for $\sigma^2$, so that no gradient flows through it.
# Train with `TrainConfig(binarization="grey", **short)`.
# Train once more with $\sigma^2 = \tfrac12$ fixed, which is loss D.
# Compare $\sigma$, the KL, the reconstructions, and samples.
#
# <details><summary>What a good answer shows</summary>
#
# - $\sigma$ falls from 0.5 to about 0.11: the model soon expects its pixels to be wrong by a ninth of the range.
#   Loss D assumes 0.71.
# - Written as loss D, this is a $\beta$ of $2\sigma^2$, about 0.02.
#   The KL is about 59 nats on the test digits; with loss D it is 9.
# - The reconstructions are sharp, where those of loss D are soft and some show another digit.
# - The samples are in pieces, as you saw at a low $\beta$.
# - $-\mathrm{ELBO}$ is about −500 nats. This is the cost of a *density* of grey values, which may be above 1.
#   So you can't compare it with the costs of binary pixels.
#
# </details>

# %%
guesses("beta")

# %% [markdown]
# ## Key points
#
# - $\beta$ is a price: nats of reconstruction per nat of code.
# - Losses of different $\beta$ can't be compared.
#   Compare models at one price; price 1 gives $-\mathrm{ELBO}$, which bounds $-\log p(x)$.
# - The rate is what a code costs, and the distortion is what the rest costs.
#   Along the frontier, $-dD/dR = \beta$.
# - A network that gets $\beta$ as an input learns the whole frontier in one training, and the slope tests it.
# - A low $\beta$ reconstructs well and generates badly. A high one leaves few dimensions active.
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
# Nats per image, on the embedded 1,000 test digits, whose pixels were drawn once.
# The networks were trained on the embedded 4,000, with pixels drawn again for each batch: 10 epochs, batches of 64,
# and a learning rate of 0.002 that falls to 0, with one seed.
# Yours may differ by a nat or two.
#
# **What comes next.**
# You measured everything here with $-\mathrm{ELBO}$, which is a bound.
# Lesson 08 asks how far it is from the truth, also where there are 20 latent dimensions and no grid.
#
# *[Start page](00_start.ipynb) · before: [06 Training](06_training.ipynb)
# · after: [08 How tight is the bound?](08_evaluation.ipynb)*
