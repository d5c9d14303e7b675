"""llama.cpp's side of the bench of samples: sequences decoded together, each slot taking the next prompt when one ends.

llama_peer.py GGUF PROMPTS_FILE THREADS FOLDER. The prompts are a JSON list of lists of ids. The weights are written anew in
float16 into FOLDER first, as ours are no longer in four bits either.
"""

import ctypes
import json
import sys
import time

import llama_cpp as llama
from serve import serve

gguf, prompts_file, threads, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
prompts = json.load(open(prompts_file))
LAST = 24  # tokens in which a stop string is looked for
BATCH = 2048

llama.llama_backend_init()
silent = llama.llama_log_callback(lambda level, text, data: None)
llama.llama_log_set(silent, None)
wide = f"{folder}/float16.gguf"
how = llama.llama_model_quantize_default_params()
how.ftype = llama.LLAMA_FTYPE_MOSTLY_F16
how.allow_requantize = True
if llama.llama_model_quantize(gguf.encode(), wide.encode(), ctypes.byref(how)) != 0:
    raise RuntimeError("the weights could not be written in float16")
model = llama.llama_model_load_from_file(wide.encode(), llama.llama_model_default_params())
vocabulary = llama.llama_model_get_vocab(model)
piece = ctypes.create_string_buffer(256)


def text_of(tokens):
    """The bytes of tokens."""
    size = lambda token: llama.llama_token_to_piece(vocabulary, token, piece, 256, 0, True)
    return b"".join(piece.raw[: size(token)] for token in tokens)


def open_context(slots, limit):
    params = llama.llama_context_default_params()
    params.n_ctx, params.n_seq_max = slots * limit, slots
    params.n_batch = params.n_ubatch = BATCH
    params.n_threads = params.n_threads_batch = threads
    return llama.llama_init_from_model(model, params)


def sample(n, slots, limit, temperature, top_p, stops, ends, only=None):
    """Seconds for n samples of each of the prompts, or of the first `only` prompts, and the tokens that count."""
    waiting = [prompt for prompt in prompts[:only] for _ in range(n)][::-1]
    stops = [stop.encode() for stop in stops]
    context = open_context(slots, limit)
    memory = llama.llama_get_memory(context)
    chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
    for part in (
        llama.llama_sampler_init_temp(temperature),
        llama.llama_sampler_init_top_p(top_p, 1),
        llama.llama_sampler_init_dist(42),
    ):
        llama.llama_sampler_chain_add(chain, part)
    batch = llama.llama_batch_init(BATCH, 0, 1)
    running = {}  # by slot: what was drawn, where it is, its prompt's length

    def add(token, position, slot, wanted):
        at = batch.n_tokens
        batch.token[at], batch.pos[at], batch.n_seq_id[at] = token, position, 1
        batch.seq_id[at][0], batch.logits[at] = slot, wanted
        batch.n_tokens = at + 1
        return at

    total = 0
    start = time.perf_counter()
    while waiting or running:
        batch.n_tokens = 0
        rows = {}
        for slot, (drawn, position) in running.items():
            rows[slot] = add(drawn[-1], position, slot, True)
        for slot in range(slots):
            if slot in running or not waiting or batch.n_tokens + len(waiting[-1]) > BATCH:
                continue
            prompt = waiting.pop()
            for position, token in enumerate(prompt):
                rows[slot] = add(token, position, slot, position == len(prompt) - 1)
            running[slot] = ([], len(prompt) - 1)
        if llama.llama_decode(context, batch) != 0:
            raise RuntimeError("llama_decode failed")
        for slot, row in rows.items():
            drawn, position = running[slot]
            token = llama.llama_sampler_sample(chain, context, row)
            drawn.append(token)
            total += 1
            is_over = token in ends or position + 2 >= limit
            if is_over or any(stop in text_of(drawn[-LAST:]) for stop in stops):
                del running[slot]
                llama.llama_memory_seq_rm(memory, slot, -1, -1)
            else:
                running[slot] = (drawn, position + 1)
    seconds = time.perf_counter() - start
    llama.llama_batch_free(batch)
    llama.llama_sampler_free(chain)
    llama.llama_free(context)
    return {"seconds": seconds, "tokens": total}


serve({"sample": sample}, llama=llama.__version__)
