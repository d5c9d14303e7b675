"""What the peers of the GPU benches share: the device, its clock and its memory."""

import os
import sys
import time

device, dtype_name = sys.argv[1], sys.argv[2]
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch

torch_device = "cuda" if device == "gpu" else "cpu"
dtype = getattr(torch, dtype_name)
# As ours with tf32: float32 products in TF32.
torch.set_float32_matmul_precision("high")


def wait():
    """Until the device has done all that was asked of it."""
    if torch_device == "cuda":
        torch.cuda.synchronize()


def clock(task, calls=1):
    """Seconds a call, and what the last one gave."""
    wait()
    start = time.perf_counter()
    for _ in range(calls):
        result = task()
    wait()
    return (time.perf_counter() - start) / calls, result


def restart_peak():
    """Forgets the memory's peak so far."""
    if torch_device == "cuda":
        torch.cuda.reset_peak_memory_stats()


def peak_gb():
    """The most that tensors took since then, GB; None on a processor."""
    return torch.cuda.max_memory_allocated() / 1e9 if torch_device == "cuda" else None


def versions():
    """What the bench prints."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    return {"torch": torch.__version__, "transformers": transformers.__version__}


def new_model(config):
    """A transformers model of a config.json's fields with random weights, made on the device in the type."""
    import transformers

    fields = dict(config)
    made = transformers.AutoConfig.for_model(fields.pop("model_type"), **fields)
    with torch.device(torch_device):
        model = transformers.AutoModelForCausalLM.from_config(made, dtype=dtype)
    return model.eval()
