import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { type Flags, summaryOf, tiny } from "./tiny_cases.ts";

Deno.test("merge-adapter says what rounding did: by logits, or by the forget set as evaluate measures it", async () => {
  using at = await tiny();
  const { model, corpus, forget } = at;
  const adapter = at.path("adapter");
  const how = { corpus, model, lr: 0.02, steps: 6, batch: 2, length: 32 };
  await summaryOf(at, "train", { ...how, lora: "r=2,targets=mlp", out: adapter });
  const merge = (name: string, flags: Flags) =>
    summaryOf(at, "merge-adapter", { model, adapter, out: at.path(name), ...flags });
  const { rounding: exact } = await merge("float32", {});
  assertEquals([exact.changed, exact.positions], [0, 128]);
  assert(exact.largest < 1e-4, `${exact.largest}`); // float32's own, of a sum in another order
  const { rounding: half } = await merge("float16", { "save-dtype": "float16" });
  const { rounding: brain, dtype } = await merge("bfloat16", { "save-dtype": "bfloat16" });
  assertEquals(dtype, "BF16");
  assert(
    half.largest > exact.largest && brain.largest > 4 * half.largest,
    JSON.stringify([exact, half, brain]),
  );

  const { sets, rounding } = await merge("measured", { "save-dtype": "bfloat16", corpus, forget });
  assertEquals([rounding, sets.length], [undefined, 2]);
  const scored = (flags: Flags) =>
    summaryOf(at, "evaluate", { before: undefined, ...flags, out: at.path("e.parquet"), force: true });
  const [beside, written] = [await scored({ model, adapter }), await scored({ model: at.path("measured") })];
  const [ofAdapter, ofWritten] = [beside, written].map(({ sets }) =>
    sets.find(({ set }: { set: string }) => set === "forget")
  );
  assertEquals(sets[1], { ...ofWritten, model: "written" });
  assertAlmostEquals(sets[0].nll, ofAdapter.nll, 1e-6); // evaluate adds the adapter to the weights first
  assertNotEquals(sets[0].nll, sets[1].nll);
  const alone = "--corpus and --forget go together";
  await at.fail("merge-adapter", { model, adapter, forget, out: at.path("x") }, alone, 2);
  const { stdout } = await at.run("merge-adapter", { model, adapter, out: at.path("said") });
  assertStringIncludes(stdout, "rounded to F32: logits differ by at most ");
});
