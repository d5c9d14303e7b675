/**
 * What the engine's tests share: small tensors, and tests that leave nothing behind.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Engine } from "../../lib/engine/engine.ts";

/** Defines tests after each of which as many tensors and native handles are held as before. */
export function leavingNothing(engine: Engine) {
  return (name: string, body: (engine: Engine) => void | Promise<void>): void => {
    Deno.test(name, async () => {
      const before = engine.memory();
      await body(engine);
      assertEquals(engine.memory(), before, "tensors or handles are left over");
    });
  };
}

/** A tensor of numbers. */
export function vector(...values: number[]): tf.Tensor {
  return tf.tensor1d(values);
}

/** A tensor's values; frees it. */
export function take(tensor: tf.Tensor): number[] {
  const values = Array.from(tensor.dataSync());
  tensor.dispose();
  return values;
}
