import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { limitMemory } from "../../lib/engine/memory_budget.ts";
import { type LoadedModel, loadModel } from "../../lib/checkpoints/load.ts";
import { LIKELIHOOD_NAMES, perMetric } from "../../lib/datasets/metrics.ts";
import { Scorer, type Scores } from "../../lib/metrics/scorer.ts";
import { nextTokenLosses } from "../../lib/training/next_token_loss.ts";
import { readFixture } from "../models/fixtures.ts";
import { type PlainScores, predictWith, scoreSecret, scoreText } from "./plain_definitions.ts";
import { NO_EL } from "../no_scores.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const { folder, texts, unseen } = await readFixture("trained");
const RANDOM_MODEL = (await readFixture("plain")).folder;

/** Trained texts, edited so that some tokens are mispredicted, cut to telling lengths, and unseen ones. */
const TEXTS: readonly (readonly number[])[] = [
  texts[5]!,
  ...[
    ...texts,
    ...unseen.slice(0, 2),
    texts[0]!.map((token, t) => t % 9 === 8 ? 63 : token),
    texts[1]!.map((token, t) => t === 20 ? 0 : token),
    [...texts[2]!.slice(0, 12), ...texts[4]!.slice(5, 25)],
    texts[4]!.map((token, t) => t % 13 === 12 ? 1 : token),
    texts[0]!.map((token, t) => t === 15 ? 2 : token),
  ].map((text) => text.slice(0, 24)),
  Array(14).fill(5),
  ...[1, 2, 3, 4, 5, 6, 10, 11].map((length) => texts[3]!.slice(0, length)),
];

/** Secrets within the texts: memorized, half memorized, with ends of text, of telling lengths. */
const SECRETS = [
  ...TEXTS.slice(1, 14).flatMap((text) => [
    { prefix: text.slice(0, 8), secret: text.slice(8, 22) },
    { prefix: text.slice(0, 1), secret: text.slice(1) },
  ]),
  ...[1, 2, 3, 4, 5, 9, 10, 11].map((v) => ({
    prefix: texts[0]!.slice(0, 12),
    secret: texts[0]!.slice(12, 12 + v),
  })),
  ...[1, 2, 3, 5].map((v) => ({ prefix: unseen[0]!.slice(0, 4), secret: unseen[0]!.slice(4, 4 + v) })),
  { prefix: texts[3]!.slice(0, 15), secret: texts[3]!.slice(15, 18) }, // its last token is the end of text
  { prefix: texts[3]!.slice(0, 16), secret: texts[3]!.slice(16, 20) }, // its second is
  { prefix: texts[3]!.slice(0, 10), secret: texts[3]!.slice(10, 30) }, // two are
  { prefix: [0], secret: [0, 0, 0, 0] },
  { prefix: [0], secret: [] },
];

function assertScores(actual: readonly Scores[], expected: readonly PlainScores[]): void {
  assertEquals(actual.length, expected.length);
  expected.forEach((scores, i) => {
    assertEquals(
      perMetric(["ma", ...LIKELIHOOD_NAMES], (name) => actual[i]![name]),
      scores,
      `the scores of ${i}`,
    );
  });
}

async function withModel(body: (loaded: LoadedModel) => Promise<void>, from = folder): Promise<void> {
  const before = engine.memory();
  {
    using loaded = await loadModel(from);
    await body(loaded);
  }
  assertEquals(engine.memory(), before);
}

Deno.test("Scorer.texts() gives the plain definition's scores, in batches of 1 and 8", async () => {
  await withModel(async ({ model }) => {
    using predict = predictWith(model);
    const expected = TEXTS.map((text) => scoreText(predict, text));
    const between = expected.filter(({ el_3 }) => el_3 !== null && el_3 > 0 && el_3 < 1).length;
    assert(between >= 4, `${between} texts lie between 0 and 1`);
    for (const options of [{ batch: 1, rows: 256 }, { batch: 8, rows: 256 }, { batch: 8, rows: 3 }]) {
      using scorer = new Scorer(model, options);
      const actual = await scorer.texts(TEXTS);
      assertScores(actual, expected);
      assertEquals(actual.map(({ tokens }) => tokens), TEXTS.map((text) => text.length));
    }
  });
});

Deno.test("Scorer.secrets() gives the plain definition's scores, in batches of 1 and 8", async () => {
  await withModel(async ({ model }) => {
    using predict = predictWith(model);
    for (const endOfText of [null, 0, 37]) {
      const expected = SECRETS.map((secret) => scoreSecret(predict, { ...secret, endOfText }));
      for (const batch of [1, 8]) {
        using scorer = new Scorer(model, { batch });
        const actual = await scorer.secrets(SECRETS, { endOfText });
        assertScores(actual, expected);
        assertEquals(actual.map(({ tokens }) => tokens), SECRETS.map(({ secret }) => secret.length));
      }
    }
  });
});

Deno.test("Scorer gives the plain definition's scores under a model that has learnt nothing", async () => {
  await withModel(async ({ model }) => {
    using predict = predictWith(model);
    const short = TEXTS.map((text) => text.slice(0, 30).map((token) => token % 40));
    // what the model itself would write is memorized whatever it is
    const own = [7];
    while (own.length < 30) own.push(predict(own));
    short.push(own, [...own.slice(0, 15), 3, ...own.slice(16)]);
    using scorer = new Scorer(model, { batch: 8 });
    assertScores(await scorer.texts(short), short.map((text) => scoreText(predict, text)));
    const secrets = short.filter(({ length }) => length > 3).map((text) => ({
      prefix: text.slice(0, 3),
      secret: text.slice(3),
    }));
    const expected = secrets.map((secret) => scoreSecret(predict, { ...secret, endOfText: 0 }));
    assertScores(await scorer.secrets(secrets, { endOfText: 0 }), expected);
  }, RANDOM_MODEL);
});

Deno.test("Scorer gives the same scores within any limit of memory", async () => {
  using loaded = await loadModel(folder);
  const score = async () => {
    using scorer = new Scorer(loaded.model);
    return await scorer.secrets(SECRETS, { endOfText: 3 });
  };
  const free = await score();
  try {
    limitMemory(1000); // a text and four continuations at a time
    assertEquals((await score()).map(({ nll: _, ...rest }) => rest), free.map(({ nll: _, ...rest }) => rest));
  } finally {
    limitMemory(null);
  }
});

Deno.test("Scorer gives the mean cross entropy of the scored tokens", async () => {
  await withModel(async ({ model }) => {
    using scorer = new Scorer(model, { batch: 8 });
    const losses = (tokens: readonly number[]) => {
      const result = tf.tidy(() =>
        nextTokenLosses(model, tf.tensor2d([...tokens], [1, tokens.length], "int32"))
      );
      const values = Array.from(result.dataSync());
      result.dispose();
      return values;
    };
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [text, secret] = [TEXTS[7]!, SECRETS[5]!];
    const all = losses(text);
    const [scores] = await scorer.texts([text]);
    assertAlmostEquals(scores!.nll!, mean(all), 1e-5);
    const part = losses([...secret.prefix, ...secret.secret]).slice(secret.prefix.length - 1);
    assertAlmostEquals((await scorer.secrets([secret]))[0]!.nll!, mean(part), 1e-5);
  });
});

Deno.test("Scorer.tokens() tells of each token what MA and loss are means of, in batches of 1 and 8", async () => {
  await withModel(async ({ model }) => {
    using predict = predictWith(model);
    for (const batch of [1, 8]) {
      using scorer = new Scorer(model, { batch });
      let done = 0;
      const tokens = await scorer.tokens(SECRETS, { onProgress: (count) => void (done += count) });
      assertEquals(done, SECRETS.length);
      const scores = await scorer.secrets(SECRETS, { el: false });
      SECRETS.forEach(({ prefix, secret }, i) => {
        const { hits, logProbabilities } = tokens[i]!;
        const all = [...prefix, ...secret];
        const expected = secret.map((token, t) => predict(all.slice(0, prefix.length + t)) === token);
        assertEquals(hits, expected, `the hits of ${i}`);
        assertEquals(logProbabilities.length, secret.length);
        assert(logProbabilities.every((value) => value <= 0 && !Object.is(value, -0)));
        const { ma, nll } = scores[i]!;
        if (ma === null || nll === null) return;
        assertEquals(hits.filter((hit) => hit).length / hits.length, ma);
        const sum = logProbabilities.reduce((sum, value) => sum + value, 0);
        assertAlmostEquals(-sum / hits.length, nll, 1e-5);
      });
    }
  });
});

Deno.test("Scorer leaves EL_n out where it is not wanted, and MA as it is", async () => {
  await withModel(async ({ model }) => {
    using scorer = new Scorer(model, { batch: 8 });
    const [with_, without] = [await scorer.secrets(SECRETS), await scorer.secrets(SECRETS, { el: false })];
    assertEquals(
      without.map(({ nll: _, ...rest }) => rest),
      with_.map(({ nll: _, ...rest }) => ({ ...rest, ...NO_EL })),
    );
  });
});

Deno.test("Scorer reports every text and secret once, empty ones too", async () => {
  await withModel(async ({ model }) => {
    using scorer = new Scorer(model, { batch: 4 });
    let done = 0;
    const scores = await scorer.texts([...TEXTS, []], { onProgress: (count) => void (done += count) });
    assertEquals(done, TEXTS.length + 1);
    assertEquals(scores.at(-1), { tokens: 0, ma: null, nll: null, ...NO_EL });
    const { ma, nll, el_3 } = (await scorer.texts([[5]]))[0]!;
    assertEquals([ma, nll, el_3], [null, null, null]);
  });
});

Deno.test("Scorer refuses empty prefixes, unknown ids and texts that are too long", async () => {
  await withModel(async ({ model }) => {
    using scorer = new Scorer(model, { batch: 4 });
    const cases: [() => Promise<unknown>, string][] = [
      [
        () => scorer.secrets([{ prefix: [], secret: [1, 2] }]),
        "Cannot score secret 0 without a prefix: give it the end-of-text token",
      ],
      [
        () => scorer.tokens([{ prefix: [1], secret: [2] }, { prefix: [], secret: [1] }]),
        "Cannot score secret 1 without a prefix: give it the end-of-text token",
      ],
      [
        () => scorer.texts([[1, 2], [3, 64]]),
        "Cannot score text 1: token 64 is beyond the model's vocabulary of 64",
      ],
      [() => scorer.texts([[-1]]), "Cannot score text 0: token -1 is beyond the model's vocabulary of 64"],
      [() => scorer.texts([Array(65).fill(1)]), "Cannot run 65 positions as the model has 64"],
    ];
    for (const [score, message] of cases) await assertRejects(score, RangeError, message);
    assertEquals((await scorer.texts([texts[0]!]))[0]!.ma, 1, "and goes on");
  });
});
