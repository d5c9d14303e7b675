import { assertEquals } from "@std/assert";
import { compareScores } from "../../lib/attacks/compare_scores.ts";

const EMPTY = { ma: [], nll: [], log_probability: [], runs: [], tokens: [] };
const OWN = { ma: 1, nll: 1, log_probability: -1 };

Deno.test("compareScores() leaves out controls of too few tokens for EL_10", () => {
  const options = { share: 0.95, tie: 0.5 };
  const some = compareScores({ ...OWN, el_10: 1 }, { ...EMPTY, el_10: [NaN, 0, 0, NaN] }, options);
  assertEquals([some.el_10_threshold, some.el_10_p_value], [0, 1 / 3]);
  const none = compareScores({ ...OWN, el_10: 1 }, { ...EMPTY, el_10: [NaN] }, options);
  assertEquals([none.el_10_threshold, none.el_10_p_value, none.ma_threshold], [null, null, null]);
});
