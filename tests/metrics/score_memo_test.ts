import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { assign } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { ScoreMemo } from "../../lib/metrics/score_memo.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { readFixture } from "../models/fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const { folder, texts, unseen } = await readFixture("trained");
const TEXTS = [...texts, ...unseen.slice(0, 2)].map((text) => text.slice(0, 24));
const SECRETS = TEXTS.map((text) => ({ prefix: text.slice(0, 8), secret: text.slice(8) }));

Deno.test("ScoreMemo's scores are the scorer's, repeated ones too, in the order asked for", async () => {
  using loaded = await loadModel(folder);
  using plain = new Scorer(loaded.model);
  const memo = new ScoreMemo();
  using scorer = memo.scorer(loaded.model);
  await scorer.texts(TEXTS.slice(2, 4));
  const asked = [...TEXTS.slice(0, 3), TEXTS[1]!, ...TEXTS];
  let done = 0;
  const found = await scorer.texts(asked, { onProgress: (count) => void (done += count) });
  assertEquals([found, done], [await plain.texts(asked), asked.length]);
  assertEquals(await scorer.secrets(SECRETS), await plain.secrets(SECRETS));
  assertEquals(await scorer.texts([]), []);
});

Deno.test("ScoreMemo tells apart what may score differently", async () => {
  using loaded = await loadModel(folder);
  const { model } = loaded;
  const memo = new ScoreMemo();
  using scorer = memo.scorer(model);
  const [whole] = await scorer.texts([TEXTS[0]!]);
  const [quick] = await scorer.texts([TEXTS[0]!], { el: false });
  assertEquals([whole!.ma, quick!.el_3], [quick!.ma, null]);
  assertStrictEquals((await scorer.texts([TEXTS[0]!], { el: true }))[0], whole);
  // the same tokens, divided elsewhere or ended by another token
  const halves = [6, 8].map((at) => ({ prefix: TEXTS[0]!.slice(0, at), secret: TEXTS[0]!.slice(at) }));
  const [long, short] = await scorer.secrets(halves);
  assertEquals([long!.tokens - short!.tokens], [2]);
  const [ended] = await scorer.secrets(halves, { endOfText: TEXTS[0]![10]! });
  assert(ended !== long);

  using reloaded = await loadModel(folder);
  using again = memo.scorer(reloaded.model);
  assertStrictEquals((await again.texts([TEXTS[0]!]))[0], whole); // loaded anew, the same weights
  const [weight] = Object.values(reloaded.model.weights);
  assign(weight!, tf.tidy(() => tf.neg(weight!)));
  using changed = memo.scorer(reloaded.model);
  const [other] = await changed.texts([TEXTS[0]!]);
  assert(other!.nll !== whole!.nll);
});

Deno.test("ScoreMemo keeps nothing of a run that fails", async () => {
  using loaded = await loadModel(folder);
  const memo = new ScoreMemo();
  using scorer = memo.scorer(loaded.model);
  const onProgress = () => {
    throw new Error("interrupted");
  };
  await assertRejects(() => scorer.texts(TEXTS, { onProgress }), Error, "interrupted");
  using plain = new Scorer(loaded.model);
  assertEquals(await scorer.texts(TEXTS), await plain.texts(TEXTS));
});
