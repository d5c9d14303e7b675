import { assert, assertEquals } from "@std/assert";
import { CHANGE_COLUMNS } from "../../lib/datasets/change_columns.ts";
import { EVALUATION_COLUMNS, INTERVAL_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { type Flags, tiny } from "./tiny_cases.ts";
import { writeBenign } from "./tiny_run.ts";

Deno.test("evaluate --benign measures the forget set after a training, and the other sets as they are without", async () => {
  using at = await tiny();
  const benign = await writeBenign(at.path("benign.jsonl"));
  const evaluate = async (out: string, training: Flags) => {
    const given = {
      before: at.model,
      model: at.path("erased"),
      unseen: benign,
      out: at.path(out),
      ...training,
    };
    const { code, stderr } = await at.run("evaluate", given);
    assertEquals(code, 0, stderr);
    return await readRows(at.path(out), { ...EVALUATION_COLUMNS, ...INTERVAL_COLUMNS, ...CHANGE_COLUMNS });
  };
  await Deno.symlink(at.model, at.path("erased"));
  const plain = await evaluate("plain.parquet", {});
  const trained = await evaluate("trained.parquet", { benign, "benign-steps": 3, "benign-lr": 0.01 });
  assertEquals(trained.filter(({ set }) => set !== "relearned"), plain);
  const relearned = trained.filter(({ set }) => set === "relearned");
  const forget = plain.find(({ set, model }) => set === "forget" && model === "erased")!;
  assertEquals(relearned.map(({ model, rows }) => [model, rows]), [["erased", forget.rows]]);
  assert(relearned[0]!.nll !== forget.nll);
  const brought = relearned[0]!.nll! - forget.nll!;
  const { nll_change_low, nll_change_high } = relearned[0]!;
  assert(nll_change_low! <= brought && brought <= nll_change_high!);
  for (const { model, nll_change_low, nll_change_high } of plain) { // the same model twice
    assertEquals([nll_change_low, nll_change_high], model === "before" ? [null, null] : [0, 0]);
  }
});

Deno.test("evaluate --benign trains a model whose folder is called before, where none is the one before", async () => {
  using at = await tiny();
  const benign = await writeBenign(at.path("benign.jsonl"));
  await Deno.symlink(at.model, at.path("before"));
  const out = at.path("trained.parquet");
  const { code, stderr } = await at.run("evaluate", {
    ...{ before: undefined, model: at.path("before"), benign, "benign-steps": 1, out },
  });
  assertEquals(code, 0, stderr);
  const rows = await readRows(out, EVALUATION_COLUMNS);
  assertEquals(rows.filter(({ set }) => set === "relearned").map(({ model }) => model), ["before"]);
});

Deno.test("evaluate --benign refuses texts with the secrets, and texts that are too short", async () => {
  using at = await tiny();
  const held = /Cannot relearn on texts that hold what was forgotten: \d+ of \d+ texts, \d+ of \d+ values/;
  await at.fail("evaluate", { benign: at.corpus }, held);
  await at.fail(
    "evaluate",
    { benign: at.path("nothing") },
    /Cannot read corpus ".*nothing": there is no such/,
  );
});
