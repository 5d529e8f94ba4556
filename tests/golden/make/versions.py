"""Which reference implementations the fixtures come from."""

import platform
from importlib.metadata import version
from pathlib import Path

from .files import write_json

PACKAGES = ["torch", "transformers", "safetensors", "tokenizers", "numpy", "lion-pytorch"]


def write(golden: Path) -> None:
    found = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    write_json(golden / "versions.json", found)
