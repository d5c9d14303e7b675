import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Scorer } from "../../lib/metrics/text_scores.ts";
import { loadModel } from "../../lib/models/load.ts";
import { readFixture } from "./fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

for (const name of ["plain", "codeparrot", "untied", "trained"] as const) {
  Deno.test(`loadModel() of "${name}" in bfloat16 gives nearly the logits of float32, and frees all`, async () => {
    const before = engine.memory();
    const { folder, ids } = await readFixture(name);
    const logits: number[][] = [];
    for (
      const options of [{}, { products: "bfloat16" }, { products: "bfloat16", trainable: true }] as const
    ) {
      using loaded = await loadModel(folder, options);
      const { model } = loaded;
      using step = compile((ids: tf.Tensor) => model.logits(ids), { products: model.products });
      const input = tf.tensor2d([...ids[0]!], [1, ids[0]!.length], "int32");
      const result = step(input);
      logits.push([...result.dataSync()]);
      tf.dispose([input, result]);
    }
    const [wanted, kept, cast] = logits as [number[], number[], number[]];
    const scale = Math.max(...wanted.map(Math.abs));
    for (const found of [kept, cast]) {
      const difference = Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!)));
      assert(difference > 0 && difference < 0.05 * scale, `${difference} of ${scale}`);
    }
    assertEquals(engine.memory(), before);
  });
}

Deno.test("Scorer scores a bfloat16 model as float32's on texts that it knows", async () => {
  const { folder, texts } = await readFixture("trained");
  const means: number[] = [];
  for (const products of ["float32", "bfloat16"] as const) {
    using loaded = await loadModel(folder, { products });
    using scorer = new Scorer(loaded.model, { batch: 8 });
    const scores = await scorer.texts(texts);
    means.push(scores.reduce((sum, { ma }) => sum + ma!, 0) / scores.length);
  }
  assert(means[0]! > 0.8 && Math.abs(means[0]! - means[1]!) < 0.02, means.join());
});
