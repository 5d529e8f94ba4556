"""cross_entropy on logits, and linear_cross_entropy that starts from hidden states and the head's weight."""

import torch
import torch.nn.functional as F

from .op_case import Case, Tensors, normal

IGNORED = -100


def cases() -> list[Case]:
    found = []
    for op in ("cross_entropy", "linear_cross_entropy"):
        found += [
            _case(op, "plain", [6, 11]),
            _case(op, "ignored", [9, 13], ignored=(0, 4, 8)),
            _case(op, "smoothed", [6, 11], label_smoothing=0.1),
            _case(op, "z_loss", [6, 11], z_loss=1e-4),
            _case(op, "strong_z_loss", [5, 7], z_loss=0.5, ignored=(2,)),
            _case(op, "everything", [9, 13], ignored=(1, 2), label_smoothing=0.1, z_loss=1e-4),
            _case(op, "large_logits", [5, 9], scale=80.0, ignored=(3,)),
            _case(op, "one_class", [3, 1]),
            _case(op, "one_row", [1, 65]),
            _case(op, "all_but_one_ignored", [5, 33], ignored=(0, 1, 3, 4)),
        ]
    return found


def loss(logits: torch.Tensor, targets: torch.Tensor, label_smoothing: float, z_loss: float) -> torch.Tensor:
    """Mean over the targets that count of torch's cross-entropy plus z_loss · logsumexp(logits)²."""
    counted = targets != IGNORED
    penalty = logits.logsumexp(-1)[counted].square().mean()
    return F.cross_entropy(logits, targets, ignore_index=IGNORED, label_smoothing=label_smoothing) + z_loss * penalty


def _case(op: str, name: str, shape: list[int], scale: float = 2.0, ignored: tuple[int, ...] = (),
          label_smoothing: float = 0.0, z_loss: float = 0.0) -> Case:
    rows, classes = shape
    label = f"{op}/{name}"
    generator = torch.Generator().manual_seed(rows * 1000 + classes)
    targets = torch.randint(0, classes, (rows,), generator=generator)
    targets[list(ignored)] = IGNORED
    if op == "cross_entropy":
        inputs = {"logits": scale * normal(f"{label}/logits", rows, classes)}
    else:
        inputs = {"x": normal(f"{label}/x", rows, 8), "weight": scale / 8**0.5 * normal(f"{label}/weight", classes, 8)}

    def forward(given: Tensors) -> Tensors:
        logits = given["logits"] if op == "cross_entropy" else given["x"] @ given["weight"].T
        return {"output": loss(logits, given["targets"], label_smoothing, z_loss)}

    attributes = {"ignore_index": IGNORED, "label_smoothing": label_smoothing, "z_loss": z_loss}
    return Case(op, name, inputs | {"targets": targets}, forward, attributes)
