# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 06 · Training: the loop, and how to read it
#
# *100 minutes: 50 to the place to rest, and 50 after it. The open task takes 30 more. Needs lessons 01 to 05.*
#
# *[Start page](00_start.ipynb) · before: [05 The ELBO](05_elbo.ipynb) · after: [07 β](07_beta.ipynb)*
#
# You will be able to:
#
# - write the step and the loop that train a VAE, and say what each line is for;
# - read a training: what each of the two terms does, what is noise, and what is overfitting;
# - measure a test cost that deserves the name $-\mathrm{ELBO}$, and say what it may be compared with;
# - reconstruct digits that the model has never seen, and generate digits that nobody wrote, with a VAE of your own.

# %%
import math

from vae_course.data import binarize, binarize_once, grey
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms, elbo_terms
from vae_course.kit.answers import go_on_with, kept
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_grid, digit_rows, show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.lessons.training import check_evaluate, check_training_step, plots
from vae_course.vae import VAE

import torch
from torch import Generator
from torch.optim import Adam

digits = load_digits()

# %% [markdown]
# ## All the pieces, and no digit
#
# You have an encoder, a random draw, a decoder and a cost.
# Together they make a `VAE`.
# Ask an untrained one for eight digits.

# %%
torch.manual_seed(0)
model = VAE(latent_dim=20, hidden=(400,))
figure = digit_grid(model.sample(8, Generator().manual_seed(0)), title="What it generates before it has seen a digit")
show(figure, "Eight squares of even grey noise, without any shape.")

# %% tags=["nbval-check-output"]
images = grey(digits.train_images[:1000])  # [1000, 1, 28, 28]
x = binarize(images, Generator().manual_seed(0))
with torch.no_grad():
    terms = model.elbo(x, Generator().manual_seed(0)).mean()

print(f"parameters: {sum(p.numel() for p in model.parameters()):,}")
costs = {"784 coin flips": 784 * math.log(2), "reconstruction": terms.reconstruction, "KL": terms.kl}
table(costs, ["nats per image"])

# %% [markdown]
# An untrained network is a little worse than a coin flip for every pixel.
# Lesson 01's average digit, which knows nothing of the image, costs 205 nats.
#
# The network has 652,824 parameters, and training searches for better ones.
# It minimises the sum of two terms, reconstruction + KL.

# %% [markdown]
# ## One step
#
# A step does four things.
# Here are three of them by hand, on 128 digits: compute the two terms and their sum, compute the gradient, and step.

# %%
torch.manual_seed(0)
model = VAE()
optimizer = Adam(model.parameters(), lr=1e-3)
x = binarize(grey(digits.train_images[:128]), Generator().manual_seed(0))  # [128, 1, 28, 28]

terms = model.elbo(x, Generator().manual_seed(1)).mean()  # two numbers: a mean over 128 images
cost = terms.reconstruction + terms.kl
cost.backward()  # the gradient of the cost, for every parameter, into its .grad
optimizer.step()  # every parameter moves a little against its gradient

again = model.elbo(x, Generator().manual_seed(1)).mean()
print(f"−ELBO before the step {terms.negative_elbo:.1f}, after it {again.negative_elbo:.1f} nats per image")
assert again.negative_elbo < terms.negative_elbo, "one step on the same images with the same noise lowers the cost"

# %% [markdown]
# The images and the noise are the same, and the cost is lower.
# The noise matters: with other draws of $z$ the two numbers could differ by chance alone.
#
# The fourth thing is the one that people forget.
#
# > **Predict first.**
# > You compute the gradient of the same cost twice in a row, with `backward()`.
# > How large is `.grad` after the second time, compared with the first?

# %%
predict("training/grad", "After the second backward(), .grad is how many times as large as after the first?")

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
torch.manual_seed(0)
model = VAE()
steepness = []
for _ in range(3):
    model.elbo(x, Generator().manual_seed(1)).mean().negative_elbo.backward()
    steepness.append(model.decoder.logits[0].weight.grad.norm().item())

print("times the first:", [f"{s / steepness[0]:.2f}" for s in steepness])
reveal("training/grad", 2)

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# `backward` *adds* to `.grad`.
# It is reasonable to expect "the same": in most of Python, a new computation replaces the old result.
#
# </details>

# %% [markdown]
# So in a loop, every step would also use the gradients of all earlier steps.
# Most of those were computed at parameters that the model no longer has.
# `optimizer.zero_grad()` removes them, once per step.

# %% [markdown]
# ## Exercise 1: `training_step`
#
# *10 minutes · difficulty 2 of 3*
#
# In words: *take one step down the gradient of reconstruction + $\beta$ · KL, averaged over the batch.*
#
# The letter $\beta$ is the weight of the KL.
# In this lesson it is 1, and then the cost is $-\mathrm{ELBO}$; lesson 07 changes it.
#
# Write `training_step` so that it
#
# - puts the model in training mode,
# - draws $z$ once, with the `generator`,
# - lets the optimizer take one step with a gradient that holds nothing of earlier steps,
# - returns the two terms from before the step as `ElboTerms`.
#   Each is a mean over the batch and `.detach()`ed: a number that does not remember how it was computed.
#
# You may use `model.elbo(x, generator)`. It returns `ElboTerms` with one entry per image.
# They have `.mean()` and `.weighted(beta)`.


# %%
def training_step(model, x, beta, optimizer, generator):
    """Take one step on the batch x; return both terms from before it, each a mean over the batch, as ElboTerms."""
    ...


# %%
check_training_step(training_step)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Five things happen, in this order: set the mode, compute the terms, remove the old gradient, compute the new one,
# and step.
# You have seen each of them above except the mode, which is `model.train()`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `model.elbo(x, generator).mean()` gives both terms as single numbers.
# Compute the gradient of their `.weighted(beta)`.
#
# </details>
#
# <details><summary>Hint 3: why detach?</summary>
#
# A term that comes out of the network remembers how it was computed, with all the tensors on the way.
# If you keep a thousand of them in a list, you keep all those tensors in memory.
# `ElboTerms(terms.reconstruction.detach(), …)` keeps the number and forgets the rest.
#
# </details>

# %%
from vae_course.training import training_step as course_training_step

training_step = go_on_with(training_step, otherwise=course_training_step)
show_me(course_training_step)

# %% [markdown]
# The course's weighs each image first and averages then, so that in lesson 07 each image may have a β of its own.
# With one β for all, the order makes no difference.

# %% [markdown]
# ## The loop
#
# The rest of the loop is short: take the digits in a new order, 128 at a time, draw their pixels, and step.
# One pass over all 4,000 digits is called an *epoch*.
#
# > **Predict first.**
# > At the start the two terms are about 550 and 0.1 nats.
# > Their sum will fall. What does the KL alone do?

# %%
predict(
    "training/kl",
    "The sum of the two terms falls during training. What does the KL alone do?",
    choices=["it falls", "it stays near 0", "it rises"],
)

# %%
torch.manual_seed(0)
model = VAE()
optimizer = Adam(model.parameters(), lr=1e-3)
generator = Generator().manual_seed(0)

terms = []
for _epoch in range(4):
    order = torch.randperm(4000, generator=generator)
    for batch in order.split(128):  # [128] indices; the last batch of an epoch has [32]
        x = binarize(grey(digits.train_images[batch]), generator)  # [128, 1, 28, 28]
        terms.append(training_step(model, x, 1.0, optimizer, generator))

# %% [markdown]
# That is the whole loop, and it took about a second.
# Here are both terms of every step.

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
figure = plots.two_terms(terms, without_z=205, title="Reconstruction falls while KL rises")
show(
    figure,
    "Two curves over about 130 steps. The reconstruction falls from about 550 nats, stays for a while near the "
    "dashed line at 205, and goes below it. The KL shoots up to 30, falls to about 5, and then rises slowly to "
    "about 13.",
)
assert terms[-1].reconstruction < 200, "after four epochs the model beats the average digit"
assert terms[-1].kl > 5, "after four epochs the code says something"
reveal("training/kl", "it rises")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The KL is what it costs to say something in $z$.
# At the start every cloud lies on the prior: the code costs nothing, and says nothing.
# Training raises the KL as long as one nat more in the code saves more than one nat of reconstruction.
# "It falls" is the usual guess: the KL is a part of a cost, and the cost is minimised.
#
# Read the picture from left to right.
#
# 1. **The fall.**
#    In twenty steps the reconstruction goes from 550 to about 240.
#    The decoder learns which pixels are ever on, and for that it needs no $z$.
# 2. **The spike in the KL**, and a smaller one after it.
#    The encoder moves its clouds far from the prior before the decoder can use them.
#    This costs nats, so training moves them back. It is no error.
# 3. **The slow part**, to about step 60.
#    The reconstruction comes down to 205, the average digit. A model without $z$ gets no further.
# 4. **The second fall.**
#    The KL keeps rising, and the reconstruction goes below the dashed line.
#    From here on, $z$ says something about the image.
#
# So a rising KL is a good sign: the model learns to use its code.
# The bad sign is **a KL that falls to 0 and stays there**, while the reconstruction stays near 205.
#
# </details>

# %% [markdown]
# ## Exercise 2: `evaluate`
#
# *10 minutes · difficulty 2 of 3*
#
# The cost of a batch says how good the model is on images that it is trained on.
# You want to know how good it is on others: 1,000 test digits, which no step may ever use.
#
# In words: *both terms of the ELBO, with $z$ drawn, averaged over all test images.*
#
# `images` are bytes of shape `[N, 28, 28]`, like `digits.test_images`.
# Write `evaluate` so that it
#
# - makes one generator from the seed, `Generator().manual_seed(seed)`, for all random draws:
#   first all pixels, with `binarize_once(images, binarization, generator)`, then one $z$ per image,
# - measures in evaluation mode, and leaves the model in the mode in which it came,
# - computes no gradients,
# - counts every image once, however you split them,
# - returns `ElboTerms` of two means, each a tensor of shape `[]`.
#
# Our network does the same in both modes.
# A network with dropout or batch norm does not, and would go on training in the wrong mode without any error.


# %%
@torch.no_grad()  # no gradients in here
def evaluate(model, images, binarization, seed):
    """Measure both terms of the ELBO, each a mean over all images, as ElboTerms."""
    ...


# %%
check_evaluate(evaluate)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `model.training` is `True` or `False`.
# Keep it in a variable before you call `model.eval()`; `model.train(kept)` restores it.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `binarize_once` returns bytes; `grey` turns them into a model's input, 0.0 or 1.0.
# A thousand images fit through the network at once: `model.elbo(x, generator).mean()`.
#
# </details>
#
# <details><summary>Hint 3: if you split</summary>
#
# 1,025 images in batches of 1,000 leave 25 in the last one.
# The mean of the two means would count each of those 25 forty times.
# Collect the terms of all images first, and average at the end.
#
# </details>

# %%
from vae_course.training import TrainConfig, fit
from vae_course.training import evaluate as course_evaluate

evaluate = go_on_with(evaluate, otherwise=course_evaluate)
SEED = 1234  # of all measurements from here on, so that each uses the same noise
show_me(course_evaluate)

# %% [markdown]
# ## A loop that waits for you
#
# Your loop is in one cell. You can't stop it or look into it from outside.
# The course's `fit` is the same loop with a `yield` at the end of each step.
# That makes it a generator in Python's sense.
# It takes a step when you ask for the next one, and does nothing otherwise.

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
model = VAE()
before = model.decoder.logits[0].weight.clone()
training = fit(model, digits.train_images, TrainConfig(epochs=30))

print("moved by starting:  ", not torch.equal(before, model.decoder.logits[0].weight))
progress = next(training)
print("moved by a step:    ", not torch.equal(before, model.decoder.logits[0].weight))
print(f"now at step {progress.step} of {progress.steps}")
progress = next(training)
print(f"now at step {progress.step} of {progress.steps}, epoch {progress.epoch:.4f}, β = {progress.beta}")

# %% [markdown]
# To pause, don't ask for the next step.
# To stop, never ask again.
# To continue, call `next(training)`, or write a `for` loop over the rest.

# %% [markdown]
# ## Watch it learn
#
# Now train for 30 epochs: 960 steps, about ten seconds.
# Five times in between, the next cell decodes the same ten codes.
# `fit` also measures the test digits at the end of each epoch; they are never trained on.

# %%
torch.manual_seed(0)
model = VAE()
config = TrainConfig(epochs=30)
z = torch.randn(10, 20, generator=Generator().manual_seed(0))  # [10, 20] ten codes, kept
stages = {"untrained": torch.sigmoid(model.decoder(z))}  # [10, 1, 28, 28]

history = []
for progress in fit(model, digits.train_images, config, digits.test_images):
    history.append(progress)
    if progress.step in (25, 80, 240, 960):
        stages[f"step {progress.step}"] = torch.sigmoid(model.decoder(z))

# %%
figure = digit_rows(stages, "The same ten codes: noise, the average digit, then shapes, some of them digits")
show(
    figure,
    "Five rows of the same ten codes at five steps of the training. Untrained they are noise. At step 25 all "
    "ten are nearly the same grey blob, at step 80 they begin to differ, and at step 960 some of them are digits.",
)

# %% [markdown]
# Each column is one code, drawn from the prior before the first step and never changed.
# The second row is the slow part: all ten codes give one picture, because $z$ says almost nothing yet.
# After that the columns begin to differ, and each code becomes a picture of its own.

# %%
figure = plots.training_curves(history, "Reconstruction falls, KL rises, and the test follows")
show(
    figure,
    "Two panels over 960 steps, a thin line for every batch of the training and a dot for every test. The "
    "reconstruction falls steeply, then ever more slowly, to about 91 nats. The KL rises to about 24 nats. The "
    "dots follow the line.",
)
test = history[-1].test
assert test.negative_elbo < 120, "after 30 epochs −ELBO is about 115 nats per image"
assert 18 < test.kl < 32, "after 30 epochs KL is about 24 nats per image"
costs = {"reconstruction": test.reconstruction, "KL": test.kl, "−ELBO": test.negative_elbo}
table(costs, ["test (nats per image)"], digits=0)

# %% [markdown]
# The reconstruction went from 550 down to about 91, and the KL from 0.1 up to about 24.
# Compared with the average digit's 205, the code costs 24 nats and saves 114.
# The training is not finished: the test still falls by half a nat per epoch.

# %% [markdown]
# > **A place to rest.**
# >
# > *What you have now:* the step and the measurement, in code of your own, and a trained VAE.
# >
# > *What comes, in about 50 minutes:* a widget, what can go wrong when you read a training, and a VAE of your own.
# >
# > Stop here if you like.
# > When you come back, click on the next cell and choose *Run → Run All Above Selected Cell*.

# %% [markdown]
# ## Turn β while it learns
#
# Here is the same training again, and this time you control it, with a widget.
#
# > **Predict first.**
# > In the middle of the training you move β from 1 to 10, so every nat of KL costs ten times as much.
# > Which curve jumps?
# > And is what was learnt lost when you move β back to 1?

# %%
predict(
    "training/jump",
    "β goes from 1 to 10 during training. Which curve jumps?",
    choices=["the KL alone", "the reconstruction alone", "both, within about ten steps", "neither: both change slowly"],
)

# %%
from vae_course.lessons.training import LiveTraining

live = LiveTraining(digits, epochs=60)
live

# %% [markdown]
# Press *Start*, and let it run for ten epochs or so.
# Then move β to 10, and a few epochs later back to 1.
# (You can run other cells meanwhile: they and the training take turns.)
# Then run the next cell.

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
reveal("training/jump", "both, within about ten steps")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# At epoch 10 the KL falls from about 19 to 2 nats within ten steps, a third of an epoch.
# The reconstruction jumps from 115 to 200, nearly as much as the average digit costs.
# "The KL alone" is a reasonable guess, since only its price has changed.
# But the decoder draws its picture from the code, and a code of 2 nats says very little.
#
# Then the reconstruction comes down again, to about 170: the network learns to make the most of 3 nats.
# The pictures show how. There are a few kinds of blurred digit, and each reconstruction is one of them.
#
# When β is 1 again, both curves are nearly back where they were after one epoch.
# The decoder had not forgotten how to draw; only the code no longer said what to draw.
#
# </details>
#
# After *Stop*, the trained model is `live.model`.

# %% [markdown]
# ## What is noise
#
# The thin line of the training jumps by several nats from step to step, although the model hardly changes.
# Is something wrong?
# Look at how much the cost differs from digit to digit.

# %%
x = binarize(grey(digits.test_images), Generator().manual_seed(0))  # [1000, 1, 28, 28]
with torch.no_grad():
    costs = model.elbo(x, Generator().manual_seed(1)).negative_elbo  # [1000]
    means = torch.stack([model.elbo(x, Generator().manual_seed(s)).negative_elbo.mean() for s in range(8)])

spread = {
    "from digit to digit": costs.std(),
    "from batch to batch of 128": costs.std() / 128**0.5,
    "the whole test, with other noise": means.std(),
}
table(spread, ["standard deviation (nats)"])

# %% [markdown]
# A 1 costs little, and a curly 2 costs much.
# So a mean over 128 digits changes by more than two nats, depending on which 128 they are.
# Don't read single batches.
# Read the test, where every epoch uses the same 1,000 digits and the same noise.

# %%
order = costs.argsort()
ends = torch.cat([order[:10], order[-10:]])
cheapest, most_expensive = (costs[part].mean() for part in ends.split(10))
title = f"The ten cheapest ({cheapest:.0f} nats) and the ten most expensive ({most_expensive:.0f} nats)"
figure = digit_grid(x[ends], 10, title)
show(
    figure,
    "Two rows of ten test digits. The ten with the lowest cost are all 1s. The ten with the highest cost are "
    "curly or thick digits, such as 2, 8 and 0.",
)

# %% [markdown]
# ## A test without random draws
#
# Does a test need random draws at all?
# Many programs do without: they decode $z = \mu$, the middle of the cloud, and print the sum.
#
# > **Predict first.**
# > The test with $z$ drawn gives about 115.
# > What does the same model give on the same images with $z = \mu$?

# %%
predict("training/centre", "The test gives 115 with z drawn. What does it give with z = mu?")

# %% jupyter={"source_hidden": true}
with torch.no_grad():
    mu, logvar = model.encoder(x)  # [1000, 20] each
    at_the_centre = elbo_terms(x, model.decoder(mu), mu, logvar).mean()

assert means.mean() - at_the_centre.negative_elbo > 3, "z = μ looks better by several nats"
reveal("training/centre", f"{at_the_centre.negative_elbo:.1f}", unit="nats")
table({"z drawn": means.mean(), "z = μ, which bounds nothing": at_the_centre.negative_elbo}, ["nats per image"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# With $z = \mu$ the model looks better than it is, by about nine nats.
# "No difference" is a fair guess, because $\mu$ is the average of $z$.
# But the cost at the average is not the average cost.
#
# The KL pays for a code that is only as precise as its cloud.
# Whoever decodes the exact centre uses precision that nobody has paid for.
#
# </details>

# %% [markdown]
# So look at pictures from $\mu$ if you like, but **measure with $z$ drawn**.

# %% [markdown]
# ## Few digits, many steps
#
# Training and test moved nearly together above.
# Now give the network only 200 digits, and train it in two ways.
# *Pixels drawn once*: they are drawn before the training, so the network sees the same 200 pictures again and again.
# *Pixels drawn again*: they are drawn for each batch, as we did so far.
# (A pixel of 0 or 255 is the same in every draw, so one loop does both.)
#
# > **Predict first.**
# > There are 200 digits and 240 steps, with a learning rate of 0.003.
# > What does the cost of the *test* digits do in the end, in each of the two ways?

# %%
predict(
    "training/once",
    "200 digits, pixels drawn once. What does the test cost do in the end?",
    choices=["it falls", "it stays level", "it rises"],
)

# %%
predict(
    "training/again",
    "200 digits, pixels drawn again for each batch. What does the test cost do in the end?",
    choices=["it falls", "it stays level", "it rises"],
)

# %% jupyter={"source_hidden": true}
few = digits.train_images[:200]
once = binarize_once(few, "static", Generator().manual_seed(0))
runs = {"pixels drawn once": [], "pixels drawn again": []}
for pictures, points in zip((once, few), runs.values(), strict=True):
    torch.manual_seed(0)
    small = VAE()
    for progress in fit(small, pictures, TrainConfig(epochs=120, learning_rate=3e-3)):
        if progress.step % 24 == 0:
            seen = evaluate(small, pictures, "static", SEED).negative_elbo.item()
            unseen = evaluate(small, digits.test_images, "static", SEED).negative_elbo.item()
            points.append((progress.step, seen, unseen))

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
figure = plots.train_beside_test(runs, "Drawn once, the test soon turns up; drawn again, it levels off")
show(
    figure,
    "Two panels, each with −ELBO on the training images as a dashed line and on the test images as a solid line. "
    "Where the pixels were drawn once, the test line turns up after 120 steps. Where they are drawn for every "
    "batch, it levels off. In both, the training line goes on falling.",
)
(_, seen, unseen), (_, _, unseen_again) = runs["pixels drawn once"][-1], runs["pixels drawn again"][-1]
assert unseen - seen > 60, "drawn once, 200 digits are learnt by heart"
assert unseen_again < unseen - 15, "drawn again, the test is better"
reveal("training/once", "it rises")
reveal("training/again", "it stays level")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# On the left the training cost keeps falling, and looks excellent. The test cost turns at the dot, and rises.
# On the right the same 200 digits never look quite the same twice, as if there were more data.
# The test levels off, and if you train on, it rises only slowly.
# "It falls" is what the training cost suggests, in both.
#
# After the turn, the network learns its 200 pictures by heart, pixel by pixel.
# This is called **overfitting**: the model gets better on the training data, and worse on all other data.
# The training cost alone does not show it, and it prefers the wrong one of the two.
#
# </details>

# %% [markdown]
# Whatever makes a model fit its training data less closely is called **regularisation**.
# New pixels for each batch are one kind.
# Another is to stop at the turn. But choose the moment with a third set of digits, never with the test itself.
# The best cure is more data.

# %% [markdown]
# ## What is a good loss?
#
# Even one network has more than one answer.
# You know the reason from lesson 01: the number depends on what you take a grey pixel to be.
#
# > **Predict first.**
# > Take the model of 30 epochs, and measure the test three times: pixels drawn, pixels thresholded, pixels left grey.
# > By how many nats do the largest and the smallest of the three differ?

# %%
predict("training/pixels", "One model, three kinds of test pixels. By how many nats does −ELBO differ at most?")

# %% jupyter={"source_hidden": true}
readings = {
    "drawn (static)": evaluate(model, digits.test_images, "static", SEED),
    "thresholded": evaluate(model, digits.test_images, "threshold", SEED),
    "grey": evaluate(model, digits.test_images, "grey", SEED),
}
sums = [terms.negative_elbo for terms in readings.values()]
assert readings["thresholded"].negative_elbo < readings["drawn (static)"].negative_elbo - 5, "thresholded is easier"
reveal("training/pixels", f"{max(sums) - min(sums):.0f}", unit="nats")
rows = {name: (terms.reconstruction, terms.kl, terms.negative_elbo) for name, terms in readings.items()}
table(rows, ["test pixels", "reconstruction", "KL", "sum (nats per image)"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The edges of thresholded digits are smooth and easier to guess than drawn ones, so they cost about ten nats less.
# Grey pixels cost most, and their sum is not the likelihood of a grey image.
# (The 46 nats of lesson 01, which no model can save, are in the sum for grey and, on average, in that for drawn pixels.
# Thresholded pixels have no such floor.)
# If you guessed 0: it is one network and the same digits, but the three tests ask it about different pictures.
#
# </details>

# %% [markdown]
# So you can judge a loss only beside one that was measured on the same pixels, with $z$ drawn, and with $\beta = 1$.
# When you report yours, say all three.

# %% [markdown]
# ## Save it
#
# You can repeat a training of ten seconds, but not one that took a night.
# The course saves the weights, the config and the name of the data.
# If you give it the optimizer as well, training can go on where it stopped.

# %%
import tempfile
from pathlib import Path

from vae_course.checkpoints import Checkpoint, load_checkpoint, save_checkpoint

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "model.safetensors"
    save_checkpoint(path, Checkpoint(model, config, digits.name, metrics=[], optimizer=None))
    loaded = load_checkpoint(path)

ours, theirs = (evaluate(m, digits.test_images, "static", SEED).negative_elbo for m in (model, loaded.model))
assert torch.equal(ours, theirs), "the loaded model is the saved one, to the last bit"
print(f"trained on {loaded.data!r} digits for {loaded.config.epochs} epochs")

# %% [markdown]
# The same loop runs from a terminal, with a progress bar, pictures and a checkpoint in a folder of its own:
#
# ```
# python -m vae_course train
# python -m vae_course train --data mnist --epochs 20
# ```
#
# The second line fetches the full MNIST, 60,000 digits, and needs a network the first time.

# %% [markdown]
# ## Reconstruct and generate
#
# First, reconstruct: take one test digit of each class, which the model has never seen.
# The encoder turns each into 20 numbers, and the decoder draws it from them.

# %%
first = torch.stack([(digits.test_labels == label).nonzero()[0, 0] for label in range(10)])  # [10]
given = binarize(grey(digits.test_images[first]), Generator().manual_seed(0))  # [10, 1, 28, 28]
figure = digit_rows({"given": given, "reconstructed": model.reconstruct(given)}, "784 pixels, 20 numbers, 784 pixels")
show(
    figure,
    "Two rows with one digit of each class: given above, and reconstructed below. Nearly all can be recognised; the "
    "lower ones are softer.",
)

# %% [markdown]
# Now generate: no digit goes in.
# Draw 60 codes from the prior, and decode them.

# %%
figure = digit_grid(model.sample(60, Generator().manual_seed(1)), 12, "Twenty numbers: some digits, many fragments")
show(
    figure,
    "Sixty pictures decoded from draws of the prior. Some can be read as digits; many are fragments of strokes.",
)

# %% [markdown]
# A few look like digits; most are fragments.
# But the reconstructions are good, so the decoder can draw.
#
# The reason is that the decoder gets codes that it has never been trained on.
# In 20 dimensions the clouds of 4,000 digits leave most of the space empty, and the prior draws codes there, too.
# (Lesson 10 looks at this closely, and lesson 14 solves it: there the prior is learned.)
# So try a smaller space.
#
# > **Predict first.**
# > Train the same network in the same way with 8 latent dimensions in place of 20.
# > What happens to its $-\mathrm{ELBO}$?
# > Can you read more of the digits that it generates, or fewer?

# %%
predict(
    "training/narrow",
    "8 latent dimensions in place of 20. What happens?",
    choices=[
        "better −ELBO, more readable digits",
        "better −ELBO, fewer readable digits",
        "worse −ELBO, more readable digits",
        "worse −ELBO, fewer readable digits",
    ],
)

# %% jupyter={"source_hidden": true}
torch.manual_seed(0)
narrow = VAE(latent_dim=8)
for _ in fit(narrow, digits.train_images, config):
    pass

both = {"20 dimensions": model, "8 dimensions": narrow}
costs = {name: evaluate(vae, digits.test_images, "static", SEED).negative_elbo for name, vae in both.items()}
table(costs, ["−ELBO (nats per image)"], digits=0)

# %% jupyter={"source_hidden": true}
generated = narrow.sample(60, Generator().manual_seed(1))  # [60, 1, 28, 28]
figure = digit_grid(generated, 12, "Eight numbers: softer, and fewer fragments. Nobody wrote these")
show(
    figure,
    "Sixty pictures decoded from draws of the prior, of the network with 8 numbers. They are softer than those "
    "before, and more of them can be read as digits.",
)
reveal("training/narrow", "worse −ELBO, more readable digits")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# $-\mathrm{ELBO}$ is worse by nearly ten nats, and still you can read more of the digits.
# $-\mathrm{ELBO}$ asks how well the model describes digits that exist.
# To generate, it needs what lies between them.
# Most people expect both to get worse, since eight numbers can say less than twenty.
#
# </details>

# %% [markdown]
# Look at these digits for a while. (They are means, as in lesson 04: a probability for each pixel.)
# Nobody has said to the network what a digit is, or that there are ten.
#
# > **Predict first.**
# > Are they new, or are they training digits that the network has learnt by heart?
# > For each, look up the most similar of the 4,000 training digits. A similarity of 1 means the same picture.
# > Compare it with the similarity of a test digit, which is certainly new.

# %%
predict(
    "training/copies",
    "Generated digits, compared with test digits: how similar are they to the nearest training digit?",
    choices=["more similar: they are copies", "about as similar", "less similar"],
)

# %% jupyter={"source_hidden": true}
from torch.nn.functional import normalize

seen = grey(digits.train_images).flatten(1)  # [4000, 784]


def most_similar(images):
    similarity, index = (normalize(images.flatten(1)) @ normalize(seen).T).max(dim=1)  # [B], [B]
    return similarity.mean(), seen[index].reshape(-1, 1, 28, 28)


noise = Generator().manual_seed(1)
similarity = {
    "test digits": most_similar(grey(digits.test_images))[0],
    "generated, 8 dimensions": most_similar(narrow.sample(1000, noise))[0],
    "generated, 20 dimensions": most_similar(model.sample(1000, noise))[0],
}
values = list(similarity.values())
assert values[2] < values[1] < 0.9, "generated digits should be no copies"
table(similarity, ["similarity to the nearest training digit"], digits=2)

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
rows = {"generated": generated[:10], "most similar": most_similar(generated[:10])[1]}
figure = digit_rows(rows, "Similar, but no copies")
show(
    figure,
    "Two rows of ten pictures: generated digits, and under each the training digit that is most similar to it. The "
    "two have a similar shape, but no pair is equal.",
)
reveal("training/copies", "about as similar")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# With eight dimensions, a generated digit is about as similar to the training digits as new handwriting is.
# A copy would be more similar than that.
# With twenty dimensions it is *less* similar to any digit: those are the fragments that you saw.
# (It is a rough measure, because a soft picture is a little similar to everything.)
#
# </details>

# %% [markdown]
# ## A VAE of your own
#
# You have written eight pieces in these six lessons.
# Your file `my_vae.py` has those that their checks called right, and `kept` takes them from there.
# For the others it takes the course's.

# %%
from vae_course.decoder import log_likelihood
from vae_course.elbo import kl_divergence
from vae_course.encoder import Encoder
from vae_course.reparameterization import reparameterize

mine = kept(
    binarize=binarize,
    MyEncoder=Encoder,
    reparameterize=reparameterize,
    log_likelihood=log_likelihood,
    kl_divergence=kl_divergence,
    elbo_terms=elbo_terms,
    training_step=course_training_step,
    evaluate=course_evaluate,
)


# %% [markdown]
# Put them together.
# Only the decoder is the course's: lesson 04 showed it to you, and did not ask you to write it.


# %%
class MyVAE(VAE):
    def __init__(self, latent_dim=20):
        super().__init__(latent_dim)
        self.encoder = mine.MyEncoder(latent_dim=latent_dim)

    def elbo(self, x, generator=None) -> ElboTerms:
        mu, logvar = self.encoder(x)  # [B, D] each
        logits = self.decoder(mine.reparameterize(mu, logvar, generator))  # [B, 1, 28, 28]
        return mine.elbo_terms(x, logits, mu, logvar)  # [B] each


# %% [markdown]
# Your two terms must agree with your `log_likelihood` and your `kl_divergence`.

# %%
torch.manual_seed(0)
my_model = MyVAE()
x = mine.binarize(grey(digits.test_images[:100]), Generator().manual_seed(0))  # [100, 1, 28, 28]
mu, logvar = my_model.encoder(x)  # [100, 20] each
logits = my_model.decoder(mine.reparameterize(mu, logvar, Generator().manual_seed(1)))  # [100, 1, 28, 28]
terms = mine.elbo_terms(x, logits, mu, logvar)  # [100] each
assert torch.allclose(terms.reconstruction, -mine.log_likelihood(logits, x), rtol=1e-3)
assert torch.allclose(terms.kl, mine.kl_divergence(mu, logvar), rtol=1e-3, atol=1e-3)

# %% [markdown]
# Now the loop of this lesson, with your step.
# With smaller batches and a higher learning rate, 12 epochs do what took 30 above.

# %%
optimizer = Adam(my_model.parameters(), lr=0.003, fused=True)
generator = Generator().manual_seed(0)
for _epoch in range(12):
    for batch in torch.randperm(4000, generator=generator).split(64):
        x = mine.binarize(grey(digits.train_images[batch]), generator)  # [64, 1, 28, 28]
        mine.training_step(my_model, x, 1.0, optimizer, generator)

# %%
measured = mine.evaluate(my_model, digits.test_images, "static", SEED)
assert measured.negative_elbo < 120, "after 12 epochs −ELBO is about 116 nats per image"
costs = {"reconstruction": measured.reconstruction, "KL": measured.kl, "−ELBO": measured.negative_elbo}
table(costs, ["your VAE (nats per image)"], digits=0)

# %% [markdown]
# The same program learns more from more digits.
# The course brings a network that was trained for 60 epochs on all 60,000 digits of MNIST.
# Its layers are a little wider, 512 units in place of 400, and it can work at any β, which lesson 07 explains.
# Here it is at β = 1, below yours.

# %%
from vae_course.checkpoints import load_pretrained

shipped = load_pretrained("every-beta").at(1.0)
given = binarize(grey(digits.test_images[first]), Generator().manual_seed(0))  # [10, 1, 28, 28]
rows = {
    "given": given,
    "4,000: reconstructed": my_model.reconstruct(given),
    "60,000: reconstructed": shipped.reconstruct(given),
    "4,000: generated": my_model.sample(10, Generator().manual_seed(3)),
    "60,000: generated": shipped.sample(10, Generator().manual_seed(3)),
}
figure = digit_rows(rows, "The same program, trained on 4,000 digits and on 60,000")
show(
    figure,
    "Five rows of ten digits: test digits; their reconstructions by your VAE, and by the network trained on 60,000 "
    "digits, with sharper lines; then what each of the two generates from ten codes of the prior.",
)
print(f"60,000 digits: −ELBO {evaluate(shipped, digits.test_images, 'static', SEED).negative_elbo:.0f} nats per image")

# %% [markdown]
# You have built and trained a variational autoencoder.
# What it generates still disappoints: many of the digits cannot be read, even with 60,000 digits to learn from.
# The reason is not the decoder, as lesson 10 shows.
#
# ### Change this and see
#
# *5 minutes · difficulty 1 of 3 · no check*
#
# Copy the cell that trains `my_model`. Begin it with a new `my_model`, and end it with
# `print(mine.evaluate(my_model, digits.test_images, "static", SEED))`.
#
# - Train `MyVAE(latent_dim=2)`, then one with 50. What happens to the KL, and to `digit_grid(my_model.sample(20))`?
# - Train `MyVAE()`, but in place of `mine.training_step(…)` write
#   `my_model.elbo(x, generator).mean().negative_elbo.backward()` and `optimizer.step()`, without `zero_grad`.
#   How much worse is the test?
#
# <details><summary>What you should see</summary>
#
# With 2 dimensions the KL is about 5 nats, and $-\mathrm{ELBO}$ about 165: most digits are soft and whole.
# With 50 they are about 24 and 119, and many digits cannot be read.
# Without `zero_grad` the test costs about 280 nats, more than the average digit.
#
# </details>
#
# ### An open task
#
# *30 minutes or more · difficulty 3 of 3*
#
# Make the test $-\mathrm{ELBO}$ of your VAE on the 1,000 digits as low as you can within one minute of training.
#
# <details><summary>What a good answer shows</summary>
#
# It holds back some of the 4,000 training digits to choose the settings, and uses the test digits once, at the end.
# It changes one thing at a time: learning rate and its decay, batch size, widths, latent dimensions.
# It names the pixels (drawn), $\beta = 1$ and $z$ drawn, and says how much the number differs from seed to seed.
#
# </details>

# %%
guesses("training")

# %% [markdown]
# ## Key points
#
# - A step: terms, `zero_grad`, `backward`, `step`. A loop: new order, new pixels, step.
# - Reconstruction falls while KL rises, until one nat more of code saves only one nat of picture.
#   A KL that stays at 0 is the bad sign.
# - Single batches are noisy; read the same test with the same noise, once per epoch.
# - If the training cost falls while the test cost rises, the model overfits.
# - $-\mathrm{ELBO}$ has $z$ drawn. With $z = \mu$ a model looks better than it is.
# - A loss without its binarisation cannot be compared with anything.
#
# | 784-400-20, 30 epochs | test pixels | nats per image |
# | --- | --- | --- |
# | the average digit, no $z$ | drawn once | 205 |
# | trained, $-\mathrm{ELBO}$ | drawn once | 115 |
# | of it KL | drawn once | 24 |
# | the same model | thresholded | 106 |
# | the same model | grey | 118 |
# | the same model with $z = \mu$, which is no bound | drawn once | 106 |
# | 8 latent dimensions | drawn once | 125 |
#
# Trained on the embedded 4,000 digits with pixels drawn again for each batch, batch 128, learning rate 0.001; one seed.
# Tested on the embedded 1,000.
# Yours may differ by a nat or two.
# With the full MNIST everything gets better: never compare across data sets.
#
# **What comes next.**
# You gave the two terms equal weight, because the ELBO does.
# [Lesson 07](07_beta.ipynb) changes the weight: what does a code look like that costs 5 nats, or 70?
#
# *[Start page](00_start.ipynb) · before: [05 The ELBO](05_elbo.ipynb) · after: [07 β](07_beta.ipynb)*

# %% [markdown]
# ## The quiz again
#
# These are the twelve questions of the [start page](00_start.ipynb).
# This time you see which answers are right, and why.

# %%
from vae_course.kit.quiz import quiz
from vae_course.lessons.quiz import QUESTIONS

quiz(QUESTIONS, "after")
