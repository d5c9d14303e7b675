"""Peers of the scoring bench: MA and EL_3, EL_5, EL_10 of texts by transformers' generate, and in plain PyTorch.

scores_peer.py MODEL_FOLDER IDS_FILE TEXTS THREADS. One greedy decode for each prefix length, batched over the texts.
`generate` is what one writes with transformers: model.generate with its KV cache for each prefix. `score` is PyTorch
at its best: the texts run once; that fills the cache. Prefixes are taken from the longest to the shortest, so that a decode
overwrites only positions that no later one reads: nothing is ever copied. All n are read from the same decodes.
"""

import os
import sys
import time

folder, ids_file, texts, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.environ.setdefault("OMP_NUM_THREADS", str(threads))

import numpy as np
import torch
import torch.nn.functional as F

import transformers
from gpt2 import Gpt2
from serve import serve

torch.set_num_threads(threads)
ORDERS = (3, 5, 10)
ids = torch.from_numpy(np.fromfile(ids_file, dtype=np.int32).reshape(texts, -1)).long()
model = Gpt2(folder)
pretrained = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
pretrained.generation_config.eos_token_id = None  # EL goes on to T whatever is generated


def prefill():
    """The model's predictions of all positions, and the caches of keys and values, each [B, H, T, K]."""
    keys, values = [None] * model.layers, [None] * model.layers

    def attention(layer, q, k, v):
        keys[layer], values[layer] = k.contiguous(), v.contiguous()
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)

    hidden = model.hidden(model.embed(ids, torch.arange(ids.shape[1])), attention)
    return model.project(hidden).argmax(-1), keys, values


def decode(first, prefix, keys, values):
    """Greedy tokens of all texts at positions prefix..T-1, the first of them given: [B, T - prefix]."""
    decoded = [first]
    for position in range(prefix, ids.shape[1] - 1):

        def attention(layer, q, k, v):
            keys[layer][:, :, position : position + 1] = k
            values[layer][:, :, position : position + 1] = v
            seen = slice(0, position + 1)
            return F.scaled_dot_product_attention(q, keys[layer][:, :, seen], values[layer][:, :, seen])

        x = model.embed(decoded[-1][:, None], torch.tensor([position]))
        decoded.append(model.project(model.hidden(x, attention)[:, 0]).argmax(-1))
    return torch.stack(decoded, dim=1)


def overlaps(true, decoded, prefix):
    """For each order the share of decoded n-grams that are n-grams of the true suffix; None where it is too short."""
    shares = []
    for n in ORDERS:
        count = len(decoded) - n + 1
        wanted = {tuple(true[s : s + n]) for s in range(prefix, len(true) - n + 1)}
        shares.append(sum(tuple(decoded[s : s + n]) in wanted for s in range(count)) / count if count > 0 else None)
    return shares


def decode_by_generate(prefix):
    """Greedy tokens of all texts at positions prefix..T-1 by transformers: [B, T - prefix]."""
    prompt = ids[:, :prefix]
    mask = torch.ones_like(prompt)
    tokens = pretrained.generate(
        prompt, attention_mask=mask, do_sample=False, max_new_tokens=ids.shape[1] - prefix, pad_token_id=0
    )
    return tokens[:, prefix:]


def measure(prepare):
    """Seconds, those of them that n-grams took, and MA, EL_3, EL_5, EL_10 of each text.

    prepare() gives the model's predictions of all positions and decode(prefix) to tokens from there to the end.
    """
    start = time.perf_counter()
    counting = 0.0
    with torch.inference_mode():
        length = ids.shape[1]
        predictions, decode_from = prepare()
        ma = (predictions[:, :-1] == ids[:, 1:]).double().mean(dim=1).tolist()
        true = ids.tolist()
        sums = np.zeros((texts, len(ORDERS)))
        for prefix in range(length - min(ORDERS), 0, -1):
            decoded = decode_from(prefix).tolist()
            before = time.perf_counter()
            for text in range(texts):
                for order, share in enumerate(overlaps(true[text], decoded[text], prefix)):
                    sums[text, order] += share or 0
            counting += time.perf_counter() - before
    els = (sums / [length - n for n in ORDERS]).tolist()
    scores = [[ma[text], *els[text]] for text in range(texts)]
    return {"seconds": time.perf_counter() - start, "counting": counting, "scores": scores}


def prepare_plain():
    predictions, keys, values = prefill()
    return predictions, lambda prefix: decode(predictions[:, prefix - 1], prefix, keys, values)


def prepare_generate():
    return pretrained(ids).logits.argmax(-1), decode_by_generate


serve(
    {"score": lambda: measure(prepare_plain), "generate": lambda: measure(prepare_generate)},
    torch=torch.__version__,
    transformers=transformers.__version__,
)
