"""schedules.json: learning rates of transformers' schedules at steps 0 to 100."""

from pathlib import Path

import torch
from transformers import get_scheduler

from .files import write_json

LEARNING_RATE = 1e-3
STEPS = 100
WARMUP = 10

SCHEDULES = [
    ("constant", "constant", {}),
    ("constant_with_warmup", "constant_with_warmup", {"num_warmup_steps": WARMUP}),
    ("linear", "linear", {"num_warmup_steps": WARMUP, "num_training_steps": STEPS}),
    ("linear_no_warmup", "linear", {"num_warmup_steps": 0, "num_training_steps": 80}),
    ("cosine", "cosine", {"num_warmup_steps": WARMUP, "num_training_steps": STEPS}),
    ("cosine_short", "cosine", {"num_warmup_steps": 7, "num_training_steps": 83}),
    ("cosine_with_min_lr", "cosine_with_min_lr",
     {"num_warmup_steps": WARMUP, "num_training_steps": STEPS, "min_lr_rate": 0.1}),
    ("cosine_with_restarts", "cosine_with_restarts",
     {"num_warmup_steps": WARMUP, "num_training_steps": STEPS, "num_cycles": 3}),
    ("polynomial", "polynomial",
     {"num_warmup_steps": WARMUP, "num_training_steps": STEPS, "lr_end": 1e-5, "power": 2.0}),
    ("inverse_sqrt", "inverse_sqrt", {"num_warmup_steps": WARMUP}),
    ("inverse_sqrt_timescale", "inverse_sqrt", {"num_warmup_steps": WARMUP, "timescale": 25}),
] + [
    (f"warmup_stable_decay_{decay}", "warmup_stable_decay",
     {"num_warmup_steps": WARMUP, "num_stable_steps": 60, "num_decay_steps": 25, "decay_type": decay, "min_lr_ratio": 0.1})
    for decay in ("linear", "cosine", "1-sqrt")
]


def write(golden: Path) -> None:
    write_json(golden / "schedules.json", {
        "learning_rate": LEARNING_RATE,
        "values": f"learning rate used by optimizer step 0 … {STEPS}, beyond num_training_steps as well",
        "schedules": {
            key: {"get_scheduler": name, "parameters": parameters, "values": values(name, parameters)}
            for key, name, parameters in SCHEDULES
        },
    })


def values(name: str, parameters: dict) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LEARNING_RATE)
    common = {key: parameters[key] for key in ("num_warmup_steps", "num_training_steps") if key in parameters}
    specific = {key: value for key, value in parameters.items() if key not in common}
    schedule = get_scheduler(name, optimizer, **common, scheduler_specific_kwargs=specific)
    found = []
    for _ in range(STEPS + 1):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found
