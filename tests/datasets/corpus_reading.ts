/** A corpus read in both ways, for the tests of this folder. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { readPiece } from "../../lib/datasets/corpus_piece.ts";
import { corpusPieces, type PieceOptions } from "../../lib/datasets/corpus_pieces.ts";

/** Ids, texts and reasons of what is skipped, by pieces as a worker reads them and in memory; they must agree. */
export async function read(path: string, options: PieceOptions = {}) {
  const streamed: { docs: [string, string][]; skipped: [string, string][] } = { docs: [], skipped: [] };
  for await (const { source } of corpusPieces(path, options)) {
    const { documents, skipped } = await readPiece(structuredClone(source));
    streamed.docs.push(...documents.map(({ docId, text }): [string, string] => [docId, text]));
    streamed.skipped.push(...skipped.map(({ path, reason }): [string, string] => [path, reason]));
  }
  if (options.shard || options.documents) return streamed;
  const { documents, skipped } = await readCorpus(path, options);
  const held = {
    docs: documents.map(({ docId, text }): [string, string] => [docId, text]),
    skipped: skipped.map(({ path, reason }): [string, string] => [path, reason]),
  };
  assertEquals(held, streamed);
  return streamed;
}

/** Writes files into a folder, which is given back. */
export function write(folder: string, files: Record<string, string | Uint8Array>): string {
  for (const [name, content] of Object.entries(files)) {
    Deno.mkdirSync(join(folder, name, ".."), { recursive: true });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    Deno.writeFileSync(join(folder, name), bytes);
  }
  return folder;
}
