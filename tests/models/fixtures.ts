/**
 * The tiny GPT-2 models of tests/fixtures/gpt2 and what transformers computed with them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { type PlainTensor, readTensors } from "../tensors.ts";

/** The folders that make_gpt2.py writes. */
export const FIXTURES = ["plain", "codeparrot", "untied", "half", "bfloat", "bare", "trained"] as const;

/** What transformers computed. */
export interface Gpt2Fixture {
  /** The model's folder. */
  folder: string;
  /** Token ids, row by row, all of one length. */
  ids: number[][];
  /** Mean cross entropy over all next tokens. */
  loss: number;
  /** Greedy tokens after the first `prefix` tokens of a row. */
  continuations: { row: number; prefix: number; ids: number[] }[];
  /** `logits` [B, T, V] and, for some, `gradient.NAME`. */
  tensors: Map<string, PlainTensor>;
  /** Texts that the trained model has seen. */
  texts: number[][];
  /** Texts that it has not seen. */
  unseen: number[][];
}

/** Reads a fixture. */
export async function readFixture(name: typeof FIXTURES[number]): Promise<Gpt2Fixture> {
  return await readFixtureFolder(`gpt2/${name}`);
}

/** Reads a fixture of any family, by its folder below tests/fixtures. */
export async function readFixtureFolder(name: string): Promise<Gpt2Fixture> {
  const folder = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  const json = JSON.parse(await Deno.readTextFile(`${folder}/expected.json`));
  return {
    texts: [],
    unseen: [],
    ...json,
    folder,
    tensors: await readTensors(`${folder}/expected.safetensors`),
  };
}

/** A new folder with a fixture's two files, changed on the way; the caller removes it. */
export async function copyFixture(
  name: typeof FIXTURES[number],
  changes: {
    config?: (json: Record<string, unknown>) => unknown;
    weights?: (bytes: Uint8Array) => Uint8Array;
  } = {},
): Promise<string> {
  const { folder } = await readFixture(name);
  const copy = await Deno.makeTempDir();
  const json = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
  const bytes = await Deno.readFile(`${folder}/model.safetensors`);
  await Deno.writeTextFile(
    `${copy}/config.json`,
    JSON.stringify(changes.config ? changes.config(json) : json),
  );
  await Deno.writeFile(`${copy}/model.safetensors`, changes.weights ? changes.weights(bytes) : bytes);
  return copy;
}
