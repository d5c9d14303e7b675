"""Peer of the benches of unlearning: an epoch of CodeEraser as the reference takes it, in PyTorch.

cuda_unlearn.py DEVICE DTYPE. Two Adam steps, one on the forget set and one on the retain set, gradients of micro-batches of 2
rows summed up. In each micro-batch the model runs for the cross entropies and once more for the divergence, the model
as it was at the start runs too, and probabilities of all positions are compared. Weights are float32; with DTYPE bfloat16
the forwards run under autocast. `forwards` 1 is a saving that the reference does not make.
"""

import contextlib
import copy
import resource
import statistics

import torch
import torch.nn.functional as F

from cuda_common import clock, dtype, peak_gb, restart_peak, torch_device, versions
from serve import serve

said = versions()
state = {}
MICRO_BATCH = 2
EPSILON = 1e-10


def load(config, forget, masks, retain, gamma, reg, alpha, threads=None):
    """Makes the model and its reference with random weights, and the sets."""
    import transformers

    if threads:
        torch.set_num_threads(threads)
    fields = dict(config)
    made = transformers.AutoConfig.for_model(fields.pop("model_type"), **fields)
    with torch.device(torch_device):
        model = transformers.AutoModelForCausalLM.from_config(made, dtype=torch.float32)
    state.update(model=model.train(), reference=copy.deepcopy(model).eval())
    tensor = lambda rows: torch.tensor(rows, device=torch_device)
    state.update(forget=tensor(forget), masks=tensor(masks).bool(), retain=tensor(retain))
    state.update(gamma=gamma, reg=reg, alpha=alpha)
    state["optimizer"] = torch.optim.Adam(model.parameters(), lr=3e-6, betas=(0.9, 0.98))
    return {}


def precision():
    """Autocast, or nothing."""
    if dtype == torch.float32:
        return contextlib.nullcontext()
    return torch.autocast(torch_device, dtype=dtype)


def divergence(ids, logits):
    """KL(reference || model) of each position."""
    with precision():
        if logits is None:
            logits = state["model"](ids, use_cache=False).logits
        with torch.no_grad():
            wanted = state["reference"](ids, use_cache=False).logits
    p, q = F.softmax(wanted.float(), -1) + EPSILON, F.softmax(logits.float(), -1) + EPSILON
    return (p * (p.log() - q.log())).sum(-1)


def forget_loss(ids, mask, forwards):
    """-CE of secret tokens + gamma CE of the others - lambda KL of secret tokens."""
    with precision():
        logits = state["model"](ids, use_cache=False).logits
    losses = F.cross_entropy(logits[:, :-1].transpose(1, 2).float(), ids[:, 1:], reduction="none")
    secret = mask[:, 1:]
    loss = -losses[secret].mean() + state["gamma"] * losses[~secret].mean()
    kl = divergence(ids, logits if forwards == 1 else None)[:, :-1]
    return loss - state["reg"] * kl[secret].mean()


def retain_loss(ids):
    """lambda alpha KL."""
    return state["reg"] * state["alpha"] * divergence(ids, None).sum() / len(ids)


def step(batches, loss):
    """Gradients of all micro-batches, then one update."""
    state["optimizer"].zero_grad(set_to_none=True)
    for batch in batches:
        (loss(*batch) / len(batches)).backward()
    state["optimizer"].step()


def resident():
    """The most that this process had of the host's memory, bytes."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def epoch(forwards, times, warm=False):
    """Seconds of an epoch's two steps, one run before it unless it is `warm`; peak of tensors, and of the process."""
    cut = lambda rows: rows.split(MICRO_BATCH)
    forget = list(zip(cut(state["forget"]), cut(state["masks"])))
    retain = [(ids,) for ids in cut(state["retain"])]

    def run():
        step(forget, lambda ids, mask: forget_loss(ids, mask, forwards))
        step(retain, retain_loss)

    if not warm:
        clock(run)
    restart_peak()
    seconds = [clock(run)[0] for _ in range(times)]
    return {"seconds": statistics.median(seconds), "all": seconds, "peak": peak_gb(), "resident": resident()}


serve({"load": load, "epoch": epoch}, **said)
