/**
 * A tiny random GPT-2 for the fixture's tokenizer, and its plain greedy continuation.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { gpt2 } from "../../lib/models/gpt2.ts";
import { newModel } from "../../lib/models/new_model.ts";
import type { Model } from "../../lib/models/model.ts";
import { openTokenizer, type Tokenizer } from "../../lib/tokenizers/tokenizer.ts";
import type { Predict } from "../metrics/plain_definitions.ts";
import { createNormal } from "../tensors.ts";

/** The fixture's tokenizer: byte-level, 320 entries. */
export function openTinyTokenizer(): Promise<Tokenizer> {
  return openTokenizer(fileURLToPath(new URL("../fixtures/tokenizer", import.meta.url)));
}

/** A model of random weights, ten times as far apart as training begins with, so that its predictions differ. */
export function newTinyModel(): Model {
  const sizes = { vocab_size: 320, n_positions: 256, n_embd: 12, n_layer: 2, n_head: 2 };
  const normal = createNormal(7);
  return newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => 10 * normal());
}

/** Greedy tokens after a prefix, one full forward for each. */
export function continueGreedily(predict: Predict, prefix: readonly number[], count: number): number[] {
  const ids = [...prefix];
  while (ids.length < prefix.length + count) ids.push(predict(ids));
  return ids.slice(prefix.length);
}
