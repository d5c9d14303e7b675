"""Peer of the masks' bench: masks, secret tokens and prefixes as CodeEraser's scripts make them, by transformers' fast tokenizer.

A document is tokenized three times (to mask, to drop and to cut), each secret and each prefix once more, whole; texts go one
by one, in processes of their own as `datasets.map` has them. Padding is left out of the results.
"""
import json
import multiprocessing
import pathlib
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "fixtures"))

from masks_oracle import PREFIX, SECRET, WINDOW
from masks_parity import make_tokenizer
from serve import serve

torch.set_num_threads(1)
state = {}


def tokenizers():
    """One for values, one that cuts and pads on the left."""
    from transformers import AutoTokenizer

    both = [AutoTokenizer.from_pretrained(state["folder"], local_files_only=True) for _ in range(2)]
    for tokenizer in both:
        tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    both[1].truncation_side = both[1].padding_side = "left"
    return both


def window(tokenizer, text):
    return tokenizer(
        text, return_tensors="pt", max_length=WINDOW, truncation=True, padding="max_length", return_offsets_mapping=True
    )


def tokens(tokenizer, text, most):
    ids = tokenizer.encode(text, return_tensors="pt", max_length=most, truncation=True, padding="max_length")[0]
    return ids[ids != tokenizer.pad_token_id].tolist()


def judge(document):
    text, spans = document
    values, prefixes = state["tokenizers"]
    encoding = window(values, text)
    starts, ends = encoding.offset_mapping[0, :, 0], encoding.offset_mapping[0, :, 1]
    mask = torch.zeros(WINDOW, dtype=torch.bool)
    for start, end in spans:
        mask |= (starts <= end) & (ends >= start)
    real = window(values, text).input_ids[0] != values.pad_token_id
    last = int(window(values, text).offset_mapping[0, :, 1].max())
    return {
        "ids": encoding.input_ids[0][real].tolist(),
        "window": bytes(mask[real].tolist()).hex(),
        "kept": [span for span in spans if span[0] <= last],
        "secrets": [tokens(values, text[start:end], SECRET) for start, end in spans],
        "prefixes": [tokens(prefixes, text[:start], PREFIX) for start, _ in spans],
    }


def load(documents, folder, size):
    """Reads the documents, trains the tokenizer on some of them and writes it."""
    state["documents"] = [json.loads(line) for line in open(documents, encoding="utf-8")]
    texts = [text for text, _ in state["documents"]]
    make_tokenizer("codeparrot", pathlib.Path(folder), texts[:: max(1, len(texts) // 1500)], size)
    state["folder"] = folder
    state["tokenizers"] = tokenizers()
    return {}


def run(processes, results):
    """Seconds for all documents; what was found goes into a file."""
    start = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        found = pool.map(judge, state["documents"], chunksize=100)
    seconds = time.perf_counter() - start
    with open(results, "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in found)
    return {"seconds": seconds}


serve({"load": load, "run": run}, python=sys.version.split()[0])
