"""torch.optim.Muon with a Newton–Schulz iteration that stays in the parameter's type.

torch rounds the iterates to bfloat16, which no other implementation repeats digit for digit. Everything else of the step
is torch's own: momentum, Nesterov, decay and the adjusted learning rate.
"""

from collections.abc import Callable
from unittest.mock import patch

import torch


class MuonFloat32(torch.optim.Muon):
    def step(self, closure: Callable | None = None) -> object:
        with patch("torch.optim._muon._zeropower_via_newtonschulz", orthogonalized):
            return super().step(closure)


def orthogonalized(update: torch.Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> torch.Tensor:
    """X ← aX + (bA + cA²)X with A = XXᵀ, from X = update / max(‖update‖, eps), on the shorter side (Jordan et al., 2024)."""
    a, b, c = coefficients
    is_tall = update.shape[0] > update.shape[1]
    x = update.T if is_tall else update
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if is_tall else x
