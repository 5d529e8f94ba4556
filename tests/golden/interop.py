"""Reads a run folder that this library wrote with transformers and tokenizers: `python interop.py RUN [--json]`.

Checks, each named in the result:
  weights    every parameter of the model is in the files, with its shape, and nothing else is
  logits     where RUN/logits.safetensors holds `ids` and `logits` (or `ids.0`, `logits.0`, …): the same logits; beside them `mask` (1 where
             a token counts) and, for a model with an encoder and a decoder, `decoder_ids` and `decoder_mask`, each with the same ending
  tokenizer  where RUN/tokenizer-ids.json holds {"strings": […], "ids": [[…]], "add_special_tokens": true}: the same ids
Exit code 0 if all that applied passed, else 1.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file
from tokenizers import Tokenizer

MAX_DIFFERENCE = 1e-4


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder with config.json and model.safetensors")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--max-difference", type=float, default=MAX_DIFFERENCE, help="largest allowed |logit - logit|")
    options = parser.parse_args()
    transformers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    checks = run_checks(options.run, options.max_difference)
    ok = all(check["ok"] for check in checks.values())
    if options.json:
        print(json.dumps({"run": str(options.run), "ok": ok, "checks": checks}, indent=2, ensure_ascii=False))
    else:
        for name, check in checks.items():
            facts = ", ".join(f"{key} {value}" for key, value in check.items() if key != "ok")
            print(f"{'ok  ' if check['ok'] else 'FAIL'} {name}: {facts}")
    return 0 if ok else 1


def run_checks(run: Path, max_difference: float) -> dict[str, dict]:
    loaded: list[transformers.PreTrainedModel] = []
    checks = {"weights": _guarded(lambda: check_weights(run, loaded))}
    if (run / "logits.safetensors").exists():
        checks["logits"] = _guarded(lambda: check_logits(run, loaded, max_difference))
    if (run / "tokenizer.json").exists() or (run / "tokenizer-ids.json").exists():
        checks["tokenizer"] = _guarded(lambda: check_tokenizer(run))
    return checks


def check_weights(run: Path, loaded: list[transformers.PreTrainedModel]) -> dict:
    if not (run / "config.json").exists():
        raise FileNotFoundError(f"expected config.json in {run}")
    # Without ignore_mismatched_sizes a wrong shape raises, and the lists that say where would be lost.
    model, info = auto_class(json.loads((run / "config.json").read_text(encoding="utf-8"))).from_pretrained(
        run, output_loading_info=True, ignore_mismatched_sizes=True, dtype=torch.float32,
        attn_implementation="eager", local_files_only=True)
    loaded.append(model.eval())
    problems = {kind: sorted(map(str, found)) for kind, found in info.items() if found}
    return {"ok": not problems, "model": type(model).__name__, "parameters": model.num_parameters(), **problems}


def auto_class(config: dict) -> type:
    """The class of transformers that loads a model of this kind with its head."""
    architecture = (config.get("architectures") or [""])[0]
    if architecture.startswith("GLM"):
        raise ValueError("the original GLM is no model of transformers, whose glm is another; compare with its authors' code")
    if config.get("is_encoder_decoder"):
        return transformers.AutoModelForSeq2SeqLM
    if architecture.endswith("ForSequenceClassification"):
        return transformers.AutoModelForSequenceClassification
    return transformers.AutoModelForMaskedLM if architecture.endswith("ForMaskedLM") else transformers.AutoModelForCausalLM


def check_logits(run: Path, loaded: list[transformers.PreTrainedModel], max_difference: float) -> dict:
    if not loaded:
        raise ValueError("expected a model to compare with but it did not load")
    stored = load_file(run / "logits.safetensors")
    suffixes = sorted(name.removeprefix("ids") for name in stored if name == "ids" or name.startswith("ids."))
    if not suffixes:
        raise ValueError(f"expected ids and logits in logits.safetensors but found {sorted(stored)}")
    largest = 0.0
    for suffix in suffixes:
        def given(name: str) -> torch.Tensor | None:
            return torch.atleast_2d(stored[f"{name}{suffix}"].long()) if f"{name}{suffix}" in stored else None

        inputs = {"input_ids": given("ids"), "attention_mask": given("mask"), "decoder_input_ids": given("decoder_ids"), "decoder_attention_mask": given("decoder_mask")}
        with torch.no_grad():
            expected = loaded[0](**{name: value for name, value in inputs.items() if value is not None}).logits
        ours = stored[f"logits{suffix}"].float()
        if ours.numel() != expected.numel():
            raise ValueError(f"logits{suffix}: expected {list(expected.shape)} but found {list(ours.shape)}")
        # What stands at padding depends on what is done where nothing counts.
        counted = given("decoder_mask" if "decoder_ids" + suffix in stored else "mask")
        rows = torch.ones(expected.shape[:-1], dtype=torch.bool) if counted is None else counted.bool()
        difference = (ours.reshape(expected.shape) - expected)[rows].abs().max().item()
        # max() would drop a NaN.
        largest = max(largest, difference) if difference == difference else float("inf")
    return {"ok": largest <= max_difference, "max_difference": str(largest) if largest == float("inf") else largest,
            "allowed": max_difference, "prompts": len(suffixes)}


def check_tokenizer(run: Path) -> dict:
    tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
    facts = {"vocabulary": tokenizer.get_vocab_size(with_added_tokens=True)}
    listing = run / "tokenizer-ids.json"
    if not listing.exists():
        return {"ok": True, **facts, "strings": 0}
    given = json.loads(listing.read_text(encoding="utf-8"))
    strings, ids = given["strings"], given["ids"]
    if len(strings) != len(ids):
        raise ValueError(f"tokenizer-ids.json: expected one list of ids for each of {len(strings)} strings but found {len(ids)}")
    encodings = tokenizer.encode_batch(strings, add_special_tokens=given.get("add_special_tokens", True))
    differing = [
        {"string": string, "ours": ours, "theirs": theirs.ids}
        for string, ours, theirs in zip(strings, ids, encodings) if theirs.ids != ours
    ]
    return {"ok": not differing, **facts, "strings": len(strings), "differing": len(differing), "first_differing": differing[:3]}


def _guarded(check: Callable[[], dict]) -> dict:
    """A file that cannot be read is a failed check with its reason, not a traceback."""
    try:
        return check()
    except Exception as error:
        return {"ok": False, "error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    sys.exit(main())
