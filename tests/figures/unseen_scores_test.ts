import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { unseenScores } from "../../lib/figures/unseen_scores.ts";
import { NO_EL } from "../no_scores.ts";

const text = (doc_id: string, ma: number | null, el_10: number | null) => ({
  ...{ doc_id, ma, ...NO_EL, el_10 },
});

Deno.test("unseenScores() puts a text's scores into their metrics' columns, and means with two errors", () => {
  const { data, layout } = unseenScores([text("<b>", 0.2, 0), text("b", 0.4, null)], [
    { metric: "ma", mean: 0.3, standard_error: 0.1 },
    { metric: "el_10", mean: 0, standard_error: null },
    { metric: "el_3", mean: null, standard_error: null },
  ]);
  const [texts, means] = data;
  assertEquals(texts?.y, [0.2, 0.4, 0]);
  assertEquals(texts?.x.map((x) => Math.abs(Math.round(Number(x)))), [0, 0, 3]);
  assertEquals([means?.x, means?.y], [[0, 3], [0.3, 0]]);
  assertAlmostEquals((means?.error_y as { array: number[] }).array[0]!, 0.2);
  assertEquals(texts?.customdata, ["&lt;b&gt;", "b", "&lt;b&gt;"]);
  assertStringIncludes(layout.title.subtitle!.text, "mean MA of 2 texts: 30.0%, standard error 10.0%");
});

Deno.test("unseenScores() says that there is nothing to show when no text has a score", () => {
  for (const rows of [[], [text("a", null, null)]]) {
    assertStringIncludes(JSON.stringify(unseenScores(rows, []).layout.annotations), "no rows to show");
  }
});
