import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { type Figure, figureBundle, makeFigure } from "../../lib/figures/figure.ts";
import { PALETTES, TEMPLATES } from "../../lib/figures/style.ts";
import { startNotebook } from "../../lib/notebooks/start.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const DEFAULTS = { MODEL: "embedded", TEXTS: 64, LR: 2e-4, ALPHA: 1, REVEAL: false };
const start = (text: string | undefined) =>
  startNotebook(DEFAULTS, {
    fractions: ["ALPHA"],
    variable: (name) => name === "NB_PARAMS" ? text : undefined,
  });

Deno.test("startNotebook() takes what is given, of the type of its default, and leaves the rest", () => {
  assertEquals(start(undefined), DEFAULTS);
  assertEquals(start('{"MODEL":"</script>","TEXTS":0,"LR":1,"ALPHA":0.25,"REVEAL":true,"OTHER":[]}'), {
    ...{ MODEL: "</script>", TEXTS: 0, LR: 1, ALPHA: 0.25, REVEAL: true },
  });
  assertEquals(start('{"__proto__":{"TEXTS":8}}'), DEFAULTS);
});

Deno.test("startNotebook() says in one line what is wrong with a parameter", () => {
  const cases = [
    ["[]", SyntaxError, 'Cannot read NB_PARAMS: it is no JSON object: write it as {"TEXTS": 8}'],
    ["{", SyntaxError, 'Cannot read NB_PARAMS: it is no JSON object: write it as {"TEXTS": 8}'],
    ['{"TEXTS":"8"}', TypeError, "Cannot use parameter TEXTS: it is a string, expected a number as 64"],
    ['{"MODEL":null}', TypeError, 'Cannot use parameter MODEL: it is null, expected a string as "embedded"'],
    ['{"TEXTS":1.5}', RangeError, "Cannot use parameter TEXTS: it is 1.5, expected a whole number"],
    ['{"LR":-1}', RangeError, "Cannot use parameter LR: it is -1, expected >= 0"],
    ['{"ALPHA":-0.5}', RangeError, "Cannot use parameter ALPHA: it is -0.5, expected >= 0"],
  ] as const;
  for (const [text, type, message] of cases) {
    assertEquals(assertThrows(() => start(text), type).message, message);
  }
});

Deno.test("startNotebook() shows figures on the paper that CODESCRUB_FIGURES names", () => {
  const startOn = (paper: string | undefined) =>
    startNotebook(DEFAULTS, { variable: (name) => name === "CODESCRUB_FIGURES" ? paper : undefined });
  const bar = { type: "bar", x: [1], y: [1], marker: { color: PALETTES.light.blue } } as const;
  const shown = () => {
    const bundle = figureBundle(makeFigure([bar], { title: "Counts" }));
    const { data, layout } = bundle["application/vnd.plotly.v1+json"] as Figure;
    return [data[0]!.marker, layout.template];
  };
  startOn("dark");
  assertEquals(shown(), [{ color: PALETTES.dark.blue }, TEMPLATES.dark]);
  startOn(undefined);
  assertEquals(shown(), [{ color: PALETTES.light.blue }, TEMPLATES.light]);
  using folder = temporaryFolder();
  const settings = join(folder.path, "lab/user-settings/@jupyterlab/apputils-extension");
  Deno.mkdirSync(settings, { recursive: true });
  const startIn = (text: string, paper?: string) => {
    Deno.writeTextFileSync(join(settings, "themes.jupyterlab-settings"), text);
    const variables = new Map([["JUPYTER_CONFIG_DIR", folder.path], ["CODESCRUB_FIGURES", paper]]);
    startNotebook(DEFAULTS, { variable: (name) => variables.get(name) });
    return shown()[1] === TEMPLATES.dark;
  };
  const dark = '{\n  // Selected Theme\n  "theme": "JupyterLab Dark"\n}';
  assertEquals([startIn(dark), startIn(dark, "light")], [true, false]);
  const others = ['{ "theme": "JupyterLab Light" }', '{\n// "theme": "JupyterLab Dark"\n}', "{", ""];
  for (const text of [...others, '{ "adaptive-theme": true, "theme": "JupyterLab Dark" }']) {
    assertEquals(startIn(text), false, text);
  }
  const message = 'Cannot use CODESCRUB_FIGURES="black": expected dark or light';
  assertThrows(() => startOn("black"), SyntaxError, message);
});
