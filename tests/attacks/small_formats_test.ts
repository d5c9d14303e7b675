import { assertAlmostEquals, assertEquals } from "@std/assert";
import { controlTokens } from "../../lib/attacks/control_tokens.ts";
import { ControlValues } from "../../lib/attacks/control_values.ts";
import { scoreExposures } from "../../lib/attacks/exposure.ts";
import { scoreControls } from "../../lib/attacks/matched_controls.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { rankOf } from "../../lib/datasets/seeded_order.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { rankAmong } from "../../lib/metrics/rank_test.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const tokenizer = await openTokenizer("data/model");
const TENTHS = Array.from({ length: 10 }, (_, i) => (i + 1) / 10);

/** Every value of a format of ten, each in the same place. */
const DIGITS = Array.from("0123456789", (digit) => ({
  ...{ id: digit, text: `retries = 3\npin = ${digit}\n`, tag: "KEY", start: 18, end: 19 },
}));

Deno.test("p-values of never-seen values of a format of ten are each of ten once, whatever a model prefers", async () => {
  const values = new ControlValues(tokenizer);
  for (const model of ["one", "another", "a third"]) {
    const scoreOf = (value: string) => rankOf(7, `${model} ${value}`);
    const found = await Promise.all(DIGITS.map(async ({ id: value, tag }) => {
      const controls = await values.draw({ value, tag }, { count: 1000, place: value });
      return rankAmong(scoreOf(value), controls.map(scoreOf)).p_value;
    }));
    assertEquals(found.sort(), TENTHS);
  }
});

Deno.test("scoreControls() and scoreExposures() rank a digit among the nine others", async () => {
  using loaded = await loadModel("embedded");
  const given = { model: loaded.model, tokenizer };
  const { rows } = await scoreControls(given, DIGITS, { controls: 100 });
  assertEquals(rows.map(({ controls }) => controls), DIGITS.map(() => 9));
  assertEquals(rows.map(({ nll_p_value }) => nll_p_value!).sort(), TENTHS);
  const exposures = await scoreExposures(given, DIGITS, { controls: 1000 });
  assertEquals(exposures.rows.map(({ controls }) => controls), DIGITS.map(() => 9));
  const bits = exposures.rows.map(({ exposure }) => exposure!).sort((a, b) => b - a);
  bits.forEach((exposure, i) => assertAlmostEquals(exposure, Math.log2(10 / (i + 1)), 1e-9));
});

Deno.test("controlTokens() takes controls for one that differ beyond the tokens that are scored", async () => {
  const value = "!?".repeat(60) + "12";
  const secret = { id: "a", text: value, tag: "KEY", start: 0, end: value.length };
  const [{ suffixes }] = await controlTokens(tokenizer, [secret], { controls: 20, seed: 1 }) as [
    Awaited<ReturnType<typeof controlTokens>>[0],
  ];
  assertEquals(suffixes.length, 1);
});
