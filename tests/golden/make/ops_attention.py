"""attention: softmax(scale · QKᵀ + bias) V with grouped heads and every mask that training or decoding needs."""

import torch
import torch.nn.functional as F

from .op_case import Case, Tensors, normal


def cases() -> list[Case]:
    return [
        _case("causal_grouped", batch=2, heads=4, kv_heads=2, queries=7, width=8),
        _case("causal_prime", heads=3, kv_heads=1, queries=17, width=5),
        _case("causal_ungrouped", heads=2, kv_heads=2, queries=6, width=4),
        _case("causal_one_token", heads=2, kv_heads=1, queries=1, width=8),
        _case("causal_tile_edge", heads=2, kv_heads=1, queries=33, width=8),
        _case("not_causal", heads=2, kv_heads=1, queries=4, keys=6, width=8, causal=False),
        _case("cached_keys", batch=2, heads=4, kv_heads=2, queries=3, keys=9, width=8),
        _case("sliding_window", heads=2, kv_heads=1, queries=11, width=8, window=4),
        _case("sliding_window_of_one", heads=2, kv_heads=1, queries=5, width=4, window=1),
        _case("sliding_window_cached", heads=2, kv_heads=1, queries=2, keys=9, width=4, window=3),
        _case("packed", batch=2, heads=2, kv_heads=1, queries=12, width=8, segments=[
            [0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]]),
        _case("packed_window", heads=2, kv_heads=1, queries=12, width=8, window=3, segments=[
            [0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2]]),
        _case("packed_not_causal", heads=2, kv_heads=2, queries=8, width=4, causal=False, segments=[
            [0, 0, 0, 1, 1, 1, 1, 2]]),
        _case("bias", heads=4, kv_heads=2, queries=7, width=8, has_bias=True),
        _case("explicit_scale", heads=2, kv_heads=1, queries=6, width=8, scale=0.75),
        _case("large_scores", heads=2, kv_heads=1, queries=6, width=8, scale=30.0),
    ]


def allowed_keys(queries: int, keys: int, causal: bool, window: int | None, segments: torch.Tensor | None) -> torch.Tensor:
    """[batch or 1, 1, queries, keys], true where a query sees a key; the last query stands at the last key."""
    query_at = torch.arange(keys - queries, keys)[:, None]
    key_at = torch.arange(keys)[None, :]
    seen = torch.ones(1, 1, queries, keys, dtype=torch.bool)
    if causal:
        seen = seen & (key_at <= query_at)
    if window is not None:
        seen = seen & (key_at > query_at - window)
    if segments is not None:
        seen = seen & (segments[:, None, -queries:, None] == segments[:, None, None, :])
    return seen


def _case(name: str, *, heads: int, kv_heads: int, queries: int, width: int, batch: int = 1, keys: int | None = None,
          causal: bool = True, window: int | None = None, scale: float | None = None, has_bias: bool = False,
          segments: list[list[int]] | None = None) -> Case:
    keys = queries if keys is None else keys
    inputs = {
        "q": normal(f"attention/{name}/q", batch, heads, queries, width),
        "k": normal(f"attention/{name}/k", batch, kv_heads, keys, width),
        "v": normal(f"attention/{name}/v", batch, kv_heads, keys, width),
    }
    if has_bias:
        inputs["bias"] = normal(f"attention/{name}/bias", heads, queries, keys)
    if segments is not None:
        inputs["segments"] = torch.tensor(segments)
    seen = allowed_keys(queries, keys, causal, window, inputs.get("segments"))

    def forward(given: Tensors) -> Tensors:
        mask = torch.zeros(seen.shape, dtype=given["q"].dtype).masked_fill(~seen, -torch.inf)
        if has_bias:
            mask = mask + given["bias"]
        output = F.scaled_dot_product_attention(
            given["q"], given["k"], given["v"], attn_mask=mask, scale=scale, enable_gqa=True)
        return {"output": output}

    return Case("attention", name, inputs, forward, {
        "causal": causal,
        "window": window,
        "scale": width**-0.5 if scale is None else scale,
    })
