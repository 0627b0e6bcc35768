"""Answers to lesson 09's first exercise, right and wrong, as learners write them."""

import functools
import json
from collections import OrderedDict, defaultdict
from types import MappingProxyType

from vae_course.clinic import MISTAKES, PATIENTS

from answers import Answers

ANSWERS = Answers("diagnose")
TRUTH = {letter: kind.mistake for letter, kind in PATIENTS.items()}


@ANSWERS.right("a dict of eight")
def _():
    return {
        "A": "mu at test",
        "B": "sigmoid twice",
        "C": "rand",
        "D": "pixel mean",
        "E": "variance",
        "F": "mu detached",
        "G": "KL sign",
        "H": "faint",
    }


@ANSWERS.right("filled letter by letter")
def _():
    found = {}
    for letter, name in sorted(TRUTH.items(), reverse=True):
        found[letter] = name
    return found


@ANSWERS.right("dict(A=…)")
def _():
    return dict(
        A="mu at test",
        B="sigmoid twice",
        C="rand",
        D="pixel mean",
        E="variance",
        F="mu detached",
        G="KL sign",
        H="faint",
    )


@ANSWERS.right("zip")
def _():
    names = ["mu at test", "sigmoid twice", "rand", "pixel mean", "variance", "mu detached", "KL sign", "faint"]
    return dict(zip("ABCDEFGH", names, strict=True))


@ANSWERS.right("types and a default")
def _(verbose: bool = False) -> dict[str, str]:
    return dict(TRUTH)


class Doctor:
    def __call__(self):
        return dict(TRUTH)

    @staticmethod
    def static():
        return dict(TRUTH)


ANSWERS.right("a lambda")(lambda: TRUTH)
ANSWERS.right("a callable object")(Doctor())
ANSWERS.right("a static method")(Doctor.static)
ANSWERS.right("a partial function")(functools.partial(dict, TRUTH))
ANSWERS.right("an ordered dict")(lambda: OrderedDict(TRUTH))
ANSWERS.right("a default dict")(lambda: defaultdict(str, TRUTH))
ANSWERS.right("a mapping that cannot be changed")(lambda: MappingProxyType(TRUTH))
ANSWERS.right("from JSON")(lambda: json.loads(json.dumps(TRUTH)))
ANSWERS.right("any arguments")(lambda *args, **kwargs: dict(TRUTH))
ANSWERS.right("spaces around a name")(lambda: {**TRUTH, "A": " mu at test "})
ANSWERS.right("other capitals")(lambda: {**TRUTH, "G": "kl sign", "C": "RAND"})

# One name is wrong: the hint says what it would show, and where to look.
for letter, name, hint in (
    ("A", "faint", "residuals of 0.01"),
    ("A", "rand", "never negative"),
    ("A", "variance", "narrower than 1"),
    ("A", "test set", "nothing at all"),
    ("A", "KL forgotten", "reported KL of 0"),
    ("B", "pixel mean", "hundreds of times smaller"),
    ("B", "KL sign", "KL below 0"),
    ("B", "KL forgotten", "reported KL of 0"),
    ("C", "faint", "residuals of 0.01"),
    ("C", "variance", "narrower than 1"),
    ("D", "sigmoid twice", "over 500 nats"),
    ("D", "KL forgotten", "reported KL of 0"),
    ("D", "logvar detached", "head for logvar"),
    ("E", "rand", "never negative"),
    ("E", "faint", "residuals of 0.01"),
    ("E", "mu at test", "none at the test"),
    ("F", "logvar detached", "no gradient in the head for logvar"),
    ("F", "test set", "nothing at all"),
    ("F", "sigmoid twice", "over 500 nats"),
    ("G", "KL forgotten", "reported KL of 0"),
    ("G", "pixel mean", "hundreds of times smaller"),
    ("H", "mu at test", "none at the test"),
    ("H", "variance", "narrower than 1"),
    ("H", "mu detached", "head for mu"),
):
    ANSWERS.wrong(f'{letter} is "{name}"', hint=f'7 of 8 are right.*{letter} is not "{name}".*{hint}')(
        lambda letter=letter, name=name: {**TRUTH, letter: name}
    )

for title, hint, found in (
    ("two exchanged", "6 of 8.*A is not", {**TRUTH, "A": "faint", "H": "mu at test"}),
    ("the first alone", "1 of 8 .*without a name: B, C", {"A": "mu at test"}),
    ("one left open", "without a name: G", {**TRUTH, "G": ...}),
    ("one None", "without a name: G", {**TRUTH, "G": None}),
    ("one empty", "without a name: G", {**TRUTH, "G": ""}),
    ("one left out", "without a name: H", {k: v for k, v in TRUTH.items() if k != "H"}),
    ("empty", "0 of 8.*without a name", {}),
    ("one wrong, others left out", 'A is not "rand"', {"A": "rand"}),
    ("a ninth letter", "no patient 'I'", {**TRUTH, "I": "rand"}),
    ("the healthy one as well", "no patient 'healthy'", {**TRUTH, "healthy": "test set"}),
    ("small letters", "no patient 'a'.*A", {k.lower(): v for k, v in TRUTH.items()}),
    ("numbers for letters", "no patient 0", dict(enumerate(TRUTH.values()))),
    ("turned round", "Letters come first", {v: k for k, v in TRUTH.items()}),
    ("a name not on the list", "'uniform' is not on the list", {**TRUTH, "C": "uniform"}),
    ("a spelling mistake", "'sigmoid twize' is not on the list", {**TRUTH, "B": "sigmoid twize"}),
    ("another word", "'random' is not on the list", {**TRUTH, "C": "random"}),
    ("the sentence for the name", "is not on the list", {**TRUTH, "C": MISTAKES["rand"]}),
    ("a class for the name", "is not on the list", {**TRUTH, "C": PATIENTS["C"]}),
    ("a list of one name", r"not on the list", {**TRUTH, "C": ["rand"]}),
    ("a set of names", r"not on the list", {**TRUTH, "C": {"rand", "faint"}}),
    ("a number for a name", "not on the list", {**TRUTH, "C": 3}),
    ("the first of the list for all", "1 of 8", dict.fromkeys(PATIENTS, "variance")),
    ("all the test set", "0 of 8", dict.fromkeys(PATIENTS, "test set")),
    ("in the order of the list", "of 8", dict(zip(PATIENTS, MISTAKES, strict=False))),
    ("a list", "list", list(TRUTH.values())),
    ("a list of pairs", "list", list(TRUTH.items())),
    ("a set", "set", set(TRUTH.values())),
    ("a tuple", "tuple", tuple(TRUTH.values())),
    ("a string", "str", "rand"),
    ("a number", "int", 8),
    ("True", "bool", True),
    ("the whole list of mistakes", "Letters come first", dict(MISTAKES)),
    ("the patients", "is not on the list", dict(PATIENTS)),
):
    ANSWERS.wrong(title, hint=hint)(lambda found=found: found)


@ANSWERS.wrong("an error of its own", hint="out of office")
def _():
    raise RuntimeError("out of office")


@ANSWERS.wrong("a key that is not there", hint="KeyError")
def _():
    return {letter: TRUTH[letter] for letter in "ABCDEFGHI"}


@ANSWERS.wrong("an error inside the standard library", hint="json.loads")
def _():
    return json.loads("{A: rand}")


@ANSWERS.wrong("SystemExit", hint="SystemExit|exit")
def _():
    raise SystemExit


@ANSWERS.wrong("recursion", hint="RecursionError")
def again():
    return again()


@ANSWERS.wrong("an argument too many", hint="argument")
def _(patients):
    return dict(TRUTH)


@ANSWERS.wrong("prints it", hint="Return a dict")
def _():
    TRUTH.copy()
    return ""


@ANSWERS.wrong("letter by letter, as a generator", hint="generator")
def _():
    yield from TRUTH.items()


ANSWERS.wrong("the dict, without its function", hint="without calling")(dict(TRUTH))


# Tried when the check was finished, and judged rightly at first sight.
for title, hint, found in (
    ("a dict in the dict", "of type dict.* not on the list", {"A": {"name": "mu at test"}}),
    ("shares", "of type float.* not on the list", dict.fromkeys(TRUTH, 1.0)),
    ("sentences", "is not on the list", {letter: MISTAKES[name] for letter, name in TRUTH.items()}),
    ("C and E exchanged", 'C is not "variance"', {**TRUTH, "C": TRUTH["E"], "E": TRUTH["C"]}),
    ("B and D exchanged", 'B is not "pixel mean"', {**TRUTH, "B": TRUTH["D"], "D": TRUTH["B"]}),
    ("JSON", "of type str", json.dumps(TRUTH)),
    ("items", "dict_items", TRUTH.items()),
):
    ANSWERS.wrong(title, hint=hint)(lambda found=found: found)

ANSWERS.right("merged")(lambda: {"A": "rand"} | TRUTH)
ANSWERS.right("sorted")(lambda: dict(sorted(TRUTH.items())))
ANSWERS.right("words joined")(lambda: {letter: name.replace(" ", "_") for letter, name in TRUTH.items()})
