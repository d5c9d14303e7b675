import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { ForgetExample } from "../../lib/datasets/examples.ts";
import { LIKELIHOOD_NAMES } from "../../lib/datasets/metrics.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { countItems, evaluateSets, type EvaluationSets } from "../../lib/evaluation/evaluate_sets.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { predictWith, scoreSecret, scoreText } from "../metrics/plain_definitions.ts";
import { NO_EL } from "../no_scores.ts";
import { readFixture } from "../models/fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());
const { folder, texts, unseen } = await readFixture("trained");

const VALUE = "ghq" + "_".repeat(20);

function example(
  docId: string,
  text: readonly number[],
  secrets: readonly [number, number][],
): ForgetExample {
  return {
    docId,
    window: 0,
    windowTokens: 512,
    ids: Int32Array.from(text),
    mask: new Uint8Array(text.length),
    owners: new Int32Array(text.length).fill(-1),
    secrets: secrets.map(([from, to]) => ({
      doc_id: docId,
      tag: "KEY",
      start: from,
      end: to,
      value: VALUE,
      prefix: Int32Array.from(text.slice(0, from)),
      secret: Int32Array.from(text.slice(from, to)),
    })),
  };
}

const SETS: EvaluationSets = {
  forget: [example("a", texts[0]!, [[5, 17], [20, 31]]), example("b", unseen[0]!, [[3, 14]])],
  retain: [texts[1]!, texts[2]!].map((ids) => Int32Array.from(ids.slice(0, 24))),
  unseen: [Int32Array.from(unseen[1]!.slice(0, 24))],
};

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

Deno.test("evaluateSets() gives the means of each set as the plain definitions do", async () => {
  using loaded = await loadModel(folder);
  using scorer = new Scorer(loaded.model);
  using predict = predictWith(loaded.model);
  let done = 0;
  const onProgress = (count: number) => void (done += count);
  const { sets } = await evaluateSets(scorer, SETS, { model: "before", endOfText: 0, onProgress });
  assertEquals(done, countItems(SETS));
  assertEquals(sets.map(({ set, model, rows }) => [set, model, rows]), [
    ["forget", "before", 2],
    ["retain", "before", 2],
    ["unseen", "before", 1],
  ]);
  const plain = SETS.forget.map(({ secrets }) =>
    secrets.map(({ prefix, secret }) =>
      scoreSecret(predict, { prefix: Array.from(prefix), secret: Array.from(secret), endOfText: 0 })
    )
  );
  for (const metric of ["ma", ...LIKELIHOOD_NAMES] as const) {
    const forget = mean(plain.map((scores) => mean(scores.map((score) => score[metric]!))));
    assertAlmostEquals(sets[0]![metric]!, forget, 1e-12, metric);
    for (const [i, set] of (["retain", "unseen"] as const).entries()) {
      const texts = mean(SETS[set].map((ids) => scoreText(predict, Array.from(ids))[metric]!));
      assertAlmostEquals(sets[i + 1]![metric]!, texts, 1e-12, `${metric} of ${set}`);
    }
  }
  assert(
    sets[0]!.nll! > 0 && sets[1]!.nll! < sets[2]!.nll!,
    "unseen text is predicted as well as trained text",
  );
});

Deno.test("evaluateSets() gives every secret, described and never shown", async () => {
  using loaded = await loadModel(folder);
  using scorer = new Scorer(loaded.model);
  const { secrets } = await evaluateSets(scorer, SETS, { model: "after", endOfText: 0 });
  const description = "KEY, 23 characters, gh...";
  assertEquals(
    secrets.map((row) => ({ ...row, ma: null, ...NO_EL })),
    [["a", 5, 17], ["a", 20, 31], ["b", 3, 14]].map(([doc_id, start, end]) => ({
      doc_id: doc_id as string,
      tag: "KEY",
      start: start as number,
      end: end as number,
      description,
      model: "after",
      ma: null,
      ...NO_EL,
    })),
  );
  assertEquals([secrets[0]!.ma, secrets[0]!.el_10], [1, 1]);
  assert(secrets[2]!.ma! < 1);
  assert(!JSON.stringify(secrets).includes(VALUE.slice(0, 4)));
});

Deno.test("evaluateSets() leaves out empty sets", async () => {
  using loaded = await loadModel(folder);
  using scorer = new Scorer(loaded.model);
  const none: EvaluationSets = { forget: [], retain: [], unseen: [] };
  const options = { model: "before", endOfText: null };
  assertEquals(await evaluateSets(scorer, none, options), { sets: [], secrets: [], scores: [], samples: {} });
  const { sets } = await evaluateSets(scorer, { ...none, unseen: SETS.unseen }, options);
  assertEquals(sets.map(({ set }) => set), ["unseen"]);
  assertEquals([countItems(none), countItems(SETS)], [0, 6]);
});

Deno.test("evaluateSets() leaves out EL_n of unseen texts alone when it is not wanted", async () => {
  using loaded = await loadModel(folder);
  using scorer = new Scorer(loaded.model);
  const options = { model: "before", endOfText: 0 };
  const { sets: all } = await evaluateSets(scorer, SETS, options);
  const { sets } = await evaluateSets(scorer, SETS, { ...options, unseenEl: false });
  const noIntervals = LIKELIHOOD_NAMES.flatMap((name) => [[`${name}_low`, null], [`${name}_high`, null]]);
  const none = { ...NO_EL, ...Object.fromEntries(noIntervals) };
  assertEquals(sets, all.map((row) => row.set === "unseen" ? { ...row, ...none } : row));
});

Deno.test("evaluateSets() in batches takes the forget set's means as the reference does, within their intervals", async () => {
  using loaded = await loadModel(folder);
  using scorer = new Scorer(loaded.model);
  const forget = Array.from({ length: 9 }, (_, i) => i % 3 ? SETS.forget[1]! : SETS.forget[0]!);
  const options = { model: "before", endOfText: 0 };
  const { sets: [whole], scores } = await evaluateSets(scorer, { ...SETS, forget }, options);
  const { sets: [row, ...others] } = await evaluateSets(scorer, { ...SETS, forget }, {
    ...options,
    inBatches: true,
  });
  const last = forget[8]!.secrets.length;
  const [first, rest] = [scores.slice(0, -last), scores.slice(-last)];
  const expected = mean([mean(first.map(({ ma }) => ma!)), mean(rest.map(({ ma }) => ma!))]);
  assertAlmostEquals(row!.ma!, expected, 1e-12);
  assert(Math.abs(row!.ma! - whole!.ma!) > 1e-6);
  assertAlmostEquals(row!.ma_low!, expected, 1e-12); // all of one value: always the same
  const { sets: [, ...plain] } = await evaluateSets(scorer, SETS, options);
  assertEquals(others, plain); // of the other sets nothing changes
});
