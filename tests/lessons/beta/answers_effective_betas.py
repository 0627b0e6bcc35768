"""Right and wrong answers to `effective_betas`; each wrong one with what its hint must say."""

import functools
import math
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import torch
from answers import Answers
from torch.nn.functional import binary_cross_entropy, mse_loss

ANSWERS = Answers("effective_betas")
right, wrong = ANSWERS.right, ANSWERS.wrong


def solution(P, D, B, N):
    return [1, 1, P / D, 1 / 2, P / 2, P * B / (2 * N)]


def but(**formulas):
    """The solution, with other formulas for some of the losses."""

    def answer(P, D, B, N):
        given = dict(zip("ABCDEF", solution(P, D, B, N), strict=True))
        return list((given | {name: formula(P, D, B, N) for name, formula in formulas.items()}).values())

    return answer


# ---- right

right("the formulas")(solution)
right("a tuple")(lambda P, D, B, N: tuple(solution(P, D, B, N)))
right("floats")(lambda P, D, B, N: [1.0, 1.0, P / D, 0.5, 0.5 * P, 0.5 * P * B / N])
right("fractions")(
    lambda P, D, B, N: [
        Fraction(1),
        Fraction(1),
        Fraction(P, D),
        Fraction(1, 2),
        Fraction(P, 2),
        Fraction(P * B, 2 * N),
    ]
)
right("tensors")(lambda P, D, B, N: [torch.tensor(beta) for beta in solution(P, D, B, N)])
right("double tensors of shape [1]")(
    lambda P, D, B, N: [torch.tensor([beta]).double() for beta in solution(P, D, B, N)]
)
right("NumPy's numbers")(lambda P, D, B, N: list(np.array(solution(P, D, B, N))))
right("an array")(lambda P, D, B, N: np.array(solution(P, D, B, N)))
right("one tensor")(lambda P, D, B, N: torch.tensor(solution(P, D, B, N), dtype=torch.float64))
right("left unsimplified")(
    lambda P, D, B, N: [B / B, (1 / (B * P)) / (1 / (B * P)), (1 / (B * D)) / (1 / (B * P)), (1 / B) / (2 / B),
                        (1 / B) / (2 / (B * P)), (B / N / B) / (2 / (B * P))]
)  # fmt: skip
right("arguments by other names")(lambda p, d, b, n: solution(p, d, b, n))
right("*sizes")(lambda *sizes: solution(*sizes))
right("functools.partial")(functools.partial(lambda one, P, D, B, N: [one, *solution(P, D, B, N)[1:]], 1))
right("a static method")(type("Answer", (), {"of": staticmethod(solution)}).of)
right("more arguments with defaults")(lambda P, D, B, N, half=0.5: [1, 1, P / D, half, half * P, half * P * B / N])
right("D takes E's place, and F from E")(lambda P, D, B, N: (lambda E: [1, 1, P / D, E / P, E, E * B / N])(P / 2))
right("the values of a dictionary, as a list")(
    lambda P, D, B, N: list(dict(zip("ABCDEF", solution(P, D, B, N), strict=True)).values())
)


class Callable:
    half = 0.5

    def __call__(self, P, D, B, N):
        return [1, 1, P / D, self.half, self.half * P, self.half * P * B / N]


right("a callable object")(Callable())


@right("step by step, with type hints and prints")
def _(P: int, D: int, B: int, N: int) -> list[float]:
    betas = []
    for kl, reconstruction in ((1, 1), (1, 1), (1 / D, 1 / P), (1, 2), (1, 2 / P), (B / N, 2 / P)):
        betas.append(kl / reconstruction)
    print(betas)
    return betas


@right("by autograd, for one pixel and one latent")
def _(P, D, B, N):
    x, kl = torch.zeros(B, P, dtype=torch.float64), torch.ones(B, D, dtype=torch.float64, requires_grad=True)
    x_hat = torch.full((B, P), 0.25, dtype=torch.float64, requires_grad=True)
    bernoulli, gaussian = 1 / (1 - 0.25), 0.25
    losses = (
        (binary_cross_entropy(x_hat, x, reduction="sum") + kl.sum(), bernoulli),
        (binary_cross_entropy(x_hat, x) + kl.sum() / (B * P), bernoulli),
        (binary_cross_entropy(x_hat, x) + kl.mean(), bernoulli),
        ((x_hat - x).square().sum(1).mean() + kl.sum(1).mean(), gaussian),
        (mse_loss(x_hat, x) + kl.sum(1).mean(), gaussian),
        (mse_loss(x_hat, x) + B / N * kl.sum(1).mean(), gaussian),
    )
    betas = []
    for loss, nats in losses:
        a_pixel, a_latent = torch.autograd.grad(loss, (x_hat, kl))
        betas.append((a_latent[0, 0] / (a_pixel[0, 0] / nats)).item())
    return betas


right("pow")(lambda P, D, B, N: [P**0, B**0, P * D**-1, 2**-1, P * 2**-1, P * B * (2 * N) ** -1])
right("F as quotient of sizes")(lambda P, D, B, N: [1, 1, P / D, 0.5, P / 2, P / (2 * (N / B))])
right("np float list")(
    lambda P, D, B, N: [
        np.float64(1),
        np.float64(1),
        np.float64(P) / D,
        np.float64(0.5),
        P / np.float64(2),
        np.float64(P * B) / (2 * N),
    ]
)
right("float32 tensors")(lambda P, D, B, N: [torch.tensor(float(b)) for b in solution(P, D, B, N)])
right("unpack")(lambda P, D, B, N: [*(1, 1), P / D, *[0.5, P / 2], B * P / N / 2])
right("decimal")(
    lambda P, D, B, N: [
        Decimal(1),
        Decimal(1),
        Decimal(P) / D,
        Decimal("0.5"),
        Decimal(P) / 2,
        Decimal(P * B) / (2 * N),
    ]
)
right("True")(lambda P, D, B, N: [True, True, P / D, 0.5, P / 2, P * B / N / 2])
right("sigma form")(lambda P, D, B, N: [1, 1, P / D, math.sqrt(0.5) ** 2, math.sqrt(P / 2) ** 2, P / 2 * B / N])
right("D from mean ratio")(
    lambda P, D, B, N: [
        (1 / B) / (1 / B),
        1.0,
        P / D,
        (1 / B) / (2 / B),
        (1 / B) / (2 / (B * P)),
        (B / N * 1 / B) / (2 / (B * P)),
    ]
)

# ---- wrong: one formula

wrong("A: the sizes", hint="A: .*no P stands in β; and.*no D")(but(A=lambda P, D, B, N: P / D))
wrong("A: P", hint="A: .*no P")(but(A=lambda P, D, B, N: P))
wrong("A: the batch", hint="A: .*B cancels")(but(A=lambda P, D, B, N: 1 / B))
wrong("A: B/N", hint="A: .*no B/N")(but(A=lambda P, D, B, N: B / N))
wrong("A: a half", hint="A: .*(no square|no ½|Bernoulli)")(but(A=lambda P, D, B, N: 0.5))
wrong("A: zero", hint="A: .*0")(but(A=lambda P, D, B, N: 0))
wrong("B: taken for a hidden mean", hint="B: .*divided by P as well")(but(B=lambda P, D, B, N: P))
wrong("B: only the divisor", hint="B: .*mean over P pixels")(but(B=lambda P, D, B, N: 1 / P))
wrong("B: the divisor with the batch", hint="B: .*mean over P pixels, so each nat of it")(
    but(B=lambda P, D, B, N: 1 / (B * P))
)
wrong("B: the batch", hint="B: .*B cancels")(but(B=lambda P, D, B, N: B))
wrong("B: D", hint="B: .*summed over the latents")(but(B=lambda P, D, B, N: 1 / D))
wrong("C: forgets D", hint="C: .*mean over the D latents too")(but(C=lambda P, D, B, N: P))
wrong("C: forgets P", hint="C: .*mean over P pixels")(but(C=lambda P, D, B, N: 1 / D))
wrong("C: the means cancel", hint="C: .*1/P; and the KL is a mean")(but(C=lambda P, D, B, N: 1))
wrong("C: upside down", hint="C: .*upside down")(but(C=lambda P, D, B, N: D / P))
wrong("C: with the batch", hint="C: .*B cancels")(but(C=lambda P, D, B, N: P / (B * D)))
wrong("C: halved", hint="C: .*(Bernoulli|no square|½)")(but(C=lambda P, D, B, N: P / D / 2))
wrong("C: a difference", hint="C: .*ask of each term")(but(C=lambda P, D, B, N: P - D))
wrong("C: a product", hint="C: .*D")(but(C=lambda P, D, B, N: P * D))
wrong("D: forgets the half", hint="D: .*half the squares")(but(D=lambda P, D, B, N: 1))
wrong("D: upside down", hint="D: .*upside down")(but(D=lambda P, D, B, N: 2))
wrong("D: a mean", hint="D: .*sum over pixels, so no P")(but(D=lambda P, D, B, N: P / 2))
wrong("D: a quarter", hint="D: .*(½|half|twice)")(but(D=lambda P, D, B, N: 0.25))
wrong("D: with the batch", hint="D: .*B cancels")(but(D=lambda P, D, B, N: 1 / (2 * B)))
wrong("D: a guess", hint="D: .*ask of each term")(but(D=lambda P, D, B, N: 3.14))
wrong("D: negative", hint="D: .*(negative|sign)")(but(D=lambda P, D, B, N: -0.5))
wrong("E: forgets the half", hint="E: .*half the squares")(but(E=lambda P, D, B, N: P))
wrong("E: the half on the wrong side", hint="E: .*wrong side")(but(E=lambda P, D, B, N: 2 * P))
wrong("E: no weight is written", hint="E: .*half the squares")(but(E=lambda P, D, B, N: 1))
wrong("E: forgets P", hint="E: .*mean over P pixels")(but(E=lambda P, D, B, N: 0.5))
wrong("E: upside down", hint="E: .*upside down")(but(E=lambda P, D, B, N: 2 / P))
wrong("E: D for nothing", hint="E: .*no D")(but(E=lambda P, D, B, N: P / D / 2))
wrong("E: minus P/2", hint="E: .*(negative|sign)")(but(E=lambda P, D, B, N: -P / 2))
wrong("E: with B for nothing", hint="E: .*B cancels")(but(E=lambda P, D, B, N: P * B / 2))
wrong("F: the weight as written", hint="F: .*mean over P pixels")(but(F=lambda P, D, B, N: B / N))
wrong("F: forgets the half", hint="F: .*half the squares")(but(F=lambda P, D, B, N: P * B / N))
wrong("F: forgets the weight", hint="F: .*B/N stands before the KL")(but(F=lambda P, D, B, N: P / 2))
wrong("F: N/B", hint="F: .*B/N is upside down")(but(F=lambda P, D, B, N: P / 2 * N / B))
wrong("F: forgets B", hint="F: .*B stands once")(but(F=lambda P, D, B, N: P / 2 / N))
wrong("F: no weight at all", hint="F: .*half the squares")(but(F=lambda P, D, B, N: 1))
wrong("F: upside down", hint="F: .*upside down")(but(F=lambda P, D, B, N: 2 * N / (P * B)))
wrong("F: B twice", hint="F: .*B stands once")(but(F=lambda P, D, B, N: P / 2 * B * B / N))
wrong("two at once: the first is named", hint="^loss C: .*D latents")(
    but(C=lambda P, D, B, N: P, E=lambda P, D, B, N: P, F=lambda P, D, B, N: P * B / N)
)

# ---- wrong: numbers

wrong("E: P // 2", hint="E: .*(//|rounded)")(but(E=lambda P, D, B, N: P // 2))
wrong("C: P // D", hint="C: .*(//|rounded)")(but(C=lambda P, D, B, N: P // D))
wrong("F: P*B // 2N", hint="F: .*(//|rounded)")(but(F=lambda P, D, B, N: P * B // (2 * N)))
wrong("D: 1 // 2", hint="D: .*(//|rounded)")(but(D=lambda P, D, B, N: 1 // 2))
wrong("F: P // 2 inside", hint="F: .*(//|rounded)")(but(F=lambda P, D, B, N: P // 2 * B / N))
wrong("C: rounded to 2", hint="C: .*rounded")(but(C=lambda P, D, B, N: round(P / D, 2)))
wrong("C: rounded", hint="C: .*rounded")(but(C=lambda P, D, B, N: round(P / D)))
wrong("F: rounded to 3", hint="F: .*rounded")(but(F=lambda P, D, B, N: round(P * B / (2 * N), 3)))
wrong("all rounded to 1", hint="rounded")(lambda P, D, B, N: [round(beta, 1) for beta in solution(P, D, B, N)])
wrong("C: ceil", hint="C: .*(//|rounded)")(but(C=lambda P, D, B, N: math.ceil(P / D)))
wrong("C: half precision", hint="C: .*(rounded|precision)")(but(C=lambda P, D, B, N: np.float16(P / D)))
wrong("all as int", hint="(//|rounded)")(lambda P, D, B, N: [int(beta) for beta in solution(P, D, B, N)])
wrong("C: a number for a formula", hint="C.*(with P, D, B and N|formula)")(but(C=lambda P, D, B, N: 39.2))
wrong("E: 392", hint="E.*(with P, D, B and N|formula)")(but(E=lambda P, D, B, N: 392))
wrong("F: N of MNIST", hint="F.*(with P, D, B and N|formula)")(but(F=lambda P, D, B, N: P * B / 120_000))
wrong("F: B = 128", hint="F.*(with P, D, B and N|formula)")(but(F=lambda P, D, B, N: P * 128 / (2 * N)))
wrong("E: 28 * 28", hint="E.*(with P, D, B and N|formula)")(but(E=lambda P, D, B, N: 28 * 28 / 2))
wrong("all as numbers", hint="with P, D, B and N|formula|rounded")(lambda P, D, B, N: [1, 1, 39.2, 0.5, 392, 0.8363])
wrong("made for the lesson's sizes", hint="with P, D, B and N|formula")(
    lambda P, D, B, N: solution(784, 20, 128, 60_000)
)
wrong("E: not a number", hint="E: .*(nan|not a number|finite)")(but(E=lambda P, D, B, N: math.nan))
wrong("E: infinity", hint="E: .*(inf|finite)")(but(E=lambda P, D, B, N: math.inf))
wrong("C: a text", hint="C.*(str|text)")(but(C=lambda P, D, B, N: "P / D"))
wrong("A: a text with a number", hint="A.*(str|text)")(but(A=lambda P, D, B, N: "1"))
wrong("C: a function", hint="C.*function")(but(C=lambda P, D, B, N: lambda: P / D))
wrong("C: a list", hint="C.*list")(but(C=lambda P, D, B, N: [P / D]))
wrong("D: a complex number", hint="D.*complex")(but(D=lambda P, D, B, N: 0.5 + 0j))
wrong("C: a pair of sizes", hint="C.*(tuple|list)")(but(C=lambda P, D, B, N: (P, D)))

# ---- wrong: the list

wrong("one open", hint="open: C")(but(C=lambda P, D, B, N: ...))
wrong("two open, one None", hint="open: C, F")(but(C=lambda P, D, B, N: ..., F=lambda P, D, B, N: None))
wrong("open ones and a wrong one", hint="^loss C: ")(lambda P, D, B, N: [..., ..., P, ..., ..., ...])
wrong("five", hint="six.*5|5.*six")(lambda P, D, B, N: solution(P, D, B, N)[:5])
wrong("seven", hint="six.*7|7.*six")(lambda P, D, B, N: [*solution(P, D, B, N), 1])
wrong("nested", hint="list of six")(lambda P, D, B, N: [solution(P, D, B, N)])
wrong("a number", hint="list of six")(lambda P, D, B, N: 3)
wrong("a dictionary", hint="list of six.*dict|dict.*list of six")(
    lambda P, D, B, N: dict(zip("ABCDEF", solution(P, D, B, N), strict=True))
)
wrong("a set", hint="list of six")(lambda P, D, B, N: set(solution(P, D, B, N)))
wrong("a text of six letters", hint="list of six")(lambda P, D, B, N: "ABCDEF")
wrong("a generator", hint="list of six.*generator|generator.*list of six")(
    lambda P, D, B, N: (beta for beta in solution(P, D, B, N))
)
wrong("from F to A", hint="order")(lambda P, D, B, N: solution(P, D, B, N)[::-1])
wrong("sorted", hint="order|A: ")(lambda P, D, B, N: sorted(solution(P, D, B, N)))
wrong("all upside down", hint="C: .*upside down")(lambda P, D, B, N: [1 / beta for beta in solution(P, D, B, N)])
wrong("a tensor of whole numbers", hint="//|rounded")(lambda P, D, B, N: torch.tensor(solution(P, D, B, N)).long())

# ---- wrong: manners

wrong("raises", hint="stopped with ZeroDivisionError")(lambda P, D, B, N: P / 0)
wrong("unknown name", hint="stopped with NameError")(lambda P, D, B, N: [1, 1, P / latent_dim, 0.5, P / 2, 1])  # noqa: F821
wrong("leaves", hint="SystemExit|exit")(lambda P, D, B, N: sys.exit())
wrong("no arguments", hint="stopped with TypeError")(lambda: [1, 1, 39.2, 0.5, 392, 0.836])
wrong("the result, not the function", hint="function")(solution(784, 20, 128, 60_000))
wrong("a number, not a function", hint="function")(3)
wrong("a text, not a function", hint="function")("P / D")

# ---- wrong, of all kinds

wrong("A: 1/P", hint="A: ")(but(A=lambda P, D, B, N: 1 / P))
wrong("A: D", hint="A: .*latents")(but(A=lambda P, D, B, N: D))
wrong("A: 1/(BD)", hint="A: .*")(but(A=lambda P, D, B, N: 1 / (B * D)))
wrong("B: P/D", hint="B: ")(but(B=lambda P, D, B, N: P / D))
wrong("B: 1/P/B/D", hint="B: ")(but(B=lambda P, D, B, N: 1 / (P * B * D)))
wrong("B: 2", hint="B: ")(but(B=lambda P, D, B, N: 2))
wrong("C: 784/D", hint="C.*P, D, B")(but(C=lambda P, D, B, N: 784 / D))
wrong("C: P/D+1", hint="C: ask")(but(C=lambda P, D, B, N: P / D + 1))
wrong("C: 2P/D", hint="C: .*(½|2)")(but(C=lambda P, D, B, N: 2 * P / D))
wrong("C: D", hint="C: ")(but(C=lambda P, D, B, N: D))
wrong("D: 1/P", hint="D: ")(but(D=lambda P, D, B, N: 1 / P))
wrong("D: 1/(2P)", hint="D: .*P")(but(D=lambda P, D, B, N: 1 / (2 * P)))
wrong("D: 1/(2D)", hint="D: .*D")(but(D=lambda P, D, B, N: 1 / (2 * D)))
wrong("D: P", hint="D: ")(but(D=lambda P, D, B, N: P))
wrong("D: 0.05", hint="D: ")(but(D=lambda P, D, B, N: 0.05))
wrong("E: P*P/2", hint="E: .*P stands in it twice")(but(E=lambda P, D, B, N: P * P / 2))
wrong("E: P*D/2", hint="E: .*D")(but(E=lambda P, D, B, N: P * D / 2))
wrong("E: 2", hint="E: ")(but(E=lambda P, D, B, N: 2))
wrong("E: sqrt", hint="E: ask")(but(E=lambda P, D, B, N: math.sqrt(P / 2)))
wrong("E: P/4", hint="E: .*½")(but(E=lambda P, D, B, N: P / 4))
wrong("F: 2PB/N", hint="F: .*wrong side")(but(F=lambda P, D, B, N: 2 * P * B / N))
wrong("F: B/2N", hint="F: .*mean over P")(but(F=lambda P, D, B, N: B / (2 * N)))
wrong("F: PB/2", hint="F: .*N")(but(F=lambda P, D, B, N: P * B / 2))
wrong("F: P/(2BN)", hint="F: .*B")(but(F=lambda P, D, B, N: P / (2 * B * N)))
wrong("F: PBD/2N", hint="F: .*D")(but(F=lambda P, D, B, N: P * B * D / (2 * N)))
wrong("F: PB/(2DN)", hint="F: .*no D")(but(F=lambda P, D, B, N: P * B / (2 * D * N)))
wrong("F: N", hint="F: ")(but(F=lambda P, D, B, N: N))
wrong("C: int(P/D)", hint="C: .*(//|rounded)")(but(C=lambda P, D, B, N: int(P / D)))
wrong("in per cent", hint="A: ask")(lambda P, D, B, N: [100 * b for b in solution(P, D, B, N)])
wrong("formulas as texts", hint="str")(lambda P, D, B, N: ["1", "1", "P/D", "1/2", "P/2", "PB/2N"])
wrong("numbers as texts", hint="str")(lambda P, D, B, N: [f"{b:.3f}" for b in solution(P, D, B, N)])
wrong("pairs of letter and β", hint="A is a tuple|A: |A is")(
    lambda P, D, B, N: list(zip("ABCDEF", solution(P, D, B, N), strict=True))
)
wrong("a tensor of shape [1, 6]", hint="six")(lambda P, D, B, N: torch.tensor([solution(P, D, B, N)]))
wrong("a map", hint="six")(lambda P, D, B, N: map(float, solution(P, D, B, N)))
wrong("D: B/2", hint="D: ")(but(D=lambda P, D, B, N: B / 2))
wrong("their logarithms", hint="A: ")(lambda P, D, B, N: [math.log(b) for b in solution(P, D, B, N)])
wrong("E and F swapped", hint="order")(lambda P, D, B, N: (lambda s: [*s[:4], s[5], s[4]])(solution(P, D, B, N)))
wrong("C and D swapped", hint="order")(
    lambda P, D, B, N: (lambda s: [*s[:2], s[3], s[2], *s[4:]])(solution(P, D, B, N))
)
