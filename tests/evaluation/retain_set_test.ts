import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { chooseRetainSet, continuationBleu } from "../../lib/evaluation/retain_set.ts";
import { bleu } from "../../lib/metrics/bleu.ts";
import { Decoder } from "../../lib/decoding/decoder.ts";
import { predictWith } from "../metrics/plain_definitions.ts";
import { continueGreedily, newTinyModel, openTinyTokenizer } from "./tiny_model.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());
const tokenizer = await openTinyTokenizer();

Deno.test("continuationBleu() compares with a plain greedy loop's continuation", async () => {
  const before = engine.memory();
  {
    using model = newTinyModel();
    using predict = predictWith(model);
    const { ids } = await tokenizer.encode("def return self value for in range import os\n".repeat(20));
    const prefix = Array.from(ids.slice(0, 64));
    const own = continueGreedily(predict, prefix, 64);
    const edited = (position: number) => own.map((token, t) => t === position ? (token + 1) % 320 : token);
    const texts = [
      [...prefix, ...own], // continued as it is
      [...prefix, ...edited(63)], // one mistake, at the end
      [...prefix, ...edited(0)], // or at the beginning
      Array.from(ids.slice(0, 128)),
      [...prefix, ...own, 1, 2, 3], // only 128 tokens count
      Array.from(ids.slice(1, 129)),
    ];
    using decoder = new Decoder(model, { batch: 4 });
    const done: number[] = [];
    const scores = await continuationBleu(
      { decoder, tokenizer },
      texts.map((text) => Int32Array.from(text)),
      (count) => void done.push(count),
    );
    for (const [i, text] of texts.entries()) {
      const continuation = continueGreedily(predict, text.slice(0, 64), 64);
      const [truth, found] = [
        await tokenizer.decode(text.slice(64, 128)),
        await tokenizer.decode(continuation),
      ];
      assertAlmostEquals(scores[i]!, truth === found ? 1 : bleu(found, truth), 1e-12, `text ${i}`);
    }
    assertEquals([scores[0], scores[4], done], [1, 1, [4, 2]]);
    assert(scores[3]! < 0.95, `a text that the model does not know has ${scores[3]}`);
  }
  assertEquals(engine.memory(), before, "tensors or handles are left over");
});

Deno.test("continuationBleu() refuses texts of under 128 tokens", async () => {
  using model = newTinyModel();
  using decoder = new Decoder(model, { batch: 2 });
  const texts = [128, 128, 127].map((length) => new Int32Array(length));
  await assertRejects(
    () => continuationBleu({ decoder, tokenizer }, texts),
    RangeError,
    "Cannot continue text 2: it has 127 tokens, 128 are needed",
  );
  assertEquals(await continuationBleu({ decoder, tokenizer }, []), []);
});

Deno.test("chooseRetainSet() keeps BLEU-4 >= 0.95, shuffles as Python does, and takes k", () => {
  // random.Random(42).shuffle(list(range(20))), Python 3.11
  const shuffled = [19, 5, 14, 4, 9, 13, 15, 18, 6, 12, 17, 10, 1, 11, 2, 16, 7, 8, 0, 3];
  const rows = Array.from({ length: 20 }, (_, i) => [
    { doc_id: `${i}`, bleu4: i % 2 === 0 ? 0.95 : 1 },
    { doc_id: `below ${i}`, bleu4: 0.9499 },
  ]).flat();
  const chosen = chooseRetainSet(rows, { k: 20, seed: 42 });
  assertEquals(chosen.map(({ doc_id }) => doc_id), shuffled.map(String));
  assertEquals(chooseRetainSet(rows, { k: 3, seed: 42 }), chosen.slice(0, 3));
  assertThrows(
    () => chooseRetainSet(rows, { k: 21, seed: 42 }),
    RangeError,
    "Cannot choose a retain set of 21: 20 texts reach BLEU-4 0.95, the best has 1.00: give a smaller --k, more texts, ",
  );
  assertThrows(
    () => chooseRetainSet([], { k: 1, seed: 42, tooShort: 8 }),
    RangeError,
    "that need not be memorized; 8 have fewer than 128 tokens",
  );
});

Deno.test("chooseRetainSet() takes as many texts as pass where no number is asked for, and refuses none", () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({ doc_id: `d${i}`, bleu4: i < 35 ? 1 : 0.2 }));
  assertEquals(chooseRetainSet(rows, { seed: 1 }).length, 32);
  assertEquals(chooseRetainSet(rows.slice(30), { seed: 1 }).length, 5);
  assertThrows(
    () => chooseRetainSet(rows.slice(35), { seed: 1 }),
    RangeError,
    "0 texts reach BLEU-4 0.95, the best has 0.20",
  );
});
