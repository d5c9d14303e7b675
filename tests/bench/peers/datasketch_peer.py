"""Peer of the bench of near-duplicates: datasketch's MinHash and MinHashLSH over sets of five words, as its users have it.

datasketch_peer.py FOLDER THRESHOLD. `dedupe` goes through the shards and drops a file that has a candidate among the kept
ones; and, in a second index, one whose candidates' estimated Jaccard index is at least the threshold.
"""

import glob
import gzip
import json
import os
import re
import sys
import time

import datasketch
from datasketch import MinHash, MinHashLSH
from serve import serve

folder, threshold = sys.argv[1], float(sys.argv[2])
NUMBERS, WIDTH = 256, 5
WORD = re.compile(r"\w+")


def shingles(text):
    """The set of five words in a row, as bytes."""
    words = WORD.findall(text)
    width = min(WIDTH, len(words))
    return {" ".join(words[i : i + width]).encode() for i in range(len(words) - width + 1)}


def rows():
    """The rows of all shards."""
    for path in sorted(glob.glob(os.path.join(folder, "*.jsonl*"))):
        with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
            yield from map(json.loads, file)


def dedupe():
    """Which ids go, and the seconds of the first way."""
    index = MinHashLSH(threshold=threshold, num_perm=NUMBERS)
    strict = MinHashLSH(threshold=threshold, num_perm=NUMBERS)
    kept, dropped, estimated, extra = {}, [], [], 0.0
    start = time.perf_counter()
    for row in rows():
        signature = MinHash(num_perm=NUMBERS)
        signature.update_batch(list(shingles(row["content"])))
        if index.query(signature):
            dropped.append(row["id"])
        else:
            index.insert(row["id"], signature)
        begun = time.perf_counter()
        if any(kept[key].jaccard(signature) >= threshold for key in strict.query(signature)):
            estimated.append(row["id"])
        else:
            strict.insert(row["id"], signature)
            kept[row["id"]] = signature
        extra += time.perf_counter() - begun
    return {"seconds": time.perf_counter() - start - extra, "dropped": dropped, "estimated": estimated}


serve({"dedupe": dedupe}, datasketch=datasketch.__version__)
