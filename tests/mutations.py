"""How input is damaged: bytes, JSON, and lines of text, each time in another way."""

import json
import struct
from random import Random
from typing import Any

ODD_BYTES = [
    b"",
    b"\0",
    b"\xff",
    b"\0" * 8,
    b"\xff" * 8,
    b"\x7f\xff\xff\xff",
    b"\0\0\x08\x03",
    b"\x1f\x8b\x08",
    b"\n",
    b'"',
    b"{",
    b"[" * 2000,
    b"<html>",
    *(struct.pack("<Q", size) for size in (1, 2**31, 2**40, 2**63, 2**64 - 1)),
]
ODD_WORDS = [
    "",
    " ",
    "x",
    "..",
    "../outside.py",
    "/",
    "a/b",
    "course.json",
    "a\0b",
    "\ud800",
    "<script>",
    "é" * 300,
    "NaN",
    "VAE",
    "F32",
    "BF16",
    "embedded",
    "training_step",
    "ImportanceStep(samples=5)",
    "before",
    "elbo/x",
]
ODD_NUMBERS = [0, 1, -1, 2, 10, 0.5, -0.0, 1e308, -1e-320, 2**31, 2**53, 2**63, 2**64, 10**40]
ODD_VALUES: list[Any] = [
    *ODD_WORDS,
    *ODD_NUMBERS,
    None,
    True,
    False,
    float("nan"),
    float("-inf"),
    [],
    {},
    [[]],
    [None],
    {"": {}},
    [0, 1],
    list(range(300)),
    {"low": 0.1, "high": 1.0},
]
ODD_LINES = ["# >>> x\n", "# <<< x\n", "import os\n", "def f(:\n", "\t\n", "raise SystemExit\n", "(" * 300 + "\n"]


def mutate_bytes(content: bytes, rng: Random) -> bytes:
    """Change bytes at one place or at some, most often near the start, where headers are."""
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        near = len(content) if rng.random() < 0.4 else min(len(content), rng.choice([16, 64, 1000]))
        at = rng.randrange(near + 1)
        until = min(len(content), at + rng.choice([1, 1, 1, 2, 4, 8, 100, len(content)]))
        noise = rng.randbytes(rng.choice([1, until - at]))
        new = rng.choice([b"", noise, noise, rng.choice(ODD_BYTES), content[at:until] * 2])
        content = content[:at] + new + content[until:]
    return content


def mutate_json(value: Any, rng: Random) -> Any:
    """Change a value, or one somewhere inside it."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key, changed = rng.choice(list(value)), dict(value)
        match rng.randrange(8):
            case 0:
                del changed[key]
            case 1:
                changed[rng.choice([word for word in ODD_WORDS if isinstance(word, str)])] = changed.pop(key)
            case 2:
                changed["x"] = changed[key]
            case _:
                changed[key] = mutate_json(value[key], rng)
        return changed
    if isinstance(value, list) and value and rng.random() < 0.85:
        at, changed = rng.randrange(len(value)), list(value)
        changed[at : at + 1] = rng.choice([[], [value[at]] * 3, [mutate_json(value[at], rng)]])
        return changed
    if isinstance(value, str) and len(value) > 60 and rng.random() < 0.7:
        at = rng.randrange(min(len(value), rng.choice([40, len(value)])))
        return value[:at] + rng.choice("0123456789abcdef") + value[at + 1 :]
    return rng.choice(ODD_VALUES)


def mutate_json_text(text: str, rng: Random) -> str:
    """Change what a JSON text says, some times over, or now and then its letters."""
    if rng.random() < 0.2:
        return mutate_bytes(text.encode(), rng).decode(errors="replace")
    value = json.loads(text)
    for _ in range(rng.choice([1, 1, 2, 4])):
        value = mutate_json(value, rng)
    return "[" * 100_000 if rng.random() < 0.01 else json.dumps(value)


def mutate_lines(text: str, rng: Random) -> str:
    """Take lines away, double them, swap them, or change a word in them."""
    lines = text.splitlines(keepends=True)
    for _ in range(rng.choice([1, 1, 2, 4])):
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(6):
            case 0:
                lines[at] = ""
            case 1:
                lines[at] *= 2
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines[at] = mutate_bytes(lines[at].encode(errors="replace"), rng).decode(errors="replace")
            case 4:
                lines[at] = lines[at].replace(rng.choice(lines[at].split() or ["x"]), rng.choice(ODD_WORDS))
            case 5:
                lines[at] = rng.choice(ODD_LINES)
    return "".join(lines)


def mutate_safetensors(content: bytes, rng: Random) -> bytes:
    """Change the header of a safetensors file, what its metadata say, or its bytes."""
    if rng.random() < 0.2:
        return mutate_bytes(content, rng)
    (size,) = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8 : 8 + size]), content[8 + size :]
    metadata = header["__metadata__"]
    for _ in range(rng.choice([1, 1, 2])):
        name = rng.choice([*metadata, ""])
        if name and rng.random() < 0.7:
            metadata[name] = _mutate_word(metadata[name], rng)
        else:
            header = mutate_json(header, rng)
            metadata = header.get("__metadata__") if isinstance(header, dict) else None
        if not (isinstance(metadata, dict) and metadata and all(isinstance(v, str) for v in metadata.values())):
            break
    if rng.random() < 0.1:
        data = mutate_bytes(data, rng)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _mutate_word(text: str, rng: Random) -> str:
    """Change a text of the metadata, which may be JSON."""
    if text[:1] in "{[":
        return mutate_json_text(text, rng)
    return rng.choice([*ODD_WORDS, text * 2, text[:-1]])
