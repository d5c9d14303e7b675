import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { limitMemory } from "../../lib/engine/memory_budget.ts";
import { Decoder } from "../../lib/decoding/decoder.ts";
import { type LoadedModel, loadModel } from "../../lib/checkpoints/load.ts";
import { nextTokenLosses } from "../../lib/training/next_token_loss.ts";
import { predictWith } from "../metrics/plain_definitions.ts";
import { pretendGpu } from "../pretend_gpu.ts";
import { FIXTURES, readFixture } from "../models/fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** Runs a test with a loaded fixture; all memory must be free afterwards. */
async function withFixture(
  name: typeof FIXTURES[number],
  body: (loaded: LoadedModel, fixture: Awaited<ReturnType<typeof readFixture>>) => Promise<void>,
): Promise<void> {
  const before = engine.memory();
  const fixture = await readFixture(name);
  {
    using loaded = await loadModel(fixture.folder);
    await body(loaded, fixture);
  }
  assertEquals(engine.memory(), before);
}

for (const name of FIXTURES) {
  Deno.test(`Decoder continues "${name}" as transformers does, every row at a position of its own`, async () => {
    await withFixture(name, async ({ model }, { ids, continuations }) => {
      const sizes = [{ batch: 1, rows: 1 }, { batch: 8, rows: 3 }, { batch: 8, rows: 256 }];
      const whole = { batch: 8, rows: 256, xla: true };
      for (
        const [options, asGpu] of [
          ...sizes.map((size) => [size, false] as const),
          [whole, false] as const,
          [whole, true] as const,
        ]
      ) {
        using _gpu = asGpu ? pretendGpu(8e9) : null;
        using decoder = new Decoder(model, options);
        for (let first = 0; first < ids.length; first += options.batch) {
          const texts = ids.slice(first, first + options.batch);
          using filled = await decoder.prefill(texts, { length: 24, keepCache: true });
          const wanted = continuations.filter(({ row }) => row >= first && row < first + texts.length);
          const starts = wanted.map(({ row, prefix, ids }) => ({
            text: row - first,
            position: prefix,
            token: filled.predictions[row - first]![prefix - 1]!,
            until: prefix + ids.length,
          }));
          const decoded = await decoder.continueAll(filled, starts);
          assertEquals(decoded.map((tokens) => Array.from(tokens)), wanted.map(({ ids }) => ids));
        }
      }
    });
  });
}

Deno.test("a limit of memory does not make a processor's caches as long as a GPU's", async () => {
  await withFixture("trained", async ({ model }, { texts }) => {
    /** How often steps are captured: once for each length of a batch's own cache, two runs each. */
    const capturesOf = async () => {
      using decoder = new Decoder(model, { batch: 8, rows: 16 });
      using filled = await decoder.prefill([texts[0]!.slice(0, 8)], { length: 48, keepCache: true });
      const decode = model.decode.bind(model);
      let captures = 0;
      model.decode = (...args) => (captures++, decode(...args));
      await decoder.continueAll(filled, [{ text: 0, position: 0, token: 1, until: 40 }]);
      model.decode = decode;
      return captures / 2;
    };
    const asIs = await capturesOf();
    limitMemory(64e9);
    const limited = await capturesOf();
    limitMemory(null);
    using _gpu = pretendGpu(8e9);
    assertEquals([asIs, limited, await capturesOf()], [3, 3, 1]);
  });
});

Deno.test("Decoder.continueAll() is a plain loop of full forwards, from any position and first token to any end", async () => {
  await withFixture("trained", async ({ model }, { texts, unseen }) => {
    using predict = predictWith(model);
    using decoder = new Decoder(model, { batch: 8, rows: 16 });
    using compiled = new Decoder(model, { batch: 8, rows: 16, xla: true });
    const rows = [...texts, ...unseen.slice(0, 2)].map((text, i) => text.slice(0, 40 - 5 * i));
    using filled = await decoder.prefill(rows, { length: 40, keepCache: true });
    const starts = rows.flatMap((text, row) =>
      [[0, 6], [1, 7], [2, 2], [text.length - 1, 40], [text.length >> 1, 13]].map(([position, step], k) => ({
        text: row,
        position: position!,
        token: (row * 7 + k * 13) % 64,
        until: Math.min(40, position! + step!),
      }))
    ).filter(({ position, text }) => position < rows[text]!.length);
    assert(starts.length >= 25);
    const decoded = await decoder.continueAll(filled, starts);
    starts.forEach(({ text, position, token, until }, i) => {
      const tokens = [token];
      while (tokens.length < until - position) {
        tokens.push(predict([...rows[text]!.slice(0, position), ...tokens]));
      }
      assertEquals(Array.from(decoded[i]!), tokens, JSON.stringify(starts[i]));
    });
    assertEquals(await decoder.continueAll(filled, starts), decoded, "the texts' cache is as it was");
    assertEquals(await compiled.continueAll(filled, starts), decoded, "by XLA");
    using _gpu = pretendGpu(8e9);
    assertEquals(await decoder.continueAll(filled, starts), decoded, "as on a GPU");
    using onGpu = new Decoder(model, { batch: 8, rows: 16, xla: true });
    assertEquals(await onGpu.continueAll(filled, starts), decoded, "as on a GPU, by XLA");
  });
});

Deno.test("Decoder.continueAll() gives empty and single tokens without a step, and no starts nothing", async () => {
  await withFixture("trained", async ({ model }, { texts }) => {
    using decoder = new Decoder(model, { batch: 2 });
    using filled = await decoder.prefill([texts[0]!], { length: 40, keepCache: true });
    const one = { text: 0, position: 39, token: 5, until: 40 };
    assertEquals(await decoder.continueAll(filled, [{ ...one, until: 39 }, one]), [
      new Int32Array(0),
      new Int32Array([5]),
    ]);
    assertEquals(await decoder.continueAll(filled, []), []);
  });
});

Deno.test("Decoder.fill() predicts and measures every position, with the cache and without", async () => {
  await withFixture("trained", async ({ model }, { texts, unseen }) => {
    using predict = predictWith(model);
    using decoder = new Decoder(model, { batch: 4 });
    const rows = [texts[5]!, unseen[0]!.slice(0, 9), [7]];
    for (const keepCache of [true, false]) {
      using filled = await decoder.prefill(rows, { length: 40, keepCache });
      assertEquals([filled.keys.length, filled.values.length], keepCache ? [2, 2] : [0, 0]);
      rows.forEach((row, i) => {
        assertEquals(Array.from(filled.predictions[i]!), row.map((_, t) => predict(row.slice(0, t + 1))));
        assertEquals(filled.losses[i]!.length, row.length - 1);
        if (row.length === 1) return;
        const losses = tf.tidy(() => nextTokenLosses(model, tf.tensor2d([row], undefined, "int32")));
        losses.dataSync().forEach((loss, t) => assertAlmostEquals(filled.losses[i]![t]!, loss, 1e-5));
        losses.dispose();
      });
    }
    using single = await decoder.prefill([[7]], { length: 1, keepCache: false });
    assertEquals([Array.from(single.predictions[0]!), single.losses[0]!.length], [[predict([7])], 0]);
  });
});

Deno.test("Decoder.fill() from a position on gives what it gives from the start", async () => {
  await withFixture("trained", async ({ model }, { texts, unseen }) => {
    using decoder = new Decoder(model, { batch: 4 });
    const rows = [texts[5]!, unseen[0]!.slice(0, 9), [7]];
    const from = [rows[0]!.length - 3, 4, 0];
    for (const keepCache of [true, false]) {
      using whole = await decoder.prefill(rows, { length: 40, keepCache });
      using part = await decoder.prefill(rows, { length: 40, keepCache, from });
      rows.forEach((row, i) => {
        const first = from[i]!;
        assertEquals(part.predictions[i]!.length, row.length);
        assertEquals(part.predictions[i]!.slice(first), whole.predictions[i]!.slice(first));
        assertEquals(part.predictions[i]!.slice(0, first), new Int32Array(first));
        assertEquals(part.losses[i]!.length, row.length - 1);
        part.losses[i]!.slice(first).forEach((loss, t) => {
          assertAlmostEquals(loss, whole.losses[i]![first + t]!, 1e-5);
        });
      });
    }
    await assertRejects(
      () => decoder.prefill([[1, 2]], { length: 8, keepCache: false, from: [2] }),
      RangeError,
      "Cannot run text 0 from position 2: it has 2",
    );
  });
});

Deno.test("Decoder refuses what lies outside text, batch, vocabulary or cache", async () => {
  await withFixture("plain", async ({ model }) => {
    using decoder = new Decoder(model, { batch: 2 });
    const fill = (texts: number[][], length = 8) => () => decoder.prefill(texts, { length, keepCache: true });
    await assertRejects(fill([[1], []]), RangeError, "Cannot run text 1 of 0 tokens: expected 1 to 8");
    await assertRejects(
      fill([Array(9).fill(1)]),
      RangeError,
      "Cannot run text 0 of 9 tokens: expected 1 to 8",
    );
    await assertRejects(fill([[1], [2], [3]]), RangeError, "Cannot run 3 texts at once: at most 2");
    await assertRejects(
      fill([[1, 40]]),
      RangeError,
      "Cannot score text 0: token 40 is beyond the model's vocabulary of 40",
    );
    await assertRejects(fill([[1]], 33), RangeError, "Cannot run 33 positions as the model has 32");
    using filled = await fill([[1, 2, 3]])();
    const start = { text: 0, position: 2, token: 5, until: 8 };
    for (const [change, row] of [[{ position: 8 }, 8], [{ position: -1 }, -1], [{ until: 9 }, 8]] as const) {
      const message = `Cannot write to a cache of 8 positions: row 1 asks for position ${row}`;
      await assertRejects(
        () => decoder.continueAll(filled, [start, { ...start, ...change }]),
        RangeError,
        message,
      );
    }
    assertEquals((await decoder.continueAll(filled, [start]))[0]!.length, 6);
  });
});

Deno.test("Decoder.continueAll() tells how much is done, and ends when that is told to", async () => {
  await withFixture("trained", async ({ model }, { texts }) => {
    using decoder = new Decoder(model, { batch: 8, rows: 2 });
    using filled = await decoder.prefill(texts, { length: 40, keepCache: true });
    const starts = texts.flatMap((_, text) =>
      [1, 2, 3].map((position) => ({ text, position, token: 5, until: 20 }))
    );
    const shares: number[] = [];
    await decoder.continueAll(filled, starts, (share) => void shares.push(share));
    assertEquals(shares.at(-1), 1);
    assertEquals(shares, shares.toSorted((a, b) => a - b));
    let told = 0;
    const stop = () => {
      told++;
      throw new Error("enough");
    };
    await assertRejects(() => decoder.continueAll(filled, starts, stop), Error, "enough");
    assert(told <= 2, `${told} batches ran after the first was told to end`);
    await decoder.continueAll(
      filled,
      [{ text: 0, position: 3, token: 5, until: 4 }],
      (share) => void shares.push(share),
    );
    assert(!shares.some(Number.isNaN));
  });
});
