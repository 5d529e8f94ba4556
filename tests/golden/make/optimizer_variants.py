"""The optimizers that the fixtures cover, each with every option spelled out."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from lion_pytorch import Lion
from transformers.optimization import Adafactor

from .muon_float32 import MuonFloat32

Shape = tuple[int, ...]
MATRICES = ("wide", "tall")
SMALL = (*MATRICES, "bias", "gain")


@dataclass
class Variant:
    reference: str
    options: dict
    build: Callable[..., torch.optim.Optimizer]
    tensors: tuple[str, ...] = SMALL
    half_precision: bool = False
    seen_as: Callable[[Shape], Shape] = lambda shape: shape
    note: str = ""
    # For-loop instead of multi-tensor or fused code, where the class has the choice.
    plain: bool = True

    def accepts(self, name: str) -> bool:
        return name in self.tensors

    def create(self, parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
        return self.build(parameters, **self.options, **({"foreach": False} if self.plain else {}))


def _adam(**options: object) -> dict:
    return {"lr": 1e-2, "betas": [0.9, 0.95], "eps": 1e-8} | options


def _adafactor(**options: object) -> dict:
    return {
        "lr": None, "eps": [1e-30, 1e-3], "clip_threshold": 1.0, "decay_rate": -0.8, "beta1": None,
        "weight_decay": 0.0, "scale_parameter": True, "relative_step": True, "warmup_init": False,
    } | options


def _muon(adjust_lr_fn: str, **options: object) -> dict:
    return {
        "lr": 0.02, "weight_decay": 0.1, "momentum": 0.95, "nesterov": True, "ns_coefficients": [3.4445, -4.7750, 2.0315],
        "eps": 1e-7, "ns_steps": 5, "adjust_lr_fn": adjust_lr_fn,
    } | options


def _unfactored_below_128(shape: Shape) -> Shape:
    return shape if len(shape) == 2 and min(shape) >= 128 else (torch.Size(shape).numel(),)


_FIXED_LR = {"lr": 1e-2, "scale_parameter": False, "relative_step": False}
_ADAFACTOR = {"reference": "transformers.optimization.Adafactor", "build": Adafactor, "plain": False}
_MUON = {"reference": "torch.optim.Muon", "build": torch.optim.Muon, "tensors": MATRICES, "plain": False,
         "half_precision": True, "note": "iterates in bfloat16: compare loosely"}
_MUON32 = {"reference": "torch.optim.Muon", "build": MuonFloat32, "tensors": MATRICES, "plain": False,
           "note": "with the Newton-Schulz iteration in the parameter's own type instead of bfloat16"}

VARIANTS: dict[str, Variant] = {
    "adam": Variant("torch.optim.Adam", _adam(weight_decay=0.0), torch.optim.Adam),
    "adamw": Variant("torch.optim.AdamW", _adam(weight_decay=0.1), torch.optim.AdamW),
    "sgd": Variant("torch.optim.SGD", {"lr": 0.05}, torch.optim.SGD),
    "sgd-momentum": Variant(
        "torch.optim.SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0, "nesterov": False, "weight_decay": 0.01},
        torch.optim.SGD),
    "sgd-nesterov": Variant(
        "torch.optim.SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0, "nesterov": True, "weight_decay": 0.01},
        torch.optim.SGD),
    "adafactor": Variant(**_ADAFACTOR, options=_adafactor(), tensors=(*SMALL, "big")),
    "adafactor-warmup": Variant(**_ADAFACTOR, options=_adafactor(warmup_init=True)),
    "adafactor-fixed-lr": Variant(**_ADAFACTOR, options=_adafactor(**_FIXED_LR)),
    "adafactor-momentum": Variant(**_ADAFACTOR, options=_adafactor(**_FIXED_LR, beta1=0.9, weight_decay=0.1)),
    "adafactor-factored-from-128": Variant(
        **_ADAFACTOR, options=_adafactor(), seen_as=_unfactored_below_128,
        note="a matrix with a side below 128 is handed over as one flat row, which keeps its second moments whole"),
    "lion": Variant("lion_pytorch.Lion", {"lr": 1e-2, "betas": [0.9, 0.99], "weight_decay": 0.1}, Lion, plain=False),
    "muon-original": Variant(**_MUON, options=_muon("original")),
    "muon-match-rms-adamw": Variant(**_MUON, options=_muon("match_rms_adamw")),
    "muon-float32-original": Variant(**_MUON32, options=_muon("original")),
    "muon-float32-match-rms-adamw": Variant(**_MUON32, options=_muon("match_rms_adamw")),
    "muon-float32-heavy-ball": Variant(**_MUON32, options=_muon("original", nesterov=False, ns_steps=3)),
}
