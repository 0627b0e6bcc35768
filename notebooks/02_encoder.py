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
# *65 minutes: 35 to the place to rest, and 30 after it. The open task takes 30 more. Needs lesson 01.*
#
# *[Start page](00_start.ipynb) · before: [01 The data](01_data.ipynb)
# · after: [03 Reparameterisation](03_reparameterization.ipynb)*
#
# You will be able to
#
# - say what an autoencoder knows about its codes, and what it does not;
# - read $q(z|x)$ as a cloud of codes with a centre and a width;
# - write an encoder with two heads, and say why the second gives a *log-variance*;
# - look at an encoder's widths and say what it is sure of.

# %%
from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_rows, show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.lessons import COLORS
from vae_course.lessons.encoder import check_encoder, clouds, code_maps, logvar_histogram, width_from_head

import matplotlib.pyplot as plt
import torch
from torch import Generator, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim import Adam

digits = load_digits()
test_x = binarize(grey(digits.test_images), Generator().manual_seed(0))  # [1000, 1, 28, 28]

# %% [markdown]
# ## A plain autoencoder
#
# Turn an image of 784 pixels into 20 numbers, and turn those into an image again.
# This is called to *reconstruct* the image.
# If the second image looks like the first, the 20 numbers hold what matters about the digit.
# They are its **code**, written $z$.
#
# Nobody finds the code in the data: the data are pixels.
# Such a variable is called a **latent variable**; "latent" means hidden.
# Each of its 20 numbers is a *latent dimension*.
# The network from the image to the code is the **encoder**, and the one from the code to the image is the *decoder*.


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
# Train the two together to reconstruct digits.
# The cost is that of lesson 01: nats per image, summed over the pixels.
# You need not study this loop; lesson 06 explains one like it.


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
# The autoencoder also works on most digits that it has not been trained on.
# `torch.sigmoid` turns the decoder's output into a probability for each pixel, and the picture shows those.

# %%
with torch.no_grad():
    plain_codes = plain_encoder(test_x)  # [1000, 20]
    reconstructed = torch.sigmoid(plain_decoder(plain_codes[:10]))  # [10, 1, 28, 28]

figure = digit_rows({"test digit": test_x[:10], "reconstructed": reconstructed}, "Twenty numbers reconstruct a digit")
show(
    figure,
    "Two rows of ten digits: test digits above, and below them what the autoencoder makes of their codes. All ten "
    "can be recognised; the lower ones are a little softer.",
)

# %% [markdown]
# ## Can it generate?
#
# The decoder makes an image of any 20 numbers.
# So to generate a digit, you need 20 random numbers of a suitable size.
#
# Take the codes of the 1,000 test digits, and compute the mean and the spread of each of the 20 numbers.
# Draw new numbers from bell curves with those means and spreads.
# Then every number has a size that the decoder knows.
#
# > **Predict first.**
# > You decode ten codes that you draw in this way.
# > How many of the ten images can you read as digits?

# %%
predict(
    "encoder/generate",
    "You decode ten random codes. How many of the images can you read as digits?",
    choices=["nearly all", "about half", "hardly any"],
)

# %% jupyter={"source_hidden": true}
eps = torch.randn(10, 20, generator=Generator().manual_seed(3))
drawn = plain_codes.mean(0) + plain_codes.std(0) * eps  # [10, 20]
with torch.no_grad():
    plain_generated = torch.sigmoid(plain_decoder(drawn))

rows = {"reconstructed": reconstructed, "generated": plain_generated}
figure = digit_rows(rows, "It reconstructs digits, but it generates fragments")
show(
    figure,
    "Two rows of ten pictures. The reconstructed digits above can be read. Of the pictures below, which were "
    "decoded from random codes, nearly all are fragments and blots.",
)
reveal("encoder/generate", "hardly any")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you said "nearly all", you had a good reason: each of the numbers alone is a plausible one.
# But the decoder was trained only on the codes of digits.
# Those are a few points in a space of 20 dimensions.
# Nothing in training corrects what it makes of the codes between them.
#
# </details>
#
# A second problem is that nothing in the cost says *where* the codes should lie.
# You had to measure that on digits before you could draw a code.

# %% [markdown]
# ## Ask for a cloud
#
# Here is the one change that this lesson is about.
# The encoder answers with a **cloud** of codes instead of a point.
# Each time the digit is used in training, the decoder gets another code, drawn from its cloud.
# So it has to do well all over the cloud, and where clouds touch there is no gap between them.
#
# To describe a cloud you need at least two things: where its centre is, and how wide it is.
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
# The cloud is a distribution, written $q(z|x)$ and read "q of z, given x".
# It says how likely each code $z$ is, once you have seen the image $x$.
# In papers it is called the **approximate posterior**; lesson 05 shows what it approximates.
#
# $$q(z|x) = \mathcal{N}\left(z;\ \mu(x),\ \sigma(x)^2\right)$$
#
# In words: a bell curve in each latent dimension, whose centre and width the encoder computes from the image.
#
# Each latent dimension has its own bell curve, independent of the others, so a cloud is never tilted.
# This is called **mean field**.
# It is a choice that keeps the formulas short, and other choices are possible.

# %% [markdown]
# ## Two heads
#
# So the encoder needs two outputs where the plain one had one.
# Both need the same features of the image, so they share the hidden layer, and each has a layer of its own after it.

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
# The output of the second head, `a`, cannot be the width.
# A linear layer gives any number, negative ones too, and a width is positive.
#
# Nearly everyone solves this in the same way: read the output as the *logarithm of the variance*.
#
# $$a = \log \sigma^2 \qquad\Longleftrightarrow\qquad \sigma = \exp(a / 2)$$
#
# In words: to get the width, halve the output and take the exponential.
# In code it has the name `logvar`, and the width is `torch.exp(0.5 * logvar)`.
#
# > **Predict first.**
# > The head gives 6.
# > How wide is the cloud, roughly?
# > (In your head: $e$ is about 3.)

# %%
predict("encoder/width", "The head gives logvar = 6. What is the width σ, roughly?")

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
widths = {logvar: torch.exp(torch.tensor(0.5 * logvar)).item() for logvar in (-6, -2, 0, 2, 6)}
reveal("encoder/width", round(widths[6], 1))
table([[f"{logvar}", width] for logvar, width in widths.items()], ["logvar", "σ"], digits=3)

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# Half of 6 is 3, and $e^3$ is about 20.
# If you said 403, you forgot the half, as nearly everyone does once: 403 is the variance.
#
# </details>

# %%
figure = width_from_head()
show(
    figure,
    "On the left two curves over a, which a head gives. The straight line σ = a goes below 0, where no width can "
    "be. The curve σ = exp(a / 2) stays above 0 everywhere. On the right four bell curves for logvar −4, −2, 0 "
    "and 2: with each step of 2 the curve is 2.7 times as wide and as much lower.",
)

# %% [markdown]
# This has three advantages.
#
# - **Every number is allowed.** Whatever the layer gives is the logarithm of some variance.
# - **Equal steps are equal factors.** From $\sigma = 0.01$ to 0.02 is as large a step as from 1 to 2.
#   That is right for widths, where factors count.
# - **It starts at a sensible width.** A new layer gives numbers near 0, so $\sigma \approx 1$ before training.
#
# $\log \sigma$ would do all of this as well, so the variance is a convention.
# The cost in lesson 05 contains $\sigma^2$ and $\log \sigma^2$, and `logvar` gives both directly.
# (Kingma & Welling 2013, appendix B; the two heads are their equation 12.)

# %% [markdown]
# ## Exercise: the encoder
#
# *10 minutes · difficulty 2 of 3*
#
# Make one module of the three layers above, which takes images and returns `mu` and `logvar`:
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
        """Map images [B, 1, 28, 28] to the pair mu, logvar, each [B, latent_dim]."""
        ...


# %%
check_encoder(MyEncoder)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Make everything that has weights once, in `__init__`, and keep it as an attribute: `self.something = …`.
# `forward` only uses it.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `self.features` can be the same `nn.Sequential` as above, with `hidden` in place of 400.
# Apply it once, and give its result to both heads.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Does the check say that `logvar` is never negative?
# Then something after the second head keeps it positive.
# The *variance* must be positive; its logarithm is negative where the cloud is narrower than 1.
#
# </details>

# %%
from vae_course.encoder import Encoder

MyEncoder = go_on_with(MyEncoder, otherwise=Encoder)
show_me(Encoder)

# %% [markdown]
# The course's own takes a list of widths for `hidden`, so that it can be made deeper.
# Otherwise it is what you were asked for, and the later lessons import it.

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
encoder = MyEncoder(latent_dim=2)
mu, logvar = encoder(grey(digits.test_images))  # [1000, 1, 28, 28] -> [1000, 2] twice
sigma = torch.exp(0.5 * logvar)
print("mu", tuple(mu.shape), "· logvar", tuple(logvar.shape))
print(f"{sum(p.numel() for p in encoder.parameters()):,} parameters")
print(f"untrained, its widths lie between {sigma.min():.1f} and {sigma.max():.1f}")

# %% [markdown]
# > **A place to rest.**
# >
# > *What you have now:* an encoder of your own, which answers with a cloud.
# >
# > *What comes, in about 30 minutes:* you train it, and see what a cloud needs and what its width says.
# > Then you see what one wrong line costs.
# >
# > Stop here if you like.
# > When you come back, click on the next cell and choose *Run → Run All Above Selected Cell*.

# %% [markdown]
# ## Is a cloud enough?
#
# Train the encoder in a whole variational autoencoder (VAE), with codes of two numbers, so that you can draw a map.
# Lesson 03 shows how to draw from a cloud and still get a gradient, and lesson 06 shows what happens in `fit`.
#
# One thing you need to know now.
# Beside the cost of the reconstruction, training can charge a price for the cloud.
# The more the cloud differs from one *standard cloud*, with centre 0 and width 1, the higher is the price.
# `beta` is the weight of that price, and lesson 05 derives it.

# %%
from functools import cache

from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE


@cache  # The same network is trained only once.
def train_vae(latent_dim, epochs, beta=1.0, encoder_class=MyEncoder):
    torch.manual_seed(0)
    model = VAE(latent_dim)
    model.encoder = encoder_class(latent_dim=latent_dim)
    for _ in fit(model, digits.train_images, TrainConfig(epochs=epochs, beta=beta)):
        pass
    return model


plain_encoder_2d, _ = train_plain(latent_dim=2, epochs=12)
free = train_vae(latent_dim=2, epochs=12, beta=0.0)
vae = train_vae(latent_dim=2, epochs=12, beta=1.0)

# %% [markdown]
# These are three encoders.
# The first gives points, the second clouds without a price, and the third clouds with a price.
# Every map of their codes gets a circle of radius 3, in which the standard cloud has 99 % of its codes.

# %% tags=["nbval-check-output"]
inside = 1 - torch.exp(torch.tensor(-(3**2) / 2))
print(f"share of the standard cloud within 3 of the origin, in two dimensions: {inside:.3f}")

# %% [markdown]
# > **Predict first.**
# > The third encoder has to pay for clouds that are far away, so most of its codes lie inside the circle.
# > The first one, with points, pays nothing, and most of its codes lie outside.
# > Where do the centres of the second one lie, with clouds and without a price?

# %%
predict(
    "encoder/free",
    "Clouds without a price: where do most of their centres lie?",
    choices=["outside the circle, like the points", "inside, like the clouds with a price"],
)

# %% jupyter={"source_hidden": true}
with torch.no_grad():
    points = plain_encoder_2d(test_x)  # [1000, 2]
    free_mu, free_logvar = free.encoder(test_x)
    mu, logvar = vae.encoder(test_x)

maps = {"points": points, "clouds, no price": free_mu, "clouds, with a price": mu}
shares = {name: (codes.norm(dim=1) < 3).float().mean() for name, codes in maps.items()}
assert shares["clouds, with a price"] > 0.7, "most codes of a VAE should lie inside the circle"
assert shares["points"] < 0.6, "a plain autoencoder has no reason to keep its codes inside the circle"
show(
    code_maps(maps, digits.test_labels, "Only the price brings the codes to the centre"),
    "Three maps of codes at one scale, each with the same circle around 0. The points of the plain autoencoder, "
    "and the clouds without a price, lie mostly outside the circle. With a price most of the codes lie inside it.",
)
reveal("encoder/free", "outside the circle, like the points")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed "inside", you may have heard that noise alone brings the codes together: many explanations say so.
# But without a price it costs nothing to move the clouds apart.
# (The layout of the middle map resembles the right one because both started from the same weights.)
#
# </details>
#
# The widths show what the encoder does without a price.

# %%
rows = {}
for name, centres, logvars in (("no price", free_mu, free_logvar), ("with a price", mu, logvar)):
    width, spread = torch.exp(0.5 * logvars).median(), centres.std(0).mean()
    rows[name] = (width, spread, spread / width)
assert free_logvar.median() < logvar.median() - 2, "clouds without a price should be far narrower"
table(rows, ["width of a cloud", "width of the map", "map / cloud"], digits=(3, 1, 0))

# %% [markdown]
# Without a price, the encoder moves the centres apart and makes the clouds so narrow that they are nearly points.
# Then the decoder gets nearly the same code each time, and you are back at the plain autoencoder.
# So you need two things: an answer with a width, and a price that keeps the width.
# This lesson is about the first, lesson 05 about the second.

# %% [markdown]
# ### Change this and see
#
# *3 minutes · difficulty 1 of 3 · no check*
#
# Try a small price, such as 0.01 or 0.1, and a high one, such as 4.
# What happens to the share inside the circle, and to the width?

# %%
some = train_vae(latent_dim=2, epochs=12, beta=1.0)  # Change beta.
with torch.no_grad():
    some_mu, some_logvar = some.encoder(test_x)
print(f"inside the circle: {(some_mu.norm(dim=1) < 3).float().mean():.0%}")
print(f"median width: {torch.exp(0.5 * some_logvar).median():.3f}")

# %% [markdown]
# <details><summary>What you should see</summary>
#
# At 0.01, 17 % of the codes lie inside the circle, and the median width is 0.02.
# At 0.1 it is 34 % with 0.06, and at 4 it is 99 % with 0.32.
# The higher the price, the more the clouds resemble the standard cloud.
#
# </details>

# %% [markdown]
# ## What is the encoder sure of?
#
# Now each digit has a width, and the width says something.
# A narrow cloud says "the code is here, or very near"; a wide one says "it is somewhere around here".
#
# > **Predict first.**
# > Which digits get the widest clouds?

# %%
predict(
    "encoder/widest",
    "Which digits get the widest clouds?",
    choices=[
        "those in the crowded middle of the map",
        "those at the edge of the map",
        "those written in thick lines",
        "those written in thin lines",
    ],
)

# %% jupyter={"source_hidden": true}
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

# %% jupyter={"source_hidden": true}
ink = test_x.sum((1, 2, 3))  # [1000], white pixels
sigma = torch.exp(0.5 * logvar)  # [1000, 2]
correlation = torch.corrcoef(torch.stack([ink.log(), sigma.log().mean(1)]))[0, 1]
print(f"correlation of log ink and log sigma: {correlation:.2f}")
assert correlation < -0.4, "more ink should mean a narrower cloud"
reveal("encoder/widest", "those written in thin lines")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# Each white pixel says something about the digit, and a thick 8 has four times the white pixels of a thin 1.
# If you guessed by the place on the map: a digit at the edge is unusual, and one in the middle has many neighbours
# with which it could be confused.
# But the widest and the narrowest clouds lie side by side.
#
# </details>
#
# Each ellipse is one digit: its centre is `mu`, and it reaches one $\sigma$ to each side.
#
# Does this come from the digits, or from this small network?
# The picture cannot say.
# Lesson 05 computes the right cloud for a digit, and compares the encoder's answer with it.

# %% [markdown]
# Pick digits yourself, and read their clouds in numbers.
# The slider goes through the test digits of a class, from the narrowest cloud to the widest.
# Compare the narrowest 8 with the widest.

# %%
from vae_course.lessons.encoder import CloudPicker

CloudPicker(vae, digits)

# %% [markdown]
# ## What a ReLU on `logvar` would cost
#
# "A variance must be positive, so I put a ReLU on it": this is the most tempting mistake with this encoder.
# It runs, it trains, and the cost falls.
#
# > **Predict first.**
# > A ReLU turns every negative `logvar` into 0.
# > How many of the trained log-variances would it change?

# %%
predict("encoder/relu", "What share of the trained log-variances are negative, in per cent?")

# %% jupyter={"source_hidden": true}
negative = (logvar < 0).float().mean().item()
assert negative > 0.99, f"all trained log-variances should be negative, and {negative:.0%} are"
show(
    logvar_histogram(logvar, "Every trained log-variance is negative"),
    "A histogram of log-variances, with a second scale for σ. It reaches from about −7 to −1.5, which is σ from "
    "0.03 to 0.5. The half from 0 upwards, which is all that a ReLU leaves, is empty.",
)
reveal("encoder/relu", round(100 * negative), unit="%")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# A negative `logvar` is a cloud narrower than the standard cloud, and every digit gets one of those.
# If you guessed about half, as for an untrained layer: training moves them all to one side.
# A cloud wider than the standard cloud is allowed, too, but the price rises on that side as well.
#
# </details>
#
# After a ReLU every cloud has the width 1 or more, however clear the digit is.
# A softplus on `logvar` does nearly the same.
# (A softplus that makes $\sigma$ itself is another way to get a positive width, and it works.)
# Train the encoder with a ReLU, to see what it costs.


# %%
class NeverSure(MyEncoder):
    def forward(self, x):
        mu, logvar = super().forward(x)
        return mu, logvar.relu()


never_sure = train_vae(latent_dim=2, epochs=12, encoder_class=NeverSure)
right_cost = evaluate(vae, digits.test_images, "static").negative_elbo
relu_cost = evaluate(never_sure, digits.test_images, "static").negative_elbo
assert relu_cost > right_cost + 4, "a ReLU on logvar should cost several nats"
table({"no activation": right_cost, "ReLU": relu_cost}, ["after the second head", "nats per image"], digits=0)

# %% [markdown]
# Both are below the 205 nats of lesson 01's average digit, so both have learnt something.
# The wrong one did not crash, there was no warning, and its cost fell while it trained.
# Without the right number beside it, you would have believed it.
# Therefore this course checks pieces, and not only losses.

# %% [markdown]
# ## Generate digits
#
# Back to 20 numbers.
# The price has moved the codes to the standard cloud, so you know where to draw them.
# You need twenty random numbers with mean 0 and width 1, and you measure nothing on any digit.

# %%
vae_20d = train_vae(latent_dim=20, epochs=15)
with torch.no_grad():
    generated = torch.sigmoid(vae_20d.decoder(eps))  # [10, 20] -> [10, 1, 28, 28]

figure = digit_rows({"points": plain_generated, "clouds": generated}, "The same random numbers, decoded by both")
show(
    figure,
    "Two rows of ten pictures from the same random numbers. The points of the plain autoencoder give fragments. "
    "The clouds give softer pictures, and several of them can be read as digits.",
)

# %% [markdown]
# Not all of them are digits, and lesson 10 shows why.
# But the strokes are connected, and you can read some of them.

# %% [markdown]
# Here is one more look at what you built.
# Take three test digits: one with a narrow cloud, one with a medium cloud and one with a wide one.
# Draw eight codes from the cloud of each, and decode them.
#
# > **Predict first.**
# > How much do the eight pictures from the medium cloud differ?

# %%
predict(
    "encoder/eight",
    "Eight codes are drawn from a cloud of medium width and decoded. How much do the pictures differ?",
    choices=["not at all", "a little: it is the same digit", "much: some are other digits"],
)

# %% jupyter={"source_hidden": true}
with torch.no_grad():
    mu, logvar = vae_20d.encoder(test_x)  # [1000, 20] twice
    chosen = logvar.mean(1).argsort()[[20, 500, 979]]  # [3], narrow to wide
    cloud = torch.distributions.Normal(mu[chosen], torch.exp(0.5 * logvar[chosen]))
    torch.manual_seed(0)
    decoded = torch.sigmoid(vae_20d.decoder(cloud.sample((8,))))  # [8, 3, 20] -> [8, 3, 1, 28, 28]

names = ("narrow cloud", "medium cloud", "wide cloud")
side_by_side = torch.cat((test_x[chosen][None], decoded))  # [9, 3, 1, 28, 28], each digit first
rows = {name: side_by_side[:, i] for i, name in enumerate(names)}
show(
    digit_rows(rows, "A digit, and eight codes from its cloud: alike, but not copies"),
    "Three rows: a digit, and beside it eight pictures decoded from codes in its cloud. In the row of the narrow "
    "cloud the eight are nearly alike. In the middle row they are 4s that differ a little. In the row of the wide "
    "cloud they differ most, and two of them can hardly be read as a 3.",
)
reveal("encoder/eight", "a little: it is the same digit")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The decoder was trained on codes from all over the cloud, and each of them had to give this digit.
# If you guessed "not at all": that is what a plain autoencoder wants, and a narrow cloud comes close to it.
#
# The wider the cloud, the more the eight differ.
# In the wide one, two of them can hardly be read.
#
# </details>

# %% [markdown]
# ## An open task: one width for all digits
#
# *30 minutes · difficulty 3 of 3 · no check*
#
# Does the encoder need a width for each digit?
# Write an encoder whose `logvar` is the same for all images: one trainable number per latent dimension.
# Train it with 2 and with 20 latent dimensions, beside the right one.
# How many nats per image does it lose?
# Use more than one seed, so that you know which differences are luck.
#
# <details><summary>What a good answer shows</summary>
#
# - At the end of training the numbers must have stopped moving.
#   Adam moves a number by about the learning rate per step, so in 384 steps of 0.001 it moves by 0.4 at most.
#   A `logvar` that starts at 0 then stays near −0.4, and the encoder seems to lose 7 nats (2 dimensions) or 12 (20).
#   One way out is a trainable number times 30; another is a learning rate of its own.
# - Done in this way, it loses nothing.
#   Over three seeds it was 0.1 nats worse to 0.5 better with 2 dimensions, and 0.4 to 0.9 better with 20.
# - So the width of a digit says something about the digit, but here it saves no nats.
#   It matters much more that the width is of the right size: the ReLU made it 1, and that cost 9 nats.
# - This holds for a short training on 4,000 digits; it was not measured for more.
#
# </details>

# %%
guesses("encoder")

# %% [markdown]
# ## Key points
#
# - The encoder answers with a distribution, $q(z|x)$: a centre and a width for each latent dimension.
# - It has two heads on shared features, `mu` and `logvar`, and no activation after either.
# - `sigma = exp(0.5 * logvar)`: every number is allowed, and equal steps are equal factors.
# - `logvar` is negative where the encoder knows something.
#   A ReLU or a softplus on it forbids that, and no error says so.
# - Clouds alone do not bring the codes together: without a price they shrink to points.
#
# | expected, 4,000 embedded digits, dynamic binarisation, 12 epochs | |
# | --- | --- |
# | codes within 3 of the origin, two latent dimensions: points | 14–26 % |
# | … clouds without a price | 14–25 % |
# | … clouds with a price | 82–86 % |
# | median $\sigma$, two latent dimensions: without a price, with one | 0.01–0.02, 0.16–0.17 |
# | correlation of log ink and log $\sigma$ | −0.77 to −0.82 |
# | cost on test digits, two latent dimensions, nats per image | 170–174 |
# | … with a ReLU on `logvar` | 9–11 more |
#
# The ranges are over four seeds.
# With twice the learning rate, the first two rows came out between 45 and 57 %: nothing fixes where those codes lie.
#
# **What comes next.**
# To use a cloud, you draw a code from it, and a random draw has no gradient.
# Lesson 03 shows how to get one all the same.
#
# *[Start page](00_start.ipynb) · before: [01 The data](01_data.ipynb)
# · after: [03 Reparameterisation](03_reparameterization.ipynb)*
