"""Writes every fixture of this folder again: `python make-fixtures.py [part ...]`.

Parts: models, trajectories, optimizers, ops, schedules, safetensors. Trajectories start from the fixtures of models.
"""

import sys
from pathlib import Path

import torch
import transformers

from make import models, ops, optimizers, safetensors_files, schedules, trajectories, versions

GOLDEN = Path(__file__).resolve().parent
PARTS = {
    "models": models.write,
    "trajectories": trajectories.write,
    "optimizers": optimizers.write,
    "ops": ops.write,
    "schedules": schedules.write,
    "safetensors": safetensors_files.write,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"make-fixtures: expected parts among {', '.join(PARTS)} but found {', '.join(unknown)}", file=sys.stderr)
        return 1
    # One thread and no fused paths: the order of additions, and so the last bit, is then the same on every run.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.logging.disable_progress_bar()
    for name in names or PARTS:
        PARTS[name](GOLDEN)
        print(f"wrote {name}")
    versions.write(GOLDEN)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
