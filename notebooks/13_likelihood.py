# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 13 · What a density can't tell you
#
# *75 minutes: 45 to the place to rest, and 30 after it. The open task takes 30 more. Needs lessons 01 to 08.*
#
# *[Start page](00_start.ipynb) · before: [12 Conditional](12_conditional.ipynb) · after: [14 Prior](14_prior.ipynb)*
#
# You will be able to:
#
# - turn $-\log p(x)$ into an alarm for images that do not belong, and measure without a threshold how good it is;
# - say for which images this alarm fails, and why;
# - name, for any such score, the question that it answers, and one that it does not;
# - say what else a good likelihood leaves open: how samples look, and whether the code is useful.

# %%
import math

from vae_course.data import binarize, grey
from vae_course.decoder import log_likelihood
from vae_course.digits import load_digits
from vae_course.evaluation import importance_weighted_bound
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_rows, show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.lessons import COLORS
from vae_course.lessons.likelihood import check_auroc, plots
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import torch
from torch import Generator

# %% [markdown]
# ## Something that does not belong
#
# You built a machine that reads digits from forms.
# One day somebody puts in a form with something else on it.
# The machine should say so, and not guess.
# Finding such images is called **anomaly detection**.
#
# You can't train a classifier for that.
# You have no examples of what does not belong, and if you had some, the next one would be different.
# But you have a model of what *does* belong, and it says how probable any image is.
# So let it raise an alarm when an image is improbable:
#
# $$\text{surprise}(x) = -\mathrm{ELBO}(x) \ge -\log p(x)$$
#
# In words: the surprise is the number of nats that this image costs the model.
# It is less noisy if you average it over five draws of $z$.


# %%
@torch.no_grad()
def surprise(model, x):
    """Compute -ELBO of each image, in nats: the mean over five draws of z."""
    noise = Generator().manual_seed(0)
    return torch.stack([model.elbo(x, noise).negative_elbo for _ in range(5)]).mean(0)  # [5, B] -> [B]


# %% [markdown]
# Try it with images of which you have many examples: the 0s.
# Remove all 0s from the training digits and train on the rest.
# We say that the 0s are *held out*: the model meets them only at the test.

# %%
digits = load_digits()
x = binarize(grey(digits.test_images), Generator().manual_seed(0))  # [1000, 1, 28, 28]
labels = digits.test_labels  # [1000]


def train(images):
    torch.manual_seed(0)
    model = VAE()
    for _ in fit(model, images, TrainConfig(epochs=6, batch_size=64, learning_rate=2e-3, decay=True)):
        pass
    return model


without_0 = train(digits.train_images[digits.train_labels != 0])
scores = surprise(without_0, x)  # [1000]
anomalous = labels == 0  # [1000], True for what should raise the alarm

# %%
figure = plots.histograms(scores, anomalous, "0s, never seen", "A model that never saw a 0 is surprised by it")
show(
    figure,
    "Two histograms of surprise. The classes trained on make a hill around 120 nats. The 0s, never seen, make a "
    "hill around 180. The two overlap between about 130 and 220.",
)

# %% [markdown]
# It works: most 0s cost more than most other digits.
# Nobody had to tell the model what a 0 is, or that one might come.
#
# ## How well does it work?
#
# The two histograms overlap.
# Wherever you put the threshold, some 0s are below it (they are missed), and some other digits are above it (these
# are false alarms).

# %%
thresholds = (200, 165, 140)
figure = plots.thresholds_and_curve(scores, anomalous, thresholds, "0s")
show(
    figure,
    "On the left the two histograms with three thresholds, C, B and A from left to right. On the right the ROC "
    "curve, which rises far above the diagonal, with the three thresholds as points on it: A low at the left, B "
    "in the bend, C at the top.",
)

# %% [markdown]
# On the left you see three thresholds, and on the right what each of them does.
# The *true positive rate* is the share of the 0s that raise the alarm.
# The *false positive rate* is the share of the other digits that raise it.
# As you lower the threshold, the point moves along the curve from the bottom left corner to the top right one.
# The curve is called **ROC**, for receiver operating characteristic: it was first drawn for receivers of radar.
#
# Which threshold is right depends on how much a miss costs, and how much a false alarm.
# To compare *scores*, use a number that needs no threshold: the area under the curve, the **AUROC**.
# You can say what it means in a sentence:
#
# $$\mathrm{AUROC} = P(\text{score of an anomaly} > \text{score of a normal image})
#   + \tfrac12\,P(\text{they are equal})$$
#
# In words: draw one 0 and one other digit; how often does the 0 have the higher score?
# A tie counts half.
# A perfect score has 1, and a score that knows nothing has 0.5.

# %% [markdown]
# ## Exercise: `auroc`
#
# *10 minutes · difficulty 2 of 3*
#
# You get `scores`, one number per image, and `anomalous`, True or False for each image.
# Return the AUROC, which is one number.
# There may be ties, and the two groups may have very different sizes.
# You may compare all pairs: with a thousand digits they are not too many.


# %%
def auroc(scores, anomalous):
    """Measure how often an anomaly has a higher score than a normal image; a tie counts half."""
    ...


# %%
check_auroc(auroc)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# You need no threshold.
# Split the scores into two lists, and for each pair across the lists ask which score is higher.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The two lists are `high = scores[anomalous]` and `low = scores[~anomalous]`.
# `high[:, None]` has shape `[A, 1]`, so `high[:, None] > low` has one row per anomaly and one column per normal image.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The mean of that table of True and False is the first term of the formula.
# The second term is half the mean of the same table with `==`.
#
# </details>

# %%
from vae_course.likelihood import auroc as course_auroc

auroc = go_on_with(auroc, otherwise=course_auroc)
show_me(course_auroc)

# %% [markdown]
# (The course's function sorts, where you may compare all pairs. So it can take a million images.)
#
# Here are a score that knows nothing, one that knows everything, one that is upside down, and one with a tie.

# %% tags=["nbval-check-output"]
strange = torch.tensor([True, True, False, False, False])
examples = ([7.0] * 5, [9.0, 8.0, 7.0, 6.0, 5.0], [1.0, 2.0, 3.0, 4.0, 5.0], [9.0, 3.0, 5.0, 3.0, 1.0])
rows = [[*map(int, score), float(auroc(torch.tensor(score), strange))] for score in examples]
table(rows, ["anomaly", "anomaly", "normal", "normal", "normal", "AUROC"], digits=3)

# %% [markdown]
# > **Predict first.**
# > Draw one 0 and one other digit: how often is the 0 the more surprising of the two?
# > Take a number from the two histograms before you compute it.

# %%
predict("likelihood/zeros", "What is the AUROC with the 0s held out?")

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
assert auroc(scores, anomalous) > 0.8, "0s should stand out"
reveal("likelihood/zeros", round(float(auroc(scores, anomalous)), 2))
print(f"0s held out: AUROC {auroc(scores, anomalous):.2f}")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed less: the overlap looks large, since the histograms cover the same range of nats.
# But a pair counts as wrong only if its 0 is from the low end, or its other digit from the high end.
#
# In nine pairs out of ten the 0 is the more surprising one.
# This is good for a model that did not know what to look for.
#
# </details>

# %% [markdown]
# ## The same with 1s
#
# > **Predict first.**
# > Now hold out the 1s in place of the 0s, train again, and let the 1s come in at the test.
# > A 1 differs from the other digits at least as much as a 0.
# > What will the AUROC be: about 0.9 again, less, more?

# %%
predict("likelihood/ones", "What is the AUROC with the 1s held out?")

# %% jupyter={"source_hidden": true}
without_1 = train(digits.train_images[digits.train_labels != 1])
scores, anomalous = surprise(without_1, x), labels == 1
title = "To a model that never saw a 1, the 1s are the most normal of all"
figure = plots.histograms(scores, anomalous, "1s, never seen", title)
show(
    figure,
    "Two histograms of surprise. The 1s, never seen, make a high, narrow hill around 100 nats. The classes "
    "trained on make a wide hill around 140, to the right of it.",
)
assert auroc(scores, anomalous) < 0.35, "1s should pass for normal"
reveal("likelihood/ones", round(float(auroc(scores, anomalous)), 2))
print(f"1s held out: AUROC {auroc(scores, anomalous):.2f}")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you expected 0.9: the argument "never seen, so improbable" was good enough for the 0s.
#
# This is far below 0.5.
# The model has never seen a 1, and finds the 1s *less* surprising than the digits that it was trained on.
#
# Do not turn the sign round now.
# That would help with the 1s and fail with the 0s, and nobody tells you which of them the strange form will be.
#
# </details>

# %% [markdown]
# ## What is the cause?
#
# There are three candidates: the bound, the model, and the question.
#
# **The bound.**
# The surprise is not $-\log p(x)$ but lies above it, and for some digits by more than for others.
# Lesson 08 gave you a tighter bound.

# %%
tighter = -importance_weighted_bound(without_1, x, 50, Generator().manual_seed(0)).value
print(f"1s held out, 50 draws per digit: AUROC {auroc(tighter, anomalous):.2f}")
assert auroc(tighter, anomalous) < 0.35, "a tighter bound should not help"

# %% [markdown]
# The bound is not the cause.
#
# **The model.**
# Perhaps it knows 1s all the same, as parts of 4s and 7s.
# Then 1s should not cost much less for a model that was trained with them.
#
# > **Predict first.**
# > To the model without 1s, a 1 costs a bit over 100 nats.
# > What does it cost a model that was trained on all ten classes?

# %%
predict(
    "likelihood/cost",
    "What does a 1 cost a model that was trained on all ten classes?",
    choices=["about the same", "much less", "more"],
)

# %% jupyter={"source_hidden": true}
everything = train(digits.train_images)
knows_all = surprise(everything, x)
rows = {}
for name, group in (("a 1", anomalous), ("another digit", ~anomalous)):
    rows[name] = scores[group].mean(), knows_all[group].mean()
assert (scores - knows_all)[anomalous].mean() > 15, "1s should cost more for a model that has never seen one"
reveal("likelihood/cost", "much less")
table(rows, ["model without 1s", "model of all ten"], caption="mean surprise, nats per image")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed about the same: the 1s looked very normal to the first model, as if it knew them.
# But a low number of nats may still be higher than necessary.
#
# </details>

# %%
ones = x[anomalous][:10]
rows = {"a 1": ones, "without 1s": without_1.reconstruct(ones), "with all ten": everything.reconstruct(ones)}
figure = digit_rows(rows, "A model that never saw a 1 draws it with the strokes of other digits")
show(
    figure,
    "Three rows of ten pictures: 1s, what the model without 1s makes of them, and what the model with all ten "
    "makes of them. The first model gives thick, blurred strokes with bends. The second gives clean 1s.",
)

# %% [markdown]
# For a 1, the model without 1s pays on average 33 nats more than the other model, so it *is* surprised.
# For other digits the two models pay about the same.
# So the model is not the cause either.
# About 107 nats are far too many for a 1, and yet few for a digit.
#
# **The question.**
# This leaves the third candidate: we compared the nats of a 1 with those of an 8.
#
# ## What do the nats depend on?
#
# Lesson 01 drew each pixel, with its grey value as the probability of being on.
# No model can predict these draws.
# On average they cost at least the entropy of the grey pixels.
# Compare the surprise with this entropy, for the model that knows all ten classes.


# %%
def ink(x):
    """Count the pixels that are on in each image."""
    return x.flatten(1).sum(1)  # [B, 1, 28, 28] -> [B]


def entropy(p):
    """Compute the entropy of each image's pixels, in nats: the least that drawing them costs on average."""
    return (torch.special.entr(p) + torch.special.entr(1 - p)).flatten(1).sum(1)  # [B, 1, 28, 28] -> [B]


pixel_entropy = entropy(grey(digits.test_images))  # [1000]
assert torch.corrcoef(torch.stack([pixel_entropy, knows_all]))[0, 1] > 0.6, "surprise should follow the grey"
title = "A digit with more grey in it costs more, whatever it is"
figure = plots.surprise_and_entropy(pixel_entropy, knows_all, labels, (0, 1), title)
show(
    figure,
    "A scatter of test digits: surprise against the entropy of the grey pixels. It rises from lower left to upper "
    "right. The 1s lie at the lower left, the 0s at the right, and all dots lie above the line of what the draws "
    "alone cost.",
)

# %%
rows = {}
for name, values in (("the entropy of its grey pixels", pixel_entropy), ("its ink", ink(x))):
    rows[name] = torch.corrcoef(torch.stack([values, knows_all]))[0, 1]
    assert rows[name] > 0.4, "the surprise should go with the ink and the entropy"
table(rows, ["correlation with the surprise"], digits=2)

# %%
within = [torch.corrcoef(torch.stack([pixel_entropy[labels == c], knows_all[labels == c]]))[0, 1] for c in range(10)]
print(f"surprise and entropy within one class: correlation {min(within):.2f} to {max(within):.2f}")
rows = {f"a {c}": (pixel_entropy[labels == c].mean(), knows_all[labels == c].mean()) for c in (0, 1)}
table(rows, ["entropy of the grey pixels", "surprise"], digits=0, caption="mean, nats per image")

# %% [markdown]
# More than half of the variance of the surprise goes with the amount of grey in a digit.
# (This share is the square of the correlation, 0.6.)
# The grey is along the edges of the stroke.
# A 1 is one short stroke, so it has few pixels about which a model can be wrong.
#
# The surprise is a sum over pixels.
# It says *how much* there was to say about the image.
# It does not say how strange the image was *for one of its kind*.
#
# If this is right, other classes must show it, too.
#
# > **Predict first.**
# > You hold out each class in turn.
# > Besides the 1s: which two classes do you expect to be noticed least, by their ink alone?

# %%
predict("likelihood/least", "Besides the 1s, which two classes are noticed least?", line=True)

# %%
without = {0: without_0, 1: without_1}
for c in range(2, 10):
    without[c] = train(digits.train_images[digits.train_labels != c])
surprises = torch.stack([surprise(without[c], x) for c in range(10)])  # [10, 1000]: row c never saw class c
by_class = [float(auroc(surprises[c], labels == c)) for c in range(10)]
mean_ink = [ink(x[labels == c]).mean().item() for c in range(10)]

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
figure = plots.held_out_by_ink(mean_ink, by_class, "The less ink a class has, the less it is noticed")
show(
    figure,
    "Ten digits placed by the mean ink of their class and by the AUROC when it was held out. The 1, with the "
    "least ink, is at 0.15, far below 0.5. The 9 is little above 0.5, the 7 at 0.64; the 0, with the most ink, is "
    "above 0.9.",
)
correlation = torch.corrcoef(torch.tensor([mean_ink, by_class]))[0, 1]
others = torch.corrcoef(torch.tensor([mean_ink, by_class])[:, torch.arange(10) != 1])[0, 1]
print(f"correlation {correlation:.2f}, and {others:.2f} if the 1s are left out")
assert min(by_class) == by_class[1], "1s should be noticed least"
assert correlation > 0.6, "classes with more ink should be noticed more"

# %% jupyter={"source_hidden": true}
least = sorted(range(10), key=by_class.__getitem__)
reveal("likelihood/least", f"{least[1]} and {least[2]}")
classes = [str(c) for c in range(10)]
rows = {
    "ink, pixels": [f"{pixels:.0f}" for pixels in mean_ink] + [""],
    "AUROC": [*by_class, sum(by_class) / 10],
}
table(rows, ["held out", *classes, "mean"], digits=2)

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The 7s have the least ink after the 1s.
# The 9s have about as much ink as the 4s and 5s, so ink does not explain everything.
# A 9 looks much like a 4 and a 7, which the model did see.
#
# The 0s, with which we began, are the class with the most ink.
# We were lucky with our first try, and it looked like understanding.
#
# </details>

# %% [markdown]
# > **A place to rest.**
# >
# > *What you have now* is an alarm, the AUROC to judge it, and the reason why it fails for 1s.
# >
# > *What comes* takes about 30 minutes: images that are no digits, scores that compare with something else,
# > and two more things that a likelihood does not say.
# >
# > Stop here if you like.
# > When you come back, click on the next cell and choose *Run → Run All Above Selected Cell*.

# %% [markdown]
# ## Images that are no digits
#
# Is this only a matter of small digits?
# No: others found the same with larger models and colour images.
# Nalisnick et al. (2019, arXiv 1810.09136) trained VAEs and two other kinds of densities, flows and PixelCNNs.
# The training images were CIFAR-10, photographs of animals and vehicles; at the test came SVHN, house numbers.
# The house numbers got the *higher* likelihood.
# Serrà et al. (2020, arXiv 1909.11480) explain it by complexity.
# The number of bytes that an image takes in a compressor such as PNG predicts much of its likelihood.
# There the smooth images do what the 1s do here.
#
# Here are seven kinds of images:
#
# - a blank one;
# - digits upside down;
# - digits with black and white exchanged;
# - noise, where each pixel is 1 with probability ½;
# - mixed pixels, each of them taken from another training digit;
# - test digits;
# - digits that the model itself generates ("own samples").
#
# > **Predict first.**
# > Put the seven in order of their mean surprise, for the model of all ten classes.
# > Which kind has the lowest, and which the highest?
# > And do the model's own samples surprise it more than test digits, or less?

# %%
KINDS = ["blank", "upside down", "exchanged", "noise", "mixed pixels", "test digits", "own samples"]
sides = ["less than test digits", "about as much", "more than test digits"]

# %%
predict("likelihood/lowest", "Which kind of images has the lowest surprise?", choices=KINDS)
predict("likelihood/highest", "Which kind of images has the highest surprise?", choices=KINDS)
predict("likelihood/own", "How much do its own samples surprise the model?", choices=sides)

# %%
noise = Generator().manual_seed(1)
train_x = binarize(grey(digits.train_images), noise).flatten(1)  # [4000, 784]
another = torch.randint(4000, (1000, 784), generator=noise)
kinds = {
    "blank": torch.zeros(1, 1, 28, 28),
    "upside down": x.flip(2, 3),
    "exchanged": 1 - x,
    "noise": torch.rand(1000, 1, 28, 28, generator=noise).round(),
    "mixed pixels": train_x[another, torch.arange(784)].view(-1, 1, 28, 28),
    "test digits": x,
    "own samples": binarize(everything.sample(1000, noise), noise),
}
nats = {name: surprise(everything, images) for name, images in kinds.items()}

# %% jupyter={"source_hidden": true}
means = {name: nats[name].mean().item() for name in sorted(nats, key=lambda name: nats[name].mean())}
first = {name: kinds[name][0] for name in means}
figure = plots.strangers(first, means, "The blank image is the least surprising of all (nats per image)")
show(
    figure,
    "Seven pictures with their mean surprise, in rising order: blank 60, test digits about 131, upside down and "
    "own samples about 170, mixed pixels about 244, noise about 1,900, and black exchanged with white about 5,800.",
)
order = [*means]
assert order[0] == "blank", "the blank image should cost the least"
assert means["own samples"] > means["test digits"] + 10, "its own samples should cost more than test digits"
reveal("likelihood/lowest", order[0])
reveal("likelihood/highest", order[-1])
reveal("likelihood/own", "more than test digits")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# Most pixels of most digits are 0, so the model is nearly sure of each pixel of a blank image.
# With black and white exchanged, it is equally sure of most pixels, and wrong.
# In noise it is wrong about half of them.
# If you guessed that the model knows its own samples best: so would most people.
# But each pixel of a sample is drawn by itself, from a blurred picture.
# On average this noise alone costs 146 nats, and that of the grey pixels of a real digit costs 46.
#
# </details>

# %%
rows = {}
for name in ("upside down", "own samples", "mixed pixels", "noise", "exchanged"):
    both = torch.cat([knows_all, nats[name]])
    rows[name] = float(auroc(both, torch.arange(len(both)) >= len(knows_all)))
table(rows, ["AUROC, beside test digits"], digits=3)

# %%
less_than_blank = (knows_all < nats["blank"]).float().mean()
print(f"test digits less surprising than the blank image: {less_than_blank:.1%}")
closer = -importance_weighted_bound(everything, kinds["blank"], 1000, Generator().manual_seed(0)).value.item()
print(f"the blank image with 1,000 draws: {closer:.0f} nats")
assert less_than_blank < 0.1, "the blank image should cost less than nearly all digits"

# %% [markdown]
# The alarm finds noise and exchanged colours without a mistake, at fourteen and forty-five times the cost of a digit.
# So it is useful against things like these.
# But the blank image, which nobody would call a digit, is more probable to the model than nearly all digits.
# (Its surprise is also an upper bound, and a loose one: with more draws it becomes still smaller.)
#
# This is no mistake of the model.
# The most probable outcome need not be a *typical* one.
# Take the coin of lesson 04, which shows heads nine times out of ten, and toss it a thousand times.

# %% tags=["nbval-check-output"]
rows = {}
for tails in (0, 100):
    one = (1000 - tails) * math.log10(0.9) + tails * math.log10(0.1)  # log10 of the probability of one such series
    many = math.log10(math.comb(1000, tails))
    rows[f"{tails} tails"] = f"10^{one:.1f}", f"10^{many:.1f}", f"{10 ** (one + many):.2g}"
table(rows, ["one series", "such series", "all of them together"], caption="probability")

# %% [markdown]
# No series is more probable than heads in all tosses, and you will never see it.
# A density ranks single images.
# What you meant were *kinds* of images, and most probability may belong to a kind with very many members.
#
# Look at the model's own samples as well.
# They cost it more than test digits, so the images that it finds most probable are not those that it generates.

# %% [markdown]
# ## Surprising compared with what?
#
# There is a theorem about telling two things apart.
# Let $x$ come either from $p$ or from an alternative $a$.
# Then the best score is the **likelihood ratio** (Neyman & Pearson 1933), here as its logarithm:
#
# $$\text{score}(x) = -\log \frac{p(x)}{a(x)}
#   = \underbrace{-\log p(x)}_{\text{surprise}} - \underbrace{(-\log a(x))}_{\text{what the alternative pays}}$$
#
# In words: take the nats that the model pays *more than the alternative would*.
#
# You can't do without an alternative.
# If you leave it out, you have still chosen one: an $a(x)$ that is the same for every image, so that it cancels.
# That is noise, where each pixel is 1 with probability ½.
#
# So the alarm has been asking "digit or noise?" all the time.
# It answers this question without a mistake.
# By this question, a 1 is an excellent digit, and a blank image a better one.
#
# ### A better alternative?
#
# Lesson 01 had a model with almost no knowledge: one Bernoulli per pixel, the average training digit.
# It knows about ink and about the dark edges of the image, and nothing else.
# Against this alternative, ink should no longer count.
# (Ren et al. 2019, arXiv 1906.02845, use a background model, trained on images with added noise.
# Serrà et al. use a compressor as $a$.)
#
# > **Predict first.**
# > With this alternative, will the 1s be noticed?
# > And what happens to the 0s?

# %%
predict("likelihood/ratio-ones", "What is the AUROC of the 1s against average ink? (With surprise alone it was 0.15.)")
predict("likelihood/ratio-zeros", "And the AUROC of the 0s? (With surprise alone it was 0.92.)")


# %%
def pixel_surprise(x, images):
    """Compute what x costs a model that has only the mean of the images: one Bernoulli per pixel."""
    mean = grey(images).mean(0).clamp(0.001, 0.999)  # [1, 28, 28]
    return -log_likelihood(torch.logit(mean).expand_as(x), x)  # [B]


average_ink = torch.stack([pixel_surprise(x, digits.train_images[digits.train_labels != c]) for c in range(10)])
normal = torch.stack([surprises[c, labels != c].mean() for c in range(10)])  # [10]

score = {
    "surprise": surprises,  # each [10, 1000]
    "against average ink": surprises - average_ink,
    "distance from usual": (surprises - normal[:, None]).abs(),
    "against all ten": surprises - knows_all,
}
aurocs = {name: [float(auroc(rows[c], labels == c)) for c in range(10)] for name, rows in score.items()}

# %% [markdown]
# The cell computes two more scores.
# *Distance from usual* calls an image strange if it costs much more **or** much less than normal digits on average.
# This is the idea of typicality.
# (Nalisnick et al. 2019, arXiv 1906.02994, test it with batches of images; for a single image it is less exact.)
# *Against all ten* comes further down.

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
shown = ("surprise", "against average ink", "distance from usual")
colors = dict(zip(shown, (COLORS["elbo"], COLORS["baseline"], COLORS["test"]), strict=True))
title = "What helps with the 1s hurts with the 0s"
figure = plots.scores_by_class({name: aurocs[name] for name in shown}, colors, title)
show(
    figure,
    "AUROC for each class held out, by three scores, with a line at 0.5. For the 1s surprise is far below 0.5 and "
    "the two other scores are above it. For the 0s surprise is best, above 0.9, and the score against average ink "
    "is below 0.5.",
)

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
ratio = aurocs["against average ink"]
assert ratio[1] > by_class[1] + 0.2, "the ratio should help with the 1s"
assert ratio[0] < by_class[0] - 0.2, "the ratio should hurt with the 0s"
reveal("likelihood/ratio-ones", round(ratio[1], 2))
reveal("likelihood/ratio-zeros", round(ratio[0], 2))
costs = [average_ink[0, group].mean() for group in (labels == 0, labels != 0)]
print("a 0 costs the average of the other digits {:.0f} nats, and another digit {:.0f}".format(*costs))
rows = {name: [*aurocs[name], sum(aurocs[name]) / 10] for name in shown}
table(rows, ["held out", *classes, "mean"], digits=2, caption="AUROC")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# A 0 leaves the middle of the image empty, where the other digits have ink.
# So it is very expensive for the average of the others, and the VAE looks good beside it, even without 0s.
# If you guessed that the 0s stay at 0.9: you removed the effect of ink, and most of what made 0s stand out was ink.
#
# The 1s rise from 0.15 to 0.62, and the 0s fall from 0.92 to 0.40.
# On average over the ten classes almost nothing is gained.
#
# </details>

# %% [markdown]
# None of the three is the right score.
# Each answers a question, and the alternative determines the question.
# If somebody reports a good AUROC for one class held out, their question fits *this* class, and no more is known.

# %% [markdown]
# ### The best alternative
#
# Which alternative would find the 1s?
# By the theorem, it is a model of the images that are not normal, 1s among them.
#
# For once, cheat: you have a model that was trained on all ten classes.
# Compute how many nats more than this one the model without 1s pays.

# %%
best = aurocs["against all ten"]
assert best[1] > 0.9, "against a model that knows them, the 1s should stand out"
table({"against all ten": [*best, sum(best) / 10]}, ["held out", *classes, "mean"], digits=2, caption="AUROC")

# %% [markdown]
# This score finds nearly every 1.
# It uses the same $-\mathrm{ELBO}$ of the same model that found the 1s most normal; only the comparison was missing.
#
# But you needed 1s for it, and having none was the reason why you could not train a classifier.
# So this is the limit.
# A density of what is normal does not tell you what is strange.
# You must also say what the strange might be.
#
# A better density does not help: Le Lan & Dinh (2021, arXiv 2012.03808) show that not even a perfect one is enough.
# For real numbers, a density changes when the same data are written in other coordinates.
#
# (Choi et al. 2018, arXiv 1810.01392, go another way.
# They train several models alike, and raise an alarm where these disagree.)

# %% [markdown]
# ### Change this and see
#
# *5 minutes · difficulty 2 of 3 · no check*
#
# Here are all four scores, with each of the ten classes held out.
# Guess before you move the threshold.
#
# - With the 0s held out: how many false alarms does it take to catch 90 % of them? And with the 1s?
# - Put the threshold in the middle of the 1s' histogram. On which side of the diagonal is the dot?
# - For which class does *distance from usual* know nothing, and how do its two histograms look?

# %%
from vae_course.lessons.likelihood import ThresholdSlider

ThresholdSlider(score, labels)

# %% [markdown]
# ## What else it does not say
#
# ### How samples look
#
# In lesson 06, a model with eight latent dimensions was nearly ten nats worse, and its samples were easier to read.
# Here is an example in the other direction, from Theis et al. (2016, arXiv 1511.01844).
# Build a new model: with probability 0.01 it samples from yours, and with probability 0.99 it samples noise.
#
# > **Predict first.**
# > 99 of 100 of its samples are noise.
# > How many nats more than your model does it pay for a test digit?

# %%
predict("likelihood/mixture", "How many nats more than your model does the mixture pay per test digit?")

# %% jupyter={"source_hidden": true}
log_noise = -784 * math.log(2)  # each pixel is 1 with probability ½
mixed = -torch.logaddexp(math.log(0.01) - knows_all, torch.tensor(math.log(0.99) + log_noise))  # [1000]
print(f"yours {knows_all.mean():.1f}, mostly noise {mixed.mean():.1f} nats per image")
print(f"the difference: {(mixed - knows_all).mean():.2f}; log 100 = {math.log(100):.2f}")
reveal("likelihood/mixture", round((mixed - knows_all).mean().item(), 2), unit="nats")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The mixture gives each image at least a hundredth of the probability that your model gives.
# So it pays at most $\log 100$ nats more, however bad the noise is.
# If you guessed hundreds: the samples are hundreds of nats worse, but the likelihood of test digits is not.
#
# A factor of 100 in probability costs 4.6 nats, and a digit costs over a hundred.
# So a model can gain ten nats while its samples get worse, or lose 4.6 while nearly all its samples become noise.
#
# </details>

# %% [markdown]
# If you need good samples, look at samples.
#
# ### Whether the code is useful
#
# $-\mathrm{ELBO}$ is rate plus distortion, and lesson 07 showed that the sum does not determine its terms.
# Two models may have the same sum, one with 25 nats of code and one with none
# (Alemi et al. 2018, arXiv 1711.00464).
# Some decoders are strong enough to write digits by themselves, pixel after pixel.
# Such a decoder does not need $z$, and will not use it (Chen et al. 2017, arXiv 1611.02731; lesson 10 trains one).
# Its likelihood may still be excellent.
# If you need the code, look at the KL, and at what you can do with the code.

# %% [markdown]
# ## An open task: a score for all ten
#
# *30 minutes · difficulty 3 of 3 · no check*
#
# Design a score that is good for *every* class held out.
# It may use the nine classes that the model was trained on, and nothing of the tenth.
# For example, take out of the surprise what ink explains: fit a line, surprise against ink, to the training digits.
# Then use the distance of a digit from this line.
#
# Measure the AUROC for all ten classes, and put it beside the table above.
# Then say in one sentence which question your score asks, and name an image that it misses.
#
# <details><summary>What a good answer shows</summary>
#
# - Ink explains a part: with the line of ink the mean of ten rises from 0.70 to 0.75, and the 1s from 0.15 to 0.33.
# - Edges explain more: count the neighbouring pixels that differ, and fit the line to this count.
#   Then the 1s get 0.82 and the mean is 0.82, the best without a cheat.
#   But the 8s fall from 0.82 to 0.72, and the 9s stay below 0.7.
# - The distance has a sign: more nats than the line says is strange.
#   Without the sign, the mean falls back to about 0.7.
# - The question is then: "does this image cost more than its outline explains?"
#   The blank image now stands out, about 75 nats above the line; the score misses many 9s, which look like 4s and 7s.
#
# </details>

# %%
guesses("likelihood")

# %% [markdown]
# ## Key points
#
# - The surprise is a sum over pixels.
#   It depends first on how much there is in an image, and only then on how strange it is.
# - AUROC says how often an anomaly scores above a normal image.
#   It needs no threshold, and a tie counts half; below 0.5 the score misleads.
# - A score by density alone compares with noise.
#   Every other score has its own alternative, and is good against that.
# - One class held out is one question.
#   Test several before you believe a score.
# - The likelihood says neither how samples look nor whether the code is useful.
#
# | AUROC, class held out | 0 | 1 | 7 | 8 | mean of ten |
# | --- | --- | --- | --- | --- | --- |
# | surprise, $-\mathrm{ELBO}$ | .92 | .15 | .64 | .82 | .70 |
# | against average ink | .40 | .62 | .73 | .90 | .72 |
# | distance from usual | .83 | .71 | .55 | .66 | .63 |
# | against a model of all ten (a cheat) | .99 | .99 | .94 | .87 | .95 |
#
# | $-\mathrm{ELBO}$, model of all ten | nats per image |
# | --- | --- |
# | blank image | 60 |
# | test digits | 131 |
# | test digits upside down | 167 |
# | noise | 1,900 |
#
# These are the embedded 4,000 + 1,000 digits.
# The pixels are drawn again for each training batch, and drawn once for the test.
# The network is 784-400-20, with 6 epochs, batches of 64, a learning rate that falls from 0.002 to 0, and one seed.
# Yours may differ by .03 or by a few nats.
#
# **What comes next.**
# A good likelihood does not make samples good, and the best inventions of lesson 11 were far from real digits.
# [Lesson 14](14_prior.ipynb) learns the prior, and then the inventions become good.
#
# *[Start page](00_start.ipynb) · before: [12 Conditional](12_conditional.ipynb) · after: [14 Prior](14_prior.ipynb)*
