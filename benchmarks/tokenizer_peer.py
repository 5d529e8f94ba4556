"""tiktoken and Hugging Face `tokenizers`: {"folder"} is answered with versions, and each {"task"} after it with seconds and a SHA-256 of what came out.

Ranks are read from files, since tiktoken would fetch them; the patterns are its own.
"""

import array
import base64
import hashlib
import json
import sys
import time
from pathlib import Path

import tiktoken
import tokenizers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from tiktoken_ext import openai_public


def clock(cpu):
    return time.process_time() if cpu else time.perf_counter()


def encoding(name, path):
    """tiktoken's own constructor with its reader pointed at the file."""
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in Path(path).read_text().splitlines() if line)}
    openai_public.load_tiktoken_bpe = lambda *_, **__: ranks
    openai_public.data_gym_to_mergeable_bpe_ranks = lambda *_, **__: ranks
    return tiktoken.Encoding(**openai_public.ENCODING_CONSTRUCTORS[name]())


def train(path, vocab_size):
    documents = json.loads(Path(path).read_text(encoding="utf-8"))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())

    def run():
        tokenizer.train_from_iterator(documents, trainer)
        return tokenizer

    return run


def main():
    print(json.dumps({"tiktoken": tiktoken.__version__ if hasattr(tiktoken, "__version__") else "", "tokenizers": tokenizers.__version__}), flush=True)
    encodings, kept = {}, {}
    for line in sys.stdin:
        task = json.loads(line)
        kind, cpu = task["task"], task["cpu"]
        if kind == "load":
            encodings[task["name"]] = encoding(task["name"], task["ranks"])
            answer = {}
        elif kind == "encode":
            text = Path(task["file"]).read_bytes().decode("utf-8")
            start = clock(cpu)
            ids = encodings[task["name"]].encode_ordinary(text)
            answer = {"seconds": clock(cpu) - start, "sha256": hashlib.sha256(array.array("I", ids).tobytes()).hexdigest(), "tokens": len(ids)}
            kept["ids"] = ids
        elif kind == "decode":
            start = clock(cpu)
            encodings[task["name"]].decode(kept["ids"])
            answer = {"seconds": clock(cpu) - start}
        else:
            run = train(task["file"], task["vocab_size"])
            start = clock(cpu)
            tokenizer = run()
            answer = {"seconds": clock(cpu) - start, "sha256": hashlib.sha256(tokenizer.to_str(pretty=True).encode()).hexdigest(), "tokens": tokenizer.get_vocab_size()}
        print(json.dumps(answer), flush=True)


main()
