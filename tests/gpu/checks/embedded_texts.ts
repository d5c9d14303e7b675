/**
 * The embedded model, and Python to run through it that every checkout has: the scripts beside the fixtures.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openModelTokenizer } from "../../../lib/checkpoints/model_tokenizer.ts";

const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The embedded model's folder. */
export const EMBEDDED = root("data/model");

/** Token ids of `count` pieces of Python, each of `length`. */
export async function embeddedTexts(count: number, length: number): Promise<number[][]> {
  const folder = root("tests/fixtures");
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".py"))
    .sort();
  const tokenizer = await openModelTokenizer(EMBEDDED);
  const encoded = await tokenizer.encodeBatch(names.map((name) => Deno.readTextFileSync(join(folder, name))));
  const pieces: number[][] = [];
  for (let start = 0; pieces.length < count; start += length) {
    const before = pieces.length;
    for (const { ids } of encoded) {
      if (ids.length >= start + length && pieces.length < count) {
        pieces.push([...ids.subarray(start, start + length)]);
      }
    }
    if (pieces.length === before) {
      throw new Error(`Cannot take ${count} texts of ${length} tokens: there are ${before}`);
    }
  }
  return pieces;
}
