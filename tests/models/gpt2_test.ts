import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { nextTokenLosses, valueAndGradients } from "../../lib/training/next_token_loss.ts";
import { assertTensorClose } from "../tensors.ts";
import { FIXTURES, readFixture } from "./fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

for (const name of FIXTURES) {
  Deno.test(`Model.logits() of "${name}" are transformers', eager, captured and by XLA`, async () => {
    const before = engine.memory();
    const { folder, ids, tensors } = await readFixture(name);
    {
      using loaded = await loadModel(folder);
      const input = tf.tensor2d(ids, undefined, "int32");
      const logits = (ids: tf.Tensor) => loaded.model.logits(ids);
      const eager = tf.tidy(() => logits(input));
      assertTensorClose(eager, tensors.get("logits")!, { atol: 1e-4 });
      for (const xla of [false, true]) {
        using compiled = compile(logits, { xla });
        const result = compiled(input);
        assertTensorClose(result, tensors.get("logits")!, { atol: 1e-4 });
        assertTensorClose(result, eager, { atol: 1e-5, rtol: 1e-5 });
        result.dispose();
      }
      tf.dispose([input, eager]);
    }
    assertEquals(engine.memory(), before);
  });
}

for (const name of ["plain", "codeparrot", "untied"] as const) {
  Deno.test(`valueAndGradients() of "${name}" are transformers', eager, captured and by XLA`, async () => {
    const before = engine.memory();
    const { folder, ids, tensors, loss } = await readFixture(name);
    {
      using loaded = await loadModel(folder);
      const { model } = loaded;
      const input = tf.tensor2d(ids, undefined, "int32");
      const step = (ids: tf.Tensor) => {
        const { loss, gradients } = valueAndGradients(
          model.weights,
          () => tf.mean(nextTokenLosses(model, ids)),
        );
        return { loss, ...gradients };
      };
      const check = (result: Record<string, tf.Tensor>) => {
        assertAlmostEquals(result.loss!.dataSync()[0]!, loss, 1e-5);
        const names = Object.keys(result).filter((key) => key !== "loss");
        assertEquals(names.map((key) => `gradient.${key}`).sort(), gradientNames(tensors));
        for (const key of names) {
          const expected = tensors.get(`gradient.${key}`)!;
          const largest = Math.max(...Array.from(expected.values, Math.abs));
          assertTensorClose(result[key]!, expected, { atol: 1e-3 * largest });
        }
        tf.dispose(result);
      };
      check(tf.tidy(() => step(input)));
      for (const xla of [false, true]) {
        using compiled = compile(step, { xla });
        check(compiled(input));
      }
      input.dispose();
    }
    assertEquals(engine.memory(), before);
  });
}

function gradientNames(tensors: ReadonlyMap<string, unknown>): string[] {
  return [...tensors.keys()].filter((key) => key.startsWith("gradient.")).sort();
}

Deno.test("Model.logits() of a batch are those of its rows, and do not depend on padding", async () => {
  const { folder, ids } = await readFixture("plain");
  using loaded = await loadModel(folder);
  const run = (rows: number[][]) => tf.tidy(() => loaded.model.logits(tf.tensor2d(rows, undefined, "int32")));
  const [T, V] = [ids[0]!.length, loaded.model.config.vocabularySize];
  const batch = run(ids);
  ids.forEach((row, i) => {
    const alone = run([row]);
    const padded = run([[...row, 0, 39, 7]]);
    const rowOfBatch = tf.slice(batch, [i, 0, 0], [1, T, V]);
    const cut = tf.slice(padded, [0, 0, 0], [1, T, V]);
    assertTensorClose(rowOfBatch, alone, { atol: 2e-6 });
    assertTensorClose(cut, alone, { atol: 2e-6 });
    tf.dispose([alone, padded, rowOfBatch, cut]);
  });
  batch.dispose();
});

Deno.test("Model tells its size and refuses a sequence that is too long", async () => {
  const { folder } = await readFixture("plain");
  using loaded = await loadModel(folder);
  assertEquals(loaded.model.parameterCount, 40 * 8 + 32 * 8 + 2 * (12 * 64 + 13 * 8) + 2 * 8);
  let message = "";
  try {
    tf.tidy(() => loaded.model.logits(tf.zeros([1, 33], "int32")));
  } catch (error) {
    message = (error as Error).message;
  }
  assertEquals(message, "Cannot run 33 positions as the model has 32");
  const whole = tf.tidy(() => loaded.model.logits(tf.zeros([1, 32], "int32")));
  assert(whole.shape[1] === 32);
  whole.dispose();
});
