import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Context } from "../../lib/cli/command.ts";
import { judgeAgain, type JudgedValues } from "../../lib/cli/humaneval_judged.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { readRunRecord } from "../../lib/cli/run_folder.ts";
import { HUMANEVAL_PROBLEM_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { bytesOf, QUIET, ROWS, world } from "./humaneval_world.ts";

type World = Awaited<ReturnType<typeof world>>;

/** Judges the samples of `out` again, by problems whose tests all want 2. */
async function again(at: World, changes: Partial<JudgedValues> = {}) {
  at.judged.length = 0;
  const values = {
    samples: at.path("out/samples.jsonl"),
    problems: at.path("plus.jsonl"),
    before: undefined,
  };
  const context = {
    ...{ progress: createProgress({ stream: QUIET }), signal: new AbortController().signal, log: () => {} },
    ...{ breathe: () => Promise.resolve(), cwd: at.path(""), seed: 7, force: false },
    settings: { sandbox: "pyodide", timeout: 3, n: 50, temperature: 0.2 },
  } as Context;
  return await judgeAgain({ ...values, out: at.path("plus"), ...changes }, context, at.parts);
}

async function writePlus(
  at: World,
  change: (row: typeof ROWS[number]) => object = () => ({}),
): Promise<void> {
  const rows = ROWS.map((row) => ({
    ...{ ...row, test: "def check(candidate):\n    assert candidate() == 2\n" },
    ...change(row),
  }));
  await Deno.writeTextFile(at.path("plus.jsonl"), rows.map((row) => JSON.stringify(row) + "\n").join(""));
}

Deno.test("humaneval --samples judges what was drawn by other tests, and keeps what drew it", async () => {
  using at = await world();
  await at.run({ temperature: 0.8 });
  await writePlus(at);
  const { summary, text } = await again(at);
  assertEquals([at.judged.length, summary.passed, summary.samples_a_problem], [8, 4, 2]);
  assertEquals(bytesOf(at.path("plus"))[0], bytesOf(at.path("out"))[0], "the samples");
  const { settings, status } = (await readRunRecord(at.path("plus")))!;
  assertEquals([status, settings.temperature, settings.seed, settings.n], ["finished", 0.8, 42, undefined]);
  assert(!text!.includes("prompts"));
  await assertRejects(() => again(at), Error, "it is finished already");
});

Deno.test("humaneval --samples compares with samples that were judged by the same tests, and judges none twice", async () => {
  using at = await world();
  await at.run();
  await at.run({ model: at.path("other"), out: at.path("after") });
  await writePlus(at);
  const samples = at.path("after/samples.jsonl");
  await assertRejects(
    () => again(at, { samples, before: at.path("out"), out: at.path("after-plus") }),
    Error,
    "the file of problems has another content",
  );
  await again(at);
  await again(at, { samples, out: at.path("after-plus") });
  await again(at, { samples, before: at.path("plus"), out: at.path("after-plus") });
  assertEquals(at.judged, []);
  const rows = await readRows(at.path("after-plus/problems.parquet"), HUMANEVAL_PROBLEM_COLUMNS);
  assertEquals(rows.map(({ passed, passed_before }) => [passed, passed_before]), [[1, 1], [1, 1], [1, 1], [
    1,
    1,
  ]]);
});

Deno.test("humaneval --samples says that prompts are others, and refuses samples of other problems or too few", async () => {
  using at = await world();
  await at.run();
  await writePlus(at, ({ prompt }) => ({ prompt: `import math\n${prompt}` }));
  assertStringIncludes(
    (await again(at)).text!,
    "prompts are not all as those that the samples were drawn from",
  );
  const problems = at.path("fewer.jsonl");
  await Deno.writeTextFile(problems, JSON.stringify(ROWS[0]) + "\n");
  const out = at.path("other");
  await assertRejects(
    () => again(at, { problems, out }),
    RangeError,
    'it has samples of "Made/two", which is none',
  );
  const lines = (await Deno.readTextFile(at.path("out/samples.jsonl"))).trim().split("\n");
  await Deno.writeTextFile(at.path("cut.jsonl"), lines.slice(0, -1).join("\n") + "\n");
  const cut = again(at, { samples: at.path("cut.jsonl"), out });
  await assertRejects(() => cut, RangeError, 'it has 1 samples of "Made/four", not 2: finish its run first');
});
