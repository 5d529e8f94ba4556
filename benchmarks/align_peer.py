"""Training steps of PEFT, or of TRL's DPOTrainer, on the CPU: one for each line that comes in.

First line: {"what": "peft" | "trl", "config": as config.json has it, "peft": {"rank", "alpha", "targets", "rows": ids}, "trl": {"pairs", "cached"}}
Answer: {"torch": version, ...}. Every further line: {"threads": count, "cpu": whether to count CPU seconds instead of time};
answer: {"seconds", "loss"}.
"""
import json
import os
import sys
import tempfile
import time

os.environ.update(CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1", TQDM_DISABLE="1", TOKENIZERS_PARALLELISM="false")
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what the libraries print is not an answer

import torch  # noqa: E402
import transformers  # noqa: E402

transformers.logging.set_verbosity_error()


def answer(value):
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def llama(config):
    torch.manual_seed(0)
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**{key: value for key, value in config.items() if key != "model_type"}))


def peft_step(config, rank, alpha, targets, rows):
    import peft

    model = peft.get_peft_model(llama(config), peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, task_type="CAUSAL_LM"))
    model.train()
    ids = torch.tensor(rows)
    return model, lambda: model(input_ids=ids, labels=ids, use_cache=False).loss, {"peft": peft.__version__}


def trl_step(config, pairs, cached):
    import trl
    from datasets import Dataset, disable_progress_bars
    from tokenizers import Tokenizer, models, pre_tokenizers

    disable_progress_bars()
    folder = tempfile.mkdtemp()
    llama(config).save_pretrained(folder)
    # Every id is a word, so that the tokens are the given ones.
    word = lambda i: ("<pad>", "<s>", "</s>")[i] if i < 3 else f"w{i}"  # noqa: E731
    words = Tokenizer(models.WordLevel({word(i): i for i in range(config["vocab_size"])}, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    text = lambda ids: " ".join(map(word, ids))  # noqa: E731
    data = [{"prompt": text(p["prompt"]), "chosen": " " + text(p["chosen"]), "rejected": " " + text(p["rejected"])} for p in pairs]
    trainer = trl.DPOTrainer(
        model=transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), train_dataset=Dataset.from_list(data), processing_class=tokenizer,
        args=trl.DPOConfig(
            folder, per_device_train_batch_size=len(pairs), gradient_checkpointing=False, precompute_ref_log_probs=cached, use_cpu=True, bf16=False,
            report_to="none", save_strategy="no", disable_tqdm=True, max_length=None,
        ),
    )
    model = trainer.model
    model.train()
    inputs = next(iter(trainer.get_train_dataloader()))
    counts = {"tokens": int(inputs["attention_mask"].sum()), "places": inputs["input_ids"].numel()}
    return model, lambda: trainer.compute_loss(model, inputs), {"trl": trl.__version__, **counts}


def main():
    setup = json.loads(sys.stdin.readline())
    make = {"peft": peft_step, "trl": trl_step}[setup["what"]]
    model, loss_of, versions = make(setup["config"], **setup[setup["what"]])
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, 1e-6)
    answer({"torch": torch.__version__, "trained": sum(parameter.numel() for parameter in trained), **versions})
    for line in sys.stdin:
        asked = json.loads(line)
        torch.set_num_threads(asked["threads"])
        clock = time.process_time if asked["cpu"] else time.perf_counter
        start = clock()
        loss = loss_of()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        value = loss.item()
        answer({"seconds": clock() - start, "loss": value})


main()
