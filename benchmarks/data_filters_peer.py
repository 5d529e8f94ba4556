"""datatrove's filters on the texts of a JSON file: says {} when ready, then {"seconds": …, "kept": …} for each line {"task", "file", "cpu"}."""

import json
import sys
import time

from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter

filters = [GopherRepetitionFilter(), GopherQualityFilter(), C4QualityFilter(filter_no_terminal_punct=False), FineWebQualityFilter()]


def keeps(filter_, document):
    return filter_.filter(document) is True


def every(texts):
    return sum(keeps(filter_, Document(text=text, id="")) for text in texts for filter_ in filters)


def recipe(texts):
    kept = 0
    for text in texts:
        document = Document(text=text, id="")
        kept += all(keeps(filter_, document) for filter_ in filters)
    return kept


tasks = {"every": every, "recipe": recipe}
every(["It was one of the days that we will not forget."])
print("{}", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    with open(asked["file"], encoding="utf-8") as file:
        texts = json.load(file)
    clock = time.process_time if asked["cpu"] else time.perf_counter
    start = clock()
    kept = tasks[asked["task"]](texts)
    print(json.dumps({"seconds": clock() - start, "kept": kept}), flush=True)
