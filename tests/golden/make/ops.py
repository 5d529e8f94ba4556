"""ops/: every op of a transformer on small and awkward shapes, one file for an op, `<case>.<tensor>` inside."""

from pathlib import Path

import torch

from . import ops_activations, ops_attention, ops_losses, ops_lookup, ops_norms, ops_rotary
from .files import fresh_folder, write_json, write_tensors
from .op_case import Case, Tensors, evaluate

LAYOUTS = {
    "attention": "q [batch, heads, queries, width], k and v [batch, kv_heads, keys, width], bias [heads, queries, keys]; "
                 "the last query stands at the last key; window w sees the w newest keys, itself included",
    "rope": "q [batch, heads, tokens, width], k [batch, kv_heads, tokens, width], cos and sin [batch, tokens, width]",
}
SOURCES = [ops_norms, ops_activations, ops_lookup, ops_rotary, ops_attention, ops_losses]


def write(golden: Path) -> None:
    folder = fresh_folder(golden / "ops")
    by_op: dict[str, list[Case]] = {}
    for source in SOURCES:
        for case in source.cases():
            by_op.setdefault(case.op, []).append(case)
    index = {}
    for op, cases in by_op.items():
        stored: Tensors = {}
        index[op] = {"file": f"{op}.safetensors", "cases": [_add(case, stored) for case in cases]}
        write_tensors(folder / f"{op}.safetensors", stored)
    write_json(folder / "ops.json", {
        "tensors": "CASE.NAME for inputs and outputs, CASE.grad_OUTPUT as fed in, CASE.grad_INPUT as found",
        "arithmetic": "inputs are float32; outputs and gradients are computed in float64 and rounded once to float32",
        "float32_error": "largest max|a - b| / max(1, max|b|) over the case's tensors when torch computes it in float32 (a) and float64 (b)",
        "layouts": LAYOUTS,
        "ops": index,
    })
    ops_rotary.write_frequencies(folder)


def _add(case: Case, stored: Tensors) -> dict:
    exact = evaluate(case, torch.float64)
    single = evaluate(case, torch.float32)
    inputs = {name: value.int() if not value.is_floating_point() else value for name, value in case.inputs.items()}
    everything = inputs | {name: value.float() for name, value in exact.items()}
    for name, value in everything.items():
        if name not in inputs and not value.isfinite().all():
            raise AssertionError(f"{case.op}/{case.name}: expected finite {name} but found {value}")
    stored |= {f"{case.name}.{name}": value for name, value in everything.items()}
    return {
        "name": case.name,
        "attributes": case.attributes,
        "inputs": list(inputs),
        "outputs": [name for name in exact if f"grad_{name}" in exact],
        "gradients": [f"grad_{name}" for name in case.differentiable()],
        "float32_error": max(_error(single[name], exact[name]) for name in exact),
    }


def _error(found: torch.Tensor, expected: torch.Tensor) -> float:
    return (found.double() - expected).abs().max().item() / max(1.0, expected.abs().max().item())
