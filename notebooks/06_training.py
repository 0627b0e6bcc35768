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
# *90 minutes. Needs lessons 01 to 05.*
#
# You will be able to:
#
# - write the step and the loop that train a VAE, and say what each line is for;
# - read a training: what falls, what rises, what is noise, and what is memory;
# - measure a test cost that deserves the name $-\mathrm{ELBO}$, and say what it may be compared with;
# - give back digits the model has never seen, and invent digits that nobody wrote.

# %%
import math
import tempfile
from pathlib import Path

from vae_course.data import binarize, binarize_once, grey
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms, elbo_terms
from vae_course.kit.answers import go_on_with, kept
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_grid, digit_rows, show
from vae_course.lessons.training import check_evaluate, check_training_step, plots
from vae_course.vae import VAE

import torch
from torch import Generator
from torch.nn.functional import normalize
from torch.optim import Adam

digits = load_digits()

# %% [markdown]
# ## All the pieces, and no digit
#
# You have an encoder, a draw, a decoder and a cost.
# Put together, they make a `VAE`.
# Ask it for eight digits.

# %%
torch.manual_seed(0)
model = VAE(latent_dim=20, hidden=(400,))
figure = digit_grid(model.sample(8, Generator().manual_seed(0)), title="What it invents before it has seen a digit")
show(figure, "Eight squares of even grey noise, without any shape.")

# %% tags=["nbval-check-output"]
images = grey(digits.train_images[:1000])  # [1000, 1, 28, 28]
x = binarize(images, Generator().manual_seed(0))
with torch.no_grad():
    terms = model.elbo(x, Generator().manual_seed(0)).mean()

print(f"parameters:      {sum(p.numel() for p in model.parameters()):,}")
print(f"784 coin flips:  {784 * math.log(2):.0f} nats")
print(f"reconstruction:  {terms.reconstruction:.0f} nats per image")
print(f"KL:              {terms.kl:.1f} nats per image")

# %% [markdown]
# An untrained network is a little worse than flipping a coin for every pixel.
# Lesson 01's average digit, which knows nothing of the image in hand, costs 205.
#
# The network has 652,824 numbers, and training is the search for better ones.
# It minimises the sum of two terms, reconstruction + KL.
#
# > **Predict first.**
# > At the start the two terms are 550 and 0.1 nats.
# > Where does each of them end, and by which way: straight, or with detours?
# > Draw the two curves.
# > You will have your answer in a few minutes.

# %% [markdown]
# ## One step
#
# A step does four things.
# Here are three of them by hand, on 128 digits: the terms and their sum, the slope, the step.

# %%
torch.manual_seed(0)
model = VAE()
optimizer = Adam(model.parameters(), lr=1e-3)
x = binarize(grey(digits.train_images[:128]), Generator().manual_seed(0))  # [128, 1, 28, 28]

terms = model.elbo(x, Generator().manual_seed(1)).mean()  # two numbers: a mean over 128 images
cost = terms.reconstruction + terms.kl
cost.backward()  # the slope of the cost, for every parameter, into its .grad
optimizer.step()  # every parameter moves a little against its slope

again = model.elbo(x, Generator().manual_seed(1)).mean()
print(f"−ELBO before the step {terms.negative_elbo:.1f}, after it {again.negative_elbo:.1f} nats per image")
assert again.negative_elbo < terms.negative_elbo, "one step on the same images with the same dice lowers the cost"

# %% [markdown]
# Same images, same dice, lower cost.
# The dice matter: with other draws of $z$ the two numbers could differ by luck alone.
#
# That was three of the four.
# The fourth is the one that gets forgotten.
#
# > **Predict first.**
# > You ask for the slope of the same cost twice in a row.
# > What stands in `.grad` after the second time, compared with the first?

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
model = VAE()
steepness = []
for _ in range(3):
    model.elbo(x, Generator().manual_seed(1)).mean().negative_elbo.backward()
    steepness.append(model.decoder.logits[0].weight.grad.norm().item())

print("times the first:", [f"{s / steepness[0]:.2f}" for s in steepness])

# %% [markdown]
# `backward` *adds* to `.grad`.
# To expect "the same" was reasonable: in most of Python, computing a thing again replaces it.
#
# In a loop, each step would drag all earlier slopes along, most of them taken at places the model has left.
# `optimizer.zero_grad()` wipes them out, once a step.

# %% [markdown]
# ## Exercise 1: the step
#
# In words: *take one step down the slope of reconstruction + $\beta$ · KL, averaged over the batch.*
#
# The letter $\beta$ is the weight of the KL.
# In this lesson it is 1, and then the cost is $-\mathrm{ELBO}$; lesson 07 turns it.
#
# Write `training_step` so that it
#
# - puts the model in training mode,
# - draws $z$ once, with the `generator`,
# - has the optimizer take one step on a fresh slope,
# - returns the two terms from before the step as `ElboTerms`, each a mean over the batch, and each `.detach()`ed:
#   the number, without the memory of how it was computed.
#
# You may use `model.elbo(x, generator)`, which returns `ElboTerms` with one entry an image.
# They know `.mean()` and `.weighted(beta)`.


# %%
def training_step(model, x, beta, optimizer, generator):
    """One step on the batch x; both terms from before it, each a mean over the batch, as ElboTerms."""
    ...


# %%
check_training_step(training_step)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Five things happen, in this order: mode, terms, wipe, slope, step.
# You have seen each of them above except the mode, which is `model.train()`.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `model.elbo(x, generator).mean()` gives both terms as single numbers.
# Their `.weighted(beta)` is what you ask the slope of.
# </details>
#
# <details><summary>Hint 3: why detach?</summary>
#
# A term that came out of the network remembers how it was computed, with all the tensors on the way.
# Keep a thousand of them in a list and you keep a thousand such memories.
# `ElboTerms(terms.reconstruction.detach(), …)` keeps the number and lets go of the rest.
# </details>

# %%
from vae_course.training import training_step as course_training_step

training_step = go_on_with(training_step, otherwise=course_training_step)
show_me(course_training_step)

# %% [markdown]
# It weighs each image first and averages then, so that in lesson 07 each image may have a β of its own.
# With one β for all, the order makes no difference.

# %% [markdown]
# ## The loop
#
# Everything else is bookkeeping: take the digits in a new order, 128 at a time, draw their pixels, step.
# One pass over all 4,000 digits is called an *epoch*.
# From here on the lessons import `training_step` from the course.

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
# That is the whole of it.
# It took about a second; here is the first part of your answer.

# %%
figure = plots.two_terms(terms, without_z=205, title="Reconstruction falls while KL rises")
show(
    figure,
    "Two curves over about 130 steps. The reconstruction falls from about 550 nats, stays for a while near the "
    "dashed line at 205, and goes below it. The KL shoots up to 30, falls to about 5, and then rises slowly to "
    "about 13.",
)
assert terms[-1].reconstruction < 200, "after four epochs the model beats the average digit"
assert terms[-1].kl > 5, "after four epochs the code says something"

# %% [markdown]
# Read it from left to right.
#
# 1. **The fall.**
#    In twenty steps from 550 to about 240: the decoder learns which pixels are ever on, and that needs no $z$.
# 2. **The spike in the KL**, and a smaller one after it.
#    The encoder throws its clouds far from the prior before the decoder can make use of it.
#    The cost of it pushes them back; this is no error.
# 3. **The slow stretch**, to about step 60.
#    Reconstruction creeps to 205, the average digit, which is as far as a model without $z$ can get.
# 4. **The take-off.**
#    The KL climbs for good, and the reconstruction drops below the dashed line.
#    From here on, $z$ says something about the image.

# %% [markdown]
# ## Why the KL rises
#
# A sum is being minimised, so why would a part of it grow?
#
# The KL is what it costs to say something in $z$.
# At the start every cloud lies on the prior: the code costs nothing and says nothing.
# Training raises the KL for as long as one nat spent there buys more than one nat of reconstruction.
# It stops where a nat buys a nat.
#
# So a rising KL is the sign of a model that learns to use its code.
# The alarm is the other one: **a KL that falls to 0 and stays there**, with the reconstruction stuck near 205.

# %% [markdown]
# ## Exercise 2: a measurement
#
# A batch's cost tells how the model does on images it is being trained on.
# What you want to know is how it does on others: 1,000 test digits, which no step may ever touch.
#
# In words: *both terms of the ELBO, with $z$ drawn, averaged over all test images.*
#
# `images` are bytes of shape `[N, 28, 28]`, like `digits.test_images`.
# Write `evaluate` so that it
#
# - makes one generator from the seed, `Generator().manual_seed(seed)`, for all dice:
#   first the pixels, with `binarize_once(images, binarization, generator)`, then one $z$ per image,
# - measures in evaluation mode, and leaves the model in the mode it came in,
# - computes no slopes,
# - counts every image once, however you split them,
# - returns `ElboTerms` of two means, each a tensor of shape `[]`.
#
# Our network behaves the same in both modes.
# One with dropout or batch norm does not, and it would go on training in the wrong one without a word.


# %%
@torch.no_grad()  # no slopes in here
def evaluate(model, images, binarization, seed):
    """Both terms of the ELBO, each a mean over all images, as ElboTerms."""
    ...


# %%
check_evaluate(evaluate)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `model.training` is `True` or `False`.
# Remember it before `model.eval()`; `model.train(remembered)` puts it back.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `binarize_once` returns bytes; `grey` makes them a model's input, 0.0 or 1.0.
# A thousand images fit through the network in one go: `model.elbo(x, generator).mean()`.
# </details>
#
# <details><summary>Hint 3: if you split</summary>
#
# 1,025 images in batches of 1,000 leave 25 in the last one.
# The mean of the two means would count each of those 25 forty times.
# Collect the terms of all images first, and average at the end.
# </details>

# %%
from vae_course.training import TrainConfig, fit
from vae_course.training import evaluate as course_evaluate

evaluate = go_on_with(evaluate, otherwise=course_evaluate)
SEED = 1234  # of all measurements from here on, so that each meets the same dice
show_me(course_evaluate)

# %% [markdown]
# ## A loop that waits for you
#
# You have the loop in one cell, and it can't be stopped, looked at or drawn from outside.
# The course's `fit` is the same loop with a `yield` at the end of each step.
# That makes it a generator in Python's sense.
# It does a step when you ask for the next one, and otherwise nothing.

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
# To pause, don't ask.
# To stop, never ask again.
# To go on, `next(training)`, or a `for` loop over what is left.

# %% [markdown]
# ## Watch it learn
#
# Now a real training: 30 epochs, 960 steps, about ten seconds.
# While it runs, look in five times at what the decoder makes of the same ten codes.
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
    "Five rows of the same ten codes at five steps of the training. Untrained they are noise. At steps 25 and 80 "
    "all ten are nearly the same grey blob. At step 240 shapes appear, and at step 960 some of them are digits.",
)

# %% [markdown]
# Each column is one code, drawn from the prior before the first step and never changed.
# The second row is that slow stretch: ten codes, one picture, because $z$ says next to nothing yet.
# After that the columns part, and each code becomes somebody.

# %%
figure = plots.training_curves(history, "Reconstruction falls, KL rises, and the test follows")
show(
    figure,
    "Two panels over 960 steps, a thin line for every batch of the training and a dot for every test. The "
    "reconstruction falls steeply, then ever more slowly, to about 91 nats. The KL rises to about 24 nats. The "
    "dots follow the line.",
)
test = history[-1].test
print(
    f"test: reconstruction {test.reconstruction:.0f} + KL {test.kl:.0f} = −ELBO {test.negative_elbo:.0f} nats per image"
)
assert test.negative_elbo < 120, "after 30 epochs −ELBO is about 115 nats per image"
assert 18 < test.kl < 32, "after 30 epochs KL is about 24 nats per image"

# %% [markdown]
# Compare with the two curves you drew.
# The reconstruction went from 550 down to about 91, the KL from 0.1 up to about 24.
# Against the average digit's 205, the code costs 24 nats and saves 114.
# Nor is it done: the test still falls by a quarter of a nat an epoch.

# %% [markdown]
# ## Turn β while it learns
#
# The same training once more, with the controls in your hands.
# Press *Start*, and let it run for ten epochs or so.
# Other cells can be run meanwhile: they and the training take turns.
#
# > **Predict first.**
# > In the middle of it you drag β from 1 to 10, and every nat of KL costs ten times as much.
# > Which of the two curves jumps, which way, and within how many steps?
# > And when you drag it back to 1, is what was learnt lost?

# %%
from vae_course.lessons.training import LiveTraining

live = LiveTraining(digits, epochs=60)
live

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Both curves jump, within about ten steps, a third of an epoch.
# At epoch 10 the KL falls from about 19 to 2 nats.
# The reconstruction leaps from 115 to 200, nearly as dear as the average digit.
# To expect a jump of the KL alone was reasonable, since its price is all that changed.
# But the picture was drawn from those nats, and they are gone.
#
# Then the reconstruction comes down by itself, to about 170: the network learns to make the most of 3 nats.
# The pictures say how: a few kinds of blurred digit, and whatever is rare becomes one of them.
#
# Back at 1, one epoch brings it most of the way.
# The weights had not forgotten how to draw; nobody had told them what.
#
# </details>
#
# After *Stop*, the model is yours: `live.model`.

# %% [markdown]
# ## What is noise
#
# The thin line jitters by several nats from step to step, although the model hardly changes.
# Is something wrong?
# Look at how much one digit's cost differs from another's.

# %%
x = binarize(grey(digits.test_images), Generator().manual_seed(0))  # [1000, 1, 28, 28]
with torch.no_grad():
    costs = model.elbo(x, Generator().manual_seed(1)).negative_elbo  # [1000]
    means = torch.stack([model.elbo(x, Generator().manual_seed(s)).negative_elbo.mean() for s in range(8)])

print(f"one digit beside another:         ± {costs.std():.0f} nats")
print(f"a batch of 128 beside another:    ± {costs.std() / 128**0.5:.1f} nats")
print(f"the whole test, with other dice:  ± {means.std():.1f} nats")

# %% [markdown]
# A 1 is cheap and a curly 2 is dear.
# A mean over 128 of them wobbles by more than two nats, depending on which 128 it caught.
# So don't read single batches; read the test, where every epoch meets the same 1,000 digits with the same dice.

# %%
order = costs.argsort()
ends = torch.cat([order[:10], order[-10:]])
title = (
    f"The ten cheapest ({costs[order[:10]].mean():.0f} nats) and the ten dearest ({costs[order[-10:]].mean():.0f} nats)"
)
figure = digit_grid(x[ends], 10, title)
show(
    figure,
    "Two rows of ten test digits. The ten with the lowest cost are all 1s. The ten with the highest cost are "
    "curly or thick digits, such as 2, 8 and 0.",
)

# %% [markdown]
# ## A test without dice
#
# Should a test throw dice at all?
# Many programs measure without them: they decode $z = \mu$, the middle of the cloud, and print the sum.
#
# > **Predict first.**
# > The test with $z$ drawn says about 115.
# > What does it say with $z = \mu$, same model, same images?

# %%
with torch.no_grad():
    mu, logvar = model.encoder(x)  # [1000, 20] each
    at_the_centre = elbo_terms(x, model.decoder(mu), mu, logvar).mean()

print(f"z drawn:  {means.mean():.1f} nats per image")
print(f"z = μ:    {at_the_centre.negative_elbo:.1f} nats per image, and no bound of anything")
assert means.mean() - at_the_centre.negative_elbo > 3, "z = μ flatters by several nats"

# %% [markdown]
# It flatters by about nine nats.
# $\mu$ is what $z$ is on average, and no difference would be a fair guess.
# But the cost at the average is not the average cost.
#
# The KL charges you for a code that is only as precise as its cloud.
# Decoding from the exact centre uses precision that nobody paid for.
# So: look at pictures from $\mu$ if you like, and **measure with $z$ drawn**.

# %% [markdown]
# ## What is memory
#
# Training and test moved nearly together above.
# Give the network 200 digits and the same kind of training, in two ways.
# *Drawn once*: every digit's pixels are drawn before the training, and it sees those same 200 pictures again and again.
# *Drawn anew*: the pixels are drawn for each batch, as we did so far.
# (A pixel that is 0 or 255 comes out the same in every draw, so the same loop does both.)
#
# > **Predict first.**
# > 200 digits, 600 steps.
# > For each way, what does the cost of the *test* digits do in the end: fall, level off, or rise?

# %%
few = digits.train_images[:200]
once = binarize_once(few, "static", Generator().manual_seed(0))
runs = {"pixels drawn once": [], "pixels drawn anew": []}
for pictures, points in zip((once, few), runs.values(), strict=True):
    torch.manual_seed(0)
    small = VAE()
    for progress in fit(small, pictures, TrainConfig(epochs=300)):
        if progress.step % 60 == 0:
            seen = evaluate(small, pictures, "static", SEED).negative_elbo.item()
            unseen = evaluate(small, digits.test_images, "static", SEED).negative_elbo.item()
            points.append((progress.step, seen, unseen))

# %%
figure = plots.train_beside_test(runs, "Drawn once, the test soon turns up; drawn anew, it levels off")
show(
    figure,
    "Two panels, each with −ELBO on the training images as a dashed line and on the test images as a solid line. "
    "Where the pixels were drawn once, the test line turns up after 300 steps. Where they are drawn for every "
    "batch, it levels off. In both, the training line goes on falling.",
)
(_, seen, unseen), (_, _, unseen_anew) = runs["pixels drawn once"][-1], runs["pixels drawn anew"][-1]
assert unseen - seen > 60, "drawn once, 200 digits are learnt by heart"
assert unseen_anew < unseen - 15, "drawn anew, the test is better"

# %% [markdown]
# On the left the training cost looks like a triumph, and the test turns round at the dot.
# From there on the network learns 200 pictures by heart, pixel by pixel.
# Stop there, judged by a third set that is kept for the purpose and never by the test itself; or get more data.
#
# On the right there is more data: the same 200 digits never look quite the same twice.
# The gap is still there, as the network does know these 200 digits better than others.
# But the test levels off, and if you run on, it creeps up only slowly.
#
# A training cost alone can't tell the two apart, and on its own it prefers the wrong one.

# %% [markdown]
# ## What is a good loss?
#
# A common question, and even for one and the same network there is more than one answer.
# You have known why since lesson 01: the number depends on what you take a grey pixel to be.
#
# > **Predict first.**
# > Take the model with 30 epochs, change nothing in it, and measure the test three times:
# > pixels drawn, pixels thresholded, pixels left grey.
# > By how many nats do the three differ?

# %%
readings = {
    "drawn (static)": evaluate(model, digits.test_images, "static", SEED),
    "thresholded": evaluate(model, digits.test_images, "threshold", SEED),
    "grey": evaluate(model, digits.test_images, "grey", SEED),
}
print(f"{'test pixels':16}{'reconstruction':>16}{'KL':>8}{'sum':>8}   nats per image")
for name, measured in readings.items():
    print(f"{name:16}{measured.reconstruction:16.1f}{measured.kl:8.1f}{measured.negative_elbo:8.1f}")
assert readings["thresholded"].negative_elbo < readings["drawn (static)"].negative_elbo - 5, "thresholded is easier"

# %% [markdown]
# One network, three numbers.
# Thresholded edges are smooth and easier to guess than drawn ones, so they cost about ten nats less.
# Grey pixels cost the most here, and their sum is not the likelihood of a grey image.
# (The 46 nats of lesson 01, which no model can save, are in the grey reading and, on average, in the drawn one;
# the thresholded one has no such floor.)
#
# So a loss is good or bad only beside one that was measured on the same pixels, with $z$ drawn, and $\beta = 1$.
# When you report yours, name all three.

# %% [markdown]
# ## Keep it
#
# A model that took ten seconds can be trained again; one that took a night can't.
# The course saves the weights, the config and the name of the data.
# Give it the optimizer as well, and training can go on where it stopped.

# %%
from vae_course.checkpoints import Checkpoint, load_checkpoint, save_checkpoint

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "model.safetensors"
    save_checkpoint(path, Checkpoint(model, config, digits.name, metrics=[], optimizer=None))
    loaded = load_checkpoint(path)

ours, theirs = (evaluate(m, digits.test_images, "static", SEED).negative_elbo for m in (model, loaded.model))
assert torch.equal(ours, theirs), "the loaded model is the saved one, to the last bit"
print(f"saved {ours:.2f}, loaded {theirs:.2f} nats per image")
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
# ## What you came for
#
# First the easier half: digits from the test that the model has never seen, one of each class.
# Each is squeezed into 20 numbers, and drawn again from them.

# %%
first = torch.stack([(digits.test_labels == label).nonzero()[0, 0] for label in range(10)])  # [10]
given = binarize(grey(digits.test_images[first]), Generator().manual_seed(0))  # [10, 1, 28, 28]
figure = digit_rows({"given": given, "given back": model.reconstruct(given)}, "784 pixels through 20 numbers, and back")
show(
    figure,
    "Two rows with one digit of each class: given above, and given back below. All ten can be recognised; the "
    "lower ones are softer.",
)

# %% [markdown]
# Now the other half.
# No digit goes in: 60 codes are drawn from the prior, and the decoder is asked what they are.

# %%
figure = digit_grid(model.sample(60, Generator().manual_seed(1)), 12, "Twenty numbers: some digits, many fragments")
show(
    figure,
    "Sixty pictures decoded from draws of the prior. Some can be read as digits; many are fragments of strokes.",
)

# %% [markdown]
# A few could pass; most are fragments.
# Yet what was given came back in good shape, so the decoder can draw.
#
# It was asked about codes it never practised.
# Twenty numbers are a large room, and the clouds of 4,000 digits leave many of its corners empty.
# The prior draws there, too.
# So make the room smaller.
#
# > **Predict first.**
# > The same network, the same training, with 8 latent dimensions in place of 20.
# > Is its $-\mathrm{ELBO}$ better or worse?
# > And its inventions?

# %%
torch.manual_seed(0)
narrow = VAE(latent_dim=8)
for _ in fit(narrow, digits.train_images, config):
    pass

for name, vae in (("20 numbers", model), (" 8 numbers", narrow)):
    print(f"{name}: −ELBO {evaluate(vae, digits.test_images, 'static', SEED).negative_elbo:.0f} nats per image")

# %%
invented = narrow.sample(60, Generator().manual_seed(1))  # [60, 1, 28, 28]
figure = digit_grid(invented, 12, "Eight numbers: softer, and fewer fragments. Nobody wrote these")
show(
    figure,
    "Sixty pictures decoded from draws of the prior, of the network with 8 numbers. They are softer than those "
    "before, and more of them can be read as digits.",
)

# %% [markdown]
# Worse by nearly ten nats, and yet you can read more of them.
# $-\mathrm{ELBO}$ asks how well the model describes digits that exist; inventing asks what lies between them.
# (What you see are means, as in lesson 04: a probability for each pixel.)
#
# Look at these for a while.
# You know what every line of the program that made them is for, and wrote the ones that matter.
# It was never told what a digit is, or that there are ten of them.
#
# > **Predict first.**
# > Are they new, or are they training digits that the network knows by heart?
# > For each, look up the most similar of the 4,000, where a likeness of 1 means the same picture.
# > Will the likeness be higher than for a test digit, which is surely new?

# %%
seen = grey(digits.train_images).flatten(1)  # [4000, 784]


def most_similar(images):
    likeness, index = (normalize(images.flatten(1)) @ normalize(seen).T).max(dim=1)  # [B], [B]
    return likeness.mean(), seen[index].reshape(-1, 1, 28, 28)


dice = Generator().manual_seed(1)
likeness = {
    "a test digit": most_similar(grey(digits.test_images))[0],
    "invented, 8 numbers": most_similar(narrow.sample(1000, dice))[0],
    "invented, 20 numbers": most_similar(model.sample(1000, dice))[0],
}
for name, value in likeness.items():
    print(f"{name:21} has a likeness of {value:.2f} to its most similar training digit, on average")
assert likeness["invented, 20 numbers"] < likeness["invented, 8 numbers"] < 0.9, "inventions should be no copies"

# %%
rows = {"invented": invented[:10], "most similar": most_similar(invented[:10])[1]}
figure = digit_rows(rows, "Relatives, not copies")
show(
    figure,
    "Two rows of ten pictures: invented digits, and under each the training digit that is most similar to it. The "
    "two share a rough shape, but no pair is equal.",
)

# %% [markdown]
# Relatives: with eight numbers, an invented digit is about as like the training digits as new handwriting is.
# A copy would be more like them than that.
# The inventions of twenty numbers are *less* like any digit, which is your fragments in a number.
# (It is a rough measure: a soft picture is a little like everything.)

# %% [markdown]
# ## A VAE of your own
#
# You have written eight pieces in these six lessons.
# Whatever their checks called right is kept in your file, and `kept` takes it from there.
# For each of the others it takes the course's.

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
# Put them together as in lesson 05.
# Only the decoder is the course's: you looked at it in lesson 04, and did not have to write it.


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
# Your two terms should be what `log_likelihood` and `kl_divergence` say.

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
# Smaller batches and a higher learning rate do in 12 epochs what took 30 above.

# %%
optimizer = Adam(my_model.parameters(), lr=0.003, fused=True)
generator = Generator().manual_seed(0)
for _epoch in range(12):
    for batch in torch.randperm(4000, generator=generator).split(64):
        x = mine.binarize(grey(digits.train_images[batch]), generator)  # [64, 1, 28, 28]
        mine.training_step(my_model, x, 1.0, optimizer, generator)

# %%
measured = mine.evaluate(my_model, digits.test_images, "static", SEED)
print(f"your VAE: reconstruction {measured.reconstruction:.0f} + KL {measured.kl:.0f}", end=" ")
print(f"= −ELBO {measured.negative_elbo:.0f} nats per image")
assert measured.negative_elbo < 120, "after 12 epochs −ELBO is about 116 nats per image"

# %% [markdown]
# The same code learns more from more digits.
# The course ships a network that was trained for 60 epochs on all 60,000 digits of MNIST.
# Its layers are a little wider, 512 in place of 400, and it can be asked for any β, which lesson 07 explains.
# Here it is at β = 1, beside yours.

# %%
from vae_course.checkpoints import load_pretrained

shipped = load_pretrained("every-beta").at(1.0)
given = binarize(grey(digits.test_images[first]), Generator().manual_seed(0))  # [10, 1, 28, 28]
rows = {
    "given": given,
    "yours gives back": my_model.reconstruct(given),
    "60,000 digits": shipped.reconstruct(given),
    "yours invents": my_model.sample(10, Generator().manual_seed(3)),
    "60,000 invent": shipped.sample(10, Generator().manual_seed(3)),
}
figure = digit_rows(rows, "The same code: your 4,000 digits, and all 60,000")
show(
    figure,
    "Five rows of ten digits: test digits; what your VAE gives back, and what the network trained on 60,000 digits "
    "gives back, with sharper lines; then what each of the two invents from ten codes of the prior.",
)
print(f"60,000 digits: −ELBO {evaluate(shipped, digits.test_images, 'static', SEED).negative_elbo:.0f} nats per image")

# %% [markdown]
# ## Key points
#
# - A step: terms, `zero_grad`, `backward`, `step`. A loop: new order, new pixels, step.
# - Reconstruction falls while KL rises, until a nat of code buys a nat of picture.
#   A KL that stays at 0 is the alarm.
# - Single batches are noise; read the same test with the same dice, once an epoch.
# - Training that falls while the test rises is memory.
# - $-\mathrm{ELBO}$ has $z$ drawn. With $z = \mu$ it flatters.
# - A loss without its binarisation is no number at all.
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
# Trained on the embedded 4,000 digits with pixels drawn anew, batch 128, learning rate 0.001; one seed.
# Tested on the embedded 1,000.
# Yours may differ by a nat or two.
# With the full MNIST everything gets better: never compare across data sets.
#
# **What comes next.**
# You weighed the two terms equally, because the ELBO says so.
# Lesson 07 puts a hand on the scale: what does a code look like that costs 5 nats, or 70?

# %% [markdown]
# ## The quiz again
#
# These are the twelve questions of the [start page](00_start.ipynb).
# This time you see which answers are right, and why.

# %%
from vae_course.kit.quiz import quiz
from vae_course.lessons.quiz import QUESTIONS

quiz(QUESTIONS, "after")
