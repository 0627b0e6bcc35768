"""Muon: fewer epochs than Adam, which the lessons use."""

from collections.abc import Iterable
from typing import Any

from torch.nn import Parameter
from torch.optim import Adam, Muon, Optimizer


class MuonAndAdam(Optimizer):
    """Muon for a network's matrices and Adam for all else, as one optimizer.

    Adam scales each number of a gradient by itself. Muon sees a matrix: it sets the singular values of its averaged
    gradient to 1, about, and so moves equally far in every direction that the gradient has (Jordan et al. 2024). The
    steps are made as long as Adam's, so that one learning rate serves both (Liu et al. 2025, section 2.2).
    """

    def __init__(self, parameters: Iterable[Parameter], lr: float):
        parameters = list(parameters)
        matrices, others = ([p for p in parameters if (p.ndim == 2) == matrix] for matrix in (True, False))
        muon = Muon(matrices, lr=lr, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
        self.both = (muon, Adam(others, lr=lr, fused=True))
        super().__init__([group for optimizer in self.both for group in optimizer.param_groups], {"lr": lr})
        self._share()

    def step(self, closure: None = None) -> None:
        """Take a step with both."""
        for optimizer in self.both:
            optimizer.step()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        super().load_state_dict(state_dict)
        self._share()

    def _share(self) -> None:
        """Let both work on this optimizer's groups and state."""
        for optimizer, group in zip(self.both, self.param_groups, strict=True):
            optimizer.param_groups, optimizer.state = [group], self.state
