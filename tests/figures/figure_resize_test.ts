import { assertEquals } from "@std/assert";
import plotlySource from "plotly.js-basic-dist-min";
import { figureBundle, makeFigure } from "../../lib/figures/figure.ts";
import { scriptJson } from "../../lib/report/markup.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { findBrowser } from "../find_program.ts";

const browser = await findBrowser();

/**
 * JupyterLab's place for an output, beside its prompt of 29 pixels, what its renderer (plotly 7.1.0) does with it, and
 * what it does at each resize and switch of themes.
 */
const RENDERER = `
async function sizesOf({ data, layout, config }) {
  const place = document.body.appendChild(document.createElement("div"));
  place.innerHTML = "<div style='height: 29px'></div><div style='flex-grow: 1; overflow: auto'></div>";
  place.style = "display: flex; width: 900px";
  const node = place.lastChild;
  const image = node.appendChild(document.createElement("img"));
  const size = () => node.offsetWidth + " x " + node.offsetHeight;
  const update = () => Plotly.redraw(node).then(() => Plotly.Plots.resize(node));
  await Plotly.react(node, data, layout, config);
  image.style.display = "none";
  await update();
  const sizes = [size()];
  for (const width of [500, 900]) {
    place.style.width = width + "px";
    await update();
    sizes.push(size());
  }
  place.remove();
  return sizes;
}
const outputs = JSON.parse(document.getElementById("outputs").textContent);
(async () => {
  const found = [];
  for (const output of outputs) found.push(await sizesOf(output).catch((error) => [String(error)]));
  document.body.textContent = "sizes:" + JSON.stringify(found) + ":end";
})();`;

/** Width and height of figures at first, in a narrow window and in the wide one again. */
async function drawSizes(outputs: readonly unknown[]): Promise<string[][]> {
  using folder = temporaryFolder();
  const path = `${folder.path}/page.html`;
  await Deno.writeTextFile(
    path,
    `<!doctype html><body><script type="application/json" id="outputs">${scriptJson(outputs).text}</script>` +
      `<script>${plotlySource}</script><script>${RENDERER}</script></body>`,
  );
  const { stdout } = await new Deno.Command(browser!, {
    args: [
      ...["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"],
      ...["--disable-background-networking", "--disable-component-update", "--dump-dom"],
      ...[`--user-data-dir=${folder.path}/profile`, "--virtual-time-budget=30000", `file://${path}`],
    ],
    stderr: "null",
  }).output();
  return JSON.parse(/sizes:(.*?):end/s.exec(new TextDecoder().decode(stdout))![1]!);
}

Deno.test({
  name: "figureBundle()'s figures keep their height and follow the width when JupyterLab is resized",
  ignore: browser === undefined,
  async fn() {
    const figure = makeFigure([{ type: "bar", x: ["a"], y: [1] }], { title: "T", layout: { height: 470 } });
    const output = figureBundle(figure)["application/vnd.plotly.v1+json"] as Record<string, unknown>;
    assertEquals((output.layout as { height: number }).height, 482); // Plotly's bar stands above the title
    const [own, responsive] = await drawSizes([output, { ...output, config: { responsive: true } }]);
    assertEquals(own, ["900 x 482", "500 x 482", "900 x 482"]);
    // what this test is there for: plotly.js takes the height of such a figure from the place that it stands in
    assertEquals(responsive!.every((size) => size.endsWith(" x 482")), false, String(responsive));
  },
});

Deno.test("figureBundle() and the committed notebooks leave plotly.js' own resizing off", async () => {
  const mime = "application/vnd.plotly.v1+json";
  const figure = figureBundle(makeFigure([], { title: "T" }))[mime] as Record<string, unknown>;
  assertEquals(Object.keys(figure), ["data", "layout"]);
  const folder = new URL("../../notebooks/", import.meta.url);
  let count = 0;
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".ipynb")) continue;
    const { cells } = JSON.parse(await Deno.readTextFile(new URL(name, folder)));
    for (const { data = {} } of cells.flatMap((cell: { outputs?: unknown[] }) => cell.outputs ?? [])) {
      if (!(mime in data)) continue;
      count++;
      assertEquals(Object.keys(data[mime]), ["data", "layout"], name);
    }
  }
  assertEquals(count > 0, true);
});
