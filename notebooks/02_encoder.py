# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 02 · The encoder: an answer with a width
#
# *60 minutes. Needs lesson 01.*
#
# You will be able to
#
# - say why an autoencoder that remembers every digit cannot invent one,
# - read $q(z|x)$ as a cloud of codes with a centre and a width,
# - write an encoder with two heads, and say why the second gives a *log-variance*,
# - look at an encoder's widths and tell what it is sure of.

# %%
from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_rows, show
from vae_course.lessons import COLORS
from vae_course.lessons.encoder import check_encoder, clouds, code_maps, width_from_head

import matplotlib.pyplot as plt
import torch
from torch import Generator, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim import Adam

digits = load_digits()
test_x = binarize(grey(digits.test_images), Generator().manual_seed(0))  # [1000, 1, 28, 28]

# %% [markdown]
# ## A machine that remembers
#
# Squeeze an image of 784 pixels into 20 numbers, and blow those up into an image again.
# If what comes out looks like what went in, the 20 numbers hold what matters about the digit.
# They are its **code**, written $z$, and the two halves are an *encoder* and a *decoder*.
# Each of the numbers is called a *latent dimension*; "latent" means hidden.


# %%
def plain_autoencoder(latent_dim):
    encoder = nn.Sequential(
        nn.Flatten(),  # [B, 1, 28, 28] -> [B, 784]
        nn.Linear(784, 400),  # [B, 784] -> [B, 400]
        nn.ReLU(),
        nn.Linear(400, latent_dim),  # [B, 400] -> [B, D], the code
    )
    decoder = nn.Sequential(
        nn.Linear(latent_dim, 400),  # [B, D] -> [B, 400]
        nn.ReLU(),
        nn.Linear(400, 784),  # [B, 400] -> [B, 784]
        nn.Unflatten(1, (1, 28, 28)),  # [B, 784] -> [B, 1, 28, 28]
    )
    return encoder, decoder


# %% [markdown]
# Train the two together to give back what they got.
# The cost is the one of lesson 01: nats per image, summed over the pixels.
# You need not study this loop; lesson 06 takes its time over one like it.


# %%
def train_plain(latent_dim, epochs):
    torch.manual_seed(0)
    encoder, decoder = plain_autoencoder(latent_dim)
    optimizer = Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)
    generator = Generator().manual_seed(0)
    for _ in range(epochs):
        for batch in torch.randperm(len(digits.train_images), generator=generator).split(128):
            x = binarize(grey(digits.train_images[batch]), generator)
            cost = binary_cross_entropy_with_logits(decoder(encoder(x)), x, reduction="sum") / len(x)
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
    return encoder, decoder


plain_encoder, plain_decoder = train_plain(latent_dim=20, epochs=15)

# %% [markdown]
# It works, on most digits it has not been trained on too.
# `torch.sigmoid` turns the decoder's output into a probability for each pixel, and the picture shows those.

# %%
with torch.no_grad():
    plain_codes = plain_encoder(test_x)  # [1000, 20]
    rebuilt = torch.sigmoid(plain_decoder(plain_codes[:10]))  # [10, 1, 28, 28]

figure = digit_rows({"test digit": test_x[:10], "rebuilt": rebuilt}, "Twenty numbers are enough to give a digit back")
show(
    figure,
    "Two rows of ten digits: test digits above, and below them what the autoencoder makes of their codes. All ten "
    "can be recognised; the lower ones are a little softer.",
)

# %% [markdown]
# ## A machine that cannot invent
#
# The decoder makes a digit of any 20 numbers.
# So to invent a digit, you need 20 numbers, and a die to roll them with.
#
# Be generous to it.
# Take the codes of the 1,000 test digits, and note the mean and the spread of each of the 20 numbers.
# Draw new numbers from bell curves with those means and spreads.
# Every number is then of a size that the decoder has met.
#
# > **Predict first.**
# > Of ten digits made that way, how many will you be able to read?

# %%
eps = torch.randn(10, 20, generator=Generator().manual_seed(3))
drawn = plain_codes.mean(0) + plain_codes.std(0) * eps  # [10, 20]
with torch.no_grad():
    plain_invented = torch.sigmoid(plain_decoder(drawn))

figure = digit_rows({"rebuilt": rebuilt, "invented": plain_invented}, "It remembers digits and invents debris")
show(
    figure,
    "Two rows of ten pictures. The rebuilt digits above can be read. Of the pictures below, which were decoded "
    "from random codes, nearly all are fragments and blots.",
)

# %% [markdown]
# If you said "most of them", you had a good reason: each number alone is a plausible one.
# But the decoder has only ever been asked about codes of digits, a few points in a space of 20 dimensions.
# What it says between them, nobody has ever corrected.
#
# Nor is there a map: nothing in the cost says *where* the codes should lie, so you have to guess where to roll.

# %% [markdown]
# ## Ask for a cloud
#
# Here is the one change that this lesson is about.
# Let the encoder answer with a **cloud** of codes instead of a point.
# Each time the digit comes up, give the decoder a different code out of its cloud.
# Then the decoder has to do well all over the cloud, and where clouds touch there is no gap left to fall into.
#
# What is the least you have to say to describe a cloud?
# Where its centre is, and how wide it is.
# A bell curve needs no more than that: a mean $\mu$ and a standard deviation $\sigma$, for each latent dimension.

# %%
mu = torch.tensor([1.0, -0.5])  # [2], the centre
sigma = torch.tensor([1.5, 0.4])  # [2], the width in each direction
cloud = torch.distributions.Normal(mu, sigma)

torch.manual_seed(0)
z = cloud.sample((1000,))  # [1000, 2]
figure, axes = plt.subplots(figsize=(8, 2.8))
axes.scatter(*z.T, s=6, color=COLORS["posterior"], alpha=0.5)
axes.errorbar(*mu, xerr=sigma[0], yerr=sigma[1], color="black", capsize=5)
axes.set(title="Two means and two widths describe a cloud", xlabel="z[0]", ylabel="z[1]")
axes.set_aspect("equal", adjustable="datalim")
show(
    figure,
    "A cloud of 1,000 dots in a plane, wide from left to right and flat from top to bottom. A cross marks its "
    "centre at (1, −0.5), with arms of length 1.5 across and 0.4 up.",
)

# %% [markdown]
# The name for the cloud is $q(z|x)$, read "q of z, given x".
# It says how likely each code $z$ is, once you have seen the image $x$.
#
# $$q(z|x) = \mathcal{N}\left(z;\ \mu(x),\ \sigma(x)^2\right)$$
#
# In words: a bell curve in each latent dimension, whose centre and width the encoder computes from the image.
# The dimensions are drawn one by one, each on its own, so a cloud is never tilted.
# That is a choice, made because it keeps the rest short, and not a law.

# %% [markdown]
# ## Two heads
#
# So the encoder needs two outputs where the plain one had one.
# Both want to know the same things about the image, so they share the hidden layer and part ways after it.

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
features = nn.Sequential(nn.Flatten(), nn.Linear(784, 400), nn.ReLU())
centre_head = nn.Linear(400, 2)
width_head = nn.Linear(400, 2)

h = features(grey(digits.test_images[:8]))  # [8, 1, 28, 28] -> [8, 400]
mu = centre_head(h)  # [8, 400] -> [8, 2]
a = width_head(h)  # [8, 400] -> [8, 2]
print("features", tuple(h.shape), "· mu", tuple(mu.shape), "· a", tuple(a.shape))
print(f"the second head's outputs run from {a.min():.2f} to {a.max():.2f}")

# %% [markdown]
# The second head, `a`, cannot be the width.
# A linear layer gives any number, negative ones too, and a width is positive.
#
# Here is the way out that nearly everyone takes: read the output as the *logarithm of the variance*.
#
# $$a = \log \sigma^2 \qquad\Longleftrightarrow\qquad \sigma = \exp(a / 2)$$
#
# In words: to get the width, halve the output and take the exponential.
# In code it has the name `logvar`, and the width is `torch.exp(0.5 * logvar)`.

# %% [markdown]
# > **Predict first.**
# > A head gives −6, 0 and 6.
# > What are the three widths, roughly?

# %% tags=["nbval-check-output"]
for logvar in (-6.0, -2.0, 0.0, 2.0, 6.0):
    sigma = torch.exp(torch.tensor(0.5 * logvar))
    print(f"logvar {logvar:4.0f}    sigma {sigma:6.3f}")

# %% [markdown]
# Did you forget the half?
# Nearly everyone does once, and gets 0.0025 and 403: those are the variances.

# %%
figure = width_from_head()
show(
    figure,
    "On the left two curves over a, which a head gives. The straight line σ = a goes below 0, where no width can "
    "be. The curve σ = exp(a / 2) stays above 0 everywhere. On the right four bell curves for logvar −4, −2, 0 "
    "and 2: with each step of 2 the curve is 2.7 times as wide and as much lower.",
)

# %% [markdown]
# Three things are gained.
#
# - **Nothing is forbidden.** Whatever the layer gives is the logarithm of some variance.
# - **It counts in factors.** From 0.01 to 0.02 is as big a step as from 1 to 2: with widths, it matters how many times.
# - **It starts out sensibly.** A fresh layer gives numbers near 0, so an untrained encoder says $\sigma \approx 1$.
#
# And one thing is convention.
# $\log \sigma$ would do all of this as well.
# The variance is there because the cost in lesson 05 contains $\sigma^2$ and $\log \sigma^2$.
# `logvar` gives both without a detour (Kingma & Welling 2013, appendix B; the two heads are their equation 12).

# %% [markdown]
# ## Exercise: the encoder
#
# You have the three layers as loose pieces.
# Make one module of them that takes images and returns `mu` and `logvar`.
#
# - one hidden layer of `hidden` units,
# - a head `self.mu` and a head `self.logvar` with `latent_dim` outputs each,
# - `forward` takes images `[B, 1, 28, 28]` and returns the pair, each `[B, latent_dim]`.
#
# The code of an image must not depend on the other images in its batch, so there is no batch normalisation.


# %%
class MyEncoder(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        ...

    def forward(self, x):
        """Images [B, 1, 28, 28] to the pair mu, logvar, each [B, latent_dim]."""
        ...


# %%
check_encoder(MyEncoder)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Everything with weights is made once, in `__init__`, and becomes an attribute: `self.something = …`.
# `forward` only uses it.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `self.features` can be the same `nn.Sequential` as above, with `hidden` in place of 400.
# Apply it once, and hand its result to both heads.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Does the check say that `logvar` is never negative?
# Then something after the second head keeps it positive.
# The *variance* must be positive; its logarithm is negative as soon as the cloud is narrower than 1.
#
# </details>

# %%
from vae_course.encoder import Encoder

MyEncoder = go_on_with(MyEncoder, otherwise=Encoder)
show_me(Encoder)

# %% [markdown]
# That is the course's own, and from here on the lessons import it.
# It takes a list of widths for `hidden`, so that it can be made deeper; otherwise it is what you were asked for.

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
encoder = MyEncoder(latent_dim=2)
mu, logvar = encoder(grey(digits.test_images))  # [1000, 1, 28, 28] -> [1000, 2] twice
sigma = torch.exp(0.5 * logvar)
print("mu", tuple(mu.shape), "· logvar", tuple(logvar.shape))
print(f"{sum(p.numel() for p in encoder.parameters()):,} parameters")
print(f"untrained, its widths lie between {sigma.min():.1f} and {sigma.max():.1f}")

# %% [markdown]
# ## Is a cloud enough?
#
# Train it, in a whole variational autoencoder (VAE), with codes of two numbers so that you can see them on a map.
# How to draw from the cloud and still get a gradient is lesson 03, and what happens in `fit` is lesson 06.
# For now it is a box.
#
# One thing about the box you do need.
# Besides the cost of a bad reconstruction, training can charge a price for the cloud.
# It is the higher, the more the cloud differs from one *standard cloud*, whose centre is 0 and whose width is 1.
# `beta` is the weight of that price, and lesson 05 derives it.

# %%
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE


def train_vae(latent_dim, epochs, beta=1.0, encoder_class=MyEncoder):
    torch.manual_seed(0)
    model = VAE(latent_dim)
    model.encoder = encoder_class(latent_dim=latent_dim)
    for _ in fit(model, digits.train_images, TrainConfig(epochs=epochs, beta=beta)):
        pass
    return model


plain_encoder_2d, _ = train_plain(latent_dim=2, epochs=12)
free = train_vae(latent_dim=2, epochs=12, beta=0.0)
vae = train_vae(latent_dim=2, epochs=12)

# %% [markdown]
# Three encoders: one that answers with points, one with clouds and no price on them, one with clouds that pay.
# The circle is a yardstick: it has the radius 3, and the standard cloud puts 99 % of its codes inside.

# %% tags=["nbval-check-output"]
inside = 1 - torch.exp(torch.tensor(-(3**2) / 2))
print(f"share of the standard cloud within 3 of the origin, in two dimensions: {inside:.3f}")

# %% [markdown]
# > **Predict first.**
# > What share of the test digits has its code inside the circle, for each of the three?
# > And for the one in the middle, is it more like the left one's, or the right one's?

# %%
with torch.no_grad():
    points = plain_encoder_2d(test_x)  # [1000, 2]
    free_mu, free_logvar = free.encoder(test_x)
    mu, logvar = vae.encoder(test_x)

maps = {"points": points, "clouds, free": free_mu, "clouds, with a price": mu}
figure = code_maps(maps, digits.test_labels, "The price brings the codes home, the clouds alone do not")
show(
    figure,
    "Three maps of codes at one scale, each with the same circle around 0. The points of the plain autoencoder, "
    "and the clouds without a price, lie mostly outside the circle. With a price most of the codes lie inside it.",
)

# %%
shares = {name: (codes.norm(dim=1) < 3).float().mean() for name, codes in maps.items()}
assert shares["clouds, with a price"] > 0.7, "most codes of a VAE should lie inside the circle"
assert shares["points"] < 0.6, "a plain autoencoder has no reason to keep its codes inside the circle"

# %% [markdown]
# In size and in count, the middle map is like the left one.
# (Its layout resembles the right one because both started from the same weights.)
# That is a surprise if you thought, as many explanations have it, that noise alone fills the gaps.
# Look at the widths to see how the encoder got out of it.

# %%
for name, centres, logvars in (("free", free_mu, free_logvar), ("with a price", mu, logvar)):
    width, spread = torch.exp(0.5 * logvars).median(), centres.std(0).mean()
    print(f"{name:>12}: a cloud is {width:.3f} wide, the map {spread:.1f}: 1 to {spread / width:.0f}")
assert free_logvar.median() < logvar.median() - 2, "unpaid clouds should be far narrower"

# %% [markdown]
# Left to itself, the encoder spreads the centres out and shrinks the clouds to nearly nothing.
# A cloud that narrow *is* a point, and you are back where you started.
# So it takes two things: an answer with a width, and a reason not to give the width up.
# This lesson is about the first, lesson 05 about the second.

# %% [markdown]
# ## What is the encoder sure of?
#
# Now each digit has a width, and the width is something to read.
# A narrow cloud says "it is this code, give or take very little"; a wide one says "something around here".
#
# > **Predict first.**
# > Which digits get the widest clouds: those in the crowd, those at the edge of the map, or is it something else?

# %%
first = slice(0, 300)
figure = clouds(
    test_x[first],
    mu[first],
    logvar[first],
    digits.test_labels[first],
    "Thin writing gets a wide cloud, thick writing a narrow one",
)
show(
    figure,
    "On the left a map with an ellipse for each digit's cloud, the 8 widest and the 8 narrowest outlined. On the "
    "right those digits: the 8 with the widest clouds are written in thin lines, the 8 with the narrowest in "
    "thick ones.",
)

# %% [markdown]
# Each ellipse is one digit: its centre is `mu`, and it reaches one $\sigma$ to each side.
# A guess by the place on the map was reasonable: at the edge there are fewer neighbours to be mixed up with.
# But the widest and the narrowest clouds lie side by side, and what tells their digits apart is ink.
# A thick 8 has four times the white pixels of a thin 1, and each white pixel is a piece of evidence.

# %%
ink = test_x.sum((1, 2, 3))  # [1000], white pixels
sigma = torch.exp(0.5 * logvar)  # [1000, 2]
correlation = torch.corrcoef(torch.stack([ink.log(), sigma.log().mean(1)]))[0, 1]
print(f"correlation of log ink and log sigma: {correlation:.2f}")
assert correlation < -0.4, "more ink should mean a narrower cloud"

# %% [markdown]
# How much of that is the digits' doing, and how much the habit of a small network?
# The picture cannot tell.
# Lesson 05 has a way to compute the right cloud for a digit, and to hold the encoder's answer against it.

# %% [markdown]
# Pick digits yourself, and read their clouds in numbers.
# The slider goes through the test digits of a class, from the narrowest cloud to the widest.
# Guess first: what do the narrowest 8 and the widest 8 look like?

# %%
from vae_course.lessons.encoder import CloudPicker

CloudPicker(vae, digits)

# %% [markdown]
# ## What a ReLU on `logvar` would cost
#
# "A variance must be positive, so I'll put a ReLU on it": this is the most tempting mistake with this encoder.
# It runs, it trains, and the cost falls.
#
# > **Predict first.**
# > Where do the trained `logvar` lie: around 0, above it, or below?
# > What would a ReLU make of them?

# %%
figure, axes = plt.subplots(figsize=(8, 3.2))
axes.hist(logvar.flatten().numpy(), bins=60, color=COLORS["posterior"])
axes.axvspan(0, 1.7, color="#e4e4e4", linewidth=0)
axes.text(0.85, 60, "all that a\nReLU leaves", ha="center", va="center")
axes.set(xlabel="logvar", ylabel="log-variances", xlim=(-8, 1.7), title="Every trained log-variance is negative")
top = axes.secondary_xaxis(-0.32)
top.set_xticks([-7.38, -5.99, -4.61, -3.22, -1.83, 0], ["0.025", "0.05", "0.1", "0.2", "0.4", "1"])
top.set_xlabel("σ")
show(
    figure,
    "A histogram of log-variances, with a second scale for σ. It reaches from about −7 to −1.5, which is σ from "
    "0.03 to 0.5. The half from 0 upwards, which is all that a ReLU leaves, is empty.",
)

# %% [markdown]
# A positive one is allowed, and there is none here: its cloud would be wider than
# the standard cloud, and the price rises on that side, too.
#
# A ReLU turns every one of these into 0, so every cloud has the width 1, however clear the digit is.
# A softplus on `logvar` does nearly the same: every width is a little over 1.
# (A softplus that makes $\sigma$ itself is another way to get a positive width, and a sound one.)
# Train it that way, to see what it costs.


# %%
class NeverSure(Encoder):
    def forward(self, x):
        mu, logvar = super().forward(x)
        return mu, logvar.relu()


never_sure = train_vae(latent_dim=2, epochs=12, encoder_class=NeverSure)
right_cost = evaluate(vae, digits.test_images, "static").negative_elbo
relu_cost = evaluate(never_sure, digits.test_images, "static").negative_elbo
print(f"logvar as it should be: {right_cost:.0f} nats per image")
print(f"ReLU on logvar:         {relu_cost:.0f} nats per image, {relu_cost - right_cost:.0f} more")
assert relu_cost > right_cost + 4, "a ReLU on logvar should cost several nats"

# %% [markdown]
# Both are below the 205 nats of lesson 01's average picture, so both have learnt something.
# The wrong one did not crash, there was no warning, and its cost fell while it trained.
# Without the right figure beside it, you would have believed it.
# That is why this course checks pieces, and not only losses.

# %% [markdown]
# ## Now invent
#
# Back to 20 numbers, and to the die.
# This time the codes have a home, the standard cloud, so you know where to roll.
# You need twenty numbers from a bell curve with mean 0 and width 1, and nothing measured on any digit.

# %%
vae_20d = train_vae(latent_dim=20, epochs=15)
with torch.no_grad():
    invented = torch.sigmoid(vae_20d.decoder(eps))  # [10, 20] -> [10, 1, 28, 28]

figure = digit_rows({"points": plain_invented, "clouds": invented}, "The same dice, decoded by both")
show(
    figure,
    "Two rows of ten pictures from the same random numbers. The points of the plain autoencoder give fragments. "
    "The clouds give softer pictures, and several of them can be read as digits.",
)

# %% [markdown]
# Not all of them are digits, and it was a few seconds' training on 4,000 images.
# But the strokes hang together, and you can read some of them.

# %% [markdown]
# One more look at what you built.
# Take three test digits: one with a narrow cloud, one with a middling and one with a wide cloud.
# Draw eight codes out of the cloud of each, and decode them.
#
# > **Predict first.**
# > How much will the eight differ: not at all, a little, or so much that you would call them another digit?

# %%
with torch.no_grad():
    mu, logvar = vae_20d.encoder(test_x)  # [1000, 20] twice
    chosen = logvar.mean(1).argsort()[[20, 500, 979]]  # [3], narrow to wide
    cloud = torch.distributions.Normal(mu[chosen], torch.exp(0.5 * logvar[chosen]))
    torch.manual_seed(0)
    decoded = torch.sigmoid(vae_20d.decoder(cloud.sample((8,))))  # [8, 3, 20] -> [8, 3, 1, 28, 28]

names = ("narrow cloud", "middling cloud", "wide cloud")
side_by_side = torch.cat((test_x[chosen][None], decoded))  # [9, 3, 1, 28, 28], each digit first
rows = {name: side_by_side[:, i] for i, name in enumerate(names)}
figure = digit_rows(rows, "A digit, and eight codes out of its cloud: siblings, not copies")
show(
    figure,
    "Three rows: a digit, and beside it eight pictures decoded from codes in its cloud. In the row of the narrow "
    "cloud the eight are nearly alike. In the row of the wide cloud they differ in width and slant, but each is "
    "still the same digit.",
)

# %% [markdown]
# The narrower the cloud, the harder the eight are to tell apart.
# All the codes of a cloud give about the same digit, because the decoder was asked about all of them.

# %% [markdown]
# ## Key points
#
# - The encoder answers with a distribution, $q(z|x)$: a centre and a width for each latent dimension.
# - Two heads on shared features, `mu` and `logvar`, and no activation after either.
# - `sigma = exp(0.5 * logvar)`: any number is allowed, and steps are factors.
# - `logvar` is negative where the encoder knows something.
#   A ReLU or a softplus on it forbids that, and no error tells you.
# - Clouds alone do not order the code space: unpaid, they shrink to points.
#
# | expected, 4,000 embedded digits, dynamic binarisation, 12 epochs | |
# | --- | --- |
# | codes within 3 of the origin, two latents: points | 14–26 % |
# | … clouds without a price | 14–25 % |
# | … clouds with a price | 82–86 % |
# | median $\sigma$, two latents: without a price, with one | 0.01–0.02, 0.16–0.17 |
# | correlation of log ink and log $\sigma$ | −0.77 to −0.82 |
# | cost on test digits, two latents, nats per image | 170–174 |
# | … with a ReLU on `logvar` | 9–11 more |
#
# The ranges are over four seeds.
# At twice the learning rate, the first two rows came out between 45 and 57 %: nothing holds those codes anywhere.
#
# **Next:** a cloud is no use until you draw a code from it, and a random draw has no gradient.
# [Lesson 03](03_reparameterization.ipynb) gets one all the same.
