"""What trains in fewer epochs than Adam, with which the lessons train."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor
from torch.nn import Parameter
from torch.optim import Adam, Muon


class MuonAndAdam:
    """Muon for a network's matrices and Adam for all else, behind the face of one optimizer.

    Adam scales each number of a gradient by itself. Muon sees a matrix: it sets the singular values of its averaged
    gradient to 1, about, and so moves equally far in every direction that the gradient has (Jordan et al. 2024). The
    steps are made as long as Adam's, so that one learning rate serves both (Liu et al. 2025, section 2.2).
    """

    def __init__(self, parameters: Iterable[Parameter], lr: float):
        parameters = list(parameters)
        matrices, others = ([p for p in parameters if (p.ndim == 2) == matrix] for matrix in (True, False))
        muon = Muon(matrices, lr=lr, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
        self.both = (muon, Adam(others, lr=lr, fused=True))

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Those of both, whose `"lr"` may be changed."""
        return [group for optimizer in self.both for group in optimizer.param_groups]

    @property
    def state(self) -> dict[Parameter, dict[str, Tensor]]:
        """What both remember of each parameter."""
        return {parameter: slots for optimizer in self.both for parameter, slots in optimizer.state.items()}

    def zero_grad(self) -> None:
        """Wipe out the gradients."""
        for optimizer in self.both:
            optimizer.zero_grad()

    def step(self) -> None:
        """Let both take a step."""
        for optimizer in self.both:
            optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """The state of both, with the parameters numbered through."""
        state = {}
        for first, optimizer in self._numbered():
            state |= {first + i: slots for i, slots in optimizer.state_dict()["state"].items()}
        return {"state": state}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        for first, optimizer in self._numbered():
            own = optimizer.state_dict()
            numbers = own["param_groups"][0]["params"]
            state = {i: saved["state"][first + i] for i in numbers if first + i in saved["state"]}
            optimizer.load_state_dict({**own, "state": state})

    def _numbered(self) -> Iterable[tuple[int, Adam | Muon]]:
        muon, adam = self.both
        return (0, muon), (len(muon.param_groups[0]["params"]), adam)
