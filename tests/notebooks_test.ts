import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import deno from "../deno.json" with { type: "json" };
import { PLANTED_COLUMNS } from "../lib/datasets/columns.ts";
import { readRows } from "../lib/datasets/row_table.ts";
import { chooseNotebooks, executeNotebook } from "../lib/notebooks/execute.ts";
import { openRun } from "../lib/notebooks/run.ts";
import { embeddedFiles, openCorpus } from "../lib/notebooks/session.ts";
import { setUpJupyter } from "../lib/setup/jupyter.ts";
import { fromCodePoints } from "../lib/tokenizers/code_points.ts";

const NOTEBOOKS = fileURLToPath(new URL("../notebooks", import.meta.url));
const PATHS = chooseNotebooks(NOTEBOOKS, []);
/** What deno.json exports, as a notebook names it. */
const EXPORTS = Object.values(deno.exports).map((path) => `.${path}`);
const MAX_LINES = 15;
const MAX_BYTES = 3e6;

/** Parameters that make every notebook small; each takes those it knows. */
const SMALL = {
  ...{ TEXTS: 2, TOKENS: 24, DOCUMENTS: 240, K: 2, GROUPS: 2, TRIED: 80 },
  ...{ PLACES: 1, ROWS: 2, KEPT: 2, EPOCHS: 2, TWINS: 3, CONTROLS: 9, RANKED: 9, STEPS: 2 },
};

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
    assert(imports!.source.join("").includes('from "../lib/notebooks/mod.ts"'));
    assertEquals(parameters?.metadata.tags, ["parameters"]);
    assert(parameters!.source.join("").includes("startNotebook("));
  });

  Deno.test(`${name} has short cells, no functions and imports what is exported only`, () => {
    for (const { source } of codeOf(path)) {
      const code = source.join("");
      assert(source.length <= MAX_LINES, code);
      assert(!/^\s*(async )?function\b|^(const|let) \w+ = (async )?\([^)]*\) =>/m.test(code), code);
      for (const [, from] of code.matchAll(/\bfrom\s+"([^"]+)"/g)) assert(EXPORTS.includes(from!), from);
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

/** Pieces of a secret from this length on are its own; shorter ones stand in ordinary words too. */
const PIECE = 6;

Deno.test("notebooks show no piece of a planted secret but those of its format and two characters", async () => {
  const texts = new Map((await openCorpus("embedded")).documents.map(({ docId, text }) => [docId, text]));
  const planted = await readRows((await embeddedFiles()).planted, PLANTED_COLUMNS);
  const values = new Set(planted.map(({ doc_id, start, end }) => {
    const units = fromCodePoints(texts.get(doc_id)!);
    return texts.get(doc_id)!.slice(units[start], units[end]);
  }));
  assert(values.size > 200);
  // A piece that values share is their format's ("@", a service's prefix, reserved addresses), not a secret.
  const holders = new Map<string, number>();
  for (const value of values) {
    for (const piece of piecesOf(value)) holders.set(piece, (holders.get(piece) ?? 0) + 1);
  }
  for (const path of PATHS) {
    const outputs = codeOf(path).flatMap(({ outputs = [] }) => outputs);
    const bundles = outputs.map(({ data = {} }) => ({ ...data, "image/svg+xml": "" }));
    // a figure's numbers are no text, and some have six digits that a secret has too
    const shown = JSON.stringify(bundles, (_, value) => typeof value === "number" ? 0 : value);
    const leaked = [...holders].find(([piece, count]) => count === 1 && shown.includes(piece));
    assertEquals(leaked, undefined, path);
  }
});

function piecesOf(value: string): Set<string> {
  const count = Math.max(0, value.length - PIECE + 1);
  return new Set(Array.from({ length: count }, (_, i) => value.slice(i, i + PIECE)));
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

Deno.test("notebooks say in one line what to do with bad input, hostile names as text", async () => {
  const jupyter = await setUpJupyter();
  const out = await Deno.makeTempDir();
  const [unlearning, evaluation] = chooseNotebooks(NOTEBOOKS, ["05_unlearning", "06_evaluation"]);
  const run = await openRun(join(out, "<img onerror>"));
  await run.write(
    "thresholds",
    ["ma", "el_10"].map((metric) => ({
      ...{ metric, mean: 0.3, standard_error: null, texts: 4, runs: 1 },
    })),
  );
  const missing = (file: string, by: string) =>
    `Cannot read "${file}" of run "${run.folder}": it is not there: ` +
    `run notebook ${by} first, or "npx -y deno task demo" and set RUN to "../out/demo"`;
  const cases = [
    [unlearning!, { EPOCHS: "many" }, "2 of 13: TypeError: Cannot use parameter EPOCHS: it is a string"],
    [unlearning!, { CORPUS: "</script>" }, '3 of 13: Error: Cannot read corpus "</script>"'],
    [evaluation!, {}, `3 of 14: Error: ${missing("codeeraser/history.parquet", "05_unlearning")}`],
  ] as const;
  try {
    for (const [path, parameters, reason] of cases) {
      const running = executeNotebook(jupyter, path, { out, parameters: { RUN: run.folder, ...parameters } });
      const { message } = await assertRejects(() => running, Error);
      assertStringIncludes(message, reason);
      assert(!message.includes("\n"));
    }
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("executeNotebook() says in one line which cell failed and why", async () => {
  const jupyter = await setUpJupyter();
  const out = await Deno.makeTempDir();
  const cases = [
    ['throw new RangeError("Cannot go on: <img onerror>")', "RangeError: Cannot go on: <img onerror>"],
    ['Deno.kill(Deno.pid, "SIGKILL")', "DeadKernelError: Kernel died"],
  ] as const;
  try {
    for (const [code, reason] of cases) {
      await Deno.writeTextFile(`${out}/bad.ipynb`, makeNotebook(["1 + 1", code, "2"]));
      const error = await assertRejects(() => executeNotebook(jupyter, `${out}/bad.ipynb`, { out }), Error);
      assertEquals(error.message, `Cannot run notebook "bad": code cell 2 of 3: ${reason}`);
    }
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

function makeNotebook(sources: readonly string[]): string {
  const cells = sources.map((source, i) => ({
    ...{ cell_type: "code", id: `cell-${i}`, metadata: {}, source, outputs: [], execution_count: null },
  }));
  const metadata = { kernelspec: { name: "deno", display_name: "Deno", language: "typescript" } };
  return JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 });
}
