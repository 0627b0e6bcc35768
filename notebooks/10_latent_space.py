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
# *100 minutes: 50 to the place to rest, and 50 after it. The open task takes 30 more. Needs lessons 01 to 07.*
#
# *[Start page](00_start.ipynb) · before: [09 The clinic](09_clinic.ipynb) ·
# after: [11 Sample quality](11_sample_quality.ipynb)*
#
# You will be able to:
#
# - say why a model can reconstruct digits well and still generate bad ones, and measure the cause;
# - draw the whole map of two latent dimensions, each part in proportion to its use;
# - find the latent dimensions that a model uses, move along one of them, and walk from one digit to another;
# - recognise posterior collapse, and say what annealing and free bits change.

# %%
from vae_course.checkpoints import load_pretrained
from vae_course.data import binarize, grey
from vae_course.decoder import log_likelihood
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms, kl_divergence
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_grid, digit_rows, show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.latent_space import ACTIVE, unit_activity
from vae_course.lessons.latent_space import check_quantile_grid, plots
from vae_course.reparameterization import reparameterize
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

import torch
from torch import Generator, nn
from torch.distributions import Bernoulli, Normal
from torch.nn.functional import conv2d, pad, softplus

# %%
digits = load_digits()
generator = Generator().manual_seed(0)
train_x = binarize(grey(digits.train_images), generator)  # [4000, 1, 28, 28]
test_x = binarize(grey(digits.test_images), generator)  # [1000, 1, 28, 28]

# %% [markdown]
# ## Digits that nobody wrote
#
# Here are ten digits, and how a network with two latent dimensions reconstructs them.
# Below them are ten digits that the same network generates; we also say that it *invents* them.

# %%
plane = load_pretrained("plane")


@torch.no_grad()
def decode(model, z):
    """Return the mean of p(x|z): [B, D] -> [B, 1, 28, 28]."""
    return torch.sigmoid(model.decoder(z))


rows = {
    "digits": test_x[:10],
    "reconstructed": plane.reconstruct(test_x[:10]),
    "generated": plane.sample(10, Generator().manual_seed(2)),
}
figure = digit_rows(rows, "Every reconstruction is a digit; some generated pictures are none")
show(
    figure,
    "Three rows of ten pictures: digits, their reconstructions, and pictures decoded from the prior. The "
    "second row is soft but can be read. In the third most are digits, and a few are none.",
)

# %% [markdown]
# The second row shows that the decoder can draw digits.
# So the fault must lie in the codes of the third row, which come from the prior.
# Where do these codes differ from the codes of digits?
#
# (The network comes with the course.
# It was trained on the 60,000 training digits of MNIST, and all embedded digits are among them, "test" included.
# So this lesson does not test how well the shipped networks do on new digits.)

# %% [markdown]
# ## The codes of digits, and draws of the prior
#
# Take 1,000 digits, and draw one code from the cloud of each.
# What you get are draws from
#
# $$q(z) = \frac{1}{N} \sum_{x} q(z|x)$$
#
# In words: pick a digit at random, then draw a code from its cloud.
# This distribution is called the **aggregate posterior**.
# In training, the decoder gets its codes from $q(z)$.
# When it generates, it gets them from the prior $p(z)$.
#
# > **Predict first.**
# > You get 1,000 codes of digits, and 1,000 draws of the prior.
# > You compute the mean and the standard deviation of z[0] and of z[1], and then you plot all of them as dots.
# > What shows you which are the codes?

# %%
predict(
    "latent_space/apart",
    "What shows you which are the codes of digits?",
    choices=["the means and standard deviations", "the plot", "each of them", "neither of them"],
)

# %% jupyter={"source_hidden": true}
with torch.no_grad():
    mu, logvar = plane.encoder(test_x)  # [1000, 2] twice
codes = reparameterize(mu, logvar, generator)  # [1000, 2]
prior = torch.randn(1000, 2, generator=generator)  # [1000, 2]
rows = {name: [*z.mean(0), *z.std(0)] for name, z in (("codes", codes), ("prior", prior))}
table(rows, ["mean of z[0]", "mean of z[1]", "deviation of z[0]", "deviation of z[1]"], digits=2)

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
title = "The codes have lanes and lumps; the prior has none"
figure = plots.codes_and_draws(codes[:600], digits.test_labels[:600], prior[:600], title)
show(
    figure,
    "Two scatters in the plane of two latent numbers. On the left the codes of 600 test digits: they lie in "
    "groups by class, with empty lanes between and arms that reach outwards. On the right 600 draws of the prior: "
    "an even round cloud.",
)
reveal("latent_space/apart", "the plot")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The means are nearly 0 and the deviations nearly 1, as those of the prior.
# The plot shows lanes between the classes.
# If you guessed "neither": training does pull the clouds towards the prior, and these four numbers show it.
# If you guessed "each of them": most distributions that look different have different means or deviations, too.
#
# Hardly any code lies in the lanes between the classes.
# The prior does not know about lanes.
#
# </details>

# %% [markdown]
# ## How empty are the lanes?
#
# With two dimensions you can compute it.
# $q(z)$ is an average of Gaussians, one for each digit.
# Each of them is a curve along z[0] times a curve along z[1], so on a grid their average is a product of two matrices.
# (Here 5,000 digits stand in for the 60,000.
# So the next cell makes each cloud a little wider, to fill the gaps between them.)

# %%
everything = torch.cat([train_x, test_x])  # [5000, 1, 28, 28]
with torch.no_grad():
    mu, logvar = plane.encoder(everything)  # [5000, 2] twice
axis = torch.linspace(-plots.HALF_WIDTH, plots.HALF_WIDTH, 161)  # [161]
wider = 0.12  # the clouds themselves are about 0.1 wide
cloud = Normal(mu, torch.sqrt(logvar.exp() + wider**2))

bells = cloud.log_prob(axis[:, None, None]).exp()  # [161, 5000, 2]
aggregate = bells[..., 1] @ bells[..., 0].T / len(mu)  # [161, 161], q(z): z[1] down, z[0] across
bell = Normal(0.0, 1.0).log_prob(axis).exp()  # [161]
p_z = bell[:, None] * bell  # [161, 161], p(z)
log_ratio = (aggregate + 1e-12).log() - p_z.log()  # [161, 161], log q(z) / p(z)

# %%
cell = (axis[1] - axis[0]) ** 2
kl_to_prior = (aggregate * log_ratio).sum() * cell
rate = kl_divergence(mu, logvar).mean()
empty = (p_z * (log_ratio < -1)).sum() * cell
print(f"draws of the prior that fall where codes are less than 1/e times as frequent: {empty:.0%}")
assert 0.02 < kl_to_prior < 1 < rate, "together the clouds should resemble the prior far more than one by one"
table({"KL(q(z|x) || p(z)), averaged over digits": rate, "KL(q(z) || p(z))": kl_to_prior}, ["nats"], digits=2)

# %% [markdown]
# Each cloud alone is 7 nats from the prior; all of them together are a fifth of a nat from it.
# This is not a bad fit.
# And yet one draw of the prior in ten falls where codes are rare: less than $1/e$, or 37 %, as frequent as draws.
#
# The loss charges the KL of each cloud.
# The average of these KLs splits exactly into two parts (Hoffman & Johnson 2016):
#
# $$\mathrm{mean\;of\;KL}(q(z|x)\,\|\,p(z)) = \underbrace{I(x; z)}_{\text{what a code says about its digit}} +
# \underbrace{\mathrm{KL}(q(z)\,\|\,p(z))}_{\text{how far all clouds together are from the prior}}$$
#
# The first part is called the *mutual information* of $x$ and $z$.
# Here the sum is about 7.1 = 6.9 + 0.2.
# Only the first part is useful; the second part spoils what the model generates.
# Training lowers the second part, but it never asks for 0.
# If a lane keeps two classes apart, it may save more nats in the pixels than it costs.

# %% [markdown]
# ### Change this and see
#
# *5 minutes · difficulty 1 of 3 · no check*
#
# You made the clouds wider by `wider = 0.12`. Is that a detail?
# Set it to 0.03 and run the last two code cells again; then set it to 0.5.
# What happens to the share of draws in rare places, and what to the KL of $q(z)$?
# Then set it back to 0.12, and run both cells once more.
#
# <details><summary>What you should see</summary>
#
# With 0.03 the share is about 24 %, and the KL 0.35 nats.
# The clouds leave small gaps, and the grid counts these gaps as empty.
# With 0.5 the share is 0 %: clouds that wide fill the lanes.
# So the share depends on the width, and it says no more than "some per cent".
#
# </details>

# %% [markdown]
# Now look at the rare places.
# Take 2,000 draws of the prior, and sort them by $\log q(z)/p(z)$.

# %%
from vae_course.lessons.plane import spread_out

draws = torch.randn(2000, 2, generator=Generator().manual_seed(2))  # [2000, 2]
draws = draws[draws.norm(dim=1) < 2.45]  # inside the circle that holds 95 % of the prior
place = ((draws + plots.HALF_WIDTH) / (axis[1] - axis[0])).round().long()  # the cell of each
draws = draws[log_ratio[place[:, 1], place[:, 0]].argsort()]  # the emptiest places first
# Ten from each end of the list, no two of them nearer to each other than 0.5.
emptiest, fullest = (some[spread_out(some, 0.5)[:10]] for some in (draws, draws.flip(0)))  # [10, 2] twice

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
# In most lanes the decoder draws the digits of both sides, one over the other.
# Training has hardly ever corrected it there.
# Some come out well all the same, such as no. 2 and no. 10.
#
# So if a model has good reconstructions and bad samples, first compare the codes of data with draws of the prior.

# %% [markdown]
# ## The whole map
#
# A plane can be shown as a whole: decode a grid of codes, and put the pictures where the codes are.
# The surface of all images that the model can make is called its **manifold**.
#
# Many such pictures take codes from −1 to 1, or to 1.5, in even steps.
#
# > **Predict first.**
# > The box from −1 to 1, along z[0] and along z[1], holds the whole middle of the plane.
# > What share of the prior's draws falls into it?

# %%
predict("latent_space/box", "What share of the prior's draws falls into the box of ±1, in per cent?")

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
rows = {}
for width in (1.0, 1.5, 2.0, 3.0):
    inside = 2 * Normal(0.0, 1.0).cdf(torch.tensor(width)).item() - 1  # of one dimension
    rows[f"±{width}"] = [f"{inside:.1%}", f"{inside**2:.1%}", f"{inside**20:.2%}"]
reveal("latent_space/box", rows["±1.0"][1].replace("%", " %"))
table(rows, ["one dimension", "two", "twenty"], caption="share of the prior's draws inside a box")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# It is less than half.
# If you said 68 %: that is the rule for *one* dimension, and here both numbers must be inside.
#
# </details>

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

# %% [markdown]
# More than half of the map is missing, and you can name what is gone.

# %%
with torch.no_grad():
    mu, _ = plane.encoder(everything)
labels = torch.cat([digits.train_labels, digits.test_labels])
inside = (mu.abs() < 1).all(1)  # [5000]
shares = {digit: inside[labels == digit].float().mean().item() for digit in range(10)}
assert min(shares.values()) < 0.1 < 0.5 < max(shares.values()), "the box should treat the classes very differently"
table({"inside the box": [f"{share:.0%}" for share in shares.values()]}, [f"a {digit}" for digit in shares])

# %% [markdown]
# A box in even steps fails in two ways.
# It cuts something off, whatever its size.
# And if it is large, it gives its empty corners as much room as its crowded middle.

# %% [markdown]
# ## Equal shares
#
# Instead, give each picture the same share of the prior.
# Cut each axis into cells, so that each cell gets as many draws as any other.
# Then take the *middle* of each cell: half of the cell's draws lie below it, and half above.
#
# The place that has a share $s$ of the draws below it is called the **quantile** of $s$.
# It is the inverse of the cumulative distribution, and `Normal(0.0, 1.0).icdf(s)` computes it.
#
# > **Predict first.**
# > Cut one axis into two cells.
# > The right cell holds the draws above 0. Where is its middle?

# %%
predict("latent_space/middle", "At which z is the middle of the right one of two cells?")

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
middle = Normal(0.0, 1.0).icdf(torch.tensor(0.75))
print(f"the middle of the right cell: {middle:.2f}")
reveal("latent_space/middle", round(middle.item(), 2))

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The right cell holds the shares from ½ to 1, so its middle is the quantile of ¾.
# If you said 0.5: that is the share of the draws in the cell, and not a place.
# If you said 0.8: that is the *mean* of the cell, which the few far draws pull outwards.
#
# </details>

# %% [markdown]
# ## Exercise: `quantile_grid`
#
# *10 minutes · difficulty 2 of 3*
#
# Write `quantile_grid(steps)`, with `steps` cells on each axis.
# Return the codes as `[steps², 2]`, in the order in which a picture is drawn.
# Go row by row from the top, where $z[1]$ is highest; along a row, $z[0]$ rises.


# %%
def quantile_grid(steps):
    """Place codes on a grid, each in the middle of an equal share of the prior's draws: [steps², 2]."""
    ...


# %%
check_quantile_grid(quantile_grid)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# First find the shares, then the codes.
# With four cells, the cells end at the shares 0, ¼, ½, ¾ and 1.
# What are the shares of their four middles?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Cell number $i$, counted from 0, has its middle at the share $(i + ½) / \text{steps}$.
# `icdf` turns these shares into an axis, which is the same for $z[0]$ and $z[1]$.
#
# </details>
#
# <details><summary>Hint 3: the grid</summary>
#
# `torch.meshgrid(axis.flip(0), axis, indexing="ij")` returns two tables, each `[steps, steps]`.
# In the first, the value changes from row to row, and it falls; in the second, it changes along the row.
# Which of the two is $z[0]$?
# Then use `flatten` and `stack`.
#
# </details>

# %%
from vae_course.latent_space import quantile_grid as course_quantile_grid

quantile_grid = go_on_with(quantile_grid, otherwise=course_quantile_grid)
show_me(course_quantile_grid)

# %% tags=["nbval-check-output"]
for steps in (2, 4):
    print(f"{steps} steps: z[0] is " + ", ".join(f"{z:.2f}" for z in quantile_grid(steps)[:steps, 0].tolist()))

# %%
title = "The manifold: every picture has the same share of the prior"
figure = plots.framed(decode(plane, quantile_grid(12).float()), 12, 1.0, title)
show(
    figure,
    "A grid of 12 times 12 decoded pictures. A frame around the inner part marks the box of ±1. Outside it lie 0s "
    "along the top, 1s along the right edge and 7s along the bottom, which the box hardly holds.",
)

# %% [markdown]
# The box left out everything outside the frame, and here are the classes that were missing.
#
# You can read the map as everything that the model generates, sorted.
# If a class fills a fifth of the map, the model generates it a fifth of the time.
# The lanes are on the map, too: there one digit turns into another, through something that is neither.

# %% [markdown]
# ## Your own digit on the map
#
# What does the model do with an image that is no digit?
# Here are a 3, an 8 that lacks a piece, a house, and the letters H and K.


# %%
def picture(*rows):
    """Make a picture from rows of text: 3 × 3 pixels per character, in the middle of 28 × 28."""
    ink = torch.tensor([[c == "#" for c in row] for row in rows]).float()
    ink = ink.repeat_interleave(3, 0).repeat_interleave(3, 1)  # [height, width]
    top, left = 14 - len(ink) // 2, 14 - len(ink[0]) // 2
    return pad(ink, (left, 28 - left - len(ink[0]), top, 28 - top - len(ink)))[None, None]  # [1, 1, 28, 28]


cut = test_x[digits.test_labels == 8][1:2].clone()
cut[..., 15:19, :] = 0
strange = {
    "the 3": test_x[digits.test_labels == 3][4:5],
    "the cut 8": cut,
    "the house": picture("..#..", ".#.#.", "#...#", "#...#", "#...#", "#####"),
    "the H": picture("#...#", "#...#", "#####", "#...#", "#...#", "#...#"),
    "the K": picture("#..#.", "#.#..", "##...", "#.#..", "#..#.", "#...#"),
}

# %%
images = torch.cat(list(strange.values()))  # [5, 1, 28, 28]


@torch.no_grad()
def cost(x):
    """Compute −ELBO in nats, averaged over 16 draws of z: [B]."""
    return torch.stack([plane.elbo(x, Generator().manual_seed(i)).negative_elbo for i in range(16)]).mean(0)


usual, rows = cost(test_x), {}  # [1000]
with torch.no_grad():
    mu, _ = plane.encoder(images)  # [5, 2]
for name, (a, b), nats in zip(strange, mu, cost(images), strict=True):
    rows[name] = [a, b, int(nats.round()), f"{(usual < nats).float().mean():.0%}"]
table(rows, ["z[0]", "z[1]", "−ELBO (nats per image)", "digits that cost less"])

# %%
rows = {"images": images, "reconstructed": plane.reconstruct(images)}
figure = digit_rows(rows, "Every reconstruction looks like a digit, whatever the image is")
show(
    figure,
    "Two rows of five pictures. The images are a 3, an 8 that lacks a piece, a house, an H and a K. Their "
    "reconstructions are blurred shapes like a 3, an 8, a 0, a 6 and a 2.",
)

# %% [markdown]
# Every image gets a code, and every code has its place on the map.
# So the house is reconstructed as a 0, and its code lies among those of the 0s.
# The code alone does not say that something was odd.
#
# The cost may say it: the letters cost as much as the oddest of the digits.
# But the house does not, because it looks much like a thin 0.
# (Lesson 13 asks how far you can trust such a cost.)
#
# ### Draw, and see
#
# *10 minutes · difficulty 1 of 3 · no check*
#
# Draw a digit, with the mouse or a finger.
# The widget cuts it out and centres it as MNIST's digits were, draws its pixels once, and shows the reconstruction.
# Then it shows the nearest training digits, and the cloud of your digit on the plane.
# Guess before you draw.
#
# - Can you draw a 4 that is reconstructed as a 9? Which stroke decides?
# - Draw a digit whose code lies in a lane.
# - Draw a digit in your own hand that is more surprising than 99 of 100, and one that is not.
#
# (This network has seen the test digits in training, and it has not seen yours.
# So yours starts with a small handicap.)

# %%
from vae_course.lessons.latent_space import DrawDigit

DrawDigit(plane, digits)

# %% [markdown]
# > **A place to rest.**
# >
# > *What you have now*: where the codes are, where the prior draws, and a map of everything that the model generates.
# >
# > *What comes* takes about 50 minutes, and needs nothing of the plane: models with 20 latent dimensions.
# >
# > Stop here if you like.
# > When you come back, click on the next cell and choose *Run → Run All Above Selected Cell*.

# %% [markdown]
# ## Twenty dimensions: which of them are used?
#
# Twenty dimensions have no map.
# So first find out which of them do anything.
#
# Lesson 07 called a dimension an **active unit** if its $\mu$ changes from digit to digit, with a variance above 0.01.
# This variance is its *activity*.
# Here is lesson 07's network for every $\beta$.
#
# > **Predict first.**
# > At $\beta = 1$ all 20 dimensions are active.
# > How many are active at $\beta = 20$?

# %%
predict("latent_space/active", "At β = 1 all 20 dimensions are active. How many are active at β = 20?")

# %% jupyter={"source_hidden": true}
every = load_pretrained("every-beta")
activity = {beta: unit_activity(every.at(beta), digits.test_images) for beta in (1.0, 4.0, 7.0, 10.0, 20.0)}
active = {beta: int((a > ACTIVE).sum()) for beta, a in activity.items()}
assert active[1.0] >= 18 > 8 >= active[20.0], "at a high β most dimensions should be inactive"
reveal("latent_space/active", active[20.0], unit="dimensions")
table(active, ["β", "active of 20"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# A nat through a dimension saves some nats of reconstruction.
# Where $\beta$ charges more than even the first nat saves, it is best to say nothing.
# If you guessed 20: up to $\beta = 4$, each dimension does say a little less, and none drops out.
#
# </details>

# %%
figure = plots.activities(activity, "The higher β, the fewer dimensions are active")
show(
    figure,
    "Five curves of activity against the latent dimensions, the most active first, on a logarithmic scale. At β = "
    "1 all 20 stay near 1. The higher β, the earlier the curve falls below the dashed line at 0.01: at β = 20 "
    "after five dimensions.",
)

# %% [markdown]
# ## Along one dimension
#
# A **traversal** starts at the code of a digit, and changes one dimension while all others stay.
# How far should it go?
# As far as the prior goes: from its quantile of 2 % to that of 98 %.
#
# > **Predict first.**
# > Sort the dimensions by activity, the most active first.
# > At $\beta = 10$, what does the traversal of the *least* active one show?

# %%
predict(
    "latent_space/least",
    "What does the traversal of the least active dimension show, at β = 10?",
    choices=["it goes through several classes", "one class, in several handwritings", "the same picture throughout"],
)

# %% jupyter={"source_hidden": true}
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

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
assert decode(model, z).diff(dim=0).abs().max() < 0.05, "an inactive dimension should change no pixel by much"
figure = digit_rows(rows, "Each row changes one dimension, the most active first (β = 10)")
show(
    figure,
    "Six rows of eleven pictures, each a walk along one dimension from the same 3. Along the most active "
    "dimension the picture goes from a 1 through 3s to a 0. The changes get smaller from row to row, and in the "
    "last row all pictures are equal.",
)
reveal("latent_space/least", "the same picture throughout")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The number before each row is the activity of its dimension; in the last row it is 0.
# The encoder says nothing through this dimension, so the decoder has learnt to ignore it.
# If you guessed handwritings: you may have read "least active" as "small changes".
#
# </details>

# %% [markdown]
# So sort the dimensions by activity before you look for their meanings.
#
# At this $\beta$ most of a traversal leads from one class to another; little is left of the handwriting.
# And nothing in the loss asks that a dimension means one thing, or is *disentangled* (lesson 07).
# If you rotate all codes and the prior together, the prior stays the same.
# So a model could as well have learnt mixtures of such meanings (Locatello et al. 2019 prove it).

# %% [markdown]
# ## A decoder that sees
#
# At a high $\beta$, the loss makes dimensions inactive.
# What happens at $\beta = 1$ if the decoder has another source of information beside the code?
#
# Let it see, for each pixel, some pixels above and to the left, which have been drawn before.
# This still is a distribution of $x$, drawn pixel after pixel:
# $p(x|z) = \prod_i p(x_i \,|\, x_{\text{before } i}, z)$.
# In code it is a convolution whose kernel is 0 at the pixel itself and after it
# (van den Oord et al. 2016, PixelCNN).


# %%
class SeeingVAE(VAE):
    """A VAE whose decoder also sees a few of the pixels before the one that it predicts."""

    kl = staticmethod(kl_divergence)  # by a name of its own, so that a subclass can replace it

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
# Make sure that no pixel can see itself.
# Change one pixel: no logit may change at this pixel or before it.

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
# > The ordinary one spends about 15 nats on its code. How many does the seeing one spend?

# %%
predict(
    "latent_space/better",
    "Which VAE has the better (lower) −ELBO?",
    choices=["the ordinary one", "the one that sees", "the same within a nat"],
)
predict("latent_space/nats", "The ordinary VAE's KL is about 15 nats. How many nats is that of the one that sees?")


# %% jupyter={"source_hidden": true}
def train(model, beta=1.0, epochs=4):
    """Return the terms of the test digits, and the KL of each step."""
    config = TrainConfig(epochs=epochs, learning_rate=5e-3, beta=beta)
    history = [p.train.kl.item() for p in fit(model, digits.train_images, config)]
    return evaluate(model, digits.test_images, "static"), history


def compare():
    rows = {name: [terms.negative_elbo, terms.reconstruction, terms.kl] for name, terms in results.items()}
    return table(rows, ["−ELBO", "reconstruction", "KL"], caption="nats per image")


# %% jupyter={"source_hidden": true}
results, histories = {}, {}  # name -> terms, name -> the KL of every step
torch.manual_seed(0)
results["ordinary"], histories["ordinary"] = train(VAE())
torch.manual_seed(0)
results["seeing"], histories["seeing"] = train(SeeingVAE())

assert results["seeing"].kl < 5 < results["ordinary"].kl, "the seeing decoder should hardly use z"
assert results["seeing"].negative_elbo < results["ordinary"].negative_elbo, "and it should still be the better model"
reveal("latent_space/better", "the one that sees")
reveal("latent_space/nats", round(float(results["seeing"].kl), 1), unit="nats")
compare()

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# What the decoder can see for itself costs nothing; what the code says costs its KL.
# So the model says through the code only what it cannot see.
# If you expected the better model to have the better code: that is natural.
# But $-\mathrm{ELBO}$ never asked for a code.
#
# The KL is nearly 0, so $q(z|x)$ has nearly become the prior: this is **posterior collapse**.
# The code says almost nothing, so you cannot use it for anything.
# (Bowman et al. 2016 met this with sentences; Chen et al. 2017 explain it by this cost.)
#
# </details>

# %% [markdown]
# ## Two remedies
#
# **Annealing**: begin at $\beta = 0$ and raise it, so that the model uses the code before it has to pay for it.
# It needs no new line: `TrainConfig(beta=((0.0, 0.0), (2.0, 1.0)))` rises to 1 over two epochs.
#
# **Free bits** (Kingma et al. 2016): the first $\lambda$ nats of each dimension are free.
#
# $$\sum_d \max\big(\lambda,\; \text{mean over the batch of } \mathrm{KL}_d\big)$$
#
# In words: a dimension that says less than $\lambda$ saves nothing, so it has no reason to say less.
# This holds only in training: a test always counts the full KL.


# %%
class FreeBitsVAE(SeeingVAE):
    """The same, with some nats of each dimension free in training."""

    free = 0.25

    def kl(self, mu, logvar):
        if not self.training:
            return super().kl(mu, logvar)
        by_dimension = 0.5 * (mu**2 + logvar.exp() - 1 - logvar)  # [B, 20]
        return by_dimension.mean(0).clamp(min=self.free).sum().expand(len(mu))  # [B]


# %% [markdown]
# > **Predict first.**
# > With $\lambda = 0.25$ nats and 20 dimensions, what will the KL be at the end?
# > And which of the remedies improves $-\mathrm{ELBO}$ by more than a nat?

# %%
predict("latent_space/free", "λ is 0.25 nats, and there are 20 dimensions. How many nats is the KL at the end?")
predict(
    "latent_space/remedy",
    "Which remedy improves −ELBO by more than a nat?",
    choices=["annealing", "free bits", "both", "neither"],
)

# %% jupyter={"source_hidden": true}
torch.manual_seed(0)
results["annealed"], histories["annealed"] = train(SeeingVAE(), beta=((0.0, 0.0), (2.0, 1.0)))
torch.manual_seed(0)
results["free bits"], histories["free bits"] = train(FreeBitsVAE())

assert results["free bits"].kl > results["seeing"].kl + 1, "free bits should keep the code in use"
best = min(results[name].negative_elbo for name in ("annealed", "free bits"))
assert best > results["seeing"].negative_elbo - 1, "no remedy should make a better model"
reveal("latent_space/free", round(float(results["free bits"].kl), 1), unit="nats")
reveal("latent_space/remedy", "neither")
compare()

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# Free bits do what they promise, and $20 \cdot 0.25 = 5$ nats.
# Annealing fills the code while it is cheap; as $\beta$ rises to 1, the model gives most of it up again.
# If you guessed that a remedy improves $-\mathrm{ELBO}$: the word suggests it.
# But by $-\mathrm{ELBO}$ nothing was wrong with the collapsed model.
#
# </details>

# %%
figure = plots.kl_histories(histories, "Annealing fills the code for a while; free bits keep it filled")
show(
    figure,
    "Four curves of the KL against the step. The ordinary network's rises to about 15 nats. That with free bits "
    "stays at 5. That with annealing goes up to 5 and falls back to 2, and the seeing one stays below 2.",
)

# %% [markdown]
# (The first 16 steps are left out, in which the KL of a new network jumps.)
#
# Annealing can help only where the training may end in two ways, with much in the code or with little.
# Here it ended with little in the code, with annealing and without.
# $-\mathrm{ELBO}$ is the same for all three, within a nat, so neither remedy made a better model.
# The remedies change how much the *code* says, and that matters if you want to use the code.
# If you want only a density, a collapsed VAE is a good one: it has found that it needs no $z$.
#
# ### Change this and see
#
# *5 minutes · difficulty 2 of 3 · no check*
#
# Set `free = 1.0`, run the cell of the class, and then the cell that trains both remedies.
# Guess first: what is the KL now, and what does it do to $-\mathrm{ELBO}$?
# Then set it back to 0.25.
#
# <details><summary>What you should see</summary>
#
# The KL is about 16 nats, and $-\mathrm{ELBO}$ about 110: it is 8 nats worse.
# The code now has to say what the decoder can see anyway.
#
# </details>

# %% [markdown]
# ## From one digit to another
#
# Back to lesson 07's network.
# Take the centres $a$ and $b$ of two digits' clouds at $\beta = 1$, and walk from one to the other.
# The straight line is $(1 - t)\,a + t\,b$.
#
# > **Predict first.**
# > In 20 dimensions, the centres $\mu$ of the clouds have a length of about 4.2.
# > (Draws of the prior have about 4.4, and nearly all of them are between 3 and 6.)
# > How long is the code in the middle of a straight line between two centres?

# %%
predict("latent_space/middle-of-line", "Two codes have a length of 4.2. How long is the code halfway between them?")

# %% jupyter={"source_hidden": true}
sharp = every.at(1.0)
with torch.no_grad():
    mu, _ = sharp.encoder(test_x)  # [1000, 20]
a, b = mu[:500], mu[500:]  # 500 pairs


def line(a, b, t):
    return (1 - t) * a + t * b  # [B, D]


angles = torch.acos(torch.cosine_similarity(a, b)).rad2deg()  # [500]
print(f"length at the ends: {a.norm(dim=1).mean():.1f}; in the middle: {line(a, b, 0.5).norm(dim=1).mean():.1f}")
print(f"the angle between two codes: {angles.mean():.0f}° ± {angles.std():.0f}°")
reveal("latent_space/middle-of-line", round(line(a, b, 0.5).norm(dim=1).mean().item(), 1))

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# Two codes in 20 dimensions are nearly at right angles.
# So the middle of the line is shorter by a factor of $\sqrt 2$.
# If you guessed 4.2: in one dimension, halfway between two numbers of equal sign, you would be right.
#
# The prior hardly ever draws a code as short as 3.
#
# </details>

# %% [markdown]
# The great circle between the directions of $a$ and $b$ keeps the length (White 2016 proposed it for this reason).


# %%
def arc(a, b, t):
    """Walk on the great circle between the directions of a and b, and change the length evenly."""
    length_a, length_b = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    a, b = a / length_a, b / length_b
    angle = torch.acos((a * b).sum(1, keepdim=True))  # [B, 1]
    direction = (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)
    return direction * ((1 - t) * length_a + t * length_b)  # [B, D]


def greyness(images):
    """Compute the entropy of the pixels in nats per image: 0 if all are black or white."""
    return Bernoulli(images).entropy().flatten(1).sum(1).mean()


middles = {"ends": a, "middle of the line": line(a, b, 0.5), "middle of the arc": arc(a, b, 0.5)}
rows = {name: [z.norm(dim=1).mean(), int(greyness(decode(sharp, z)).round())] for name, z in middles.items()}
table(rows, ["length of z", "greyness (nats per image)"])

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
# The decoder answers the short code with more grey.
# On the arc, its pictures are nearly as sharp as at the ends.
# But are they digits?
# The middle of the last row is sharp and nearly empty.
# You will ask two judges: one in the next section, and another in lesson 11.

# %% [markdown]
# ## A judge of codes
#
# Compare codes and prior in 20 dimensions as you did in two: first by means and standard deviations.

# %%
with torch.no_grad():
    mu, logvar = sharp.encoder(test_x)
codes = reparameterize(mu, logvar, generator)  # [1000, 20]
prior = torch.randn(1000, 20, generator=generator)
rows = {}
for name, z in (("codes", codes), ("prior", prior)):
    length = z.norm(dim=1)
    spread = f"{z.std(0).min():.2f} to {z.std(0).max():.2f}"
    rows[name] = [z.mean(0).abs().max(), spread, f"{length.mean():.2f} ± {length.std():.2f}"]
table(rows, ["largest |mean|", "deviations of the 20 dimensions", "length"], digits=2)

# %% [markdown]
# One dimension at a time, and by their lengths, codes look like draws of the prior.
#
# Now train a small network that answers one question: is this $z$ a code, or a draw of the prior?
# We call it a *judge*; papers say discriminator, or critic.
# Its output estimates $\log q(z)/p(z)$.


# %%
def judge(model, steps=400):
    """Train a network of z that is above 0 where it takes z for a code: it estimates log q(z) / p(z)."""
    torch.manual_seed(0)
    width, generator = 128, Generator().manual_seed(1)
    net = nn.Sequential(nn.Linear(20, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    with torch.no_grad():
        mu, logvar = model.encoder(train_x)  # [4000, 20] twice
    for _ in range(steps):
        some = torch.randint(4000, (300,), generator=generator)
        z = reparameterize(mu[some], logvar[some], generator)
        draws = torch.randn(300, 20, generator=generator)
        loss = softplus(-net(z)).mean() + softplus(net(draws)).mean()  # the cross-entropy of both answers
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.requires_grad_(False)


# %% [markdown]
# It learns from codes of the 4,000 training digits, and you test it with codes of the other 1,000.
#
# > **Predict first.**
# > Somebody who tosses a coin is right half of the time.
# > How often is the judge right at $\beta = 1$, and how often at $\beta = 20$?

# %%
predict("latent_space/judge-1", "How often is the judge right at β = 1, in per cent?")
predict("latent_space/judge-20", "How often is the judge right at β = 20, in per cent?")


# %% jupyter={"source_hidden": true}
def right_share(model, net):
    with torch.no_grad():
        codes = reparameterize(*model.encoder(test_x), Generator().manual_seed(2))  # [1000, 20]
    draws = torch.randn(1000, 20, generator=Generator().manual_seed(3))
    return ((net(codes) > 0).float().mean().item() + (net(draws) < 0).float().mean().item()) / 2


judges = {beta: judge(every.at(beta)) for beta in (0.1, 1.0, 3.0, 10.0, 20.0)}
shares = {beta: right_share(every.at(beta), net) for beta, net in judges.items()}
assert shares[1.0] > 0.7 > 0.6 > shares[20.0], "at β = 1 the judge should often be right, at 20 hardly"
reveal("latent_space/judge-1", f"{100 * shares[1.0]:.0f} %")
reveal("latent_space/judge-20", f"{100 * shares[20.0]:.0f} %")
table({beta: f"{share:.0%}" for beta, share in shares.items()}, ["β", "the judge is right"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# At $\beta = 1$ codes and prior agree in each dimension, but not in how the dimensions go together.
# If you guessed half: all that you had seen agrees with the prior, so this was reasonable.
# At $\beta = 20$ the codes look like the prior because they hardly say anything.
#
# </details>

# %% [markdown]
# So there are empty places in 20 dimensions, too.
# (A better judge could only find more of a difference.
# So each number is a lower bound, up to a per cent or two of chance.)
#
# A high $\beta$ removes most of them, and this is one reason why the high-$\beta$ digits of lesson 07 are whole.
# But it is no remedy, since such codes say too little.
#
# Do the empty places matter for the pictures?
# Draw 2,000 codes from the prior, sort them by the judge's score, and decode both ends of the list.

# %%
draws = torch.randn(2000, 20, generator=Generator().manual_seed(4))  # [2000, 20]
score = judges[1.0](draws)[:, 0]  # [2000], the judge's estimate of log q(z) / p(z)
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
# No network was trained to draw better: the same decoder got better codes.
# (Keeping draws in proportion to such a ratio is called a resampled prior: Bauer & Mnih 2019.
# Others learn the prior: Tomczak & Welling 2018 from pseudo-inputs, Dai & Wipf 2019 with a second VAE,
# and latent diffusion with a diffusion model. You will learn one in lesson 14.)
#
# Now ask the judge about the walks.

# %%
rows = {name: judges[1.0](z).mean() for name, z in (middles | {"draws of the prior": prior}).items()}
assert rows["ends"] > rows["middle of the arc"] + 1, "middles should be less like codes"
table(rows, ["score (nats)"], caption="above 0: more like a code; below 0: more like a draw of the prior")

# %% [markdown]
# Both middles lie between codes and prior, and the arc's is hardly nearer to the codes.
# The line passes through places where the codes are too short.
# The arc passes through places of the right length, and they are nearly as empty.

# %% [markdown]
# ## An open task: draw where the codes are
#
# *30 minutes · difficulty 3 of 3 · no check*
#
# You have a prior that you can draw from, and a judge that estimates $\log q(z)/p(z)$.
# Use both to draw codes that look like draws of $q(z)$: take 100,000 draws of the prior, and decide which to keep.
# Then measure whether it worked.
# Train a *second* judge, for codes against the draws that you kept, and compare its share with the one above.
#
# <details><summary>What a good answer shows</summary>
#
# - Each draw is kept with probability $\min(1, w/8)$, where $w = \exp(\text{score})$.
#   Then about 9,300 draws of 100,000 are left.
#   (Keeping only the highest scores is not the same: it leaves out rare codes.)
# - The second judge is right about 68 % of the time, in place of 82 %.
#   So the kept draws are nearer to $q(z)$, and the first judge did not know everything.
# - The second judge is tested with codes and draws that it was not trained with.
# - The first judge is no fair test here, since you chose the draws by its score: it says 56 %.
# - A cap of 4 in place of 8 keeps more draws and helps less; 16 keeps fewer and helps little more.
#
# </details>

# %%
guesses("latent_space")

# %% [markdown]
# ## Key points
#
# - The decoder learns from draws of $q(z)$, the aggregate posterior, and generates from $p(z)$.
#   Bad samples come from where the two differ.
# - The mean KL is what codes say about digits, plus $\mathrm{KL}(q(z)\,\|\,p(z))$.
# - Draw the manifold on quantiles. A box of ±1 shows 46.6 % of two dimensions.
# - Sort dimensions by activity before a traversal. An inactive one changes nothing.
# - A decoder that can do without $z$ will do without it.
#   Annealing and free bits move information, and need not improve $-\mathrm{ELBO}$.
# - Halfway on a straight line the code is short, and the picture grey.
#   Halfway on an arc the picture is sharp, but often no digit.
# - Means and spreads can agree while the joint distribution does not. A small judge finds out.
#
# | shipped networks, embedded digits | |
# | --- | --- |
# | two dimensions: mean KL | 7.1 nats per image |
# | two dimensions: $\mathrm{KL}(q(z)\,\Vert\,p(z))$, clouds widened by 0.12 | 0.2 nats |
# | share of the class inside the box of ±1: 0, 1, 2, 7 | 2 %, 3 %, 97 %, 11 % |
# | active dimensions of 20 at β = 1, 4, 7, 10, 20 | 20, 20, 19, 8, 5 |
# | the judge is right at β = 0.1, 1, 3, 10, 20 | about 85 %, 82 %, 72 %, 56 %, 52 % |
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
# You now know where the generated digits go wrong, and you have seen a few dozen of them.
# But a few dozen can't say whether one model generates better digits than another.
# Lesson 11 looks for a number, and for what that number misses.
#
# *[Start page](00_start.ipynb) · before: [09 The clinic](09_clinic.ipynb) ·
# after: [11 Sample quality](11_sample_quality.ipynb)*
