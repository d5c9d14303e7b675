"""The PyTorch side of samples: transformers' `generate`, in batches of prompts of like lengths.

sample_peer.py MODEL_FOLDER PROMPTS_FILE THREADS [DTYPE]. The prompts are a JSON list of lists of ids, which `sample` times;
`complete` is given its own.
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
dtype = getattr(torch, sys.argv[4] if len(sys.argv) > 4 else "float32")
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
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


def generate(part, limit, temperature, top_p, stops, ends):
    """A batch of prompts to its end: seconds, and each completion's tokens up to what ends it."""
    longest = max(map(len, part))
    pads = [longest - len(row) for row in part]
    ids = torch.tensor([[0] * pad + row for pad, row in zip(pads, part)])
    mask = torch.tensor([[0] * pad + [1] * len(row) for pad, row in zip(pads, part)])
    drawn = {"do_sample": True, "temperature": temperature, "top_p": top_p, "top_k": 0}
    start = time.perf_counter()
    result = model.generate(
        ids,
        attention_mask=mask,
        **(drawn if temperature > 0 else {"do_sample": False}),
        max_length=limit + longest - min(map(len, part)),  # padding counts there
        stopping_criteria=transformers.StoppingCriteriaList([Stops(stops, longest)]),
        eos_token_id=ends,
        pad_token_id=0,
    )
    seconds = time.perf_counter() - start
    rows = [row[: limit - len(prompt)] for prompt, row in zip(part, result[:, longest:].tolist())]
    return seconds, [row[: count(row, stops, ends)] for row in rows]


def sample(n, batch, only=None, **sampling):
    """Seconds for n samples of each of the prompts, or of the first `only` batches, and the tokens that count."""
    rows = [prompt for prompt in prompts for _ in range(n)]
    starts = list(range(0, len(rows), batch))[:only]
    seconds = tokens = 0
    for first in starts:
        took, completions = generate(rows[first : first + batch], **sampling)
        seconds += took
        tokens += sum(map(len, completions))
    return {"seconds": seconds, "tokens": tokens}


def complete(prompts, seed, **sampling):
    """A completion of each of the prompts, as tokens."""
    torch.manual_seed(seed)
    seconds, completions = generate(prompts, **sampling)
    return {"seconds": seconds, "completions": completions}


serve({"sample": sample, "complete": complete}, torch=torch.__version__, transformers=transformers.__version__)
