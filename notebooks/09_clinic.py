# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 09 · The debug clinic: when a bug improves the loss
#
# *80 minutes. Needs lessons 01 to 06.*
#
# You will be able to:
#
# - say why a better loss is no sign of a better model, and measure what a model is worth without trusting its loss;
# - name a mistake from four symptoms: two losses, the residuals of $z$, the KL of each dimension, two gradients;
# - mend it, and show that it is mended and not hidden;
# - log what tells you, before the NaN, where it will come from.

# %%
import math

from vae_course.clinic import MISTAKES, PATIENTS, Patient, examine
from vae_course.data import binarize_once, grey
from vae_course.digits import load_digits
from vae_course.elbo import ElboTerms
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import show
from vae_course.lessons.clinic import SymptomDashboard, check_cost, check_diagnosis, check_draw, open_files, plots
from vae_course.training import TrainConfig, evaluate, fit

import torch
from torch import Generator

digits = load_digits()

# %% [markdown]
# ## Eight colleagues, eight bugs
#
# Eight colleagues send you the VAE of lesson 06, each written from memory.
# Each one trains without an error, its loss falls and settles, and it comes with a number for the 1,000 test digits.
# Each has one small mistake, on one line.
#
# You have one more VAE, which you know to be healthy.
# Same network, same digits, same seed, same number of steps for all nine.
# The mistakes stay folded away; the patients go by letter.
#
# > **Predict first.**
# > How many of the eight report a *worse* loss than the healthy one?
# > Write the number down before you train them: it takes about twenty seconds.

# %%
config = TrainConfig(epochs=5, learning_rate=3e-3)


def train(kind):
    torch.manual_seed(0)
    patient = kind()
    for _progress in fit(patient, digits.train_images, config):
        pass
    return patient.eval()


patients = {"healthy": train(Patient)}
patients |= {letter: train(PATIENTS[letter]) for letter in "ABCDEFGH"}

# %%
pixels = binarize_once(digits.test_images, "static", Generator().manual_seed(1234))  # drawn once, the same for all
# "grey" leaves the pixels as they are, and these are 0 or 1 already.
reported = {name: evaluate(p, pixels, "grey").negative_elbo.item() for name, p in patients.items()}
figure = plots.losses(reported, None, "Six of the eight report a better loss than the healthy one")
show(
    figure,
    "Nine rows, sorted by the reported loss, one ring each. G reports a negative loss and D about 0; H, C, E and "
    "A report less than the healthy one's 142 nats. F reports more, and B far more, 544.",
)
better = [name for name in reported if reported[name] < reported["healthy"]]
print("reports a better loss than the healthy one:", *better)
assert len(better) == 6, "six mistakes should pay"

# %% [markdown]
# Two of them report a worse loss, B and F.
# "All eight" was a reasonable guess: in most programs a mistake costs something.
# A program that *learns* is paid by its own loss.
# If a mistake makes that loss easier to please, training finds out.
#
# One of the six gives itself away: G reports a cost below 0.
# To tell 784 black or white pixels can't cost less than nothing.
# D reports next to 0.
# The other four look like good work.
#
# If you choose by the reported loss, you choose a broken model, and you choose it *because* it is broken.

# %% [markdown]
# ## Look at the patients
#
# Then look at what they draw.
# From the same ten codes each, this is what the nine invent.

# %%
pictures = {name: patient.sample(10, Generator().manual_seed(5)) for name, patient in patients.items()}
figure = plots.samples(pictures, "What they invent: some are plainly ill, A looks healthy")
show(
    figure,
    "Ten invented digits for each of nine patients. Those of the healthy one and of A look the same. C, E and H "
    "draw bold shapes like digits. D and F draw the same grey blob ten times, G noise, and B nothing but a few "
    "grey dots.",
)

# %% [markdown]
# That tells more than the loss, and is still no diagnosis.
# B and D draw one thing, whatever the code, and F nearly so.
# G draws what no hand wrote.
# But A invents exactly the healthy digits, and C's are crisper than those.
#
# You need instruments that don't believe what the patient says of itself.

# %% [markdown]
# ## Instrument 1: the honest bound
#
# A mistake in the draw or in the cost can corrupt the *report*, or bend the training, or both.
# After training, what is left of a patient is its encoder and its decoder, and these two are ordinary networks.
#
# So take them out, and put them into a healthy VAE.
# In words: *what would this encoder and this decoder cost, if z were drawn right and the pixels were counted right?*


# %%
def honest_bound(patient):
    body = Patient()  # healthy: draws z as lesson 03 does, and counts as lesson 05 does
    body.load_state_dict(patient.state_dict())  # with the patient's weights
    return evaluate(body, pixels, "grey").negative_elbo.item()


honest = {name: honest_bound(patient) for name, patient in patients.items()}

# %% [markdown]
# > **Predict first.**
# > How many of the six that report a better loss *are* better?

# %%
figure = plots.losses(reported, honest, "Six look better than the healthy one, and none is")
show(
    figure,
    "The same nine rows, with a dot for the honest bound beside each ring. For every patient that reports less "
    "than the healthy one, the dot lies at or right of the healthy one's line: far right for G, D, H and C, and "
    "close to it for E and A.",
)
best = min(honest[letter] for letter in PATIENTS)
assert best > honest["healthy"] - 0.5, "no patient should have a better bound than the healthy one"
for name in sorted(reported, key=reported.__getitem__):
    print(f"{name:8s} reported {reported[name]:6.1f}   honest {honest[name]:7.1f}   nats per image")

# %% [markdown]
# None.
# Among the six it is nearly the other way round: the better the report, the worse the model.
#
# The distance between the two is the first symptom.
#
# - **No distance**: the report is true, and the model is bad all the same (F).
#   Something is wrong with the *gradient*, not with the number.
# - **A distance**: the report is false.
#   Either the draw or the cost is wrong, and two more instruments tell which.
#
# A is the odd one: its honest bound *is* the healthy one's, so its training was healthy, and only its report is not.

# %% [markdown]
# ## Instrument 2: the residuals of z
#
# The draw claims to be $z \sim \mathcal{N}(\mu, \sigma^2)$ with $\sigma = e^{\text{logvar}/2}$.
# If that is so, then
#
# $$\frac{z - \mu}{\sigma} \sim \mathcal{N}(0, 1)$$
#
# In words: *how far did the code land from the centre, counted in widths of its cloud?*
# You need no access to the line that draws: you see `mu`, `logvar`, and the `z` that came out.

# %%
x = grey(pixels)  # [1000, 1, 28, 28]


@torch.no_grad()
def residuals(patient, training):
    patient.train(training)
    mu, logvar = patient.encoder(x)  # [1000, 20] each
    z = patient.draw(mu, logvar, Generator().manual_seed(0))  # [1000, 20]
    patient.eval()
    return (z - mu) / torch.exp(0.5 * logvar)  # [1000, 20]


for name, patient in patients.items():
    r, t = residuals(patient, training=False), residuals(patient, training=True)
    print(f"{name:8s} at the test {r.mean():5.2f} ± {r.std():.2f}   in training {t.mean():5.2f} ± {t.std():.2f}")

# %% [markdown]
# The healthy one has mean 0 and standard deviation 1, and so have B, D, F and G: the numbers they draw are in order.
# (Whether a gradient passes through the draw, no residual can tell; that takes instrument 4.)
# A, C, E and H each have something else, and each something of its own.
# A mean and a standard deviation can hide a shape, so look at all the residuals.
#
# From here on the course's `examine` does the measuring.
# It takes this instrument, the honest bound, and the next two.

# %%
symptoms = {name: examine(patient, digits.test_images) for name, patient in patients.items()}
figure = plots.residuals(symptoms, "Four draws are not what they claim to be")
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
# Keep three questions ready for such a picture.
#
# 1. Is it around 0? Then, is it as wide as the line?
# 2. Is it the same in training and at the test?
# 3. If it is too narrow: is it too narrow by one factor, or is it not even a bell?

# %% [markdown]
# ## Instrument 3: the two terms, and the KL of each dimension
#
# A total hides which of its parts is wrong; so never log the total alone.
# (`examine` throws other dice for $z$ than instrument 1 did, so the honest numbers of some move by a few nats.)

# %%
print("             reported               honest")
print("         reconstr.      KL    reconstr.      KL")
for name, found in symptoms.items():
    numbers = "  ".join(f"{value:8.4g}" for value in (*found.reported, *found.honest))
    print(f"{name:8s} {numbers}")

# %% [markdown]
# Look for a term that no honest count can give: below 0, or next to 0 for 784 pixels.
# Look for one that stays large whatever the code says.
# And where the honest reconstruction is the larger one, ask whether the cost or the draw is to blame.
# The residuals know.
#
# The KL has 20 parts, one a dimension, and each says how much that dimension tells of the image.

# %%
figure = plots.kl_bars(symptoms, "B and D are silent in every dimension, G shouts in all")
show(
    figure,
    "Nine small bar charts of the KL of each latent dimension, on a logarithmic scale. Most patients have bars of "
    "about 0.1 to 1. The bars of B are below 0.001, D has none, and those of G reach 100 and more.",
)
for name in PATIENTS:
    total = symptoms[name].kl_per_dimension.sum()
    assert (total < 0.1) == (name in "BD"), "B and D should have nothing to say"
    assert (total > 500) == (name == "G"), "G should have run away from the prior"

# %% [markdown]
# A dimension below 0.01 nats is silent: its cloud lies on the prior for every image.
# (D's panel is not broken: its bars end below the axis.)
# If *all* of them are silent, all outputs are the same picture.
# Then the KL is rarely to blame: it presses on the code, as always.
# Ask why the reconstruction was too weak to pull the other way.

# %% [markdown]
# ## Instrument 4: who hears the reconstruction?
#
# The encoder ends in two heads, one for `mu` and one for `logvar`.
# The reconstruction must send a gradient into both, in training mode.
# One call of `torch.autograd.grad` asks for it.

# %%
for name, found in symptoms.items():
    print(f"{name:8s} gradient in mu's head {found.gradient_mu:8.3g}   in logvar's {found.gradient_logvar:8.3g}")
assert symptoms["F"].gradient_mu == 0, "F's head for mu should hear nothing"

# %% [markdown]
# Read zeros first, then ratios.
# An exact 0 beside a number that is not 0 is a path that was cut.
# A small number in *both* is a reconstruction that hardly counts, or a decoder that doesn't listen to the code.
# A tiny one in `logvar` alone says that the width of the cloud makes no difference to the picture.

# %% [markdown]
# ## The dashboard
#
# All instruments at once: the patient on the left, the healthy one on the right.
# Go through the letters, and say to yourself what is *different*, before you think of why.
# Start with A: its encoder and decoder are healthy, so find the one instrument that says why its report is not.

# %%
SymptomDashboard(patients, symptoms)

# %% [markdown]
# ## Exercise 1: the diagnosis
#
# Here is what may be wrong.
# There are more mistakes on the list than patients, and no two patients have the same.

# %% tags=["nbval-check-output"]
for name, what in MISTAKES.items():
    print(f"{name:16s} {what}")

# %% [markdown]
# Return one name a letter: `{"A": "rand", "B": …}`.
# You may leave letters out, or leave `...` for a name, and ask the check as often as you like.
# For a wrong name it says what that mistake would show.


# %%
def diagnose():
    """The name of each patient's mistake, by letter: a dict of eight."""
    ...


# %%
check_diagnosis(diagnose)

# %% [markdown]
# <details><summary>Hint 1: sort them first</summary>
#
# Residuals wrong: the draw's *numbers* (A, C, E, H).
# Residuals right, a gradient of exactly 0: the draw's *graph* (F).
# Residuals right, no gradient of exactly 0, reported and honest apart: the cost (B, D, G).
# </details>
#
# <details><summary>Hint 2: the draws</summary>
#
# `rand` draws between 0 and 1, so its mean is 0.5 and its standard deviation $1/\sqrt{12} = 0.29$.
# With $e^{\text{logvar}}$ in place of $\sigma$ the residual is $\sigma\varepsilon$.
# It is as narrow as the cloud, so it is narrower in some dimensions than in others, and still around 0.
# </details>
#
# <details><summary>Hint 3: the costs</summary>
#
# Divide the honest reconstruction of each of B, D and G by the reported one.
# 784 is a number you know.
# (The dashboard's 0.3 is too round for it; take the table of instrument 3.)
# If the ratio tells nothing, ask what 784 pixels would cost at $\log 2$ each.
# </details>

# %% [markdown]
# When you are done, or would like to see how such a line looks, open the files.

# %%
open_files()

# %% [markdown]
# ## Exercise 2: mend the draw
#
# Five of the eight, A, C, E, F and H, are mended by the same function.
# In words: *a code is the centre, plus the width times a standard normal number, and a gradient passes to both.*
#
# You have written it in lesson 03; now it has to cure somebody.
# The check puts it into a patient, trains that patient, and takes it to the instruments.
# A mend that only moves a symptom out of sight is refused.


# %%
def draw(mu, logvar, generator):
    """z ~ N(mu, exp(logvar)), a code for each image: [batch, latent]."""
    ...


# %%
check_draw(draw)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The five mistakes are one word each: a lost 0.5, a lost n, a factor, an `if`, a `.detach()`.
# Write the line without them.
# `torch.randn(mu.shape, generator=generator)` are the dice.
# </details>

# %% [markdown]
# ## Exercise 3: mend the cost
#
# B, D and G are mended by another.
# In words: *each image's reconstruction is the negative log-likelihood of its pixels, summed over pixels, from logits.*
# *Its KL is summed over latent dimensions, and has a plus before it.*
#
# `x` and `logits` are `[batch, 1, 28, 28]`, `mu` and `logvar` are `[batch, latent]`.
# Return `ElboTerms(reconstruction, kl)`, each `[batch]`, in nats.


# %%
def cost(x, logits, mu, logvar):
    """Both terms of each image, in nats, as ElboTerms."""
    ...


# %%
check_cost(cost)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `binary_cross_entropy_with_logits(logits, x, reduction="none")` of `torch.nn.functional` gives nats a pixel.
# The sum is over all dimensions but the first.
# </details>
#
# <details><summary>Hint 2</summary>
#
# The closed form of lesson 05: half of the sum of $\mu^2 + \sigma^2 - 1 - \text{logvar}$.
# No clamp: the right KL has no end that needs one.
# </details>

# %%
from vae_course.decoder import log_likelihood
from vae_course.elbo import elbo_terms, kl_divergence
from vae_course.reparameterization import reparameterize

show_me(reparameterize, elbo_terms, log_likelihood, kl_divergence)

# %% [markdown]
# ## When it ends in NaN
#
# G hides a story.
# Its author had written $-\mathrm{KL}$ without a bound, seen numbers run away, and put a clamp on the symptom.
# Take the clamp off and watch; beside it, a healthy VAE whose learning rate is a thousand times too high.
#
# What should you log to see it coming?
# `exp` of `logvar` is the first thing to overflow.

# %% tags=["nbval-check-output"]
for logvar in (0.0, 10.0, 50.0, 88.0, 89.0):
    print(f"logvar {logvar:4.0f}   variance {torch.tensor(logvar).exp():.3g}")


# %%
class WithoutTheClamp(Patient):
    def cost(self, x, logits, mu, logvar):
        reconstruction, kl = elbo_terms(x, logits, mu, logvar)
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
# > `fit` raises an error when the loss is not finite at the end of an epoch.
# > Which of the two does it catch?

# %%
logs = {
    "healthy": logvar_range(Patient, 1e-3),
    "KL sign": logvar_range(WithoutTheClamp, 1e-3),
    "rate 1": logvar_range(Patient, 1.0),
}
furthest = {name: [max(-low, high) for _, low, high in log] for name, log in logs.items()}
figure = plots.explosion(furthest, math.log(3.4e38), "Before the NaN comes, logvar is far out")
show(
    figure,
    "Three curves of the furthest |logvar| against the step, on a logarithmic scale, with a dashed line at 89. "
    "The healthy run stays near 1. The run with the wrong sign of the KL climbs towards the line. The run with "
    "rate 1 starts far above it and ends in NaN after three steps.",
)

# %%
print("rate 1   before the step: reconstruction        KL    after it: logvar from        to")
for step, (terms, low, high) in enumerate(logs["rate 1"][:5], start=1):
    print(f"step {step} {terms.reconstruction:33.3g} {terms.kl:9.3g} {low:23.3g} {high:9.3g}")
assert not math.isfinite(logs["rate 1"][-1][2]), "a learning rate of 1 should end in NaN"
assert 10 < furthest["KL sign"][-1] < 1000, "without its clamp the wrong sign should run away, and stay finite"

# %% [markdown]
# In this one epoch it catches the learning rate, and lets the wrong sign pass.
# An "error of some kind" for both was a reasonable guess.
# But the second one's loss is a large negative number, and to a program that is a very good loss.
#
# Read the table from above; each row has the loss before a step, and `logvar` of 1,000 training digits after it.
# The first step throws every `logvar` thousands below 0.
# There `exp` is a harmless 0, and the next loss is high but finite.
# Two steps later the largest is far above 0, past the 88 that `exp` can bear, and the next KL is infinite.
# A gradient through an infinity is NaN, and after one step with it the weights are NaN.
# So the line that shows the NaN is seldom the line that made it: look at the steps before.
#
# **What to log**, every step or every hundred, for a few numbers' cost:
#
# | log | because |
# |---|---|
# | reconstruction and KL, apart | a sum hides a term that is negative, zero or infinite |
# | the smallest and largest `logvar`, the largest \|`mu`\| | they are far out some steps before the NaN comes |
# | the standard deviation of $(z - \mu)/\sigma$ | it is 1, or your draw is not your draw |
# | KL per dimension | all silent: collapse; all loud: nothing holds the code |
# | gradients of `mu`'s and `logvar`'s head | an exact 0 is a cut |
# | whether the loss is finite, at each step | so that you stop at the first NaN and not an epoch later |
#
# **What to do**, in this order: check the signs, lower the learning rate, clip the gradient's norm.
# A clamp on `logvar` comes last.
# It keeps the numbers finite, and it would have kept G's secret for longer still.

# %% [markdown]
# ## A ninth patient, with nothing wrong in its code
#
# The last one passes every instrument.
# Draw, cost, gradients: all as in the healthy one.
# It reports a better test loss, and its honest bound on the test digits is the same number.
# Its one mistake is in the data: the test digits were among the training digits.
#
# Here it is, beside a sound training: 1,000 training digits each, and for the ill one the 1,000 test digits besides;
# the same number of steps.
#
# > **Predict first.**
# > You are shown two curves of each, training and test, and nothing else.
# > How would you know which of the two to distrust?


# %%
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

# %%
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
assert gaps[0] > 3, "on a thousand digits the test should stay behind the training"
assert gaps[1] < 2, "where the test was trained on, it should not"

# %% [markdown]
# The sign is a gap that is *missing*.
# A network of 652,824 numbers that meets the same 1,000 digits again and again knows those better than others.
# If it doesn't, then the others are not others.
# (That the test is even *below* the training is mostly the clock: the training's number is a mean over the epoch's
# steps, and the test is measured at its end.
# These test digits are also a little easier than most.)
#
# The line to ask for is the one that put the data together: a `torch.cat` too many.
#
# Only images that neither has seen can tell which is better.

# %%
fresh = digits.train_images[2000:4000]
for name, patient, curves in (("sound", sound, sound_curves), ("ill", ill, ill_curves)):
    unseen = evaluate(patient, fresh, "static").negative_elbo
    print(f"{name:6s} reported {curves[1][-1]:.1f}, on digits it has never met {unseen:.1f} nats per image")
    if patient is ill:
        assert unseen > curves[1][-1] + 2, "the report should flatter the one that trained on its test"

# %% [markdown]
# On digits that neither has met, the two are worth about the same.
# Most of the nats between their reports were the test's own.
#
# ## The moral, measured

# %%
tempting = [letter for letter in PATIENTS if reported[letter] < reported["healthy"]]
truly = [letter for letter in PATIENTS if honest[letter] < honest["healthy"] - 0.5]
print(f"of {len(PATIENTS)} broken VAEs, {len(tempting)} report a better loss, and {len(truly)} are better")
assert (len(tempting), len(truly)) == (6, 0)

# %% [markdown]
# ## Key points
#
# - Training improves what is *reported*.
#   If the report is broken in your favour, training makes use of it.
# - Don't read a loss to find out whether the code is right.
#   Put encoder and decoder into code you trust, and measure there.
# - A residual of $z$ that is not $\mathcal{N}(0, 1)$ is a broken draw; no loss curve shows it.
# - Log terms, not totals; `logvar`'s extremes; the KL a dimension; a gradient a head.
# - A missing gap between training and test is a symptom, too.
# - A mend is done when the *trained* model is healthy, not when the number looks healthy.
#
# Expected numbers: the 1,000 embedded test digits, drawn once, nats per image.
# Trained on the 4,000, drawn anew, 5 epochs at learning rate 0.003.
# Another machine moves the last digits; G's and B's honest bounds may move by tens.
#
# | patient | reported | honest | $(z-\mu)/\sigma$ on the dashboard |
# |---|---|---|---|
# | G | −88 | 1,503 | 0.00 ± 1.00 |
# | D | 0.3 | 208 | 0.00 ± 1.00 |
# | H | 103 | 266 | 0.00 ± 0.01 |
# | C | 120 | 179 | 0.50 ± 0.29 |
# | E | 136 | 145 | 0.00 ± 0.55 |
# | A | 136 | 143 | 0.00 ± 0.00 |
# | **healthy** | **143** | **143** | **0.00 ± 1.00** |
# | F | 198 | 198 | 0.00 ± 1.00 |
# | B | 544 | 847 | 0.00 ± 1.00 |
#
# ## What comes next
#
# One symptom was left aside: a model whose loss is honest, whose code is in order, and whose invented digits are still
# worse than its reconstructions.
# Nothing is broken there; the codes it was trained on and the codes you draw are not the same.
# The next lesson goes to see where the prior is empty.
