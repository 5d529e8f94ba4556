"""trajectories/<name>: ten AdamW steps from the fixture model of that name, gradients and final weights by name."""

from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, PreTrainedModel

from .files import fresh_folder, write_json, write_tensors
from .tiny_models import VOCABULARY, copy_of

STEPS, BATCH, TOKENS = 10, 2, 24
IGNORED = -100
ADAMW = {"lr": 1e-3, "betas": (0.9, 0.95), "eps": 1e-8}
WEIGHT_DECAY = 0.1
MAX_NORM = 1.0
# A key bias adds the same to every score of a row, so softmax ignores it and its true gradient is 0. What rounding
# leaves is divided by its own size in Adam: these elements walk at random by up to lr a step and agree with nobody.
ROUNDING_ONLY = {"gpt2": {f"transformer.h.{layer}.attn.c_attn.bias": [24, 48] for layer in range(2)}}


def write(golden: Path) -> None:
    fresh_folder(golden / "trajectories")
    for seed, name in enumerate(["gpt2", "llama"], start=200):
        source = golden / "models" / name
        model = AutoModelForCausalLM.from_pretrained(source, attn_implementation="eager", dtype=torch.float32)
        ids, labels = batches(seed)
        exact = run(copy_of(model, torch.float64), ids, labels)
        single = run(model, ids, labels)
        if not single["grad_norm"][0] > MAX_NORM:
            raise AssertionError(f"{name}: expected clipping to act but found gradient norm {single['grad_norm'][0]}")
        tensors = {"ids": ids.int(), "labels": labels.int()}
        tensors |= {f"grad.{key}": value for key, value in single["first_gradients"].items()}
        tensors |= {f"final.{key}": value for key, value in single["final"].items()}
        write_tensors(golden / "trajectories" / f"{name}.safetensors", tensors)
        write_json(golden / "trajectories" / f"{name}.json", {
            "initial_weights": f"models/{name}/model.safetensors",
            "loss": "mean over the labels that are not -100 of the cross-entropy of logits[:, t] with labels[:, t + 1]",
            "optimizer": {"name": "torch.optim.AdamW", **ADAMW, "betas": list(ADAMW["betas"])},
            "weight_decay": WEIGHT_DECAY,
            "decayed": single["decayed"],
            "not_decayed": single["not_decayed"],
            "clip_global_norm": MAX_NORM,
            "ids, labels": "int32 [step, batch, token]",
            "grad.NAME": "gradient at step 0, before clipping",
            "final.NAME": "weight after the last step",
            "losses": single["loss"],
            "grad_norms_before_clipping": single["grad_norm"],
            "losses_float64": exact["loss"],
            "grad_norms_before_clipping_float64": exact["grad_norm"],
            "rounding_only": ROUNDING_ONLY.get(name, {}),
            "max_difference_from_float64": {
                "grad": differences(single["first_gradients"], exact["first_gradients"]),
                "final": differences(single["final"], exact["final"]),
            },
        })


def batches(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids that mostly follow next = 5·id + 7 (mod 96), so that there is something to learn; some labels are ignored."""
    generator = torch.Generator().manual_seed(seed)
    shape = (STEPS, BATCH, TOKENS)
    ids = torch.randint(0, VOCABULARY, shape, generator=generator)
    surprising = torch.rand(shape, generator=generator) < 0.15
    for token in range(1, TOKENS):
        follows = (5 * ids[..., token - 1] + 7) % VOCABULARY
        ids[..., token] = torch.where(surprising[..., token], ids[..., token], follows)
    labels = ids.clone()
    # A prompt prefix in one row, padding at the end of the other, and single holes: three ways to ignore a label.
    labels[:, 0, :6] = IGNORED
    labels[:, 1, 20:] = IGNORED
    labels[torch.rand(shape, generator=generator) < 0.1] = IGNORED
    return ids, labels


def run(model: PreTrainedModel, ids: torch.Tensor, labels: torch.Tensor) -> dict:
    model.train()
    parameters = dict(model.named_parameters())
    decayed = [name for name, parameter in parameters.items() if is_decayed(name, parameter)]
    not_decayed = [name for name in parameters if name not in decayed]
    optimizer = torch.optim.AdamW([
        {"params": [parameters[name] for name in decayed], "weight_decay": WEIGHT_DECAY},
        {"params": [parameters[name] for name in not_decayed], "weight_decay": 0.0},
    ], **ADAMW, foreach=False)
    result: dict = {"decayed": decayed, "not_decayed": not_decayed, "loss": [], "grad_norm": []}
    for step in range(STEPS):
        logits = model(ids[step]).logits
        loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[step, :, 1:].flatten(), ignore_index=IGNORED)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            result["first_gradients"] = {name: parameter.grad.clone() for name, parameter in parameters.items()}
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), MAX_NORM, foreach=False)
        optimizer.step()
        result["loss"].append(loss.item())
        result["grad_norm"].append(norm.item())
    result["final"] = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    return result


def is_decayed(name: str, parameter: torch.Tensor) -> bool:
    """Matrices only: neither embeddings (a tied head is one), nor norms, nor biases. An untied lm_head is a matrix."""
    is_embedding = any(part in name for part in ("wte", "wpe", "embed_tokens"))
    return parameter.ndim == 2 and not is_embedding


def differences(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> dict[str, float]:
    return {name: (found[name].double() - expected[name]).abs().max().item() for name in found}
