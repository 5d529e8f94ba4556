"""rope_half and rope_interleaved, with the cosines and sines that transformers makes, and rope_frequencies.json."""

from pathlib import Path

import torch
from transformers import CohereConfig, LlamaConfig
from transformers.models.cohere import modeling_cohere
from transformers.models.llama import modeling_llama

from .files import write_json
from .op_case import Case, Tensors, normal

DEFAULT = {"rope_type": "default", "rope_theta": 10000.0}
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 128,
}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 256}
PLAIN = [list(range(7))]


def cases() -> list[Case]:
    found = []
    for style in ("half", "interleaved"):
        found += [
            _case(style, "plain", 2, 8, PLAIN * 2),
            _case(style, "one_pair", 1, 2, PLAIN),
            _case(style, "cached", 1, 8, [[5, 6, 7]]),
            _case(style, "packed", 1, 8, [[0, 1, 2, 0, 1, 0, 1, 2, 3]]),
            _case(style, "far", 1, 16, [[0, 1000, 4095, 8191]]),
        ]
    return found + [_case("half", "llama3", 1, 8, [[0, 1, 63, 127, 500]], LLAMA3)]


def write_frequencies(folder: Path) -> None:
    """inv_freq [width / 2] and the factor on cosines and sines, for each kind of scaling."""
    table = {}
    for width in (8, 64):
        for rope in (DEFAULT, LINEAR, LLAMA3, YARN, DEFAULT | {"rope_theta": 1000000.0}):
            module = modeling_llama.LlamaRotaryEmbedding(_llama(width, rope))
            table[f"{rope['rope_type']} theta {rope['rope_theta']:.0f} width {width}"] = {
                "width": width,
                "max_position_embeddings": module.config.max_position_embeddings,
                "rope_parameters": rope,
                "inv_freq": module.inv_freq.tolist(),
                "attention_scaling": float(module.attention_scaling),
            }
    write_json(folder / "rope_frequencies.json", table)


def _llama(width: int, rope: dict) -> LlamaConfig:
    return LlamaConfig(
        hidden_size=width, num_attention_heads=1, head_dim=width, max_position_embeddings=1024, rope_parameters=dict(rope))


def _case(style: str, name: str, batch: int, width: int, positions: list[list[int]], rope: dict = DEFAULT) -> Case:
    label = f"rope_{style}/{name}"
    tokens = len(positions[0])
    inputs = {
        "q": normal(f"{label}/q", batch, 2, tokens, width),
        "k": normal(f"{label}/k", batch, 1, tokens, width),
        "positions": torch.tensor(positions),
    }
    if style == "half":
        module, rotate = modeling_llama.LlamaRotaryEmbedding(_llama(width, rope)), modeling_llama.apply_rotary_pos_emb
    else:
        config = CohereConfig(hidden_size=width, num_attention_heads=1, head_dim=width, rope_parameters=dict(rope))
        module, rotate = modeling_cohere.CohereRotaryEmbedding(config), _rotate_interleaved
    cos, sin = module(inputs["q"], inputs["positions"])

    def forward(given: Tensors) -> Tensors:
        q, k = rotate(given["q"], given["k"], given["cos"], given["sin"])
        return {"q_output": q, "k_output": k}

    return Case(f"rope_{style}", name, inputs | {"cos": cos, "sin": sin}, forward, {
        "rope_parameters": rope,
    }, constants=("cos", "sin"))


def _rotate_interleaved(q: torch.Tensor, k: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> tuple:
    """Cohere's apply_rotary_pos_emb without its cast to float32, which would hide the float64 result."""
    turned = modeling_cohere.rotate_half
    return tuple(x * cos[:, None] + turned(x) * sin[:, None] for x in (q, k))
