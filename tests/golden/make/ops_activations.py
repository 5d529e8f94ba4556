"""Pointwise activations and the gates of an MLP."""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from .op_case import Case, normal


def gelu_tanh(x: torch.Tensor) -> torch.Tensor:
    return F.gelu(x, approximate="tanh")


def relu_squared(x: torch.Tensor) -> torch.Tensor:
    return F.relu(x).square()


def cases() -> list[Case]:
    return [
        *_pointwise("gelu_tanh", gelu_tanh),
        *_pointwise("gelu_erf", F.gelu),
        *_pointwise("silu", F.silu),
        *_pointwise("relu_squared", relu_squared),
        *_gated("silu_gated", F.silu),
        *_gated("gelu_tanh_gated", gelu_tanh),
    ]


def _pointwise(op: str, function: Callable[[torch.Tensor], torch.Tensor]) -> list[Case]:
    extremes = torch.tensor([0.0, -0.0, 1e-6, -1e-6, 5.0, -5.0, 10.0, -10.0, 20.0, -20.0, 90.0, -90.0, 200.0, -200.0])
    inputs = {"plain": 2 * normal(f"{op}/plain", 3, 5, 7), "grid": torch.linspace(-6, 6, 49), "extremes": extremes}
    return [Case(op, name, {"x": x}, lambda given: {"output": function(given["x"])}) for name, x in inputs.items()]


def _gated(op: str, function: Callable[[torch.Tensor], torch.Tensor]) -> list[Case]:
    def case(name: str, *shape: int) -> Case:
        inputs = {"gate": 2 * normal(f"{op}/{name}/gate", *shape), "up": normal(f"{op}/{name}/up", *shape)}
        return Case(op, name, inputs, lambda given: {"output": function(given["gate"]) * given["up"]})

    return [case("plain", 3, 5, 7), case("one", 1, 1), case("wide", 2, 65)]
