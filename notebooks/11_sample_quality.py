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
# *75 minutes: 50 to the place to rest, and 25 after it. The open task takes 30 more. Needs lessons 01 to 07, and 10.*
#
# *[Start page](00_start.ipynb) · before: [10 The latent space](10_latent_space.ipynb) ·
# after: [12 Conditional](12_conditional.ipynb)*
#
# You will be able to:
#
# - give two numbers for "it looks like a digit", and read them beside those of real digits;
# - compute the Fréchet distance of two sets of images;
# - find out whether the prior or the decoder is at fault when generated digits are bad;
# - name what neither number sees.

# %%
from vae_course.checkpoints import load_classifier, load_pretrained
from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_rows, show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.latent_space import arc, code_judge
from vae_course.lessons.sample_quality import check_frechet_distance, plots
from vae_course.reparameterization import reparameterize
from vae_course.sample_quality import digit_features, sure_share

import torch
from torch import Generator

# %%
digits = load_digits()
generator = Generator().manual_seed(0)
train_x = binarize(grey(digits.train_images), generator)  # [4000, 1, 28, 28]
test_x = binarize(grey(digits.test_images), generator)  # [1000, 1, 28, 28]
every = load_pretrained("every-beta")  # lesson 07's network for every β

# %% [markdown]
# ## Which row is real?
#
# You have two models, and each has generated a thousand digits.
# A colleague asks which of the two you would take.
# You look at a dozen digits of each, and say: the left one.
# Then you look at the next dozen, and you are not sure any more.
#
# First find out how good your eyes are.
# Below are three rows, and you do not know which is which.
#
# - One row holds real test digits.
# - One row holds reconstructions: the network got a digit, drew a code $z$ from $q(z|x)$, and decoded it.
# - One row holds digits that the same network generates, with $z$ from the prior $p(z)$.
#   We call them *inventions* for short.
#
# In all rows each pixel is drawn once, so all images consist of zeros and ones.

# %%
prior = torch.randn(2000, 20, generator=Generator().manual_seed(4))  # [2000, 20]


@torch.no_grad()
def drawn(model, z):
    """Draw from p(x|z), zeros and ones: [B, D] -> [B, 1, 28, 28]."""
    return binarize(torch.sigmoid(model.decoder(z)), Generator().manual_seed(5))


@torch.no_grad()
def codes_of(model, x):
    """Draw from q(z|x), once per image: [B, D]."""
    return reparameterize(*model.encoder(x), Generator().manual_seed(2))


# %% jupyter={"source_hidden": true}
sharp = every.at(1.0)
sets = {
    "reconstructed": drawn(sharp, codes_of(sharp, test_x)),
    "real": test_x,
    "invented": drawn(sharp, prior[:1000]),
}

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
figure = digit_rows(dict(zip("ABC", (x[20:34] for x in sets.values()), strict=True)), "One row is real. Which?")
show(figure, "Three rows of fourteen black and white digits, marked A, B and C. A and B show the same digits.")

# %% [markdown]
# > **Predict first.**
# > Which row is real, which is reconstructed, and which is invented?

# %%
predict("sample_quality/real", "Which row is real?", choices=["A", "B", "C"])

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
figure = digit_rows({name: x[20:34] for name, x in sets.items()}, "Two rows are hard to tell apart; the third is not")
show(
    figure,
    "The same three rows with their names: A is reconstructed, B is real, C is invented. Real and reconstructed "
    "digits are hard to tell apart. The invented ones are speckled, and some are no digits.",
)
reveal("sample_quality/real", "B")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# A and B show the same digits, so one of them was made from the other.
# The edges of A are rougher, because the decoder is less certain of them and each pixel is drawn on its own.
# If you took A for the real row, that was reasonable: real digits whose pixels are drawn have rough edges, too.
# C is the easiest to find: some of its pictures are no digits.
#
# </details>

# %% [markdown]
# But by *how much* are the inventions worse?
# And would the network generate better digits at $\beta = 2$, or at 4?
# A dozen pictures are not enough to say so, and a thousand are too many to look at.

# %% [markdown]
# ## A judge who knows digits
#
# The course comes with a small classifier, a network that gives a probability to each of the ten classes.
# It was trained on MNIST's training digits without the embedded ones, so our test digits are new to it.
#
# Count the images of which it is **sure**: one class gets more than 95 %.
#
# > **Predict first.**
# > It is sure of 97 % of the real digits.
# > Of how many reconstructions is it sure, and of how many inventions?

# %%
predict("sample_quality/sure-reconstructed", "Of how many reconstructions is it sure, in per cent?")
predict("sample_quality/sure-invented", "Of how many inventions is it sure, in per cent?")

# %% jupyter={"source_hidden": true}
classifier = load_classifier()
right = (classifier(test_x).argmax(1) == digits.test_labels).float().mean()
print(f"The classifier names the right class for {right:.1%} of the real test digits.")
sure = {name: sure_share(classifier, x) for name, x in sets.items()}
assert sure["invented"] < 0.75 < 0.9 < sure["reconstructed"]
reveal("sample_quality/sure-reconstructed", f"{100 * sure['reconstructed']:.0f} %")
reveal("sample_quality/sure-invented", f"{100 * sure['invented']:.0f} %")
table({name: f"{share:.0%}" for name, share in sure.items()}, ["sure of"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If its code comes from a digit, the decoder's picture is nearly as good as a real digit.
# If you guessed more than 59 % of the inventions: you may have looked at mean images so far, which look whole.
#
# The number agrees with your eyes, and it says how much: four inventions of ten leave the classifier in doubt.
#
# </details>

# %% [markdown]
# ## Try to deceive the number
#
# Before you trust a number, try to deceive it.
# Here are two more sets of a thousand images.
# One is invented at $\beta = 20$.
# The other is one real digit a thousand times: the 7 at the right end of row B.
#
# > **Predict first.**
# > Of how many of each is the classifier sure?

# %%
predict("sample_quality/sure-20", "Of how many images at β = 20 is it sure, in per cent? (59 % at β = 1.)")
predict("sample_quality/sure-7", "Of how many of the thousand 7s is it sure, in per cent?")

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
sets["at β = 20"] = drawn(every.at(20.0), prior[:1000])
sets["one 7"] = test_x[33:34].expand(1000, -1, -1, -1)
sure = {name: sure_share(classifier, x) for name, x in sets.items()}
reveal("sample_quality/sure-20", f"{100 * sure['at β = 20']:.0f} %")
reveal("sample_quality/sure-7", f"{100 * sure['one 7']:.0f} %")
table({name: f"{share:.0%}" for name, share in sure.items()}, ["sure of"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The classifier has no class "no digit", so it takes the nearest one, mostly an 8.
# If you expected doubt at $\beta = 20$: that is what a person would feel, but nobody trained the classifier to doubt.
# The 7 is one image, so it is sure of all copies or of none.
#
# </details>

# %%
figure = digit_rows({name: x[:14] for name, x in sets.items()}, "The classifier is surest of the last row")
show(
    figure,
    "Five rows of fourteen pictures: reconstructed and real digits are clear, the invented ones partly speckled, "
    "those at β = 20 mostly scattered dots, and the last row is one 7 fourteen times.",
)

# %% [markdown]
# At $\beta = 20$ the images are only speckle, and they get a better number than the inventions at $\beta = 1$.
#
# The thousand copies get the best number of all.
# The sure share looks at one image at a time, so it can't see that all of them are the same.

# %% [markdown]
# ## Compare sets, not images
#
# Before the classifier names a class, it turns an image into 64 numbers, its **features**.
# Images that look alike to it have similar features.
# Nobody can plot 64 numbers, so look at them in two directions: those in which real digits vary most.
#
# > **Predict first.**
# > Each image is a dot. Real digits come in ten classes, and they lie in clumps.
# > Where will the dots of the inventions lie?

# %%
predict(
    "sample_quality/dots",
    "Where do the dots of the inventions lie?",
    choices=["in the clumps of the real digits", "between the clumps", "outside of all clumps"],
)

# %% jupyter={"source_hidden": true}
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
reveal("sample_quality/dots", "between the clumps")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The real digits lie in clumps at the rim, one class in each, and the middle is nearly empty.
# If an invention is half a 3 and half an 8, its features are half and half, too.
# If you guessed "outside": bad inventions look strange to us. But to the classifier a mixture is no extreme.
#
# </details>

# %% [markdown]
# The solid ellipse shows all that a mean and a covariance say of a set.
# From its centre to its edge it is two standard deviations.
# The dashed ellipse is that of the training digits.
# On the left you hardly see two ellipses.
# In the middle the solid one is too small, and on the right it is smaller still.
# So compare the ellipses, and you have a number that is about sets.
#
# Begin with a single feature, where a set has a mean $\mu$ and a standard deviation $\sigma$:
#
# $$(\mu_1 - \mu_2)^2 + (\sigma_1 - \sigma_2)^2$$
#
# In words: take the difference of the means and the difference of the standard deviations, square both, and add.


# %%
def by_feature(a, b):
    """Compute (μ₁ - μ₂)² + (σ₁ - σ₂)² of each feature: [n, F], [m, F] -> [F]."""
    return (a.mean(0) - b.mean(0)) ** 2 + (a.std(0) - b.std(0)) ** 2


# %% tags=["nbval-check-output"]
points = torch.tensor([[0.0], [2.0], [4.0]], dtype=torch.float64)
others = {"the same": points, "moved by 3": points + 3, "twice as wide": 2 * points - 2}
table({name: by_feature(points, other) for name, other in others.items()}, ["distance"])

# %% [markdown]
# Now you could add the distances of all 64 features.
# But lesson 10 has warned you: means and spreads can agree in every dimension, while the dimensions go together
# in another way.
# (The ellipse on the right is tilted, and neither axis alone shows that.)
# What is missing are the covariances.
# With them the distance becomes
#
# $$|\mu_1 - \mu_2|^2 + \mathrm{tr}\big(\Sigma_1 + \Sigma_2 - 2\,(\Sigma_1 \Sigma_2)^{1/2}\big)$$
#
# In words: the squared distance of the two means, plus how differently the two sets spread.
# Here $\mu$ is the mean of a set, 64 numbers, and $\Sigma$ is its covariance, 64 × 64.
# The trace tr adds up the diagonal of a matrix.
# With one feature this is the formula above, since
# $\sigma_1^2 + \sigma_2^2 - 2 \sigma_1 \sigma_2 = (\sigma_1 - \sigma_2)^2$.
#
# This is the **Fréchet distance** of two Gaussians (Dowson & Landau 1982).
# Heusel et al. (2017) brought it to generated pictures.
# With the features of a network called Inception it is known as **FID**.
# Most papers on generated pictures report it.

# %% [markdown]
# ## Exercise: `frechet_distance`
#
# *15 minutes · difficulty 2 of 3*
#
# You get the features of two sets of images: `a` of shape `[n, F]` and `b` of shape `[m, F]`, one row per image.
# Return their distance by the formula above, as one number.
#
# - `n` and `m` may differ, and both are larger than `F`. Use all images.
# - Divide a covariance by the count minus one, as `torch.cov` does.
# - $(\Sigma_1 \Sigma_2)^{1/2}$ is the root of a matrix: multiplied by itself, it gives $\Sigma_1 \Sigma_2$.
#   It is not the root of each entry.
#   You need only its trace, which is the sum of the square roots of the eigenvalues of $\Sigma_1 \Sigma_2$.
# - Compute in `float64`. If a feature is always the same, or a copy of another, an eigenvalue is 0.
#   Rounding may leave it a little below 0; the distance must still be a number, and not `nan`.


# %%
def frechet_distance(a, b):
    """Compute |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½) of the features [n, F] and [m, F] of two sets of images."""
    ...


# %%
check_frechet_distance(frechet_distance)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Compute four things first: two means of shape `[F]`, and two covariances of shape `[F, F]`.
# Then take one number from the means, and three traces from the covariances.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.cov` wants one row per feature: `a.double().T.cov()`.
# The first term is the sum of the squared differences of the means.
#
# </details>
#
# <details><summary>Hint 3: the trace of the root</summary>
#
# $\Sigma_1 \Sigma_2$ is a product of matrices, `@`, and it is not symmetric, so use `torch.linalg.eigvals`.
# It returns complex numbers, whose imaginary parts are 0 here: take `.real`.
# Then use `clamp(min=0)`, take the root, and sum.
#
# </details>

# %%
from vae_course.sample_quality import frechet_distance as course_frechet_distance

frechet_distance = go_on_with(frechet_distance, otherwise=course_frechet_distance)
show_me(course_frechet_distance)

# %% [markdown]
# (The course's version takes the root of a symmetric matrix with the same eigenvalues.
# It also refuses sets that are too small.)

# %% [markdown]
# ## Read it beside real digits
#
# Measure the distance of each set from the 4,000 training digits, with 1,000 images in each set.
#
# > **Predict first.**
# > Test digits and training digits come from the same people.
# > Real test digits against training digits: what is their distance, if that of the inventions is 115?

# %%
predict("sample_quality/distance", "Inventions have a distance of 115. What is the distance of real test digits?")

# %% jupyter={"source_hidden": true}
rows = {}
for name, x in sets.items():
    distance, alone = float(frechet_distance(features[name], reference)), by_feature(features[name], reference).sum()
    rows[name] = [f"{sure_share(classifier, x):.0%}", distance, alone]
reveal("sample_quality/distance", round(rows["real"][1], 1))
table(rows, ["sure of", "Fréchet distance", "feature by feature"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The distance of real test digits is 6.8, and not 0.
# If you guessed 0: the formula gives 0 for equal sets, and these are two different samples of one distribution.
#
# </details>

# %% [markdown]
# The distance finds both sets that deceived the sure share.
# (The last column adds up `by_feature`. It misses a third of what is wrong with the inventions.)
#
# The best that you can hope for is the distance of real digits, 6.8, and the reconstructions are near it, at 9.8.
# But why is the distance of real digits not 0?
#
# > **Predict first.**
# > Take 500 real digits in place of 1,000.
# > What happens to their distance from the training digits?

# %%
predict(
    "sample_quality/count",
    "500 real digits in place of 1,000: what happens to the distance?",
    choices=["it halves", "it stays about the same", "it doubles"],
)

# %% jupyter={"source_hidden": true}
rows = {}
for count in (100, 200, 500, 1000):
    rows[count] = [float(frechet_distance(features[name][:count], reference)) for name in ("real", "invented")]
assert rows[500][0] > 1.5 * rows[1000][0], "fewer images should be farther away"
reveal("sample_quality/count", "it doubles")
table(rows, ["images", "real", "invented"], digits=0, caption="Fréchet distance from the training digits")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# It more than doubles.
# A covariance has 2,080 different entries, and few images give a rough estimate of each.
# Every error counts as a difference, so few images are always farther away than many.
# If you guessed that it stays: that was reasonable, since the digits are no worse.
#
# </details>

# %% [markdown]
# So the distance depends on the number of images.
# It depends on chance, too: how much does it change if you generate another thousand?

# %%
again = []
for seed in range(6):
    z = torch.randn(1000, 20, generator=Generator().manual_seed(100 + seed))
    again.append(float(frechet_distance(digit_features(classifier, drawn(sharp, z)), reference)))
print("six times a thousand inventions: " + ", ".join(f"{distance:.0f}" for distance in sorted(again)))

# %% [markdown]
# They lie between about 106 and 114, and the first thousand had 115.
# So chance changes the distance by about 5, up or down.
#
# Three rules follow:
#
# - compare sets of the same count, with one reference and one classifier;
# - put real digits of the same count beside them;
# - don't believe a difference that another draw could make as well.
#
# One more comparison would be unfair, and the course's function refuses it.
# A mean image is grey where a drawn one has ink or none.
# So it is no sample, and no real digit is like it.

# %%
try:
    digit_features(classifier, torch.sigmoid(sharp.decoder(prior[:1000])))
except ValueError as error:
    print(error)

# %% [markdown]
# > **A place to rest.**
# >
# > *What you have now*: two numbers for a set of images, and what each is blind to.
# >
# > *What comes* takes about 25 minutes: you find the best $\beta$ by both numbers, and what is at fault in the others.
# >
# > Stop here if you like.
# > When you come back, click on the next cell and choose *Run → Run All Above Selected Cell*.

# %% [markdown]
# ## Which β generates best?
#
# Now to your colleague's question.
# Use the same draws of the prior for every $\beta$, so that chance is the same for all.
#
# > **Predict first.**
# > At which $\beta$ are the inventions nearest to the training digits?
# > In lesson 07 your eyes may have said: between 3 and 10.

# %%
predict(
    "sample_quality/beta",
    "At which β is the Fréchet distance of the inventions smallest?",
    choices=["0.1 or 0.3", "1 or 2", "4 or 7", "10 or 20"],
)


# %% jupyter={"source_hidden": true}
def quality(x):
    """Return the share that the classifier is sure of, and the Fréchet distance from the training digits."""
    return sure_share(classifier, x), float(frechet_distance(digit_features(classifier, x), reference))


def compare(measured, caption=""):
    rows = {name: [f"{sure:.0%}", distance] for name, (sure, distance) in measured.items()}
    return table(rows, ["sure of", "Fréchet distance"], digits=0, caption=caption)


from_prior, real = {}, quality(test_x)  # β -> (sure share, distance)
for beta in (0.1, 0.3, 1.0, 2.0, 4.0, 7.0, 10.0, 20.0):
    from_prior[beta] = quality(drawn(every.at(beta), prior[:1000]))
reveal("sample_quality/beta", "1 or 2")
compare({"real digits": real} | {f"β = {beta:g}": numbers for beta, numbers in from_prior.items()})

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# $\beta = 1$ and $\beta = 2$ are the best by this distance.
# They differ by less than 1, which is less than chance, and both are more than 100 away from real digits.
# If you guessed 4 or 7: lesson 07 showed mean images, without the speckle of a draw.
#
# </details>

# %% [markdown]
# So the $\beta$ of the best $-\mathrm{ELBO}$, which is 1, is not bad for inventions.
# But no $\beta$ comes near the real digits.
#
# ### Change this and see
#
# *5 minutes · difficulty 1 of 3 · no check*
#
# In lesson 07 a high $\beta$ made whole digits. Why not here?
# Let `drawn` return the likelier value of each pixel, `(torch.sigmoid(model.decoder(z)) > 0.5).float()`.
# Run its cell, and then the last code cell.
# Which $\beta$ is the best now? Then undo the change, and run both cells again.
#
# <details><summary>What you should see</summary>
#
# $\beta = 4$ is the best of these now, at a distance of about 69.
# But these are no samples of the model.
# Where $p(x|z)$ says 0.4, a draw has ink four times in ten, and this rule never has.
#
# </details>

# %% [markdown]
# ## Who is at fault?
#
# Two things can be wrong with an invention: its code comes from an empty place, or the decoder can't draw.
# You can find out which.
# Give the same decoders codes of digits in place of draws of the prior.
#
# > **Predict first.**
# > At which $\beta$ will that help?

# %%
predict(
    "sample_quality/codes",
    "At which β do codes of digits help most?",
    choices=["at a low β", "at a high β", "at every β about the same", "at no β"],
)

# %% jupyter={"source_hidden": true}
from_codes = {}
for beta in from_prior:
    model = every.at(beta)
    from_codes[beta] = quality(drawn(model, codes_of(model, test_x)))

assert min(from_prior, key=lambda beta: from_prior[beta][1]) in (1.0, 2.0), "β = 1 or 2 should be the best"
assert from_codes[1.0][1] < 20 < 80 < from_prior[1.0][1], "at β = 1 the codes should be at fault"
assert from_codes[20.0][1] > 0.9 * from_prior[20.0][1], "at β = 20 the decoder should be"
reveal("sample_quality/codes", "at a low β")
compare({f"β = {beta:g}": numbers for beta, numbers in from_codes.items()}, "from codes of digits")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# At a low $\beta$ the codes say much, but the clouds leave empty places, where the prior draws.
# At a high $\beta$ the codes fit the prior, but they say too little for the decoder to draw a digit.
# If you guessed "at every β": a code of a digit is better than a draw only where the two differ.
#
# </details>

# %%
figure = plots.two_faults(from_prior, from_codes, real[1], "A low β fails by its codes, a high one by its decoder")
show(
    figure,
    "Two curves of the Fréchet distance against β, both axes logarithmic. From draws of the prior it stays above "
    "100 at every β. From codes of digits it starts at about 7, close to the dashed line of real digits, and "
    "rises from β = 1 on until both curves meet at β = 20.",
)

# %% [markdown]
# There are two faults, and $\beta$ trades one for the other.
#
# At $\beta = 1$ the decoder's pictures are nearly as good as real digits, if its codes come from places that it knows.
# The gap between the curves comes from the prior's empty places.
# (The images of the lower curve are no inventions, since each code belongs to a digit. They show what the decoder can.)
#
# At the left end, the lower curve is as good as real digits.
# So a better prior should make the inventions good. Lesson 14 tests this.

# %% [markdown]
# ## The judge of codes, again
#
# Lesson 10 ended with a judge of codes.
# This small network estimates how much likelier a $z$ is as a code than as a draw of the prior.
# It sorted 2,000 draws, and the most code-like ones looked better.
# Did they only look better?
#
# And the middles of the walks from one digit to another: the line was grey, and the arc was sharp.
# Are they digits?
#
# > **Predict first.**
# > The Fréchet distance of 500 unsorted inventions is 126, and that of 500 real digits is 16.
# > What is it for the 500 of 2,000 that are most like codes?

# %%
predict("sample_quality/code-like", "What is the distance of the 500 most code-like inventions? (Unsorted: 126.)")

# %% jupyter={"source_hidden": true}
by_score = prior[code_judge(sharp, train_x)(prior)[:, 0].argsort()]  # [2000, 20], the least code-like first
with torch.no_grad():
    mu, _ = sharp.encoder(test_x)  # [1000, 20]
a, b = mu[:500], mu[500:]
places = {
    "least code-like": by_score[:500],
    "unsorted": prior[:500],
    "most code-like": by_score[-500:],
    "ends of a walk": a,
    "middle of the line": (a + b) / 2,
    "middle of the arc": arc(a, b, 0.5),
}
by_place = {name: quality(drawn(sharp, z)) for name, z in places.items()}
assert by_place["most code-like"][1] < 0.75 * by_place["unsorted"][1], "better places should give better digits"
reveal("sample_quality/code-like", round(by_place["most code-like"][1]))
compare({"real digits": quality(test_x[:500])} | by_place, "500 images each")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# More than a third of the distance is gone, although nothing was trained to draw better.
# If you guessed no change: the judge has never seen an image.
# But the decoder draws well where the codes are, and that is what the judge knows.
#
# </details>

# %% [markdown]
# The judge of codes has never seen an image, and the classifier has never seen a code, and yet they agree.
#
# Of the two middles, the arc's is by far the better: it keeps its strokes.
# But by both numbers it is worse than the ends.
# So don't take a sharp picture for a digit.

# %% [markdown]
# ## Deceive both numbers
#
# Try once more to deceive them.
# Someone hands you a generator, and its secret is that it has stored 1,000 training digits and returns those.
#
# > **Predict first.**
# > Real test digits have a sure share of 97 % and a distance of about 7.
# > What does the generator get?

# %%
predict(
    "sample_quality/stored",
    "Is the Fréchet distance of the stored training digits larger or smaller than that of real test digits?",
    choices=["much larger", "a little larger", "smaller"],
)

# %% jupyter={"source_hidden": true}
stored = train_x[:1000]
numbers = {"real test digits": real, "stored training digits": quality(stored)}
assert numbers["stored training digits"][1] < real[1], "copies should look better than new digits"
reveal("sample_quality/stored", "smaller")
rows = {name: [f"{sure:.0%}", distance] for name, (sure, distance) in numbers.items()}
table(rows, ["sure of", "Fréchet distance"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# Both numbers ask only how near the images are to training digits, and nothing is nearer than training digits.
# If you guessed "larger": a copy feels like a fault. But neither number looks for it.
#
# The copies are better than real digits, by these numbers.
# The generator has invented nothing, and no honest one can do better.
#
# </details>

# %% [markdown]
# Whether an invention is *new* is another question, and it needs another number, as in lesson 06.
# Find the training digit that is nearest to the image, and count the pixels in which the two differ.


# %%
def pixels_from_nearest(x):
    """Count the pixels in which each image differs from its nearest training digit: [B]."""
    return torch.cdist(x.flatten(1), train_x.flatten(1)).square().amin(1).round()  # [B, 784], [4000, 784]


rows = {}
for name, x in {"stored": stored, **{name: sets[name] for name in ("real", "reconstructed", "invented")}}.items():
    pixels = pixels_from_nearest(x)
    rows[name] = [pixels.mean(), pixels.min()]
table(rows, ["mean", "fewest"], digits=0, caption="pixels that differ from the nearest training digit")

# %% [markdown]
# This number finds the copies.
# The inventions are as new as real test digits, and a little stranger.
# (These 4,000 are only a part of what the network was trained on, and a bent or shifted copy would not be found.)
#
# So you need all three numbers.
# Is each image like a digit? Is the set like a set of digits? And is it new?
# Then look at the pictures.

# %% [markdown]
# ## An open task: two numbers for two faults
#
# *30 minutes · difficulty 3 of 3 · no check*
#
# The Fréchet distance is one number, so it can't say *how* a set is wrong.
# Precision and recall can (Kynkäänniemi et al. 2019).
# Put a ball around the features of each real digit, which reaches to the third nearest of the other real digits.
# **Precision** is the share of inventions that lie in some ball.
# For **recall**, put such balls around the inventions, and take the share of real digits that lie in some ball.
#
# Measure both with the first 1,000 training digits as the real ones, for real test digits, for `one 7`,
# and for inventions at $\beta$ = 1, 4, 10 and 20.
#
# <details><summary>What a good answer shows</summary>
#
# - Real test digits get about 89 % for both numbers, so that is the best to hope for.
# - `one 7` has a precision of 100 % and a recall of 0 %.
# - At $\beta = 1$ precision is about 73 % and recall 76 %: some inventions are no digits, but nothing much is missing.
# - As $\beta$ rises to 20, precision rises to 88 % and recall falls to 4 %.
#   At $\beta$ = 4 and 10 recall is 64 % and 30 %.
# - Precision has the same weakness as the sure share: to this classifier, speckle can lie among the 8s.
#   So look at the pictures before you call $\beta = 20$ precise.
#
# </details>

# %%
guesses("sample_quality")

# %% [markdown]
# ## Key points
#
# - A number for generated images needs real digits beside it: the same count, the same reference, drawn pixels.
# - A sure share looks at one image at a time. A classifier can be sure of what is no digit.
# - The Fréchet distance compares sets, by the means and covariances of their features. Nothing else counts for it.
#   Fewer images give a larger distance, and another draw gives another one.
# - At a low $\beta$ the prior's empty places spoil the inventions.
#   At a high $\beta$ it is the decoder, because its codes say too little.
# - The same decoder generates better digits from better codes. So lesson 14 learns the prior.
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
# Another thousand inventions change the distance by about 5.
# The network of lesson 07 has seen the embedded digits in training, and the classifier has not.
#
# | 500 images each | sure share | Fréchet distance |
# | --- | --- | --- |
# | real digits | 96 % | 16 |
# | least code-like, unsorted, most code-like draws | about 57 %, 58 %, 65 % | about 168, 126, 77 |
# | middle of the line, middle of the arc | 61 %, 70 % | 167, 64 |
#
# **What comes next.**
# Look at the inventions again: you could not ask for a particular one.
# A code holds everything about a digit together: which digit it is, and how it was written.
# [Lesson 12](12_conditional.ipynb) gives the label to the model, and what is left in the code is handwriting.
#
# *[Start page](00_start.ipynb) · before: [10 The latent space](10_latent_space.ipynb) ·
# after: [12 Conditional](12_conditional.ipynb)*
