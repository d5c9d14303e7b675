"""Pins what the notebooks run in, every wheel with its hash, into jupyter_requirements.txt.

JupyterLab edits and runs notebooks, nbconvert runs them headless, plotly brings JupyterLab's view of Plotly figures.
`uv` (0.9 or newer, on the PATH) resolves for every Python from 3.10 on; a line with a condition is for some of them.

    python data/make_jupyter_requirements.py
"""

import pathlib
import subprocess
import tempfile

PINNED = ["jupyterlab==4.6.6", "nbconvert==7.17.2", "nbclient==0.11.0", "jupyter_client==8.10.0", "plotly==7.1.0"]
HEADER = "# What notebooks run in, pinned and hashed: written by make_jupyter_requirements.py.\n"

target = pathlib.Path(__file__).with_name("jupyter_requirements.txt")
with tempfile.TemporaryDirectory() as folder:
    wanted = pathlib.Path(folder, "wanted.in")
    wanted.write_text("\n".join(PINNED) + "\n")
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--python-version", "3.10"]
    command += ["--no-header", "--no-annotate", "--no-emit-index-url", str(wanted)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
target.write_text(HEADER + done.stdout)
