# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 11 · How good are the inventions?
#
# *65 minutes. Needs lessons 01 to 07, and 10.*
#
# You will be able to:
#
# - give two numbers for "it looks like a digit", and read them beside those of real digits;
# - compute the Fréchet distance of two sets of images;
# - say whether bad inventions are the prior's fault or the decoder's;
# - name what neither number sees.

# %%
from vae_course.checkpoints import load_classifier, load_pretrained
from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_rows, show
from vae_course.latent_space import arc, code_judge
from vae_course.lessons.sample_quality import check_frechet_distance, plots
from vae_course.reparameterization import reparameterize
from vae_course.sample_quality import digit_features, sure_share

import torch
from torch import Generator

digits = load_digits()

# %%
generator = Generator().manual_seed(0)
train_x = binarize(grey(digits.train_images), generator)  # [4000, 1, 28, 28]
test_x = binarize(grey(digits.test_images), generator)  # [1000, 1, 28, 28]
every = load_pretrained("every-beta")  # lesson 07's network for every β

# %% [markdown]
# ## Which row is real?
#
# You have two models, and each has invented a thousand digits.
# A colleague asks which of the two you would take.
# You look at a dozen digits of each, and say: the left one.
# Then you look at the next dozen, and you are not sure any more.
#
# First find out how good your eyes are.
# Below are three rows.
# One holds real test digits.
# One holds reconstructions: the network was given a digit, drew a code $z$ from $q(z|x)$, and decoded it.
# One holds inventions of the same network, with $z$ from the prior $p(z)$.
# In all three each pixel is drawn once, so all are images of zeros and ones.
#
# > **Predict first.**
# > Which row is real, which is reconstructed, and which is invented?

# %%
prior = torch.randn(2000, 20, generator=Generator().manual_seed(4))  # [2000, 20]


@torch.no_grad()
def drawn(model, z):
    """Samples of p(x|z), zeros and ones."""
    return binarize(torch.sigmoid(model.decoder(z)), Generator().manual_seed(5))  # [B, D] -> [B, 1, 28, 28]


@torch.no_grad()
def codes_of(model, x):
    """A sample of q(z|x) for each image."""
    return reparameterize(*model.encoder(x), Generator().manual_seed(2))  # [B, D]


# %%
sharp = every.at(1.0)
sets = {
    "reconstructed": drawn(sharp, codes_of(sharp, test_x)),
    "real": test_x,
    "invented": drawn(sharp, prior[:1000]),
}

# %%
figure = digit_rows(dict(zip("ABC", (x[20:34] for x in sets.values()), strict=True)), "One row is real. Which?")
show(
    figure,
    "Three rows of fourteen black and white digits, marked A, B and C. The digits of A and B are pairwise alike. "
    "Those of C are other digits, more speckled.",
)

# %%
figure = digit_rows({name: x[20:34] for name, x in sets.items()}, "Two rows are hard to tell apart; the third is not")
show(
    figure,
    "The same three rows with their names: A is reconstructed, B is real, C is invented. Real and reconstructed "
    "digits are hard to tell apart. The invented ones are speckled, and some are no digits.",
)

# %% [markdown]
# A and B show the same digits, so one of them was made from the other.
# B is real.
# The edges of A are frayed: the decoder is less certain of them, and each pixel is drawn on its own.
# If you took A for the real row, that was reasonable: real digits whose pixels are drawn have rough edges, too.
# Nobody takes C for real.
#
# So your eyes can tell inventions from digits.
# But by *how much* are they worse?
# And would the network invent better at $\beta = 2$, or 4?
# For that a dozen pictures is not enough, and a thousand are too many to look at.

# %% [markdown]
# ## A judge who knows digits
#
# The course comes with a small classifier, a network that gives each of the ten classes a probability.
# It was trained on MNIST's training digits without the embedded ones, so our test digits are new to it.
#
# Ask it of how many images it is **sure**: one class gets more than 95 %.
#
# > **Predict first.**
# > It is sure of 97 % of the real digits.
# > Of how many reconstructions, and of how many inventions?

# %%
classifier = load_classifier()
right = (classifier(test_x).argmax(1) == digits.test_labels).float().mean()
print(f"It names the class of {right:.1%} of the real test digits.")
for name, x in sets.items():
    print(f"{name:14} sure of {sure_share(classifier, x):4.0%}")

# %% [markdown]
# That agrees with your eyes, and it has a size: four inventions of ten leave the judge in doubt.
#
# ## What a sure share can't see
#
# Before you trust a number, try to deceive it.
# Here are two more sets of a thousand.
# One is invented at $\beta = 20$.
# The other is one real digit a thousand times: the 7 at the right end of row B.
#
# > **Predict first.**
# > Of how many of each is the classifier sure?

# %%
assert sure_share(classifier, sets["invented"]) < 0.75 < 0.9 < sure_share(classifier, sets["reconstructed"])

sets["at β = 20"] = drawn(every.at(20.0), prior[:1000])
sets["one 7"] = test_x[33:34].expand(1000, -1, -1, -1)
for name, x in sets.items():
    print(f"{name:14} sure of {sure_share(classifier, x):4.0%}")

# %%
figure = digit_rows({name: x[:14] for name, x in sets.items()}, "The classifier is surest of the last row")
show(
    figure,
    "Five rows of fourteen pictures: reconstructed and real digits are clear, the invented ones partly speckled, "
    "those at β = 20 mostly scattered dots, and the last row is one 7 fourteen times.",
)

# %% [markdown]
# The clouds of speckle at $\beta = 20$ get a better mark than the inventions at $\beta = 1$.
# The classifier has never seen such a thing, and it has no class "no digit", so it takes what is nearest: mostly an 8.
# To expect that it would be in doubt was reasonable, but nobody has trained it to be.
#
# The thousand copies get the best mark of all.
# The sure share looks at each image on its own.
# So it can't notice that all of them are alike.

# %% [markdown]
# ## Compare sets, not images
#
# Before the classifier names a class, it turns an image into 64 numbers, its **features**.
# Images that look alike to it have similar features.
# 64 numbers can't be drawn, so look at them from the side from which real digits are spread widest:
# from the two directions in which their variance is largest.
#
# > **Predict first.**
# > Each image is a dot. Real digits come in ten classes.
# > Where will the dots of the inventions lie: in the same clumps, between them, or outside of all?

# %%
features = {name: digit_features(classifier, x) for name, x in sets.items()}  # [1000, 64] each
reference = digit_features(classifier, train_x)  # [4000, 64], of the training digits
directions = torch.linalg.eigh(reference.T.cov()).eigenvectors[:, [-1, -2]]  # [64, 2], largest variances

shown = {name: features[name] @ directions for name in ("real", "invented", "at β = 20")}  # [1000, 2] each
figure = plots.features_and_ellipses(reference @ directions, shown, "Do inventions lie where real digits lie?")
show(
    figure,
    "Three scatters of 1,000 images in two directions of their features, each with its ellipse, and dashed the "
    "ellipse of real digits. The real digits lie in several clumps that reach the edge. The invented ones fill "
    "the middle, with a smaller ellipse. Those at β = 20 are a small lump in the centre.",
)

# %% [markdown]
# Between them.
# The real digits lie in clumps at the rim, a class in each, and the middle is nearly empty.
# An invention that is half a 3 and half an 8 has features that are half and half.
#
# The solid ellipse is all that a mean and a covariance say of a set, drawn two standard deviations wide.
# The dashed one is that of the training digits.
# On the left you hardly see two; in the middle the ellipse is too small, and on the right it is smaller still.
# So compare the ellipses, and you have a number that is about sets.
#
# Begin with a single feature, where a set has a mean $\mu$ and a standard deviation $\sigma$:
#
# $$(\mu_1 - \mu_2)^2 + (\sigma_1 - \sigma_2)^2$$
#
# In words: the square of how far the means are apart, plus the square of how far the standard deviations are apart.


# %%
def apart(a, b):
    """(μ₁ - μ₂)² + (σ₁ - σ₂)² of each feature."""
    return (a.mean(0) - b.mean(0)) ** 2 + (a.std(0) - b.std(0)) ** 2  # [n, D], [m, D] -> [D]


# %% tags=["nbval-check-output"]
points = torch.tensor([[0.0], [2.0], [4.0]], dtype=torch.float64)
for name, other in (("the same", points), ("moved by 3", points + 3), ("twice as wide", 2 * points - 2)):
    print(f"{name:14}{apart(points, other).item():6.2f}")

# %% [markdown]
# Now you could add the distances of all 64 features.
# But lesson 10 has warned you: means and spreads can agree in every dimension, while the dimensions do not belong
# together in the same way.
# (The ellipse on the right is tilted, and neither axis alone shows that.)
# What is missing are the covariances.
# With them the distance becomes
#
# $$|\mu_1 - \mu_2|^2 + \mathrm{tr}\big(\Sigma_1 + \Sigma_2 - 2\,(\Sigma_1 \Sigma_2)^{1/2}\big)$$
#
# In words: how far the two means are apart, squared, and how differently the two sets spread.
# Here $\mu$ is a set's mean, 64 numbers; $\Sigma$ is its covariance, 64 × 64; and tr adds up a matrix's diagonal.
# With one feature it is the formula above, since
# $\sigma_1^2 + \sigma_2^2 - 2 \sigma_1 \sigma_2 = (\sigma_1 - \sigma_2)^2$.
#
# This is the **Fréchet distance** (of two Gaussians: Dowson & Landau 1982).
# Heusel et al. (2017) brought it to generated pictures.
# With the features of a network called Inception it is known as FID, and most papers on generated pictures report it.

# %% [markdown]
# ## Exercise: `frechet_distance`
#
# *15 minutes, medium.*
#
# You get the features of two sets of images: `a` of shape `[n, F]` and `b` of shape `[m, F]`, a row per image.
# Return their distance by the formula above, as one number.
#
# - `n` and `m` may differ. Both are larger than `F`. All images count.
# - A covariance here divides by the count less one, as `torch.cov` does.
# - $(\Sigma_1 \Sigma_2)^{1/2}$ is the root of a matrix: the matrix that gives $\Sigma_1 \Sigma_2$ if it is multiplied
#   by itself. It is not the root of each entry.
#   You need only its trace, and that is the sum of the square roots of the eigenvalues of $\Sigma_1 \Sigma_2$.
# - Compute in `float64`. If a feature is always the same, or a copy of another, an eigenvalue is 0, and rounding may
#   leave it a little below 0. The distance must be a number all the same, and not `nan`.


# %%
def frechet_distance(a, b):
    """|μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½) of the features [n, F] and [m, F] of two sets of images."""
    ...


# %%
check_frechet_distance(frechet_distance)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Four things first: two means of shape `[F]`, and two covariances of shape `[F, F]`.
# Then one number from the means, and three traces from the covariances.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.cov` wants a row per feature: `a.double().T.cov()`.
# The first term is the sum of the squared differences of the means.
# </details>
#
# <details><summary>Hint 3: the trace of the root</summary>
#
# $\Sigma_1 \Sigma_2$ is a product of matrices, `@`, and it is not symmetric, so take `torch.linalg.eigvals`.
# Its answers are complex numbers, whose imaginary parts are 0 here: take `.real`.
# Then `clamp(min=0)`, the root, and the sum.
# </details>

# %%
from vae_course.sample_quality import frechet_distance

show_me(frechet_distance)

# %% [markdown]
# (The course's version takes the root of a symmetric matrix that has the same eigenvalues, and refuses sets that are
# too small.)

# %% [markdown]
# ## Read it beside real digits
#
# Here is the distance of each set from the 4,000 training digits, with 1,000 images in each set.
#
# > **Predict first.**
# > Test digits and training digits come from the same people.
# > Will the distance of the real test digits be 0?

# %%
print(f"{'':14} sure   Fréchet distance   feature by feature")
for name, x in sets.items():
    distance, alone = frechet_distance(features[name], reference), apart(features[name], reference).sum()
    print(f"{name:14}{sure_share(classifier, x):5.0%}{distance:19.1f}{alone:21.1f}")

# %% [markdown]
# Both sets that deceived the sure share are found out.
# (The last column adds up `apart`. A third of what is wrong with the inventions is not in it.)
#
# The real digits are not at 0, they are at 7.
# So 7 is the best that you can hope for, and the reconstructions at 10 are near it.
# But why 7?
#
# > **Predict first.**
# > Take 500 real digits in place of 1,000.
# > Will the distance from the training digits halve, stay, or double?

# %%
print("images   real   invented")
for count in (100, 200, 500, 1000):
    real, invented = (frechet_distance(features[name][:count], reference) for name in ("real", "invented"))
    print(f"{count:6}{real:7.0f}{invented:11.0f}")

# %% [markdown]
# It more than doubles.
# A covariance has 2,080 different entries, and few images give a rough estimate of each.
# Every error looks like a difference, so few images are always farther away than many.
# To say "it stays" was reasonable: the digits are no worse.
#
# Chance is in it, too: how much does it move if you invent another thousand?

# %%
assert frechet_distance(features["real"][:500], reference) > 1.5 * frechet_distance(features["real"], reference)

again = []
for seed in range(6):
    z = torch.randn(1000, 20, generator=Generator().manual_seed(100 + seed))
    again.append(frechet_distance(digit_features(classifier, drawn(sharp, z)), reference))
print("six times a thousand inventions: " + ", ".join(f"{distance:.0f}" for distance in sorted(again)))

# %% [markdown]
# Between 106 and 114, and the first thousand had 115.
# So chance moves it by about 5 up or down.
#
# Three rules follow:
#
# - compare sets of one count, with one reference and one classifier;
# - put real digits of the same count beside them;
# - don't believe a difference that is smaller than what another draw makes of it.
#
# There is one more unfair comparison, and the judge refuses it by itself.
# A mean image is grey where a drawn one has ink or none.
# So it is no sample, and no real digit is like it.

# %%
try:
    digit_features(classifier, torch.sigmoid(sharp.decoder(prior[:1000])))
except ValueError as error:
    print(error)

# %% [markdown]
# ## Which β invents best?
#
# Now to your colleague's question.
# Use the same samples of the prior for every $\beta$, so that chance is the same for all.
#
# > **Predict first.**
# > At which $\beta$ are the inventions best: near 0.1, 1, 4 or 20?
# > In lesson 07 your eyes may have said: between 3 and 10.


# %%
def quality(x):
    """The share that the classifier is sure of, and the Fréchet distance from the training digits."""
    return sure_share(classifier, x), frechet_distance(digit_features(classifier, x), reference)


from_prior, real = {}, quality(test_x)  # β -> (sure share, distance)
for beta in (0.1, 0.3, 1.0, 2.0, 4.0, 7.0, 10.0, 20.0):
    from_prior[beta] = quality(drawn(every.at(beta), prior[:1000]))
print(f"{'':13} sure   Fréchet distance")
print(f"real digits {real[0]:6.0%}{real[1]:10.0f}")
for beta, (sure, distance) in from_prior.items():
    print(f"β = {beta:<8g}{sure:6.0%}{distance:10.0f}")

# %% [markdown]
# By the distance $\beta = 1$ and $2$ are the best, and you can't say which of these two: they are less than 1 apart.
# So the $\beta$ of the best $-\mathrm{ELBO}$, 1, is no bad one for inventions.
# But no $\beta$ comes near the real digits.
#
# <details><summary>Try it: in lesson 07 a high β made whole digits. Why not here?</summary>
#
# Lesson 07 showed mean images, without the speckle of a draw.
# Let `drawn` return each pixel's likelier value, `(torch.sigmoid(model.decoder(z)) > 0.5).float()`.
# Then $\beta = 4$ is the best of these, at a distance of 69.
# But that is no sample of the model: where $p(x|z)$ says 0.4, a draw has ink four times in ten, and this never.
# </details>
#
# Two things can be wrong with an invention: its code comes from an empty place, or the decoder can't draw.
# You can tell which.
# Give the same decoders codes of digits in place of draws of the prior.
#
# > **Predict first.**
# > At which $\beta$ will that help, and at which not at all?

# %%
from_codes = {}
for beta in from_prior:
    model = every.at(beta)
    from_codes[beta] = quality(drawn(model, codes_of(model, test_x)))
print(f"{'':13} sure   Fréchet distance")
for beta, (sure, distance) in from_codes.items():
    print(f"β = {beta:<8g}{sure:6.0%}{distance:10.0f}")

# %%
assert from_codes[1.0][1] < 20 < 80 < from_prior[1.0][1], "at β = 1 the codes should be at fault"
assert from_codes[20.0][1] > 0.9 * from_prior[20.0][1], "at β = 20 the decoder should be"
figure = plots.two_faults(from_prior, from_codes, real[1], "A low β fails by its codes, a high one by its decoder")
show(
    figure,
    "Two curves of the Fréchet distance against β, both axes logarithmic. From draws of the prior it stays above "
    "100 at every β. From codes of digits it starts at about 7, close to the dashed line of real digits, and "
    "rises from β = 1 on until both curves meet at β = 20.",
)

# %% [markdown]
# Two faults, and $\beta$ trades one for the other.
#
# At $\beta = 1$ the decoder draws nearly like the real thing, as soon as its codes come from where it has practised.
# The gap between the lines is the prior's empty places.
# (The pictures on the lower line are no inventions: each code belongs to a digit. They show what the decoder can draw.)
#
# At $\beta = 20$ the codes fit the prior, but they say too little for the decoder to draw a digit.
#
# The left end of the lower line is as good as real digits.
# So a better prior would mend the inventions, and with a better prior a *low* $\beta$ would be the best.

# %% [markdown]
# ## Better places, better inventions
#
# Lesson 10 ended with a judge of codes: a small network that estimates how much likelier a $z$ is as a code than as
# a draw of the prior.
# It sorted 2,000 draws, and the most code-like looked better.
# Did they only look better?
#
# And the middles of the walks from one digit to another: the line was grey, and the arc was sharp.
# Are they digits?
#
# > **Predict first.**
# > The Fréchet distance of 500 unsorted inventions is 126, that of 500 real digits 16.
# > What is it for the 500 of 2,000 that are most like codes?

# %%
by_score = prior[code_judge(sharp, train_x)(prior)[:, 0].argsort()]  # [2000, 20], the least code-like first
with torch.no_grad():
    mu, _ = sharp.encoder(test_x)  # [1000, 20]
a, b = mu[:500], mu[500:]
places = {
    "least code-like": by_score[:500],
    "unsorted": prior[:500],
    "most code-like": by_score[-500:],
    "ends of a walk": a,
    "middle, line": (a + b) / 2,
    "middle, arc": arc(a, b, 0.5),
}

# %%
by_place = {name: quality(drawn(sharp, z)) for name, z in places.items()}
print(f"{'500 each':17} sure   Fréchet distance")
print("real digits    {:7.0%}{:10.0f}".format(*quality(test_x[:500])))
for name, (sure, distance) in by_place.items():
    print(f"{name:15}{sure:7.0%}{distance:10.0f}")

# %% [markdown]
# The judge of codes has never seen an image, and the classifier has never seen a code, and they agree.
# Nothing was trained to draw better.
# The same decoder was asked in better places, and a third of the distance is gone.
#
# Of the middles the arc's is by far the better: it keeps its strokes.
# But by both numbers it falls short of the ends.
# So don't take a sharp picture for a digit.

# %% [markdown]
# ## What both numbers miss
#
# Deceive the numbers once more, both of them.
# Someone hands you a generator, and its secret is that it has stored 1,000 training digits and gives you those.
#
# > **Predict first.**
# > What are its two numbers?
# > Remember that real test digits have 97 % and 7.

# %%
assert by_place["most code-like"][1] < 0.75 * by_place["unsorted"][1], "better places should give better digits"

stored = train_x[:1000]
print("real test digits:   sure {:.0%}, Fréchet distance {:.1f}".format(*real))
print("stored digits:      sure {:.0%}, Fréchet distance {:.1f}".format(*quality(stored)))

# %% [markdown]
# Better than real ones.
# It has invented nothing, and by these numbers no generator can beat it.
# Nearness to the training digits is all that they ask for.
#
# Whether an invention is *new* is another question, and it has another number, as lesson 06 had one:
# in how many pixels does an image differ from the training digit that is nearest to it?


# %%
def pixels_from_nearest(x):
    """The number of pixels in which each image differs from its nearest training digit."""
    return torch.cdist(x.flatten(1), train_x.flatten(1)).square().amin(1).round()  # [B, 784], [4000, 784] -> [B]


print("pixels that differ:   mean   fewest")
for name, x in (("stored", stored), *((name, sets[name]) for name in ("real", "reconstructed", "invented"))):
    pixels = pixels_from_nearest(x)
    print(f"{name:20}{pixels.mean():6.0f}{pixels.min():9.0f}")
assert quality(stored)[1] < real[1], "copies should look better than new digits"

# %% [markdown]
# Now the copies are found out.
# The inventions are as new as real test digits, and a little stranger.
# (These 4,000 are only a part of what the network was trained on, and a bent or shifted copy would escape.)
#
# It needs all three numbers: is each image like a digit, is the set like a set of digits, and is it new?
# Then look at the pictures.

# %% [markdown]
# ## Key points
#
# - A number for samples needs a judge, and real digits beside it: the same count, the same reference, drawn pixels.
# - A sure share looks at one image at a time. A classifier can be sure of what is no digit.
# - The Fréchet distance compares sets, by the means and covariances of their features. Nothing else counts for it.
#   Fewer images give a larger distance, and another draw gives another one.
# - At a low $\beta$ the prior's empty places spoil the inventions, at a high one the decoder does: its codes say too
#   little.
# - The same decoder invents better from better places. Learn the prior, and leave $\beta$ low.
# - Copies of training digits have the best numbers of all. Ask whether inventions are new.
#
# | $\beta$ | real digits | 0.1 | 1 | 4 | 20 |
# | --- | --- | --- | --- | --- | --- |
# | inventions: sure share | 97 % | 58 % | 59 % | 64 % | 66 % |
# | inventions: Fréchet distance | 7 | 137 | 115 | 124 | 504 |
# | from codes of digits: sure share | | 94 % | 92 % | 82 % | 68 % |
# | from codes of digits: Fréchet distance | | 7 | 10 | 43 | 499 |
#
# 1,000 images in each set, their pixels drawn once; distances from the 4,000 embedded training digits.
# Another thousand inventions move the distance by about 5.
# The network of lesson 07 has seen the embedded digits in training, and the classifier has not.
#
# | 500 images each | sure share | Fréchet distance |
# | --- | --- | --- |
# | real digits | 96 % | 16 |
# | least code-like, unsorted, most code-like draws | 57 %, 58 %, 67 % | 176, 126, 78 |
# | middle of the line, middle of the arc | 61 %, 70 % | 167, 64 |
#
# **What comes next.**
# Look at the inventions again: you could not ask for a particular one.
# A code holds everything about a digit in one lump, which digit it is and how it was written.
# [Lesson 12](12_conditional.ipynb) takes the first out, by giving the model the label, and what is left is handwriting.
