"""Answers to the exercise `effective_betas`, held out: they were written without a look at its check."""

import math

import numpy as np
import torch
from lessons.beta.answers_effective_betas import ANSWERS, but, solution

right, wrong = ANSWERS.right, ANSWERS.wrong

right("named locals")(
    lambda P, D, B, N: (lambda A, Bb, C, Dd, E: [A, Bb, C, Dd, E, E * B / N])(1, 1, P / D, 1 / 2, P / 2)
)
right("a list of doubles")(lambda P, D, B, N: list(torch.tensor(solution(P, D, B, N), dtype=torch.float64)))
right("an array of float32")(lambda P, D, B, N: np.array(solution(P, D, B, N), dtype=np.float32))
right("a list comprehension")(
    lambda P, D, B, N: [
        kl / rec
        for kl, rec in [
            (1, 1),
            (1 / (B * P), 1 / (B * P)),
            (1 / (B * D), 1 / (B * P)),
            (1 / B, 2 / B),
            (1 / B, 2 / (B * P)),
            (B / N / B, 2 / (B * P)),
        ]
    ]
)
right("unpacked values")(
    lambda P, D, B, N: [*{"A": 1, "B": 1, "C": P / D, "D": 0.5, "E": P / 2, "F": P / 2 * B / N}.values()]
)
right("np.divide")(lambda P, D, B, N: [1, 1, np.divide(P, D), 0.5, np.divide(P, 2), np.divide(P * B, 2 * N)])
right("math.prod")(lambda P, D, B, N: [1, 1, P / D, 0.5, P * 0.5, math.prod([P, B, 0.5, 1 / N])])
right("exp log")(
    lambda P, D, B, N: [
        1,
        1,
        math.exp(math.log(P) - math.log(D)),
        0.5,
        P / 2,
        math.exp(math.log(P * B / 2) - math.log(N)),
    ]
)
right("tiny noise in floats")(lambda P, D, B, N: [0.1 + 0.2 + 0.7, 1.0, P / D, 0.5, P / 2, P / 2 * (B / N)])
wrong("A: 2", hint="A: .*a Bernoulli's nats are what binary_cross_entr")(but(A=lambda P, D, B, N: 2))
wrong("A: B*P", hint="A: .*the reconstruction is a sum over pixels, so n")(but(A=lambda P, D, B, N: B * P))
wrong("A: D/P", hint="A: .*the reconstruction is a sum over pixels, so n")(but(A=lambda P, D, B, N: D / P))
wrong("A: 1/N", hint=r"A: .*no N stands in this loss\.")(but(A=lambda P, D, B, N: 1 / N))
wrong("A: P/2", hint="A: .*a Bernoulli's nats are what binary_cross_entr")(but(A=lambda P, D, B, N: P / 2))
wrong("B: 1/D*P", hint="B: .*the KL is divided by P as well; and the KL is")(but(B=lambda P, D, B, N: P / D))
wrong("B: BP", hint="B: .*the KL is divided by P as well; and the batch")(but(B=lambda P, D, B, N: B * P))
wrong("B: .5", hint="B: .*a Bernoulli's nats are what binary_cross_entr")(but(B=lambda P, D, B, N: 0.5))
wrong("B: 1/B", hint="B: .*the batch is summed, or averaged, in both ter")(but(B=lambda P, D, B, N: 1 / B))
wrong("C: PB/D", hint="C: .*the batch is summed, or averaged, in both ter")(but(C=lambda P, D, B, N: P * B / D))
wrong("C: P/(D*N)", hint=r"C: .*no N stands in this loss\.")(but(C=lambda P, D, B, N: P / D / N))
wrong("C: P/2", hint="C: .*a Bernoulli's nats are what binary_cross_entr")(but(C=lambda P, D, B, N: P / 2))
wrong("C: 1/(PD)", hint="C: .*the mean over the P pixels multiplies β, and ")(but(C=lambda P, D, B, N: 1 / (P * D)))
wrong("C: 1/2", hint="C: .*a Bernoulli's nats are what binary_cross_entr")(but(C=lambda P, D, B, N: 1 / 2))
wrong("D: 2P", hint="D: .*the 2 is on the wrong side: the squares count")(but(D=lambda P, D, B, N: 2 * P))
wrong("D: 2/P", hint="D: .*the 2 is on the wrong side: the squares count")(but(D=lambda P, D, B, N: 2 / P))
wrong("D: sqrt(.5)", hint="D: .*ask of each term")(but(D=lambda P, D, B, N: math.sqrt(0.5)))
wrong("D: P/D", hint="D: .*a Gaussian's nats are half the squares, so sq")(but(D=lambda P, D, B, N: P / D))
wrong("D: 1.5", hint="D: .*ask of each term")(but(D=lambda P, D, B, N: 1.5))
wrong("D: D/2", hint="D: .*the KL is summed over the latents, so no D")(but(D=lambda P, D, B, N: D / 2))
wrong("E: P/D", hint="E: .*a Gaussian's nats are half the squares, so sq")(but(E=lambda P, D, B, N: P / D))
wrong("E: 1/P", hint="E: .*a Gaussian's nats are half the squares, so sq")(but(E=lambda P, D, B, N: 1 / P))
wrong("E: 2/P*B", hint="E: .*the 2 is on the wrong side: the squares count")(but(E=lambda P, D, B, N: 2 * B / P))
wrong("E: P//2+1", hint="E: .*ask of each term")(but(E=lambda P, D, B, N: P // 2 + 1))
wrong("E: round(P/2)", hint="E: .*rounded, or divided")(but(E=lambda P, D, B, N: round(P / 2)))
wrong("E: ceil", hint="E: .*rounded, or divided")(but(E=lambda P, D, B, N: -(-P // 2)))
wrong("E: (P-1)/2", hint="E: .*ask of each term")(but(E=lambda P, D, B, N: (P - 1) / 2))
wrong("F: P*N/(2B)", hint="F: .*upside down")(but(F=lambda P, D, B, N: P * N / (2 * B)))
wrong("F: P/N", hint="F: .*a Gaussian's nats are half the squares, so sq")(but(F=lambda P, D, B, N: P / N))
wrong("F: B/N/2P", hint="F: .*the mean over the P pixels multiplies β, and ")(but(F=lambda P, D, B, N: B / (N * 2 * P)))
wrong("F: 0.84", hint="F: .*rounded, or divided")(but(F=lambda P, D, B, N: 0.84))
wrong("F: 0.8", hint="F: .*rounded, or divided")(but(F=lambda P, D, B, N: 0.8))
wrong("F: 0.836", hint="F: .*right for the lesson's sizes")(but(F=lambda P, D, B, N: 0.836266666))
wrong("F: B // N inside", hint="F: .*rounded, or divided")(but(F=lambda P, D, B, N: P / 2 * (B // N)))
wrong("F: by D", hint=r"F: .*the KL is summed over the latents, so no D stands in β\.")(
    but(F=lambda P, D, B, N: P * B / (2 * N * D))
)
wrong("F: N = 60,000", hint="F: .*right for the lesson's sizes")(but(F=lambda P, D, B, N: P * B / (2 * 60_000)))
wrong("C: D = 20", hint="C: .*right for the lesson's sizes")(but(C=lambda P, D, B, N: P / 20))
wrong("all ones", hint="C: .*the reconstruction is a mean over P pixels, s")(lambda P, D, B, N: [1] * 6)
wrong("all zeros", hint="A: .*as if the KL did not count")(lambda P, D, B, N: [0] * 6)
wrong("all half", hint="A: .*a Bernoulli's nats are what binary_cross_entr")(lambda P, D, B, N: [0.5] * 6)
wrong("negatives", hint="A: .*is negative")(lambda P, D, B, N: [-b for b in solution(P, D, B, N)])
wrong("not a number six times", hint="A: .*not finite")(lambda P, D, B, N: [math.nan] * 6)
wrong("a tensor of int()", hint="C: .*rounded, or divided")(
    lambda P, D, B, N: torch.tensor([int(b) for b in solution(P, D, B, N)])
)
wrong("half precision", hint="C: .*rounded, or divided")(
    lambda P, D, B, N: np.array(solution(P, D, B, N), dtype=np.float16)
)
wrong("a text of formulas", hint="is of type [a-z]+")(lambda P, D, B, N: "1, 1, P/D, 1/2, P/2, PB/2N")
wrong("two lists of three", hint="Return a list of six")(
    lambda P, D, B, N: (solution(P, D, B, N)[:3], solution(P, D, B, N)[3:])
)
wrong("two are None", hint="Still open: C, F")(lambda P, D, B, N: [1, 1, None, 0.5, P / 2, None])
wrong("empty list", hint="Return a list of six")(lambda P, D, B, N: [])
wrong("a dictionary of ones", hint="is of type [a-z]+")(lambda P, D, B, N: dict.fromkeys("ABCDEF", 1))
wrong("six functions", hint="is of type [a-z]+")(lambda P, D, B, N: [lambda: 1] * 6)
wrong("complex numbers", hint="is of type [a-z]+")(lambda P, D, B, N: [complex(b) for b in solution(P, D, B, N)])
wrong("three arguments", hint="stopped with [A-Za-z]+Error")(lambda P, D, B: [1] * 6)
wrong("an index too far", hint="stopped with [A-Za-z]+Error")(lambda P, D, B, N: [1][3])
wrong("only keywords", hint="stopped with [A-Za-z]+Error")(lambda **k: [1] * 6)
wrong("no brackets below the line", hint="N stands below the line")(
    lambda P, D, B, N: [*solution(P, D, B, N)[:5], P * B / 2 * N]
)

# No hint may say of a loss what is true of another.
wrong("A: D by itself, and a true hint", hint="A: the KL is summed over the latents, so no D stands")(
    but(A=lambda P, D, B, N: D)
)
wrong("A: 1/P, and a true hint", hint="A: the reconstruction is a sum over pixels, so no P stands")(
    but(A=lambda P, D, B, N: 1 / P)
)
wrong("A: N/B, and a true hint", hint="A: no B/N stands in this loss")(but(A=lambda P, D, B, N: N / B))
wrong("A: B/N, and a true hint", hint="A: no B/N stands in this loss")(but(A=lambda P, D, B, N: B / N))
wrong("B: D, and a true hint", hint="B: the KL is summed over the latents, so no D stands")(but(B=lambda P, D, B, N: D))
wrong("C: P/D², and a true hint", hint="C: D stands in it twice")(but(C=lambda P, D, B, N: P / D**2))
wrong("C: 4 P/D, and a true hint", hint="C: a Bernoulli's nats")(but(C=lambda P, D, B, N: 4 * P / D))
wrong("D: 1/(2P), and a true hint", hint="D: the reconstruction is a sum over pixels, so no P stands")(
    but(D=lambda P, D, B, N: 1 / (2 * P))
)
wrong("D: N/(2B), and a true hint", hint="D: no B/N stands in this loss")(but(D=lambda P, D, B, N: N / (2 * B)))
wrong("E: PD/2, and a true hint", hint="E: the KL is summed over the latents, so no D stands")(
    but(E=lambda P, D, B, N: P * D / 2)
)
wrong("E: PN/(2B), and a true hint", hint="E: no B/N stands in this loss")(but(E=lambda P, D, B, N: P * N / (2 * B)))
wrong("F: D in it, and a true hint", hint="F: the KL is summed over the latents, so no D stands")(
    but(F=lambda P, D, B, N: P * B * D / (2 * N))
)
wrong("F: P(B/N)²/2, and a true hint", hint="F: B/N stands in it twice")(but(F=lambda P, D, B, N: P * (B / N) ** 2 / 2))
