"""Peer of the forward and backward benches: transformers' GPT2LMHeadModel and plain PyTorch, eager, all in one type.

forward_peer.py MODEL_FOLDER IDS_FILE BATCH THREADS DTYPE. The ids are int32, row by row. Commands: forward, backward (each
with `which`: "transformers" or "plain"; and `write`, a safetensors file for the results instead of a timing).
"""

import os
import sys
import time

folder, ids_file, batch, threads, dtype = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
os.environ.setdefault("OMP_NUM_THREADS", str(threads))
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import save_file
from transformers import GPT2LMHeadModel

from gpt2 import Gpt2
from serve import serve

torch.set_num_threads(threads)
transformers.utils.logging.disable_progress_bar()
ids = torch.from_numpy(np.fromfile(ids_file, dtype=np.int32).reshape(batch, -1)).long()
plain = Gpt2(folder, getattr(torch, dtype))
theirs = GPT2LMHeadModel.from_pretrained(folder, dtype=getattr(torch, dtype))
for probability in ("attn_pdrop", "embd_pdrop", "resid_pdrop"):
    assert getattr(theirs.config, probability) == 0, "training without dropout"


def logits(which):
    """All positions' logits."""
    if which == "plain":
        return plain.logits(ids)
    return theirs(ids, use_cache=False).logits


def parameters(which):
    """Weights by name; the tied output weights once."""
    if which == "plain":
        return plain.weights
    return dict(theirs.named_parameters())


def forward(which, write=None):
    """Seconds of one forward, or the logits into a file."""
    theirs.eval()
    with torch.inference_mode():
        start = time.perf_counter()
        result = logits(which)
        seconds = time.perf_counter() - start
        if write:
            save_file({"logits": result.float().clone()}, write)
    return {"seconds": seconds}


def backward(which, write=None):
    """Seconds of one forward and backward, or the loss and gradients into a file."""
    theirs.train()
    weights = parameters(which)
    for weight in weights.values():
        weight.requires_grad_(True)
        weight.grad = None
    start = time.perf_counter()
    result = logits(which)
    loss = F.cross_entropy(result[:, :-1].reshape(-1, result.shape[-1]), ids[:, 1:].reshape(-1))
    loss.backward()
    seconds = time.perf_counter() - start
    if write:
        save_file({name: weight.grad.float().contiguous() for name, weight in weights.items()}, write)
    for weight in weights.values():
        weight.grad = None
    return {"seconds": seconds, "loss": loss.item()}


serve({"forward": forward, "backward": backward}, torch=torch.__version__, transformers=transformers.__version__)
