"""Counts the letter pairs of English prose into planting_bigrams.json, by which gibberish is told.

Source: CPython 3.11.7's standard library (PSF licence): the language reference in pydoc_data.topics and the docstrings
of its modules, classes and functions, tests left out. Only counts are kept. The rule is that of gibberish-detector
0.1.1 and of trainBigrams in lib/secrets/gibberish.ts: letters alone, line by line, ten added to each pair. Nothing is
drawn at random.

    python3.11 data/make_planting_bigrams.py > data/planting_bigrams.json && deno fmt data/planting_bigrams.json
"""
import ast
import json
import pathlib
import platform
import re
import sys

from pydoc_data.topics import topics

VERSION = "3.11.7"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
SMOOTHING = 10
LEFT_OUT = re.compile(r"site-packages|test/|lib2to3/tests|idlelib/idle_test|.*/test")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings():
    """The docstrings of the standard library, file by file."""
    library = pathlib.Path(ast.__file__).parent
    for path in sorted(library.rglob("*.py")):
        if LEFT_OUT.match(path.relative_to(library).as_posix()):
            continue
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue  # lib2to3 has samples of Python 2
        for node in ast.walk(tree):
            if isinstance(node, DOCUMENTED):
                yield ast.get_docstring(node) or ""


def main():
    if platform.python_version() != VERSION:
        sys.exit(f"Cannot count the standard library's prose: Python is {platform.python_version()}, expected {VERSION}")
    counts = {first: {second: SMOOTHING for second in LETTERS} for first in LETTERS}
    for text in [*topics.values(), *docstrings()]:
        for line in text.splitlines():
            letters = re.sub("[^a-zA-Z]", "", line)
            for first, second in zip(letters, letters[1:]):
                counts[first][second] += 1
    print(json.dumps({"charset": LETTERS, "ngram_size": 2, "counts": counts}, separators=(",", ":")))


if __name__ == "__main__":
    main()
