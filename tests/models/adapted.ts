/**
 * Tiny models of every family with adapters, for the tests of what adapters compute and of their files.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { assign } from "../../lib/engine/compile.ts";
import type { LoadedModel } from "../../lib/checkpoints/load.ts";
import { MODELS } from "../../lib/models/models.ts";
import { createNormal, randomPlain } from "../tensors.ts";

/** A tiny model of each family, by its folder. */
export const ADAPTED = ["gpt2/plain", "gpt2/untied"].concat(
  Object.keys(MODELS).filter((name) => name !== "gpt2").map((name) => `families/${name}/plain`),
).map((name) => `tests/fixtures/${name}`);

/** Token ids that all of them have. */
export const IDS = [[3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 1, 8]];

/** Gives A and B values of their own, as an adapter that was trained has them. */
export function perturb({ model }: LoadedModel): void {
  const normal = createNormal(7);
  for (const weight of Object.values(model.adapter!.weights)) {
    const { values } = randomPlain(weight.shape, normal);
    tf.tidy(() => assign(weight, tf.mul(tf.tensor(values, weight.shape), 0.3)));
  }
}
