# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 04 · The decoder: a distribution over images
#
# *60 minutes: 25 to the place to rest, and 35 after it. The open task takes 30 more. Needs lessons 01 to 03.*
#
# *[Start page](00_start.ipynb) · before: [03 Reparameterisation](03_reparameterization.ipynb)
# · after: [05 The ELBO](05_elbo.ipynb)*
#
# You will be able to:
#
# - say what a decoder's 784 numbers mean, and draw an image from them;
# - distinguish a mean image from a sample, and say why the two look so different;
# - compute $\log p(x|z)$, which says how well a code explains an image;
# - say what the code $z$ has to carry, and what the decoder leaves to chance.

# %% [markdown]
# ## Not one pixel is right
#
# You have an encoder that gives a cloud of codes for a digit, and a way to draw a code $z$ from the cloud.
# Now you need the way back, from a code to an image.
# The network for it is the **decoder**.
#
# To see what a decoder does, train a model for a few seconds.
# Lesson 06 shows how it is trained; today you use it as it is.

# %%
import itertools

from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_rows, show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.lessons import COLORS
from vae_course.lessons.decoder import check_log_likelihood, plots
from vae_course.reparameterization import reparameterize
from vae_course.training import TrainConfig, fit
from vae_course.vae import VAE

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy, conv2d, softplus

# %%
digits = load_digits()


def trained(latent_dim):
    torch.manual_seed(0)
    model = VAE(latent_dim)
    for _ in fit(model, digits.train_images, TrainConfig(epochs=12, batch_size=64)):
        pass
    return model.requires_grad_(False)  # This lesson does not train it further.


vae = trained(latent_dim=20)

# %% [markdown]
# Take the test digits, and draw their pixels as in lesson 01.
# Draw a code for each as in lesson 03, and decode it.

# %%
generator = torch.Generator().manual_seed(4)
x = binarize(grey(digits.test_images), generator)  # [1000, 1, 28, 28]
z = reparameterize(*vae.encoder(x), generator)  # [1000, 20]
logits = vae.decoder(z)  # [1000, 1, 28, 28]
p = torch.sigmoid(logits)  # [1000, 1, 28, 28], every pixel between 0 and 1

figure = digit_rows({"digit": x[:8], "decoder": p[:8]}, "The decoder answers every digit with a soft grey one")
show(
    figure,
    "Two rows of eight pictures: test digits above, what the decoder answers below. The answers show the same "
    "digits, in soft greys.",
)

# %% [markdown]
# The second row looks better than the first, and that is the trap of this lesson.
# If it is meant as an image, it is wrong everywhere.
# The data holds only 0 and 1, and the decoder gives neither, at any pixel.

# %%
between = {"digits": ((x > 0) & (x < 1)).sum(), "decoder": ((p > 0) & (p < 1)).sum()}
table(between, [f"pixels between 0 and 1, of {p.numel():,}"])

# %% [markdown]
# So the second row does not show images.
# It shows 784 probabilities, which happen to have the shape of an image.
# A pixel at 0.7 does not say "light grey".
# It says: "this pixel is on in 7 of 10 images that I would draw for this code".

# %% [markdown]
# ## Draw from the probabilities
#
# To see an image as the decoder means it, toss a coin for each pixel.
# The coin shows "on" with the probability that the decoder gave to this pixel.
# This is `binarize` of lesson 01, with the decoder's answer in the place of a grey digit.
#
# > **Predict first.**
# > One code $z$ is decoded once, to 784 probabilities.
# > You toss the 784 coins twice, and get two images.
# > In how many of the 784 pixels do they differ?

# %%
predict("decoder/pixels", "You draw two images for one code. In how many of the 784 pixels do they differ?")

# %% jupyter={"source_hidden": true}
first = binarize(p, generator)
second = binarize(p, generator)


def pixels_apart(images, others):
    return (images != others).float().sum((1, 2, 3)).mean().item()


apart = {
    "two draws for one code": pixels_apart(first, second),
    "a draw, and the digit behind it": pixels_apart(first, x),
}
assert 45 < pixels_apart(first, second) < 85, "two draws for one code should differ in some 65 pixels"
assert abs(pixels_apart(first, second) - pixels_apart(first, x)) < 8, "a digit should be about as far as a draw"
reveal("decoder/pixels", round(pixels_apart(first, second)), unit="pixels")
table(apart, ["pixels that differ"], digits=0, caption="average over 1,000 test digits")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# "None" is a fair guess if decoding makes you think of a zip archive, where one code gives one file.
# "Half of them" is a fair guess if you think of fair coins.
# Most of these coins are not fair, because most of the frame is surely black.
#
# Look at the second line of the table too.
# The real digit differs from a draw in about as many pixels as another draw does.
# Counted in pixels, **the digit is one more draw**.
#
# </details>

# %%
shown = [3, 0, 9]
draws = torch.stack([binarize(p[shown, 0], generator) for _ in range(4)], dim=1)  # [3, 4, 28, 28]
figure = plots.digit_table(
    ["", "", ""],
    {"mean": p[shown], "four draws from p(x|z)": draws, "the digit": x[shown]},
    "The mean is smooth; neither its draws nor the data are",
)
show(
    figure,
    "Three rows: the mean of a decoder's answer, four draws from it, and the digit. The mean is a smooth grey "
    "shape. The draws are black and white with ragged, speckled edges. The digit is black and white with clean "
    "edges.",
)

# %% [markdown]
# Each row shows the average of all draws, then four of the draws, then the data.
#
# You may object that the draws are rougher than the digit, and you are right.
# As many pixels differ, but they differ in another way.
# When a hand slips, a whole piece of the stroke moves.
# The coins are tossed independently, so single pixels change.
#
# You can count this: how many pixels are on while all of their eight neighbours are off?


# %%
def loners(images):
    neighbourhood = conv2d(images, torch.ones(1, 1, 3, 3), padding=1)  # [B, 1, 28, 28], with the pixel itself
    return ((images == 1) & (neighbourhood == 1)).float().sum((1, 2, 3)).mean().item()


assert loners(first) > 3 * loners(x), "a draw should have more lone pixels than a digit"
table({"a digit": loners(x), "a draw": loners(first)}, ["pixels without a neighbour"], digits=2)

# %% [markdown]
# So the draws show what the mean hides: in what way this decoder is still wrong about digits.
#
# When a paper shows "samples" of a VAE, these are usually means, for random codes.
# This is a convention, and it makes the pictures look better.
# This course shows means, too: wherever a generated picture has greys, it is a mean.

# %% [markdown]
# ## A distribution small enough to write down
#
# With 784 pixels there are $2^{784}$ images, and nobody can list them.
# With four pixels there are 16, so you can see the whole of $p(x|z)$ for one code.

# %% tags=["nbval-check-output"]
tiny_p = torch.tensor([0.9, 0.8, 0.3, 0.1])  # what a decoder of 4 pixels might say
images = torch.tensor(list(itertools.product([0.0, 1.0], repeat=4)))  # [16, 4]
probability = torch.where(images == 1, tiny_p, 1 - tiny_p).prod(dim=1)  # [16]

for i in probability.argsort(descending=True)[:4]:
    print(f"{images[i].int().tolist()}  has probability {probability[i]:.3f}")
print(f"all 16 together: {probability.sum():.3f}")
print("their average, weighted by probability:", (probability[:, None] * images).sum(0))

# %% [markdown]
# The line that ends in `.prod(dim=1)` is the definition.
# In words: each pixel contributes $p_i$ if it is on, and $1 - p_i$ if it is off.
# The contributions are multiplied, because the pixels are independent when $z$ is given.
#
# $$p(x|z) = \prod_i p_i^{x_i} (1 - p_i)^{1 - x_i}$$
#
# Remember two things from the output.
# The 16 probabilities add up to 1: four numbers describe a distribution over sixteen images.
# And the average image is `tiny_p` itself, which is **none of the sixteen**.
# The mean of a distribution need not be one of its values: the average roll of a die is 3.5.

# %% [markdown]
# ## The network
#
# The decoder is the encoder in reverse, with one head instead of two.
# One head is enough, because one number describes a coin.


# %% tags=["nbval-check-output"]
class OpenDecoder(nn.Module):
    def __init__(self, latent_dim=20, hidden=400):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden)
        self.out = nn.Linear(hidden, 784)

    def forward(self, z):  # [B, 20]
        h = torch.relu(self.hidden(z))  # [B, 400]
        logits = self.out(h)  # [B, 784], any real number
        return logits.reshape(-1, 1, 28, 28)  # [B, 1, 28, 28]


torch.manual_seed(0)
open_decoder = OpenDecoder()
print("codes", [5, 20], "→ logits", list(open_decoder(torch.randn(5, 20)).shape))
print(f"{sum(weights.numel() for weights in open_decoder.parameters()):,} parameters")

# %% [markdown]
# The last layer has no sigmoid.
# It returns **logits**: one real number for each pixel.
# A logit of 0 means a fair coin, and a positive logit means that "on" is more probable than "off".
# The sigmoid turns a logit $l$ into the probability, $p = 1 / (1 + e^{-l})$.
# Why is the sigmoid not a part of the network? The second half of this lesson answers that.
#
# The next lessons import the finished decoder, which can also have several hidden layers.

# %% tags=["nbval-check-output"]
from vae_course.decoder import Decoder

decoder_20 = Decoder(latent_dim=20, hidden=(400,))
print(decoder_20)

# %% [markdown]
# ## What the code is for
#
# Independent coins seem a poor model of a digit, because the pixels of a stroke switch on together.
# They are a good model all the same, because they are independent only *when $z$ is given*.
# Whatever the pixels must agree on has to be in the code.
#
# To see this, take the code away, and then give it back in parts.
# Without any code you have the average digit of lesson 01: one probability per pixel, the same for every image.

# %%
vae_2 = trained(latent_dim=2)
p_2 = torch.sigmoid(vae_2.decoder(reparameterize(*vae_2.encoder(x), generator)))
p_none = grey(digits.train_images).mean(0, keepdim=True).expand_as(x)

answers = {"no code": p_none, "2 numbers": p_2, "20 numbers": p}
one = 3
draws = [torch.stack([binarize(a[one, 0], generator) for _ in range(4)]) for a in answers.values()]

# %%
figure = plots.digit_table(
    list(answers),
    {
        "mean": torch.stack([a[one] for a in answers.values()]),
        "four draws": torch.stack(draws),
        "the digit": x[one].expand(3, 1, 28, 28),
    },
    "The code makes the pixels agree; the coins add the speckle",
)
show(
    figure,
    "Three rows: no code, 2 numbers and 20 numbers, each with the mean, four draws and the digit, a 9. Without a "
    "code the draws are scattered dots. With 2 numbers they look like a speckled 7, and with 20 like a speckled "
    "9.",
)

# %% [markdown]
# In the first row every pixel is right on average, and no draw is a digit.
# In the second row, two numbers put a stroke in about the right place, but do not always make the right digit.
# In the last row the code decides which digit it is, how wide, and how slanted.
# The coins decide little more than the edge of the stroke.
#
# Count it: the more the code says, the fewer pixels are left to chance.

# %%
apart = {name: pixels_apart(binarize(a, generator), binarize(a, generator)) for name, a in answers.items()}

original = grey(digits.test_images)
floor = pixels_apart(binarize(original, generator), binarize(original, generator))
assert apart["no code"] > apart["2 numbers"] > apart["20 numbers"] > floor, "more code should leave less to chance"
rows = apart | {"the grey original itself": floor}
table(rows, ["pixels that differ"], digits=0, caption="two draws with the same probabilities")

# %% [markdown]
# The last line remains even if you know the grey original: it is the noise that lesson 01 put into the data.
#
# So grey in a decoder's mean is not a light shade of ink.
# **Grey means that the decoder is not sure of this pixel.**
# This is one cause of the well-known blur of VAE pictures.

# %% [markdown]
# > **A place to rest.**
# >
# > *What you have now:* what the decoder's answer means, how to draw from it, and what the code is for.
# >
# > *What comes, in about 35 minutes:* one number that says how well a code explains an image.
# > You write it in code, and use it to compare means, draws and digits.
# >
# > Stop here if you like.
# > When you come back, click on the next cell and choose *Run → Run All Above Selected Cell*.

# %% [markdown]
# ## From a distribution to a number
#
# Training needs one number: how probable was the digit, according to the decoder?
# You have the formula, so multiply.

# %% tags=["nbval-check-output"]
print("784 pixels, each given probability 0.8:")
print("  as a product:    ", torch.full((784,), 0.8).prod().item())
print("  as a sum of logs:", round(torch.full((784,), 0.8).log().sum().item(), 1), "nats")

# %% [markdown]
# The product is 10⁻⁷⁶, which is too small for float32.
# Its logarithm is an ordinary number, so from here on we compute the log-probability of an image:
#
# $$\log p(x|z) = \sum_i \; x_i \log p_i + (1 - x_i) \log (1 - p_i)$$
#
# In words: for each pixel, take the probability that was given to the value which the pixel has.
# Then add up the logs of these probabilities.
# (One of the two terms is always 0.)
# The sum is at most 0, because a probability is at most 1.
# With the opposite sign it is the **cost** of the image in nats.
#
# It is a *sum* over pixels, because the log of a product is a sum.
# A *mean* over pixels is this sum divided by 784: the average log-probability of one pixel.
# It is not the log of the probability of any image, so it is not a log-likelihood.

# %% [markdown]
# ## From the formula to code
#
# You could now write this formula in PyTorch, line by line.
# First test one pixel.
#
# > **Predict first.**
# > A decoder gives a pixel the logit 20: it is very sure that the pixel is on.
# > But the pixel is off.
# > What is the cost $-\log(1 - p)$, in nats?
# > And what does `-torch.log(1 - torch.sigmoid(logit))` return?

# %%
predict("decoder/sure", "The logit is 20, and the pixel is off. What is its cost −log(1 − p), in nats?")
predict(
    "decoder/float32",
    "What does -torch.log(1 - torch.sigmoid(torch.tensor(20.0))) return?",
    choices=["the cost, right to six digits", "the cost, right to two digits", "a wrong finite number", "inf", "nan"],
)

# %% jupyter={"source_hidden": true}
rows = []
for number in (5.0, 10.0, 15.0, 20.0):
    logit = torch.tensor(number, requires_grad=True)
    cost = -torch.log(1 - torch.sigmoid(logit))
    cost.backward()
    # The right cost is explained below.
    rows.append([number, softplus(logit), f"{torch.sigmoid(logit):.7f}", cost, logit.grad])
reveal("decoder/sure", round(rows[-1][1].item(), 1), unit="nats")
assert cost.isinf(), "at a logit of 20 float32 should give infinity"
reveal("decoder/float32", "inf")
table(rows, ["logit", "right cost", "sigmoid", "computed cost", "its slope"], digits=[3, 3, 3, 4])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The cost is $\log(1 + e^{20})$, which is 20 nats, and nothing in the formula warns of a problem.
# So a finite guess was reasonable.
# The problem is that float32 has only seven digits.
# Its nearest number to $1 - e^{-20}$ is 1.
# So $1 - p$ becomes 0, and the log of 0 is minus infinity.
#
# Even at 15, where nothing looks wrong yet, the cost is wrong in the first or second decimal.
# And one pixel that is sure and wrong makes the cost of the whole batch infinite, and its gradient "not a number".
# After one step of the optimizer, all weights of the model are lost.
#
# </details>

# %% [markdown]
# So do not compute $p$. First put $p = 1 / (1 + e^{-l})$ into the two logs on paper:
#
# $$\log(1 - p) = -\log(1 + e^{l}) \qquad \log p = l - \log(1 + e^{l})$$
#
# The term $\log(1 + e^{l})$ stands in both, and is called the softplus of the logit.
# So both cases fit into one line:
#
# $$x \log p + (1 - x) \log(1 - p) \;=\; x \, l - \mathrm{softplus}(l)$$
#
# In words: every pixel pays the softplus of its logit, and a pixel that is on gets its logit back.
# For a large $l$ the softplus is nearly $l$ itself.
# There `torch.nn.functional.softplus` returns $l$, so nothing overflows.

# %% [markdown]
# Here is the cost of an off pixel for logits from 0 to 30, computed in three ways.
# The first starts from the logit, and the second goes through the sigmoid.
# The third is `binary_cross_entropy`, which goes through the sigmoid too, and then cuts the log at −100.

# %%
ways = [
    softplus,
    lambda logit: -torch.log(1 - torch.sigmoid(logit)),
    lambda logit: binary_cross_entropy(torch.sigmoid(logit), torch.zeros_like(logit), reduction="none"),
]
logit = torch.linspace(0, 30, 601, requires_grad=True)
curves = []
for way in ways:
    cost = way(logit)
    (slope,) = torch.autograd.grad(cost.sum(), logit)
    curves.append((cost.detach(), slope))

# %%
beyond = logit > 16.7
assert curves[1][0][beyond].isinf().all(), "the way through the sigmoid should be infinite there"
assert (curves[2][1][beyond] == 0).all(), "binary_cross_entropy should have no slope there"
titles = "Beyond 16.6 the cost is lost", "The gradient is lost, too"
figure = plots.cost_of_a_wrong_pixel(logit.detach(), *curves, titles)
show(
    figure,
    "On the left the cost of a pixel that is off, against its logit, and on the right the slope of that cost. "
    "Softplus goes on straight up to 30. The way through the sigmoid ends at a logit of 16.6, in inf and nan. "
    "Binary_cross_entropy jumps to 100 there, and its slope to 0.",
)

# %% [markdown]
# The black line ends at the cross: beyond it there is no number.
# The dashed line is worse, because no error stops you.
# Its cost jumps to 100, and its slope to 0.
# So the pixel that is most wrong is the one that no longer learns.
#
# This is why the decoder returns logits, and why every loss in this course starts from them.

# %% [markdown]
# ## Exercise: `log_likelihood`
#
# *10 minutes · difficulty 1 of 3*
#
# Write $\log p(x|z)$ from the logits, for a batch of binary images.
# Return one number per image, in nats.


# %%
def log_likelihood(logits, x):
    """Compute log p(x|z) of each image, in nats.

    logits: [B, 1, 28, 28], any real numbers
    x:      [B, 1, 28, 28], zeros and ones
    returns [B]
    """
    ...


# %%
check_log_likelihood(log_likelihood)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# First compute one number per pixel, of shape `[B, 1, 28, 28]`.
# Then decide which of these four axes to sum over.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The number of a pixel is $x \, l - \mathrm{softplus}(l)$, as above.
# PyTorch has it with the opposite sign, as `binary_cross_entropy_with_logits`.
# And `torch.distributions.Bernoulli` takes `logits=`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `.sum()` alone adds up the batch as well.
# `.sum((1, 2, 3))` keeps the batch.
#
# </details>

# %%
from vae_course.decoder import log_likelihood as course_log_likelihood

log_likelihood = go_on_with(log_likelihood, otherwise=course_log_likelihood)
show_me(course_log_likelihood)

# %% [markdown]
# ## A mean image is not a sample
#
# Now you have a number for each image, so you can compare a mean, a draw and a digit.
#
# The mean has no number: it has grey pixels, and $p(x|z)$ is about images of 0 and 1 only.
# So take the nearest image that has one, the mean cut at one half.
# There every pixel has its more probable value.
# So this is the most probable of all $2^{784}$ images, and it is called the **mode**.
#
# > **Predict first.**
# > You draw 10,000 images for one code, and keep the most probable of them.
# > How many nats is it below the mode: a tenth of a nat, one nat, ten nats?

# %%
predict("decoder/mode", "How many nats is the most probable of 10,000 draws below the mode?")

# %% jupyter={"source_hidden": true}
one = 0
ten_thousand = logits[one].expand(10_000, 1, 28, 28)
draws = binarize(torch.sigmoid(ten_thousand), generator)
of_draws = log_likelihood(ten_thousand, draws)  # [10000]

mode = (logits > 0).float()
of_mode = log_likelihood(logits, mode)  # [1000]
of_digit = log_likelihood(logits, x)  # [1000]
short = of_mode[one] - of_draws.max()
print(f"the mode: {of_mode[one]:.1f} nats; the best of 10,000 draws: {of_draws.max():.1f} nats")
assert short > 10, "even the best draw should stay well short of the mode"
reveal("decoder/mode", round(short.item(), 1), unit="nats")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# A nat is a factor of $e$, so ten nats are a factor of 22,000.
# The most probable image is so different from typical draws that you will never draw it.
# If you guessed less: for one coin you would be right, since the more probable side is the one you see most.
# With hundreds of coins it is not so.
#
# Take a coin that shows heads nine times in ten, and toss it a hundred times.
# You will see about ten tails.
# A hundred heads in a row is the most probable sequence of all, and you would see it once in 38,000 tries.
#
# </details>

# %%
marks = {
    "a draw": (of_draws[0].item(), draws[0, 0], COLORS["reconstruction"]),
    "the digit": (of_digit[one].item(), x[one, 0], COLORS["truth"]),
    "the mode": (of_mode[one].item(), mode[one, 0], COLORS["reconstruction"]),
}
figure = plots.log_likelihood_histogram(of_draws, marks, "No draw, and no digit, comes near the most probable image")
show(
    figure,
    "A histogram of log p(x|z) for 10,000 draws, a hill around −88 nats. One draw and the digit lie inside the "
    "hill. The mode, a clean 4 without speckle, lies far to the right of it, at about −48.",
)

# %% [markdown]
# The mode is cleaner than any draw, and cleaner than the data.
# The mean is the same picture, but it is grey where the decoder is not sure.
# It is even less of a sample: no draw can ever be grey.

# %% [markdown]
# That was one digit. Here are all 1,000.

# %%
of_draw = log_likelihood(logits, first)
assert of_mode.mean() - of_draw.mean() > 30, "the mode should be tens of nats more probable than a draw"
assert abs(of_digit.mean() - of_draw.mean()) < 15, "on average a digit should cost about what a draw costs"
assert of_digit.mean() > -120, "after this training a test digit should cost less than 120 nats"
rows = {"the mode": of_mode.mean(), "a draw": of_draw.mean(), "the digit": of_digit.mean()}
table(rows, ["log p(x|z) (nats per image)"], caption="mean over 1,000 test digits")

# %% [markdown]
# The digits cost about as much as the draws, and a few nats less: this decoder is a little too careful.
# It gives specks a chance where the digits have none; they are the lone pixels that you counted.
# Training on $\log p(x|z)$ leads to such a near balance.
# To be sure is cheap where the decoder is right, and expensive where it is wrong.
#
# Do not read these 100 nats as the cost of an image.
# They are the cost *when $z$ is given*, and $z$ was computed from the image itself.
# The next lesson adds the cost of $z$.

# %% [markdown]
# ## Walk from one code to another
#
# The decoder takes any code, even one that belongs to no image.
# Here is a straight line between the codes of two digits, in nine steps.

# %%
start, end = 2, 7
steps = torch.linspace(0, 1, 9)[:, None]  # [9, 1]
line = (1 - steps) * z[start] + steps * z[end]  # [9, 20]
means = torch.sigmoid(vae.decoder(line))  # [9, 1, 28, 28]

figure = digit_rows(
    {"mean": means, "draw": binarize(means, generator)}, "The mean fades; a draw is black and white all the way"
)
show(
    figure,
    "Two rows of nine pictures, from a 0 on the left to a 1 on the right. In the row of means the pictures in the "
    "middle are dark and blurred. In the row of draws all pictures are pure black and white, and those in the "
    "middle are speckled fragments.",
)

# %% [markdown]
# Cover the upper row and look at the lower one: this is what the decoder says about these codes.
# The mean hides the doubt, and the draw shows it.
# If you want to know how good a model is, look at both.

# %% [markdown]
# ### Change this and see
#
# *5 minutes · difficulty 1 of 3 · no check*
#
# With two numbers, a code is a place on a plane, and you can walk there by hand.
# The model below has two latent dimensions.
# It comes with the course, and was trained for longer, on all 60,000 training digits of MNIST (the recipe `plane`).
# The numerals mark the codes of digits that it was trained on.
#
# Put the ring among the 0s, then drag it slowly to the 1s.
# Guess first: which digits will you pass?
# Then switch from *mean* to *draw*, and walk back.

# %%
from vae_course.checkpoints import load_pretrained
from vae_course.lessons.decoder import LatentPad

LatentPad(load_pretrained("plane"), digits)

# %% [markdown]
# <details><summary>What you should see</summary>
#
# On the straight way you pass 6s and 2s, then 5s and 8s.
# The mean changes smoothly, and between two classes it is a grey mixture.
# A draw is speckled everywhere, and between two classes it is often no digit at all.
#
# </details>

# %% [markdown]
# ## An open task: is 0.7 right?
#
# *30 minutes · difficulty 2 of 3 · no check*
#
# Lesson 01 read a grey of 0.3 as a probability, and this lesson reads the decoder's answer in the same way.
# Test it on the 1,000 test digits.
# Take all pixels with `p` between 0.6 and 0.7: which share of them is on in `x`?
# Do this for ten bins from 0 to 1, and plot the share against `p`.
#
# Then multiply all logits by one number $t$, from 0.9 to 1.3.
# (Its inverse is called the *temperature*.)
# For which $t$ are the test digits most probable?
# Draw one image per digit from the new logits: what do these draws cost, compared with the digits?
#
# <details><summary>What a good answer shows</summary>
#
# - In every bin the share differs from the average `p` by less than 0.015.
#   Such a model is called *calibrated*: its probabilities are right on average.
# - The test digits are most probable near $t = 1.05$, and that gains only 0.1 nats.
# - At this $t$ a draw costs as much as a digit, about 100 nats; at $t = 1$ it costs 5 nats more.
#   This is no accident: at the best $t$, the derivative with respect to $t$ is 0, and that says the two are equal.
# - You chose $t$ on the test digits. For an honest number, choose it on training digits, and then test it.
#
# </details>

# %% [markdown]
# <details><summary>Why not squared error?</summary>
#
# Squared error is a log-likelihood too: that of a Gaussian around the decoder's output $m$.
# Each pixel adds $-\frac{(x - m)^2}{2\sigma^2} - \log(\sigma\sqrt{2\pi})$.
# This has a $\sigma$, and whoever leaves it out has chosen $\sigma^2 = \frac{1}{2}$ without saying so.
# The choice of $\sigma$ decides how much a pixel counts, and lesson 05 shows what a hidden weight does to a loss.
#
# It is also a density, and a density can be larger than 1.
# At $\sigma = 0.1$ a pixel that is hit exactly gets $+1.38$ nats.
# So a negative loss can be right for a Gaussian, and is always a bug for binary pixels.
# These pixels are on or off, so this course uses coins.
#
# </details>

# %%
guesses("decoder")

# %% [markdown]
# ## Key points
#
# - The decoder gives a distribution over images, as one logit per pixel.
#   When $z$ is given, the pixels are independent coins.
# - What you usually see is its mean. A mean is smooth, and no draw or digit is.
# - The most probable image is not a typical one either.
# - What pixels must agree on has to be in $z$. Grey in the mean means that the decoder is not sure.
# - $\log p(x|z)$ is a sum over pixels, one number per image, and never above 0 for binary images.
# - Compute it from logits. Through a sigmoid, float32 gives infinity, or a cost without a gradient.
#
# Expected numbers, for the 1,000 embedded test digits with their pixels drawn once (static binarisation).
# The network is 784-400-$D$, trained for 12 epochs on the 4,000 training digits, in batches of 64.
# There is one draw of $z$ per image.
#
# | what | expect about |
# | --- | --- |
# | parameters of the decoder, $D = 20$ | 322,784 |
# | pixels in which two draws differ, no code / 2 numbers / 20 numbers | 135 / 109 / 65 |
# | the same for two binarisations of the grey original | 29 |
# | $\log p(x\|z)$ of the mode / a draw / the digit, nats per image | −55 / −105 / −100 |
#
# **What comes next.**
# You know what an image costs when $z$ is given.
# But as long as $z$ costs nothing, the best code is one that describes every pixel of the image.
# Lesson 05 adds the cost of $z$, and checks the total against the truth.
#
# *[Start page](00_start.ipynb) · before: [03 Reparameterisation](03_reparameterization.ipynb)
# · after: [05 The ELBO](05_elbo.ipynb)*
