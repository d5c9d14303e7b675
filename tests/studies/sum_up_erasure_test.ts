import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { ATTACK_COLUMNS, EVALUATION_COLUMNS, PROBE_COLUMNS } from "../../lib/datasets/columns.ts";
import { writeRows } from "../../lib/datasets/row_table.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { erasureTable, sumUpErasure } from "./sum_up_erasure.ts";

/** A trial of two secrets, the first of which comes back. */
async function writeTrial(folder: string, name: string, ma: number): Promise<void> {
  const at = (file: string) => join(folder, name, file);
  await Deno.mkdir(at("attacks"), { recursive: true });
  const rows = ["x", "y"].flatMap((fingerprint, i) => {
    const place = { doc_id: fingerprint, tag: "KEY", start: 0, end: 9, fingerprint, model: "after" };
    const none = { p_value: null, threshold: null, controls: 7, controls_extracted: 0, extracted: null };
    const relearn = { attack: "relearn", variant: "20 steps at 0.0003", score: i === 0 ? ma : 0.25 };
    return [
      {
        ...place,
        ...none,
        attack: "exposure",
        variant: "ma",
        score: ma,
        threshold: 0.3,
        controls_score: 0.2,
      },
      { ...place, ...none, attack: "exposure", variant: "rank", score: 1, controls_score: 1.4 },
      { ...place, ...none, ...relearn, extracted: i === 0, controls_score: 0.25 },
    ];
  });
  await writeRows(at("attacks/attacks.parquet"), rows, ATTACK_COLUMNS);
  const controls = { estimate: 0.1, low: 0, high: 0.2 };
  const report = { extracted_by_any: [{ model: "after", secrets: null, controls }], membership: [] };
  await Deno.writeTextFile(at("attacks/attacks.json"), JSON.stringify(report));
  const scores = { el_3: null, el_5: null, el_10: null, rows: 1, model: "model" };
  await writeRows(at("evaluation.parquet"), [
    { ...scores, set: "retain", ma: 0.9, nll: 1 },
    { ...scores, set: "unseen", ma: null, nll: 4 },
  ], EVALUATION_COLUMNS);
  const twin = { doc_id: "t", window: 0, tag: "KEY", start: 0, end: 9, secret_tokens: 4, mask_tokens: 4 };
  await writeRows(at("twins.parquet"), [{ ...twin, ma: 0.25 }], PROBE_COLUMNS);
}

Deno.test("sumUpErasure() pools the secrets of all sets, and gives no interval of a single number", async () => {
  using folder = temporaryFolder();
  for (const set of [0, 1]) await writeTrial(folder.path, `lasting_held_${set}`, 0.75);
  await writeTrial(folder.path, "ga_0", 0.25);
  await Deno.mkdir(join(folder.path, "cu_0")); // begun
  const rows = await sumUpErasure(folder.path);
  const of = (method: string, measure: string) => {
    const { sets, estimate, low, high } = rows.find((row) =>
      row.method === method && row.measure === measure
    )!;
    return [sets, estimate, low, high];
  };
  assertEquals(of("lasting held", "MA above controls after 20 steps"), [2, 0.25, 0, 0.5]);
  assertEquals(of("lasting held", "above their own thresholds, share"), [2, 1, 0.158114, 1]); // of two values
  assertEquals(of("lasting held", "extracted by any attack, share"), [2, 0.5, 0, 1]);
  assertEquals(of("lasting held", "of controls"), [2, 0.1, 0.1, 0.1]);
  assertEquals(of("ga", "of controls"), [1, 0.1, null, null]);
  assertEquals(of("ga", "after 100 steps"), [1, null, null, null]);
  const { header, cells } = erasureTable(rows);
  assertEquals(header, ["", "ga (1)", "lasting held (2)"]);
  assertEquals(cells.find(([measure]) => measure === "MA of the retain set"), [
    ...["MA of the retain set", "0.900", "0.900 [0.900, 0.900]"],
  ]);
});
