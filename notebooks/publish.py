"""Makes executed notebooks fit to be committed: a tool of the author, not of the user.

    deno task notebooks:execute
    pip install kaleido==0.2.1 plotly==7.1.0   # into a scratch environment
    python notebooks/publish.py out/notebooks/*.ipynb

Each figure gets an SVG beside Plotly's JSON, for pages that run no scripts; what changes from run to run (times,
identities) goes. The result replaces the notebook of the same name beside this file.
"""

import json
import pathlib
import re
import sys

import plotly
from kaleido.scopes.plotly import PlotlyScope

FIGURE = "application/vnd.plotly.v1+json"
WIDTH = 900
HERE = pathlib.Path(__file__).parent
PLOTLY_JS = pathlib.Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
DEFAULTS = {"opacity: 1", "fill-opacity: 1", "stroke-opacity: 1", "vector-effect: none"}
METADATA = {
    "kernelspec": {"display_name": "Deno", "language": "typescript", "name": "deno"},
    "language_info": {"file_extension": ".ts", "mimetype": "text/x.typescript", "name": "typescript"},
}


def without_defaults(svg: str) -> str:
    """An SVG without the properties that are what SVG takes anyway: a tenth of its size."""

    def shorten(match: re.Match) -> str:
        properties = [text.strip() for text in match[1].split(";")]
        return 'style="' + "; ".join(text for text in properties if text and text not in DEFAULTS) + ';"'

    return re.sub(r' style=";"', "", re.sub(r'style="([^"]*)"', shorten, svg))


def render(scope: PlotlyScope, figure: dict) -> list[str]:
    """A figure as SVG, coordinates to two decimals, identities counted instead of drawn at random."""
    height = figure["layout"].get("height", 420)
    plain = {"data": figure["data"], "layout": figure["layout"]}
    svg = scope.transform(plain, format="svg", width=WIDTH, height=height).decode()
    svg = re.sub(r"-?\d+\.\d{3,}", lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), svg)
    names = sorted(set(re.findall(r"(?:defs|clip|legend|topdefs|g)-?([0-9a-f]{6})", svg)))
    for number, name in enumerate(names):
        svg = svg.replace(name, f"{number:06d}")
    return [without_defaults(svg)]


def publish(path: pathlib.Path, scope: PlotlyScope) -> None:
    notebook = json.loads(path.read_text())
    count = 0
    for number, cell in enumerate(notebook["cells"], 1):
        cell["id"] = f"cell-{number:02}"
        cell["metadata"] = {"tags": cell["metadata"]["tags"]} if cell["metadata"].get("tags") else {}
        if cell["cell_type"] != "code":
            continue
        count += 1
        cell["execution_count"] = count
        for output in cell["outputs"]:
            output.pop("transient", None)
            if "execution_count" in output:
                output["execution_count"] = count
            data = output.get("data", {})
            data.pop("application/vnd.dataresource+json", None)  # the rows once more
            if FIGURE in data:
                data["image/svg+xml"] = render(scope, data[FIGURE])
    notebook["metadata"] = METADATA
    target = HERE / path.name
    target.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    print(f"{target.name}: {target.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    scope = PlotlyScope(plotlyjs=str(PLOTLY_JS), mathjax=False)
    for name in sys.argv[1:]:
        publish(pathlib.Path(name), scope)
