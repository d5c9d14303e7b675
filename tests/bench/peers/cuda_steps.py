"""Peer of the GPU benches of steps: forward, and forward with backward, of a model, eager and compiled, all in one type.

cuda_steps.py DEVICE DTYPE. Commands: load (a model folder, or a config.json's fields with random weights, and the ids), prepare (the
models' first calls of a kind of step; it compiles), time, check. Loss: the mean cross entropy of next tokens, as in the
bench of the processor: on the logits in their own type.
"""

import torch
import torch.nn.functional as F

from cuda_common import clock, dtype, new_model, peak_gb, restart_peak, torch_device, versions
from gpt2 import Gpt2
from serve import serve

said = versions()
state = {}


class Plain(torch.nn.Module):
    """The plain GPT-2 with weights that compilers know as such."""

    def __init__(self, folder):
        super().__init__()
        self.gpt2 = Gpt2(folder, dtype)
        weights = self.gpt2.weights
        self.gpt2.weights = {}
        for name, weight in weights.items():
            parameter = torch.nn.Parameter(weight.to(torch_device))
            self.register_parameter(name.replace(".", "_"), parameter)
            self.gpt2.weights[name] = parameter

    def forward(self, ids):
        return self.gpt2.logits(ids)


class Theirs(torch.nn.Module):
    """transformers' model: ids to logits."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids):
        return self.model(ids, use_cache=False).logits


def load(ids, folder=None, config=None, by_layer=False):
    """Loads or makes the models."""
    import transformers

    state["ids"] = torch.tensor(ids, device=torch_device)
    state["by_layer"] = by_layer
    state["models"] = {}
    if folder:
        state["models"]["plain"] = Plain(folder).eval()
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).to(torch_device)
    else:
        model = new_model(config)
    state["models"]["transformers"] = Theirs(model.eval())
    return {"parameters": sum(weight.numel() for weight in model.parameters())}


def loss_of(model, ids):
    """The mean loss of next tokens."""
    logits = model(ids)
    return F.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))


def step_of(kind, which, compiled):
    """A function without arguments that runs one step."""
    model, ids = state["models"][which], state["ids"]
    layers = model.model.model.layers if state["by_layer"] else []
    made = {}
    loss = torch.compile(loss_of, dynamic=False) if compiled and not layers else loss_of
    if compiled:
        for layer in layers:  # what torch.nn.Module.compile sets; None is eager again
            layer.compile(dynamic=False)
            made[layer] = layer._compiled_call_impl

    def forward():
        for layer in layers:
            layer._compiled_call_impl = made.get(layer)
        with torch.inference_mode():
            return loss(model, ids)

    def backward():
        for layer in layers:
            layer._compiled_call_impl = made.get(layer)
        for weight in model.parameters():
            weight.grad = None
        result = loss(model, ids)
        result.backward()
        return result.detach()

    return forward if kind == "forward" else backward


def prepare(kind, compiled=True):
    """Makes the steps of a kind and runs each twice; the seconds that each took."""
    steps, took, failed = {}, {}, {}
    for which, model in state["models"].items():
        for weight in model.parameters():
            weight.requires_grad_(kind == "backward")
            weight.grad = None
        steps[which] = step_of(kind, which, False)
        took[which] = clock(steps[which], 2)[0]
    if compiled:
        try:
            step = step_of(kind, next(iter(steps)), True)
            took["compile"] = clock(step, 2)[0]
            steps["compile"] = step
        except Exception as error:  # the eager ones are still to be timed
            failed["compile"] = f"{type(error).__name__}: {str(error)[:300]}"
    state["steps"] = steps
    return {"seconds": took, "failed": failed}


def run(which, calls):
    """Milliseconds a call and the peak of memory."""
    restart_peak()
    return {"ms": 1000 * clock(state["steps"][which], calls)[0], "peak": peak_gb()}


def check(which):
    """The loss in float32 and some logits of the first row; the gradients' norm after a backward step."""
    model, ids = state["models"][which], state["ids"][:1]
    with torch.inference_mode():
        logits = model(ids).float()[0]
        loss = F.cross_entropy(logits[:-1], ids[0, 1:])
    grads = [weight.grad for weight in model.parameters() if weight.grad is not None]
    norm = torch.stack([grad.float().norm() for grad in grads]).norm().item() if grads else None
    return {"loss": loss.item(), "logits": logits[-1].tolist(), "norm": norm}


serve({"load": load, "prepare": prepare, "time": run, "check": check}, **said)
