# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 09 · The debug clinic
#
# *85 minutes: 45 to the place to rest, and 40 after it. The open task takes 30 more. Needs lessons 01 to 06.*
#
# *[Start page](00_start.ipynb) · before: [08 How tight is the bound?](08_evaluation.ipynb) · after:
# [10 The latent space](10_latent_space.ipynb)*
#
# You will be able to:
#
# - measure what a model is worth without trusting the loss that it reports;
# - name a mistake from four symptoms: two losses, the residuals of $z$, the KL of each dimension, two gradients;
# - fix it, and show that the mistake is gone and not only hidden;
# - log the numbers that show a NaN coming before it is there.

# %%
import math

from vae_course.clinic import MISTAKES, PATIENTS, Patient, examine
from vae_course.data import binarize_once, grey
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.lessons.clinic import SymptomDashboard, check_cost, check_diagnosis, check_draw, open_files, plots
from vae_course.training import TrainConfig, evaluate, fit

import torch
from torch import Generator

digits = load_digits()

# %% [markdown]
# ## Eight colleagues, eight bugs
#
# Eight colleagues send you the VAE of lesson 06, and each of them wrote it from memory.
# Each VAE trains without an error, its loss falls and levels off, and it reports a loss for the 1,000 test digits.
# And each has one small mistake, on one line.
#
# You have a ninth VAE, which you know to be right.
# This lesson is a clinic: we call the eight *patients*, with letters for names, and the ninth one *healthy*.
# All nine have the same network, the same digits, the same seed and the same number of steps.
# You do not see the mistakes yet.
#
# > **Predict first.**
# > How many of the eight report a *worse* loss than the healthy one?
# > Make your guess before you train them, which takes about fifteen seconds.

# %%
predict("clinic/worse", "How many of the eight broken VAEs report a worse loss than the healthy one?")

# %%
config = TrainConfig(epochs=5, learning_rate=3e-3)


def train(kind):
    torch.manual_seed(0)
    patient = kind()
    for _ in fit(patient, digits.train_images, config):
        pass
    return patient.eval()


patients = {"healthy": train(Patient)}
patients |= {letter: train(PATIENTS[letter]) for letter in "ABCDEFGH"}

# %% jupyter={"source_hidden": true}
pixels = binarize_once(digits.test_images, "static", Generator().manual_seed(1234))  # drawn once, the same for all
# "grey" leaves the pixels as they are, and these are 0 or 1 already.
reported = {name: evaluate(p, pixels, "grey").negative_elbo.item() for name, p in patients.items()}
figure = plots.losses(reported, None, "Six of the eight report a better loss than the healthy one")
show(
    figure,
    "Nine rows, sorted by the reported loss, one ring each. G reports a negative loss and D about 0; H, C, E and "
    "A report less than the healthy one's 143 nats. F reports more, and B far more, 544.",
)
better = [name for name in reported if reported[name] < reported["healthy"]]
print("reports a better loss than the healthy one:", *better)
assert len(better) == 6, "six mistakes should give a better loss"
reveal("clinic/worse", len(PATIENTS) - len(better))

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed eight: in most programs a mistake makes the result worse.
# But this program is *trained* to make its loss small.
# If a mistake makes the loss easier to lower, training uses the mistake.
#
# Only B and F report a worse loss, and six report a better one.
#
# One of the six cannot be right: G reports a cost below 0.
# The pixels are black or white, so their cost is minus the log of a probability, and that is never negative.
# D reports nearly 0, which is hard to believe.
# The other four look like good work.
#
# </details>

# %% [markdown]
# If you choose by the reported loss, you choose a broken model, and you choose it *because* it is broken.

# %% [markdown]
# ## Look at the patients
#
# Look at what they generate.
# All nine decode the same ten codes.

# %%
pictures = {name: patient.sample(10, Generator().manual_seed(5)) for name, patient in patients.items()}
figure = plots.samples(pictures, "What they generate: some are clearly ill, A looks healthy")
show(
    figure,
    "Ten generated digits for each of nine patients. Those of the healthy one and of A look the same. C, E and H "
    "draw bold shapes like digits. D and F draw the same grey blob ten times, G noisy fragments, and B only a few "
    "grey dots.",
)

# %% [markdown]
# The pictures say more than the loss, but they are no diagnosis.
# B and D generate one picture, whatever the code is, and F nearly does.
# G generates shapes that nobody would write.
# But A generates exactly the same digits as the healthy one, and those of C are even sharper.
#
# You need measurements that do not use what a patient reports about itself.

# %% [markdown]
# ## Instrument 1: the honest bound
#
# A mistake in the draw or in the cost can make the *report* wrong, or the training, or both.
# After training, a patient consists of its encoder and its decoder, and these two are ordinary networks.
#
# So take its weights, and put them into a healthy VAE.
# In words: *what would this encoder and this decoder cost, if $z$ were drawn right and the cost computed right?*


# %%
def honest_bound(patient):
    body = Patient()  # healthy: it draws z as in lesson 03, and computes the cost as in lesson 05
    body.load_state_dict(patient.state_dict())  # with the patient's weights
    return evaluate(body, pixels, "grey").negative_elbo.item()


# %% [markdown]
# > **Predict first.**
# > Six patients report a better loss than the healthy one.
# > How many of them really *are* better, by the honest bound?

# %%
predict("clinic/better", "How many of the six have a better honest bound than the healthy one?")

# %% jupyter={"source_hidden": true}
honest = {name: honest_bound(patient) for name, patient in patients.items()}
figure = plots.losses(reported, honest, "Six look better than the healthy one, and none is")
show(
    figure,
    "The same nine rows, with a dot for the honest bound beside each ring. For every patient that reports less "
    "than the healthy one, the dot lies at or right of the healthy one's line: far right for G, D, H and C, and "
    "close to it for E and A.",
)

# %% jupyter={"source_hidden": true}
tempting = [letter for letter in PATIENTS if reported[letter] < reported["healthy"]]
truly = [letter for letter in PATIENTS if honest[letter] < honest["healthy"] - 0.5]
assert (len(tempting), len(truly)) == (6, 0), "six patients should report a better loss, and none should be better"
reveal("clinic/better", len(truly))
rows = {name: (reported[name], honest[name]) for name in sorted(reported, key=reported.__getitem__)}
table(rows, ["reported", "honest"], caption="−ELBO of the test digits, nats per image")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed one or two: it seems unlikely that all six reports are false in the same direction.
# But training lowers the reported loss and nothing else, at the cost of everything that the report leaves out.
#
# None of the six is better.
# Among them it is nearly the other way round: the better the report, the worse the model.
#
# </details>

# %% [markdown]
# The difference between the two numbers is the first symptom.
#
# - **No difference**: the report is true, and the model is bad all the same (F).
#   Then the *gradient* is wrong, and not the number.
# - **A difference**: the report is false.
#   Then either the draw or the cost is wrong, and the next instruments say which.
#
# A is the exception: its honest bound *is* the healthy one's.
# So its training was right, and only its report is wrong.

# %% [markdown]
# ## Instrument 2: the residuals of z
#
# The draw should be $z \sim \mathcal{N}(\mu, \sigma^2)$ with $\sigma = e^{\text{logvar}/2}$.
# If it is, then
#
# $$\frac{z - \mu}{\sigma} \sim \mathcal{N}(0, 1)$$
#
# In words: *how far from the centre is the code, counted in widths of its cloud?*
# Statisticians call this a standardised **residual**.
# You need not see the line that draws: you have `mu`, `logvar`, and the `z` that came out.

# %%
x = grey(pixels)  # [1000, 1, 28, 28]


@torch.no_grad()
def residuals(patient, training):
    patient.train(training)
    mu, logvar = patient.encoder(x)  # [1000, 20] each
    z = patient.draw(mu, logvar, Generator().manual_seed(0))  # [1000, 20]
    patient.eval()
    return (z - mu) / torch.exp(0.5 * logvar)  # [1000, 20]


rows = {}
for name, patient in patients.items():
    r, t = residuals(patient, training=False), residuals(patient, training=True)
    rows[name] = r.mean(), r.std(), t.mean(), t.std()
columns = ["at the test: mean", "standard deviation", "in training: mean", "standard deviation"]
table(rows, columns, digits=2, caption="residuals (z − mu) / sigma")

# %% [markdown]
# The healthy one has mean 0 and standard deviation 1, and so have B, D, F and G: their draws are right.
# (Residuals cannot show whether a gradient flows through the draw; instrument 4 can.)
# A, C, E and H each have something else, and no two of them the same.
#
# A mean and a standard deviation can hide a shape, so look at all the residuals.
# From here on the course's `examine` takes all measurements: instruments 1 and 2, and the next two.

# %%
symptoms = {name: examine(patient, digits.test_images) for name, patient in patients.items()}
figure = plots.residuals(symptoms, "In four patients the residuals are not N(0, 1)")
show(
    figure,
    "Nine small histograms of residuals, each with the bell curve of N(0, 1). Healthy, B, D, F and G fill the "
    "bell curve. A and H are a spike at 0, C is a block from 0 to 1, and E is a bell that is too narrow. Only for "
    "A does the outline of the training differ from the test: it follows the bell curve.",
)
for name in ("healthy", "B", "D", "F", "G"):
    assert abs(symptoms[name].residuals.std() - 1) < 0.05, f"{name} should have residuals of N(0, 1)"
for name in ("A", "C", "E", "H"):
    assert symptoms[name].residuals.std() < 0.9, f"{name} should draw too narrow"

# %% [markdown]
# Ask three questions of such a picture.
#
# 1. Is the histogram centred on 0, and as wide as the bell curve?
# 2. Is it the same in training and at the test?
# 3. If it is too narrow: is it still a bell, or has it another shape?

# %% [markdown]
# ## Instrument 3: the two terms, and the KL of each dimension
#
# A sum does not show which of its terms is wrong, so never log the sum alone.
# (`examine` draws other noise for $z$ than instrument 1, so the honest numbers of some patients differ by a few nats.)

# %%
rows = {name: [f"{value:.4g}" for value in (*found.reported, *found.honest)] for name, found in symptoms.items()}
columns = ["reported reconstruction", "reported KL", "honest reconstruction", "honest KL"]
table(rows, columns, caption="nats per image")

# %% [markdown]
# Look for a term that cannot be right: one below 0, or one near 0 for 784 pixels.
# Look for a reconstruction that is as large as if the decoder knew nothing.
# Where the honest reconstruction is larger than the reported one, either the cost or the draw is wrong.
# The residuals say whether it is the draw.
#
# The KL is a sum of 20 parts, one per dimension.
# Each says how much this dimension tells the decoder about the image.

# %%
figure = plots.kl_bars(symptoms, "In B and D all dimensions have collapsed; in G all are far too large")
show(
    figure,
    "Nine small bar charts of the KL of each latent dimension, on a logarithmic scale. Most patients have bars of "
    "about 0.1 to 1. The bars of B are below 0.001, D has none, and those of G reach 100 and more.",
)
for name in PATIENTS:
    total = symptoms[name].kl_per_dimension.sum()
    assert (total < 0.1) == (name in "BD"), "B and D should say nothing by their codes"
    assert (total > 500) == (name == "G"), "G should be far from the prior"

# %% [markdown]
# A dimension below 0.01 nats says nothing: its cloud is the prior, whatever the image is.
# (D's panel is not broken: its bars end below the axis.)
# If *all* dimensions are like this, the code says nothing about the picture, and all outputs are the same.
# This is called **posterior collapse**: the approximate posterior has become the prior.
#
# People often blame the KL for it, because the KL pulls every cloud towards the prior.
# But it does so in the healthy VAE, too, where the reconstruction pulls the other way.
# So ask why the reconstruction was too weak.

# %% [markdown]
# ## Instrument 4: does the gradient reach both heads?
#
# The encoder ends in two layers, its heads: one gives `mu` and one gives `logvar`.
# In training, the reconstruction must send a gradient into both of them.
# One call of `torch.autograd.grad` computes it.

# %%
rows = {name: [f"{found.gradient_mu:.3g}", f"{found.gradient_logvar:.3g}"] for name, found in symptoms.items()}
assert symptoms["F"].gradient_mu == 0, "F's head for mu should get no gradient"
table(rows, ["in the head for mu", "in the head for logvar"], caption="norm of the reconstruction's gradient")

# %% [markdown]
# Look for zeros first, then for ratios.
#
# - An exact 0 in one head alone means that its path is cut.
# - Small numbers in *both* heads mean that the reconstruction hardly counts, or that the decoder ignores the code.
# - A small number in `logvar` alone means that the width of the cloud makes no difference to the picture.

# %% [markdown]
# ## The dashboard
#
# Here are all instruments together: the patient on the left, the healthy one on the right.
# Go through the letters, and say what is *different* before you think about the cause.
# Start with A: encoder and decoder are healthy, so which instrument shows why its report is wrong?

# %%
SymptomDashboard(patients, symptoms)

# %% [markdown]
# ## Exercise 1: the diagnosis
#
# *15 minutes · difficulty 2 of 3*
#
# Here is what may be wrong.
# The list has more mistakes than there are patients, and no two patients have the same mistake.

# %% tags=["nbval-check-output"]
table(MISTAKES, ["name", "what is wrong"])

# %% [markdown]
# Return a dict with one name per letter: `{"A": "rand", "B": …}`.
# You may leave letters out, or write `...` for a name, and run the check as often as you like.
# For a wrong name it says which symptom that mistake would show.


# %%
def diagnose():
    """Return the name of each patient's mistake, by letter: a dict of eight."""
    ...


# %%
check_diagnosis(diagnose)

# %% [markdown]
# <details><summary>Hint 1: sort them first</summary>
#
# Are the residuals wrong? Then the noise of the draw is wrong (A, C, E, H).
# Are they right, and one gradient is exactly 0? Then the draw cuts the gradient (F).
# Is nothing of this wrong, but reported and honest differ? Then the cost is wrong (B, D, G).
#
# </details>
#
# <details><summary>Hint 2: the draws</summary>
#
# `rand` draws between 0 and 1, so its mean is 0.5 and its standard deviation is $1/\sqrt{12} = 0.29$.
# With $e^{\text{logvar}}$ in place of $\sigma$ the residual is $\sigma\varepsilon$.
# It is centred on 0 and as narrow as the cloud, so it is narrower in some dimensions than in others.
#
# </details>
#
# <details><summary>Hint 3: the costs</summary>
#
# For each of B, D and G, divide the honest reconstruction by the reported one.
# You know the number 784.
# (The dashboard rounds D's reconstruction too much for this; take the table of instrument 3.)
# If the ratio tells you nothing: what do 784 pixels cost at $\log 2$ each?
#
# </details>

# %% [markdown]
# When you are done, or want to see how such a line looks, open the files.

# %%
open_files()

# %% [markdown]
# > **A place to rest.**
# >
# > *What you have now* is the name of each mistake, and four instruments that do not believe a loss.
# >
# > *What comes* takes about 40 minutes: you fix all eight patients with two functions.
# > Then you watch a NaN come, and meet a patient whose code is right.
# >
# > Stop here if you like.
# > When you come back, click on the next cell and choose *Run → Run All Above Selected Cell*.

# %% [markdown]
# ## Exercise 2: fix the draw
#
# *5 minutes · difficulty 1 of 3*
#
# One function fixes five of the eight: A, C, E, F and H.
# In words: *a code is the centre, plus the width times standard normal noise, and a gradient flows to both.*
#
# You wrote it in lesson 03; now it has to cure patients.
# The check puts it into a patient, trains this patient, and examines it with the instruments.
# It refuses a fix that only hides the symptom.


# %%
def draw(mu, logvar, generator):
    """Draw z ~ N(mu, exp(logvar)), one code per image: [B, D]."""
    ...


# %%
check_draw(draw)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Each of the five mistakes is one word: a lost 0.5, a lost n, a factor, an `if`, a `.detach()`.
# Write the line without them.
# `torch.randn(mu.shape, generator=generator)` is the noise.
#
# </details>

# %%
from vae_course.reparameterization import reparameterize

draw = go_on_with(draw, otherwise=reparameterize)
show_me(reparameterize)

# %% [markdown]
# ### Change this and see
#
# *5 minutes · difficulty 1 of 3 · no check*
#
# H scales the noise down to a hundredth.
# Run this cell with other scales: 0.1, 0.5, 1 and 2.
# Guess before each run: which scale gives the best reported loss, and which the best honest bound?

# %%
scale = 0.01


class ScaledNoise(Patient):
    def draw(self, mu, logvar, generator=None):
        return mu + scale * (draw(mu, logvar, generator) - mu)


patient = train(ScaledNoise)
table({"reported": evaluate(patient, pixels, "grey").negative_elbo, "honest": honest_bound(patient)}, ["nats"])

# %% [markdown]
# <details><summary>What you should see</summary>
#
# The reported loss gets worse with every larger scale: about 103, 107, 124, 143 and 166 nats.
# The honest bound falls from about 267 to 143 at scale 1, and then rises to 164.
# (At 0.5 it is about as good as at 1, after so short a training.)
# At scale 2 the report is even too pessimistic: about 2 nats above the honest bound.
# So only scale 1 is safe, and the reported loss would never lead you there.
#
# </details>

# %% [markdown]
# ## Exercise 3: fix the cost
#
# *10 minutes · difficulty 1 of 3*
#
# Another function fixes B, D and G.
# In words: *an image's reconstruction cost is minus the log-likelihood of its pixels, from logits, summed over pixels.*
# *Its KL is summed over the latent dimensions, and is added.*
#
# `x` and `logits` are `[B, 1, 28, 28]`, `mu` and `logvar` are `[B, D]`.
# Return `ElboTerms(reconstruction, kl)`, each of shape `[B]`, in nats.


# %%
def cost(x, logits, mu, logvar):
    """Compute both terms of each image, in nats, as ElboTerms."""
    ...


# %%
check_cost(cost)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `binary_cross_entropy_with_logits(logits, x, reduction="none")` of `torch.nn.functional` gives the nats of each pixel.
# Sum over all axes but the first.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Use the closed form of lesson 05: half of the sum of $\mu^2 + \sigma^2 - 1 - \text{logvar}$.
# A right KL needs no clamp.
#
# </details>

# %%
from vae_course.decoder import log_likelihood
from vae_course.elbo import elbo_terms, kl_divergence

cost = go_on_with(cost, otherwise=elbo_terms)
show_me(elbo_terms, log_likelihood, kl_divergence)

# %% [markdown]
# ## When it ends in NaN
#
# G has a history.
# Its author first wrote $-\mathrm{KL}$ without a bound, saw the numbers grow without end, and added a clamp.
# That treats the symptom and not the cause.
#
# Take the clamp off, and watch.
# Beside it, train a healthy VAE with a learning rate that is a thousand times too high.
# What should you log, to see the NaN coming?
# The first function to overflow is `exp` of `logvar`:

# %% tags=["nbval-check-output"]
variances = {f"logvar = {logvar}": f"{torch.tensor(float(logvar)).exp():.3g}" for logvar in (0, 10, 50, 88, 89)}
table(variances, ["variance"])


# %%
class WithoutTheClamp(Patient):
    def cost(self, x, logits, mu, logvar):
        reconstruction, kl = cost(x, logits, mu, logvar)  # yours if it is right, or else the course's
        return ElboTerms(reconstruction, -kl)


watched = grey(digits.train_images[:1000])


def logvar_range(kind, learning_rate):
    torch.manual_seed(0)
    patient, log = kind(), []
    try:
        for progress in fit(patient, digits.train_images, TrainConfig(epochs=1, learning_rate=learning_rate)):
            logvar = patient.encoder(watched)[1].detach()
            log.append((progress.train, logvar.min().item(), logvar.max().item()))
    except FloatingPointError as error:
        print("fit stopped:", error)
    return log


# %% [markdown]
# > **Predict first.**
# > At the end of an epoch, `fit` raises an error if the loss is not finite.
# > You train both for one epoch. Which of the two does it stop?

# %%
predict(
    "clinic/nan",
    "Which of the two trainings does fit stop with an error, within one epoch?",
    choices=["the wrong sign of the KL", "the high learning rate", "both", "neither"],
)

# %% jupyter={"source_hidden": true}
logs = {
    "healthy": logvar_range(Patient, 1e-3),
    "KL sign": logvar_range(WithoutTheClamp, 1e-3),
    "rate 1": logvar_range(Patient, 1.0),
}
largest = {name: [max(-low, high) for _, low, high in log] for name, log in logs.items()}
assert not math.isfinite(logs["rate 1"][-1][2]), "a learning rate of 1 should end in NaN"
assert 10 < largest["KL sign"][-1] < 1000, "without its clamp the wrong sign should grow, and stay finite"
reveal("clinic/nan", "the high learning rate")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# If you guessed both: both trainings fail, and an error seems likely for each.
# But with the wrong sign the loss is a large negative number, which is finite.
# For a program that minimises, this is a very good loss.
#
# </details>

# %% [markdown]
# Look at the largest $|\text{logvar}|$ after each step of the three trainings.

# %%
figure = plots.explosion(largest, math.log(3.4e38), "Before the NaN comes, |logvar| is large")
show(
    figure,
    "Three curves of the largest |logvar| against the step, on a logarithmic scale, with a dashed line at 89. "
    "The healthy run stays near 1. The run with the wrong sign of the KL climbs towards the line. The run with "
    "rate 1 starts far above it and ends in NaN after three steps.",
)

# %%
rows = {}
for step, (terms, low, high) in enumerate(logs["rate 1"][:5], start=1):
    rows[f"step {step}"] = [f"{value:.3g}" for value in (terms.reconstruction, terms.kl, low, high)]
columns = ["before it: reconstruction", "KL", "after it: smallest logvar", "largest logvar"]
table(rows, columns, caption="learning rate 1")

# %% [markdown]
# Read this table from top to bottom.
# Each row has the loss before a step, and the `logvar` of 1,000 training digits after it.
#
# The first step makes every `logvar` very negative, thousands below 0.
# There `exp` is 0, which does no harm, and the next loss is high but finite.
# Two steps later the largest `logvar` is above 88, where `exp` overflows, and the next KL is infinite.
# A gradient through an infinity is NaN, and after one step with it the weights are NaN.
# So the step that shows the NaN is seldom the step that caused it: look at the steps before.
#
# **What to log.** Log these numbers at every step, or at every hundredth. It costs little.
#
# | log | because |
# |---|---|
# | reconstruction and KL, apart | a sum hides a term that is negative, zero or infinite |
# | the smallest and largest `logvar`, the largest \|`mu`\| | they are far from 0 some steps before the NaN comes |
# | the standard deviation of $(z - \mu)/\sigma$ | it is 1, or the draw is wrong |
# | the KL of each dimension | all near 0: posterior collapse; all very large: nothing holds the code near the prior |
# | the gradients in the heads of `mu` and `logvar` | an exact 0 means that a path is cut |
# | whether the loss is finite, at each step | so that you stop at the first NaN and not an epoch later |
#
# **What to do.** Check the signs first, then lower the learning rate, then clip the norm of the gradient.
# A clamp on `logvar` comes last.
# It keeps the numbers finite, but it also hides the cause, as it did in G.

# %% [markdown]
# ## One more patient, whose code is right
#
# The last patient passes every instrument.
# Its draw, cost and gradients are those of the healthy one.
# It reports a better test loss, and its honest bound on the test digits is the same number.
# Its one mistake is in the data: the test digits were among the training digits.
#
# Train it beside a sound model.
# Both get the same 1,000 training digits, the ill one also the 1,000 test digits, and both the same number of steps.
#
# > **Predict first.**
# > For each of the two you see two curves and nothing else: the loss in training and on the test.
# > Which sign tells you that the test digits were used for training?

# %%
predict(
    "clinic/curves",
    "How do the two curves look, if the test digits were used for training?",
    choices=[
        "the test ends far above the training",
        "the test does not end above the training",
        "the training falls and the test rises",
    ],
)


# %% jupyter={"source_hidden": true}
def history(images, epochs):
    torch.manual_seed(0)
    patient, batches, train_curve, test_curve = Patient(), [], [], []
    config = TrainConfig(epochs=epochs, learning_rate=3e-3)
    for progress in fit(patient, images, config, digits.test_images):
        batches.append(progress.train.negative_elbo)
        if progress.test is not None:  # the end of an epoch
            train_curve.append(torch.stack(batches).mean().item())
            test_curve.append(progress.test.negative_elbo.item())
            batches.clear()
    return patient, train_curve, test_curve


thousand = digits.train_images[:1000]
sound, *sound_curves = history(thousand, epochs=30)
ill, *ill_curves = history(torch.cat([thousand, digits.test_images]), epochs=15)

# %% jupyter={"source_hidden": true}
figure = plots.histories(
    {"sound": sound_curves, "trained on its test": ill_curves}, "Where the test was trained on, the gap is gone"
)
show(
    figure,
    "Two panels with the loss in training as a dashed line and on the test as a solid line. In the sound run the "
    "test ends above the training. In the run that was trained on its test, the test ends below it.",
)
gaps = [test[-1] - train[-1] for train, test in (sound_curves, ill_curves)]
print(f"test − training at the end: sound {gaps[0]:+.1f}, ill {gaps[1]:+.1f} nats per image")
assert gaps[0] > 3, "on a thousand digits the test should stay above the training"
assert gaps[1] < 2, "where the test was trained on, it should not"
reveal("clinic/curves", "the test does not end above the training")

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# A network with 652,824 weights that sees the same 1,000 digits again and again models these better than others.
# This is overfitting (lesson 06), and it makes a gap between training and test.
# If there is no gap, the test digits were probably among those that it has seen.
# If you guessed a rising test loss: that is strong overfitting, a sign of the opposite.
#
# The sign is a gap that is *missing*.
# (The test is even *below* the training, for two small reasons.
# The training's number is a mean over all steps of the epoch, and the test is measured at its end.
# These test digits are also a little easier than most.)
#
# </details>

# %% [markdown]
# In the code, look at the line that puts the training data together: here it has one `torch.cat` too many.
#
# To learn which model is better, take images that neither of them has seen.

# %%
fresh = digits.train_images[2000:4000]
rows = {}
for name, patient, curves in (("sound", sound, sound_curves), ("ill", ill, ill_curves)):
    unseen = evaluate(patient, fresh, "static").negative_elbo
    rows[name] = curves[1][-1], unseen
assert unseen > ill_curves[1][-1] + 2, "the report should be too good for the one that trained on its test"
table(rows, ["reported", "on unseen digits"], caption="−ELBO, nats per image")

# %% [markdown]
# On digits that neither has seen, the two cost about the same.
# So most of the difference between their reports came from the test digits that the ill one knew.

# %% [markdown]
# ## An open task: a mistake that the instruments do not name
#
# *30 minutes · difficulty 3 of 3 · no check*
#
# Here is one more mistake: each image gets the code of another image.
# In a subclass of `Patient`, write `elbo` so that the encoder sees `x.roll(1, 0)`, the batch moved on by one image.
# First write down what each of the four instruments will show.
# Then train it, `examine` it, and compare.
#
# Your instruments will not tell it from every other mistake.
# Build a fifth one that does: a measurement on eight test digits that shows that images of a batch are mixed.
#
# <details><summary>What a good answer shows</summary>
#
# - Reported and honest are the same, about 208 nats, as bad as D's honest bound.
#   The residuals are $\mathcal{N}(0, 1)$, and the KL is below 0.01 nats in every dimension: posterior collapse.
#   A code that belongs to another image is useless, so training learns to do without codes.
# - The gradients are small in both heads, but not 0.
# - The fifth instrument uses autograd: let `x` need a gradient, and take the gradient of *one* image's KL in all eight.
#   In the healthy VAE only this image has a gradient that is not 0; here only its neighbour has one.
#   (With the reconstruction, the image itself has one as well: its pixels are in the cost.)
# - This test finds every mistake that mixes images, such as a wrong `view` or a mean over the wrong axis.
#
# </details>

# %%
guesses("clinic")

# %% [markdown]
# ## Key points
#
# - Training improves the *reported* number.
#   Of eight broken VAEs, six report a better loss than the healthy one, and none is better.
# - A loss cannot say whether the code is right.
#   Put encoder and decoder into code that you trust, and measure there.
# - If the residuals of $z$ are not $\mathcal{N}(0, 1)$, the draw is wrong; no loss curve shows it.
# - Log the terms and not the sum, the extremes of `logvar`, the KL per dimension, and the gradient in each head.
# - A missing gap between training and test is a symptom, too.
# - A fix is done when the *trained* model is healthy, and not when the number looks healthy.
#
# These are the expected numbers in nats per image, for the 1,000 embedded test digits with their pixels drawn once.
# The models trained for 5 epochs on the 4,000, with pixels drawn again for each batch and a learning rate of 0.003.
# On another machine the last digits differ; the honest bounds of G and B may differ by tens.
#
# | patient | reported | honest | $(z-\mu)/\sigma$ on the dashboard |
# |---|---|---|---|
# | G | −88 | 1,504 | 0.00 ± 1.00 |
# | D | 0.3 | 208 | 0.00 ± 1.00 |
# | H | 103 | 266 | 0.00 ± 0.01 |
# | C | 120 | 179 | 0.50 ± 0.29 |
# | E | 136 | 145 | 0.00 ± 0.55 |
# | A | 136 | 143 | 0.00 ± 0.00 |
# | **healthy** | **143** | **143** | **0.00 ± 1.00** |
# | F | 198 | 198 | 0.00 ± 1.00 |
# | B | 544 | 847 | 0.00 ± 1.00 |
#
# **What comes next.**
# One problem is left: a model whose code and loss are right may still generate digits worse than its reconstructions.
# Nothing is broken there: the codes that it was trained on are not where the prior draws its codes.
# Lesson 10 shows where the prior is empty.
#
# *[Start page](00_start.ipynb) · before: [08 How tight is the bound?](08_evaluation.ipynb) · after:
# [10 The latent space](10_latent_space.ipynb)*
