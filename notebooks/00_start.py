# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Start here
#
# You build a variational autoencoder (VAE) from scratch in PyTorch, and train it on handwritten digits.
# After lesson 06 it reconstructs the digits that you give it, and generates new ones.
# The later lessons ask how good it is, what is wrong with a broken one, and how to make a better one.

# %%
from vae_course.kit.figures import show
from vae_course.kit.quiz import quiz
from vae_course.lessons.quiz import QUESTIONS
from vae_course.lessons.start import course_map, picture_of_a_vae

# %% [markdown]
# ## What a VAE is

# %%
show(
    picture_of_a_vae(),
    "A picture of a 4 goes through the encoder to a small cloud of codes on a plane. One code of the cloud goes "
    "through the decoder and becomes a 4 again. Another code, drawn from the prior, becomes a 3.",
)

# %% [markdown]
# 1. A **code** is a short list of numbers that describes a picture; here it has two, so that you can see it on a plane.
# 2. The **encoder** is a network that looks at a picture and gives a small cloud of codes, each of which fits it.
#    (The cloud is drawn six times as wide as it is.)
# 3. The **decoder** is a network that turns a code into a probability for each pixel.
# 4. Training makes the reconstruction like the picture, and it makes all clouds together like one fixed cloud: the
#    **prior**, shown by the dashed circles.
# 5. So you can draw a code from the prior, decode it, and get a digit that nobody has written.

# %% [markdown]
# ## Whom the course is for
#
# You program in Python, and you have met PyTorch once: tensors, a module, an optimizer.
# You have heard of a normal distribution, a mean and a variance.
# That is enough: everything else is explained where it is used.
# You need no GPU, no network and no account.
#
# ## The map
#
# Lessons 01 to 06 build on each other, and after them you have a VAE of your own.
# You may take the later ones in another order: the first line of each says which lessons it needs.

# %%
course_map()

# %% [markdown]
# ## How a lesson works
#
# - **Shift+Enter** runs the cell that you are in, and goes on to the next one.
#   From the field of a guess it goes on, too.
# - **Predict first.** A box asks you for a guess before you see the answer.
#   Type it, press Enter, and run the next cells: your guess then stands beside the answer.
#   Nobody judges it. A wrong guess teaches more than no guess.
# - **Folded cells.** The code between a guess and its answer is folded, so that it tells you nothing.
#   Run it first. Then click on it, and read it.
# - **Exercises.** Replace the `...` with your code, run the cell, and run the check below it.
#   The check says *right*, or it says what is wrong.
#   Hints are folded, and so is the course's own solution.
#   An exercise that you leave out stops nothing: the lesson then goes on with the course's function.
# - **`my_vae.py`.** Right answers are kept in this file in your folder, so that you build a VAE out of your own pieces.
# - **`assert`.** Lines that begin with `assert` are the course testing itself. You can skip them.
# - **Your guesses** stand at the end of each lesson, all of them beside all answers.

# %% [markdown]
# ## The notation
#
# | sign | in code | it means |
# | --- | --- | --- |
# | $x$ | `x` | a picture: 28 × 28 pixels, each of them 0 or 1 in most lessons |
# | $z$ | `z` | a code |
# | $z[0], z[1]$ | `z[:, 0]`, `z[:, 1]` | the first and the second number of a code |
# | $\mu$ | `mu` | the centre of the cloud that the encoder gives for a picture |
# | $\sigma$ | `sigma` | the width of that cloud, its standard deviation |
# | $\log \sigma^2$ | `logvar` | the logarithm of the variance; `sigma` is `exp(0.5 * logvar)` |
# | $\varepsilon$ | `eps` | noise, drawn from a normal distribution with mean 0 and standard deviation 1 |
# | $q(z \mid x)$ | `encoder(x)` | how likely each code is for this picture, as the encoder says |
# | $p(x \mid z)$ | `decoder(z)` | how likely each picture is for this code, as the decoder says |
# | $p(z)$ | | the prior: how likely each code is before there is a picture |
# | $\beta$ | `beta` | the weight of the KL in the loss |
# | KL | `kl` | how much $q(z \mid x)$ differs from the prior |
# | ELBO | `elbo` | minus the reconstruction cost, minus the KL: a lower bound on $\log p(x)$ |
# | $y$ | `labels` | the label of a picture: its class, 0 to 9 |
# | $B$, $D$ | `[B, D]` | the number of pictures in a batch, and the number of latent dimensions |
# | $K$ | `samples` | the number of draws of $z$ for one picture |
# | nats | | the unit of all costs: minus the natural logarithm of a probability |

# %% [markdown]
# ## Words
#
# Papers use these words. Each is explained in its lesson, where you have seen the thing.
#
# | word | in short | lesson |
# | --- | --- | --- |
# | active unit | a latent dimension that the model uses | 10 |
# | aggregate posterior | the clouds of all pictures together | 10 |
# | amortised inference | one network gives the answer for every picture, in place of a search for each | 05 |
# | annealing | to begin the training at β = 0, and to raise β | 10 |
# | approximate posterior | $q(z \mid x)$, the encoder's answer; an approximation of the posterior | 02 |
# | AUROC | how often an anomaly gets a higher score than a normal picture | 13 |
# | autoencoder | an encoder and a decoder that are trained to reconstruct | 01 |
# | binarisation | how a grey pixel becomes 0 or 1 | 01 |
# | conditioned on | given: $p(x \mid y)$ is conditioned on the label $y$ | 12 |
# | decoder | the network from a code to a distribution over pictures | 04 |
# | disentangled | each latent dimension changes one property that people can name | 07 |
# | ELBO | the evidence lower bound: what a VAE maximises | 05 |
# | encoder | the network from a picture to a distribution over codes | 02 |
# | entropy | the average surprise of someone who knows the probabilities, but not the outcome | 01 |
# | evidence | $p(x)$, how probable a picture is to the whole model | 05 |
# | flow matching | to learn a velocity field from straight paths between noise and data | 14 |
# | free bits | the first nats of each latent dimension, which cost nothing in training | 10 |
# | Fréchet distance | how much two sets of pictures differ in the means and covariances of their features; FID | 11 |
# | generative model | a model from which you can draw new data | 01 |
# | importance sampling | to draw from another distribution, and weigh each draw to make up for it | 05 |
# | importance-weighted bound | a bound on $\log p(x)$ from several codes per picture, tighter than the ELBO | 08 |
# | inference | to find the codes that could have made a picture | 05 |
# | KL divergence | how much one distribution differs from another, in nats | 05 |
# | latent diffusion | an autoencoder with a very low β, and a learned prior of its codes | 14 |
# | latent variable | a variable that is not in the data, such as the code | 02 |
# | likelihood | the probability that a model gives to the data | 01 |
# | likelihood ratio | the likelihood of one model divided by that of another | 13 |
# | logits | numbers that a sigmoid turns into probabilities | 04 |
# | manifold | all the pictures that a decoder can make | 10 |
# | maximum likelihood | to choose the weights that make the data most probable | 01 |
# | mean field | each latent dimension has its own distribution, independent of the others | 02 |
# | mode | the most probable picture for a code | 04 |
# | Monte Carlo | to estimate an average by random draws | 03 |
# | nat | the unit of a cost: a probability of $1/e$ costs one nat | 01 |
# | ODE | ordinary differential equation: a rule that gives the velocity of a point at each place and time | 14 |
# | one-hot | a vector with a 1 at the place of the class, and 0 at all others | 12 |
# | overfitting | to learn the training data by heart, at the cost of other data | 06 |
# | posterior | $p(z \mid x)$, the right answer to which codes could have made a picture | 05 |
# | posterior collapse | the code says nothing about the picture | 09 |
# | prior | $p(z)$, how codes are distributed before there is a picture | 05 |
# | proposal | the distribution from which importance sampling draws | 08 |
# | rate–distortion | the trade between nats of code and the quality of the reconstruction | 07 |
# | regularisation | what keeps a model from fitting its training data too closely | 06 |
# | reparameterisation | to write a random draw as a function of its parameters and of noise | 03 |
# | traversal | the pictures along one latent dimension, while the others stay | 10 |
# | unbiased | right on average | 03 |
# | variational | the right answer is replaced by the best one of a simpler family | 05 |
# | velocity field | a function that says where to, and how fast, a point moves | 14 |

# %% [markdown]
# ## Before you start: a quiz
#
# Twelve questions, about ten minutes.
# You are not expected to know the answers yet: leave out what you don't know.
# This time the quiz says how many answers are right, but not which: you learn the answers in the lessons.
# After lesson 06 you get the same questions again, and see how far you have come.
# Your score stays in your folder.

# %%
quiz(QUESTIONS, "before")

# %% [markdown]
# **Go on:** [01 · The data decides the likelihood](01_data.ipynb)
