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
# *55 minutes. Needs lessons 01 to 03.*
#
# You will be able to
#
# - say what a decoder's 784 numbers mean, and draw an image from them;
# - tell a mean image from a sample, and say why the two look so different;
# - say how many nats an image costs under $p(x|z)$, in a way that float32 survives;
# - say what the code $z$ has to carry, and what the decoder leaves to chance.

# %% [markdown]
# ## Not one pixel is right
#
# You have an encoder that answers a digit with a cloud of codes, and a way to draw a code $z$ from the cloud.
# Now comes the way back: a code goes in, an image comes out.
#
# To have something to look at, here is a model that has been trained for a few seconds.
# Lesson 06 opens that box.

# %%
import itertools

from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.kit.figures import digit_rows, show
from vae_course.lessons import COLORS
from vae_course.lessons.decoder import cost_of_a_wrong_pixel, digit_table, log_likelihood_histogram
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
    return model


vae = trained(latent_dim=20)

# %% [markdown]
# Take the test digits, draw their pixels as in lesson 01, draw a code for each as in lesson 03, and decode it.

# %%
generator = torch.Generator().manual_seed(4)
x = binarize(grey(digits.test_images), generator)  # [1000, 1, 28, 28]
with torch.no_grad():
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
# As an image it is wrong everywhere: the data holds only 0 and 1, and the decoder has said neither, at any pixel.

# %%
print(f"pixels that are neither 0 nor 1: {((x > 0) & (x < 1)).sum():,} in the digits")
print(f"                                 {((p > 0) & (p < 1)).sum():,} of {p.numel():,} in the decoder's answer")

# %% [markdown]
# So the second row can't be the decoder's idea of an image.
# It is something else that happens to fit into the frame of one: 784 probabilities.
# A pixel at 0.7 does not say "light grey".
# It says "this pixel is on in 7 of 10 images that I would draw for this code".

# %% [markdown]
# ## Draw what it says
#
# To see an image that the decoder means, toss a coin for each pixel, with the probability that stands there.
# This is the `binarize` of lesson 01, on the decoder's answer in place of a grey digit.
#
# > **Predict first.**
# > One code $z$, decoded once: 784 probabilities.
# > You toss the 784 coins twice, and get two images.
# > In how many of the 784 pixels do they differ?

# %%
first = binarize(p, generator)
second = binarize(p, generator)


def pixels_apart(images, others):
    return (images != others).float().sum((1, 2, 3)).mean().item()


print(f"two draws for one code:          {pixels_apart(first, second):.0f} pixels")
print(f"a draw, and the digit behind it: {pixels_apart(first, x):.0f} pixels")

# %% [markdown]
# "None" is a fair guess if you think of decoding as unpacking an archive: one code, one image.
# "Half of them" is a fair guess if you think of fair coins.
# Most of these coins are not fair, because most of the frame is surely black.
#
# Look at the second line too.
# The real digit is about as far from a draw as one draw is from another.
# Counted in pixels, **the digit is one more draw**.

# %%
assert 45 < pixels_apart(first, second) < 85, "two draws for one code should differ in some 65 pixels"
assert abs(pixels_apart(first, second) - pixels_apart(first, x)) < 8, "a digit should be about as far as a draw"
shown = [3, 0, 9]
draws = torch.stack([binarize(p[shown, 0], generator) for _ in range(4)], dim=1)  # [3, 4, 28, 28]
figure = digit_table(
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
# Read each row from the right: the data, four images that the decoder would make, and the average of all such draws.
#
# You may object that the draws are scruffier than the digit, and you are right.
# As many pixels change from draw to draw as from draw to digit, but not the same ones.
# A hand that strays moves a whole piece of the stroke; coins that stray know nothing of each other.
# You can count the difference: how many pixels are on with none of their eight neighbours on?


# %%
def loners(images):
    neighbourhood = conv2d(images, torch.ones(1, 1, 3, 3), padding=1)  # [B, 1, 28, 28], the pixel counted too
    return ((images == 1) & (neighbourhood == 1)).float().sum((1, 2, 3)).mean().item()


print(f"pixels on without a neighbour: {loners(x):.2f} in a digit, {loners(first):.2f} in a draw")
assert loners(first) > 3 * loners(x), "a draw should have more lone pixels than a digit"

# %% [markdown]
# So the draws show you something the mean would have hidden: where this decoder's idea of a digit is still wrong.
#
# When you see "samples" of a VAE in a paper, you usually see the left column, for random codes.
# That is a convention, and a kind one to the eye.
# This course shows means too, and calls them means.

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
# In words: each pixel contributes $p_i$ if it is on and $1 - p_i$ if it is off.
# Because the pixels are independent once $z$ is known, the contributions multiply.
#
# $$p(x|z) = \prod_i p_i^{x_i} (1 - p_i)^{1 - x_i}$$
#
# Two things to keep from the output.
# The 16 probabilities add up to 1: four numbers have described a distribution over sixteen images.
# And the average image is `tiny_p` itself, which is **none of the sixteen**.
# The mean of a distribution need not be a thing that the distribution can produce: the mean roll of a die is 3.5.

# %% [markdown]
# ## The network
#
# The decoder is the encoder in reverse, with one head instead of two.
# One head is enough because a coin has one number.


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
# What it returns are **logits**: a real number for each pixel, 0 for a fair coin, positive where "on" is likelier.
# The sigmoid turns a logit $l$ into the probability, $p = 1 / (1 + e^{-l})$.
# Why the network stops short of it is the second half of this lesson.
#
# From here on the lessons import the finished one, which also takes several hidden layers.

# %% tags=["nbval-check-output"]
from vae_course.decoder import Decoder

decoder_20 = Decoder(latent_dim=20, hidden=(400,))
print(decoder_20)

# %% [markdown]
# ## What the code is for
#
# Independent coins are a poor model of a digit: the pixels of a stroke switch on together.
# The decoder gets away with it because of the condition in the definition: independent *once $z$ is known*.
# Whatever the pixels have to agree upon, the code must tell all of them.
#
# So take the code away, then give it back a little at a time.
# Without any code you have the baseline of lesson 01: one probability a pixel, the same for every digit.

# %%
vae_2 = trained(latent_dim=2)
with torch.no_grad():
    p_2 = torch.sigmoid(vae_2.decoder(reparameterize(*vae_2.encoder(x), generator)))
p_none = grey(digits.train_images).mean(0, keepdim=True).expand_as(x)

answers = {"no code": p_none, "2 numbers": p_2, "20 numbers": p}
one = 3
draws = [torch.stack([binarize(a[one, 0], generator) for _ in range(4)]) for a in answers.values()]

# %%
figure = digit_table(
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
# In the second, two numbers put a stroke in about the right place, if not always the right digit.
# In the last row the code has settled which digit, how wide, how slanted.
# What is left to the coins is mostly the edge of the stroke.
#
# Count it: the more the code tells, the fewer pixels are left to chance.

# %%
apart = {name: pixels_apart(binarize(a, generator), binarize(a, generator)) for name, a in answers.items()}
for name, pixels in apart.items():
    print(f"{name:>10}: two draws differ in {pixels:3.0f} pixels")

original = grey(digits.test_images)
floor = pixels_apart(binarize(original, generator), binarize(original, generator))
print(f"the grey original itself, binarised twice: {floor:.0f} pixels")
assert apart["no code"] > apart["2 numbers"] > apart["20 numbers"] > floor, "more code should leave less to chance"

# %% [markdown]
# The last line is what remains even if you know the grey original: the noise that lesson 01 put into the data.
# Grey in a decoder's mean is no light shade of ink.
# **Grey is what the decoder doesn't know**, and much of the well-known blur of VAE pictures comes from there.

# %% [markdown]
# ## From a distribution to a number
#
# Training will need one number: how likely did the decoder make the digit that was there?
# You have the formula, so multiply.

# %% tags=["nbval-check-output"]
print("784 pixels, each given probability 0.8:")
print("  as a product:    ", torch.full((784,), 0.8).prod().item())
print("  as a sum of logs:", round(torch.full((784,), 0.8).log().sum().item(), 1), "nats")

# %% [markdown]
# The product is 10⁻⁷⁶, which float32 can't hold.
# Its logarithm is an everyday number, so from here on every probability of an image is a log-probability:
#
# $$\log p(x|z) = \sum_i \; x_i \log p_i + (1 - x_i) \log (1 - p_i)$$
#
# In words: add, over all pixels, the log of the probability that was given to what the pixel turned out to be.
# For each pixel one of the two terms is zero.
# The sum is at most 0, because a probability is at most 1.
# With its sign turned it is the **cost** of the image in nats.
#
# It is a *sum*: the log of a product.
# A mean over pixels would be the log of the 784th root of the probability, which is the probability of nothing.

# %% [markdown]
# ## Where float32 falls off
#
# One careful step remains between the formula and the code.
#
# > **Predict first.**
# > A decoder gives a pixel the logit 20: it is sure that the pixel is on.
# > The pixel is off.
# > What is the cost $-\log(1 - p)$ in nats, and what does `-torch.log(1 - torch.sigmoid(logit))` make of it?

# %%
for number in (5.0, 10.0, 15.0, 20.0):
    logit = torch.tensor(number, requires_grad=True)
    cost = -torch.log(1 - torch.sigmoid(logit))
    cost.backward()
    print(f"logit {number:4.0f}:  p = {torch.sigmoid(logit):.7f}   cost = {cost:6.3f}   slope = {logit.grad:.4f}")

# %% [markdown]
# The cost is 20 nats, and the code says infinity.
# Nothing in the formula warns of that, so a finite guess is reasonable: the trouble is in the seven digits of float32.
# The nearest number to $1 - e^{-20}$ that it has is 1, and then $1 - p$ is 0 and its log is gone.
# Even at 15, where nothing looks wrong yet, the cost is off in the first or second decimal.
#
# A single sure and wrong pixel makes the cost of a whole batch infinite, and its gradient "not a number".
# One step of the optimizer later the model is gone.

# %% [markdown]
# So don't go through $p$. Put $p = 1 / (1 + e^{-l})$ into the two logs on paper first:
#
# $$\log(1 - p) = -\log(1 + e^{l}) \qquad \log p = l - \log(1 + e^{l})$$
#
# The term that stands in both is called the softplus of the logit, and the two cases fit into one line:
#
# $$x \log p + (1 - x) \log(1 - p) \;=\; x \, l - \mathrm{softplus}(l)$$
#
# In words: every pixel pays the softplus of its logit, and a pixel that is on gets its logit back.
# For large $l$ the softplus is $l$ itself, and `torch.nn.functional.softplus` gets there without writing down $e^l$.

# %% [markdown]
# Here is the cost of an off pixel for logits from 0 to 30, computed in three ways.
# The first starts from the logit, the second goes through the sigmoid.
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
figure = cost_of_a_wrong_pixel(logit.detach(), *curves)
show(
    figure,
    "On the left the cost of a pixel that is off, against its logit, and on the right the slope of that cost. "
    "Softplus goes on straight up to 30. The way through the sigmoid ends at a logit of 16.6, in inf and nan. "
    "Binary_cross_entropy jumps to 100 there, and its slope to 0.",
)

# %% [markdown]
# The black line ends at the cross: beyond it there is no number.
# The dashed one is worse, because nothing stops: the cost jumps to 100, and its slope to 0.
# The pixel that is most wrong is the one that no longer learns.
#
# This is why the decoder returns logits, and why every loss in this course starts from them.

# %% [markdown]
# ## Exercise: `log_likelihood`
#
# Write $\log p(x|z)$ from the logits, for a batch of binary images.
# It returns one number an image, in nats.


# %%
def log_likelihood(logits, x):
    """log p(x|z) of each image.

    logits: [B, 1, 28, 28], any real numbers
    x:      [B, 1, 28, 28], zeros and ones
    returns [B]
    """
    ...


# %%
from vae_course.lessons.decoder import check_log_likelihood

check_log_likelihood(log_likelihood)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# First get one number a pixel, shape `[B, 1, 28, 28]`.
# Then ask which of these four axes the sum should take away.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The number of a pixel stands above, as $x \, l - \mathrm{softplus}(l)$.
# PyTorch has the same thing, with its sign turned, under the name `binary_cross_entropy_with_logits`.
# And `torch.distributions.Bernoulli` takes `logits=`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `.sum()` alone adds up the batch as well.
# `.sum((1, 2, 3))` leaves the batch standing.
#
# </details>

# %%
from vae_course import decoder
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me

log_likelihood = go_on_with(log_likelihood, otherwise=decoder.log_likelihood)
show_me(decoder.log_likelihood)

# %% [markdown]
# ## A mean image is not a sample
#
# Now that images have a number, you can ask how a mean, a draw and a digit compare.
#
# The mean can't be asked: it has grey pixels, and $p(x|z)$ never makes one.
# The nearest image that can be asked is the mean cut at one half.
# Every pixel takes its likelier side, so of all $2^{784}$ images this is the most probable one, the **mode**.
#
# > **Predict first.**
# > You draw 10,000 images for one code.
# > How close does the most probable of the draws come to the mode?
# > A tenth of a nat? One nat? Ten nats?

# %%
one = 0
ten_thousand = logits[one].expand(10_000, 1, 28, 28)
draws = binarize(torch.sigmoid(ten_thousand), generator)
of_draws = log_likelihood(ten_thousand, draws)  # [10000]

mode = (logits > 0).float()
of_mode = log_likelihood(logits, mode)  # [1000]
of_digit = log_likelihood(logits, x)  # [1000]
short = of_mode[one] - of_draws.max()
print(f"the mode: {of_mode[one]:.1f} nats; the best of 10,000 draws: {of_draws.max():.1f}, so {short:.1f} short")

# %%
assert short > 10, "even the best draw should stay well short of the mode"
marks = {
    "a draw": (of_draws[0].item(), draws[0, 0], COLORS["reconstruction"]),
    "the digit": (of_digit[one].item(), x[one, 0], COLORS["truth"]),
    "the mode": (of_mode[one].item(), mode[one, 0], COLORS["reconstruction"]),
}
figure = log_likelihood_histogram(of_draws, marks, "No draw, and no digit, comes near the most probable image")
show(
    figure,
    "A histogram of log p(x|z) for 10,000 draws, a hill around −88 nats. One draw and the digit lie inside the "
    "hill. The mode, a clean 9 without speckle, lies far to the right of it, at about −48.",
)

# %% [markdown]
# Even the luckiest draw stays more than ten nats short.
# A nat is a factor of $e$, so ten of them are a factor of 22,000.
# The most probable image is so far from typical that you would never draw it.
# That sounds like a contradiction, and for one coin it would be: the likelier side is the one you see most.
# With hundreds of coins it is not.
# Take a coin that shows heads nine times in ten, and toss it a hundred times.
# You will see about ten tails.
# A hundred heads in a row is the most probable sequence of all, and you would see it once in 38,000 tries.
#
# The mode is such a row of heads: cleaner than any draw, and cleaner than the data.
# The mean is the same picture with the doubt left in, and it is even less of a sample: no draw can ever be grey.

# %% [markdown]
# That was one digit. Here are all 1,000.

# %%
of_draw = log_likelihood(logits, first)
for name, nats in {"the mode": of_mode, "a draw": of_draw, "the digit": of_digit}.items():
    print(f"log p(x|z), mean over 1,000 test digits: {nats.mean():6.1f} nats for {name}")

assert of_mode.mean() - of_draw.mean() > 30, "the mode should be tens of nats more probable than a draw"
assert abs(of_digit.mean() - of_draw.mean()) < 15, "on average a digit should cost about what a draw costs"
assert of_digit.mean() > -120, "after this training a test digit should cost less than 120 nats"

# %% [markdown]
# The digits cost about what draws cost, and a few nats less: this decoder is a little too timid.
# It leaves a chance of a speck where the digits have none; those are the lone pixels you counted.
# Close to balance is where training on $\log p(x|z)$ leads.
# Being sure is cheap where you are right, and dear where you are wrong.
#
# Beware of reading these 100 nats as the cost of an image.
# They are the cost *once you know $z$*, and $z$ was read off the image itself.
# The next lesson makes you pay for $z$ too.

# %% [markdown]
# ## Walk from one code to another
#
# The decoder takes any code, also one that no image ever had.
# Here is a straight line between the codes of two digits, in nine steps.

# %%
start, end = 2, 7
steps = torch.linspace(0, 1, 9)[:, None]  # [9, 1]
line = (1 - steps) * z[start] + steps * z[end]  # [9, 20]
with torch.no_grad():
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
# Cover the upper row and look at the lower one: this is what the decoder claims of these codes.
# The mean hides the doubt, the draw shows it.
# If you want to know how good a model is, look at both.

# %% [markdown]
# With two numbers a code is a place on a plane, and you can walk there with your own hand.
# The model below has two latent dimensions.
# It comes with the course, and was trained for longer, on all 60,000 of MNIST's training digits (the recipe `plane`).
# The digits on its plane were among them.
#
# Put the ring among the 0s, then drag it slowly to the 1s.
# Guess first: which digits will you pass?
# Then switch from *mean* to *draw*, and walk back.

# %%
from vae_course.checkpoints import load_pretrained
from vae_course.lessons.decoder import LatentPad

LatentPad(load_pretrained("plane"), digits)

# %% [markdown]
# <details><summary>Why not squared error?</summary>
#
# Squared error is a log-likelihood too: that of a Gaussian around the decoder's output $m$.
# Each pixel adds $-\frac{(x - m)^2}{2\sigma^2} - \log(\sigma\sqrt{2\pi})$.
# It has a $\sigma$, and whoever leaves it out has chosen $\sigma^2 = \frac{1}{2}$ without saying so.
# A choice of $\sigma$ is a choice of how much a pixel weighs, and lesson 05 shows what a hidden weight does to a loss.
#
# It is also a density, and densities can exceed 1: a pixel hit exactly at $\sigma = 0.1$ gets $+1.38$ nats.
# So "my loss is negative" can be right for a Gaussian, and is always a bug for binary pixels.
# These pixels are on or off, so this course takes coins.
#
# </details>

# %% [markdown]
# ## Key points
#
# - The decoder's output is a distribution, written as one logit a pixel. Given $z$ the pixels are independent coins.
# - What you usually see is its mean. A mean is smooth, and no draw or digit is.
# - The most probable image is not a typical one either.
# - What pixels have to agree upon must be in $z$. Grey in the mean is what $z$ didn't say.
# - $\log p(x|z)$ is a sum over pixels, one number an image, never above 0 for binary images.
# - Compute it from logits. Through a sigmoid, float32 gives infinity, or a cut-off without gradient.
#
# Expected numbers, for the 1,000 embedded test digits with their pixels drawn once (static binarisation).
# The network is 784-400-$D$, trained for 12 epochs on the 4,000 training digits, batch 64; one draw of $z$ an image.
#
# | what | expect about |
# | --- | --- |
# | parameters of the decoder, $D = 20$ | 322,784 |
# | pixels in which two draws differ, no code / 2 numbers / 20 numbers | 135 / 109 / 65 |
# | the same for two binarisations of the grey original | 29 |
# | $\log p(x\|z)$ of the mode / a draw / the digit, nats per image | −55 / −105 / −100 |
#
# **Next.** You have what an image costs once $z$ is known.
# But as long as $z$ costs nothing, the best code is one that spells out the whole image.
# [Lesson 05](05_elbo.ipynb) sends the bill for $z$, and checks the total against the truth.
