import { assertAlmostEquals, assertEquals } from "@std/assert";
import { SCORED_COLUMNS, thresholdTable } from "../../lib/cli/threshold_table.ts";
import { writeRows } from "../../lib/datasets/row_table.ts";

Deno.test("thresholdTable() counts each text once, however the runs divide them", async () => {
  const path = `${await Deno.makeTempDir()}/scores.parquet`;
  const scores = [0.9, 0.1, 0.5, 0.7, 0.3, 0.8, 0.2];
  const rows = scores.map((ma, row) => ({
    ...{ doc_id: `${row}`, row, tokens: 9, ma, el_3: row === 0 ? null : ma, el_5: null, el_10: null, nll: 1 },
  }));
  await writeRows(path, rows, SCORED_COLUMNS);
  const mean = scores.reduce((sum, ma) => sum + ma, 0) / scores.length;
  for (const runs of [1, 2, 3, 5, 7]) {
    const { rows: [ma, el3] } = await thresholdTable([path], { runs, seed: 42, maxTexts: undefined });
    assertAlmostEquals(ma!.mean!, mean, 1e-12, `${runs} runs`);
    assertAlmostEquals(el3!.mean!, (7 * mean - 0.9) / 6, 1e-12, `${runs} runs, one text without a score`);
    assertEquals([ma!.texts, ma!.runs, el3!.texts], [7, runs, 6]);
  }
});
