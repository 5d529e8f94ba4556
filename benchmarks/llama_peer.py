"""llama.cpp on a GGUF file, through the libraries in a folder: python3 llama_peer.py FOLDER FILE THREADS PROMPT TOKENS CPU.

For each line that it reads it runs once and writes one line of JSON: the milliseconds of a prompt of so many tokens, and those of each token after
it, of the clock or of the processor. The structs of options are opaque here but for their first field, the size of the context.
"""
import ctypes
import glob
import json
import sys
import time

folder, path, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
PROMPT, TOKENS = int(sys.argv[4]), int(sys.argv[5])
clock = time.process_time if sys.argv[6] == '1' else time.perf_counter


def load(name):
    return ctypes.CDLL(sorted(glob.glob(f'{folder}/lib{name}*so*'), key=len)[0], mode=ctypes.RTLD_GLOBAL)


class Options(ctypes.Structure):
    _fields_ = [('words', ctypes.c_uint32 * 256)]


class Batch(ctypes.Structure):
    _fields_ = [('n_tokens', ctypes.c_int32)] + [(name, ctypes.c_void_p) for name in ('token', 'embd', 'pos', 'n_seq_id', 'seq_id', 'logits')]


load('ggml-base')
ggml = load('ggml.')
llama = load('llama.')
ggml.ggml_backend_load_all_from_path(folder.encode())
llama.llama_backend_init()
LOG = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
quiet = LOG(lambda *_: None)
llama.llama_log_set(quiet, None)
for name, result in (('model_default_params', Options), ('context_default_params', Options), ('model_load_from_file', ctypes.c_void_p),
                     ('init_from_model', ctypes.c_void_p), ('get_memory', ctypes.c_void_p), ('batch_get_one', Batch)):
    getattr(llama, f'llama_{name}').restype = result
llama.llama_model_load_from_file.argtypes = [ctypes.c_char_p, Options]
llama.llama_init_from_model.argtypes = [ctypes.c_void_p, Options]
llama.llama_set_n_threads.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32]
llama.llama_get_memory.argtypes = [ctypes.c_void_p]
llama.llama_memory_clear.argtypes = [ctypes.c_void_p, ctypes.c_bool]
llama.llama_batch_get_one.argtypes = [ctypes.c_void_p, ctypes.c_int32]
llama.llama_decode.argtypes = [ctypes.c_void_p, Batch]

model = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
if not model:
    raise SystemExit(f'llama.cpp does not load {path}')
options = llama.llama_context_default_params()
options.words[0] = PROMPT + TOKENS
context = llama.llama_init_from_model(model, options)
llama.llama_set_n_threads(context, threads, threads)


def run(ids):
    tokens = (ctypes.c_int32 * len(ids))(*ids)
    if llama.llama_decode(context, llama.llama_batch_get_one(tokens, len(ids))) != 0:
        raise RuntimeError('llama_decode failed')
    llama.llama_synchronize(ctypes.c_void_p(context))


def measure():
    llama.llama_memory_clear(llama.llama_get_memory(context), True)
    start = clock()
    run([3 + i % 200 for i in range(PROMPT)])
    prefill = clock() - start
    times = []
    for i in range(TOKENS):
        start = clock()
        run([5 + i])
        times.append(clock() - start)
    return {'prefillMs': prefill * 1000, 'tokenMs': [each * 1000 for each in times]}


measure()
print(json.dumps('ready'), flush=True)
for _ in sys.stdin:
    print(json.dumps(measure()), flush=True)
