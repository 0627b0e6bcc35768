# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A1 · Several processes
#
# *30 minutes. This is an appendix: no lesson needs it. Needs lesson 06.*
#
# *[Start page](00_start.ipynb) · [06 Training](06_training.ipynb)*
#
# You will be able to:
#
# - say what several processes that train one network send to each other, and why the result is that of one process;
# - measure when several processes save time, and say why they do not for the network of lesson 06;
# - train one network with several processes, or many networks side by side, from the command line.

# %%
import tempfile
from pathlib import Path
from time import process_time

from vae_course.data import binarize, grey
from vae_course.digits import load_digits
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.extras.distributed import SharedNoise, SharedStep, add_up_gradients
from vae_course.kit.exercise import show_me
from vae_course.kit.predict import guesses, predict, reveal
from vae_course.kit.table import table
from vae_course.lessons.distributed import check_whole_gradient
from vae_course.training import TrainConfig, adam, fit, training_step
from vae_course.vae import VAE

import torch
import torch.distributed as dist
from joblib import Parallel, delayed
from torch import Generator

# %%
digits = load_digits()
x = binarize(grey(digits.train_images[:128]), Generator().manual_seed(0))  # [128, 1, 28, 28]
torch.manual_seed(0)
model = VAE()
parameters = sum(parameter.numel() for parameter in model.parameters())
print(f"the network of lesson 06 has {parameters:,} parameters")

# %% [markdown]
# ## One batch, two halves
#
# You have two computers, or two cores, and one network to train.
# The usual way to share the work is called **data parallel** training.
# Each process has its own copy of the network.
# Each gets one part of the batch, its *share*, and computes the gradient for that share.
#
# Can they still get the gradient of the whole batch?
# The loss of a batch is a mean over its images, and the gradient of a mean is the mean of the gradients.
# So the two halves of a batch have gradients whose mean is the gradient of the whole.
#
# Look at it with one process, which computes both halves in turn.
# There is one thing to take care of: the noise of each image must be the same in both ways.
# `SharedNoise` draws the noise of all 128 images, and hands out the rows of the share.


# %%
def gradient(rows):
    """Compute the gradient of the mean −ELBO of these rows, as one long vector."""
    with SharedNoise(len(x), rows):
        loss = model.elbo(x[rows], Generator().manual_seed(1)).negative_elbo.mean()
    parts = torch.autograd.grad(loss, list(model.parameters()))
    return torch.cat([part.flatten() for part in parts])


# %%
whole, left, right = gradient(slice(0, 128)), gradient(slice(0, 64)), gradient(slice(64, 128))  # [652824] each
halves = {"the left half": left, "the right half": right, "the mean of both": (left + right) / 2}
distance = {name: (half - whole).norm() / whole.norm() for name, half in halves.items()}
assert distance["the mean of both"] < 1e-4
table(distance, ["distance from the whole batch's gradient, as a part of its length"], digits=3)

# %% [markdown]
# Each half alone is a little off, and the mean of both is the gradient of the whole batch, up to rounding.
# So if the processes exchange their gradients in every step, both can take the step of one process.
# Their copies of the network then stay the same for the whole training, and nobody ever has to send a weight.

# %% [markdown]
# ## Exercise: `whole_gradient`
#
# *5 minutes · difficulty 1 of 3*
#
# The last batch of an epoch is often smaller, and then the shares may differ in size.
# `gradients` is a list with one gradient for each process: the gradient of the mean over its share.
# `counts` is a list with the number of images of each share.
# Return the gradient of the mean over the whole batch, as a new tensor.


# %%
def whole_gradient(gradients, counts):
    """Combine the gradients of the processes to that of the whole batch."""
    ...


# %%
check_whole_gradient(whole_gradient)

# %% [markdown]
# <details><summary>Hint</summary>
#
# A share of 64 images out of 96 has the weight 64 / 96.
#
# </details>
#
# <details><summary>A solution</summary>
#
# ```python
# def whole_gradient(gradients, counts):
#     return sum(count / sum(counts) * gradient for gradient, count in zip(gradients, counts))
# ```
#
# </details>

# %% [markdown]
# ## What is sent
#
# In each step, every process sends its whole gradient and receives the sum.
# This exchange has a name, **all-reduce**: all processes give a vector, and all get the sum of the vectors.
# A gradient has as many numbers as the network has parameters, and each number has 4 bytes.
#
# The digits themselves need not be sent: every process has a copy of them.
# All 60,000 digits of MNIST are 47 megabytes.
#
# > **Predict first.**
# > An epoch of 60,000 digits has 469 steps of 128 digits.
# > Two processes share each step.
# > How many megabytes does each process send in one epoch?

# %%
predict("distributed/sent", "How many megabytes does each of two processes send in an epoch?")

# %% tags=["nbval-check-output"] jupyter={"source_hidden": true}
# Guess first, then run this cell.
step_megabytes = 4 * parameters / 1e6
sent = {
    "all digits": 60_000 * 784 / 1e6,
    "the gradient of one step": step_megabytes,
    "all gradients of an epoch": 469 * step_megabytes,
}
reveal("distributed/sent", round(sent["all gradients of an epoch"]), unit="MB")
table(sent, ["megabytes"])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# A step sends 2.6 megabytes, and there are 469 of them.
# If you guessed less than 47 megabytes: it is reasonable to think that less is sent than is learned from.
# But the gradient is sent again for every 128 digits, and it is 26 times as large as those digits are.
#
# </details>

# %% [markdown]
# ## Measure it
#
# Two processes on one computer are enough to measure what an exchange costs.
# `together` starts two processes; joblib does it for us.
# In each of them, `meet` joins the other by PyTorch's own `torch.distributed`, does a task, and leaves.


# %%
def meet(place, rank, task):
    """Join the other process at this place, do the task on one thread, and return its answer."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", store=dist.FileStore(place, 2), rank=rank, world_size=2)
    try:
        return task()
    finally:
        dist.destroy_process_group()


def together(task):
    """Do the task in two processes at once, and return both answers."""
    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder, "place"))
        return Parallel(n_jobs=2, batch_size=1)(delayed(meet)(place, rank, task) for rank in range(2))


# %% [markdown]
# First: is it really the training of one process?
# `SharedStep` is a training step for `fit`, as `training_step` is.
# Each process calls `fit` with the same arguments, so all draw the same order, pixels and noise.


# %%
def losses(step=training_step):
    """Train a small network for 8 steps, and return the −ELBO of each batch."""
    torch.manual_seed(0)
    small, config = VAE(latent_dim=4, hidden=(64,)), TrainConfig(epochs=1, batch_size=500)
    return [progress.train.negative_elbo.item() for progress in fit(small, digits.train_images, config, step=step)]


# %%
alone, (first, second) = losses(), together(lambda: losses(SharedStep()))
assert first == second, "both processes know the loss of the whole batch"
assert max(abs(a - b) for a, b in zip(alone, first, strict=True)) < 0.01
rows = {f"step {i + 1}": [alone[i], first[i]] for i in (0, 3, 7)}
table(rows, ["one process", "two processes"], digits=3, caption="−ELBO of the batch, nats per image")

# %% [markdown]
# The losses agree.
# They may differ in the last digits, because floats are added in another order.
# Here is the code that does it:

# %%
show_me(SharedStep, add_up_gradients)

# %% [markdown]
# Now measure what it costs.
# Measure a step with the whole batch, a step with half of it, and the exchange.
# Two processes save time if half a step and the exchange together cost less than the whole step.
#
# The clock counts the time that the processor works for a process, and the best of twelve times is taken.
# So other programs disturb less.
#
# > **Predict first.**
# > Two processes share each step of 128 images.
# > For the network of lesson 06 that may save no time: its steps are short, and its gradient is long.
# > Where do two processes gain the most?

# %%
predict(
    "distributed/pays",
    "Where do two processes gain the most?",
    choices=[
        "the same network, a batch of 1,024",
        "12 times the parameters, a batch of 128",
        "nowhere: it is all the same",
    ],
)


# %% jupyter={"source_hidden": true}
def milliseconds(job, times=12):
    """Return the shortest time that the processor took for the job, in milliseconds."""
    found = []
    for _ in range(times):
        start = process_time()
        job()
        found.append(1000 * (process_time() - start))
    return min(found)


def costs(kind, options, count):
    """Measure a step with `count` images, one with half of them, and the exchange, in each of two processes."""
    x, generator = torch.rand(count, 1, 28, 28).round(), Generator()
    network = kind(**options)
    optimizer = adam(network.parameters(), 1e-3)
    jobs = [lambda: training_step(network, x, 1.0, optimizer, generator),
            lambda: training_step(network, x[: count // 2], 1.0, optimizer, generator),
            lambda: add_up_gradients(optimizer, 0.5)]  # fmt: skip
    return [milliseconds(job) for job in jobs]


# %% jupyter={"source_hidden": true}
# Guess first, then run this cell.
large, convolutions = {"hidden": (1600, 1600)}, {"latent_dim": 20, "hidden": (192,)}
cases = {f"lesson 06, batch of {count:,}": (VAE, {}, count) for count in (128, 256, 512, 1024)}
cases["12 times the parameters, batch of 128"] = (VAE, large, 128)
cases["convolutions, batch of 128"] = (ConvolutionalVAE, convolutions, 128)
measured, _ = together(lambda: {name: costs(*case) for name, case in cases.items()})
gain = {name: whole / (half + exchange) for name, (whole, half, exchange) in measured.items()}
same, larger = gain["lesson 06, batch of 1,024"], gain["12 times the parameters, batch of 128"]
reveal(
    "distributed/pays",
    "the same network, a batch of 1,024" if same > larger else "12 times the parameters, a batch of 128",
)
rows = {name: [*times, gain[name]] for name, times in measured.items()}
table(rows, ["whole step, ms", "half, ms", "exchange, ms", "times as fast"], digits=[1, 1, 1, 2])

# %% [markdown]
# <details><summary>After your guess: why</summary>
#
# The exchange costs the same for 128 images as for 1,024, because the gradient has the same size.
# But the computing grows with the images.
# So for the network of lesson 06 a second process saves time from a batch of 256 or 512 images on, and not at 128.
#
# A larger network does not help.
# Its layers need more computing, but its gradient is longer in the same proportion.
# It is reasonable to think of large networks here, because they are what people train with many processes.
# There the batch is large: each process has thousands of words or hundreds of pictures in a step.
#
# Half a step costs more than half of a whole step.
# The optimizer's part is not shared: every process moves every parameter.
#
# The convolutional network has about as many parameters, and it uses each of them at many places of an image.
# So it computes longer for each number that it sends.
#
# </details>

# %% [markdown]
# What counts is **how long a process computes for each number that it sends**.
# A larger batch is not free, either: an epoch then has fewer steps.
# A step on twice as many digits does not learn twice as much.
#
# Programs for large networks save time in two more ways.
# They send the gradients of the last layers while those of the first are still computed: PyTorch's
# `DistributedDataParallel` does this.
# And they have links that are hundreds of times as fast as the one between two processes here.

# %% [markdown]
# ## From the command line
#
# `torchrun` starts the processes, and each of them runs the same command:
#
# ```
# torchrun --nproc-per-node 2 -m vae_course train --data mnist --batch-size 1024
# ```
#
# The first process writes the checkpoint.
# A single process can go on from this checkpoint, and several processes can go on from that of a single one.
#
# For the networks of this course there is a better use of two cores.
# You rarely train one network: you train one for each $\beta$, and each with several seeds.
# These runs do not need each other, so they send nothing at all:
#
# ```
# vae-course sweep --beta 0.1 1 4 --seed 0 1 2
# ```

# %%
guesses("distributed")

# %% [markdown]
# ## Key points
#
# - In data parallel training every process has a copy of the network and a share of each batch.
# - The processes send their gradients in each step, and all take the same step. The weights are never sent.
# - The result is that of one process with the same batch, up to rounding, if each image gets the same noise.
# - It saves time when a process computes long for each number that it sends: with large batches, or with convolutions.
# - Runs that do not need each other are better trained side by side.
#
# *[Start page](00_start.ipynb) · [06 Training](06_training.ipynb)*
