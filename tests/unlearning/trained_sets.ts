/** What `unlearn` is tested on: a model that knows its first five texts by heart, two of them to be forgotten. */
import type { UnlearnOptions, UnlearnSets } from "../../lib/unlearning/unlearn.ts";
import { readFixture } from "../models/fixtures.ts";

export const { folder, texts } = await readFixture("trained");

export function row(text: readonly number[], from: number, to: number): UnlearnSets["forget"][number] {
  return {
    ids: Int32Array.from(text),
    mask: Uint8Array.from(text, (_, t) => t >= from && t < to ? 1 : 0),
    secrets: [{ prefix: text.slice(0, from), secret: text.slice(from, to) }],
  };
}

export const SETS: UnlearnSets = {
  forget: [row(texts[0]!, 14, 30), row(texts[4]!, 10, 26)],
  retain: [1, 2, 3].map((i) => Int32Array.from(texts[i]!)),
};
export const OPTIONS: UnlearnOptions = {
  method: "codeeraser",
  lr: 1e-3,
  epochs: 30,
  gamma: 0.5,
  lambda: 0.1,
  alpha: 1,
  margin: 0.1,
  microBatch: 2,
  compat: "sound",
  thresholds: { ma: 0.3, el_10: 0.05 },
  endOfText: null,
  xla: false, // its seconds of compiling would be most of a test
};
