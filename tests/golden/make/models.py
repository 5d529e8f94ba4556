"""models/<name>/: a checkpoint as transformers writes it, its logits, and its greedy continuations."""

import json
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from .files import fresh_folder, write_json, write_tensors
from .legacy_config import legacy_config
from .tiny_models import CONFIGS, VOCABULARY, copy_of, create

PROMPT_LENGTHS = [3, 11, 24]
NEW_TOKENS = 12


def write(golden: Path) -> None:
    for seed, (name, config) in enumerate(CONFIGS.items(), start=1):
        folder = fresh_folder(golden / "models" / name)
        model = create(config, seed)
        model.save_pretrained(folder)
        generator = torch.Generator().manual_seed(100 + seed)
        prompts = [torch.randint(3, VOCABULARY, (1, length), generator=generator) for length in PROMPT_LENGTHS]
        _write_logits(folder, model, prompts)
        _write_continuations(folder, model, prompts)
        _write_legacy_config(folder, prompts[-1], model)


def _write_logits(folder: Path, model: PreTrainedModel, prompts: list[torch.Tensor]) -> None:
    exact = copy_of(model, torch.float64)
    tensors: dict[str, torch.Tensor] = {}
    rounding = 0.0
    with torch.no_grad():
        for index, ids in enumerate(prompts):
            logits = model(ids).logits
            rounding = max(rounding, (logits.double() - exact(ids).logits).abs().max().item())
            tensors[f"ids.{index}"] = ids[0].int()
            tensors[f"logits.{index}"] = logits[0]
        for layer, state in enumerate(model(prompts[1], output_hidden_states=True).hidden_states):
            tensors[f"hidden_states.{layer}"] = state[0]
    write_tensors(folder / "logits.safetensors", tensors)
    write_json(folder / "logits.json", {
        "ids.N, logits.N": "prompt N as [tokens] and its logits as [tokens, vocabulary], float32, no dropout",
        "hidden_states.L": "for prompt 1: 0 is the embedding, L the output of block L, the last one after the final norm",
        "max_difference_from_float64": rounding,
    })


def _write_continuations(folder: Path, model: PreTrainedModel, prompts: list[torch.Tensor]) -> None:
    def continuations(eos_token_id: int | None) -> list[list[int]]:
        return [_greedy(model, ids, eos_token_id)[0] for ids in prompts]

    free = continuations(None)
    # A token that the second prompt's continuation reaches late, so that stopping is seen to happen there.
    stop = free[1][NEW_TOKENS // 2]
    write_json(folder / "generate.json", {
        "max_new_tokens": NEW_TOKENS,
        "prompts": [ids[0].tolist() for ids in prompts],
        "continuations": free,
        "smallest_gap_between_best_two_logits": min(_greedy(model, ids, None)[1] for ids in prompts),
        "with_eos": {"eos_token_id": stop, "continuations": continuations(stop)},
    })


def _greedy(model: PreTrainedModel, ids: torch.Tensor, eos_token_id: int | None) -> tuple[list[int], float]:
    model.generation_config.eos_token_id = eos_token_id
    out = model.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=NEW_TOKENS, pad_token_id=0,
        return_dict_in_generate=True, output_logits=True,
    )
    best = torch.cat(out.logits).topk(2).values
    return out.sequences[0, ids.shape[1]:].tolist(), (best[:, 0] - best[:, 1]).min().item()


def _write_legacy_config(folder: Path, ids: torch.Tensor, model: PreTrainedModel) -> None:
    legacy = legacy_config(json.loads((folder / "config.json").read_text()))
    (folder / "config.legacy.json").write_text(json.dumps(legacy, indent=2, sort_keys=True) + "\n")
    options = {key: value for key, value in legacy.items() if key != "model_type"}
    config = AutoConfig.for_model(legacy["model_type"], **options)
    again = AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32).eval()
    again.load_state_dict(model.state_dict())
    with torch.no_grad():
        if not torch.equal(again(ids).logits, model(ids).logits):
            raise AssertionError(f"{folder.name}: expected config.legacy.json to mean the same model as config.json")
