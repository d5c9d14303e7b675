"""GPT-2 in plain PyTorch, eager: the peer of the benches beside transformers' own model.

Weights by the names of model.safetensors; fused operations of torch wherever it has them (addmm, layer_norm,
scaled_dot_product_attention, gelu), so that this is PyTorch at its best without a compiler.
"""

import json
import os

import torch
import torch.nn.functional as F
from safetensors.torch import load_file


class Gpt2:
    """The model of a folder in Hugging Face's layout, output weights tied to the embedding."""

    def __init__(self, folder, dtype=torch.float32):
        with open(os.path.join(folder, "config.json")) as file:
            self.config = json.load(file)
        weights = load_file(os.path.join(folder, "model.safetensors"))
        self.weights = {name: weight.to(dtype) for name, weight in weights.items()}
        self.layers = self.config["n_layer"]
        self.heads = self.config["n_head"]

    def embed(self, ids, positions):
        """Token and position embeddings: [B, T, D]."""
        wte, wpe = self.weights["transformer.wte.weight"], self.weights["transformer.wpe.weight"]
        return F.embedding(ids, wte) + F.embedding(positions, wpe)

    def norm(self, x, name):
        """Layer normalization by the weights of that name."""
        gain, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return F.layer_norm(x, gain.shape, gain, bias, self.config.get("layer_norm_epsilon", 1e-5))

    def linear(self, x, name):
        """x W + b, W stored as [in, out]."""
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return torch.addmm(bias, x.reshape(-1, x.shape[-1]), weight).view(*x.shape[:-1], -1)

    def heads_of(self, x):
        """[B, T, D] to [B, H, T, K]."""
        return x.view(*x.shape[:-1], self.heads, -1).transpose(1, 2)

    def hidden(self, x, attention):
        """All blocks and the last norm; attention(layer, q, k, v) gives [B, H, T, K]."""
        for layer in range(self.layers):
            h = f"transformer.h.{layer}"
            q, k, v = self.linear(self.norm(x, f"{h}.ln_1"), f"{h}.attn.c_attn").chunk(3, dim=-1)
            mixed = attention(layer, self.heads_of(q), self.heads_of(k), self.heads_of(v))
            x = x + self.linear(mixed.transpose(1, 2).reshape(x.shape), f"{h}.attn.c_proj")
            inner = F.gelu(self.linear(self.norm(x, f"{h}.ln_2"), f"{h}.mlp.c_fc"), approximate="tanh")
            x = x + self.linear(inner, f"{h}.mlp.c_proj")
        return self.norm(x, "transformer.ln_f")

    def project(self, hidden):
        """Hidden states to logits."""
        return F.linear(hidden, self.weights["transformer.wte.weight"])

    def logits(self, ids):
        """[B, T] to [B, T, V], all positions."""
        causal = lambda layer, q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True)
        positions = torch.arange(ids.shape[1], device=ids.device)
        return self.project(self.hidden(self.embed(ids, positions), causal))
