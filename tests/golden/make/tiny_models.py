"""The tiny models of the fixtures: every architecture's special feature switched on, nothing left at 0 or 1."""

import torch
from transformers import GPT2Config, LlamaConfig, PreTrainedConfig, PreTrainedModel, Qwen2Config, Qwen3Config
from transformers import AutoModelForCausalLM

VOCABULARY = 96
LLAMA_LIKE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "bos_token_id": 1,
    "eos_token_id": 2,
}

CONFIGS: dict[str, PreTrainedConfig] = {
    "gpt2": GPT2Config(
        vocab_size=VOCABULARY, n_positions=64, n_embd=24, n_layer=2, n_head=4,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=1, eos_token_id=2,
    ),
    # With head_dim 8 the wavelengths are 6.3, 63, 628 and 6283: the limits 32 and 128 leave the first as it is,
    # blend the second and stretch the last two, so that all three branches of llama3 scaling count.
    "llama": LlamaConfig(
        **LLAMA_LIKE,
        tie_word_embeddings=False,
        rope_parameters={
            "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0,
            "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 128,
        },
    ),
    "llama-tied": LlamaConfig(
        **(LLAMA_LIKE | {"num_key_value_heads": 4}),
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
    ),
    "qwen2": Qwen2Config(
        **LLAMA_LIKE,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 1000000.0},
    ),
    "qwen3": Qwen3Config(
        **LLAMA_LIKE,
        head_dim=16,
        tie_word_embeddings=False,
        rope_parameters={"rope_type": "default", "rope_theta": 1000000.0},
    ),
}


def create(config: PreTrainedConfig, seed: int) -> PreTrainedModel:
    """A model in float32 with matrices and biases of N(0, 0.2²) and norm weights of N(1, 0.3²)."""
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            is_norm_weight = parameter.ndim == 1 and name.endswith("weight")
            parameter.copy_(1 + 0.3 * noise if is_norm_weight else 0.2 * noise)
    return model.eval()


def copy_of(model: PreTrainedModel, dtype: torch.dtype) -> PreTrainedModel:
    """The same weights in another type, as a model of its own."""
    copy = AutoModelForCausalLM.from_config(model.config, attn_implementation="eager", dtype=torch.float32)
    copy.load_state_dict(model.state_dict())
    return copy.to(dtype).eval()
