/**
 * Models and inputs of the benches: random GPT-2 weights written once as a model folder, so that both sides load the
 * same file, and the ids as raw int32.
 *
 * @module
 */
import { join } from "node:path";
import { gpt2 } from "../../lib/models/gpt2.ts";
import { newModel } from "../../lib/models/new_model.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { createNormal } from "../tensors.ts";

/** What every bench is given. */
export interface BenchContext {
  /** A scratch folder. */
  folder: string;
  /** Threads of both sides. */
  threads: number;
  /** Repetitions of short runs; long ones take fewer. */
  repetitions: number;
  /** Texts that are scored. */
  texts: number;
  /** A file of problems whose solutions are judged. */
  problems?: string;
  /** A Python with torch and transformers. @throws {Error} when there is none */
  python: () => Promise<string>;
  /** Tells what is going on. */
  log: (line: string) => void;
}

/** A GPT-2 of some size and the batch that it is measured with. */
export interface BenchSize {
  /** Such as "GPT-2 110M". */
  name: string;
  layers: number;
  width: number;
  heads: number;
  vocabulary: number;
  /** Sequences of the batch. */
  batch: number;
  /** Tokens of each. */
  length: number;
}

/** GPT-2 small with a vocabulary of 32,768 and with its own, and the embedded model's size. */
export const SIZES = {
  small: {
    name: "GPT-2 110M, 2 x 512",
    layers: 12,
    width: 768,
    heads: 12,
    vocabulary: 32768,
    batch: 2,
    length: 512,
  },
  whole: {
    name: "GPT-2 124M, 2 x 512",
    layers: 12,
    width: 768,
    heads: 12,
    vocabulary: 50257,
    batch: 2,
    length: 512,
  },
  embedded: {
    name: "4 x 256, 2 x 256",
    layers: 4,
    width: 256,
    heads: 4,
    vocabulary: 4096,
    batch: 2,
    length: 256,
  },
} as const satisfies Record<string, BenchSize>;

/** Writes a model of random weights, unless it is there; its folder. TensorFlow must be open. */
export async function writeModel(size: BenchSize, { folder }: BenchContext): Promise<string> {
  const { layers, width, heads, vocabulary } = size;
  const path = join(folder, `gpt2-${layers}x${width}-${vocabulary}`);
  const configJson = {
    model_type: "gpt2",
    vocab_size: vocabulary,
    n_positions: 512,
    n_embd: width,
    n_layer: layers,
    n_head: heads,
    activation_function: "gelu_new",
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    bos_token_id: 0,
    eos_token_id: 0,
  };
  using model = newModel(gpt2, gpt2.readConfig(configJson, "the bench"), createNormal(layers * width));
  await saveModel(model, path, { configJson, dtype: "F32", tokenizerFolder: path });
  return path;
}

/** Writes ids row by row as int32; the file. */
export async function writeIds(
  rows: readonly ArrayLike<number>[],
  { folder }: BenchContext,
): Promise<string> {
  const path = join(folder, `ids-${crypto.randomUUID()}`);
  await Deno.writeFile(path, new Uint8Array(Int32Array.from(rows.flatMap((row) => Array.from(row))).buffer));
  return path;
}

/** Ids that are the same in every run. */
export function randomRows({ batch, length, vocabulary }: BenchSize): Int32Array[] {
  let state = 20261123;
  const next = () => (state = state * 48271 % 2147483647) % vocabulary;
  return Array.from({ length: batch }, () => Int32Array.from({ length }, next));
}
