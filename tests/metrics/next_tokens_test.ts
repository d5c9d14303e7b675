import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { type NextTokens, NextTokenScorer, type PredictedText } from "../../lib/metrics/next_tokens.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { FIXTURES, readFixture } from "../models/fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

async function scoreAll(scorer: NextTokenScorer, texts: readonly PredictedText[]): Promise<NextTokens[]> {
  const results: NextTokens[] = [];
  for await (const [i, tokens] of scorer.score(texts)) {
    assertEquals(results[i], undefined, `text ${i} came twice`);
    results[i] = tokens;
  }
  return results;
}

/** The cross entropies, largest probabilities and argmaxes of one row of logits, in double precision. */
function plainTokens(logits: ArrayLike<number>, label: number) {
  const row = Array.from(logits);
  const best = row.indexOf(Math.max(...row));
  const sum = row.reduce((total, value) => total + Math.exp(value - row[best]!), 0);
  return {
    hit: Number(best === label),
    loss: row[best]! + Math.log(sum) - row[label]!,
    confidence: 1 / sum,
  };
}

Deno.test("NextTokenScorer gives what transformers' logits say of each token", async () => {
  for (const name of FIXTURES) {
    const { folder, ids, loss, tensors } = await readFixture(name);
    const { values, shape } = tensors.get("logits")!;
    const [, T, V] = shape as [number, number, number];
    using loaded = await loadModel(folder);
    using scorer = new NextTokenScorer(loaded.model);
    const results = await scoreAll(scorer, ids.map((row) => ({ ids: Int32Array.from(row), from: 1 })));
    let [total, count] = [0, 0];
    for (const [b, { hits, losses, confidences }] of results.entries()) {
      assertEquals([hits.length, losses.length, confidences.length], [T - 1, T - 1, T - 1]);
      for (let t = 0; t < T - 1; t++) {
        const at = (b * T + t) * V;
        const plain = plainTokens(Array.from(values).slice(at, at + V), ids[b]![t + 1]!);
        assertEquals(hits[t], plain.hit, `${name}, row ${b}, token ${t + 1}`);
        assertAlmostEquals(losses[t]!, plain.loss, 2e-3);
        assertAlmostEquals(confidences[t]!, plain.confidence, 1e-3);
        total += losses[t]!;
        count++;
      }
    }
    assertAlmostEquals(total / count, loss, 1e-3, name);
  }
});

Deno.test("NextTokenScorer gives each text the same whatever runs beside it, and what Scorer gives", async () => {
  const { folder, texts, unseen } = await readFixture("trained");
  using loaded = await loadModel(folder);
  using scorer = new NextTokenScorer(loaded.model);
  const all = [...texts, ...unseen, ...texts.map((text) => text.slice(0, 7)), texts[0]!.slice(0, 2)];
  const given = [...all, ...all, ...all].map((text, i) => ({
    ids: Int32Array.from(text),
    from: 1 + i % Math.min(4, text.length - 1),
  }));
  const together = await scoreAll(scorer, given);
  assertEquals(together.length, given.length);
  using plain = new Scorer(loaded.model);
  const tokens = await plain.tokens(given.map(({ ids, from }) => ({
    prefix: ids.subarray(0, from),
    secret: ids.subarray(from),
  })));
  for (const [i, { hits, losses }] of together.entries()) {
    assertEquals(Array.from(hits, Boolean), tokens[i]!.hits);
    losses.forEach((loss, t) =>
      assertAlmostEquals(-Math.max(0, loss), tokens[i]!.logProbabilities[t]!, 1e-5)
    );
    const [alone] = await scoreAll(scorer, [given[i]!]);
    assertEquals(alone!.hits, hits);
    losses.forEach((loss, t) => assertAlmostEquals(loss, alone!.losses[t]!, 1e-5));
    const [whole] = await scoreAll(scorer, [{ ...given[i]!, from: 1 }]);
    assertEquals(hits, whole!.hits.slice(given[i]!.from - 1), "a later first token only leaves tokens out");
  }
});

Deno.test("NextTokenScorer is as sure of a right prediction as its loss says", async () => {
  const { folder, texts } = await readFixture("trained");
  using loaded = await loadModel(folder);
  using scorer = new NextTokenScorer(loaded.model);
  const { hits, losses, confidences } = (await scoreAll(scorer, [{
    ids: Int32Array.from(texts[0]!),
    from: 1,
  }]))[0]!;
  assert(hits.includes(1));
  hits.forEach((hit, t) => {
    if (hit === 1) assertEquals(confidences[t], Math.fround(Math.exp(-Math.max(0, losses[t]!))));
    else assert(confidences[t]! >= Math.exp(-losses[t]!));
  });
});

Deno.test("NextTokenScorer gives no token of a text of one, and names a text that it refuses", async () => {
  const { folder } = await readFixture("trained");
  using loaded = await loadModel(folder);
  using scorer = new NextTokenScorer(loaded.model);
  const [one] = await scoreAll(scorer, [{ ids: Int32Array.of(3), from: 1 }]);
  assertEquals([one!.hits.length, one!.losses.length, one!.confidences.length], [0, 0, 0]);
  assertEquals(await scoreAll(scorer, []), []);
  const unknown = [{ ids: Int32Array.of(3, 4), from: 1 }, { ids: Int32Array.of(3, 9999), from: 1 }];
  await assertRejects(() => scoreAll(scorer, unknown), RangeError, "Cannot score text 1");
});
