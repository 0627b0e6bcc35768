"""The epoch in which a training was saved, so that it goes on there bit for bit."""

import json
from dataclasses import dataclass

from vae_course.checks import is_number

import torch
from torch import Generator, Tensor

# Where the state of torch's CPU generator has two of its numbers, in bytes, and the sum that they have.
_LEFT, _NEXT, _SUM = slice(8, 12), slice(16, 24), 625
_LARGEST = torch.finfo(torch.float32).max


@dataclass(frozen=True)
class Unfinished:
    """What is done of an epoch.

    Raises:
        ValueError: the numbers, or the generator's state, cannot be right.
    """

    terms: list[list[float]]
    """Reconstruction and KL of each batch that is done, in nats per image."""
    generator: bytes
    """The state in which those batches left the generator of random numbers; see `fit`."""
    seconds: float
    """How long they took."""

    def __post_init__(self) -> None:
        if not (isinstance(self.terms, list) and self.terms and all(map(_is_pair, self.terms))):
            raise ValueError(f"unfinished: terms must be pairs of finite numbers, found {str(self.terms)[:100]}")
        if not (is_number(self.seconds) and self.seconds >= 0):
            raise ValueError(f"unfinished: seconds must be a finite number, at least 0, found {self.seconds!r}")
        _check_state(self.state)

    @property
    def state(self) -> Tensor:
        """The generator's state as torch takes it."""
        return torch.frombuffer(bytearray(self.generator), dtype=torch.uint8)

    def to_json(self) -> str:
        """Write it as text; floats come back as they were."""
        return json.dumps({"terms": self.terms, "generator": self.generator.hex(), "seconds": self.seconds})

    @classmethod
    def from_json(cls, text: str) -> "Unfinished":
        """Read it; it may be a stranger's.

        Raises:
            ValueError: a part is missing, or is no such thing.
        """
        fields = json.loads(text)
        if not isinstance(fields, dict) or not isinstance(fields.get("generator"), str):
            raise ValueError(f"unfinished must be an object with a generator, found {text[:100]}")
        return cls(**fields | {"generator": bytes.fromhex(fields["generator"])})


def _is_pair(terms: object) -> bool:
    return isinstance(terms, list) and len(terms) == 2 and all(is_number(term, _LARGEST) for term in terms)


def _check_state(state: Tensor) -> None:
    """Refuse a state by which torch's CPU generator would read past its memory; it checks all else itself."""
    generator = Generator()
    if state.shape == generator.get_state().shape:
        generator.set_state(state)
        left, following = state[_LEFT].view(torch.int32).item(), state[_NEXT].view(torch.int64).item()
        # Fresh, or so far through its 624 numbers.
        if (left, following) != (1, 0) and left + following != _SUM:
            right = f"together they must be {_SUM}"
            raise ValueError(f"unfinished: the generator has {left} numbers left, and is at {following}; {right}")
