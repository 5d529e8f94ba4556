"""optimizers/: twenty steps of each optimizer on the same few tensors with the same gradients."""

from pathlib import Path

import torch

from .files import fresh_folder, write_json, write_tensors
from .fixed_numbers import DESCRIPTION, FixedNumbers
from .optimizer_variants import VARIANTS, Variant

STEPS = 20
SMALL = {"wide": (4, 6), "tall": (7, 3), "bias": (7,), "gain": (1,)}
BIG = {"big": (130, 140)}
# The matrix that is large enough to be factored everywhere is sampled, to keep the file small.
BIG_ROW_STRIDE = 10
SEEDS = {"wide": 1, "tall": 2, "bias": 3, "gain": 4, "big": 5}


def write(golden: Path) -> None:
    folder = fresh_folder(golden / "optimizers")
    inputs = {name: numbers(name, shape) for name, shape in (SMALL | BIG).items()}
    stored = {f"init.{name}": inputs[name][0] for name in SMALL}
    stored |= {f"grads.{name}": inputs[name][1] for name in SMALL}
    write_tensors(folder / "inputs.safetensors", stored)
    index = {}
    for key, variant in VARIANTS.items():
        names = [name for name in inputs if variant.accepts(name)]
        small = [name for name in names if name in SMALL]
        single = {name: run(variant, *inputs[name]) for name in names}
        tensors = {f"params.{name}": single[name] for name in small}
        tensors |= {f"final.{name}": single[name][-1][::BIG_ROW_STRIDE] for name in names if name in BIG}
        write_tensors(folder / f"{key}.safetensors", tensors)
        index[key] = {"reference": variant.reference, "options": variant.options, "tensors": names}
        if variant.note:
            index[key]["note"] = variant.note
        if not variant.half_precision:
            index[key]["max_difference_from_float64"] = max(
                (single[name] - run(variant, *(value.double() for value in inputs[name]))).abs().max().item()
                for name in names
            )
    write_json(folder / "optimizers.json", {
        "steps": STEPS,
        "files": {
            "inputs.safetensors": "init.NAME [...shape] and grads.NAME [step, ...shape] of the small tensors",
            "VARIANT.safetensors": "params.NAME [step, ...shape] after each step; "
                                   f"final.big: rows 0, {BIG_ROW_STRIDE}, {2 * BIG_ROW_STRIDE}, … after the last step",
        },
        "generator": DESCRIPTION,
        "numbers": "init = numbers / 2; then for step t = 0, 1, …: grad = numbers / 2^(t mod 4), "
                   "set to 0 where the flat index mod 11 is 5",
        "seeds": SEEDS,
        "shapes": {name: list(shape) for name, shape in (SMALL | BIG).items()},
        "variants": index,
    })


def numbers(name: str, shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Initial value and gradients [step, ...shape]: their scale changes over time and some are always 0."""
    source = FixedNumbers(SEEDS[name])
    init = source.take(shape) / 2
    dead = (torch.arange(init.numel()) % 11 == 5).reshape(shape)
    return init, torch.stack([source.take(shape).masked_fill(dead, 0) / 2 ** (step % 4) for step in range(STEPS)])


def run(variant: Variant, init: torch.Tensor, grads: torch.Tensor) -> torch.Tensor:
    """Parameter values after each step, [step, ...shape]."""
    shape = variant.seen_as(init.shape)
    parameter = torch.nn.Parameter(init.clone().reshape(shape))
    optimizer = variant.create([parameter])
    after = []
    for grad in grads:
        parameter.grad = grad.clone().reshape(shape)
        optimizer.step()
        after.append(parameter.detach().clone().reshape(init.shape))
    return torch.stack(after)
