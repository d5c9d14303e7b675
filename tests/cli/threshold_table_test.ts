import { assertAlmostEquals, assertEquals } from "@std/assert";
import { SCORED_COLUMNS, thresholdTable } from "../../lib/cli/threshold_table.ts";
import { writeRows } from "../../lib/datasets/row_table.ts";

Deno.test("thresholdTable() counts each text once, however the runs divide them", async () => {
  const path = `${await Deno.makeTempDir()}/scores.parquet`;
  const scores = [0.9, 0.1, 0.5, 0.7, 0.3, 0.8, 0.2];
  const rows = scores.map((ma, row) => ({
    ...{ doc_id: `${row}`, row, tokens: 9, ma, el_3: row === 0 ? null : ma, el_5: null, el_10: null, nll: 1 },
    language: row < 3 ? "rust" : null,
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

Deno.test("thresholdTable() says how many texts are enough, and takes each group's own mean", async () => {
  const path = `${await Deno.makeTempDir()}/scores.parquet`;
  const score = { tokens: 40, el_3: null, el_5: null, el_10: null, nll: 1 };
  const rows = Array.from({ length: 40 }, (_, row) => ({
    ...{ ...score, doc_id: `${row}`, row, ma: (row % 4) / 4, language: row % 4 === 3 ? "lua" : "rust" },
  }));
  await writeRows(path, rows, SCORED_COLUMNS);
  const { rows: [ma, el3], groups, means } = await thresholdTable([path], {
    ...{ runs: 5, seed: 42, maxTexts: undefined, error: 0.01 },
  });
  const deviation = Math.sqrt(40 / 39 * (0.375 ** 2 + 0.125 ** 2) / 2); // of 0, 1/4, 1/2 and 3/4
  assertAlmostEquals(ma!.deviation!, deviation, 1e-12);
  assertEquals([ma!.texts_needed, el3!.texts_needed], [Math.ceil((deviation / 0.01) ** 2), null]);
  assertEquals(ma!.low! < 0.375 && 0.375 < ma!.high!, true);
  // the interval of a mean of many is that of the normal distribution
  assertAlmostEquals(ma!.high! - ma!.low!, 2 * 1.96 * deviation / Math.sqrt(40), 0.02);
  assertEquals(means.ma!.length, 5);
  assertEquals(
    groups.filter(({ metric }) => metric === "ma").map(({ group, mean, texts }) => [group, mean, texts]),
    [["rust", 0.25, 30], ["lua", 0.75, 10], ["32-63", 0.375, 40]],
  );
});
