"""The cases of this benchmark in PyTorch: one JSON request a line comes in, one JSON answer a line goes out.

{"do": "prepare", "arm": 1, "case": "matmul", ...}, then {"do": "sample", "arm": 1} as often as wanted, then {"do": "finish", "arm": 1}.
A sample answers with seconds per unit of work: one product, one step, one token.
"""
import gc
import json
import math
import os
import platform
import sys
import time

# What libraries print must not get between the answers.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, 9)  # to end with the process that asks

import torch
import torch.nn as nn
import torch.nn.functional as F

QUICK = "--quick" in sys.argv
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
torch.manual_seed(0)
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.set_float32_matmul_precision("highest")


def settle():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def used_bytes():
    return torch.cuda.memory_allocated() if DEVICE == "cuda" else 0


def facts():
    cuda = DEVICE == "cuda"
    return {
        "torch": torch.__version__, "cuda": torch.version.cuda, "python": platform.python_version(),
        "device": torch.cuda.get_device_name() if cuda else "cpu", "cudnn": torch.backends.cudnn.version() if cuda else None,
        "tf32": {"matmul": torch.backends.cuda.matmul.allow_tf32, "cudnn": torch.backends.cudnn.allow_tf32},
        "float32MatmulPrecision": torch.get_float32_matmul_precision(),
    }


def matmul(request):
    m, n, k, layout = request["m"], request["n"], request["k"], request["layout"]
    dtype = DTYPES[request["dtype"]]

    def operand(rows, cols, transposed):
        values = torch.rand((cols, rows) if transposed else (rows, cols), device=DEVICE) * 2 - 1
        values = values.to(dtype)
        return values.t() if transposed else values

    a, b = operand(m, k, layout == "TN"), operand(k, n, layout == "NT")
    c = torch.empty((m, n), dtype=dtype, device=DEVICE)

    def run():
        torch.matmul(a, b, out=c)
    return run


def attention(request):
    from torch.nn.attention import SDPBackend, sdpa_kernel
    backend = {"math": SDPBackend.MATH, "efficient": SDPBackend.EFFICIENT_ATTENTION, "flash": SDPBackend.FLASH_ATTENTION}[request["backend"]]
    shape = (request["batch"], request["heads"], request["length"], request["width"])
    q, k, v, dout = (torch.randn(shape, device=DEVICE, dtype=DTYPES[request["dtype"]]) for _ in range(4))
    for each in (q, k, v):
        each.requires_grad_(True)

    def run():
        for each in (q, k, v):
            each.grad = None
        with sdpa_kernel(backend):
            F.scaled_dot_product_attention(q, k, v, is_causal=True).backward(dout)
    return run


class Block(nn.Module):
    def __init__(self, width, inner, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x, cache=None, at=0):
        b, t, c = x.shape
        q, k, v = (z.view(b, t, self.heads, c // self.heads).transpose(1, 2) for z in self.qkv(self.norm1(x)).split(c, 2))
        if cache is not None:
            keys, values = cache
            keys[:, :, at:at + t], values[:, :, at:at + t] = k, v
            k, v = keys[:, :, :at + t], values[:, :, :at + t]
        # One query sees all keys; several come first of all.
        y = F.scaled_dot_product_attention(q, k, v, is_causal=t > 1)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, c))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, vocabulary, width, inner, layers, heads, positions):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(positions, width)
        self.blocks = nn.ModuleList(Block(width, inner, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def forward(self, ids, targets=None, cache=None, at=0):
        x = self.tokens(ids) + self.positions(torch.arange(at, at + ids.shape[1], device=ids.device))
        for i, block in enumerate(self.blocks):
            x = block(x, None if cache is None else cache[i], at)
        if targets is None:
            return F.linear(self.norm(x[:, -1]), self.tokens.weight)
        return F.cross_entropy(F.linear(self.norm(x), self.tokens.weight).flatten(0, 1), targets.flatten())


def model_of(request):
    with torch.device(DEVICE):
        return Gpt(*(request[name] for name in ("vocabulary", "width", "inner", "layers", "heads", "positions")))


def train(request):
    """Forward, backward, clipping and fused AdamW; the loss is read once a sample, as ours is."""
    batch, length, count, kind = request["batch"], request["length"], request["count"], request["kind"]
    model = model_of(request)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4, fused=DEVICE == "cuda")
    forward = torch.compile(model, backend="eager" if QUICK else "inductor") if kind.endswith("compile") else model
    rows = torch.randint(request["vocabulary"], (8, batch, length + 1))
    losses = []

    def step(i):
        data = rows[i % 8].to(DEVICE, non_blocking=True)
        with torch.autocast(DEVICE, torch.bfloat16, enabled=kind.startswith("bf16")):
            loss = forward(data[:, :-1].contiguous(), data[:, 1:].contiguous())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss

    def run():
        for i in range(count):
            loss = step(i)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            raise ValueError(f"expected a finite loss but found {losses[-1]}")
    return run


def decode(request):
    """Greedy tokens of one sequence through a cache of keys and values, each taken to the host."""
    model = model_of(request).to(DTYPES[request["kind"]]).eval()
    heads, width, positions = request["heads"], request["width"], request["positions"]
    shape = (1, heads, positions, width // heads)
    cache = [[torch.zeros(shape, device=DEVICE, dtype=DTYPES[request["kind"]]) for _ in range(2)] for _ in range(request["layers"])]
    at = 0
    ids = torch.randint(request["vocabulary"], (1, request["prompt"]), device=DEVICE)

    @torch.inference_mode()
    def run():
        nonlocal at, ids
        for _ in range(request["count"]):
            logits = model(ids, cache=cache, at=at)
            at += ids.shape[1]
            token = logits.argmax(-1, keepdim=True)
            token.item()
            ids = token
    return run


def cross_entropy(request):
    rows, width, vocab = request["rows"], request["width"], request["vocab"]
    hidden = torch.rand((rows, width), device=DEVICE) * 2 - 1
    weight = (torch.rand((vocab, width), device=DEVICE) * 2 - 1) * 0.03
    targets = torch.randint(vocab, (rows,), device=DEVICE)
    for each in (hidden, weight):
        each.requires_grad_(True)

    def run():
        hidden.grad = weight.grad = None
        F.cross_entropy(F.linear(hidden, weight), targets).backward()
    return run


CASES = {"matmul": matmul, "attention": attention, "train": train, "decode": decode, "crossEntropy": cross_entropy}
arms = {}


def prepare(request):
    base = used_bytes()
    if DEVICE == "cuda":
        torch.cuda.reset_peak_memory_stats()
    run = CASES[request["case"]](request)
    inputs = used_bytes() - base
    run()
    settle()
    peak = torch.cuda.max_memory_allocated() - base if DEVICE == "cuda" else None
    # Beyond the inputs and gradients of their sizes.
    extra = None if peak is None else peak - 2 * inputs
    units = request.get("count", 1)
    arm = arms[request["arm"]] = {"run": run, "repeats": 1, "units": units}
    if "sampleSeconds" in request and "count" not in request:
        started = time.perf_counter()
        while True:
            seconds = sample(request)["seconds"]
            if seconds * arm["repeats"] < request["sampleSeconds"]:
                arm["repeats"] = max(arm["repeats"] + 1, math.ceil(request["sampleSeconds"] / seconds))
            if time.perf_counter() - started >= request["warmSeconds"]:
                break
    return {"peakBytes": peak, "extraBytes": extra, "repeats": arm["repeats"]}


def sample(request):
    arm = arms[request["arm"]]
    settle()
    started = time.perf_counter()
    for _ in range(arm["repeats"]):
        arm["run"]()
    settle()
    return {"seconds": (time.perf_counter() - started) / arm["repeats"] / arm["units"]}


def finish(request):
    arms.pop(request.get("arm"), None)
    gc.collect()
    if DEVICE == "cuda":
        torch.cuda.empty_cache()
    return {}


def reset(_):
    arms.clear()
    return finish({})


ACTIONS = {"facts": lambda _: facts(), "reset": reset, "prepare": prepare, "sample": sample, "finish": finish}
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = ACTIONS[request["do"]](request)
    except Exception as error:  # the next request may well work
        answer = {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"[:400]}
    if "error" in answer:
        finish(request)
    answers.write(json.dumps(answer) + "\n")
