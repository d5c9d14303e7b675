import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseNotebooks, executeNotebook } from "../lib/notebooks/execute.ts";
import { setUpJupyter } from "../lib/setup_jupyter.ts";

const NOTEBOOKS = fileURLToPath(new URL("../notebooks", import.meta.url));
const PATHS = chooseNotebooks(NOTEBOOKS, []);
const MAX_LINES = 15;
const MAX_BYTES = 3e6;

/** Parameters that make every notebook small; each takes those it knows. */
const SMALL = { TEXTS: 4, TOKENS: 32, DOCUMENTS: 400, K: 4, GROUPS: 2, TRIED: 160 };

interface Cell {
  cell_type: string;
  source: string[];
  metadata: { tags?: string[] };
  execution_count?: number | null;
  outputs?: { output_type: string; data?: { [mime: string]: unknown } }[];
}

const cellsOf = (path: string): Cell[] => JSON.parse(Deno.readTextFileSync(path)).cells;
const codeOf = (path: string) => cellsOf(path).filter(({ cell_type }) => cell_type === "code");

Deno.test("notebooks are under 3 MB together", () => {
  assert(PATHS.length > 0);
  assert(PATHS.reduce((sum, path) => sum + Deno.statSync(path).size, 0) < MAX_BYTES);
});

for (const path of PATHS) {
  const name = path.slice(NOTEBOOKS.length + 1);

  Deno.test(`${name} begins with its question, imports and tagged parameters`, () => {
    const [first] = cellsOf(path);
    const [imports, parameters] = codeOf(path);
    assertEquals(first?.cell_type, "markdown");
    assert(first!.source.join("").includes("?"), "a question");
    assert(imports!.source.join("").includes('from "../mod.ts"'));
    assertEquals(parameters?.metadata.tags, ["parameters"]);
    assert(parameters!.source.join("").includes("startNotebook("));
  });

  Deno.test(`${name} has short cells, no functions and imports mod.ts only`, () => {
    for (const { source } of codeOf(path)) {
      const code = source.join("");
      assert(source.length <= MAX_LINES, code);
      assert(!/^\s*(async )?function\b|^(const|let) \w+ = (async )?\([^)]*\) =>/m.test(code), code);
      for (const [, from] of code.matchAll(/\bfrom\s+"([^"]+)"/g)) assertEquals(from, "../mod.ts");
    }
  });

  Deno.test(`${name} is committed executed from a clean kernel, its figures with an SVG`, () => {
    const cells = codeOf(path);
    assertEquals(cells.map(({ execution_count }) => execution_count), cells.map((_, i) => i + 1));
    for (const { output_type, data = {} } of cells.flatMap(({ outputs = [] }) => outputs)) {
      assert(output_type !== "error" && output_type !== "stream", output_type);
      if ("application/vnd.plotly.v1+json" in data) assert("image/svg+xml" in data);
    }
  });

  Deno.test(`${name} shows no path, no time and no whole secret`, () => {
    for (const output of codeOf(path).flatMap(({ outputs = [] }) => outputs)) {
      const text = JSON.stringify({ ...output.data, "image/svg+xml": "" });
      assert(!/(?<![\w.~$}/-])\/(home|Users|root|mnt|tmp|work)\/\w|file:\/\//.test(text), text.slice(0, 200));
      assert(!/\b20\d\d-\d\d-\d\dT\d\d:|\b\d+ min \d+ s\b/.test(text), text.slice(0, 200));
      assert(!/\b(AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}|eyJ[\w-]{20,}\.)/.test(text), text.slice(0, 200));
    }
  });
}

Deno.test("notebooks run one after the other at embedded scale", async () => {
  const jupyter = await setUpJupyter();
  const out = await Deno.makeTempDir();
  try {
    for (const path of PATHS) {
      const parameters = { ...SMALL, RUN: join(out, "run") };
      const executed = await executeNotebook(jupyter, path, { out, parameters });
      assert(codeOf(executed).every(({ execution_count }) => execution_count));
    }
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("executeNotebook() says in one line which cell failed and why", async () => {
  const jupyter = await setUpJupyter();
  const out = await Deno.makeTempDir();
  const cell = (source: string) => ({
    cell_type: "code",
    id: crypto.randomUUID(),
    metadata: {},
    source,
    outputs: [],
    execution_count: null,
  });
  const cells = [cell("1 + 1"), cell('throw new RangeError("Cannot go on: <img onerror>")'), cell("2")];
  const metadata = { kernelspec: { name: "deno", display_name: "Deno", language: "typescript" } };
  await Deno.writeTextFile(
    `${out}/bad.ipynb`,
    JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }),
  );
  try {
    const error = await assertRejects(() => executeNotebook(jupyter, `${out}/bad.ipynb`, { out }), Error);
    assertEquals(
      error.message,
      'Cannot run notebook "bad": code cell 2 of 3: RangeError: Cannot go on: <img onerror>',
    );
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});
