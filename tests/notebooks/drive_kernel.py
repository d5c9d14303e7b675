"""Runs cells in a Deno kernel as JupyterLab's "Run All" sends them: all of a batch at once, one of them interrupted.

    python -m drive_kernel CELLS.json

CELLS.json holds batches, each {"cells": [...], "interrupt": index of the cell to interrupt or null}. The last batch
begins only when the one before is over and a breath has passed. Written: for each cell the last line it shows.
"""

import json
import sys
import time

from jupyter_client.manager import KernelManager

LIMIT_S = 90
BREATH_S = 1.3


def line_of(message):
    content = message["content"]
    if message["msg_type"] == "error":
        return f"{content['ename']}: {content['evalue']}"
    return content["data"].get("text/plain", "")


def run_batch(manager, client, batch):
    ids = [client.execute(code, stop_on_error=True) for code in batch["cells"]]
    shown = {id: None for id in ids}
    waiting, failed = set(ids), set()
    wanted = None if batch["interrupt"] is None else ids[batch["interrupt"]]
    deadline = time.time() + LIMIT_S
    while waiting:
        if time.time() > deadline:
            raise TimeoutError("the cells did not end")
        try:
            message = client.get_iopub_msg(timeout=1)
        except Exception:
            continue
        id, kind = message["parent_header"].get("msg_id"), message["msg_type"]
        if id not in shown:
            continue
        if kind in ("execute_result", "display_data", "update_display_data", "error"):
            if id not in failed:  # an update of what was shown before may come in behind the error
                shown[id] = line_of(message)
            if kind == "error":
                failed.add(id)
        if id == wanted and kind == "update_display_data":
            wanted = None
            manager.interrupt_kernel()
        if kind == "status" and message["content"]["execution_state"] == "idle":
            waiting.discard(id)
    return [shown[id] for id in ids]


def main(path):
    manager = KernelManager(kernel_name="deno")
    manager.start_kernel(stderr=sys.stderr)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        lines = []
        for batch in json.load(open(path)):
            lines.append(run_batch(manager, client, batch))
            time.sleep(BREATH_S)
        print(json.dumps(lines))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


main(sys.argv[1])
