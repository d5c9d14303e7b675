import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { assign } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import type { Model } from "../../lib/models/model.ts";
import { NotFiniteError } from "../../lib/models/not_finite.ts";
import { unlearn, type UnlearnOptions, type UnlearnSets } from "../../lib/unlearning/unlearn.ts";
import { readFixture } from "../models/fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** A model that knows its first five texts by heart. */
const { folder, texts } = await readFixture("trained");
const [text] = texts;
const SETS: UnlearnSets = {
  forget: [{
    ids: Int32Array.from(text!),
    mask: Uint8Array.from(text!, (_, t) => t >= 14 && t < 30 ? 1 : 0),
    secrets: [{ prefix: text!.slice(0, 14), secret: text!.slice(14, 30) }],
  }],
  retain: [Int32Array.from(texts[1]!)],
};
const OPTIONS: UnlearnOptions = {
  ...{
    method: "codeeraser",
    lr: 1e-3,
    epochs: 9,
    gamma: 0.5,
    lambda: 0.1,
    alpha: 1,
    margin: 0.1,
    microBatch: 2,
  },
  ...{ compat: "sound", thresholds: { ma: 0.3, el_10: 0.05 }, endOfText: null, xla: false },
};

function numbersOf({ weights }: Model): number[][] {
  return Object.values(weights).map((weight) => Array.from(weight.dataSync()));
}

Deno.test("unlearn() that diverges ends with the weights kept last, and says at which number", async () => {
  const before = engine.memory();
  {
    using loaded = await loadModel(folder);
    const untouched = numbersOf(loaded.model);
    const { status, epoch, history, reason } = await unlearn(loaded.model, SETS, { ...OPTIONS, lr: 1e30 });
    assertEquals([status, epoch, history.length], ["diverged", 0, 1]);
    assert(/: the (loss is|gradients' norm is|logits are not finite)/.test(reason!), reason);
    assertEquals(numbersOf(loaded.model), untouched);
  }
  assertEquals(engine.memory(), before);
});

Deno.test("unlearn() refuses a model whose logits are not finite at the start", async () => {
  const before = engine.memory();
  {
    using loaded = await loadModel(folder);
    for (const weight of Object.values(loaded.model.weights)) {
      tf.tidy(() => assign(weight, tf.mul(weight, 1e30)));
    }
    const message = `Cannot score secret 0 with model "${folder}": the logits are not finite`;
    await assertRejects(() => unlearn(loaded.model, SETS, OPTIONS), NotFiniteError, message);
  }
  assertEquals(engine.memory(), before);
});
