/**
 * Activation functions by the names that config.json uses (transformers, activations.py).
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";

function geluTanh(x: Tensor): Tensor {
  const cubic = tf.mul(tf.mul(x, x), tf.mul(x, 0.044715));
  const inner = tf.mul(tf.add(x, cubic), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

function geluErf(x: Tensor): Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
}

function silu(x: Tensor): Tensor {
  return tf.mul(x, tf.sigmoid(x));
}

/** The functions, elementwise on any shape. */
export const ACTIVATIONS = {
  gelu: geluErf,
  gelu_new: geluTanh,
  gelu_fast: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  relu: tf.relu,
  silu,
  swish: silu,
} as const satisfies Record<string, (x: Tensor) => Tensor>;

/** A name in `ACTIVATIONS`. */
export type ActivationName = keyof typeof ACTIVATIONS;
