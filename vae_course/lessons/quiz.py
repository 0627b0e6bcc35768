"""The quiz before lesson 01 and after lesson 06: one misconception per question."""

from vae_course.kit.quiz import Question

QUESTIONS = (
    Question(
        "A model copies grey digits perfectly: it gives every pixel exactly its grey value. "
        "What is its binary cross-entropy?",
        (
            "0, since every pixel is right",
            "clearly above 0, although nothing is wrong",
            "a little above 0, since the arithmetic rounds",
        ),
        1,
        "A grey of 0.3 costs 0.61 nats even if the model says 0.3, and that adds up to 46 nats per image.",
        "01",
    ),
    Question(
        "Two reports on the test digits of MNIST: model A costs 105 nats per image, model B 115. What do you conclude?",
        (
            "A is better, since the lower cost wins",
            "nothing, since 10 nats per image are within chance",
            "nothing, until both say how grey pixels became black or white",
        ),
        2,
        "The number depends on the pixels: 105 if they are thresholded, 115 if they are drawn, 118 if they stay grey.",
        "01",
    ),
    Question(
        "A plain autoencoder reconstructs digits well. You decode codes that you draw at random. What do you see?",
        (
            "mostly no digits",
            "new digits, since the decoder has learnt what digits look like",
            "digits of the training set, which the decoder knows by heart",
        ),
        0,
        "The decoder was trained on the codes of digits alone, and nothing says what lies between them.",
        "02",
    ),
    Question(
        "An encoder gives a mean and a width, and the decoder gets a draw from that cloud. "
        "Only the reconstruction is trained, without the KL. What happens to the widths?",
        (
            "they stay near 1, where they begin, since no term of the loss is about them",
            "they grow, to close the gaps between the clouds",
            "they shrink to nearly 0, and each cloud becomes a point",
        ),
        2,
        "Noise makes the reconstruction worse, so the encoder removes it unless narrow clouds cost something.",
        "02",
    ),
    Question(
        "For one latent dimension the encoder gives logvar = −4. What is the standard deviation of its cloud?",
        (
            "0.02, which is exp(−4)",
            "0.14, which is exp(−2)",
            "4, since only the size counts",
            "that can't happen, since a variance is never negative",
        ),
        1,
        "logvar is the logarithm of σ², so it may be negative, and σ is the exponential of half of it.",
        "02",
    ),
    Question(
        "z is drawn at random. You may not use the reparameterisation trick. "
        "Is there a way to a gradient of the expected loss with respect to the mean of z?",
        (
            "yes, an unbiased one, but it varies much more from draw to draw",
            "no, since a random draw has no derivative",
            "yes, but it is biased: on average it points elsewhere",
        ),
        0,
        "The score function gives a gradient that is right on average; the trick is there for its low variance.",
        "03",
    ),
    Question(
        "A VAE decodes a code drawn from the prior, and the picture is grey and soft. What is it?",
        (
            "a sample of the model",
            "a sign that the training was too short",
            "a mean: in a sample each pixel is drawn, and is black or white",
        ),
        2,
        "The decoder gives the probability of ink for each pixel, and a picture of these is the mean of p(x|z).",
        "04",
    ),
    Question(
        "Two programs add the summed KL to the reconstruction. One sums the reconstruction over the 784 pixels, "
        "the other takes the mean over them. What do the two learn?",
        (
            "the same, since a factor does not move the minimum of a loss",
            "different things: with the mean, the code hardly says anything about the picture",
            "the same, but the mean learns more slowly, since its gradients are smaller",
        ),
        1,
        "The mean makes one term 784 times smaller and not the other, which is the same as β = 784.",
        "05",
    ),
    Question(
        "By how much does the ELBO of an image lie below log p(x)?",
        (
            "by the KL from the encoder's q(z|x) to the true posterior p(z|x)",
            "by the KL from the encoder's q(z|x) to the prior p(z), which is in the loss",
            "nobody can say: a bound tells only that it is below",
        ),
        0,
        "log p(x) − ELBO is exactly KL(q(z|x)‖p(z|x)), and with two latent dimensions both can be computed.",
        "05",
    ),
    Question(
        "−ELBO falls from epoch to epoch, as it should. What does its KL do, from the first epoch to the last?",
        (
            "it falls, since the loss falls",
            "it stays as it is, since the prior stays as it is",
            "it rises, and levels off",
        ),
        2,
        "The code begins to say something about the picture: it costs nats, and saves more of them in reconstruction.",
        "06",
    ),
    Question(
        "To measure the test −ELBO without chance, someone decodes z = μ in place of a draw. "
        "The number falls from 115 to 106. What do you say?",
        (
            "it is the better number, since it has no noise in it",
            "it is too good: it uses a precision that the KL has not paid for",
            "it must be an error elsewhere: on average both are the same",
        ),
        1,
        "The KL pays for a cloud, and the exact centre of it is more than that; 106 is no bound of anything.",
        "06",
    ),
    Question(
        "Model A has the better −ELBO on test digits, by 10 nats. Does it also generate the better digits?",
        (
            "not necessarily: its codes may leave places empty where the prior draws",
            "yes: −ELBO says how good the model is",
            "no: a better −ELBO means that the digits are known by heart",
        ),
        0,
        "−ELBO asks how well digits that exist are described; 20 latent dimensions did that better than 8, "
        "and generated more fragments.",
        "06",
    ),
)
