"""embedding and linear."""

import torch
import torch.nn.functional as F

from .op_case import Case, normal


def cases() -> list[Case]:
    return [
        _embedding("repeated_ids", [[3, 0, 3, 3, 9, 1], [0, 3, 7, 7, 9, 9]], 10, 4),
        _embedding("one_id_everywhere", [[2] * 17], 5, 3),
        _embedding("one_id", [[0]], 1, 1),
        _linear("plain", (2, 3, 5), 7, True),
        _linear("no_bias", (4, 6), 3, False),
        _linear("prime", (17, 13), 11, True),
        _linear("one", (1, 1), 1, True),
        _linear("tile_edge", (33, 17), 9, True),
    ]


def _embedding(name: str, ids: list[list[int]], rows: int, width: int) -> Case:
    inputs = {"ids": torch.tensor(ids), "weight": normal(f"embedding/{name}", rows, width)}
    return Case("embedding", name, inputs, lambda given: {"output": F.embedding(given["ids"], given["weight"])})


def _linear(name: str, shape: tuple[int, ...], width: int, has_bias: bool) -> Case:
    inputs = {"x": normal(f"linear/{name}/x", *shape), "weight": normal(f"linear/{name}/weight", width, shape[-1])}
    if has_bias:
        inputs["bias"] = normal(f"linear/{name}/bias", width)
    return Case("linear", name, inputs, lambda given: {"output": F.linear(given["x"], given["weight"], given.get("bias"))})
