"""What Hugging Face `tokenizers` and `tiktoken` answer, for ../tokenizers.mjs:

    python peer.py ENCODINGS.json TEXTS.jsonl

Writes to the standard output, for each encoding and each text in order, 32-bit counts and numbers: ids; ids with the tokens of the
post-processor or, of tiktoken, without special tokens; offsets in code points (none of tiktoken); and the UTF-8 of the ids decoded, in
order and backwards.
"""
import base64
import json
import sys
from array import array
from itertools import chain
from pathlib import Path

CHUNK = 500


def texts(path: str):
    chunk = []
    with open(path, encoding="ascii") as lines:
        for line in lines:
            # tokenizers takes no lone surrogate; tiktoken does this itself.
            chunk.append(json.loads(line).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
    yield chunk


def numbers(values) -> bytes:
    values = array("I", values)
    return array("I", [len(values)]).tobytes() + values.tobytes()


def text(value: str) -> bytes:
    encoded = value.encode()
    return array("I", [len(encoded)]).tobytes() + encoded


def hugging_face(path: str):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(path)

    def answer(chunk: list):
        plain = tokenizer.encode_batch(chunk, add_special_tokens=False)
        around = tokenizer.encode_batch(chunk)
        decoded = tokenizer.decode_batch([each.ids for each in plain], skip_special_tokens=False)
        backwards = tokenizer.decode_batch([each.ids[::-1] for each in plain], skip_special_tokens=False)
        for one, other, forth, back in zip(plain, around, decoded, backwards):
            yield numbers(one.ids) + numbers(other.ids) + numbers(chain.from_iterable(one.offsets)) + text(forth) + text(back)

    return answer


def openai(path: str, pattern: str, special: dict):
    import tiktoken

    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in Path(path).read_text().splitlines() if line)}
    encoding = tiktoken.Encoding(Path(path).stem, pat_str=pattern, mergeable_ranks=ranks, special_tokens=special)

    def answer(chunk: list):
        for each in chunk:
            ids = encoding.encode(each, allowed_special="all")
            yield numbers(ids) + numbers(encoding.encode_ordinary(each)) + numbers([]) + text(encoding.decode(ids)) + text(encoding.decode(ids[::-1]))

    return answer


def versions() -> None:
    import tiktoken
    import tokenizers

    print(json.dumps({"tokenizers": tokenizers.__version__, "tiktoken": tiktoken.__version__, "python": sys.version.split()[0]}))


def main() -> None:
    from tiktoken_ext import openai_public

    # The package holds the patterns; its functions would download the ranks, which are given here.
    openai_public.load_tiktoken_bpe = lambda *_, **__: {}
    openai_public.data_gym_to_mergeable_bpe_ranks = lambda *_, **__: {}
    for encoding in json.loads(Path(sys.argv[1]).read_text()):
        if "ranks" in encoding:
            known = openai_public.ENCODING_CONSTRUCTORS[encoding["name"]]()
            answer = openai(encoding["ranks"], known["pat_str"], known["special_tokens"])
        else:
            answer = hugging_face(encoding["file"])
        for chunk in texts(sys.argv[2]):
            sys.stdout.buffer.write(b"".join(answer(chunk)))
    sys.stdout.buffer.flush()


versions() if len(sys.argv) == 1 else main()
