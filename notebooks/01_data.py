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
# *55 minutes. Needs Python and a little PyTorch; the probability is explained where it is used.*
#
# You will be able to
#
# - say what a nat is, and what a picture costs a model that does not understand it;
# - explain why the usual loss cannot reach 0 on grey digits, and where it stops;
# - turn grey digits into black-and-white ones without losing the grey, and say why a threshold does lose it;
# - ask the right question when someone reports a number on MNIST.

# %% [markdown]
# *Before you start:* the figures and numbers of an earlier run are printed below the cells, and so are the answers.
# Clear them with *Kernel → Restart Kernel and Clear Outputs of All Cells…*
# Where a box says **predict first**, write your number down before you read on; the next cell may say too much.
#
# ## Three numbers, one network
#
# In lesson 06 you train a network that writes digits, and you measure how badly unseen digits surprise it.
# Train that network three times: same code, same digits, same 30 passes over them.
# Here is what came out, lower is better: **105**, **115** and **118**.
#
# Nobody made a mistake, and it is not luck.
# One line differs, and it is easily left out of a report.
# It says what a pixel is.

# %%
from vae_course.data import binarize_once
from vae_course.digits import load_digits
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_grid, digit_rows, show
from vae_course.lessons.data import check_binarize, cost_map, digit_panels, nats_ladder, pixel_cost, pixel_zoom

import torch
from torch.nn.functional import binary_cross_entropy

# %% [markdown]
# ## The digits
#
# 5,000 handwritten digits come with the course, 500 of each class, so nothing is downloaded.
# They are real MNIST images; `vae_course/digits/README.md` tells where they come from and under which licence.
# You learn from 4,000 and keep 1,000 aside: what a model says about those is the only thing that counts.
#
# (`load_digits("mnist")` fetches all 70,000 the first time, when you want them.)

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
# Look closer: every image is 28 × 28 = 784 bytes, from 0 for paper to 255 for ink.

# %%
seven = digits.train_images[digits.train_labels == 7][0]
figure = pixel_zoom(seven, top=6, left=12)
show(
    figure,
    "On the left a 7 with a frame around its corner. On the right the 49 pixels in the frame, each with its "
    "number: 0 on the paper, about 253 inside the ink, and values between them only along the edge of the stroke.",
)

# %% [markdown]
# Someone held a pen, and a pen writes or it does not.
# The first scans were black and white, too.
# Grey came in when they were shrunk to fit a box of 20 × 20 pixels (LeCun, Cortes & Burges's MNIST page).
# A pixel on the edge of the stroke covers some ink and some paper, and its grey tells roughly how much.
#
# So a grey of 0.3 can be read like this:
# **put your finger on a random spot inside this pixel, and you touch ink with probability 0.3.**
# Keep that sentence; the lesson hangs on it.

# %% [markdown]
# A network wants numbers in [0, 1] with a channel axis, so bytes are divided by 255.
# How many of them are clearly neither ink nor paper, more than 2 % away from both?

# %% tags=["nbval-check-output"]
x_train = digits.train_images.unsqueeze(1).float() / 255  # [4000, 28, 28] -> [4000, 1, 28, 28]
x_test = digits.test_images.unsqueeze(1).float() / 255  # [1000, 28, 28] -> [1000, 1, 28, 28]
is_grey = (x_train > 0.02) & (x_train < 0.98)
print(f"grey: {is_grey.float().mean():.0%} of the pixels, about {784 * is_grey.float().mean():.0f} in an image")

# %% [markdown]
# ## What a pixel costs
#
# You need a score for a model that speaks in probabilities.
# It says, before it sees the pixel: "on, with probability `p`".
# Then the pixel is on, or it is off.
# (A variable that is 1 with probability `p`, and else 0, is called *Bernoulli*.)
#
# The score is the **surprise**: minus the logarithm of the probability that the model gave to what happened.
# With the natural logarithm its unit is the **nat**.

# %% tags=["nbval-check-output"]
for p, what in (
    (0.9, "said 'on' with 0.9, and it is on"),
    (0.5, "a fair coin"),
    (0.1, "said 'on' with 0.1, and it is on"),
):
    print(f"{-torch.tensor(p).log():.3f} nats   {what}")

# %% [markdown]
# One nat is the surprise at something that had one chance in *e*, about 37 %.
# (A bit is the same thing with one chance in 2; a nat is 1.44 bits.)
# To be right and sure costs next to nothing; to be wrong and sure costs a lot; to shrug costs 0.693.
#
# In one formula for both cases, with $x = 1$ for a pixel that is on and $x = 0$ for one that is off:
#
# $$\text{cost}(x, p) = -\,[\,x \log p + (1 - x) \log (1 - p)\,]$$
#
# In words: if the pixel is on, pay minus log `p`; if it is off, pay minus log of what is left.
# You know it as *binary cross-entropy*, and PyTorch calls it `binary_cross_entropy(p, x)`.

# %% [markdown]
# ## What an image costs
#
# Once the model has said its 784 probabilities, each pixel is decided on its own.
# So the probability of the whole image is their product; it is called the **likelihood** of the image.
# The logarithm turns the product into a sum: **the cost of an image is the sum over its pixels**.
# For a pile of images you report the mean.
#
# > **Predict first.** A model knows nothing and calls every pixel a fair coin.
# > What does one image cost it, in nats?

# %% tags=["nbval-check-output"]
black_and_white = (x_test > 0.5).float()
shrug = torch.full_like(black_and_white, 0.5)
cost = binary_cross_entropy(shrug, black_and_white, reduction="none")  # [1000, 1, 28, 28], nats a pixel
cost = cost.sum((1, 2, 3))  # [1000], nats an image
print(f"{cost.mean():.1f} nats per image = 784 x {cost.mean() / 784:.3f}")

# %% [markdown]
# If you said 0.693, you answered for a pixel, and so does PyTorch when you leave out `reduction`.
# In this course it is always **the sum over pixels, the mean over images, in nats per image**.
# Lesson 05 shows what the other choice does to a model behind your back.
#
# 543.4 is the cost of knowing nothing at all.
# Everything from here on is about how far below it one can get.

# %% [markdown]
# ## The floor under grey
#
# Now feed the same loss a grey pixel, as many tutorials do.
# The formula does not object: it accepts $x = 0.3$ without a warning.
#
# > **Predict first.** A pixel's grey is 0.3, and the model answers `p = 0.3`, which is as right as one can be.
# > What does it pay: 0, or 0.3, or 0.6 nats?

# %%
figure = pixel_cost()
show(
    figure,
    "Three curves of a pixel's cost against the predicted p. The curve of x = 1 falls to 0 at p = 1, and that of "
    "x = 0 falls to 0 at p = 0. The curve of x = 0.3 is lowest at p = 0.3, and there it still costs 0.61 nats.",
)

# %% [markdown]
# 0.61, and nothing cheaper is to be had.
# Guessing 0 was reasonable: the squared error would be 0 there.
# But this loss prices the answer to "ink or paper?", and a pixel of 0.3 says "I could be either".
# Whoever predicts it perfectly still pays for the doubt.
#
# That price is the **entropy** of the pixel: the average surprise of someone who knows the odds but not the outcome.
#
# Sum it over an image: let the model be perfect and answer with the very image that it is asked about.

# %% tags=["nbval-check-output"]
floor = binary_cross_entropy(x_test, x_test, reduction="none")  # each image against itself
floor = floor.sum((1, 2, 3))  # [1000, 1, 28, 28] -> [1000]
print(f"perfect copies of the grey test digits: {floor.mean():.1f} nats per image")

# %%
x_seven = seven.unsqueeze(0).float() / 255  # [1, 28, 28]
doubt = binary_cross_entropy(x_seven, x_seven, reduction="none")
figure = cost_map(x_seven, doubt, "copied perfectly", "The floor is paid along the edge of the stroke")
show(
    figure,
    "On the left a grey 7. On the right the cost of each of its pixels: the inside of the stroke and the paper "
    "cost nothing, and the pixels along the edge cost up to 0.7 nats each.",
)

# %% [markdown]
# A flawless copy, at 46 nats on average.
# Whatever you train on grey digits with this loss, that much of its loss has nothing to do with the model.

# %% [markdown]
# ## And it is not a probability
#
# There is a second problem, and it is the deeper one.
# A probability shares out exactly 1 among everything that can happen; that is what makes two models' costs comparable.
# Undo the logarithm, $e^{-\text{cost}}$, and add it up over everything a pixel could have been.

# %% tags=["nbval-check-output"]
every_grey = torch.linspace(0, 1, 1001)
for p in (0.5, 0.9, 0.99):
    share = torch.exp(-binary_cross_entropy(torch.full_like(every_grey, p), every_grey, reduction="none"))
    print(f"p = {p:<4}  ink or paper: {share[0] + share[-1]:.2f}   any grey: {torch.trapezoid(share, every_grey):.2f}")

# %% [markdown]
# With two outcomes the shares add up to 1, whatever `p` is.
# With all greys between them half of the probability goes to nobody, or two thirds, or more.
# So the loss of a grey pixel is not minus the logarithm of any probability.
# (The missing factor is known: Loaiza-Ganem & Cunningham 2019, "The continuous Bernoulli".)
#
# It still trains, and the pictures look fine.
# But its value is not the likelihood of a grey image.
# (It is the mean cost over that image's throws of the dice, as you will see at the end of this lesson.)

# %% [markdown]
# ## Make the data fit the question
#
# The loss asks "ink or paper?".
# So give it pixels that are one or the other.
# There are two ways to decide them.
#
# > **Predict first.** You cut this 7 at one half.
# > Or you throw dice: a pixel of grey 0.3 becomes ink in 30 % of the throws.
# > Which of the two looks better? And which one lets you guess the grey digit back?

# %%
generator = torch.Generator().manual_seed(0)
three_times = seven.expand(3, 28, 28)
cut = binarize_once(three_times, "threshold", generator).unsqueeze(1) / 255  # [3, 28, 28] -> [3, 1, 28, 28]
drawn = binarize_once(three_times, "static", generator).unsqueeze(1) / 255
views = {"grey": x_seven, "cut at one half": cut[0], "drawn": drawn[0], "drawn again": drawn[1]}
figure = digit_panels(views, "A threshold tidies the edge away; a draw keeps its odds")
show(
    figure,
    "One 7 in four versions. The grey one has a soft edge; the one cut at one half has a smooth hard edge; the "
    "two drawn ones have ragged edges, and their edges differ from each other.",
)

# %% [markdown]
# Preferring the cut was reasonable, because it is prettier.
# But it is a different data set: 0.51 and 0.99 are now the same, and so are 0.49 and 0.
# No number of looks brings the grey back.
# The drawn digit is frayed, and fairly so: it is your finger on a random spot of every pixel.
#
# Reading a grey value as a probability is a convention, used for MNIST since Salakhutdinov and Murray (2008).
# It is a sensible one, because of how the greys came about, and most published likelihoods on MNIST follow it.

# %% [markdown]
# ## Exercise: throw the dice
#
# Write `binarize`: each pixel becomes 1 with the probability that is its grey value, else 0.
#
# Dice need a word on their own.
# A `torch.Generator` is a set of dice with a memory.
# From the same seed it throws the same numbers, and each throw moves it on.
# Every function of this course that throws dice takes its generator as an argument.
# So you can repeat a run exactly, and a second call gives a second draw.


# %%
def binarize(images, generator):
    """Draw each pixel: 1 with the probability that is its grey value, else 0.

    images: float tensor of grey values in [0, 1], of any shape, such as [B, 1, 28, 28]
    generator: the dice
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
from vae_course.data import binarize

show_me(binarize)

# %% [markdown]
# From here on the lessons import this one.
# It does one thing more than it was asked: it refuses what cannot be a probability.
# Bytes that nobody divided by 255 are the most common accident with this loss.

# %% tags=["nbval-check-output"]
try:
    binarize(digits.train_images.float(), generator)
except ValueError as error:
    print(error)

# %% [markdown]
# ## Once, or every time?
#
# You can draw all images once and keep the result: **static** binarisation.
# Or you can draw anew whenever an image is used: **dynamic** binarisation.

# %%
eights = x_train[digits.train_labels == 8][1].expand(8, 1, 28, 28)  # one image, eight times
once = binarize(eights[:1], generator).expand(8, 1, 28, 28)
figure = digit_rows(
    {"static": once, "dynamic": binarize(eights, generator)},
    "Seen eight times: static shows one picture, dynamic shows eight",
)
show(
    figure,
    "Two rows of the same 8. In the static row all eight pictures are identical. In the dynamic row the pixels "
    "along the edges change from picture to picture.",
)

# %% [markdown]
# A model that sees one picture thirty times can learn its frayed pixels by heart.
# One that sees thirty draws has to learn the odds.
# Tested on drawn digits, the network from the opening gets 116.3 after a static training, 115.2 after a dynamic one.
# (One run each: a hint, not a proof. You will run both below.)
#
# So the lessons train with dynamic binarisation.
# For testing, one draw with a fixed seed is kept, so that every model sits the same exam.

# %% [markdown]
# Nothing of the grey is lost by drawing; it is spread over many throws.
# Here is the training digit that a threshold hurts most, a 5: 31 % of its ink lies in pixels below one half.

# %%
faint_ink = (x_train * (x_train < 0.5)).sum((1, 2, 3)) / x_train.sum((1, 2, 3))  # [4000]
faint = x_train[faint_ink.argmax()]  # [1, 28, 28]
throws = binarize(faint.expand(1000, 1, 28, 28), generator)  # [1000, 1, 28, 28]
views = {"cut": (faint >= 0.5).float(), "1 draw": throws[0]}
views |= {"mean of 10": throws[:10].mean(0), "mean of 1,000": throws.mean(0), "grey": faint}
figure = digit_panels(views, "What a cut loses is gone; what dice lose comes back with more draws")
show(
    figure,
    "One faint 5 in five versions. Cut at one half, much of its stroke is missing. One draw is speckled, the mean "
    "of 10 draws is rough, and the mean of 1,000 draws looks like the grey digit.",
)

# %% [markdown]
# Look at more of them: choose a class and slide to a digit.
# Then press *Draw again*, or go to it with Tab and keep Enter down, and watch the mean of your draws.
# Guess first: how many draws does it take until you cannot tell it from the grey digit?

# %%
from vae_course.lessons.data import DigitBrowser

DigitBrowser(digits)

# %% [markdown]
# ## The baseline that everything must beat
#
# Fair coins cost 543 nats.
# The laziest model that has seen data keeps one number a pixel: how often this pixel is on in the training digits.
# It says the same 784 probabilities whichever image comes.
#
# > **Predict first.** Where does it land on the test digits: near 500, 350 or 200?

# %%
generator = torch.Generator().manual_seed(0)
on = binarize(x_train, generator)  # [4000, 1, 28, 28]
# One image all ink and one all paper are added: a pixel that was never on gets 1/4002, because after a 0
# a single speck of ink there would cost infinitely many nats.
p = (on.sum(0) + 1) / (len(on) + 2)  # [1, 28, 28]

test = binarize(x_test, generator)
baseline = binary_cross_entropy(p.expand_as(test), test, reduction="none").sum((1, 2, 3)).mean().item()
print(f"one probability a pixel: {baseline:.1f} nats per image")
assert 200 < baseline < 210, f"the baseline should be 205 nats, within 5, and is {baseline:.1f}"

# %% [markdown]
# 205: most of the 543 nats were paid for not knowing where digits sit.
# That is low for a model that never looks at the image.
# But four pixels in ten are on in fewer than one digit in a hundred, and those cost next to nothing.
#
# What has it understood about digits? Ask it to draw some.

# %%
draws = binarize(p.expand(3, 1, 28, 28), generator)
views = {"the 784 probabilities": p, "a draw": draws[0], "another": draws[1], "a test digit": test[0]}
figure = digit_panels(views, "The best blind guess: ink in the right place, and no digit")
show(
    figure,
    "Four panels. The 784 probabilities are a soft grey blob in the middle. Two draws from them are scattered "
    "dots in the same place, without strokes. The test digit beside them is a clear 4.",
)

# %% [markdown]
# Every pixel is right about itself, and none knows what its neighbours do.
# That is what a model has to learn to get below 205: **which pixels go together.**
# If a model of yours reports more than 205, it has learnt less than this average picture.

# %% [markdown]
# ## Back to the three numbers
#
# Here is the experiment of the opening, with one line more for static pixels.
# The networks differ in nothing but `binarization`.
# `VAE`, `fit` and `evaluate` are boxes that the next lessons open; the cell takes about half a minute.

# %%
from vae_course.training import TrainConfig, evaluate, fit
from vae_course.vae import VAE

costs = {}
for kind in ("threshold", "dynamic", "static", "grey"):
    torch.manual_seed(0)
    network = VAE()
    for _ in fit(network, digits.train_images, TrainConfig(epochs=30, binarization=kind)):
        pass
    costs[kind] = evaluate(network, digits.test_images, kind).negative_elbo.item()
    print(f"{kind:10} {costs[kind]:.1f} nats per image")

assert costs["threshold"] + 5 < costs["dynamic"] < costs["grey"] < 125, "thresholded digits are far the cheapest"

# %% [markdown]
# (The static network and the dynamic one are tested on the same drawn digits.)
#
# Now score the 784 probabilities of the average picture on all three kinds of test digits.
#
# > **Predict first.** The trained networks get 105 on thresholded digits, 115 on drawn ones and 118 on grey ones.
# > Is the baseline as far apart on the three?

# %%
for kind, x in (("thresholded", (x_test >= 0.5).float()), ("drawn", test), ("grey", x_test)):
    cost = binary_cross_entropy(p.expand_as(x), x, reduction="none").sum((1, 2, 3)).mean()
    print(f"{kind:12} {cost:.1f} nats per image")
    assert abs(cost - baseline) < 2, "the baseline cannot tell the three kinds apart"

# %% [markdown]
# All three cost the same.
# Where has the gap between 105 and 118 gone?
# The three data sets differ on the edges of the strokes, and this model has no idea where the edges are.
# (For a fixed `p` the cost is a straight line in `x`: only the average ink counts, and that hardly differs.)
# The network knows where this 7 ends, and so it notices what you do to its rim.
#
# - **Thresholded, 105**: the rim is decided once for all, nothing is random, so the pictures are easier.
# - **Drawn, 115**: the rim is thrown with dice, and the dice cost extra.
# - **Grey, 118**: the loss charges for dice that were never thrown, so no code can say how they fell.
#   The number is no likelihood of a grey image.
#   It is an upper bound on the mean cost of the drawn digits, by a model that did not see the draw.
#
# Train on one kind and test on another, and the number follows the test:
# the network trained on draws gets 105.6 on thresholded digits.
# The better the model, the more the one short line matters.

# %%
ladder = {
    "fair coins": 784 * torch.tensor(2.0).log().item(),
    "one probability a pixel": baseline,
    "the network of lesson 06": costs["dynamic"],
    "the dice alone": floor.mean().item(),
}
figure = nats_ladder(ladder, "A good model lives between the average picture and the dice")
show(
    figure,
    "Four bars of nats per image, from top to bottom: fair coins 543, one probability a pixel about 205, the "
    "network of lesson 06 about 115, and the draws alone about 46.",
)

# %% [markdown]
# The last bar is the floor from before, and for drawn digits it has an honest meaning.
# You threw those dice yourself, and nobody can foresee them, not even someone who knows each grey digit by heart.
# So on average over the throws, no model of the drawn test digits gets below 46 nats.
# On thresholded digits there are no dice, and no such floor.

# %% [markdown]
# ## The title, once more
#
# The loss is not a matter of taste: it is minus the logarithm of a probability.
# What a pixel can be decides which probabilities make sense.
#
# | a value is | so the model gives | and the cost is called |
# | --- | --- | --- |
# | 0 or 1 | one probability (Bernoulli) | binary cross-entropy |
# | one of 256 bytes | 256 probabilities (categorical) | cross-entropy |
# | any real number | a bell curve: centre, width (Gaussian) | squared error / (2 × width²), plus log width, plus 0.92 |
#
# The third row hides a trap: leave out the width, and you have chosen one without knowing.
# In that row a cost can also be negative, because a bell curve gives a density, a probability per unit of length,
# and that can exceed 1; in the first two rows it never is.
# If a loss on black-and-white digits drops below 0, something is wrong.

# %% [markdown]
# ## Key points
#
# - A model pays minus the log of the probability that it gave to what happened.
#   The unit is the nat; sum over pixels, mean over images.
# - Binary cross-entropy is a likelihood's cost where pixels are 0 or 1.
#   On grey ones it has a floor, and it is not the likelihood of the grey image.
# - Draw each pixel from its grey value: anew for every batch in training, once with a fixed seed for the test.
# - A number on MNIST means nothing without its binarisation.
#
# What to expect, in nats per image on test digits (the embedded 1,000; the full MNIST's 10,000 where it says so):
#
# | | binarisation | embedded | full MNIST |
# | --- | --- | --- | --- |
# | fair coins | any | 543.4 | 543.4 |
# | one probability a pixel | drawn | 204.8 ± 0.2 | 205.7 |
# | entropy of the grey pixels | – | 46.2 | 45.5 |
# | lesson 06's network, 30 passes over the 4,000, trained and tested so | thresholded | 105.0 | |
# | the same, trained and tested so | drawn | 115.2 | |
# | the same, trained and tested so | grey (no likelihood) | 117.8 | |
#
# (The network's own figures are an upper bound of its cost; what that means is lesson 05.
# From a terminal: `python -m vae_course train --epochs 30 --binarization threshold`, and so on.)
#
# ## Next
#
# To know which pixels go together, a model could first be told a little about the picture: a 7, slanted, thin.
# Twenty numbers should do.
# [Lesson 02](02_encoder.ipynb) builds the part that finds them, and shows why it should not be too sure of them.
