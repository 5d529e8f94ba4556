"""One op on one set of inputs: outputs and gradients by torch's autograd."""

from collections.abc import Callable
from dataclasses import dataclass, field
from zlib import crc32

import torch

Tensors = dict[str, torch.Tensor]


@dataclass
class Case:
    """`forward` maps the inputs to the outputs; floating inputs not named in `constants` get a gradient."""

    op: str
    name: str
    inputs: Tensors
    forward: Callable[[Tensors], Tensors]
    attributes: dict = field(default_factory=dict)
    constants: tuple[str, ...] = ()

    def differentiable(self) -> list[str]:
        return [name for name, value in self.inputs.items() if value.is_floating_point() and name not in self.constants]


def normal(label: str, *shape: int) -> torch.Tensor:
    """Standard normal float32 numbers that depend on the label alone, so that a new case leaves the others as they are."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(crc32(label.encode())))


def evaluate(case: Case, dtype: torch.dtype) -> Tensors:
    """Outputs, `grad_<output>` as drawn (1 for a scalar), and `grad_<input>`, computed in the given type."""
    inputs = {
        name: value.to(dtype).requires_grad_(name in case.differentiable()) if value.is_floating_point() else value
        for name, value in case.inputs.items()
    }
    outputs = case.forward(inputs)
    seeds = {
        name: normal(f"{case.op}/{case.name}/{name}", *value.shape) if value.ndim else torch.tensor(1.0)
        for name, value in outputs.items()
    }
    torch.autograd.backward(list(outputs.values()), [seeds[name].to(dtype) for name in outputs])
    found = {name: value.detach() for name, value in outputs.items()}
    found |= {f"grad_{name}": value for name, value in seeds.items()}
    return found | {f"grad_{name}": inputs[name].grad for name in case.differentiable()}
