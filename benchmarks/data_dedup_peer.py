"""Signatures of the texts of a JSON file by datatrove and datasketch: says {} when ready, then {"seconds": …} for each line {"task", "cpu"}."""

import json
import sys
import time

from datasketch import MinHash
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import simplify_text

with open(sys.argv[1], encoding="utf-8") as file:
    texts = json.load(file)


def trove(config):
    step = MinhashDedupSignature("/tmp", config=config)

    def run():
        for text in texts:
            step.get_signature(step.get_shingles(text))

    return run


def sketch(words_of):
    def run():
        for text in texts:
            words = words_of(text)
            MinHash(num_perm=112).update_batch({" ".join(words[i : i + 5]).encode() for i in range(len(words) - 4)})

    return run


tasks = {
    "datatrove": trove(MinhashConfig()),
    "datatrove sha1": trove(MinhashConfig(hash_config=HashConfig(precision=64, hash_fc="sha1"))),
    "datasketch": sketch(lambda text: simplify_text(text).split(" ")),
    "datasketch bare": sketch(lambda text: text.lower().split()),
}
print("{}", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    clock = time.process_time if asked["cpu"] else time.perf_counter
    start = clock()
    tasks[asked["task"]]()
    print(json.dumps({"seconds": clock() - start}), flush=True)
