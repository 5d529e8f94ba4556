"""What datatrove decides about documents: reads lines of JSON {"id", "text"} and writes lines of JSON with, for each document, the reason
of every filter (null where it is kept), a hash of the text that C4 and the whole recipe leave, and hashes of its MinHash signatures.

    python answers.py documents.jsonl answers.jsonl [(zh | ja) SHARE]

With a language, words and sentences are those of that language (jieba, Sudachi), the stop words too, SHARE of the words have to have a letter,
and there are no signatures.
"""

import hashlib
import json
import struct
import sys

from datatrove.data import Document
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters import C4ParagraphFilter, C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import split_into_words

STOP_WORDS = {"zh": ["的", "了", "在", "是", "和", "有", "不", "我"], "ja": ["の", "に", "は", "を", "た", "が", "で", "て"]}
# What datatrove 0.10.1 calls zh is split at spaces alone.
CODES = {"zh": "cmn_Hani", "ja": "jpn_Jpan"}
CODE = sys.argv[3] if len(sys.argv) > 3 else "en"
LANGUAGE = CODES.get(CODE, CODE)
QUALITY = {"min_avg_word_length": 1, "max_non_alpha_words_ratio": float(sys.argv[4]), "stop_words": STOP_WORDS[CODE]} if CODE in STOP_WORDS else {}

FILTERS = {
    "gopherRepetition": GopherRepetitionFilter(language=LANGUAGE),
    "gopherQuality": GopherQualityFilter(language=LANGUAGE, **QUALITY),
    "c4Quality": C4QualityFilter(language=LANGUAGE, filter_no_terminal_punct=LANGUAGE == "en"),
    "c4Lenient": C4QualityFilter(language=LANGUAGE, filter_no_terminal_punct=False),
    "c4Paragraph": C4ParagraphFilter(),
    "finewebQuality": FineWebQualityFilter(language=LANGUAGE),
}
RECIPE = ["gopherRepetition", "gopherQuality", "c4Lenient", "finewebQuality"]
MINHASHES = {
    "xxhash": MinhashDedupSignature("unused", config=MinhashConfig()),
    "sha1": MinhashDedupSignature("unused", config=MinhashConfig(hash_config=HashConfig(precision=64, hash_fc="sha1"))),
}


def decide(name, document):
    try:
        verdict = FILTERS[name].filter(document)
    except ZeroDivisionError:
        return "raises"
    return None if verdict is True else verdict[1] if isinstance(verdict, tuple) else "dropped"


def hashed(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def answer(id_, text):
    reasons, texts = {}, {}
    for name in FILTERS:
        document = Document(text=text, id=id_)
        reasons[name] = decide(name, document)
        if name.startswith("c4Q") or name.startswith("c4L"):
            texts[name] = None if reasons[name] else hashed(document.text)
    document = Document(text=text, id=id_)
    reasons["recipe"] = next((reason for reason in (decide(name, document) for name in RECIPE) if reason), None)
    texts["recipe"] = None if reasons["recipe"] else hashed(document.text)
    signatures, words = {}, 0
    if LANGUAGE == "en":
        for name, minhash in MINHASHES.items():
            shingles = minhash.get_shingles(text)
            parts = minhash.get_signature(shingles) if shingles.size else None
            signatures[name] = parts and hashlib.sha256(b"".join(struct.pack(f"<{len(part)}Q", *part) for part in parts)).hexdigest()[:16]
    else:
        words = len(split_into_words(text, LANGUAGE))
    return {"id": id_, "reasons": reasons, "texts": texts, "signatures": signatures, "words": words}


def main():
    with open(sys.argv[1], encoding="utf-8") as documents, open(sys.argv[2], "w", encoding="utf-8") as answers:
        for line in documents:
            row = json.loads(line)
            answers.write(json.dumps(answer(row["id"], row["text"])) + "\n")


if __name__ == "__main__":
    main()
