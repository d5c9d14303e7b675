"""Answers the bench: one JSON object a line on stdin, one on stdout. Errors go back as {"error": ...}."""

import json
import sys
import traceback


def serve(commands, **ready):
    """Runs commands by name until stdin ends; `ready` is the first answer."""
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = commands[request.pop("run")](**request)
        except Exception as error:  # the bench prints it and stops
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
