"""What Hugging Face `tokenizers` and `rustbpe` train, for ../trained-tokenizers.mjs:

    python peer.py JOBS.json

Writes the file of each job and, as a line of JSON to the standard output, how long its training took. Where a job asks for words it also writes
those that the pipeline cuts the corpus into and how often each occurs, in an order that brings the characters as they are numbered.
"""
import base64
import json
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import rustbpe
import tokenizers
from tokenizers import Tokenizer, pre_tokenizers, trainers


def train(job: dict, documents: list) -> dict:
    kind, size = job["trainer"]["type"], job["size"]
    if kind == "rustbpe":
        tokenizer = rustbpe.Tokenizer()
        took = timed(lambda: tokenizer.train_from_iterator(iter(documents), size, pattern=job["trainer"]["pattern"]))
        ranks = sorted(tokenizer.get_mergeable_ranks(), key=lambda each: each[1])
        Path(job["out"]).write_text("".join(f"{base64.b64encode(bytes(token)).decode()} {rank}\n" for token, rank in ranks))
        return took
    alphabet = {"initial_alphabet": pre_tokenizers.ByteLevel.alphabet()} if job["trainer"].get("byteAlphabet") else {}
    tokenizer = Tokenizer.from_str(json.dumps(job["tokenizer"]))
    trainer = getattr(trainers, kind)(vocab_size=size, show_progress=False, **alphabet, **job["trainer"]["options"])
    try:
        took = timed(lambda: tokenizer.train_from_iterator(documents, trainer))
    except Exception as error:
        return {"refused": str(error)}
    tokenizer.save(job["out"])
    if "words" in job:
        words = Counter(piece for text in documents for piece in pieces(tokenizer, text))
        Path(job["words"]).write_text(json.dumps(in_order(words, tokenizer.get_vocab(), job)))
    return took


def timed(work) -> dict:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def pieces(tokenizer: Tokenizer, text: str) -> list:
    text = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
    return [piece for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)]


def in_order(words: Counter, vocab: dict, job: dict) -> list:
    """First the words that bring new characters, each once there is nothing before its own; then all others."""
    prefix, suffix = job.get("prefix", ""), job.get("suffix", "")

    def symbols(word: str) -> list:
        found = ((prefix if i else "") + c + (suffix if i == len(word) - 1 else "") for i, c in enumerate(word) if c in vocab)
        return list(dict.fromkeys(each for each in found if len(each) > 1))

    of_word = {word: symbols(word) for word in words}
    with_symbol = defaultdict(list)
    for word, found in of_word.items():
        for each in found:
            with_symbol[each].append(word)
    wanted = sorted(with_symbol, key=vocab.__getitem__)
    known, first = set(), []
    while len(known) < len(wanted):
        at = len(known)
        for word in with_symbol[wanted[at]]:
            new = [each for each in of_word[word] if each not in known]
            if new == wanted[at : at + len(new)]:
                break
        else:
            raise ValueError(f"no word brings {wanted[at]}")
        known.update(new)
        first.append(word)
    return [[word, words[word]] for word in dict.fromkeys([*first, *words])]


print(json.dumps({"tokenizers": tokenizers.__version__, "python": sys.version.split()[0]}), flush=True)
loaded = {}
for job in json.loads(Path(sys.argv[1]).read_text()):
    if job["corpus"] not in loaded:
        loaded = {job["corpus"]: json.loads(Path(job["corpus"]).read_text())}
    print(json.dumps(train(job, loaded[job["corpus"]])), flush=True)
