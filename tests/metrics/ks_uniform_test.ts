import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { ksUniform } from "../../lib/metrics/ks_uniform.ts";
import { rankAmong } from "../../lib/metrics/rank_test.ts";
import FIXTURE from "../fixtures/statistics.json" with { type: "json" };

Deno.test("ksUniform() is SciPy's test: exactly up to 1,000 values, closely beyond", () => {
  for (const { values, statistic, p_value } of FIXTURE.tests) {
    const found = ksUniform(values);
    assertAlmostEquals(found.statistic, statistic, 1e-12);
    assertAlmostEquals(found.p_value, p_value, values.length > 1000 ? 1e-4 : 1e-6, `${values.length} values`);
  }
  assert(
    FIXTURE.tests.some(({ p_value }) => p_value < 1e-3) && FIXTURE.tests.some(({ p_value }) => p_value > 0.1),
  );
});

Deno.test("ksUniform() refuses no values and values outside [0, 1]", () => {
  assertThrows(() => ksUniform([]), RangeError, "Cannot test whether values are uniform: there are none");
  for (const wrong of [NaN, -0.1, 1.1]) {
    assertThrows(() => ksUniform([0.5, wrong]), RangeError, `over [0, 1]: one is ${wrong}`);
  }
});

Deno.test("rankAmong() gives rank, p-value and exposure, equal scores counted against the secret", () => {
  const controls = Array.from({ length: 1023 }, (_, i) => i);
  const top = rankAmong(5000, controls);
  assertEquals([top.rank, top.p_value, top.exposure, top.smooth_p_value], [0, 1 / 1024, 10, 1 / 1024]);
  const bottom = rankAmong(-1, controls);
  assertEquals([bottom.rank, bottom.p_value, bottom.exposure], [1023, 1, 0]);
  assert(!Object.is(bottom.exposure, -0));
  assertEquals(rankAmong(1022, controls).rank, 1);
});

Deno.test("rankAmong()'s smooth p-values of unseen scores are uniform, also where scores have three values", () => {
  const random = new PythonRandom(3);
  const draw = () => random.randbelow(3);
  const smooth: number[] = [];
  let atMostFivePercent = 0;
  for (let trial = 0; trial < 400; trial++) {
    const controls = Array.from({ length: 50 }, draw);
    const { p_value, smooth_p_value } = rankAmong(draw(), controls, { tie: random.random() });
    smooth.push(smooth_p_value);
    if (p_value <= 0.05) atMostFivePercent++;
  }
  assert(ksUniform(smooth).p_value > 0.01, String(ksUniform(smooth).p_value));
  assert(atMostFivePercent <= 40, String(atMostFivePercent));
});

Deno.test("rankAmong() refuses no controls and scores that are not numbers", () => {
  assertThrows(() => rankAmong(1, []), RangeError, "Cannot rank a score among controls: there are none");
  assertThrows(() => rankAmong(NaN, [1]), RangeError, "one is not a number");
});
