"""Peer of the reference bench: MA and EL_3, EL_5, EL_10 as CodeEraser's code computes them, a full forward for every token.

reference_peer.py MODEL_FOLDER IDS_FILE TEXTS THREADS. `score` runs it whole on some texts; `time` is the
median of three forwards of all of the file's texts at each length.
"""

import os
import statistics
import sys
import time

folder, ids_file, texts, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.environ.setdefault("OMP_NUM_THREADS", str(threads))

import numpy as np
import torch

import transformers
from serve import serve

torch.set_num_threads(threads)
transformers.utils.logging.disable_progress_bar()
ORDERS = (3, 5, 10)
ids = torch.from_numpy(np.fromfile(ids_file, dtype=np.int32).reshape(texts, -1)).long()
model = transformers.GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()


def next_tokens(rows):
    """The token after each row: the logits of all positions, of which one is read."""
    with torch.inference_mode():
        return model(rows, use_cache=False).logits[:, -1].argmax(-1)


def score(rows):
    """MA, EL_3, EL_5, EL_10 of each row."""
    return {"scores": [[memorization_accuracy(row), *(extraction_likelihood(row, n) for n in ORDERS)] for row in rows]}


def memorization_accuracy(true):
    """The share of tokens that follow from all before them."""
    return statistics.mean(next_tokens(torch.tensor([true[:t]])).item() == true[t] for t in range(1, len(true)))


def extraction_likelihood(true, n):
    """The mean over all prefixes of the share of decoded n-grams that are n-grams of the true suffix."""
    shares = []
    for prefix in range(1, len(true) - n + 1):
        decoded = true[:prefix]
        while len(decoded) < len(true):
            decoded.append(next_tokens(torch.tensor([decoded])).item())
        grams = lambda row: [tuple(row[s : s + n]) for s in range(prefix, len(row) - n + 1)]
        wanted = set(grams(true))
        shares.append(statistics.mean(gram in wanted for gram in grams(decoded)))
    return statistics.mean(shares)


def timed(lengths):
    """Seconds of one forward at each length."""
    result = []
    for length in lengths:
        next_tokens(ids[:, :length])
        runs = []
        for _ in range(3):
            start = time.perf_counter()
            next_tokens(ids[:, :length])
            runs.append(time.perf_counter() - start)
        result.append(statistics.median(runs))
    return {"seconds": result}


serve({"score": score, "time": timed}, torch=torch.__version__, transformers=transformers.__version__)
