"""Numbers that any language makes again to the bit: a 32-bit linear congruential generator, read in float32 steps."""

import torch

MULTIPLIER = 1664525
INCREMENT = 1013904223
DESCRIPTION = (
    f"state = (state * {MULTIPLIER} + {INCREMENT}) mod 2^32, starting from the seed, once before each number; "
    "number = floor(state / 256) / 2^23 - 1, in [-1, 1) and exact in float32"
)


class FixedNumbers:
    """One stream of numbers; `take` reads the next ones in row-major order."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def take(self, shape: tuple[int, ...]) -> torch.Tensor:
        values = []
        for _ in range(torch.Size(shape).numel()):
            self.state = (self.state * MULTIPLIER + INCREMENT) % 2**32
            values.append((self.state >> 8) / 2**23 - 1)
        return torch.tensor(values, dtype=torch.float32).reshape(shape)
