"""Peer of the GPU benches of scores: MA of secrets, MA and EL of texts, MA and forwards of a large model, by transformers.

cuda_scores.py DEVICE DTYPE. Commands: load (a folder, or a config.json's fields with random weights), secrets, reference_secrets, texts,
generate, forward.
"""

import statistics

import torch
import torch.nn.functional as F

from cuda_common import clock, dtype, new_model, peak_gb, restart_peak, torch_device, versions
from serve import serve

said = versions()
state = {}


def load(folder=None, config=None):
    """Loads or makes the model."""
    import transformers

    if folder:
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).to(torch_device).eval()
    else:
        model = new_model(config)
    model.generation_config.eos_token_id = None  # EL goes on to the end whatever is generated
    state["model"] = model
    return {"parameters": sum(weight.numel() for weight in model.parameters())}


def set_rows(rows):
    """Token ids, row by row, on the host."""
    state["rows"] = torch.tensor(rows)
    return {}


@torch.inference_mode()
def secrets(prefix, batch):
    """MA of each row's tokens from `prefix` on: one forward of the true tokens, logits where they are wanted."""
    model, rows = state["model"], state["rows"]
    kept = rows.shape[1] - prefix + 1

    def score():
        scores = []
        for chunk in rows.split(batch):
            ids = chunk.to(torch_device)
            logits = model(ids, use_cache=False, logits_to_keep=kept).logits
            scores.append((logits[:, :-1].argmax(-1) == ids[:, prefix:]).float().mean(-1))
        return torch.cat(scores).tolist()

    clock(score)
    restart_peak()
    seconds = [clock(score)[0] for _ in range(3)]
    return {"seconds": statistics.median(seconds), "peak": peak_gb()}


@torch.inference_mode()
def reference_secrets(prefix, batch, count):
    """The reference's way: a forward of all that stands before it for each token, all positions' logits."""
    model, rows = state["model"], state["rows"][:count]

    def score():
        scores = []
        for chunk in rows.split(batch):
            ids = chunk.to(torch_device)
            hits = [
                model(ids[:, :t], use_cache=False).logits[:, -1].argmax(-1) == ids[:, t]
                for t in range(prefix, ids.shape[1])
            ]
            scores += torch.stack(hits).float().mean(0).tolist()
        return scores

    clock(score)
    return {"seconds": clock(score)[0]}


@torch.inference_mode()
def texts(calls):
    """MA and the mean loss of all rows at once."""
    model, rows = state["model"], state["rows"]

    def score():
        ids = rows.to(torch_device)
        logits = model(ids, use_cache=False).logits[:, :-1]
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]).float(), ids[:, 1:].reshape(-1))
        return (logits.argmax(-1) == ids[:, 1:]).float().mean(-1).tolist(), loss.item()

    clock(score)
    restart_peak()
    seconds, (ma, loss) = clock(score, calls)
    return {"seconds": seconds, "ma": ma, "loss": loss, "peak": peak_gb()}


@torch.inference_mode()
def generate(prefixes):
    """Seconds of generate with its cache, all rows, from each of some prefix lengths to the rows' end; the first warms up."""
    model, rows = state["model"], state["rows"].to(torch_device)

    def decode(prefix):
        prompt = rows[:, :prefix]
        mask = torch.ones_like(prompt)
        length = rows.shape[1] - prefix
        result = model.generate(
            prompt, attention_mask=mask, do_sample=False, max_new_tokens=length, pad_token_id=0, use_cache=True
        )
        return result[:, prefix:].tolist()

    clock(lambda: decode(prefixes[-1]))
    return {"seconds": [clock(lambda: decode(prefix))[0] for prefix in prefixes]}


@torch.inference_mode()
def forward(calls, times):
    """Milliseconds of a forward of all rows to the mean loss."""
    model, ids = state["model"], state["rows"].to(torch_device)

    def step():
        logits = model(ids, use_cache=False).logits
        return F.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))

    clock(step, 2)
    restart_peak()
    ms = [1000 * clock(step, calls)[0] for _ in range(times)]
    return {"ms": statistics.median(ms), "peak": peak_gb()}


commands = (load, set_rows, secrets, reference_secrets, texts, generate, forward)
serve({command.__name__: command for command in commands}, **said)
