# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 01 · The data decides the likelihood
#
# *60 minutes: 45 to the place to rest, and 15 after it. The open task takes 30 more.
# Needs Python and a little PyTorch; the probability is explained where it is used.*
#
# *[Start page](00_start.ipynb) · after: [02 The encoder](02_encoder.ipynb)*
#
# You will be able to
#
# - say what the whole course builds, and what a nat is;
# - compute what an image costs a model, and compare that with two models that know almost nothing;
# - turn grey digits into black-and-white ones in two ways, and say what each of them keeps;
# - ask the right question when someone reports a number on MNIST.

# %% [markdown]
# ## What you build
#
# In this course you build a **variational autoencoder** (VAE), and you train it on handwritten digits.
#
# An **autoencoder** is a pair of neural networks that are trained together.
# The *encoder* describes an image by a few numbers, which are called its *code*.
# The *decoder* makes an image from a code, and this image should be like the first one.
# A VAE can do more: you can draw a new code, decode it, and get a digit that nobody has written.
# A model from which you can draw new data is called a **generative model**.
# (The word *variational* is explained in lesson 05, where you see what it stands for.)
#
# Before you build a model, you need a measure of how good it is.
# That is this lesson.
#
# **How to work.**
# Where a box says *predict first*, type your guess into the field below it, and press Enter.
# Then run the next cells: your guess appears beside the answer.
# (There is no field? Then this is not a folder of your own. The command `vae-course lab` makes one.)
# The code between the guess and the answer is folded; click on it when you have seen the answer.
# Lines that begin with `assert` are the course testing itself, so you can skip them.

# %% [markdown]
# ## Three numbers, one network
#
# In lesson 06 you train a network on digits, and you measure how badly it predicts digits that it has not seen.
# Train that network three times: on the same digits, for the same 10 passes.
# Here is what came out, and lower is better: **105**, **115** and **118**.
#
# Nobody made a mistake, and the differences are not luck.
# One setting differs, and reports often leave it out.
# That setting says what a pixel is.

# %%
from vae_course.data import binarize_once
from vae_course.digits import load_digits
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_grid, digit_rows, show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.lessons.data import check_binarize, cost_map, digit_panels, nats_ladder, pixel_cost, pixel_zoom

import torch
from torch.nn.functional import binary_cross_entropy

# %% [markdown]
# ## The digits
#
# 5,000 handwritten digits come with the course, 500 of each class, so nothing is downloaded.
# They are real MNIST images; `vae_course/digits/README.md` says where they come from, and under which licence.
# You train on 4,000 and test on the other 1,000: only what a model says about the test digits counts.
#
# (`load_digits("mnist")` downloads all 70,000 the first time, if you want them.)

# %% tags=["nbval-check-output"]
digits = load_digits()
print("train", digits.train_images.shape, digits.train_images.dtype)
print("test ", digits.test_images.shape, digits.test_images.dtype)

# %%
ten_of_each = torch.cat([digits.train_images[digits.train_labels == label][:16] for label in range(10)])
figure = digit_grid(ten_of_each.unsqueeze(1) / 255, columns=16, title="Ten digits, many hands")
show(
    figure,
    "Ten rows of sixteen handwritten digits, white on black: one row for each class from 0 to 9. Within a row the "
    "digits differ in slant, width and thickness.",
)

# %% [markdown]
# ## What is a pixel?
#
# Every image is 28 × 28 = 784 bytes, from 0 for paper to 255 for ink.

# %%
seven = digits.train_images[digits.train_labels == 7][0]
figure = pixel_zoom(seven, top=6, left=12)
show(
    figure,
    "On the left a 7 with a frame around its corner. On the right the 49 pixels in the frame, each with its "
    "number: 0 on the paper, about 253 inside the ink, and values between them only along the edge of the stroke.",
)

# %% [markdown]
# At each point of the paper there is ink or there is none, and the first scans were black and white, too.
# The grey came when the scans were shrunk to 20 × 20 pixels (LeCun, Cortes & Burges's MNIST page).
# A pixel on the edge of the stroke covers some ink and some paper, and its grey says roughly how much of each.
#
# So you can read a grey of 0.3 like this:
# **put your finger on a random spot inside this pixel, and you touch ink with probability 0.3.**
# The whole lesson is built on this sentence.

# %% [markdown]
# A network wants numbers in [0, 1] with a channel axis, so the bytes are divided by 255.
# How many pixels are clearly neither ink nor paper, more than 2 % away from both?

# %% tags=["nbval-check-output"]
x_train = digits.train_images.unsqueeze(1).float() / 255  # [4000, 28, 28] -> [4000, 1, 28, 28]
x_test = digits.test_images.unsqueeze(1).float() / 255  # [1000, 28, 28] -> [1000, 1, 28, 28]
is_grey = (x_train > 0.02) & (x_train < 0.98)
print(f"grey: {is_grey.float().mean():.0%} of the pixels, about {784 * is_grey.float().mean():.0f} in an image")

# %% [markdown]
# ## What a pixel costs
#
# You need a score for a model that gives probabilities.
# Before it sees the pixel, the model says: "on, with probability `p`".
# Then the pixel is on, or it is off.
# (A variable that is 1 with probability `p`, and else 0, is called *Bernoulli*.)
#
# The score is the **surprise**: minus the logarithm of the probability that the model gave to what happened.
# With the natural logarithm its unit is the **nat**.

# %% tags=["nbval-check-output"]
said = {"said 'on' with 0.9, and it is on": 0.9, "a fair coin": 0.5, "said 'on' with 0.1, and it is on": 0.1}
table({what: -torch.tensor(p).log() for what, p in said.items()}, ["nats"], digits=3)

# %% [markdown]
# One nat is the surprise at an event of probability $1/e$, about 37 %.
# (A bit is the surprise at an event of probability 1/2; a nat is 1.44 bits.)
# A model that is sure and right pays almost nothing.
# One that is sure and wrong pays a lot.
# One that does not know, and says 0.5, pays 0.693.
#
# Here is one formula for both cases, with $x = 1$ for a pixel that is on and $x = 0$ for one that is off:
#
# $$\text{cost}(x, p) = -\,[\,x \log p + (1 - x) \log (1 - p)\,]$$
#
# In words: if the pixel is on, the cost is minus log `p`; if it is off, it is minus log of `1 - p`.
# You may know it as *binary cross-entropy*, and PyTorch calls it `binary_cross_entropy(p, x)`.

# %% [markdown]
# ## What an image costs
#
# The model gives 784 probabilities, and each pixel is drawn independently of the others.
# So the probability of the whole image is their product; it is called the **likelihood**.
# The logarithm turns the product into a sum: **the cost of an image is the sum over its pixels**.
# For many images you report the mean.
#
# > **Predict first.** A model knows nothing, and says 0.5 for every pixel.
# > What does an image cost it, in nats?

# %%
predict("data/coin", "Every pixel is a fair coin to the model. What does one image cost it, in nats?")

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
black_and_white = (x_test > 0.5).float()
coin = torch.full_like(black_and_white, 0.5)
cost = binary_cross_entropy(coin, black_and_white, reduction="none")  # [1000, 1, 28, 28], nats per pixel
cost = cost.sum((1, 2, 3))  # [1000], nats per image
print(f"{cost.mean():.1f} nats per image = 784 x {cost.mean() / 784:.3f}")
reveal("data/coin", round(cost.mean().item(), 1), unit="nats")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The image has 784 pixels, and each of them costs 0.693 nats.
# If you said 0.693, you answered for a pixel, and so does PyTorch when you leave out `reduction`.
#
# </details>
#
# In this course we always take **the sum over pixels and the mean over images, in nats per image**.
# Lesson 05 shows what a mean over pixels does to a model.
#
# What you have seen is the cost of knowing nothing at all.
# From here on you look for models that cost less.

# %% [markdown]
# ### Change this and see
#
# *3 minutes · difficulty 1 of 3 · no check*
#
# The model below says one probability for all pixels of all images.
# Change it, and run the cell again.
# Which number gives the lowest cost?
# Where do you find this number in the data?

# %%
same_for_all = torch.full_like(black_and_white, 0.5)  # Change the 0.5.
print(f"{784 * binary_cross_entropy(same_for_all, black_and_white):.1f} nats per image")

# %% [markdown]
# <details><summary>What you should see</summary>
#
# The cheapest number is 0.13, and it costs 303.9 nats.
# It is the share of pixels that are on: `black_and_white.mean()`.
# At 0.05 and at 0.2 the cost is higher again.
#
# </details>

# %% [markdown]
# ## A grey pixel
#
# Now give the same loss a grey pixel, as many tutorials do.
# The formula accepts $x = 0.3$ without a warning.
#
# > **Predict first.** A pixel's grey is 0.3, and the model says `p = 0.3`: no other answer is as good.
# > What does it pay?

# %%
predict("data/grey-pixel", "The grey is 0.3, and the model says 0.3. What does it pay, in nats?")

# %% jupyter={"source_hidden": true}
best = binary_cross_entropy(torch.tensor(0.3), torch.tensor(0.3)).item()
assert 0.6 < best < 0.62, f"a grey of 0.3 costs 0.61 nats at best, and not {best:.2f}"
figure = pixel_cost("A perfect answer is free for 0 and 1, but not for 0.3")
show(
    figure,
    "Three curves of a pixel's cost against the predicted p. The curve of x = 1 falls to 0 at p = 1, and that of "
    "x = 0 falls to 0 at p = 0. The curve of x = 0.3 is lowest at p = 0.3, and there it still costs 0.61 nats.",
)
reveal("data/grey-pixel", round(best, 2), unit="nats")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed 0: the squared error would be 0 there.
# But this loss asks "ink or paper?", and a pixel of 0.3 says "I could be either".
# A model that knows this exactly is still surprised by what comes: by ink in 30 % of the cases, by paper in 70 %.
#
# </details>
#
# The lowest cost of a grey pixel is called its **entropy**.
# It is the average surprise of someone who knows the probabilities, but not the outcome.
#
# Sum it over an image, and let the model be perfect: its answer is the image itself.

# %% tags=["nbval-check-output"]
floor = binary_cross_entropy(x_test, x_test, reduction="none")  # each image against itself
floor = floor.sum((1, 2, 3))  # [1000, 1, 28, 28] -> [1000]
print(f"perfect copies of the grey test digits: {floor.mean():.1f} nats per image")

# %%
x_seven = seven.unsqueeze(0).float() / 255  # [1, 28, 28]
entropy = binary_cross_entropy(x_seven, x_seven, reduction="none")
figure = cost_map(x_seven, entropy, "copied perfectly", "A perfect copy still pays, along the edge of the stroke")
show(
    figure,
    "On the left a grey 7. On the right the cost of each of its pixels: the inside of the stroke and the paper "
    "cost nothing, and the pixels along the edge cost up to 0.7 nats each.",
)

# %% [markdown]
# A perfect copy costs 46 nats on average.
# If you train a model on grey digits with this loss, these 46 nats say nothing about the model.

# %% [markdown]
# ## The loss of a grey pixel is no probability
#
# The second problem is deeper.
# The probabilities of everything that can happen add up to 1; therefore you can compare the costs of two models.
# So undo the logarithm, $e^{-\text{cost}}$, and add these numbers up over all that a pixel could have been.

# %% tags=["nbval-check-output"]
every_grey = torch.linspace(0, 1, 1001)
totals = {}
for p in (0.5, 0.9, 0.99):
    share = torch.exp(-binary_cross_entropy(torch.full_like(every_grey, p), every_grey, reduction="none"))
    totals[f"p = {p}"] = (share[0] + share[-1], torch.trapezoid(share, every_grey))
table(totals, ["ink or paper", "any grey"], digits=2, caption="the sum of exp(−cost) over all that can happen")

# %% [markdown]
# With two outcomes the sum is 1, whatever `p` is.
# With all greys between them it is a half, or a third, or less.
# So the loss of a grey pixel is not minus the logarithm of any probability.
# (The missing factor is known: Loaiza-Ganem & Cunningham 2019, "The continuous Bernoulli".)
#
# You can still train with it, and the pictures look fine.
# But its value is not the likelihood of a grey image.
# (The end of this lesson says what it is instead.)

# %% [markdown]
# ## Make the pixels ink or paper
#
# The loss asks "ink or paper?".
# So give it pixels that are one or the other: **binarise** them.
# There are two ways.
#
# - **Threshold**: a pixel is on if its grey is at least one half.
# - **Draw**: a pixel of grey 0.3 is on with probability 0.3.
#
# > **Predict first.** A friend binarises one 7 a thousand times, always in the same way, and sends you the pictures.
# > In which case can you find out what the grey 7 looked like?

# %%
predict(
    "data/cut",
    "From a thousand pictures of one 7, you want to compute its greys. In which case can you?",
    choices=["if all were thresholded", "if all were drawn", "in both cases", "in neither case"],
)

# %% jupyter={"source_hidden": true}
generator = torch.Generator().manual_seed(0)
three_times = seven.expand(3, 28, 28)
cut = binarize_once(three_times, "threshold", generator).unsqueeze(1) / 255  # [3, 28, 28] -> [3, 1, 28, 28]
drawn = binarize_once(three_times, "static", generator).unsqueeze(1) / 255
views = {"grey": x_seven, "threshold": cut[0], "drawn": drawn[0], "drawn again": drawn[1]}
figure = digit_panels(views, "A threshold gives one clean edge; every draw gives another edge")
show(
    figure,
    "One 7 in four versions. The grey one has a soft edge; the thresholded one has a smooth hard edge; the "
    "two drawn ones have ragged edges, and their edges differ from each other.",
)
reveal("data/cut", "if all were drawn")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The threshold gives the same picture every time.
# Greys of 0.51 and 0.99 are now equal, and so are 0.49 and 0, and nothing brings the difference back.
# Of the drawn pictures, 30 % have a pixel on whose grey is 0.3.
# So their mean is close to the grey 7, although each of them alone is ragged.
#
# If you said "in neither case": one drawn picture alone does not show the greys. A thousand together do.
# If you preferred the threshold because it looks better: it does.
#
# </details>
#
# To read a grey value as a probability is a convention, used for MNIST since Salakhutdinov and Murray (2008).
# It makes sense because of how the greys came about, and most published likelihoods on MNIST follow it.

# %% [markdown]
# ## Exercise: draw the pixels
#
# *10 minutes · difficulty 1 of 3*
#
# Write `binarize`: each pixel becomes 1 with the probability that is its grey value, else 0.
#
# The random numbers come from a `torch.Generator`.
# A generator with the same seed gives the same numbers in the same order.
# Every function of this course that draws takes its generator as an argument.
# So you can repeat a run exactly, and a second call with the same generator gives another draw.


# %%
def binarize(images, generator):
    """Draw each pixel: 1 with the probability that is its grey value, else 0.

    images: float tensor of grey values in [0, 1], of any shape, such as [B, 1, 28, 28]
    generator: where the random numbers come from
    returns: zeros and ones, of the same shape and type
    """
    ...


# %%
check_binarize(binarize)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Start with one pixel of grey 0.3.
# You have a random number `u`, spread evenly between 0 and 1.
# How often is `u` below 0.3?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.rand(shape, generator=generator)` gives such numbers, as many as you ask for.
# Every pixel of every image needs its own.
# A comparison gives `True` and `False`, and a network wants `1.` and `0.`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# There is a shorter way: PyTorch has a function with Bernoulli's name.
# It takes a tensor of probabilities and a `generator`, and gives the zeros and ones.
#
# </details>

# %%
from vae_course.data import binarize as course_binarize

binarize = go_on_with(binarize, otherwise=course_binarize)
show_me(course_binarize)

# %% [markdown]
# The course's function does one thing more than you were asked for: it refuses what cannot be a probability.
# With this loss, the most common accident is that nobody divided the bytes by 255.

# %% tags=["nbval-check-output"]
try:
    course_binarize(digits.train_images.float(), generator)
except ValueError as error:
    print(error)

# %% [markdown]
# ## Once, or every time?
#
# You can draw all images once and keep the result: **static** binarisation.
# Or you can draw an image each time it is used: **dynamic** binarisation.

# %%
eights = x_train[digits.train_labels == 8][1].expand(8, 1, 28, 28)  # one image, eight times
once = binarize(eights[:1], generator).expand(8, 1, 28, 28)
figure = digit_rows(
    {"static": once, "dynamic": binarize(eights, generator)},
    "Eight passes over one image: static shows one picture, dynamic shows eight",
)
show(
    figure,
    "Two rows of the same 8. In the static row all eight pictures are identical. In the dynamic row the pixels "
    "along the edges change from picture to picture.",
)

# %% [markdown]
# A model that sees one picture ten times can learn its ragged pixels by heart.
# A model that sees ten draws has to learn the probabilities.
# Tested on drawn digits, the network of the opening gets 115.9 after static training, and 115.2 after dynamic training.
# (This is one run of each: a hint, not a proof. You run both below.)
#
# So the lessons train with dynamic binarisation.
# For testing, the digits are drawn once with a fixed seed, so that every model is tested on the same pictures.

# %% [markdown]
# A draw loses nothing of the grey: the mean of many draws has it all.
# Here is the training digit that a threshold hurts most, a 5: 31 % of its ink lies in pixels below one half.

# %%
faint_ink = (x_train * (x_train < 0.5)).sum((1, 2, 3)) / x_train.sum((1, 2, 3))  # [4000]
faint = x_train[faint_ink.argmax()]  # [1, 28, 28]
draws = binarize(faint.expand(1000, 1, 28, 28), generator)  # [1000, 1, 28, 28]
views = {"threshold": (faint >= 0.5).float(), "1 draw": draws[0]}
views |= {"mean of 10": draws[:10].mean(0), "mean of 1,000": draws.mean(0), "grey": faint}
figure = digit_panels(views, "A threshold loses the faint strokes; the mean of many draws has them")
show(
    figure,
    "One faint 5 in five versions. Thresholded, much of its stroke is missing. One draw is speckled, the mean "
    "of 10 draws is rough, and the mean of 1,000 draws looks like the grey digit.",
)

# %% [markdown]
# Look at more of them: choose a class, and slide to a digit.
# Then press *Draw again* (or go to it with Tab and keep Enter down), and watch the mean of your draws.
# How many draws does it take until you cannot tell the mean from the grey digit?

# %%
from vae_course.lessons.data import DigitBrowser

DigitBrowser(digits)

# %% [markdown]
# > **A place to rest.**
# >
# > *What you have now:* the cost of an image in nats, and your own black-and-white digits.
# >
# > *What comes, in about 15 minutes:* the cost that every model must beat, and the reason for 105, 115 and 118.
# >
# > Stop here if you like.
# > When you come back, click on the next cell and choose *Run → Run All Above Selected Cell*.

# %% [markdown]
# ## The baseline that every model must beat
#
# Fair coins cost 543 nats.
# Now keep 784 numbers, one per pixel: the share of training digits in which this pixel is on.
# The model says these same probabilities whichever image comes.
#
# Of all models with one number per pixel, this one makes the training digits most probable.
# To choose a model's numbers by this rule is called **maximum likelihood**, and all training in this course follows it.
#
# > **Predict first.** What does this model pay for a drawn test digit, on average?

# %%
predict("data/baseline", "A model says one probability per pixel. What does a test digit cost it, in nats?")

# %% jupyter={"source_hidden": true}
generator = torch.Generator().manual_seed(0)
on = binarize(x_train, generator)  # [4000, 1, 28, 28]
# Add one image that is all ink and one that is all paper. Then a pixel that was never on gets 1/4002, and not 0:
# after a 0, a single speck of ink there would cost infinitely many nats.
p = (on.sum(0) + 1) / (len(on) + 2)  # [1, 28, 28]

test = binarize(x_test, generator)
baseline = binary_cross_entropy(p.expand_as(test), test, reduction="none").sum((1, 2, 3)).mean().item()
print(f"one probability per pixel: {baseline:.1f} nats per image")
assert 200 < baseline < 210, f"the baseline should be 205 nats, within 5, and is {baseline:.1f}"
reveal("data/baseline", round(baseline, 1), unit="nats")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed more: most of the 543 nats are paid for not knowing where digits stand in the picture.
# Four pixels in ten are on in fewer than one digit in a hundred, and those cost almost nothing.
#
# </details>
#
# What has this model learnt about digits?
# Draw some from it.

# %%
draws = binarize(p.expand(3, 1, 28, 28), generator)
views = {"the 784 probabilities": p, "a draw": draws[0], "another": draws[1], "a test digit": test[0]}
figure = digit_panels(views, "One probability per pixel: ink in the right place, and no digit")
show(
    figure,
    "Four panels. The 784 probabilities are a soft grey blob in the middle. Two draws from them are scattered "
    "dots in the same place, without strokes. The test digit beside them is a clear 4.",
)

# %% [markdown]
# This is a generative model, and a poor one.
# The lessons call it the **average digit**.
# Every pixel is on as often as it should be, but it does not know what its neighbours do.
# To get below 205, a model has to learn **which pixels go together.**
# If a model of yours reports more than 205, it has learnt less than the average digit.

# %% [markdown]
# ## Back to the three numbers
#
# Here is the experiment of the opening, with a fourth network for static binarisation.
# The networks differ only in `binarization`.
# The next lessons explain `VAE`, `fit` and `evaluate`; the cell takes about twenty seconds.

# %%
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

settings = dict(epochs=10, batch_size=32, learning_rate=2e-3, decay=True)
costs = {}
for kind in ("threshold", "dynamic", "static", "grey"):
    torch.manual_seed(0)
    network = VAE()
    for _ in fit(network, digits.train_images, TrainConfig(**settings, binarization=kind)):
        pass
    costs[kind] = evaluate(network, digits.test_images, kind).negative_elbo.item()
    print(f"{kind}: {costs[kind]:.1f} nats per image")

assert costs["threshold"] + 5 < costs["dynamic"] < costs["grey"] < 125, "thresholded digits are by far the cheapest"

# %% [markdown]
# (The static network and the dynamic one are tested on the same drawn digits.)
#
# Now compute the cost of the average digit's 784 probabilities on all three kinds of test digits.
#
# > **Predict first.** The trained networks are 13 nats apart: 105 on thresholded digits, 118 on grey ones.
# > How far apart are the costs of the average digit?

# %%
predict("data/kinds", "How many nats lie between the average digit's highest cost and its lowest?")

# %% jupyter={"source_hidden": true}
kinds = {}
for kind, x in (("thresholded", (x_test >= 0.5).float()), ("drawn", test), ("grey", x_test)):
    kinds[kind] = binary_cross_entropy(p.expand_as(x), x, reduction="none").sum((1, 2, 3)).mean().item()
    assert abs(kinds[kind] - baseline) < 2, "the baseline cannot tell the three kinds apart"
reveal("data/kinds", round(max(kinds.values()) - min(kinds.values()), 2), unit="nats")
table(kinds, ["nats per image"], digits=2)

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The three data sets differ on the edges of the strokes, and the average digit says nothing about where the edges are.
# For a fixed `p` the cost is a straight line in `x`.
# So only the average ink of each pixel counts, and that hardly differs.
# If you guessed 13: a model that knows digits does see the difference.
#
# </details>
#
# The network knows where this 7 ends, so it notices what you do to the edge.
#
# - **Thresholded, 105**: the edge is fixed once and nothing is random, so the pictures are easier to predict.
# - **Drawn, 115**: the pixels of the edge are random, and nobody can predict a random draw.
# - **Grey, 118**: the loss is the average over all draws of the image, and the encoder does not see the draw.
#   So the number is no likelihood of a grey image.
#   It is an upper bound on the mean cost of the drawn digits.
#
# If you train on one kind and test on another, the number follows the test:
# the network trained on draws gets 105.6 on thresholded digits.
# The better the model, the more this one setting matters.

# %%
ladder = {
    "fair coins": 784 * torch.tensor(2.0).log().item(),
    "one probability per pixel": baseline,
    "the network of lesson 06": costs["dynamic"],
    "entropy of the draws": floor.mean().item(),
}
figure = nats_ladder(ladder, "The network lies between the average digit and the entropy of the draws")
show(
    figure,
    "Four bars of nats per image, from top to bottom: fair coins 543, one probability per pixel about 205, the "
    "network of lesson 06 about 115, and the entropy of the draws about 46.",
)

# %% [markdown]
# The last bar is the entropy from before, and for drawn digits it has a meaning.
# You drew the pixels yourself, and nobody can foresee the draws, not even someone who knows each grey digit by heart.
# So on average over the draws, no model of the drawn test digits gets below 46 nats.
# On thresholded digits nothing is random, and there is no such limit.

# %% [markdown]
# ## The data decides the likelihood
#
# The loss is not a matter of taste: it is minus the logarithm of a probability.
# What a pixel can be decides which probabilities make sense.
#
# | a value is | so the model gives | and the cost is called |
# | --- | --- | --- |
# | 0 or 1 | one probability (Bernoulli) | binary cross-entropy |
# | one of 256 greys | 256 probabilities (categorical) | cross-entropy |
# | any real number | a bell curve: centre, width (Gaussian) | squared error / (2 × width²), plus log width, plus 0.92 |
#
# The third row has a trap: if you leave out the width, you have chosen one without knowing it.
# In that row a cost can also be negative.
# A bell curve gives a density, a probability per unit of length, and a density can exceed 1.
# In the first two rows a cost is never negative.
# If a loss on black-and-white digits drops below 0, something is wrong.

# %% [markdown]
# ## An open task: ten average digits
#
# *30 minutes · difficulty 3 of 3 · no check*
#
# The baseline says the same for a 1 and for an 8.
# Give it ten average digits, one per class.
#
# 1. Say which class a test digit has, and compute its cost.
#    How many nats does that save?
# 2. Now do not say the class: each of the ten has probability 1/10.
#    The probability of an image is then the average of ten probabilities.
#    What does an image cost this model?
#    (The probabilities are too small for a float32, so use `torch.logsumexp` on their logarithms.)
#
# <details><summary>What a good answer shows</summary>
#
# - Given its class, a drawn test digit costs 172.3 nats, 32.5 fewer than the baseline.
#   To name one of ten classes costs only $\log 10 = 2.3$ nats, so this knowledge is worth its price.
# - Without the class the cost is 171.3, even one nat lower.
#   The average digit that fits a test digit best is not always that of its own class.
# - The draws are still ragged, but now you can read many of them.
# - The second model chooses a class, which nobody sees, and then draws the pixels.
#   A VAE does the same, with twenty numbers in place of a class.
#
# </details>

# %%
guesses("data")

# %% [markdown]
# ## Key points
#
# - A model pays minus the logarithm of the probability that it gave to what happened.
#   The unit is the nat; we take the sum over pixels and the mean over images.
# - Where pixels are 0 or 1, binary cross-entropy is minus the log of a likelihood.
#   On grey pixels it cannot reach 0, and it is not the likelihood of the grey image.
# - Draw each pixel from its grey value: for every batch in training, and once with a fixed seed for the test.
# - A number on MNIST means nothing without its binarisation.
#
# What to expect, in nats per image on test digits (the embedded 1,000; the full MNIST's 10,000 where it says so):
#
# | | binarisation | embedded | full MNIST |
# | --- | --- | --- | --- |
# | fair coins | any | 543.4 | 543.4 |
# | one probability per pixel | drawn | 204.8 ± 0.2 | 205.7 |
# | entropy of the grey pixels | – | 46.2 | 45.5 |
# | lesson 06's network, 10 passes over the 4,000, trained and tested on such pixels | thresholded | 104.5 | |
# | the same | drawn | 115.2 | |
# | the same | grey (no likelihood) | 118.0 | |
#
# (The network's figures are of one seed; on another processor they may differ by 0.1 or 0.2.
# They are upper bounds on its cost, and lesson 05 explains why.
# From a terminal: `python -m vae_course train --epochs 10 --batch-size 32 --learning-rate 2e-3 --decay
# --binarization threshold`, and so on.)
#
# **What comes next.**
# To know which pixels go together, a model needs to know a little about the picture: a 7, slanted, thin.
# Twenty numbers should be enough.
# Lesson 02 builds the network that finds them, and lets it say how sure it is.
#
# *[Start page](00_start.ipynb) · after: [02 The encoder](02_encoder.ipynb)*
