"""Training tokens per second of a GPT-2 shaped model in PyTorch eager, as one JSON line.

usage: pytorch_gpt.py layers width heads vocabulary length batch steps threads
"""
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

layers, width, heads, vocabulary, length, batch, steps, threads = map(int, sys.argv[1:9])
torch.set_num_threads(threads)
torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.register_buffer("mask", torch.tril(torch.ones(length, length)).view(1, 1, length, length))

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = (z.view(b, t, heads, c // heads).transpose(1, 2) for z in self.qkv(self.norm1(x)).split(c, 2))
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(-2, -1)) * (c // heads) ** -0.5
            y = scores.masked_fill(self.mask == 0, float("-inf")).softmax(-1) @ v
        x = x + self.out(y.transpose(1, 2).reshape(b, t, c))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.ModuleList(Block() for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, ids, targets):
        x = self.tokens(ids) + self.positions(torch.arange(length))
        for block in self.blocks:
            x = block(x)
        return F.cross_entropy((self.norm(x) @ self.tokens.weight.t()).view(-1, vocabulary), targets.view(-1))


model = Gpt()
optimizer = torch.optim.AdamW(model.parameters(), 1e-4)


def step():
    ids = torch.randint(vocabulary, (batch, length))
    targets = torch.randint(vocabulary, (batch, length))
    loss = model(ids, targets)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    loss.item()


step()
times = []
for _ in range(steps):
    start = time.time()
    step()
    times.append(time.time() - start)
times.sort()
print(json.dumps({
    "torch": torch.__version__, "threads": torch.get_num_threads(),
    "tokensPerSecond": batch * length / times[len(times) // 2], "best": batch * length / times[0],
}))
