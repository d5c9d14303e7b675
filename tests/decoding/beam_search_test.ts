import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { type Beam, type BeamPrompt, BeamSearch } from "../../lib/decoding/beam_search.ts";
import { Generator } from "../../lib/decoding/generator.ts";
import type { Model } from "../../lib/models/model.ts";
import { readFixture, readFixtureFolder } from "../models/fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** Beam search by its definition: each hypothesis runs whole, for each token anew. */
function plainSearch(model: Model, { prefix, tokens, allow, weigh }: BeamPrompt, width: number): Beam[] {
  let beams: Beam[] = [{ tokens: [], logProbability: 0 }];
  for (let i = 0; i < tokens; i++) {
    const next: Beam[] = [];
    for (const { tokens: soFar, logProbability } of beams) {
      const ids = [...Array.from(prefix), ...soFar];
      const logits = tf.tidy(() => model.logits(tf.tensor2d([ids], [1, ids.length], "int32")).dataSync());
      const allowed = allow?.(soFar);
      const row = Array.from(
        logits.slice(-model.config.vocabularySize),
        (value, token) => allowed && !allowed[token] ? -Infinity : value,
      );
      const largest = Math.max(...row);
      const sum = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
      row.forEach((value, token) => {
        if (value === -Infinity) return;
        next.push({
          tokens: [...soFar, token],
          logProbability: logProbability + value - largest - Math.log(sum),
          ...weigh && { weight: weigh(soFar)(token) },
        });
      });
    }
    const scoreOf = ({ logProbability, weight = 0 }: Beam) => logProbability + weight;
    beams = next.sort((a, b) => scoreOf(b) - scoreOf(a)).slice(0, width);
  }
  return beams;
}

function assertBeams(found: readonly Beam[], expected: readonly Beam[], what: string): void {
  assertEquals(found.length, expected.length, what);
  found.forEach((beam, k) => {
    assertAlmostEquals(beam.logProbability, expected[k]!.logProbability, 1e-3, `${what}, beam ${k}`);
    assertEquals(beam.weight, expected[k]!.weight, `${what}, beam ${k}`);
    const isTied = expected.some((other, i) =>
      i !== k && Math.abs(other.logProbability - expected[k]!.logProbability) < 1e-3
    );
    if (!isTied) assertEquals(beam.tokens, expected[k]!.tokens, `${what}, beam ${k}`);
  });
}

/** Even tokens only, then from the third on one only. */
function allowEven(V: number): NonNullable<BeamPrompt["allow"]> {
  return (soFar) =>
    Uint8Array.from(
      { length: V },
      (_, token) => soFar.length < 2 ? Number(token % 2 === 0) : Number(token === 7),
    );
}

/** Each token that stands there already costs 3 nats. */
function avoidRepeated(soFar: readonly number[]): (token: number) => number {
  return (token) => 3 * (new Set([...soFar, token]).size - soFar.length - 1);
}

for (const name of ["gpt2/trained", "gpt2/plain", "families/llama/plain", "families/mistral/plain"]) {
  Deno.test(`BeamSearch.run() finds what whole texts give, step by step: ${name}`, async () => {
    const { folder } = await readFixtureFolder(name);
    const before = engine.memory();
    {
      using loaded = await loadModel(folder);
      const { model } = loaded;
      const { vocabularySize: V } = model.config;
      const prompts: BeamPrompt[] = [
        { prefix: [3, 20, 9, 11, 5, 26, 8, 1, 3], tokens: 5 },
        { prefix: [1], tokens: 3 },
        { prefix: [7, 8, 9], tokens: 5 },
        { prefix: [2, 4], tokens: 0 },
        { prefix: [5, 5, 5], tokens: 4, allow: allowEven(V) },
        { prefix: [4, 3], tokens: 2, allow: () => new Uint8Array(V) },
        { prefix: [6, 7], tokens: 1 },
        { prefix: [5, 5, 5], tokens: 4, allow: allowEven(V), weigh: avoidRepeated },
      ];
      for (const width of [1, 3]) {
        using search = new BeamSearch(model, { width });
        const found = await search.run(prompts);
        prompts.forEach((prompt, i) => {
          assertBeams(found[i]!, plainSearch(model, prompt, width), `prompt ${i}, width ${width}`);
        });
      }
    }
    assertEquals(engine.memory(), before);
  });
}

Deno.test("BeamSearch.run() of width 1 decodes greedily, beyond the first positions of its own cache too", async () => {
  const { folder, texts, unseen } = await readFixture("trained");
  using loaded = await loadModel(folder);
  const prefixes = [texts[0]!.slice(0, 6), unseen[0]!.slice(0, 20)];
  using generator = new Generator(loaded.model);
  using search = new BeamSearch(loaded.model, { width: 1 });
  const greedy = await generator.generate(prefixes, { maxTokens: 36 });
  const beams = await search.run(prefixes.map((prefix) => ({ prefix, tokens: 36 })));
  assertEquals(beams.map(([beam]) => beam!.tokens), greedy.map((tokens) => [...tokens]));
  using wide = new BeamSearch(loaded.model);
  const eight = await wide.run(prefixes.map((prefix) => ({ prefix, tokens: 36 })));
  eight.forEach((of, i) => {
    assertEquals(of.length, 8);
    assertEquals(new Set(of.map(({ tokens }) => tokens.join())).size, 8);
    assert(of[0]!.logProbability >= beams[i]![0]!.logProbability - 1e-3);
  });
});

Deno.test("BeamSearch refuses what does not fit", async () => {
  const { folder } = await readFixture("trained");
  using loaded = await loadModel(folder);
  assertThrows(() => new BeamSearch(loaded.model, { width: 0 }), RangeError, "Cannot search with 0 beams");
  using search = new BeamSearch(loaded.model, { width: 2 });
  const cases: [BeamPrompt, string][] = [
    [{ prefix: [], tokens: 3 }, "Cannot continue secret 0 of 0 tokens by 3: expected at least 1"],
    [{ prefix: Array(60).fill(1), tokens: 5 }, "and at most 64 together"],
    [
      { prefix: [64], tokens: 1 },
      "Cannot continue secret 0: token 64 is beyond the model's vocabulary of 64",
    ],
  ];
  for (const [prompt, message] of cases) {
    await assertRejects(() => search.run([prompt], { nameOf: (i) => `secret ${i}` }), RangeError, message);
  }
});
