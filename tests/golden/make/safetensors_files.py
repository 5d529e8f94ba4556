"""safetensors/: files by the reference writer, with the bytes and values that a reader must find, and a sharded model."""

import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig

from .files import fresh_folder, write_json, write_tensors
from .tiny_models import create

FLOATS = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
}
INTEGERS = {
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
    "U64": torch.uint64, "U32": torch.uint32, "U16": torch.uint16, "U8": torch.uint8,
}
# Types that the format names but few programs store: a reader may refuse them, by name.
RARE = {
    "F8_E4M3FNUZ": torch.float8_e4m3fnuz, "F8_E5M2FNUZ": torch.float8_e5m2fnuz, "F8_E8M0": torch.float8_e8m0fnu,
    "F4": torch.float4_e2m1fn_x2, "C64": torch.complex64,
}


def write(golden: Path) -> None:
    folder = fresh_folder(golden / "safetensors")
    _write_described(folder, "dtypes", _every_dtype(), {"format": "pt"})
    _write_described(folder, "shapes", {
        "scalar": torch.tensor(1.5),
        "empty": torch.zeros(0),
        "empty_rows": torch.zeros(0, 4),
        "empty_columns": torch.zeros(3, 0),
        "five_axes": torch.arange(24, dtype=torch.float32).reshape(1, 2, 3, 1, 4),
        "name with spaces, ünïcode and \"quotes\"": torch.tensor([1.0]),
    }, {"note": "line one\nline two — ünïcode"})  # The writer orders several entries at random, so there is one.
    _write_described(folder, "no-tensors", {}, {"format": "pt"})
    _write_described(folder, "no-metadata", {"x": torch.tensor([1.0, 2.0])}, None)
    # The writer puts wide types first and pads the header to 8 bytes, so that every tensor stays aligned.
    _write_described(folder, "mixed-sizes", {
        "a": torch.tensor([1, 2, 3], dtype=torch.uint8), "b": torch.tensor([1.5, -2.5]),
        "c": torch.tensor([True]), "d": torch.tensor([0.1], dtype=torch.float64),
    }, None)
    save_file(_rare_dtypes(), folder / "rare-dtypes.safetensors")
    write_json(folder / "rare-dtypes.json", {"dtypes": list(RARE)})
    _write_sharded(folder / "sharded")


def _every_dtype() -> dict[str, torch.Tensor]:
    tensors = {}
    for name, dtype in FLOATS.items():
        limits = torch.finfo(dtype)
        values = [0.0, -0.0, 1.0, -1.5, 0.1, limits.max, limits.min, limits.tiny, limits.smallest_normal * limits.eps]
        values += [math.nan] if name == "F8_E4M3" else [math.inf, -math.inf, math.nan]
        tensors[name] = torch.tensor(values, dtype=torch.float64).to(dtype)
    for name, dtype in INTEGERS.items():
        limits = torch.iinfo(dtype)
        tensors[name] = torch.tensor([0, 1, limits.min, limits.max, limits.max - 1], dtype=dtype)
    tensors["BOOL"] = torch.tensor([True, False, True])
    return tensors


def _rare_dtypes() -> dict[str, torch.Tensor]:
    eight_bytes = torch.tensor([0, 1, 56, 64, 127, 128, 200, 255], dtype=torch.uint8)
    return {name: eight_bytes.clone().view(dtype) for name, dtype in RARE.items()}


def _write_described(folder: Path, name: str, tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None) -> None:
    save_file(tensors, folder / f"{name}.safetensors", metadata)
    write_json(folder / f"{name}.json", {
        "metadata": metadata,
        "tensors": {
            key: {
                "dtype": _dtype_name(tensor.dtype),
                "shape": list(tensor.shape),
                "bytes": tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes().hex(),
                "values": [_value(value) for value in _wide(tensor).reshape(-1).tolist()],
            }
            for key, tensor in tensors.items()
        },
    })


def _dtype_name(dtype: torch.dtype) -> str:
    return next(name for name, found in (FLOATS | INTEGERS | {"BOOL": torch.bool}).items() if found == dtype)


def _wide(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.double() if tensor.is_floating_point() else tensor


def _value(value: float | int | bool) -> float | int | bool | str:
    """As JSON can say it: what is not finite, -0 and integers past 2^53 become strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, float) and value == 0 and math.copysign(1, value) < 0:
        return "-0"
    return str(value) if isinstance(value, int) and abs(value) > 2**53 else value


def _write_sharded(folder: Path) -> None:
    config = LlamaConfig(
        vocab_size=20, hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=32, rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
    )
    model = create(config, 300)
    model.save_pretrained(folder, max_shard_size="2KB")
    ids = torch.tensor([[1, 5, 19, 7, 7, 2]])
    with torch.no_grad():
        write_tensors(folder / "logits.safetensors", {"ids.0": ids[0].int(), "logits.0": model(ids).logits[0]})
