"""Peer of the GPU bench of loading: writes a checkpoint of random bfloat16 weights in several files, and loads it.

cuda_load.py DEVICE DTYPE. Commands: write, load (transformers' from_pretrained, then to the device).
"""

import json
import os

import torch
from safetensors.torch import save_file

from cuda_common import clock, dtype, peak_gb, torch_device, versions
from serve import serve

said = versions()


def write(folder, config, tensors, shards):
    """A folder in Hugging Face's layout; bytes of its largest file."""
    os.makedirs(folder, exist_ok=True)
    total = sum(torch.Size(shape).numel() * 2 for shape in tensors.values())
    limit = total / shards
    places, names, filled, index = {}, [], 0, 1
    sizes = []

    def flush():
        made = {}
        for name in names:
            shape = tensors[name]
            values = torch.ones(shape, dtype=dtype) if len(shape) == 1 else None
            if values is None:
                values = torch.randn(shape, dtype=dtype, device=torch_device).mul_(0.02).cpu()
            made[name] = values
        file = f"model-{index:05d}-of-{shards:05d}.safetensors"
        save_file(made, os.path.join(folder, file), metadata={"format": "pt"})
        places.update({name: file for name in names})
        sizes.append(os.path.getsize(os.path.join(folder, file)))

    for name, shape in tensors.items():
        names.append(name)
        filled += torch.Size(shape).numel() * 2
        if filled >= limit * index and index < shards:
            flush()
            names, index = [], index + 1
    flush()
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as file:
        json.dump({"metadata": {"total_size": total}, "weight_map": places}, file)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump({**config, "torch_dtype": "bfloat16"}, file)
    if torch_device == "cuda":
        torch.cuda.empty_cache()
    return {"largest": max(sizes), "total": total}


def load(folder):
    """Seconds until the weights are on the device."""
    import transformers

    def run():
        return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).to(torch_device)

    seconds, model = clock(run)
    return {"seconds": seconds, "peak": peak_gb(), "parameters": sum(weight.numel() for weight in model.parameters())}


serve({"write": write, "load": load}, **said)
