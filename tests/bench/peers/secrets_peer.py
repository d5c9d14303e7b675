"""Peer of the detection bench: the Python tools that CodeEraser calls, file by file, in this one process."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "fixtures"))

from secrets_oracle import Oracle, in_utf16
from serve import serve

oracle = Oracle()


def find(paths):
    """Seconds and the spans of each file."""
    texts = [pathlib.Path(path).read_bytes().decode() for path in paths]
    start = time.perf_counter()
    found = [oracle.find(text)[0] for text in texts]
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "spans": [in_utf16(text, spans) for text, spans in zip(texts, found)]}


serve({"find": find}, python=sys.version.split()[0])
