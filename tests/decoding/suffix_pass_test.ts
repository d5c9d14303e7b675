import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { type SuffixInput, SuffixPass } from "../../lib/decoding/suffix_pass.ts";
import { TOP_K } from "../../lib/decoding/token_details.ts";
import type { Model } from "../../lib/models/model.ts";
import { readFixture, readFixtureFolder } from "../models/fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** Families whose attention is that of another one, and whose cached decoding tests/models/shared_parts_test.ts tries. */
const LIKE_OTHERS = ["gemma", "gptj", "granite", "mistral", "olmo2", "phi", "phi3", "qwen3", "stablelm"];
/** A model of each other family, one of them with fewer heads in its cache, one with windows on some layers. */
const FAMILIES = Array.from(
  Deno.readDirSync(new URL("../fixtures/families", import.meta.url)),
  ({ name }) => {
    const folder = new URL(`../fixtures/families/${name}/`, import.meta.url);
    return `families/${name}/${Array.from(Deno.readDirSync(folder), ({ name }) => name).sort()[0]}`;
  },
).filter((folder) => !LIKE_OTHERS.includes(folder.split("/")[1]!));

/** What follows from the logits of one whole text, in float64: no cache, no batch. */
function plainTokens(model: Model, prefix: ArrayLike<number>, suffix: ArrayLike<number>) {
  const ids = [...Array.from(prefix), ...Array.from(suffix)];
  const V = model.config.vocabularySize;
  const logits = tf.tidy(() => model.logits(tf.tensor2d([ids], [1, ids.length], "int32")).dataSync());
  return Array.from(suffix, (token, t) => {
    const at = prefix.length - 1 + t;
    const row = Array.from(logits.subarray(at * V, (at + 1) * V));
    const largest = Math.max(...row);
    const sumOf = (values: readonly number[]) =>
      values.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    const logs = row.map((value) => value - largest - Math.log(sumOf(row)));
    const mean = logs.reduce((sum, log) => sum + Math.exp(log) * log, 0);
    const variance = logs.reduce((sum, log) => sum + Math.exp(log) * (log - mean) ** 2, 0);
    const top = [...row].sort((a, b) => b - a).slice(0, TOP_K);
    const topLog = row[token]! < top.at(-1)! ? -Infinity : row[token]! - largest - Math.log(sumOf(top));
    return {
      prediction: row.indexOf(largest),
      log: logs[token]!,
      mean,
      deviation: Math.sqrt(variance),
      topLog,
      row,
    };
  });
}

/** Texts with continuations of many lengths: of one text more than run at once, and texts with one only. */
function inputsFor(V: number, positions: number): SuffixInput[] {
  const token = (i: number) => (i * 7919 + (i >> 3) * 104729) % V;
  const make = (count: number, from: number) => Array.from({ length: count }, (_, i) => token(from + i));
  const longest = Math.min(20, positions - 12);
  return [
    { prefix: make(11, 0), suffixes: [3, longest, 1, 0, 9, 8].map((count, i) => make(count, 31 * i)) },
    { prefix: make(1, 40), suffixes: [make(5, 50), make(5, 60)] },
    { prefix: make(9, 70), suffixes: [make(12, 80)] },
    { prefix: make(10, 90), suffixes: [make(12, 100)] },
    { prefix: make(5, 110), suffixes: [] },
    { prefix: make(8, 1), suffixes: Array.from({ length: 70 }, (_, i) => make(2 + i % 3, i)) },
  ];
}

async function assertPlain(folder: string): Promise<void> {
  const before = engine.memory();
  {
    using loaded = await loadModel(folder);
    const { model } = loaded;
    const { vocabularySize: V, maxPositions } = model.config;
    const inputs = inputsFor(V, maxPositions);
    using pass = new SuffixPass(model);
    let done = 0;
    const onProgress = (count: number) => void (done += count);
    const found = await pass.run(inputs, { details: true, logits: true, onProgress });
    assertEquals(done, inputs.length);
    const short = await pass.run(inputs);
    inputs.forEach(({ prefix, suffixes }, text) =>
      suffixes.forEach((suffix, row) => {
        const tokens = found[text]![row]!;
        assertEquals(tokens.logProbabilities.length, suffix.length);
        assertEquals(Object.keys(short[text]![row]!), ["predictions", "logProbabilities"]);
        plainTokens(model, prefix, suffix).forEach((plain, t) => {
          const what = `token ${t} of ${text}, ${row}`;
          const logits = tokens.logits!.subarray(t * V, (t + 1) * V);
          assert(plain.row.every((value, v) => Math.abs(logits[v]! - value) <= 1e-4), what);
          const gap = plain.row[plain.prediction]! - plain.row[tokens.predictions[t]!]!;
          assert(gap <= 1e-4, `${what}: ${gap}`);
          assertAlmostEquals(tokens.logProbabilities[t]!, plain.log, 1e-4, what);
          assertAlmostEquals(short[text]![row]!.logProbabilities[t]!, plain.log, 1e-4, what);
          assertAlmostEquals(tokens.means![t]!, plain.mean, 1e-4, what);
          assertAlmostEquals(tokens.deviations![t]!, plain.deviation, 1e-3, what);
          const top = tokens.topLogProbabilities![t]!;
          if (plain.topLog === -Infinity) assertEquals(top, -Infinity, what);
          else assertAlmostEquals(top, plain.topLog, 1e-4, what);
        });
      })
    );
  }
  assertEquals(engine.memory(), before);
}

for (const name of ["trained", "untied"] as const) {
  Deno.test(`SuffixPass.run() gives what whole texts give, one by one: gpt2/${name}`, async () => {
    await assertPlain((await readFixture(name)).folder);
  });
}

for (const name of FAMILIES) {
  Deno.test(`SuffixPass.run() gives what whole texts give, one by one: ${name}`, async () => {
    await assertPlain((await readFixtureFolder(name)).folder);
  });
}

Deno.test("SuffixPass.run() takes texts up to the last position, and refuses what does not fit", async () => {
  const { folder } = await readFixture("trained");
  using loaded = await loadModel(folder);
  using pass = new SuffixPass(loaded.model);
  const [tokens] = await pass.run([{ prefix: Array(60).fill(1), suffixes: [[1, 2, 3, 4, 5]] }]);
  assertEquals(tokens![0]!.predictions.length, 5);
  const cases: [SuffixInput, string][] = [
    [
      { prefix: [], suffixes: [[1]] },
      "Cannot score secret 0 without a prefix: give it the end-of-text token",
    ],
    [
      { prefix: Array(60).fill(1), suffixes: [[1], Array(6).fill(1)] },
      "Cannot score secret 0 of 60 and 6 tokens as the model has 64 positions",
    ],
    [
      { prefix: [1], suffixes: [[64]] },
      "Cannot score secret 0: token 64 is beyond the model's vocabulary of 64",
    ],
  ];
  for (const [input, message] of cases) {
    await assertRejects(() => pass.run([input], { nameOf: (i) => `secret ${i}` }), RangeError, message);
  }
});
