# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 14 · Learn the prior
#
# *80 minutes: 45 to the place to rest, and 35 after it. The open task takes 40 more. Needs lessons 01 to 07, 10, 11.*
#
# *[Start page](00_start.ipynb) · before: [13 Likelihood](13_likelihood.ipynb)*
#
# You will be able to:
#
# - train a small network that carries noise to where the codes are, and sample from it in a few steps;
# - compute its density, and the ELBO of a VAE whose prior is learned;
# - say which $\beta$ is best when the prior is learned, and why;
# - say what latent diffusion is made of.

# %%
import math

from vae_course.checkpoints import load_classifier, load_pretrained, load_prior
from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.evaluation import log_likelihood_table
from vae_course.kit.answers import go_on_with
from vae_course.kit.exercise import show_me
from vae_course.kit.figures import digit_rows, show
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.lessons.prior import check_flow_matching_loss, check_kl_by_draws, plots
from vae_course.prior import FlowPrior
from vae_course.reparameterization import reparameterize
from vae_course.sample_quality import digit_features, frechet_distance, sure_share

import torch
from torch import Generator
from torch.distributions import Normal
from torch.nn.functional import interpolate

# %%
digits = load_digits()
generator = Generator().manual_seed(0)
train_x = binarize(grey(digits.train_images), generator)  # [4000, 1, 28, 28]
test_x = binarize(grey(digits.test_images), generator)  # [1000, 1, 28, 28]
plane, every = load_pretrained("plane"), load_pretrained("every-beta")

# %% [markdown]
# ## A promise that is still open
#
# In lesson 01 you were promised a model that generates digits.
# In lesson 11 you measured the promise.
# The classifier is sure of 59 % of the inventions, and of 97 % of real digits.
#
# You also found out what is at fault.
# Give the decoder the codes of digits, and the classifier is sure of 92 %.
# Give it draws of $\mathcal{N}(0, I)$, and some fall where no digit has its code.
#
# Look at the ELBO once more:
#
# $$\log p(x) \ge \mathbb{E}_{q(z|x)}[\log p(x|z)] - \mathrm{KL}(q(z|x)\,\|\,p(z))$$
#
# Nothing in it says that $p(z)$ must be $\mathcal{N}(0, I)$.
# You chose it in lesson 05, because its KL has a closed form.
# The best $p(z)$ for a trained encoder is known: it is the aggregate posterior $q(z)$ of lesson 10.
#
# You could draw from $q(z)$ today: take a training digit, and draw from its cloud.
# But then you generate the training digits again.
# You want a distribution that *resembles* $q(z)$, learned from its draws.
# That is what a generative model does, this time for 20 numbers instead of 784 pixels.
# So the network can be small.

# %% [markdown]
# ## Straight paths that cross
#
# How do you turn noise into codes?
# Take one noise $\varepsilon$ and one code $z$, and walk straight from one to the other while $t$ goes from 0 to 1:
#
# $$z_t = (1 - t)\,\varepsilon + t\,z$$
#
# In words: at $t = 0$ you are at the noise, at $t = 1$ at the code, and halfway in the middle.
# The velocity is the same on the whole path: $z - \varepsilon$.
#
# Now take many pairs, each of one noise and one code, chosen at random.
# Their paths cross.
# Where they cross, a network that sees only the point $z_t$ and the time $t$ can't know which path it is on.
# If you train it with squared error, it learns the *average* velocity of all paths through this point at this time.
# Such a function $v(z, t)$ is called a **velocity field**.
#
# > **Predict first.**
# > Codes are single numbers here: half of them are −2, and half are 2.
# > A noise lies at 1.
# > What is the average velocity there, at $t = 0$?

# %%
predict("prior/velocity", "Codes lie at −2 and at 2. What is the average velocity at a noise of 1, at t = 0?")

# %% jupyter={"source_hidden": true}
codes = torch.tensor([-2.0, 2.0])[torch.randint(2, (1_000_000,), generator=generator)]  # [1000000]
eps = torch.randn(len(codes), generator=generator)
rows = {}
for t in (0.0, 0.25, 0.5):
    here = ((1 - t) * eps + t * codes - 1).abs() < 0.02  # the paths that are at 1 now
    rows[f"t = {t}"] = [(codes - eps)[here].mean(), (codes[here] > 0).float().mean()]
reveal("prior/velocity", round(rows["t = 0.0"][0].item()))
table(rows, ["average velocity at 1", "share on the path to 2"], digits=2)

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# At $t = 0$ the point is all noise, and says nothing about its code.
# The average code is 0, so the average velocity is $0 - 1 = -1$.
# If you guessed 1, the velocity towards the nearer code: half of the paths go to the other one, at −3.
# Later the paths at 1 are mostly those to 2, and the velocity turns.
#
# </details>

# %% [markdown]
# Now forget the pairs, and let a point follow the average velocity from $t = 0$ to $t = 1$.
# A theorem says where the points end: they are distributed like the codes (Lipman et al. 2023, arXiv 2210.02747;
# Liu et al. 2023, arXiv 2209.03003).
# The reason is that the average velocity moves as many points through each place as the straight paths do.
# Learning the field by this squared error is called **flow matching**.

# %% [markdown]
# ## Exercise: `flow_matching_loss`
#
# *15 minutes · difficulty 2 of 3*
#
# You get a `field`, some `codes` of shape `[B, D]`, and a `generator`.
# `field(z, t)` returns the velocity at points of shape `[B, D]` and times of shape `[B, 1]`.
# Return the loss as one number:
#
# $$\frac{1}{B} \sum_{\text{codes}} \big|\, v(z_t, t) - (z - \varepsilon) \,\big|^2$$
#
# In words: the squared distance between two velocities, summed over the dimensions and averaged over the codes.
#
# - Each code gets a noise of its own, and a time of its own, evenly between 0 and 1.
# - The field is asked once, for all codes together.
# - All randomness comes from `generator`.
# - The VAE stays as it is: no gradient may pass to the codes.


# %%
def flow_matching_loss(field, codes, generator):
    """Compare the field's velocity with that of straight paths from noise to the codes: one number."""
    ...


# %%
check_flow_matching_loss(flow_matching_loss)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# You need two draws: `torch.randn` with the shape of the codes, and `torch.rand(len(codes), 1, …)`.
# Give `generator=generator` to both.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Compute the point $z_t$, ask the field once, and subtract the velocity of the straight path.
# Square, `.sum(1)`, and `.mean()`.
#
# </details>
#
# <details><summary>Hint 3: the gradient</summary>
#
# Begin with `codes = codes.detach()`.
# If a gradient passed to the codes, an encoder could lower this loss by making all codes alike.
#
# </details>

# %%
from vae_course.prior import flow_matching_loss as course_flow_matching_loss

flow_matching_loss = go_on_with(flow_matching_loss, otherwise=course_flow_matching_loss)
show_me(course_flow_matching_loss)

# %% [markdown]
# ## Learn the plane
#
# Begin with the network of two latent dimensions, where you can see everything.
# The field is a small network of $z$ and $t$: a first layer, three blocks that each add to what they get, a last layer.
# `FlowPrior` holds it, and `FlowPrior(2)(z, t)` is the velocity.
# (On the plane it also gets sines and cosines of $z$. Without them a small network is slow to learn fine details.)
#
# Training is the loop of lesson 06 with another loss.
# Each step takes some digits, and draws a new code from the cloud of each.


# %%
def train(field, model, x, steps, learning_rate):
    """Learn the codes of the images x: a new z ~ q(z|x) of 250 of them in each step."""
    optimizer = torch.optim.Adam(field.parameters(), lr=learning_rate)
    generator = Generator().manual_seed(1)
    with torch.no_grad():
        mu, logvar = model.encoder(x)  # [N, D] twice
    for step in range(steps):
        some = torch.randint(len(x), (250,), generator=generator)
        loss = flow_matching_loss(field, reparameterize(mu[some], logvar[some], generator), generator)
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:  # falls to 0 in the second half
            group["lr"] = learning_rate * min(1.0, 2 - 2 * step / steps)
        optimizer.step()
    return field.requires_grad_(False)


# %%
torch.manual_seed(0)
plane_prior = train(FlowPrior(2, width=96, blocks=3, waves=8), plane, train_x, steps=2000, learning_rate=0.005)

# %% [markdown]
# ## The walk
#
# To sample, draw noise, and follow the field.
# A rule for the velocity of a point, such as this one, is called an **ordinary differential equation**, ODE.
# You follow it in steps.
# A straight step with the velocity *here* leaves the curve.
# So look where the step would lead, ask for the velocity *there* too, and go with the mean of both.
# This is Heun's method.


# %%
def walk(field, z, steps):
    """Carry points from t = 0 to t = 1, and return all places: [steps + 1, B, D]."""
    path, h = [z], 1 / steps
    for i in range(steps):
        t = torch.full((len(z), 1), i * h)
        here = field(z, t)
        there = field(z + h * here, t + h)
        z = z + h * (here + there) / 2
        path.append(z)
    return torch.stack(path)


# %%
noise = torch.randn(1000, 2, generator=Generator().manual_seed(2))  # [1000, 2]
path = walk(plane_prior, noise, 10)  # [11, 1000, 2]
with torch.no_grad():
    codes = reparameterize(*plane.encoder(test_x), generator)  # [1000, 2]
figure = plots.paths(path, codes, digits.test_labels, "The field carries a round cloud to where codes are")
show(
    figure,
    "Four planes. A round cloud of noise; the paths of sixty of its points, most of which first go inwards and then "
    "turn outwards; the same points at their ends, which form arms; and the codes of test digits, with the same arms.",
)

# %% [markdown]
# The field knows nothing of classes or arms; it has seen codes, one after the other.
# Its paths bend: first all points go towards the average code, and later each goes to one of the arms.
# At one place and time there is one velocity, so two points never meet.

# %% [markdown]
# ## Its density
#
# A sampler is enough to generate.
# But this course measures in nats, so you need $\log p(z)$.
#
# Think of a small drop of noise that is carried along.
# Where the paths move apart, the drop grows, and its density falls in the same proportion.
# How fast it grows is the *divergence* of the field: the sum of $\partial v_i / \partial z_i$ over the dimensions.
# So walk backwards from $z$ to its noise $\varepsilon$, and add up the divergence on the path (Chen et al. 2018):
#
# $$\log p(z) = \log \mathcal{N}(\varepsilon; 0, I) - \int_0^1 \sum_i \frac{\partial v_i}{\partial z_i}\, dt$$
#
# In words: the log density of the noise, minus the growth along the path.
# `prior.log_prob(z)` does it.
#
# In two dimensions you can compare it with the truth.
# The density must sum to 1 over the plane, and it should look like $q(z)$, the average of all clouds.

# %%
wide = 4.5
axis = torch.linspace(-wide, wide, 91)  # [91]
grid = torch.cartesian_prod(axis, axis).flip(1)  # [8281, 2], z[0] across and z[1] down
log_learned = plane_prior.log_prob(grid, steps=10)  # [8281]
log_standard = Normal(0.0, 1.0).log_prob(grid).sum(1)  # [8281]

with torch.no_grad():
    mu, logvar = plane.encoder(torch.cat([train_x, test_x]))  # [5000, 2] twice
clouds = Normal(mu, torch.sqrt(logvar.exp() + 0.12**2))  # wider, as in lesson 10
bells = clouds.log_prob(axis[:, None, None]).exp()  # [91, 5000, 2]
aggregate = (bells[..., 1] @ bells[..., 0].T / len(mu)).flatten()  # [8281], q(z)
log_q = (aggregate + 1e-12).log()

# %%
cell = (axis[1] - axis[0]) ** 2
total = log_learned.exp().sum() * cell
to_standard, to_learned = (((log_q - log_p) * aggregate).sum() * cell for log_p in (log_standard, log_learned))
assert abs(total - 1) < 0.01, "a density sums to 1"
assert to_learned < 0.5 * to_standard, "the learned prior should be nearer to the codes"
print(f"the learned density sums to {total:.4f} over the plane")
table({"N(0, I)": to_standard, "learned": to_learned}, ["KL(q(z) || p(z)), nats"], digits=2)

# %%
shapes = {"the prior N(0, I)": log_standard, "the learned prior": log_learned, "q(z), all clouds": log_q}
grids = {name: log_density.unflatten(0, (91, 91)) for name, log_density in shapes.items()}
figure = plots.densities(grids, wide, "From 4,000 digits: the arms of q(z), a little blurred")
show(
    figure,
    "Three densities on the plane. That of N(0, I) is round. That of the learned prior has arms in the same places "
    "as q(z) on the right, but it is smoother.",
)

# %% [markdown]
# A field is smooth, so the finest lanes are blurred.
# But it has learned about three quarters of what $\mathcal{N}(0, I)$ does not know, from 4,000 digits in a few seconds.

# %% [markdown]
# ## Exercise: `kl_by_draws`
#
# *10 minutes · difficulty 2 of 3*
#
# The KL of the ELBO had a closed form, for $\mathcal{N}(0, I)$.
# For a learned prior there is none.
# But a KL is an average, and you can estimate it with a draw, as in lesson 05:
#
# $$\mathrm{KL}(q(z|x)\,\|\,p(z)) = \mathbb{E}_{q(z|x)}\big[\log q(z|x) - \log p(z)\big]$$
#
# Write `kl_by_draws(mu, logvar, prior, generator)`, with one draw of $z$ for each image, the same in both logs.
# Return one number per image, shape `[B]`, in nats.
# A VAE may be trained with it, so the gradient must reach `mu`, `logvar` and the prior.
# `prior.log_prob(z)` returns $\log p(z)$ of each code, shape `[B]`.


# %%
def kl_by_draws(mu, logvar, prior, generator):
    """Estimate KL(q(z|x) || p(z)) of each image with one draw of z: [B]."""
    ...


# %%
check_kl_by_draws(kl_by_draws)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Draw $z$ with `mu`, `logvar` and noise from the generator, as `reparameterize` does.
# Use the same $z$ in both logs.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $q(z|x)$ is `Normal(mu, torch.exp(0.5 * logvar))`.
# Its `log_prob(z)` has one number for each dimension: sum them.
#
# </details>

# %%
from vae_course.prior import kl_by_draws as course_kl_by_draws

kl_by_draws = go_on_with(kl_by_draws, otherwise=course_kl_by_draws)
show_me(course_kl_by_draws)

# %% [markdown]
# ## How many nats does it save?
#
# Lesson 10 split the mean KL of this network into two parts: $7.1 = 6.9 + 0.2$ nats.
# The first is what a code says about its digit.
# The second is $\mathrm{KL}(q(z)\,\|\,p(z))$.
#
# > **Predict first.**
# > Only the prior changes; encoder and decoder stay.
# > How many nats per image can the best prior save here?

# %%
predict("prior/saves", "Two dimensions; KL = 6.9 + 0.2. How many nats per image can the best prior save?")

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
x, standard = test_x[:200], FlowPrior(2, width=1, blocks=1)  # before training it is N(0, I)
fine = torch.linspace(-wide, wide, 301)  # the decoder changes fast, the prior slowly: a finer grid
with torch.no_grad():
    codes = torch.cartesian_prod(fine, fine).flip(1)  # [90601, 2]
    pixels = torch.cat([log_likelihood_table(plane.decoder(z), x) for z in codes.split(2500)])  # [90601, 200]
    encoded = plane.encoder(x)
rows = {}
for name, prior, log_p in (("N(0, I)", standard, log_standard), ("learned", plane_prior, log_learned)):
    log_p = interpolate(log_p.unflatten(0, (1, 1, 91, 91)), size=(301, 301), mode="bicubic", align_corners=True)
    exact = (pixels + log_p.reshape(-1, 1)).logsumexp(0) + 2 * math.log(2 * wide / 300)  # [200], log p(x)
    same = Generator().manual_seed(6)  # the same draws for both
    kl = torch.stack([kl_by_draws(*encoded, prior, same) for _ in range(8)]).mean(0)  # [200]
    rows[name] = [kl.mean(), -exact.mean()]
saved = [a - b for a, b in zip(*rows.values(), strict=True)]
reveal("prior/saves", "at most 0.2")
table(rows | {"saved": saved}, ["KL by draws", "−log p(x), integrated"], digits=2)

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# A prior can't change what a code says about its digit.
# It can only bring the second part, 0.2 nats, down to 0.
# If you guessed several nats: the lanes look impressive.
# But on average a code lies in a place that $\mathcal{N}(0, I)$ expects.
#
# </details>

# %%
assert all(0 < value < 0.25 for value in saved), "in two dimensions a learned prior saves a little"

# %% [markdown]
# The exact $-\log p(x)$, integrated over the plane, falls by about as much as the KL.
# So the estimate by draws and the integral agree about the learned prior.
#
# > **A place to rest.**
# >
# > *What you have now:* a prior that was learned from codes, and its density.
# >
# > *What comes, in about 35 minutes:* 20 latent dimensions, the best β, and whether inventions are copies.
# >
# > Stop here if you like.
# > When you come back, click on the next cell and choose *Run → Run All Above Selected Cell*.

# %% [markdown]
# ## Twenty dimensions
#
# Now lesson 07's network, at $\beta = 1$.
# The loss, the loop and the walk are the same; only the field is wider.

# %%
torch.manual_seed(0)
sharp = every.at(1.0)
own_prior = train(FlowPrior(20, width=192, blocks=3), sharp, train_x, steps=1500, learning_rate=0.003)

# %% tags=["nbval-check-output"]
print(f"parameters of the field: {sum(p.numel() for p in own_prior.parameters()):,}")

# %%
noise = torch.randn(1000, 20, generator=Generator().manual_seed(4))  # [1000, 20]


@torch.no_grad()
def drawn(model, z):
    """Draw from p(x|z), zeros and ones: [B, D] -> [B, 1, 28, 28]."""
    return binarize(torch.sigmoid(model.decoder(z)), Generator().manual_seed(5))


before, after = drawn(sharp, noise), drawn(sharp, walk(own_prior, noise, 10)[-1])

# %% [markdown]
# > **Predict first.**
# > With $\mathcal{N}(0, I)$ the classifier is sure of 59 %.
# > With the codes of digits it would be 92 %.
# > The decoder stays.
# > Of how many is it sure with the prior that you trained on 4,000 digits?

# %%
predict("prior/sure", "Of how many inventions of your prior is the classifier sure, in per cent? (59 % before)")

# %% jupyter={"source_hidden": true}
classifier = load_classifier()
reference = digit_features(classifier, train_x)  # [4000, 64]


def judged(images):
    """Measure the sure share, and the Fréchet distance to the 4,000 training digits."""
    return sure_share(classifier, images), frechet_distance(digit_features(classifier, images), reference)


sets = {"N(0, I)": before, "your prior": after, "real": test_x}
quality = {name: judged(x) for name, x in sets.items()}
reveal("prior/sure", f"{100 * quality['your prior'][0]:.0f} %")
table({name: [f"{share:.0%}", f"{far:.1f}"] for name, (share, far) in quality.items()}, ["sure", "Fréchet distance"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# Four thousand codes are few for 20 dimensions, so the field is not perfect.
# If you guessed 92 %: that is what codes of digits reach, and your prior has to make up codes of new digits.
#
# </details>

# %%
assert quality["your prior"][0] > quality["N(0, I)"][0] + 0.1
assert quality["your prior"][1] < 0.5 * quality["N(0, I)"][1]
figure = digit_rows({name: x[20:34] for name, x in sets.items()}, "The same noise, the same decoder, another prior")
show(
    figure,
    "Three rows of fourteen drawn digits. From N(0, I) several are speckle or fragments. From the learned prior, "
    "with the same noise, most are digits. The last row holds real digits.",
)

# %% [markdown]
# ### Change this and see
#
# *5 minutes · difficulty 1 of 3 · no check*
#
# You walked in 10 steps, which asks the field 20 times.
# Replace `(1, 2, 5, 10)` in the cell below by your own numbers of steps.
# How few steps are enough? What does a single one give?

# %%
rows = {steps: judged(drawn(sharp, walk(own_prior, noise, steps)[-1])) for steps in (1, 2, 5, 10)}
rows = [[str(steps), f"{share:.0%}", f"{far:.1f}"] for steps, (share, far) in rows.items()]
table(rows, ["steps", "sure", "Fréchet distance"])

# %% [markdown]
# ## All digits, and their labels
#
# The course comes with a prior that had more: all 60,000 training digits and five minutes.
# It is one field for every $\beta$ from 0.03 to 4, as lesson 07's network is one network for every $\beta$.
# The field is also given the label of each code: it learns $p(z|y)$.
# When you don't ask for a class, it draws one first, as often as the class occurs.
#
# A label helps much: each class is a clump of its own, and a field that knows the class need not choose on its path.
# (With as many steps of training and no labels, the classifier was sure of 86 %; with labels, of 94 %.)
#
# So you can ask for a 7, although the VAE has never seen a label.

# %%
learned = load_prior()
model = every.at(0.1)
rows = {f"a {y}": drawn(model, learned.at(0.1).given(y).sample(12, Generator().manual_seed(y))) for y in (3, 5, 7)}
figure = digit_rows(rows, "A 3, a 5 or a 7 on demand, from a VAE without labels")
show(figure, "Three rows of twelve drawn digits, all different: 3s, 5s and 7s.")

# %% [markdown]
# ## Which β now?
#
# In lesson 11 you looked for the best $\beta$ with the prior $\mathcal{N}(0, I)$.
# At a low $\beta$ it often draws where no digit has its code, and at a high one the codes say too little.
# The best were 1 and 2.
#
# > **Predict first.**
# > Now the prior is learned, for each $\beta$.
# > Which $\beta$ gives the best inventions?

# %%
predict(
    "prior/beta", "The prior is learned. Which β gives the lowest Fréchet distance?", choices=["0.1", "1", "2", "4"]
)

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
measured = {"from N(0, I)": {}, "from the learned prior": {}}
for beta in (0.03, 0.1, 0.3, 1.0, 2.0, 4.0):
    model, made = every.at(beta), learned.at(beta).sample(1000, Generator().manual_seed(4))
    measured["from N(0, I)"][beta] = judged(drawn(model, noise))
    measured["from the learned prior"][beta] = judged(drawn(model, made))
figure = plots.by_beta(measured, quality["real"], "With a learned prior, a low β invents best")
show(
    figure,
    "Two panels over β from 0.03 to 4: the sure share, and the Fréchet distance. From N(0, I) both are bad at "
    "every β. From the learned prior both are far better, best at the low β, and worst at 4.",
)

# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
reveal("prior/beta", "0.1")
columns = [f"β = {beta:g}" for beta in measured["from N(0, I)"]]
rows = {f"{name}, sure": [f"{share:.0%}" for share, _ in points.values()] for name, points in measured.items()}
rows |= {f"{name}, Fréchet": [f"{far:.1f}" for _, far in points.values()] for name, points in measured.items()}
table(rows, ["1,000 inventions", *columns])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# A high $\beta$ had one use: it pushed the codes towards $\mathcal{N}(0, I)$, where the prior draws.
# A learned prior goes to the codes, wherever they are.
# What is left of a high $\beta$ is its price: codes that say less, and a blurred decoder.
# If you guessed 1 or 2: that was right, as long as the prior was fixed.
#
# </details>

# %%
standard_by, learned_by = ({beta: far for beta, (_, far) in points.items()} for points in measured.values())
assert min(standard_by, key=standard_by.get) >= 1, "with N(0, I) a β of 1 or more should be best"
assert min(learned_by, key=learned_by.get) < 1, "with a learned prior a low β should be best"

# %% [markdown]
# You have now built both halves of **latent diffusion** (Rombach et al. 2022, arXiv 2112.10752).
# It is the method behind Stable Diffusion.
# Its first half is an autoencoder with a KL weight of about $10^{-6}$.
# So small a KL only keeps the codes from growing without end.
# Its second half is a learned prior of the codes, with a text in the place of your label.
# Their codes are 64 × 64 × 4 numbers, and their fields have hundreds of millions of parameters.
# Later versions train the field with nearly the loss that you wrote (Esser et al. 2024, arXiv 2403.03206).
#
# Why two halves, and not a field over the pixels?
# The decoder takes care of the edges of strokes, which cost many nats and hardly say which digit it is.
# The prior is left with what is hard to say and cheap to compute: which digit, and how it is written.

# %% [markdown]
# ## Are they copies?
#
# There is a cheap way to good numbers: return the training digits.
# Lesson 11 showed it: stored training digits had a better sure share and a better Fréchet distance than new digits.
#
# > **Predict first.**
# > For each invention of the shipped prior at $\beta = 0.1$, look for the nearest of 4,000 training digits, by the
# > number of pixels that differ.
# > Do the same for real test digits.
# > Which are nearer to a training digit?

# %%
predict(
    "prior/copies",
    "Which are nearer to their nearest training digit?",
    choices=["the inventions, by far", "the test digits, by far", "about alike"],
)


# %% jupyter={"source_hidden": true}
def nearest(images):
    """Count the pixels in which each image differs from its nearest training digit; say which that is."""
    a, b = images.flatten(1), train_x.flatten(1)  # [B, 784], [4000, 784]
    differ = a.sum(1, keepdim=True) + b.sum(1) - 2 * a @ b.T  # [B, 4000]
    return differ.min(1)


inventions = drawn(every.at(0.1), learned.at(0.1).sample(1000, Generator().manual_seed(4)))
far = {"inventions": nearest(inventions).values.mean(), "test digits": nearest(test_x).values.mean()}
reveal("prior/copies", "about alike")
table(far, ["pixels that differ from the nearest training digit"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The VAE stores a digit in 20 numbers, and the field does not know the digits by heart: each step saw other draws.
# If you guessed "inventions, by far": a model with more parameters than codes could do that, and some do.
#
# </details>

# %%
assert far["inventions"] > 0.85 * far["test digits"], "inventions should not be copies"
figure = digit_rows(
    {"inventions": inventions[:12], "nearest": train_x[nearest(inventions[:12]).indices]},
    "Inventions, and below each the nearest of 4,000 training digits",
)
show(
    figure,
    "Two rows of twelve digits: inventions, and below each a training digit, mostly of its class but of another shape.",
)

# %% [markdown]
# ## Walk yourself
#
# *10 minutes · difficulty 1 of 3 · no check*
#
# The upper row decodes one noise at eleven places of its path.
# Guess before you move anything.
#
# - Which of the eleven pictures is the first that you can read?
# - Keep the noise and change the label. What stays of the handwriting?
# - Go down to 1 step, then 2, then 3. When are the inventions good?
# - Move $\beta$ to 4. What happens to the inventions of both priors?

# %%
from vae_course.lessons.prior import NoiseToDigit

NoiseToDigit(every, learned)

# %% [markdown]
# ## An open task: straighter paths
#
# *40 minutes · difficulty 3 of 3 · no check*
#
# The field's paths bend, so a single step misses the codes.
# Liu et al. (2023) make them straight, and call it *reflow*.
# Take noise, walk with `own_prior` in many steps, and keep each noise together with the code where it ends.
# Then train a second field on straight paths between *these* pairs.
# These paths hardly cross.
#
# Measure both fields with 1, 2 and 5 steps, as above.
# Does one step do now what took ten?
#
# <details><summary>What a good answer shows</summary>
#
# - The pairs come from the first field, 20,000 or more; no digit is needed for them.
# - The loss is the same, except that each code comes with its own noise.
# - The second field comes near the codes in one step.
#   With 20,000 pairs and 1,500 steps of training, the sure share is 75 % in place of 60 %.
#   The Fréchet distance is 31 in place of 386.
# - Nothing is gained with many steps: the second field learns the end points of the first, with its mistakes.
#
# </details>

# %%
guesses("prior")

# %% [markdown]
# ## Key points
#
# - $\mathcal{N}(0, I)$ was a choice.
#   The best prior for an encoder is the aggregate posterior, and a small network can learn it from draws.
# - Flow matching: straight paths from noise to codes, and a field that learns their average velocity.
#   One noise and one time for each code, squared error, and no gradient to the codes.
# - To sample, follow the field in a few steps.
#   For $\log p(z)$, follow it backwards, and add up the divergence.
# - With a learned prior the KL is estimated by draws: $\log q(z|x) - \log p(z)$, both at the same $z$.
# - With $\mathcal{N}(0, I)$ a $\beta$ of 1 to 2 invents best; with a learned prior a low one does.
#   So latent diffusion has an autoencoder with almost no KL, and a learned prior.
#
# | 10,000 inventions, pixels drawn, against MNIST's 10,000 test digits | sure | Fréchet distance |
# | --- | --- | --- |
# | $\mathcal{N}(0, I)$, β = 1 and 2 | 60 %, 61 % | 108, 107 |
# | shipped prior, β = 0.03, 0.1, 0.3 | 94 %, 94 %, 94 % | 5.1, 4.4, 4.5 |
# | shipped prior, β = 1, 2, 4 | 92 %, 88 %, 82 % | 7.1, 14, 39 |
# | 10,000 real training digits | 98 % | 4.6 |
#
# They are from `benchmarks/inventions.md`, where the nats stand, too: in 20 dimensions the shipped prior saves 5.3 nats
# per test digit at $\beta = 1$, and 7.9 at 0.1.
#
# | in this lesson | |
# | --- | --- |
# | two dimensions: $\mathrm{KL}(q(z)\,\Vert\,p(z))$, $\mathcal{N}(0, I)$ and learned | 0.20, 0.05 nats |
# | two dimensions: nats saved per image, by the KL and by the integral | 0.15, 0.17 |
# | your prior at β = 1, 1,000 inventions: sure, Fréchet distance to 4,000 training digits | 77 %, 24 |
# | the same for $\mathcal{N}(0, I)$, and for 1,000 real digits | 59 %, 115, and 97 %, 7 |
#
# One seed; yours may differ by a few in the last digit.
# Distances of 1,000 and of 10,000 images can't be compared with each other.

# %% [markdown]
# ## Where you stand
#
# You began with a grey value, and asked what it means.
# You built an encoder that answers with a cloud, and sent a gradient through a random draw.
# You derived a bound, checked it against the truth, trained a model on it, and fixed eight broken ones.
# Now the model keeps its first promise: it generates digits that a classifier, and perhaps you, take for real.
#
# You can read the papers.
# Where they say "we maximise the ELBO", you know what is summed and what is averaged, and which $\beta$ that is.
# From here you can go on in several directions, and each of them uses what you know.
#
# - **Layers that know what a picture is.**
#   Move every pixel to another place, the same in all digits, and your network learns as well as before.
#   It never knew which pixels are neighbours.
#   Convolutions do, and `vae_course.extras.convolutional` has them, with about as many parameters.
#   After 12 epochs on all 60,000 digits they are at 93.1 nats, and the lessons' layers at 100.8.
#   With 56 epochs, which take longer than the convolutions' 12, these come to 96.7 (`benchmarks/results.md`).
# - **Another learned prior.**
#   The VampPrior is a mixture of the encoder's clouds (Tomczak & Welling 2018).
# - **A better posterior.**
#   Flows bend a Gaussian into other shapes, with a density that you can still compute
#   (Rezende & Mohamed 2015, arXiv 1505.05770; Kingma et al. 2016, arXiv 1606.04934).
# - **Several levels of codes.**
#   Hierarchical VAEs have latent variables above latent variables: the ladder VAE (Sønderby et al. 2016, arXiv
#   1602.02282), NVAE (Vahdat & Kautz 2020, arXiv 2007.03898), the very deep VAE (Child 2021, arXiv 2011.10650).
# - **Diffusion.**
#   This is a hierarchical VAE with a thousand levels, whose encoder only adds noise and learns nothing.
#   Its loss is an ELBO (Ho et al. 2020, arXiv 2006.11239; Kingma et al. 2021, arXiv 2107.00630).
# - **Codes from a list.**
#   The VQ-VAE takes its code from a list, and the KL becomes a constant (van den Oord et al. 2017, arXiv 1711.00937).
#
# Take the program with you.
# It is about two thousand lines, and you have seen what each part of it is for.
#
# *[Start page](00_start.ipynb) · before: [13 Likelihood](13_likelihood.ipynb)*
