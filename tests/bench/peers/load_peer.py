"""Peer of the loading bench: transformers' from_pretrained and one forward, float32, then the first 100 logits as JSON.

load_peer.py MODEL_FOLDER THREADS IDS.
"""

import json
import os
import sys

folder, threads, ids = sys.argv[1], int(sys.argv[2]), [int(id) for id in sys.argv[3].split(",")]
os.environ.setdefault("OMP_NUM_THREADS", str(threads))
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from transformers import GPT2LMHeadModel

torch.set_num_threads(threads)
model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()
with torch.inference_mode():
    logits = model(torch.tensor([ids])).logits[0, -1]
print(json.dumps({"logits": logits[:100].tolist()}))
