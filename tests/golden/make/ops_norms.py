"""layer_norm, rms_norm, softmax and log_softmax over the last axis."""

import torch
import torch.nn.functional as F

from .op_case import Case, Tensors, normal


def cases() -> list[Case]:
    return [*_layer_norm(), *_rms_norm(), *_softmax("softmax", F.softmax), *_softmax("log_softmax", F.log_softmax)]


def _rows() -> Tensors:
    constant = normal("norm/constant", 3, 8)
    constant[1] = 3.0
    return {
        "plain": normal("norm/plain", 2, 5, 32),
        "prime": normal("norm/prime", 7, 13),
        "one_column": normal("norm/one_column", 3, 1),
        "one_row": normal("norm/one_row", 1, 65),
        "constant_row": constant,
        "large_mean": 1000 + normal("norm/large_mean", 4, 16),
        "tiny_values": 1e-4 * normal("norm/tiny_values", 4, 16),
    }


def _layer_norm() -> list[Case]:
    def case(name: str, x: torch.Tensor, has_bias: bool) -> Case:
        width = x.shape[-1]
        inputs = {"x": x, "weight": 1 + 0.3 * normal(f"layer_norm/{name}/weight", width)}
        if has_bias:
            inputs["bias"] = 0.2 * normal(f"layer_norm/{name}/bias", width)
        return Case("layer_norm", name, inputs, lambda given: {
            "output": F.layer_norm(given["x"], (width,), given["weight"], given.get("bias"), 1e-5),
        }, {"eps": 1e-5})

    return [case(name, x, True) for name, x in _rows().items()] + [case("no_bias", normal("layer_norm/no_bias", 4, 6), False)]


def _rms_norm() -> list[Case]:
    def case(name: str, x: torch.Tensor, weight_offset: int) -> Case:
        width = x.shape[-1]
        inputs = {"x": x, "weight": 1 - weight_offset + 0.3 * normal(f"rms_norm/{name}/weight", width)}
        return Case("rms_norm", name, inputs, lambda given: {
            "output": F.rms_norm(given["x"], (width,), weight_offset + given["weight"], 1e-6),
        }, {"eps": 1e-6, "weight_offset": weight_offset})

    with_zeros = normal("rms_norm/zero_row", 3, 8)
    with_zeros[2] = 0
    rows = _rows() | {"zero_row": with_zeros}
    return [case(name, x, 0) for name, x in rows.items()] + [case("weight_plus_one", normal("rms_norm/plus", 4, 6), 1)]


def _softmax(op: str, function: object) -> list[Case]:
    masked = normal(f"{op}/masked", 4, 9)
    rows = {
        "plain": normal(f"{op}/plain", 5, 7),
        "one_column": normal(f"{op}/one_column", 3, 1),
        "wide": normal(f"{op}/wide", 2, 2, 65),
        "large_values": 90 * normal(f"{op}/large_values", 4, 9),
        "equal_values": torch.full((2, 6), -5.0),
    }
    if op == "softmax":
        for row in range(4):
            masked[row, row + 1:] = -torch.inf
        rows["masked"] = masked
    return [Case(op, name, {"x": x}, lambda given: {"output": function(given["x"], dim=-1)}) for name, x in rows.items()]
