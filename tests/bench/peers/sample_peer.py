"""The PyTorch side of the bench of samples: transformers' `generate`, in batches of prompts of like lengths.

sample_peer.py MODEL_FOLDER PROMPTS_FILE THREADS. The prompts are a JSON list of lists of ids.
"""

import json
import os
import sys
import time

folder, prompts_file, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.environ.setdefault("OMP_NUM_THREADS", str(threads))

import torch
import transformers
from serve import serve

torch.set_num_threads(threads)
transformers.utils.logging.disable_progress_bar()
prompts = sorted(json.load(open(prompts_file)), key=len)
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)


class Stops(transformers.StoppingCriteria):
    """Ends a row whose last tokens hold a stop string. transformers' own takes minutes to prepare a vocabulary."""

    def __init__(self, stops, start):
        self.stops, self.start = stops, start

    def __call__(self, input_ids, scores, **kwargs):
        texts = tokenizer.batch_decode(input_ids[:, max(self.start, input_ids.shape[1] - 24) :])
        return torch.tensor([any(stop in text for stop in self.stops) for text in texts])


def count(row, stops, ends):
    """How many tokens of a completion there are up to what ends it."""
    for length in range(1, len(row) + 1):
        if row[length - 1] in ends or any(stop in tokenizer.decode(row[:length][-24:]) for stop in stops):
            return length
    return len(row)


def sample(n, batch, limit, temperature, top_p, stops, ends, only=None):
    """Seconds for n samples of each of the prompts, or of the first `only` batches, and the tokens that count."""
    rows = [prompt for prompt in prompts for _ in range(n)]
    starts = list(range(0, len(rows), batch))[:only]
    seconds = tokens = 0
    for first in starts:
        part = rows[first : first + batch]
        longest = max(map(len, part))
        pads = [longest - len(row) for row in part]
        ids = torch.tensor([[0] * pad + row for pad, row in zip(pads, part)])
        mask = torch.tensor([[0] * pad + [1] * len(row) for pad, row in zip(pads, part)])
        start = time.perf_counter()
        result = model.generate(
            ids,
            attention_mask=mask,
            do_sample=True,
            temperature=temperature,
            top_p=top_p,
            top_k=0,
            max_length=limit,
            stopping_criteria=transformers.StoppingCriteriaList([Stops(stops, longest)]),
            eos_token_id=ends,
            pad_token_id=0,
        )
        seconds += time.perf_counter() - start
        tokens += sum(count(row, stops, ends) for row in result[:, longest:].tolist())
    return {"seconds": seconds, "tokens": tokens}


serve({"sample": sample}, torch=torch.__version__, transformers=transformers.__version__)
