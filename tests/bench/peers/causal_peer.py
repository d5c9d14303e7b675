"""The PyTorch side of the benches of any family: transformers' model, eager, in float32 or bfloat16.

causal_peer.py MODEL_FOLDER IDS_FILE ROWS THREADS DTYPE. The ids are ROWS rows of int32.
"""

import os
import sys
import time

folder, ids_file, rows, threads, dtype = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
os.environ.setdefault("OMP_NUM_THREADS", str(threads))

import numpy as np
import torch
from safetensors.torch import save_file

import transformers
from serve import serve

torch.set_num_threads(threads)
transformers.utils.logging.disable_progress_bar()
ids = torch.from_numpy(np.fromfile(ids_file, dtype=np.int32).reshape(rows, -1)).long()
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()
model.generation_config.eos_token_id = None  # all rows go on to the end


class Margins(transformers.LogitsProcessor):
    """Keeps how far the two best logits of each step are apart."""

    def __init__(self):
        self.steps = []

    def __call__(self, input_ids, scores):
        best = scores.float().topk(2).values
        self.steps.append((best[:, 0] - best[:, 1]).tolist())
        return scores


def forward(write=None):
    """Seconds of one forward of all rows, or the logits into a file."""
    with torch.inference_mode():
        start = time.perf_counter()
        result = model(ids, use_cache=False).logits
        seconds = time.perf_counter() - start
    if write:
        save_file({"logits": result.float().contiguous()}, write)
    return {"seconds": seconds}


def generate(rows, tokens, check=False):
    """Seconds of a greedy decode of the first rows with the KV cache; with `check` the tokens and their margins too."""
    prompt, margins = ids[:rows], Margins()
    options = {"logits_processor": transformers.LogitsProcessorList([margins])} if check else {}
    start = time.perf_counter()
    result = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        do_sample=False,
        max_new_tokens=tokens,
        pad_token_id=0,
        **options,
    )
    seconds = time.perf_counter() - start
    if not check:
        return {"seconds": seconds}
    return {"seconds": seconds, "tokens": result[:, prompt.shape[1] :].tolist(), "margins": margins.steps}


serve({"forward": forward, "generate": generate}, torch=torch.__version__, transformers=transformers.__version__, dtype=dtype)
